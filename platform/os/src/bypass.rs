//! Lists of the hosts that are reached without a proxy, as the control panels of Windows and macOS write them.

/// Whether `c` stands between the elements of a list.
pub(crate) fn is_divider(c: char) -> bool {
    c == ';' || c.is_ascii_whitespace()
}

/// Whether `list` says that `host` and `port`, such as `example.com:443`, are to be reached without a proxy. The machine
/// itself always is.
///
/// Each element is `<local>`, which stands for all names without a dot, or a pattern with `*` for a host, perhaps with
/// a scheme before it and a port behind it.
pub(crate) fn bypasses(list: &str, scheme: &str, host_port: &str) -> bool {
    let (host, port) = host_port.rsplit_once(':').unwrap_or((host_port, ""));
    if host == "localhost"
        || host == "[::1]"
        || host.ends_with(".localhost")
        || crate::net::addr::parse(host.as_bytes(), 0).is_some_and(|a| a.ip().is_loopback())
    {
        return true;
    }
    list.split(is_divider).any(|element| {
        if element == "<local>" {
            return !host.contains(['.', ':']);
        }
        let pattern = match element.split_once("://") {
            Some((its, rest)) if its.eq_ignore_ascii_case(scheme) => rest,
            Some(_) => return false,
            None => element,
        };
        let pattern = match pattern.rsplit_once(':') {
            Some((rest, its)) if !its.is_empty() && its.bytes().all(|b| b.is_ascii_digit()) => {
                if its != port {
                    return false;
                }
                rest
            }
            _ => pattern,
        };
        fits(pattern.as_bytes(), host.as_bytes())
    })
}

/// Whether `text` is what `pattern` says, where `*` stands for anything.
fn fits(mut pattern: &[u8], mut text: &[u8]) -> bool {
    // What followed the last `*`, and the text that it was tried on last.
    let mut again = None;
    loop {
        match (pattern, text) {
            ([b'*', rest @ ..], _) => {
                pattern = rest;
                again = Some((rest, text));
            }
            ([p, pattern_rest @ ..], [t, text_rest @ ..]) if p.eq_ignore_ascii_case(t) => {
                (pattern, text) = (pattern_rest, text_rest);
            }
            ([], []) => return true,
            _ => match again {
                Some((after, [_, rest @ ..])) => {
                    (pattern, text) = (after, rest);
                    again = Some((after, rest));
                }
                _ => return false,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exceptions() {
        let is = |list, host| bypasses(list, "https", host);
        for (list, host) in [
            ("<local>", "intranet:443"),
            ("*.corp.example;<local>", "a.corp.example:443"),
            ("A.Example", "a.example:443"),
            ("10.*", "10.1.2.3:80"),
            ("x;10.*.3", "10.1.2.3:80"),
            ("https://a.example", "a.example:1"),
            ("a.example:81", "a.example:81"),
            ("*", "anything:1"),
            ("*.example*", "a.example.org:1"),
            ("", "localhost:80"),
            ("", "127.8.9.1:80"),
            ("", "[::1]:80"),
            ("", "a.localhost:80"),
        ] {
            assert!(is(list, host), "{list} {host}");
        }
        for (list, host) in [
            ("", "a.example:443"),
            ("<local>", "a.example:443"),
            ("*.example", "example:443"),
            ("example", "a.example:443"),
            ("http://a.example", "a.example:443"),
            ("a.example:81", "a.example:443"),
            ("10.*.4", "10.1.2.3:80"),
            ("", "127.example.org:80"),
        ] {
            assert!(!is(list, host), "{list} {host}");
        }
    }

    #[test]
    fn patterns_take_little_time() {
        let pattern = "*a".repeat(100) + "b";
        assert!(!fits(pattern.as_bytes(), "a".repeat(10_000).as_bytes()));
        assert!(fits(b"**a**", b"xay") && fits(b"*", b"") && !fits(b"a", b""));
    }
}

//! The hosts that are fetched from without a proxy: the `no_proxy` variable.

use crate::text::{filled, number};
use crate::url::{Host, split_first, split_port};
use os::text;

/// Whether `list` excepts `host` and `port`.
///
/// Commas and white space divide its elements. Each is `*`, a name (which stands for all names below it too, with or
/// without `.` or `*.` before it), an address or a range of them (`10.0.0.0/8`, `fd00::/8`), and may end in `:PORT` (behind
/// brackets if the address is IPv6). What is none of these excepts nothing.
pub fn excepts(list: &[u8], host: &Host, port: u16) -> bool {
    list.split(|&byte| byte == b',' || byte.is_ascii_whitespace())
        .filter_map(|element| core::str::from_utf8(element).ok())
        .any(|element| matches(element, host, port).unwrap_or(false))
}

fn matches(element: &str, host: &Host, port: u16) -> Option<bool> {
    let (name, element_port) = if is_bare_v6(element) {
        (element, "")
    } else {
        split_port(element)
    };
    if let [b':', digits @ ..] = element_port.as_bytes()
        && number(digits, 10)? != u64::from(port)
    {
        return None;
    }
    if name == "*" {
        return Some(true);
    }
    let (address, bits) = split_first(name, b'/').unwrap_or((name, "128"));
    let bits = number(bits.as_bytes(), 10)?;
    Some(match (host, parse(address)?) {
        (Host::Name(name), Host::Name(domain)) => is_within(name, &domain),
        (Host::V4(a), Host::V4(b)) => share(a, &b, bits),
        (Host::V6(a), Host::V6(b)) => share(a, &b, bits),
        _ => false,
    })
}

/// Whether `element` begins with an IPv6 address without brackets.
fn is_bare_v6(element: &str) -> bool {
    let colons = element.bytes().filter(|&byte| byte == b':').count();
    colons > 1 && !element.starts_with('[')
}

fn parse(text: &str) -> Option<Host> {
    if is_bare_v6(text) {
        return Host::parse(&filled(text!("[%]"), &[&text])).ok();
    }
    let text = text.strip_prefix('*').unwrap_or(text);
    let text = text.strip_prefix('.').unwrap_or(text);
    Host::parse(text).ok()
}

/// Whether `name` is `domain` or below it. A final dot makes a name absolute and not another one.
fn is_within(name: &str, domain: &str) -> bool {
    let name = name.strip_suffix('.').unwrap_or(name);
    let domain = domain.strip_suffix('.').unwrap_or(domain);
    name.strip_suffix(domain)
        .is_some_and(|rest| !domain.is_empty() && (rest.is_empty() || rest.ends_with('.')))
}

/// Whether two addresses have their first `bits` bits, or all that they have, in common.
fn share(a: &[u8], b: &[u8], bits: u64) -> bool {
    let differing = a
        .iter()
        .zip(b)
        .position(|(a, b)| a != b)
        .and_then(|at| Some((at, a.get(at)? ^ b.get(at)?)));
    match differing {
        None => true,
        Some((at, difference)) => at as u64 * 8 + u64::from(difference.leading_zeros()) >= bits,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_excepted(list: &str, host_port: &str) -> bool {
        let (host, port) = split_port(host_port);
        let port = port
            .strip_prefix(':')
            .map_or(80, |port| port.parse().unwrap());
        excepts(list.as_bytes(), &Host::parse(host).unwrap(), port)
    }

    #[test]
    fn names() {
        for (list, host) in [
            ("*", "x"),
            ("a, *", "x"),
            ("example.com", "example.com"),
            ("EXAMPLE.com", "Example.COM"),
            ("example.com", "a.b.example.com"),
            (".example.com", "example.com"),
            (".example.com", "a.example.com"),
            ("*.example.com", "a.example.com"),
            ("example.com.", "example.com"),
            ("example.com", "example.com."),
            ("a,example.com,b", "example.com"),
            ("a example.com\tb", "example.com"),
            ("a ,, example.com ,b", "example.com"),
            ("localhost", "localhost"),
        ] {
            assert!(is_excepted(list, host), "{list}: {host}");
        }
        for (list, host) in [
            ("", "x"),
            (".", "x"),
            ("*.", "x"),
            (",", "x"),
            ("example.com", "badexample.com"),
            ("example.com", "example.com.evil"),
            ("example.com", "com"),
            ("a.example.com", "example.com"),
            ("**", "x"),
            ("exa*", "example.com"),
            ("ex\u{e4}mple.com", "example.com"),
            ("127.0.0.1", "localhost"),
            ("1", "x.1"),
        ] {
            assert!(!is_excepted(list, host), "{list}: {host}");
        }
    }

    #[test]
    fn ports() {
        assert!(is_excepted("x:81", "x:81"));
        assert!(is_excepted("*:81", "x:81"));
        assert!(is_excepted("[::1]:81", "[::1]:81"));
        assert!(is_excepted("10.0.0.1:81", "10.0.0.1:81"));
        assert!(!is_excepted("x:81", "x:82"));
        assert!(!is_excepted("x:", "x:82"));
        assert!(!is_excepted("x:y", "x:82"));
        assert!(!is_excepted("[::1]:81", "[::1]:82"));
        assert!(is_excepted("x", "x:82"));
    }

    #[test]
    fn addresses() {
        for (list, host) in [
            ("127.0.0.1", "127.0.0.1"),
            ("10.0.0.0/8", "10.255.1.2"),
            ("192.168.16.0/20", "192.168.31.255"),
            ("192.168.1.1/32", "192.168.1.1"),
            ("192.168.1.0/31", "192.168.1.1"),
            ("0.0.0.0/0", "8.8.8.8"),
            ("::1", "[::1]"),
            ("[::1]", "[::1]"),
            ("fd00::/8", "[fdff::1]"),
            ("2001:db8::/33", "[2001:db8:7fff::1]"),
            ("2001:db8:0:0::1", "[2001:DB8::1]"),
            ("::/0", "[2001:db8::1]"),
        ] {
            assert!(is_excepted(list, host), "{list}: {host}");
        }
        for (list, host) in [
            ("127.0.0.1", "127.0.0.2"),
            ("10.0.0.0/8", "11.0.0.0"),
            ("192.168.16.0/20", "192.168.32.0"),
            ("192.168.1.1/33", "192.168.1.0"),
            ("10.0.0.0/x", "10.0.0.0"),
            ("10.0.0.0/-1", "10.0.0.1"),
            ("10.0.0.0/", "10.0.0.0"),
            ("2001:db8::/33", "[2001:db8:8000::1]"),
            ("0.0.0.0/0", "[::1]"),
            ("::/0", "1.2.3.4"),
            ("::1", "[::2]"),
            ("0.1", "x.0.1"),
        ] {
            assert!(!is_excepted(list, host), "{list}: {host}");
        }
    }
}

//! What a server or proxy wants: `WWW-Authenticate` and `Proxy-Authenticate` (RFC 9110, section 11.6.1).

use crate::error::printable;
use crate::http::Head;
use crate::http::header::{is_name, trim};
use alloc::string::String;
use os::text::alike;

/// Bytes of all the foreign names of schemes quoted in an error.
const MAX_QUOTE: usize = 100;

/// Takes the next element off the front of a field's value: the name of the scheme that begins there, which is empty for
/// a further parameter.
fn next<'a>(list: &mut &'a [u8]) -> Option<&'a [u8]> {
    let mut in_quotes = false;
    let mut is_escaped = false;
    let end = list.iter().position(|&byte| {
        let is_quote = byte == b'"' && !is_escaped;
        is_escaped = byte == b'\\' && in_quotes && !is_escaped;
        in_quotes ^= is_quote;
        byte == b',' && !in_quotes
    });
    if list.is_empty() {
        return None;
    }
    let (element, rest) = list.split_at_checked(end.unwrap_or(list.len()))?;
    *list = rest.get(1..).unwrap_or_default();
    let element = trim(element);
    let end = element.iter().position(|byte| !is_name(&[*byte]));
    let (word, rest) = element.split_at_checked(end.unwrap_or(element.len()))?;
    // A name that no `=` follows is a scheme.
    Some(if trim(rest).starts_with(b"=") {
        b""
    } else {
        word
    })
}

/// What to add to the error of a 401 or a 407: the schemes that are wanted, if there is none that is spoken here.
pub fn unsupported(head: &Head) -> String {
    let mut schemes = String::new();
    let name = match head.status() {
        401 => "WWW-Authenticate",
        407 => "Proxy-Authenticate",
        _ => return schemes,
    };
    for value in head.values(name) {
        let mut list = value;
        while let Some(scheme) = next(&mut list) {
            if alike(scheme, b"Basic") {
                return String::new();
            }
            if !scheme.is_empty() && schemes.len() + scheme.len() < MAX_QUOTE {
                schemes.push_str(if schemes.is_empty() {
                    " (unsupported authentication: "
                } else {
                    ", "
                });
                schemes.push_str(&printable(scheme, scheme.len()));
            }
        }
    }
    if !schemes.is_empty() {
        schemes.push(')');
    }
    schemes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::{HeadParser, Method};
    use alloc::vec::Vec;

    fn schemes(mut list: &[u8]) -> Vec<&str> {
        let mut all = Vec::new();
        while let Some(scheme) = next(&mut list) {
            all.push(core::str::from_utf8(scheme).unwrap());
        }
        all
    }

    #[test]
    fn lists() {
        // RFC 9110, section 11.6.1.
        assert_eq!(
            schemes(
                br#"Basic realm="simple", Newauth realm="apps", type=1, title="Login to \"apps\"""#
            ),
            ["Basic", "Newauth", "", ""]
        );
        assert_eq!(
            schemes(b" NTLM ,Negotiate YWJj==,, Digest qop = \"auth,auth-int\" ,x"),
            ["NTLM", "Negotiate", "", "Digest", "x"]
        );
        assert_eq!(schemes(b""), [""; 0]);
        assert_eq!(schemes(b"a=\"b, c=d"), [""]);
        assert_eq!(schemes(b"a=\"\\"), [""]);
    }

    #[test]
    fn what_is_not_spoken_is_named() {
        let of = |status: &str, fields: &str| {
            let text = ["HTTP/1.1 ", status, " x\r\n", fields, "\r\n"].concat();
            let mut parser = HeadParser::new(Method::Get);
            assert!(parser.feed(&mut text.as_bytes()).unwrap());
            unsupported(&parser.head().unwrap())
        };
        assert_eq!(of("401", ""), "");
        assert_eq!(of("403", "WWW-Authenticate: NTLM\r\n"), "");
        assert_eq!(of("401", "Proxy-Authenticate: NTLM\r\n"), "");
        assert_eq!(
            of("401", "WWW-Authenticate: NTLM\r\n"),
            " (unsupported authentication: NTLM)"
        );
        assert_eq!(
            of(
                "401",
                "WWW-Authenticate: Digest realm=\"Basic, x\", qop=auth\r\n"
            ),
            " (unsupported authentication: Digest)"
        );
        assert_eq!(
            of("407", "Proxy-Authenticate: Negotiate, NTLM\r\n"),
            " (unsupported authentication: Negotiate, NTLM)"
        );
        assert_eq!(
            of(
                "407",
                "Proxy-Authenticate: Negotiate\r\nproxy-authenticate: basic realm=x\r\n"
            ),
            ""
        );
        let many = ["WWW-Authenticate: ", &"abcdefghij,".repeat(1000), "\r\n"].concat();
        assert!(of("401", &many).len() < 200);
    }
}

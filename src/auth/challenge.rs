//! What a server or proxy wants: `WWW-Authenticate` and `Proxy-Authenticate` (RFC 9110, section 11.6.1).

use crate::error::printable;
use crate::http::Head;
use crate::http::header::{is_name, trim};
use alloc::string::String;

/// Bytes of all the foreign names of schemes quoted in an error.
const MAX_QUOTE: usize = 100;

/// One element of the list: a scheme, a parameter, or a scheme and its first parameter.
pub(super) struct Element<'a> {
    pub(super) scheme: &'a [u8],
    pub(super) name: &'a [u8],
    /// Without its quotes; what is escaped in it is still escaped.
    pub(super) value: &'a [u8],
}

/// Takes the next element off the front of a field's value.
pub(super) fn next<'a>(list: &mut &'a [u8]) -> Option<Element<'a>> {
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
    let mut element = trim(element);
    let mut scheme: &[u8] = b"";
    let token = element
        .iter()
        .position(|byte| !is_name(&[*byte]))
        .unwrap_or(element.len());
    let (word, rest) = element.split_at_checked(token)?;
    // A name that no `=` follows is a scheme.
    if !trim(rest).starts_with(b"=") {
        scheme = word;
        element = trim(rest);
    }
    let equals = element.iter().position(|&byte| byte == b'=');
    let (name, value) = element.split_at_checked(equals.unwrap_or(element.len()))?;
    let value = trim(value.get(1..).unwrap_or_default());
    let value = match value {
        [b'"', value @ .., b'"'] => value,
        value => value,
    };
    Some(Element {
        scheme,
        name: trim(name),
        value,
    })
}

/// The field in which a response of this status challenges (RFC 9110, section 11.6.1 and 11.7.1).
pub(super) fn field(status: u16) -> Option<&'static str> {
    match status {
        401 => Some("WWW-Authenticate"),
        407 => Some("Proxy-Authenticate"),
        _ => None,
    }
}

/// What to add to the error of a 401 or a 407: the schemes that are wanted, if there is none that is spoken here.
pub fn unsupported(head: &Head) -> String {
    let mut schemes = String::new();
    let Some(name) = field(head.status()) else {
        return schemes;
    };
    for value in head.values(name) {
        let mut list = value;
        while let Some(Element { scheme, .. }) = next(&mut list) {
            if scheme.eq_ignore_ascii_case(b"Basic") || scheme.eq_ignore_ascii_case(b"Digest") {
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

    fn elements(mut list: &[u8]) -> Vec<(&str, &str, &str)> {
        let text = |bytes| core::str::from_utf8(bytes).unwrap();
        let mut all = Vec::new();
        while let Some(element) = next(&mut list) {
            all.push((
                text(element.scheme),
                text(element.name),
                text(element.value),
            ));
        }
        all
    }

    #[test]
    fn lists() {
        // RFC 9110, section 11.6.1.
        assert_eq!(
            elements(
                br#"Basic realm="simple", Newauth realm="apps", type=1, title="Login to \"apps\"""#
            ),
            [
                ("Basic", "realm", "simple"),
                ("Newauth", "realm", "apps"),
                ("", "type", "1"),
                ("", "title", r#"Login to \"apps\""#),
            ]
        );
        assert_eq!(
            elements(b" NTLM ,Negotiate YWJj==,, Digest qop = \"auth,auth-int\" ,x"),
            [
                ("NTLM", "", ""),
                ("Negotiate", "YWJj", "="),
                ("", "", ""),
                ("Digest", "qop", "auth,auth-int"),
                ("x", "", ""),
            ]
        );
        assert_eq!(elements(b""), []);
        assert_eq!(elements(b"a=\"b, c=d"), [("", "a", "\"b, c=d")]);
        assert_eq!(elements(b"a=\"\\"), [("", "a", "\"\\")]);
    }

    #[test]
    fn what_is_not_spoken_is_named() {
        let of = |status: &str, fields: &str| {
            let text = ["HTTP/1.1 ", status, " x\r\n", fields, "\r\n"].concat();
            let mut parser = HeadParser::new(Method::Get);
            unsupported(&parser.feed(&mut text.as_bytes()).unwrap().unwrap())
        };
        assert_eq!(of("401", ""), "");
        assert_eq!(of("403", "WWW-Authenticate: NTLM\r\n"), "");
        assert_eq!(of("401", "Proxy-Authenticate: NTLM\r\n"), "");
        assert_eq!(
            of("401", "WWW-Authenticate: NTLM\r\n"),
            " (unsupported authentication: NTLM)"
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

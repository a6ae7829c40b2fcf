//! Field names and values (RFC 9110, section 5), and the fields a user gives with `-H`.
//!
//! Which of them go with which request is decided here and in [`super::redirect`]; how they are put together with the
//! others, in [`super::request`].

use alloc::string::String;
use alloc::vec::Vec;

use crate::error::{Error, Kind, Result, Shown, printable};
use os::text;
use os::text::{alike, find, split, split_once};

/// Bytes of foreign text quoted in an error.
const MAX_QUOTE: usize = 64;

/// Whether `name` is a field name: a token (RFC 9110, section 5.6.2).
pub fn is_name(name: &[u8]) -> bool {
    !name.is_empty()
        && name
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() || find(b"!#$%&'*+-.^_`|~", *byte).is_some())
}

/// Whether `value` can be a field value in one line: no control character but tab (RFC 9110, section 5.5).
pub fn is_value(value: &[u8]) -> bool {
    value
        .iter()
        .all(|byte| !byte.is_ascii_control() || *byte == b'\t')
}

/// `value` without the spaces and tabs around it (OWS, RFC 9110, section 5.6.3).
pub fn trim(mut value: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] | [rest @ .., b' ' | b'\t'] = value {
        value = rest;
    }
    value
}

/// Name and value of a field line without its end (RFC 9112, section 5), if it is one. Space before the colon makes it
/// none: some read it as part of the name and some do not.
pub fn split_line(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let (name, value) = split_once(line, b':')?;
    let value = trim(value);
    (is_name(name) && is_value(value)).then_some((name, value))
}

/// The elements of a comma-separated list (RFC 9110, section 5.6.1) whose elements hold no quoted commas.
pub(crate) fn elements(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    split(value, b',')
        .map(trim)
        .filter(|element| !element.is_empty())
}

struct Field {
    name: String,
    /// `None` removes the default field of this name.
    value: Option<Vec<u8>>,
}

/// Which fields of the user's may go with a request: [`super::redirect::scope`] tells.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Scope {
    /// `Host`.
    pub host: bool,
    /// `Authorization`, `Cookie` and `Proxy-Authorization`.
    pub credentials: bool,
    /// `Proxy-Authorization` in any case: it is a proxy that reads the request.
    pub proxy: bool,
}

impl Scope {
    /// That of a request for what the user asked for.
    pub const ALL: Scope = Scope {
        host: true,
        credentials: true,
        proxy: false,
    };

    fn allows(self, name: &str) -> bool {
        let is = |known: &str| alike(name.as_bytes(), known.as_bytes());
        if is("Host") {
            self.host
        } else if is("Authorization") || is("Cookie") {
            self.credentials
        } else if is("Proxy-Authorization") {
            self.credentials || self.proxy
        } else {
            true
        }
    }
}

/// The fields given with `-H`, in order.
#[derive(Default)]
pub struct Custom {
    fields: Vec<Field>,
}

impl Custom {
    /// None.
    pub const fn new() -> Custom {
        Custom { fields: Vec::new() }
    }

    /// Adds an argument of `-H`: `Name: value` to add or replace a field, `Name:` to remove a default one, `Name;` to
    /// send it empty.
    ///
    /// Refused is what is no field, and what would make the request another one than a GET without content: a second
    /// `Host`, a `Content-Length` or a `Transfer-Encoding`. Errors are [`Kind::Local`] and never repeat the value.
    pub fn push(&mut self, argument: &[u8]) -> Result<()> {
        let separator = find(argument, b':').or_else(|| find(argument, b';'));
        let (name, rest) = separator
            .and_then(|at| argument.split_at_checked(at))
            .unwrap_or_default();
        let value = self.check(name, rest).map_err(|why| refused(name, why))?;
        // A token is ASCII.
        let name = printable(name, name.len());
        self.fields.push(Field { name, value });
        Ok(())
    }

    /// The value in `rest`, which begins with the separator, or why there can be no such field.
    fn check(
        &self,
        name: &[u8],
        rest: &[u8],
    ) -> core::result::Result<Option<Vec<u8>>, &'static str> {
        let Some((separator, value)) = rest.split_first() else {
            return Err("it has no colon");
        };
        if !is_name(name) {
            return Err("what is before the colon is no field name");
        }
        let value = trim(value);
        if !is_value(value) {
            return Err("a control character is in the value");
        }
        match (separator, value) {
            (b':', b"") => return Ok(None),
            (b':', _) | (_, b"") => {}
            _ => return Err("it has no colon"),
        }
        let is = |known: &str| alike(name, known.as_bytes());
        if is("Content-Length") || is("Transfer-Encoding") {
            return Err("the request has no content");
        }
        if is("Host") && self.sends("Host") {
            return Err("it was given twice");
        }
        Ok(Some(value.to_vec()))
    }

    /// Whether a field of this name is given with a value: whoever would send one of his own, such as `Range`, knows
    /// that he is not the one who decides.
    pub fn sends(&self, name: &str) -> bool {
        self.fields
            .iter()
            .any(|field| field.value.is_some() && alike(field.name.as_bytes(), name.as_bytes()))
    }

    /// Whether, in a request of `scope`, the user's own take the place of the default fields of this name.
    pub(crate) fn replaces(&self, name: &str, scope: Scope) -> bool {
        self.fields.iter().any(|field| {
            alike(field.name.as_bytes(), name.as_bytes())
                && (field.value.is_none() || scope.allows(&field.name))
        })
    }

    /// Names and values of those that go with a request of `scope`.
    pub(crate) fn sent(&self, scope: Scope) -> impl Iterator<Item = (&str, &[u8])> {
        self.fields.iter().filter_map(move |field| {
            let value = field.value.as_deref()?;
            scope
                .allows(&field.name)
                .then_some((field.name.as_str(), value))
        })
    }
}

#[cold]
fn refused(name: &[u8], why: &str) -> Error {
    // What is none may hold a value.
    let name = if is_name(name) { name } else { b"" };
    let space = if name.is_empty() { "" } else { " " };
    let name = Shown(name, MAX_QUOTE);
    Error::say(
        Kind::Local,
        text!("Bad header%%: %"),
        &[&space, &name, &why],
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(arguments: &[&str], scope: Scope) -> String {
        let mut custom = Custom::new();
        for argument in arguments {
            custom.push(argument.as_bytes()).unwrap();
        }
        let fields: Vec<String> = custom
            .sent(scope)
            .map(|(name, value)| [name, "=", &printable(value, 99)].concat())
            .collect();
        fields.join(",")
    }

    fn error(argument: &[u8]) -> String {
        let e = Custom::new().push(argument).unwrap_err();
        assert_eq!(e.kind, Kind::Local);
        e.text.clone()
    }

    #[test]
    fn forms_of_an_argument() {
        assert_eq!(
            sent(&["X: v", "y:w \t", "X:a:b"], Scope::ALL),
            "X=v,y=w,X=a:b"
        );
        assert_eq!(sent(&["X:", "Y: ", "Z;", "A; \t"], Scope::ALL), "Z=,A=");
        assert_eq!(sent(&["X: a;b"], Scope::ALL), "X=a;b");
        assert_eq!(sent(&["X:\ta\tb"], Scope::ALL), "X=a?b");
        assert!(Custom::new().push(b"X: \xe9").is_ok());
    }

    #[test]
    fn what_is_refused() {
        assert_eq!(error(b"secret"), "Bad header: it has no colon");
        assert_eq!(error(b""), "Bad header: it has no colon");
        assert_eq!(error(b"X; v"), "Bad header X: it has no colon");
        for name in ["", "X ", " X", "X Y", "X\r\nY", "é", "@file", "X\0", "a;b"] {
            assert_eq!(
                error(&[name, ": secret"].concat().into_bytes()),
                "Bad header: what is before the colon is no field name"
            );
        }
        for value in [
            "a\r\nY: b",
            "a\nb",
            "a\rb",
            "a\0b",
            "\x1b[2J",
            "\x7f",
            "a\r\n",
        ] {
            assert_eq!(
                error(&["X: ", value].concat().into_bytes()),
                "Bad header X: a control character is in the value"
            );
        }
    }

    #[test]
    fn nothing_that_frames_a_request() {
        for argument in [
            "Content-Length: 5",
            "content-length: 0",
            "Transfer-Encoding: chunked",
            "TRANSFER-ENCODING;",
        ] {
            assert!(error(argument.as_bytes()).ends_with(": the request has no content"));
        }
        assert_eq!(
            sent(&["Content-Length:", "Transfer-Encoding:"], Scope::ALL),
            ""
        );
        let mut custom = Custom::new();
        assert!(custom.push(b"Host:").is_ok());
        assert!(custom.push(b"Host: a").is_ok());
        assert!(custom.push(b"hOST: a").is_err());
    }

    #[test]
    fn scope_holds_back_credentials_and_host() {
        let arguments = [
            "Cookie: c",
            "AUTHORIZATION: a",
            "host: h",
            "proxy-Authorization: p",
            "X: x",
        ];
        for (host, credentials, proxy, expected) in [
            (false, false, false, "X=x"),
            (true, false, false, "host=h,X=x"),
            (false, false, true, "proxy-Authorization=p,X=x"),
            (
                false,
                true,
                false,
                "Cookie=c,AUTHORIZATION=a,proxy-Authorization=p,X=x",
            ),
        ] {
            let scope = Scope {
                host,
                credentials,
                proxy,
            };
            assert_eq!(sent(&arguments, scope), expected);
        }
    }

    #[test]
    fn a_removal_is_for_everybody() {
        let mut custom = Custom::new();
        custom.push(b"Authorization:").unwrap();
        custom.push(b"Cookie: c").unwrap();
        let none = Scope {
            host: false,
            credentials: false,
            proxy: false,
        };
        assert!(custom.replaces("authorization", none));
        assert!(!custom.replaces("Cookie", none) && custom.replaces("Cookie", Scope::ALL));
        assert!(!custom.sends("Authorization") && custom.sends("cookie"));
    }

    #[test]
    fn lines() {
        let split = |line: &'static str| split_line(line.as_bytes());
        assert_eq!(split("A: b c \t"), Some((&b"A"[..], &b"b c"[..])));
        assert_eq!(split("A:"), Some((&b"A"[..], &b""[..])));
        assert_eq!(split("A::"), Some((&b"A"[..], &b":"[..])));
        for bad in [
            "", ":", ": a", "A", "A : b", " A: b", "A\t:b", "A: \0", "A: b\rc",
        ] {
            assert_eq!(split(bad), None, "{bad:?}");
        }
        assert_eq!(trim(b" \t "), b"");
        assert_eq!(elements(b" a ,, b,").collect::<Vec<_>>(), [b"a", b"b"]);
    }
}

//! The heads of our requests (RFC 9112, section 3). They have no content.
//!
//! Nothing given can begin a line of its own or end the head: a [`Url`] and a [`Custom`] hold only what was checked, and
//! all else is checked here.

use alloc::string::String;
use alloc::vec::Vec;

use super::header::{Custom, Scope, is_name, is_value};
use crate::error::{Error, Kind, Result, filled};
use crate::url::{Host, Url};
use os::text;
use os::text::joined;

/// `User-Agent` (RFC 9110, section 10.1.5).
pub const USER_AGENT: &str = concat!("ptex/", env!("CARGO_PKG_VERSION"));

/// How the request line names what is asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Form {
    /// Path and query, for the server itself (RFC 9112, section 3.2.1).
    Origin,
    /// The URL without userinfo, for a proxy (RFC 9112, section 3.2.2).
    Absolute,
}

impl Form {
    /// What the request line says of `url`.
    pub fn target(self, url: &Url) -> String {
        match self {
            Form::Origin => url.target(),
            Form::Absolute => url.without_userinfo(),
        }
    }
}

/// The head of a GET of `url`.
///
/// `extra` are the program's own fields, such as `Range`, `If-Range`, `Authorization` and `Proxy-Authorization`. The user's,
/// as far as `scope` allows, take the place of those and of the defaults of the same name; see [`Custom::sends`]. It is
/// an error, [`Kind::Local`], if one of `extra` is no field.
pub fn get(
    url: &Url,
    form: Form,
    custom: &Custom,
    scope: Scope,
    extra: &[(&str, String)],
) -> Result<Vec<u8>> {
    let authority = url.authority();
    let mut head = start("GET ", &form.target(url));
    let mut push = |name: &str, value: &str| {
        if custom.replaces(name, scope) {
            return Ok(());
        }
        push_field(&mut head, name, value.as_bytes())
    };
    push("Host", &authority)?;
    push("User-Agent", USER_AGENT)?;
    push("Accept", "*/*")?;
    for (name, value) in extra {
        push(name, value)?;
    }
    for (name, value) in custom.sent(scope) {
        push_field(&mut head, name, value)?;
    }
    head.extend_from_slice(b"\r\n");
    Ok(head)
}

/// The head of a CONNECT to `host` and `port` (RFC 9110, section 9.3.6). The user's fields are for the server at the other
/// end, not for the proxy. It is an error, [`Kind::Local`], if `proxy_authorization` is no field value.
#[inline(never)]
pub fn connect(host: &Host, port: u16, proxy_authorization: Option<&str>) -> Result<Vec<u8>> {
    let target = filled(text!("%:%"), &[&host.text(), &u64::from(port)]);
    let mut head = start("CONNECT ", &target);
    push_field(&mut head, "Host", target.as_bytes())?;
    push_field(&mut head, "User-Agent", USER_AGENT.as_bytes())?;
    if let Some(credentials) = proxy_authorization {
        push_field(&mut head, "Proxy-Authorization", credentials.as_bytes())?;
    }
    head.extend_from_slice(b"\r\n");
    Ok(head)
}

fn start(method: &str, target: &str) -> Vec<u8> {
    joined(&[method.as_bytes(), target.as_bytes(), b" HTTP/1.1\r\n"])
}

#[inline(never)]
fn push_field(head: &mut Vec<u8>, name: &str, value: &[u8]) -> Result<()> {
    if !is_name(name.as_bytes()) || !is_value(value) {
        return Err(Error::say(
            Kind::Local,
            text!("Bad header of our own: %"),
            &[&name],
        ));
    }
    for part in [name.as_bytes(), b": ", value, b"\r\n"] {
        head.extend_from_slice(part);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(
        url: &str,
        form: Form,
        fields: &[&str],
        scope: Scope,
        extra: &[(&str, &str)],
    ) -> String {
        let mut custom = Custom::new();
        for field in fields {
            custom.push(field.as_bytes()).unwrap();
        }
        let url = Url::parse(url).unwrap();
        let extra: Vec<_> = extra
            .iter()
            .map(|(name, value)| (*name, String::from(*value)))
            .collect();
        String::from_utf8(get(&url, form, &custom, scope, &extra).unwrap()).unwrap()
    }

    const AGENT: &str = concat!("User-Agent: ptex/", env!("CARGO_PKG_VERSION"), "\r\n");

    #[test]
    fn defaults() {
        assert_eq!(
            head("http://u:p@h:80/a?b#c", Form::Origin, &[], Scope::ALL, &[]),
            [
                "GET /a?b HTTP/1.1\r\nHost: h\r\n",
                AGENT,
                "Accept: */*\r\n\r\n"
            ]
            .concat()
        );
        assert_eq!(
            head("http://u:p@[::1]:81", Form::Absolute, &[], Scope::ALL, &[]),
            [
                "GET http://[::1]:81/ HTTP/1.1\r\nHost: [::1]:81\r\n",
                AGENT,
                "Accept: */*\r\n\r\n"
            ]
            .concat()
        );
    }

    #[test]
    fn the_users_fields_replace_and_remove() {
        let extra = [("Range", "bytes=5-"), ("Authorization", "Basic eDp5")];
        let fields = [
            "host: other",
            "User-Agent:",
            "accept;",
            "Authorization: Bearer t",
            "X: 1",
            "X: 2",
        ];
        assert_eq!(
            head("http://h/", Form::Origin, &fields, Scope::ALL, &extra),
            "GET / HTTP/1.1\r\nRange: bytes=5-\r\nhost: other\r\naccept: \r\nAuthorization: Bearer t\r\n\
             X: 1\r\nX: 2\r\n\r\n"
        );
    }

    #[test]
    fn what_is_held_back_replaces_nothing() {
        let scope = Scope {
            host: false,
            credentials: false,
            proxy: false,
        };
        let fields = ["Host: other", "Authorization: Bearer t", "Accept: a/b"];
        let extra = [("Authorization", "Basic eDp5")];
        assert_eq!(
            head("http://h/", Form::Origin, &fields, scope, &extra),
            [
                "GET / HTTP/1.1\r\nHost: h\r\n",
                AGENT,
                "Authorization: Basic eDp5\r\nAccept: a/b\r\n\r\n"
            ]
            .concat()
        );
    }

    #[test]
    fn nothing_injects() {
        let url = Url::parse("http://h/").unwrap();
        let custom = Custom::new();
        for (name, value) in [
            ("If-Range", "a\r\nX: y"),
            ("If-Range", "a\nb"),
            ("A\r\nB", "c"),
            ("", "c"),
        ] {
            assert!(
                get(
                    &url,
                    Form::Origin,
                    &custom,
                    Scope::ALL,
                    &[(name, value.into())]
                )
                .is_err()
            );
        }
        assert!(connect(url.host(), 1, Some("a\r\nb")).is_err());
    }

    #[test]
    fn tunnels() {
        let connect = |host: &str, port, credentials| {
            let head = connect(&Host::parse(host).unwrap(), port, credentials).unwrap();
            String::from_utf8(head).unwrap()
        };
        assert_eq!(
            connect("h", 443, None),
            ["CONNECT h:443 HTTP/1.1\r\nHost: h:443\r\n", AGENT, "\r\n"].concat()
        );
        assert_eq!(
            connect("[::1]", 80, Some("Basic eDp5")),
            [
                "CONNECT [::1]:80 HTTP/1.1\r\nHost: [::1]:80\r\n",
                AGENT,
                "Proxy-Authorization: Basic eDp5\r\n\r\n"
            ]
            .concat()
        );
    }
}

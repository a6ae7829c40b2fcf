//! Where a redirect leads (RFC 9110, section 15.4), and what of the request goes there.
//!
//! How many are followed, and whether one that gives up TLS is, is for the caller to decide.

use super::header::Scope;
use super::response::Head;
use crate::error::{Error, Kind, Result};
use crate::url::{Scheme, Url, encode};
use os::text;

/// What a response that is a redirect redirects to; `None` if it is none.
pub fn location(head: &Head) -> Option<&[u8]> {
    if !matches!(head.status(), 300..=303 | 305..=308) {
        return None;
    }
    head.header("Location").filter(|value| !value.is_empty())
}

/// The URL of a redirect from `from` to `location`, a reference as it came.
///
/// It has the userinfo of `from` if it has none of its own and the origin is the same. An error is [`Kind::Source`]: no
/// URL, or one of a scheme that a server has no say over.
#[inline(never)]
pub fn follow(from: &Url, location: &[u8]) -> Result<Url> {
    // What is wrong in a URL that a user writes is mended in one that a server sends, as browsers and curl do.
    let to = from.join(&encode(location)).map_err(|mut error| {
        error.kind = Kind::Source;
        error.context(text!("Bad redirect: "), &[])
    })?;
    check(&to)?;
    if to.has_userinfo() || !to.same_origin(from) {
        return Ok(to);
    }
    Ok(to.with_userinfo_of(Some(from)))
}

/// An error, [`Kind::Source`], if `to` is of a scheme that no redirect may lead to.
pub fn check(to: &Url) -> Result<()> {
    if to.scheme() == Scheme::File {
        let text = text!("Protocol \"%\" disabled in redirect");
        return Err(Error::say(Kind::Source, text, &[&to.scheme().name()]));
    }
    Ok(())
}

/// Which of the user's fields go to `url` if they were given for `first`.
pub fn scope(first: &Url, url: &Url) -> Scope {
    Scope {
        host: first.host() == url.host(),
        credentials: first.same_origin(url),
        proxy: false,
    }
}

/// Whether what was to be fetched over TLS would be fetched without.
pub fn is_downgrade(from: &Url, to: &Url) -> bool {
    from.scheme().is_secure() && !to.scheme().is_secure()
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::*;
    use crate::http::{HeadParser, Method};

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    fn head(status: &str, location: &str) -> Box<Head> {
        let text = ["HTTP/1.1 ", status, " x\r\n", location, "\r\n"].concat();
        let mut parser = HeadParser::new(Method::Get);
        assert!(parser.feed(&mut text.as_bytes()).unwrap());
        parser.head().unwrap()
    }

    #[test]
    fn which_responses_are_redirects() {
        let followed: Vec<u16> = (200..600)
            .filter(|&status| {
                let status = crate::error::dec(status.into());
                location(&head(&status, "Location: /x\r\n")) == Some(b"/x")
            })
            .collect();
        assert_eq!(followed, [300, 301, 302, 303, 305, 306, 307, 308]);
        assert_eq!(location(&head("301", "")), None);
        assert_eq!(location(&head("301", "Location: \r\n")), None);
    }

    #[test]
    fn where_they_lead() {
        let from = url("http://u:p@h:81/a/b?c");
        let to = |location: &[u8]| follow(&from, location).map(|url| url.text());
        assert_eq!(
            to(b"x y?z \xe9"),
            Ok("http://u:p@h:81/a/x%20y?z%20%E9".into())
        );
        assert_eq!(to(b"//i/x#y"), Ok("http://i/x".into()));
        assert_eq!(to(b"ftp://i"), Ok("ftp://i/".into()));
        assert_eq!(to(b"HTTPS://i"), Ok("https://i/".into()));
        let error = |location| {
            let e = follow(&from, location).unwrap_err();
            assert_eq!(e.kind, Kind::Source);
            e.text.clone()
        };
        assert_eq!(
            error(b"file:///etc/passwd"),
            "Protocol \"file\" disabled in redirect"
        );
        assert_eq!(
            error(b"FILE:/etc/passwd"),
            "Protocol \"file\" disabled in redirect"
        );
        assert_eq!(
            error(b"gopher://x/"),
            "Bad redirect: Protocol \"gopher\" not supported"
        );
        assert_eq!(
            error(b"http://a\tb/"),
            "Bad redirect: Bad URL: space or control character in it"
        );
        assert_eq!(
            error(b"http://a b/"),
            "Bad redirect: Bad URL: bad character in the host name"
        );
        assert_eq!(
            error(&[b'/'; 70_000]),
            "Bad redirect: Bad URL: it is too long"
        );
    }

    #[test]
    fn userinfo_stays_with_its_origin() {
        let from = url("http://u:p@h/a");
        for (location, userinfo) in [
            ("/x", "u:p@"),
            ("http://h:80/x", "u:p@"),
            ("http://v@h/x", "v@"),
            ("http://h:81/x", ""),
            ("http://i/x", ""),
            ("https://h/x", ""),
            ("//v:q@i/x", "v:q@"),
        ] {
            let to = follow(&from, location.as_bytes()).unwrap();
            let bare = to.without_userinfo();
            let text = bare.replacen("://", &["://", userinfo].concat(), 1);
            assert_eq!(to.text(), text, "{location}");
        }
    }

    #[test]
    fn the_users_fields_stay_with_their_origin() {
        let first = url("http://h/a");
        for (to, host, credentials) in [
            ("http://h/b", true, true),
            ("http://H:80/b", true, true),
            ("http://h:81/", true, false),
            ("https://h/", true, false),
            ("http://i/", false, false),
            ("http://h.i/", false, false),
        ] {
            let expected = Scope {
                host,
                credentials,
                proxy: false,
            };
            assert_eq!(scope(&first, &url(to)), expected, "{to}");
        }
    }

    #[test]
    fn downgrades() {
        for (from, to, expected) in [
            ("https://a", "http://a", true),
            ("https://a", "ftp://a", true),
            ("ftps://a", "http://a", true),
            ("https://a", "https://b", false),
            ("https://a", "ftps://b", false),
            ("http://a", "ftp://b", false),
            ("http://a", "https://b", false),
        ] {
            assert_eq!(is_downgrade(&url(from), &url(to)), expected);
        }
    }
}

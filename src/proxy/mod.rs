//! Proxies: which one a URL is fetched through, by the variables that curl reads, and what is said to it.
//!
//! An http proxy is asked for http URLs themselves; for all else any proxy is asked for a tunnel, by CONNECT ([`http`])
//! or SOCKS ([`socks`]), and once that stands nothing above knows of it. Who opens the connections is
//! [`crate::connect`].

pub mod http;
pub mod no_proxy;
pub mod socks;

use crate::auth::Credentials;
use crate::error::{Error, Kind, Result};
use crate::url::{Scheme, Url, split_first, split_last, split_port};
use alloc::string::String;
use os::text;
use os::text::alike;
use os::text::filled;

/// The value of an environment variable.
pub type Variable<'a> = &'a dyn Fn(&str) -> Option<&'static [u8]>;

/// How a proxy is spoken to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Protocol {
    /// HTTP/1.1 (RFC 9110, section 3.7).
    Http,
    /// The same over TLS.
    Https,
    /// SOCKS 4: IPv4 addresses that we look up.
    Socks4,
    /// SOCKS 4A: names that the proxy looks up.
    Socks4a,
    /// SOCKS 5 (RFC 1928), addresses that we look up.
    Socks5,
    /// SOCKS 5, names that the proxy looks up.
    Socks5h,
}

/// The schemes of proxies, as in curl.
const PROTOCOLS: [(&str, Protocol); 7] = [
    ("http", Protocol::Http),
    ("https", Protocol::Https),
    ("socks", Protocol::Socks4),
    ("socks4", Protocol::Socks4),
    ("socks4a", Protocol::Socks4a),
    ("socks5", Protocol::Socks5),
    ("socks5h", Protocol::Socks5h),
];

/// A proxy.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Proxy {
    protocol: Protocol,
    /// Its host, its port and the credentials for it.
    server: Url,
}

impl Proxy {
    /// The proxy of `text`, as in a variable: a URL whose scheme, `http`, and whose port may be left out.
    ///
    /// Errors are [`Kind::Local`] and do not repeat `text`.
    pub fn parse(text: &str) -> Result<Proxy> {
        let (scheme, rest) = match split_first(text, b':') {
            Some((scheme, rest)) if rest.starts_with("//") => {
                (scheme, rest.get(2..).unwrap_or_default())
            }
            _ => ("http", text),
        };
        let Some((_, protocol)) = PROTOCOLS
            .iter()
            .find(|(name, _)| alike(scheme.as_bytes(), name.as_bytes()))
        else {
            let text = text!("neither http, https, socks4, socks4a, socks5 nor socks5h");
            return Err(Error::say(Kind::Local, text, &[]));
        };
        let protocol = *protocol;
        let authority = rest
            .bytes()
            .position(|byte| matches!(byte, b'/' | b'?' | b'#'))
            .and_then(|end| rest.get(..end))
            .unwrap_or(rest);
        let (_, host_port) = split_last(authority, b'@').unwrap_or(("", authority));
        // The ports that curl takes; they are not those of the schemes.
        let port = match split_port(host_port).1 {
            "" | ":" if protocol == Protocol::Https => ":443",
            "" | ":" => ":1080",
            _ => "",
        };
        let authority = authority.strip_suffix(':').unwrap_or(authority);
        let server = Url::parse(&filled(text!("http://%%"), &[&authority, &port]))?;
        Ok(Proxy { protocol, server })
    }

    /// How it is spoken to.
    pub fn protocol(&self) -> Protocol {
        self.protocol
    }

    /// Where it is: host and port, nothing else of interest.
    pub fn server(&self) -> &Url {
        &self.server
    }

    /// The user name and password that it is to be given.
    pub fn credentials(&self) -> Option<Credentials> {
        Credentials::of_url(&self.server)
    }

    /// Whether it is sent the request for `url` itself (RFC 9112, section 3.2.2), rather than asked for a tunnel.
    pub fn forwards(&self, url: &Url) -> bool {
        url.scheme() == Scheme::Http && matches!(self.protocol, Protocol::Http | Protocol::Https)
    }

    /// `error`, which came about on the way to or through this proxy, saying so.
    #[cold]
    pub fn blame(&self, error: Error) -> Error {
        error.context(text!("Proxy %: "), &[&self.server.host_port()])
    }
}

/// The proxy that `url` is to be fetched through, if `variable` names one.
///
/// That is `SCHEME_proxy` or `SCHEME_PROXY` (the former alone for http: whoever sends a web server a `Proxy` field sets
/// the latter for its CGI programs), else `all_proxy` or `ALL_PROXY`, unless `no_proxy` or `NO_PROXY` excepts the host. An
/// empty one counts as not set. Where none of them is set, the settings of the system decide, if it has such.
///
/// # Errors
/// [`Kind::Local`] for a variable or a setting that names no proxy.
pub fn for_url(url: &Url, variable: Variable<'_>) -> Result<Option<Proxy>> {
    let scheme = url.scheme();
    if scheme == Scheme::File {
        return Ok(None);
    }
    let either = |name: String, is_lower_only: bool| {
        let set = |name: &str| variable(name).filter(|value| !value.trim_ascii().is_empty());
        if let Some(value) = set(&name) {
            return Some((name, value));
        }
        let name = name.to_ascii_uppercase();
        let value = set(&name).filter(|_| !is_lower_only)?;
        Some((name, value))
    };
    let own = either(
        filled(text!("%_proxy"), &[&scheme.name()]),
        scheme == Scheme::Http,
    );
    let set = own.or_else(|| either("all_proxy".into(), false));
    if set.is_none() && !os::proxy::HAS_SETTINGS {
        return Ok(None);
    }
    if let Some((_, except)) = either("no_proxy".into(), false)
        && no_proxy::excepts(except, url.host(), url.port())
    {
        return Ok(None);
    }
    let Some((name, value)) = set else {
        return of_system(url);
    };
    match core::str::from_utf8(value.trim_ascii()) {
        Ok(value) => Proxy::parse(value)
            .map(Some)
            .map_err(|e| e.context(text!("Bad proxy in %: "), &[&name])),
        Err(_) => Err(Error::say(Kind::Local, text!("Bad proxy in %"), &[&name])),
    }
}

/// The proxy of the system's settings.
fn of_system(url: &Url) -> Result<Option<Proxy>> {
    let proxy = os::proxy::for_url(url.scheme().name(), &url.host_port());
    proxy
        .map(|text| Proxy::parse(&text))
        .transpose()
        .map_err(|e| e.context(text!("Bad proxy in the system's settings: "), &[]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stream::Stream;
    use alloc::vec::Vec;

    /// A proxy that says what it has to say, in pieces of three bytes, and hears everything.
    pub(super) struct Script<'a> {
        answer: &'a [u8],
        pub(super) sent: Vec<u8>,
    }

    impl<'a> Script<'a> {
        pub(super) fn new(answer: &'a [u8]) -> Self {
            let sent = Vec::new();
            Script { answer, sent }
        }
        /// How many bytes nobody has read.
        pub(super) fn left(&self) -> usize {
            self.answer.len()
        }
    }

    impl Stream for Script<'_> {
        fn read(&mut self, buf: &mut [u8]) -> Result<usize> {
            let n = buf.len().min(3).min(self.answer.len());
            let (now, later) = self.answer.split_at(n);
            buf[..n].copy_from_slice(now);
            self.answer = later;
            Ok(n)
        }
        fn write_all(&mut self, data: &[u8]) -> Result<()> {
            self.sent.extend_from_slice(data);
            Ok(())
        }
    }

    fn chosen(url: &str, environment: &'static [(&str, &str)]) -> Result<Option<Proxy>> {
        let variable = |name: &str| {
            let (_, value) = environment.iter().find(|(known, _)| *known == name)?;
            Some(value.as_bytes())
        };
        for_url(&Url::parse(url).unwrap(), &variable)
    }

    fn server(url: &str, environment: &'static [(&str, &str)]) -> Option<String> {
        let proxy = chosen(url, environment).unwrap()?;
        Some(proxy.server().host_port())
    }

    #[test]
    fn schemes_and_default_ports() {
        for (text, protocol, server) in [
            ("p", Protocol::Http, "p:1080"),
            ("p:3128", Protocol::Http, "p:3128"),
            ("p:80", Protocol::Http, "p:80"),
            ("http://p", Protocol::Http, "p:1080"),
            ("HTTP://p:/path?query", Protocol::Http, "p:1080"),
            ("https://p", Protocol::Https, "p:443"),
            ("https://p:80/", Protocol::Https, "p:80"),
            ("socks://p", Protocol::Socks4, "p:1080"),
            ("socks4://p", Protocol::Socks4, "p:1080"),
            ("socks4a://p", Protocol::Socks4a, "p:1080"),
            ("socks5://[::1]", Protocol::Socks5, "[::1]:1080"),
            ("Socks5h://[::1]:9050", Protocol::Socks5h, "[::1]:9050"),
            ("localhost:1", Protocol::Http, "localhost:1"),
        ] {
            let proxy = Proxy::parse(text).unwrap();
            assert_eq!(proxy.protocol(), protocol, "{text}");
            assert_eq!(proxy.server().host_port(), server, "{text}");
            assert!(proxy.credentials().is_none());
        }
    }

    #[test]
    fn credentials() {
        let proxy = Proxy::parse("http://u%40x:p%3Aq:r@p@h:1").unwrap();
        let credentials = proxy.credentials().unwrap();
        assert_eq!(credentials.user, b"u@x");
        assert_eq!(credentials.password, b"p:q:r@p");
        assert_eq!(proxy.server().host_port(), "h:1");
        let e = proxy.blame(Error::new(Kind::Transient, &["no"]));
        assert_eq!(e.text, "Proxy h:1: no");
        assert!(Proxy::parse("u@p").unwrap().credentials().is_some());
    }

    #[test]
    fn variables_of_a_scheme() {
        const ALL: &[(&str, &str)] = &[
            ("http_proxy", "h"),
            ("HTTP_PROXY", "never"),
            ("https_proxy", "s"),
            ("HTTPS_PROXY", "S"),
            ("FTP_PROXY", "F"),
            ("all_proxy", "a"),
            ("ALL_PROXY", "A"),
        ];
        assert_eq!(server("http://x", ALL).as_deref(), Some("h:1080"));
        assert_eq!(server("https://x", ALL).as_deref(), Some("s:1080"));
        assert_eq!(server("ftp://x", ALL).as_deref(), Some("f:1080"));
        assert_eq!(server("ftps://x", ALL).as_deref(), Some("a:1080"));
        assert_eq!(server("file:///x", ALL), None);
        assert_eq!(server("http://x", &[("HTTP_PROXY", "never")]), None);
        assert_eq!(
            server("https://x", &[("https_proxy", ""), ("HTTPS_PROXY", "S")]).as_deref(),
            Some("s:1080")
        );
        assert_eq!(
            server("http://x", &[("http_proxy", " "), ("ALL_PROXY", " a ")]).as_deref(),
            Some("a:1080")
        );
    }

    #[test]
    fn exceptions() {
        const LOWER: &[(&str, &str)] = &[("all_proxy", "p"), ("no_proxy", "x"), ("NO_PROXY", "y")];
        assert_eq!(server("http://x", LOWER), None);
        assert!(server("http://y", LOWER).is_some());
        const UPPER: &[(&str, &str)] = &[("all_proxy", "p"), ("NO_PROXY", "y:81")];
        assert!(server("http://y", UPPER).is_some());
        assert_eq!(server("http://y:81", UPPER), None);
        // What is not asked need not be right.
        assert_eq!(
            server(
                "http://x",
                &[("all_proxy", "gopher://p"), ("no_proxy", "*")]
            ),
            None
        );
    }

    #[test]
    fn a_bad_proxy_is_named_by_its_variable() {
        let error = |environment| {
            let e = chosen("https://x", environment).unwrap_err();
            assert_eq!(e.kind, Kind::Local);
            e.text.clone()
        };
        assert_eq!(
            error(&[("HTTPS_PROXY", "quic://u:secret@p")]),
            "Bad proxy in HTTPS_PROXY: neither http, https, socks4, socks4a, socks5 nor socks5h"
        );
        assert_eq!(
            error(&[("all_proxy", "http://u:secret@p:port")]),
            "Bad proxy in all_proxy: Bad URL: the port is no number from 0 to 65535"
        );
        assert_eq!(
            error(&[("all_proxy", "http://")]),
            "Bad proxy in all_proxy: Bad URL: no host part in the URL"
        );
    }

    #[test]
    fn which_requests_are_forwarded() {
        for (proxy, url, forwards) in [
            ("http://p", "http://x", true),
            ("https://p", "http://x", true),
            ("http://p", "https://x", false),
            ("http://p", "ftp://x", false),
            ("socks5://p", "http://x", false),
        ] {
            let url = Url::parse(url).unwrap();
            assert_eq!(Proxy::parse(proxy).unwrap().forwards(&url), forwards);
        }
    }
}

//! Which proxy the settings name: pure, so that it is tested elsewhere too.
//!
//! The keys are those of SCSchemaDefinitions.h, which `scutil --proxy` prints.

use crate::bypass::bypasses;
use crate::net::{addr, append};
use alloc::string::String;
use core::net::IpAddr;

/// The settings: values under keys.
pub(crate) trait Settings {
    /// The number under `key`.
    fn number(&self, key: &str) -> Option<i32>;
    /// The string under `key`.
    fn text(&self, key: &str) -> Option<String>;
    /// Calls `visit` with each string of the list under `key`.
    fn each_text(&self, key: &str, visit: &mut dyn FnMut(&str));
}

/// The proxy for URLs of `scheme` at `host_port`, such as `example.com:443`, as a variable has it:
/// `http://proxy:8080`. That of SOCKS is for schemes that have none.
pub(crate) fn choose(settings: &dyn Settings, scheme: &str, host_port: &str) -> Option<String> {
    let own = match scheme {
        "http" => "HTTP",
        "https" => "HTTPS",
        "ftp" => "FTP",
        _ => "",
    };
    // Looking names up is left to the proxy: behind it, nothing else may know them.
    let proxy = named(settings, own, "http://", 80)
        .or_else(|| named(settings, "SOCKS", "socks5h://", 1080))?;
    (!is_excepted(settings, scheme, host_port)).then_some(proxy)
}

/// The proxy under keys that begin with `kind`, if it is switched on.
fn named(settings: &dyn Settings, kind: &str, prefix: &str, port: u16) -> Option<String> {
    let key = |name| {
        let mut key = String::from(kind);
        append(&mut key, name);
        key
    };
    settings.number(&key("Enable")).filter(|&n| n != 0)?;
    let host = settings.text(&key("Proxy"))?;
    let host = host.trim_ascii();
    if host.is_empty() {
        return None;
    }
    let its_port = settings.number(&key("Port"));
    let its_port = its_port.and_then(|port| u16::try_from(port).ok());
    let port = its_port.filter(|&port| port != 0).unwrap_or(port);

    let mut text = String::from(prefix);
    let is_v6 = host.contains(':') && !host.starts_with('[');
    append(&mut text, if is_v6 { "[" } else { "" });
    append(&mut text, host);
    append(&mut text, if is_v6 { "]:" } else { ":" });
    addr::push_number(&mut text, port.into(), 10);
    Some(text)
}

/// Whether `host_port` is to be reached without a proxy. The machine itself always is.
fn is_excepted(settings: &dyn Settings, scheme: &str, host_port: &str) -> bool {
    let simple_too = settings.number("ExcludeSimpleHostnames").unwrap_or(0) != 0;
    let mut is_excepted = bypasses(if simple_too { "<local>" } else { "" }, scheme, host_port);
    let (host, _) = host_port.rsplit_once(':').unwrap_or((host_port, ""));
    settings.each_text("ExceptionsList", &mut |element| {
        is_excepted |= bypasses(element, scheme, host_port)
            || is_in_network(element.trim_ascii(), host).unwrap_or(false);
    });
    is_excepted
}

/// Whether the address `host` is in `network`, such as `169.254/16` or `fe80::/10`; None if either is something else.
fn is_in_network(network: &str, host: &str) -> Option<bool> {
    let (network, bits) = network.split_once('/')?;
    let bits = addr::number(bits.as_bytes())?;
    let host = host.trim_start_matches('[').trim_end_matches(']');
    match addr::parse(host.as_bytes(), 0)?.ip() {
        IpAddr::V4(host) => {
            // Parts that are left out at the end are 0.
            let mut octets = [0; 4];
            let mut parts = network.split('.');
            for (octet, part) in octets.iter_mut().zip(parts.by_ref()) {
                *octet = u8::try_from(addr::number(part.as_bytes())?).ok()?;
            }
            let differ = u32::from_be_bytes(octets) ^ host.to_bits();
            (parts.next().is_none() && bits <= 32).then(|| differ.leading_zeros() >= bits)
        }
        IpAddr::V6(host) => match addr::parse(network.as_bytes(), 0)?.ip() {
            IpAddr::V6(network) => {
                let differ = network.to_bits() ^ host.to_bits();
                (bits <= 128).then(|| differ.leading_zeros() >= bits)
            }
            IpAddr::V4(_) => None,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Default)]
    struct Fake {
        numbers: &'static [(&'static str, i32)],
        texts: &'static [(&'static str, &'static str)],
        exceptions: &'static [&'static str],
    }

    impl Settings for Fake {
        fn number(&self, key: &str) -> Option<i32> {
            self.numbers
                .iter()
                .find(|(k, _)| *k == key)
                .map(|(_, n)| *n)
        }
        fn text(&self, key: &str) -> Option<String> {
            let found = self.texts.iter().find(|(k, _)| *k == key);
            found.map(|(_, text)| String::from(*text))
        }
        fn each_text(&self, key: &str, visit: &mut dyn FnMut(&str)) {
            if key == "ExceptionsList" {
                self.exceptions.iter().for_each(|text| visit(text));
            }
        }
    }

    fn of(fake: &Fake, scheme: &str) -> String {
        choose(fake, scheme, "example.com:1").unwrap_or_default()
    }

    #[test]
    fn each_scheme_has_its_own() {
        let fake = Fake {
            numbers: &[
                ("HTTPEnable", 1),
                ("HTTPPort", 8080),
                ("HTTPSEnable", 1),
                ("FTPEnable", 0),
                ("FTPPort", 8021),
                ("SOCKSEnable", 1),
                ("SOCKSPort", 0),
            ],
            texts: &[
                ("HTTPProxy", " a.example "),
                ("HTTPSProxy", "2001:db8::1"),
                ("FTPProxy", "c.example"),
                ("SOCKSProxy", "d.example"),
            ],
            exceptions: &[],
        };
        assert_eq!(of(&fake, "http"), "http://a.example:8080");
        assert_eq!(of(&fake, "https"), "http://[2001:db8::1]:80");
        assert_eq!(of(&fake, "ftp"), "socks5h://d.example:1080");
        assert_eq!(of(&fake, "ftps"), "socks5h://d.example:1080");
    }

    #[test]
    fn what_is_off_or_names_nothing_is_none() {
        assert_eq!(of(&Fake::default(), "http"), "");
        let fake = Fake {
            numbers: &[("HTTPEnable", 0), ("HTTPSEnable", 1), ("HTTPSPort", 1)],
            texts: &[("HTTPProxy", "a.example"), ("HTTPSProxy", "")],
            exceptions: &[],
        };
        for scheme in ["http", "https", "ftp", "ftps"] {
            assert_eq!(of(&fake, scheme), "");
        }
        let fake = Fake {
            numbers: &[("HTTPEnable", 1), ("HTTPPort", 65_536)],
            texts: &[("HTTPProxy", "a.example")],
            exceptions: &[],
        };
        assert_eq!(of(&fake, "http"), "http://a.example:80");
    }

    #[test]
    fn exceptions() {
        let with = |numbers, exceptions, host| {
            let fake = Fake {
                numbers,
                texts: &[("SOCKSProxy", "d.example")],
                exceptions,
            };
            choose(&fake, "https", host).is_none()
        };
        let on = &[("SOCKSEnable", 1)];
        let usual: &[&str] = &["*.local", "169.254/16", "fe80::/10", "a.example"];
        for host in [
            "printer.local:443",
            "169.254.3.4:80",
            "[fe80::1]:80",
            "A.example:443",
            "localhost:80",
            "127.0.0.1:80",
        ] {
            assert!(with(on, usual, host), "{host}");
        }
        for host in [
            "local:443",
            "169.255.3.4:80",
            "[fec0::1]:80",
            "b.a.example:443",
            "intranet:443",
            "a.example.org:443",
        ] {
            assert!(!with(on, usual, host), "{host}");
        }
        let simple = &[("SOCKSEnable", 1), ("ExcludeSimpleHostnames", 1)];
        assert!(with(simple, usual, "intranet:443"));
        assert!(!with(simple, usual, "example.com:443"));
    }

    #[test]
    fn networks() {
        for (network, host, is) in [
            ("10/8", "10.1.2.3", Some(true)),
            ("10.0.0.0/8", "11.1.2.3", Some(false)),
            ("192.168.1.128/25", "192.168.1.129", Some(true)),
            ("192.168.1.128/25", "192.168.1.127", Some(false)),
            ("0/0", "1.2.3.4", Some(true)),
            ("1.2.3.4/32", "1.2.3.4", Some(true)),
            ("::/0", "[2001:db8::1]", Some(true)),
            ("2001:db8::/32", "[2001:db9::1]", Some(false)),
            ("1.2.3.4/33", "1.2.3.4", None),
            ("::/129", "[::2]", None),
            ("1.2.3.4.5/8", "1.2.3.4", None),
            ("256/8", "1.2.3.4", None),
            ("/8", "1.2.3.4", None),
            ("10/", "10.1.2.3", None),
            ("10/8", "[::a]", None),
            ("::/0", "1.2.3.4", None),
            ("10/8", "example.com", None),
            ("10", "10.1.2.3", None),
        ] {
            assert_eq!(is_in_network(network, host), is, "{network} {host}");
        }
    }
}

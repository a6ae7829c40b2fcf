//! Who we are to servers and proxies: where user names, passwords and tokens come from ([`Login`]), and how they are told,
//! as Basic (RFC 7617). What leads to another origin is never told any of it.

mod base64;
mod challenge;
mod login;

pub use challenge::unsupported;
pub use login::{Login, netrc};

use crate::url::Url;
use alloc::string::String;
use alloc::vec::Vec;
use os::text;
use os::text::{filled, joined};

/// A user name and a password.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Credentials {
    /// The user name, free of control characters.
    pub user: Vec<u8>,
    /// The password, free of control characters; empty if there is none.
    pub password: Vec<u8>,
}

impl Credentials {
    /// Those in the userinfo of `url`.
    pub fn of_url(url: &Url) -> Option<Credentials> {
        Some(Credentials {
            user: url.username()?,
            password: url.password().unwrap_or_default(),
        })
    }

    /// The value of `Authorization` or `Proxy-Authorization` (RFC 7617, section 2).
    pub fn basic(&self) -> String {
        let pair = joined(&[&self.user, b":", &self.password]);
        filled(text!("Basic %"), &[&base64::encode(&pair)])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn basic() {
        // RFC 7617, sections 2 and 2.1.
        let of = |url: &str| Credentials::of_url(&Url::parse(url).unwrap()).map(|c| c.basic());
        assert_eq!(
            of("http://Aladdin:open%20sesame@h").as_deref(),
            Some("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==")
        );
        assert_eq!(
            of("http://test:123%C2%A3@h").as_deref(),
            Some("Basic dGVzdDoxMjPCow==")
        );
        assert_eq!(of("http://u@h").as_deref(), Some("Basic dTo="));
        assert_eq!(of("http://h"), None);
    }
}

//! Digest (RFC 7616) with MD5 and SHA-256: the password is proven and not told.
//!
//! Out of scope: the `-sess` algorithms, `qop=auth-int`, hashed user names, and a nonce used twice.

use super::challenge::{self, Element};
use super::{Credentials, md5::md5};
use crate::http::Head;
use alloc::string::String;
use core::str;
use cpu::Sha256;

/// Random bytes of a client nonce, which is public.
const NONCE: usize = 8;

/// A challenge as far as it was read.
#[derive(Default)]
struct Challenge<'a> {
    realm: &'a [u8],
    nonce: &'a [u8],
    opaque: Option<&'a [u8]>,
    algorithm: Option<&'a [u8]>,
    qop: Option<&'a [u8]>,
}

/// The value of the field that answers the first challenge for Digest in `head` that can be answered; None if there is
/// none.
///
/// `method` and `target` are those of the request line.
pub fn answer(
    head: &Head,
    credentials: &Credentials,
    method: &str,
    target: &str,
) -> Option<String> {
    let mut random = [0; NONCE];
    os::random(&mut random);
    answer_with(head, credentials, method, target, random)
}

fn answer_with(
    head: &Head,
    credentials: &Credentials,
    method: &str,
    target: &str,
    random: [u8; NONCE],
) -> Option<String> {
    for value in head.values(challenge::field(head.status())?) {
        let mut list = value;
        let mut challenge: Option<Challenge<'_>> = None;
        loop {
            let element = challenge::next(&mut list);
            if element.as_ref().is_none_or(|e| !e.scheme.is_empty())
                && let Some(challenge) = challenge.take()
                && let Some(answer) = challenge.answer(credentials, method, target, random)
            {
                return Some(answer);
            }
            let Some(element) = element else { break };
            if element.scheme.eq_ignore_ascii_case(b"Digest") {
                challenge = Some(Challenge::default());
            }
            if let Some(challenge) = &mut challenge {
                challenge.set(&element);
            }
        }
    }
    None
}

impl<'a> Challenge<'a> {
    fn set(&mut self, element: &Element<'a>) {
        let is = |name: &str| element.name.eq_ignore_ascii_case(name.as_bytes());
        if is("realm") {
            self.realm = element.value;
        } else if is("nonce") {
            self.nonce = element.value;
        } else if is("opaque") {
            self.opaque = Some(element.value);
        } else if is("algorithm") {
            self.algorithm = Some(element.value);
        } else if is("qop") {
            self.qop = Some(element.value);
        }
    }

    /// RFC 7616, section 3.4.
    fn answer(
        &self,
        credentials: &Credentials,
        method: &str,
        target: &str,
        random: [u8; NONCE],
    ) -> Option<String> {
        let algorithm = str::from_utf8(self.algorithm.unwrap_or(b"MD5")).ok()?;
        let hash = if algorithm.eq_ignore_ascii_case("MD5") {
            |message: &[u8]| hex(&md5(message))
        } else if algorithm.eq_ignore_ascii_case("SHA-256") {
            |message: &[u8]| {
                let mut hash = Sha256::new();
                hash.update(message);
                hex(&hash.finish())
            }
        } else {
            return None;
        };
        // Quotes in it would have to be escaped for some servers and must not be for others.
        let user = str::from_utf8(&credentials.user)
            .ok()
            .filter(|user| !user.bytes().any(|byte| matches!(byte, b'"' | b'\\')))?;
        let realm = str::from_utf8(self.realm).ok()?;
        let nonce = str::from_utf8(self.nonce).ok()?;
        let client_nonce = hex(&random);
        let identity = hash(
            &[
                user.as_bytes(),
                b":",
                self.realm,
                b":",
                &credentials.password,
            ]
            .concat(),
        );
        let request = hash([method, ":", target].concat().as_bytes());
        let mut proof = [&identity, ":", nonce, ":"].concat();
        let mut qop = String::new();
        if let Some(offered) = self.qop {
            crate::http::header::elements(offered)
                .find(|offered| offered.eq_ignore_ascii_case(b"auth"))?;
            proof.push_str(&["00000001:", &client_nonce, ":auth:"].concat());
            qop = [", qop=auth, nc=00000001, cnonce=\"", &client_nonce, "\""].concat();
        }
        proof.push_str(&request);
        let response = hash(proof.as_bytes());
        let mut answer = [
            "Digest username=\"",
            user,
            "\", realm=\"",
            realm,
            "\", nonce=\"",
            nonce,
            "\", uri=\"",
            target,
            "\", response=\"",
            &response,
            "\"",
            &qop,
        ]
        .concat();
        if self.algorithm.is_some() {
            answer.push_str(&[", algorithm=", algorithm].concat());
        }
        if let Some(opaque) = self.opaque {
            answer.push_str(&[", opaque=\"", str::from_utf8(opaque).ok()?, "\""].concat());
        }
        Some(answer)
    }
}

/// `bytes` in lower-case hexadecimal.
pub(super) fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        for nibble in [byte >> 4, byte & 15] {
            text.push(char::from(match nibble {
                0..=9 => b'0' + nibble,
                _ => b'a' - 10 + nibble,
            }));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::{HeadParser, Method};

    fn head(fields: &str) -> Head {
        let text = ["HTTP/1.1 401 x\r\n", fields, "\r\n"].concat();
        let mut parser = HeadParser::new(Method::Get);
        parser.feed(&mut text.as_bytes()).unwrap().unwrap()
    }

    fn of(fields: &str, user: &str, password: &str, target: &str) -> Option<String> {
        let credentials = Credentials {
            user: user.into(),
            password: password.into(),
        };
        answer_with(&head(fields), &credentials, "GET", target, [0x0a; NONCE])
    }

    /// RFC 2617, section 3.5 with the nonce count and client nonce of ours; RFC 2069 with none of them. The responses
    /// are those of Python's hashlib.
    #[test]
    fn answers() {
        let fields = "WWW-Authenticate: Digest realm=\"testrealm@host.com\", qop=\"auth,auth-int\", \
            nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\", opaque=\"5ccc069c403ebaf9f0171e9517f40e41\"\r\n";
        assert_eq!(
            of(fields, "Mufasa", "Circle Of Life", "/dir/index.html").as_deref(),
            Some(
                "Digest username=\"Mufasa\", realm=\"testrealm@host.com\", \
                 nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\", uri=\"/dir/index.html\", \
                 response=\"924110008fb3b1bb7ae0b4a09061f95c\", qop=auth, nc=00000001, cnonce=\"0a0a0a0a0a0a0a0a\", \
                 opaque=\"5ccc069c403ebaf9f0171e9517f40e41\""
            )
        );
        let fields = "WWW-Authenticate: Digest realm=r, algorithm=SHA-256, nonce=n, qop=auth\r\n";
        assert_eq!(
            of(fields, "u", "p", "/").as_deref(),
            Some(
                "Digest username=\"u\", realm=\"r\", nonce=\"n\", uri=\"/\", response=\"e1b1b3df39ec4789807f1668007c3ceaa2eb18ae12a6dab053edb9caf62d47af\", \
                 qop=auth, nc=00000001, cnonce=\"0a0a0a0a0a0a0a0a\", algorithm=SHA-256"
            )
        );
        let fields = "WWW-Authenticate: Digest realm=r, nonce=n\r\n";
        assert_eq!(
            of(fields, "u", "p", "/").as_deref(),
            Some(
                "Digest username=\"u\", realm=\"r\", nonce=\"n\", uri=\"/\", response=\"f23121ca97143c6b358da620220c83b4\""
            )
        );
    }

    #[test]
    fn the_first_that_can_be_answered() {
        let fields = "WWW-Authenticate: Basic realm=x, Digest realm=r, algorithm=SHA-512-256, nonce=n, \
            Digest realm=q, qop=auth-int, nonce=n, Digest realm=s, algorithm=\"sha-256\", nonce=n, Negotiate\r\n\
            WWW-Authenticate: Digest realm=t, nonce=n\r\n";
        let answer = of(fields, "u", "p", "/").unwrap();
        assert!(
            answer.contains("realm=\"s\"") && answer.ends_with("algorithm=sha-256"),
            "{answer}"
        );
    }

    #[test]
    fn what_has_no_answer() {
        for fields in [
            "",
            "WWW-Authenticate: Basic realm=\"Digest\"\r\n",
            "Proxy-Authenticate: Digest realm=r, nonce=n\r\n",
            "WWW-Authenticate: Digest realm=r, nonce=n, algorithm=MD5-sess\r\n",
            "WWW-Authenticate: Digest realm=r, nonce=n, qop=auth-int\r\n",
            "WWW-Authenticate: Digest realm=\"\u{e9}\", nonce=n, algorithm=\"\u{e9}\"\r\n",
        ] {
            assert_eq!(of(fields, "u", "p", "/"), None, "{fields}");
        }
        let fields = "WWW-Authenticate: Digest realm=r, nonce=n\r\n";
        assert_eq!(of(fields, "a\"b", "p", "/"), None);
        assert_eq!(of(fields, "a\\b", "p", "/"), None);
    }
}

//! Digest (RFC 7616) with MD5 and SHA-256: the password is proven and not told.
//!
//! Out of scope: the `-sess` algorithms, `qop=auth-int`, hashed user names, and a nonce used twice.

use super::challenge::{self, Element};
use super::{Credentials, md5::md5};
use crate::http::Head;
use crate::http::header::elements;
use crate::text::{append, hex};
use alloc::string::String;
use core::str;
use cpu::Sha256;

/// Random bytes of a client nonce, which is public.
const NONCE: usize = 8;

/// A challenge as far as it was read.
#[derive(Default)]
struct Challenge<'a> {
    realm: Option<&'a str>,
    nonce: Option<&'a str>,
    opaque: Option<&'a str>,
    algorithm: Option<&'a str>,
    qop: Option<&'a str>,
    /// Whether one of them is not UTF-8.
    is_garbled: bool,
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
        let parameter = if is("realm") {
            &mut self.realm
        } else if is("nonce") {
            &mut self.nonce
        } else if is("opaque") {
            &mut self.opaque
        } else if is("algorithm") {
            &mut self.algorithm
        } else if is("qop") {
            &mut self.qop
        } else {
            return;
        };
        *parameter = str::from_utf8(element.value).ok();
        self.is_garbled |= parameter.is_none();
    }

    /// RFC 7616, section 3.4.
    fn answer(
        &self,
        credentials: &Credentials,
        method: &str,
        target: &str,
        random: [u8; NONCE],
    ) -> Option<String> {
        if self.is_garbled {
            return None;
        }
        let algorithm = self.algorithm.unwrap_or("MD5");
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
        let realm = self.realm.unwrap_or_default();
        let nonce = self.nonce.unwrap_or_default();
        let client_nonce = hex(&random);
        let identity = hash(
            &[
                user.as_bytes(),
                b":",
                realm.as_bytes(),
                b":",
                &credentials.password,
            ]
            .concat(),
        );
        let request = hash([method, ":", target].concat().as_bytes());
        let mut proof = [&identity, ":", nonce, ":"].concat();
        if let Some(offered) = self.qop {
            elements(offered.as_bytes()).find(|qop| qop.eq_ignore_ascii_case(b"auth"))?;
            for part in ["00000001:", &client_nonce, ":auth:"] {
                append(&mut proof, part);
            }
        }
        append(&mut proof, &request);
        let mut answer = String::new();
        append_quoted(&mut answer, "Digest username=", user);
        append_quoted(&mut answer, ", realm=", realm);
        append_quoted(&mut answer, ", nonce=", nonce);
        append_quoted(&mut answer, ", uri=", target);
        append_quoted(&mut answer, ", response=", &hash(proof.as_bytes()));
        if self.qop.is_some() {
            append(&mut answer, ", qop=auth, nc=00000001");
            append_quoted(&mut answer, ", cnonce=", &client_nonce);
        }
        if let Some(algorithm) = self.algorithm {
            append(&mut answer, ", algorithm=");
            append(&mut answer, algorithm);
        }
        if let Some(opaque) = self.opaque {
            append_quoted(&mut answer, ", opaque=", opaque);
        }
        Some(answer)
    }
}

/// Appends `name`, which ends in `=`, and `value` in quotes.
#[inline(never)]
fn append_quoted(answer: &mut String, name: &str, value: &str) {
    for part in [name, "\"", value, "\""] {
        append(answer, part);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::{HeadParser, Method};

    fn head(fields: &str) -> Box<Head> {
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

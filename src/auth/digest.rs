//! Digest (RFC 7616) with MD5 and SHA-256: the password is proven and not told.
//!
//! Out of scope: the `-sess` algorithms, `qop=auth-int`, challenges without `qop` (RFC 2069), quotes in user names, hashed
//! user names, and a nonce used twice. What needs them refuses the answer.

use super::challenge;
use super::{Credentials, md5::md5};
use crate::http::Head;
use crate::text::hex;
use alloc::string::String;
use alloc::vec::Vec;
use cpu::Sha256;

/// Random bytes of a client nonce, which is public.
const NONCE: usize = 8;

/// The parameters of a challenge that matter.
const PARAMETERS: [&str; 4] = ["realm", "nonce", "opaque", "algorithm"];

/// What stands before each value of an answer, whose algorithm is at its end.
const PIECES: [&str; 8] = [
    "Digest qop=auth, nc=00000001, realm=\"",
    "\", nonce=\"",
    "\", opaque=\"",
    "\", username=\"",
    "\", uri=\"",
    "\", cnonce=\"",
    "\", response=\"",
    "\", algorithm=",
];

const MD5: &[u8] = b"MD5";
const SHA256: &[u8] = b"SHA-256";

/// The values of a challenge's parameters, in the order of [`PARAMETERS`]; empty if not given.
type Challenge<'a> = [&'a [u8]; PARAMETERS.len()];

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
    answer_with(head, credentials, method, target, &hex(&random))
}

fn answer_with(
    head: &Head,
    credentials: &Credentials,
    method: &str,
    target: &str,
    client_nonce: &str,
) -> Option<String> {
    let [realm, nonce, opaque, algorithm] = find(head)?;
    let user = &*credentials.user;
    let is_sha256 = algorithm.eq_ignore_ascii_case(SHA256);
    let hash = |parts: &[&[u8]]| {
        let message = parts.join(&b':');
        if is_sha256 {
            let mut hash = Sha256::new();
            hash.update(&message);
            return hex(&hash.finish());
        }
        hex(&md5(&message))
    };
    // RFC 7616, section 3.4.
    let identity = hash(&[user, realm, &credentials.password]);
    let request = hash(&[method.as_bytes(), target.as_bytes()]);
    let response = hash(&[
        identity.as_bytes(),
        nonce,
        b"00000001",
        client_nonce.as_bytes(),
        b"auth",
        request.as_bytes(),
    ]);
    let values = [
        realm,
        nonce,
        opaque,
        user,
        target.as_bytes(),
        client_nonce.as_bytes(),
        response.as_bytes(),
        if is_sha256 { SHA256 } else { MD5 },
    ];
    let mut answer = Vec::new();
    for (piece, value) in PIECES.iter().zip(&values) {
        answer.extend_from_slice(piece.as_bytes());
        answer.extend_from_slice(value);
    }
    String::from_utf8(answer).ok()
}

/// The first challenge that can be answered.
fn find(head: &Head) -> Option<Challenge<'_>> {
    let mut challenge = Challenge::default();
    let mut is_digest = false;
    for mut list in head.values(challenge::field(head.status())?) {
        while let Some(element) = challenge::next(&mut list) {
            if !element.scheme.is_empty() {
                if is_digest {
                    return Some(challenge);
                }
                is_digest = element.scheme.eq_ignore_ascii_case(b"Digest");
            }
            for (known, value) in PARAMETERS.iter().zip(&mut challenge) {
                if !element.scheme.is_empty() {
                    *value = b"";
                }
                if element.name.eq_ignore_ascii_case(known.as_bytes()) {
                    *value = element.value;
                }
            }
            let [.., algorithm] = challenge;
            is_digest &= [b"", MD5, SHA256]
                .iter()
                .any(|known| algorithm.eq_ignore_ascii_case(known));
        }
    }
    is_digest.then_some(challenge)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::{HeadParser, Method};
    use alloc::boxed::Box;

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
        answer_with(
            &head(fields),
            &credentials,
            "GET",
            target,
            "0a0a0a0a0a0a0a0a",
        )
    }

    /// RFC 2617, section 3.5, with another client nonce; the responses are those of Python's hashlib.
    #[test]
    fn answers() {
        let fields = "WWW-Authenticate: Digest realm=\"testrealm@host.com\", qop=\"auth,auth-int\", \
            nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\", opaque=\"5ccc069c403ebaf9f0171e9517f40e41\"\r\n";
        assert_eq!(
            of(fields, "Mufasa", "Circle Of Life", "/dir/index.html").as_deref(),
            Some(
                "Digest qop=auth, nc=00000001, realm=\"testrealm@host.com\", \
                 nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\", \
                 opaque=\"5ccc069c403ebaf9f0171e9517f40e41\", \
                 username=\"Mufasa\", uri=\"/dir/index.html\", cnonce=\"0a0a0a0a0a0a0a0a\", \
                 response=\"924110008fb3b1bb7ae0b4a09061f95c\", algorithm=MD5"
            )
        );
        let fields = "WWW-Authenticate: Digest realm=r, algorithm=SHA-256, nonce=n, qop=auth\r\n";
        assert_eq!(
            of(fields, "u", "p", "/").as_deref(),
            Some(
                "Digest qop=auth, nc=00000001, realm=\"r\", nonce=\"n\", opaque=\"\", username=\"u\", \
                 uri=\"/\", cnonce=\"0a0a0a0a0a0a0a0a\", \
                 response=\"e1b1b3df39ec4789807f1668007c3ceaa2eb18ae12a6dab053edb9caf62d47af\", algorithm=SHA-256"
            )
        );
    }

    #[test]
    fn the_first_that_can_be_answered() {
        let fields = "WWW-Authenticate: Basic realm=x, Digest realm=r, algorithm=SHA-512-256, qop=auth, nonce=n, \
            Digest realm=s, algorithm=\"sha-256\", qop=auth, Negotiate\r\n\
            WWW-Authenticate: Digest realm=t, qop=auth, nonce=n\r\n";
        let answer = of(fields, "u", "p", "/").unwrap();
        assert!(
            answer.contains("realm=\"s\", nonce=\"\"") && answer.ends_with("algorithm=SHA-256"),
            "{answer}"
        );
    }

    #[test]
    fn what_has_no_answer() {
        for fields in [
            "",
            "WWW-Authenticate: Basic realm=\"Digest\"\r\n",
            "Proxy-Authenticate: Digest realm=r, nonce=n\r\n",
            "WWW-Authenticate: Digest realm=r, nonce=n, qop=auth, algorithm=MD5-sess\r\n",
            "WWW-Authenticate: Digest realm=r, nonce=n, qop=auth, algorithm=\"\u{e9}\"\r\n",
        ] {
            assert_eq!(of(fields, "u", "p", "/"), None, "{fields}");
        }
    }
}

//! What a handshake agreed on, read off its messages as they pass in plaintext: the check that a TLS that is not ours
//! keeps to what is promised of every session, whatever the system is set to allow.

use alloc::vec::Vec;

use super::codec::Reader;
use super::hello::ServerHello;
use super::record::{CHANGE_CIPHER_SPEC, HANDSHAKE};
use super::tls12::hello::is_downgrade;
use os::text;
use os::text::Template;

const SERVER_HELLO: u8 = 2;
const SERVER_KEY_EXCHANGE: u8 = 12;

/// Bytes of the prime of a Diffie-Hellman group at least: 2048 bits.
const MIN_PRIME: usize = 256;

/// Those with a key exchange that is forgotten and an AEAD, of TLS 1.3 and of TLS 1.2 by ECDHE.
const SUITES: [u16; 9] = [
    0x1301, 0x1302, 0x1303, 0xc02b, 0xc02c, 0xc02f, 0xc030, 0xcca8, 0xcca9,
];
/// The same for TLS 1.2 by finite-field Diffie-Hellman, signed with RSA.
const DHE_SUITES: [u16; 3] = [0x009e, 0x009f, 0xccaa];

/// The messages of a server.
#[derive(Default)]
pub struct Agreed {
    messages: Vec<u8>,
    /// Whether what follows is encrypted.
    over: bool,
}

impl Agreed {
    /// Takes note of a record's content. How many there are is for the caller to limit.
    pub fn note(&mut self, content_type: u8, content: &[u8]) {
        if content_type != HANDSHAKE {
            self.over |= content_type == CHANGE_CIPHER_SPEC;
        } else if !self.over {
            self.messages.extend_from_slice(content);
        }
    }

    /// Whether what was noted came before anything encrypted.
    pub fn is_plain(&self) -> bool {
        !self.over
    }

    /// Whether it is TLS 1.3 (true) or 1.2; or why there may be no session. `no_tls13` says that the server has claimed
    /// before to know no TLS 1.3.
    pub fn check(&self, no_tls13: bool) -> Result<bool, Template> {
        const MALFORMED: Template = text!("the ServerHello is malformed (decode_error)");
        let mut messages = Reader(&self.messages);
        let mut suite = None;
        let mut prime = 0;
        while let Some((kind, body)) = messages.message() {
            match kind {
                SERVER_HELLO => {
                    let hello = ServerHello::parse(body).ok_or(MALFORMED)?;
                    if is_downgrade(hello.random, no_tls13) {
                        return Err(super::tls12::hello::DOWNGRADED);
                    }
                    suite = Some(hello.suite);
                }
                // It begins with the prime (RFC 5246, section 7.4.3), if the suite is one of those.
                SERVER_KEY_EXCHANGE => prime = Reader(body).vector(2).map_or(0, significant),
                _ => {}
            }
        }
        let suite = suite.ok_or(MALFORMED)?;
        if DHE_SUITES.contains(&suite) {
            if prime < MIN_PRIME {
                return Err(text!("the server's Diffie-Hellman group is too small"));
            }
        } else if !SUITES.contains(&suite) {
            return Err(text!("the server chose a cipher suite that is refused"));
        }
        Ok(suite >> 8 == 0x13)
    }
}

/// How many bytes a number has without the zeros before it.
fn significant(number: &[u8]) -> usize {
    let zeros = number.iter().take_while(|&&byte| byte == 0).count();
    number.len() - zeros
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    fn hello(suite: u16, random: [u8; 32]) -> Vec<u8> {
        let [high, low] = suite.to_be_bytes();
        [
            &[SERVER_HELLO, 0, 0, 38, 3, 3],
            random.as_slice(),
            &[0, high, low, 0],
        ]
        .concat()
    }

    fn key_exchange(prime: &[u8]) -> Vec<u8> {
        let length = prime.len() as u16;
        let [high, low] = (length + 2).to_be_bytes();
        [
            &[SERVER_KEY_EXCHANGE, 0, high, low],
            length.to_be_bytes().as_slice(),
            prime,
        ]
        .concat()
    }

    fn of(messages: &[u8]) -> Agreed {
        let mut agreed = Agreed::default();
        // Messages may be split over records anywhere.
        for record in messages.chunks(7) {
            agreed.note(HANDSHAKE, record);
        }
        agreed
    }

    #[test]
    fn versions_are_told_by_the_suite() {
        for suite in SUITES {
            let agreed = of(&hello(suite, [7; 32]));
            assert_eq!(agreed.check(false), Ok((0x1301..=0x1303).contains(&suite)));
        }
    }

    #[test]
    fn what_is_not_forgotten_or_authenticated_is_refused() {
        // RSA key exchange, CBC, RC4, anonymous, an export suite, nothing, CCM.
        for suite in [0x009c, 0xc013, 0x0005, 0x00a6, 0x0003, 0, 0x1304] {
            assert!(
                of(&hello(suite, [7; 32])).check(false).is_err(),
                "{suite:x}"
            );
        }
        assert!(of(&[]).check(false).is_err());
        let cut = hello(0x1301, [7; 32]);
        assert!(of(&cut[..cut.len() - 1]).check(false).is_err());
    }

    #[test]
    fn small_groups_are_refused() {
        let with = |prime: &[u8]| {
            let messages = [hello(0x009e, [7; 32]), key_exchange(prime)].concat();
            of(&messages).check(false)
        };
        assert_eq!(with(&[0xff; 256]), Ok(false));
        assert!(with(&[0xff; 128]).is_err());
        assert!(with(&[vec![0; 128], vec![0xff; 128]].concat()).is_err());
        assert!(with(&[]).is_err());
        assert!(of(&hello(0x009e, [7; 32])).check(false).is_err());
    }

    #[test]
    fn a_forged_claim_is_found() {
        let mut random = [7; 32];
        random[24..].copy_from_slice(b"DOWNGRD\x01");
        let agreed = of(&hello(0xc02f, random));
        assert_eq!(agreed.check(false), Ok(false));
        assert!(agreed.check(true).is_err());
    }

    #[test]
    fn what_is_encrypted_is_not_read() {
        let mut agreed = of(&hello(0xc02f, [7; 32]));
        assert!(agreed.is_plain());
        agreed.note(CHANGE_CIPHER_SPEC, &[1]);
        agreed.note(HANDSHAKE, &hello(0x0005, [7; 32]));
        assert!(!agreed.is_plain());
        assert_eq!(agreed.check(false), Ok(false));
    }
}

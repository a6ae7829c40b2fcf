//! What is offered in a TLS 1.2 ClientHello, and the check of the server's choice from it.

use alloc::vec::Vec;

use super::super::codec::{Reader, alpn_choice, put_vector};
use super::super::hello::{
    ALPN, HTTP_1_1, SERVER_NAME, SUPPORTED_GROUPS, SUPPORTED_VERSIONS, ServerHello, put_extension,
};
use super::super::sig::ecdh::NamedGroup;

const EC_POINT_FORMATS: u16 = 11;
const SIGNATURE_ALGORITHMS: u16 = 13;
const EXTENDED_MASTER_SECRET: u16 = 23;
const RENEGOTIATION_INFO: u16 = 0xff01;

/// The last eight bytes of the random of a server that speaks TLS 1.3 (RFC 8446, section 4.1.3), and of one that speaks
/// TLS 1.2 and answers with less.
const DOWNGRADE: [u8; 7] = *b"DOWNGRD";

/// A cipher suite: ECDHE with an AEAD.
pub(super) struct Suite {
    id: u16,
    /// Whether the server signs with RSA rather than ECDSA or EdDSA.
    pub(super) rsa: bool,
    pub(super) sha384: bool,
    pub(super) chacha: bool,
}

impl Suite {
    /// Bytes of a key.
    pub(super) fn key_length(&self) -> usize {
        if self.sha384 || self.chacha { 32 } else { 16 }
    }

    /// Bytes of the part of the nonces that is secret.
    pub(super) fn iv_length(&self) -> usize {
        if self.chacha { 12 } else { 4 }
    }
}

const fn suite(id: u16, rsa: bool, sha384: bool, chacha: bool) -> Suite {
    Suite {
        id,
        rsa,
        sha384,
        chacha,
    }
}

/// In order of preference (RFC 5289, RFC 7905).
static SUITES: [Suite; 6] = [
    suite(0xc02b, false, false, false),
    suite(0xc02f, true, false, false),
    suite(0xc02c, false, true, false),
    suite(0xc030, true, true, false),
    suite(0xcca9, false, false, true),
    suite(0xcca8, true, false, true),
];

pub(super) const GROUPS: [NamedGroup; 3] = [
    NamedGroup::X25519,
    NamedGroup::Secp256r1,
    NamedGroup::Secp384r1,
];

/// The SignatureSchemes, ECDSA and EdDSA first, then RSASSA-PSS, then RSASSA-PKCS1-v1_5.
pub(super) const SCHEMES: [u16; 9] = [
    0x0403, 0x0503, 0x0807, 0x0804, 0x0805, 0x0806, 0x0401, 0x0501, 0x0601,
];

/// The ClientHello message.
pub(super) fn client_hello(name: Option<&str>, random: &[u8; 32]) -> Vec<u8> {
    let mut out = Vec::with_capacity(512);
    out.push(1);
    put_vector(&mut out, 3, |out| {
        out.extend_from_slice(&[3, 3]);
        out.extend_from_slice(random);
        out.push(0);
        put_numbers(out, SUITES.iter().map(|suite| suite.id));
        out.extend_from_slice(&[1, 0]);
        put_vector(out, 2, |out| {
            if let Some(name) = name {
                put_extension(out, SERVER_NAME, |out| {
                    put_vector(out, 2, |out| {
                        out.push(0);
                        put_vector(out, 2, |out| out.extend_from_slice(name.as_bytes()));
                    });
                });
            }
            put_extension(out, EXTENDED_MASTER_SECRET, |_| {});
            put_extension(out, RENEGOTIATION_INFO, |out| out.push(0));
            put_extension(out, SUPPORTED_GROUPS, |out| {
                put_numbers(out, GROUPS.iter().map(|&group| group as u16));
            });
            put_extension(out, EC_POINT_FORMATS, |out| {
                out.extend_from_slice(&[1, 0]);
            });
            put_extension(out, SIGNATURE_ALGORITHMS, |out| {
                put_numbers(out, SCHEMES.iter().copied());
            });
            put_extension(out, ALPN, |out| {
                put_vector(out, 2, |out| {
                    put_vector(out, 1, |out| out.extend_from_slice(HTTP_1_1));
                });
            });
        });
    });
    out
}

fn put_numbers(out: &mut Vec<u8>, numbers: impl Iterator<Item = u16>) {
    put_vector(out, 2, |out| {
        for number in numbers {
            out.extend_from_slice(&number.to_be_bytes());
        }
    });
}

/// What a server chose.
pub(super) struct Choice {
    pub(super) suite: &'static Suite,
    pub(super) random: [u8; 32],
    pub(super) extended_master_secret: bool,
}

/// The server's choice from [`client_hello`]. `no_tls13` is as for [`super::handshake()`]. `Err` says what is wrong.
pub(super) fn choice(body: &[u8], no_tls13: bool) -> Result<Choice, &'static str> {
    let hello = ServerHello::parse(body).ok_or("a malformed ServerHello")?;
    if hello.version < 0x0303 {
        return Err("the server speaks only TLS 1.1 or older, which is refused");
    }
    let suite = SUITES.iter().find(|suite| suite.id == hello.suite);
    let (Some(suite), 0x0303, 0, None) = (
        suite,
        hello.version,
        hello.compression,
        hello.extension(SUPPORTED_VERSIONS),
    ) else {
        return Err("the ServerHello takes what was not offered (illegal_parameter)");
    };
    if let Some((&version, rest)) = hello.random.split_last()
        && rest.ends_with(&DOWNGRADE)
        && (version == 0 || version == 1 && no_tls13)
    {
        return Err("the server speaks a later version than it was made to say (downgrade attack)");
    }
    let mut extended_master_secret = false;
    let mut rest = hello.extensions;
    while let Some((extension, data)) = rest.extension() {
        match (extension, data) {
            (EXTENDED_MASTER_SECRET, []) => extended_master_secret = true,
            // RFC 5746, section 3.4: nothing was negotiated before.
            (RENEGOTIATION_INFO, [0]) | (SERVER_NAME, []) | (SUPPORTED_GROUPS, _) => {}
            (EC_POINT_FORMATS, formats) if has_uncompressed(formats) => {}
            (ALPN, data) if alpn_choice(data) == Some(HTTP_1_1) => {}
            _ => return Err("the ServerHello has an extension that was not offered"),
        }
    }
    Ok(Choice {
        suite,
        random: *hello.random,
        extended_master_secret,
    })
}

/// RFC 8422, section 5.1.2.
fn has_uncompressed(formats: &[u8]) -> bool {
    let mut reader = Reader(formats);
    matches!(reader.vector(1), Some(list) if list.contains(&0)) && reader.is_empty()
}

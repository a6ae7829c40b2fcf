//! What is offered in a TLS 1.2 ClientHello, and the check of the server's choice from it.

use alloc::vec::Vec;

use super::super::codec::{Reader, alpn_choice};
use super::super::hello::{
    ALPN, HTTP_1_1, SERVER_NAME, SUPPORTED_GROUPS, SUPPORTED_VERSIONS, ServerHello,
};
use super::resumption::Resumable;
use curves::ecdh::NamedGroup;
use os::text;
use os::text::{Template, joined};

const EC_POINT_FORMATS: u16 = 11;
const EXTENDED_MASTER_SECRET: u16 = 23;
const SESSION_TICKET: u16 = 35;
const RENEGOTIATION_INFO: u16 = 0xff01;

/// The last eight bytes of the random of a server that speaks TLS 1.3 (RFC 8446, section 4.1.3), and of one that speaks
/// TLS 1.2 and answers with less.
const DOWNGRADE: [u8; 7] = *b"DOWNGRD";

/// What is wrong with a server of which [`is_downgrade`] holds.
pub(in crate::tls) const DOWNGRADED: Template =
    text!("the server speaks a later version than it was made to say (downgrade attack)");

/// Whether the `random` of a ServerHello of TLS 1.2 says that the server speaks more than was asked of it, or, with
/// `no_tls13`, than it claimed before.
pub(in crate::tls) fn is_downgrade(random: &[u8; 32], no_tls13: bool) -> bool {
    random.split_last().is_some_and(|(&version, rest)| {
        rest.ends_with(&DOWNGRADE) && (version == 0 || version == 1 && no_tls13)
    })
}

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

/// What follows the session in a ClientHello: [`SUITES`], no compression.
const OFFER: &[u8] = &[
    0, 12, 0xc0, 0x2b, 0xc0, 0x2f, 0xc0, 0x2c, 0xc0, 0x30, 0xcc, 0xa9, 0xcc, 0xa8, 1, 0,
];

/// Its extensions but for the server's name. Code that puts them together is several times as long.
#[rustfmt::skip]
const EXTENSIONS: &[u8] = &[
    // extended_master_secret
    0, 23, 0, 0,
    // renegotiation_info: none before
    0xff, 1, 0, 1, 0,
    // supported_groups: GROUPS
    0, 10, 0, 8, 0, 6, 0, 29, 0, 23, 0, 24,
    // ec_point_formats: uncompressed
    0, 11, 0, 2, 1, 0,
    // signature_algorithms: SCHEMES
    0, 13, 0, 20, 0, 18, 4, 3, 5, 3, 8, 7, 8, 4, 8, 5, 8, 6, 4, 1, 5, 1, 6, 1,
];

/// application_layer_protocol_negotiation: HTTP_1_1.
const ALPN_EXTENSION: &[u8] = &[
    0, 16, 0, 11, 0, 9, 8, b'h', b't', b't', b'p', b'/', b'1', b'.', b'1',
];

/// The ClientHello message, of a client that wants to speak HTTP if `http`; one that does not wants to resume `session`
/// if there is one, and this one later. `name` has at most 255 bytes.
pub(super) fn client_hello(
    name: Option<&str>,
    http: bool,
    session: Option<&Resumable>,
    random: &[u8; 32],
) -> Vec<u8> {
    let (id, ticket) = session
        .map(|session| (&*session.id, &*session.ticket))
        .unwrap_or_default();
    let mut extensions = Vec::new();
    if let Some(name) = name {
        // server_name (RFC 6066, section 3): the extension, the list, the entry, the name, each with its length.
        let length = name.len() as u16;
        for number in [SERVER_NAME, length + 5, length + 3] {
            extensions.extend_from_slice(&number.to_be_bytes());
        }
        extensions.push(0);
        extensions.extend_from_slice(&length.to_be_bytes());
        extensions.extend_from_slice(name.as_bytes());
    }
    extensions.extend_from_slice(EXTENSIONS);
    if http {
        extensions.extend_from_slice(ALPN_EXTENSION);
    } else {
        for number in [SESSION_TICKET, ticket.len() as u16] {
            extensions.extend_from_slice(&number.to_be_bytes());
        }
        extensions.extend_from_slice(ticket);
    }
    let length = extensions.len() as u16;
    let body = (2 + random.len() + 1 + id.len() + OFFER.len() + 2) as u16 + length;
    let [high, low] = body.to_be_bytes();
    joined(&[
        &[1, 0, high, low, 3, 3],
        random,
        &[id.len() as u8],
        id,
        OFFER,
        &length.to_be_bytes(),
        &extensions,
    ])
}

/// What a server chose.
pub(super) struct Choice {
    pub(super) suite: &'static Suite,
    pub(super) random: [u8; 32],
    pub(super) session_id: Vec<u8>,
    pub(super) extended_master_secret: bool,
    /// Whether a NewSessionTicket will come.
    pub(super) ticket: bool,
}

/// The server's choice from [`client_hello`], which wanted to speak HTTP if `http`. With `no_tls13` a server that signs
/// that it does speak TLS 1.3 is refused: somebody forged what it said before. `Err` says what is wrong.
pub(super) fn choice(body: &[u8], http: bool, no_tls13: bool) -> Result<Choice, Template> {
    let hello = ServerHello::parse(body).ok_or(text!("a malformed ServerHello"))?;
    if hello.version < 0x0303 {
        return Err(text!(
            "the server speaks only TLS 1.1 or older, which is refused"
        ));
    }
    let suite = SUITES.iter().find(|suite| suite.id == hello.suite);
    let (Some(suite), 0x0303, 0, None) = (
        suite,
        hello.version,
        hello.compression,
        hello.extension(SUPPORTED_VERSIONS),
    ) else {
        return Err(text!(
            "the ServerHello takes what was not offered (illegal_parameter)"
        ));
    };
    if is_downgrade(hello.random, no_tls13) {
        return Err(DOWNGRADED);
    }
    let mut extended_master_secret = false;
    let mut ticket = false;
    let mut rest = hello.extensions;
    while let Some((extension, data)) = rest.extension() {
        match (extension, data) {
            (EXTENDED_MASTER_SECRET, []) => extended_master_secret = true,
            (SESSION_TICKET, []) if !http => ticket = true,
            // RFC 5746, section 3.4: nothing was negotiated before.
            (RENEGOTIATION_INFO, [0]) | (SERVER_NAME, []) | (SUPPORTED_GROUPS, _) => {}
            (EC_POINT_FORMATS, formats) if has_uncompressed(formats) => {}
            (ALPN, data) if http && alpn_choice(data) == Some(HTTP_1_1) => {}
            _ => {
                return Err(text!(
                    "the ServerHello has an extension that was not offered"
                ));
            }
        }
    }
    Ok(Choice {
        suite,
        random: *hello.random,
        session_id: hello.session_id.to_vec(),
        extended_master_secret,
        ticket,
    })
}

/// RFC 8422, section 5.1.2.
fn has_uncompressed(formats: &[u8]) -> bool {
    let mut reader = Reader(formats);
    matches!(reader.vector(1), Some(list) if list.contains(&0)) && reader.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(list: &[u8]) -> Vec<u16> {
        list.chunks(2)
            .map(|n| u16::from_be_bytes([n[0], n[1]]))
            .collect()
    }

    /// What is written out as bytes is what the answers are checked against.
    #[test]
    fn the_offer_is_what_is_taken() {
        let hello = client_hello(Some("example.org"), true, None, &[9; 32]);
        let mut messages = Reader(&hello);
        let (1, body) = messages.message().unwrap() else {
            panic!("no ClientHello");
        };
        assert!(messages.is_empty());
        let mut body = Reader(body);
        assert_eq!(body.u16(), Some(0x0303));
        assert_eq!(body.take(32), Some(&[9; 32][..]));
        assert_eq!(body.vector(1), Some(&[][..]));
        let suites: Vec<u16> = SUITES.iter().map(|suite| suite.id).collect();
        assert_eq!(numbers(body.vector(2).unwrap()), suites);
        assert_eq!(body.vector(1), Some(&[0][..]));
        let mut extensions = Reader(body.vector(2).unwrap());
        assert!(body.is_empty());
        let mut seen = Vec::new();
        while !extensions.is_empty() {
            let (extension, data) = extensions.extension().unwrap();
            seen.push(extension);
            let list = || numbers(&data[2..]);
            match extension {
                SERVER_NAME => assert_eq!(data, b"\0\x0e\0\0\x0bexample.org"),
                SUPPORTED_GROUPS => assert_eq!(list(), GROUPS.map(|group| group as u16)),
                13 => assert_eq!(list(), SCHEMES),
                ALPN => assert_eq!(alpn_choice(data), Some(HTTP_1_1)),
                EC_POINT_FORMATS => assert!(has_uncompressed(data)),
                EXTENDED_MASTER_SECRET => assert!(data.is_empty()),
                RENEGOTIATION_INFO => assert_eq!(data, [0]),
                _ => panic!("extension {extension}"),
            }
        }
        assert_eq!(seen.len(), 7);
        let without = client_hello(None, true, None, &[9; 32]);
        assert_eq!(hello.len() - without.len(), 9 + 11);
        let without = client_hello(Some("example.org"), false, None, &[9; 32]);
        assert_eq!(hello.len() - without.len(), (9 + 6) - 4);
    }
}

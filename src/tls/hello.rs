//! What the hellos of both versions have in common (RFC 8446, section 4.1): code points and the server's choice.

use alloc::vec::Vec;

use super::codec::Reader;

pub(crate) const SERVER_NAME: u16 = 0;
pub(crate) const SUPPORTED_GROUPS: u16 = 10;
pub(crate) const ALPN: u16 = 16;
pub(crate) const SUPPORTED_VERSIONS: u16 = 43;
pub(crate) const KEY_SHARE: u16 = 51;

/// The one protocol that is offered with ALPN.
pub(crate) const HTTP_1_1: &[u8] = b"http/1.1";

/// The `random` of a HelloRetryRequest (RFC 8446, section 4.1.3).
pub(crate) const HELLO_RETRY_REQUEST: [u8; 32] = [
    0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91,
    0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
];

/// A ServerHello, taken apart.
#[derive(Clone, Copy)]
pub(crate) struct ServerHello<'a> {
    pub(crate) version: u16,
    pub(crate) random: &'a [u8; 32],
    pub(crate) session_id: &'a [u8],
    pub(crate) suite: u16,
    pub(crate) compression: u8,
    /// The extensions, each whole.
    pub(crate) extensions: Reader<'a>,
}

impl<'a> ServerHello<'a> {
    /// Takes a ServerHello's body apart. `None` if it is malformed, or an extension comes twice.
    pub(crate) fn parse(body: &'a [u8]) -> Option<Self> {
        let mut body = Reader(body);
        let mut hello = ServerHello {
            version: body.u16()?,
            random: body.take(32)?.first_chunk()?,
            session_id: body.vector(1)?,
            suite: body.u16()?,
            compression: body.u8()?,
            extensions: Reader(&[]),
        };
        // RFC 5246, section 7.4.1.3: a server without extensions leaves their length out.
        if !body.is_empty() {
            hello.extensions = Reader(body.vector(2)?);
        }
        let mut seen = Vec::new();
        let mut rest = hello.extensions;
        while !rest.is_empty() {
            let (extension, _) = rest.extension()?;
            // No server answers with more, so this is no quadratic work for an attacker to ask for.
            if seen.contains(&extension) || seen.len() == MAX_EXTENSIONS {
                return None;
            }
            seen.push(extension);
        }
        (body.is_empty() && hello.session_id.len() <= 32).then_some(hello)
    }

    /// The data of the extension `wanted`.
    pub(crate) fn extension(&self, wanted: u16) -> Option<&'a [u8]> {
        let mut rest = self.extensions;
        while let Some((extension, data)) = rest.extension() {
            if extension == wanted {
                return Some(data);
            }
        }
        None
    }
}

/// How many extensions a ServerHello may have: we offer nine.
const MAX_EXTENSIONS: usize = 16;

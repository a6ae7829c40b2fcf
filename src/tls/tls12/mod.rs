//! A TLS 1.2 client (RFC 5246) for servers that embedded-tls cannot negotiate with, and for FTP's.
//!
//! ECDHE with AEAD suites and nothing else: no RSA key exchange, no CBC, no renegotiation, no earlier version, and
//! resumption for FTP alone. [`Handshake`] is a state machine over records; here it is given a transport.
//!
//! Whoever is on the path can lead here with a forged alert, so nothing rests on TLS 1.3 having failed. No fallback is
//! signalled (RFC 7507): the servers that are meant do speak TLS 1.3, and would refuse. The extended master secret
//! (RFC 7627) is used where the server has it, and not demanded: what it prevents needs a renegotiation, a client
//! certificate, or a session that is resumed with another server.

pub(super) mod handshake;
pub(super) mod hello;
pub(crate) mod prf;
mod resumption;

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::keyed;
use super::link::Link;
use super::{Known, Random, Verify};
use crate::error::Result;
use crate::stream::Stream;
use handshake::Handshake;
pub(super) use resumption::Resumable;

/// Handshakes over `link`. `name` is for SNI: `None` for an address. With a server that is not [`Known::http`], the session
/// that is known is resumed if the server wants it, and what this one can be resumed by is then known.
///
/// With [`Known::claims_old`] a server that signs that it does speak TLS 1.3 is refused: somebody forged what it said
/// before.
pub(super) fn handshake(
    mut link: Link,
    name: Option<&str>,
    verify: &mut dyn Verify,
    random: Random,
    known: &mut Known,
) -> Result<Box<dyn Stream>> {
    let mut out = Vec::new();
    let peer = link.peer.clone();
    let mut handshake = Handshake::new(&peer, name, verify, random, known, &mut out);
    loop {
        if !out.is_empty() {
            link.write_all(&out)?;
            out.clear();
        }
        if let Some((read, write)) = handshake.keys() {
            return Ok(keyed::session(link, read, write, false));
        }
        let at = link.record()?;
        let record = link.buf.get_mut(at).unwrap_or_default();
        handshake.record(record, &mut out)?;
    }
}

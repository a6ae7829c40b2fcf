//! The system's own TLS (Schannel) as a [`Stream`]: the last that is tried, for servers that our own sessions cannot
//! negotiate with. That is TLS 1.3 in full where the system has it.
//!
//! It is held to what holds for every session: the server's certificates are judged before anything is sent or handed on,
//! the suite is one of ours or as good, nothing unprotected is taken after the handshake, and only close_notify ends it.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::ops::Range;

use os::schannel::{Client, Record, Status};
use os::text;

use super::agreed::Agreed;
use super::link::Link;
use super::record::{ALERT, APPLICATION_DATA, HANDSHAKE};
use super::session::{Records, Session};
use super::verify::MAX_CHAIN_BYTES;
use super::{Verify, alert, fault};
use crate::error::{Error, Kind, Result, filled};
use crate::stream::Stream;
use crate::text::Hex;

/// How many bytes of messages after the handshake are taken at most: tickets and new keys, some hundred bytes each.
const MAX_LATE_BYTES: usize = 1 << 18;
/// How many bytes the handshake may have together: the longest chain, and what comes with it.
const MAX_HANDSHAKE: usize = MAX_CHAIN_BYTES + 64 * 1024;

/// Handshakes over `link`. `name` is for SNI: `None` for an address. `http` says that it is an HTTP server.
///
/// With `no_tls13` a server that signs that it does speak TLS 1.3 is refused: somebody forged what it said before.
pub(super) fn handshake(
    mut link: Link,
    name: Option<&str>,
    http: bool,
    verify: &mut dyn Verify,
    no_tls13: bool,
) -> Result<Box<dyn Stream>> {
    let mut client = Client::new(name, http).map_err(|status| failure(&link, status))?;
    let mut agreed = Agreed::default();
    let mut input = Vec::new();
    let mut out = Vec::new();
    let mut total = 0;
    loop {
        let progress = client.handshake(&mut input, &mut out);
        // The alert of a failed handshake is for the server; what failed is for the user.
        let sent = link.write_all(&out);
        out.clear();
        let progress = progress.map_err(|status| failure(&link, status))?;
        sent?;
        input.drain(..input.len().saturating_sub(progress.left));
        if progress.done {
            break;
        }
        if progress.again {
            continue;
        }
        let at = loop {
            let at = link.record()?;
            let (content_type, _) = link.header(&at);
            let fragment = link.fragment(&at);
            total += fragment.len();
            if total > MAX_HANDSHAKE {
                return Err(link.broken(text!("the server's handshake is too long")));
            }
            match (content_type, fragment) {
                // A warning other than close_notify, such as unrecognized_name, changes nothing.
                (ALERT, &[1, description])
                    if agreed.is_plain() && description != alert::CLOSE_NOTIFY => {}
                (ALERT, &[_, description]) if agreed.is_plain() => {
                    return Err(alert::received(&link.peer, description));
                }
                _ => {
                    agreed.note(content_type, fragment);
                    break at;
                }
            }
        };
        input.extend_from_slice(link.buf.get(at).unwrap_or_default());
    }
    let tls13 = agreed.check(no_tls13).map_err(|what| link.broken(what))?;
    if !input.is_empty() {
        return Err(link.broken(text!("an unexpected handshake message")));
    }
    let chain = client.chain().map_err(|status| failure(&link, status))?;
    let chain: Vec<&[u8]> = chain.iter().map(Vec::as_slice).collect();
    verify.system_chain(&chain)?;
    let records = Schannel {
        client,
        tls13,
        late: 0,
    };
    Ok(Session::start(link, records))
}

/// What a failure of Schannel's means.
#[cold]
fn failure(link: &Link, status: Status) -> Error {
    /// SEC_E_UNSUPPORTED_FUNCTION and SEC_E_ALGORITHM_MISMATCH.
    const NOTHING_IN_COMMON: [u32; 2] = [0x8009_0302, 0x8009_0331];
    let kind = if NOTHING_IN_COMMON.contains(&status.0.cast_unsigned()) {
        Kind::Negotiation
    } else {
        Kind::Source
    };
    let text = filled(
        text!("Schannel failed (error 0x%)"),
        &[&Hex(&status.0.to_be_bytes())],
    );
    fault(kind, &link.peer, &text)
}

/// The records of a session.
struct Schannel {
    client: Client,
    tls13: bool,
    /// Bytes of messages since the handshake.
    late: usize,
}

impl Records for Schannel {
    fn open(&mut self, link: &mut Link, plain: &mut Range<usize>) -> Result<bool> {
        let at = link.record()?;
        let (outer, minor) = link.header(&at);
        match outer {
            APPLICATION_DATA if minor == 3 => {}
            // TLS 1.2 shows its types outside.
            ALERT if minor == 3 && !self.tls13 => {}
            HANDSHAKE if minor == 3 && !self.tls13 => return Err(renegotiation(link)),
            _ => return Err(link.broken(text!("an unprotected record after the handshake"))),
        }
        let record = link.buf.get_mut(at.clone()).unwrap_or_default();
        match self.client.decrypt(record) {
            // An alert that is opened and gives neither data nor an error is close_notify, too.
            Ok(Record::Data(content)) if content.is_empty() && outer == ALERT => Ok(true),
            Ok(Record::Data(content)) => {
                *plain = at.start + content.start..at.start + content.end;
                Ok(false)
            }
            Ok(Record::Closed) => Ok(true),
            Ok(Record::Handshake(content)) if self.tls13 => {
                let record = link.buf.get(at).unwrap_or_default();
                let message = record.get(content).unwrap_or_default().to_vec();
                self.late_message(link, message)?;
                Ok(false)
            }
            Ok(Record::Handshake(_)) => Err(renegotiation(link)),
            Err(status) => {
                let mut error = failure(link, status);
                // Altered on the way, or ended by the server: the rest may be had by another connection.
                error.kind = Kind::Transient;
                Err(error)
            }
        }
    }

    fn seal(&mut self, link: &Link, data: &[u8], out: &mut Vec<u8>) -> Result<()> {
        for chunk in data.chunks(self.client.max_data()) {
            self.client
                .encrypt(chunk, out)
                .map_err(|status| failure(link, status))?;
        }
        Ok(())
    }

    fn close(&mut self, out: &mut Vec<u8>) {
        self.client.close(out);
    }
}

#[cold]
fn renegotiation(link: &Link) -> Error {
    link.broken(text!(
        "the server asks for a renegotiation, which is refused"
    ))
}

impl Schannel {
    /// Has Schannel deal with what TLS 1.3 sends after the handshake: tickets, and new keys, which it answers.
    fn late_message(&mut self, link: &mut Link, mut input: Vec<u8>) -> Result<()> {
        self.late += input.len();
        if self.late > MAX_LATE_BYTES {
            return Err(link.broken(text!("too many messages after the handshake")));
        }
        let mut out = Vec::new();
        loop {
            out.clear();
            let progress = self
                .client
                .handshake(&mut input, &mut out)
                .map_err(|status| failure(link, status))?;
            if !out.is_empty() {
                link.write_all(&out)?;
            }
            input.drain(..input.len().saturating_sub(progress.left));
            if input.is_empty() {
                return Ok(());
            }
            if !progress.again {
                return Err(link.broken(text!("an unexpected message after the handshake")));
            }
        }
    }
}

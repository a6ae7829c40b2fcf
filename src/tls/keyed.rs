//! The records of our own sessions, for both versions: application data, and whatever else a peer sends by then.
//!
//! Nothing is handed on before its tag is verified. Neither a renegotiation nor a KeyUpdate is taken part in.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::ops::Range;

use super::alert::{self, CLOSE_NOTIFY};
use super::fault;
use super::link::Link;
use super::record::{ALERT, APPLICATION_DATA, HANDSHAKE, Keys, MAX_PLAINTEXT};
use super::session::{Records, Session};
use crate::error::{Kind, Result};
use crate::stream::Stream;
use os::text;

/// How many bytes of NewSessionTickets are skipped at most: servers send two of some hundred bytes.
const MAX_TICKET_BYTES: usize = 1 << 18;

const NEW_SESSION_TICKET: u8 = 4;
const KEY_UPDATE: u8 = 24;

/// The skipping of NewSessionTickets (RFC 8446, section 4.6.1), which may be split over records.
#[derive(Default)]
struct Tickets {
    head: Vec<u8>,
    /// What is left of the body of a ticket.
    body: usize,
    total: usize,
}

/// The keys of both directions, and what a peer may have begun to say.
struct Keyed {
    read: Keys,
    write: Keys,
    tls13: bool,
    tickets: Tickets,
}

/// The session over `link` once its keys are agreed.
pub(super) fn session(link: Link, read: Keys, write: Keys, tls13: bool) -> Box<dyn Stream> {
    let keyed = Keyed {
        read,
        write,
        tls13,
        tickets: Tickets::default(),
    };
    Session::start(link, keyed)
}

impl Records for Keyed {
    fn open(&mut self, link: &mut Link, plain: &mut Range<usize>) -> Result<bool> {
        let at = link.record()?;
        let (outer, minor) = link.header(&at);
        // RFC 8446, section 5: after the handshake nothing is in plaintext. TLS 1.2 shows its types outside.
        if minor != 3 || self.tls13 && outer != APPLICATION_DATA {
            return Err(link.broken(text!("an unprotected record after the handshake")));
        }
        let record = link.buf.get_mut(at.clone()).unwrap_or_default();
        let Some((content_type, content)) = self.read.open(record) else {
            return Err(fault(
                Kind::Transient,
                &link.peer,
                &text!("a record was altered on the way (bad_record_mac)"),
            ));
        };
        let content = at.start + content.start..at.start + content.end;
        let bytes = link.buf.get(content.clone()).unwrap_or_default();
        match (content_type, bytes) {
            (APPLICATION_DATA, _) if self.tickets.body == 0 && self.tickets.head.is_empty() => {
                *plain = content;
                Ok(false)
            }
            // A warning other than close_notify means nothing to us, and TLS 1.3 has none.
            (ALERT, &[_, CLOSE_NOTIFY]) => Ok(true),
            (ALERT, &[1, _]) if !self.tls13 => Ok(false),
            (ALERT, &[_, description]) => Err(alert::received_later(&link.peer, description)),
            (HANDSHAKE, bytes) if self.tls13 => match self.tickets.skip(bytes) {
                Ok(()) => Ok(false),
                Err(KEY_UPDATE) => Err(fault(
                    Kind::Transient,
                    &link.peer,
                    &text!("the server changes its keys (KeyUpdate), which is not supported"),
                )),
                Err(_) => Err(link.broken(text!("an unexpected message after the handshake"))),
            },
            (HANDSHAKE, _) => Err(link.broken(text!(
                "the server asks for a renegotiation, which is refused"
            ))),
            _ => Err(link.broken(text!("an unexpected record after the handshake"))),
        }
    }

    fn seal(&mut self, link: &Link, data: &[u8], out: &mut Vec<u8>) -> Result<()> {
        for chunk in data.chunks(MAX_PLAINTEXT) {
            if self.write.seal(APPLICATION_DATA, chunk, out).is_none() {
                return Err(link.broken(text!("too many records on one connection")));
            }
        }
        Ok(())
    }

    fn close(&mut self, out: &mut Vec<u8>) {
        let _ = self.write.seal(ALERT, &[1, CLOSE_NOTIFY], out);
    }
}

impl Tickets {
    /// Skips the handshake messages in `bytes`. `Err` is the type of a message that is no ticket.
    fn skip(&mut self, mut bytes: &[u8]) -> core::result::Result<(), u8> {
        self.total += bytes.len();
        if bytes.is_empty() || self.total > MAX_TICKET_BYTES {
            return Err(NEW_SESSION_TICKET);
        }
        while let Some((&byte, rest)) = bytes.split_first() {
            if self.body > 0 {
                let n = self.body.min(bytes.len());
                self.body -= n;
                bytes = bytes.get(n..).unwrap_or_default();
                continue;
            }
            bytes = rest;
            self.head.push(byte);
            match *self.head.as_slice() {
                [NEW_SESSION_TICKET, a, b, c] => {
                    self.body = usize::from(a) << 16 | usize::from(b) << 8 | usize::from(c);
                    self.head.clear();
                }
                [NEW_SESSION_TICKET, ..] => {}
                [other, ..] => return Err(other),
                [] => {}
            }
        }
        Ok(())
    }
}

//! A session after its handshake, for both versions: the application data, and whatever else a peer sends by then.
//!
//! Nothing is handed on before its tag is verified. Neither a renegotiation nor a KeyUpdate is taken part in.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::ops::Range;

use super::alert::{self, CLOSE_NOTIFY};
use super::fault;
use super::link::Link;
use super::record::{ALERT, APPLICATION_DATA, HANDSHAKE, Keys, MAX_PLAINTEXT};
use crate::error::{Kind, Result};
use crate::stream::Stream;
use os::text;

/// How many records in a row may come without a byte of application data, so that no peer can keep us busy for nothing.
const MAX_IDLE_RECORDS: u32 = 64;
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

/// An established session over a transport.
pub(crate) struct Session {
    link: Link,
    read: Keys,
    write: Keys,
    tls13: bool,
    /// Decrypted and not yet handed on, in the link's buffer.
    plain: Range<usize>,
    tickets: Tickets,
    /// The state that ends all reading: close_notify, or what went wrong.
    end: Option<Result<()>>,
    out: Vec<u8>,
}

impl Session {
    /// The session behind a transport's interface: it is large, and so it is made where it stays.
    pub(crate) fn start(link: Link, read: Keys, write: Keys, tls13: bool) -> Box<dyn Stream> {
        Box::new(Session {
            link,
            read,
            write,
            tls13,
            plain: 0..0,
            tickets: Tickets::default(),
            end: None,
            out: Vec::new(),
        })
    }

    /// Takes one record. `Ok(true)` is the orderly end.
    fn next_record(&mut self) -> Result<bool> {
        let at = self.link.record()?;
        let (outer, minor) = self.link.header(&at);
        // RFC 8446, section 5: after the handshake nothing is in plaintext. TLS 1.2 shows its types outside.
        if minor != 3 || self.tls13 && outer != APPLICATION_DATA {
            return Err(self
                .link
                .broken(text!("an unprotected record after the handshake")));
        }
        let record = self.link.buf.get_mut(at.clone()).unwrap_or_default();
        let Some((content_type, content)) = self.read.open(record) else {
            return Err(fault(
                Kind::Transient,
                &self.link.peer,
                &text!("a record was altered on the way (bad_record_mac)"),
            ));
        };
        let content = at.start + content.start..at.start + content.end;
        let bytes = self.link.buf.get(content.clone()).unwrap_or_default();
        match (content_type, bytes) {
            (APPLICATION_DATA, _) if self.tickets.body == 0 && self.tickets.head.is_empty() => {
                self.plain = content;
                Ok(false)
            }
            // A warning other than close_notify means nothing to us, and TLS 1.3 has none.
            (ALERT, &[_, CLOSE_NOTIFY]) => Ok(true),
            (ALERT, &[1, _]) if !self.tls13 => Ok(false),
            (ALERT, &[_, description]) => Err(alert::received_later(&self.link.peer, description)),
            (HANDSHAKE, bytes) if self.tls13 => match self.tickets.skip(bytes) {
                Ok(()) => Ok(false),
                Err(KEY_UPDATE) => Err(fault(
                    Kind::Transient,
                    &self.link.peer,
                    &text!("the server changes its keys (KeyUpdate), which is not supported"),
                )),
                Err(_) => Err(self
                    .link
                    .broken(text!("an unexpected message after the handshake"))),
            },
            (HANDSHAKE, _) => Err(self.link.broken(text!(
                "the server asks for a renegotiation, which is refused"
            ))),
            _ => Err(self
                .link
                .broken(text!("an unexpected record after the handshake"))),
        }
    }

    /// Reads records until there is plaintext or the end.
    fn fill(&mut self) -> Result<bool> {
        for _ in 0..MAX_IDLE_RECORDS {
            if self.next_record()? {
                return Ok(true);
            }
            if !self.plain.is_empty() {
                return Ok(false);
            }
        }
        Err(self.link.broken(text!("too many records without data")))
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

impl Stream for Session {
    fn read(&mut self, buf: &mut [u8]) -> Result<usize> {
        let mut copied = 0;
        loop {
            let plain = self.link.buf.get(self.plain.clone()).unwrap_or_default();
            let room = buf.get_mut(copied..).unwrap_or_default();
            let n = plain.len().min(room.len());
            for (to, from) in room.get_mut(..n).into_iter().zip(plain.get(..n)) {
                to.copy_from_slice(from);
            }
            self.plain.start += n;
            copied += n;
            // Records that are here already are taken along; none is waited for once there is something.
            if copied > 0 && (copied == buf.len() || !self.link.has_record()) {
                return Ok(copied);
            }
            if self.end.is_none() {
                self.end = match self.fill() {
                    Ok(false) => None,
                    Ok(true) => Some(Ok(())),
                    Err(error) => Some(Err(error)),
                };
            }
            if let Some(end) = &self.end {
                return if copied > 0 {
                    Ok(copied)
                } else {
                    end.clone().map(|()| 0)
                };
            }
        }
    }

    fn ready(&mut self) -> bool {
        !self.plain.is_empty() || self.end.is_some() || self.link.ready()
    }

    fn write_all(&mut self, data: &[u8]) -> Result<()> {
        self.out.clear();
        for chunk in data.chunks(MAX_PLAINTEXT) {
            if self
                .write
                .seal(APPLICATION_DATA, chunk, &mut self.out)
                .is_none()
            {
                return Err(self
                    .link
                    .broken(text!("too many records on one connection")));
            }
        }
        self.link.write_all(&self.out)
    }
}

impl Drop for Session {
    /// RFC 8446, section 6.1: each side says that it is done. Best effort, and only on a line that is sound.
    fn drop(&mut self) {
        self.out.clear();
        if !matches!(self.end, Some(Err(_)))
            && self
                .write
                .seal(ALERT, &[1, CLOSE_NOTIFY], &mut self.out)
                .is_some()
        {
            let _ = self.link.write_all(&self.out);
        }
    }
}

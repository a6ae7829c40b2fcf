//! Whole records from a transport: what both handshakes and the session after them read through.
//!
//! Only headers are judged here, by what holds for every record; what may come when is for the users.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::ops::Range;

use super::fault;
use super::record::{APPLICATION_DATA, CHANGE_CIPHER_SPEC, HEADER, MAX_FRAGMENT};
use crate::error::{Error, Kind, Result, Template};
use crate::stream::Stream;
use os::text;

/// The least that is asked of the transport at once, so that a gigabyte takes few system calls.
const READ: usize = 256 * 1024;

/// A transport and what was read from it.
pub(crate) struct Link {
    stream: Box<dyn Stream>,
    /// The peer's host and port, for errors.
    pub(crate) peer: String,
    /// What was read; a record is decrypted in its place.
    pub(crate) buf: Vec<u8>,
    /// Where the bytes not yet taken are in `buf`.
    unread: Range<usize>,
}

impl Link {
    pub(crate) fn new(stream: Box<dyn Stream>, peer: &str) -> Self {
        Link {
            stream,
            peer: peer.into(),
            buf: alloc::vec![0; HEADER + MAX_FRAGMENT + READ],
            unread: 0..0,
        }
    }

    /// A breach of the protocol by the peer.
    #[cold]
    pub(crate) fn broken(&self, what: Template) -> Error {
        fault(Kind::Source, &self.peer, &what)
    }

    /// The length of the record at the head of what was read, as far as its header is there.
    fn head(&self) -> Result<Option<usize>> {
        let unread = self.buf.get(self.unread.clone()).unwrap_or_default();
        let Some(&[content_type, major, _, high, low]) = unread.first_chunk::<HEADER>() else {
            return Ok(None);
        };
        let length = usize::from(u16::from_be_bytes([high, low]));
        if !(CHANGE_CIPHER_SPEC..=APPLICATION_DATA).contains(&content_type) || major != 3 {
            let what = text!("this is not TLS");
            return Err(fault(Kind::NoTls, &self.peer, &what));
        }
        if length == 0 || length > MAX_FRAGMENT {
            return Err(self.broken(text!("a record is empty or too long")));
        }
        Ok(Some(HEADER + length))
    }

    /// Whether a whole record was read already.
    pub(crate) fn has_record(&self) -> bool {
        matches!(self.head(), Ok(Some(n)) if n <= self.unread.len())
    }

    /// Whether [`Link::record`] would return without waiting, as far as that is known.
    pub(crate) fn ready(&mut self) -> bool {
        self.has_record() || self.stream.ready()
    }

    /// Takes the next record: where it is in `buf`, until the next call. It has a header and at least one byte more.
    ///
    /// The end of the transport is an error: nobody on the path may end a session (RFC 8446, section 6.1).
    pub(crate) fn record(&mut self) -> Result<Range<usize>> {
        loop {
            if let Some(length) = self.head()?
                && length <= self.unread.len()
            {
                let start = self.unread.start;
                self.unread.start += length;
                return Ok(start..start + length);
            }
            // What is left is part of one record, so it fits before the room for a full read.
            let left = self.unread.len();
            self.buf.copy_within(self.unread.clone(), 0);
            self.unread = 0..left;
            let room = self.buf.get_mut(left..).unwrap_or_default();
            let n = self.stream.read(room)?.min(room.len());
            if n == 0 {
                return Err(fault(
                    Kind::Transient,
                    &self.peer,
                    &text!("connection closed without close_notify"),
                ));
            }
            self.unread.end = left + n;
        }
    }

    /// The content type and the minor version of the record at `at`.
    pub(crate) fn header(&self, at: &Range<usize>) -> (u8, u8) {
        match self.buf.get(at.clone()) {
            Some(&[content_type, _, minor, ..]) => (content_type, minor),
            _ => (0, 0),
        }
    }

    /// The bytes after the header of the record at `at`.
    pub(crate) fn fragment(&self, at: &Range<usize>) -> &[u8] {
        self.buf.get(at.start + HEADER..at.end).unwrap_or_default()
    }

    pub(crate) fn write_all(&mut self, data: &[u8]) -> Result<()> {
        self.stream.write_all(data)
    }
}

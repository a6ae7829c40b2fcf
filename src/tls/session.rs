//! A session after its handshake: the application data, read and written in records.
//!
//! How these are protected, and what else a peer sends by then, is for the implementations of [`Records`].

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::ops::Range;

use super::link::Link;
use crate::error::Result;
use crate::stream::Stream;
use os::text;

/// How many records in a row may come without a byte of application data, so that no peer can keep us busy for nothing.
const MAX_IDLE_RECORDS: u32 = 64;

/// An established session over a transport, whose records are opened and made by `records`.
pub(super) struct Session<P: Records> {
    link: Link,
    records: P,
    /// Decrypted and not yet handed on, in the link's buffer.
    plain: Range<usize>,
    /// Records in a row that came without a byte of application data.
    idle: u32,
    /// The state that ends all reading: close_notify, or what went wrong.
    end: Option<Result<()>>,
    out: Vec<u8>,
}

/// How records are protected.
pub(super) trait Records {
    /// Takes one record of `link`, for which it may wait. Where application data is in it, `plain` is to say where that is
    /// in the link's buffer. `Ok(true)` is the orderly end.
    fn open(&mut self, link: &mut Link, plain: &mut Range<usize>) -> Result<bool>;

    /// Appends the records with `data` to `out`.
    fn seal(&mut self, link: &Link, data: &[u8], out: &mut Vec<u8>) -> Result<()>;

    /// Appends the record with close_notify to `out`.
    fn close(&mut self, out: &mut Vec<u8>);
}

impl<P: Records + 'static> Session<P> {
    /// The session behind a transport's interface: it is large, and so it is made where it stays.
    pub(super) fn start(link: Link, records: P) -> Box<dyn Stream> {
        Box::new(Session {
            link,
            records,
            plain: 0..0,
            idle: 0,
            end: None,
            out: Vec::new(),
        })
    }
}

impl<P: Records> Session<P> {
    /// Takes one record, with or without data, or comes to the end.
    fn take_record(&mut self) {
        self.idle += 1;
        self.end = match self.records.open(&mut self.link, &mut self.plain) {
            Ok(true) => Some(Ok(())),
            Ok(false) if !self.plain.is_empty() => {
                self.idle = 0;
                None
            }
            Ok(false) if self.idle < MAX_IDLE_RECORDS => None,
            Ok(false) => Some(Err(self
                .link
                .broken(text!("too many records without data")))),
            Err(error) => Some(Err(error)),
        };
    }
}

impl<P: Records> Stream for Session<P> {
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
                self.take_record();
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
        self.records.seal(&self.link, data, &mut self.out)?;
        self.link.write_all(&self.out)
    }
}

impl<P: Records> Drop for Session<P> {
    /// RFC 8446, section 6.1: each side says that it is done. Best effort, and only on a line that is sound.
    fn drop(&mut self) {
        self.out.clear();
        if !matches!(self.end, Some(Err(_))) {
            self.records.close(&mut self.out);
            let _ = self.link.write_all(&self.out);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::record::{ALERT, APPLICATION_DATA, HANDSHAKE, HEADER};
    use super::super::tests::{plain, read_all};
    use super::*;

    /// Gives one of these at each read. To be read once more would be to wait for ever.
    struct Flights(alloc::vec::IntoIter<Vec<u8>>);

    impl Stream for Flights {
        fn read(&mut self, buf: &mut [u8]) -> Result<usize> {
            let flight = self.0.next().expect("what will not come is waited for");
            buf[..flight.len()].copy_from_slice(&flight);
            Ok(flight.len())
        }

        fn write_all(&mut self, _: &[u8]) -> Result<()> {
            Ok(())
        }
    }

    /// No protection. What is of the handshake has no data, and an alert is the end.
    struct Bare;

    impl Records for Bare {
        fn open(&mut self, link: &mut Link, plain: &mut Range<usize>) -> Result<bool> {
            let at = link.record()?;
            let (content_type, _) = link.header(&at);
            if content_type == APPLICATION_DATA {
                *plain = at.start + HEADER..at.end;
            }
            Ok(content_type == ALERT)
        }

        fn seal(&mut self, _: &Link, data: &[u8], out: &mut Vec<u8>) -> Result<()> {
            out.extend_from_slice(data);
            Ok(())
        }

        fn close(&mut self, _: &mut Vec<u8>) {}
    }

    fn session(flights: &[&[&[u8]]]) -> Box<dyn Stream> {
        let flights: Vec<_> = flights.iter().map(|records| records.concat()).collect();
        let link = Link::new(Box::new(Flights(flights.into_iter())), "peer");
        Session::start(link, Bare)
    }

    fn data(content: &[u8]) -> Vec<u8> {
        plain(APPLICATION_DATA, content)
    }

    #[test]
    fn with_data_at_hand_no_more_is_waited_for() {
        let idle = plain(HANDSHAKE, b"ticket");
        let (one, two) = (&*data(b"one"), &*data(b"two"));
        let mut session = session(&[
            &[one, &idle],
            &[&idle, two, &idle, &idle, one, &two[..4]],
            &[&two[4..], &idle],
        ]);
        let mut buf = [0; 100];
        for expected in [&b"one"[..], b"twoone", b"two"] {
            let n = session.read(&mut buf).unwrap();
            assert_eq!(&buf[..n], expected);
            assert!(!session.ready());
        }
    }

    #[test]
    fn idle_records_in_a_row_are_few() {
        let most = plain(HANDSHAKE, b"-").repeat(MAX_IDLE_RECORDS as usize - 1);
        let (one, idle, end) = (
            &*data(b"one"),
            &*plain(HANDSHAKE, b"-"),
            &*plain(ALERT, b"-"),
        );
        let flights: [&[&[u8]]; 2] = [&[&most, one, &most], &[one, &most, end]];
        let (content, result) = read_all(&mut *session(&flights));
        assert_eq!(content, b"oneone");
        result.unwrap();
        let flights: [&[&[u8]]; 2] = [&[one, &most], &[idle]];
        let (content, result) = read_all(&mut *session(&flights));
        assert_eq!(content, b"one");
        let error = result.unwrap_err();
        assert!(error.text.contains("too many records without data"));
    }
}

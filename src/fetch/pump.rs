//! The flow of a body: from a stream, through its framing, to the delivery, in writes as large as the line allows.

use super::Fetch;
use crate::error::{Error, Kind, Result};
use crate::http::Body;
use crate::stream::Stream;
use alloc::vec::Vec;
use os::clock::{monotonic_ms, sleep_ms};

/// Bytes read at a time. Larger reads are no cheaper, and smaller ones fit no better in a cache.
const SIZE: usize = 512 << 10;

/// Bytes from which on they are handed on even though more are at hand.
const ENOUGH: usize = 64 << 10;

/// Where bytes wait, and how fast they may flow.
pub(super) struct Buffer {
    bytes: Vec<u8>,
    /// Bytes per second; 0 is no limit.
    rate: u64,
}

impl Buffer {
    pub(super) fn new(rate: u64) -> Self {
        Buffer {
            bytes: Vec::new(),
            rate,
        }
    }

    /// The room for one read. With a limit, it is what may come in a tenth of a second.
    pub(super) fn room(&mut self) -> &mut [u8] {
        if self.bytes.is_empty() {
            let size = match self.rate {
                0 => SIZE as u64,
                rate => (rate / 10).clamp(1, SIZE as u64),
            };
            self.bytes.resize(size as usize, 0);
        }
        &mut self.bytes
    }
}

impl Fetch<'_, '_> {
    /// Delivers the content that `stream` sends, of which the first `len` bytes of the buffer came with the head.
    pub(super) fn pump(
        &mut self,
        stream: &mut dyn Stream,
        body: &mut Body,
        mut from: usize,
        mut len: usize,
    ) -> Result<()> {
        let started = monotonic_ms();
        let before = self.delivery.delivered();
        // Content that waits at the start of the buffer.
        let mut held = 0;
        loop {
            // The framing goes, the content moves together. Where there is no framing nothing moves.
            let end = from + len;
            while from < end && !body.is_done() {
                let bytes = self.buffer.bytes.as_slice();
                let mut input = bytes.get(from..end).unwrap_or_default();
                let data = body.decode(&mut input)?.len();
                // The data are the last of what was taken.
                from = end - input.len();
                if held != from - data {
                    self.buffer.bytes.copy_within(from - data..from, held);
                }
                held += data;
            }
            let done = body.is_done();
            let room = self.buffer.bytes.len() - held;
            if done || held >= ENOUGH || room < ENOUGH || !stream.ready() {
                let content = self.buffer.bytes.get(..held).unwrap_or_default();
                self.delivery.deliver(content)?;
                held = 0;
                self.report
                    .progress(self.delivery.delivered(), self.version.total);
                if done {
                    self.report.headers(body.trailers());
                    return Ok(());
                }
                self.slow_down(started, before);
            }
            from = held;
            let read = stream.read(self.buffer.bytes.get_mut(held..).unwrap_or_default());
            len = *read.as_ref().unwrap_or(&0);
            if len == 0 {
                return self.end(body, held, read);
            }
        }
    }

    /// The stream is at its end, or broken. What came before that counts: the next try goes on after it.
    fn end(&mut self, body: &Body, held: usize, read: Result<usize>) -> Result<()> {
        let content = self.buffer.bytes.get(..held).unwrap_or_default();
        self.delivery.deliver(content)?;
        read?;
        body.end()?;
        let delivered = self.delivery.delivered();
        // A close ends this body, and a broken line closes: only the size tells one from the other.
        match self.delivery.expected_size().or(self.version.total) {
            Some(size) if delivered < size => Err(partial(size - delivered)),
            _ => Ok(()),
        }
    }

    /// Waits for as long as what came since `started` was too fast.
    fn slow_down(&mut self, started: u64, before: u64) {
        if let Some(due) = (self.delivery.delivered() - before)
            .saturating_mul(1000)
            .checked_div(self.buffer.rate)
        {
            let elapsed = monotonic_ms() - started;
            if due > elapsed {
                let until_deadline = self
                    .network
                    .deadline
                    .map_or(u64::MAX, |d| d.saturating_sub(monotonic_ms()));
                sleep_ms((due - elapsed).min(until_deadline));
            }
        }
    }
}

/// The error of content that ended early although nothing in its framing says so.
#[cold]
pub(super) fn partial(missing: u64) -> Error {
    let missing = crate::error::dec(missing);
    Error::new(
        Kind::Transient,
        &[
            "Transferred a partial file (end of response with ",
            &missing,
            " bytes missing)",
        ],
    )
}

//! The flow of a body: from a stream, through its framing, to the delivery, in writes as large as the line allows.

use super::Fetch;
use crate::error::Result;
use crate::http::{Body, partial};
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
    /// Delivers the content that `stream` sends, of which the first `len` bytes of the buffer came with the head. The
    /// result is whether more came with its end than belongs to it.
    pub(super) fn pump(
        &mut self,
        stream: &mut dyn Stream,
        body: &mut Body,
        mut from: usize,
        mut len: usize,
    ) -> Result<bool> {
        let started = monotonic_ms();
        let mut passed = 0;
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
                self.hand_on(held)?;
                passed += held as u64;
                held = 0;
                if done {
                    self.report.headers(body.trailers());
                    return Ok(from < end);
                }
                self.slow_down(started, passed);
            }
            from = held;
            let read = stream.read(self.buffer.bytes.get_mut(held..).unwrap_or_default());
            len = *read.as_ref().unwrap_or(&0);
            if len == 0 {
                return self.end(body, held, read).map(|()| false);
            }
        }
    }

    /// Delivers the first `len` bytes of the buffer.
    pub(super) fn hand_on(&mut self, len: usize) -> Result<()> {
        let content = self.buffer.bytes.get(..len).unwrap_or_default();
        self.delivery.deliver(content)?;
        self.report
            .progress(self.delivery.delivered(), self.total());
        Ok(())
    }

    /// The stream is at its end, or broken. What came before that counts: the next try goes on after it.
    fn end(&mut self, body: &Body, held: usize, read: Result<usize>) -> Result<()> {
        self.hand_on(held)?;
        // What a server has yet to say of the end adds nothing to a proof.
        if self.delivery.is_proven() {
            return Ok(());
        }
        read?;
        body.end()?;
        // A close ends this body, and a broken line closes: only the size tells one from the other.
        match self.delivery.missing() {
            0 => Ok(()),
            missing => Err(partial(missing)),
        }
    }

    /// The size of all of it, if that is known.
    pub(super) fn total(&self) -> Option<u64> {
        self.delivery.expected_size().or(self.version.total)
    }

    /// Waits for as long as the `passed` bytes that came since `started` were too fast.
    pub(super) fn slow_down(&mut self, started: u64, passed: u64) {
        if let Some(due) = passed.saturating_mul(1000).checked_div(self.buffer.rate) {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli;
    use crate::deliver::{Delivery, Expected};
    use crate::error::{Error, Kind};
    use crate::http::{Custom, Framing};
    use crate::report::Report;
    use crate::sink::Sink;
    use os::Errno;

    /// Gives `bytes` in pieces of changing size, then the end of the stream, or breaks.
    struct Faulty<'a> {
        bytes: &'a [u8],
        breaks: bool,
        piece: usize,
        /// More is always at hand, as on a fast line.
        fast: bool,
    }

    impl Stream for Faulty<'_> {
        fn read(&mut self, buf: &mut [u8]) -> Result<usize> {
            self.piece = self.piece * 7 % 9973 + 1;
            let n = self.piece.min(buf.len()).min(self.bytes.len());
            if n == 0 && self.breaks {
                return Err(Error::new(Kind::Transient, &["reset"]));
            }
            let (now, later) = self.bytes.split_at(n);
            buf[..n].copy_from_slice(now);
            self.bytes = later;
            Ok(n)
        }
        fn ready(&mut self) -> bool {
            self.fast
        }
        fn write_all(&mut self, _: &[u8]) -> Result<()> {
            Ok(())
        }
    }

    #[derive(Default)]
    struct Memory {
        bytes: Vec<u8>,
        writes: usize,
    }

    impl Sink for Memory {
        fn write_all(&mut self, data: &[u8]) -> core::result::Result<(), Errno> {
            self.bytes.extend_from_slice(data);
            self.writes += 1;
            Ok(())
        }
        fn name(&self) -> &str {
            "memory"
        }
    }

    /// Pumps each of `tries` in turn, going on after what came before, and says how the last one ended.
    fn pump_all(sink: &mut Memory, tries: Vec<(Faulty, Framing)>) -> Result<()> {
        let mut arguments = [&b"-s"[..], b"u"].into_iter();
        let (_, options) = cli::parse(&mut || arguments.next(), &|_| None)?;
        let (headers, mut report) = (Custom::new(), Report::new(&options));
        let delivery = Delivery::new(sink, Expected::default());
        let mut fetch = Fetch::new(&options, &headers, delivery, &mut report);
        fetch.buffer.room();
        let mut result = Ok(());
        for (mut stream, framing) in tries {
            fetch.delivery.begin(false);
            result = fetch
                .pump(&mut stream, &mut Body::new(framing), 0, 0)
                .map(|more| assert!(!more));
        }
        result
    }

    fn content(len: usize) -> Vec<u8> {
        (0..len).map(|i| (i * i % 251) as u8).collect()
    }

    fn chunked(content: &[u8], size: usize) -> Vec<u8> {
        let mut bytes = Vec::new();
        for chunk in content.chunks(size) {
            bytes.extend(std::format!("{:x};x=y\r\n", chunk.len()).into_bytes());
            bytes.extend_from_slice(chunk);
            bytes.extend_from_slice(b"\r\n");
        }
        bytes.extend_from_slice(b"0\r\nTrailer: t\r\n\r\n");
        bytes
    }

    fn stream(bytes: &[u8], breaks: bool, fast: bool) -> Faulty<'_> {
        Faulty {
            bytes,
            breaks,
            piece: 11,
            fast,
        }
    }

    #[test]
    fn every_framing_in_large_writes() {
        let content = content(3_000_000);
        let (small, large) = (chunked(&content, 10), chunked(&content, 1_000_000));
        for (bytes, framing) in [
            (&content, Framing::Length(3_000_000)),
            (&content, Framing::UntilClose),
            (&small, Framing::Chunked),
            (&large, Framing::Chunked),
        ] {
            for fast in [false, true] {
                let mut sink = Memory::default();
                pump_all(
                    &mut sink,
                    Vec::from([(stream(bytes, false, fast), framing)]),
                )
                .unwrap();
                assert!(sink.bytes == content, "{framing:?}");
                assert!(
                    !fast || sink.writes <= content.len() / ENOUGH + 1,
                    "{}",
                    sink.writes
                );
            }
        }
    }

    #[test]
    fn broken_after_any_byte() {
        let content = content(300);
        for cut in 0..content.len() {
            let (first, rest) = content.split_at(cut);
            let mut sink = Memory::default();
            let tries = Vec::from([
                (stream(first, true, true), Framing::Length(300)),
                (
                    stream(rest, false, true),
                    Framing::Length(rest.len() as u64),
                ),
            ]);
            pump_all(&mut sink, tries).unwrap();
            assert_eq!(sink.bytes, content, "{cut}");

            let mut sink = Memory::default();
            let short = Vec::from([(stream(first, false, true), Framing::Length(300))]);
            let error = pump_all(&mut sink, short).unwrap_err();
            assert_eq!(error.kind, Kind::Transient, "a short body may be continued");
            assert_eq!(sink.bytes, first, "what came before counts");
        }
    }

    #[test]
    fn broken_chunks() {
        let content = content(300);
        let bytes = chunked(&content, 100);
        for cut in 0..bytes.len() {
            for breaks in [false, true] {
                let mut sink = Memory::default();
                let tries = Vec::from([(stream(&bytes[..cut], breaks, false), Framing::Chunked)]);
                let error = pump_all(&mut sink, tries).unwrap_err();
                assert_eq!(error.kind, Kind::Transient);
                assert!(content.starts_with(&sink.bytes));
            }
        }
    }
}

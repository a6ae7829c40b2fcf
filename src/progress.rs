//! What a person at a terminal sees: one line that is redrawn in place, and the line that remains.
//!
//! Pure: it makes the bytes for a moment and leaves clock and terminal to the caller.

use crate::error::{Part, append, append_dec, filled};
use alloc::string::String;
use os::text;

/// Milliseconds between two drawings.
const INTERVAL: u64 = 100;

/// The widest line that is drawn; a wider terminal makes the bar no easier to read.
const MAX_COLUMNS: usize = 120;

/// Columns for what stands beside the bar, at its longest (`[] 100% 9.99 MiB of 9.99 MiB, 9.99 MiB/s, 99:59:59`), and one
/// that stays free: writing the last one makes some terminals wrap. The bar keeps its width while the facts change.
const BESIDE_BAR: usize = 52;

/// A transfer as it is shown.
pub struct Progress {
    columns: usize,
    started: u64,
    /// Bytes that were there when it began.
    before: u64,
    drawn: Option<u64>,
}

impl Progress {
    /// A transfer that begins `now` (monotonic milliseconds), on a terminal with so many columns.
    pub fn new(columns: u16, now: u64) -> Self {
        Progress {
            columns: usize::from(columns).min(MAX_COLUMNS),
            started: now,
            before: 0,
            drawn: None,
        }
    }

    /// The same transfer, the first `bytes` of which were there before.
    pub fn goes_on_after(&mut self, bytes: u64) {
        self.before = bytes;
    }

    /// The bytes that redraw the line, at most ten times a second; None in between.
    pub fn draw(&mut self, now: u64, done: u64, total: Option<u64>) -> Option<String> {
        if self
            .drawn
            .is_some_and(|drawn| now.saturating_sub(drawn) < INTERVAL)
        {
            return None;
        }
        self.drawn = Some(now);
        let elapsed = now.saturating_sub(self.started).max(1);
        let new = done.saturating_sub(self.before);
        let rate = new.saturating_mul(1000) / elapsed;
        let mut line = String::from("\r");
        let mut facts = String::new();
        append_size(&mut facts, done);
        if let Some(total) = total {
            append(&mut facts, " of ");
            append_size(&mut facts, total);
        }
        append(&mut facts, ", ");
        append_size(&mut facts, rate);
        append(&mut facts, "/s");
        if let Some(total) = total {
            if let Some(left) = total.saturating_sub(done).checked_div(rate) {
                append(&mut facts, ", ");
                append_time(&mut facts, left);
            }
            let room = self.columns.saturating_sub(BESIDE_BAR);
            if room >= 10 {
                let full = share(done, total, room as u64) as usize;
                append(&mut line, "[");
                for i in 0..room {
                    append(&mut line, if i < full { "=" } else { " " });
                }
                append(&mut line, "] ");
            }
            append_dec(&mut line, share(done, total, 100));
            append(&mut line, "% ");
        }
        // What does not fit is left out, facts from the end: percentage and bytes come first.
        let room = self.columns.saturating_sub(line.len());
        while facts.len() > room {
            let comma = facts.bytes().rposition(|b| b == b',');
            facts.truncate(comma.unwrap_or(0));
        }
        append(&mut line, &facts);
        // Erase to the end of the line.
        append(&mut line, "\x1b[K");
        Some(line)
    }

    /// The bytes that erase the line, if it was drawn; the next `draw` draws at once.
    pub fn erase(&mut self) -> &'static str {
        if self.drawn.take().is_some() {
            "\r\x1b[K"
        } else {
            ""
        }
    }
}

/// The line that remains of a transfer that is complete.
pub fn summary(bytes: u64, url: &dyn Part) -> String {
    // A template has no other way to a `%` than as a part.
    let template = text!("Downloaded % of % bytes (100%) from %\n");
    filled(template, &[&bytes, &bytes, &"%", url])
}

/// How many of `parts` equal parts of `total` are `done`.
fn share(done: u64, total: u64, parts: u64) -> u64 {
    // The upper 32 bits are exact enough, and their product with a few parts fits.
    let shift = 32u32.saturating_sub(total.leading_zeros());
    (done.min(total) >> shift) * parts / (total >> shift).max(1)
}

/// Appends three digits and a binary unit: `999 B`, `1.21 MiB`, `12.3 GiB`.
fn append_size(text: &mut String, bytes: u64) {
    let mut units = [" B", " KiB", " MiB", " GiB", " TiB", " PiB", " EiB"].iter();
    let mut unit = units.next();
    let (mut whole, mut rest) = (bytes, 0);
    while whole >= 1000
        && let Some(larger) = units.next()
    {
        unit = Some(larger);
        rest = whole % 1024;
        whole /= 1024;
    }
    append_dec(text, whole);
    if bytes >= 1000 && whole < 100 {
        let hundredths = rest * 100 / 1024;
        append(text, ".");
        append_dec(text, hundredths / 10);
        if whole < 10 {
            append_dec(text, hundredths % 10);
        }
    }
    append(text, unit.copied().unwrap_or_default());
}

/// Appends `4:05` or `1:04:05`, at most `99:59:59`.
fn append_time(text: &mut String, seconds: u64) {
    let seconds = seconds.min(359_999);
    let mut left = seconds;
    let mut unit = if seconds < 3600 { 60 } else { 3600 };
    append_dec(text, seconds / unit);
    while unit > 1 {
        left %= unit;
        unit /= 60;
        append(text, ":");
        append_dec(text, left / unit / 10);
        append_dec(text, left / unit % 10);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn size(bytes: u64) -> String {
        let mut text = String::new();
        append_size(&mut text, bytes);
        text
    }

    fn time(seconds: u64) -> String {
        let mut text = String::new();
        append_time(&mut text, seconds);
        text
    }

    #[test]
    fn sizes() {
        for (bytes, text) in [
            (0, "0 B"),
            (999, "999 B"),
            (1000, "0.97 KiB"),
            (1024, "1.00 KiB"),
            (10 << 10, "10.0 KiB"),
            (1_234_567, "1.17 MiB"),
            (123 << 20, "123 MiB"),
            (1 << 30, "1.00 GiB"),
            (u64::MAX, "15.9 EiB"),
        ] {
            assert_eq!(size(bytes), text);
        }
    }

    #[test]
    fn times() {
        assert_eq!(time(0), "0:00");
        assert_eq!(time(245), "4:05");
        assert_eq!(time(3845), "1:04:05");
        assert_eq!(time(u64::MAX), "99:59:59");
    }

    #[test]
    fn a_line() {
        let mut p = Progress::new(80, 0);
        let line = p.draw(2000, 25 << 20, Some(100 << 20)).unwrap();
        assert!(line.starts_with("\r["), "{line:?}");
        assert!(
            line.contains("% 25.0 MiB of 100 MiB, 12.5 MiB/s, 0:06\x1b[K"),
            "{line:?}"
        );
        assert!(line.contains("] 25% "), "{line:?}");
        assert!(
            line.matches('=').count() * 3 <= line.matches(' ').count(),
            "{line:?}"
        );
        assert_eq!(
            p.draw(2050, 26 << 20, None),
            None,
            "not more than ten times a second"
        );
        assert_eq!(
            p.draw(2100, 26 << 20, None).as_deref(),
            Some("\r26.0 MiB, 12.3 MiB/s\x1b[K")
        );
        assert_eq!(p.erase(), "\r\x1b[K");
        assert_eq!(p.erase(), "");
    }

    #[test]
    fn what_was_there_before_is_not_fast() {
        let mut p = Progress::new(60, 0);
        p.goes_on_after(90 << 20);
        assert_eq!(
            p.draw(1000, 91 << 20, Some(100 << 20)).as_deref(),
            Some("\r91% 91.0 MiB of 100 MiB, 1.00 MiB/s, 0:09\x1b[K"),
        );
    }

    #[test]
    fn never_wider_than_the_terminal() {
        for columns in 1..200 {
            for (done, total) in [
                (0, Some(0)),
                (5, Some(7)),
                (u64::MAX, Some(u64::MAX)),
                (9, Some(1)),
                (1 << 40, None),
            ] {
                let mut p = Progress::new(columns, 0);
                let line = p.draw(1, done, total).unwrap();
                let shown = line
                    .strip_prefix('\r')
                    .unwrap()
                    .strip_suffix("\x1b[K")
                    .unwrap();
                if columns > 5 {
                    assert!(shown.len() < usize::from(columns), "{columns}: {shown:?}");
                }
            }
        }
    }

    #[test]
    fn what_remains() {
        assert_eq!(
            summary(5, &"http://h/f"),
            "Downloaded 5 of 5 bytes (100%) from http://h/f\n"
        );
    }
}

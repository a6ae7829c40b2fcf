//! What a person at a terminal sees: one line that is redrawn in place, and the line that remains.
//!
//! Pure: it makes the bytes for a moment and leaves clock and terminal to the caller.

use crate::error::dec;
use alloc::string::String;

/// Milliseconds between two drawings.
const INTERVAL: u64 = 100;

/// The widest line that is drawn; a wider terminal makes the bar no easier to read.
const MAX_COLUMNS: usize = 120;

/// A transfer as it is shown.
pub struct Progress {
    columns: usize,
    started: u64,
    drawn: Option<u64>,
}

impl Progress {
    /// A transfer that begins `now` (monotonic milliseconds), on a terminal with so many columns.
    pub fn new(columns: u16, now: u64) -> Self {
        Progress {
            columns: usize::from(columns).min(MAX_COLUMNS),
            started: now,
            drawn: None,
        }
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
        let rate = done.saturating_mul(1000) / elapsed;
        let mut facts = size(done);
        if let Some(total) = total {
            facts = [&facts, " of ", &size(total)].concat();
        }
        facts = [&facts, ", ", &size(rate), "/s"].concat();
        let mut line = String::from("\r");
        if let Some(total) = total {
            let percent = percent(done, total);
            if let Some(left) = total.saturating_sub(done).checked_div(rate) {
                facts = [&facts, ", ", &time(left)].concat();
            }
            // One column stays free: writing the last one makes some terminals wrap.
            let room = self.columns.saturating_sub(facts.len() + 10);
            if room >= 10 {
                let full =
                    (done.min(total) as u128 * room as u128 / u128::from(total.max(1))) as usize;
                line.push('[');
                for i in 0..room {
                    line.push(if i < full { '=' } else { ' ' });
                }
                line.push_str("] ");
            }
            line = [&line, &dec(percent), "% "].concat();
        }
        // What does not fit is left out, facts from the end: percentage and bytes come first.
        let room = self.columns.saturating_sub(line.len());
        while facts.len() > room {
            facts.truncate(facts.rfind(", ").unwrap_or(0));
        }
        line.push_str(&facts);
        // Erase to the end of the line.
        line.push_str("\x1b[K");
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
pub fn summary(bytes: u64, url: &str) -> String {
    let bytes = dec(bytes);
    [
        "Downloaded ",
        &bytes,
        " of ",
        &bytes,
        " bytes (100%) from ",
        url,
        "\n",
    ]
    .concat()
}

fn percent(done: u64, total: u64) -> u64 {
    (u128::from(done.min(total)) * 100 / u128::from(total.max(1))) as u64
}

/// Three digits and a binary unit: `999 B`, `1.21 MiB`, `12.3 GiB`.
fn size(bytes: u64) -> String {
    let mut unit = 0;
    while unit < 6 && bytes >> (10 * unit) >= 1000 {
        unit += 1;
    }
    let name = [" B", " KiB", " MiB", " GiB", " TiB", " PiB", " EiB"]
        .get(unit)
        .copied()
        .unwrap_or_default();
    if unit == 0 {
        return [&dec(bytes), name].concat();
    }
    let hundredths = ((u128::from(bytes) * 100) >> (10 * unit)) as u64;
    let whole = dec(hundredths / 100);
    let fraction = dec(100 + hundredths % 100);
    match whole.len() {
        1 => [&whole, ".", fraction.get(1..3).unwrap_or_default(), name].concat(),
        2 => [&whole, ".", fraction.get(1..2).unwrap_or_default(), name].concat(),
        _ => [&whole, name].concat(),
    }
}

/// `4:05` or `1:04:05`, at most `99:59:59`.
fn time(seconds: u64) -> String {
    let two = |n: u64| dec(100 + n % 60).split_off(1);
    let seconds = seconds.min(359_999);
    let (hours, minutes) = (seconds / 3600, seconds / 60);
    if hours > 0 {
        [&dec(hours), ":", &two(minutes), ":", &two(seconds)].concat()
    } else {
        [&dec(minutes), ":", &two(seconds)].concat()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
            summary(5, "http://h/f"),
            "Downloaded 5 of 5 bytes (100%) from http://h/f\n"
        );
    }
}

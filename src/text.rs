//! Text beyond what [`mod@os::text`] has: for terminals, in hexadecimal.

pub use os::text::{Part, Template, append, append_digit, append_number, fill, filled, number};

use alloc::string::String;
use core::str::from_utf8;
use os::text;

/// Appends `n` in decimal.
pub fn append_dec(text: &mut String, n: u64) {
    append_number(text, n, 10);
}

/// `n` in decimal.
#[inline(never)]
pub fn dec(n: u64) -> String {
    let mut text = String::new();
    append_dec(&mut text, n);
    text
}

/// Bytes from outside as text fit for a terminal: control characters and what is not UTF-8 become `?`.
///
/// At most so many of the bytes are shown.
pub struct Shown<'a>(pub &'a [u8], pub usize);

impl Part for Shown<'_> {
    fn append_to(&self, text: &mut String) {
        let mut rest = self.0.get(..self.1).unwrap_or(self.0);
        while !rest.is_empty() {
            let error = from_utf8(rest).err();
            let valid_len = error.map_or(rest.len(), |e| e.valid_up_to());
            let (valid, invalid) = rest.split_at_checked(valid_len).unwrap_or_default();
            for c in from_utf8(valid).unwrap_or_default().chars() {
                text.push(if c.is_control() { '?' } else { c });
            }
            rest = &[];
            if let Some(error) = error {
                append(text, "?");
                let len = error.error_len().unwrap_or(invalid.len());
                rest = invalid.get(len..).unwrap_or_default();
            }
        }
    }
}

/// The same as a text of its own.
#[inline(never)]
pub fn printable(bytes: &[u8], max: usize) -> String {
    filled(text!("%"), &[&Shown(bytes, max)])
}

/// Bytes in lower-case hexadecimal.
pub struct Hex<'a>(pub &'a [u8]);

impl Part for Hex<'_> {
    fn append_to(&self, text: &mut String) {
        for byte in self.0 {
            append_digit(text, byte >> 4);
            append_digit(text, byte & 15);
        }
    }
}

/// The same as a text of its own.
pub fn hex(bytes: &[u8]) -> String {
    filled(text!("%"), &[&Hex(bytes)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimal() {
        assert_eq!(dec(0), "0");
        assert_eq!(dec(1234567890), "1234567890");
        assert_eq!(dec(u64::MAX), "18446744073709551615");
    }

    #[test]
    fn hexadecimal() {
        assert_eq!(hex(b"\x00\x9f\xff"), "009fff");
    }

    #[test]
    fn text_is_made_printable() {
        assert_eq!(printable(b"a\x1b[2J\r\n\xff\xc3\xa9", 99), "a?[2J???\u{e9}");
        assert_eq!(printable(b"a\xe2\x82", 99), "a?");
        assert_eq!(printable(b"\xe2\x82b\xc2\x80", 99), "?b?");
        assert_eq!(printable(b"abcdef", 3), "abc");
    }
}

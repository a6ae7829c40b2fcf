//! Text and numbers, both ways, without `core::fmt`: its machinery costs tens of kilobytes in a binary that counts each
//! one.

use alloc::string::String;
use core::str::from_utf8;

/// Appends `part`: a call, where `push_str` is a dozen instructions at each of many places.
#[inline(never)]
pub fn append(text: &mut String, part: &str) {
    text.push_str(part);
}

/// Appends `n` in decimal.
#[inline(never)]
pub fn append_dec(text: &mut String, n: u64) {
    let mut unit = 1;
    while n / unit >= 10 {
        unit *= 10;
    }
    while unit > 0 {
        text.push(char::from(b'0' + (n / unit % 10) as u8));
        unit /= 10;
    }
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
/// At most `max` bytes of `bytes` are shown.
#[inline(never)]
pub fn printable(bytes: &[u8], max: usize) -> String {
    let mut text = String::new();
    let mut rest = bytes.get(..max).unwrap_or(bytes);
    while !rest.is_empty() {
        let error = from_utf8(rest).err();
        let valid_len = error.map_or(rest.len(), |e| e.valid_up_to());
        let (valid, invalid) = rest.split_at_checked(valid_len).unwrap_or_default();
        for c in from_utf8(valid).unwrap_or_default().chars() {
            text.push(if c.is_control() { '?' } else { c });
        }
        rest = &[];
        if let Some(error) = error {
            append(&mut text, "?");
            let len = error.error_len().unwrap_or(invalid.len());
            rest = invalid.get(len..).unwrap_or_default();
        }
    }
    text
}

/// `bytes` in lower-case hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    let mut text = String::new();
    for byte in bytes {
        for nibble in [byte >> 4, byte & 15] {
            let digit = char::from_digit(nibble.into(), 16);
            text.push(digit.unwrap_or_default());
        }
    }
    text
}

/// The value of one or more digits of a base up to 16, if they are that and it fits.
#[inline(never)]
pub fn number(digits: &[u8], radix: u32) -> Option<u64> {
    let mut value = None;
    for &digit in digits {
        let digit = char::from(digit).to_digit(radix)?;
        let upper = value.unwrap_or(0u64).checked_mul(radix.into())?;
        value = Some(upper.checked_add(digit.into())?);
    }
    value
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
    fn numbers() {
        assert_eq!(number(b"18446744073709551615", 10), Some(u64::MAX));
        assert_eq!(number(b"18446744073709551616", 10), None);
        assert_eq!(number(b"fF", 16), Some(255));
        for bad in [&b""[..], b"8", b"-1", b"+1", b"1 "] {
            assert_eq!(number(bad, 8), None);
        }
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

//! Text and numbers, both ways, without `core::fmt`: its machinery costs tens of kilobytes in a binary that counts each
//! one.

mod pairs;
pub mod template;

pub use template::{Template, fill, filled};

use alloc::string::String;

/// What can stand for a `%` of a [`Template`].
pub trait Part {
    /// Appends itself.
    fn append_to(&self, text: &mut String);
}

impl Part for &str {
    fn append_to(&self, text: &mut String) {
        append(text, self);
    }
}

impl Part for String {
    fn append_to(&self, text: &mut String) {
        append(text, self);
    }
}

impl Part for u64 {
    fn append_to(&self, text: &mut String) {
        append_number(text, *self, 10);
    }
}

/// Appends `part`: a call, where `push_str` is a dozen instructions at each of many places.
#[inline(never)]
pub fn append(text: &mut String, part: &str) {
    text.push_str(part);
}

/// Appends `n` in a base from 2 to 16.
#[inline(never)]
pub fn append_number(text: &mut String, n: u64, radix: u64) {
    let mut unit = 1;
    while n / unit >= radix {
        unit *= radix;
    }
    while unit > 0 {
        append_digit(text, (n / unit % radix) as u8);
        unit /= radix;
    }
}

/// Appends a digit, in lower case.
pub fn append_digit(text: &mut String, digit: u8) {
    let zero = if digit < 10 { b'0' } else { b'a' - 10 };
    text.push(char::from(zero + digit));
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
    fn to_text() {
        let of = |n: u64, radix: u64| {
            let mut text = String::new();
            append_number(&mut text, n, radix);
            text
        };
        assert_eq!(of(0, 10), "0");
        assert_eq!(of(1_234_567_890, 10), "1234567890");
        assert_eq!(of(u64::from(u16::MAX), 16), "ffff");
        assert_eq!(of(u64::MAX, 10), "18446744073709551615");
        assert_eq!(of(u64::MAX >> 4, 16), "fffffffffffffff");
    }

    #[test]
    fn from_text() {
        assert_eq!(number(b"18446744073709551615", 10), Some(u64::MAX));
        assert_eq!(number(b"18446744073709551616", 10), None);
        assert_eq!(number(b"fF", 16), Some(255));
        for bad in [&b""[..], b"8", b"-1", b"+1", b"1 "] {
            assert_eq!(number(bad, 8), None);
        }
    }
}

//! Text and numbers, both ways, without `core::fmt`: its machinery costs tens of kilobytes in a binary that counts each
//! one.

mod pairs;
pub mod template;

pub use template::{Template, fill, filled};

use alloc::string::String;
use alloc::vec::Vec;

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

/// Where the first `byte` is.
#[inline(never)]
pub fn find(bytes: &[u8], byte: u8) -> Option<usize> {
    bytes.iter().position(|&b| b == byte)
}

/// What is before and after the first `byte`.
#[inline(never)]
pub fn split_once(bytes: &[u8], byte: u8) -> Option<(&[u8], &[u8])> {
    let (before, rest) = bytes.split_at_checked(find(bytes, byte)?)?;
    Some((before, rest.get(1..)?))
}

/// The parts of `bytes` between which `byte` stands, as those of `slice::split` are.
pub fn split(bytes: &[u8], byte: u8) -> Split<'_> {
    Split(Some(bytes), byte)
}

/// See [`split`].
pub struct Split<'a>(Option<&'a [u8]>, u8);

impl<'a> Iterator for Split<'a> {
    type Item = &'a [u8];

    #[inline(never)]
    fn next(&mut self) -> Option<&'a [u8]> {
        let all = self.0.take()?;
        let Some((part, rest)) = split_once(all, self.1) else {
            return Some(all);
        };
        self.0 = Some(rest);
        Some(part)
    }
}

/// Whether `a` and `b` are the same but for the case of letters. (Core's way for slices is made for long ones, and takes 600 bytes.)
#[inline(never)]
pub fn alike(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.eq_ignore_ascii_case(b))
}

/// What `list`, lines that begin with a number and a space, has for `number`.
#[cold]
#[inline(never)]
pub fn named(list: Template, number: u64) -> Option<String> {
    let list = filled(list, &[]);
    let lines = split(list.as_bytes(), b'\n');
    let mut lines = lines.filter_map(|line| split_once(line, b' '));
    let (_, name) = lines.find(|line| self::number(line.0, 10) == Some(number))?;
    Some(String::from(core::str::from_utf8(name).ok()?))
}

/// All of `parts`, one after the other.
#[inline(never)]
pub fn joined(parts: &[&[u8]]) -> Vec<u8> {
    let mut all = Vec::new();
    for part in parts {
        all.extend_from_slice(part);
    }
    all
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

    #[test]
    fn parts() {
        let of = |text: &'static str| split(text.as_bytes(), b'.').collect::<Vec<_>>();
        assert_eq!(of(""), [b""]);
        assert_eq!(of("."), [b"", b""]);
        assert_eq!(of("a..bc"), [&b"a"[..], b"", b"bc"]);
        assert_eq!(split_once(b"a=b=c", b'='), Some((&b"a"[..], &b"b=c"[..])));
        assert_eq!(split_once(b"a", b'='), None);
        assert_eq!(joined(&[b"a", b"", b"bc"]), b"abc");
    }

    #[test]
    fn case() {
        assert!(alike(b"", b"") && alike(b"aZ-\xe9", b"Az-\xe9"));
        assert!(!alike(b"a", b"ab") && !alike(b"@", b"`") && !alike(b"[", b"{"));
    }
}

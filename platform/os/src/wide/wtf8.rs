//! WTF-8: UTF-8 that can also hold what UTF-16 holds where it is not well-formed, surrogates without their other half.
//!
//! Names of files and arguments may have such. As bytes they are WTF-8, and none is lost on the way there and back.

use alloc::vec::Vec;

/// The bytes for `units`.
pub(crate) fn from_wide(units: &[u16]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(units.len());
    for c in char::decode_utf16(units.iter().copied()) {
        match c {
            Ok(c) => bytes.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
            Err(e) => {
                let unit = e.unpaired_surrogate();
                let low = |shift: u32| 0x80 | (unit >> shift) as u8 & 0x3f;
                bytes.extend_from_slice(&[0xed, low(6), low(0)]);
            }
        }
    }
    bytes
}

/// The units for `bytes`, unless they are neither UTF-8 nor WTF-8.
pub(crate) fn to_wide(mut bytes: &[u8]) -> Option<Vec<u16>> {
    let mut units = Vec::with_capacity(bytes.len() + 1);
    while !bytes.is_empty() {
        let (good, rest) = valid(bytes);
        units.extend(good.encode_utf16());
        bytes = rest;
        if let [0xed, a @ 0xa0..=0xbf, b @ 0x80..=0xbf, rest @ ..] = bytes {
            units.push(0xd000 | u16::from(a & 0x3f) << 6 | u16::from(b & 0x3f));
            bytes = rest;
        } else if !bytes.is_empty() {
            return None;
        }
    }
    Some(units)
}

/// The UTF-8 that `bytes` begins with, and the rest.
fn valid(bytes: &[u8]) -> (&str, &[u8]) {
    match core::str::from_utf8(bytes) {
        Ok(text) => (text, b""),
        Err(e) => {
            let (good, rest) = bytes
                .split_at_checked(e.valid_up_to())
                .unwrap_or((b"", bytes));
            (core::str::from_utf8(good).unwrap_or_default(), rest)
        }
    }
}

/// Appends to `units` what a person is to see of `bytes`: U+FFFD for what is no UTF-8. A sequence that ends too early
/// is left for the next call: how many bytes, at most three, were not used is the result.
pub(crate) fn show(mut bytes: &[u8], units: &mut Vec<u16>) -> usize {
    loop {
        let (good, rest) = valid(bytes);
        units.extend(good.encode_utf16());
        let wrong = match core::str::from_utf8(rest) {
            Ok(_) => return 0,
            Err(e) => e.error_len(),
        };
        let Some(wrong) = wrong else {
            return rest.len();
        };
        units.push(0xfffd);
        bytes = rest.get(wrong..).unwrap_or_default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec;

    fn wide(text: &str) -> Vec<u16> {
        text.encode_utf16().collect()
    }

    #[test]
    fn text_is_utf_8() {
        for text in ["", "a", "bücher", "日本語", "🦀 and 🦀"] {
            assert_eq!(from_wide(&wide(text)), text.as_bytes());
            assert_eq!(to_wide(text.as_bytes()), Some(wide(text)));
        }
    }

    #[test]
    fn single_surrogates_survive() {
        for units in [
            vec![0xd800],
            vec![0xdfff, 0x61],
            vec![0x61, 0xdc00, 0xd800, 0x62],
            vec![0xd83e, 0xdd80, 0xd83e],
            vec![0xdbff, 0xdbff, 0xdc00, 0xdc00],
        ] {
            assert_eq!(to_wide(&from_wide(&units)), Some(units));
        }
        assert_eq!(from_wide(&[0xd800]), b"\xed\xa0\x80");
        assert_eq!(from_wide(&[0xdfff]), b"\xed\xbf\xbf");
        for unit in 0..=u16::MAX {
            assert_eq!(to_wide(&from_wide(&[unit])), Some(vec![unit]));
        }
    }

    #[test]
    fn what_is_neither() {
        for bytes in [
            &b"\xff"[..],
            b"a\x80",
            b"\xc3",
            b"\xed\xa0",
            b"\xed\xa0\x41",
            b"\xc0\x80",
            b"\xf4\x90\x80\x80",
        ] {
            assert_eq!(to_wide(bytes), None, "{bytes:x?}");
        }
    }

    #[test]
    fn what_is_seen() {
        let show = |bytes: &[u8]| {
            let mut units = vec![];
            let left = show(bytes, &mut units);
            (std::string::String::from_utf16(&units).unwrap(), left)
        };
        assert_eq!(show("für 🦀".as_bytes()), ("für 🦀".into(), 0));
        assert_eq!(show(b"a\xffb\xc3\x28"), ("a\u{fffd}b\u{fffd}(".into(), 0));
        assert_eq!(show(b"a\xf0\x9f\xa6"), ("a".into(), 3));
        assert_eq!(show(b"\xe6"), (std::string::String::new(), 1));
        // A surrogate is three bytes that are not UTF-8.
        assert_eq!(show(b"\xed\xa0\x80").0.chars().count(), 3);
    }
}

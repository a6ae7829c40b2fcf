//! Base64 (RFC 4648, section 4), the way there alone.

use alloc::string::String;

/// `bytes` in base64, padded.
pub(super) fn encode(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let mut bits = 0;
        for i in 0..3 {
            bits = bits << 8 | u32::from(group.get(i).copied().unwrap_or(0));
        }
        for i in 0..4 {
            text.push(if i <= group.len() {
                digit((bits >> (18 - 6 * i) & 63) as u8)
            } else {
                '='
            });
        }
    }
    text
}

fn digit(value: u8) -> char {
    char::from(match value {
        0..=25 => b'A' + value,
        26..=51 => value - 26 + b'a',
        52..=61 => value - 52 + b'0',
        62 => b'+',
        _ => b'/',
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vectors() {
        // RFC 4648, section 10.
        for (bytes, text) in [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
            ("fooba", "Zm9vYmE="),
            ("foobar", "Zm9vYmFy"),
        ] {
            assert_eq!(encode(bytes.as_bytes()), text);
        }
    }

    #[test]
    fn all_digits() {
        let mut bytes = alloc::vec::Vec::new();
        for i in (0u8..64).step_by(4) {
            let bits = [i, i + 1, i + 2, i + 3]
                .iter()
                .fold(0, |bits, &value| bits << 6 | u32::from(value));
            bytes.extend_from_slice(&bits.to_be_bytes()[1..]);
        }
        assert_eq!(
            encode(&bytes),
            "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
        );
    }
}

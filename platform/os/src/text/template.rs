//! Texts for people, packed when they are compiled: English as bytes is a large part of a small program.
//!
//! The bytes that ASCII leaves free stand for two others each, which may be such bytes in turn (byte pair encoding), the
//! same pairs for all texts. So a packed text is little more than half as long, and to unpack it takes a few instructions.

use super::Part;
use super::pairs::PAIRS;
use alloc::string::String;
use core::ffi::CStr;
use core::ptr::NonNull;
use core::slice::Iter;

/// A text with a `%` where something known at run time is put, see [`fill`]; made by [`text!`](crate::text!).
///
/// A pointer to bytes up to a zero: each of the hundreds of places that name one would have to give the length as well.
#[derive(Clone, Copy, Debug)]
pub struct Template(NonNull<u8>);

impl Template {
    /// The template of packed `bytes`. For [`text!`](crate::text!).
    ///
    /// # Panics
    /// Unless the last of them is 0.
    pub const fn new(bytes: &'static [u8]) -> Self {
        assert!(matches!(bytes, [.., 0]));
        match NonNull::new(bytes.as_ptr().cast_mut()) {
            Some(start) => Template(start),
            None => unreachable!(),
        }
    }

    /// The packed bytes, without the zero.
    fn bytes(&self) -> &'static [u8] {
        // SAFETY: they are static, and `new` has seen a zero at their end.
        unsafe { CStr::from_ptr(self.0.as_ptr().cast()) }.to_bytes()
    }
}

impl PartialEq for Template {
    fn eq(&self, other: &Self) -> bool {
        self.bytes() == other.bytes()
    }
}

/// The [`Template`] of a constant text, which is ASCII.
#[macro_export]
macro_rules! text {
    ($text:expr) => {{
        const TEXT: &str = $text;
        const PACKED: ([u8; TEXT.len() + 1], usize) = $crate::text::template::pack(TEXT);
        // Of its own length: all of a constant that is referred to is in the program.
        const BYTES: [u8; PACKED.1] = $crate::text::template::start(&PACKED.0);
        const TEMPLATE: $crate::text::Template = $crate::text::Template::new(&BYTES);
        TEMPLATE
    }};
}

/// Packs `text`, with a zero at its end; the second result is how many bytes count. For [`text!`](crate::text!).
pub const fn pack<const N: usize>(text: &str) -> ([u8; N], usize) {
    let mut bytes = [0; N];
    let mut len = text.len();
    bytes.split_at_mut(len).0.copy_from_slice(text.as_bytes());
    let mut pair = 0;
    while pair < PAIRS.len() {
        let (mut from, mut to) = (0, 0);
        while from < len {
            assert!(pair > 0 || bytes[from].is_ascii() && bytes[from] != 0);
            bytes[to] = bytes[from];
            if from + 1 < len && bytes[from] == PAIRS[pair] && bytes[from + 1] == PAIRS[pair + 1] {
                bytes[to] = 128 + (pair / 2) as u8;
                from += 1;
            }
            from += 1;
            to += 1;
        }
        len = to;
        pair += 2;
    }
    bytes[len] = 0;
    (bytes, len + 1)
}

/// The first bytes of `bytes`. For [`text!`](crate::text!).
pub const fn start<const N: usize>(bytes: &[u8]) -> [u8; N] {
    *bytes.first_chunk().unwrap()
}

/// Appends `template` with each `%` replaced by the next of `parts`.
///
/// One text and a few pointers are less code than a list of texts, and no part has to be made text before.
#[inline(never)]
pub fn fill(text: &mut String, template: Template, parts: &[&dyn Part]) {
    let mut parts = parts.iter();
    for byte in template.bytes() {
        unpack(text, *byte, &mut parts);
    }
}

/// Calls itself at most as deep as the pairs are nested, and each is made of those before it.
fn unpack(text: &mut String, byte: u8, parts: &mut Iter<'_, &dyn Part>) {
    if byte == b'%'
        && let Some(part) = parts.next()
    {
        part.append_to(text);
    } else if byte.is_ascii() {
        text.push(char::from(byte));
    } else {
        for half in PAIRS.as_chunks::<2>().0[usize::from(byte - 128)] {
            unpack(text, half, parts);
        }
    }
}

/// `template` with each `%` replaced by the next of `parts`.
#[inline(never)]
pub fn filled(template: Template, parts: &[&dyn Part]) -> String {
    let mut text = String::new();
    fill(&mut text, template, parts);
    text
}

impl Part for Template {
    fn append_to(&self, text: &mut String) {
        fill(text, *self, &[]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_put_in() {
        let name = String::from("b%");
        assert_eq!(filled(text!(""), &[]), "");
        assert_eq!(filled(text!("a"), &[]), "a");
        let text = text!("%, % and %.");
        assert_eq!(filled(text, &[&"a", &name, &3]), "a, b% and 3.");
        assert_eq!(filled(text!("%%"), &[&"a"]), "a%");
        assert_eq!(filled(text!("(%)"), &[&text!("the text")]), "(the text)");
    }

    #[test]
    fn texts_are_packed_and_unpacked() {
        const LINE: &str = "Failed to connect to the server: the connection was closed";
        let packed = text!(LINE);
        assert!(packed.bytes().len() < LINE.len() * 2 / 3, "{packed:?}");
        assert_eq!(filled(packed, &[]), LINE);
    }

    #[test]
    fn each_pair_is_made_of_those_before_it() {
        for (index, pair) in PAIRS.as_chunks::<2>().0.iter().enumerate() {
            assert!(pair.iter().all(|&half| usize::from(half) < 128 + index));
        }
    }
}

//! The little DER (ITU-T X.690) that keys and signatures consist of, read strictly.

/// Takes one value with `tag` from the front of `input` and gives its contents.
///
/// Only definite, minimal lengths below 64 KiB are taken; no key or signature is longer.
pub(super) fn take<'a>(input: &mut &'a [u8], tag: u8) -> Option<&'a [u8]> {
    let (&[found, first], rest) = input.split_first_chunk()?;
    let (octets, least) = match first {
        0..=0x7f => (0, 0),
        0x81 => (1, 0x80),
        0x82 => (2, 0x100),
        _ => return None,
    };
    let (octets, rest) = rest.split_at_checked(octets)?;
    let length = match octets {
        [] => usize::from(first),
        _ => octets
            .iter()
            .fold(0, |n, &octet| n << 8 | usize::from(octet)),
    };
    let (contents, rest) = rest.split_at_checked(length)?;
    *input = rest;
    (found == tag && length >= least).then_some(contents)
}

/// Takes a SEQUENCE of two INTEGERs that are not negative, and nothing else, from all of `input`.
///
/// Both an Ecdsa-Sig-Value (RFC 3279, section 2.2.3) and an RSAPublicKey (RFC 8017, appendix A.1.1) are that. The
/// numbers are big-endian without leading zeros; 0 is empty.
pub(super) fn two_integers(mut input: &[u8]) -> Option<[&[u8]; 2]> {
    let mut sequence = take(&mut input, 0x30)?;
    let numbers = [natural(&mut sequence)?, natural(&mut sequence)?];
    (input.is_empty() && sequence.is_empty()).then_some(numbers)
}

fn natural<'a>(input: &mut &'a [u8]) -> Option<&'a [u8]> {
    match take(input, 2)? {
        [0] => Some(&[]),
        // Empty, negative, or longer than needed (X.690, sections 8.3.1 and 8.3.2).
        [] | [0x80..=0xff, ..] | [0, 0..=0x7f, ..] => None,
        [0, digits @ ..] | digits => Some(digits),
    }
}

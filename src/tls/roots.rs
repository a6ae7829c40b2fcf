//! The built-in roots: Mozilla's, as `build/roots.rs` packs them.
//!
//! Only the keys are there. The name of a root is the one that it was asked for by.

use alloc::vec::Vec;

use curves::params::{P256, P384};
use os::text::joined;

use super::name_hash::name_hash;

/// The groups of keys that `build/roots.rs` describes.
static PACKED: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/roots.bin"));

/// A root as RFC 5280, section 6.1.1 (d) has it, without its name.
pub struct Root {
    /// The value of the SubjectPublicKeyInfo, without its header.
    pub spki: Vec<u8>,
    /// The value of the NameConstraints, without its header.
    pub name_constraints: Option<&'static [u8]>,
}

/// The root whose subject is `name`: the value of a Name, without its header.
pub fn find(name: &[u8]) -> Option<Root> {
    let wanted = name_hash(name).to_be_bytes();
    let mut packed = PACKED;
    loop {
        let (&[count, high, low, prefix, suffix, constraints], rest) =
            packed.split_first_chunk()?;
        let key_len = usize::from(u16::from_be_bytes([high, low]));
        let (prefix, rest) = rest.split_at_checked(prefix.into())?;
        let (suffix, rest) = rest.split_at_checked(suffix.into())?;
        let (constraints, mut rest) = rest.split_at_checked(constraints.into())?;
        for _ in 0..count {
            let (hash, after) = rest.split_first_chunk()?;
            let (key, after) = after.split_at_checked(key_len)?;
            if *hash == wanted {
                return Some(Root {
                    spki: whole(prefix, key, suffix),
                    name_constraints: (!constraints.is_empty()).then_some(constraints),
                });
            }
            rest = after;
        }
        packed = rest;
    }
}

/// The SubjectPublicKeyInfo of a key as it is stored.
#[inline(never)]
fn whole(prefix: &[u8], key: &[u8], suffix: &[u8]) -> Vec<u8> {
    let curve = match key.len() {
        33 => &P256,
        49 => &P384,
        _ => return joined(&[prefix, key, suffix]),
    };
    let (&form, x) = key.split_first().unwrap_or((&0, key));
    let mut y = [0; curves::group::MAX_BYTES];
    let y = y.get_mut(..curve.size).unwrap_or_default();
    curve.ordinate(x, form == 3, y);
    joined(&[prefix, &[4], x, y])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_root_unpacks_to_itself() {
        assert!(webpki_roots::TLS_SERVER_ROOTS.len() > 100);
        for root in webpki_roots::TLS_SERVER_ROOTS {
            let found = find(&root.subject).expect("every root is found by its name");
            assert_eq!(found.spki, *root.subject_public_key_info);
            assert_eq!(found.name_constraints, root.name_constraints.as_deref());
        }
    }

    #[test]
    fn other_names_find_nothing() {
        assert!(find(b"").is_none());
        assert!(find(b"1\x0b0\x09\x06\x03U\x04\x06\x13\x02XX").is_none());
    }

    #[test]
    fn the_names_and_what_keys_share_are_not_stored() {
        let whole: usize = webpki_roots::TLS_SERVER_ROOTS
            .iter()
            .map(|root| root.subject.len() + root.subject_public_key_info.len())
            .sum();
        assert!(PACKED.len() < whole * 3 / 4, "{} of {whole}", PACKED.len());
    }
}

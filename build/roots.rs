//! Packs Mozilla's root certificates, of which the program needs the keys and a way to find them by name.
//!
//! The file is a sequence of groups of keys of one kind, which begin and end with the same bytes (the algorithm, the
//! encoding, the public exponent):
//!
//! ```text
//! count: u8, key_len: u16 (big-endian), prefix_len: u8, suffix_len: u8, constraints_len: u8
//! prefix, suffix, constraints
//! count times: name_hash: u32 (big-endian), key: key_len bytes
//! ```
//!
//! A SubjectPublicKeyInfo is prefix, key, suffix, where a key of 33 or 49 bytes is a point of P-256 or P-384 in
//! compressed form (SEC 1, section 2.3.3). Names are not stored: see `src/tls/name_hash.rs`.

#[path = "../src/tls/name_hash.rs"]
mod name_hash;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

/// What roots of one group have in common: the length and the last bytes of the key, and the name constraints.
type Kind = (usize, Vec<u8>, Vec<u8>);

/// Writes `roots.bin` into the folder of the build.
pub(crate) fn pack() {
    println!("cargo::rerun-if-changed=build/roots.rs");
    println!("cargo::rerun-if-changed=src/tls/name_hash.rs");
    let mut groups: BTreeMap<Kind, BTreeMap<u32, Cow<[u8]>>> = BTreeMap::new();
    let mut hashes = BTreeSet::new();
    for root in webpki_roots::TLS_SERVER_ROOTS {
        let spki = compressed(root.subject_public_key_info.as_ref());
        let constraints = root.name_constraints.as_deref().unwrap_or_default();
        // RSA keys end with the public exponent, and the identifiers of their algorithm with NULL.
        let rsa = spki.get(13..15) == Some(&[5, 0]);
        let end = if rsa { &spki[spki.len() - 5..] } else { &[] };
        let kind = (spki.len(), end.to_vec(), constraints.to_vec());
        let hash = name_hash::name_hash(&root.subject);
        assert!(hashes.insert(hash), "two roots with the same hash");
        groups.entry(kind).or_default().insert(hash, spki);
    }
    let mut packed = Vec::new();
    for ((spki_len, _, constraints), roots) in &groups {
        let keys: Vec<&[u8]> = roots.values().map(AsRef::as_ref).collect();
        let first = keys[0];
        let point = compressed_point(first);
        let common = |same: &dyn Fn(&[u8], usize) -> bool, most: usize| {
            (0..most)
                .take_while(|&i| keys.iter().all(|key| same(key, i)))
                .count()
        };
        let most = spki_len - point.unwrap_or_default();
        let prefix = common(&|key, i| key[i] == first[i], most.min(255));
        let last = spki_len - 1;
        let suffix = common(
            &|key, i| key[last - i] == first[last - i],
            if point.is_some() {
                0
            } else {
                (spki_len - prefix).min(255)
            },
        );
        let key_len = spki_len - prefix - suffix;
        assert_eq!(point.is_some(), matches!(key_len, 33 | 49));
        let key_len = u16::try_from(key_len).expect("keys are short");
        for (len, what) in [
            (roots.len(), "roots"),
            (prefix, "prefix"),
            (suffix, "suffix"),
            (constraints.len(), "constraints"),
        ] {
            let len = u8::try_from(len).unwrap_or_else(|_| panic!("too long for a byte: {what}"));
            packed.push(len);
            if what == "roots" {
                packed.extend(key_len.to_be_bytes());
            }
        }
        packed.extend(&first[..prefix]);
        packed.extend(&first[spki_len - suffix..]);
        packed.extend(constraints);
        for (hash, key) in roots {
            packed.extend(hash.to_be_bytes());
            packed.extend(&key[prefix..spki_len - suffix]);
        }
    }
    let folder = std::env::var_os("OUT_DIR").expect("cargo sets OUT_DIR");
    std::fs::write(std::path::Path::new(&folder).join("roots.bin"), packed)
        .expect("the build's folder can be written to");
}

/// What SubjectPublicKeyInfos of P-256 and P-384 begin with, before an uncompressed point, and the bytes of an x.
const HEADS: [(&[u8], usize); 2] = [
    (b"\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07\x03\x42\x00", 32),
    (b"\x30\x10\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x05\x2b\x81\x04\x00\x22\x03\x62\x00", 48),
];

/// `spki` with its point compressed, if it has one.
fn compressed(spki: &[u8]) -> Cow<'_, [u8]> {
    for (head, size) in HEADS {
        if let Some([4, point @ ..]) = spki.strip_prefix(head) {
            assert_eq!(point.len(), 2 * size, "a point of another size");
            let parity = point[2 * size - 1] & 1;
            return [head, &[2 | parity], &point[..size]].concat().into();
        }
    }
    spki.into()
}

/// The bytes of the compressed point that `spki` has, if it has one.
fn compressed_point(spki: &[u8]) -> Option<usize> {
    let mut heads = HEADS.iter();
    let (_, size) = heads.find(|(head, _)| spki.starts_with(head))?;
    Some(1 + size)
}

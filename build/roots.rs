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
//! A SubjectPublicKeyInfo is prefix, key, suffix. Names are not stored: see `src/tls/name_hash.rs`.

#[path = "../src/tls/name_hash.rs"]
mod name_hash;

use std::collections::{BTreeMap, BTreeSet};

/// What roots of one group have in common: the length and the last bytes of the key, and the name constraints.
type Kind = (usize, Vec<u8>, Vec<u8>);

/// Writes `roots.bin` into the folder of the build.
pub(crate) fn pack() {
    println!("cargo::rerun-if-changed=build/roots.rs");
    println!("cargo::rerun-if-changed=src/tls/name_hash.rs");
    let mut groups: BTreeMap<Kind, BTreeMap<u32, &[u8]>> = BTreeMap::new();
    let mut hashes = BTreeSet::new();
    for root in webpki_roots::TLS_SERVER_ROOTS {
        let spki = root.subject_public_key_info.as_ref();
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
        let keys: Vec<&[u8]> = roots.values().copied().collect();
        let first = keys[0];
        let common = |same: &dyn Fn(&[u8], usize) -> bool, most: usize| {
            (0..most)
                .take_while(|&i| keys.iter().all(|key| same(key, i)))
                .count()
        };
        let prefix = common(&|key, i| key[i] == first[i], *spki_len.min(&255));
        let last = spki_len - 1;
        let suffix = common(
            &|key, i| key[last - i] == first[last - i],
            (spki_len - prefix).min(255),
        );
        let key_len = u16::try_from(spki_len - prefix - suffix).expect("keys are short");
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

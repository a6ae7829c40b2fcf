use super::*;
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1_SIGNING, EcdsaKeyPair, KeyPair,
};

/// Numbers that are the same in each run (xorshift).
struct Random(u64);

impl Random {
    fn fill(&mut self, out: &mut [u8]) {
        for byte in out {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            *byte = (self.0 >> 32) as u8;
        }
    }

    fn bytes<const N: usize>(&mut self) -> [u8; N] {
        let mut out = [0; N];
        self.fill(&mut out);
        out
    }
}

fn hex(digits: &str) -> Vec<u8> {
    (0..digits.len())
        .step_by(2)
        .map(|i| u8::from_str_radix(&digits[i..i + 2], 16).unwrap())
        .collect()
}

fn tlv(tag: u8, contents: &[u8]) -> Vec<u8> {
    let mut out = vec![tag];
    match contents.len() {
        n @ ..0x80 => out.push(n as u8),
        n @ ..0x100 => out.extend([0x81, n as u8]),
        n => out.extend([0x82, (n >> 8) as u8, n as u8]),
    }
    out.extend(contents);
    out
}

/// A natural number; its bytes may have zeros in front.
fn integer(bytes: &[u8]) -> Vec<u8> {
    let zeros = bytes.iter().take_while(|&&b| b == 0).count();
    let mut contents = bytes[zeros.min(bytes.len() - 1)..].to_vec();
    if contents[0] >= 0x80 {
        contents.insert(0, 0);
    }
    tlv(2, &contents)
}

/// Two numbers as a SEQUENCE, from the bytes of both.
pub(super) fn pair(both: &[u8]) -> Vec<u8> {
    let (a, b) = both.split_at(both.len() / 2);
    tlv(0x30, &[integer(a), integer(b)].concat())
}

fn spki(id: AlgorithmIdentifier, key: &[u8]) -> Vec<u8> {
    let bits = tlv(3, &[&[0], key].concat());
    tlv(0x30, &[tlv(0x30, id.as_ref()), bits].concat())
}

fn rsa_spki(modulus: &[u8], exponent: &[u8]) -> Vec<u8> {
    let key = tlv(0x30, &[integer(modulus), integer(exponent)].concat());
    spki(alg_id::RSA_ENCRYPTION, &key)
}

/// RFC 6979, appendix A.2.5 and A.2.6: key, then a signature of "sample" per hash function.
#[test]
fn rfc6979() {
    let p256 = hex(concat!(
        "04",
        "60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6",
        "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299"
    ));
    let p256 = spki(alg_id::ECDSA_P256, &p256);
    let p384 = hex(concat!(
        "04",
        "ec3a4e415b4e19a4568618029f427fa5da9a8bc4ae92e02e06aae5286b300c64def8f0ea9055866064a254515480bc13",
        "8015d9b72d7d57244ea8ef9ac0c621896708a59367f9dfb9f54ca84b3f1c9db1288b231c3ae0d4fe7344fd2533264720"
    ));
    let p384 = spki(alg_id::ECDSA_P384, &p384);
    for (spki, scheme, tls13, signature) in [
        (
            &p256,
            0x0403,
            true,
            concat!(
                "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716",
                "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8"
            ),
        ),
        (
            &p256,
            0x0503,
            false,
            concat!(
                "0eafea039b20e9b42309fb1d89e213057cbf973dc0cfc8f129edddc800ef7719",
                "4861f0491e6998b9455193e34e7b0d284ddd7149a74b95b9261f13abde940954"
            ),
        ),
        (
            &p256,
            0x0603,
            false,
            concat!(
                "8496a60b5e9b47c825488827e0495b0e3fa109ec4568fd3f8d1097678eb97f00",
                "2362ab1adbe2b8adf9cb9edab740ea6049c028114f2460f96554f61fae3302fe"
            ),
        ),
        (
            &p384,
            0x0403,
            false,
            concat!(
                "21b13d1e013c7fa1392d03c5f99af8b30c570c6f98d4ea8e354b63a21d3daa33bde1e888e63355d92fa2b3c36d8fb2cd",
                "f3aa443fb107745bf4bd77cb3891674632068a10ca67e3d45db2266fa7d1feebefdc63eccd1ac42ec0cb8668a4fa0ab0"
            ),
        ),
        (
            &p384,
            0x0503,
            true,
            concat!(
                "94edbb92a5ecb8aad4736e56c691916b3f88140666ce9fa73d64c4ea95ad133c81a648152e44acf96e36dd1e80fabe46",
                "99ef4aeb15f178cea1fe40db2603138f130e740a19624526203b6351d0a3a94fa329c145786e679e7b82c71a38628ac8"
            ),
        ),
        (
            &p384,
            0x0603,
            false,
            concat!(
                "ed0959d5880ab2d869ae7f6c2915c6d60f96507f9cb3e047c0046861da4a799cfe30f35cc900056d7c99cd7882433709",
                "512c8cceee3890a84058ce1e22dbc2198f42323ce8aca9135329f03c068e5112dc7cc3ef3446defceb01a45c2667fdd5"
            ),
        ),
    ] {
        let signature = pair(&hex(signature));
        assert_eq!(verify_tls12(scheme, spki, b"sample", &signature), Ok(()));
        assert_eq!(
            verify_tls12(scheme, spki, b"samplf", &signature),
            Err(SigError::BadSignature)
        );
        // TLS 1.3 ties the curve to the hash function.
        let allowed = if tls13 {
            Ok(())
        } else {
            Err(SigError::Unsupported)
        };
        assert_eq!(verify_tls13(scheme, spki, b"sample", &signature), allowed);
    }
}

#[test]
fn schemes() {
    const SCHEMES_TLS12: [u16; 10] = [
        0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501, 0x0807, 0x0603, 0x0806, 0x0601,
    ];
    let rsa = rsa_spki(&[0xff; 256], &[1, 0, 1]);
    let signature = [0x55; 256];
    for scheme in SCHEMES_TLS12 {
        let known = |id: AlgorithmIdentifier| {
            ALGORITHMS
                .iter()
                .any(|a| a.code == scheme && a.key_id() == id)
        };
        assert_eq!(
            verify_tls12(scheme, &rsa, b"", &signature) == Err(SigError::BadSignature),
            known(alg_id::RSA_ENCRYPTION),
            "{scheme:x}"
        );
        let tls13 = if scheme >> 8 == 8 && scheme != 0x0807 {
            SigError::BadSignature
        } else {
            SigError::Unsupported
        };
        assert_eq!(verify_tls13(scheme, &rsa, b"", &signature), Err(tls13));
    }
    // MD5, SHA-1, and what belongs to keys marked as for PSS alone.
    for scheme in [0x0101, 0x0201, 0x0203, 0x0809, 0x080a, 0x080b, 0, 0xffff] {
        assert_eq!(
            verify_tls12(scheme, &rsa, b"", &signature),
            Err(SigError::Unsupported)
        );
    }
    for (i, a) in ALL.iter().enumerate() {
        for b in &ALL[..i] {
            assert!(
                a.public_key_alg_id() != b.public_key_alg_id()
                    || a.signature_alg_id() != b.signature_alg_id()
            );
        }
    }
}

#[test]
fn rsa_keys() {
    let check = |modulus: &[u8], exponent: &[u8]| check_key(&rsa_spki(modulus, exponent));
    let mut odd = [0; 256];
    (odd[0], odd[255]) = (0x80, 1);
    assert_eq!(check(&odd, &[1, 0, 1]), Ok(()));
    assert_eq!(check(&odd, &[3]), Ok(()));
    assert_eq!(check(&odd, &[0xff; 4]), Ok(()));
    assert_eq!(check(&[0xff; 1024], &[3]), Ok(()));
    odd[0] = 0x7f;
    assert_eq!(check(&odd, &[1, 0, 1]), Err(SigError::WeakKey));
    assert_eq!(check(&[0xff; 128], &[1, 0, 1]), Err(SigError::WeakKey));
    for exponent in [&[0][..], &[1], &[2], &[1, 0, 0], &[1, 0, 0, 0, 1]] {
        assert_eq!(check(&[0xff; 256], exponent), Err(SigError::BadKey));
    }
    assert_eq!(check(&[0xfe; 256], &[3]), Err(SigError::BadKey));
    assert_eq!(check(&[0xff; 1025], &[3]), Err(SigError::BadKey));
    assert_eq!(check(&[0], &[3]), Err(SigError::BadKey));
    let negative = tlv(0x30, &[tlv(2, &[0xff; 256]), tlv(2, &[3])].concat());
    assert_eq!(
        check_key(&spki(alg_id::RSA_ENCRYPTION, &negative)),
        Err(SigError::BadKey)
    );
    assert_eq!(check_key(&spki(alg_id::ED25519, &[0; 32])), Ok(()));
    assert_eq!(
        check_key(&spki(alg_id::ECDSA_P521, &[4; 133])),
        Err(SigError::Unsupported)
    );
    assert_eq!(check_key(b""), Err(SigError::BadKey));
}

/// A signature is as long as the modulus, and less than it.
#[test]
fn rsa_signature_range() {
    let spki = rsa_spki(&[0xff; 256], &[3]);
    for signature in [&[0xff; 256][..], &[0; 255], &[0; 257], &[], &[0; 2000]] {
        for scheme in [0x0401, 0x0804] {
            assert_eq!(
                verify_tls12(scheme, &spki, b"", signature),
                Err(SigError::BadSignature)
            );
        }
    }
}

#[test]
fn der_is_strict() {
    for (der, numbers) in [
        (
            &[0x30, 6, 2, 1, 1, 2, 1, 0x7f][..],
            Some([&[1][..], &[0x7f]]),
        ),
        (&[0x30, 7, 2, 1, 0, 2, 2, 0, 0x80], Some([&[], &[0x80]])),
        (&[0x30, 0x81, 6, 2, 1, 1, 2, 1, 1], None),
        (&[0x30, 0x82, 0, 6, 2, 1, 1, 2, 1, 1], None),
        (&[0x30, 0x80, 2, 1, 1, 2, 1, 1, 0, 0], None),
        (&[0x30, 0x83, 0, 0, 6, 2, 1, 1, 2, 1, 1], None),
        (&[0x30, 7, 2, 2, 0, 1, 2, 1, 1], None),
        (&[0x30, 6, 2, 1, 0x80, 2, 1, 1], None),
        (&[0x30, 5, 2, 0, 2, 1, 1], None),
        (&[0x30, 6, 2, 1, 1, 2, 1, 1, 0], None),
        (&[0x30, 7, 2, 1, 1, 2, 1, 1, 0], None),
        (&[0x30, 6, 2, 1, 1, 2, 2, 1], None),
        (&[0x31, 6, 2, 1, 1, 2, 1, 1], None),
        (&[0x30, 6, 2, 1, 1, 3, 1, 1], None),
        (&[0x30, 3, 2, 1, 1], None),
        (&[0x30, 0x81], None),
        (&[0x30], None),
        (&[], None),
    ] {
        assert_eq!(der::two_integers(der), numbers, "{der:x?}");
    }
}

/// Both curves against ring's on random keys: signatures whole and damaged.
#[test]
fn against_ring() {
    let (mut random, system) = (Random(2), SystemRandom::new());
    for (ring, id, scheme) in [
        (&ECDSA_P256_SHA256_ASN1_SIGNING, alg_id::ECDSA_P256, 0x0403),
        (&ECDSA_P384_SHA384_ASN1_SIGNING, alg_id::ECDSA_P384, 0x0503),
    ] {
        for _ in 0..20 {
            let message = random.bytes::<50>();
            let pkcs8 = EcdsaKeyPair::generate_pkcs8(ring, &system).unwrap();
            let pair = EcdsaKeyPair::from_pkcs8(ring, pkcs8.as_ref(), &system).unwrap();
            let signature = pair.sign(&system, &message).unwrap();
            let key = spki(id, pair.public_key().as_ref());
            damage(scheme, &key, &message, signature.as_ref(), &mut random);
        }
    }
}

/// The signature verifies, and does not after the change of any one of some bits.
fn damage(scheme: u16, key: &[u8], message: &[u8], signature: &[u8], random: &mut Random) {
    assert_eq!(verify_tls13(scheme, key, message, signature), Ok(()));
    for _ in 0..3 {
        let mut signature = signature.to_vec();
        let [place, bit] = random.bytes();
        let place = usize::from(place) % signature.len();
        signature[place] ^= 1 << (bit % 8);
        assert!(verify_tls13(scheme, key, message, &signature).is_err());
    }
}

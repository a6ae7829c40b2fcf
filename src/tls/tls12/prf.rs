//! HMAC (RFC 2104), and the pseudorandom function of TLS 1.2 (RFC 5246, section 5).

use zeroize::Zeroize;

use super::super::sig::hash::{Digest, Hash};

/// The longest block of a hash here.
const MAX_BLOCK: usize = 128;

/// The hash function of a suite.
pub(crate) fn hash(sha384: bool) -> Hash {
    if sha384 { Hash::Sha384 } else { Hash::Sha256 }
}

/// HMAC of the concatenation of `parts`. No key in TLS is longer than a block, so none is hashed.
pub(crate) fn hmac(sha384: bool, key: &[u8], parts: &[&[u8]]) -> Digest {
    let length = if sha384 { 128 } else { 64 };
    let pad = |byte: u8| {
        let mut hash = hash(sha384).start();
        let mut block = [byte; MAX_BLOCK];
        for (b, k) in block.iter_mut().zip(key) {
            *b ^= k;
        }
        hash.update(block.get(..length).unwrap_or_default());
        block.zeroize();
        hash
    };
    let mut inner = pad(0x36);
    for part in parts {
        inner.update(part);
    }
    let mut outer = pad(0x5c);
    outer.update(inner.finish().as_slice());
    outer.finish()
}

/// Fills `out` from `secret`, `label` and the concatenation of `seed`.
pub(crate) fn prf(sha384: bool, secret: &[u8], label: &[u8], seed: [&[u8]; 2], out: &mut [u8]) {
    let [seed_a, seed_b] = seed;
    let mut a = hmac(sha384, secret, &[label, seed_a, seed_b]);
    for chunk in out.chunks_mut(if sha384 { 48 } else { 32 }) {
        let block = hmac(sha384, secret, &[a.as_slice(), label, seed_a, seed_b]);
        for (to, from) in chunk.iter_mut().zip(block.as_slice()) {
            *to = *from;
        }
        a = hmac(sha384, secret, &[a.as_slice()]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(text: &str) -> Vec<u8> {
        let digits: Vec<u8> = text
            .chars()
            .filter_map(|c| c.to_digit(16).map(|d| d as u8))
            .collect();
        digits.chunks(2).map(|d| d[0] << 4 | d[1]).collect()
    }

    /// RFC 4231, test case 2.
    #[test]
    fn hmac_vectors() {
        let data: &[u8] = b"what do ya want for nothing?";
        assert_eq!(
            hmac(false, b"Jefe", &[data]).as_slice(),
            hex("5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")
        );
        let (a, b) = data.split_at(5);
        assert_eq!(
            hmac(true, b"Jefe", &[a, b]).as_slice(),
            hex(
                "af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e8e2240ca5e69e2c78b3239ecfab21649"
            )
        );
    }

    /// The vectors that were published with the TLS 1.2 PRF on the IETF's TLS list ("P_hash with SHA-256", "SHA-384").
    #[test]
    fn prf_vectors() {
        let mut out = [0; 100];
        prf(
            false,
            &hex("9bbe436ba940f017b17652849a71db35"),
            b"test label",
            [&hex("a0ba9f936cda311827a6f796ffd5198c"), &[]],
            &mut out,
        );
        assert_eq!(
            out.to_vec(),
            hex(
                "e3f229ba727be17b8d122620557cd453c2aab21d07c3d495329b52d4e61edb5a6b301791e90d35c9c9a46b4e14baf9af0fa022f7077def17abfd3797c0564bab4fbc91666e9def9b97fce34f796789baa48082d122ee42c5a72e5a5110fff70187347b66"
            )
        );
        let mut out = [0; 148];
        prf(
            true,
            &hex("b80b733d6ceefcdc71566ea48e5567df"),
            b"test label",
            [&hex("cd665cf6a8447dd6ff8b27555edb7465"), &[]],
            &mut out,
        );
        assert_eq!(
            out.to_vec(),
            hex(
                "7b0c18e9ced410ed1804f2cfa34a336a1c14dffb4900bb5fd7942107e81c83cde9ca0faa60be9fe34f82b1233c9146a0e534cb400fed2700884f9dc236f80edd8bfa961144c9e8d792eca722a7b32fc3d416d473ebc2c5fd4abfdad05d9184259b5bf8cd4d90fa0d31e2dec479e4f1a26066f2eea9a69236a3e52655c9e9aee691c8f3a26854308d5eaa3be85e0990703d73e56f"
            )
        );
    }
}

//! What embedded-tls uses of RustCrypto's `p256`, by the names that it has there, on the arithmetic of [`curves`].
//!
//! Certificates need P-256, P-384 and more, and TLS 1.2 agrees on secrets in them; a second P-256 for TLS 1.3 alone is
//! 9 KB of the program. Without this crate, which the workspace's `[patch.crates-io]` names, everything builds and
//! works the same, only larger.
//!
//! Signing, which is for client certificates, is only there to be named: the program has none.

#![no_std]
#![forbid(unsafe_code)]

pub mod ecdh;
pub mod ecdsa;

pub use elliptic_curve;

use curves::ecdh::KeyPair;
use curves::params;
use elliptic_curve::bigint::U256;
use elliptic_curve::consts::U32;
use elliptic_curve::sec1::ValidatePublicKey;
use elliptic_curve::{Curve, Error, FieldBytesEncoding};

/// Bytes of an uncompressed point.
const POINT: usize = 1 + 2 * 32;

/// secp256r1
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct NistP256;

impl Curve for NistP256 {
    type FieldBytesSize = U32;
    type Uint = U256;
    const ORDER: U256 =
        U256::from_be_hex("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551");
}

impl FieldBytesEncoding<NistP256> for U256 {}

impl ValidatePublicKey for NistP256 {}

/// A point of the group other than the identity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PublicKey {
    encoded: [u8; POINT],
}

impl PublicKey {
    /// Reads an uncompressed point (SEC 1, section 2.3.4), the one form that TLS has (RFC 8446, section 4.2.8.2).
    ///
    /// # Errors
    /// It is not one, or not on the curve.
    pub fn from_sec1_bytes(bytes: &[u8]) -> Result<Self, Error> {
        let encoded = bytes.try_into().map_err(|_| Error)?;
        params::P256.decode(bytes).ok_or(Error)?;
        Ok(PublicKey { encoded })
    }

    fn of(pair: &KeyPair) -> Self {
        let mut encoded = [0; POINT];
        for (to, from) in encoded.iter_mut().zip(pair.public()) {
            *to = *from;
        }
        PublicKey { encoded }
    }
}

/// A point as SEC 1, section 2.3.3, writes it: uncompressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EncodedPoint(PublicKey);

impl From<&PublicKey> for EncodedPoint {
    fn from(key: &PublicKey) -> Self {
        EncodedPoint(*key)
    }
}

impl AsRef<[u8]> for EncodedPoint {
    fn as_ref(&self) -> &[u8] {
        &self.0.encoded
    }
}

#[cfg(test)]
mod tests {
    use super::ecdh::EphemeralSecret;
    use super::*;
    use rand_core::{CryptoRng, RngCore};

    struct Same(u8);

    impl RngCore for Same {
        fn next_u32(&mut self) -> u32 {
            self.0.into()
        }
        fn next_u64(&mut self) -> u64 {
            self.0.into()
        }
        fn fill_bytes(&mut self, bytes: &mut [u8]) {
            bytes.fill(self.0);
        }
        fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), rand_core::Error> {
            self.fill_bytes(bytes);
            Ok(())
        }
    }

    impl CryptoRng for Same {}

    #[test]
    fn two_sides_agree() {
        let [one, other] = [1, 2].map(|seed| EphemeralSecret::random(&mut Same(seed)));
        let keys = [&one, &other].map(EphemeralSecret::public_key);
        let sent = keys.map(|key| EncodedPoint::from(&key));
        let received =
            sent.map(|point| PublicKey::from_sec1_bytes(point.as_ref()).expect("a point"));
        assert_eq!(received, keys);
        assert_ne!(keys[0], keys[1]);
        let shared = one.diffie_hellman(&received[1]);
        let same = other.diffie_hellman(&received[0]);
        assert_eq!(shared.raw_secret_bytes().len(), 32);
        assert_eq!(shared.raw_secret_bytes(), same.raw_secret_bytes());
    }

    #[test]
    fn what_is_no_point_is_refused() {
        let key = EphemeralSecret::random(&mut Same(1)).public_key().encoded;
        assert!(PublicKey::from_sec1_bytes(&key).is_ok());
        let mut off_the_curve = key;
        off_the_curve[64] ^= 1;
        let mut hybrid = key;
        hybrid[0] = 6;
        for bad in [&off_the_curve[..], &hybrid, &key[..64], &[0], &[]] {
            assert!(PublicKey::from_sec1_bytes(bad).is_err());
        }
    }

    /// The order that `elliptic_curve` is told is the one that secrets are compared with.
    #[test]
    fn the_order() {
        let words = NistP256::ORDER.to_words();
        let limbs = words.map(|word| word as usize);
        assert_eq!(limbs, params::P256.order.m[..limbs.len()]);
    }

    #[test]
    fn nothing_is_signed() {
        use signature::Signer;
        let key = elliptic_curve::SecretKey::<NistP256>::from_slice(&[1; 32]).expect("in range");
        assert!(ecdsa::SigningKey::from(&key).try_sign(b"message").is_err());
    }
}

//! Ephemeral key agreement (RFC 8446, section 7.4.2).

use curves::ecdh::{KeyPair, NamedGroup};
use rand_core::CryptoRngCore;

use crate::PublicKey;

pub use curves::ecdh::SharedSecret;

/// A secret for one handshake.
pub struct EphemeralSecret(KeyPair);

impl EphemeralSecret {
    /// A new secret.
    ///
    /// # Panics
    /// `random` gives numbers that are none.
    pub fn random(random: &mut impl CryptoRngCore) -> Self {
        let pair = KeyPair::generate(NamedGroup::Secp256r1, &mut |out| random.fill_bytes(out));
        EphemeralSecret(pair.expect("a working source of random numbers"))
    }

    /// The public key of this secret.
    pub fn public_key(&self) -> PublicKey {
        PublicKey::of(&self.0)
    }

    /// The secret shared with the owner of `peer`.
    pub fn diffie_hellman(&self, peer: &PublicKey) -> SharedSecret {
        let shared = self.0.agree(&peer.encoded);
        shared.expect("a public key is a point of the group")
    }
}

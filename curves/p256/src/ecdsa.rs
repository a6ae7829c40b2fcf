//! The types that a client which signs would need. This one does not sign.

use elliptic_curve::SecretKey;
use signature::{Error, Signer};

use crate::NistP256;

/// A signature in DER, of which there are none.
pub enum DerSignature {}

impl AsRef<[u8]> for DerSignature {
    fn as_ref(&self) -> &[u8] {
        match *self {}
    }
}

/// A key that signs nothing.
pub struct SigningKey(());

impl From<&SecretKey<NistP256>> for SigningKey {
    fn from(_: &SecretKey<NistP256>) -> Self {
        SigningKey(())
    }
}

impl Signer<DerSignature> for SigningKey {
    fn try_sign(&self, _: &[u8]) -> Result<DerSignature, Error> {
        Err(Error::new())
    }
}

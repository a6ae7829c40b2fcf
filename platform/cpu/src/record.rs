//! The ciphers as the `aead` crate's traits, for a TLS that is generic over them.

use crate::AesGcm;
use aead::consts::{U0, U12, U16};
use aead::{AeadCore, AeadInPlace, Error, Key, KeyInit, KeySizeUser, Nonce, Result, Tag};

/// [`AesGcm`] with a 128-bit key as an [`AeadInPlace`].
pub struct Aes128GcmRecord(AesGcm);

impl KeySizeUser for Aes128GcmRecord {
    type KeySize = U16;
}

impl KeyInit for Aes128GcmRecord {
    #[inline]
    fn new(key: &Key<Self>) -> Self {
        Aes128GcmRecord(AesGcm::new(key))
    }
}

impl AeadCore for Aes128GcmRecord {
    type NonceSize = U12;
    type TagSize = U16;
    type CiphertextOverhead = U0;
}

impl AeadInPlace for Aes128GcmRecord {
    #[inline]
    fn encrypt_in_place_detached(
        &self,
        nonce: &Nonce<Self>,
        aad: &[u8],
        data: &mut [u8],
    ) -> Result<Tag<Self>> {
        Ok(self.0.seal(nonce.as_ref(), aad, data).into())
    }

    #[inline]
    fn decrypt_in_place_detached(
        &self,
        nonce: &Nonce<Self>,
        aad: &[u8],
        data: &mut [u8],
        tag: &Tag<Self>,
    ) -> Result<()> {
        if self.0.open(nonce.as_ref(), aad, data, tag.as_ref()) {
            Ok(())
        } else {
            Err(Error)
        }
    }
}

//! AES-GCM (NIST SP 800-38D) with 96-bit nonces and 128-bit tags, as TLS records use it.

use aead::{AeadInPlace, KeyInit};
use aes_gcm::{Aes128Gcm, Aes256Gcm};

/// AES-128-GCM or AES-256-GCM under one key.
pub struct AesGcm(Keyed);

#[expect(
    clippy::large_enum_variant,
    reason = "it lives on the stack, once per direction"
)]
enum Keyed {
    Aes128(Aes128Gcm),
    Aes256(Aes256Gcm),
}

impl AesGcm {
    /// AES-256 if `key` has 32 bytes, AES-128 if it has 16.
    ///
    /// No other length is of use to a caller. It does not panic: of 32 or more bytes the first 32 are the key, and of
    /// fewer the first 16, with zeros for what is missing.
    pub fn new(key: &[u8]) -> Self {
        if let Some(key) = key.first_chunk::<32>() {
            return AesGcm(Keyed::Aes256(Aes256Gcm::new(key.into())));
        }
        let mut padded = [0; 16];
        for (to, from) in padded.iter_mut().zip(key) {
            *to = *from;
        }
        AesGcm(Keyed::Aes128(Aes128Gcm::new((&padded).into())))
    }

    /// Encrypts `data` in place and returns the tag over it and `aad`. A nonce must not be used twice under one key.
    #[inline(never)]
    pub fn seal(&self, nonce: &[u8; 12], aad: &[u8], data: &mut [u8]) -> [u8; 16] {
        let nonce = nonce.into();
        match &self.0 {
            Keyed::Aes128(cipher) => cipher.encrypt_in_place_detached(nonce, aad, data),
            Keyed::Aes256(cipher) => cipher.encrypt_in_place_detached(nonce, aad, data),
        }
        .map_or([0; 16], Into::into)
    }

    /// Decrypts `data` in place if `tag` is the one over it and `aad`. If it is not, the result is false and `data`
    /// holds no plaintext.
    #[must_use]
    #[inline(never)]
    pub fn open(&self, nonce: &[u8; 12], aad: &[u8], data: &mut [u8], tag: &[u8; 16]) -> bool {
        let (nonce, tag) = (nonce.into(), tag.into());
        match &self.0 {
            Keyed::Aes128(cipher) => cipher.decrypt_in_place_detached(nonce, aad, data, tag),
            Keyed::Aes256(cipher) => cipher.decrypt_in_place_detached(nonce, aad, data, tag),
        }
        .is_ok()
    }
}

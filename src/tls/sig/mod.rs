//! Signatures of certificates and handshakes, verified.
//!
//! The arithmetic is that of [`curves`]. [`ALL`] is what rustls-webpki is given for
//! chains; [`verify_tls13`] and [`verify_tls12`] check the signature of a handshake. Which schemes are offered, and
//! what is signed, is left to the handshakes.

mod der;
mod ecdsa;
mod ed25519;
pub(crate) mod hash;
mod rsa;

use core::fmt;
use curves::group::Curve;
use curves::params::{P256, P384};
use hash::Hash;
use os::text;
use os::text::Template;
use pki_types::{AlgorithmIdentifier, InvalidSignature, SignatureVerificationAlgorithm, alg_id};

/// Why a signature was not accepted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SigError {
    /// The key is of a kind, or the scheme of a number, that is not known or not allowed here; or they do not match.
    Unsupported,
    /// The key is not well-formed, or its point is not in the group.
    BadKey,
    /// An RSA key below 2048 bits.
    WeakKey,
    /// The signature is not one of this message by this key.
    BadSignature,
}

impl SigError {
    /// Some words for an error line.
    pub const fn text(self) -> Template {
        match self {
            SigError::Unsupported => text!("unsupported signature scheme"),
            SigError::BadKey => text!("invalid public key"),
            SigError::WeakKey => text!("weak key (RSA below 2048 bits)"),
            SigError::BadSignature => text!("bad signature"),
        }
    }
}

/// How a key signs.
enum Scheme {
    Ecdsa(&'static Curve),
    RsaPkcs1,
    RsaPss,
    Ed25519,
}

/// A key type with a signature scheme and a hash function.
pub struct Algorithm {
    scheme: Scheme,
    hash: Hash,
    // SignatureScheme (RFC 8446, section 4.2.3), which for ECDSA in TLS 1.2 names the hash function alone.
    code: u16,
    tls13: bool,
    signature_id: AlgorithmIdentifier,
}

impl Algorithm {
    /// What a key for it is called in a SubjectPublicKeyInfo.
    #[inline(never)]
    fn key_id(&self) -> AlgorithmIdentifier {
        match self.scheme {
            Scheme::Ecdsa(curve) if curve.size == Hash::Sha256.len() => alg_id::ECDSA_P256,
            Scheme::Ecdsa(_) => alg_id::ECDSA_P384,
            Scheme::RsaPkcs1 | Scheme::RsaPss => alg_id::RSA_ENCRYPTION,
            Scheme::Ed25519 => alg_id::ED25519,
        }
    }

    const fn ecdsa(curve: &'static Curve, hash: Hash) -> Self {
        let (code, signature_id) = match hash {
            Hash::Sha256 => (0x0403, alg_id::ECDSA_SHA256),
            Hash::Sha384 => (0x0503, alg_id::ECDSA_SHA384),
            Hash::Sha512 => (0x0603, alg_id::ECDSA_SHA512),
        };
        Algorithm {
            scheme: Scheme::Ecdsa(curve),
            hash,
            code,
            tls13: curve.size == hash.len(),
            signature_id,
        }
    }

    const fn pkcs1(hash: Hash) -> Self {
        let (code, signature_id) = match hash {
            Hash::Sha256 => (0x0401, alg_id::RSA_PKCS1_SHA256),
            Hash::Sha384 => (0x0501, alg_id::RSA_PKCS1_SHA384),
            Hash::Sha512 => (0x0601, alg_id::RSA_PKCS1_SHA512),
        };
        Algorithm {
            scheme: Scheme::RsaPkcs1,
            hash,
            code,
            tls13: false,
            signature_id,
        }
    }

    const fn pss(hash: Hash) -> Self {
        let (code, signature_id) = match hash {
            Hash::Sha256 => (0x0804, alg_id::RSA_PSS_SHA256),
            Hash::Sha384 => (0x0805, alg_id::RSA_PSS_SHA384),
            Hash::Sha512 => (0x0806, alg_id::RSA_PSS_SHA512),
        };
        Algorithm {
            scheme: Scheme::RsaPss,
            hash,
            code,
            tls13: true,
            signature_id,
        }
    }

    /// Verifies `signature` of `message` by `key`, the contents of a SubjectPublicKeyInfo's BIT STRING.
    pub fn verify(&self, key: &[u8], message: &[u8], signature: &[u8]) -> Result<(), SigError> {
        if let Scheme::Ed25519 = self.scheme {
            return ed25519::verify(key, message, signature);
        }
        let digest = self.hash.digest(&[message]);
        let digest = digest.as_slice();
        match self.scheme {
            Scheme::Ecdsa(curve) => ecdsa::verify(curve, key, digest, signature),
            Scheme::RsaPkcs1 => rsa::verify_pkcs1(key, self.hash, digest, signature),
            _ => rsa::verify_pss(key, self.hash, digest, signature),
        }
    }
}

/// The algorithms, each once; [`ALL`] refers to them.
static ALGORITHMS: [Algorithm; 13] = [
    Algorithm::ecdsa(&P256, Hash::Sha256),
    Algorithm::ecdsa(&P384, Hash::Sha384),
    Algorithm::ecdsa(&P256, Hash::Sha384),
    Algorithm::ecdsa(&P384, Hash::Sha256),
    Algorithm::ecdsa(&P256, Hash::Sha512),
    Algorithm::ecdsa(&P384, Hash::Sha512),
    Algorithm::pkcs1(Hash::Sha256),
    Algorithm::pkcs1(Hash::Sha384),
    Algorithm::pkcs1(Hash::Sha512),
    Algorithm::pss(Hash::Sha256),
    Algorithm::pss(Hash::Sha384),
    Algorithm::pss(Hash::Sha512),
    Algorithm {
        scheme: Scheme::Ed25519,
        hash: Hash::Sha512,
        code: 0x0807,
        tls13: true,
        signature_id: alg_id::ED25519,
    },
];

/// Every algorithm, for rustls-webpki.
pub static ALL: &[&dyn SignatureVerificationAlgorithm] = &[
    &ALGORITHMS[0],
    &ALGORITHMS[1],
    &ALGORITHMS[2],
    &ALGORITHMS[3],
    &ALGORITHMS[4],
    &ALGORITHMS[5],
    &ALGORITHMS[6],
    &ALGORITHMS[7],
    &ALGORITHMS[8],
    &ALGORITHMS[9],
    &ALGORITHMS[10],
    &ALGORITHMS[11],
    &ALGORITHMS[12],
];

impl SignatureVerificationAlgorithm for Algorithm {
    fn verify_signature(
        &self,
        public_key: &[u8],
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), InvalidSignature> {
        self.verify(public_key, message, signature)
            .map_err(|_| InvalidSignature)
    }

    fn public_key_alg_id(&self) -> AlgorithmIdentifier {
        self.key_id()
    }

    fn signature_alg_id(&self) -> AlgorithmIdentifier {
        self.signature_id
    }
}

// The trait above asks for it; derived, it would bring the machinery of core::fmt.
impl fmt::Debug for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Algorithm")
    }
}

/// Verifies the `signature` with SignatureScheme `scheme` of a TLS 1.3 handshake (RFC 8446, section 4.4.3).
///
/// `spki` is the signer's DER-encoded SubjectPublicKeyInfo, `message` what is signed. RSASSA-PKCS1-v1_5 is not allowed
/// and the curve must be the scheme's own.
pub fn verify_tls13(
    scheme: u16,
    spki: &[u8],
    message: &[u8],
    signature: &[u8],
) -> Result<(), SigError> {
    verify(scheme, true, spki, message, signature)
}

/// Verifies the `signature` with SignatureScheme `scheme` of a TLS 1.2 handshake (RFC 8422, section 5.4, and RFC 8446,
/// section 4.2.3). Any curve may go with any hash function.
pub fn verify_tls12(
    scheme: u16,
    spki: &[u8],
    message: &[u8],
    signature: &[u8],
) -> Result<(), SigError> {
    verify(scheme, false, spki, message, signature)
}

fn verify(
    code: u16,
    tls13: bool,
    spki: &[u8],
    message: &[u8],
    signature: &[u8],
) -> Result<(), SigError> {
    let (id, key) = split_spki(spki).ok_or(SigError::BadKey)?;
    ALGORITHMS
        .iter()
        .find(|a| a.code == code && (a.tls13 || !tls13) && a.key_id().as_ref() == id)
        .ok_or(SigError::Unsupported)?
        .verify(key, message, signature)
}

/// Whether any signature by the key of the DER-encoded SubjectPublicKeyInfo `spki` can be accepted.
///
/// rustls-webpki tells a weak key and a false signature by one error; this tells them apart.
pub fn check_key(spki: &[u8]) -> Result<(), SigError> {
    let (id, key) = split_spki(spki).ok_or(SigError::BadKey)?;
    if id == alg_id::RSA_ENCRYPTION.as_ref() {
        return rsa::Key::decode(key).map(|_| ());
    }
    if ALGORITHMS.iter().any(|a| a.key_id().as_ref() == id) {
        Ok(())
    } else {
        Err(SigError::Unsupported)
    }
}

/// The contents of the AlgorithmIdentifier, and the key, of a SubjectPublicKeyInfo (RFC 5280, section 4.1).
fn split_spki(mut spki: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut fields = der::take(&mut spki, 0x30)?;
    let id = der::take(&mut fields, 0x30)?;
    let (0, key) = der::take(&mut fields, 3)?.split_first()? else {
        return None;
    };
    (spki.is_empty() && fields.is_empty()).then_some((id, key))
}

#[cfg(test)]
mod tests;
#[cfg(test)]
mod wycheproof;

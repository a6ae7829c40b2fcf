//! RSA signature verification (RFC 8017): RSASSA-PKCS1-v1_5 and RSASSA-PSS.

use super::SigError;
use super::der;
use super::hash::Hash;
use cpu::mont::Limb;
use curves::modulus::{
    MAX_BYTES, MAX_LIMBS, Modulus, ONE, from_bytes, less, negative_inverse, r_squared, to_bytes,
};

/// The least a modulus must have, by the rules of the web (CA/Browser Forum Baseline Requirements, section 6.1.5).
const MIN_BITS: usize = 2048;

/// Bytes of the longest public exponent: verification is to cost the same whatever the key. 65537 has three.
const MAX_EXPONENT_BYTES: usize = 4;

/// A public key that may be used.
pub(super) struct Key<'a> {
    modulus: &'a [u8],
    exponent: &'a [u8],
    /// The bits of the modulus.
    bits: usize,
}

impl<'a> Key<'a> {
    /// Reads a DER-encoded RSAPublicKey (RFC 8017, appendix A.1.1).
    ///
    /// [`SigError::WeakKey`] below 2048 bits, [`SigError::BadKey`] above 8192 bits, with an even or missing modulus
    /// or an exponent that is even, less than 3 or longer than 32 bits.
    pub(super) fn decode(der: &'a [u8]) -> Result<Self, SigError> {
        let [modulus, exponent] = der::two_integers(der).ok_or(SigError::BadKey)?;
        let (Some(&high), Some(&low)) = (modulus.first(), exponent.last()) else {
            return Err(SigError::BadKey);
        };
        let bits = modulus.len() * 8 - high.leading_zeros() as usize;
        if bits < MIN_BITS {
            return Err(SigError::WeakKey);
        }
        if modulus.len() > MAX_BYTES
            || modulus.last().is_none_or(|low| low & 1 == 0)
            || exponent.len() > MAX_EXPONENT_BYTES
            || exponent == [1]
            || low & 1 == 0
        {
            return Err(SigError::BadKey);
        }
        Ok(Key {
            modulus,
            exponent,
            bits,
        })
    }

    /// The encoded message in `signature`, as long as the modulus: RSAVP1 and I2OSP.
    fn open<'b>(
        &self,
        signature: &[u8],
        buffer: &'b mut [u8; MAX_BYTES],
    ) -> Result<&'b mut [u8], SigError> {
        let out = buffer
            .get_mut(..signature.len())
            .filter(|out| out.len() == self.modulus.len())
            .ok_or(SigError::BadSignature)?;
        let (mut limbs, mut rr, mut s) = ([0; MAX_LIMBS], [0; MAX_LIMBS], [0; MAX_LIMBS]);
        from_bytes(&mut limbs, self.modulus);
        from_bytes(&mut s, signature);
        if !less(&s, &limbs) {
            return Err(SigError::BadSignature);
        }
        let m0 = negative_inverse(limbs[0]);
        let m = limbs
            .get(..self.modulus.len().div_ceil(size_of::<Limb>()))
            .unwrap_or_default();
        r_squared(&mut rr, m, m0, self.bits);
        let modulus = Modulus { m, rr: &rr, m0 };
        let mut x = [0; MAX_LIMBS];
        modulus.mul(&mut x, &s, &rr);
        modulus.pow(&mut x, self.exponent);
        modulus.mul(&mut s, &x, &ONE);
        to_bytes(out, &s);
        Ok(out)
    }
}

/// Verifies by RSASSA-PKCS1-v1_5 (RFC 8017, section 8.2.2) a `signature` of a message with the hash value `digest`.
///
/// Every byte is compared with the one encoding that is right; nothing that the signer wrote is parsed.
pub(super) fn verify_pkcs1(
    key: &[u8],
    hash: Hash,
    digest: &[u8],
    signature: &[u8],
) -> Result<(), SigError> {
    let mut buffer = [0; MAX_BYTES];
    let message = Key::decode(key)?.open(signature, &mut buffer)?;
    let len = hash.len() as u8;
    // DigestInfo up to the hash value (RFC 8017, section 9.2, note 1).
    let info = [
        0x30,
        17 + len,
        0x30,
        0x0d,
        0x06,
        0x09,
        0x60,
        0x86,
        0x48,
        0x01,
        0x65,
        0x03,
        0x04,
        0x02,
        hash.oid_last_arc(),
        0x05,
        0x00,
        0x04,
        len,
    ];
    let padding = message
        .strip_suffix(digest)
        .and_then(|rest| rest.strip_suffix(&info))
        .and_then(|rest| rest.strip_prefix(&[0x00, 0x01]))
        .and_then(|rest| rest.strip_suffix(&[0x00]));
    match padding {
        Some(padding) if padding.iter().all(|&byte| byte == 0xff) => Ok(()),
        _ => Err(SigError::BadSignature),
    }
}

/// Verifies by RSASSA-PSS (RFC 8017, sections 8.1.2 and 9.1.2) with MGF1 of the same hash function and a salt as long
/// as the hash value: what TLS (RFC 8446, section 4.2.3) and certificates use.
pub(super) fn verify_pss(
    key: &[u8],
    hash: Hash,
    digest: &[u8],
    signature: &[u8],
) -> Result<(), SigError> {
    let mut buffer = [0; MAX_BYTES];
    let key = Key::decode(key)?;
    let message = key.open(signature, &mut buffer)?;
    if pss_matches(message, key.bits - 1, hash, digest).is_some() {
        Ok(())
    } else {
        Err(SigError::BadSignature)
    }
}

/// EMSA-PSS-VERIFY of `message`, which may have more bytes than `bits` needs; none if inconsistent.
fn pss_matches(message: &mut [u8], bits: usize, hash: Hash, digest: &[u8]) -> Option<()> {
    let unused = message.len() * 8 - bits;
    let (over, message) = message.split_at_mut_checked(unused / 8)?;
    let (message, trailer) = message.split_at_mut_checked(message.len().checked_sub(1)?)?;
    let (db, h) = message.split_at_mut_checked(message.len().checked_sub(hash.len())?)?;
    let high = 0xff_u8 >> (unused % 8);
    if over.iter().any(|&byte| byte != 0) || trailer != [0xbc] || db.first()? & !high != 0 {
        return None;
    }
    // MGF1 (RFC 8017, appendix B.2.1); 1024 bytes take 32 rounds at most.
    for (counter, chunk) in (0_u32..).zip(db.chunks_mut(hash.len())) {
        let mask = hash.digest(&[h, &counter.to_be_bytes()]);
        for (byte, mask) in chunk.iter_mut().zip(mask.as_slice()) {
            *byte ^= mask;
        }
    }
    *db.first_mut()? &= high;
    let (padding, salt) = db.split_at_checked(db.len().checked_sub(hash.len())?)?;
    let (one, zeros) = padding.split_last()?;
    if *one != 1 || zeros.iter().any(|&byte| byte != 0) {
        return None;
    }
    (hash.digest(&[&[0; 8], digest, salt]).as_slice() == h).then_some(())
}

//! The hash functions of signatures, chosen at run time.

use cpu::{Sha256, Sha384, Sha512};

/// A hash function of FIPS 180-4.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Hash {
    Sha256,
    Sha384,
    Sha512,
}

/// Bytes of the longest hash value.
const MAX_BYTES: usize = 64;

/// A hash value.
pub(super) struct Digest {
    bytes: [u8; MAX_BYTES],
    len: usize,
}

impl Digest {
    /// Its bytes.
    pub(super) fn as_slice(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }
}

impl Hash {
    /// Bytes of a hash value.
    pub(super) const fn len(self) -> usize {
        match self {
            Hash::Sha256 => 32,
            Hash::Sha384 => 48,
            Hash::Sha512 => 64,
        }
    }

    /// The last arc of its object identifier, 2.16.840.1.101.3.4.2.x (RFC 8017, appendix B.1).
    pub(super) const fn oid_last_arc(self) -> u8 {
        match self {
            Hash::Sha256 => 1,
            Hash::Sha384 => 2,
            Hash::Sha512 => 3,
        }
    }

    /// The hash value of `parts` as one message.
    #[inline(never)]
    pub(super) fn digest(self, parts: &[&[u8]]) -> Digest {
        match self {
            Hash::Sha256 => {
                let mut hash = Sha256::new();
                parts.iter().for_each(|part| hash.update(part));
                Digest::of(&hash.finish())
            }
            Hash::Sha384 => {
                let mut hash = Sha384::new();
                parts.iter().for_each(|part| hash.update(part));
                Digest::of(&hash.finish())
            }
            Hash::Sha512 => {
                let mut hash = Sha512::new();
                parts.iter().for_each(|part| hash.update(part));
                Digest::of(&hash.finish())
            }
        }
    }
}

impl Digest {
    fn of(value: &[u8]) -> Self {
        let mut digest = Digest {
            bytes: [0; MAX_BYTES],
            len: value.len(),
        };
        for (to, from) in digest.bytes.iter_mut().zip(value) {
            *to = *from;
        }
        digest
    }
}

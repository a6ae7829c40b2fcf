//! The hash functions of signatures and of TLS 1.2, chosen at run time.

use cpu::{Sha256, Sha384, Sha512};
use zeroize::Zeroize;

/// A hash function of FIPS 180-4.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Hash {
    Sha256,
    Sha384,
    Sha512,
}

/// Bytes of the longest hash value.
const MAX_BYTES: usize = 64;

/// A hash value.
pub(crate) struct Digest {
    bytes: [u8; MAX_BYTES],
    len: usize,
}

impl Digest {
    /// Its bytes.
    #[inline(never)]
    pub(crate) fn as_slice(&self) -> &[u8] {
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

    /// The hash of nothing yet.
    pub(crate) fn start(self) -> Running {
        match self {
            Hash::Sha256 => Running::Sha256(Sha256::new()),
            Hash::Sha384 => Running::Sha384(Sha384::new()),
            Hash::Sha512 => Running::Sha512(Sha512::new()),
        }
    }

    /// The hash value of `parts` as one message.
    #[inline(never)]
    pub(crate) fn digest(self, parts: &[&[u8]]) -> Digest {
        let mut hash = self.start();
        for part in parts {
            hash.update(part);
        }
        hash.finish()
    }
}

/// A computation under way.
#[derive(Clone)]
pub(crate) enum Running {
    Sha256(Sha256),
    Sha384(Sha384),
    Sha512(Sha512),
}

impl Running {
    /// Appends `data` to what is hashed.
    #[inline(never)]
    pub(crate) fn update(&mut self, data: &[u8]) {
        match self {
            Running::Sha256(hash) => hash.update(data),
            Running::Sha384(hash) => hash.update(data),
            Running::Sha512(hash) => hash.update(data),
        }
    }

    /// The hash value of all that was appended.
    #[inline(never)]
    pub(crate) fn finish(self) -> Digest {
        match self {
            Running::Sha256(hash) => Digest::of(&hash.finish()),
            Running::Sha384(hash) => Digest::of(&hash.finish()),
            Running::Sha512(hash) => Digest::of(&hash.finish()),
        }
    }
}

impl Digest {
    #[inline(never)]
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

impl Drop for Digest {
    fn drop(&mut self) {
        self.bytes.zeroize();
    }
}

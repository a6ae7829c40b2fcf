//! SHA-256, SHA-384 and SHA-512 (FIPS 180-4).
//!
//! SHA-256 hashes whole downloads and uses the processor's instructions; the other two hash a few certificates and are
//! kept small. The traits of the `digest` crate are there for HMAC and HKDF, which are generic over them.

mod constants;
mod sha256;
mod sha512;

#[cfg_attr(target_arch = "x86_64", path = "x86_64.rs")]
#[cfg_attr(
    all(target_arch = "aarch64", target_endian = "little"),
    path = "aarch64.rs"
)]
#[cfg_attr(
    not(any(
        target_arch = "x86_64",
        all(target_arch = "aarch64", target_endian = "little")
    )),
    path = "none.rs"
)]
mod hard;

pub use sha256::Sha256;
pub use sha512::{Sha384, Sha512};

/// Copies from `data` to the start of `room` as much as fits, and says how much that was.
#[inline]
fn fill(room: &mut [u8], data: &[u8]) -> usize {
    for (to, from) in room.iter_mut().zip(data) {
        *to = *from;
    }
    room.len().min(data.len())
}

/// Implements what `digest::Digest`, HMAC and HKDF ask of a hash function.
macro_rules! impl_digest {
    ($hash:ty, $block:ty, $output:ty) => {
        impl Default for $hash {
            #[inline]
            fn default() -> Self {
                Self::new()
            }
        }

        impl digest::HashMarker for $hash {}

        impl digest::crypto_common::BlockSizeUser for $hash {
            type BlockSize = $block;
        }

        impl digest::OutputSizeUser for $hash {
            type OutputSize = $output;
        }

        impl digest::Update for $hash {
            #[inline]
            fn update(&mut self, data: &[u8]) {
                Self::update(self, data);
            }
        }

        impl digest::Reset for $hash {
            #[inline]
            fn reset(&mut self) {
                *self = Self::new();
            }
        }

        impl digest::FixedOutput for $hash {
            #[inline]
            fn finalize_into(self, out: &mut digest::Output<Self>) {
                *out = self.finish().into();
            }
        }
    };
}
use impl_digest;

#[cfg(test)]
mod tests;

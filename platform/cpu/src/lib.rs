//! The hot loops, built at opt-level 3.
//!
//! - [`AesGcm`] and [`ChaCha20Poly1305`]: the protection of TLS records, in place.
//! - [`Sha256`], [`Sha384`], [`Sha512`].
//! - [`Fingerprint`]: whether the same bytes came twice.
//! - [`mont`]: the arithmetic of signatures and key agreement.
//!
//! Everything public is concrete: generic code would be compiled in the crate that uses it, at its opt-level. So is what
//! is `#[inline]` here, on purpose: all but the loops that gain from opt-level 3, which are `#[inline(never)]`.

#![no_std]

#[cfg(test)]
extern crate std;

mod aes_gcm;
mod chacha20poly1305;
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
mod detect;
mod fingerprint;
pub mod mont;
mod sha2;
#[cfg(test)]
mod vectors;

pub use aes_gcm::AesGcm;
pub use chacha20poly1305::ChaCha20Poly1305;
pub use fingerprint::Fingerprint;
pub use sha2::{Sha256, Sha384, Sha512};

/// Tells which instructions an AArch64 processor has: bits as in Linux's AT_HWCAP (3: AES, 4: PMULL, 6: SHA2).
///
/// To be called once, at the start of the process, by whoever reads the auxiliary vector or asks the system in another
/// way. Without it the portable code is used, unless the target has the instructions by definition. Other processors
/// are asked directly and ignore this.
pub fn set_hwcap(hwcap: usize) {
    #[cfg(target_arch = "aarch64")]
    detect::told(hwcap);
    #[cfg(not(target_arch = "aarch64"))]
    let _ = hwcap;
}

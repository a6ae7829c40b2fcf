//! Which instructions this processor has. The answer is kept: under a hypervisor, asking takes microseconds.

use core::sync::atomic::{AtomicU8, Ordering};

/// AES rounds and carry-less multiplication.
pub(crate) const AES: u8 = 1;
/// SHA-256 rounds.
pub(crate) const SHA256: u8 = 2;
/// The processor was asked.
const KNOWN: u8 = 4;

static FOUND: AtomicU8 = AtomicU8::new(0);

/// Whether it has `feature`.
#[inline]
pub(crate) fn has(feature: u8) -> bool {
    let mut found = FOUND.load(Ordering::Relaxed);
    if found == 0 {
        found = ask() | KNOWN;
        FOUND.store(found, Ordering::Relaxed);
    }
    found & feature != 0
}

/// Remembers what Linux's AT_HWCAP, or another system in its form, says of an AArch64 processor.
#[cfg(target_arch = "aarch64")]
pub(crate) fn told(hwcap: usize) {
    const FOR_AES: usize = 1 << 3 | 1 << 4;
    const FOR_SHA: usize = 1 << 6;
    let mut found = ask();
    if hwcap & FOR_AES == FOR_AES {
        found |= AES;
    }
    if hwcap & FOR_SHA == FOR_SHA {
        found |= SHA256;
    }
    FOUND.store(found | KNOWN, Ordering::Relaxed);
}

/// What every processor of the target has.
#[cfg(target_arch = "aarch64")]
fn ask() -> u8 {
    let mut found = 0;
    if cfg!(target_feature = "aes") {
        found |= AES;
    }
    if cfg!(target_feature = "sha2") {
        found |= SHA256;
    }
    found
}

/// CPUID: leaf 1 has PCLMULQDQ (ECX bit 1), SSSE3 (9), SSE4.1 (19) and AES (25), leaf 7 has SHA (EBX bit 29).
#[cfg(target_arch = "x86_64")]
#[cold]
fn ask() -> u8 {
    use core::arch::x86_64::{__cpuid, __cpuid_count};
    const FOR_AES: u32 = 1 << 1 | 1 << 9 | 1 << 25;
    const FOR_SHA: u32 = 1 << 9 | 1 << 19;
    // Miri interprets no CPUID: what it checks is the code for every processor.
    if cfg!(miri) {
        return 0;
    }
    let basic = __cpuid(1).ecx;
    let mut found = 0;
    if basic & FOR_AES == FOR_AES {
        found |= AES;
    }
    if basic & FOR_SHA == FOR_SHA && __cpuid(0).eax >= 7 && __cpuid_count(7, 0).ebx >> 29 & 1 != 0 {
        found |= SHA256;
    }
    found
}

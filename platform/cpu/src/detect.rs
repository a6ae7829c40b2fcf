//! Which instructions this processor has. The answer is kept: under a hypervisor, asking takes microseconds.

use core::sync::atomic::{AtomicU8, Ordering};

/// AES rounds and carry-less multiplication.
pub(crate) const AES: u8 = 1;
/// SHA-256 rounds.
pub(crate) const SHA256: u8 = 2;
/// The first of these for two blocks at once.
#[cfg(target_arch = "x86_64")]
pub(crate) const WIDE_AES: u8 = 4;
/// The processor was asked.
const KNOWN: u8 = 8;

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

/// CPUID: leaf 1 has PCLMULQDQ (ECX bit 1), SSSE3 (9), SSE4.1 (19), AES (25), XGETBV (27) and AVX (28), leaf 7 has AVX2
/// (EBX bit 5), SHA (29), VAES (ECX bit 9) and VPCLMULQDQ (10).
#[cfg(target_arch = "x86_64")]
#[cold]
fn ask() -> u8 {
    use core::arch::x86_64::{__cpuid, __cpuid_count, _xgetbv};
    const FOR_AES: u32 = 1 << 1 | 1 << 9 | 1 << 25;
    const FOR_SHA: u32 = 1 << 9 | 1 << 19;
    const FOR_WIDE: u32 = 1 << 27 | 1 << 28;
    const WIDE: u32 = 1 << 9 | 1 << 10;
    // Miri interprets no CPUID: what it checks is the code for every processor.
    if cfg!(miri) {
        return 0;
    }
    let basic = __cpuid(1).ecx;
    let mut found = 0;
    if basic & FOR_AES == FOR_AES {
        found |= AES;
    }
    if __cpuid(0).eax < 7 {
        return found;
    }
    let extended = __cpuid_count(7, 0);
    if basic & FOR_SHA == FOR_SHA && extended.ebx >> 29 & 1 != 0 {
        found |= SHA256;
    }
    if found & AES != 0
        && basic & FOR_WIDE == FOR_WIDE
        && extended.ebx >> 5 & 1 != 0
        && extended.ecx & WIDE == WIDE
        // The system has to keep both halves of the registers, bits 1 and 2, for each process.
        // SAFETY: bit 27 says that the instruction is there.
        && unsafe { _xgetbv(0) } & 6 == 6
    {
        found |= WIDE_AES;
    }
    found
}

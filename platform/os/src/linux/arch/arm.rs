//! arm, in ARM state, with the hard-float ABI: Procedure Call Standard for the Arm Architecture.

/// The numbers of the system calls made through [`syscall4`].
pub mod nr {
    #![allow(missing_docs)]
    /// With 32-bit time.
    pub const CLOCK_GETTIME: usize = 263;
    /// With 64-bit time, since Linux 5.1.
    pub const CLOCK_GETTIME64: usize = 403;
    pub const EXIT_GROUP: usize = 248;
    pub const GETPID: usize = 20;
    pub const KILL: usize = 37;
    pub const MPROTECT: usize = 125;
    pub const NANOSLEEP: usize = 162;
    pub const RT_SIGACTION: usize = 174;
    pub const SECCOMP: usize = 383;
}

/// AUDIT_ARCH_ARM: whose calls a filter sees.
pub const AUDIT: u32 = 0x4000_0028;

/// The largest page that a kernel for it can have: a 64-bit one that runs 32-bit programs, too.
pub const LARGEST_PAGE: usize = 65536;

/// A system call with up to four arguments; a negative result is an error number.
///
/// # Safety
/// The arguments must be what the call expects: pointers valid for as long as the kernel uses them.
#[inline(always)]
pub unsafe fn syscall4(number: usize, a: usize, b: usize, c: usize, d: usize) -> isize {
    let result;
    // SAFETY: the kernel changes r0 and what the arguments point to; the caller vouches for those.
    unsafe {
        core::arch::asm!(
            "svc 0",
            in("r7") number,
            inlateout("r0") a as isize => result,
            in("r1") b, in("r2") c, in("r3") d,
            options(nostack, preserves_flags),
        );
    }
    result
}

/// The entry point `_start` of an image.
///
/// The kernel enters with the stack pointer at argc and nothing else defined; the outermost frame is marked by a zero
/// frame pointer, and calls want the stack aligned to 8 bytes. In ARM state pc reads as two instructions further on.
#[macro_export]
#[doc(hidden)]
macro_rules! image_arm {
    ($start:path, $layout:literal) => {
        core::arch::global_asm!(
            ".syntax unified",
            ".arm",
            ".globl _start",
            ".type _start,%function",
            "_start:",
            "mov fp, #0",
            "mov lr, #0",
            "mov r0, sp",
            "ldr r1, 3f",
            "2:",
            "add r1, pc, r1",
            "bic sp, sp, #7",
            "bl {start}",
            "udf #0",
            "3:",
            concat!(".long ", $layout, " - (2b + 8)"),
            ".size _start, . - _start",
            start = sym $start,
        );
    };
}
pub use image_arm as image;

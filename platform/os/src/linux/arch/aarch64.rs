//! aarch64: Procedure Call Standard for the Arm 64-bit Architecture.

/// The numbers of the system calls made through [`syscall4`].
pub mod nr {
    #![allow(missing_docs)]
    pub const CLOCK_GETTIME: usize = 113;
    pub const EXIT_GROUP: usize = 94;
    pub const GETPID: usize = 172;
    pub const KILL: usize = 129;
    pub const MPROTECT: usize = 226;
    pub const NANOSLEEP: usize = 101;
    pub const RT_SIGACTION: usize = 134;
    pub const SECCOMP: usize = 277;
}

/// AUDIT_ARCH_AARCH64: whose calls a filter sees.
pub const AUDIT: u32 = 0xc000_00b7;

/// The largest page that a kernel for it can have.
pub const LARGEST_PAGE: usize = 65536;

/// A system call with up to four arguments; a negative result is an error number.
///
/// # Safety
/// The arguments must be what the call expects: pointers valid for as long as the kernel uses them.
#[inline(always)]
pub unsafe fn syscall4(number: usize, a: usize, b: usize, c: usize, d: usize) -> isize {
    let result;
    // SAFETY: the kernel changes x0 and what the arguments point to; the caller vouches for those.
    unsafe {
        core::arch::asm!(
            "svc 0",
            in("x8") number,
            inlateout("x0") a as isize => result,
            in("x1") b, in("x2") c, in("x3") d,
            options(nostack, preserves_flags),
        );
    }
    result
}

/// The entry point `_start` of an image.
///
/// The kernel enters with the stack pointer at argc, aligned to 16 bytes, and nothing else defined; the outermost frame
/// is marked by a zero frame pointer.
#[macro_export]
#[doc(hidden)]
macro_rules! image_aarch64 {
    ($start:path, $layout:literal) => {
        core::arch::global_asm!(
            ".globl _start",
            ".type _start,%function",
            "_start:",
            "mov x29, xzr",
            "mov x30, xzr",
            "mov x0, sp",
            concat!("adrp x1, ", $layout),
            concat!("add x1, x1, :lo12:", $layout),
            "bl {start}",
            "udf #0",
            ".size _start, . - _start",
            start = sym $start,
        );
    };
}
pub use image_aarch64 as image;

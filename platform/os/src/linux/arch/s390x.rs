//! s390x: ELF Application Binary Interface, s390x Supplement.

/// The numbers of the system calls made through [`syscall4`].
pub mod nr {
    #![allow(missing_docs)]
    pub const CLOCK_GETTIME: usize = 260;
    pub const EXIT_GROUP: usize = 248;
    pub const GETPID: usize = 20;
    pub const KILL: usize = 37;
    pub const MPROTECT: usize = 125;
    pub const NANOSLEEP: usize = 162;
    pub const RT_SIGACTION: usize = 174;
    pub const SECCOMP: usize = 348;
}

/// AUDIT_ARCH_S390X: whose calls a filter sees.
pub const AUDIT: u32 = 0x8000_0016;

/// The largest page that a kernel for it can have.
pub const LARGEST_PAGE: usize = 4096;

/// A system call with up to four arguments; a negative result is an error number.
///
/// # Safety
/// The arguments must be what the call expects: pointers valid for as long as the kernel uses them.
#[inline(always)]
pub unsafe fn syscall4(number: usize, a: usize, b: usize, c: usize, d: usize) -> isize {
    let result;
    // SAFETY: the kernel changes r2 and what the arguments point to; the caller vouches for those.
    unsafe {
        core::arch::asm!(
            "svc 0",
            in("r1") number,
            inlateout("r2") a as isize => result,
            in("r3") b, in("r4") c, in("r5") d,
            options(nostack, preserves_flags),
        );
    }
    result
}

/// The entry point `_start` of an image.
///
/// The kernel enters with the stack pointer at argc, aligned to 8 bytes as calls want it. What is called has 160 bytes
/// above its stack pointer to save registers in, the first of them the back chain, zero in the outermost frame.
#[macro_export]
#[doc(hidden)]
macro_rules! image_s390x {
    ($start:path, $layout:literal) => {
        core::arch::global_asm!(
            ".globl _start",
            ".type _start,@function",
            "_start:",
            "lgr %r2, %r15",
            concat!("larl %r3, ", $layout),
            "aghi %r15, -160",
            "xc 0(8,%r15), 0(%r15)",
            "brasl %r14, {start}",
            // There is no undefined instruction by name; this halts in place, like a call that does not return.
            "j .",
            ".size _start, . - _start",
            start = sym $start,
        );
    };
}
pub use image_s390x as image;

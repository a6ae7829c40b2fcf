//! powerpc64, little-endian: Power Architecture 64-bit ELF V2 ABI.

/// The numbers of the system calls made through [`syscall4`].
pub mod nr {
    #![allow(missing_docs)]
    pub const CLOCK_GETTIME: usize = 246;
    pub const EXIT_GROUP: usize = 234;
    pub const GETPID: usize = 20;
    pub const KILL: usize = 37;
    pub const MPROTECT: usize = 125;
    pub const NANOSLEEP: usize = 162;
    pub const RT_SIGACTION: usize = 173;
    pub const SECCOMP: usize = 358;
}

/// AUDIT_ARCH_PPC64LE: whose calls a filter sees.
pub const AUDIT: u32 = 0xc000_0015;

/// The largest page that a kernel for it can have.
pub const LARGEST_PAGE: usize = 65536;

/// A system call with up to four arguments; a negative result is an error number.
///
/// The kernel gives error numbers as positive ones and sets the summary overflow bit of cr0.
///
/// # Safety
/// The arguments must be what the call expects: pointers valid for as long as the kernel uses them.
#[inline(always)]
pub unsafe fn syscall4(number: usize, a: usize, b: usize, c: usize, d: usize) -> isize {
    let result;
    // SAFETY: the kernel changes the volatile registers and what the arguments point to; the caller vouches for those.
    unsafe {
        core::arch::asm!(
            "sc",
            "bns 2f",
            "neg 3, 3",
            "2:",
            inlateout("r0") number => _,
            inlateout("r3") a as isize => result,
            inlateout("r4") b => _, inlateout("r5") c => _, inlateout("r6") d => _,
            lateout("r7") _, lateout("r8") _, lateout("r9") _, lateout("r10") _, lateout("r11") _, lateout("r12") _,
            lateout("cr0") _, lateout("ctr") _, lateout("xer") _,
            options(nostack),
        );
    }
    result
}

/// The entry point `_start` of an image.
///
/// The kernel enters with the stack pointer at argc, aligned to 16 bytes. Code expects the TOC pointer in r2, here found
/// from where this runs, and a frame whose back chain is zero in the outermost one.
#[macro_export]
#[doc(hidden)]
macro_rules! image_powerpc64 {
    ($start:path, $layout:literal) => {
        core::arch::global_asm!(
            ".globl _start",
            ".type _start,@function",
            "_start:",
            "bcl 20, 31, 2f",
            "2:",
            "mflr 12",
            "addis 2, 12, (.TOC. - 2b)@ha",
            "addi 2, 2, (.TOC. - 2b)@l",
            concat!("addis 4, 12, (", $layout, " - 2b)@ha"),
            concat!("addi 4, 4, (", $layout, " - 2b)@l"),
            "mr 3, 1",
            "li 0, 0",
            "mtlr 0",
            "stdu 0, -128(1)",
            "bl {start}",
            "nop",
            "trap",
            ".size _start, . - _start",
            start = sym $start,
        );
    };
}
pub use image_powerpc64 as image;

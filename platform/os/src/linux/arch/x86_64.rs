//! x86_64: System V ABI, AMD64 supplement.

/// The numbers of the system calls made through [`syscall4`].
pub mod nr {
    #![allow(missing_docs)]
    pub const CLOCK_GETTIME: usize = 228;
    pub const EXIT_GROUP: usize = 231;
    pub const GETPID: usize = 39;
    pub const KILL: usize = 62;
    pub const MPROTECT: usize = 10;
    pub const NANOSLEEP: usize = 35;
    pub const RT_SIGACTION: usize = 13;
    pub const SECCOMP: usize = 317;
}

/// AUDIT_ARCH_X86_64: whose calls a filter sees.
pub const AUDIT: u32 = 0xc000_003e;

/// The largest page that a kernel for it can have.
pub const LARGEST_PAGE: usize = 4096;

/// A system call with up to four arguments; a negative result is an error number.
///
/// # Safety
/// The arguments must be what the call expects: pointers valid for as long as the kernel uses them.
#[inline(always)]
pub unsafe fn syscall4(number: usize, a: usize, b: usize, c: usize, d: usize) -> isize {
    let result;
    // SAFETY: the kernel changes rax, rcx, r11 and what the arguments point to; the caller vouches for those.
    unsafe {
        core::arch::asm!(
            "syscall",
            inlateout("rax") number as isize => result,
            in("rdi") a, in("rsi") b, in("rdx") c, in("r10") d,
            lateout("rcx") _, lateout("r11") _,
            options(nostack),
        );
    }
    result
}

/// The entry point `_start` of an image.
///
/// The kernel enters with the stack pointer at argc and nothing else defined; the ABI wants the outermost frame marked
/// by a zero frame pointer and the stack aligned to 16 bytes.
#[macro_export]
#[doc(hidden)]
macro_rules! image_x86_64 {
    ($start:path, $layout:literal) => {
        core::arch::global_asm!(
            ".globl _start",
            ".type _start,@function",
            "_start:",
            "xor ebp, ebp",
            "mov rdi, rsp",
            concat!("lea rsi, [rip + ", $layout, "]"),
            "and rsp, -16",
            "call {start}",
            "ud2",
            ".size _start, . - _start",
            start = sym $start,
        );
    };
}
pub use image_x86_64 as image;

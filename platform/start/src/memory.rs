//! The functions that the compiler calls by name and that a libc would have.
//!
//! Small before fast: the bytes of a body are moved by the kernel and by the loops of the `cpu` crate, not by these. On
//! x86_64 the string instructions are both.

#[cfg(target_arch = "x86_64")]
mod copy {
    use core::arch::asm;

    #[unsafe(no_mangle)]
    unsafe extern "C" fn memcpy(to: *mut u8, from: *const u8, n: usize) -> *mut u8 {
        // SAFETY: the caller vouches for n bytes at both places; the direction flag is clear by the ABI.
        unsafe {
            asm!("rep movsb", inout("rcx") n => _, inout("rdi") to => _, inout("rsi") from => _,
                options(nostack, preserves_flags));
        }
        to
    }

    #[unsafe(no_mangle)]
    unsafe extern "C" fn memmove(to: *mut u8, from: *const u8, n: usize) -> *mut u8 {
        // SAFETY: as for memcpy; where the destination begins inside the source the copy runs from the end, and the
        // direction flag is cleared again.
        unsafe {
            if (to as usize).wrapping_sub(from as usize) >= n {
                return memcpy(to, from, n);
            }
            asm!("std", "rep movsb", "cld", inout("rcx") n => _,
                inout("rdi") to.add(n).sub(1) => _, inout("rsi") from.add(n).sub(1) => _, options(nostack));
        }
        to
    }

    #[unsafe(no_mangle)]
    unsafe extern "C" fn memset(to: *mut u8, byte: i32, n: usize) -> *mut u8 {
        // SAFETY: the caller vouches for n bytes.
        unsafe {
            asm!("rep stosb", inout("rcx") n => _, inout("rdi") to => _, in("al") byte as u8,
                options(nostack, preserves_flags));
        }
        to
    }
}

/// Nothing, in a way that the compiler cannot see through: it would turn these loops into calls of themselves.
#[inline(always)]
fn opaque() {
    // SAFETY: no instructions.
    unsafe { core::arch::asm!("", options(nomem, nostack, preserves_flags)) }
}

#[cfg(not(target_arch = "x86_64"))]
mod copy {
    use super::opaque;

    const WORD: usize = size_of::<usize>();

    #[unsafe(no_mangle)]
    unsafe extern "C" fn memcpy(to: *mut u8, from: *const u8, n: usize) -> *mut u8 {
        let mut i = 0;
        // SAFETY: the caller vouches for n bytes at both places; words are only used where both are aligned.
        unsafe {
            if (to as usize | from as usize).is_multiple_of(WORD) {
                while n - i >= WORD {
                    *to.add(i).cast::<usize>() = *from.add(i).cast();
                    i += WORD;
                    opaque();
                }
            }
            while i < n {
                *to.add(i) = *from.add(i);
                i += 1;
                opaque();
            }
        }
        to
    }

    #[unsafe(no_mangle)]
    unsafe extern "C" fn memmove(to: *mut u8, from: *const u8, n: usize) -> *mut u8 {
        // SAFETY: as for memcpy, which runs upwards and so may be used unless the destination begins in the source.
        unsafe {
            if (to as usize).wrapping_sub(from as usize) >= n {
                return memcpy(to, from, n);
            }
            let mut i = n;
            while i > 0 {
                i -= 1;
                *to.add(i) = *from.add(i);
                opaque();
            }
        }
        to
    }

    #[unsafe(no_mangle)]
    unsafe extern "C" fn memset(to: *mut u8, byte: i32, n: usize) -> *mut u8 {
        let mut i = 0;
        // SAFETY: the caller vouches for n bytes.
        unsafe {
            while i < n {
                *to.add(i) = byte as u8;
                i += 1;
                opaque();
            }
        }
        to
    }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn memcmp(a: *const u8, b: *const u8, n: usize) -> i32 {
    let mut i = 0;
    // SAFETY: the caller vouches for n bytes at both places.
    unsafe {
        while i < n {
            let (x, y) = (*a.add(i), *b.add(i));
            if x != y {
                return i32::from(x) - i32::from(y);
            }
            i += 1;
            opaque();
        }
    }
    0
}

#[unsafe(no_mangle)]
unsafe extern "C" fn bcmp(a: *const u8, b: *const u8, n: usize) -> i32 {
    // SAFETY: as the caller's.
    unsafe { memcmp(a, b, n) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn strlen(s: *const u8) -> usize {
    let mut n = 0;
    // SAFETY: the caller vouches for a zero byte.
    unsafe {
        while *s.add(n) != 0 {
            n += 1;
            opaque();
        }
    }
    n
}

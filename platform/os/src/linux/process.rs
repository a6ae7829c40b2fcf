//! How a process begins and ends.

use super::arch::{LARGEST_PAGE, nr, syscall4};
pub use super::signal::discard_unfinished;
use linux_raw_sys::general::{__NR_fcntl, F_GETPIPE_SZ, F_SETPIPE_SZ};

/// Ends the process with `status`.
pub fn exit(status: i32) -> ! {
    // SAFETY: exit_group takes no pointers and does not return.
    unsafe { syscall4(nr::EXIT_GROUP, status as usize, 0, 0, 0) };
    unreachable!()
}

/// Lets the standard output, where it is a pipe, hold as much as is written at once: who fills it and who empties it need
/// not wait for each other at every 64 KiB. Kernels refuse it to users that have many large pipes.
pub fn widen_stdout() {
    const SIZE: isize = 512 << 10;
    let stdout = |request, argument| {
        // SAFETY: these requests have no pointers. What is no pipe has no size, and a kernel before 2.6.35 knows neither.
        unsafe { syscall4(__NR_fcntl as usize, 1, request as usize, argument, 0) }
    };
    if (1..SIZE).contains(&stdout(F_GETPIPE_SZ, 0)) {
        stdout(F_SETPIPE_SZ, SIZE as usize);
    }
}

/// Where the linker script put things, as distances from the table itself: the only form that is right before
/// relocation. The `start` crate emits it; `link.ld` defines the symbols.
#[repr(C)]
pub struct Layout {
    image: i32,
    relr: i32,
    relr_end: i32,
    relro: i32,
    relro_end: i32,
}

/// Adds the load address to each word that holds an address (the relocations of DT_RELR), then makes those words
/// read-only.
///
/// # Safety
/// Runs once, first of all, on the table of the running image, whose linked address is 0.
#[inline(always)] // A call from another crate may go through the GOT, which is one of the things to relocate.
pub unsafe fn relocate(layout: *const Layout) {
    const PROT_READ: usize = 1;
    const EINVAL: isize = 22;
    // SAFETY: the linker put the relocation words between relr and relr_end, aligned; what they name are words of the
    // image's RELRO segment, which is still writable and which no Rust code has looked at yet.
    unsafe {
        let at = |distance: i32| layout.cast::<u8>().offset(distance as isize) as *mut usize;
        let base = at((*layout).image) as usize;
        let mut entry = at((*layout).relr);
        let mut next = entry;
        while entry < at((*layout).relr_end) {
            let word = entry.read();
            // An even word is an address to relocate; an odd one is a bitmap of the words that follow it.
            if word & 1 == 0 {
                next = (base + word) as *mut usize;
                *next += base;
                next = next.add(1);
            } else {
                for bit in 1..usize::BITS {
                    if word >> bit & 1 != 0 {
                        *next.add(bit as usize - 1) += base;
                    }
                }
                next = next.add(usize::BITS as usize - 1);
            }
            entry = entry.add(1);
        }
        // The script gives the segment pages of its own, however large they are. Below a page's beginning there may be
        // nothing, so the start has to be the page's exactly. A kernel that refuses leaves it writable, as it was.
        let mut start = at((*layout).relro) as usize;
        let end = at((*layout).relro_end) as usize;
        let mut page = 4096;
        while syscall4(nr::MPROTECT, start, end - start, PROT_READ, 0) == -EINVAL
            && page < LARGEST_PAGE
        {
            page *= 4;
            start &= page.wrapping_neg();
        }
    }
}

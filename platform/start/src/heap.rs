//! The allocator: a fixed arena and a mark that moves up.
//!
//! The last block can grow, shrink and be given back in place; others stay until the process ends. A fetch allocates a
//! few buffers and many short strings, and nothing in a loop over a body, so that is enough; and pages that were never
//! touched are never resident.

use core::alloc::{GlobalAlloc, Layout};
use core::cell::UnsafeCell;
use core::ptr::{copy_nonoverlapping, null_mut};

/// In bytes. Reserved in .bss, where it takes neither room in the file nor, before it is used, memory.
const ARENA: usize = 8 << 20;

#[repr(C, align(64))]
struct Heap {
    arena: UnsafeCell<[u8; ARENA]>,
    used: UnsafeCell<usize>,
}

// SAFETY: the process has one thread, and the signal handler does not allocate.
unsafe impl Sync for Heap {}

#[global_allocator]
static HEAP: Heap = Heap {
    arena: UnsafeCell::new([0; ARENA]),
    used: UnsafeCell::new(0),
};

impl Heap {
    /// Whether the block of `size` bytes at `block` is the one that was allocated last.
    unsafe fn is_last(&self, block: *mut u8, size: usize) -> bool {
        // SAFETY: one thread; `block` is in the arena.
        unsafe { block.add(size) == self.arena.get().cast::<u8>().add(*self.used.get()) }
    }
}

// SAFETY: blocks are disjoint parts of the arena, aligned as asked; null where it is used up.
unsafe impl GlobalAlloc for Heap {
    #[inline(never)]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: one thread; `start + size` is checked against the arena before the pointer is made.
        unsafe {
            let used = self.used.get();
            // The arena is aligned to 64, so alignment up to that is of the offset; nothing asks for more.
            let start = (*used + layout.align() - 1) & !(layout.align() - 1);
            if layout.align() > 64 || start > ARENA || layout.size() > ARENA - start {
                return null_mut();
            }
            *used = start + layout.size();
            self.arena.get().cast::<u8>().add(start)
        }
    }

    #[inline(never)]
    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: `block` was allocated here with this layout.
        unsafe {
            if self.is_last(block, layout.size()) {
                *self.used.get() -= layout.size();
            }
        }
    }

    #[inline(never)]
    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: as above; a block that moves is copied before it is given back.
        unsafe {
            if self.is_last(block, layout.size()) {
                let start = *self.used.get() - layout.size();
                if size > ARENA - start {
                    return null_mut();
                }
                *self.used.get() = start + size;
                return block;
            }
            if size <= layout.size() {
                return block;
            }
            let new = self.alloc(Layout::from_size_align_unchecked(size, layout.align()));
            if !new.is_null() {
                copy_nonoverlapping(block, new, layout.size());
            }
            new
        }
    }
}

//! The allocator: a fixed arena, a mark that moves up, and a list of what was given back below it.
//!
//! A fetch allocates a few buffers and many short strings, and nothing in a loop over a body; but it may go through
//! thousands of connections, each with buffers of its own. So what is given back is found again. The last block grows
//! and shrinks in place. Pages that were never touched are never resident.

use core::alloc::{GlobalAlloc, Layout};
use core::cell::{Cell, UnsafeCell};
use core::ptr::{copy_nonoverlapping, null_mut};

/// In bytes. Reserved in .bss, where it takes neither room in the file nor, before it is used, memory.
const ARENA: usize = 8 << 20;

/// Blocks begin at multiples of it and have a size that is one, in bytes: what is given back holds a [`Free`].
const UNIT: usize = 16;

/// The largest alignment, which is that of the arena. Nothing asks for more.
const MAX_ALIGN: usize = 64;

/// No place: the first unit of the arena is never used. That it is 0 keeps the arena in .bss.
const NONE: usize = 0;

/// What a block that was given back begins with. Places are distances from the arena's start.
struct Free {
    /// The next one up, or [`NONE`].
    next: usize,
    size: usize,
}

/// The arena and what of it is in use.
#[repr(C, align(64))]
pub(crate) struct Heap {
    arena: UnsafeCell<[u8; ARENA]>,
    /// Everything from here on is not used; 0 before the first block is.
    used: Cell<usize>,
    /// The first block that was given back, or [`NONE`]. None of them ends at `used` and no two touch.
    free: Cell<usize>,
}

// SAFETY: the process has one thread, and the signal handler does not allocate.
unsafe impl Sync for Heap {}

fn round_up(n: usize, unit: usize) -> usize {
    (n + unit - 1) & !(unit - 1)
}

impl Heap {
    /// An arena of which nothing is used.
    pub(crate) const fn new() -> Self {
        Heap {
            arena: UnsafeCell::new([0; ARENA]),
            used: Cell::new(0),
            free: Cell::new(NONE),
        }
    }

    /// The bytes of the arena up to the last one in use.
    #[cfg(test)]
    pub(crate) fn used(&self) -> usize {
        self.used.get()
    }

    fn pointer(&self, at: usize) -> *mut u8 {
        self.arena.get().cast::<u8>().wrapping_add(at)
    }

    /// Where `block` is in the arena.
    fn place(&self, block: *mut u8) -> usize {
        block as usize - self.arena.get() as usize
    }

    fn node(&self, at: usize) -> *mut Free {
        self.pointer(at).cast()
    }

    /// Gives back `size` bytes, a multiple of the unit, at `at`.
    ///
    /// # Safety
    /// They are part of the arena, below `used`, and nobody else's.
    unsafe fn give_back(&self, mut at: usize, mut size: usize) {
        // SAFETY: one thread; what the list names holds a `Free`, and so may what is given back.
        unsafe {
            // The last one below and the first one above.
            let (mut before_last, mut last, mut next) = (NONE, NONE, self.free.get());
            while next != NONE && next < at {
                (before_last, last, next) = (last, next, (*self.node(next)).next);
            }
            if next == at + size {
                size += (*self.node(next)).size;
                next = (*self.node(next)).next;
            }
            if last != NONE && last + (*self.node(last)).size == at {
                size += at - last;
                at = last;
                last = before_last;
            }
            let this = if at + size == self.used.get() {
                self.used.set(at);
                next
            } else {
                self.node(at).write(Free { next, size });
                at
            };
            if last == NONE {
                self.free.set(this);
            } else {
                (*self.node(last)).next = this;
            }
        }
    }

    /// Takes a block of what was given back: the first that has room.
    fn take(&self, size: usize, align: usize) -> Option<usize> {
        let (mut last, mut this) = (NONE, self.free.get());
        // SAFETY: one thread; what the list names holds a `Free`.
        unsafe {
            while this != NONE {
                let Free { next, size: there } = self.node(this).read();
                let at = round_up(this, align);
                if at + size <= this + there {
                    if last == NONE {
                        self.free.set(next);
                    } else {
                        (*self.node(last)).next = next;
                    }
                    let end = at + size;
                    for (at, size) in [(this, at - this), (end, this + there - end)] {
                        if size > 0 {
                            self.give_back(at, size);
                        }
                    }
                    return Some(at);
                }
                (last, this) = (this, next);
            }
        }
        None
    }
}

// SAFETY: blocks are disjoint parts of the arena, aligned as asked; null where it is used up.
unsafe impl GlobalAlloc for Heap {
    #[inline(never)]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let align = layout.align().max(UNIT);
        if align > MAX_ALIGN || layout.size() > ARENA {
            return null_mut();
        }
        let size = round_up(layout.size(), UNIT);
        let at = self.take(size, align).unwrap_or_else(|| {
            let used = self.used.get().max(UNIT);
            let at = round_up(used, align);
            if size <= ARENA - at {
                self.used.set(at + size);
                if at > used {
                    // SAFETY: it is below the new `used`, and nobody's.
                    unsafe { self.give_back(used, at - used) };
                }
                at
            } else {
                NONE
            }
        });
        if at == NONE {
            return null_mut();
        }
        self.pointer(at)
    }

    #[inline(never)]
    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: `block` was allocated here with this layout.
        unsafe { self.give_back(self.place(block), round_up(layout.size(), UNIT)) };
    }

    #[inline(never)]
    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        if size > ARENA {
            return null_mut();
        }
        let at = self.place(block);
        let (old, new) = (round_up(layout.size(), UNIT), round_up(size, UNIT));
        // SAFETY: `block` was allocated here with this layout; one that moves is copied before it is given back.
        unsafe {
            if new <= old {
                if new < old {
                    self.give_back(at + new, old - new);
                }
                return block;
            }
            if at + old == self.used.get() {
                if new > ARENA - at {
                    return null_mut();
                }
                self.used.set(at + new);
                return block;
            }
            let moved = self.alloc(Layout::from_size_align_unchecked(size, layout.align()));
            if !moved.is_null() {
                copy_nonoverlapping(block, moved, layout.size());
                self.dealloc(block, layout);
            }
            moved
        }
    }
}

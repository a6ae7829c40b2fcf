//! The program's allocator, which only the program itself can be linked with: its file is compiled into this test.

#[path = "../src/heap.rs"]
mod heap;

use std::alloc::{GlobalAlloc, Layout};

use blackbox::random::Random;
use heap::Heap;

/// A block and the byte that all of it was filled with.
struct Block {
    start: *mut u8,
    layout: Layout,
    fill: u8,
}

impl Block {
    fn new(heap: &Heap, size: usize, align: usize, fill: u8) -> Option<Block> {
        let layout = Layout::from_size_align(size, align).unwrap();
        // SAFETY: the size is not 0.
        let start = unsafe { heap.alloc(layout) };
        let block = Block {
            start,
            layout,
            fill,
        };
        (!start.is_null()).then(|| block.filled(0))
    }

    /// Fills it from `from` on.
    fn filled(self, from: usize) -> Block {
        assert!((self.start as usize).is_multiple_of(self.layout.align()));
        // SAFETY: it is as long as its layout says.
        unsafe {
            self.start
                .add(from)
                .write_bytes(self.fill, self.layout.size() - from);
        }
        self
    }

    fn check(&self, len: usize) {
        // SAFETY: as above, and it was filled.
        let bytes = unsafe { std::slice::from_raw_parts(self.start, len) };
        assert!(
            bytes.iter().all(|&b| b == self.fill),
            "somebody else wrote here"
        );
    }

    fn resized(self, heap: &Heap, size: usize) -> Block {
        let old = self.layout.size();
        // SAFETY: it was allocated with this layout; the size is not 0.
        let start = unsafe { heap.realloc(self.start, self.layout, size) };
        assert!(!start.is_null());
        let layout = Layout::from_size_align(size, self.layout.align()).unwrap();
        let block = Block {
            start,
            layout,
            ..self
        };
        block.check(old.min(size));
        block.filled(old.min(size))
    }

    fn free(self, heap: &Heap) {
        self.check(self.layout.size());
        // SAFETY: it was allocated with this layout.
        unsafe { heap.dealloc(self.start, self.layout) };
    }
}

#[test]
fn blocks_are_aligned_and_nobody_elses() {
    static HEAP: Heap = Heap::new();
    let heap = &HEAP;
    let mut random = Random::new(5);
    let mut blocks = Vec::new();
    for i in 0..100_000 {
        let fill = i as u8;
        let size = random.between(1, if i % 50 == 0 { 60_000 } else { 300 });
        let which = random.between(0, blocks.len().saturating_sub(1));
        match random.between(0, if blocks.len() > 60 { 4 } else { 2 }) {
            0 | 1 => {
                let align = 1 << random.between(0, 6);
                blocks.push(Block::new(heap, size, align, fill).unwrap());
            }
            2 if !blocks.is_empty() => {
                let block: Block = blocks.swap_remove(which);
                blocks.push(block.resized(heap, size));
            }
            _ if !blocks.is_empty() => blocks.swap_remove(which).free(heap),
            _ => {}
        }
    }
    assert!(heap.used() < 4 << 20, "{}", heap.used());
    blocks.into_iter().for_each(|block| block.free(heap));
    // Whatever the order, in the end all is one again.
    assert_eq!(heap.used(), 16);
}

#[test]
fn what_is_given_back_is_found_again() {
    static HEAP: Heap = Heap::new();
    let heap = &HEAP;
    // Connections, one after the other, each with something small that stays until the next one is there.
    let mut last = None;
    for _ in 0..10_000 {
        let buffer = Block::new(heap, 100_000, 1, 1).unwrap();
        let small = Block::new(heap, 100, 8, 2).unwrap();
        buffer.free(heap);
        if let Some(last) = last.replace(small) {
            Block::free(last, heap);
        }
    }
    assert!(heap.used() < 300_000, "{}", heap.used());
}

#[test]
fn there_is_an_end() {
    static HEAP: Heap = Heap::new();
    let heap = &HEAP;
    assert!(Block::new(heap, 16 << 20, 1, 0).is_none());
    assert!(Block::new(heap, 1, 128, 0).is_none());
    let mut blocks = Vec::new();
    blocks.extend(std::iter::from_fn(|| Block::new(heap, 1000, 1, 3)));
    assert!(blocks.len() > 8000);
    let layout = blocks[0].layout;
    // SAFETY: the block was allocated with this layout, and stays where it is.
    assert!(unsafe { heap.realloc(blocks[0].start, layout, 2000) }.is_null());
    blocks.into_iter().for_each(|block| block.free(heap));
    assert_eq!(heap.used(), 16);
    // The whole of it can be one block.
    Block::new(heap, (8 << 20) - 64, 64, 4).unwrap().free(heap);
}

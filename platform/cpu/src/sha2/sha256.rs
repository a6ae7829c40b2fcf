//! SHA-256, with the processor's instructions where it has them.

use super::{constants, fill, hard};
use digest::consts::{U32, U64};

/// A SHA-256 computation under way.
#[derive(Clone)]
pub struct Sha256 {
    state: [u32; 8],
    /// What came after the last whole block.
    partial: [u8; 64],
    /// Bytes hashed so far, those in `partial` included.
    length: u64,
}

impl Sha256 {
    /// The hash of nothing yet.
    #[inline(never)]
    pub fn new() -> Self {
        Sha256 {
            state: constants::SHA256,
            partial: [0; 64],
            length: 0,
        }
    }

    /// Appends `data` to what is hashed.
    #[inline]
    pub fn update(&mut self, mut data: &[u8]) {
        let held = (self.length % 64) as usize;
        self.length = self.length.wrapping_add(data.len() as u64);
        if held > 0 {
            let room = self.partial.get_mut(held..).unwrap_or_default();
            let missing = room.len();
            let taken = fill(room, data);
            if taken < missing {
                return;
            }
            data = data.get(taken..).unwrap_or_default();
            compress(&mut self.state, &[self.partial]);
        }
        let (blocks, rest) = data.as_chunks();
        compress(&mut self.state, blocks);
        fill(&mut self.partial, rest);
    }

    /// The digest of all that was appended.
    #[inline]
    pub fn finish(mut self) -> [u8; 32] {
        let bits = self.length.wrapping_mul(8);
        let held = (self.length % 64) as usize;
        // The message ends with a one bit, zeros, and its length in the last eight bytes of a block.
        let padding = if held < 56 { 56 - held } else { 120 - held };
        let mut end = [0; 64 + 8];
        end[0] = 0x80;
        fill(
            end.get_mut(padding..).unwrap_or_default(),
            &bits.to_be_bytes(),
        );
        self.update(end.get(..padding + 8).unwrap_or_default());
        let mut digest = [0; 32];
        for (bytes, word) in digest.as_chunks_mut().0.iter_mut().zip(self.state) {
            *bytes = word.to_be_bytes();
        }
        digest
    }
}

super::impl_digest!(Sha256, U64, U32);

/// Folds whole blocks into `state`.
#[inline]
pub(super) fn compress(state: &mut [u32; 8], blocks: &[[u8; 64]]) {
    if hard::available() {
        // SAFETY: the processor has the instructions.
        unsafe { hard::compress(state, blocks) }
    } else {
        for block in blocks {
            soft(state, block);
        }
    }
}

/// FIPS 180-4, section 6.2.2.
#[cold]
#[inline(never)]
pub(super) fn soft(state: &mut [u32; 8], block: &[u8; 64]) {
    let mut w = [0u32; 16];
    for (word, bytes) in w.iter_mut().zip(block.as_chunks().0) {
        *word = u32::from_be_bytes(*bytes);
    }
    let [mut a, mut b, mut c, mut d, mut e, mut f, mut g, mut h] = *state;
    for (t, &k) in constants::K_HIGH.iter().take(64).enumerate() {
        // Word t + 16 takes the place of word t.
        let word = w[t % 16];
        let (w1, w14) = (w[(t + 1) % 16], w[(t + 14) % 16]);
        let s0 = w1.rotate_right(7) ^ w1.rotate_right(18) ^ (w1 >> 3);
        let s1 = w14.rotate_right(17) ^ w14.rotate_right(19) ^ (w14 >> 10);
        w[t % 16] = word
            .wrapping_add(s0)
            .wrapping_add(w[(t + 9) % 16])
            .wrapping_add(s1);
        let t1 = h
            .wrapping_add(e.rotate_right(6) ^ e.rotate_right(11) ^ e.rotate_right(25))
            .wrapping_add((e & f) ^ (!e & g))
            .wrapping_add(k)
            .wrapping_add(word);
        let t2 = (a.rotate_right(2) ^ a.rotate_right(13) ^ a.rotate_right(22))
            .wrapping_add((a & b) ^ (a & c) ^ (b & c));
        (h, g, f, e) = (g, f, e, d.wrapping_add(t1));
        (d, c, b, a) = (c, b, a, t1.wrapping_add(t2));
    }
    for (old, new) in state.iter_mut().zip([a, b, c, d, e, f, g, h]) {
        *old = old.wrapping_add(new);
    }
}

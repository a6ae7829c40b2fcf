//! SHA-512 and SHA-384, as small as they go.

use super::{constants, fill};
use digest::consts::{U48, U64, U128};

/// A SHA-512 computation under way.
#[derive(Clone)]
pub struct Sha512 {
    state: [u64; 8],
    /// What came after the last whole block.
    partial: [u8; 128],
    /// Bytes hashed so far, those in `partial` included.
    length: u64,
}

impl Sha512 {
    /// The hash of nothing yet.
    #[inline]
    pub fn new() -> Self {
        Self::starting_with(constants::SHA512)
    }

    #[inline(never)]
    fn starting_with(state: [u64; 8]) -> Self {
        Sha512 {
            state,
            partial: [0; 128],
            length: 0,
        }
    }

    /// Appends `data` to what is hashed.
    #[inline]
    pub fn update(&mut self, mut data: &[u8]) {
        let mut held = (self.length % 128) as usize;
        self.length = self.length.wrapping_add(data.len() as u64);
        loop {
            let room = self.partial.get_mut(held..).unwrap_or_default();
            let missing = room.len();
            let taken = fill(room, data);
            if taken < missing {
                return;
            }
            data = data.get(taken..).unwrap_or_default();
            compress(&mut self.state, &self.partial);
            held = 0;
        }
    }

    /// The digest of all that was appended.
    #[inline]
    pub fn finish(mut self) -> [u8; 64] {
        let bits = u128::from(self.length) * 8;
        let held = (self.length % 128) as usize;
        // The message ends with a one bit, zeros, and its length in the last sixteen bytes of a block.
        let padding = if held < 112 { 112 - held } else { 240 - held };
        let mut end = [0; 128 + 16];
        end[0] = 0x80;
        fill(
            end.get_mut(padding..).unwrap_or_default(),
            &bits.to_be_bytes(),
        );
        self.update(end.get(..padding + 16).unwrap_or_default());
        let mut digest = [0; 64];
        for (bytes, word) in digest.as_chunks_mut().0.iter_mut().zip(self.state) {
            *bytes = word.to_be_bytes();
        }
        digest
    }
}

/// A SHA-384 computation under way: SHA-512 from another start, cut short.
#[derive(Clone)]
pub struct Sha384(Sha512);

impl Sha384 {
    /// The hash of nothing yet.
    #[inline]
    pub fn new() -> Self {
        Sha384(Sha512::starting_with(constants::SHA384))
    }

    /// Appends `data` to what is hashed.
    #[inline]
    pub fn update(&mut self, data: &[u8]) {
        self.0.update(data);
    }

    /// The digest of all that was appended.
    #[inline]
    pub fn finish(self) -> [u8; 48] {
        let mut digest = [0; 48];
        fill(&mut digest, &self.0.finish());
        digest
    }
}

super::impl_digest!(Sha512, U128, U64);
super::impl_digest!(Sha384, U128, U48);

/// FIPS 180-4, section 6.4.2.
#[inline]
fn compress(state: &mut [u64; 8], block: &[u8; 128]) {
    let mut w = [0u64; 16];
    for (word, bytes) in w.iter_mut().zip(block.as_chunks().0) {
        *word = u64::from_be_bytes(*bytes);
    }
    let [mut a, mut b, mut c, mut d, mut e, mut f, mut g, mut h] = *state;
    let halves = constants::K_HIGH.iter().zip(&constants::K_LOW);
    for (t, (&high, &low)) in halves.enumerate() {
        let k = u64::from(high) << 32 | u64::from(low);
        // Word t + 16 takes the place of word t.
        let word = w[t % 16];
        let (w1, w14) = (w[(t + 1) % 16], w[(t + 14) % 16]);
        let s0 = w1.rotate_right(1) ^ w1.rotate_right(8) ^ (w1 >> 7);
        let s1 = w14.rotate_right(19) ^ w14.rotate_right(61) ^ (w14 >> 6);
        w[t % 16] = word
            .wrapping_add(s0)
            .wrapping_add(w[(t + 9) % 16])
            .wrapping_add(s1);
        let t1 = h
            .wrapping_add(e.rotate_right(14) ^ e.rotate_right(18) ^ e.rotate_right(41))
            .wrapping_add((e & f) ^ (!e & g))
            .wrapping_add(k)
            .wrapping_add(word);
        let t2 = (a.rotate_right(28) ^ a.rotate_right(34) ^ a.rotate_right(39))
            .wrapping_add((a & b) ^ (a & c) ^ (b & c));
        (h, g, f, e) = (g, f, e, d.wrapping_add(t1));
        (d, c, b, a) = (c, b, a, t1.wrapping_add(t2));
    }
    for (old, new) in state.iter_mut().zip([a, b, c, d, e, f, g, h]) {
        *old = old.wrapping_add(new);
    }
}

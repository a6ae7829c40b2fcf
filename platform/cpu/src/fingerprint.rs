//! A fast fingerprint of a stream, to tell whether what is read again is what was delivered.
//!
//! It finds what changes by itself (a new release under the old name, a mirror that differs), not what an attacker
//! makes: whoever can forge the second reading could have forged the first. Against those there is SHA-256.

/// Bytes taken in at a time: one word for each of the lanes, which hide each other's latency.
const BLOCK: usize = 64;

/// A fingerprint of all bytes so far.
#[derive(Clone)]
pub struct Fingerprint {
    lanes: [u64; BLOCK / 8],
    /// What does not fill a block yet: the first `length % BLOCK` bytes.
    rest: [u8; BLOCK],
    length: u64,
}

impl Default for Fingerprint {
    fn default() -> Self {
        Self::new()
    }
}

impl Fingerprint {
    /// The fingerprint of nothing.
    #[inline(never)]
    pub const fn new() -> Self {
        Fingerprint {
            // Any distinct values do: the lanes must not start alike.
            lanes: [1, 2, 3, 4, 5, 6, 7, 8],
            rest: [0; BLOCK],
            length: 0,
        }
    }

    /// Takes in `data`. However the stream is cut into calls, the result is the same.
    #[inline(never)]
    pub fn update(&mut self, mut data: &[u8]) {
        let held = (self.length % BLOCK as u64) as usize;
        self.length += data.len() as u64;
        if held > 0 {
            let (fill, after) = data.split_at(data.len().min(BLOCK - held));
            self.rest[held..held + fill.len()].copy_from_slice(fill);
            if held + fill.len() < BLOCK {
                return;
            }
            mix(&mut self.lanes, &[self.rest]);
            data = after;
        }
        let (blocks, rest) = data.as_chunks();
        mix(&mut self.lanes, blocks);
        self.rest[..rest.len()].copy_from_slice(rest);
    }

    /// The fingerprint of all that was taken in.
    pub fn finish(&self) -> Print {
        let mut lanes = self.lanes;
        let held = (self.length % BLOCK as u64) as usize;
        let mut last = [0; BLOCK];
        last[..held].copy_from_slice(&self.rest[..held]);
        mix(&mut lanes, &[last]);
        Print {
            lanes,
            length: self.length,
        }
    }
}

/// What two streams have in common if they are equal, and hardly ever else.
#[derive(PartialEq, Eq, Debug)]
pub struct Print {
    lanes: [u64; BLOCK / 8],
    length: u64,
}

#[inline(never)]
fn mix(lanes: &mut [u64; BLOCK / 8], blocks: &[[u8; BLOCK]]) {
    #[cfg(target_arch = "x86_64")]
    if crate::detect::has(crate::detect::AES) {
        // SAFETY: the processor has the instructions.
        unsafe { mix_by_aes(lanes, blocks) };
        return;
    }
    for (i, word) in blocks.as_flattened().as_chunks().0.iter().enumerate() {
        let lane = &mut lanes[i % (BLOCK / 8)];
        *lane = step(*lane, u64::from_le_bytes(*word));
    }
}

/// A round of AES is a bijection of its state, too, and mixes twice as many bytes in a third of the time. (The result
/// is another one; it never leaves the process.)
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "aes")]
#[inline]
fn mix_by_aes(lanes: &mut [u64; BLOCK / 8], blocks: &[[u8; BLOCK]]) {
    use core::arch::x86_64::{_mm_aesenc_si128, _mm_loadu_si128, _mm_storeu_si128};
    let lanes = lanes.as_chunks_mut::<2>().0;
    let mut states = [0, 1, 2, 3].map(|i: usize| {
        // SAFETY: 16 bytes are read from a reference to 16 bytes, at any alignment.
        unsafe { _mm_loadu_si128(lanes[i].as_ptr().cast()) }
    });
    for block in blocks {
        for (state, bytes) in states.iter_mut().zip(block.as_chunks::<16>().0) {
            // SAFETY: as above.
            let word = unsafe { _mm_loadu_si128(bytes.as_ptr().cast()) };
            *state = _mm_aesenc_si128(*state, word);
        }
    }
    for (lane, state) in lanes.iter_mut().zip(states) {
        // SAFETY: 16 bytes are written to a reference to 16 bytes, at any alignment.
        unsafe { _mm_storeu_si128(lane.as_mut_ptr().cast(), state) };
    }
}

/// A bijection of the state for each word, so that a single changed word always changes the result.
#[inline]
fn step(state: u64, word: u64) -> u64 {
    // The multiplier is 2^64 divided by the golden ratio: odd, with no structure; the rotation brings its high bits down.
    (state ^ word)
        .wrapping_mul(0x9e37_79b9_7f4a_7c15)
        .rotate_left(29)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(data: &[u8]) -> Print {
        let mut f = Fingerprint::new();
        f.update(data);
        f.finish()
    }

    #[test]
    fn cutting_makes_no_difference() {
        let data: [u8; 200] = core::array::from_fn(|i| (i * 7) as u8);
        for end in 0..data.len() {
            let whole = of(&data[..end]);
            for cut in 0..=end {
                let mut f = Fingerprint::new();
                f.update(&data[..cut]);
                f.update(&data[cut..end]);
                assert_eq!(f.finish(), whole, "{cut} of {end}");
            }
        }
    }

    #[test]
    fn every_bit_and_the_length_matter() {
        let mut data = [0u8; 100];
        let zero = of(&data);
        for bit in 0..800 {
            data[bit / 8] ^= 1 << (bit % 8);
            assert_ne!(of(&data), zero, "bit {bit}");
            data[bit / 8] ^= 1 << (bit % 8);
        }
        for length in 0..100 {
            assert_ne!(of(&data[..length]), zero, "length {length}");
        }
        // Swapped blocks and swapped lanes.
        let (mut a, mut b) = ([0u8; 160], [0u8; 160]);
        (a[0], b[64]) = (1, 1);
        assert_ne!(of(&a), of(&b));
        (b[64], b[16]) = (0, 1);
        assert_ne!(of(&a), of(&b));
    }
}

//! The SHA2 extension of ARMv8.

use super::constants::K_HIGH;
use core::arch::aarch64::*;

/// Whether the processor has what [`compress`] needs.
#[inline]
pub(super) fn available() -> bool {
    crate::detect::has(crate::detect::SHA256)
}

#[inline]
fn load(words: &[u32; 4]) -> uint32x4_t {
    // SAFETY: 16 bytes are read from a reference to 16 bytes, at any alignment.
    unsafe { vld1q_u32(words.as_ptr()) }
}

/// Folds whole blocks into `state`.
#[target_feature(enable = "sha2")]
#[inline]
pub(super) fn compress(state: &mut [u32; 8], blocks: &[[u8; 64]]) {
    let [a, b, c, d, e, f, g, h] = *state;
    let mut abcd = load(&[a, b, c, d]);
    let mut efgh = load(&[e, f, g, h]);
    for block in blocks {
        let (before_abcd, before_efgh) = (abcd, efgh);
        let mut w = [vdupq_n_u32(0); 4];
        for (w, bytes) in w.iter_mut().zip(block.as_chunks::<16>().0) {
            // SAFETY: 16 bytes are read from a reference to 16 bytes, at any alignment.
            let bytes = unsafe { vld1q_u8(bytes.as_ptr()) };
            *w = vreinterpretq_u32_u8(vrev32q_u8(bytes));
        }
        for k in K_HIGH.as_chunks().0.iter().take(16) {
            let wk = vaddq_u32(w[0], load(k));
            let before = abcd;
            abcd = vsha256hq_u32(abcd, efgh, wk);
            efgh = vsha256h2q_u32(efgh, before, wk);
            let next = vsha256su1q_u32(vsha256su0q_u32(w[0], w[1]), w[2], w[3]);
            w = [w[1], w[2], w[3], next];
        }
        abcd = vaddq_u32(abcd, before_abcd);
        efgh = vaddq_u32(efgh, before_efgh);
    }
    let (first, second) = state.split_at_mut(4);
    for (half, value) in [(first, abcd), (second, efgh)] {
        let words = [
            vgetq_lane_u32::<0>(value),
            vgetq_lane_u32::<1>(value),
            vgetq_lane_u32::<2>(value),
            vgetq_lane_u32::<3>(value),
        ];
        for (to, word) in half.iter_mut().zip(words) {
            *to = word;
        }
    }
}

//! The SHA extensions.

use super::constants::K_HIGH;
use core::arch::x86_64::*;

/// Whether the processor has what [`compress`] needs.
#[inline]
pub(super) fn available() -> bool {
    crate::detect::has(crate::detect::SHA256)
}

/// Folds whole blocks into `state`.
#[target_feature(enable = "sha,ssse3,sse4.1")]
#[inline]
pub(super) fn compress(state: &mut [u32; 8], blocks: &[[u8; 64]]) {
    let big_endian = _mm_set_epi8(12, 13, 14, 15, 8, 9, 10, 11, 4, 5, 6, 7, 0, 1, 2, 3);
    let [a, b, c, d, e, f, g, h] = state.map(|word| word as i32);
    let mut abef = _mm_set_epi32(a, b, e, f);
    let mut cdgh = _mm_set_epi32(c, d, g, h);
    for block in blocks {
        let (before_abef, before_cdgh) = (abef, cdgh);
        let mut w = [_mm_setzero_si128(); 4];
        for (w, bytes) in w.iter_mut().zip(block.as_chunks::<16>().0) {
            // SAFETY: 16 bytes are read from a reference to 16 bytes, at any alignment.
            let words = unsafe { _mm_loadu_si128(bytes.as_ptr().cast()) };
            *w = _mm_shuffle_epi8(words, big_endian);
        }
        for k in K_HIGH.as_chunks::<4>().0.iter().take(16) {
            // SAFETY: 16 bytes are read from a reference to 16 bytes, at any alignment.
            let k = unsafe { _mm_loadu_si128(k.as_ptr().cast()) };
            let wk = _mm_add_epi32(w[0], k);
            cdgh = _mm_sha256rnds2_epu32(cdgh, abef, wk);
            abef = _mm_sha256rnds2_epu32(abef, cdgh, _mm_shuffle_epi32::<0x0e>(wk));
            let s0 = _mm_sha256msg1_epu32(w[0], w[1]);
            let sum = _mm_add_epi32(s0, _mm_alignr_epi8::<4>(w[3], w[2]));
            w = [w[1], w[2], w[3], _mm_sha256msg2_epu32(sum, w[3])];
        }
        abef = _mm_add_epi32(abef, before_abef);
        cdgh = _mm_add_epi32(cdgh, before_cdgh);
    }
    let dcba = _mm_unpackhi_epi64(cdgh, abef);
    let hgfe = _mm_unpacklo_epi64(cdgh, abef);
    let (first, second) = state.split_at_mut(4);
    for (half, value) in [(first, dcba), (second, hgfe)] {
        let words = [
            _mm_extract_epi32::<3>(value),
            _mm_extract_epi32::<2>(value),
            _mm_extract_epi32::<1>(value),
            _mm_extract_epi32::<0>(value),
        ];
        for (to, word) in half.iter_mut().zip(words) {
            *to = word as u32;
        }
    }
}

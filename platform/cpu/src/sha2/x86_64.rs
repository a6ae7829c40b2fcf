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
    // Four rounds with the words `$w0`, in whose place come those that are used sixteen rounds later.
    macro_rules! four_rounds {
        ($k:ident, $w0:ident, $w1:ident, $w2:ident, $w3:ident) => {
            // SAFETY: 16 bytes are read from a reference to 16 bytes, at any alignment.
            let k = unsafe { _mm_loadu_si128($k.as_ptr().cast()) };
            let wk = _mm_add_epi32($w0, k);
            cdgh = _mm_sha256rnds2_epu32(cdgh, abef, wk);
            abef = _mm_sha256rnds2_epu32(abef, cdgh, _mm_shuffle_epi32::<0x0e>(wk));
            let s0 = _mm_sha256msg1_epu32($w0, $w1);
            let sum = _mm_add_epi32(s0, _mm_alignr_epi8::<4>($w3, $w2));
            $w0 = _mm_sha256msg2_epu32(sum, $w3);
        };
    }
    for block in blocks {
        let (before_abef, before_cdgh) = (abef, cdgh);
        let mut w = [_mm_setzero_si128(); 4];
        for (w, bytes) in w.iter_mut().zip(block.as_chunks::<16>().0) {
            // SAFETY: 16 bytes are read from a reference to 16 bytes, at any alignment.
            let words = unsafe { _mm_loadu_si128(bytes.as_ptr().cast()) };
            *w = _mm_shuffle_epi8(words, big_endian);
        }
        let [mut w0, mut w1, mut w2, mut w3] = w;
        // Sixteen rounds a turn: after them each word of the schedule is in its own register again, and none was moved.
        for [k0, k1, k2, k3] in K_HIGH.as_chunks::<4>().0.as_chunks::<4>().0.iter().take(4) {
            four_rounds!(k0, w0, w1, w2, w3);
            four_rounds!(k1, w1, w2, w3, w0);
            four_rounds!(k2, w2, w3, w0, w1);
            four_rounds!(k3, w3, w0, w1, w2);
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

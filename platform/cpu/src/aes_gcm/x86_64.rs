//! AES-NI and PCLMULQDQ, and both for two blocks at once.

use super::{Block, Blocks, Key, RoundKeys};
use core::arch::x86_64::*;

/// Whether the processor has what the functions here need.
#[inline]
pub(super) fn available() -> bool {
    crate::detect::has(crate::detect::AES)
}

/// Whether the processor has what [`open_wide`] needs.
#[inline]
pub(super) fn wide() -> bool {
    crate::detect::has(crate::detect::WIDE_AES)
}

#[inline]
fn load(bytes: &[u8; 16]) -> __m128i {
    // SAFETY: 16 bytes are read from a reference to 16 bytes, at any alignment. SSE2 is part of x86_64.
    unsafe { _mm_loadu_si128(bytes.as_ptr().cast()) }
}

#[inline]
fn store(bytes: &mut [u8; 16], value: __m128i) {
    // SAFETY: 16 bytes are written to a reference to 16 bytes, at any alignment. SSE2 is part of x86_64.
    unsafe { _mm_storeu_si128(bytes.as_mut_ptr().cast(), value) }
}

#[inline]
fn vector(block: &Block) -> __m128i {
    // SAFETY: 16 bytes are read from a reference to 16 bytes, at any alignment. SSE2 is part of x86_64.
    unsafe { _mm_loadu_si128(block.as_ptr().cast()) }
}

#[inline]
fn words(value: __m128i) -> Block {
    let mut bytes = [0; 16];
    store(&mut bytes, value);
    let mut words = [0; 4];
    for (word, bytes) in words.iter_mut().zip(bytes.as_chunks().0) {
        *word = u32::from_le_bytes(*bytes);
    }
    words
}

#[target_feature(enable = "sse2")]
#[inline]
fn number(value: u128) -> __m128i {
    _mm_set_epi64x((value >> 64) as i64, value as i64)
}

#[inline]
fn integer(value: __m128i) -> u128 {
    let mut bytes = [0; 16];
    store(&mut bytes, value);
    u128::from_le_bytes(bytes)
}

/// SubWord of FIPS 197, section 5.2.
#[target_feature(enable = "aes")]
pub(super) fn sub_word(word: u32) -> u32 {
    // With four equal columns, ShiftRows changes nothing.
    let columns = _mm_set1_epi32(word as i32);
    _mm_cvtsi128_si32(_mm_aesenclast_si128(columns, _mm_setzero_si128())) as u32
}

/// Encrypts eight blocks.
#[target_feature(enable = "aes")]
#[inline(never)]
pub(super) fn encrypt(keys: &RoundKeys, blocks: &mut Blocks) {
    let (first, rounds) = keys.parts();
    let mut state = [_mm_setzero_si128(); 8];
    for (state, block) in state.iter_mut().zip(&*blocks) {
        *state = _mm_xor_si128(vector(block), vector(first));
    }
    let Some((last, rounds)) = rounds.split_last() else {
        return;
    };
    for key in rounds {
        state = state.map(|s| _mm_aesenc_si128(s, vector(key)));
    }
    let last = vector(last);
    for (state, block) in state.iter().zip(blocks) {
        *block = words(_mm_aesenclast_si128(*state, last));
    }
}

#[target_feature(enable = "ssse3")]
#[inline]
fn reverse(v: __m128i) -> __m128i {
    _mm_shuffle_epi8(
        v,
        _mm_set_epi8(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15),
    )
}

/// A sum of products of 256 bits: its lower and upper half, and what belongs in the middle of them.
struct Product(__m128i, __m128i, __m128i);

impl Product {
    #[target_feature(enable = "pclmulqdq")]
    #[inline]
    fn zero() -> Self {
        let zero = _mm_setzero_si128();
        Product(zero, zero, zero)
    }

    #[target_feature(enable = "pclmulqdq")]
    #[inline]
    fn add(&mut self, a: __m128i, b: __m128i) {
        self.0 = _mm_xor_si128(self.0, _mm_clmulepi64_si128::<0x00>(a, b));
        self.1 = _mm_xor_si128(self.1, _mm_clmulepi64_si128::<0x01>(a, b));
        self.1 = _mm_xor_si128(self.1, _mm_clmulepi64_si128::<0x10>(a, b));
        self.2 = _mm_xor_si128(self.2, _mm_clmulepi64_si128::<0x11>(a, b));
    }

    /// The product / x^128 in POLYVAL's field: twice, a multiple of the polynomial clears the lowest 64 bits.
    #[target_feature(enable = "pclmulqdq")]
    #[inline]
    fn reduce(self) -> __m128i {
        let polynomial = _mm_set_epi64x(0, 0xc200_0000_0000_0000_u64 as i64);
        let mut low = _mm_xor_si128(self.0, _mm_slli_si128::<8>(self.1));
        let high = _mm_xor_si128(self.2, _mm_srli_si128::<8>(self.1));
        for _ in 0..2 {
            let fold = _mm_clmulepi64_si128::<0x00>(low, polynomial);
            low = _mm_xor_si128(_mm_shuffle_epi32::<0x4e>(low), fold);
        }
        _mm_xor_si128(low, high)
    }
}

/// Takes `data`, with zeros up to a whole number of blocks, into the hash `sum` under `key`.
#[target_feature(enable = "pclmulqdq")]
#[inline]
pub(super) fn hash(sum: u128, key: u128, data: &[u8]) -> u128 {
    let mut sum = number(sum);
    for part in data.chunks(16) {
        let mut product = Product::zero();
        product.add(_mm_xor_si128(sum, number(super::padded(part))), number(key));
        sum = product.reduce();
    }
    integer(sum)
}

/// Hashes and decrypts `chunks`, the first of them with the block `counter` and those after it.
#[target_feature(enable = "aes,pclmulqdq,ssse3")]
#[inline(never)]
pub(super) fn open(key: &Key, counter: &Block, sum: u128, chunks: &mut [[u8; 128]]) -> u128 {
    let (first, rounds) = key.rounds.parts();
    let Some((last, rounds)) = rounds.split_last() else {
        return sum;
    };
    let (with_hash, rest) = rounds.split_at(8.min(rounds.len()));
    let mut sum = number(sum);
    // With its bytes reversed, the block's counter is its lowest 32 bits.
    let mut counter = reverse(vector(counter));
    for chunk in chunks {
        let mut state = [_mm_setzero_si128(); 8];
        for state in &mut state {
            *state = _mm_xor_si128(reverse(counter), vector(first));
            counter = _mm_add_epi32(counter, _mm_set_epi32(0, 0, 0, 1));
        }
        let (blocks, _) = chunk.as_chunks_mut::<16>();
        // The multiplications fill the gaps that the rounds leave.
        let mut product = Product::zero();
        for ((round, power), block) in with_hash.iter().zip(&key.powers).zip(&*blocks) {
            state = state.map(|s| _mm_aesenc_si128(s, vector(round)));
            let text = _mm_xor_si128(reverse(load(block)), sum);
            sum = _mm_setzero_si128();
            product.add(text, number(*power));
        }
        for round in rest {
            state = state.map(|s| _mm_aesenc_si128(s, vector(round)));
        }
        for (state, block) in state.iter().zip(blocks) {
            let pad = _mm_aesenclast_si128(*state, vector(last));
            let text = _mm_xor_si128(load(block), pad);
            store(block, text);
        }
        sum = product.reduce();
    }
    integer(sum)
}

/// A block in each half.
#[target_feature(enable = "avx2")]
#[inline]
fn both(block: &Block) -> __m256i {
    _mm256_broadcastsi128_si256(vector(block))
}

#[target_feature(enable = "avx2")]
#[inline]
fn reverse_both(v: __m256i) -> __m256i {
    let order = _mm_set_epi8(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    _mm256_shuffle_epi8(v, _mm256_broadcastsi128_si256(order))
}

/// The sum of both halves.
#[target_feature(enable = "avx2")]
#[inline]
fn joined(v: __m256i) -> __m128i {
    _mm_xor_si128(_mm256_castsi256_si128(v), _mm256_extracti128_si256::<1>(v))
}

/// As [`open`], two blocks at once.
#[target_feature(enable = "vaes,vpclmulqdq,avx2,aes,pclmulqdq,ssse3")]
#[inline(never)]
pub(super) fn open_wide(key: &Key, counter: &Block, sum: u128, chunks: &mut [[u8; 128]]) -> u128 {
    let (first, rounds) = key.rounds.parts();
    let Some((last, rounds)) = rounds.split_last() else {
        return sum;
    };
    let (with_hash, rest) = rounds.split_at(8.min(rounds.len()));
    let mut sum = number(sum);
    let mut counter = _mm256_add_epi32(
        reverse_both(both(counter)),
        _mm256_set_epi32(0, 0, 0, 1, 0, 0, 0, 0),
    );
    for chunk in chunks {
        let mut state = [_mm256_setzero_si256(); 4];
        for state in &mut state {
            *state = _mm256_xor_si256(reverse_both(counter), both(first));
            counter = _mm256_add_epi32(counter, _mm256_set_epi32(0, 0, 0, 2, 0, 0, 0, 2));
        }
        let (pairs, _) = chunk.as_chunks_mut::<32>();
        let zero = _mm256_setzero_si256();
        let (mut low, mut middle, mut high) = (zero, zero, zero);
        let mut sum_of_both = _mm256_zextsi128_si256(sum);
        for ((rounds, powers), pair) in with_hash
            .as_chunks::<2>()
            .0
            .iter()
            .zip(key.powers.as_chunks::<2>().0)
            .zip(&*pairs)
        {
            for round in rounds {
                state = state.map(|s| _mm256_aesenc_epi128(s, both(round)));
            }
            // SAFETY: 32 bytes are read from references to 32 bytes, at any alignment.
            let (text, powers) = unsafe {
                (
                    _mm256_loadu_si256(pair.as_ptr().cast()),
                    _mm256_loadu_si256(powers.as_ptr().cast()),
                )
            };
            let text = _mm256_xor_si256(reverse_both(text), sum_of_both);
            sum_of_both = zero;
            low = _mm256_xor_si256(low, _mm256_clmulepi64_epi128::<0x00>(text, powers));
            middle = _mm256_xor_si256(middle, _mm256_clmulepi64_epi128::<0x01>(text, powers));
            middle = _mm256_xor_si256(middle, _mm256_clmulepi64_epi128::<0x10>(text, powers));
            high = _mm256_xor_si256(high, _mm256_clmulepi64_epi128::<0x11>(text, powers));
        }
        for round in rest {
            state = state.map(|s| _mm256_aesenc_epi128(s, both(round)));
        }
        for (state, pair) in state.iter().zip(pairs) {
            let pad = _mm256_aesenclast_epi128(*state, both(last));
            // SAFETY: 32 bytes are read from and written to a reference to 32 bytes, at any alignment.
            unsafe {
                let text = _mm256_xor_si256(_mm256_loadu_si256(pair.as_ptr().cast()), pad);
                _mm256_storeu_si256(pair.as_mut_ptr().cast(), text);
            }
        }
        sum = Product(joined(low), joined(middle), joined(high)).reduce();
    }
    integer(sum)
}

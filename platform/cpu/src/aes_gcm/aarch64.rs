//! AES and PMULL of ARMv8.

use super::{Block, Blocks, Key, RoundKeys};
use core::arch::aarch64::*;

/// Whether the processor has what the functions here need.
#[inline]
pub(super) fn available() -> bool {
    crate::detect::has(crate::detect::AES)
}

/// Whether there is an `open_wide` of its own.
#[inline]
pub(super) fn wide() -> bool {
    false
}

#[inline]
fn load(bytes: &[u8; 16]) -> uint8x16_t {
    // SAFETY: 16 bytes are read from a reference to 16 bytes, at any alignment.
    unsafe { vld1q_u8(bytes.as_ptr()) }
}

#[inline]
fn store(bytes: &mut [u8; 16], value: uint8x16_t) {
    // SAFETY: 16 bytes are written to a reference to 16 bytes, at any alignment.
    unsafe { vst1q_u8(bytes.as_mut_ptr(), value) }
}

#[inline]
fn vector(block: &Block) -> uint8x16_t {
    // SAFETY: 16 bytes are read from a reference to 16 bytes, at any alignment.
    unsafe { vreinterpretq_u8_u32(vld1q_u32(block.as_ptr())) }
}

#[inline]
fn words(value: uint8x16_t) -> Block {
    let mut words = [0; 4];
    // SAFETY: 16 bytes are written to an array of 16 bytes, at any alignment.
    unsafe { vst1q_u32(words.as_mut_ptr(), vreinterpretq_u32_u8(value)) };
    words
}

#[target_feature(enable = "neon")]
#[inline]
fn number(value: u128) -> uint8x16_t {
    let (low, high) = (vcreate_u64(value as u64), vcreate_u64((value >> 64) as u64));
    vreinterpretq_u8_u64(vcombine_u64(low, high))
}

#[inline]
fn integer(value: uint8x16_t) -> u128 {
    let mut bytes = [0; 16];
    store(&mut bytes, value);
    u128::from_le_bytes(bytes)
}

/// SubWord of FIPS 197, section 5.2.
#[target_feature(enable = "aes")]
pub(super) fn sub_word(word: u32) -> u32 {
    // With four equal columns, ShiftRows changes nothing.
    let columns = vreinterpretq_u8_u32(vdupq_n_u32(word));
    let replaced = vaeseq_u8(columns, vdupq_n_u8(0));
    vgetq_lane_u32::<0>(vreinterpretq_u32_u8(replaced))
}

/// A round but for its key, which AESE adds at the start of the next.
#[target_feature(enable = "aes")]
#[inline]
fn round(state: [uint8x16_t; 8], key: &Block) -> [uint8x16_t; 8] {
    let key = vector(key);
    state.map(|s| vaesmcq_u8(vaeseq_u8(s, key)))
}

/// Encrypts eight blocks.
#[target_feature(enable = "aes")]
#[inline(never)]
pub(super) fn encrypt(keys: &RoundKeys, blocks: &mut Blocks) {
    let Some(([full @ .., before_last], last)) = keys.with_last() else {
        return;
    };
    let mut state = [vdupq_n_u8(0); 8];
    for (state, block) in state.iter_mut().zip(&*blocks) {
        *state = vector(block);
    }
    for key in full {
        state = round(state, key);
    }
    let (before_last, last) = (vector(before_last), vector(last));
    *blocks = state.map(|s| words(veorq_u8(vaeseq_u8(s, before_last), last)));
}

/// The 16 bytes in reverse order.
#[target_feature(enable = "neon")]
#[inline]
fn reverse(v: uint8x16_t) -> uint8x16_t {
    let halves = vrev64q_u8(v);
    vextq_u8::<8>(halves, halves)
}

/// A sum of products of 256 bits: its lower and upper half, and what belongs in the middle of them.
struct Product(uint8x16_t, uint8x16_t, uint8x16_t);

#[target_feature(enable = "aes")]
#[inline]
fn multiply_low(a: uint8x16_t, b: uint8x16_t) -> uint8x16_t {
    let (a, b) = (vreinterpretq_u64_u8(a), vreinterpretq_u64_u8(b));
    vreinterpretq_u8_p128(vmull_p64(vgetq_lane_u64::<0>(a), vgetq_lane_u64::<0>(b)))
}

#[target_feature(enable = "aes")]
#[inline]
fn multiply_high(a: uint8x16_t, b: uint8x16_t) -> uint8x16_t {
    vreinterpretq_u8_p128(vmull_high_p64(
        vreinterpretq_p64_u8(a),
        vreinterpretq_p64_u8(b),
    ))
}

impl Product {
    #[target_feature(enable = "aes")]
    #[inline]
    fn zero() -> Self {
        let zero = vdupq_n_u8(0);
        Product(zero, zero, zero)
    }

    #[target_feature(enable = "aes")]
    #[inline]
    fn add(&mut self, a: uint8x16_t, b: uint8x16_t) {
        let swapped = vextq_u8::<8>(b, b);
        self.0 = veorq_u8(self.0, multiply_low(a, b));
        self.1 = veorq_u8(self.1, multiply_low(a, swapped));
        self.1 = veorq_u8(self.1, multiply_high(a, swapped));
        self.2 = veorq_u8(self.2, multiply_high(a, b));
    }

    /// The product / x^128 in POLYVAL's field: twice, a multiple of the polynomial clears the lowest 64 bits.
    #[target_feature(enable = "aes")]
    #[inline]
    fn reduce(self) -> uint8x16_t {
        let zero = vdupq_n_u8(0);
        let polynomial = vreinterpretq_u8_u64(vdupq_n_u64(0xc200_0000_0000_0000));
        let mut low = veorq_u8(self.0, vextq_u8::<8>(zero, self.1));
        let high = veorq_u8(self.2, vextq_u8::<8>(self.1, zero));
        for _ in 0..2 {
            let fold = multiply_low(low, polynomial);
            low = veorq_u8(vextq_u8::<8>(low, low), fold);
        }
        veorq_u8(low, high)
    }
}

/// Takes `data`, with zeros up to a whole number of blocks, into the hash `sum` under `key`.
#[target_feature(enable = "aes")]
#[inline]
pub(super) fn hash(sum: u128, key: u128, data: &[u8]) -> u128 {
    let mut sum = number(sum);
    for part in data.chunks(16) {
        let mut product = Product::zero();
        product.add(veorq_u8(sum, number(super::padded(part))), number(key));
        sum = product.reduce();
    }
    integer(sum)
}

/// Hashes and decrypts `chunks`, the first of them with the block `counter` and those after it.
#[target_feature(enable = "aes")]
#[inline(never)]
pub(super) fn open(key: &Key, counter: &Block, sum: u128, chunks: &mut [[u8; 128]]) -> u128 {
    let Some(([full @ .., before_last], last)) = key.rounds.with_last() else {
        return sum;
    };
    let (with_hash, rest) = full.split_at(8.min(full.len()));
    let one = vsetq_lane_u32::<0>(1, vdupq_n_u32(0));
    let mut sum = number(sum);
    // With its bytes reversed, the block's counter is its lowest 32 bits.
    let mut counter = vreinterpretq_u32_u8(reverse(vector(counter)));
    for chunk in chunks {
        let mut state = [vdupq_n_u8(0); 8];
        for state in &mut state {
            *state = reverse(vreinterpretq_u8_u32(counter));
            counter = vaddq_u32(counter, one);
        }
        let (blocks, _) = chunk.as_chunks_mut::<16>();
        // The multiplications fill the gaps that the rounds leave.
        let mut product = Product::zero();
        for ((key, power), block) in with_hash.iter().zip(&key.powers).zip(&*blocks) {
            state = round(state, key);
            let text = veorq_u8(reverse(load(block)), sum);
            sum = vdupq_n_u8(0);
            product.add(text, number(*power));
        }
        for key in rest {
            state = round(state, key);
        }
        let (before_last, last) = (vector(before_last), vector(last));
        for (state, block) in state.iter().zip(blocks) {
            let pad = veorq_u8(vaeseq_u8(*state, before_last), last);
            let text = veorq_u8(load(block), pad);
            store(block, text);
        }
        sum = product.reduce();
    }
    integer(sum)
}

/// Not needed: there is nothing wider.
pub(super) use open as open_wide;

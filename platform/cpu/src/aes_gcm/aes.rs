//! AES (FIPS 197) without tables: 64 bytes at a time, each bit of them in a 64-bit word of its own.
//!
//! Neither branches nor addresses depend on secrets. The S-box is computed by inverting in GF(2^8) as a tower of
//! quadratic extensions, GF(((2^2)^2)^2), with w^2 + w + 1, y^2 + y + w and z^2 + z + w*y.

use super::{Block, Blocks, RoundKeys};

/// Bit `i` of 64 bytes is in word `i`: row `r` and column `c` of block `b` at bit 16 r + 4 c + b.
type Planes = [u64; 8];

/// SubWord of FIPS 197, section 5.2.
#[inline]
pub(super) fn sub_word(word: u32) -> u32 {
    let mut planes = [u64::from(word), 0, 0, 0, 0, 0, 0, 0];
    transpose(&mut planes);
    sub_bytes(&mut planes);
    transpose(&mut planes);
    planes[0] as u32
}

/// Encrypts eight blocks.
#[cold]
#[inline]
pub(super) fn encrypt(keys: &RoundKeys, blocks: &mut Blocks) {
    let (first, rounds) = keys.parts();
    let mut states = [[0; 8]; 2];
    let (fours, _) = blocks.as_chunks_mut();
    let start = slice(&[*first; 4]);
    for (state, four) in states.iter_mut().zip(&*fours) {
        *state = slice(four);
        add(state, &start);
    }
    for (left, key) in (0..rounds.len()).rev().zip(rounds) {
        let key = slice(&[*key; 4]);
        for state in &mut states {
            sub_bytes(state);
            for plane in &mut *state {
                *plane = shift_rows(*plane);
            }
            if left > 0 {
                mix_columns(state);
            }
            add(state, &key);
        }
    }
    for (state, four) in states.into_iter().zip(fours) {
        unslice(state, four);
    }
}

/// Bytes of the state to bits of the planes. Before the transposition, word `b` holds the even columns of block `b`,
/// and word `b + 4` the odd ones.
#[inline]
fn slice(blocks: &[Block; 4]) -> Planes {
    let mut planes = [0; 8];
    let (even, odd) = planes.split_at_mut(4);
    for ((even, odd), block) in even.iter_mut().zip(odd).zip(blocks) {
        let [c0, c1, c2, c3] = block.map(spread);
        *even = c0 | c2 << 8;
        *odd = c1 | c3 << 8;
    }
    transpose(&mut planes);
    planes
}

#[inline]
fn unslice(mut planes: Planes, blocks: &mut [Block; 4]) {
    transpose(&mut planes);
    let (even, odd) = planes.split_at(4);
    for ((even, odd), block) in even.iter().zip(odd).zip(blocks) {
        *block = [*even, *odd, even >> 8, odd >> 8].map(gather);
    }
}

/// Each byte to 16 bits.
#[inline]
fn spread(word: u32) -> u64 {
    let x = u64::from(word);
    let x = (x | x << 16) & 0x0000_ffff_0000_ffff;
    (x | x << 8) & 0x00ff_00ff_00ff_00ff
}

/// The lower byte of each 16 bits.
#[inline]
fn gather(x: u64) -> u32 {
    let x = x & 0x00ff_00ff_00ff_00ff;
    let x = (x | x >> 8) & 0x0000_ffff_0000_ffff;
    (x | x >> 16) as u32
}

/// Bit `8 b + j` of word `i` for bit `8 b + i` of word `j`.
#[inline]
fn transpose(planes: &mut Planes) {
    for (distance, mask) in [
        (1, 0x5555_5555_5555_5555),
        (2, 0x3333_3333_3333_3333),
        (4, 0x0f0f_0f0f_0f0f_0f0f),
    ] {
        for i in 0..8 {
            if i & distance == 0 {
                let swap = (planes[i] >> distance ^ planes[i | distance]) & mask;
                planes[i | distance] ^= swap;
                planes[i] ^= swap << distance;
            }
        }
    }
}

#[inline]
fn add(state: &mut Planes, key: &Planes) {
    for (plane, key) in state.iter_mut().zip(key) {
        *plane ^= key;
    }
}

/// Row `r` turns left by `r` columns.
#[inline]
fn shift_rows(x: u64) -> u64 {
    x & 0xffff
        | x >> 4 & 0x0fff_0000
        | x << 12 & 0xf000_0000
        | x >> 8 & 0x00ff_0000_0000
        | x << 8 & 0xff00_0000_0000
        | x >> 12 & 0x000f_0000_0000_0000
        | x << 4 & 0xfff0_0000_0000_0000
}

/// Each row becomes 2 times itself, plus 3 times the next, plus the two after it.
#[inline]
fn mix_columns(state: &mut Planes) {
    let next = state.map(|plane| plane.rotate_right(16));
    let mut sum = *state;
    for (sum, next) in sum.iter_mut().zip(next) {
        *sum ^= next;
    }
    for i in 0..8 {
        let mut doubled = sum[(i + 7) % 8];
        if i == 1 || i == 3 || i == 4 {
            doubled ^= sum[7];
        }
        state[i] = doubled ^ next[i] ^ sum[i].rotate_right(32);
    }
}

/// The S-box on all bytes: change to the tower's basis, invert, change back with the affine map.
#[inline(never)]
fn sub_bytes(state: &mut Planes) {
    let [x0, x1, x2, x3, x4, x5, x6, x7] = *state;
    let x57 = x5 ^ x7;
    let x16 = x1 ^ x6;
    let low = [x0 ^ x2, x16 ^ x7, x2 ^ x5, x16 ^ x3 ^ x7];
    let high = [x1 ^ x57, x16 ^ x4 ^ x5, x16 ^ x2 ^ x3 ^ x4 ^ x5, x57];

    // 1 / (h z + l) = (h z + h + l) / (w y h^2 + h l + l^2)
    let both = add4(high, low);
    let [p0, p1, p2, p3] = mul4(high, low);
    let [h0, h1, h2, h3] = high;
    let [l0, l1, l2, l3] = low;
    let norm = [
        p0 ^ h2 ^ l0 ^ l1 ^ l3,
        p1 ^ h2 ^ h3 ^ l1 ^ l2,
        p2 ^ h1 ^ h2 ^ h3 ^ l2 ^ l3,
        p3 ^ h0 ^ h3 ^ l3,
    ];
    let inverse = invert4(norm);
    let [x4, x5, x6, x7] = mul4(high, inverse);
    let [x0, x1, x2, x3] = mul4(both, inverse);

    let x01 = x0 ^ x1;
    let x45 = x4 ^ x5;
    let x0245 = x0 ^ x2 ^ x45;
    *state = [
        !x0245,
        !(x01 ^ x2),
        x01,
        x0245 ^ x6,
        x0 ^ x3 ^ x45,
        !(x2 ^ x3 ^ x45),
        !(x4 ^ x6 ^ x7),
        x2 ^ x4 ^ x6,
    ];
}

/// Addition in GF((2^2)^2).
fn add4(a: [u64; 4], b: [u64; 4]) -> [u64; 4] {
    [a[0] ^ b[0], a[1] ^ b[1], a[2] ^ b[2], a[3] ^ b[3]]
}

/// Multiplication in GF((2^2)^2).
fn mul4([a0, a1, a2, a3]: [u64; 4], [b0, b1, b2, b3]: [u64; 4]) -> [u64; 4] {
    let [p0, p1] = mul2([a0, a1], [b0, b1]);
    let [q0, q1] = mul2([a2, a3], [b2, b3]);
    let [m0, m1] = mul2([a0 ^ a2, a1 ^ a3], [b0 ^ b2, b1 ^ b3]);
    [p0 ^ q1, p1 ^ q0 ^ q1, m0 ^ p0, m1 ^ p1]
}

/// Inversion in GF((2^2)^2): 1 / (h y + l) = (h y + h + l) / (w h^2 + h l + l^2), and 1 / d is d^2 in GF(2^2).
fn invert4([l0, l1, h0, h1]: [u64; 4]) -> [u64; 4] {
    let [p0, p1] = mul2([h0, h1], [l0, l1]);
    // w h^2 is (h0, h0 + h1) rearranged: h^2 = (h0 + h1, h1), and w (a, b) = (b, a + b).
    let norm = [p0 ^ h1 ^ l0 ^ l1, p1 ^ h0 ^ l1];
    let inverse = [norm[0] ^ norm[1], norm[1]];
    let [i2, i3] = mul2([h0, h1], inverse);
    let [i0, i1] = mul2([h0 ^ l0, h1 ^ l1], inverse);
    [i0, i1, i2, i3]
}

/// Multiplication in GF(2^2).
fn mul2([a0, a1]: [u64; 2], [b0, b1]: [u64; 2]) -> [u64; 2] {
    let low = a0 & b0;
    [low ^ a1 & b1, (a0 ^ a1) & (b0 ^ b1) ^ low]
}

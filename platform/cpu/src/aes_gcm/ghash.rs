//! GHASH's multiplication without tables, by integer multiplications with holes between the bits.
//!
//! It is done as POLYVAL's (RFC 8452, appendix A): with bytes in reverse order and H times x, the two are the same, and
//! nothing need be shifted by one bit.

/// x^128 in GF(2^128) as POLYVAL defines it: x^127 + x^126 + x^121 + 1.
const POLYNOMIAL: u128 = 1 << 127 | 1 << 126 | 1 << 121 | 1;

/// What to multiply by for a hash key `h` of GHASH, as the bytes are on the wire.
#[inline]
pub(super) fn hash_key(h: [u8; 16]) -> u128 {
    let h = u128::from_be_bytes(h);
    h << 1 ^ (POLYNOMIAL & (h >> 127).wrapping_neg())
}

/// Takes `data`, with zeros up to a whole number of blocks, into the hash `sum` under `key`.
#[cold]
#[inline]
pub(super) fn update(mut sum: u128, key: u128, data: &[u8]) -> u128 {
    for part in data.chunks(16) {
        sum = multiply(sum ^ super::padded(part), key);
    }
    sum
}

/// a * b / x^128.
#[inline]
fn multiply(a: u128, b: u128) -> u128 {
    let (a0, a1) = (a as u64, (a >> 64) as u64);
    let (b0, b1) = (b as u64, (b >> 64) as u64);
    let low = carryless64(a0, b0);
    let high = carryless64(a1, b1);
    let middle = carryless64(a0 ^ a1, b0 ^ b1) ^ low ^ high;
    let low = low ^ middle << 64;
    let high = high ^ middle >> 64;
    // Adding the right multiple of the polynomial clears the lower half.
    let low = low ^ low << 127 ^ low << 126 ^ low << 121;
    high ^ low ^ low >> 1 ^ low >> 2 ^ low >> 7
}

#[inline]
fn carryless64(a: u64, b: u64) -> u128 {
    let (a0, a1) = (a as u32, (a >> 32) as u32);
    let (b0, b1) = (b as u32, (b >> 32) as u32);
    let low = carryless32(a0, b0);
    let high = carryless32(a1, b1);
    let middle = carryless32(a0 ^ a1, b0 ^ b1) ^ low ^ high;
    u128::from(low) ^ u128::from(middle) << 32 ^ u128::from(high) << 64
}

/// With only every fourth bit set, at most eight products fall on one bit, and their sum stays within its four bits.
#[inline(never)]
fn carryless32(a: u32, b: u32) -> u64 {
    let part = |n: u32, i: u32| u64::from(n & 0x1111_1111 << i);
    let mut product = 0;
    for k in 0..4 {
        let mut sum = 0;
        for i in 0..4 {
            sum ^= part(a, i) * part(b, (k + 4 - i) % 4);
        }
        product |= sum & 0x1111_1111_1111_1111 << k;
    }
    product
}

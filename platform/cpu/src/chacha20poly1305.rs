//! ChaCha20-Poly1305 (RFC 8439), for servers that offer nothing else. Small rather than fast.

use core::hint::black_box;

/// ChaCha20-Poly1305 under one key.
pub struct ChaCha20Poly1305 {
    key: [u32; 8],
}

impl ChaCha20Poly1305 {
    /// The cipher under the 32 bytes of `key`. It does not panic: surplus bytes are not used, missing ones are zero.
    #[inline]
    pub fn new(key: &[u8]) -> Self {
        let mut words = [0; 8];
        for (word, bytes) in words.iter_mut().zip(key.as_chunks().0) {
            *word = u32::from_le_bytes(*bytes);
        }
        ChaCha20Poly1305 { key: words }
    }

    /// Encrypts `data` in place and returns the tag over it and `aad`. A nonce must not be used twice under one key.
    #[inline]
    pub fn seal(&self, nonce: &[u8; 12], aad: &[u8], data: &mut [u8]) -> [u8; 16] {
        self.apply(nonce, data);
        self.tag(nonce, aad, data)
    }

    /// Decrypts `data` in place if `tag` is the one over it and `aad`. If it is not, the result is false and `data` is
    /// left as it was.
    #[must_use]
    #[inline]
    pub fn open(&self, nonce: &[u8; 12], aad: &[u8], data: &mut [u8], tag: &[u8; 16]) -> bool {
        let computed = u128::from_ne_bytes(self.tag(nonce, aad, data));
        if black_box(computed ^ u128::from_ne_bytes(*tag)) != 0 {
            return false;
        }
        self.apply(nonce, data);
        true
    }

    /// RFC 8439, section 2.4.
    #[inline]
    fn apply(&self, nonce: &[u8; 12], data: &mut [u8]) {
        for (block, counter) in data.chunks_mut(64).zip(1..) {
            for (byte, pad) in block.iter_mut().zip(self.block(nonce, counter)) {
                *byte ^= pad;
            }
        }
    }

    /// RFC 8439, section 2.3.
    #[inline(never)]
    fn block(&self, nonce: &[u8; 12], counter: u32) -> [u8; 64] {
        let mut start = [0; 16];
        start[..4].copy_from_slice(&[0x61707865, 0x3320646e, 0x79622d32, 0x6b206574]);
        start[4..12].copy_from_slice(&self.key);
        start[12] = counter;
        for (word, bytes) in start[13..].iter_mut().zip(nonce.as_chunks().0) {
            *word = u32::from_le_bytes(*bytes);
        }
        let mut x = start;
        for _ in 0..10 {
            for i in 0..4 {
                quarter_round(&mut x, [i, 4 + i, 8 + i, 12 + i]);
            }
            for i in 0..4 {
                let diagonal = [i, 4 + (i + 1) % 4, 8 + (i + 2) % 4, 12 + (i + 3) % 4];
                quarter_round(&mut x, diagonal);
            }
        }
        let mut out = [0; 64];
        for ((bytes, x), start) in out.as_chunks_mut().0.iter_mut().zip(x).zip(start) {
            *bytes = x.wrapping_add(start).to_le_bytes();
        }
        out
    }

    /// RFC 8439, section 2.8.
    #[inline]
    fn tag(&self, nonce: &[u8; 12], aad: &[u8], data: &[u8]) -> [u8; 16] {
        let mut mac = Poly1305::new(&self.block(nonce, 0));
        mac.padded(aad);
        mac.padded(data);
        let lengths = (data.len() as u128) << 64 | aad.len() as u128;
        mac.padded(&lengths.to_le_bytes());
        mac.finish()
    }
}

/// RFC 8439, section 2.1.
#[inline(always)]
fn quarter_round(x: &mut [u32; 16], [a, b, c, d]: [usize; 4]) {
    for (left, right) in [(16, 12), (8, 7)] {
        x[a] = x[a].wrapping_add(x[b]);
        x[d] = (x[d] ^ x[a]).rotate_left(left);
        x[c] = x[c].wrapping_add(x[d]);
        x[b] = (x[b] ^ x[c]).rotate_left(right);
    }
}

/// RFC 8439, section 2.5, with a number `h` of which the bits from 2^128 on are in `high`.
struct Poly1305 {
    r: u128,
    s: u128,
    h: u128,
    high: u64,
}

impl Poly1305 {
    #[inline]
    fn new(key: &[u8; 64]) -> Self {
        let (numbers, _) = key.as_chunks();
        let number = |i| numbers.get(i).map_or(0, |n| u128::from_le_bytes(*n));
        Poly1305 {
            r: number(0) & 0x0ffffffc_0ffffffc_0ffffffc_0fffffff,
            s: number(1),
            h: 0,
            high: 0,
        }
    }

    /// Takes `data`, with zeros up to a whole number of blocks.
    #[inline(never)]
    fn padded(&mut self, data: &[u8]) {
        for part in data.chunks(16) {
            let mut block = [0; 16];
            for (to, from) in block.iter_mut().zip(part) {
                *to = *from;
            }
            self.block(u128::from_le_bytes(block));
        }
    }

    /// h = (h + block + 2^128) * r mod 2^130 - 5, up to a small multiple of the modulus.
    #[inline]
    fn block(&mut self, block: u128) {
        let (sum, carry) = self.h.overflowing_add(block);
        let high = self.high + 1 + u64::from(carry);
        let ([h0, h1], [r0, r1]) = (halves(sum), halves(self.r));
        // The clamped r1 is a multiple of 4, so r1 * 2^128 is r1 / 4 * 2^130, and 2^130 is 5. r has four zeros at the
        // head of each half, and `high` is at most 6: no sum here comes near 2^128.
        let folded = r1 + (r1 >> 2);
        let low = product(h0, r0) + product(h1, folded);
        let middle = product(h0, r1) + product(h1, r0) + product(high, folded) + (low >> 64);
        let high = high * r0 + (middle >> 64) as u64;
        // What is left above 2^130 counts five times.
        let fives = u128::from((high >> 2) * 5);
        let (sum, carry) = (middle << 64 | low & u128::from(u64::MAX)).overflowing_add(fives);
        self.h = sum;
        self.high = (high & 3) + u64::from(carry);
    }

    #[inline]
    fn finish(self) -> [u8; 16] {
        // h is below 2^130 + 2^65; it is h - (2^130 - 5) if that is not negative, so if h + 5 reaches 2^130.
        let (reduced, carry) = self.h.overflowing_add(5);
        let over = black_box((self.high + u64::from(carry)) >> 2);
        let mask = u128::from(over).wrapping_neg();
        let number = self.h & !mask | reduced & mask;
        number.wrapping_add(self.s).to_le_bytes()
    }
}

#[inline]
fn halves(number: u128) -> [u64; 2] {
    [number as u64, (number >> 64) as u64]
}

#[inline]
fn product(a: u64, b: u64) -> u128 {
    u128::from(a) * u128::from(b)
}

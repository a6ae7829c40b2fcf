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
        let mut start = [0u32; 16];
        let constants = [0x61707865, 0x3320646e, 0x79622d32, 0x6b206574];
        let nonce = nonce.as_chunks().0.iter().map(|n| u32::from_le_bytes(*n));
        let words = constants.into_iter().chain(self.key).chain([counter]);
        for (word, value) in start.iter_mut().zip(words.chain(nonce)) {
            *word = value;
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

const LIMB: u32 = (1 << 26) - 1;

/// RFC 8439, section 2.5, with numbers in five limbs of 26 bits.
struct Poly1305 {
    r: [u32; 5],
    h: [u32; 5],
    s: u128,
}

impl Poly1305 {
    #[inline]
    fn new(key: &[u8; 64]) -> Self {
        let (numbers, _) = key.as_chunks();
        let number = |i| numbers.get(i).map_or(0, |n| u128::from_le_bytes(*n));
        Poly1305 {
            r: limbs(number(0) & 0x0ffffffc_0ffffffc_0ffffffc_0fffffff),
            h: [0; 5],
            s: number(1),
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
    fn block(&mut self, block: u128) {
        let mut h = self.h;
        for (h, limb) in h.iter_mut().zip(limbs(block)) {
            *h += limb;
        }
        h[4] += 1 << 24;
        let mut carry = 0;
        for i in 0..5 {
            let mut sum = carry;
            for (j, &h) in h.iter().enumerate() {
                // 2^130 is 5: what would be limb i + 5 counts five times as limb i.
                let r = if j > i {
                    5 * self.r[i + 5 - j]
                } else {
                    self.r[i - j]
                };
                sum += u64::from(h) * u64::from(r);
            }
            self.h[i] = sum as u32 & LIMB;
            carry = sum >> 26;
        }
        let low = u64::from(self.h[0]) + carry * 5;
        self.h[0] = low as u32 & LIMB;
        self.h[1] += (low >> 26) as u32;
    }

    #[inline]
    fn finish(mut self) -> [u8; 16] {
        // Twice, since the first carry out of the top may ripple up again.
        for _ in 0..2 {
            carry(&mut self.h);
        }
        // h is below 2^130 now; it is h - (2^130 - 5) if that is not negative, so if h + 5 reaches 2^130.
        let mut reduced = self.h;
        reduced[0] += 5;
        let mut over = 0;
        for limb in &mut reduced {
            *limb += over;
            over = *limb >> 26;
            *limb &= LIMB;
        }
        let mask = black_box(over).wrapping_neg();
        let mut number = 0u128;
        for (i, (h, reduced)) in self.h.iter().zip(reduced).enumerate() {
            let limb = h & !mask | reduced & mask;
            number |= u128::from(limb) << (26 * i);
        }
        number.wrapping_add(self.s).to_le_bytes()
    }
}

/// Brings every limb below 2^26, except that the lowest may keep a small carry out of the highest.
#[inline]
fn carry(h: &mut [u32; 5]) {
    let mut over = 0;
    for limb in &mut *h {
        *limb += over;
        over = *limb >> 26;
        *limb &= LIMB;
    }
    h[0] += over * 5;
}

#[inline]
fn limbs(number: u128) -> [u32; 5] {
    let mut limbs = [0; 5];
    for (i, limb) in limbs.iter_mut().enumerate() {
        *limb = (number >> (26 * i)) as u32 & LIMB;
    }
    limbs
}

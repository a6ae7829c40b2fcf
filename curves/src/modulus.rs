//! Numbers modulo an odd number: Montgomery form, powers, inverses; and their bytes.
//!
//! Exponents and moduli are public here, the numbers need not be: what is done does not depend on them.

use cpu::mont::{self, Element, FIELD_LIMBS, Limb};

/// Bytes of the largest modulus, that of an RSA key of 8192 bits.
pub const MAX_BYTES: usize = 1024;
/// Limbs of the largest modulus.
pub const MAX_LIMBS: usize = MAX_BYTES / size_of::<Limb>();

/// 1, multiplication by which is the way out of Montgomery form.
pub const ONE: [Limb; MAX_LIMBS] = {
    let mut one = [0; MAX_LIMBS];
    one[0] = 1;
    one
};

/// An odd modulus and what multiplication by [`mont::mul`] needs of it.
#[derive(Clone, Copy)]
pub struct Modulus<'a> {
    /// The number itself.
    pub m: &'a [Limb],
    /// `R^2 mod m`, multiplication by which is the way into Montgomery form.
    pub rr: &'a [Limb],
    /// What [`negative_inverse`] gives for `m`.
    pub m0: Limb,
}

impl Modulus<'_> {
    /// `out = a * b / R`; `b` must be reduced, `a` need not be.
    pub fn mul(&self, out: &mut [Limb], a: &[Limb], b: &[Limb]) {
        mont::mul(out, a, b, self.m, self.m0);
    }

    /// Replaces `x` by `x^exponent`, both in Montgomery form, for a big-endian exponent.
    #[inline(never)]
    pub fn pow(&self, x: &mut [Limb], exponent: &[u8]) {
        let (mut a, mut b) = ([0; MAX_LIMBS], [0; MAX_LIMBS]);
        let (mut power, mut next) = (&mut a, &mut b);
        self.mul(power, &ONE, self.rr);
        for byte in exponent {
            for bit in (0..8).rev() {
                self.mul(next, power, power);
                (power, next) = (next, power);
                if byte >> bit & 1 == 1 {
                    self.mul(next, power, x);
                    (power, next) = (next, power);
                }
            }
        }
        for (x, power) in x.iter_mut().zip(&*power) {
            *x = *power;
        }
    }

    /// Replaces `x` by `1/x`, both in Montgomery form, by Fermat: for a prime modulus that is 3 or more modulo 256.
    /// 0 stays 0.
    #[inline(never)]
    pub fn invert(&self, x: &mut [Limb]) {
        let mut exponent = [0; MAX_BYTES];
        let Some(exponent) = exponent.get_mut(..size_of_val(self.m)) else {
            return;
        };
        to_bytes(exponent, self.m);
        if let Some(low) = exponent.last_mut() {
            *low = low.wrapping_sub(2);
        }
        self.pow(x, exponent);
    }
}

/// `-1/m mod 2^Limb::BITS`, of the lowest limb of an odd `m`.
pub const fn negative_inverse(m: Limb) -> Limb {
    // Newton's iteration doubles the correct low bits, of which an odd number has three in its own inverse.
    let mut inverse = m;
    let mut bits = 3;
    while bits < Limb::BITS {
        inverse = inverse.wrapping_mul((2 as Limb).wrapping_sub(m.wrapping_mul(inverse)));
        bits *= 2;
    }
    inverse.wrapping_neg()
}

/// Fills `rr`, which is 0, with `R^2 mod m` for an `m` of `bits` bits.
pub fn r_squared(rr: &mut [Limb; MAX_LIMBS], m: &[Limb], m0: Limb, bits: usize) {
    let r_bits = size_of_val(m) * 8;
    // The highest power of 2 below m, doubled until it is 2R, which is 2 in Montgomery form.
    let top = bits.saturating_sub(1);
    if let Some(limb) = rr.get_mut(top / Limb::BITS as usize) {
        *limb = 1 << (top % Limb::BITS as usize);
    }
    for _ in top..r_bits + 1 {
        double(rr, m);
    }
    // From 2 to 2^r_bits, which in Montgomery form is R^2, by squaring and doubling along the bits of r_bits.
    for bit in (0..r_bits.checked_ilog2().unwrap_or(0)).rev() {
        let x = *rr;
        mont::mul(rr, &x, &x, m, m0);
        if r_bits >> bit & 1 == 1 {
            double(rr, m);
        }
    }
}

#[inline(never)]
fn double(x: &mut [Limb; MAX_LIMBS], m: &[Limb]) {
    let half = *x;
    mont::add(x, &half, &half, m);
}

/// Reads big-endian `bytes`, filling up with zeros; what is too long loses its high end.
#[inline(never)]
pub fn from_bytes(out: &mut [Limb], bytes: &[u8]) {
    out.fill(0);
    for (limb, chunk) in out.iter_mut().zip(bytes.rchunks(size_of::<Limb>())) {
        *limb = chunk
            .iter()
            .fold(0, |limb, &byte| limb << 8 | Limb::from(byte));
    }
}

/// The number of little-endian bytes.
#[inline(never)]
pub fn little_endian(bytes: &[u8; 32]) -> Element {
    let mut bytes = *bytes;
    bytes.reverse();
    let mut out = [0; FIELD_LIMBS];
    from_bytes(&mut out, &bytes);
    out
}

/// Writes the low end of `limbs` big-endian over all of `out`.
#[inline(never)]
pub fn to_bytes(out: &mut [u8], limbs: &[Limb]) {
    for (chunk, limb) in out.rchunks_mut(size_of::<Limb>()).zip(limbs) {
        let mut limb = *limb;
        for byte in chunk.iter_mut().rev() {
            *byte = limb as u8;
            limb >>= 8;
        }
    }
}

/// Whether `a < b`, in a time that tells only their lengths.
#[inline(never)]
pub fn less(a: &[Limb], b: &[Limb]) -> bool {
    let mut borrow = false;
    for (a, b) in a.iter().zip(b) {
        (_, borrow) = a.borrowing_sub(*b, borrow);
    }
    borrow
}

/// Whether `a` is 0, in a time that tells only its length.
#[inline(never)]
pub fn is_zero(a: &[Limb]) -> bool {
    a.iter().fold(0, |all, limb| all | limb) == 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Random;
    use num_bigint::BigUint;
    use std::vec;

    /// Powers modulo odd numbers of all kinds of lengths, against another implementation.
    #[test]
    fn powers() {
        let mut random = Random(1);
        for bits in [
            65, 127, 128, 255, 256, 2048, 2049, 2050, 2111, 2112, 3072, 4095, 4097, 8191,
            8192_usize,
        ] {
            for round in 0..3 {
                let mut bytes = random.bytes::<1024>();
                if round == 0 {
                    bytes = [0xff; 1024];
                }
                let bytes = &mut bytes[..bits.div_ceil(8)];
                bytes[0] &= 0xff >> (bits.wrapping_neg() % 8);
                bytes[0] |= 0x80 >> (bits.wrapping_neg() % 8);
                *bytes.last_mut().unwrap() |= 1;
                let x = random.bytes::<1024>();
                let x = &x[..bytes.len()];
                let exponent = random.bytes::<4>();

                let (mut m, mut rr) = ([0; MAX_LIMBS], [0; MAX_LIMBS]);
                from_bytes(&mut m, bytes);
                let m = &m[..bytes.len().div_ceil(size_of::<Limb>())];
                let m0 = negative_inverse(m[0]);
                r_squared(&mut rr, m, m0, bits);
                let modulus = Modulus { m, rr: &rr, m0 };
                let (mut a, mut b) = ([0; MAX_LIMBS], [0; MAX_LIMBS]);
                from_bytes(&mut a, x);
                modulus.mul(&mut b, &a, modulus.rr);
                modulus.pow(&mut b, &exponent);
                modulus.mul(&mut a, &b, &ONE);
                let mut power = vec![0; bytes.len()];
                to_bytes(&mut power, &a);

                let number = BigUint::from_bytes_be;
                let expected = number(x).modpow(&number(&exponent), &number(bytes));
                assert_eq!(number(&power), expected, "{bits}");
            }
        }
    }
}

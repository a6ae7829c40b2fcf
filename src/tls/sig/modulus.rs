//! Numbers modulo an odd number: conversion, Montgomery form, powers and inverses.
//!
//! Exponents and moduli are public here, the numbers need not be: what is done does not depend on them.

use cpu::mont::{self, Limb};

/// Bytes of the largest modulus, that of an RSA key of 8192 bits.
pub(super) const MAX_BYTES: usize = 1024;
/// Limbs of the largest modulus.
pub(super) const MAX_LIMBS: usize = MAX_BYTES / size_of::<Limb>();

/// An odd modulus `m` and what multiplication by [`mont::mul`] needs of it.
pub(super) struct Modulus {
    m: [Limb; MAX_LIMBS],
    // R^2 mod m: multiplication by it is the way into Montgomery form.
    rr: [Limb; MAX_LIMBS],
    len: usize,
    /// `-1/m mod 2^Limb::BITS`.
    pub(super) m0: Limb,
}

/// The Montgomery form's divisor: multiplication by 1 is the way out of that form.
const ONE: [Limb; MAX_LIMBS] = {
    let mut one = [0; MAX_LIMBS];
    one[0] = 1;
    one
};

impl Modulus {
    /// The modulus of big-endian `bytes` without leading zeros; none if even, 1, or longer than [`MAX_BYTES`].
    pub(super) fn new(bytes: &[u8]) -> Option<Self> {
        let (&high, &low) = (bytes.first()?, bytes.last()?);
        if low & 1 == 0 || high == 0 || bytes.len() > MAX_BYTES || bytes == [1] {
            return None;
        }
        let mut modulus = Modulus {
            m: [0; MAX_LIMBS],
            rr: [0; MAX_LIMBS],
            len: bytes.len().div_ceil(size_of::<Limb>()),
            m0: 0,
        };
        from_bytes(&mut modulus.m, bytes);
        // Newton's iteration doubles the correct low bits, of which an odd number has three in its own inverse.
        let m = modulus.m[0];
        let mut inverse = m;
        for _ in 0..5 {
            inverse = inverse.wrapping_mul(2_usize.wrapping_sub(m.wrapping_mul(inverse)));
        }
        modulus.m0 = inverse.wrapping_neg();
        modulus.set_rr(bytes.len() * 8 - high.leading_zeros() as usize);
        Some(modulus)
    }

    /// The modulus' own limbs.
    pub(super) fn limbs(&self) -> &[Limb] {
        self.m.get(..self.len).unwrap_or_default()
    }

    fn set_rr(&mut self, bits: usize) {
        let r_bits = self.len * Limb::BITS as usize;
        // The highest power of 2 below m, doubled until it is 2R, which is 2 in Montgomery form.
        let mut x = [0; MAX_LIMBS];
        if let Some(limb) = x.get_mut((bits - 1) / Limb::BITS as usize) {
            *limb = 1 << ((bits - 1) % Limb::BITS as usize);
        }
        for _ in bits - 1..r_bits + 1 {
            self.double(&mut x);
        }
        // From 2 to 2^r_bits, which in Montgomery form is R^2, by squaring and doubling along the bits of r_bits.
        for bit in (0..r_bits.ilog2()).rev() {
            let mut square = [0; MAX_LIMBS];
            self.mul(&mut square, &x, &x);
            x = square;
            if r_bits >> bit & 1 == 1 {
                self.double(&mut x);
            }
        }
        self.rr = x;
    }

    fn double(&self, x: &mut [Limb; MAX_LIMBS]) {
        let twice = *x;
        mont::add(x, &twice, &twice, self.limbs());
    }

    /// `out = a * b / R`; `b` must be reduced, `a` need not be.
    pub(super) fn mul(&self, out: &mut [Limb], a: &[Limb], b: &[Limb]) {
        mont::mul(out, a, b, self.limbs(), self.m0);
    }

    /// `x mod m` in Montgomery form, for any `x` as long as the modulus.
    pub(super) fn enter<const N: usize>(&self, x: &[Limb; N]) -> [Limb; N] {
        let mut out = [0; N];
        self.mul(&mut out, x, &self.rr);
        out
    }

    /// The number of which `x` is the Montgomery form.
    pub(super) fn leave<const N: usize>(&self, x: &[Limb; N]) -> [Limb; N] {
        let mut out = [0; N];
        self.mul(&mut out, x, &ONE);
        out
    }

    /// `x^exponent` in Montgomery form of an `x` in Montgomery form, for a big-endian exponent.
    #[inline(never)]
    pub(super) fn pow(&self, x: &mut [Limb], exponent: &[u8]) {
        let (mut a, mut b) = ([0; MAX_LIMBS], [0; MAX_LIMBS]);
        let (mut power, mut next) = (&mut a, &mut b);
        self.mul(power, &ONE, &self.rr);
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

    /// `1/x` in Montgomery form of an `x` in Montgomery form, by Fermat: for a prime modulus. 0 of 0.
    pub(super) fn invert(&self, x: &mut [Limb]) {
        let mut exponent = [0; MAX_BYTES];
        let Some(exponent) = exponent.get_mut(..self.len * size_of::<Limb>()) else {
            return;
        };
        to_bytes(exponent, self.limbs());
        // No prime here ends in the byte 1, so there is nothing to borrow.
        if let Some(low) = exponent.last_mut() {
            *low = low.wrapping_sub(2);
        }
        self.pow(x, exponent);
    }
}

/// Reads big-endian `bytes`, filling up with zeros; what is too long loses its high end.
pub(super) fn from_bytes(out: &mut [Limb], bytes: &[u8]) {
    out.fill(0);
    for (limb, chunk) in out.iter_mut().zip(bytes.rchunks(size_of::<Limb>())) {
        *limb = chunk
            .iter()
            .fold(0, |limb, &byte| limb << 8 | Limb::from(byte));
    }
}

/// Writes the low end of `limbs` big-endian over all of `out`.
pub(super) fn to_bytes(out: &mut [u8], limbs: &[Limb]) {
    for (chunk, limb) in out.rchunks_mut(size_of::<Limb>()).zip(limbs) {
        let mut limb = *limb;
        for byte in chunk.iter_mut().rev() {
            *byte = limb as u8;
            limb >>= 8;
        }
    }
}

/// Whether `a < b`, in a time that tells only their lengths.
pub(super) fn less(a: &[Limb], b: &[Limb]) -> bool {
    let mut borrow = false;
    for (a, b) in a.iter().zip(b) {
        (_, borrow) = a.borrowing_sub(*b, borrow);
    }
    borrow
}

/// Whether `a` is 0, in a time that tells only its length.
pub(super) fn is_zero(a: &[Limb]) -> bool {
    a.iter().fold(0, |all, limb| all | limb) == 0
}

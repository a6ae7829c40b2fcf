//! Numbers modulo an odd number: Montgomery form, powers, inverses; and their bytes.
//!
//! Exponents and moduli are public here, the numbers need not be: what is done does not depend on them.

use cpu::mont::{self, Limb};

/// Bytes of the largest modulus, that of an RSA key of 8192 bits.
pub(super) const MAX_BYTES: usize = 1024;
/// Limbs of the largest modulus.
pub(super) const MAX_LIMBS: usize = MAX_BYTES / size_of::<Limb>();

/// 1, multiplication by which is the way out of Montgomery form.
pub(super) const ONE: [Limb; MAX_LIMBS] = {
    let mut one = [0; MAX_LIMBS];
    one[0] = 1;
    one
};

/// An odd modulus and what multiplication by [`mont::mul`] needs of it.
#[derive(Clone, Copy)]
pub(super) struct Modulus<'a> {
    pub(super) m: &'a [Limb],
    /// `R^2 mod m`, multiplication by which is the way into Montgomery form.
    pub(super) rr: &'a [Limb],
    /// What [`negative_inverse`] gives for `m`.
    pub(super) m0: Limb,
}

impl Modulus<'_> {
    /// `out = a * b / R`; `b` must be reduced, `a` need not be.
    pub(super) fn mul(&self, out: &mut [Limb], a: &[Limb], b: &[Limb]) {
        mont::mul(out, a, b, self.m, self.m0);
    }

    /// Replaces `x` by `x^exponent`, both in Montgomery form, for a big-endian exponent.
    #[inline(never)]
    pub(super) fn pow(&self, x: &mut [Limb], exponent: &[u8]) {
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
    pub(super) fn invert(&self, x: &mut [Limb]) {
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
pub(super) const fn negative_inverse(m: Limb) -> Limb {
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
pub(super) fn r_squared(rr: &mut [Limb; MAX_LIMBS], m: &[Limb], m0: Limb, bits: usize) {
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
pub(super) fn from_bytes(out: &mut [Limb], bytes: &[u8]) {
    out.fill(0);
    for (limb, chunk) in out.iter_mut().zip(bytes.rchunks(size_of::<Limb>())) {
        *limb = chunk
            .iter()
            .fold(0, |limb, &byte| limb << 8 | Limb::from(byte));
    }
}

/// Writes the low end of `limbs` big-endian over all of `out`.
#[inline(never)]
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
#[inline(never)]
pub(super) fn less(a: &[Limb], b: &[Limb]) -> bool {
    let mut borrow = false;
    for (a, b) in a.iter().zip(b) {
        (_, borrow) = a.borrowing_sub(*b, borrow);
    }
    borrow
}

/// Whether `a` is 0, in a time that tells only its length.
#[inline(never)]
pub(super) fn is_zero(a: &[Limb]) -> bool {
    a.iter().fold(0, |all, limb| all | limb) == 0
}

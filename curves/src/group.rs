//! The groups of P-256, P-384 and edwards25519: one complete addition each, as a program for [`cpu::mont::run`].
//!
//! A complete formula adds any two points, equal ones and the identity too, so nothing here branches on points or
//! scalars, and what verifies signatures also does the secret half of ECDH.

use crate::modulus::{Modulus, from_bytes, is_zero, less, to_bytes};
use cpu::mont::{self, Element, FIELD_LIMBS, Limb, Op::*, Point, step};

/// Bytes of the largest coordinate, one of P-384.
pub const MAX_BYTES: usize = FIELD_LIMBS * size_of::<Limb>();

/// What is chosen from by two bits of each of two scalars.
const CHOICES: usize = 16;

/// The element 0.
pub const ZERO: Element = [0; FIELD_LIMBS];

/// A prime as a [`Modulus`] needs it.
pub struct Prime {
    /// The number itself.
    pub m: Element,
    /// `R^2` modulo it.
    pub rr: Element,
    /// What `negative_inverse` gives for it.
    pub m0: Limb,
}

/// A curve. Elements are in Montgomery form unless said otherwise.
pub struct Curve {
    /// Bytes of a coordinate and of a scalar.
    pub size: usize,
    /// Whether it is a twisted Edwards curve.
    // The identity is (0 : 1 : 1) on an Edwards curve, (0 : 1 : 0) on a Weierstrass curve.
    pub edwards: bool,
    /// The program that adds points.
    pub addition: &'static [u16],
    /// The prime of the coordinates.
    pub field: Prime,
    /// The prime order of the group.
    pub order: Prime,
    /// The base point.
    pub base: Point,
    /// The contents of register C.
    pub constant: Element,
}

// The registers: two points, constants, temporaries.
/// x of the first point
pub const X1: u16 = 0;
/// y of the first point
pub const Y1: u16 = 1;
/// z of the first point
pub const Z1: u16 = 2;
/// x * y / z of the first point, on an Edwards curve
pub const T1: u16 = 3;
/// x of the second point
pub const X2: u16 = 4;
/// y of the second point
pub const Y2: u16 = 5;
/// z of the second point
pub const Z2: u16 = 6;
/// x * y / z of the second point, on an Edwards curve
pub const T2: u16 = 7;
/// `b` of a Weierstrass curve with `a` = -3, or `2d` of a twisted Edwards curve with `a` = -1.
pub const C: u16 = 8;
/// Multiplication by this is the way into Montgomery form, ...
pub const RR: u16 = 9;
/// ... and by this, which is not itself in Montgomery form, the way out.
pub const UNIT: u16 = 10;
/// 1
pub const ONE: u16 = 11;

// An addition needs three of the constants' registers for itself.
const A: u16 = 9;
const B: u16 = 10;
const D: u16 = 11;
/// Free, as an addition is done with it
pub const E: u16 = 12;
/// Free, as `E`
pub const F: u16 = 13;
/// Free, as `E`
pub const G: u16 = 14;
/// Free, as `E`
pub const H: u16 = 15;

/// Renes, Costello, Batina, "Complete addition formulas for prime order elliptic curves" (2016), algorithm 4.
///
/// Its t0 to t4 are A, B, D, E, F here, its X3, Y3, Z3 are G, H, T1.
pub static ADD_WEIERSTRASS: [u16; 43] = [
    step(A, X1, Mul, X2),
    step(B, Y1, Mul, Y2),
    step(D, Z1, Mul, Z2),
    step(E, X1, Add, Y1),
    step(F, X2, Add, Y2),
    step(E, E, Mul, F),
    step(F, A, Add, B),
    step(E, E, Sub, F),
    step(F, Y1, Add, Z1),
    step(G, Y2, Add, Z2),
    step(F, F, Mul, G),
    step(G, B, Add, D),
    step(F, F, Sub, G),
    step(G, X1, Add, Z1),
    step(H, X2, Add, Z2),
    step(G, G, Mul, H),
    step(H, A, Add, D),
    step(H, G, Sub, H),
    step(T1, C, Mul, D),
    step(G, H, Sub, T1),
    step(T1, G, Add, G),
    step(G, G, Add, T1),
    step(T1, B, Sub, G),
    step(G, B, Add, G),
    step(H, C, Mul, H),
    step(B, D, Add, D),
    step(D, B, Add, D),
    step(H, H, Sub, D),
    step(H, H, Sub, A),
    step(B, H, Add, H),
    step(H, B, Add, H),
    step(B, A, Add, A),
    step(A, B, Add, A),
    step(A, A, Sub, D),
    step(B, F, Mul, H),
    step(D, A, Mul, H),
    step(H, G, Mul, T1),
    step(Y1, H, Add, D),
    step(G, E, Mul, G),
    step(X1, G, Sub, B),
    step(T1, F, Mul, T1),
    step(B, E, Mul, A),
    step(Z1, T1, Add, B),
];

/// RFC 8032, section 5.1.4, complete because -1 is a square and `d` is not.
pub static ADD_EDWARDS: [u16; 18] = [
    step(A, Y1, Sub, X1),
    step(B, Y2, Sub, X2),
    step(A, A, Mul, B),
    step(B, Y1, Add, X1),
    step(D, Y2, Add, X2),
    step(B, B, Mul, D),
    step(D, T1, Mul, C),
    step(D, D, Mul, T2),
    step(E, Z1, Mul, Z2),
    step(E, E, Add, E),
    step(F, B, Sub, A),
    step(G, E, Sub, D),
    step(H, E, Add, D),
    step(B, B, Add, A),
    step(X1, F, Mul, G),
    step(Y1, H, Mul, B),
    step(T1, F, Mul, B),
    step(Z1, G, Mul, H),
];

/// Brings the x and y of the first point into Montgomery form and leaves `x^3 - 3x + b - y^2` in H.
static ENTER_WEIERSTRASS: [u16; 11] = [
    step(X1, X1, Mul, RR),
    step(Y1, Y1, Mul, RR),
    step(Z1, ONE, Mul, ONE),
    step(E, X1, Mul, X1),
    step(F, ONE, Add, ONE),
    step(F, F, Add, ONE),
    step(E, E, Sub, F),
    step(E, E, Mul, X1),
    step(E, E, Add, C),
    step(F, Y1, Mul, Y1),
    step(H, E, Sub, F),
];

/// From `x^3 - 3x + b` in H and its power (p - 3) / 4 in E to the root, out of Montgomery form, and its negative.
static ROOTS: [u16; 3] = [
    step(E, E, Mul, H),
    step(Y1, E, Mul, UNIT),
    step(Y2, X2, Sub, Y1),
];

/// Divides by z, of which the inverse is given, and takes x and y out of Montgomery form.
static LEAVE: [u16; 4] = [
    step(X1, X1, Mul, Z1),
    step(Y1, Y1, Mul, Z1),
    step(X1, X1, Mul, UNIT),
    step(Y1, Y1, Mul, UNIT),
];

impl Curve {
    /// The field as a modulus.
    pub fn field(&self) -> Modulus<'_> {
        self.modulus(&self.field)
    }

    /// The order as a modulus.
    pub fn order(&self) -> Modulus<'_> {
        self.modulus(&self.order)
    }

    fn modulus<'a>(&self, prime: &'a Prime) -> Modulus<'a> {
        Modulus {
            m: prime
                .m
                .get(..self.size / size_of::<Limb>())
                .unwrap_or_default(),
            rr: &prime.rr,
            m0: prime.m0,
        }
    }

    /// Registers with the constants; the rest is 0.
    #[inline(never)]
    pub fn registers(&self) -> [Point; 4] {
        let mut r = [[ZERO; 4]; 4];
        let [constant, rr, unit, one] = &mut r[2];
        *constant = self.constant;
        *rr = self.field.rr;
        unit[0] = 1;
        *one = self.base[2];
        r
    }

    /// Runs a program in the curve's field.
    #[inline(never)]
    pub fn run(&self, program: &[u16], registers: &mut [Point; 4]) {
        let field = self.field();
        mont::run(program, registers, field.m, field.m0);
    }

    /// The number of big-endian `bytes` if they are as many as a coordinate has, and it is less than `bound`'s prime.
    #[inline(never)]
    pub fn number(&self, out: &mut Element, bytes: &[u8], bound: &Prime) -> bool {
        from_bytes(out, bytes);
        bytes.len() == self.size && less(out, &bound.m)
    }

    /// A point of a Weierstrass curve in the uncompressed form of SEC 1, section 2.3.4, checked to be on the curve.
    ///
    /// The order of the curve is prime, so the point is in the group; the identity has another form.
    #[inline(never)]
    pub fn decode(&self, bytes: &[u8]) -> Option<Point> {
        let (&4, coordinates) = bytes.split_first()? else {
            return None;
        };
        let (x, y) = coordinates.split_at_checked(self.size)?;
        let mut r = self.registers();
        let point = &mut r[0];
        if !self.number(&mut point[0], x, &self.field)
            || !self.number(&mut point[1], y, &self.field)
        {
            return None;
        }
        self.run(&ENTER_WEIERSTRASS, &mut r);
        is_zero(&r[3][3]).then_some(r[0])
    }

    /// Writes over `y` the one that is `odd`, or is not, of the point of a Weierstrass curve with the coordinate `x`,
    /// both big-endian: for points known to be on the curve (SEC 1, section 2.3.4).
    #[inline(never)]
    pub fn ordinate(&self, x: &[u8], odd: bool, y: &mut [u8]) {
        let mut r = self.registers();
        from_bytes(&mut r[0][0], x);
        self.run(&ENTER_WEIERSTRASS, &mut r);
        // The primes are 3 modulo 4, so the root of a square is its power (p + 1) / 4.
        let mut exponent = [0; MAX_BYTES];
        let exponent = exponent.get_mut(..self.size).unwrap_or_default();
        to_bytes(exponent, &self.field.m);
        let mut last = 0;
        for byte in exponent.iter_mut() {
            (*byte, last) = (*byte >> 2 | last << 6, *byte);
        }
        r[3][0] = r[3][3];
        self.field().pow(&mut r[3][0], exponent);
        self.run(&ROOTS, &mut r);
        let [[_, root, ..], [_, negative, ..], ..] = &r;
        to_bytes(
            y,
            if root[0] & 1 == Limb::from(odd) {
                root
            } else {
                negative
            },
        );
    }

    /// `u * base + v * point`, in a time that depends on the curve alone.
    #[inline(never)]
    pub fn combine(&self, u: &[Limb], v: &[Limb], point: &Point) -> Point {
        let mut r = self.registers();
        let one = self.base[2];
        let identity = [ZERO, one, if self.edwards { one } else { ZERO }, ZERO];
        // The sum for each two bits of `u` with each two of `v`: half as many additions as bit by bit.
        let mut choices = [identity; CHOICES];
        for i in 1..CHOICES {
            let (less, step) = if i % 4 > 0 {
                (i - 1, &self.base)
            } else {
                (i - 4, point)
            };
            r[0] = choices[less];
            r[1] = *step;
            self.run(self.addition, &mut r);
            choices[i] = r[0];
        }

        r[0] = identity;
        for bit in (0..self.size * 8).rev().step_by(2) {
            for _ in 0..2 {
                r[1] = r[0];
                self.run(self.addition, &mut r);
            }
            let digit = |x| bit_of(x, bit) << 1 | bit_of(x, bit - 1);
            select(&mut r[1], &choices, digit(u) | digit(v) << 2);
            self.run(self.addition, &mut r);
        }
        r[0]
    }

    /// Makes `point` affine and takes its x and y out of Montgomery form; false for z = 0.
    #[inline(never)]
    pub fn leave(&self, point: &mut Point) -> bool {
        let finite = !is_zero(&point[2]);
        self.field().invert(&mut point[2]);
        let mut r = self.registers();
        r[0] = *point;
        self.run(&LEAVE, &mut r);
        *point = r[0];
        finite
    }
}

/// Bit number `bit` of `x`.
#[inline(never)]
pub fn bit_of(x: &[Limb], bit: usize) -> Limb {
    let limb = x.get(bit / Limb::BITS as usize).copied().unwrap_or(0);
    limb >> (bit % Limb::BITS as usize) & 1
}

/// `out` = the choice at the secret `index`: all are read.
fn select(out: &mut Point, choices: &[Point; CHOICES], index: Limb) {
    *out = [ZERO; 4];
    for (i, choice) in choices.iter().enumerate() {
        // All ones if i == index: both are below 16.
        let mask = core::hint::black_box(((i ^ index).wrapping_sub(1) >> 4 & 1).wrapping_neg());
        for (out, x) in out.as_flattened_mut().iter_mut().zip(choice.as_flattened()) {
            *out |= x & mask;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ecdh::{KeyPair, NamedGroup};
    use crate::params::{P256, P384};

    #[test]
    fn points_from_one_coordinate() {
        for (curve, group) in [
            (&P256, NamedGroup::Secp256r1),
            (&P384, NamedGroup::Secp384r1),
        ] {
            for seed in 1..20 {
                let secret = &[seed; MAX_BYTES][..curve.size];
                let pair = KeyPair::new(group, secret).unwrap();
                let (x, y) = pair.public()[1..].split_at(curve.size);
                let odd = y[curve.size - 1] & 1 == 1;
                let mut found = [0; MAX_BYTES];
                let found = &mut found[..curve.size];
                curve.ordinate(x, odd, found);
                assert_eq!(found, y);
                curve.ordinate(x, !odd, found);
                assert_ne!(found, y);
            }
        }
    }
}

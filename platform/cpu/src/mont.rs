//! Montgomery arithmetic modulo any odd number, on little-endian limbs of the machine's word size.
//!
//! One multiplication serves RSA and all the curves: it takes the length from the modulus. Nothing here branches on,
//! or indexes with, a value; only lengths and programs are public. Moduli, powers and points are put together by the
//! user of this module.

use core::cell::Cell;
use core::hint::black_box;

/// One digit of a number: 64 bits where a register holds them, else 32.
pub type Limb = usize;

/// Limbs of the largest field of a curve here, 384 bits.
pub const FIELD_LIMBS: usize = 48 / size_of::<Limb>();

/// Limbs of a field of 256 bits.
const UNROLLED: usize = 32 / size_of::<Limb>();

/// An element of the field of a curve; limbs beyond those of the modulus are 0.
pub type Element = [Limb; FIELD_LIMBS];

/// Four coordinates, of which a curve may use fewer.
pub type Point = [Element; 4];

/// `out = a * b / R mod m`, where `R = 2^(Limb::BITS * m.len())` and `m0 = -1/m mod 2^Limb::BITS`.
///
/// `b` must be less than `m`, `a` need only be less than `R`. Limbs of `a`, `b` and `out` beyond those of `m` are
/// neither read nor written. Does nothing if one of them is shorter than `m`.
#[inline(never)]
pub fn mul(out: &mut [Limb], a: &[Limb], b: &[Limb], m: &[Limb], m0: Limb) {
    // Of a length that is known the loops are unrolled: for the curves of 256 bits, which every handshake needs.
    match <&[Limb; UNROLLED]>::try_from(m) {
        Ok(m) => mul_by(out, a, b, m, m0),
        Err(_) => mul_by(out, a, b, m, m0),
    }
}

/// [`mul`], compiled for each place that it is called from.
#[inline(always)]
fn mul_by(out: &mut [Limb], a: &[Limb], b: &[Limb], m: &[Limb], m0: Limb) {
    let n = m.len();
    let (Some(out), Some(a), Some([b_low, b_high @ ..]), [m_low, m_high @ ..]) =
        (out.get_mut(..n), a.get(..n), b.get(..n), m)
    else {
        return;
    };
    out.fill(0);
    let mut top = 0;
    let t = Cell::from_mut(&mut *out).as_slice_of_cells();
    let (Some(first), Some(last)) = (t.first(), t.last()) else {
        return;
    };
    for &a in a {
        // One pass adds a * b and the multiple q of m that makes the lowest limb 0, and drops that limb.
        let (low, mut carry_a) = a.carrying_mul_add(*b_low, first.get(), 0);
        let q = low.wrapping_mul(m0);
        let (_, mut carry_q) = q.carrying_mul_add(*m_low, low, 0);
        for ((pair, &b), &m) in t.windows(2).zip(b_high).zip(m_high) {
            let [lower, upper] = pair else { break };
            let (sum, carry) = a.carrying_mul_add(b, upper.get(), carry_a);
            carry_a = carry;
            let (sum, carry) = q.carrying_mul_add(m, sum, carry_q);
            carry_q = carry;
            lower.set(sum);
        }
        let (sum, carry) = carry_a.carrying_add(carry_q, false);
        let (sum, carry_top) = sum.carrying_add(top, false);
        last.set(sum);
        top = Limb::from(carry) + Limb::from(carry_top);
    }
    reduce(out, top, m);
}

/// `out = a + b mod m` for `a + b < 2 * m`. Lengths are as for [`mul`].
#[inline(never)]
pub fn add(out: &mut [Limb], a: &[Limb], b: &[Limb], m: &[Limb]) {
    let Some(out) = out.get_mut(..m.len()) else {
        return;
    };
    let mut carry = false;
    for ((out, &a), &b) in out.iter_mut().zip(a).zip(b) {
        (*out, carry) = a.carrying_add(b, carry);
    }
    reduce(out, Limb::from(carry), m);
}

/// `out = a - b mod m` for `a` and `b` less than `m`. Lengths are as for [`mul`].
#[inline(never)]
pub fn sub(out: &mut [Limb], a: &[Limb], b: &[Limb], m: &[Limb]) {
    let Some(out) = out.get_mut(..m.len()) else {
        return;
    };
    let mut borrow = false;
    for ((out, &a), &b) in out.iter_mut().zip(a).zip(b) {
        (*out, borrow) = a.borrowing_sub(b, borrow);
    }
    add_masked(out, m, Limb::from(borrow).wrapping_neg());
}

/// Subtracts `m` once from the number `top`, `t` if it is not less than `m`.
#[inline(always)]
fn reduce(t: &mut [Limb], top: Limb, m: &[Limb]) {
    let mut borrow = false;
    for (t, &m) in t.iter_mut().zip(m) {
        (*t, borrow) = t.borrowing_sub(m, borrow);
    }
    add_masked(t, m, top.wrapping_sub(Limb::from(borrow)));
}

/// Adds `m` where `mask` is all ones, nothing where it is 0.
#[inline(always)]
fn add_masked(t: &mut [Limb], m: &[Limb], mask: Limb) {
    // Hides from the optimizer that there are two cases only, which it could make a branch of.
    let mask = black_box(mask);
    let mut carry = false;
    for (t, &m) in t.iter_mut().zip(m) {
        (*t, carry) = t.carrying_add(m & mask, carry);
    }
}

/// What a [`step`] does.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Op {
    /// [`mul`]
    Mul,
    /// [`add`]
    Add,
    /// [`sub`]
    Sub,
}

/// One step of a program for [`run`]: register `d` = register `a` `op` register `b`.
pub const fn step(d: u16, a: u16, op: Op, b: u16) -> u16 {
    (op as u16) << 12 | d << 8 | a << 4 | b
}

/// Runs the steps of `program` on 16 registers: those of point `i` are numbered from `4 * i`.
///
/// A point addition is some 40 operations; as a table it is a tenth of the size of its calls.
#[inline(never)]
pub fn run(program: &[u16], registers: &mut [Point; 4], m: &[Limb], m0: Limb) {
    let r = registers.as_flattened_mut();
    for &step in program {
        let (op, d, a, b) = (
            step >> 12,
            usize::from(step >> 8 & 15),
            usize::from(step >> 4 & 15),
            usize::from(step & 15),
        );
        let (Some(a), Some(b)) = (r.get(a), r.get(b)) else {
            return;
        };
        let mut out = [0; FIELD_LIMBS];
        if op == Op::Mul as u16 {
            mul(&mut out, a, b, m, m0);
        } else if op == Op::Add as u16 {
            add(&mut out, a, b, m);
        } else {
            sub(&mut out, a, b, m);
        }
        if let Some(d) = r.get_mut(d) {
            *d = out;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers of one limb are small enough to check with wider ones.
    #[test]
    fn one_limb() {
        let edges = [
            0,
            1,
            2,
            Limb::MAX / 2,
            Limb::MAX / 2 + 1,
            Limb::MAX - 1,
            Limb::MAX,
        ];
        let wide = |x: Limb| x as u128;
        for m in [
            3,
            5,
            Limb::MAX / 2,
            Limb::MAX / 2 + 2,
            Limb::MAX - 2,
            Limb::MAX,
        ] {
            let mut m0 = m;
            while m0.wrapping_mul(m) != 1 {
                m0 = m0.wrapping_mul((2 as Limb).wrapping_sub(m.wrapping_mul(m0)));
            }
            let m0 = m0.wrapping_neg();
            for a in edges {
                for b in edges.map(|b| b % m) {
                    let mut out = [0];
                    mul(&mut out, &[a], &[b], &[m], m0);
                    assert!(out[0] < m);
                    let product = wide(a) * wide(b) % wide(m);
                    assert_eq!((wide(out[0]) << Limb::BITS) % wide(m), product);
                    let a = a % m;
                    add(&mut out, &[a], &[b], &[m]);
                    assert_eq!(wide(out[0]), (wide(a) + wide(b)) % wide(m));
                    sub(&mut out, &[a], &[b], &[m]);
                    assert_eq!(wide(out[0]), (wide(a) + wide(m) - wide(b)) % wide(m));
                }
            }
        }
    }

    #[test]
    fn what_is_too_short_is_left_alone() {
        let mut out = [7, 7];
        mul(&mut out, &[1], &[1, 0], &[3, 1], 1);
        mul(&mut out[..1], &[1, 0], &[1, 0], &[3, 1], 1);
        add(&mut out[..1], &[1, 0], &[1, 0], &[3, 1]);
        mul(&mut out, &[], &[], &[], 1);
        assert_eq!(out, [7, 7]);
    }

    /// Both operands may be the register of the result, and the length is that of the modulus.
    #[test]
    fn a_program() {
        let mut registers = [[[0; FIELD_LIMBS]; 4]; 4];
        registers[0][1][0] = 4;
        registers[3][3][1] = 9;
        let program = [
            step(1, 1, Op::Add, 1),
            step(14, 2, Op::Sub, 1),
            step(14, 14, Op::Mul, 14),
        ];
        // R is 1 modulo 5.
        run(&program, &mut registers, &[5], Limb::MAX / 5);
        assert_eq!((registers[0][1][0], registers[3][2][0]), (3, 4));
        assert_eq!((registers[0][2][0], registers[3][3][1]), (0, 9));
    }
}

//! Ed25519 verification (RFC 8032, section 5.1.7), by the equation without the cofactor.

use super::SigError;
use super::hash::Hash;
use cpu::mont::{Element, Op::*, Point, add, step};
use curves::group::{C, E, F, G, H, ONE, RR, T1, UNIT, X1, X2, Y1, Y2, Z1, ZERO};
use curves::modulus::{is_zero, less, little_endian, to_bytes};
use curves::params::{EDWARDS25519 as CURVE, number};

/// (p + 3) / 8: the power of a square that is its root, but for a root of -1.
const ROOT: [u8; 32] = {
    let mut exponent = [0xff; 32];
    exponent[0] = 0x0f;
    exponent[31] = 0xfe;
    exponent
};

/// A root of -1: 2^((p-1)/4).
static ROOT_OF_MINUS_ONE: Element =
    number("2b8324804fc1df0b2b4d00993dfbd7a72f431806ad2fe478c4ee1b274a0ea0b0");

/// Verifies `signature` of `message` by the encoded point `key`.
pub(super) fn verify(key: &[u8], message: &[u8], signature: &[u8]) -> Result<(), SigError> {
    let minus_a = decode_negative(key).ok_or(SigError::BadKey)?;
    if valid(&minus_a, key, message, signature).is_some() {
        Ok(())
    } else {
        Err(SigError::BadSignature)
    }
}

fn valid(minus_a: &Point, key: &[u8], message: &[u8], signature: &[u8]) -> Option<()> {
    let (r, s) = signature.split_first_chunk()?;
    let (mut k, mut low, mut high) = (ZERO, ZERO, ZERO);
    let order = CURVE.order();
    let s = little_endian(s.try_into().ok()?);
    if !less(&s, order.m) {
        return None;
    }
    // The hash value modulo the order. Its high half counts 2^256, which is R, so that only enters Montgomery form;
    // the low half leaves it again.
    let hash = Hash::Sha512.digest(&[r, key, message]);
    let (l, h) = hash.as_slice().split_first_chunk()?;
    order.mul(&mut high, &little_endian(h.try_into().ok()?), order.rr);
    order.mul(&mut k, &little_endian(l), order.rr);
    order.mul(&mut low, &k, &curves::modulus::ONE);
    add(&mut k, &low, &high, order.m);

    let mut point = CURVE.combine(&s, &k, minus_a);
    CURVE.leave(&mut point);
    // Only the one encoding of R that is canonical can be equal.
    let mut encoded = [0; 32];
    to_bytes(&mut encoded, &point[1]);
    encoded[0] |= (point[0][0] as u8) << 7;
    encoded.reverse();
    (encoded == *r).then_some(())
}

/// Of the y in the first point: `2 (y^2 - 1)` in x and `2 (d y^2 + 1)` in z.
static ENTER: [u16; 8] = [
    step(Y1, Y1, Mul, RR),
    step(E, Y1, Mul, Y1),
    step(X1, E, Sub, ONE),
    step(X1, X1, Add, X1),
    step(F, C, Mul, E),
    step(G, ONE, Add, ONE),
    step(Z1, F, Add, G),
    step(Y2, Y2, Mul, RR),
];
/// x^2, where z has been inverted.
static SQUARE: [u16; 2] = [step(X1, X1, Mul, Z1), step(T1, X1, Mul, ONE)];
/// Whether x^2 is the square of `T1`: then H is 0.
static CHECK: [u16; 2] = [step(E, T1, Mul, T1), step(H, E, Sub, X1)];
/// The other candidate.
static OTHER: [u16; 1] = [step(T1, T1, Mul, Y2)];
/// The point with the root; H is x, out of Montgomery form.
static FINISH: [u16; 4] = [
    step(X1, T1, Mul, ONE),
    step(T1, X1, Mul, Y1),
    step(Z1, ONE, Mul, ONE),
    step(H, X1, Mul, UNIT),
];
static NEGATE: [u16; 2] = [step(X1, X2, Sub, X1), step(T1, X2, Sub, T1)];

/// The negative of the point encoded in `bytes` (RFC 8032, section 5.1.3).
fn decode_negative(bytes: &[u8]) -> Option<Point> {
    let mut y: [u8; 32] = bytes.try_into().ok()?;
    let sign = y[31] >> 7;
    y[31] &= 0x7f;
    let y = little_endian(&y);
    if !less(&y, &CURVE.field.m) {
        return None;
    }
    let mut r = CURVE.registers();
    r[0][1] = y;
    r[1][1] = ROOT_OF_MINUS_ONE;
    CURVE.run(&ENTER, &mut r);
    CURVE.field().invert(&mut r[0][2]);
    CURVE.run(&SQUARE, &mut r);
    CURVE.field().pow(&mut r[0][3], &ROOT);
    CURVE.run(&CHECK, &mut r);
    if !is_zero(&r[3][3]) {
        CURVE.run(&OTHER, &mut r);
        CURVE.run(&CHECK, &mut r);
        if !is_zero(&r[3][3]) {
            return None;
        }
    }
    CURVE.run(&FINISH, &mut r);
    let x = &r[3][3];
    if is_zero(x) && sign == 1 {
        return None;
    }
    if x[0] as u8 & 1 == sign {
        CURVE.run(&NEGATE, &mut r);
    }
    Some(r[0])
}

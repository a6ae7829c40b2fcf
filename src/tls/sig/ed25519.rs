//! Ed25519 verification (RFC 8032, section 5.1.7), by the equation without the cofactor.

use super::SigError;
use super::curve::{EDWARDS25519, Group, small};
use super::hash::Hash;
use super::modulus::{Modulus, from_bytes, less, to_bytes};
use cpu::mont::{Element, FIELD_LIMBS, Point, add, sub};

/// (p + 3) / 8 = 2^252 - 2: the power of a square that is, but for a root of -1, its root.
const ROOT: [u8; 32] = power_of_two_minus(252, 2);
/// (p - 1) / 4 = 2^253 - 5: this power of 2 is a root of -1.
const ROOT_OF_MINUS_ONE: [u8; 32] = power_of_two_minus(253, 5);

/// Verifies `signature` of `message` by the encoded point `key`.
pub(super) fn verify(key: &[u8], message: &[u8], signature: &[u8]) -> Result<(), SigError> {
    let group = Group::new(&EDWARDS25519).ok_or(SigError::BadKey)?;
    let minus_a = key
        .first_chunk()
        .filter(|_| key.len() == 32)
        .and_then(|key| decode_negative(&group, key))
        .ok_or(SigError::BadKey)?;
    let valid = || {
        let (r, s) = signature.split_first_chunk::<32>()?;
        let s = little_endian(s.try_into().ok()?);
        let order = Modulus::new(EDWARDS25519.order)?;
        if !less(&s, order.limbs()) {
            return None;
        }
        let hash = Hash::Sha512.digest(&[r, key, message]);
        let (low, high) = hash.as_slice().split_first_chunk::<32>()?;
        let low = order.leave(&order.enter(&little_endian(low)));
        // High times 2^256, which is R: into Montgomery form, and not out of it.
        let high = order.enter(&little_endian(high.try_into().ok()?));
        let mut k = [0; FIELD_LIMBS];
        add(&mut k, &low, &high, order.limbs());
        let [x, y] = group.to_affine(&group.combine(&s, &k, &minus_a))?;
        // Only the one encoding of R that is canonical can be equal.
        let mut encoded = [0; 32];
        to_bytes(&mut encoded, &y);
        encoded[0] |= (x[0] as u8) << 7;
        encoded.reverse();
        (encoded == *r).then_some(())
    };
    valid().ok_or(SigError::BadSignature)
}

/// The negative of the point encoded in `bytes` (RFC 8032, section 5.1.3).
fn decode_negative(group: &Group, bytes: &[u8; 32]) -> Option<Point> {
    let mut y = *bytes;
    y.reverse();
    let sign = y[0] >> 7;
    y[0] &= 0x7f;
    let y = group.element(&y)?;

    // x^2 = (y^2 - 1) / (d y^2 + 1); twice both, as the curve's constant is 2d.
    let m = group.field.limbs();
    let two = group.field.enter(&small(2));
    let y2 = group.mul(&y, &y);
    let (mut u, mut v, mut u_half) = ([0; FIELD_LIMBS], [0; FIELD_LIMBS], [0; FIELD_LIMBS]);
    sub(&mut u_half, &y2, &group.one, m);
    add(&mut u, &u_half, &u_half, m);
    add(&mut v, &group.mul(&group.constant, &y2), &two, m);
    group.field.invert(&mut v);
    let square = group.mul(&u, &v);
    let mut x = square;
    group.field.pow(&mut x, &ROOT);
    if group.mul(&x, &x) != square {
        let mut i = two;
        group.field.pow(&mut i, &ROOT_OF_MINUS_ONE);
        x = group.mul(&x, &i);
        if group.mul(&x, &x) != square {
            return None;
        }
    }
    let odd = group.field.leave(&x)[0] as u8 & 1;
    if x == [0; FIELD_LIMBS] && sign == 1 {
        return None;
    }
    if odd == sign {
        let root = x;
        sub(&mut x, &[0; FIELD_LIMBS], &root, m);
    }
    Some(group.affine(x, y))
}

/// The number of little-endian bytes.
pub(super) fn little_endian(bytes: &[u8; 32]) -> Element {
    let mut bytes = *bytes;
    bytes.reverse();
    let mut out = [0; FIELD_LIMBS];
    from_bytes(&mut out, &bytes);
    out
}

/// `2^exponent - n`, big-endian, for an `n` of one byte.
const fn power_of_two_minus(exponent: usize, n: u8) -> [u8; 32] {
    let mut out = [0xff; 32];
    out[0] = (1 << (exponent - 248)) - 1;
    out[31] = 0xff - (n - 1);
    out
}

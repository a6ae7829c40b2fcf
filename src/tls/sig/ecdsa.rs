//! ECDSA verification (FIPS 186-5, section 6.4.2) over P-256 and P-384.

use super::SigError;
use super::der;
use cpu::mont::{Element, Point, add};
use curves::group::{Curve, ZERO};
use curves::modulus::{from_bytes, is_zero, less};

/// Verifies the DER-encoded `signature` of a message with the hash value `digest` by the uncompressed point `key`.
pub(super) fn verify(
    curve: &'static Curve,
    key: &[u8],
    digest: &[u8],
    signature: &[u8],
) -> Result<(), SigError> {
    let key = curve.decode(key).ok_or(SigError::BadKey)?;
    if valid(curve, &key, digest, signature).is_some() {
        Ok(())
    } else {
        Err(SigError::BadSignature)
    }
}

fn valid(curve: &'static Curve, key: &Point, digest: &[u8], signature: &[u8]) -> Option<()> {
    let (mut e, mut r, mut s, mut w, mut u, mut v) = (ZERO, ZERO, ZERO, ZERO, ZERO, ZERO);
    let numbers = der::two_integers(signature)?;
    for (x, digits) in [&mut r, &mut s].into_iter().zip(numbers) {
        scalar(curve, x, digits)?;
    }
    // The leftmost bits of a longer hash value, as many as the order has.
    from_bytes(&mut e, digest.get(..curve.size).unwrap_or(digest));

    let order = curve.order();
    order.mul(&mut w, &s, order.rr);
    order.invert(&mut w);
    // w alone is in Montgomery form, so these are not.
    order.mul(&mut u, &e, &w);
    order.mul(&mut v, &r, &w);
    let mut point = curve.combine(&u, &v, key);
    if !curve.leave(&mut point) {
        return None;
    }
    // The order is more than half of the field's prime, so one subtraction is a reduction.
    let mut x = ZERO;
    add(&mut x, &point[0], &ZERO, order.m);
    (x == r).then_some(())
}

/// A number from 1 to below the order.
fn scalar(curve: &Curve, out: &mut Element, digits: &[u8]) -> Option<()> {
    from_bytes(out, digits);
    (digits.len() <= curve.size && !is_zero(out) && less(out, &curve.order.m)).then_some(())
}

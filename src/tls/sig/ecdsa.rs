//! ECDSA verification (FIPS 186-5, section 6.4.2) over P-256 and P-384.

use super::SigError;
use super::curve::{Curve, Group};
use super::der;
use super::modulus::{Modulus, from_bytes, is_zero, less};
use cpu::mont::{Element, FIELD_LIMBS, add};

/// Verifies the DER-encoded `signature` of a message with the hash value `digest` by the uncompressed point `key`.
pub(super) fn verify(
    curve: &'static Curve,
    key: &[u8],
    digest: &[u8],
    signature: &[u8],
) -> Result<(), SigError> {
    let group = Group::new(curve).ok_or(SigError::BadKey)?;
    let key = group.decode(key).ok_or(SigError::BadKey)?;
    // The leftmost bits of a longer hash value, as many as the order has.
    let digest = digest.get(..curve.size()).unwrap_or(digest);
    let mut e = [0; FIELD_LIMBS];
    from_bytes(&mut e, digest);

    let valid = || {
        let order = Modulus::new(curve.order)?;
        let [r, s] = der::two_integers(signature)?;
        let (r, s) = (
            scalar(r, curve.size(), &order)?,
            scalar(s, curve.size(), &order)?,
        );
        let mut w = order.enter(&s);
        order.invert(&mut w);
        // w alone is in Montgomery form, so these are not.
        let (mut u, mut v) = ([0; FIELD_LIMBS], [0; FIELD_LIMBS]);
        order.mul(&mut u, &e, &w);
        order.mul(&mut v, &r, &w);
        let [x, _] = group.to_affine(&group.combine(&u, &v, &key))?;
        // The order is more than half of the field's prime, so one subtraction is a reduction.
        let mut x_mod_order = [0; FIELD_LIMBS];
        add(&mut x_mod_order, &x, &[0; FIELD_LIMBS], order.limbs());
        (x_mod_order == r).then_some(())
    };
    valid().ok_or(SigError::BadSignature)
}

/// A number from 1 to below the order.
fn scalar(digits: &[u8], size: usize, order: &Modulus) -> Option<Element> {
    let mut x = [0; FIELD_LIMBS];
    from_bytes(&mut x, digits);
    (digits.len() <= size && !is_zero(&x) && less(&x, order.limbs())).then_some(x)
}

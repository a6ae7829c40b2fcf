//! The parameters of the curves as published, brought into the form that [`crate::group`] works on by the compiler.

use crate::group::{ADD_EDWARDS, ADD_WEIERSTRASS, Curve, Prime, ZERO};
use crate::modulus::negative_inverse;
use cpu::mont::{Element, FIELD_LIMBS, Limb};

/// secp256r1 (FIPS 186-4, D.1.2.3).
pub static P256: Curve = curve(Parameters {
    edwards: false,
    p: "ffffffff00000001000000000000000000000000ffffffffffffffffffffffff",
    order: "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551",
    constant: "5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604b",
    x: "6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296",
    y: "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5",
});

/// secp384r1 (FIPS 186-4, D.1.2.4).
pub static P384: Curve = curve(Parameters {
    edwards: false,
    p: "fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffeffffffff0000000000000000ffffffff",
    order: "ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973",
    constant: "b3312fa7e23ee7e4988e056be3f82d19181d9c6efe8141120314088f5013875ac656398d8a2ed19d2a85c8edd3ec2aef",
    x: "aa87ca22be8b05378eb1c71ef320ad746e1d3b628ba79b9859f741e082542a385502f25dbf55296c3a545e3872760ab7",
    y: "3617de4a96262c6f5d9e98bf9292dc29f8f41dbd289a147ce9da3113b5f0b8c00a60b1ce1d7e819d7a431d7c90ea0e5f",
});

/// edwards25519 (RFC 8032, section 5.1), of which X25519 uses the field.
pub static EDWARDS25519: Curve = curve(Parameters {
    edwards: true,
    p: "7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffed",
    order: "1000000000000000000000000000000014def9dea2f79cd65812631a5cf5d3ed",
    constant: "52036cee2b6ffe738cc740797779e89800700a4d4141d8ab75eb4dca135978a3",
    x: "216936d3cd6e53fec0a4e231fdd6dc5c692cc7609525a7b2c9562d608f25d51a",
    y: "6666666666666666666666666666666666666666666666666666666666666658",
});

/// A curve in hexadecimal digits.
struct Parameters {
    edwards: bool,
    p: &'static str,
    order: &'static str,
    /// `b` of a Weierstrass curve with `a` = -3, `d` of a twisted Edwards curve with `a` = -1.
    constant: &'static str,
    x: &'static str,
    y: &'static str,
}

const fn curve(parameters: Parameters) -> Curve {
    let size = parameters.p.len() / 2;
    let field = prime(parameters.p);
    let p = &field.m;
    let one = montgomery(number("01"), p, size);
    let x = number(parameters.x);
    let y = number(parameters.y);
    let mut constant = number(parameters.constant);
    if parameters.edwards {
        constant = sum(constant, constant, p);
    }
    Curve {
        size,
        edwards: parameters.edwards,
        addition: if parameters.edwards {
            &ADD_EDWARDS
        } else {
            &ADD_WEIERSTRASS
        },
        base: [
            montgomery(x, p, size),
            montgomery(y, p, size),
            one,
            montgomery(product(x, y, p), p, size),
        ],
        constant: montgomery(constant, p, size),
        field,
        order: prime(parameters.order),
    }
}

const fn prime(digits: &str) -> Prime {
    let m = number(digits);
    let size = digits.len() / 2;
    Prime {
        rr: montgomery(montgomery(number("01"), &m, size), &m, size),
        m0: negative_inverse(m[0]),
        m,
    }
}

/// The Montgomery form of `x` for a modulus `m` of `size` bytes.
const fn montgomery(mut x: Element, m: &Element, size: usize) -> Element {
    let mut bit = 0;
    while bit < size * 8 {
        x = sum(x, x, m);
        bit += 1;
    }
    x
}

/// `x * y mod m`
const fn product(x: Element, y: Element, m: &Element) -> Element {
    let mut out = ZERO;
    let mut bit = FIELD_LIMBS * Limb::BITS as usize;
    while bit > 0 {
        bit -= 1;
        out = sum(out, out, m);
        if y[bit / Limb::BITS as usize] >> (bit % Limb::BITS as usize) & 1 == 1 {
            out = sum(out, x, m);
        }
    }
    out
}

/// `x + y mod m`
const fn sum(x: Element, y: Element, m: &Element) -> Element {
    let (mut sum, mut reduced) = (ZERO, ZERO);
    let (mut carry, mut borrow) = (false, false);
    let mut i = 0;
    while i < FIELD_LIMBS {
        let (partial, carry_y) = x[i].overflowing_add(y[i]);
        let (digit, carry_in) = partial.overflowing_add(carry as Limb);
        let (partial, borrow_m) = digit.overflowing_sub(m[i]);
        let (difference, borrow_in) = partial.overflowing_sub(borrow as Limb);
        (sum[i], carry) = (digit, carry_y || carry_in);
        (reduced[i], borrow) = (difference, borrow_m || borrow_in);
        i += 1;
    }
    if carry || !borrow { reduced } else { sum }
}

/// The number of big-endian hexadecimal digits, at most as many as an element has.
pub const fn number(digits: &str) -> Element {
    let digits = digits.as_bytes();
    let per_limb = 2 * size_of::<Limb>();
    let mut out = ZERO;
    let mut i = 0;
    while i < digits.len() {
        let digit = match digits[i] {
            d @ b'0'..=b'9' => d - b'0',
            d @ b'a'..=b'f' => d - b'a' + 10,
            _ => panic!("not a hexadecimal digit"),
        };
        let place = digits.len() - 1 - i;
        out[place / per_limb] |= (digit as Limb) << (4 * (place % per_limb));
        i += 1;
    }
    out
}

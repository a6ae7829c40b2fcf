//! The groups of P-256, P-384 and edwards25519: one complete addition each, as a program for [`cpu::mont::run`].
//!
//! A complete formula adds any two points, equal ones and the identity too, so nothing here branches on points or
//! scalars, and what verifies signatures also does the secret half of ECDH.

use super::modulus::{Modulus, from_bytes, is_zero, less};
use cpu::mont::{self, Element, FIELD_LIMBS, Limb, Op::*, Point, step};

/// Bytes of the largest coordinate, one of P-384.
pub(super) const MAX_BYTES: usize = FIELD_LIMBS * size_of::<Limb>();

/// A curve's parameters, big-endian, and the program that adds its points.
pub(super) struct Curve {
    /// The prime of the field.
    p: &'static [u8],
    /// The prime order of the group.
    pub(super) order: &'static [u8],
    /// `b` of a Weierstrass curve with `a` = -3, or twice the `d` of a twisted Edwards curve with `a` = -1.
    constant: &'static [u8],
    base: [&'static [u8]; 2],
    program: &'static [u16],
    // The identity is (0 : 1 : 0) on a Weierstrass curve, (0 : 1 : 1) on an Edwards curve.
    edwards: bool,
}

impl Curve {
    /// Bytes of a coordinate and of a scalar.
    pub(super) const fn size(&self) -> usize {
        self.p.len()
    }
}

/// secp256r1 (FIPS 186-4, D.1.2.3).
pub(super) static P256: Curve = Curve {
    p: &hex::<32>("ffffffff00000001000000000000000000000000ffffffffffffffffffffffff"),
    order: &hex::<32>("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551"),
    constant: &hex::<32>("5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604b"),
    base: [
        &hex::<32>("6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"),
        &hex::<32>("4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5"),
    ],
    program: &ADD_WEIERSTRASS,
    edwards: false,
};

/// secp384r1 (FIPS 186-4, D.1.2.4).
pub(super) static P384: Curve = Curve {
    p: &hex::<48>(
        "fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffeffffffff0000000000000000ffffffff",
    ),
    order: &hex::<48>(
        "ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973",
    ),
    constant: &hex::<48>(
        "b3312fa7e23ee7e4988e056be3f82d19181d9c6efe8141120314088f5013875ac656398d8a2ed19d2a85c8edd3ec2aef",
    ),
    base: [
        &hex::<48>(
            "aa87ca22be8b05378eb1c71ef320ad746e1d3b628ba79b9859f741e082542a385502f25dbf55296c3a545e3872760ab7",
        ),
        &hex::<48>(
            "3617de4a96262c6f5d9e98bf9292dc29f8f41dbd289a147ce9da3113b5f0b8c00a60b1ce1d7e819d7a431d7c90ea0e5f",
        ),
    ],
    program: &ADD_WEIERSTRASS,
    edwards: false,
};

/// edwards25519 (RFC 8032, section 5.1).
pub(super) static EDWARDS25519: Curve = Curve {
    p: &P25519,
    order: &hex::<32>("1000000000000000000000000000000014def9dea2f79cd65812631a5cf5d3ed"),
    constant: &hex::<32>("2406d9dc56dffce7198e80f2eef3d13000e0149a8283b156ebd69b9426b2f159"),
    base: [
        &hex::<32>("216936d3cd6e53fec0a4e231fdd6dc5c692cc7609525a7b2c9562d608f25d51a"),
        &hex::<32>("6666666666666666666666666666666666666666666666666666666666666658"),
    ],
    program: &ADD_EDWARDS,
    edwards: true,
};

/// 2^255 - 19.
pub(super) const P25519: [u8; 32] =
    hex("7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffed");

// Registers: two points, then the curve's constant and temporaries. A sum replaces the first point.
const X1: u16 = 0;
const Y1: u16 = 1;
const Z1: u16 = 2;
const T1: u16 = 3;
const X2: u16 = 4;
const Y2: u16 = 5;
const Z2: u16 = 6;
const T2: u16 = 7;
const C: u16 = 8;
const A: u16 = 9;
const B: u16 = 10;
const D: u16 = 11;
const E: u16 = 12;
const F: u16 = 13;
const G: u16 = 14;
const H: u16 = 15;

/// Renes, Costello, Batina, "Complete addition formulas for prime order elliptic curves" (2016), algorithm 4.
///
/// Its t0 to t4 are A, B, D, E, F here, its X3, Y3, Z3 are G, H, T1.
static ADD_WEIERSTRASS: [u16; 43] = [
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

/// RFC 8032, section 5.1.4.
static ADD_EDWARDS: [u16; 18] = [
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

/// Leaves `x^3 - 3x + b - y^2` of the first point, whose z is 1, in its x.
static WEIERSTRASS_EQUATION: [u16; 8] = [
    step(A, X1, Mul, X1),
    step(B, Z1, Add, Z1),
    step(B, B, Add, Z1),
    step(A, A, Sub, B),
    step(A, A, Mul, X1),
    step(A, A, Add, C),
    step(B, Y1, Mul, Y1),
    step(X1, A, Sub, B),
];

/// A curve made ready for calculation. All elements are in Montgomery form.
pub(super) struct Group {
    /// The curve's field.
    pub(super) field: Modulus,
    curve: &'static Curve,
    /// The curve's constant.
    pub(super) constant: Element,
    /// 1
    pub(super) one: Element,
    base: Point,
}

impl Group {
    /// The group of `curve`.
    pub(super) fn new(curve: &'static Curve) -> Option<Self> {
        let field = Modulus::new(curve.p)?;
        let mut group = Group {
            curve,
            constant: [0; FIELD_LIMBS],
            one: field.enter(&small(1)),
            base: [[0; FIELD_LIMBS]; 4],
            field,
        };
        group.constant = group.element(curve.constant)?;
        let [x, y] = curve.base;
        group.base = group.affine(group.element(x)?, group.element(y)?);
        Some(group)
    }

    /// The element of big-endian `bytes`, if it is less than the field's prime.
    pub(super) fn element(&self, bytes: &[u8]) -> Option<Element> {
        let mut x = [0; FIELD_LIMBS];
        from_bytes(&mut x, bytes);
        less(&x, self.field.limbs()).then(|| self.field.enter(&x))
    }

    /// The point with affine coordinates `x` and `y`, which are not checked.
    pub(super) fn affine(&self, x: Element, y: Element) -> Point {
        [x, y, self.one, self.mul(&x, &y)]
    }

    /// The product of two elements.
    pub(super) fn mul(&self, a: &Element, b: &Element) -> Element {
        let mut out = [0; FIELD_LIMBS];
        self.field.mul(&mut out, a, b);
        out
    }

    /// A point of a Weierstrass curve in the uncompressed form of SEC 1, section 2.3.4, checked to be on the curve.
    ///
    /// The order of the curve is prime, so the point is in the group; the identity has another form.
    pub(super) fn decode(&self, bytes: &[u8]) -> Option<Point> {
        let (&4, coordinates) = bytes.split_first()? else {
            return None;
        };
        let (x, y) = coordinates.split_at_checked(self.curve.size())?;
        if y.len() != self.curve.size() {
            return None;
        }
        let point = self.affine(self.element(x)?, self.element(y)?);
        let mut registers = self.registers(point, point);
        self.run(&WEIERSTRASS_EQUATION, &mut registers);
        is_zero(&registers[0][0]).then_some(point)
    }

    /// `u * base + v * point`, in a time that depends on the curve alone.
    #[inline(never)]
    pub(super) fn combine(&self, u: &Element, v: &Element, point: &Point) -> Point {
        let zero = [0; FIELD_LIMBS];
        let z = if self.curve.edwards { self.one } else { zero };
        let identity = [zero, self.one, z, zero];
        let mut registers = self.registers(self.base, *point);
        self.run(self.curve.program, &mut registers);
        let choices = [identity, self.base, *point, registers[0]];

        registers[0] = identity;
        for bit in (0..self.curve.size() * 8).rev() {
            registers[1] = registers[0];
            self.run(self.curve.program, &mut registers);
            registers[1] = select(&choices, bit_of(u, bit) | bit_of(v, bit) << 1);
            self.run(self.curve.program, &mut registers);
        }
        registers[0]
    }

    /// The affine coordinates of `point`; none of the identity of a Weierstrass curve.
    pub(super) fn to_affine(&self, point: &Point) -> Option<[Element; 2]> {
        let [x, y, mut z, _] = *point;
        if is_zero(&z) {
            return None;
        }
        self.field.invert(&mut z);
        Some([
            self.field.leave(&self.mul(&x, &z)),
            self.field.leave(&self.mul(&y, &z)),
        ])
    }

    fn registers(&self, first: Point, second: Point) -> [Point; 4] {
        let zero = [0; FIELD_LIMBS];
        [first, second, [self.constant, zero, zero, zero], [zero; 4]]
    }

    fn run(&self, program: &[u16], registers: &mut [Point; 4]) {
        mont::run(program, registers, self.field.limbs(), self.field.m0);
    }
}

/// A number of one limb.
pub(super) const fn small(n: Limb) -> Element {
    let mut out = [0; FIELD_LIMBS];
    out[0] = n;
    out
}

/// Bit number `bit` of `x`.
pub(super) fn bit_of(x: &[Limb], bit: usize) -> Limb {
    let limb = x.get(bit / Limb::BITS as usize).copied().unwrap_or(0);
    limb >> (bit % Limb::BITS as usize) & 1
}

/// The point at the secret `index`: all are read.
fn select(choices: &[Point; 4], index: Limb) -> Point {
    let mut out = [[0; FIELD_LIMBS]; 4];
    for (i, choice) in choices.iter().enumerate() {
        // All ones if i == index: both are below 4.
        let mask = core::hint::black_box(((i ^ index).wrapping_sub(1) >> 2 & 1).wrapping_neg());
        for (out, x) in out.as_flattened_mut().iter_mut().zip(choice.as_flattened()) {
            *out |= x & mask;
        }
    }
    out
}

/// The bytes of `digits`, which is checked when the program is compiled.
const fn hex<const N: usize>(digits: &str) -> [u8; N] {
    let digits = digits.as_bytes();
    assert!(digits.len() == 2 * N);
    let mut out = [0; N];
    let mut i = 0;
    while i < 2 * N {
        let digit = match digits[i] {
            d @ b'0'..=b'9' => d - b'0',
            d @ b'a'..=b'f' => d - b'a' + 10,
            _ => panic!("not a hexadecimal digit"),
        };
        out[i / 2] = out[i / 2] << 4 | digit;
        i += 1;
    }
    out
}

//! Ephemeral Diffie-Hellman (RFC 8422): secp256r1, secp384r1 and X25519, in a time that does not tell the secret.

use crate::group::{self, Curve, E, F, G, H, ONE, RR, ZERO, bit_of};
use crate::modulus::{is_zero, little_endian, to_bytes};
use crate::params::{EDWARDS25519, P256, P384};
use cpu::mont::{Element, Limb, Op::*, Point, step};
use zeroize::Zeroize;

/// A group in which to agree on a secret, by its code point (RFC 8446, section 4.2.7).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NamedGroup {
    /// P-256
    Secp256r1 = 23,
    /// P-384
    Secp384r1 = 24,
    /// RFC 7748
    X25519 = 29,
}

/// Bytes of the longest public key, an uncompressed point of P-384.
const MAX_PUBLIC: usize = 1 + 2 * group::MAX_BYTES;

/// How often a random number may fall outside of the group's order. One of a working source does so once in 2^32 times.
const MAX_ATTEMPTS: usize = 16;

/// A secret shared with a peer: the affine x of a point, or the u of X25519.
pub struct SharedSecret {
    bytes: [u8; group::MAX_BYTES],
    len: usize,
}

impl SharedSecret {
    /// The secret as TLS takes it (RFC 8422, section 5.10, and RFC 8446, section 7.4): 32 or 48 bytes.
    pub fn raw_secret_bytes(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }
}

impl Drop for SharedSecret {
    fn drop(&mut self) {
        self.bytes.zeroize();
    }
}

/// A key pair for one handshake.
pub struct KeyPair {
    group: NamedGroup,
    secret: Element,
    public: [u8; MAX_PUBLIC],
    len: usize,
}

impl KeyPair {
    /// A new key pair in `group` from `random`, which fills what it is given with unpredictable bytes.
    ///
    /// `None` only if `random` is broken.
    pub fn generate(group: NamedGroup, random: &mut dyn FnMut(&mut [u8])) -> Option<Self> {
        let mut bytes = [0; group::MAX_BYTES];
        let secret = bytes.get_mut(..group.secret_len())?;
        let mut pair = None;
        for _ in 0..MAX_ATTEMPTS {
            random(secret);
            pair = Self::new(group, secret);
            if pair.is_some() {
                break;
            }
        }
        bytes.zeroize();
        pair
    }

    /// The key pair of `secret`, unless that is out of range.
    pub fn new(group: NamedGroup, secret: &[u8]) -> Option<Self> {
        let mut pair = KeyPair {
            group,
            secret: ZERO,
            public: [0; MAX_PUBLIC],
            len: 0,
        };
        let Some(curve) = group.curve() else {
            pair.secret = clamped(secret.try_into().ok()?);
            pair.len = 32;
            x25519(&pair.secret, &[9], pair.public.first_chunk_mut()?);
            return Some(pair);
        };
        if !curve.number(&mut pair.secret, secret, &curve.order) || is_zero(&pair.secret) {
            return None;
        }
        let mut point = curve.combine(&pair.secret, &ZERO, &[ZERO; 4]);
        curve.leave(&mut point);
        pair.len = 1 + 2 * curve.size;
        let (form, coordinates) = pair.public.split_first_mut()?;
        *form = 4;
        for (out, coordinate) in coordinates.chunks_mut(curve.size).zip(&point[..2]) {
            to_bytes(out, coordinate);
        }
        Some(pair)
    }

    /// Our public key as it goes into a ClientKeyExchange: an uncompressed point, or the u of X25519.
    pub fn public(&self) -> &[u8] {
        self.public.get(..self.len).unwrap_or_default()
    }

    /// The secret shared with the owner of the public key `peer`.
    ///
    /// `None` if that is not an uncompressed point of the group (RFC 8422, section 5.11), or leads to the secret 0
    /// (RFC 7748, section 6.1).
    pub fn agree(&self, peer: &[u8]) -> Option<SharedSecret> {
        let mut secret = SharedSecret {
            bytes: [0; group::MAX_BYTES],
            len: self.group.secret_len(),
        };
        let out = secret.bytes.get_mut(..secret.len)?;
        if let Some(curve) = self.group.curve() {
            let mut point = curve.combine(&ZERO, &self.secret, &curve.decode(peer)?);
            curve.leave(&mut point);
            to_bytes(out, &point[0]);
        } else {
            // RFC 7748, section 5: the bit above the coordinate is masked.
            let mut u: [u8; 32] = peer.try_into().ok()?;
            u[31] &= 0x7f;
            if !x25519(&self.secret, &little_endian(&u), out.first_chunk_mut()?) {
                return None;
            }
        }
        Some(secret)
    }
}

impl Drop for KeyPair {
    fn drop(&mut self) {
        self.secret.zeroize();
    }
}

impl NamedGroup {
    /// The curve of a Weierstrass group.
    fn curve(self) -> Option<&'static Curve> {
        match self {
            NamedGroup::Secp256r1 => Some(&P256),
            NamedGroup::Secp384r1 => Some(&P384),
            NamedGroup::X25519 => None,
        }
    }

    /// Bytes of a secret, ours or shared.
    fn secret_len(self) -> usize {
        self.curve().map_or(32, |curve| curve.size)
    }
}

/// A scalar as RFC 7748, section 5, has it decoded.
fn clamped(bytes: &[u8; 32]) -> Element {
    let mut bytes = *bytes;
    bytes[0] &= 0xf8;
    bytes[31] = bytes[31] & 0x7f | 0x40;
    little_endian(&bytes)
}

// Registers of the ladder: x2 and z2 in the first point, x3 and z3 in the second, which are exchanged as a whole. x1 and
// the constant a24 take the place of the curve's constants.
const X3: u16 = group::X2;
const Z3: u16 = group::Z2;
const X2: u16 = group::X1;
const Z2: u16 = group::Z1;
const RAW_A24: u16 = group::T2;
const X1: u16 = group::C;
const A24: u16 = group::RR;
const A: u16 = E;
const B: u16 = F;
const C: u16 = G;
const D: u16 = H;

/// From u in `X3` and `a24` to the ladder's start, all in Montgomery form.
static START: [u16; 5] = [
    step(X3, X3, Mul, RR),
    step(X1, X3, Mul, ONE),
    step(X2, ONE, Mul, ONE),
    step(Z3, ONE, Mul, ONE),
    step(A24, RAW_A24, Mul, RR),
];

/// One step of the ladder of RFC 7748, section 5.
static LADDER: [u16; 18] = [
    step(A, X2, Add, Z2),
    step(B, X2, Sub, Z2),
    step(C, X3, Add, Z3),
    step(D, X3, Sub, Z3),
    step(D, D, Mul, A),
    step(C, C, Mul, B),
    step(A, A, Mul, A),
    step(B, B, Mul, B),
    step(X2, A, Mul, B),
    step(B, A, Sub, B),
    step(Z2, A24, Mul, B),
    step(Z2, Z2, Add, A),
    step(Z2, Z2, Mul, B),
    step(X3, D, Add, C),
    step(X3, X3, Mul, X3),
    step(Z3, D, Sub, C),
    step(Z3, Z3, Mul, Z3),
    step(Z3, Z3, Mul, X1),
];

/// The function X25519 (RFC 7748, section 5) of a clamped scalar and a coordinate below 2^255; false if it is 0.
#[inline(never)]
fn x25519(k: &[Limb], u: &[Limb], out: &mut [u8; 32]) -> bool {
    let mut r = EDWARDS25519.registers();
    for (to, from) in r[1][0].iter_mut().zip(u) {
        *to = *from;
    }
    r[1][3][0] = 121_665;
    EDWARDS25519.run(&START, &mut r);
    let mut swapped = 0;
    for bit in (0..255).rev() {
        let k = bit_of(k, bit);
        exchange(&mut r, swapped ^ k);
        swapped = k;
        EDWARDS25519.run(&LADDER, &mut r);
    }
    exchange(&mut r, swapped);
    let [point, ..] = &mut r;
    let finite = EDWARDS25519.leave(point);
    to_bytes(out, &point[0]);
    out.reverse();
    finite && !is_zero(&point[0])
}

/// Exchanges the first two points if `bit` is 1.
#[inline(never)]
fn exchange(r: &mut [Point; 4], bit: Limb) {
    let mask = core::hint::black_box(bit.wrapping_neg());
    let [a, b, ..] = r;
    let b = b.as_flattened_mut().iter_mut();
    for (a, b) in a.as_flattened_mut().iter_mut().zip(b) {
        let difference = (*a ^ *b) & mask;
        *a ^= difference;
        *b ^= difference;
    }
}

#[cfg(test)]
mod tests;

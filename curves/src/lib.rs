//! The groups of P-256, P-384 and edwards25519, key agreement in them, and numbers modulo any odd number.
//!
//! All of it stands on one Montgomery multiplication, [`cpu::mont::mul`]. Nothing that is done with a secret depends on
//! it. Signatures are left to the program, which also has its RSA on [`modulus`].
//!
//! A crate of its own because two need it: the program, and the `p256` that embedded-tls is given (`curves/p256`).

#![no_std]
#![forbid(unsafe_code)]

#[cfg(test)]
extern crate std;

pub mod ecdh;
pub mod group;
pub mod modulus;
pub mod params;
#[cfg(test)]
mod testing;

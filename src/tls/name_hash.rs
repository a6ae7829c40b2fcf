//! The hash by which the built-in roots are found. `build.rs` includes this file too.

/// FNV-1a of a Name in DER, in 32 bits.
///
/// That it is short and not cryptographic costs no security: the name leads to a key, and what is trusted is that
/// key's signature. A name made up to have a root's hash leads to a key that has not signed the certificate.
pub(super) fn name_hash(name: &[u8]) -> u32 {
    name.iter().fold(0x811c_9dc5, |hash, &byte| {
        (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
    })
}

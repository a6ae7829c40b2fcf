//! TLS: who may be trusted, and the sessions.

pub mod anchors;
mod name_hash;
pub mod pem;
mod refusal;
pub mod roots;
pub mod sig;
#[cfg(test)]
pub(crate) mod testing;
pub mod verify;
pub mod x509;

//! What the system knows of trust: its store of roots, and its judgement on a server's certificates.
//!
//! Windows and macOS keep trust behind calls, and know more than a list tells (roots that are fetched when they are
//! needed, or trusted for some uses or times alone). So the store is for a quick answer, and who is not found in it is
//! left to [`verify`]. Linux has files, which need nothing from here.

pub use crate::sys::trust::{STORE, verify};
#[cfg(windows)]
pub use crate::sys::trust::{distrusts, roots};

/// Why the system does not trust a chain.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Refusal {
    /// No path leads to a root that it trusts, or could find.
    UnknownIssuer,
    /// The certificate is for other hosts.
    WrongName,
    /// What is wrong with a certificate of the chain, to follow the word "certificate".
    Because(&'static str),
    /// The system's number for something else.
    Other(i32),
}

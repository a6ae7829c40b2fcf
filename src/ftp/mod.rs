//! An FTP client's side of one download (RFC 959), with TLS (RFC 4217) or without.
//!
//! [`path`] says what a URL asks for, [`reply`] reads what the server says, [`session`] is the dialogue. What becomes of
//! the bytes, and whether a part of them is enough, is for [`crate::fetch`] to know.
//!
//! In scope: passive mode over IPv4 and IPv6 (RFC 2428), SIZE, MDTM and REST (RFC 3659), RETR, LIST and NLST.
//! Out of scope: active mode, ASCII files, accounts (ACCT), uploads, more than one file on a connection.

pub mod path;
pub mod reply;
pub mod session;
#[cfg(test)]
mod tests;

pub use path::{Path, Target};
pub use session::{Dial, Session};

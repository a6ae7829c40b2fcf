//! An HTTP/1.1 client's protocol (RFC 9110, RFC 9112) as state machines over bytes.
//!
//! A fetch writes the bytes of [`request`], has a [`response::HeadParser`] read the head, and feeds what follows to a
//! [`body::Body`], which hands on slices of the same buffer without copying. [`redirect`] says where to go next, and with
//! what. Both parsers take their input in pieces of any size and never look back.
//!
//! In scope: GET and CONNECT; 1xx, Content-Length, chunked, until-close; -H fields; dates, ranges and validators.
//! Out of scope: sockets, TLS, retries, content codings, caching, upgrades, HTTP/0.9 and HTTP/2.

pub mod body;
pub mod date;
pub mod header;
pub mod redirect;
pub mod request;
pub mod response;

pub use body::{Body, partial};
pub use header::{Custom, Scope};
pub use response::{Framing, Head, HeadParser};

/// What was asked, as far as the meaning of the response depends on it (RFC 9112, section 6.3).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Method {
    /// A representation (RFC 9110, section 9.3.1).
    Get,
    /// A tunnel (RFC 9110, section 9.3.6).
    Connect,
}

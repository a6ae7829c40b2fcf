//! Alerts (RFC 8446, section 6): their names, and what each means for the fetch.

use crate::error::{Error, Kind, Template};
use os::text;
use os::text::named;

pub(crate) const CLOSE_NOTIFY: u8 = 0;
pub(crate) const PROTOCOL_VERSION: u8 = 70;
pub(crate) const UNRECOGNIZED_NAME: u8 = 112;

/// The error for an alert that the peer sent. `peer` is its host and port.
///
/// [`Kind::Negotiation`] for the three that say that no common version or parameters were found.
#[cold]
#[inline(never)]
pub(crate) fn received(peer: &str, description: u8) -> Error {
    let kind = match description {
        40 | PROTOCOL_VERSION | 71 => Kind::Negotiation,
        CLOSE_NOTIFY | 20 | 80 | 90 => Kind::Transient,
        _ => Kind::Source,
    };
    let number = u64::from(description);
    match named(NAMES, number) {
        Some(name) => Error::say(kind, text!("TLS alert from %: %"), &[&peer, &name]),
        None => Error::say(kind, text!("TLS alert from %: number %"), &[&peer, &number]),
    }
}

/// A line for each alert that has a name. (A `match` takes twice as much.)
const NAMES: Template = text!(
    "\
    0 close_notify\n\
    10 unexpected_message\n\
    20 bad_record_mac\n\
    22 record_overflow\n\
    40 handshake_failure\n\
    42 bad_certificate\n\
    46 certificate_unknown\n\
    47 illegal_parameter\n\
    48 unknown_ca\n\
    49 access_denied\n\
    50 decode_error\n\
    51 decrypt_error\n\
    70 protocol_version\n\
    71 insufficient_security\n\
    80 internal_error\n\
    86 inappropriate_fallback\n\
    90 user_canceled\n\
    109 missing_extension\n\
    112 unrecognized_name\n\
    116 certificate_required\n\
    120 no_application_protocol"
);

/// As [`received`], of an alert that comes when all is negotiated: another version would meet the same.
#[cold]
pub(crate) fn received_later(peer: &str, description: u8) -> Error {
    let mut error = received(peer, description);
    if error.kind == Kind::Negotiation {
        error.kind = Kind::Source;
    }
    error
}

//! Alerts (RFC 8446, section 6): their names, and what each means for the fetch.

use crate::error::{Error, Kind, dec};

pub(crate) const CLOSE_NOTIFY: u8 = 0;
pub(crate) const PROTOCOL_VERSION: u8 = 70;

/// The error for an alert that the peer sent. `peer` is its host and port.
///
/// [`Kind::Negotiation`] for the three that say that no common version or parameters were found.
#[cold]
#[inline(never)]
pub(crate) fn received(peer: &str, description: u8) -> Error {
    let (kind, name) = match description {
        CLOSE_NOTIFY => (Kind::Transient, "close_notify"),
        10 => (Kind::Source, "unexpected_message"),
        20 => (Kind::Transient, "bad_record_mac"),
        22 => (Kind::Source, "record_overflow"),
        40 => (Kind::Negotiation, "handshake_failure"),
        42 => (Kind::Source, "bad_certificate"),
        46 => (Kind::Source, "certificate_unknown"),
        47 => (Kind::Source, "illegal_parameter"),
        48 => (Kind::Source, "unknown_ca"),
        49 => (Kind::Source, "access_denied"),
        50 => (Kind::Source, "decode_error"),
        51 => (Kind::Source, "decrypt_error"),
        PROTOCOL_VERSION => (Kind::Negotiation, "protocol_version"),
        71 => (Kind::Negotiation, "insufficient_security"),
        80 => (Kind::Transient, "internal_error"),
        86 => (Kind::Source, "inappropriate_fallback"),
        90 => (Kind::Transient, "user_canceled"),
        109 => (Kind::Source, "missing_extension"),
        112 => (Kind::Source, "unrecognized_name"),
        116 => (Kind::Source, "certificate_required"),
        120 => (Kind::Source, "no_application_protocol"),
        n => {
            let text = ["number ", &dec(n.into())].concat();
            return Error::new(Kind::Source, &["TLS alert from ", peer, ": ", &text]);
        }
    };
    Error::new(kind, &["TLS alert from ", peer, ": ", name])
}

/// As [`received`], of an alert that comes when all is negotiated: another version would meet the same.
#[cold]
pub(crate) fn received_later(peer: &str, description: u8) -> Error {
    let mut error = received(peer, description);
    if error.kind == Kind::Negotiation {
        error.kind = Kind::Source;
    }
    error
}

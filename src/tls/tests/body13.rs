//! What comes in a session of TLS 1.3 after its handshake, from servers that break its rules, and from odd ones that keep them.

use super::super::record::{ALERT, APPLICATION_DATA, CHANGE_CIPHER_SPEC, HANDSHAKE, MAX_PLAINTEXT};
use super::server13::{Server13, ticket};
use super::tls13::fetch;
use super::*;
use crate::error::Kind;

/// A body that is ended by anyone but the server, or in a way that is not understood, is an error.
#[track_caller]
fn ends(body: fn(&mut Server13), expected: &[u8], kind: Kind, why: &str) {
    let (came, end) = fetch(Server13::new(Server13::good_flight, body));
    let error = end.expect_err("an error");
    assert!(error.text.contains(why), "{}", error.text);
    assert_eq!((error.kind, came.as_slice()), (kind, expected));
}

#[test]
fn bodies_that_end_wrongly() {
    let body = b"the body";
    ends(
        |s| s.seal(APPLICATION_DATA, b"the body"),
        body,
        Kind::Transient,
        "closed without close_notify",
    );
    ends(
        |s| {
            s.seal(APPLICATION_DATA, b"the body");
            s.out.extend_from_slice(&plain(ALERT, &[1, 0]));
        },
        body,
        Kind::Source,
        "unprotected record",
    );
    ends(
        |s| {
            s.seal(APPLICATION_DATA, b"the body");
            s.out
                .extend_from_slice(&plain(HANDSHAKE, &message(24, &[0])));
        },
        body,
        Kind::Source,
        "unprotected record",
    );
    ends(
        |s| {
            s.seal(APPLICATION_DATA, b"the body");
            s.out.extend_from_slice(&plain(CHANGE_CIPHER_SPEC, &[1]));
        },
        body,
        Kind::Source,
        "unprotected record",
    );
    ends(
        |s| {
            s.seal(APPLICATION_DATA, b"the body");
            s.out.extend_from_slice(&super::super::suite::EXPORT_RECORD);
        },
        body,
        Kind::Source,
        "unprotected record",
    );
    ends(
        |s| {
            s.seal(APPLICATION_DATA, b"the body");
            let start = s.out.len();
            s.seal(APPLICATION_DATA, b"altered");
            s.out[start + 7] ^= 1;
        },
        body,
        Kind::Transient,
        "altered on the way",
    );
    ends(
        |s| {
            s.seal(APPLICATION_DATA, b"the body");
            let again = s.out.clone();
            s.out.extend_from_slice(&again);
        },
        body,
        Kind::Transient,
        "altered on the way",
    );
    ends(
        |s| {
            s.seal(APPLICATION_DATA, b"the body");
            s.seal_inner(&[0; 9]);
        },
        body,
        Kind::Transient,
        "altered on the way",
    );
    ends(
        |s| {
            s.seal(APPLICATION_DATA, b"the body");
            s.seal(HANDSHAKE, &message(24, &[1]));
        },
        body,
        Kind::Transient,
        "KeyUpdate",
    );
    ends(
        |s| {
            s.seal(APPLICATION_DATA, b"the body");
            s.seal(HANDSHAKE, &message(13, &[0; 9]));
        },
        body,
        Kind::Source,
        "unexpected message",
    );
    ends(
        |s| {
            s.seal(APPLICATION_DATA, b"the body");
            s.seal(HANDSHAKE, &[]);
        },
        body,
        Kind::Source,
        "unexpected message",
    );
    ends(
        |s| {
            s.seal(HANDSHAKE, &ticket()[..50]);
            s.seal(APPLICATION_DATA, b"the body");
        },
        b"",
        Kind::Source,
        "unexpected record",
    );
    ends(
        |s| {
            for _ in 0..65 {
                s.seal(APPLICATION_DATA, b"");
            }
        },
        b"",
        Kind::Source,
        "without data",
    );
    ends(
        |s| s.seal(ALERT, &[2, 80]),
        b"",
        Kind::Transient,
        "TLS alert from example.org:443: internal_error",
    );
    // Nothing is negotiated any more.
    ends(
        |s| s.seal(ALERT, &[2, 40]),
        b"",
        Kind::Source,
        "handshake_failure",
    );
    ends(
        |s| s.seal(ALERT, &[2, 201]),
        b"",
        Kind::Source,
        "number 201",
    );
    ends(
        |s| s.seal(ALERT, &[2]),
        b"",
        Kind::Source,
        "unexpected record",
    );
    ends(
        |s| s.seal(APPLICATION_DATA, &[1; MAX_PLAINTEXT + 1]),
        b"",
        Kind::Transient,
        "altered on the way",
    );
}

/// Tickets in pieces, empty records and full ones.
#[test]
fn odd_but_sound_body() {
    let (body, end) = fetch(Server13::new(Server13::good_flight, |s| {
        let tickets = [ticket(), ticket()].concat();
        for piece in tickets.chunks(7) {
            s.seal(HANDSHAKE, piece);
        }
        for _ in 0..20 {
            s.seal(APPLICATION_DATA, b"");
            s.seal(APPLICATION_DATA, &[7; MAX_PLAINTEXT]);
        }
        s.seal(APPLICATION_DATA, b"end");
        s.seal(ALERT, &[1, 0]);
        s.out
            .extend_from_slice(b"whatever follows is not looked at");
    }));
    assert_eq!(end, Ok(()));
    assert_eq!(body.len(), 20 * MAX_PLAINTEXT + 3);
}

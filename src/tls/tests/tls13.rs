//! The handshake of TLS 1.3 with servers that break its rules.

use super::super::hello::HELLO_RETRY_REQUEST;
use super::super::record::{ALERT, APPLICATION_DATA, CHANGE_CIPHER_SPEC, HANDSHAKE, HEADER};
use super::server13::{Server13, ticket};
use super::*;
use crate::error::Kind;

/// What comes of a server, when there is no other to fall back to.
pub(super) fn fetch(server: Server13) -> (Vec<u8>, Result<()>) {
    super::fetch(vec![pipe(server)])
}

#[test]
fn good_server() {
    let server = Server13::new(Server13::good_flight, Server13::good_body);
    let request = server.request.clone();
    let (body, end) = fetch(server);
    assert_eq!((body.as_slice(), end), (&b"the body"[..], Ok(())));
    assert_eq!(*request.borrow(), REQUEST);
}

/// The flight in records of their own, with a change_cipher_spec, padding and a CertificateRequest.
#[test]
fn good_server_in_many_records() {
    let flight = |s: &mut Server13| {
        s.hello(|_| {});
        s.out.extend_from_slice(&plain(CHANGE_CIPHER_SPEC, &[1]));
        let mut extensions = s.extensions();
        extensions.extend_from_slice(&[HANDSHAKE, 0, 0, 0]);
        s.seal_inner(&extensions);
        let body = [0, 0, 8, 0, 13, 0, 4, 0, 2, 4, 3];
        let request = s.add(message(13, &body));
        s.seal(HANDSHAKE, &request);
        for make in [
            Server13::certificate,
            Server13::verify,
            Server13::finished as fn(&mut Server13) -> Vec<u8>,
        ] {
            let message = make(s);
            s.seal(HANDSHAKE, &message);
        }
        // What follows is of the client's empty Certificate too, which this server does not know: the keys do not
        // depend on it.
        s.start_application();
    };
    let (body, end) = fetch(Server13::new(flight, Server13::good_body));
    assert_eq!((body.as_slice(), end), (&b"the body"[..], Ok(())));
}

/// Each flight must end in an error that says why, with no byte of a body.
#[track_caller]
fn refused(flight: fn(&mut Server13), kind: Kind, why: &str) {
    let server = Server13::new(flight, |s| {
        s.seal(APPLICATION_DATA, b"secrets");
        s.seal(ALERT, &[1, 0]);
    });
    let request = server.request.clone();
    let (body, end) = fetch(server);
    let error = end.expect_err("an error");
    assert!(error.text.contains(why), "{}", error.text);
    assert_eq!((error.kind, body), (kind, Vec::new()), "{}", error.text);
    assert_eq!(*request.borrow(), b"");
}

/// A flight of the messages that `make` makes, in one record and each in its own.
macro_rules! flights {
    ($name:ident, $kind:expr, $why:expr, |$s:ident| [$($message:expr),*]) => {
        #[test]
        fn $name() {
            refused(
                |$s| {
                    $s.hello(|_| {});
                    let flight = [$($message),*].concat();
                    $s.seal(HANDSHAKE, &flight);
                    $s.start_application();
                },
                $kind,
                $why.0,
            );
            refused(
                |$s| {
                    $s.hello(|_| {});
                    $(let one = $message; $s.seal(HANDSHAKE, &one);)*
                    $s.start_application();
                },
                $kind,
                $why.1,
            );
        }
    };
}

flights!(
    no_certificate_verify,
    Kind::Source,
    ("no Certificate or no", "no Certificate or no"),
    |s| [s.extensions(), s.certificate(), s.finished()]
);
flights!(
    no_certificate,
    Kind::Source,
    ("out of turn", "out of turn"),
    |s| [s.extensions(), s.verify(), s.finished()]
);
flights!(
    neither,
    Kind::Source,
    ("no Certificate or no", "no Certificate or no"),
    |s| [s.extensions(), s.finished()]
);
flights!(
    empty_certificate,
    Kind::Source,
    ("empty Certificate", "empty Certificate"),
    |s| [
        s.extensions(),
        s.certificates(&[]),
        s.verify(),
        s.finished()
    ]
);
flights!(
    certificate_twice,
    Kind::Source,
    ("malformed or unexpected", "second Certificate"),
    |s| [
        s.extensions(),
        s.certificate(),
        s.certificate(),
        s.verify(),
        s.finished()
    ]
);
flights!(
    certificate_again_after_verify,
    Kind::Source,
    ("malformed or unexpected", "second Certificate"),
    |s| [
        s.extensions(),
        s.certificate(),
        s.verify(),
        s.certificate(),
        s.finished()
    ]
);
flights!(
    certificate_verify_twice,
    Kind::Source,
    ("malformed or unexpected", "out of turn"),
    |s| [
        s.extensions(),
        s.certificate(),
        s.verify(),
        s.verify(),
        s.finished()
    ]
);
flights!(
    wrong_order,
    Kind::Source,
    ("malformed or unexpected", "out of turn"),
    |s| [s.extensions(), s.verify(), s.certificate(), s.finished()]
);
flights!(
    finished_first,
    Kind::Source,
    ("malformed or unexpected", "no Certificate or no"),
    |s| [s.extensions(), s.finished(), s.certificate(), s.verify()]
);
flights!(
    other_key,
    Kind::Source,
    ("bad signature", "bad signature"),
    |s| [
        s.extensions(),
        s.certificate(),
        s.verify_with(&[7; 32]),
        s.finished()
    ]
);
flights!(
    untrusted,
    Kind::Source,
    ("unknown chain", "unknown chain"),
    |s| [
        s.extensions(),
        s.certificates(&[&[0x30, 0]]),
        s.verify(),
        s.finished()
    ]
);
flights!(
    wrong_finished,
    Kind::Source,
    ("Finished is wrong", "Finished is wrong"),
    |s| [
        s.extensions(),
        s.certificate(),
        s.verify(),
        message(20, &[1; 32])
    ]
);
flights!(
    short_finished,
    Kind::Source,
    ("malformed or unexpected", "malformed or unexpected"),
    |s| [
        s.extensions(),
        s.certificate(),
        s.verify(),
        message(20, &[1; 31])
    ]
);
flights!(
    key_update_in_handshake,
    Kind::Source,
    ("malformed or unexpected", "malformed or unexpected"),
    |s| [s.extensions(), message(24, &[0]), s.finished()]
);
flights!(
    early_data_in_extensions,
    Kind::Source,
    ("malformed or unexpected", "malformed or unexpected"),
    |s| [message(8, &[0, 4, 0, 42, 0, 0]), s.finished()]
);
flights!(
    other_protocol,
    Kind::Source,
    ("malformed or unexpected", "malformed or unexpected"),
    |s| [
        message(8, &[0, 9, 0, 16, 0, 5, 0, 3, 2, b'h', b'2']),
        s.finished()
    ]
);
flights!(
    length_beyond_content,
    Kind::Source,
    ("malformed or unexpected", "malformed or unexpected"),
    |s| [message(8, &[0, 0, 9]), s.finished()]
);
flights!(
    split_message,
    Kind::Transient,
    (
        "a handshake message is split",
        "a handshake message is split"
    ),
    |s| [s.extensions(), s.certificate()[..6].to_vec()]
);
flights!(
    too_many_certificates,
    Kind::Transient,
    ("more than is supported", "more than is supported"),
    |s| [s.extensions(), s.certificates(&[LEAF; 17])]
);

#[test]
fn records_that_do_not_belong() {
    refused(
        |s| s.out.extend_from_slice(b"HTTP/1.1 400 Bad Request\r\n\r\n"),
        Kind::NoTls,
        "not TLS",
    );
    let refused = |flight, why| refused(flight, Kind::Source, why);
    refused(
        |s| s.out.extend_from_slice(&plain(APPLICATION_DATA, &[1; 40])),
        "unexpected record",
    );
    refused(
        |s| s.out.extend_from_slice(&plain(CHANGE_CIPHER_SPEC, &[1])),
        "unexpected record",
    );
    refused(
        |s| s.out.extend_from_slice(&[HANDSHAKE, 3, 3, 0, 0]),
        "empty or too long",
    );
    refused(
        |s| s.out.extend_from_slice(&[HANDSHAKE, 3, 3, 0x41, 1]),
        "empty or too long",
    );
    refused(
        |s| {
            s.out
                .extend_from_slice(&plain(HANDSHAKE, &message(11, &[0; 9])))
        },
        "no ServerHello",
    );
    // After the ServerHello.
    refused(
        |s| {
            s.hello(|_| {});
            let hello = plain(HANDSHAKE, &s.extensions());
            s.out.extend_from_slice(&hello);
        },
        "unexpected record",
    );
    refused(
        |s| {
            s.hello(|_| {});
            s.out.extend_from_slice(&plain(CHANGE_CIPHER_SPEC, &[2]));
        },
        "unexpected record",
    );
    refused(
        |s| {
            s.hello(|_| {});
            s.out.extend_from_slice(&plain(CHANGE_CIPHER_SPEC, &[1]));
            s.out.extend_from_slice(&plain(CHANGE_CIPHER_SPEC, &[1]));
        },
        "unexpected record",
    );
    refused(
        |s| {
            s.hello(|_| {});
            s.out.extend_from_slice(&plain(APPLICATION_DATA, &[1; 16]));
        },
        "an empty record",
    );
    // The one that makes embedded-tls hand out keys, if it came from outside.
    refused(
        |s| {
            s.hello(|_| {});
            s.out.extend_from_slice(&super::super::suite::EXPORT_RECORD);
        },
        "unexpected record",
    );
    // Panics in embedded-tls.
    refused(
        |s| {
            s.hello(|_| {});
            s.seal_inner(&[0; 20]);
        },
        "empty or unexpected record",
    );
    refused(
        |s| {
            s.hello(|_| {});
            s.seal_inner(&[HANDSHAKE]);
        },
        "empty or unexpected record",
    );
    refused(
        |s| {
            s.hello(|_| {});
            s.seal(APPLICATION_DATA, b"too early");
        },
        "empty or unexpected record",
    );
    refused(
        |s| {
            s.hello(|_| {});
            for _ in 0..40 {
                let extensions = s.extensions();
                s.seal(HANDSHAKE, &extensions);
            }
        },
        "without an end",
    );
    refused(
        |s| {
            s.hello(|_| {});
            s.seal(ALERT, &[2, 49]);
        },
        "access_denied",
    );
}

#[test]
fn server_hellos_that_take_what_was_not_offered() {
    let refused = |flight: fn(&mut Server13)| refused(flight, Kind::Source, "ServerHello");
    // Version, session id, suite, compression, selected group, selected version.
    refused(|s| s.hello(|h| h[5] = 4));
    refused(|s| s.hello(|h| h[40] = 2));
    refused(|s| s.hello(|h| h[41] = 1));
    refused(|s| s.hello(|h| h[50 - 1] = 0x1d));
    refused(|s| s.hello(|h| *h.last_mut().unwrap() = 3));
    refused(|s| s.hello(|h| *h.last_mut().unwrap() = 5));
    // A point that is compressed, or none.
    refused(|s| s.hello(|h| h[52] = 2));
    // An extension twice, one too many, none of the key share.
    refused(|s| {
        s.hello(|h| {
            h.extend_from_slice(&[0, 43, 0, 2, 3, 4]);
            h[3] += 6;
            h[43] += 6;
        });
    });
    refused(|s| {
        s.hello(|h| {
            h.extend_from_slice(&[0, 41, 0, 2, 0, 0]);
            h[3] += 6;
            h[43] += 6;
        });
    });
    refused(|s| {
        let body = Server13::hello_body([5; 32], [0x13, 1], &[0, 43, 0, 2, 3, 4]);
        s.out
            .extend_from_slice(&plain(HANDSHAKE, &message(2, &body)));
    });
    // A message behind it in the same record.
    refused(|s| s.hello(|h| h.extend_from_slice(&[8, 0, 0, 2, 0, 0])));
}

/// What sound servers say that embedded-tls does not understand: the other version is tried, and meets nobody here.
#[test]
fn what_leads_to_the_other_version() {
    let kind = Kind::Transient;
    refused(
        |s| {
            s.hello(|hello| hello[6..38].copy_from_slice(&HELLO_RETRY_REQUEST));
        },
        kind,
        "(HelloRetryRequest); then with TLS 1.2: no second server",
    );
    refused(
        |s| {
            // As in TLS 1.2, without extensions.
            let mut body = vec![3, 3];
            body.extend_from_slice(&[5; 32]);
            body.extend_from_slice(&[0, 0xc0, 0x2b, 0]);
            s.out
                .extend_from_slice(&plain(HANDSHAKE, &message(2, &body)));
        },
        kind,
        "does not speak TLS 1.3; then with TLS 1.2: no second server",
    );
    refused(
        |s| {
            s.hello(|_| {});
            let length = s.out.len();
            s.out.truncate(50);
            s.out[3] = 0;
            s.out[4] = 45;
            assert!(length > 50);
        },
        kind,
        "the ServerHello is split over records; then with TLS 1.2: no second server",
    );
    // A group that embedded-tls has no name for, among those that the server tells of.
    refused(
        |s| {
            s.hello(|_| {});
            let flight = s.add(message(8, &[0, 8, 0, 10, 0, 4, 0, 2, 0x1a, 0x1a]));
            s.seal(HANDSHAKE, &flight);
        },
        kind,
        "more than is supported; then with TLS 1.2: no second server",
    );
}

#[test]
fn share_that_is_no_point() {
    refused(
        |s| s.hello(|h| h[60] ^= 1),
        Kind::Source,
        "key share is no point",
    );
}

#[test]
fn alerts_before_the_hello() {
    refused(
        |s| s.out.extend_from_slice(&plain(ALERT, &[2, 112])),
        Kind::Source,
        "TLS alert from example.org:443: unrecognized_name",
    );
    // Those that lead to a second attempt, which meets nobody here.
    for alert in [40, 70, 71] {
        let server = pipe(Replay(plain(ALERT, &[2, alert])));
        let (_, end) = super::fetch(vec![server]);
        assert!(end.unwrap_err().text.contains("no second server"));
    }
    // No others do, nor does a broken line.
    for alert in (0..=255).filter(|alert| ![40, 70, 71].contains(alert)) {
        let server = pipe(Replay(plain(ALERT, &[2, alert])));
        let (_, end) = super::fetch(vec![server]);
        assert!(!end.unwrap_err().text.contains("second"));
    }
    let (_, end) = super::fetch(vec![pipe(Replay(Vec::new()))]);
    assert!(!end.unwrap_err().text.contains("second"));
}

/// Servers that warn of a name that they do not know go on with a certificate that may be for it all the same.
#[test]
fn a_warning_before_the_hello() {
    let warning = plain(ALERT, &[1, 112]);
    let (body, end) = fetch(Server13::new(
        |s| {
            s.out.extend_from_slice(&plain(ALERT, &[1, 112]));
            s.good_flight();
        },
        Server13::good_body,
    ));
    assert_eq!((body.as_slice(), end), (&b"the body"[..], Ok(())));
    let server = [warning.clone(), plain(ALERT, &[2, 40])].concat();
    let (_, end) = super::fetch(vec![pipe(Replay(server))]);
    assert!(end.unwrap_err().text.contains("no second server"));
    // Without end, it is no handshake. Nor may it come once there was a hello.
    let (_, end) = super::fetch(vec![pipe(Replay(warning.repeat(100)))]);
    assert!(end.unwrap_err().text.contains("a handshake without an end"));
    refused(
        |s| {
            s.hello(|_| {});
            s.out.extend_from_slice(&plain(ALERT, &[1, 112]));
        },
        Kind::Transient,
        "an unprotected alert",
    );
}

/// A recorded flight with a byte changed, left out or put in, thousands of times over: never a panic, never a body.
#[test]
fn mutated_flights() {
    let server = pipe(Server13::new(Server13::good_flight, Server13::good_body));
    let log = server.log.clone();
    let (body, _) = super::fetch(vec![server]);
    assert_eq!(body, b"the body");
    let recorded = log.borrow().clone();
    // As recorded it is as good as the server.
    let (body, end) = super::fetch(vec![pipe(Replay(recorded.clone()))]);
    assert_eq!((body.as_slice(), end), (&b"the body"[..], Ok(())));
    let flight = recorded.len() - good_body_length();
    for at in 0..recorded.len() {
        for change in 0..6 {
            let mut bytes = recorded.clone();
            match change {
                0..3 => bytes[at] ^= [1, 0x80, 0xff][change],
                3 => drop(bytes.remove(at)),
                4 => bytes.insert(at, 0),
                _ => bytes.truncate(at),
            }
            let (body, end) = super::fetch(vec![pipe(Replay(bytes))]);
            // RFC 8446, section 5.1: the minor version of the ServerHello's record means nothing.
            if at == 2 && change < 3 {
                continue;
            }
            assert!(end.is_err(), "byte {at}, change {change}");
            assert!(
                at >= flight || body.is_empty(),
                "byte {at}, change {change}"
            );
            assert!(b"the body".starts_with(&body));
        }
    }
}

/// How many bytes `Server13::good_body` sends.
fn good_body_length() -> usize {
    let overhead = HEADER + 1 + 16;
    4 * overhead + ticket().len() + 4 + 4 + 2
}

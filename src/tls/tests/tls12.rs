//! TLS 1.2 against servers that break its rules, and the way there from TLS 1.3.

use super::super::record::{ALERT, APPLICATION_DATA, CHANGE_CIPHER_SPEC, HANDSHAKE, MAX_PLAINTEXT};
use super::server12::Server12;
use super::*;
use crate::error::Kind;

/// What comes of a server that refuses TLS 1.3 at first with the alert `refusal`.
fn fetch_after(refusal: u8, server: Server12) -> (Vec<u8>, Result<()>) {
    super::fetch(vec![
        pipe(server),
        pipe(Replay(plain(ALERT, &[2, refusal]))),
    ])
}

fn fetch(server: Server12) -> (Vec<u8>, Result<()>) {
    fetch_after(70, server)
}

#[track_caller]
fn good(server: Server12) {
    let request = server.request.clone();
    let (body, end) = fetch(server);
    assert_eq!((body.as_slice(), end), (&b"the body"[..], Ok(())));
    assert_eq!(*request.borrow(), REQUEST);
}

#[test]
fn good_servers() {
    let server = |flight| Server12::new(flight, Server12::good_finish, Server12::good_body);
    good(server(Server12::good_flight));
    // All in one record, with a request for a certificate.
    good(server(|s| {
        let flight = [
            s.hello(),
            s.certificate(),
            s.key_exchange(),
            s.certificate_request(),
            s.done(),
        ];
        s.plain(HANDSHAKE, &flight.concat());
    }));
    // In records of one byte, with a warning before them and no extension at all.
    good(server(|s| {
        let flight = [
            s.hello_with(&[], |hello| {
                hello.truncate(hello.len() - 2);
                hello[3] -= 2;
            }),
            s.certificate(),
            s.key_exchange(),
            s.done(),
        ];
        s.plain(ALERT, &[1, 112]);
        for byte in flight.concat() {
            s.plain(HANDSHAKE, &[byte]);
        }
    }));
    // A chain that fills more than one record.
    good(server(|s| {
        let mut chain = vec![LEAF];
        let long = vec![0x30; 60_000];
        chain.push(&long);
        let flight = [
            s.hello(),
            s.certificates(&chain),
            s.key_exchange(),
            s.done(),
        ];
        for part in flight.concat().chunks(MAX_PLAINTEXT) {
            s.plain(HANDSHAKE, part);
        }
    }));
    // A Finished in pieces.
    good(Server12::new(
        Server12::good_flight,
        |s| {
            s.plain(CHANGE_CIPHER_SPEC, &[1]);
            for part in s.finished().chunks(5) {
                s.seal(HANDSHAKE, part);
            }
        },
        Server12::good_body,
    ));
}

#[test]
fn empty_certificate_is_sent_when_asked() {
    let server = Server12::new(
        |s| {
            let flight = [
                s.hello(),
                s.certificate(),
                s.key_exchange(),
                s.certificate_request(),
                s.done(),
            ];
            s.plain(HANDSHAKE, &flight.concat());
        },
        Server12::good_finish,
        Server12::good_body,
    );
    let sent = server.client_flight.clone();
    good(server);
    assert!(sent.borrow().starts_with(&[11, 0, 0, 3, 0, 0, 0, 16]));
}

#[track_caller]
fn refused_after(
    refusal: u8,
    flight: fn(&mut Server12),
    finish: fn(&mut Server12),
    kind: Kind,
    why: &str,
) {
    let server = Server12::new(flight, finish, |s| {
        s.seal(APPLICATION_DATA, b"secrets");
        s.seal(ALERT, &[1, 0]);
    });
    let request = server.request.clone();
    let (body, end) = fetch_after(refusal, server);
    let error = end.expect_err("an error");
    assert!(error.text.contains(why), "{}", error.text);
    assert_eq!((error.kind, body), (kind, Vec::new()), "{}", error.text);
    assert_eq!(*request.borrow(), b"");
}

/// A flight of these messages must end in an error that says why.
macro_rules! refused {
    ($why:expr, |$s:ident| [$($message:expr),*]) => {
        refused_after(
            70,
            |$s| {
                let flight = [$($message),*].concat();
                $s.plain(HANDSHAKE, &flight);
            },
            Server12::good_finish,
            Kind::Source,
            $why,
        )
    };
}

#[test]
fn flights_out_of_order() {
    let why = "an unexpected handshake message";
    refused!(why, |s| [s.hello(), s.key_exchange(), s.done()]);
    refused!(why, |s| [s.hello(), s.certificate(), s.done()]);
    refused!(why, |s| [s.hello(), s.done()]);
    refused!(why, |s| [s.certificate(), s.key_exchange(), s.done()]);
    refused!(why, |s| [s.hello(), s.hello(), s.certificate()]);
    refused!(why, |s| [
        s.hello(),
        s.certificate(),
        s.certificate(),
        s.key_exchange()
    ]);
    refused!(why, |s| [
        s.hello(),
        s.certificate(),
        s.key_exchange(),
        s.key_exchange(),
        s.done()
    ]);
    refused!(why, |s| [
        s.hello(),
        s.certificate(),
        s.certificate_request(),
        s.key_exchange()
    ]);
    refused!(why, |s| [
        s.hello(),
        s.certificate(),
        s.key_exchange(),
        s.certificate_request(),
        s.certificate_request(),
        s.done()
    ]);
    refused!(why, |s| [
        s.hello(),
        s.certificate(),
        s.key_exchange(),
        s.done(),
        s.done()
    ]);
    // HelloRequest, NewSessionTicket, CertificateStatus, Finished: none was offered or is due.
    refused!(why, |s| [message(0, &[]), s.hello()]);
    refused!(why, |s| [
        s.hello(),
        s.certificate(),
        message(22, &[1, 0, 0, 0])
    ]);
    refused!(why, |s| [
        s.hello(),
        s.certificate(),
        s.key_exchange(),
        message(4, &[0; 6])
    ]);
    refused!(why, |s| [
        s.hello(),
        s.certificate(),
        s.key_exchange(),
        s.done(),
        message(20, &[0; 12])
    ]);
    refused!(why, |s| [s.hello(), message(14, &[0])]);
}

#[test]
fn certificates_and_keys_that_are_not_believed() {
    refused!("unknown chain", |s| [
        s.hello(),
        s.certificates(&[&[0x30, 0]]),
        s.key_exchange(),
        s.done()
    ]);
    refused!("empty Certificate", |s| [s.hello(), s.certificates(&[])]);
    refused!("malformed Certificate", |s| [
        s.hello(),
        message(11, &[0, 0, 4, 0, 0, 9, 1])
    ]);
    refused!("malformed Certificate", |s| [
        s.hello(),
        message(11, &[0, 0, 0, 1])
    ]);
    refused!("malformed Certificate", |s| [
        s.hello(),
        s.certificates(&[LEAF; 18])
    ]);
    refused!("too long", |s| [s.hello(), vec![11, 2, 0, 0]]);
    refused!("bad signature", |s| [
        s.hello(),
        s.certificate(),
        s.key_exchange_with([3, 0, 23], [4, 3], |_| {}, |body| body[20] ^= 1)
    ]);
    refused!("bad signature", |s| [
        s.hello(),
        s.certificate(),
        s.key_exchange_with(
            [3, 0, 23],
            [4, 3],
            |_| {},
            |body| *body.last_mut().unwrap() ^= 1
        )
    ]);
    // An unknown group, one that is not offered, a curve by its equation, RSA with an ECDSA suite, SHA-1.
    let why = "takes what was not offered";
    refused!(why, |s| [
        s.hello(),
        s.certificate(),
        s.key_exchange_with([3, 0, 25], [4, 3], |_| {}, |_| {})
    ]);
    refused!(why, |s| [
        s.hello(),
        s.certificate(),
        s.key_exchange_with([3, 0, 23], [8, 4], |_| {}, |_| {})
    ]);
    refused!(why, |s| [
        s.hello(),
        s.certificate(),
        s.key_exchange_with([3, 0, 23], [2, 3], |_| {}, |_| {})
    ]);
    refused!("malformed ServerKeyExchange", |s| [
        s.hello(),
        s.certificate(),
        s.key_exchange_with([1, 0, 23], [4, 3], |_| {}, |_| {})
    ]);
    refused!("malformed ServerKeyExchange", |s| [
        s.hello(),
        s.certificate(),
        s.key_exchange_with([3, 0, 23], [4, 3], |_| {}, |body| body.push(0))
    ]);
    // A point that is not on the curve, and one of another curve.
    refused!("not in its group", |s| [
        s.hello(),
        s.certificate(),
        s.key_exchange_with([3, 0, 23], [4, 3], |body| body[30] ^= 1, |_| {}),
        s.done()
    ]);
    refused!("not in its group", |s| [
        s.hello(),
        s.certificate(),
        s.key_exchange_with([3, 0, 29], [4, 3], |_| {}, |_| {}),
        s.done()
    ]);
}

#[test]
fn server_hellos_that_take_what_was_not_offered() {
    let why = "ServerHello";
    refused!(why, |s| [s.hello_with(&[], |hello| hello[5] = 4)]);
    // RSA key exchange, CBC, a suite of TLS 1.3, compression.
    refused!(why, |s| [
        s.hello_with(&[], |hello| hello[39..41].copy_from_slice(&[0, 0x9c]))
    ]);
    refused!(why, |s| [
        s.hello_with(&[], |hello| hello[39..41].copy_from_slice(&[0xc0, 0x13]))
    ]);
    refused!(why, |s| [
        s.hello_with(&[], |hello| hello[39..41].copy_from_slice(&[0x13, 1]))
    ]);
    refused!(why, |s| [s.hello_with(&[], |hello| hello[41] = 1)]);
    // TLS 1.3 after all, a ticket, a status, extensions with content that they have not, ALPN's other protocol.
    refused!(why, |s| [s.hello_with(&[0, 43, 0, 2, 3, 4], |_| {})]);
    refused!(why, |s| [s.hello_with(&[0, 35, 0, 0], |_| {})]);
    refused!(why, |s| [s.hello_with(&[0, 5, 0, 0], |_| {})]);
    refused!(why, |s| [s.hello_with(&[0, 23, 0, 1, 0], |_| {})]);
    refused!(why, |s| [s.hello_with(&[0xff, 1, 0, 2, 1, 0], |_| {})]);
    refused!(why, |s| [s.hello_with(&[0, 11, 0, 2, 1, 1], |_| {})]);
    refused!(why, |s| [
        s.hello_with(&[0, 16, 0, 5, 0, 3, 2, b'h', b'2'], |_| {})
    ]);
    refused!(why, |s| [s.hello_with(&[0, 23, 0, 0, 0, 23, 0, 0], |_| {})]);
    refused!("TLS 1.1 or older", |s| [
        s.hello_with(&[], |hello| hello[5] = 2)
    ]);
    refused!("TLS 1.1 or older", |s| [
        s.hello_with(&[], |hello| hello[5] = 1)
    ]);
}

/// RFC 8446, section 4.1.3: the end of the random tells what the server could have spoken.
#[test]
fn downgrades() {
    fn flight(s: &mut Server12, last: u8) {
        s.random[24..].copy_from_slice(b"DOWNGRD\0");
        s.random[31] = last;
        s.good_flight();
    }
    let why = "downgrade attack";
    let finish = Server12::good_finish;
    for refusal in [40, 70, 71] {
        refused_after(refusal, |s| flight(s, 0), finish, Kind::Source, why);
    }
    // protocol_version says that it speaks no TLS 1.3, which the signed random denies.
    refused_after(70, |s| flight(s, 1), finish, Kind::Source, why);
    let old = message(2, &[&[3, 3][..], &[5; 32], &[0, 0xc0, 0x2b, 0]].concat());
    let server = Server12::new(|s| flight(s, 1), finish, Server12::good_body);
    let (_, end) = super::fetch(vec![pipe(server), pipe(Replay(plain(HANDSHAKE, &old)))]);
    assert!(end.unwrap_err().text.contains(why));
    // handshake_failure says that it speaks TLS 1.3 with other parameters.
    let server = Server12::new(|s| flight(s, 1), finish, Server12::good_body);
    let (body, end) = fetch_after(40, server);
    assert_eq!((body.as_slice(), end), (&b"the body"[..], Ok(())));
}

#[test]
fn records_that_do_not_belong() {
    let refused = |flight, finish, why| refused_after(70, flight, finish, Kind::Source, why);
    let why = "an unexpected record in the handshake";
    let finish = Server12::good_finish;
    refused(|s| s.plain(APPLICATION_DATA, b"secrets"), finish, why);
    refused(|s| s.plain(CHANGE_CIPHER_SPEC, &[1]), finish, why);
    refused(|s| s.plain(ALERT, &[2, 40, 0]), finish, why);
    refused(
        |s| s.out.extend_from_slice(&[HANDSHAKE, 3, 3, 0, 0]),
        finish,
        "empty or too long",
    );
    refused(|s| s.plain(HANDSHAKE, &[2; MAX_PLAINTEXT + 1]), finish, why);
    // CVE-2014-0224: ChangeCipherSpec before the keys are made.
    refused(
        |s| {
            let flight = [s.hello(), s.certificate(), s.key_exchange()].concat();
            s.plain(HANDSHAKE, &flight);
            s.plain(CHANGE_CIPHER_SPEC, &[1]);
        },
        finish,
        why,
    );
    // A version that was not chosen.
    refused(
        |s| {
            s.good_flight();
            let last = s.out.len() - 7;
            s.out[last] = 1;
        },
        finish,
        why,
    );
    // Endless warnings.
    refused(
        |s| {
            for _ in 0..300 {
                s.plain(ALERT, &[1, 112]);
            }
        },
        finish,
        why,
    );
}

#[test]
fn wrong_ends_of_the_handshake() {
    let refused = |finish, why| {
        refused_after(70, Server12::good_flight, finish, Kind::Source, why);
    };
    let why = "an unexpected record in the handshake";
    // No ChangeCipherSpec, two, one that is not 1, one within a message; a plaintext Finished; data at once.
    refused(
        |s| {
            let finished = s.finished();
            s.plain(HANDSHAKE, &finished);
        },
        "an unexpected handshake message",
    );
    refused(|s| s.plain(CHANGE_CIPHER_SPEC, &[2]), why);
    refused(|s| s.plain(CHANGE_CIPHER_SPEC, &[1, 1]), why);
    refused(
        |s| {
            s.plain(HANDSHAKE, &[20, 0]);
            s.plain(CHANGE_CIPHER_SPEC, &[1]);
        },
        why,
    );
    refused(
        |s| {
            s.plain(CHANGE_CIPHER_SPEC, &[1]);
            s.seal(APPLICATION_DATA, b"secrets");
        },
        why,
    );
    refused(
        |s| {
            s.plain(CHANGE_CIPHER_SPEC, &[1]);
            s.seal(CHANGE_CIPHER_SPEC, &[1]);
        },
        why,
    );
    let wrong = "Finished is wrong";
    refused(
        |s| {
            s.plain(CHANGE_CIPHER_SPEC, &[1]);
            s.seal(HANDSHAKE, &message(20, &[0; 12]));
        },
        wrong,
    );
    refused(
        |s| {
            s.plain(CHANGE_CIPHER_SPEC, &[1]);
            s.seal(HANDSHAKE, &message(20, &[]));
        },
        wrong,
    );
    refused(
        |s| {
            s.plain(CHANGE_CIPHER_SPEC, &[1]);
            let mut longer = s.finished();
            longer.push(0);
            longer[3] += 1;
            s.seal(HANDSHAKE, &longer);
        },
        wrong,
    );
    // Something behind it in its record.
    refused(
        |s| {
            s.plain(CHANGE_CIPHER_SPEC, &[1]);
            let more = [s.finished(), message(0, &[])].concat();
            s.seal(HANDSHAKE, &more);
        },
        "an unexpected handshake message",
    );
    let altered = |finish| {
        let why = "altered on the way";
        refused_after(70, Server12::good_flight, finish, Kind::Transient, why);
    };
    altered(|s| {
        s.plain(CHANGE_CIPHER_SPEC, &[1]);
        s.plain(HANDSHAKE, &[7; 40]);
    });
    altered(|s| {
        s.plain(CHANGE_CIPHER_SPEC, &[1]);
        s.plain(ALERT, &[2, 40]);
    });
}

#[test]
fn bodies_that_end_wrongly() {
    #[track_caller]
    fn ends(body: fn(&mut Server12), kind: Kind, why: &str) {
        let (came, end) = fetch(Server12::new(
            Server12::good_flight,
            Server12::good_finish,
            body,
        ));
        let error = end.expect_err("an error");
        assert!(error.text.contains(why), "{}", error.text);
        assert_eq!((error.kind, came.as_slice()), (kind, &b"the body"[..]));
    }
    fn start(s: &mut Server12) {
        s.seal(APPLICATION_DATA, b"the body");
    }
    ends(start, Kind::Transient, "closed without close_notify");
    let altered = "altered on the way";
    ends(
        |s| {
            start(s);
            s.plain(ALERT, &[1, 0]);
        },
        Kind::Transient,
        altered,
    );
    ends(
        |s| {
            start(s);
            s.plain(APPLICATION_DATA, &[0; 100]);
        },
        Kind::Transient,
        altered,
    );
    // The type is in what is authenticated.
    ends(
        |s| {
            start(s);
            let at = s.out.len();
            s.seal(APPLICATION_DATA, &[1, 0]);
            s.out[at] = ALERT;
        },
        Kind::Transient,
        altered,
    );
    ends(
        |s| {
            start(s);
            s.seal(HANDSHAKE, &message(0, &[]));
        },
        Kind::Source,
        "renegotiation, which is refused",
    );
    ends(
        |s| {
            start(s);
            s.seal(CHANGE_CIPHER_SPEC, &[1]);
        },
        Kind::Source,
        "unexpected record",
    );
    ends(
        |s| {
            start(s);
            for _ in 0..65 {
                s.seal(ALERT, &[1, 90]);
            }
        },
        Kind::Source,
        "without data",
    );
    ends(
        |s| {
            start(s);
            s.seal(ALERT, &[2, 80]);
        },
        Kind::Transient,
        "internal_error",
    );
    ends(
        |s| {
            start(s);
            s.seal(APPLICATION_DATA, &[0; MAX_PLAINTEXT + 1]);
        },
        Kind::Transient,
        altered,
    );
}

/// As servers answer that do not go on without a certificate of ours.
#[test]
fn certificate_that_is_insisted_on() {
    let flight = |s: &mut Server12| {
        let flight = [
            s.hello(),
            s.certificate(),
            s.key_exchange(),
            s.certificate_request(),
            s.done(),
        ];
        s.plain(HANDSHAKE, &flight.concat());
    };
    refused_after(
        70,
        flight,
        |s| s.plain(ALERT, &[2, 40]),
        Kind::Source,
        "asks for a client certificate, and there is none: TLS alert from example.org:443: handshake_failure",
    );
}

#[test]
fn tls13_is_not_tried_again_with_a_server_that_is_known() {
    let server = || {
        Server12::new(
            Server12::good_flight,
            Server12::good_finish,
            Server12::good_body,
        )
    };
    let mut known = Known::http();
    for servers in [
        vec![pipe(server()), pipe(Replay(plain(ALERT, &[2, 70])))],
        vec![pipe(server())],
    ] {
        let (body, end) = fetch_known(servers, &mut known);
        assert_eq!((body.as_slice(), end), (&b"the body"[..], Ok(())));
        assert_eq!(known.failed, 1);
    }
}

/// The error of a failed fallback says what both attempts met. (On Windows a third one follows, by the system.)
#[cfg(not(windows))]
#[test]
fn both_failures_are_told() {
    let refused = "TLS 1.1 and older, CBC ciphers, RSA key exchange and groups other than P-256, P-384 and X25519 \
                   are refused";
    let alone = "TLS 1.3 is spoken with P-256 and AES-128-GCM alone";
    for (first, second, hint) in [
        ((70, "protocol_version"), (40, "handshake_failure"), refused),
        ((70, "protocol_version"), (70, "protocol_version"), refused),
        (
            (40, "handshake_failure"),
            (40, "handshake_failure"),
            refused,
        ),
        ((40, "handshake_failure"), (70, "protocol_version"), alone),
    ] {
        let (_, end) = super::fetch(vec![
            pipe(Replay(plain(ALERT, &[2, second.0]))),
            pipe(Replay(plain(ALERT, &[2, first.0]))),
        ]);
        let error = end.unwrap_err();
        assert_eq!(error.kind, Kind::Negotiation);
        assert_eq!(
            error.text,
            std::format!(
                "TLS alert from example.org:443: {}; then with TLS 1.2: TLS alert from example.org:443: {} ({hint})",
                first.1,
                second.1
            )
        );
    }
}

/// Such as the TLS of a proxy: it is no word of the server's.
#[test]
fn what_the_transport_cannot_negotiate_is_the_end() {
    let mut calls = 0;
    let mut open = || -> Result<Box<dyn Stream>> {
        calls += 1;
        Err(Error::new(Kind::Negotiation, &["the proxy"]))
    };
    let host = Host::Name("example.org".into());
    let mut known = Known::http();
    let session = connect_with(
        &mut open,
        &host,
        "peer",
        &mut known,
        &mut Believer,
        fixed_random,
    );
    assert_eq!(
        session.err().map(|error| error.text.clone()).as_deref(),
        Some("the proxy")
    );
    assert_eq!((calls, known.failed), (1, 0));
}

/// As for TLS 1.3: a recorded server with each byte altered in several ways.
#[test]
fn mutated_flights() {
    let server = Server12::new(
        Server12::good_flight,
        Server12::good_finish,
        Server12::good_body,
    );
    let good = pipe(server);
    let log = good.log.clone();
    super::fetch(vec![good, pipe(Replay(plain(ALERT, &[2, 40])))])
        .1
        .unwrap();
    let recorded = log.borrow().clone();
    let fetch = |bytes| {
        super::fetch(vec![
            pipe(Replay(bytes)),
            pipe(Replay(plain(ALERT, &[2, 40]))),
        ])
    };
    let (body, end) = fetch(recorded.clone());
    assert_eq!((body.as_slice(), end), (&b"the body"[..], Ok(())));
    // Four bytes, four bytes and a close_notify, each with a header, an explicit nonce and a tag.
    let flight = recorded.len() - (3 * (5 + 8 + 16) + 4 + 4 + 2);
    for at in 0..recorded.len() {
        // Not of the ServerHello's record alone: its minor version means nothing.
        if at == 2 {
            continue;
        }
        for change in 0..6 {
            let mut bytes = recorded.clone();
            match change {
                0..3 => bytes[at] ^= [1, 0x80, 0xff][change],
                3 => drop(bytes.remove(at)),
                4 => bytes.insert(at, 0),
                _ => bytes.truncate(at),
            }
            if bytes == recorded {
                continue;
            }
            let (body, end) = fetch(bytes);
            assert!(end.is_err(), "byte {at}, change {change}");
            assert!(
                at >= flight || body.is_empty(),
                "byte {at}, change {change}"
            );
            assert!(b"the body".starts_with(&body));
        }
    }
}

//! Sessions of TLS 1.2 that are resumed, as with FTP servers, and what a server could do wrong then.

use std::cell::{Cell, RefCell};

use super::super::record::{ALERT, APPLICATION_DATA, CHANGE_CIPHER_SPEC, HANDSHAKE};
use super::server12::Server12;
use super::server13::Server13;
use super::*;

/// The extensions of a ServerHello: extended_master_secret, and session_ticket after it.
const EXTENDED: &[u8] = &[0, 23, 0, 0];
const EXTENDED_TICKET: &[u8] = &[0, 23, 0, 0, 0, 35, 0, 0];
const TICKET: &[u8] = &[0, 35, 0, 0];

const FIRST_TICKET: [u8; 100] = [0x71; 100];
const SECOND_TICKET: [u8; 200] = [0x72; 200];

/// What is left of the full handshake after the ServerHello `extensions`.
fn full(s: &mut Server12, extensions: &[u8]) {
    let flight = [
        s.hello_with(extensions, |_| {}),
        s.certificate(),
        s.key_exchange(),
        s.done(),
    ];
    s.plain(HANDSHAKE, &flight.concat());
}

/// A new session, with an ID.
fn with_id(s: &mut Server12) {
    s.session_id = b"the server's ID".to_vec();
    full(s, EXTENDED);
}

/// A new session, with a ticket to come.
fn with_ticket(s: &mut Server12) {
    full(s, EXTENDED_TICKET);
}

fn ticket_and_finish(s: &mut Server12) {
    let ticket = s.ticket(&FIRST_TICKET);
    s.plain(HANDSHAKE, &ticket);
    s.good_finish();
}

/// What a server sends that resumes a session, without a new ticket. The body follows after the client's Finished.
fn resumes(s: &mut Server12) {
    s.session_id = s.offered_id.clone();
    let hello = s.hello_with(EXTENDED, |_| {});
    s.plain(HANDSHAKE, &hello);
    s.expand();
    s.good_finish();
}

/// The same, with a new ticket in one record with the ServerHello.
fn resumes_with_ticket(s: &mut Server12, ticket: &[u8]) {
    s.session_id = s.offered_id.clone();
    let flight = [s.hello_with(EXTENDED_TICKET, |_| {}), s.ticket(ticket)];
    s.plain(HANDSHAKE, &flight.concat());
    s.expand();
    s.good_finish();
}

/// A session that the next server can resume.
struct First {
    known: Known,
    master: Rc<Cell<[u8; 48]>>,
}

impl First {
    #[track_caller]
    fn new(flight: fn(&mut Server12), finish: fn(&mut Server12)) -> Self {
        let mut known = Known::default();
        let server = Server12::new(flight, finish, Server12::good_body);
        let master = server.master.clone();
        let (body, end) = fetch_known(vec![pipe(server)], &mut known);
        assert_eq!((body.as_slice(), end), (&b"the body"[..], Ok(())));
        assert_eq!(known.failed, 0);
        First { known, master }
    }

    fn by_id() -> Self {
        First::new(with_id, Server12::good_finish)
    }

    fn by_ticket() -> Self {
        First::new(with_ticket, ticket_and_finish)
    }

    /// What the next server makes of it, and which ticket it was offered.
    fn then(
        &mut self,
        flight: fn(&mut Server12),
        finish: fn(&mut Server12),
    ) -> (Vec<u8>, Result<()>, Option<Vec<u8>>) {
        let mut server = Server12::new(flight, finish, Server12::good_body);
        server.random = [6; 32];
        server.master = self.master.clone();
        let offered: Rc<RefCell<_>> = server.offered_ticket.clone();
        let (body, end) = fetch_known(vec![pipe(server)], &mut self.known);
        (body, end, offered.take())
    }

    #[track_caller]
    fn goes_on(
        &mut self,
        flight: fn(&mut Server12),
        finish: fn(&mut Server12),
        ticket: Option<&[u8]>,
    ) {
        let (body, end, offered) = self.then(flight, finish);
        assert_eq!((body.as_slice(), end), (&b"the body"[..], Ok(())));
        assert_eq!(offered.as_deref(), ticket);
        assert_eq!(self.known.failed, 0);
    }

    #[track_caller]
    fn refuses(mut self, flight: fn(&mut Server12), why: &str) {
        let (body, end, _) = self.then(flight, Server12::good_body);
        let error = end.expect_err("an error");
        assert!(error.text.contains(why), "{}", error.text);
        assert_eq!(body, b"");
    }
}

#[test]
fn by_the_id_of_the_server() {
    let mut first = First::by_id();
    for _ in 0..3 {
        first.goes_on(resumes, Server12::good_body, Some(b""));
    }
}

#[test]
fn by_a_ticket() {
    let mut first = First::by_ticket();
    for _ in 0..3 {
        first.goes_on(resumes, Server12::good_body, Some(&FIRST_TICKET));
    }
}

/// A server may have new tickets to give. The one that worked serves as well.
#[test]
fn new_tickets() {
    let mut first = First::by_ticket();
    let second: fn(&mut Server12) = |s| resumes_with_ticket(s, &SECOND_TICKET);
    for exchange in [second, |s| resumes_with_ticket(s, &[])] {
        first.goes_on(exchange, Server12::good_body, Some(&FIRST_TICKET));
        first.goes_on(resumes, Server12::good_body, Some(&FIRST_TICKET));
    }
}

/// What is not resumed is a new session, which is resumed later.
#[test]
fn a_server_that_has_forgotten() {
    let mut first = First::by_id();
    first.goes_on(with_ticket, ticket_and_finish, Some(b""));
    first.goes_on(resumes, Server12::good_body, Some(&FIRST_TICKET));
    first.goes_on(with_id, Server12::good_finish, Some(&FIRST_TICKET));
    first.goes_on(resumes, Server12::good_body, Some(b""));
}

/// Old servers have no extended master secret, and demand resumption all the same.
#[test]
fn without_an_extended_master_secret() {
    let by_id = |s: &mut Server12| {
        s.session_id = vec![7; 32];
        full(s, &[]);
    };
    let resumes = |s: &mut Server12| {
        s.session_id = s.offered_id.clone();
        let hello = s.hello_with(&[], |_| {});
        s.plain(HANDSHAKE, &hello);
        s.expand();
        s.good_finish();
    };
    First::new(by_id, Server12::good_finish).goes_on(resumes, Server12::good_body, Some(b""));
    let by_ticket = |s: &mut Server12| full(s, TICKET);
    First::new(by_ticket, ticket_and_finish).goes_on(
        resumes,
        Server12::good_body,
        Some(&FIRST_TICKET),
    );
}

/// Without an ID or a ticket of use, nothing is resumed.
#[test]
fn sessions_that_are_not_kept() {
    let empty_ticket = |s: &mut Server12| {
        let ticket = s.ticket(&[]);
        s.plain(HANDSHAKE, &ticket);
        s.good_finish();
    };
    let offers_none = |s: &mut Server12| {
        assert!(s.offered_id.is_empty());
        s.good_flight();
    };
    let mut first = First::new(with_ticket, empty_ticket);
    assert!(first.known.session.is_none());
    first.goes_on(offers_none, Server12::good_finish, Some(b""));
    assert!(first.known.session.is_none());
    first.goes_on(offers_none, Server12::good_finish, Some(b""));
    // One that was good is forgotten when the server has a new one that is not.
    let mut first = First::by_id();
    first.goes_on(Server12::good_flight, Server12::good_finish, Some(b""));
    assert!(first.known.session.is_none());
}

/// HTTP servers are not told of it, and none of theirs is kept.
#[test]
fn not_with_http() {
    let mut known = Known::http();
    known.failed = 1;
    let server = Server12::new(with_id, Server12::good_finish, Server12::good_body);
    let offered = server.offered_ticket.clone();
    let (body, end) = fetch_known(vec![pipe(server)], &mut known);
    assert_eq!((body.as_slice(), end), (&b"the body"[..], Ok(())));
    assert_eq!(*offered.borrow(), None);
    assert!(known.session.is_none());
    let server = Server12::new(with_ticket, ticket_and_finish, Server12::good_body);
    let (_, end) = fetch_known(vec![pipe(server)], &mut known);
    let error = end.unwrap_err();
    assert!(error.text.contains("not offered"), "{}", error.text);
}

/// A new session is proven anew: to know the old one is no certificate.
#[test]
fn who_does_not_resume_is_verified() {
    First::by_id().refuses(
        |s| {
            let flight = [
                s.hello(),
                s.certificates(&[&[0x30, 1, 9]]),
                s.key_exchange(),
                s.done(),
            ];
            s.plain(HANDSHAKE, &flight.concat());
        },
        "unknown chain",
    );
    First::by_ticket().refuses(
        |s| {
            let flight = [
                s.hello(),
                s.certificate(),
                s.key_exchange_with(
                    [3, 0, 23],
                    [4, 3],
                    |_| {},
                    |body| *body.last_mut().unwrap() ^= 1,
                ),
                s.done(),
            ];
            s.plain(HANDSHAKE, &flight.concat());
        },
        "signature",
    );
}

#[test]
fn rules_of_resumption() {
    let another = "the server resumes another session";
    // With an extended master secret and without it.
    First::by_id().refuses(
        |s| {
            s.session_id = s.offered_id.clone();
            let hello = s.hello_with(&[], |_| {});
            s.plain(HANDSHAKE, &hello);
            s.expand();
            s.good_finish();
        },
        another,
    );
    let without = |s: &mut Server12| {
        s.session_id = vec![7; 32];
        full(s, &[]);
    };
    First::new(without, Server12::good_finish).refuses(resumes, another);
    First::by_id().refuses(
        |s| {
            s.session_id = s.offered_id.clone();
            // ECDHE-RSA.
            let suite = |hello: &mut Vec<u8>| hello[4 + 2 + 32 + 1 + 15 + 1] = 0x2f;
            let hello = s.hello_with(EXTENDED, suite);
            s.plain(HANDSHAKE, &hello);
            s.expand();
            s.good_finish();
        },
        another,
    );
    // The rest of a full handshake.
    let unexpected = "an unexpected handshake message";
    First::by_id().refuses(
        |s| {
            s.session_id = s.offered_id.clone();
            full(s, EXTENDED);
        },
        unexpected,
    );
    First::by_ticket().refuses(
        |s| {
            s.session_id = s.offered_id.clone();
            let hello = s.hello_with(EXTENDED, |_| {});
            s.plain(HANDSHAKE, &hello);
            let certificate = s.certificate();
            s.plain(HANDSHAKE, &certificate);
        },
        unexpected,
    );
    // With a secret that is not the session's.
    First::by_id().refuses(
        |s| {
            s.master.set([3; 48]);
            resumes(s);
        },
        "a handshake record was altered on the way (bad_record_mac)",
    );
    First::by_id().refuses(
        |s| {
            s.session_id = s.offered_id.clone();
            let hello = s.hello_with(EXTENDED, |_| {});
            s.plain(HANDSHAKE, &hello);
            s.expand();
            s.plain(CHANGE_CIPHER_SPEC, &[1]);
            s.seal(HANDSHAKE, &message(20, &[0; 12]));
        },
        "the server's Finished is wrong",
    );
    // Data in the place of a Finished, protected and not.
    First::by_id().refuses(
        |s| {
            s.session_id = s.offered_id.clone();
            let hello = s.hello_with(EXTENDED, |_| {});
            s.plain(HANDSHAKE, &hello);
            s.expand();
            s.plain(CHANGE_CIPHER_SPEC, &[1]);
            s.good_body();
        },
        "an unexpected record in the handshake",
    );
    First::by_id().refuses(
        |s| {
            s.session_id = s.offered_id.clone();
            let hello = s.hello_with(EXTENDED, |_| {});
            s.plain(HANDSHAKE, &hello);
            s.plain(APPLICATION_DATA, b"the body");
        },
        "an unexpected record in the handshake",
    );
}

#[test]
fn rules_of_tickets() {
    let record = "an unexpected record in the handshake";
    let unexpected = "an unexpected handshake message";
    fn begin(s: &mut Server12, extensions: &[u8]) {
        s.session_id = s.offered_id.clone();
        let hello = s.hello_with(extensions, |_| {});
        s.plain(HANDSHAKE, &hello);
        s.expand();
    }
    // One was promised, and none comes.
    First::by_ticket().refuses(
        |s| {
            begin(s, EXTENDED_TICKET);
            s.good_finish();
        },
        record,
    );
    // None was promised, and one comes.
    First::by_ticket().refuses(
        |s| {
            begin(s, EXTENDED);
            ticket_and_finish(s);
        },
        unexpected,
    );
    First::by_ticket().refuses(
        |s| {
            begin(s, EXTENDED_TICKET);
            let ticket = s.ticket(&FIRST_TICKET);
            s.plain(HANDSHAKE, &ticket);
            ticket_and_finish(s);
        },
        unexpected,
    );
    First::by_ticket().refuses(
        |s| {
            begin(s, EXTENDED_TICKET);
            s.plain(HANDSHAKE, &message(4, &[0, 0, 0, 4, 0, 2, 7]));
        },
        "a malformed NewSessionTicket",
    );
    // The keys do not change in the midst of it.
    First::by_ticket().refuses(
        |s| {
            begin(s, EXTENDED_TICKET);
            let ticket = s.ticket(&FIRST_TICKET);
            s.plain(HANDSHAKE, &ticket[..50]);
            s.plain(CHANGE_CIPHER_SPEC, &[1]);
        },
        record,
    );
    // Before we have answered.
    First::by_ticket().refuses(
        |s| {
            full(s, EXTENDED_TICKET);
            s.out.clear();
            s.session_id.clear();
            let flight = [
                s.hello_with(EXTENDED_TICKET, |_| {}),
                s.certificate(),
                s.key_exchange(),
                s.done(),
                s.ticket(&FIRST_TICKET),
            ];
            s.plain(HANDSHAKE, &flight.concat());
        },
        unexpected,
    );
}

/// Servers that are not HTTP's are tried with TLS 1.2 first, and with TLS 1.3 alone once that has failed.
#[test]
fn tls13_is_the_second_choice() {
    let alert = || pipe(Replay(plain(ALERT, &[2, 70])));
    let tls13 = || pipe(Server13::new(Server13::good_flight, Server13::good_body));
    let mut known = Known::default();
    // On Windows the third one is for the system.
    let (_, end) = fetch_known(vec![alert(), alert(), alert()], &mut known);
    let error = end.unwrap_err();
    let [first, second] = ["", "; then with TLS 1.3: "]
        .map(|how| std::format!("{how}TLS alert from example.org:443: protocol_version"));
    assert!(error.text.starts_with(&(first + &second)), "{}", error.text);
    assert_eq!(error.kind, Kind::Negotiation);
    let mut known = Known::default();
    for servers in [vec![tls13(), alert()], vec![tls13()]] {
        let (body, end) = fetch_known(servers, &mut known);
        assert_eq!((body.as_slice(), end), (&b"the body"[..], Ok(())));
        assert_eq!(known.failed, 1);
    }
}

/// A recorded server with each byte altered in several ways: no byte of a body comes of what is not the session's.
#[test]
fn mutated_flights() {
    let first = || First::by_ticket();
    let mut good = first();
    let mut server = Server12::new(
        |s| resumes_with_ticket(s, &SECOND_TICKET),
        Server12::good_body,
        Server12::good_body,
    );
    server.master = good.master.clone();
    let server = pipe(server);
    let log = server.log.clone();
    fetch_known(vec![server], &mut good.known).1.unwrap();
    let recorded = log.borrow().clone();
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
            let (body, end) = fetch_known(vec![pipe(Replay(bytes))], &mut first().known);
            assert!(end.is_err(), "byte {at}, change {change}");
            assert!(
                at >= flight || body.is_empty(),
                "byte {at}, change {change}"
            );
            assert!(b"the body".starts_with(&body));
        }
    }
}

//! SOCKS 4, 4A and 5 (RFC 1928, RFC 1929): a tunnel through a proxy, as a state machine over bytes.
//!
//! [`Negotiation::step`] says what to send and how many bytes of an answer to read, [`Negotiation::run`] does that. Out
//! of scope: BIND, UDP, GSSAPI.

use super::Protocol;
use crate::auth::Credentials;
use crate::error::{Error, Kind, Part, Result};
use crate::stream::Stream;
use crate::url::Host;
use alloc::vec::Vec;
use core::mem;
use os::text;
use os::text::Template;
use os::text::joined;

const SOCKS5: u8 = 5;
const CONNECT: u8 = 1;

// Methods (RFC 1928, section 3).
const NO_AUTHENTICATION: u8 = 0;
const USER_PASSWORD: u8 = 2;
const NO_METHOD: u8 = 0xff;

// Types of addresses (RFC 1928, section 5).
const IPV4: u8 = 1;
const NAME: u8 = 3;
const IPV6: u8 = 4;

/// Why a SOCKS 5 proxy did not connect, by its number from 1 on (RFC 1928, section 6).
const REPLIES: [Template; 8] = [
    text!("general failure"),
    text!("connection not allowed by its rules"),
    text!("network unreachable"),
    text!("host unreachable"),
    text!("connection refused"),
    text!("TTL expired"),
    text!("command not supported"),
    text!("address type not supported"),
];

/// The same of a SOCKS 4 proxy, from 91 on.
const REPLIES_4: [Template; 3] = [
    text!("request rejected or failed"),
    text!("it cannot ask our identd"),
    text!("our identd says another user"),
];

/// What an answer is an answer to.
#[derive(Clone, Copy)]
enum State {
    Start,
    Methods,
    Login,
    Request,
    /// The rest of the address that it connects from.
    Rest,
    Socks4,
    Done,
}

/// What is to be done next.
#[derive(PartialEq, Eq, Debug)]
pub enum Step {
    /// Send these bytes, if any, read as many as the number says, at least one, and call again with them.
    Exchange(Vec<u8>, usize),
    /// The tunnel stands.
    Done,
}

/// The negotiation of one tunnel.
pub struct Negotiation {
    state: State,
    /// Empty once it is sent.
    request: Vec<u8>,
    /// User name and password as a message (RFC 1929); empty if there are none.
    login: Vec<u8>,
    is_version_4: bool,
}

impl Negotiation {
    /// A negotiation with a proxy of `protocol`, one of the SOCKS ones, for a tunnel to `host` and `port`.
    ///
    /// # Errors
    /// [`Kind::Source`] for what cannot be put into the protocol: a name or an IPv6 address in SOCKS 4, credentials that
    /// are too long.
    pub fn new(
        protocol: Protocol,
        host: &Host,
        port: u16,
        credentials: Option<&Credentials>,
    ) -> Result<Negotiation> {
        let port = &port.to_be_bytes();
        let (kind, address): (u8, &[u8]) = match host {
            Host::V4(address) => (IPV4, address),
            Host::V6(address) => (IPV6, address),
            Host::Name(name) => (NAME, name.as_bytes()),
        };
        let (user, password) = credentials.map_or((&[][..], &[][..]), |credentials| {
            (&*credentials.user, &*credentials.password)
        });
        // The longest that protocol 5 has room for.
        let (Ok(address_len), Ok(user_len), Ok(password_len)) = (
            u8::try_from(address.len()),
            u8::try_from(user.len()),
            u8::try_from(password.len()),
        ) else {
            return Err(unfit(text!(
                "SOCKS takes no name and no password of more than 255 bytes"
            )));
        };
        let is_version_4 = matches!(protocol, Protocol::Socks4 | Protocol::Socks4a);
        let mut login = Vec::new();
        let request = if is_version_4 {
            // No address can be 0.0.0.x: it tells that a name follows.
            let (address, name): (&[u8], &[&[u8]]) = match kind {
                IPV4 => (address, &[]),
                NAME if protocol == Protocol::Socks4a => (&[0, 0, 0, 1], &[address, &[0]]),
                _ => return Err(unfit(text!("SOCKS 4 can only connect to IPv4 addresses"))),
            };
            joined(&[&[4, CONNECT], port, address, user, &[0], &joined(name)])
        } else {
            if credentials.is_some() {
                login = joined(&[&[1, user_len], user, &[password_len], password]);
            }
            let len: &[u8] = if kind == NAME { &[address_len] } else { &[] };
            joined(&[&[SOCKS5, CONNECT, 0, kind], len, address, port])
        };
        Ok(Negotiation {
            state: State::Start,
            request,
            login,
            is_version_4,
        })
    }

    /// What to do next, given the bytes that the step before asked for; none at first.
    ///
    /// # Errors
    /// [`Kind::Source`] if the proxy refuses, by the name of its reason, or does not speak the protocol;
    /// [`Kind::Transient`] for a reason that may pass.
    pub fn step(&mut self, answer: &[u8]) -> Result<Step> {
        let (state, step) = match (self.state, answer) {
            (State::Start, _) if self.is_version_4 => (
                State::Socks4,
                Step::Exchange(mem::take(&mut self.request), 8),
            ),
            (State::Start, _) => {
                let methods: &[u8] = if self.login.is_empty() {
                    &[SOCKS5, 1, NO_AUTHENTICATION]
                } else {
                    &[SOCKS5, 2, NO_AUTHENTICATION, USER_PASSWORD]
                };
                (State::Methods, Step::Exchange(methods.to_vec(), 2))
            }
            (State::Methods, [SOCKS5, NO_AUTHENTICATION]) | (State::Login, [1, 0]) => (
                State::Request,
                Step::Exchange(mem::take(&mut self.request), 5),
            ),
            (State::Methods, [SOCKS5, USER_PASSWORD]) if !self.login.is_empty() => {
                (State::Login, Step::Exchange(mem::take(&mut self.login), 2))
            }
            (State::Methods, [SOCKS5, NO_METHOD]) => {
                return Err(refused(&if self.login.is_empty() {
                    text!("it wants a user name and a password")
                } else {
                    text!("it takes neither a user name and password nor nobody")
                }));
            }
            (State::Login, [1, _]) => return Err(refused(&text!("wrong user name or password"))),
            // Type and first byte of the address that it connects from, which has a port after it.
            (State::Request, &[SOCKS5, 0, _, kind, first]) => {
                let rest = match kind {
                    IPV4 => 5,
                    IPV6 => 17,
                    NAME => usize::from(first) + 2,
                    _ => return Err(broken()),
                };
                (State::Rest, Step::Exchange(Vec::new(), rest))
            }
            (State::Request, [SOCKS5, reply, _, _, _]) => return Err(reason(&REPLIES, *reply, 1)),
            (State::Socks4, [0, 90, ..]) | (State::Rest, _) => (State::Done, Step::Done),
            (State::Socks4, [0, reply, ..]) => return Err(reason(&REPLIES_4, *reply, 91)),
            _ => return Err(broken()),
        };
        self.state = state;
        Ok(step)
    }

    /// Negotiates over `stream`, which leads to the proxy, until the tunnel stands.
    #[inline(never)]
    pub fn run(&mut self, stream: &mut dyn Stream) -> Result<()> {
        let mut answer = Vec::new();
        while let Step::Exchange(send, len) = self.step(&answer)? {
            if !send.is_empty() {
                stream.write_all(&send)?;
            }
            answer.clear();
            answer.resize(len, 0);
            let mut room = answer.as_mut_slice();
            while !room.is_empty() {
                let n = stream.read(room)?;
                if n == 0 {
                    let text = text!("SOCKS: the connection was closed");
                    return Err(Error::say(Kind::Transient, text, &[]));
                }
                room = room.get_mut(n..).unwrap_or_default();
            }
        }
        Ok(())
    }
}

/// Another source may be at a host that it can connect to.
#[cold]
fn unfit(what: Template) -> Error {
    Error::say(Kind::Source, what, &[])
}

#[cold]
fn refused(why: &dyn Part) -> Error {
    Error::say(Kind::Source, text!("SOCKS: %"), &[why])
}

#[cold]
fn broken() -> Error {
    refused(&text!("the answer is not in the protocol"))
}

/// The error of a refusal with a number of which `names` begin with `first`.
#[cold]
fn reason(names: &[Template], number: u8, first: u8) -> Error {
    let name = number
        .checked_sub(first)
        .and_then(|index| names.get(usize::from(index)));
    let mut error = match name {
        Some(name) => refused(name),
        None => Error::say(Kind::Source, text!("SOCKS: error %"), &[&u64::from(number)]),
    };
    // From the general failure to the TTL, but for the rules: what would be tried again without a proxy.
    if matches!(number, 1 | 3..=6) {
        error.kind = Kind::Transient;
    }
    error
}

#[cfg(test)]
mod tests {
    use super::*;

    fn negotiation(protocol: Protocol, host: &str, login: Option<(&str, &str)>) -> Negotiation {
        let credentials = login.map(|(user, password)| Credentials {
            user: user.into(),
            password: password.into(),
        });
        let host = Host::parse(host).unwrap();
        Negotiation::new(protocol, &host, 0x1234, credentials.as_ref()).unwrap()
    }

    fn exchange(send: &[u8], read: usize) -> Result<Step> {
        Ok(Step::Exchange(send.to_vec(), read))
    }

    fn error(result: Result<Step>) -> String {
        let e = result.unwrap_err();
        assert_eq!(e.kind, Kind::Source);
        e.text.clone()
    }

    #[test]
    fn version_4() {
        let mut socks = negotiation(Protocol::Socks4, "10.1.2.3", None);
        let request = [4, 1, 0x12, 0x34, 10, 1, 2, 3, 0];
        assert_eq!(socks.step(&[]), exchange(&request, 8));
        assert_eq!(socks.step(&[0, 90, 0, 0, 0, 0, 0, 0]), Ok(Step::Done));
        let mut socks = negotiation(Protocol::Socks4, "10.1.2.3", Some(("me", "unused")));
        let request = b"\x04\x01\x12\x34\x0a\x01\x02\x03me\0";
        assert_eq!(socks.step(&[]), exchange(request, 8));
    }

    #[test]
    fn version_4a() {
        let mut socks = negotiation(Protocol::Socks4a, "example.com", Some(("me", "")));
        let request = b"\x04\x01\x12\x34\0\0\0\x01me\0example.com\0";
        assert_eq!(socks.step(&[]), exchange(request, 8));
        let mut socks = negotiation(Protocol::Socks4a, "10.1.2.3", None);
        let request = [4, 1, 0x12, 0x34, 10, 1, 2, 3, 0];
        assert_eq!(socks.step(&[]), exchange(&request, 8));
    }

    #[test]
    fn refusals_of_version_4() {
        for (code, text) in [
            (91, "SOCKS: request rejected or failed"),
            (92, "SOCKS: it cannot ask our identd"),
            (93, "SOCKS: our identd says another user"),
            (94, "SOCKS: error 94"),
            (0, "SOCKS: error 0"),
        ] {
            let mut socks = negotiation(Protocol::Socks4, "10.1.2.3", None);
            socks.step(&[]).unwrap();
            assert_eq!(error(socks.step(&[0, code, 0, 0, 0, 0, 0, 0])), text);
        }
        let mut socks = negotiation(Protocol::Socks4, "10.1.2.3", None);
        socks.step(&[]).unwrap();
        assert_eq!(
            error(socks.step(b"HTTP/1.1")),
            "SOCKS: the answer is not in the protocol"
        );
    }

    #[test]
    fn version_5() {
        for (host, kind_and_address) in [
            ("10.1.2.3", &b"\x01\x0a\x01\x02\x03"[..]),
            ("[::1]", b"\x04\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01"),
            ("example.com", b"\x03\x0bexample.com"),
        ] {
            let mut socks = negotiation(Protocol::Socks5h, host, None);
            assert_eq!(socks.step(&[]), exchange(&[5, 1, 0], 2));
            let request = [b"\x05\x01\0", kind_and_address, b"\x12\x34"].concat();
            assert_eq!(socks.step(&[5, 0]), exchange(&request, 5));
            assert_eq!(socks.step(&[5, 0, 0, 1, 127]), exchange(&[], 5));
            assert_eq!(socks.step(&[0, 0, 1, 4, 5]), Ok(Step::Done));
        }
    }

    #[test]
    fn addresses_of_any_kind_come_back() {
        for (kind, first, rest) in [(1, 9, 5), (4, 9, 17), (3, 0, 2), (3, 255, 257)] {
            let mut socks = negotiation(Protocol::Socks5, "10.1.2.3", None);
            socks.step(&[]).unwrap();
            socks.step(&[5, 0]).unwrap();
            assert_eq!(socks.step(&[5, 0, 0, kind, first]), exchange(&[], rest));
        }
    }

    #[test]
    fn login_of_version_5() {
        let start = || {
            let mut socks = negotiation(Protocol::Socks5h, "h", Some(("me", "pw")));
            assert_eq!(socks.step(&[]), exchange(&[5, 2, 0, 2], 2));
            socks
        };
        let mut socks = start();
        assert_eq!(socks.step(&[5, 2]), exchange(b"\x01\x02me\x02pw", 2));
        assert!(matches!(socks.step(&[1, 0]), Ok(Step::Exchange(_, 5))));
        // It need not want what it is offered.
        assert!(matches!(start().step(&[5, 0]), Ok(Step::Exchange(_, 5))));
        let mut socks = start();
        socks.step(&[5, 2]).unwrap();
        assert_eq!(
            error(socks.step(&[1, 1])),
            "SOCKS: wrong user name or password"
        );
    }

    #[test]
    fn refusals_of_version_5() {
        let start = |login| {
            let mut socks = negotiation(Protocol::Socks5, "10.1.2.3", login);
            socks.step(&[]).unwrap();
            socks
        };
        assert_eq!(
            error(start(None).step(&[5, 255])),
            "SOCKS: it wants a user name and a password"
        );
        assert_eq!(
            error(start(Some(("a", "b"))).step(&[5, 255])),
            "SOCKS: it takes neither a user name and password nor nobody"
        );
        let broken = "SOCKS: the answer is not in the protocol";
        for answer in [&[4, 0][..], &[5, 1], &[5, 2], b"HT", &[5], &[]] {
            assert_eq!(error(start(None).step(answer)), broken, "{answer:?}");
        }
        for (reply, text) in [
            (1, "general failure"),
            (2, "connection not allowed by its rules"),
            (3, "network unreachable"),
            (4, "host unreachable"),
            (5, "connection refused"),
            (6, "TTL expired"),
            (7, "command not supported"),
            (8, "address type not supported"),
            (9, "error 9"),
            (255, "error 255"),
        ] {
            let mut socks = start(None);
            socks.step(&[5, 0]).unwrap();
            let error = socks.step(&[5, reply, 0, 1, 0]).unwrap_err();
            assert_eq!(error.text, ["SOCKS: ", text].concat());
            let may_pass = matches!(reply, 1 | 3 | 4 | 5 | 6);
            assert_eq!(error.kind == Kind::Transient, may_pass, "{text}");
        }
        for answer in [
            &[5, 0, 0, 2, 0][..],
            &[4, 0, 0, 1, 0],
            &[5, 0, 0, 1],
            &[5],
            &[],
        ] {
            let mut socks = start(None);
            socks.step(&[5, 0]).unwrap();
            assert_eq!(error(socks.step(answer)), broken, "{answer:?}");
        }
    }

    #[test]
    fn what_the_protocol_cannot_say() {
        let new = |protocol, host: &str, user: &[u8]| {
            let credentials = Credentials {
                user: user.to_vec(),
                password: Vec::new(),
            };
            let host = Host::parse(host).unwrap();
            Negotiation::new(protocol, &host, 80, Some(&credentials)).map_err(|e| e.kind)
        };
        let unfit = Some(Kind::Source);
        assert_eq!(new(Protocol::Socks4, "x", b"").err(), unfit);
        assert_eq!(new(Protocol::Socks4, "[::1]", b"").err(), unfit);
        assert_eq!(new(Protocol::Socks4a, "[::1]", b"").err(), unfit);
        assert_eq!(new(Protocol::Socks5, "x", &[b'a'; 256]).err(), unfit);
        assert_eq!(new(Protocol::Socks5, "x", &[b'a'; 255]).err(), None);
    }
}

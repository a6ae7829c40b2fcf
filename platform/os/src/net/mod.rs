//! Names to addresses, addresses to connections, and TCP.
//!
//! What differs between systems (the sockets themselves, who is asked for a name) is in `sys::net` and
//! `sys::resolver`; what a message or a file looks like is pure code here.

pub mod addr;
mod connect;
pub mod dns;
pub mod hosts;
pub mod resolv_conf;
mod tcp;

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

use crate::Errno;
use crate::text;
pub(crate) use crate::text::append;
use crate::text::{alike, filled, split};
pub(crate) use connect::race;
pub use tcp::Tcp;

/// Why there is no connection, or no longer one, in one line. Boxed, so that a result travels in registers.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Error {
    /// Whether it may pass: worth another try.
    pub transient: bool,
    /// The line, which names the host or the peer.
    pub text: String,
}

/// Connects to `port` of `host`, a name or an address literal (IPv6 without brackets), by RFC 8305: the addresses one
/// after the other, a quarter of a second apart or at once after a failure, and the first that answers.
///
/// Gives up when [`monotonic_ms`](crate::clock::monotonic_ms) shows `deadline_ms`.
pub fn connect(host: &str, port: u16, deadline_ms: u64) -> Result<Tcp, Box<Error>> {
    let addresses = resolve(host, port, deadline_ms)?;
    race(host, port, &addresses, deadline_ms)
}

/// Connects to `address`, which is known to be one of `host`, and gives up as [`connect()`] does.
pub fn connect_to(host: &str, address: SocketAddr, deadline_ms: u64) -> Result<Tcp, Box<Error>> {
    race(host, address.port(), &[address], deadline_ms)
}

/// The addresses of `host`, a name or an address literal, each with `port`: at least one and at most
/// [`dns::MAX_ADDRESSES`].
///
/// Gives up when [`monotonic_ms`](crate::clock::monotonic_ms) shows `deadline_ms`.
pub fn resolve(host: &str, port: u16, deadline_ms: u64) -> Result<Vec<SocketAddr>, Box<Error>> {
    if let Some(literal) = addr::parse(host.as_bytes(), port) {
        return Ok(Vec::from([literal]));
    }
    // RFC 6761, section 6.3: nobody is asked, so nobody can say that it is elsewhere.
    let name = host.strip_suffix('.').unwrap_or(host).as_bytes();
    if split(name, b'.')
        .last()
        .is_some_and(|label| alike(label, b"localhost"))
    {
        return Ok(Vec::from([
            addr::with_port(Ipv6Addr::LOCALHOST.into(), port),
            addr::with_port(Ipv4Addr::LOCALHOST.into(), port),
        ]));
    }
    crate::sys::resolver::lookup(host, port, deadline_ms)
}

/// Takes the next word, which is not empty, off the front of `text`, where white space divides words.
#[inline(never)]
pub(crate) fn next_word<'a>(text: &mut &'a [u8]) -> Option<&'a [u8]> {
    let rest = text.trim_ascii_start();
    let end = rest.iter().position(u8::is_ascii_whitespace);
    let (word, rest) = rest.split_at_checked(end.unwrap_or(rest.len()))?;
    *text = rest;
    (!word.is_empty()).then_some(word)
}

/// The system's words for an error, without its number where there are words.
#[cold]
fn reason(errno: Errno) -> String {
    errno.name().unwrap_or_else(|| errno.text())
}

/// `timed out after 30 s`; below ten seconds to the millisecond.
#[cold]
fn timed_out(ms: u64) -> String {
    if ms < 10_000 {
        filled(text!("timed out after % ms"), &[&ms])
    } else {
        filled(text!("timed out after % s"), &[&(ms / 1000)])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words() {
        let mut rest = &b"  a\tbc\r "[..];
        assert_eq!(next_word(&mut rest), Some(&b"a"[..]));
        assert_eq!(next_word(&mut rest), Some(&b"bc"[..]));
        assert_eq!(next_word(&mut rest), None);
        assert_eq!(next_word(&mut rest), None);
    }

    #[test]
    fn times() {
        assert_eq!(timed_out(0), "timed out after 0 ms");
        assert_eq!(timed_out(9_999), "timed out after 9999 ms");
        assert_eq!(timed_out(30_004), "timed out after 30 s");
        assert_eq!(timed_out(u64::MAX), "timed out after 18446744073709551 s");
    }

    #[test]
    fn literals_and_localhost_ask_nobody() {
        let resolve = |host| resolve(host, 443, 0).unwrap();
        let at = |ip: &str| addr::parse(ip.as_bytes(), 443).unwrap();
        assert_eq!(resolve("192.0.2.1"), [at("192.0.2.1")]);
        assert_eq!(resolve("2001:db8::1"), [at("2001:db8::1")]);
        assert_eq!(resolve("fe80::1%3"), [at("fe80::1%3")]);
        for name in ["localhost", "LOCALHOST.", "a.b.localhost"] {
            assert_eq!(resolve(name), [at("::1"), at("127.0.0.1")]);
        }
    }
}

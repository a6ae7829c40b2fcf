//! DNS messages (RFC 1035, RFC 3596): the question of a stub resolver, and what an answer says to it.
//!
//! No EDNS0 (RFC 6891): 512 bytes hold more addresses than are tried, old middleboxes drop what they do not know, and a
//! longer answer comes by TCP. Sockets, time and the choice of servers are left to the resolver.

use crate::text::{alike, split};
use alloc::vec::Vec;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The longest message over UDP without EDNS0 (RFC 1035, section 4.2.1).
pub const MAX_UDP: usize = 512;

/// The most addresses that are taken from answers: no server publishes more that a client would ever get to.
pub const MAX_ADDRESSES: usize = 32;

/// The most aliases that are followed. The chains of real CDNs have up to five.
const MAX_CNAMES: usize = 16;

/// The most compression pointers in one name. Encoders write one.
const MAX_POINTERS: usize = 16;

/// The longest name as text (RFC 1035, section 2.3.4, without the bytes of its coding).
const MAX_NAME: usize = 253;

const HEADER: usize = 12;
const TYPE_CNAME: u16 = 5;
const CLASS_IN: u16 = 1;

/// The record type that is asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Type {
    /// An IPv4 address.
    A = 1,
    /// An IPv6 address (RFC 3596).
    Aaaa = 28,
}

/// What an answer says, besides the addresses in it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Status {
    /// The name exists; it has all the addresses that were given, and perhaps none.
    Complete,
    /// Not all that there is: the TC flag, or a message that ends too early or is malformed.
    Truncated,
    /// There is no such name (RCODE 3).
    NoSuchName,
    /// The server could not or would not answer: any other RCODE.
    Refused,
}

/// A message with the one question for the addresses of type `kind` of `name`, recursion desired. `None` if `name`
/// cannot be the name of a host: an empty or overlong part, too long a whole, or bytes outside of printable ASCII.
pub fn query(name: &[u8], kind: Type, id: u16) -> Option<Vec<u8>> {
    let name = name.strip_suffix(b".").unwrap_or(name);
    if name.len() > MAX_NAME || !name.iter().all(u8::is_ascii_graphic) {
        return None;
    }
    let mut message = Vec::with_capacity(HEADER + MAX_NAME + 6);
    message.extend_from_slice(&id.to_be_bytes());
    // RD; one question, nothing else.
    message.extend_from_slice(&[1, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
    for label in split(name, b'.') {
        if label.is_empty() || label.len() > 63 {
            return None;
        }
        message.push(label.len() as u8);
        message.extend_from_slice(label);
    }
    message.extend_from_slice(&[0, 0, kind as u8, 0, CLASS_IN as u8]);
    Some(message)
}

/// Reads `message` as an answer to `query` (made by [`query`]) and adds the addresses of the name, or of what it is an
/// alias of, to `found`, each once and up to [`MAX_ADDRESSES`] in all.
///
/// `None` if it answers something else: another id or question, or no answer at all (RFC 5452, section 9.1).
pub fn answer(query: &[u8], message: &[u8], found: &mut Vec<IpAddr>) -> Option<Status> {
    let (id, question) = (query.get(..2)?, query.get(HEADER..)?);
    let records = HEADER + question.len();
    let flags = u16_at(message, 2)?;
    // QR set, OPCODE 0, one question: the very bytes that were sent, but for the case of letters.
    if message.get(..2)? != id
        || flags & 0xf800 != 0x8000
        || u16_at(message, 4)? != 1
        || !alike(message.get(HEADER..records)?, question)
    {
        return None;
    }
    let kind = u16_at(question, question.len().checked_sub(4)?)?;
    Some(match flags & 15 {
        0 => {
            let whole = addresses(message, records, kind, found).is_some();
            if flags & 0x0200 != 0 || !whole {
                Status::Truncated
            } else {
                Status::Complete
            }
        }
        3 => Status::NoSuchName,
        _ => Status::Refused,
    })
}

/// Adds the addresses that the answer section, which starts at `start`, has for the name of the question. `None` if
/// the section is cut or malformed.
fn addresses(message: &[u8], start: usize, kind: u16, found: &mut Vec<IpAddr>) -> Option<()> {
    let count = u16_at(message, 6)?;
    let mut wanted = HEADER;
    // The order of the records means nothing (RFC 1034, section 3.6), so each alias is looked for from the start.
    for _ in 0..MAX_CNAMES {
        let (mut at, mut alias) = (start, None);
        for _ in 0..count {
            let owner = at;
            at = after_name(message, at)?;
            let (rtype, class) = (u16_at(message, at)?, u16_at(message, at + 2)?);
            let data_at = at + 10;
            at = data_at + usize::from(u16_at(message, at + 8)?);
            let data = message.get(data_at..at)?;
            if class != CLASS_IN || !same_name(message, owner, wanted)? {
                continue;
            }
            if rtype == kind {
                let ip = if kind == Type::A as u16 {
                    IpAddr::V4(Ipv4Addr::from(<[u8; 4]>::try_from(data).ok()?))
                } else {
                    IpAddr::V6(Ipv6Addr::from(<[u8; 16]>::try_from(data).ok()?))
                };
                if found.len() < MAX_ADDRESSES && !found.contains(&ip) {
                    found.push(ip);
                }
            } else if rtype == TYPE_CNAME {
                alias = Some(data_at);
            }
        }
        match alias {
            Some(target) => wanted = target,
            None => return Some(()),
        }
    }
    None
}

/// Where the name that starts at `at` ends in the message, its compressed rest left out.
fn after_name(message: &[u8], mut at: usize) -> Option<usize> {
    loop {
        match *message.get(at)? {
            0 => return Some(at + 1),
            len if len < 64 => at += 1 + usize::from(len),
            len if len < 0xc0 => return None,
            _ => return Some(at + 2),
        }
    }
}

/// Whether the names that start at `a` and at `b` are the same one.
fn same_name(message: &[u8], a: usize, b: usize) -> Option<bool> {
    let (mut a, mut b) = (Labels::new(message, a), Labels::new(message, b));
    loop {
        let (left, right) = (a.next()?, b.next()?);
        if !alike(left, right) {
            return Some(false);
        }
        if left.is_empty() {
            return Some(true);
        }
    }
}

/// The labels of a name, its compression pointers followed (RFC 1035, section 4.1.4).
struct Labels<'a> {
    message: &'a [u8],
    at: usize,
    pointers: usize,
    /// How many bytes the name may still have (RFC 1035, section 2.3.4).
    left: usize,
}

impl<'a> Labels<'a> {
    fn new(message: &'a [u8], at: usize) -> Self {
        Labels {
            message,
            at,
            pointers: MAX_POINTERS,
            left: 255,
        }
    }

    /// The next label, empty at the end of the name. `None` if the name is malformed.
    fn next(&mut self) -> Option<&'a [u8]> {
        loop {
            let len = *self.message.get(self.at)?;
            if len < 64 {
                let start = self.at + 1;
                self.at = start + usize::from(len);
                self.left = self.left.checked_sub(1 + usize::from(len))?;
                return self.message.get(start..self.at);
            }
            if len < 0xc0 {
                return None;
            }
            // What a loop is made of runs out.
            self.pointers = self.pointers.checked_sub(1)?;
            self.at = usize::from(u16_at(self.message, self.at)? & 0x3fff);
        }
    }
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    let pair = bytes.get(at..)?.first_chunk::<2>()?;
    Some(u16::from_be_bytes(*pair))
}

#[cfg(test)]
pub(crate) mod tests;

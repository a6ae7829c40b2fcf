//! Names to addresses as a libc does it: the hosts file, then DNS as resolv.conf(5) says.
//!
//! All nameservers are asked for IPv4 and IPv6 addresses at once and the first to know wins.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::net::{IpAddr, SocketAddr};

use crate::clock::monotonic_ms;
use crate::file::File;
use crate::net::dns::{self, MAX_ADDRESSES, MAX_UDP, Status, Type};
use crate::net::resolv_conf::ResolvConf;
use crate::net::{Error, addr, append, hosts, race};
use crate::random;
use crate::sys::net::{Interest, Socket, Transport, WOULD_BLOCK, wait};
use crate::text;
use crate::text::{filled, joined};

/// After this time without an answer the question is asked again; from then on after twice the time before. It is as
/// short as the round trip of the worst lines allows (RFC 6298, section 2.1): a lost packet should not cost seconds.
const RESEND_MS: u64 = 1000;

/// With addresses of one family known, how long the other is waited for. Servers that never answer a question for AAAA
/// exist, and one resend should fit in.
const GRACE_MS: u64 = 1500;

/// How much of an answer by TCP is read. It has room for more addresses than are taken.
const MAX_TCP: usize = 4096;

/// The longest line that is read whole of a file; of a longer one, the start counts.
const MAX_LINE: usize = 1024;

/// How much is read of a file. The largest known hosts files, lists of blocked names, have some megabytes.
const MAX_FILE: usize = 64 << 20;

/// Where a resolver looks.
struct Config<'a> {
    hosts: &'a [u8],
    resolv_conf: &'a [u8],
    /// The port of nameservers.
    port: u16,
}

/// What came of asking for a name.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Outcome {
    /// Addresses were found.
    Found,
    /// There is such a name, but it has no addresses.
    NoAddress,
    /// There is no such name.
    NoSuchName,
    /// No nameserver could answer.
    Refused,
    /// No nameserver answered.
    Silence,
}

/// The addresses of the name `host`, as [`crate::net::resolve`] promises.
pub(crate) fn lookup(host: &str, port: u16, deadline: u64) -> Result<Vec<SocketAddr>, Box<Error>> {
    let config = Config {
        hosts: b"/etc/hosts",
        resolv_conf: b"/etc/resolv.conf",
        port: 53,
    };
    lookup_with(&config, host, port, deadline)
}

fn lookup_with(
    config: &Config<'_>,
    host: &str,
    port: u16,
    deadline: u64,
) -> Result<Vec<SocketAddr>, Box<Error>> {
    let mut addresses = Vec::new();
    let name = host.strip_suffix('.').unwrap_or(host);
    each_line(config.hosts, &mut |line| {
        if addresses.len() < MAX_ADDRESSES {
            addresses.extend(hosts::address(line, name, port));
        }
    });
    if !addresses.is_empty() {
        return Ok(addresses);
    }
    let mut conf = ResolvConf::new(config.port);
    each_line(config.resolv_conf, &mut |line| conf.line(line));
    conf.finish();

    let mut found = Vec::new();
    let outcome = search(&conf, host.as_bytes(), deadline, &mut found);
    let template = match outcome {
        Outcome::Found => {
            for ip in found {
                addresses.push(addr::with_port(ip, port));
            }
            return Ok(addresses);
        }
        Outcome::NoSuchName => text!("Could not resolve host: %"),
        Outcome::NoAddress => text!("Could not resolve host: % (it has no address)"),
        Outcome::Refused => text!("Could not resolve host: % (nameserver% could not answer)"),
        Outcome::Silence => text!("Could not resolve host: % (nameserver% did not answer)"),
    };
    let mut servers = String::new();
    let mut before = if conf.nameservers.len() == 1 {
        " "
    } else {
        "s "
    };
    for server in &conf.nameservers {
        append(&mut servers, before);
        addr::push(&mut servers, server);
        before = ", ";
    }
    Err(Box::new(Error {
        transient: matches!(outcome, Outcome::Refused | Outcome::Silence),
        text: filled(template, &[&host, &servers]),
    }))
}

/// Asks for `name` and for what the search list makes of it, in the order of resolv.conf(5), until one has addresses.
#[inline(never)]
fn search(conf: &ResolvConf, name: &[u8], deadline: u64, found: &mut Vec<IpAddr>) -> Outcome {
    let absolute = name.ends_with(b".");
    let dots = name.iter().filter(|&&b| b == b'.').count();
    let as_it_is_first = absolute || dots >= conf.ndots as usize;

    let mut outcome = Outcome::NoSuchName;
    let mut attempt = |domain: &[u8]| {
        let dot: &[u8] = if domain.is_empty() { b"" } else { b"." };
        match ask(conf, &joined(&[name, dot, domain]), deadline, found) {
            // Silence would be met again.
            last @ (Outcome::Found | Outcome::Silence) => Some(last),
            // A domain without this name, or with a broken server, says nothing of the next one. What is remembered is
            // whether it was a plain no.
            other => {
                if outcome == Outcome::NoSuchName || other == Outcome::Refused {
                    outcome = other;
                }
                None
            }
        }
    };
    let mut last = if as_it_is_first { attempt(b"") } else { None };
    if !absolute {
        for domain in conf.domains() {
            last = last.or_else(|| attempt(domain));
        }
    }
    if !as_it_is_first {
        last = last.or_else(|| attempt(b""));
    }
    last.unwrap_or(outcome)
}

/// One of the two questions about a name.
struct Question<'a> {
    query: Vec<u8>,
    /// `None` until a nameserver has answered, the one with this address.
    answered: Option<(Status, &'a SocketAddr)>,
    /// Bit by bit, the nameservers that could not answer since it was last sent.
    refused: u32,
}

/// Asks all nameservers for both kinds of addresses of `name`.
#[inline(never)]
fn ask(conf: &ResolvConf, name: &[u8], deadline: u64, found: &mut Vec<IpAddr>) -> Outcome {
    let mut ids = [0; 4];
    random(&mut ids);
    let [a, b, c, d] = ids;
    let question = |kind, id: [u8; 2]| {
        Some(Question {
            query: dns::query(name, kind, u16::from_ne_bytes(id))?,
            answered: None,
            refused: 0,
        })
    };
    let (Some(v4), Some(v6)) = (question(Type::A, [a, b]), question(Type::Aaaa, [c, d])) else {
        return Outcome::NoSuchName;
    };
    let mut questions = [v4, v6];

    let begun = monotonic_ms();
    let end = deadline.min(begun + u64::from(conf.timeout) * u64::from(conf.attempts) * 1000);
    let refused = exchange(conf, &mut questions, begun, end, found);
    for question in &questions {
        if let Some((Status::Truncated, server)) = question.answered {
            // Without success, what the cut answer held has to do.
            let _ = ask_by_tcp(server, &question.query, end, found);
        }
    }

    let any = |answer| questions.iter().any(|q| q.answered.map(|a| a.0) == answer);
    if !found.is_empty() {
        Outcome::Found
    } else if any(Some(Status::NoSuchName)) {
        Outcome::NoSuchName
    } else if any(None) && !refused {
        Outcome::Silence
    } else if any(None) || any(Some(Status::Truncated)) {
        Outcome::Refused
    } else {
        Outcome::NoAddress
    }
}

/// Sends the questions and takes in what is answered until all are or `end` comes. Returns whether some nameserver
/// said that it could not answer.
#[inline(never)]
fn exchange<'a>(
    conf: &'a ResolvConf,
    questions: &mut [Question<'a>; 2],
    begun: u64,
    end: u64,
    found: &mut Vec<IpAddr>,
) -> bool {
    let mut sockets = Vec::new();
    for server in &conf.nameservers {
        if let Ok(socket) = Socket::connect(Transport::Udp, server) {
            sockets.push((socket, server));
        }
    }
    let mut watched = Vec::new();
    for (socket, _) in &sockets {
        watched.push(socket);
    }
    let all = (1u32 << sockets.len()) - 1;
    let mut buf = [0; MAX_UDP];
    let (mut resend_at, mut interval) = (begun, RESEND_MS);
    let mut end = end;
    let mut attempts = conf.attempts;
    let (mut refused, mut graced) = (false, false);
    while questions.iter().any(|q| q.answered.is_none()) && all != 0 {
        let now = monotonic_ms();
        if now >= end {
            break;
        }
        if now >= resend_at {
            let mut gone = 0;
            for question in questions.iter().filter(|q| q.answered.is_none()) {
                for (i, (socket, _)) in sockets.iter().enumerate() {
                    // Fails as well where the datagram before it met a closed port.
                    if socket.send(&question.query).is_err() {
                        gone |= 1 << i;
                    }
                }
            }
            for question in questions.iter_mut() {
                question.refused = gone;
            }
            resend_at = now + interval;
            interval *= 2;
        }
        // There is nobody left to wait for: ask again at once, as often as the configuration says.
        if questions
            .iter()
            .all(|q| q.answered.is_some() || q.refused == all)
        {
            attempts -= 1;
            if attempts == 0 {
                break;
            }
            resend_at = now;
            continue;
        }
        let ready = wait(
            &watched,
            Interest::Read,
            end.min(resend_at).saturating_sub(now),
        );
        for (i, (socket, server)) in sockets.iter().enumerate() {
            if ready & (1 << i) == 0 {
                continue;
            }
            let received = socket.recv(&mut buf);
            for question in questions.iter_mut().filter(|q| q.answered.is_none()) {
                let status = match received {
                    Ok(n) => dns::answer(&question.query, buf.get(..n).unwrap_or_default(), found),
                    Err(WOULD_BLOCK) => None,
                    // Nobody listens there (an ICMP error).
                    Err(_) => {
                        question.refused |= 1 << i;
                        None
                    }
                };
                match status {
                    None => {}
                    Some(Status::Refused) => {
                        refused = true;
                        question.refused |= 1 << i;
                    }
                    Some(status) => question.answered = Some((status, server)),
                }
            }
        }
        if !found.is_empty() && !graced {
            graced = true;
            end = end.min(monotonic_ms() + GRACE_MS);
        }
    }
    refused
}

/// Asks one nameserver by TCP (RFC 7766).
#[inline(never)]
fn ask_by_tcp(
    server: &SocketAddr,
    query: &[u8],
    deadline: u64,
    found: &mut Vec<IpAddr>,
) -> Option<Status> {
    let mut tcp = race("", 0, core::slice::from_ref(server), deadline).ok()?;
    tcp.set_limits(0, Some(deadline));
    let length = u16::try_from(query.len()).ok()?.to_be_bytes();
    tcp.write_all(&joined(&[&length, query])).ok()?;

    let mut buf = [0; 2 + MAX_TCP];
    let (mut filled, mut wanted) = (0, 2);
    while filled < wanted {
        let n = tcp.read(buf.get_mut(filled..wanted)?).ok()?;
        if n == 0 {
            break;
        }
        filled += n;
        if let Some(length) = buf.first_chunk::<2>()
            && filled >= 2
        {
            wanted = (2 + usize::from(u16::from_be_bytes(*length))).min(buf.len());
        }
    }
    dns::answer(query, buf.get(2..filled)?, found)
}

/// Calls `visit` with each line of the file at `path`; a file that cannot be read has none.
fn each_line(path: &[u8], visit: &mut dyn FnMut(&[u8])) {
    let Ok(mut file) = File::open(path) else {
        return;
    };
    let mut buf = [0; MAX_LINE];
    let (mut filled, mut cut, mut total) = (0, false, 0);
    while total < MAX_FILE {
        let space = buf.get_mut(filled..).unwrap_or_default();
        let n = file.read(space).unwrap_or_default();
        total += n;
        filled += n;
        let mut rest = buf.get(..filled).unwrap_or_default();
        while let Some(end) = rest.iter().position(|&b| b == b'\n') {
            if !cut {
                visit(rest.get(..end).unwrap_or_default());
            }
            cut = false;
            rest = rest.get(end + 1..).unwrap_or_default();
        }
        let left = rest.len();
        if n == 0 || left == buf.len() {
            if !cut {
                visit(rest);
            }
            cut = true;
            filled = 0;
        } else {
            buf.copy_within(filled - left..filled, 0);
            filled = left;
        }
        if n == 0 {
            return;
        }
    }
}

#[cfg(test)]
mod tests;

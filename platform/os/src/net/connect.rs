//! Connecting to the first of several addresses that answers (RFC 8305), in one thread.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::net::SocketAddr;

use super::{Error, Tcp, addr, append, reason, timed_out};
use crate::Errno;
use crate::clock::monotonic_ms;
use crate::sys::net::{Interest, MAX_WAIT, Socket, Transport, wait};
use crate::text;
use crate::text::{fill, filled};

/// The Connection Attempt Delay of RFC 8305, section 5.
const ATTEMPT_DELAY_MS: u64 = 250;

/// An address that was tried: a socket that is not connected yet, or why it never will be.
struct Attempt<'a> {
    address: &'a SocketAddr,
    socket: Result<Socket, Errno>,
}

/// Connects to one of `addresses` of `host` until `deadline_ms`.
pub(crate) fn race(
    host: &str,
    port: u16,
    addresses: &[SocketAddr],
    deadline_ms: u64,
) -> Result<Tcp, Box<Error>> {
    let begun = monotonic_ms();
    let mut attempts = Vec::new();
    match first(&interleave(addresses), deadline_ms, &mut attempts) {
        Some((socket, address)) => {
            let mut peer = peer(host, port);
            push_address(&mut peer, host, address);
            Ok(Tcp::new(socket, *address, peer))
        }
        None => Err(error(host, port, &attempts, monotonic_ms() - begun)),
    }
}

/// The first socket that connects. `attempts`, empty at first, tells what was tried.
#[inline(never)]
fn first<'a>(
    addresses: &[&'a SocketAddr],
    deadline: u64,
    attempts: &mut Vec<Attempt<'a>>,
) -> Option<(Socket, &'a SocketAddr)> {
    let mut next_attempt = 0;
    loop {
        let now = monotonic_ms();
        if now >= deadline {
            return None;
        }
        let mut pending = Vec::new();
        for attempt in attempts.iter() {
            pending.extend(&attempt.socket);
        }
        let mut until = deadline;
        if let Some(&address) = addresses.get(attempts.len())
            && pending.len() < MAX_WAIT
        {
            if now >= next_attempt {
                let socket = Socket::connect(Transport::Tcp, address);
                if socket.is_ok() {
                    next_attempt = now + ATTEMPT_DELAY_MS;
                }
                attempts.push(Attempt { address, socket });
                continue;
            }
            until = until.min(next_attempt);
        } else if pending.is_empty() {
            return None;
        }
        let mut ready = wait(&pending, Interest::Write, until - now);
        for attempt in attempts.iter_mut() {
            let Ok(socket) = &attempt.socket else {
                continue;
            };
            let is_ready = ready & 1 != 0;
            ready >>= 1;
            if !is_ready {
                continue;
            }
            let e = socket.connected().err();
            let socket = core::mem::replace(&mut attempt.socket, Err(e.unwrap_or(Errno(0))));
            if e.is_none() {
                return Some((socket.ok()?, attempt.address));
            }
            next_attempt = 0;
        }
    }
}

/// IPv6 and IPv4 in turn, IPv6 first, otherwise as they came (RFC 8305, section 4). Whether a family can be used at all
/// (rule 1 of RFC 6724, section 6) shows at once when it is tried.
fn interleave(addresses: &[SocketAddr]) -> Vec<&SocketAddr> {
    let mut order = Vec::new();
    for n in 0..addresses.len() {
        for is_v6 in [true, false] {
            let mut family = addresses.iter().filter(|a| a.is_ipv6() == is_v6);
            if let Some(address) = family.nth(n) {
                order.push(address);
            }
        }
    }
    order
}

/// `HOST port N`.
fn peer(host: &str, port: u16) -> String {
    filled(text!("% port %"), &[&host, &u64::from(port)])
}

/// Appends ` (ADDRESS)`, unless that is what the host was given as.
fn push_address(text: &mut String, host: &str, address: &SocketAddr) {
    let mut literal = String::new();
    addr::push(&mut literal, address);
    if literal != host {
        fill(text, text!(" (%)"), &[&literal]);
    }
}

/// `Failed to connect to HOST port N (A, B): Connection refused; (C): timed out after 10 s`.
#[cold]
fn error(host: &str, port: u16, attempts: &[Attempt], waited_ms: u64) -> Box<Error> {
    let mut text = filled(text!("Failed to connect to %"), &[&peer(host, port)]);
    let errno = |attempt: &Attempt| attempt.socket.as_ref().err().copied();
    let mut left = attempts.iter().peekable();
    let mut before = " (";
    loop {
        let attempt = left.next();
        match attempt {
            Some(only) if attempts.len() == 1 => push_address(&mut text, host, only.address),
            Some(attempt) => {
                append(&mut text, before);
                addr::push(&mut text, attempt.address);
                before = ", ";
                if left
                    .peek()
                    .is_some_and(|next| errno(next) == errno(attempt))
                {
                    continue;
                }
                append(&mut text, ")");
                before = "; (";
            }
            None => {}
        }
        let why = match attempt.and_then(errno) {
            Some(errno) => reason(errno),
            None => timed_out(waited_ms),
        };
        fill(&mut text, text!(": %"), &[&why]);
        if left.peek().is_none() {
            break;
        }
    }
    Box::new(Error {
        transient: true,
        text,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::connect;
    use std::io::{Read, Write};
    use std::net::TcpListener;
    #[cfg(target_os = "linux")]
    use std::net::TcpStream;
    use std::string::ToString;
    use std::time::{Duration, Instant};

    fn at(text: &str, port: u16) -> SocketAddr {
        addr::parse(text.as_bytes(), port).unwrap()
    }

    fn in_ms(ms: u64) -> u64 {
        monotonic_ms() + ms
    }

    fn listen(ip: &str) -> (TcpListener, u16) {
        let listener = TcpListener::bind((ip, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        (listener, port)
    }

    /// A port on which nobody listens.
    fn closed_port() -> u16 {
        listen("127.0.0.1").1
    }

    /// An address where nobody ever answers: the queue of connections to be accepted is full, and Linux then drops SYNs.
    #[cfg(target_os = "linux")]
    struct Blackhole {
        _listener: rustix::fd::OwnedFd,
        _queue: Vec<TcpStream>,
    }

    #[cfg(target_os = "linux")]
    fn blackhole(ip: &str, port: u16) -> Blackhole {
        use rustix::net::{AddressFamily, SocketType, bind, listen, socket, sockopt};
        let listener = socket(AddressFamily::INET, SocketType::STREAM, None).unwrap();
        sockopt::set_socket_reuseaddr(&listener, true).unwrap();
        bind(&listener, &at(ip, port)).unwrap();
        listen(&listener, 0).unwrap();
        let mut queue = Vec::new();
        while let Ok(stream) = TcpStream::connect_timeout(&at(ip, port), Duration::from_millis(100))
        {
            queue.push(stream);
            assert!(queue.len() < 10, "the queue never fills");
        }
        Blackhole {
            _listener: listener,
            _queue: queue,
        }
    }

    #[test]
    fn a_connection() {
        let (listener, port) = listen("127.0.0.1");
        let server = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut got = [0; 4];
            stream.read_exact(&mut got).unwrap();
            stream.write_all(&got).unwrap();
        });
        let mut tcp = connect("127.0.0.1", port, in_ms(5000)).unwrap();
        assert_eq!(tcp.peer(), at("127.0.0.1", port));
        tcp.write_all(b"ping").unwrap();
        let mut buf = [0; 16];
        assert_eq!(tcp.read(&mut buf).unwrap(), 4);
        assert_eq!(&buf[..4], b"ping");
        assert_eq!(tcp.read(&mut buf).unwrap(), 0);
        server.join().unwrap();
    }

    #[test]
    fn localhost_is_this_machine() {
        let (_listener, port) = listen("127.0.0.1");
        for name in ["localhost", "LocalHost.", "a.b.localhost"] {
            let tcp = connect(name, port, in_ms(5000)).unwrap();
            assert_eq!(tcp.peer().to_string(), std::format!("127.0.0.1:{port}"));
        }
    }

    #[test]
    fn refused() {
        let port = closed_port();
        let e = connect("127.0.0.1", port, in_ms(5000)).err().unwrap();
        let text = std::format!("Failed to connect to 127.0.0.1 port {port}: Connection refused");
        assert_eq!((e.transient, e.text), (true, text));

        let addresses = [at("127.0.0.2", port), at("127.0.0.3", port)];
        let e = race("h.test", port, &addresses, in_ms(5000)).err().unwrap();
        let text = std::format!(
            "Failed to connect to h.test port {port} (127.0.0.2, 127.0.0.3): Connection refused"
        );
        assert_eq!((e.transient, e.text), (true, text));
    }

    #[test]
    fn a_refusal_is_followed_by_the_next_address_at_once() {
        let (_listener, port) = listen("127.0.0.9");
        let begun = Instant::now();
        let addresses: Vec<_> = (2..10)
            .map(|i| at(&std::format!("127.0.0.{i}"), port))
            .collect();
        let tcp = race("h.test", port, &addresses, in_ms(5000)).unwrap();
        assert_eq!(tcp.peer(), at("127.0.0.9", port));
        assert!(begun.elapsed() < Duration::from_millis(7 * ATTEMPT_DELAY_MS));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn silence_is_followed_by_the_next_address_soon() {
        let (_listener, port) = listen("127.0.0.5");
        let _hole = blackhole("127.0.0.4", port);
        let begun = Instant::now();
        let addresses = [at("127.0.0.4", port), at("127.0.0.5", port)];
        let tcp = race("h.test", port, &addresses, in_ms(5000)).unwrap();
        assert_eq!(tcp.peer(), at("127.0.0.5", port));
        assert!(begun.elapsed() >= Duration::from_millis(ATTEMPT_DELAY_MS - 1));
        assert!(begun.elapsed() < Duration::from_millis(2500));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn the_deadline_is_kept() {
        let port = closed_port();
        let _hole = blackhole("127.0.0.6", port);
        let begun = Instant::now();
        let addresses = [at("127.0.0.6", port), at("127.0.0.7", port)];
        let e = race("h.test", port, &addresses, in_ms(500)).err().unwrap();
        let elapsed = begun.elapsed();
        assert!(elapsed >= Duration::from_millis(499) && elapsed < Duration::from_millis(1500));
        assert!(e.transient);
        assert!(
            e.text.starts_with(&std::format!(
                "Failed to connect to h.test port {port} (127.0.0.6): timed out after 5"
            )),
            "{}",
            e.text
        );
        assert!(
            e.text.ends_with("s; (127.0.0.7): Connection refused"),
            "{}",
            e.text
        );
        let e = race("h.test", port, &addresses, 0).err().unwrap();
        let text = std::format!("Failed to connect to h.test port {port}: timed out after 0 ms");
        assert_eq!(e.text, text);
    }

    #[test]
    fn families_take_turns() {
        let order = |list: &[&str]| -> Vec<String> {
            let list: Vec<_> = list.iter().map(|a| at(a, 1)).collect();
            interleave(&list)
                .iter()
                .map(|a| a.ip().to_string())
                .collect()
        };
        assert_eq!(
            order(&["1.1.1.1", "2.2.2.2", "3.3.3.3", "::1", "::2"]),
            ["::1", "1.1.1.1", "::2", "2.2.2.2", "3.3.3.3"]
        );
        assert_eq!(order(&["::2", "::1"]), ["::2", "::1"]);
        assert_eq!(order(&[]), [""; 0]);
    }
}

//! A TCP connection with limits on time.

use alloc::boxed::Box;
use alloc::string::String;
use core::net::SocketAddr;

use super::{Error, reason, timed_out};
use crate::Errno;
use crate::clock::{moment, monotonic_ms};
use crate::sys::net::{Interest, Socket, WOULD_BLOCK, wait};
use crate::text;
use crate::text::{Part, Template, fill, filled};

/// After a read of so many bytes more are on their way: they are let come together for a moment, since to be woken up for
/// each of a fast line's packets costs more than to copy them.
const FAST: usize = 16 << 10;

/// A TCP connection, closed on drop. Nothing is sent late (TCP_NODELAY), and nothing is allocated but for errors.
pub struct Tcp {
    socket: Socket,
    address: SocketAddr,
    /// `HOST port N (ADDRESS)`.
    peer: String,
    stall_ms: u32,
    deadline: Option<u64>,
    /// When the limits were set.
    since: u64,
    /// The last read was of [`FAST`] bytes or more.
    fast: bool,
}

impl Tcp {
    pub(crate) fn new(socket: Socket, address: SocketAddr, peer: String) -> Self {
        Tcp {
            socket,
            address,
            peer,
            stall_ms: 0,
            deadline: None,
            since: 0,
            fast: false,
        }
    }

    /// The address at the other end.
    pub fn peer(&self) -> SocketAddr {
        self.address
    }

    /// From now on no read or write waits for more than `stall_ms` milliseconds (0: for as long as it takes), nor past
    /// the moment when [`monotonic_ms`] shows `deadline`. Both are transient errors. A new
    /// connection has no limits.
    pub fn set_limits(&mut self, stall_ms: u32, deadline: Option<u64>) {
        self.stall_ms = stall_ms;
        self.deadline = deadline;
        self.since = monotonic_ms();
    }

    /// Reads at least one byte into `buf`, which is not empty, and returns how many; 0 is the end of the stream.
    pub fn read(&mut self, buf: &mut [u8]) -> Result<usize, Box<Error>> {
        const DOING: Template = text!("Failed to read from %: %");
        self.check_deadline(DOING)?;
        loop {
            match self.socket.recv(buf) {
                Ok(n) => {
                    self.fast = n >= FAST;
                    return Ok(n);
                }
                Err(WOULD_BLOCK) if core::mem::take(&mut self.fast) && moment() => {}
                Err(e) => self.wait_or_fail(e, Interest::Read, DOING)?,
            }
        }
    }

    /// Whether [`read`](Self::read) would return without waiting.
    pub fn ready(&self) -> bool {
        wait(&[&self.socket], Interest::Read, 0) != 0
    }

    /// Hands all of `data` to the kernel.
    pub fn write_all(&mut self, mut data: &[u8]) -> Result<(), Box<Error>> {
        const DOING: Template = text!("Failed to write to %: %");
        self.check_deadline(DOING)?;
        while !data.is_empty() {
            match self.socket.send(data) {
                Ok(n) => data = data.get(n..).unwrap_or_default(),
                Err(e) => self.wait_or_fail(e, Interest::Write, DOING)?,
            }
        }
        Ok(())
    }

    /// A peer that always has a little more must not get past the deadline.
    fn check_deadline(&self, doing: Template) -> Result<(), Box<Error>> {
        match self.deadline {
            Some(deadline) if monotonic_ms() >= deadline => Err(self.late(doing, deadline)),
            _ => Ok(()),
        }
    }

    /// Waits until what would have blocked will not; any other `errno` is the end.
    #[inline(never)]
    fn wait_or_fail(
        &self,
        errno: Errno,
        interest: Interest,
        doing: Template,
    ) -> Result<(), Box<Error>> {
        if errno != WOULD_BLOCK {
            return Err(self.failed(doing, &reason(errno)));
        }
        let mut now = monotonic_ms();
        let stalled = match self.stall_ms {
            0 => u64::MAX,
            ms => now + u64::from(ms),
        };
        let deadline = self.deadline.unwrap_or(u64::MAX);
        while now < stalled && now < deadline {
            let left = stalled.min(deadline) - now;
            if wait(&[&self.socket], interest, left) != 0 {
                return Ok(());
            }
            now = monotonic_ms();
        }
        if stalled < deadline {
            let mut why = timed_out(self.stall_ms.into());
            fill(&mut why, text!(" without progress"), &[]);
            Err(self.failed(doing, &why))
        } else {
            Err(self.late(doing, deadline))
        }
    }

    #[cold]
    fn late(&self, doing: Template, deadline: u64) -> Box<Error> {
        self.failed(doing, &timed_out(deadline.saturating_sub(self.since)))
    }

    #[cold]
    fn failed(&self, doing: Template, why: &dyn Part) -> Box<Error> {
        Box::new(Error {
            transient: true,
            text: filled(doing, &[&self.peer, why]),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::connect;
    use std::io::{Read, Write};
    use std::net::{TcpListener, TcpStream};
    use std::time::{Duration, Instant};
    use std::vec;

    fn pair() -> (Tcp, TcpStream, String) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let tcp = connect("127.0.0.1", port, monotonic_ms() + 5000).unwrap();
        let peer = std::format!("127.0.0.1 port {port}");
        (tcp, listener.accept().unwrap().0, peer)
    }

    #[test]
    fn a_silent_peer() {
        let (mut tcp, mut peer, name) = pair();
        tcp.set_limits(300, None);
        let begun = Instant::now();
        let e = tcp.read(&mut [0; 16]).unwrap_err();
        assert!(begun.elapsed() >= Duration::from_millis(299));
        assert!(begun.elapsed() < Duration::from_millis(1500));
        let text =
            std::format!("Failed to read from {name}: timed out after 300 ms without progress");
        assert_eq!((e.transient, e.text), (true, text));
        // What comes later is not lost.
        peer.write_all(b"late").unwrap();
        assert_eq!(tcp.read(&mut [0; 16]), Ok(4));
    }

    #[test]
    fn a_fast_peer_that_pauses() {
        let (mut tcp, mut peer, name) = pair();
        tcp.set_limits(300, None);
        let mut buf = vec![0; 64 << 10];
        for _ in 0..3 {
            peer.write_all(&buf).unwrap();
            let mut left = buf.len();
            while left > 0 {
                left -= tcp.read(&mut buf[..left]).unwrap();
            }
            tcp.fast = true;
            let begun = Instant::now();
            let e = tcp.read(&mut buf).unwrap_err();
            assert!(begun.elapsed() >= Duration::from_millis(299));
            assert!(begun.elapsed() < Duration::from_millis(1500));
            let text =
                std::format!("Failed to read from {name}: timed out after 300 ms without progress");
            assert_eq!((e.transient, e.text), (true, text));
        }
        tcp.fast = true;
        drop(peer);
        assert_eq!(tcp.read(&mut buf), Ok(0));
    }

    #[test]
    fn a_trickling_peer_gets_past_the_stall_limit_but_not_the_deadline() {
        let (mut tcp, mut peer, name) = pair();
        let trickle = std::thread::spawn(move || {
            while peer.write_all(b".").is_ok() {
                std::thread::sleep(Duration::from_millis(20));
            }
        });
        tcp.set_limits(5000, Some(monotonic_ms() + 400));
        let begun = Instant::now();
        let e = loop {
            if let Err(e) = tcp.read(&mut [0; 16]) {
                break e;
            }
        };
        assert!(begun.elapsed() >= Duration::from_millis(399));
        assert!(begun.elapsed() < Duration::from_millis(1500));
        let text = std::format!("Failed to read from {name}: timed out after 400 ms");
        assert_eq!((e.transient, e.text), (true, text));
        drop(tcp);
        trickle.join().unwrap();
    }

    #[test]
    fn a_peer_that_does_not_read() {
        let (mut tcp, _peer, name) = pair();
        tcp.set_limits(300, None);
        let e = tcp.write_all(&vec![0; 64 << 20]).unwrap_err();
        let text =
            std::format!("Failed to write to {name}: timed out after 300 ms without progress");
        assert_eq!((e.transient, e.text), (true, text));
    }

    #[test]
    fn a_large_write_arrives_whole() {
        let (mut tcp, mut peer, _) = pair();
        let data: std::vec::Vec<u8> = (0..20_000_000u32).map(|n| (n % 251) as u8).collect();
        let reader = std::thread::spawn(move || {
            let mut got = vec![];
            peer.read_to_end(&mut got).unwrap();
            got
        });
        tcp.write_all(&data).unwrap();
        drop(tcp);
        assert!(reader.join().unwrap() == data);
    }

    #[cfg(unix)] // Elsewhere closing with bytes unread is an end like any other.
    #[test]
    fn a_reset() {
        let (mut tcp, peer, name) = pair();
        // Closing with bytes unread resets the connection.
        tcp.write_all(b"unread").unwrap();
        while peer.peek(&mut [0]).unwrap() == 0 {}
        drop(peer);
        let e = tcp.read(&mut [0; 16]).unwrap_err();
        let text = std::format!("Failed to read from {name}: Connection reset by peer");
        assert_eq!((e.transient, e.text), (true, text));
        let e = tcp.write_all(b"more").unwrap_err();
        assert_eq!(
            e.text,
            std::format!("Failed to write to {name}: Broken pipe")
        );
    }

    #[test]
    fn readiness() {
        let (mut tcp, mut peer, _) = pair();
        assert!(!tcp.ready());
        peer.write_all(b"x").unwrap();
        while !tcp.ready() {}
        assert_eq!(tcp.read(&mut [0; 16]), Ok(1));
        assert!(!tcp.ready());
        drop(peer);
        while !tcp.ready() {}
        assert_eq!(tcp.read(&mut [0; 16]), Ok(0));
    }
}

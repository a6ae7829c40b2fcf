//! Sockets: the few primitives that connecting, TCP and the resolver are made of.

use core::net::SocketAddr;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fd::OwnedFd;
use rustix::net::{AddressFamily, RecvFlags, SocketType, connect, recv, send, sockopt};

use crate::Errno;
pub(crate) use crate::sys::socket::interface_index;
use crate::sys::socket::{SEND, socket};

/// Nothing to be had now; to be waited for.
pub(crate) const WOULD_BLOCK: Errno = Errno(rustix::io::Errno::AGAIN.raw_os_error());

/// The most sockets that one [`wait`] watches.
pub(crate) const MAX_WAIT: usize = 8;

/// An open socket that never blocks. Closed on drop, and in programs that are started from here.
pub(crate) struct Socket(OwnedFd);

/// What a socket carries.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Transport {
    Tcp,
    #[cfg_attr(target_os = "macos", expect(dead_code, reason = "its resolver asks"))]
    Udp,
}

/// What is waited for.
#[derive(Clone, Copy)]
pub(crate) enum Interest {
    Read,
    Write,
}

impl Socket {
    /// A socket connected, or (TCP) being connected, to `address`. Such a UDP socket has a random port, and the kernel
    /// lets nothing through to it that comes from another address or port.
    pub(crate) fn connect(transport: Transport, address: &SocketAddr) -> Result<Socket, Errno> {
        let family = match address {
            SocketAddr::V4(_) => AddressFamily::INET,
            SocketAddr::V6(_) => AddressFamily::INET6,
        };
        let kind = match transport {
            Transport::Tcp => SocketType::STREAM,
            Transport::Udp => SocketType::DGRAM,
        };
        let fd = socket(family, kind)?;
        if transport == Transport::Tcp {
            // Requests are written whole; waiting for more to send would only delay them.
            let _ = sockopt::set_tcp_nodelay(&fd, true);
        }
        match connect(&fd, address) {
            Ok(()) | Err(rustix::io::Errno::INPROGRESS | rustix::io::Errno::INTR) => Ok(Socket(fd)),
            Err(e) => Err(e.into()),
        }
    }

    /// What became of an attempt to connect, once the socket is ready to be written to.
    pub(crate) fn connected(&self) -> Result<(), Errno> {
        Ok(sockopt::socket_error(&self.0)??)
    }

    /// Takes what has arrived, at most `buf.len()` bytes; the rest of a datagram is lost. 0 is the end of a stream.
    /// [`WOULD_BLOCK`] if there is nothing.
    pub(crate) fn recv(&self, buf: &mut [u8]) -> Result<usize, Errno> {
        loop {
            match recv(&self.0, &mut *buf, RecvFlags::empty()) {
                Ok((_, n)) => return Ok(n),
                Err(rustix::io::Errno::INTR) => {}
                Err(e) => return Err(e.into()),
            }
        }
    }

    /// Hands as much of `data` as there is room for to the kernel. [`WOULD_BLOCK`] if there is none.
    pub(crate) fn send(&self, data: &[u8]) -> Result<usize, Errno> {
        loop {
            match send(&self.0, data, SEND) {
                Err(rustix::io::Errno::INTR) => {}
                done => return Ok(done?),
            }
        }
    }
}

/// Waits until some of the first [`MAX_WAIT`] of `sockets` are ready, at most `timeout_ms`: bit `i` of what is returned
/// is the socket number `i`. A socket that has failed is ready. 0 if the time is up, but also when it is not (a signal,
/// a very long timeout): who waits for longer looks at the clock.
pub(crate) fn wait(sockets: &[&Socket], interest: Interest, timeout_ms: u64) -> u32 {
    let flags = match interest {
        Interest::Read => PollFlags::IN,
        Interest::Write => PollFlags::OUT,
    };
    let Some(first) = sockets.first() else {
        return 0;
    };
    let mut fds: [PollFd<'_>; MAX_WAIT] =
        core::array::from_fn(|i| PollFd::new(&sockets.get(i).unwrap_or(first).0, flags));
    let fds = fds
        .get_mut(..sockets.len().min(MAX_WAIT))
        .unwrap_or_default();
    // An hour fits into the time_t of every architecture.
    let step = timeout_ms.min(3_600_000) as u32;
    let timeout = Timespec {
        tv_sec: (step / 1000).into(),
        tv_nsec: (step % 1000 * 1_000_000).into(),
    };
    match poll(fds, Some(&timeout)) {
        Ok(1..) => fds.iter().rev().fold(0, |mask, fd| {
            mask << 1 | u32::from(!fd.revents().is_empty())
        }),
        Ok(0) | Err(_) => 0,
    }
}

//! Sockets: the few primitives that connecting, TCP and the resolver are made of.

use core::net::{Ipv6Addr, SocketAddr, SocketAddrV6};
use core::ptr::{null, null_mut};
use core::sync::atomic::{AtomicBool, Ordering};
use windows_sys::Win32::Networking::WinSock::{
    AF_INET, AF_INET6, FD_SET, FIONBIO, INVALID_SOCKET, SO_ERROR, SO_OOBINLINE, SOCK_STREAM,
    SOCKADDR, SOCKADDR_IN, SOCKADDR_IN6, SOCKET, SOL_SOCKET, TCP_NODELAY, TIMEVAL,
    WSA_FLAG_NO_HANDLE_INHERIT, WSA_FLAG_OVERLAPPED, WSADATA, WSAEWOULDBLOCK, WSAGetLastError,
    WSASocketW, WSAStartup, closesocket, connect, getsockopt, ioctlsocket, recv, select, send,
    setsockopt,
};

use crate::Errno;

/// Nothing to be had now; to be waited for.
pub(crate) const WOULD_BLOCK: Errno = Errno(WSAEWOULDBLOCK);

/// The most sockets that one [`wait`] watches.
pub(crate) const MAX_WAIT: usize = 8;

const IPPROTO_TCP: i32 = 6;

/// An open socket that never blocks. Closed on drop, and in programs that are started from here.
pub(crate) struct Socket(SOCKET);

/// What a socket carries.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Transport {
    Tcp,
}

/// What is waited for.
#[derive(Clone, Copy)]
pub(crate) enum Interest {
    Read,
    Write,
}

/// Begins the use of Winsock, once.
pub(super) fn start() -> Result<(), Errno> {
    static IS_STARTED: AtomicBool = AtomicBool::new(false);
    if !IS_STARTED.load(Ordering::Relaxed) {
        let mut data = WSADATA::default();
        // SAFETY: the structure is live.
        match unsafe { WSAStartup(0x202, &mut data) } {
            0 => IS_STARTED.store(true, Ordering::Relaxed),
            e => return Err(Errno(e)),
        }
    }
    Ok(())
}

/// Why the last call of Winsock failed.
pub(super) fn last_error() -> Errno {
    // SAFETY: it reads a number of this thread's.
    Errno(unsafe { WSAGetLastError() })
}

fn check(result: i32) -> Result<usize, Errno> {
    result.try_into().map_err(|_| last_error())
}

/// The address in the form of Winsock, in a structure that has room for either family, and its length in bytes.
fn sockaddr(address: &SocketAddr) -> (SOCKADDR_IN6, i32) {
    let mut any = SOCKADDR_IN6::default();
    let length = match address {
        SocketAddr::V4(v4) => {
            let mut form = SOCKADDR_IN {
                sin_family: AF_INET,
                sin_port: v4.port().to_be(),
                ..SOCKADDR_IN::default()
            };
            form.sin_addr.S_un.S_addr = u32::from_ne_bytes(v4.ip().octets());
            // SAFETY: it fits, and its alignment is no greater.
            unsafe { (&raw mut any).cast::<SOCKADDR_IN>().write(form) };
            size_of::<SOCKADDR_IN>()
        }
        SocketAddr::V6(v6) => {
            any.sin6_family = AF_INET6;
            any.sin6_port = v6.port().to_be();
            any.sin6_flowinfo = v6.flowinfo();
            any.sin6_addr.u.Byte = v6.ip().octets();
            any.Anonymous.sin6_scope_id = v6.scope_id();
            size_of::<SOCKADDR_IN6>()
        }
    };
    (any, length as i32)
}

/// The address of an answer of the resolver's, with `port`, if it is one of IP.
///
/// # Safety
/// `address` is live and as long as its family says.
pub(super) unsafe fn from_sockaddr(address: *const SOCKADDR, port: u16) -> Option<SocketAddr> {
    // SAFETY: what the family says is there.
    unsafe {
        match (*address).sa_family {
            AF_INET => {
                let ip = (*address.cast::<SOCKADDR_IN>()).sin_addr.S_un.S_addr;
                Some((ip.to_ne_bytes(), port).into())
            }
            AF_INET6 => {
                let v6 = address.cast::<SOCKADDR_IN6>();
                let ip = Ipv6Addr::from((*v6).sin6_addr.u.Byte);
                let scope = (*v6).Anonymous.sin6_scope_id;
                Some(SocketAddr::V6(SocketAddrV6::new(ip, port, 0, scope)))
            }
            _ => None,
        }
    }
}

impl Socket {
    /// A socket connected, or being connected, to `address`.
    pub(crate) fn connect(transport: Transport, address: &SocketAddr) -> Result<Socket, Errno> {
        let Transport::Tcp = transport;
        start()?;
        let (address, length) = sockaddr(address);
        // SAFETY: what is passed is live and as long as is said; the socket is new and ours.
        unsafe {
            let flags = WSA_FLAG_OVERLAPPED | WSA_FLAG_NO_HANDLE_INHERIT;
            let family = address.sin6_family.into();
            let socket = WSASocketW(family, SOCK_STREAM, IPPROTO_TCP, null(), 0, flags);
            if socket == INVALID_SOCKET {
                return Err(last_error());
            }
            let socket = Socket(socket);
            let mut yes = 1;
            check(ioctlsocket(socket.0, FIONBIO, &mut yes))?;
            // Requests are written whole; waiting for more to send would only delay them. Urgent data is of no more
            // interest than other: as such it would count as a failed connection when one is waited for.
            for (level, option) in [(IPPROTO_TCP, TCP_NODELAY), (SOL_SOCKET, SO_OOBINLINE)] {
                setsockopt(socket.0, level, option, (&raw const yes).cast(), 4);
            }
            match check(connect(socket.0, (&raw const address).cast(), length)) {
                Ok(_) | Err(WOULD_BLOCK) => Ok(socket),
                Err(e) => Err(e),
            }
        }
    }

    /// What became of an attempt to connect, once the socket is ready to be written to.
    pub(crate) fn connected(&self) -> Result<(), Errno> {
        let (mut error, mut length) = (0, 4);
        // SAFETY: the option is an `int`, for which there is room.
        let result = unsafe {
            let value = (&raw mut error).cast();
            getsockopt(self.0, SOL_SOCKET, SO_ERROR, value, &mut length)
        };
        check(result)?;
        if error == 0 {
            Ok(())
        } else {
            Err(Errno(error))
        }
    }

    /// Takes what has arrived, at most `buf.len()` bytes. 0 is the end of a stream. [`WOULD_BLOCK`] if there is nothing.
    pub(crate) fn recv(&self, buf: &mut [u8]) -> Result<usize, Errno> {
        let length = buf.len().min(i32::MAX as usize) as i32;
        // SAFETY: the buffer is live and at least as long.
        check(unsafe { recv(self.0, buf.as_mut_ptr(), length, 0) })
    }

    /// Hands as much of `data` as there is room for to the kernel. [`WOULD_BLOCK`] if there is none.
    pub(crate) fn send(&self, data: &[u8]) -> Result<usize, Errno> {
        let length = data.len().min(i32::MAX as usize) as i32;
        // SAFETY: the buffer is live and at least as long.
        check(unsafe { send(self.0, data.as_ptr(), length, 0) })
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        // SAFETY: it is ours, and used no more.
        unsafe { closesocket(self.0) };
    }
}

/// Waits until some of the first [`MAX_WAIT`] of `sockets` are ready, at most `timeout_ms`: bit `i` of what is returned
/// is the socket number `i`. A socket that has failed is ready. 0 if the time is up, but also when it is not (a very
/// long timeout): who waits for longer looks at the clock.
///
/// Not by WSAPoll: before Windows 10 version 2004 it does not tell of an attempt to connect that failed.
pub(crate) fn wait(sockets: &[&Socket], interest: Interest, timeout_ms: u64) -> u32 {
    let mut all = [INVALID_SOCKET; MAX_WAIT];
    let mut ready = FD_SET::default();
    for ((socket, to), slot) in sockets.iter().zip(&mut all).zip(&mut ready.fd_array) {
        *to = socket.0;
        *slot = socket.0;
        ready.fd_count += 1;
    }
    if ready.fd_count == 0 {
        return 0;
    }
    let mut failed = ready;
    let step = timeout_ms.min(3_600_000) as i32;
    let timeout = TIMEVAL {
        tv_sec: step / 1000,
        tv_usec: step % 1000 * 1000,
    };
    // SAFETY: the sets are live, and have as many sockets as they say.
    let count = unsafe {
        match interest {
            Interest::Read => {
                failed.fd_count = 0;
                select(0, &mut ready, null_mut(), null_mut(), &timeout)
            }
            Interest::Write => select(0, null_mut(), &mut ready, &mut failed, &timeout),
        }
    };
    if count <= 0 {
        return 0;
    }
    let has = |set: &FD_SET, socket| {
        set.fd_array
            .iter()
            .take(set.fd_count as usize)
            .any(|s| *s == socket)
    };
    all.iter().rev().fold(0, |mask, &socket| {
        let is_ready = socket != INVALID_SOCKET && (has(&ready, socket) || has(&failed, socket));
        mask << 1 | u32::from(is_ready)
    })
}

/// The number of the network interface called `name`. Here they are always given by their number.
pub(crate) fn interface_index(_name: &str) -> Option<u32> {
    None
}

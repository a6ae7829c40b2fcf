//! What of sockets is the system's own.

use alloc::ffi::CString;
use rustix::fd::OwnedFd;
use rustix::io::{FdFlags, fcntl_setfd, ioctl_fionbio};
use rustix::net::{AddressFamily, SendFlags, SocketType, sockopt};

use crate::Errno;

/// That a reader that has gone is an error number, not a signal, is said of the socket, not of what is sent.
pub(crate) const SEND: SendFlags = SendFlags::empty();

/// A socket that never blocks and is closed in programs that are started from here.
pub(crate) fn socket(family: AddressFamily, kind: SocketType) -> Result<OwnedFd, Errno> {
    let fd = rustix::net::socket(family, kind, None)?;
    fcntl_setfd(&fd, FdFlags::CLOEXEC)?;
    ioctl_fionbio(&fd, true)?;
    sockopt::set_socket_nosigpipe(&fd, true)?;
    Ok(fd)
}

/// The number of the network interface called `name`.
pub(crate) fn interface_index(name: &str) -> Option<u32> {
    let name = CString::new(name).ok()?;
    // SAFETY: it reads a C string.
    let index = unsafe { libc::if_nametoindex(name.as_ptr()) };
    (index != 0).then_some(index)
}

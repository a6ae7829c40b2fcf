//! What of sockets is Linux's own.

use rustix::fd::OwnedFd;
use rustix::net::{AddressFamily, SendFlags, SocketFlags, SocketType, netdevice, socket_with};

use crate::Errno;

/// A reader that has gone is an error number, not a signal.
pub(crate) const SEND: SendFlags = SendFlags::NOSIGNAL;

/// A socket that never blocks and is closed in programs that are started from here.
pub(crate) fn socket(family: AddressFamily, kind: SocketType) -> Result<OwnedFd, Errno> {
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    Ok(socket_with(family, kind, flags, None)?)
}

/// The number of the network interface called `name`.
pub(crate) fn interface_index(name: &str) -> Option<u32> {
    let flags = SocketFlags::CLOEXEC;
    let fd = socket_with(AddressFamily::INET, SocketType::DGRAM, flags, None).ok()?;
    netdevice::name_to_index(&fd, name).ok()
}

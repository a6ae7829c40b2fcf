//! Linux, by its system calls alone: no libc is linked, so one file runs on every distribution.

pub(crate) mod action;
pub mod arch;
pub mod clock;
pub mod confine;
pub mod env;
pub(crate) mod folder;
pub mod process;
pub mod proxy;
pub(crate) mod resolver;
pub(crate) mod socket;

use crate::Errno;
use crate::text;
use crate::text::Template;
pub(crate) use crate::unix::net;
pub use crate::unix::{file, signal, term};
use rustix::fd::OwnedFd;

/// A line for each error number that a fetcher can meet. (A `match` takes a kilobyte more.)
pub(crate) const ERRNO_NAMES: Template = text!(
    "\
    1 Operation not permitted\n\
    2 No such file or directory\n\
    5 Input/output error\n\
    9 Bad file descriptor\n\
    11 Resource temporarily unavailable\n\
    12 Cannot allocate memory\n\
    13 Permission denied\n\
    17 File exists\n\
    20 Not a directory\n\
    21 Is a directory\n\
    22 Invalid argument\n\
    23 Too many open files in system\n\
    24 Too many open files\n\
    26 Text file busy\n\
    27 File too large\n\
    28 No space left on device\n\
    30 Read-only file system\n\
    32 Broken pipe\n\
    36 File name too long\n\
    40 Too many levels of symbolic links\n\
    97 Address family not supported by protocol\n\
    99 Cannot assign requested address\n\
    100 Network is down\n\
    101 Network is unreachable\n\
    103 Software caused connection abort\n\
    104 Connection reset by peer\n\
    110 Connection timed out\n\
    111 Connection refused\n\
    112 Host is down\n\
    113 No route to host\n\
    122 Disk quota exceeded"
);

/// Puts what was written to `file` on the disk.
pub(crate) fn sync(file: &OwnedFd) -> Result<(), Errno> {
    Ok(rustix::fs::fsync(file)?)
}

/// Fills `buf` with bytes of the kernel's random number generator, waiting until it is seeded.
///
/// # Panics
/// Where there is neither getrandom(2) nor /dev/urandom: without randomness nothing here is safe.
pub fn random(mut buf: &mut [u8]) {
    use rustix::rand::{GetRandomFlags, getrandom};
    let mut device = None;
    while !buf.is_empty() {
        let result = match &mut device {
            None => getrandom(&mut *buf, GetRandomFlags::empty()).map_err(Errno::from),
            Some(device) => file::File::read(device, buf),
        };
        match result {
            Ok(n @ 1..) => buf = buf.get_mut(n..).unwrap_or_default(),
            Err(Errno(4)) => {} // EINTR
            // Before Linux 3.17 there is no such call.
            _ if device.is_none() => match file::File::open(b"/dev/urandom") {
                Ok(file) => device = Some(file),
                Err(_) => panic!("no random numbers"),
            },
            _ => panic!("no random numbers"),
        }
    }
}

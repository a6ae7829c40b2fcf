//! macOS, by the documented functions of its libraries: its system calls are nobody's to rely on.
//!
//! No Mac was at hand when this was written. So it is small, keeps to functions that have been there since macOS 10.12,
//! and leaves as much as it can to what is tested on Linux (`unix`, and the pure functions here).

pub(crate) mod action;
mod cf;
pub mod clock;
pub mod env;
pub(crate) mod folder;
pub mod process;
mod proxies;
pub mod proxy;
pub(crate) mod resolver;
pub(crate) mod socket;
pub mod trust;

use crate::Errno;
use crate::text;
use crate::text::Template;
pub(crate) use crate::unix::net;
pub use crate::unix::{file, signal, term};
use rustix::fd::OwnedFd;

// Named here, as no part of std is linked that would.
#[link(name = "System")]
unsafe extern "C" {}

/// A line for each error number that a fetcher can meet.
pub(crate) const ERRNO_NAMES: Template = text!(
    "\
    1 Operation not permitted\n\
    2 No such file or directory\n\
    5 Input/output error\n\
    9 Bad file descriptor\n\
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
    35 Resource temporarily unavailable\n\
    45 Operation not supported\n\
    47 Address family not supported by protocol family\n\
    49 Can't assign requested address\n\
    50 Network is down\n\
    51 Network is unreachable\n\
    53 Software caused connection abort\n\
    54 Connection reset by peer\n\
    60 Operation timed out\n\
    61 Connection refused\n\
    62 Too many levels of symbolic links\n\
    63 File name too long\n\
    64 Host is down\n\
    65 No route to host\n\
    69 Disc quota exceeded"
);

// The list is as the system's header has it, in so far as another reading of that header agrees.
const _: () = {
    assert!(libc::EAGAIN == 35 && libc::ENOTSUP == 45 && libc::EAFNOSUPPORT == 47);
    assert!(libc::EADDRNOTAVAIL == 49 && libc::ENETDOWN == 50 && libc::ENETUNREACH == 51);
    assert!(libc::ECONNABORTED == 53 && libc::ECONNRESET == 54 && libc::ETIMEDOUT == 60);
    assert!(libc::ECONNREFUSED == 61 && libc::ELOOP == 62 && libc::ENAMETOOLONG == 63);
    assert!(libc::EHOSTDOWN == 64 && libc::EHOSTUNREACH == 65 && libc::EDQUOT == 69);
};

/// Puts what was written to `file` on the disk.
pub(crate) fn sync(file: &OwnedFd) -> Result<(), Errno> {
    // fsync(2) leaves it in the drive's cache, whence a loss of power can take it; not every file system knows better.
    Ok(rustix::fs::fcntl_fullfsync(file).or_else(|_| rustix::fs::fsync(file))?)
}

/// Fills `buf` with bytes of the kernel's random number generator.
///
/// # Panics
/// If there are none: without randomness nothing here is safe.
pub fn random(buf: &mut [u8]) {
    /// The most that getentropy(2) gives at once.
    const MAX: usize = 256;
    for part in buf.chunks_mut(MAX) {
        // SAFETY: the pointer and the length are those of a slice that may be written to.
        let failed = unsafe { libc::getentropy(part.as_mut_ptr().cast(), part.len()) } != 0;
        assert!(!failed, "no random numbers");
    }
}

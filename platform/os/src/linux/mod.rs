//! Linux, by its system calls alone: no libc is linked, so one file runs on every distribution.

pub mod arch;
pub mod clock;
pub mod env;
pub mod file;
pub(crate) mod net;
pub mod process;
pub(crate) mod resolver;
pub mod signal;
pub mod term;

use crate::Errno;

impl From<rustix::io::Errno> for Errno {
    fn from(e: rustix::io::Errno) -> Self {
        Errno(e.raw_os_error())
    }
}

/// The words for an error number, for those that a fetcher can meet; empty for the others.
pub(crate) fn errno_name(number: i32) -> &'static str {
    match number {
        1 => "Operation not permitted",
        2 => "No such file or directory",
        5 => "Input/output error",
        9 => "Bad file descriptor",
        11 => "Resource temporarily unavailable",
        12 => "Cannot allocate memory",
        13 => "Permission denied",
        17 => "File exists",
        20 => "Not a directory",
        21 => "Is a directory",
        22 => "Invalid argument",
        23 => "Too many open files in system",
        24 => "Too many open files",
        26 => "Text file busy",
        27 => "File too large",
        28 => "No space left on device",
        30 => "Read-only file system",
        32 => "Broken pipe",
        36 => "File name too long",
        40 => "Too many levels of symbolic links",
        97 => "Address family not supported by protocol",
        99 => "Cannot assign requested address",
        100 => "Network is down",
        101 => "Network is unreachable",
        103 => "Software caused connection abort",
        104 => "Connection reset by peer",
        110 => "Connection timed out",
        111 => "Connection refused",
        112 => "Host is down",
        113 => "No route to host",
        122 => "Disk quota exceeded",
        _ => "",
    }
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

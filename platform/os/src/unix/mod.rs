//! What Linux and macOS do alike.

pub mod file;
pub(crate) mod net;
pub mod signal;
pub(crate) mod strings;
pub mod term;

use crate::Errno;
use crate::net::{addr, next_word};

impl From<rustix::io::Errno> for Errno {
    fn from(e: rustix::io::Errno) -> Self {
        Errno(e.raw_os_error())
    }
}

/// The words for an error number; empty for those that are not in the list.
pub(crate) fn errno_name(number: i32) -> &'static str {
    for mut line in crate::sys::ERRNO_NAMES.as_bytes().split(|&b| b == b'\n') {
        if next_word(&mut line).and_then(addr::number) == number.try_into().ok() {
            return core::str::from_utf8(line.trim_ascii_start()).unwrap_or_default();
        }
    }
    ""
}

//! What Linux and macOS do alike.

pub mod file;
pub(crate) mod net;
pub mod signal;
pub(crate) mod strings;
pub mod term;

use crate::Errno;

impl From<rustix::io::Errno> for Errno {
    fn from(e: rustix::io::Errno) -> Self {
        Errno(e.raw_os_error())
    }
}

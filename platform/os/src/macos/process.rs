//! How a process ends.

pub use super::signal::discard_unfinished;

/// Ends the process with `status`.
pub fn exit(status: i32) -> ! {
    // SAFETY: it takes no pointers and does not return. What a library wants done at the end is not waited for.
    unsafe { libc::_exit(status) }
}

//! Folders.

use crate::Errno;
use rustix::fd::OwnedFd;
use rustix::fs::{Dir, OFlags};

/// How a folder is opened that is only to be held open.
pub(crate) const HELD: OFlags = OFlags::RDONLY;

/// Calls `visit` with the name of each entry of `folder`.
pub(crate) fn each_entry(folder: OwnedFd, visit: &mut dyn FnMut(&[u8])) -> Result<(), Errno> {
    for entry in Dir::new(folder)? {
        visit(entry?.file_name().to_bytes());
    }
    Ok(())
}

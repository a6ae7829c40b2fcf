//! Folders.

use crate::Errno;
use alloc::vec::Vec;
use core::mem::MaybeUninit;
use rustix::fd::OwnedFd;
use rustix::fs::{OFlags, RawDir};

/// How a folder is opened that is only to be held open: it need not be readable for this.
pub(crate) const HELD: OFlags = OFlags::PATH;

/// Calls `visit` with the name of each entry of `folder`.
#[inline]
pub(crate) fn each_entry(folder: OwnedFd, visit: &mut dyn FnMut(&[u8])) -> Result<(), Errno> {
    let mut buf = Vec::with_capacity(4096);
    let space: &mut [MaybeUninit<u8>] = buf.spare_capacity_mut();
    let mut entries = RawDir::new(folder, space);
    while let Some(entry) = entries.next() {
        visit(entry?.file_name().to_bytes());
    }
    Ok(())
}

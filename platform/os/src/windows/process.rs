//! How a process begins and ends.

use windows_sys::Win32::System::LibraryLoader::{
    LOAD_LIBRARY_SEARCH_SYSTEM32, SetDefaultDllDirectories,
};
use windows_sys::Win32::System::Threading::ExitProcess;

/// To be called first: whatever the system's DLLs load in their turn comes from its folder, too.
pub fn prepare() {
    // SAFETY: it takes no pointers.
    unsafe { SetDefaultDllDirectories(LOAD_LIBRARY_SEARCH_SYSTEM32) };
}

/// Ends the process with `status`.
pub fn exit(status: i32) -> ! {
    // SAFETY: it takes no pointers and does not return.
    unsafe { ExitProcess(status as u32) }
}

/// Removes the unfinished file, if there is one: the system does as soon as the process ends, see
/// [`NewFile`](super::file::NewFile).
pub fn discard_unfinished() {}

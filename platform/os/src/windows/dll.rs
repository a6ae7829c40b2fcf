//! Functions of the system's DLLs that are not loaded with the program.
//!
//! Programs for downloading are run in folders full of downloads: a DLL that lies there must never be taken for the
//! system's. Those that are loaded with the program are taken from the system's folder by every Windows (KnownDLLs);
//! these here because we say so.

use core::ffi::CStr;
use core::ptr::null_mut;
use windows_sys::Win32::System::LibraryLoader::{
    GetProcAddress, LOAD_LIBRARY_SEARCH_SYSTEM32, LoadLibraryExA,
};

/// A function whose signature its user knows.
pub(super) type Function = unsafe extern "system" fn() -> isize;

/// The function `name` of the system's DLL `library`, which stays loaded.
pub(super) fn function(library: &CStr, name: &CStr) -> Option<Function> {
    // SAFETY: both are C strings; the system's own DLLs do nothing unexpected when they are loaded.
    unsafe {
        let module = LoadLibraryExA(
            library.as_ptr().cast(),
            null_mut(),
            LOAD_LIBRARY_SEARCH_SYSTEM32,
        );
        if module.is_null() {
            return None;
        }
        GetProcAddress(module, name.as_ptr().cast())
    }
}

//! Functions of the system's DLLs that are not loaded with the program.
//!
//! Programs for downloading are run in folders full of downloads: a DLL that lies there must never be taken for the
//! system's. Those that are loaded with the program are taken from the system's folder by every Windows (KnownDLLs);
//! these here because we say so.

use core::ffi::CStr;
use core::ptr::null_mut;
use core::sync::atomic::{AtomicPtr, Ordering};
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

/// Declares functions of one of the system's DLLs as those of `windows_sys`, which loads it with the program, declares
/// them: each is looked for when it is first called, and gives the value after `else` where there is none.
macro_rules! functions {
    ($library:literal: $(fn $name:ident($($argument:ident: $kind:ty),* $(,)?) -> $result:ty, else $none:expr;)*) => {$(
        #[allow(non_snake_case, clippy::too_many_arguments, reason = "the system's names and signatures")]
        unsafe fn $name($($argument: $kind),*) -> $result {
            static FOUND: $crate::windows::dll::Lazy = $crate::windows::dll::Lazy::new();
            const NAME: &core::ffi::CStr =
                match core::ffi::CStr::from_bytes_with_nul(concat!(stringify!($name), "\0").as_bytes()) {
                    Ok(name) => name,
                    Err(_) => panic!("a name with a NUL in it"),
                };
            match FOUND.get($library, NAME) {
                // SAFETY: this is the function of that name, and what it demands of its arguments the caller keeps to.
                Some(function) => unsafe {
                    core::mem::transmute::<
                        $crate::windows::dll::Function,
                        unsafe extern "system" fn($($kind),*) -> $result,
                    >(function)($($argument),*)
                },
                None => $none,
            }
        }
    )*};
}
pub(super) use functions;

/// A function that is looked for once.
pub(super) struct Lazy(AtomicPtr<()>);

impl Lazy {
    pub(super) const fn new() -> Self {
        Lazy(AtomicPtr::new(null_mut()))
    }

    /// The function `name` of `library`.
    #[inline(never)]
    pub(super) fn get(&self, library: &CStr, name: &CStr) -> Option<Function> {
        let known = self.0.load(Ordering::Relaxed);
        if known.is_null() {
            let found = function(library, name)?;
            self.0.store(found as *mut (), Ordering::Relaxed);
            return Some(found);
        }
        // SAFETY: what is not null was stored above, and is a function.
        Some(unsafe { core::mem::transmute::<*mut (), Function>(known) })
    }
}

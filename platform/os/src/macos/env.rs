//! Arguments and environment, as the start code of the system's library hands them to `main`.

use crate::unix::strings::{Strings, value};
use core::ffi::c_char;
use core::ptr::null_mut;
use core::sync::atomic::{AtomicPtr, Ordering};

/// `argv` and `envp` of `main`; null in a program that has another start code.
static ARGUMENTS: AtomicPtr<*const c_char> = AtomicPtr::new(null_mut());
static ENVIRONMENT: AtomicPtr<*const c_char> = AtomicPtr::new(null_mut());

/// Says where arguments and environment are.
///
/// # Safety
/// They are what `main` was given, and stay as they are for as long as the process runs.
pub unsafe fn set_arguments(argv: *const *const c_char, envp: *const *const c_char) {
    ARGUMENTS.store(argv.cast_mut(), Ordering::Relaxed);
    ENVIRONMENT.store(envp.cast_mut(), Ordering::Relaxed);
}

/// The arguments, the program's name first.
pub fn args() -> impl Iterator<Item = &'static [u8]> {
    Strings(ARGUMENTS.load(Ordering::Relaxed))
}

/// Nothing: every processor that macOS runs on has what the target says, or says itself what it can do.
pub fn hwcap() -> usize {
    0
}

/// The value of an environment variable, if it is set.
pub fn var(name: &str) -> Option<&'static [u8]> {
    value(Strings(ENVIRONMENT.load(Ordering::Relaxed)), name)
}

//! From the library's start code to the program's main function.

use core::ffi::{c_char, c_int};

/// What dyld calls once everything is in its place.
#[unsafe(no_mangle)]
extern "C" fn main(_argc: c_int, argv: *const *const c_char, envp: *const *const c_char) -> c_int {
    // SAFETY: they are what `main` was given.
    unsafe { os::process::set_arguments(argv, envp) };
    os::process::occupy_standard_streams();
    os::process::ignore_signals();
    os::process::exit(crate::ptex_main())
}

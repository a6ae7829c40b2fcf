//! Signals: none but those that end the process, and those not without removing an unfinished file.

use crate::sys::action;
use alloc::boxed::Box;
use alloc::ffi::CString;
use core::ptr::null_mut;
use core::sync::atomic::{AtomicPtr, Ordering};

const SIGNALS: [i32; 3] = [1, 2, 15]; // SIGHUP, SIGINT, SIGTERM
const SIGPIPE: i32 = 13;
const SIGXFSZ: i32 = 25;

/// The name of the unfinished file, a C string; null when there is none.
static UNFINISHED: AtomicPtr<i8> = AtomicPtr::new(null_mut());

/// A reader of our output that goes away, and a file that would grow past its limit, are answered with an error and a
/// line, not with a silent death.
pub fn ignore_signals() {
    for signal in [SIGPIPE, SIGXFSZ] {
        action::ignore(signal);
    }
}

/// From now until [`finished`], the end of the process by a signal or a panic removes the file `name`.
pub(super) fn unfinished(name: CString) {
    for signal in SIGNALS {
        action::catch(signal, on_signal);
    }
    // Never freed: the handler may be looking at it.
    UNFINISHED.store(
        Box::leak(name.into_boxed_c_str())
            .as_ptr()
            .cast_mut()
            .cast(),
        Ordering::Release,
    );
}

/// The file is complete or gone: leave it alone.
pub(super) fn finished() {
    UNFINISHED.store(null_mut(), Ordering::Release);
}

/// Removes the unfinished file, if there is one. For the end of the process by a panic.
pub fn discard_unfinished() {
    let name = UNFINISHED.swap(null_mut(), Ordering::Acquire);
    if !name.is_null() {
        // SAFETY: set by `unfinished` to a C string that lives for ever.
        let name = unsafe { core::ffi::CStr::from_ptr(name.cast()) };
        let _ = rustix::fs::unlink(name);
    }
}

extern "C" fn on_signal(signal: i32) {
    discard_unfinished();
    // The default action is restored: the parent sees the signal that ended us.
    action::raise(signal);
    crate::sys::process::exit(1)
}

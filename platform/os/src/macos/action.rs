//! What is done when a signal comes, and sending one to oneself.

use core::ffi::c_int;
use core::mem::zeroed;
use core::ptr::{null, null_mut};

fn set(signal: c_int, handler: libc::sighandler_t, flags: c_int) {
    let new = libc::sigaction {
        sa_sigaction: handler,
        sa_mask: 0,
        sa_flags: flags,
    };
    // SAFETY: the structure is live, and its handler is one of the system's constants or a function that takes a signal.
    unsafe { libc::sigaction(signal, &raw const new, null_mut()) };
}

/// Ignores `signal`.
pub(crate) fn ignore(signal: c_int) {
    set(signal, libc::SIG_IGN, 0);
}

/// Calls `handler`, which does not return, when `signal` comes for the first time. What the parent chose to ignore
/// (nohup) stays ignored.
pub(crate) fn catch(signal: c_int, handler: extern "C" fn(c_int)) {
    // SAFETY: it is made of integers.
    let mut old: libc::sigaction = unsafe { zeroed() };
    // SAFETY: one structure is written to a live one.
    unsafe { libc::sigaction(signal, null(), &raw mut old) };
    if old.sa_sigaction != libc::SIG_IGN {
        let handler = handler as *const () as libc::sighandler_t;
        set(signal, handler, libc::SA_NODEFER | libc::SA_RESETHAND);
    }
}

/// Sends `signal` to this process.
pub(crate) fn raise(signal: c_int) {
    // SAFETY: neither takes pointers, and a signal handler may call both.
    unsafe { libc::kill(libc::getpid(), signal) };
}

//! Signals: none but those that end the process, and those not without removing an unfinished file.

use super::arch::{nr, syscall4};
use alloc::boxed::Box;
use alloc::ffi::CString;
use core::ptr::null_mut;
use core::sync::atomic::{AtomicPtr, Ordering};

const SIGNALS: [usize; 3] = [1, 2, 15]; // SIGHUP, SIGINT, SIGTERM
const SIGPIPE: usize = 13;
const SIGXFSZ: usize = 25;
const SIG_IGN: usize = 1;
const SA_RESTORER: usize = 0x0400_0000;
const SA_NODEFER: usize = 0x4000_0000;
const SA_RESETHAND: usize = 0x8000_0000;

/// The name of the unfinished file, a C string; null when there is none.
static UNFINISHED: AtomicPtr<i8> = AtomicPtr::new(null_mut());

/// `struct sigaction` of the kernel. Where it has no restorer (riscv64) the mask comes earlier, and both are 0.
#[repr(C)]
struct Sigaction {
    handler: usize,
    flags: usize,
    restorer: usize,
    mask: [u32; 2], // 64 bits that are not aligned as such on arm
}

impl Sigaction {
    const fn new(handler: usize, flags: usize) -> Self {
        Sigaction {
            handler,
            flags,
            restorer: 0,
            mask: [0; 2],
        }
    }
}

/// A reader of our output that goes away, and a file that would grow past its limit, are answered with an error and a
/// line, not with a silent death.
pub fn ignore_signals() {
    let new = Sigaction::new(SIG_IGN, 0);
    for signal in [SIGPIPE, SIGXFSZ] {
        // SAFETY: the structure is live and of the kernel's layout; its mask has the 8 bytes that the last argument says.
        unsafe { syscall4(nr::RT_SIGACTION, signal, &raw const new as usize, 0, 8) };
    }
}

/// From now until [`finished`], the end of the process by a signal or a panic removes the file `name`.
pub(super) fn unfinished(name: CString) {
    for signal in SIGNALS {
        let mut old = Sigaction::new(0, 0);
        // The handler does not return, so the restorer that x86_64 demands is never called.
        let restorer = if cfg!(target_arch = "x86_64") {
            SA_RESTORER
        } else {
            0
        };
        let new = Sigaction::new(
            on_signal as *const () as usize,
            SA_NODEFER | SA_RESETHAND | restorer,
        );
        let (new, old) = (&raw const new as usize, &raw mut old);
        // SAFETY: both are live and of the kernel's layout; the mask has the 8 bytes that the last argument says.
        unsafe {
            syscall4(nr::RT_SIGACTION, signal, 0, old as usize, 8);
            // What the parent chose to ignore (nohup) stays ignored.
            if (*old).handler != SIG_IGN {
                syscall4(nr::RT_SIGACTION, signal, new, 0, 8);
            }
        }
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

extern "C" fn on_signal(signal: usize) {
    discard_unfinished();
    // SA_RESETHAND has restored the default action: the parent sees the signal that ended us.
    // SAFETY: getpid and kill take no pointers; exit_group ends the process should the signal not.
    unsafe {
        let this = syscall4(nr::GETPID, 0, 0, 0, 0);
        syscall4(nr::KILL, this as usize, signal, 0, 0);
    }
    super::process::exit(1)
}

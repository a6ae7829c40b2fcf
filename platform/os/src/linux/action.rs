//! What is done when a signal comes, and sending one to oneself.

use super::arch::{nr, syscall4};

const SIG_IGN: usize = 1;
const SA_RESTORER: usize = 0x0400_0000;
const SA_NODEFER: usize = 0x4000_0000;
const SA_RESETHAND: usize = 0x8000_0000;

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

/// Ignores `signal`.
pub(crate) fn ignore(signal: i32) {
    let new = Sigaction::new(SIG_IGN, 0);
    // SAFETY: the structure is live and of the kernel's layout; its mask has the 8 bytes that the last argument says.
    unsafe {
        syscall4(
            nr::RT_SIGACTION,
            signal as usize,
            &raw const new as usize,
            0,
            8,
        )
    };
}

/// Calls `handler`, which does not return, when `signal` comes for the first time. What the parent chose to ignore
/// (nohup) stays ignored.
pub(crate) fn catch(signal: i32, handler: extern "C" fn(i32)) {
    let signal = signal as usize;
    let mut old = Sigaction::new(0, 0);
    // As the handler does not return, the restorer that x86_64 demands is never called.
    let restorer = if cfg!(target_arch = "x86_64") {
        SA_RESTORER
    } else {
        0
    };
    let new = Sigaction::new(
        handler as *const () as usize,
        SA_NODEFER | SA_RESETHAND | restorer,
    );
    let (new, old) = (&raw const new as usize, &raw mut old);
    // SAFETY: both are live and of the kernel's layout; the mask has the 8 bytes that the last argument says.
    unsafe {
        syscall4(nr::RT_SIGACTION, signal, 0, old as usize, 8);
        if (*old).handler != SIG_IGN {
            syscall4(nr::RT_SIGACTION, signal, new, 0, 8);
        }
    }
}

/// Sends `signal` to this process.
pub(crate) fn raise(signal: i32) {
    // SAFETY: getpid and kill take no pointers.
    unsafe {
        let this = syscall4(nr::GETPID, 0, 0, 0, 0);
        syscall4(nr::KILL, this as usize, signal as usize, 0, 0);
    }
}

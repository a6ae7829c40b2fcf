//! Everything that touches an operating system: process start, environment, clock, randomness, files, terminal, sockets.
//!
//! What systems do differently is in a folder of the system's name, with the same items in each; what is above it does
//! not know which one it runs on. The crate knows nothing of URLs, HTTP or TLS.

#![no_std]

extern crate alloc;
#[cfg(test)]
extern crate std;

mod errno;
pub mod net;
pub mod text;
#[cfg(any(windows, target_os = "macos"))]
pub mod trust;

#[cfg(unix)]
mod unix;

#[cfg(target_os = "linux")]
mod linux;
#[cfg(target_os = "linux")]
use linux as sys;
#[cfg(target_os = "macos")]
mod macos;
#[cfg(target_os = "macos")]
use macos as sys;

/// Those parts of it that run here too: there may be no Mac.
#[cfg(all(test, target_os = "linux"))]
mod macos {
    mod proxies;
    mod resolver;
}

#[cfg(any(windows, target_os = "macos", test))]
mod bypass;
#[cfg(any(windows, test))]
mod wide;
#[cfg(windows)]
mod windows;
#[cfg(windows)]
use windows as sys;

pub use errno::Errno;
#[cfg(windows)]
pub use sys::schannel;
pub use sys::{clock, env, file, proxy, random, term};

/// What the `start` crate needs to begin and to end a process; nothing for the program itself.
pub mod process {
    #[cfg(target_os = "linux")]
    pub use crate::sys::arch::image;
    #[cfg(target_os = "linux")]
    pub use crate::sys::confine::confine;
    #[cfg(target_os = "macos")]
    pub use crate::sys::env::set_arguments;
    #[cfg(target_os = "linux")]
    pub use crate::sys::env::set_stack;
    #[cfg(unix)]
    pub use crate::sys::file::occupy_standard_streams;
    #[cfg(target_os = "linux")]
    pub use crate::sys::process::{Layout, relocate, widen_stdout};
    #[cfg(unix)]
    pub use crate::sys::signal::ignore_signals;

    #[cfg(windows)]
    pub use crate::sys::process::prepare;

    pub use crate::sys::process::{discard_unfinished, exit};
}

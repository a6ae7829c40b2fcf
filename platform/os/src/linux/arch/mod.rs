//! What differs per architecture, the same items in each file: the entry point, the system call, its numbers.
//!
//! Porting is filling in this form: `image!` expands to `_start`, which hands the initial stack pointer and the address
//! of the image's layout table to `start_process`; `syscall4` and the numbers are what rustix does not offer.

#[cfg(target_arch = "x86_64")]
mod x86_64;
#[cfg(target_arch = "x86_64")]
pub use x86_64::{image, nr, syscall4};

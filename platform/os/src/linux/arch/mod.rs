//! What differs per architecture, the same items in each file: the entry point, the system call, its numbers.
//!
//! Porting is filling in this form: `image!` expands to `_start`, which hands the initial stack pointer and the address
//! of the image's layout table to `start_process`, before anything is relocated; `syscall4` and the numbers are what
//! rustix does not offer; `LARGEST_PAGE` is not below the linker's MAXPAGESIZE.

#[cfg_attr(target_arch = "aarch64", path = "aarch64.rs")]
#[cfg_attr(target_arch = "arm", path = "arm.rs")]
#[cfg_attr(target_arch = "powerpc64", path = "powerpc64.rs")]
#[cfg_attr(target_arch = "riscv64", path = "riscv64.rs")]
#[cfg_attr(target_arch = "s390x", path = "s390x.rs")]
#[cfg_attr(target_arch = "x86_64", path = "x86_64.rs")]
mod this;

pub use this::{AUDIT, LARGEST_PAGE, image, nr, syscall4};

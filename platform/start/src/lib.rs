//! What a program without libc or std needs to be one: entry point, allocator, panic handler, memory functions.
//!
//! A crate of its own, named by the binary alone: linked into a test, which has std, these would be there twice.

#![no_std]

mod heap;
#[cfg(target_os = "linux")]
mod linux;
#[cfg(target_os = "macos")]
mod macos;
#[cfg(not(target_os = "macos"))] // where the system's library has them
mod memory;
#[cfg(windows)]
mod windows;

#[global_allocator]
static HEAP: heap::Heap = heap::Heap::new();

/// Makes `$main`, a `fn() -> i32`, the program: it runs once, and its result is the exit status.
#[macro_export]
macro_rules! entry {
    ($main:path) => {
        #[unsafe(no_mangle)]
        extern "Rust" fn ptex_main() -> i32 {
            $main()
        }
    };
}

unsafe extern "Rust" {
    /// What `entry!` defines.
    safe fn ptex_main() -> i32;
}

/// Fails closed: whatever was being fetched is not complete, and the status says so.
#[panic_handler]
fn panic(_: &core::panic::PanicInfo) -> ! {
    os::process::discard_unfinished();
    os::file::write_stderr(b"ptex: internal error, nothing more is delivered\n");
    os::process::exit(1)
}

// The prebuilt core and alloc are built to unwind and name these two. Nothing here unwinds: panics abort.
#[unsafe(no_mangle)]
extern "C" fn rust_eh_personality() {}
#[unsafe(no_mangle)]
extern "C" fn _Unwind_Resume() -> ! {
    os::process::exit(1)
}

/// Prebuilt, their atomics for AArch64 look here whether there are newer instructions. No constant, which the compiler would
/// make one with others. That it is here keeps out of the file what would find out: C code, which asks a libc.
#[cfg(all(target_os = "linux", target_arch = "aarch64"))]
#[unsafe(no_mangle)]
static __aarch64_have_lse_atomics: core::sync::atomic::AtomicU8 =
    core::sync::atomic::AtomicU8::new(0);

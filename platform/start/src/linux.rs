//! From the kernel's entry to the program's main function.

use os::process::Layout;

os::process::image!(start_process, "image_layout");

// The image's layout as distances, see `os::process::Layout`.
core::arch::global_asm!(
    ".pushsection .rodata.image_layout,\"a\"",
    ".balign 4",
    ".globl image_layout",
    ".hidden image_layout",
    "image_layout:",
    ".long __ehdr_start - image_layout",
    ".long __relr_start - image_layout",
    ".long __relr_end - image_layout",
    ".long __relro_start - image_layout",
    ".long __relro_end - image_layout",
    ".popsection",
);

/// Called by `_start` with the initial stack.
unsafe extern "C" fn start_process(stack: *const usize, layout: *const Layout) -> ! {
    // SAFETY: `_start` passes what the kernel gave it and the table above; this is the first code that runs.
    unsafe {
        os::process::relocate(layout);
        os::process::set_stack(stack);
    }
    os::process::occupy_standard_streams();
    os::process::ignore_signals();
    os::process::widen_stdout();
    os::process::confine();
    os::process::exit(crate::ptex_main())
}

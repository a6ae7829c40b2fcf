//! From the loader's entry to the program's main function, and what a C runtime would bring along.

/// Called by the loader, on the process's first thread.
#[unsafe(no_mangle)]
extern "C" fn mainCRTStartup() -> ! {
    os::process::prepare();
    os::process::exit(crate::ptex_main())
}

/// Named by all code that has floating-point numbers; that of the compiler's own library has.
#[cfg(target_env = "msvc")]
#[unsafe(no_mangle)]
static _fltused: i32 = 0x9875;

/// What the unwinder calls, by name in the prebuilt core and alloc. Nothing here unwinds.
#[cfg(target_env = "msvc")]
#[unsafe(no_mangle)]
extern "C" fn __CxxFrameHandler3() -> ! {
    os::process::exit(1)
}

// Called by functions with more than a page of variables, before they use it: the stack grows when the page below the last
// one is touched, and not when one further down is. The size is in rax and all registers are kept.
#[cfg(all(target_arch = "x86_64", target_env = "msvc"))]
core::arch::global_asm!(
    ".globl __chkstk",
    "__chkstk:",
    "push rcx",
    "push rax",
    "lea rcx, [rsp + 24]",
    "2: cmp rax, 4096",
    "jb 3f",
    "sub rcx, 4096",
    "test [rcx], rcx",
    "sub rax, 4096",
    "jmp 2b",
    "3: sub rcx, rax",
    "test [rcx], rcx",
    "pop rax",
    "pop rcx",
    "ret",
);

// The same; the size is in x15, in units of 16 bytes.
#[cfg(target_arch = "aarch64")]
core::arch::global_asm!(
    ".globl __chkstk",
    "__chkstk:",
    "lsl x16, x15, #4",
    "mov x17, sp",
    "2: cmp x16, #4096",
    "b.lo 3f",
    "sub x17, x17, #4096",
    "ldr xzr, [x17]",
    "sub x16, x16, #4096",
    "b 2b",
    "3: sub x17, x17, x16",
    "ldr xzr, [x17]",
    "ret",
);

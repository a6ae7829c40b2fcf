//! Links the `ptex` binary as what it is: a static image of our own layout, with no startup files and no libc.
//! Packs the trust anchors.

#[path = "build/roots.rs"]
mod roots;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    roots::pack();
    let os = std::env::var("CARGO_CFG_TARGET_OS").unwrap_or_default();
    match &*os {
        "linux" => link_linux(),
        "macos" => link_macos(),
        "windows" => link_windows(),
        _ => {}
    }
}

fn link_windows() {
    let env = std::env::var("CARGO_CFG_TARGET_ENV").unwrap_or_default();
    let arguments: &[&str] = if env == "msvc" {
        &[
            "/SUBSYSTEM:CONSOLE",
            "/ENTRY:mainCRTStartup",
            "/NODEFAULTLIB",
            // In the place of the time: the same sources are the same file.
            "/Brepro",
        ]
    } else if calls_linker("ld.lld") {
        empty_libraries();
        &["--icf=all", "--no-insert-timestamp", "--build-id=none"]
    } else {
        &["-nostartfiles", "-nostdlib"]
    };
    for argument in arguments {
        println!("cargo::rustc-link-arg-bin=ptex={argument}");
    }
}

/// Libraries of MinGW that the compiler names to the linker for every program, which has to find them. Nothing that is in
/// them is used, and they need not be there.
fn empty_libraries() {
    let folder = std::env::var("OUT_DIR").unwrap_or_default();
    for name in [
        "gcc",
        "gcc_eh",
        "kernel32",
        "mingw32",
        "mingwex",
        "msvcrt",
        "pthread",
        "ssp",
        "ssp_nonshared",
        "user32",
    ] {
        let path = format!("{folder}/lib{name}.a");
        std::fs::write(&path, "!<arch>\n").unwrap_or_else(|e| panic!("{path}: {e}"));
    }
    println!("cargo::rustc-link-arg-bin=ptex=-L{folder}");
}

/// Whether the compiler calls the linker of this flavor itself, as `package` has it, or else a C compiler that calls it.
fn calls_linker(flavor: &str) -> bool {
    let flags = std::env::var("CARGO_ENCODED_RUSTFLAGS").unwrap_or_default();
    flags.contains(&format!("linker-flavor={flavor}"))
}

/// The system's libraries are linked as `platform/os` names them. One of them is not used: `libc`, the crate, names it.
fn link_macos() {
    if !calls_linker("ld64.lld") {
        println!("cargo::rustc-link-arg-bin=ptex=-Wl,-dead_strip_dylibs");
        return;
    }
    for argument in [
        "-dead_strip_dylibs",
        "--icf=all",
        // What debuggers would read.
        "-x",
        "-no_function_starts",
        "-no_data_in_code_info",
        // Without it, a system on ARM starts nothing.
        "-adhoc_codesign",
    ] {
        println!("cargo::rustc-link-arg-bin=ptex={argument}");
    }
}

fn link_linux() {
    let root = std::env::var("CARGO_MANIFEST_DIR").unwrap_or_default();
    let script = format!("{root}/platform/start/link.ld");
    println!("cargo::rerun-if-changed={script}");
    let direct = calls_linker("ld.lld");
    if !direct {
        println!("cargo::rustc-link-arg-bin=ptex=-nostartfiles");
    }
    println!("cargo::rustc-link-arg-bin=ptex=-nostdlib");
    for argument in [
        // Some musl targets would rather have a static image at a fixed address, which here is 0.
        "-pie",
        &*format!("--script={script}"),
        "--no-dynamic-linker",
        "-znorelro",
        "--pack-dyn-relocs=relr",
        "--build-id=none",
        "--no-eh-frame-hdr",
        "--icf=all",
    ] {
        let through = if direct { "" } else { "-Wl," };
        println!("cargo::rustc-link-arg-bin=ptex={through}{argument}");
    }
}

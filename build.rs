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
        "windows" => link_windows(),
        _ => {}
    }
}

fn link_windows() {
    let env = std::env::var("CARGO_CFG_TARGET_ENV").unwrap_or_default();
    let arguments: &[&str] = match &*env {
        "msvc" => &[
            "/SUBSYSTEM:CONSOLE",
            "/ENTRY:mainCRTStartup",
            "/NODEFAULTLIB",
        ],
        _ => &["-nostartfiles", "-nostdlib"],
    };
    for argument in arguments {
        println!("cargo::rustc-link-arg-bin=ptex={argument}");
    }
}

fn link_linux() {
    let root = std::env::var("CARGO_MANIFEST_DIR").unwrap_or_default();
    let script = format!("{root}/platform/start/link.ld");
    println!("cargo::rerun-if-changed={script}");
    // The compiler calls either the linker itself, as `package` has it for every target, or a C compiler that calls it.
    let flags = std::env::var("CARGO_ENCODED_RUSTFLAGS").unwrap_or_default();
    let direct = flags.contains("linker-flavor=ld.lld");
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

//! Links the `ptex` binary as what it is: a static image of our own layout, with no startup files and no libc.
//! Packs the trust anchors.

#[path = "build/roots.rs"]
mod roots;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    roots::pack();
    let os = std::env::var("CARGO_CFG_TARGET_OS").unwrap_or_default();
    if os == "linux" {
        link_linux();
    }
}

fn link_linux() {
    let root = std::env::var("CARGO_MANIFEST_DIR").unwrap_or_default();
    let script = format!("{root}/platform/start/link.ld");
    println!("cargo::rerun-if-changed={script}");
    for argument in [
        "-nostartfiles",
        "-nostdlib",
        &format!("-Wl,-T,{script}"),
        "-Wl,--no-dynamic-linker",
        "-Wl,-z,norelro",
        "-Wl,--pack-dyn-relocs=relr",
        "-Wl,--build-id=none",
        "-Wl,--no-eh-frame-hdr",
        "-Wl,--icf=all",
    ] {
        println!("cargo::rustc-link-arg-bin=ptex={argument}");
    }
}

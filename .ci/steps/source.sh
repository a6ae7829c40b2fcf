# shellcheck shell=bash
# The sources as they stand: form, lints, dependencies.

format() {
    cargo fmt --all --check
    cargo fmt --check --manifest-path fuzz/Cargo.toml
    cargo fmt --check --manifest-path size-report/peers/minreq/Cargo.toml
    shellcheck .ci/run .ci/steps/*.sh fuzz/run.sh
    mandoc -T lint -W warning package/ptex.1
}

lints() {
    # The program by itself: beside anything that wants std, its panic handler would be the second one.
    cargo clippy --quiet --locked -p ptex --bin ptex -- -D warnings
    cargo clippy --quiet --locked -p ptex --lib --tests --examples --benches -- -D warnings
    cargo clippy --quiet --locked --workspace --exclude ptex --all-targets -- -D warnings
    # Nobody reads these pages without the private items.
    RUSTDOCFLAGS='-D warnings -A rustdoc::private-intra-doc-links' cargo doc --quiet --locked --workspace --no-deps --document-private-items
}

# The same for the code that other systems and machines have alone, by the compiler of cross_tools.
lints_elsewhere() {
    local kit=$PWD/target/cross target
    for target in x86_64-pc-windows-msvc aarch64-apple-darwin s390x-unknown-linux-gnu; do
        CARGO_TARGET_DIR=$kit/lints CARGO_PROFILE_DEV_OPT_LEVEL=0 CARGO_PROFILE_DEV_DEBUG=false \
            RUSTC_WORKSPACE_WRAPPER=$kit/bin/clippy-driver CLIPPY_ARGS=-D__CLIPPY_HACKERY__warnings__CLIPPY_HACKERY__ \
            "$kit/bin/cargo" check --quiet --locked -p ptex --bin ptex --target "$target"
    done
}

# Licences, duplicate versions and where crates come from. Advisories are checked where their database can be had; the
# fuzz targets are never shipped, so only the origin of their crates matters.
dependencies() {
    cargo deny --log-level warn --locked check licenses bans sources
    cargo deny --log-level warn --manifest-path fuzz/Cargo.toml check sources
}

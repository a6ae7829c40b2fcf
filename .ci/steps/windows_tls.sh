# shellcheck shell=bash
# Trust and TLS on Windows: the released file under Wine, with stores that the cases fill.

windows_tls() {
    local kit=$PWD/target/cross
    cargo run --quiet --locked -p package -- --cargo "$kit/bin/cargo" --cargo-arg --locked \
        --target x86_64-pc-windows-msvc target/cross/dist
    clean python3 .ci/windows_tls.py "$kit/dist/ptex-windows-x86_64.exe" /usr/lib/wine target/ci/windows_tls |
        tee target/ci/windows_tls.log
    passed "$(sed -n 's/ cases$//p' target/ci/windows_tls.log)"
}

# shellcheck shell=bash
# What the other steps call. A package is added here by whoever adds the step that needs it.

tools() {
    apt-get update -q >target/ci/apt.log
    apt-get install -y -q --no-install-recommends \
        binutils curl dante-server gcc-aarch64-linux-gnu gnutls-bin iproute2 libc-bin libc6-dev-arm64-cross libcurl4 libgit2-1.5 \
        libhiredis0.14 libmemcached11 libmemcachedutil2 libpcre2-posix3 libssh2-1 lld-22 llvm-22 mandoc microsocks nginx-light \
        openssl python3 python3-openssl python3-pyftpdlib qemu-user-static shellcheck squid stunnel4 strace tinyproxy-bin vsftpd \
        wine64 \
        >>target/ci/apt.log
    # Debian has one FTP server at a time on a machine, so this one is unpacked and no more.
    rm -rf target/ci/proftpd
    mkdir -p target/ci/proftpd
    (cd target/ci/proftpd && apt-get download -q proftpd-core proftpd-mod-crypto) >>target/ci/apt.log 2>&1
    local package
    for package in target/ci/proftpd/*.deb; do
        dpkg -x "$package" target/ci/proftpd
    done
    cross_tools
    local tool
    for tool in cargo-fuzz cargo-deny; do
        [ -x "target/tools/bin/$tool" ] || cargo install --quiet "$tool" --locked --root target/tools
    done
    # Later steps run without the settings that the machine may need to reach its registry.
    cargo fetch --quiet --locked
    cargo fetch --quiet --locked --manifest-path fuzz/Cargo.toml
    cargo fetch --quiet --locked --manifest-path size-report/peers/minreq/Cargo.toml
}

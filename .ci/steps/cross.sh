# shellcheck shell=bash
# The other Linux machines: each file is built as released, looked at, and run by an emulator through the black-box tests.
# A user has rustup's compiled core for each target. Here there need not be one: a compiler is taken that comes with the
# sources of core, which is then compiled too.

# Triple, name of the released file, the emulator's and readelf's words for the machine.
cross_machines() {
    cat <<'MACHINES'
aarch64-unknown-linux-gnu      ptex-linux-aarch64   aarch64  AArch64
armv7-unknown-linux-gnueabihf  ptex-linux-armv7l    arm      ARM
powerpc64le-unknown-linux-gnu  ptex-linux-powerpc64 ppc64le  PowerPC64
riscv64gc-unknown-linux-gnu    ptex-linux-riscv64   riscv64  RISC-V
s390x-unknown-linux-gnu        ptex-linux-s390x     s390x    IBM S/390
MACHINES
}

# The version of Debian's packages: one that is known to do, or else the newest.
cross_version() {
    local version=1.96.0+dfsg1-1~deb12u2
    if [[ $(apt-cache madison rustc-web) != *" $version "* ]]; then
        version=$(apt-cache policy rustc-web | sed -n 's/^ *Candidate: //p')
    fi
    echo "$version"
}

# Debian's compiler and its sources, in target/cross alone: nothing there is called cargo for anybody else.
cross_tools() {
    local kit=$PWD/target/cross version runtime package program
    [ ! -x "$kit/bin/cargo" ] || [ ! -x "$kit/bin/clippy-driver" ] || return 0
    mkdir -p "$kit/debs" "$kit/bin" "$kit/tmp"
    version=$(cross_version)
    # The compiler's own library has the compiler's version in its name.
    runtime=$(apt-cache show "libstd-rust-web-dev=$version" | grep -o 'libstd-rust-web-[0-9][0-9.]*' | head -n 1)
    # In a folder of its own also for what apt unpacks on the way: others clean /tmp.
    for package in rustc-web cargo-web rust-web-clippy rust-web-src libstd-rust-web-dev "$runtime"; do
        (cd "$kit/debs" && TMPDIR=$kit/tmp apt-get download -q -o APT::Sandbox::User=root "$package=$version" >>"$kit/apt.log")
    done
    for package in "$kit"/debs/*.deb; do
        dpkg --extract "$package" "$kit"
    done
    rm -r "$kit/debs"
    ln -sf /usr/bin/lld-22 "$kit/bin/rust-lld"
    for program in rustc clippy-driver; do
        printf '#!/bin/sh\nLD_LIBRARY_PATH=%s/usr/lib/x86_64-linux-gnu exec %s/usr/bin/%s "$@"\n' "$kit" "$kit" "$program" \
            >"$kit/bin/$program"
        chmod +x "$kit/bin/$program"
    done
    ln -sf /usr/bin/llvm-objcopy-22 "$kit/bin/rust-objcopy"
    # Building core is not a stable feature, hence the variable. Only where there is no libc are its memory functions asked for.
    cat >"$kit/bin/cargo" <<CARGO
#!/bin/sh
export PATH=$kit/bin:\$PATH RUSTC=$kit/bin/rustc RUSTC_BOOTSTRAP=1
command=\$1
shift
case "\$*" in
    *'--target '*-linux-*) memory=compiler-builtins-mem, ;;
    *) memory= ;;
esac
exec $kit/usr/bin/cargo "\$command" -Zbuild-std=core,alloc,compiler_builtins \\
    -Zbuild-std-features="\${memory}optimize_for_size" "\$@"
CARGO
    chmod +x "$kit/bin/cargo"
    "$kit/bin/cargo" fetch --quiet --locked --target aarch64-unknown-linux-gnu
}

# Holds the file for a target to its budget.
within_budget() { # TARGET [CARGO]
    env -u SDKROOT cargo run --quiet --locked -p size-report -- --check --target "$1" \
        --cargo "${2:-$PWD/target/cross/bin/cargo}" --cargo-arg --locked
}

cross() {
    local kit=$PWD/target/cross target name emulator machine file headers program suite
    local suites=(cli manifest http unix faults) # by the step filters: those of which the calls are looked at
    cargo test --quiet --locked -p blackbox --no-run
    while read -r target name emulator machine; do
        cargo run --quiet --locked -p package -- --cargo "$kit/bin/cargo" --cargo-arg --locked --target "$target" target/cross/dist
        file=$kit/dist/$name

        headers=$(readelf --wide --file-header "$file")
        [[ $headers == *"$machine"* ]] || fail "$name is not for $machine."
        hardened "$file"
        within_budget "$target"
        passed 2

        # One file to run, whatever runs it.
        program=$kit/dist/run-$name
        wrapper "$program" "/usr/bin/qemu-$emulator-static $file"
        # More at a time than there are processors: much of what is tested waits.
        for suite in "${suites[@]}"; do
            run_suite "$name" "$program" "$suite" --test-threads 4
        done
    done < <(cross_machines)
}

# As a user builds it for another machine: with a compiled core, which `rustup target add` would bring and Debian's package
# for AArch64 has. Its code is optimized in another way, and wants other functions.
prebuilt() {
    local kit=$PWD/target/cross folder=$PWD/target/cross/dist/prebuilt
    prebuilt_core "$kit"
    cargo run --quiet --locked -p package -- --cargo "$kit/bin/cargo-prebuilt" --cargo-arg --locked \
        --target aarch64-unknown-linux-gnu "$folder"
    hardened "$folder/ptex-linux-aarch64"
    wrapper "$folder/run" "/usr/bin/qemu-aarch64-static $folder/ptex-linux-aarch64"
    run_suite 'With a compiled core' "$folder/run" tls --test-threads 4
}

# The compiled core, and a cargo that takes it, as it is released to users: without features that are not stable.
prebuilt_core() { # KIT
    local kit=$1 apt
    cat >"$kit/bin/cargo-prebuilt" <<CARGO
#!/bin/sh
PATH=$kit/bin:\$PATH RUSTC=$kit/bin/rustc exec $kit/usr/bin/cargo "\$@"
CARGO
    chmod +x "$kit/bin/cargo-prebuilt"
    [ ! -d "$kit/usr/lib/rustlib/aarch64-unknown-linux-gnu" ] || return 0
    # The lists of that machine's packages are for this alone.
    mkdir -p "$kit/arm64/lists/partial" "$kit/arm64/cache/archives/partial"
    apt=(apt-get -q -o APT::Sandbox::User=root -o APT::Architecture=arm64 -o APT::Architectures=arm64
        -o "Dir::State::Lists=$kit/arm64/lists" -o "Dir::Cache=$kit/arm64/cache")
    (
        cd "$kit/arm64" || exit
        export TMPDIR=$kit/tmp
        "${apt[@]}" update
        "${apt[@]}" download "libstd-rust-web-dev=$(cross_version)"
    ) >>"$kit/apt.log"
    dpkg --extract "$kit"/arm64/*.deb "$kit"
    rm -r "$kit/arm64"
}

# The targets of musl: the same program by another name, of which no libc is linked either. Two stand for the five, since
# each costs a minute.
musl() {
    local kit=$PWD/target/cross target name emulator folder
    while read -r target name emulator; do
        folder=$kit/dist/$target
        cargo run --quiet --locked -p package -- --cargo "$kit/bin/cargo" --cargo-arg --locked --target "$target" "$folder"
        (cd "$folder" && sha256sum --check --strict "$name.sha256")
        hardened "$folder/$name"
        passed 1
        wrapper "$folder/run" "$emulator $folder/$name"
        run_suite "$target" "$folder/run" tls --test-threads 4
    done <<'MACHINES'
aarch64-unknown-linux-musl ptex-linux-aarch64 /usr/bin/qemu-aarch64-static
x86_64-unknown-linux-musl  ptex-linux-x86_64
MACHINES
}

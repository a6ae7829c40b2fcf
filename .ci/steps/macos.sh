# shellcheck shell=bash
# macOS: both files are built as released, without an SDK, and looked at. There is no Mac here; but they run
# in the hands of macho.c, with functions of Linux behind their imports, through the black-box tests.

# Triple, name of the released file, otool's and nm's words for the machine, the oldest system that it is for, a compiler and
# an emulator to run it with.
macos_machines() {
    cat <<'MACHINES'
aarch64-apple-darwin ptex-macos-aarch64 ARM64  arm64  11.0  aarch64-linux-gnu-gcc qemu-aarch64-static -L /usr/aarch64-linux-gnu
x86_64-apple-darwin  ptex-macos-x86_64  X86_64 x86_64 10.12 gcc
MACHINES
}

# What the stubs say that their libraries have for an architecture: a line for each, the library's name and the symbol.
macos_stubs() { # ARCHITECTURE
    local stub
    while read -r stub; do
        llvm-nm-22 --format=just-symbols --arch "$1" "$stub" | sed -n "s/^[^/].*/$(basename "$stub" .tbd) &/p"
    done < <(grep -rl '^exports:' platform/os/macos-stubs)
}

macos() {
    local kit=$PWD/target/cross target name machine architecture oldest file header commands libraries imports
    local compiler emulator program suite suites=(cli manifest http output tls unix login rewrite urls ftp ftps faults macos)
    while read -r target name machine architecture oldest compiler emulator; do
        env -u SDKROOT cargo run --quiet --locked -p package -- --cargo "$kit/bin/cargo" --cargo-arg --locked \
            --target "$target" target/cross/dist
        file=$kit/dist/$name
        within_budget "$target"

        header=$(llvm-otool-22 -hv "$file")
        [[ $header == *" $machine "*" EXECUTE "* ]] || fail "$name is no program for $machine."
        [[ $header == *" PIE"* ]] || fail "$name is not position-independent."
        passed 3

        commands=$(llvm-objdump-22 --macho --private-headers "$file")
        [[ $commands =~ ( minos |LC_VERSION_MIN_MACOSX[[:space:]]+cmdsize 16[[:space:]]+version )${oldest}[[:space:]] ]] ||
            fail "$name is not for macOS $oldest and later."
        ! grep -E '^ *(max|init)prot .*w.*x' <<<"$commands" || fail "$name has a segment that is writable and executable."
        # The name of each library is a whole path, so that no other file can be taken for it.
        libraries=$(llvm-objdump-22 --macho --dylibs-used "$file" | sed -n 's/^\t\([^ ]*\) .*/\1/p' | sort)
        [ "$libraries" = "/System/Library/Frameworks/CoreFoundation.framework/Versions/A/CoreFoundation
/System/Library/Frameworks/Security.framework/Versions/A/Security
/System/Library/Frameworks/SystemConfiguration.framework/Versions/A/SystemConfiguration
/usr/lib/libSystem.B.dylib" ] || fail "$name loads: $libraries"
        passed 3

        # No more than the stubs have could be linked. That there is no less keeps them a list of what is used.
        imports=$(llvm-nm-22 -m --undefined-only "$file" |
            sed -nE 's/^ *\(undefined\) (weak )?external ([^ ]+) \(from ([^ ]+)\)$/\3 \2/p' | sort)
        diff <(macos_stubs "$architecture" | sort) - <<<"$imports" || fail "$name does not import what the stubs have."
        python3 .ci/macho_signature.py "$file" || fail "$name is not signed as it is."
        passed 2

        program=$kit/dist/run-$name
        "$compiler" -O1 -Wall -Wextra -Wno-unused-parameter -Werror -o "$kit/macho-$architecture" .ci/macho.c
        wrapper "$program" "$emulator $kit/macho-$architecture $file"
        for suite in "${suites[@]}"; do
            PTEX_TEST_SYSTEM=macos run_suite "$name" "$program" "$suite"
        done
    done < <(macos_machines)
}

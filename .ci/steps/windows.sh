# shellcheck shell=bash
# Windows: for each target the file is built as released, without an SDK or MinGW, and looked at. Wine stands in for Windows
# on x86_64: there the black-box tests are run.

# Triple, the compiler, readobj's word for the machine, and the suites that are run. A released file is that of -msvc.
windows_machines() {
    cat <<'MACHINES'
aarch64-pc-windows-msvc    cargo         ARM64
aarch64-pc-windows-gnullvm cargo-windows ARM64
x86_64-pc-windows-msvc     cargo         AMD64 cli manifest http output urls login tls ftp ftps faults windows
x86_64-pc-windows-gnullvm  cargo-windows AMD64 cli manifest http tls
x86_64-pc-windows-gnu      cargo-windows AMD64 cli manifest http tls
MACHINES
}

# The compiler of cross_tools with a core as rustup has it for MinGW: without memory functions, and each of its functions is
# linked for itself.
windows_tools() { # KIT
    sed 's/compiler-builtins-mem,//; s/"\$@"$/--config profile.release.package.compiler_builtins.codegen-units=1000 &/' \
        "$1/bin/cargo" >"$1/bin/cargo-windows"
    chmod +x "$1/bin/cargo-windows"
    ln -sf /usr/bin/llvm-dlltool-22 "$1/bin/x86_64-w64-mingw32-dlltool"
}

windows() {
    local kit=$PWD/target/cross
    windows_tools "$kit"
    windows_files "$kit"
    windows_run "$kit" "$PWD/target/ci/windows"
    echo "Not run there: $(grep -c '^#\[test\]' tests/tests/unix.rs) tests of what Unix alone has."
}

windows_files() { # KIT
    local kit=$1 target cargo machine file headers imports flag
    while read -r target cargo machine _; do
        cargo run --quiet --locked -p package -- --cargo "$kit/bin/$cargo" --cargo-arg --locked --target "$target" \
            "target/cross/dist/$target"
        file=$(echo "$kit/dist/$target"/ptex-windows-*.exe)
        within_budget "$target" "$kit/bin/$cargo"

        headers=$(llvm-readobj-22 --file-headers --sections "$file")
        [[ $headers == *"Machine: IMAGE_FILE_MACHINE_$machine "* ]] || fail "The file for $target is not for $machine."
        [[ $headers == *"Subsystem: IMAGE_SUBSYSTEM_WINDOWS_CUI "* ]] || fail "The file for $target is not for consoles."
        for flag in DYNAMIC_BASE HIGH_ENTROPY_VA NX_COMPAT TERMINAL_SERVER_AWARE; do
            [[ $headers == *"IMAGE_DLL_CHARACTERISTICS_$flag "* ]] || fail "The file for $target is not $flag."
        done
        ! awk '/Name: / { name = $2 } /MEM_EXECUTE/ { x = name } /MEM_WRITE/ && x == name' <<<"$headers" | grep . ||
            fail "The file for $target has a section that is writable and executable."
        # No C runtime, and nothing that a folder of downloads could have in the system's place: both are KnownDLLs.
        imports=$(llvm-readobj-22 --coff-imports "$file" | sed -n 's/^  Name: //p' | tr '[:upper:]' '[:lower:]' | sort -u)
        [ "$imports" = $'kernel32.dll\nws2_32.dll' ] || fail "The file for $target loads: $imports"
        passed 9
    done < <(windows_machines)
}

# In a shell of its own, at whose end, however it comes, nothing of Wine is left.
windows_run() ( # KIT FOLDER
    folder=$2
    export WINEPREFIX=$folder/prefix WINEDEBUG=-all
    # At the address where Wine needs a page, its heap would be in one of some thousand runs.
    wine=(setarch -R /usr/lib/wine/wine64)
    trap '/usr/lib/wine/wineserver -k -w || true' EXIT
    rm -rf "$folder"
    mkdir -p "$folder"
    "${wine[@]}" wineboot --init >"$folder/log" 2>&1
    # Its server would end with the last program and start with the next one: one waits for a line that never comes.
    mkfifo "$folder/input"
    "${wine[@]}" cmd <>"$folder/input" >>"$folder/log" 2>&1 &

    while read -r target _ _ suites; do
        # The tests give a program no variables but their own.
        cat >"$folder/ptex" <<PTEX
#!/bin/sh
export LC_ALL=$LC_ALL WINEPREFIX=$WINEPREFIX WINEDEBUG=-all
exec ${wine[*]} $(echo "$1/dist/$target"/ptex-windows-*.exe) "\$@"
PTEX
        chmod +x "$folder/ptex"
        for suite in $suites; do
            PTEX_TEST_SYSTEM=windows run_suite "The file for $target" "$folder/ptex" "$suite"
        done
    done < <(windows_machines)
)

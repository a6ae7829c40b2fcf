# shellcheck shell=bash
# Windows: the files are built as released, without an SDK, and looked at. Wine stands in for Windows on x86_64: there the
# black-box tests are run.

# Triple, name of the released file, readobj's word for the machine, and how it is run.
windows_machines() {
    cat <<'MACHINES'
aarch64-pc-windows-msvc ptex-windows-aarch64.exe IMAGE_FILE_MACHINE_ARM64 no
x86_64-pc-windows-msvc  ptex-windows-x86_64.exe  IMAGE_FILE_MACHINE_AMD64 wine
MACHINES
}

windows() {
    local kit=$PWD/target/cross folder=$PWD/target/ci/windows target name machine runs file headers imports flag
    while read -r target name machine runs; do
        cargo run --quiet --locked -p package -- --cargo "$kit/bin/cargo" --cargo-arg --locked --target "$target" target/cross/dist
        file=$kit/dist/$name
        within_budget "$target"

        headers=$(llvm-readobj-22 --file-headers --sections "$file")
        [[ $headers == *"Machine: $machine "* ]] || fail "$name is not for $machine."
        [[ $headers == *"Subsystem: IMAGE_SUBSYSTEM_WINDOWS_CUI "* ]] || fail "$name is no program for consoles."
        for flag in DYNAMIC_BASE HIGH_ENTROPY_VA NX_COMPAT TERMINAL_SERVER_AWARE; do
            [[ $headers == *"IMAGE_DLL_CHARACTERISTICS_$flag "* ]] || fail "$name is not $flag."
        done
        ! awk '/Name: / { name = $2 } /MEM_EXECUTE/ { x = name } /MEM_WRITE/ && x == name' <<<"$headers" | grep . ||
            fail "$name has a section that is writable and executable."
        # No C runtime, and nothing that a folder of downloads could have in the system's place: both are KnownDLLs.
        imports=$(llvm-readobj-22 --coff-imports "$file" | sed -n 's/^  Name: //p' | tr '[:upper:]' '[:lower:]' | sort -u)
        [ "$imports" = $'kernel32.dll\nws2_32.dll' ] || fail "$name loads: $imports"
        passed 9
        [ "$runs" = no ] || windows_run "$name" "$folder" "$file"
    done < <(windows_machines)
    echo "Not run there: $(grep -c '^#\[test\]' tests/tests/unix.rs) tests of what Unix alone has."
}

# In a shell of its own, at whose end, however it comes, nothing of Wine is left.
windows_run() ( # NAME FOLDER FILE
    name=$1 folder=$2 suites=(cli manifest http output urls login tls faults windows)
    export WINEPREFIX=$folder/prefix WINEDEBUG=-all
    trap '/usr/lib/wine/wineserver -k -w || true' EXIT
    rm -rf "$folder"
    mkdir -p "$folder"
    /usr/lib/wine/wine64 wineboot --init >"$folder/log" 2>&1
    # Its server would end with the last program and start with the next one: one waits for a line that never comes.
    mkfifo "$folder/input"
    /usr/lib/wine/wine64 cmd <>"$folder/input" >>"$folder/log" 2>&1 &

    # The tests give a program no variables but their own.
    cat >"$folder/ptex" <<PTEX
#!/bin/sh
export LC_ALL=$LC_ALL WINEPREFIX=$WINEPREFIX WINEDEBUG=-all
exec /usr/lib/wine/wine64 $3 "\$@"
PTEX
    chmod +x "$folder/ptex"
    for suite in "${suites[@]}"; do
        clean env PTEX_TEST_SYSTEM=windows PTEX_UNDER_TEST="$folder/ptex" \
            cargo test --quiet --locked -p blackbox --test "$suite" >target/ci/windows.log 2>&1 ||
            fail "$name, $suite: $(cat target/ci/windows.log)"
        passed "$(awk '/^test result: ok/ { n += $4 } END { print n + 0 }' target/ci/windows.log)"
    done
)

# shellcheck shell=bash
# No emulator has the filter that ptex sets for itself (platform/os/src/linux/confine.rs): a call that it denies by mistake
# fails on real machines alone. So what the files of the step `cross` call is held against what their filters let through.

filters() {
    local name emulator program suite logs=$PWD/target/ci/filters log=$PWD/target/ci/filters.log
    cargo test --quiet --locked -p blackbox --no-run
    while read -r _ name emulator _; do
        rm -rf "$logs"
        mkdir -p "$logs"
        program=$PWD/target/cross/dist/traced-$name
        wrapper "$program" "/usr/bin/qemu-$emulator-static -strace -D $logs/%d $PWD/target/cross/dist/$name"
        for suite in output tls ftp ftps unix; do
            # In one test, which the step cross runs, the descriptor that is closed would be the emulator's log.
            run_suite "$name, traced" "$program" "$suite" --test-threads 4 --skip what_the_parent_closed
        done
        # The tests have no names but their own: this one is looked for in files, and then asked for.
        ! clean "$program" --retry 0 --connect-timeout 5 http://name.invalid/ >"$log" 2>&1 || fail "$name found a name."
        python3 .ci/filters.py "$PWD/target/cross/dist/$name" "$emulator" "$logs"
        passed 1
    done < <(cross_machines)
}

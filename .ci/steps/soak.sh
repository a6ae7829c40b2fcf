# shellcheck shell=bash
# The released file where little works: lines that break, packets that are lost, a machine with nothing on it.

# Runs the soak program of the black-box tests on the released file; it says how many of how many fetches arrived.
run_soak() { # ARGUMENT...
    clean env PTEX_UNDER_TEST="$PWD/dist/ptex-linux-x86_64" \
        cargo run --quiet --locked --offline -p blackbox --bin soak -- "$@"
    passed "$1"
}

soak() {
    # 200 of 200 fetches of 64 MiB, each connection cut after 1 to 8 MiB.
    run_soak 200 $((64 << 20)) every 1
    # Half of all connections broken anywhere, with one write, many, and none: they wait more than they work.
    local arguments id ids=()
    for arguments in "200 $((256 << 10)) half 2" "100 $((3 << 20)) half 3" '50 1 half 4'; do
        # shellcheck disable=SC2086 # four arguments
        run_soak $arguments &
        ids+=($!)
    done
    for id in "${ids[@]}"; do
        wait "$id"
    done
}

# 5 % of all packets lost, and 200 ms there and back; then with servers that break half of the connections as well.
poor_line() {
    cargo build --quiet --locked -p blackbox --bin soak
    local soak arguments
    soak=$PWD/target/$(rustc -vV | sed -n 's/^host: //p')/debug/soak
    for arguments in "24 $((256 << 10)) none 1" "24 100000 half 2"; do
        # shellcheck disable=SC2086 # four arguments
        clean env PTEX_UNDER_TEST="$PWD/dist/ptex-linux-x86_64" \
            python3 .ci/poor-line.py 5 100 "$soak" $arguments 10.9.8.1 10.9.8.2
        passed "${arguments%% *}"
    done
    # At 1 % and the same 200 ms, as fast as curl.
    clean python3 .ci/poor-line.py 1 100 python3 .ci/wall-time.py "$PWD/dist/ptex-linux-x86_64"
    passed 2
}

# A fetch where there is nothing but the program: no libc, no hosts file, no resolv.conf, no environment.
bare() {
    local root server url
    root=$(mktemp -d target/ci/root.XXXXXX)
    cp dist/ptex-linux-x86_64 "$root/ptex"
    python3 -m http.server 18199 --bind 127.0.0.1 --directory dist >target/ci/bare.log 2>&1 &
    server=$!
    # shellcheck disable=SC2064 # this process, as it is known now
    trap "kill $server 2>/dev/null || true; rm -r '$root'" RETURN
    for url in http://127.0.0.1:18199 http://localhost:18199; do
        clean curl -sf --retry 40 --retry-delay 1 --retry-connrefused -o /dev/null "$url/" || fail "No server at $url."
        printf '{"ptex": {"ptex": "%s/ptex-linux-x86_64"}}\n' "$url" >"$root/lift.json"
        env -i "$(command -v chroot)" "$root" /ptex /lift.json ptex </dev/null | cmp - dist/ptex-linux-x86_64 ||
            fail "In an empty chroot, $url is not what was served."
        passed 1
    done
}

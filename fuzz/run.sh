#!/usr/bin/env bash
# fuzz/run.sh SECONDS [TARGET...]: runs every fuzz target, or those named, for SECONDS each, two at a time for each
# processor, starting from its committed corpus. Exits 1 when one crashes, hangs or has no corpus. README.md says the rest.
set -euo pipefail
cd "$(dirname "$0")"

seconds=${1:?usage: fuzz/run.sh SECONDS [TARGET...]}
shift
[[ $seconds =~ ^[1-9][0-9]*$ ]] || { echo "fuzz/run.sh: SECONDS is a whole number, not $seconds" >&2; exit 1; }

export CARGO_TARGET_DIR=$PWD/target # whatever the caller uses for the rest
triple=$(rustc -vV | sed -n 's/^host: //p')
tools=../target/tools/bin
[ -x "$tools/cargo-fuzz" ] && PATH=$PWD/$tools:$PATH
cargo +nightly fuzz build --target "$triple"

if [ $# -eq 0 ]; then
    # shellcheck disable=SC2046 # one name a line, without spaces
    set -- $(cargo +nightly fuzz list)
fi
[ $# -gt 0 ] || { echo "fuzz/run.sh: there are no targets" >&2; exit 1; }

one() { # TARGET
    local target=$1 found=target/found/$1 log=target/log/$1.txt status=0
    if [ -z "$(ls -A "corpus/$target" 2>/dev/null)" ]; then
        echo "$target: no corpus in fuzz/corpus/$target"
        return 1
    fi
    # What is found goes to a folder of its own: the committed corpus changes only by a person's hand.
    mkdir -p "$found" "artifacts/$target" target/log
    local options=(-max_total_time="$seconds" -timeout=10 -rss_limit_mb=1024 -print_final_stats=1
        -artifact_prefix="artifacts/$target/")
    [ -f "dictionaries/$target.dict" ] && options+=(-dict="dictionaries/$target.dict")
    "target/$triple/release/$target" "${options[@]}" "$found" "corpus/$target" >"$log" 2>&1 </dev/null || status=$?
    if [ $status -ne 0 ]; then
        tail -n 40 "$log"
        echo "$target: FAILED (status $status)"
        return 1
    fi
    echo "$target: $(sed -n 's/^stat::number_of_executed_units: *//p' "$log") runs, no crash"
}
export -f one
export seconds triple

# A target's name is a Rust identifier.
printf '%s\n' "$@" | xargs -P $((2 * $(nproc))) -I '{}' bash -c 'one {}'

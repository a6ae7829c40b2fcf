# shellcheck shell=bash
# The tests: the README's command, and a short run of every fuzz target.

unit_tests() {
    clean cargo test --locked --workspace 2>&1 | tee target/ci/tests.log
    local count
    count=$(awk '/^test result: ok/ { n += $4 } END { print n + 0 }' target/ci/tests.log)
    [ "$count" -gt 0 ] || fail 'No test ran.'
    passed "$count"
    clean cargo run --quiet --locked --example skinny-scie >target/ci/example.log
    [ "$(grep -c 'Hello from a skinny scie!' target/ci/example.log)" -eq 2 ] || fail 'The example did not run twice.'
    grep 'nothing of it was run or kept' target/ci/example.log
    passed 1
}

# Makes a program that starts a file by COMMAND, such as an emulator with the file.
wrapper() { # PROGRAM COMMAND
    printf '#!/bin/sh\nexec %s "$@"\n' "$2" >"$1"
    chmod +x "$1"
}

# Runs a suite of the black-box tests on a program, and counts them.
run_suite() { # WHAT PROGRAM SUITE [ARGUMENT...]
    local what=$1 program=$2 suite=$3
    shift 3
    clean env PTEX_UNDER_TEST="$program" cargo test --quiet --locked -p blackbox --test "$suite" -- "$@" \
        >target/ci/suite.log 2>&1 || fail "$what, $suite: $(cat target/ci/suite.log)"
    passed "$(awk '/^test result: ok/ { n += $4 } END { print n + 0 }' target/ci/suite.log)"
}

# The code that is unsafe, under the sanitizer of addresses. That a test leaves memory behind is no mistake.
sanitized() {
    clean env RUSTFLAGS=-Zsanitizer=address ASAN_OPTIONS=detect_leaks=0 cargo +nightly test --quiet --locked \
        -p cpu -p os -p start --target x86_64-unknown-linux-gnu --target-dir target/sanitized 2>&1 |
        tee target/ci/sanitized.log
    passed "$(awk '/^test result: ok/ { n += $4 } END { print n + 0 }' target/ci/sanitized.log)"
}

fuzz_smoke() {
    clean fuzz/run.sh "${FUZZ_SECONDS:-60}" | tee target/ci/fuzz.log
    passed "$(grep -c 'no crash$' target/ci/fuzz.log)"
}

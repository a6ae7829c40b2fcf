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

# shellcheck shell=bash
# Processor time, by itself or for one of curl's, and peak memory, each held to its gate, and that processor time grows with
# size by a straight line. size-report/README.md has the gates beside what is promised. Processor time depends on how busy the
# machine is far less than the clock does, but still: what is above its gate is measured up to five times.

bench() {
    clean cargo bench --quiet --locked -- --quick --size 512M --check | tee target/ci/bench.log
    passed "$(grep -c '^\(-V\|[0-9]* [KM]iB\) ' target/ci/bench.log)"
}

# shellcheck shell=bash
# The promised ratios to curl, of processor time and memory: neither depends on how busy the machine is, as the clock does.

bench() {
    clean cargo bench --quiet --locked -- --quick --size 512M --check | tee target/ci/bench.log
    passed "$(grep -c '^\(-V\|[0-9]* [KM]iB\) ' target/ci/bench.log)"
}

# shellcheck shell=bash
# The released file against the TLS of others: OpenSSL, GnuTLS and nginx, and on a machine that has no certificates.

tls_peers() {
    clean python3 .ci/tls_peers.py dist/ptex-linux-x86_64 target/ci/tls | tee target/ci/tls.log
    passed "$(sed -n 's/ cases$//p' target/ci/tls.log)"
}

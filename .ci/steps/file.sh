# shellcheck shell=bash
# The released file: what it is made of, and what it needs of a machine, which is nothing.

packaged() {
    cargo run --quiet --locked -p package
    (cd dist && sha256sum --check --strict ptex-linux-x86_64.sha256)
    [ "$(cat dist/ptex-linux-x86_64.sha256)" = \
        "$(sha256sum dist/ptex-linux-x86_64 | cut -d ' ' -f 1) *ptex-linux-x86_64" ] ||
        fail 'The checksum file is not in the form that scie tools read.'
    passed 2
}

image() {
    local file=dist/ptex-linux-x86_64 headers version root
    headers=$(readelf --wide --segments "$file")
    [[ $headers != *INTERP* ]] || fail 'The file asks for an interpreter.'
    [[ $headers != *DYNAMIC* ]] || ! readelf --wide --dynamic "$file" | grep NEEDED ||
        fail 'The file asks for a shared library.'
    ! awk '/^  [A-Z]/ && / [R ]WE /' <<<"$headers" | grep . || fail 'A segment is writable and executable.'
    grep -E 'GNU_STACK .* RW  ' <<<"$headers" || fail 'The stack is executable.'
    [[ $headers == *'type is DYN'* ]] || fail 'The file is not position-independent.'
    readelf --wide --symbols "$file" | (! grep .) || fail 'The file has symbols left.'

    # Neither a libc, nor an environment, nor a single other file.
    root=$(mktemp -d target/ci/root.XXXXXX)
    cp "$file" "$root/ptex"
    version=$(env -i "$(command -v chroot)" "$root" /ptex -V)
    rm -r "$root"
    [ "$version" = "$(sed -n '/workspace.package/,/^$/s/^version = "\(.*\)"/\1/p' Cargo.toml)" ] ||
        fail "The version in an empty chroot is '$version'."
    passed 7
}

size() {
    cargo run --quiet --locked -p size-report -- --check --svg target/ci/size.svg
    passed 1
}

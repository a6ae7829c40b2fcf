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

# What is promised of every file for Linux: nothing else is loaded for it, it runs at any address, no memory is writable and
# executable, the stack neither, and all that has been relocated is in a segment that start code makes read-only.
hardened() { # FILE
    local file=$1 headers segments sections offsets from size
    headers=$(readelf --wide --segments "$file")
    [[ $headers == *'type is DYN'* ]] || fail "$file is not position-independent."
    segments=$(sed -nE 's/^  ([A-Z_]+) +(0x[0-9a-f]+ +){5}(...) .*/\1:\3/p' <<<"$headers")
    [ "$segments" = $'LOAD:R  \nLOAD:R E\nLOAD:RW \nLOAD:RW \nGNU_STACK:RW ' ] ||
        fail "$file has other segments than those to be read, run, relocated, and written, and the stack: $segments"
    sections=$(sed -n 's/^   02  *//p' <<<"$headers")
    [[ $sections =~ ^\.data\.rel\.ro\ (\.got\ )?$ ]] || fail "$file is to be relocated in $sections."

    # By RELR alone, which is all that start code applies; and in that segment.
    headers+=$(readelf --wide --relocs "$file")
    [ "$(grep '^Relocation section' <<<"$headers" | cut -d ' ' -f 3)" = "'.relr.dyn'" ] || fail "$file has not RELR alone."
    read -r from size < <(sed -nE '/^  LOAD .* RW /{s/^  LOAD +0x\S+ +0x(\S+) .* 0x(\S+) RW .*/\1 \2/p;q}' <<<"$headers")
    mapfile -t offsets < <(sed -nE '/^  [0-9]+ offset/,$ s/^([0-9a-f]+)$/\1/p' <<<"$headers" | sort)
    [ "${#offsets[@]}" -gt 0 ] || fail "$file has no relocations."
    ((16#${offsets[0]} >= 16#$from && 16#${offsets[-1]} < 16#$from + 16#$size)) ||
        fail "$file has relocations from ${offsets[0]} to ${offsets[-1]}, which stay writable or cannot be written."

    readelf --wide --symbols "$file" | (! grep .) || fail "$file has symbols left."
    passed 6
}

image() {
    local file=dist/ptex-linux-x86_64 version root
    hardened "$file"

    # Neither a libc, nor an environment, nor a single other file.
    root=$(mktemp -d target/ci/root.XXXXXX)
    cp "$file" "$root/ptex"
    version=$(env -i "$(command -v chroot)" "$root" /ptex -V)
    rm -r "$root"
    [ "$version" = "$(sed -n '/workspace.package/,/^$/s/^version = "\(.*\)"/\1/p' Cargo.toml)" ] ||
        fail "The version in an empty chroot is '$version'."
    passed 1
}

size() {
    cargo run --quiet --locked -p size-report -- --check --svg target/ci/size.svg
    passed 1
}

# That none is forgotten: of each file that is released, this run has built one for some target of it.
released() {
    local names name files
    mapfile -t names < <(cargo run --quiet --locked -p package -- --list | awk '{ print $2 }' | sort -u)
    [ "${#names[@]}" -eq 10 ] || fail "Ten files are released, package lists ${#names[@]}."
    for name in "${names[@]}"; do
        mapfile -t files < <(find dist target/cross/dist -name "$name" -size +0 -newer target/ci/begun)
        [ "${#files[@]}" -gt 0 ] || fail "No step has built $name."
        passed 1
    done
}

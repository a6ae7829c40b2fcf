# shellcheck shell=bash
# The released file against servers that others wrote, started as a scie's launcher starts it: no input, stdout a pipe.

servers() {
    local root=$PWD/target/ci/servers size=$((1 << 30)) manifest hash url name
    rm -rf "$root"
    mkdir -p "$root/www" "$root/tmp"
    # Not all zeros, so that a block out of place is seen.
    python3 - "$root/www/large" "$size" <<'PYTHON'
import random, sys
name, size = sys.argv[1], int(sys.argv[2])
block = bytearray(random.Random(1).randbytes(1 << 20))
with open(name, "wb") as file:
    for i in range(size >> 20):
        block[:8] = i.to_bytes(8, "big")
        file.write(block)
PYTHON
    printf 'small\n' >"$root/www/small"
    : >"$root/www/empty"
    hash=$(sha256sum "$root/www/large" | cut -d ' ' -f 1)

    cat >"$root/nginx.conf" <<NGINX
user root;
pid $root/nginx.pid;
error_log $root/nginx.log;
events {}
http {
    access_log off;
    client_body_temp_path $root/tmp; proxy_temp_path $root/tmp; fastcgi_temp_path $root/tmp;
    uwsgi_temp_path $root/tmp; scgi_temp_path $root/tmp;
    server { listen 127.0.0.1:18080; listen [::1]:18080; root $root/www; }
}
NGINX
    local children=()
    nginx -c "$root/nginx.conf" -g 'daemon off;' & children+=($!)
    python3 -m http.server 18081 --bind 127.0.0.1 --directory "$root/www" >"$root/python.log" 2>&1 & children+=($!)
    # shellcheck disable=SC2064 # these processes, as they are known now
    trap "kill ${children[*]} 2>/dev/null || true" RETURN
    for url in 127.0.0.1:18080 127.0.0.1:18081; do
        clean curl -sf --retry 40 --retry-delay 1 --retry-connrefused -o "$root/tmp/empty" "http://$url/empty" ||
            fail "No server at $url."
    done

    for url in http://127.0.0.1:18080 'http://[::1]:18080' http://127.0.0.1:18081; do
        manifest=$root/lift.json
        printf '{"scie": {"lift": {"files": [{"name": "large", "size": %d, "hash": "%s"}]}}, "ptex": {%s}}\n' \
            "$size" "$hash" "\"large\": \"$url/large\", \"small\": \"$url/small\", \"empty\": \"$url/empty\"" >"$manifest"
        for name in large small empty; do
            clean dist/ptex-linux-x86_64 "$manifest" "$name" 2>"$root/stderr" | cmp - "$root/www/$name" ||
                fail "$url: $name from a manifest is not what was served: $(cat "$root/stderr")"
            clean dist/ptex-linux-x86_64 "$url/$name" 2>"$root/stderr" | cmp - "$root/www/$name" ||
                fail "$url: $name is not what was served: $(cat "$root/stderr")"
            [ ! -s "$root/stderr" ] || fail "$url: $(cat "$root/stderr")"
            passed 2
        done
        ! clean dist/ptex-linux-x86_64 "$url/missing" >"$root/stdout" 2>"$root/stderr" ||
            fail "$url: a missing file was fetched."
        [ ! -s "$root/stdout" ] || fail "$url: a missing file has bytes."
        [ "$(wc -l <"$root/stderr")" -eq 1 ] || fail "$url: not one line: $(cat "$root/stderr")"
        grep -q '^Failed to fetch .*404' "$root/stderr" || fail "$url: $(cat "$root/stderr")"
        passed 1
    done
    rm -r "$root/www"
}

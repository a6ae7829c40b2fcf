# shellcheck shell=bash
# Proxies and logins with the software that people run: squid, tinyproxy, dante, microsocks, stunnel, nginx.

proxies() {
    local here=$PWD/target/ci/proxies ptex=$PWD/dist/ptex-linux-x86_64 host=127.0.8.1 children=()
    # A process of its own, which takes its children with it however it ends.
    (proxies_all)
}

proxies_all() {
    local proxy
    rm -rf "$here"
    mkdir -p "$here/www/basic" "$here/squid"
    head -c 3000000 /dev/urandom >"$here/www/file"
    cp "$here/www/file" "$here/www/basic/file"
    chmod -R go=rX "$here"
    chown proxy "$here/squid"
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=server -days 2 \
        -addext "subjectAltName=IP:$host,DNS:localhost" -keyout "$here/key.pem" -out "$here/cert.pem" 2>"$here/openssl.log"
    printf 'me:%s\n' "$(openssl passwd -apr1 'right p@ss')" >"$here/htpasswd"
    printf 'me:r:%s\n' "$(printf 'me:r:right p@ss' | md5sum | cut -d ' ' -f 1)" >"$here/htdigest"
    trap 'kill "${children[@]}" 2>>"$here/waiting" || true' EXIT
    proxies_servers
    proxies_squid 13128 ''
    proxies_squid 13129 "auth_param basic program /usr/lib/squid/basic_ncsa_auth $here/htpasswd"
    proxies_squid 13130 "auth_param digest program /usr/lib/squid/digest_file_auth -c $here/htdigest
auth_param digest realm r"
    proxies_squid 13131 'auth_param ntlm program /usr/lib/squid/ntlm_fake_auth'
    proxies_tinyproxy 13132
    proxies_tinyproxy 13133 'BasicAuth me secret'
    proxies_socks
    proxies_stunnel 13137 13129

    local http=http://$host:13080/file https=https://$host:13443/file
    local login='me:right%20p%40ss'
    for proxy in "http://$host:13128" "$host:13128" "http://$login@$host:13129" \
        "https://$login@$host:13137" "http://$host:13132" "http://me:secret@$host:13133" "socks4://$host:13134" \
        "socks4a://$host:13134" "socks5://$host:13134" "socks5h://$host:13134" "socks5://me:secret@$host:13135" \
        "socks5h://me:secret@$host:13135"; do
        proxies_fetch "all_proxy=$proxy" "$http"
        proxies_fetch "all_proxy=$proxy" "$https"
    done
    # Two connections each through a tunnel of its own; to tinyproxy any other port than that of nginx is out of bounds.
    for proxy in "http://$host:13128" "http://$login@$host:13129" "https://$login@$host:13137" "socks4://$host:13134" \
        "socks5h://$host:13134" "socks5://me:secret@$host:13135"; do
        proxies_fetch "ftp_proxy=$proxy" "ftp://$host:13021/file"
    done
    proxies_refused "all_proxy=$host:13132" "ftp://$host:13021/file" "Proxy $host:13132: no tunnel: HTTP/1.1 403"
    proxies_fetch "all_proxy=socks5h://$host:13134" https://localhost:13443/file
    proxies_fetch "https_proxy=$host:1" "$http"
    proxies_fetch "all_proxy=$host:1" "no_proxy=127.0.0.0/8" "$https"
    # That they were used: their own words.
    [ "$(grep -c CONNECT "$here/squid/13128.log")" -ge 2 ] || fail 'squid saw no CONNECT.'
    clean SSL_CERT_FILE="$here/cert.pem" "https_proxy=$host:13132" "$ptex" -D "$https" 2>"$here/stderr" >"$here/stdout"
    grep -q '^Proxy-agent: tinyproxy' "$here/stderr" || fail 'The answer to CONNECT is not shown.'

    # What goes wrong is one line, and nobody's password is in it.
    proxies_refused "all_proxy=http://me:wrong@$host:13129" "$https" "Proxy $host:13129: no tunnel: HTTP/1.1 407 Proxy"
    proxies_refused "all_proxy=http://$login@$host:13130" "$https" '(unsupported authentication: Digest)'
    proxies_refused "all_proxy=http://$login@$host:13130" "$http" '(unsupported authentication: Digest)'
    proxies_refused "all_proxy=http://me:wrong@$host:13129" "$http" "Proxy $host:13129: The requested URL returned error: 407"
    proxies_refused "all_proxy=http://$login@$host:13131" "$https" '(unsupported authentication: NTLM)'
    proxies_refused "all_proxy=http://$login@$host:13131" "$http" '(unsupported authentication: NTLM)'
    proxies_refused "all_proxy=http://me:wrong@$host:13133" "$https" "Proxy $host:13133: no tunnel: HTTP/1.0 401"
    proxies_refused "all_proxy=https://me:wrong@$host:13137" "$https" "Proxy $host:13137: no tunnel: HTTP/1.1 407"
    proxies_refused "all_proxy=http://$host:13137" "$https" "Proxy $host:13137: "
    proxies_refused "all_proxy=https://$host:13128" "$https" "Proxy $host:13128: TLS with $host:13128: "
    proxies_refused "all_proxy=http://me:wrong@$host:1" "$https" "Proxy $host:1: Failed to connect to $host port 1"
    proxies_refused "all_proxy=socks5://me:wrong@$host:13135" "$https" "Proxy $host:13135: SOCKS: wrong user name or password"
    proxies_refused "all_proxy=socks5://$host:13135" "$https" "Proxy $host:13135: SOCKS: it wants a user name and a password"
    proxies_refused "all_proxy=socks5://$host:13134" "http://$host:13081/file" "SOCKS: connection not allowed by its rules"
    proxies_refused "all_proxy=socks4://$host:13134" "http://$host:13081/file" "SOCKS: request rejected or failed"
    proxies_refused "all_proxy=socks5://me:secret@$host:13135" "http://$host:1/file" "SOCKS: connection refused"
    proxies_refused "all_proxy=socks4://$host:13134" 'http://[::1]:1/' 'SOCKS 4 can only connect to IPv4 addresses'
    proxies_refused "all_proxy=ftp://me:wrong@$host" "$http" 'Bad proxy in all_proxy: neither http'

    # Logins at servers: of the URL, a netrc file and a variable.
    printf 'machine %s\nlogin me\npassword "right p@ss" # of both\n' "$host" >"$here/netrc"
    proxies_fetch x=y "http://$login@$host:13080/basic/file"
    proxies_fetch "NETRC=$here/netrc" "http://$host:13080/basic/file"
    proxies_fetch "NETRC=$here/netrc" "https://me@$host:13443/basic/file"
    proxies_fetch "PTEX_AUTH_127_0_8_1___13080=me:right p@ss" "http://$host:13080/basic/file"
    proxies_fetch "all_proxy=http://$login@$host:13129" "http://$login@$host:13080/basic/file"
    proxies_refused x=y "http://me:wrong@$host:13080/basic/file" 'The requested URL returned error: 401'
    proxies_refused "NETRC=$here/netrc" "http://you@$host:13080/basic/file" 'The requested URL returned error: 401'
    proxies_fetch "PTEX_URL_REWRITE=https://example.com/=http://$login@$host:13080/basic/" https://example.com/file
}

# ptex with variables fetches the file.
proxies_fetch() { # VARIABLE=VALUE... URL
    clean SSL_CERT_FILE="$here/cert.pem" NETRC=/nonexistent PTEX_RETRY=0 "${@:1:$#-1}" "$ptex" "${@: -1}" 2>"$here/stderr" |
        cmp - "$here/www/file" || fail "$*: $(cat "$here/stderr")"
    [ ! -s "$here/stderr" ] || fail "$*: $(cat "$here/stderr")"
    passed 1
}

# ptex with a variable fails, with one line that has TEXT in it and no password.
proxies_refused() { # VARIABLE=VALUE URL TEXT
    ! clean SSL_CERT_FILE="$here/cert.pem" NETRC=/nonexistent PTEX_RETRY=0 "$1" "$ptex" "$2" >"$here/stdout" 2>"$here/stderr" ||
        fail "$1 $2 succeeded."
    [ ! -s "$here/stdout" ] || fail "$1 $2: bytes came out."
    [ "$(wc -l <"$here/stderr")" -eq 1 ] || fail "$1 $2: not one line: $(cat "$here/stderr")"
    grep -qF -- "$3" "$here/stderr" || fail "$1 $2: $(cat "$here/stderr")"
    ! grep -qE 'wrong@|secret|p@ss|p%40ss' "$here/stderr" || fail "A password is shown: $(cat "$here/stderr")"
    passed 1
}

# Notes the process that was started last, and waits until it listens.
proxies_wait() { # PORT
    children+=($!)
    local tries=0
    until (exec 3<>"/dev/tcp/$host/$1") 2>>"$here/waiting"; do
        kill -0 "${children[-1]}" || fail "What was to listen on $1 did not start: $(cat "$here/$1.out")"
        tries=$((tries + 1))
        [ "$tries" -lt 200 ] || fail "Nothing listens on $host:$1."
        sleep 0.1
    done
    kill -0 "${children[-1]}" || fail "Something else listens on $host:$1."
}

proxies_servers() {
    cat >"$here/nginx.conf" <<NGINX
user root;
pid $here/nginx.pid;
error_log $here/nginx.log;
events {}
http {
    access_log off;
    client_body_temp_path $here/tmp; proxy_temp_path $here/tmp; fastcgi_temp_path $here/tmp;
    uwsgi_temp_path $here/tmp; scgi_temp_path $here/tmp;
    server {
        listen $host:13080; listen $host:13081;
        listen $host:13443 ssl; listen 127.0.0.1:13443 ssl;
        ssl_certificate $here/cert.pem; ssl_certificate_key $here/key.pem;
        root $here/www;
        location /basic/ { auth_basic b; auth_basic_user_file $here/htpasswd; }
    }
}
NGINX
    nginx -c "$here/nginx.conf" -g 'daemon off;' >"$here/13443.out" 2>&1 &
    proxies_wait 13443
    /usr/bin/python3 -m pyftpdlib -i "$host" -p 13021 -d "$here/www" >"$here/13021.out" 2>&1 &
    proxies_wait 13021
}

proxies_squid() { # PORT AUTHENTICATION
    local who=all
    [ -z "$2" ] || who=known
    cat >"$here/squid/$1.conf" <<SQUID
http_port $host:$1
pid_filename $here/squid/$1.pid
cache_log $here/squid/$1.cache
access_log stdio:$here/squid/$1.log
coredump_dir $here/squid
cache deny all
shutdown_lifetime 0 seconds
$2
$([ -z "$2" ] || echo 'acl known proxy_auth REQUIRED')
http_access allow $who
http_access deny all
SQUID
    squid -N -n "s$1" -f "$here/squid/$1.conf" >"$here/$1.out" 2>&1 &
    proxies_wait "$1"
}

proxies_tinyproxy() { # PORT [SETTING]
    printf '%s\n' "Port $1" "Listen $host" 'Allow 127.0.0.0/8' 'ConnectPort 13443' "${2:-}" >"$here/$1.conf"
    tinyproxy -d -c "$here/$1.conf" >"$here/$1.out" 2>&1 &
    proxies_wait "$1"
}

# dante, which may not connect to that port of nginx; microsocks, which wants a password.
proxies_socks() {
    cat >"$here/dante.conf" <<DANTE
logoutput: $here/dante.log
internal: $host port = 13134
external: $host
clientmethod: none
socksmethod: none
user.privileged: root
user.unprivileged: nobody
client pass { from: 0/0 to: 0/0 }
socks block { from: 0/0 to: 0/0 port = 13081 }
socks pass { from: 0/0 to: 0/0 }
DANTE
    danted -N 1 -f "$here/dante.conf" -p "$here/dante.pid" >"$here/13134.out" 2>&1 &
    proxies_wait 13134
    microsocks -i "$host" -p 13135 -u me -P secret >"$here/13135.out" 2>&1 &
    proxies_wait 13135
}

# TLS in front of a proxy.
proxies_stunnel() { # PORT PORT
    printf '%s\n' 'foreground = yes' 'pid =' '[p]' "accept = $host:$1" "connect = $host:$2" \
        "cert = $here/cert.pem" "key = $here/key.pem" >"$here/stunnel.conf"
    stunnel4 "$here/stunnel.conf" >"$here/$1.out" 2>&1 &
    proxies_wait "$1"
}

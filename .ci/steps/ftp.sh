# shellcheck shell=bash
# FTP and FTPS with the servers that people run: vsftpd, ProFTPD and pyftpdlib, on the loopback's own addresses. The first two
# demand by default that data connections resume the TLS session.

ftp() {
    local here=$PWD/target/ci/ftp ptex=$PWD/dist/ptex-linux-x86_64 proftpd=$PWD/target/ci/proftpd/usr user=ptex-ci
    local server checks=0
    rm -rf "$here"
    mkdir -p "$here/root/sub folder" "$here/home" "$here/work" /run/vsftpd/empty
    head -c 3000000 /dev/urandom >"$here/root/sub folder/file"
    : >"$here/root/empty"
    chmod -R go=rX "$here"
    ftp_certificate
    # An account to log in to, for as long as this takes.
    id "$user" >"$here/id" 2>&1 || useradd --no-create-home --home-dir "$here/root" --shell /bin/sh "$user"
    printf '%s:right p@ss\n' "$user" | chpasswd

    ftp_server 127.0.9.21 12021 vsftpd
    ftp_plain 127.0.9.21:12021
    ftp_resumed 127.0.9.21:12021
    ftp_stop
    ftp_server 127.0.9.22 12021 vsftpd ssl_enable=YES
    ftp_secure 127.0.9.22:12021 '530 Non-anonymous sessions must use encryption.'
    ftp_stop
    ftp_server 127.0.9.90 990 vsftpd ssl_enable=YES implicit_ssl=YES
    ftp_secure 127.0.9.90
    ftp_stop
    ftp_server 127.0.9.90 12990 vsftpd ssl_enable=YES implicit_ssl=YES
    ftp_secure 127.0.9.90:12990
    ftp_stop
    # The first attempt at TLS fails then, on each control and each data connection. Nothing is resumed by TLS 1.3.
    ftp_openssl tls13 MinProtocol=TLSv1.3
    OPENSSL_CONF=$here/tls13.cnf ftp_server 127.0.9.25 12021 vsftpd ssl_enable=YES require_ssl_reuse=NO
    ! openssl s_client -starttls ftp -connect 127.0.9.25:12021 -tls1_2 </dev/null >"$here/s_client" 2>&1 ||
        fail 'The server has TLS 1.2.'
    ftp_secure 127.0.9.25:12021
    ftp_stop
    OPENSSL_CONF=$here/tls13.cnf ftp_server 127.0.9.26 12021 pyftpdlib tls
    ftp_secure 127.0.9.26:12021
    ftp_stop
    # As of before OpenSSL 1.1.0.
    ftp_openssl old MaxProtocol=TLSv1.2 Options=-ExtendedMasterSecret
    OPENSSL_CONF=$here/old.cnf ftp_server 127.0.9.28 12021 vsftpd ssl_enable=YES
    openssl s_client -starttls ftp -connect 127.0.9.28:12021 </dev/null >"$here/s_client" 2>&1 || true
    grep -x ' *Extended master secret: no' "$here/s_client" || fail 'The server has an extended master secret.'
    ftp_secure 127.0.9.28:12021
    ftp_stop
    ftp_server 127.0.9.27 12021 proftpd
    ftp_secure 127.0.9.27:12021 '550 SSL/TLS required on the control channel'
    ftp_stop
    grep 'resumed session' "$here/log" || fail 'ProFTPD says of no connection that it is of a resumed session.'
    ftp_server 127.0.9.27 990 proftpd 'TLSOptions UseImplicitSSL'
    ftp_secure 127.0.9.27
    ftp_stop
    ftp_server 127.0.9.23 12021 pyftpdlib
    ftp_plain 127.0.9.23:12021
    ftp_stop
    ftp_server 127.0.9.24 12021 pyftpdlib tls
    ftp_secure 127.0.9.24:12021 '550 SSL/TLS required on the control channel.'
    ftp_stop

    userdel "$user"
    passed "$checks"
}

# A CA that signs for all of the addresses, and one that nobody asked for.
ftp_certificate() {
    local ca
    for ca in ca other; do
        openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$ca" -days 2 \
            -keyout "$here/$ca.key" -out "$here/$ca.pem" 2>>"$here/openssl.log"
    done
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=server \
        -keyout "$here/server.key" -out "$here/server.csr" 2>>"$here/openssl.log"
    printf 'subjectAltName=' >"$here/names"
    printf 'IP:127.0.9.%s,' 22 24 25 26 27 28 >>"$here/names"
    echo IP:127.0.9.90 >>"$here/names"
    openssl x509 -req -in "$here/server.csr" -CA "$here/ca.pem" -CAkey "$here/ca.key" -days 2 -out "$here/server.crt" \
        -extfile "$here/names" 2>>"$here/openssl.log"
    cat "$here/server.key" "$here/server.crt" >"$here/server.pem"
}

# Settings for what uses OpenSSL.
ftp_openssl() { # NAME SETTING...
    local name=$1
    shift
    printf '%s\n' 'openssl_conf=o' '[o]' 'ssl_conf=s' '[s]' 'system_default=d' '[d]' "$@" >"$here/$name.cnf"
}

# Starts a server, whose id is then in `server`, and waits until it listens.
ftp_server() { # ADDRESS PORT vsftpd|proftpd [SETTING...] | ADDRESS PORT pyftpdlib [tls]
    local address=$1 tcp_port=$2 kind=$3
    shift 3
    : >"$here/log"
    case $kind in
    vsftpd)
        printf '%s\n' listen=YES background=NO "listen_address=$address" "listen_port=$tcp_port" anonymous_enable=YES \
            "anon_root=$here/root" local_enable=YES allow_anon_ssl=YES "rsa_cert_file=$here/server.crt" \
            "rsa_private_key_file=$here/server.key" ssl_ciphers=HIGH secure_chroot_dir=/run/vsftpd/empty \
            pam_service_name=vsftpd xferlog_enable=YES log_ftp_protocol=YES "vsftpd_log_file=$here/log" \
            seccomp_sandbox=NO isolate=NO isolate_network=NO "$@" >"$here/vsftpd.conf"
        vsftpd "$here/vsftpd.conf" >"$here/out" 2>&1 &
        ;;
    proftpd)
        printf '%s\n' "ModulePath $proftpd/lib/proftpd" 'LoadModule mod_tls.c' 'ServerType standalone' 'UseIPv6 off' \
            "DefaultAddress $address" 'SocketBindTight on' "Port $tcp_port" 'User nobody' 'Group nogroup' "PidFile $here/pid" \
            "ScoreboardFile $here/scoreboard" 'WtmpLog off' 'DelayEngine off' 'AuthOrder mod_auth_unix.c' 'AuthPAM off' \
            'RequireValidShell off' 'DefaultRoot ~' 'TLSEngine on' 'TLSRequired on' 'TLSProtocol TLSv1.2 TLSv1.3' \
            "TLSLog $here/log" "TLSECCertificateFile $here/server.crt" "TLSECCertificateKeyFile $here/server.key" "$@" \
            "<Anonymous $here/root>" 'User nobody' 'Group nogroup' 'UserAlias anonymous nobody' 'UseFtpUsers off' \
            '</Anonymous>' >"$here/proftpd.conf"
        "$proftpd/sbin/proftpd" --nodaemon --config "$here/proftpd.conf" >"$here/out" 2>&1 &
        ;;
    pyftpdlib)
        # Debian's own: it is for that one that Debian has pyftpdlib.
        /usr/bin/python3 .ci/ftp_server.py "$address" "$tcp_port" "$here" "$user" "$@" >"$here/out" 2>&1 &
        ;;
    esac
    server=$!
    local tries=0
    until (exec 3<>"/dev/tcp/$address/$tcp_port") 2>>"$here/waiting"; do
        kill -0 "$server" || fail "$kind did not start: $(cat "$here/out")"
        tries=$((tries + 1))
        [ "$tries" -lt 100 ] || fail "$kind does not listen on $address:$tcp_port."
        sleep 0.1
    done
}

ftp_stop() {
    kill "$server"
    wait "$server" || true
}

# What ptex makes of a URL: content on stdout, one line on stderr.
ftp_fetch() { # ARGUMENT...
    (cd "$here/work" && SSL_CERT_FILE=${anchor:-$here/ca.pem} clean_with_anchor timeout 60 "$ptex" "$@") 2>"$here/error"
}

clean_with_anchor() {
    local anchors=$SSL_CERT_FILE
    clean env SSL_CERT_FILE="$anchors" "$@"
}

ftp_is() { # FILE URL
    ftp_fetch "$2" >"$here/got" || fail "$2: $(cat "$here/error")"
    cmp "$here/got" "$1"
    [ ! -s "$here/error" ] || fail "$2: there was something to say: $(cat "$here/error")"
    checks=$((checks + 1))
}

ftp_fails() { # URL WHAT
    ! ftp_fetch "$1" >"$here/got" || fail "$1 was fetched."
    [ ! -s "$here/got" ] || fail "$1: there is output."
    [ "$(wc -l <"$here/error")" = 1 ] || fail "$1: not one line: $(cat "$here/error")"
    grep -F -e "$2" "$here/error" || fail "$1: not '$2' but: $(cat "$here/error")"
    ! grep -F -e 'p@ss' -e 'p%40ss' "$here/error" || fail "$1: the password is shown."
    checks=$((checks + 1))
}

ftp_lists() { # URL REGEX
    ftp_fetch "$1" >"$here/got" || fail "$1: $(cat "$here/error")"
    tr -d '\r' <"$here/got" | grep -x -E -e "$2" || fail "$1: no '$2' in: $(cat "$here/got")"
    checks=$((checks + 1))
}

ftp_all() { # URL
    local file="$here/root/sub folder/file"
    ftp_is "$file" "$1/sub%20folder/file"
    ftp_is "$file" "$1//sub%20folder///file;type=i"
    ftp_is /dev/null "$1/empty"
    ftp_lists "$1/" '-.* 0 .* empty'
    ftp_lists "$1/sub%20folder/" '-.* 3000000 .* file'
    ftp_lists "$1/sub%20folder/;type=d" file
    ftp_fails "$1/none" 'answered RETR with 550 '
    ftp_fails "$1/none/file" 'answered CWD with 550 '
}

ftp_plain() { # HOST:PORT
    ftp_all "ftp://$1"
    ftp_is "$here/root/empty" "ftp://$user:right%20p%40ss@$1/empty"
    ftp_fails "ftp://$user:wrong%20p%40ss@$1/empty" "Access denied: $1 answered PASS with 530 "
    ftp_fails "ftps://$1/empty" "$1 answered AUTH TLS with 5"
}

ftp_secure() { # HOST[:PORT] [WHAT THE SERVER SAYS WITHOUT TLS]
    ftp_all "ftps://$1"
    ftp_is "$here/root/empty" "ftps://$user:right%20p%40ss@$1/empty"
    ftp_fails "ftps://$user:wrong%20p%40ss@$1/empty" 'answered PASS with 530 '
    anchor=$here/other.pem ftp_fails "ftps://$1/empty" 'certificate'
    [ -z "${2:-}" ] || ftp_fails "ftp://$user:right%20p%40ss@$1/empty" "$2"
}

# Of what an earlier process left, nothing is fetched again if the file's time and size are the same.
ftp_resumed() { # HOST:PORT
    local file="$here/root/sub folder/file" url="ftp://$1/sub%20folder/file" rest note
    # FNV-1a, by which a part is known to be of this URL.
    note=$(python3 -c 'import functools, sys
print("%016x" % functools.reduce(lambda h, b: (h ^ b) * 0x100000001b3 % 2**64, sys.argv[1].encode(), 0xcbf29ce484222325))' "$url")
    for rest in 1000000 0; do
        head -c 1000000 "$file" >"$here/work/file.part"
        rm -f "$here/work/file"
        printf '%s ' "$note" >"$here/work/file.part.version"
        [ "$rest" = 0 ] || printf '%s 3000000' "$(date -u -r "$file" +%Y%m%d%H%M%S)" >>"$here/work/file.part.version"
        : >"$here/log"
        ftp_fetch -O -C - "$url" || fail "$(cat "$here/error")"
        cmp "$here/work/file" "$file"
        if [ "$rest" = 0 ]; then
            ! grep 'REST' "$here/log" || fail 'It was resumed although nothing tells that it is the same file.'
        else
            grep "REST $rest" "$here/log" || fail 'It was not resumed.'
        fi
        checks=$((checks + 1))
    done
}

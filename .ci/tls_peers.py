#!/usr/bin/env python3
"""ptex against TLS servers that others wrote: OpenSSL, GnuTLS and nginx, with what each can be made to demand.

    tls_peers.py PTEX FOLDER

Every case says what must come out: the bytes, or one line on stderr with these words in it, status 1 and no byte.
"""

import os
import shutil
import socket
import subprocess
import sys
import time

PTEX, FOLDER = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
BODY = bytes(i * i % 251 for i in range(300_000))
passed = 0


def run(*command, **keywords):
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, **keywords)


def openssl(*arguments):
    run("openssl", *arguments, stderr=subprocess.DEVNULL)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Server:
    """A server process that accepts connections, for as long as the block runs."""

    def __init__(self, command, port):
        self.command, self.port = command, port

    def __enter__(self):
        self.process = subprocess.Popen(self.command, cwd=FOLDER, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL)
        for _ in range(200):
            if self.process.poll() is not None:
                raise SystemExit(f"The server ended: {' '.join(self.command)}")
            with socket.socket() as s:
                if s.connect_ex(("127.0.0.1", self.port)) == 0:
                    return self
            time.sleep(0.05)
        raise SystemExit(f"No server: {' '.join(self.command)}")

    def __exit__(self, *_):
        # Not killed: nginx would leave its workers behind.
        self.process.terminate()
        self.process.wait(20)


def fetch(name, url, expected=None, refused=None, environment=None, command=None):
    """Fetches `url`; it must deliver `expected` (bytes, or a function that judges them) or be refused with these words."""
    global passed
    environment = {"SSL_CERT_FILE": f"{FOLDER}/ca.pem", "PTEX_RETRY": "0"} if environment is None else environment
    done = subprocess.run((command or [PTEX]) + [url], env=environment, stdin=subprocess.DEVNULL, capture_output=True,
                          timeout=60)
    line = done.stderr.decode()
    if refused is None:
        good = done.returncode == 0 and not line
        good = good and (expected(done.stdout) if callable(expected) else done.stdout == expected)
    else:
        good = done.returncode == 1 and not done.stdout and line.count("\n") == 1
        good = good and line.startswith("Failed to fetch ") and all(word in line for word in refused)
    if not good:
        raise SystemExit(f"{name}: status {done.returncode}, {len(done.stdout)} bytes, stderr: {line!r}")
    passed += 1


def make_certificates():
    def key(name, *algorithm):
        openssl("genpkey", "-out", f"{FOLDER}/{name}.key", *algorithm)

    key("ca", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256")
    openssl("req", "-x509", "-new", "-key", f"{FOLDER}/ca.key", "-subj", "/CN=Test CA", "-days", "3", "-out",
            f"{FOLDER}/ca.pem", "-addext", "basicConstraints=critical,CA:TRUE")
    with open(f"{FOLDER}/extensions", "w") as file:
        file.write("subjectAltName=DNS:localhost,IP:127.0.0.1\nextendedKeyUsage=serverAuth\n")
    # A certificate that is far longer than a record: TLS 1.3 must split the message.
    with open(f"{FOLDER}/long", "w") as file:
        names = ",".join(f"DNS:n{i}.{'x' * 60}.example" for i in range(400))
        file.write(f"subjectAltName=DNS:localhost,{names}\nextendedKeyUsage=serverAuth\n")
    kinds = {
        "p256": ("-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"),
        "p384": ("-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384"),
        "rsa2048": ("-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"),
        "rsa4096": ("-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:4096"),
        "ed25519": ("-algorithm", "ED25519"),
        "huge": ("-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"),
    }
    for name, algorithm in kinds.items():
        key(name, *algorithm)
        openssl("req", "-new", "-key", f"{FOLDER}/{name}.key", "-subj", "/CN=localhost", "-out", f"{FOLDER}/{name}.csr")
        openssl("x509", "-req", "-in", f"{FOLDER}/{name}.csr", "-CA", f"{FOLDER}/ca.pem", "-CAkey", f"{FOLDER}/ca.key",
                "-CAcreateserial", "-days", "2", "-extfile", f"{FOLDER}/{'long' if name == 'huge' else 'extensions'}",
                "-out", f"{FOLDER}/{name}.pem")


def openssl_cases():
    def case(name, key, *arguments, refused=None):
        port = free_port()
        command = ["openssl", "s_server", "-accept", f"127.0.0.1:{port}", "-WWW", "-quiet", "-cert", f"{key}.pem", "-key",
                   f"{key}.key", "-CAfile", "ca.pem", *arguments]
        with Server(command, port):
            fetch(f"OpenSSL, {name}", f"https://localhost:{port}/body", BODY, refused)

    for key in ("p256", "p384", "rsa2048", "rsa4096", "ed25519"):
        case(f"TLS 1.3, {key}", key, "-tls1_3")
        case(f"TLS 1.2, {key}", key, "-tls1_2")
    for group in ("P-256", "P-384", "X25519"):
        case(f"TLS 1.2, {group}", "p256", "-tls1_2", "-groups", group)
        case(f"both versions, {group} alone", "rsa2048", "-groups", group)
    for cipher in ("AES128-GCM-SHA256", "AES256-GCM-SHA384", "CHACHA20-POLY1305"):
        for kind, key in (("ECDSA", "p256"), ("RSA", "rsa2048")):
            case(f"TLS 1.2, {kind} {cipher}", key, "-tls1_2", "-cipher", f"ECDHE-{kind}-{cipher}")
    for suite in ("TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"):
        case(f"both versions, {suite} in 1.3", "p256", "-ciphersuites", suite)
    for version in ("-tls1_2", "-tls1_3"):
        case(f"asks for a certificate, {version}", "p256", version, "-verify", "1")
        case(f"demands a certificate, {version}", "p256", version, "-Verify", "1", refused=["TLS"])
    case("records of 512 bytes", "p256", "-max_send_frag", "512")
    case("records of 512 bytes, TLS 1.2 alone", "p256", "-tls1_2", "-max_send_frag", "512")
    case("records of 512 bytes, TLS 1.3 alone", "p256", "-tls1_3", "-max_send_frag", "512", refused=["split over records"])
    case("a certificate of more than 16 KiB", "huge")
    case("no tickets", "p256", "-no_ticket")
    case("TLS 1.1", "rsa2048", "-tls1_1", "-cipher", "ALL:@SECLEVEL=0", refused=["TLS 1.1"])
    case("RSA key exchange", "rsa2048", "-tls1_2", "-cipher", "AES128-GCM-SHA256", refused=["RSA key exchange"])
    case("CBC", "rsa2048", "-tls1_2", "-cipher", "ECDHE-RSA-AES128-SHA256", refused=["CBC"])
    case("P-521 alone", "p256", "-groups", "P-521", refused=["other than P-256, P-384 and X25519"])
    alone = "TLS 1.3 is spoken with P-256 and AES-128-GCM alone"
    for suite in ("TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"):
        case(f"TLS 1.3 and {suite} alone", "p256", "-tls1_3", "-ciphersuites", suite, refused=[alone])
    for group in ("X25519", "P-384"):
        case(f"TLS 1.3 and {group} alone", "p256", "-tls1_3", "-groups", group, refused=[alone])


def gnutls_cases():
    def case(name, key, priority, refused=None):
        port = free_port()
        command = ["gnutls-serv", "--http", "--quiet", "--noticket", "--port", str(port), "--x509certfile", f"{key}.pem",
                   "--x509keyfile", f"{key}.key", "--priority", priority]
        with Server(command, port):
            fetch(f"GnuTLS, {name}", f"https://127.0.0.1:{port}/", lambda body: b"GnuTLS" in body, refused)

    for key in ("p256", "p384", "rsa2048", "rsa4096", "ed25519"):
        for version in ("1.2", "1.3"):
            case(f"TLS {version}, {key}", key, f"NORMAL:-VERS-ALL:+VERS-TLS{version}")
    for group in ("SECP256R1", "SECP384R1", "X25519"):
        case(f"TLS 1.2, {group}", "p256", f"NORMAL:-VERS-ALL:+VERS-TLS1.2:-GROUP-ALL:+GROUP-{group}")
    for cipher in ("AES-128-GCM", "AES-256-GCM", "CHACHA20-POLY1305"):
        case(f"TLS 1.2, {cipher}", "rsa2048", f"NORMAL:-VERS-ALL:+VERS-TLS1.2:-CIPHER-ALL:+{cipher}")
    case("CBC", "rsa2048", "NORMAL:-VERS-ALL:+VERS-TLS1.2:-CIPHER-ALL:+AES-128-CBC", refused=["CBC"])


def nginx_cases():
    ports = {"TLSv1.3": free_port(), "TLSv1.2": free_port(), "TLSv1.2 TLSv1.3": free_port()}
    servers = "".join(
        f"server {{ listen 127.0.0.1:{port} ssl; root {FOLDER}; ssl_protocols {versions};"
        f" ssl_certificate {FOLDER}/p256.pem; ssl_certificate_key {FOLDER}/p256.key;"
        f" ssl_certificate {FOLDER}/rsa2048.pem; ssl_certificate_key {FOLDER}/rsa2048.key; }}\n"
        for versions, port in ports.items())
    temporary = "".join(f"{kind}_temp_path {FOLDER}/tmp; " for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    with open(f"{FOLDER}/nginx.conf", "w") as file:
        file.write(f"user root; daemon off; pid {FOLDER}/nginx.pid; error_log {FOLDER}/nginx.log; events {{}}\n"
                   f"http {{ access_log off; {temporary}\n{servers} }}\n")
    port = ports["TLSv1.3"]
    with Server(["nginx", "-c", f"{FOLDER}/nginx.conf"], port):
        for versions, port in ports.items():
            fetch(f"nginx, {versions}", f"https://localhost:{port}/body", BODY)
            fetch(f"nginx, {versions}, by address", f"https://127.0.0.1:{port}/body", BODY)
            fetch(f"nginx, {versions}, another name", f"https://anything.localhost:{port}/body",
                  refused=["anything.localhost", "localhost"])
            fetch(f"nginx, {versions}, not there", f"https://localhost:{port}/none", refused=["404"])
        bare_machine(ports["TLSv1.2 TLSv1.3"])


def bare_machine(port):
    """A machine with nothing on it: the built-in roots are what is trusted, until there is a bundle."""
    root = f"{FOLDER}/root"
    os.makedirs(f"{root}/etc/ssl/certs")
    shutil.copy(PTEX, f"{root}/ptex")
    chroot = [shutil.which("chroot"), root, "/ptex"]
    url = f"https://127.0.0.1:{port}/body"
    keep = {"PTEX_RETRY": "0"}
    fetch("no bundle", url, refused=["Test CA", "built-in"], environment=keep, command=chroot)
    shutil.copy(f"{FOLDER}/ca.pem", f"{root}/mine.pem")
    fetch("SSL_CERT_FILE", url, BODY, environment=keep | {"SSL_CERT_FILE": "/mine.pem"}, command=chroot)
    os.makedirs(f"{root}/folder")
    shutil.copy(f"{FOLDER}/ca.pem", f"{root}/folder/any name")
    fetch("SSL_CERT_DIR", url, BODY, environment=keep | {"SSL_CERT_DIR": "/folder"}, command=chroot)
    shutil.copy(f"{FOLDER}/ca.pem", f"{root}/etc/ssl/certs/ca-certificates.crt")
    fetch("the system's bundle", url, BODY, environment=keep, command=chroot)


shutil.rmtree(FOLDER, ignore_errors=True)
os.makedirs(f"{FOLDER}/tmp")
with open(f"{FOLDER}/body", "wb") as file:
    file.write(BODY)
make_certificates()
openssl_cases()
gnutls_cases()
nginx_cases()
print(f"{passed} cases")

#!/usr/bin/env python3
"""Trust, native TLS, proxy settings and logins on Windows: the released file under Wine, against Python's and OpenSSL's servers.

    windows_tls.py PTEX WINE FOLDER     where WINE is the folder of its programs

Wine's store is filled by its registry, as a real one is by its administrator. What our own TLS cannot negotiate, here a
curve that it does not have, is what Schannel is for. Wine's verifies nothing by itself, whatever it is told: each refusal
below is the program's doing. Wine 8 has no TLS 1.3 in Schannel, so that is not tested.
"""

import base64
import getpass
import hashlib
import os
import shutil
import socket
import ssl
import struct
import subprocess
import sys
import threading
import time

PTEX, FOLDER = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[3])
# At the address where Wine needs a page, its heap would be in one of some thousand runs.
WINE = ["setarch", "-R", f"{sys.argv[2]}/wine64"]
BODY = bytes(i * i % 251 for i in range(300_000))
ENVIRONMENT = {"WINEPREFIX": f"{FOLDER}/prefix", "WINEDEBUG": "-all", "HOME": FOLDER, "PATH": os.environ["PATH"]}
WITHOUT_LENGTH = b"HTTP/1.1 200 OK\r\n\r\n"
passed = 0


def openssl(*arguments):
    subprocess.run(["openssl", *arguments], check=True, cwd=FOLDER, stdin=subprocess.DEVNULL, capture_output=True)


def wine(*command):
    # Not into pipes: services of Wine that are started on the way would have them, too, and stay.
    subprocess.run([*WINE, *command], check=True, env=ENVIRONMENT, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL, timeout=300)


def windows_path(name):
    return "Z:" + f"{FOLDER}/{name}".replace("/", "\\")


def fetch(name, url, expected=None, refused=None, partly=False, **environment):
    """Fetches `url`; it must deliver `expected`, or be refused with these words and no byte (or a part of the body)."""
    global passed
    done = subprocess.run([*WINE, PTEX, url], env=ENVIRONMENT | {"PTEX_RETRY": "0"} | environment,
                          stdin=subprocess.DEVNULL, capture_output=True, timeout=120)
    # Wine has the library that is its Schannel complain on stderr.
    line = "".join(line for line in done.stderr.decode().splitlines(True) if not line.startswith("GnuTLS error: "))
    if refused is None:
        good = done.returncode == 0 and not line and done.stdout == expected
    else:
        good = done.returncode == 1 and line.count("\n") == 1 and line.startswith("Failed to fetch ")
        good = good and all(word in line for word in refused)
        good = good and (BODY.startswith(done.stdout) if partly else not done.stdout)
    if not good:
        raise SystemExit(f"{name}: status {done.returncode}, {len(done.stdout)} bytes, stderr: {line!r}")
    passed += 1


# Certificates.

def certificate(name, issuer=None, extensions="", days="3", subject=None):
    """A certificate with the key `name`.key (RSA: Wine verifies no other signatures of issuers)."""
    with open(f"{FOLDER}/{name}.ext", "w") as file:
        file.write(extensions)
    openssl("req", "-new", "-newkey", "rsa:2048", "-nodes", "-keyout", f"{name}.key", "-subj", f"/CN={subject or name}",
            "-out", f"{name}.csr")
    signer = ["-signkey", f"{name}.key"] if issuer is None else ["-CA", f"{issuer}.pem", "-CAkey", f"{issuer}.key",
                                                                  "-CAcreateserial"]
    openssl("x509", "-req", "-in", f"{name}.csr", *signer, "-days", days, "-extfile", f"{name}.ext", "-out", f"{name}.pem")


def dated(name, begin, end):
    """A certificate of Test Root for a time of its own."""
    openssl("req", "-new", "-newkey", "rsa:2048", "-nodes", "-keyout", f"{name}.key", "-subj", "/CN=dated", "-out",
            f"{name}.csr")
    with open(f"{FOLDER}/{name}.index", "w"):
        pass
    with open(f"{FOLDER}/{name}.cnf", "w") as file:
        file.write(f"[ca]\ndefault_ca=own\n[own]\ndatabase={name}.index\nnew_certs_dir=.\nrand_serial=yes\ndefault_md=sha256\n"
                   "policy=any\nx509_extensions=leaf\n[any]\ncommonName=supplied\n[leaf]\n" + LEAF)
    openssl("ca", "-batch", "-config", f"{name}.cnf", "-cert", "root.pem", "-keyfile", "root.key", "-in", f"{name}.csr",
            "-out", f"{name}.pem", "-startdate", begin, "-enddate", end, "-notext")


CA = "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign\n"
LEAF = "subjectAltName=DNS:localhost,IP:127.0.0.1\nextendedKeyUsage=serverAuth\n"


def make_certificates():
    certificate("root", extensions=CA, subject="Test Root")
    certificate("other", extensions=CA, subject="Other Root")
    certificate("namesake", extensions=CA, subject="Test Root")
    certificate("intermediate", "root", CA, subject="Test Intermediate")
    certificate("server", "root", LEAF)
    certificate("below", "intermediate", LEAF)
    certificate("stranger", "other", LEAF)
    certificate("forged", "namesake", LEAF)
    certificate("itself", extensions=LEAF)
    certificate("elsewhere", "root", "subjectAltName=DNS:other.test\nextendedKeyUsage=serverAuth\n", subject="localhost")
    certificate("nameless", "root", "extendedKeyUsage=serverAuth\n", subject="localhost")
    certificate("client", "root", "subjectAltName=DNS:localhost\nextendedKeyUsage=clientAuth\n")
    dated("expired", "20200101000000Z", "20200203000000Z")
    dated("future", "21200203000000Z", "21210203000000Z")
    with open(f"{FOLDER}/whole.pem", "w") as file:
        for part in ("below", "intermediate"):
            with open(f"{FOLDER}/{part}.pem") as one:
                file.write(one.read())


def trust(store, name):
    """Puts a certificate into a store of the user: a value of two properties, its SHA-1 and itself."""
    with open(f"{FOLDER}/{name}.pem") as file:
        der = ssl.PEM_cert_to_DER_cert(file.read())
    sha1 = hashlib.sha1(der).digest()
    blob = struct.pack("<III", 3, 1, len(sha1)) + sha1 + struct.pack("<III", 32, 1, len(der)) + der
    key = f"HKEY_CURRENT_USER\\Software\\Microsoft\\SystemCertificates\\{store}\\Certificates\\{sha1.hex().upper()}"
    with open(f"{FOLDER}/{name}.reg", "w", newline="\r\n") as file:
        file.write(f"Windows Registry Editor Version 5.00\n\n[{key}]\n\"Blob\"=hex:{','.join(f'{b:02x}' for b in blob)}\n")
    wine("reg", "import", windows_path(f"{name}.reg"))


# Servers.

def context(name, native, key=None):
    """What a server speaks: all that it can, or (native) TLS 1.2 with a curve that only the system's TLS has."""
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.load_cert_chain(f"{FOLDER}/{name}.pem", f"{FOLDER}/{key or name}.key")
    made.set_alpn_protocols(["http/1.1"])
    if native:
        made.maximum_version = ssl.TLSVersion.TLSv1_2
        made.set_ecdh_curve("secp521r1")
    made.sni_callback = lambda connection, name, _: made.names.append(name)
    made.names = []
    return made


def whole(connection):
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(BODY) + BODY)
    if isinstance(connection, ssl.SSLSocket):
        connection.unwrap()


class Server:
    """Accepts connections on a port of its own for as long as the block runs, and answers each request by `answer`."""

    def __init__(self, context, answer=whole):
        self.context, self.answer, self.requests, self.protocols, self.lines = context, answer, 0, [], []
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.url = f"https://localhost:{self.port}/"

    def __enter__(self):
        threading.Thread(target=self.run, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.socket.close()

    def run(self):
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, plain):
        # Handshakes fail here, and clients go away: both are what is tested.
        try:
            with plain:
                connection = self.context.wrap_socket(plain, server_side=True) if self.context else plain
                with connection:
                    request = b""
                    while b"\r\n\r\n" not in request:
                        part = connection.recv(4096)
                        if not part:
                            return
                        request += part
                    self.requests += 1
                    self.lines += request.split(b"\r\n")
                    if self.context:
                        self.protocols.append(connection.selected_alpn_protocol())
                    self.handle(connection, request)
        except OSError:
            pass

    def handle(self, connection, _request):
        self.answer(connection)


class Proxy(Server):
    """A proxy that makes tunnels."""

    def handle(self, connection, request):
        host, port = request.split()[1].decode().rsplit(":", 1)
        with socket.create_connection((host, int(port))) as server:
            connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
            back = threading.Thread(target=self.pump, args=(server, connection), daemon=True)
            back.start()
            self.pump(connection, server)
            back.join(20)

    @staticmethod
    def pump(source, target):
        try:
            while part := source.recv(65536):
                target.sendall(part)
            target.shutdown(socket.SHUT_WR)
        except OSError:
            pass


class OpenSSL:
    """s_server with these arguments, for as long as the block runs."""

    def __init__(self, *arguments):
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            self.port = s.getsockname()[1]
        self.url = f"https://localhost:{self.port}/body"
        self.command = ["openssl", "s_server", "-accept", f"127.0.0.1:{self.port}", "-WWW", "-quiet", "-cert", "server.pem",
                        "-key", "server.key", *arguments]

    def __enter__(self):
        self.process = subprocess.Popen(self.command, cwd=FOLDER, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL)
        for _ in range(200):
            with socket.socket() as s:
                if s.connect_ex(("127.0.0.1", self.port)) == 0:
                    return self
            time.sleep(0.05)
        raise SystemExit(f"No server: {' '.join(self.command)}")

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(20)


# Cases.

def both(case, name, key=None, says=None, **expected):
    """A case with our own TLS, and one with the system's, where the refusal `says` something else if that is given."""
    for native in (False, True):
        with Server(context(name, native, key)) as server:
            wanted = dict(expected)
            if "refused" in wanted:
                wanted["refused"] = [says or wanted["refused"][0], "; then with Schannel: "] if native else wanted["refused"]
            fetch(f"{case}, {'Schannel' if native else 'own TLS'}", server.url, **wanted)
            if "refused" in expected and server.requests:
                raise SystemExit(f"{case}: a server that is not believed was asked")


def proxy_cases():
    """The user's settings, as the control panel writes them: flags (2: the list counts; 4: the script), the list,
    exceptions, and the script's URL."""
    def text(value):
        return struct.pack("<I", len(value)) + value.encode()

    def settings(flags, proxies, exceptions, script=""):
        blob = struct.pack("<III", 70, 1, flags) + text(proxies) + text(exceptions) + text(script) + bytes(32)
        wine("reg", "add", r"HKCU\Software\Microsoft\Windows\CurrentVersion\Internet Settings\Connections", "/f",
             "/v", "DefaultConnectionSettings", "/t", "REG_BINARY", "/d", blob.hex())

    with Server(None) as proxy, Server(None) as other:
        here, there = f"127.0.0.1:{proxy.port}", f"127.0.0.1:{other.port}"
        settings(3, here, "*.direct.test;<local>")
        fetch("the settings name a proxy", "http://there.test/x", BODY)
        assert proxy.lines[0] == b"GET http://there.test/x HTTP/1.1", proxy.lines
        for name in ("a.direct.test", "simple"):
            fetch("an exception", f"http://{name}/", refused=[f"Could not resolve host: {name}"])
        fetch("this machine", f"http://{there}/", BODY)
        fetch("a variable comes first", "http://there.test/x", BODY, http_proxy=f"http://{there}")
        fetch("a variable comes first, also before exceptions", "http://a.direct.test/x", BODY, all_proxy=f"http://{there}")
        fetch("an exception of a variable", "http://there.test/", refused=["Could not resolve host"], no_proxy="there.test")
        assert (proxy.requests, other.requests) == (1, 3), (proxy.lines, other.lines)
        settings(3, f"http={there};https={here}", "")
        fetch("one for each scheme", "http://there.test/", BODY)
        fetch("one for another scheme", "ftp://there.test/", refused=["Could not resolve host: there.test"])
        fetch("a tunnel", "https://there.test/", refused=["TLS with there.test:443: this is not TLS"])
        assert b"CONNECT there.test:443 HTTP/1.1" in proxy.lines, proxy.lines
        settings(3, "socks=127.0.0.1:1", "")
        fetch("SOCKS", "http://192.0.2.1/", refused=["Proxy 127.0.0.1:1: "])
        decides = (b'function FindProxyForURL(url, host) { return host == "a.test" ? "DIRECT" : "PROXY %s"; }'
                   % there.encode())
        with Server(None, lambda connection: connection.sendall(WITHOUT_LENGTH + decides)) as script:
            settings(7, here, "", f"http://127.0.0.1:{script.port}/proxy.pac")
            fetch("a script decides", "http://there.test/script", BODY)
            assert b"GET http://there.test/script HTTP/1.1" in other.lines, other.lines
            fetch("a script decides against it", "http://a.test/", refused=["Could not resolve host: a.test"])
        settings(7, there, "", "http://127.0.0.1:1/proxy.pac")
        fetch("a script that cannot be had", "http://there.test/list", BODY)
        assert b"GET http://there.test/list HTTP/1.1" in other.lines, other.lines
        settings(1, here, "")
        fetch("switched off", "http://there.test/", refused=["Could not resolve host: there.test"])
        assert proxy.requests == 2, proxy.lines


def netrc_cases():
    """Where the user's folder is Wine decides, whatever a variable says."""
    folder = f"{FOLDER}/prefix/drive_c/users/{getpass.getuser()}"

    def has(name, password):
        with open(f"{folder}/{name}", "w", newline="\r\n") as file:
            file.write(f"machine localhost\n\tlogin user\n\tpassword {password}\n")

    with Server(None) as server:
        url = server.url.replace("https", "http")
        for name, password in (("_netrc", "first"), (".netrc", "second")):
            has(name, password)
            fetch(name, url, BODY)
            login = base64.b64encode(f"user:{password}".encode())
            assert b"Authorization: Basic " + login in server.lines, server.lines
        os.remove(f"{folder}/_netrc")
        os.remove(f"{folder}/.netrc")


def trust_cases():
    root, other = ({"SSL_CERT_FILE": windows_path(name)} for name in ("root.pem", "other.pem"))
    both("not in the store", "server", refused=['unknown issuer "Test Root"', "(trusting the Windows root store)"])
    both("named by a variable", "server", expected=BODY, **root)
    trust("Root", "root")
    both("in the store", "server", expected=BODY)
    both("another is named by a variable", "server", refused=['unknown issuer "Test Root"', "(trusting SSL_CERT_FILE"], **other)
    for native in (False, True):
        made = context("server", native)
        with Server(made) as server:
            fetch("by address", f"https://127.0.0.1:{server.port}/", BODY)
            fetch("by name", server.url, BODY)
            wrong = f"https://other.localhost:{server.port}/"
            fetch("another name", wrong, refused=["certificate is not valid for other.localhost, only for localhost"])
            # The system's TLS is told the name, and not the address, as in our own attempts before.
            assert made.names[-1] == "other.localhost" and None in made.names, made.names
            assert server.protocols == ["http/1.1"] * 2, server.protocols
    both("for another", "elsewhere", refused=["certificate is not valid for localhost, only for other.test"])
    both("a common name alone", "nameless", refused=["certificate is not valid for localhost"])
    both("expired", "expired", refused=["certificate has expired (on 2020-02-03)"])
    both("not yet valid", "future", refused=["certificate is not yet valid (until 2120-02-03)"])
    both("for clients", "client", refused=["certificate is not for servers"])
    both("self-signed", "itself", refused=["self-signed certificate (trusting the Windows root store)"])
    both("a stranger", "stranger", refused=['unknown issuer "Other Root"'])
    both("a namesake of the root", "forged", says='unknown issuer "Test Root"', refused=["bad signature"])
    both("with an intermediate", "whole", key="below", expected=BODY)
    both("no intermediate", "below", refused=['unknown issuer "Test Intermediate"', "sent no intermediate certificate"])
    # In no place where we look: it is the system that finds it, in our own handshake too.
    trust("CA", "intermediate")
    both("an intermediate that the system has", "below", expected=BODY)
    both("an intermediate that only the system has", "below", refused=['unknown issuer "Test Intermediate"'],
         SSL_CERT_FILE=windows_path("root.pem"))
    trust("Disallowed", "intermediate")
    both("banned", "whole", key="below", refused=["certificate is distrusted on this machine"])
    both("not banned", "server", expected=BODY)


def fence_cases():
    """What Schannel would take, and is not promised."""
    def case(name, *arguments, **expected):
        with OpenSSL(*arguments) as server:
            fetch(f"OpenSSL, {name}", server.url, **expected)

    openssl("genpkey", "-genparam", "-algorithm", "DH", "-pkeyopt", "group:modp_1536", "-out", "small.pem")
    dhe = ("-tls1_2", "-cipher", "DHE-RSA-AES256-GCM-SHA384:@SECLEVEL=0")
    case("Diffie-Hellman", *dhe, expected=BODY)
    case("a small Diffie-Hellman group", *dhe, "-dhparam", "small.pem", refused=["Schannel: ", "group is too small"])
    for name in ("AES128-GCM-SHA256", "AES128-SHA", "ECDHE-RSA-AES128-SHA"):
        case(name, "-tls1_2", "-cipher", name, refused=["Schannel: ", "the server chose a cipher suite that is refused"])
    case("TLS 1.1", "-tls1_1", "-cipher", "ALL:@SECLEVEL=0", refused=["TLS"])
    case("nothing in common", "-tls1_2", "-cipher", "ECDHE-ARIA128-GCM-SHA256",
         refused=["; then with TLS 1.2: ", "; then with Schannel: ", "handshake_failure"])
    case("asks for a certificate", *dhe, "-verify", "1", expected=BODY)
    case("demands a certificate", *dhe, "-Verify", "1", refused=["TLS"])
    case("records of 512 bytes", *dhe, "-max_send_frag", "512", expected=BODY)


def session_cases():
    """What comes after the handshake of Schannel."""
    made = context("server", True)

    def case(name, answer, **expected):
        with Server(made, answer) as server:
            fetch(name, server.url, **expected)

    def ended(connection):
        connection.sendall(WITHOUT_LENGTH + BODY)
        connection.unwrap()

    def cut(connection):
        connection.sendall(WITHOUT_LENGTH + BODY)

    def injected(record):
        def answer(connection):
            connection.sendall(WITHOUT_LENGTH + BODY[:100_000])
            os.write(connection.fileno(), record)
            connection.sendall(BODY[100_000:])
            connection.unwrap()
        return answer

    case("ended by close_notify", ended, expected=BODY)
    case("cut", cut, refused=["connection closed without close_notify"], partly=True)
    case("a plaintext close_notify", injected(b"\x15\x03\x03\x00\x02\x01\x00"), refused=["TLS with localhost"], partly=True)
    case("a plaintext alert", injected(b"\x15\x03\x03\x00\x02\x02\x28"), refused=["TLS with localhost"], partly=True)
    case("a HelloRequest", injected(b"\x16\x03\x03\x00\x04\x00\x00\x00\x00"), refused=["renegotiation"], partly=True)
    case("plaintext data", injected(b"\x17\x03\x03\x00\x04evil"), refused=["TLS with localhost"], partly=True)
    case("change_cipher_spec", injected(b"\x14\x03\x03\x00\x01\x01"), refused=["an unprotected record"], partly=True)
    case("something else", injected(b"GET / HTTP/1.1\r\n"), refused=["this is not TLS"], partly=True)
    large = BODY * 40
    case("12 MB", lambda connection: (connection.sendall(WITHOUT_LENGTH + large), connection.unwrap()), expected=large)


def tunnel_cases():
    """Schannel within a tunnel, within TLS, and around it."""
    with Server(context("server", True)) as native, Server(context("server", False)) as own:
        with Proxy(None) as proxy:
            fetch("a tunnel", native.url, BODY, https_proxy=f"http://localhost:{proxy.port}")
        for outer in (False, True):
            with Proxy(context("server", outer)) as proxy:
                for server in (own, native):
                    fetch("a tunnel in TLS", server.url, BODY, https_proxy=f"https://localhost:{proxy.port}")
        with Proxy(context("stranger", True)) as proxy:
            fetch("a proxy that is not believed", native.url, refused=["Schannel", "unknown issuer"],
                  https_proxy=f"https://localhost:{proxy.port}")


shutil.rmtree(FOLDER, ignore_errors=True)
os.makedirs(FOLDER)
with open(f"{FOLDER}/body", "wb") as file:
    file.write(BODY)
make_certificates()
waiting = None
try:
    wine("wineboot", "--update")
    # Wine's server would end with each program and start with the next one: this one waits for a line that never comes.
    waiting = subprocess.Popen([*WINE, "cmd"], env=ENVIRONMENT, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)
    proxy_cases()
    netrc_cases()
    trust_cases()
    fence_cases()
    session_cases()
    tunnel_cases()
finally:
    if waiting:
        waiting.stdin.close()
    subprocess.run([f"{sys.argv[2]}/wineserver", "-k", "-w"], env=ENVIRONMENT, check=False)
print(f"{passed} cases")

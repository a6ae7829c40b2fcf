//! Proxies: what goes through them and what goes around, and what becomes of those that misbehave.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use blackbox::in_parallel;
use blackbox::random::noise;
use blackbox::run::{Outcome, Ptex};
use blackbox::server::{Server, ok};
use blackbox::temp::Folder;
use blackbox::tls::{Authority, server_params};
use rustls::ServerConfig;
use rustls::version::{TLS12, TLS13};

/// The login of all proxies here, and the two forms in which nobody is to see it.
const LOGIN: &str = "me:s3cret";
const SECRETS: [&str; 2] = ["s3cret", "bWU6czNjcmV0"];

/// How long a refusal may take that is to show that nothing waits for a default time limit.
const SOON: Duration = Duration::from_secs(15);

const SILENT: &str = "timed out after";

/// A server on a port of its own of the loopback interface, whose connections `handler` deals with. Its errors are those
/// of a client that left.
fn listen<H>(handler: H) -> u16
where
    H: Fn(TcpStream) -> io::Result<()> + Send + Sync + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port on the loopback interface");
    let port = listener.local_addr().expect("an address").port();
    let handler = Arc::new(handler);
    thread::spawn(move || {
        for tcp in listener.incoming().flatten() {
            let handler = Arc::clone(&handler);
            thread::spawn(move || {
                let _ = handler(tcp);
            });
        }
    });
    port
}

/// A proxy that answers whatever comes first with these bytes, and says no more. It hears what comes after: with bytes
/// unread, the end of a connection is a reset, which overtakes what was said.
fn saying(answer: impl Into<Vec<u8>>) -> u16 {
    let answer = answer.into();
    listen(move |mut tcp| {
        hear(&mut tcp)?;
        tcp.write_all(&answer)?;
        tcp.shutdown(Shutdown::Write)?;
        io::copy(&mut tcp, &mut io::sink()).map(drop)
    })
}

/// A proxy that says this first, if anything, and then the same again and again, with a pause.
fn repeating(first: &'static str, again: String, pause: Duration) -> u16 {
    listen(move |mut tcp| {
        hear(&mut tcp)?;
        tcp.write_all(first.as_bytes())?;
        loop {
            tcp.write_all(again.as_bytes())?;
            thread::sleep(pause);
        }
    })
}

/// A proxy that says this and then nothing, for as long as anybody listens.
fn stalling(first: &'static [u8]) -> u16 {
    listen(move |mut tcp| {
        hear(&mut tcp)?;
        tcp.write_all(first)?;
        io::copy(&mut tcp, &mut io::sink()).map(drop)
    })
}

fn hear(tcp: &mut TcpStream) -> io::Result<()> {
    match tcp.read(&mut [0; 4096])? {
        0 => Err(io::ErrorKind::UnexpectedEof.into()),
        _ => Ok(()),
    }
}

fn read_exactly(tcp: &mut TcpStream, len: usize) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; len];
    tcp.read_exact(&mut bytes)?;
    Ok(bytes)
}

/// Carries bytes between `client` and the port of this machine, both ways, until both have ended.
fn tunnel(client: &TcpStream, port: u16) -> io::Result<()> {
    let server = TcpStream::connect(("127.0.0.1", port))?;
    let (mut from, mut to) = (client.try_clone()?, server.try_clone()?);
    let up = thread::spawn(move || {
        let _ = io::copy(&mut from, &mut to);
        let _ = to.shutdown(Shutdown::Write);
    });
    let _ = io::copy(&mut &server, &mut &*client);
    client.shutdown(Shutdown::Write)?;
    let _ = up.join();
    Ok(())
}

/// What a sound proxy was asked, one request after the other.
type Asked = Arc<Mutex<Vec<String>>>;

/// A sound http proxy, but that it puts `before` before what comes through its tunnels.
fn connecting(before: &'static [u8]) -> (u16, Asked) {
    let asked = Asked::default();
    let all = Arc::clone(&asked);
    let port = listen(move |mut tcp| {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            head.push(read_exactly(&mut tcp, 1)?[0].into());
        }
        let target = head.split(' ').nth(1).unwrap_or_default();
        let port = target.rsplit(':').next().and_then(|port| port.parse().ok());
        all.lock().unwrap().push(head);
        tcp.write_all(b"HTTP/1.1 200 Connection established\r\nVia: 1.1 here\r\n\r\n")?;
        tcp.write_all(before)?;
        tunnel(&tcp, port.expect("a port"))
    });
    (port, asked)
}

/// A sound SOCKS 5 proxy that wants a login, but that it puts `before` before what comes through its tunnels.
fn socks(before: &'static [u8]) -> (u16, Asked) {
    let asked = Asked::default();
    let all = Arc::clone(&asked);
    let port = listen(move |mut tcp| {
        let methods = read_exactly(&mut tcp, 2)?[1];
        assert!(read_exactly(&mut tcp, methods.into())?.contains(&2));
        tcp.write_all(&[5, 2])?;
        let len = read_exactly(&mut tcp, 2)?[1];
        let user = read_exactly(&mut tcp, len.into())?;
        let len = read_exactly(&mut tcp, 1)?[0];
        let password = read_exactly(&mut tcp, len.into())?;
        tcp.write_all(&[1, 0])?;
        assert_eq!(read_exactly(&mut tcp, 4)?, [5, 1, 0, 3]);
        let len = read_exactly(&mut tcp, 1)?[0];
        let name = read_exactly(&mut tcp, len.into())?;
        let port = read_exactly(&mut tcp, 2)?;
        let port = u16::from_be_bytes([port[0], port[1]]);
        let [user, password, name] = [user, password, name].map(|s| String::from_utf8(s).unwrap());
        all.lock()
            .unwrap()
            .push(format!("{user}:{password} {name}:{port}"));
        tcp.write_all(&[5, 0, 0, 1, 127, 0, 0, 1, 0, 0])?;
        tcp.write_all(before)?;
        tunnel(&tcp, port)
    });
    (port, asked)
}

/// An authority that ptex is told to trust.
struct Trusted {
    /// Has `file`.
    _folder: Folder,
    file: String,
    config: Arc<ServerConfig>,
}

impl Trusted {
    fn new() -> Self {
        let folder = Folder::new();
        let authority = Authority::new("Test Root");
        let file = authority.write(&folder, "roots.pem");
        let identity = authority.issue(server_params(&["localhost", "127.0.0.1"]));
        Trusted {
            _folder: folder,
            file,
            config: identity.config(&[&TLS12, &TLS13]),
        }
    }

    /// An https server with this content, and its URL by name.
    fn server(&self, content: &[u8]) -> (Server, String) {
        let response = ok(content);
        let server = Server::start_tls(Arc::clone(&self.config), move |_, connection| {
            connection.send(&response)
        });
        let url = format!("https://localhost:{}/file", server.port());
        (server, url)
    }

    fn ptex(&self, arguments: &[&str], scheme: &str, proxy: u16) -> Ptex {
        Ptex::new([&["--retry", "0"], arguments].concat())
            .env("SSL_CERT_FILE", &self.file)
            .env("all_proxy", proxy_url(scheme, proxy))
    }
}

fn proxy_url(scheme: &str, port: u16) -> String {
    format!("{scheme}://{LOGIN}@127.0.0.1:{port}")
}

fn through(arguments: &[&str], scheme: &str, proxy: u16) -> Outcome {
    Ptex::new([&["--retry", "0"], arguments].concat())
        .env("all_proxy", proxy_url(scheme, proxy))
        .run()
}

/// Expects one line with `why`, no output, nobody's password, and that nothing was waited for.
#[track_caller]
fn refused(outcome: &Outcome, why: &str) {
    outcome.refuses(why);
    for secret in SECRETS {
        assert!(!outcome.stderr.contains(secret), "{}", outcome.stderr);
    }
    assert!(outcome.elapsed < SOON, "{:?}", outcome.elapsed);
}

/// Answers that no HTTP/1.1 proxy gives to any request, with what is said of them.
const BAD_ANSWERS: [(&str, &str); 12] = [
    ("", "Empty reply from server"),
    (
        "HTTP/1.1 200 Fi",
        "The connection ended within the response headers",
    ),
    (
        "HTTP/1.1 200 Fine\r\nVia: x\r\n",
        "The connection ended within the response headers",
    ),
    (
        "<html>Pay first</html>",
        "Received HTTP/0.9 when not allowed",
    ),
    (
        "SSH-2.0-OpenSSH_9.2\r\n",
        "Received HTTP/0.9 when not allowed",
    ),
    ("\x05\0", "Received HTTP/0.9 when not allowed"),
    ("HTTP/2 200\r\n\r\n", "Unsupported HTTP version in response"),
    (
        "HTTP/0.9 200 OK\r\n\r\n",
        "Unsupported HTTP version in response",
    ),
    ("HTTP/1.1 20 OK\r\n\r\n", "Bad status line in response"),
    (
        "HTTP/1.1 403 \x1b[2J\r\n\r\n",
        "Bad status line in response",
    ),
    ("HTTP/1.1 200 OK\r\nno colon\r\n\r\n", "Bad response header"),
    (
        "HTTP/1.1 101 Switch\r\n\r\n",
        "The server switched protocols unasked",
    ),
];

#[test]
fn answers_that_are_none() {
    in_parallel(&BAD_ANSWERS, |&(answer, why)| {
        let port = saying(answer);
        // For a tunnel, it is the proxy alone that has spoken; and whoever else it was, spoke through it.
        for url in ["http://h.test/f", "https://h.test/f", "ftp://h.test/f"] {
            let line = format!("Failed to fetch {url}: Proxy 127.0.0.1:{port}: {why}");
            let outcome = through(&[url], "http", port);
            refused(&outcome, &line);
            outcome.fails_with(&line);
        }
    });
}

#[test]
fn answers_without_end() {
    let now = Duration::ZERO;
    let large = "Too large response headers";
    let cases = [
        ("HTTP/1.1 200 OK\r\n", "X: y\r\n".repeat(1000), large),
        ("HTTP/1.1 200 OK\r\nX: ", "x".repeat(1000), large),
        ("HTTP/1.1 200 ", "x".repeat(1000), large),
        ("", "\r\n".repeat(1000), large),
        (
            "",
            "HTTP/1.1 100 Wait\r\n\r\n".repeat(10),
            "Too many interim responses",
        ),
    ];
    in_parallel(&cases, |(first, again, why)| {
        let port = repeating(first, again.clone(), now);
        let line = format!("Proxy 127.0.0.1:{port}: {why}");
        for url in ["http://h.test/f", "https://h.test/f"] {
            refused(&through(&[url], "http", port), &line);
        }
    });
}

#[test]
fn refusals_by_http() {
    let ntlm = "HTTP/1.1 407 Who\r\nProxy-Authenticate: NTLM\r\nContent-Length: 0\r\n\r\n";
    for (answer, forwarded, tunnelled) in [
        (
            ntlm,
            "The requested URL returned error: 407 (unsupported authentication: NTLM)",
            "no tunnel: HTTP/1.1 407 Who (unsupported authentication: NTLM)",
        ),
        (
            "HTTP/1.1 407 Who\r\nProxy-Authenticate: Basic realm=\"s\"\r\n\r\n",
            "The requested URL returned error: 407",
            "no tunnel: HTTP/1.1 407 Who",
        ),
    ] {
        let port = saying(answer);
        for (url, why) in [
            ("http://h.test/f", forwarded),
            ("https://h.test/f", tunnelled),
        ] {
            let outcome = through(&[url], "http", port);
            let line = format!("Failed to fetch {url}: Proxy 127.0.0.1:{port}: {why}");
            refused(&outcome, &line);
            outcome.fails_with(&line);
        }
    }
    // Where it would be sent is the proxy's to say to nobody.
    let port = saying("HTTP/1.1 302 Log in\r\nLocation: http://127.0.0.1:1/\r\n\r\n");
    let outcome = through(&["https://h.test/f"], "http", port);
    let line = format!("Proxy 127.0.0.1:{port}: no tunnel: HTTP/1.1 302 Log in");
    refused(&outcome, &line);
}

/// A captive portal says that all is well, and sends its page.
#[test]
fn a_tunnel_that_is_a_page() {
    let page = "<html>Pay first</html>";
    let port = saying(format!(
        "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{page}",
        page.len()
    ));
    let outcome = through(&["https://h.test/f"], "http", port);
    let line = format!(
        "Failed to fetch https://h.test/f: Proxy 127.0.0.1:{port}: TLS with h.test:443: this is not TLS"
    );
    refused(&outcome, &line);
    outcome.fails_with(&line);
    // Nor is it tried again.
    let outcome = Ptex::new(["https://h.test/f"])
        .env("all_proxy", proxy_url("http", port))
        .run();
    refused(&outcome, &line);
    outcome.fails_with(&line);

    let port = saying([&[5, 0, 5, 0, 0, 1, 0, 0, 0, 0, 0, 0], page.as_bytes()].concat());
    let line = format!("Proxy 127.0.0.1:{port}: TLS with h.test:443: this is not TLS");
    refused(&through(&["https://h.test/f"], "socks5h", port), &line);

    // One that ends at once, and one to a server that is not to be believed.
    let port = saying("HTTP/1.1 200 OK\r\n\r\n");
    let line = format!("Proxy 127.0.0.1:{port}: TLS with h.test:443: connection closed without");
    refused(&through(&["https://h.test/f"], "http", port), &line);
    let trusted = Trusted::new();
    let (_, url) = trusted.server(b"content");
    let other = Trusted::new();
    let (port, _) = connecting(b"");
    let outcome = other.ptex(&[&url], "http", port).run();
    let line = format!(": Proxy 127.0.0.1:{port}: bad signature on a certificate");
    refused(&outcome, &line);
}

/// What a proxy says in a tunnel is not taken for the server's, whatever it looks like.
#[test]
fn bytes_before_the_tls_of_a_tunnel() {
    let trusted = Trusted::new();
    let (server, url) = trusted.server(b"content");
    let cases: [&[u8]; 6] = [
        b"x",
        b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil",
        // Records as of TLS: half an alert, a ServerHello of no length, content, one that never ends.
        &[21, 3, 3, 0, 1, 1],
        &[22, 3, 3, 0, 4, 2, 0, 0, 0],
        &[23, 3, 3, 0, 4, b'e', b'v', b'i', b'l'],
        &[22, 3, 3, 0x40, 0],
    ];
    in_parallel(&cases, |before| {
        for (scheme, (port, _)) in [("http", connecting(before)), ("socks5h", socks(before))] {
            let limit = ["--connect-timeout", "2", &url];
            let outcome = trusted.ptex(&limit, scheme, port).run();
            refused(&outcome, &format!(": Proxy 127.0.0.1:{port}: "));
        }
    });
    assert!(server.requests().is_empty());
}

#[test]
fn socks_answers_that_are_none() {
    let broken = "SOCKS: the answer is not in the protocol";
    let closed = "SOCKS: the connection was closed";
    let cases: [(&[u8], &str); 15] = [
        (b"", closed),
        (&[5], closed),
        (&[5, 0], closed),
        (&[5, 2, 1], closed),
        (&[5, 0, 5, 0, 0, 3, 255, b'x'], closed),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", broken),
        (&[4, 0], broken),
        (&[0, 90, 0, 0, 0, 0, 0, 0], broken),
        (&[5, 1], broken),
        (&[5, 0, 4, 0, 0, 1, 0], broken),
        (&[5, 0, 5, 0, 0, 9, 0], broken),
        (
            &[5, 255],
            "SOCKS: it takes neither a user name and password nor nobody",
        ),
        (&[5, 2, 1, 1], "SOCKS: wrong user name or password"),
        (
            &[5, 2, 1, 0, 5, 2, 0, 1, 0, 0, 0, 0, 0, 0],
            "SOCKS: connection not allowed by its rules",
        ),
        (&[5, 0, 5, 99, 0, 1, 0], "SOCKS: error 99"),
    ];
    in_parallel(&cases, |&(answer, why)| {
        for url in ["http://h.test/f", "https://h.test/f"] {
            let port = saying(answer);
            let outcome = through(&[url], "socks5h", port);
            let line = format!("Failed to fetch {url}: Proxy 127.0.0.1:{port}: {why}");
            refused(&outcome, &line);
            outcome.fails_with(&line);
        }
    });
    let port = saying([0, 91, 0, 0, 0, 0, 0, 0]);
    let line = format!("Proxy 127.0.0.1:{port}: SOCKS: request rejected or failed");
    refused(&through(&["http://h.test/f"], "socks4a", port), &line);
}

#[test]
fn silence() {
    let cases: [(&str, &str, &'static [u8]); 7] = [
        ("http", "https://h.test/f", b""),
        ("http", "https://h.test/f", b"HTTP/1.1 200 OK\r\nVia: "),
        ("http", "https://h.test/f", b"HTTP/1.1 200 OK\r\n\r\n"),
        ("https", "https://h.test/f", b""),
        ("https", "http://h.test/f", b""),
        ("socks5h", "http://h.test/f", b""),
        ("socks5h", "http://h.test/f", &[5, 0, 5]),
    ];
    in_parallel(&cases, |&(scheme, url, first)| {
        let port = stalling(first);
        let outcome = through(&["--connect-timeout", "0.5", url], scheme, port);
        refused(&outcome, &format!(": Proxy 127.0.0.1:{port}: "));
        refused(&outcome, SILENT);
    });
    // Who forwards is waited for as a server is.
    let port = stalling(b"HTTP/1.1 200 OK\r\n");
    let outcome = through(&["--speed-time", "0.5", "http://h.test/f"], "http", port);
    refused(&outcome, SILENT);
    // Nor does it help to say a little from time to time.
    let port = repeating(
        "HTTP/1.1 200 OK\r\n",
        "X: y\r\n".into(),
        Duration::from_millis(50),
    );
    let arguments = ["--connect-timeout", "0.5", "https://h.test/f"];
    refused(&through(&arguments, "http", port), SILENT);
}

#[test]
fn a_proxy_over_tls_that_misbehaves() {
    let trusted = Trusted::new();
    let cases = [
        (&b"HTTP/1.1 200 OK\r\n\r\nno TLS"[..], "TLS with h.test:443: this is not TLS"),
        (b"<html>", "Received HTTP/0.9 when not allowed"),
        (b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n", "Bad response header"),
        (
            b"HTTP/1.1 407 Who\r\nProxy-Authenticate: NTLM\r\nProxy-Authenticate: Negotiate\r\n\r\n",
            "no tunnel: HTTP/1.1 407 Who (unsupported authentication: NTLM, Negotiate)",
        ),
    ];
    in_parallel(&cases, |&(answer, why)| {
        let server = Server::start_tls(Arc::clone(&trusted.config), move |_, connection| {
            connection.send(answer)?;
            connection.stall()
        });
        let port = server.port();
        let outcome = trusted.ptex(&["https://h.test/f"], "https", port).run();
        refused(&outcome, &format!(": Proxy 127.0.0.1:{port}: {why}"));
    });
    // It must be who it should be, and a TLS server at all.
    let proxy = Server::start_tls(Arc::clone(&trusted.config), |_, connection| {
        connection.send(ok("content"))
    });
    let port = proxy.port();
    let other = Trusted::new();
    let outcome = other.ptex(&["http://h.test/f"], "https", port).run();
    let line = format!("Proxy 127.0.0.1:{port}: bad signature on a certificate");
    refused(&outcome, &line);
    assert!(proxy.requests().is_empty());
    let port = saying("HTTP/1.1 400 Bad Request\r\n\r\n");
    let line = format!("Proxy 127.0.0.1:{port}: TLS with 127.0.0.1:{port}: this is not TLS");
    refused(&through(&["http://h.test/f"], "https", port), &line);
}

#[test]
fn sound_ones_deliver() {
    let trusted = Trusted::new();
    let content = noise(5, 300_000);
    let (server, url) = trusted.server(&content);
    let at = format!("localhost:{}", server.port());
    let (port, asked) = connecting(b"");
    let arguments = ["-H", "X: for the server", &url];
    trusted
        .ptex(&arguments, "http", port)
        .run()
        .delivers(&content);
    let heads = asked.lock().unwrap().clone();
    assert_eq!(
        heads,
        [format!(
            "CONNECT {at} HTTP/1.1\r\nHost: {at}\r\nUser-Agent: ptex/{}\r\n\
             Proxy-Authorization: Basic bWU6czNjcmV0\r\n\r\n",
            env!("CARGO_PKG_VERSION")
        )]
    );
    assert_eq!(server.request().header("Proxy-Authorization"), None);
    assert_eq!(server.request().header("X"), Some("for the server"));

    let (port, asked) = socks(b"");
    let ptex = |url: &str| trusted.ptex(&[url], "socks5h", port).run();
    ptex(&url).delivers(&content);
    let plain = Server::answering(ok("plain"));
    let plain_at = format!("localhost:{}", plain.port());
    ptex(&format!("http://{plain_at}/")).delivers(b"plain");
    assert_eq!(
        *asked.lock().unwrap(),
        [format!("{LOGIN} {at}"), format!("{LOGIN} {plain_at}")]
    );

    // The request itself, over TLS.
    let (proxy, _) = trusted.server(b"forwarded");
    trusted
        .ptex(&["http://h.test/f"], "https", proxy.port())
        .run()
        .delivers(b"forwarded");
    let request = proxy.request();
    assert_eq!(request.target(), "http://h.test/f");
    assert_eq!(
        request.header("Proxy-Authorization"),
        Some("Basic bWU6czNjcmV0")
    );
}

/// The answer to CONNECT is among the header lines of `-D`, also if it is a bad one.
#[test]
fn header_lines_of_a_tunnel() {
    let trusted = Trusted::new();
    let (_, url) = trusted.server(b"content");
    let (port, _) = connecting(b"");
    let outcome = trusted.ptex(&["-D", &url], "http", port).run();
    outcome.succeeds(b"content");
    assert_eq!(
        outcome.stderr,
        "HTTP/1.1 200 Connection established\r\nVia: 1.1 here\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n"
    );
    let port = saying("HTTP/1.1 200 OK\r\nVia: 1.1 here\r\nno colon\r\nX: ");
    let outcome = through(&["-D", "https://h.test/f"], "http", port);
    outcome.fails_with(&format!(
        "HTTP/1.1 200 OK\r\nVia: 1.1 here\r\nno colon\r\n\
         Failed to fetch https://h.test/f: Proxy 127.0.0.1:{port}: Bad response header"
    ));
}

#[test]
fn around_the_proxy() {
    let server = Server::answering(ok("direct"));
    let (port, asked) = connecting(b"");
    let by_name = format!("http://localhost:{}/f", server.port());
    for (except, url) in [
        ("127.0.0.1", server.url("/f")),
        ("h.test,127.0.0.0/8", server.url("/f")),
        (&*format!("127.0.0.1:{}", server.port()), server.url("/f")),
        ("localhost", by_name.clone()),
        ("*", by_name),
    ] {
        for variable in ["no_proxy", "NO_PROXY"] {
            Ptex::new(["--retry", "0", &url])
                .env("http_proxy", proxy_url("http", port))
                .env(variable, except)
                .run()
                .delivers(b"direct");
        }
    }
    assert!(asked.lock().unwrap().is_empty());
    let requests = server.requests();
    assert_eq!(requests.len(), 10);
    for request in requests {
        assert_eq!(request.target(), "/f");
        assert_eq!(request.header("Proxy-Authorization"), None);
    }
}

#[test]
fn which_variable_is_for_which_url() {
    let fetch = |variable: &str, url: &str| {
        let proxy = Server::answering("HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n");
        let outcome = Ptex::new(["--retry", "0", url])
            .env(variable, proxy.url("/"))
            .run();
        (proxy, outcome)
    };
    for (variable, url, target) in [
        ("https_proxy", "https://h.test/f", "h.test:443"),
        ("HTTPS_PROXY", "https://h.test/f", "h.test:443"),
        ("ftp_proxy", "ftp://h.test/f", "h.test:21"),
        ("FTP_PROXY", "ftp://h.test:2121/f", "h.test:2121"),
        ("ftps_proxy", "ftps://h.test/f", "h.test:990"),
        ("FTPS_PROXY", "ftps://h.test:21/f", "h.test:21"),
        ("all_proxy", "ftp://h.test/f", "h.test:21"),
        ("ALL_PROXY", "ftps://h.test/f", "h.test:990"),
    ] {
        let (proxy, outcome) = fetch(variable, url);
        outcome.refuses(&format!(
            "Failed to fetch {url}: Proxy {}: no tunnel: HTTP/1.1 403 No",
            proxy.authority()
        ));
        let head = proxy.request().head;
        assert!(
            head.starts_with(&format!("CONNECT {target} HTTP/1.1\r\n")),
            "{head}"
        );
    }
    for (variable, url) in [
        ("http_proxy", "https://127.0.0.1:1/f"),
        ("http_proxy", "ftp://127.0.0.1:1/f"),
        ("https_proxy", "http://127.0.0.1:1/f"),
        ("https_proxy", "ftps://127.0.0.1:1/f"),
        ("ftp_proxy", "http://127.0.0.1:1/f"),
        ("ftp_proxy", "ftps://127.0.0.1:1/f"),
        ("ftps_proxy", "ftp://127.0.0.1:1/f"),
    ] {
        let (proxy, outcome) = fetch(variable, url);
        outcome.refuses(&format!(
            "Failed to fetch {url}: Failed to connect to 127.0.0.1 port 1"
        ));
        assert!(proxy.requests().is_empty(), "{variable} {url}");
    }
}

//! HTTP: the request as it goes out, and every answer that a server can give to it.

use std::time::Duration;

use blackbox::in_parallel;
use blackbox::random::{Random, noise};
use blackbox::run::{Outcome, Ptex};
use blackbox::server::{Server, ok, redirect, status};

const VERSION: &str = env!("CARGO_PKG_VERSION");

fn fetch(url: &str) -> Outcome {
    Ptex::new(["--retry", "0", url]).run()
}

/// What comes of a server that gives this answer and closes.
fn answered(response: impl AsRef<[u8]>) -> Outcome {
    fetch(&Server::answering(response.as_ref()).url("/"))
}

/// The same, with the reason of the failure that must come of it; nothing may have been delivered.
#[track_caller]
fn refused(response: impl AsRef<[u8]>, why: &str) {
    let server = Server::answering(response.as_ref());
    let url = server.url("/");
    let outcome = fetch(&url);
    outcome.fails_with(&format!("Failed to fetch {url}: {why}"));
    assert_eq!(outcome.stdout, b"");
}

#[test]
fn the_request_as_documented() {
    let server = Server::answering(ok(""));
    fetch(&server.url("/a/../b%20c?d=e#f")).delivers(b"");
    assert_eq!(
        server.request().head,
        format!(
            "GET /b%20c?d=e HTTP/1.1\r\nHost: {}\r\nUser-Agent: ptex/{VERSION}\r\nAccept: */*\r\n\r\n",
            server.authority()
        )
    );
}

#[test]
fn fields_of_the_users() {
    let head = |arguments: &[&str]| {
        let server = Server::answering(ok(""));
        let url = server.url("/");
        Ptex::new(arguments.iter().copied().chain([&*url]))
            .run()
            .delivers(b"");
        server.request()
    };
    let added = head(&[
        "-H",
        "X: v",
        "-H",
        "Authorization: Bearer t",
        "-H",
        "x:  w ",
    ]);
    assert!(added.head.contains("\r\nX: v\r\n") && added.head.contains("\r\nx: w\r\n"));
    assert_eq!(added.header("Authorization"), Some("Bearer t"));
    assert_eq!(added.header("Accept"), Some("*/*"));

    let replaced = head(&[
        "-H",
        "accept: text/plain",
        "-H",
        "USER-AGENT: me",
        "-H",
        "Host: other",
    ]);
    assert_eq!(replaced.header("Accept"), Some("text/plain"));
    assert_eq!(replaced.header("User-Agent"), Some("me"));
    assert_eq!(replaced.header("Host"), Some("other"));
    assert_eq!(replaced.head.matches("\r\n").count(), 5, "{replaced:?}");

    let removed = head(&["-H", "Accept:", "-H", "User-Agent:"]);
    assert_eq!(removed.header("Accept"), None);
    assert_eq!(removed.header("User-Agent"), None);
    assert!(removed.header("Host").is_some());

    let empty = head(&["-H", "X;", "-H", "Accept;"]);
    assert_eq!(empty.header("X"), Some(""));
    assert_eq!(empty.header("Accept"), Some(""));
}

#[test]
fn nothing_is_injected() {
    let server = Server::answering(ok(""));
    for header in [
        "X: a\r\nY: b",
        "X: a\nY: b",
        "X: a\r",
        "X\r\n: a",
        "X: \u{1b}[2J",
        "no colon",
        ": v",
        "X : v",
        "Content-Length: 5",
        "Transfer-Encoding: chunked",
    ] {
        let outcome = Ptex::new(["-H", header, &server.url("/")]).run();
        outcome.refuses("Bad header");
    }
    for path in ["/a b", "/a\r\nX: y", "/a\tb", "/a\nb", "/\u{7f}"] {
        Ptex::new([server.url(path)]).run().refuses("Bad URL");
    }
    assert_eq!(server.requests().len(), 0);
    // What a value must not be told of is not told.
    let outcome = Ptex::new(["-H", "Authorization: secret\n", &server.url("/")]).run();
    assert!(!outcome.error().contains("secret"));
}

#[test]
fn every_redirect() {
    for code in [300, 301, 302, 303, 305, 306, 307, 308] {
        let server = Server::in_turn(vec![redirect(code, "/b?c"), ok("there")]);
        fetch(&server.url("/a")).delivers(b"there");
        assert_eq!(server.requests()[1].target(), "/b?c");
        assert!(server.requests()[1].head.starts_with("GET "));
    }
    refused(
        redirect(304, "/elsewhere"),
        "The requested URL returned error: 304",
    );
}

#[test]
fn relative_redirects() {
    let end = Server::answering(ok("there"));
    let absolute = end.url("/f?x");
    let network_path = format!("//{}/f?x", end.authority());
    for (location, target) in [
        ("b", "/d/b"),
        ("../b", "/b"),
        ("?q", "/d/a?q"),
        ("/x/./y#z", "/x/y"),
        ("with space", "/d/with%20space"),
        ("\u{e9}", "/d/%C3%A9"),
    ] {
        let server = Server::in_turn(vec![redirect(302, location), ok("there")]);
        fetch(&server.url("/d/a?b")).delivers(b"there");
        assert_eq!(server.requests()[1].target(), target);
    }
    for location in [&absolute, &network_path] {
        fetch(&Server::answering(redirect(302, location)).url("/")).delivers(b"there");
    }
}

#[test]
fn the_content_of_a_redirect_is_not_waited_for() {
    let server = Server::start(|request, connection| {
        if request.number > 0 {
            return connection.send(ok("there"));
        }
        connection.send("HTTP/1.1 302 F\r\nLocation: /b\r\nContent-Length: 100000\r\n\r\nwait")?;
        connection.stall()
    });
    fetch(&server.url("/")).delivers(b"there");
}

#[test]
fn thirty_redirects_and_not_one_more() {
    let server = Server::answering(redirect(302, "/again"));
    fetch(&server.url("/")).fails_with(&format!(
        "Failed to fetch {}: Maximum (30) redirects followed",
        server.url("/")
    ));
    assert_eq!(server.requests().len(), 31);
    let server = Server::start(|request, connection| match request.number {
        30 => connection.send(ok("at last")),
        n => connection.send(redirect(302, &format!("/{n}"))),
    });
    fetch(&server.url("/")).delivers(b"at last");
    let server = Server::in_turn(vec![redirect(302, "/a"), ok("there")]);
    Ptex::new(["--max-redirs", "0", &server.url("/")])
        .run()
        .refuses("Maximum (0) redirects followed");
}

#[test]
fn where_no_redirect_leads() {
    for (location, why) in [
        (
            "file:///etc/passwd",
            "Protocol \"file\" disabled in redirect",
        ),
        ("FILE:/etc/passwd", "Protocol \"file\" disabled in redirect"),
        (
            "gopher://h/",
            "Bad redirect: Protocol \"gopher\" not supported",
        ),
        (
            "javascript:alert(1)",
            "Bad redirect: Protocol \"javascript\" not supported",
        ),
        ("http://", "Bad redirect: Bad URL: "),
        ("http://a\tb/", "Bad redirect: Bad URL: "),
    ] {
        let outcome = answered(redirect(302, location));
        outcome.refuses(why);
    }
}

#[test]
fn what_goes_along_with_a_redirect() {
    let arguments = |url: &str| {
        Ptex::new([
            "-H",
            "Authorization: Bearer t",
            "-H",
            "Cookie: c=1",
            "-H",
            "X: kept",
            "-H",
            "Host: virtual",
            url,
        ])
        .run()
        .delivers(b"there");
    };
    // The same origin.
    let server = Server::in_turn(vec![redirect(302, "/b"), ok("there")]);
    arguments(&server.url("/a"));
    let second = &server.requests()[1];
    assert_eq!(second.header("Authorization"), Some("Bearer t"));
    assert_eq!(second.header("Cookie"), Some("c=1"));
    assert_eq!(second.header("X"), Some("kept"));
    assert_eq!(second.header("Host"), Some("virtual"));

    // Another port of the same host.
    let end = Server::answering(ok("there"));
    arguments(&Server::answering(redirect(307, &end.url("/b"))).url("/a"));
    let request = end.request();
    assert_eq!(request.header("Authorization"), None);
    assert_eq!(request.header("Cookie"), None);
    assert_eq!(request.header("X"), Some("kept"));

    // What is for a proxy goes along with what a proxy is asked for.
    let for_proxy = |url: &str| Ptex::new(["-H", "Proxy-Authorization: Basic eDp5", url]);
    let end = Server::answering(ok("there"));
    let front = Server::answering(redirect(307, &end.url("/b")));
    for_proxy(&front.url("/a")).run().delivers(b"there");
    assert_eq!(end.request().header("Proxy-Authorization"), None);
    let proxy = Server::in_turn(vec![redirect(307, "http://b.test/"), ok("there")]);
    for_proxy("http://a.test/")
        .env("http_proxy", proxy.url("/"))
        .run()
        .delivers(b"there");
    for request in proxy.requests() {
        assert_eq!(request.header("Proxy-Authorization"), Some("Basic eDp5"));
    }

    // Another name of the same host and port, and back to where it began.
    let server = Server::start(|request, connection| {
        let port = request.header("X-Port").unwrap_or_default();
        match request.number {
            0 => connection.send(redirect(302, &format!("http://localhost:{port}/b"))),
            1 => connection.send(redirect(302, &format!("http://127.0.0.1:{port}/c"))),
            _ => connection.send(ok("there")),
        }
    });
    let port = format!("X-Port: {}", server.port());
    Ptex::new([
        "-H",
        &port,
        "-H",
        "Cookie: c=1",
        "-H",
        "Host: virtual",
        &server.url("/a"),
    ])
    .run()
    .delivers(b"there");
    let requests = server.requests();
    let cookies: Vec<_> = requests.iter().map(|r| r.header("Cookie")).collect();
    assert_eq!(cookies, [Some("c=1"), None, Some("c=1")]);
    let localhost = format!("localhost:{}", server.port());
    let hosts: Vec<_> = requests.iter().map(|r| r.header("Host").unwrap()).collect();
    assert_eq!(hosts, ["virtual", &localhost, "virtual"]);
}

#[test]
fn headers_are_dumped_as_they_came() {
    let first = "HTTP/1.1 302 Go  on\r\nlocation:/b\r\nX-Odd:\t v \r\n\r\n";
    let interim = "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n";
    let second = "HTTP/1.1 200\r\nTransfer-Encoding: chunked\r\nTrailer: T\r\n\r\n";
    let server = Server::in_turn(vec![
        first.into(),
        format!("{interim}{second}4;ext=1\r\nbody\r\n0\r\nT: trailing\r\n\r\n").into(),
    ]);
    let outcome = Ptex::new(["-D", &server.url("/")]).run();
    outcome.succeeds(b"body");
    assert_eq!(
        outcome.stderr,
        format!("{first}{interim}{second}T: trailing\r\n")
    );

    let outcome = Ptex::new(["-D", &Server::answering(status("404 Not Found")).url("/")]).run();
    assert!(
        outcome
            .stderr
            .starts_with("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\nFailed"),
        "{}",
        outcome.stderr
    );
}

#[test]
fn headers_are_dumped_of_a_head_that_fails() {
    let dump = |server: &Server, shown: &str, why: &str| {
        let url = server.url("/");
        let outcome = Ptex::new(["-D", "--retry", "0", "--speed-time", "0.3", &url]).run();
        let rest = outcome.stderr.strip_prefix(shown);
        let line = rest.unwrap_or_else(|| panic!("{shown:?} is not what {outcome:?} begins with"));
        assert!(
            line.starts_with(&format!("Failed to fetch {url}: {why}")) && line.lines().count() == 1,
            "{line:?}"
        );
        assert_eq!(
            (outcome.status.code(), &*outcome.stdout),
            (Some(1), &b""[..])
        );
    };
    let start = "HTTP/1.1 200 OK\r\nX:\t v \r\n";
    let cut = "The connection ended within the response headers";
    for (lines, rest, why) in [
        (start, "", cut),
        (start, "Y: w", cut),
        ("", "HTTP/1.1 200 OK", cut),
        ("", "", "Empty reply from server"),
        (
            "HTTP/1.1 200 OK\r\nno colon\r\n",
            "Y: w\r\n\r\n",
            "Bad response header",
        ),
        (
            "HTTP/1.1 103 Early\r\nX: v\r\n\r\nHTTP/2 200\r\n",
            "\r\n",
            "Unsupported HTTP version",
        ),
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
            "x",
            "Conflicting Content-Length",
        ),
        ("", "<html>no line", "Received HTTP/0.9 when not allowed"),
        // What has no end is not shown.
        (
            start,
            &*"\x1b[2J".repeat(30_000),
            "Too large response headers",
        ),
    ] {
        let server = Server::answering([lines, rest].concat());
        dump(&server, lines, why);
    }
    let server = Server::start(move |_, connection| {
        connection.send(start)?;
        connection.send("Y: w")?;
        connection.stall()
    });
    dump(&server, start, "Failed to read from ");
}

#[test]
fn statuses_that_are_errors() {
    let codes: Vec<u16> = vec![
        400, 401, 403, 404, 407, 410, 416, 418, 451, 499, 500, 501, 503, 505, 599, 999,
    ];
    in_parallel(&codes, |code| {
        refused(
            format!("HTTP/1.1 {code} No\r\nContent-Length: 7\r\n\r\nsorry!\n"),
            &format!("The requested URL returned error: {code}"),
        );
    });
}

#[test]
fn a_response_without_content() {
    answered("HTTP/1.1 204 No Content\r\n\r\n").delivers(b"");
    answered("HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n").delivers(b"");
    answered("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").delivers(b"");
    answered("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n").delivers(b"");
    answered("HTTP/1.1 200 OK\r\n\r\n").delivers(b"");
}

#[test]
fn forms_of_a_sound_response() {
    for response in [
        "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbodyrubbish",
        "HTTP/1.1 200 OK\r\nContent-Length: 4, 4\r\ncontent-length:4\r\n\r\nbody",
        "HTTP/1.0 200 OK\r\n\r\nbody",
        "HTTP/1.1 200 OK\nContent-Length: 4\n\nbody",
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\nbody",
        "\r\nHTTP/1.1 200 OK\r\n\r\nbody",
        "HTTP/1.1 200 OK\r\nX: a\r\n b\r\nContent-Length: 4\r\n\r\nbody",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 9\r\n\r\n4\r\nbody\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: CHUNKED\r\n\r\n01 ; a=\"b\"\r\nb\r\n003\r\nody\r\n0;x\r\nT: v\r\n\r\n",
    ] {
        answered(response).delivers(b"body");
    }
}

#[test]
fn a_part_is_for_who_asked_for_one() {
    let part = "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 2-5/9\r\nContent-Length: 4\r\n\r\npart";
    refused(part, "The server sent a part where all was asked for");
    let server = Server::answering(part);
    Ptex::new(["-H", "Range: bytes=2-5", &server.url("/")])
        .run()
        .delivers(b"part");
    assert_eq!(server.request().header("Range"), Some("bytes=2-5"));
}

#[test]
fn responses_that_are_none() {
    for (response, why) in [
        ("just text\n", "Received HTTP/0.9 when not allowed"),
        ("<html></html>", "Received HTTP/0.9 when not allowed"),
        (
            "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\nbody",
            "Invalid Content-Length",
        ),
        (
            "HTTP/1.1 200 OK\r\nContent-Length: -4\r\n\r\nbody",
            "Invalid Content-Length",
        ),
        (
            "HTTP/1.1 200 OK\r\nContent-Length: +4\r\n\r\nbody",
            "Invalid Content-Length",
        ),
        (
            "HTTP/1.1 200 OK\r\nContent-Length:\r\n\r\nbody",
            "Invalid Content-Length",
        ),
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\nbody",
            "Invalid Content-Length",
        ),
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 4\r\nContent-Length: 3\r\n\r\nbody",
            "Conflicting Content-Length",
        ),
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 4, 5\r\n\r\nbody",
            "Conflicting Content-Length",
        ),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
            "Unsupported transfer encoding",
        ),
        ("HTTP/1.1 200 OK\r\nno colon\r\n\r\n", "Bad response header"),
        ("HTTP/1.1 200 OK\r\nX : v\r\n\r\n", "Bad response header"),
    ] {
        refused(response, why);
    }
    for response in [
        "HTTP/2 200\r\n\r\n",
        "HTTP/1.1 20 OK\r\n\r\n",
        "HTTP/1.1 abc\r\n\r\n",
        "HTTP/1.1\r\n\r\n",
    ] {
        answered(response).refuses("Failed to fetch");
    }
}

#[test]
fn chunks_that_are_none() {
    for (chunks, why) in [
        ("x\r\n", "illegal or missing chunk size"),
        ("\r\n", "illegal or missing chunk size"),
        ("-1\r\n", "illegal or missing chunk size"),
        ("0x4\r\nbody\r\n", "illegal or missing chunk size"),
        ("fffffffffffffffff\r\n", "a chunk's size is too large"),
    ] {
        refused(
            format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{chunks}"),
            &format!("Bad chunked encoding: {why}"),
        );
    }
    let longer = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nbody\r\n0\r\n\r\n";
    let outcome = answered(longer);
    assert!(outcome.error().ends_with("a chunk is longer than its size"));
    assert!(b"bo".starts_with(&outcome.stdout));
}

#[test]
fn what_is_short_is_an_error() {
    let short = |response: &str, delivered: &str, why: &str| {
        let outcome = answered(response);
        assert!(
            outcome.error().ends_with(&format!(
                "Transferred a partial file (end of response with {why})"
            )),
            "{response:?}: {}",
            outcome.stderr
        );
        outcome.wrote(delivered.as_bytes());
    };
    short(
        "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nbody",
        "body",
        "6 bytes missing",
    );
    short(
        "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n",
        "",
        "10 bytes missing",
    );
    let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    for chunks in [
        "4\r\nbody",
        "4\r\nbody\r\n",
        "4\r\nbody\r\n0\r\n",
        "4\r\nbody\r\n0\r\nT: v\r\n",
    ] {
        short(
            &format!("{chunked}{chunks}"),
            "body",
            "the last chunk missing",
        );
    }
    refused("", "Empty reply from server");
    refused(
        "HTTP/1.1 200 OK\r\nX: y",
        "The connection ended within the response headers",
    );
}

#[test]
fn limits_of_a_head() {
    let response = |lines: usize, len: usize| {
        let line = format!("X: {}\r\n", "v".repeat(len));
        format!(
            "HTTP/1.1 200 OK\r\n{}Content-Length: 4\r\n\r\nbody",
            line.repeat(lines)
        )
    };
    answered(response(1, 100 * 1024 - 5)).delivers(b"body");
    answered(response(1, 100 * 1024)).refuses("Too large response headers");
    answered(response(3, 99 * 1024)).delivers(b"body");
    answered(response(4, 99 * 1024)).refuses("Too large response headers");
    // Without an end.
    let server = Server::start(|_, connection| {
        connection.send("HTTP/1.1 200 OK\r\nX: ")?;
        loop {
            connection.send([b'v'; 4096])?;
        }
    });
    fetch(&server.url("/")).refuses("Too large response headers");
    let server = Server::start(|_, connection| {
        loop {
            connection.send("HTTP/1.1 100 Continue\r\n\r\n")?;
        }
    });
    fetch(&server.url("/")).refuses("Too many interim responses");
}

/// How a body is framed.
#[derive(Clone, Copy, Debug)]
enum Framing {
    Length,
    Chunked,
    UntilClose,
}

fn framed(framing: Framing, body: &[u8], random: &mut Random) -> Vec<u8> {
    let mut response = b"HTTP/1.1 200 OK\r\n".to_vec();
    match framing {
        Framing::Length => {
            response.extend(format!("Content-Length: {}\r\n\r\n", body.len()).as_bytes());
            response.extend(body);
        }
        Framing::UntilClose => {
            response.extend(b"\r\n");
            response.extend(body);
        }
        Framing::Chunked => {
            response.extend(b"Transfer-Encoding: chunked\r\n\r\n");
            let mut rest = body;
            while !rest.is_empty() {
                let largest = random.pick(&[1, 10, 100, 16 << 10, 300_000]);
                let (chunk, after) = rest.split_at(random.between(1, largest).min(rest.len()));
                response.extend(format!("{:x}\r\n", chunk.len()).as_bytes());
                response.extend(chunk);
                response.extend(b"\r\n");
                rest = after;
            }
            response.extend(b"0\r\n\r\n");
        }
    }
    response
}

#[test]
fn bodies_byte_for_byte() {
    let mut cases = Vec::new();
    for framing in [Framing::Length, Framing::Chunked, Framing::UntilClose] {
        for len in [
            0,
            1,
            2,
            65535,
            65536,
            65537,
            262_143,
            262_144,
            262_145,
            10 << 20,
        ] {
            cases.push((framing, len));
        }
    }
    in_parallel(&cases, |(framing, len)| {
        let body = noise(*len as u64, *len);
        let response = framed(*framing, &body, &mut Random::new(7));
        let server = Server::start(move |request, connection| match request.number {
            0 => connection.send(&response),
            1 => connection.send_in_pieces(&response, 65_537, Duration::ZERO),
            _ => connection.send_in_pieces(&response, 1447, Duration::ZERO),
        });
        for _ in 0..3 {
            fetch(&server.url("/")).delivers(&body);
        }
    });
}

#[test]
fn every_segmentation_of_a_small_response() {
    let body = noise(9, 40);
    for framing in [Framing::Length, Framing::Chunked, Framing::UntilClose] {
        let response = framed(framing, &body, &mut Random::new(3));
        let sizes: Vec<usize> = vec![1, 2, 3, 5, 16, 17, 18, 19, 35, 36, 37, 38, 39, 50];
        in_parallel(&sizes, |&size| {
            let response = response.clone();
            let server = Server::start(move |_, connection| {
                connection.send_in_pieces(&response, size, Duration::from_millis(2))
            });
            fetch(&server.url("/")).delivers(&body);
        });
    }
}

#[test]
fn passwords_are_not_shown() {
    for url in [
        "http://user:s3cret@127.0.0.1:1/",
        "http://user:s3cret@bad host/",
        "nonsense://user:s3cret@h/",
        "user:s3cret@127.0.0.1:1/x",
        "file://user:s3cret@h/x",
    ] {
        let outcome = Ptex::new(["-v", "--retry", "0", url]).run();
        assert_eq!(outcome.status.code(), Some(1));
        assert!(!outcome.stderr.contains("s3cret"), "{}", outcome.stderr);
    }
    let server = Server::in_turn(vec![redirect(302, "http://user:s3cret@127.0.0.1:1/")]);
    let outcome = Ptex::new(["-v", "--retry", "0", &server.url("/")]).run();
    assert_eq!(outcome.status.code(), Some(1));
    assert!(!outcome.stderr.contains("s3cret"), "{}", outcome.stderr);
}

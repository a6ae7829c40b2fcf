//! ptex and minreq ask the same server the same thing: what the one takes as the content, the other must deliver.

use blackbox::in_parallel;
use blackbox::random::{Random, noise};
use blackbox::run::Ptex;
use blackbox::server::{Server, redirect};

/// A well-formed response, different for each seed, in the forms that servers use.
fn response(random: &mut Random) -> Vec<u8> {
    let body = noise(
        random.any(),
        random.pick(&[0, 1, 2, 10, 255, 4096, 65_536, 200_000]),
    );
    let status: &str = random.pick(&[
        "200 OK",
        "200 OK",
        "200 OK",
        "200",
        "201 Created",
        "203 Non-Authoritative Information",
        "404 Not Found",
        "410 Gone",
        "403 Forbidden",
        "501 Not Implemented",
    ]);
    let version = random.pick(&["HTTP/1.1", "HTTP/1.1", "HTTP/1.0"]);
    let mut head = format!("{version} {status}\r\n");
    for _ in 0..random.between(0, 6) {
        let field: &str = random.pick(&[
            "Server: test\r\n",
            "content-type: application/octet-stream\r\n",
            "X-Empty:\r\n",
            "X-Space:   a  b \t \r\n",
            "Set-Cookie: a=b; Path=/; Expires=Sun, 06 Nov 1994 08:49:37 GMT\r\n",
            "X-Colons: a:b:c\r\n",
            "Connection: close\r\n",
            "X-Long: 0123456789012345678901234567890123456789012345678901234567890123456789\r\n",
            "ETag: W/\"weak\"\r\n",
            "Accept-Ranges: bytes\r\n",
        ]);
        head += field;
    }
    let mut message = head.into_bytes();
    let framings = if version == "HTTP/1.0" { 1 } else { 2 };
    match random.between(0, framings) {
        0 => {
            message.extend(format!("Content-Length: {}\r\n\r\n", body.len()).as_bytes());
            message.extend(&body);
        }
        1 => {
            message.extend(b"\r\n");
            message.extend(&body);
        }
        _ => {
            let field = random.pick(&["Transfer-Encoding: chunked", "transfer-encoding:chunked"]);
            message.extend(format!("{field}\r\n\r\n").as_bytes());
            let mut rest = &*body;
            while !rest.is_empty() {
                let (chunk, after) = rest.split_at(random.between(1, rest.len()));
                let size = chunk.len();
                match random.between(0, 2) {
                    0 => message.extend(format!("{size:x}\r\n").as_bytes()),
                    1 => message.extend(format!("{size:X}\r\n").as_bytes()),
                    _ => message.extend(format!("000{size:x};name=value\r\n").as_bytes()),
                }
                message.extend(chunk);
                message.extend(b"\r\n");
                rest = after;
            }
            message.extend(random.pick(&[
                &b"0\r\n\r\n"[..],
                b"0\r\nX-Trailer: v\r\n\r\n",
                b"000\r\n\r\n",
            ]));
        }
    }
    message
}

#[test]
fn the_same_content_or_none() {
    let seeds: Vec<u64> = (0..250).collect();
    in_parallel(&seeds, |&seed| {
        let mut random = Random::new(seed);
        let message = response(&mut random);
        let code = random.pick(&[301, 302, 303, 307]);
        let hops = if seed % 4 == 0 {
            random.between(1, 3)
        } else {
            0
        };
        // minreq follows neither 308 nor other forms of a reference, and takes a URL seen twice for a loop.
        let location = random.pick(&["/end/NUMBER", "http://AUTHORITY/end?q=NUMBER"]);
        let server = Server::start(move |request, connection| {
            let authority = request.header("Host").unwrap_or_default();
            // Both clients have their own series of requests, one after the other.
            if request.number % (hops + 1) < hops {
                let number = request.number % (hops + 1);
                let location = location
                    .replace("AUTHORITY", authority)
                    .replace("NUMBER", &number.to_string());
                return connection.send(redirect(code, &location));
            }
            connection.send(&message)
        });
        let url = server.url("/begin/x");
        let reference = minreq::get(&url).with_timeout(60).send();
        let outcome = Ptex::new(["--retry", "0", &url]).run();
        match reference {
            Ok(response) if response.status_code < 300 => outcome.delivers(response.as_bytes()),
            Ok(response) => outcome.refuses(&format!(
                "The requested URL returned error: {}",
                response.status_code
            )),
            Err(e) => panic!(
                "seed {seed}: minreq fails with {e}, ptex with {:?}",
                outcome.stderr
            ),
        }
        let requests = server.requests();
        assert_eq!(requests.len(), 2 * (hops + 1), "seed {seed}");
        for (one, other) in requests.iter().zip(&requests[hops + 1..]) {
            assert_eq!(one.target(), other.target(), "seed {seed}");
        }
    });
}

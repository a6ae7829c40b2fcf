//! Downloads that finish: lines that break, servers that are busy, content that changes, mirrors, limits.

use std::io;
use std::net::TcpListener;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use blackbox::content::Content;
use blackbox::random::{Random, noise};
use blackbox::run::{Outcome, Ptex};
use blackbox::server::{Connection, Request, Server, ok, redirect, status};
use blackbox::temp::Folder;
use blackbox::{in_parallel, sha256};

/// How long a test may take that is to show that nothing waits for a default time limit.
const SOON: Duration = Duration::from_secs(15);

fn fetch(url: &str) -> Outcome {
    Ptex::new([url]).run()
}

/// Has ptex fetch from these mirrors, with or without a hash to check.
fn fetch_from(mirrors: &[&str], content: Option<&[u8]>, options: &[&str]) -> Outcome {
    let folder = Folder::new();
    let files = content.map_or(String::new(), |content| {
        format!(
            r#""scie": {{"lift": {{"files": [{{"name": "f", "size": {}, "hash": "{}"}}]}}}}, "#,
            content.len(),
            sha256(content)
        )
    });
    folder.write(
        "m.json",
        format!(r#"{{{files}"ptex": {{"f": {mirrors:?}}}}}"#),
    );
    Ptex::new(options.iter().chain(&["m.json", "f"]))
        .dir(folder.path())
        .run()
}

/// A server of `file` that treats each answer's content as `fault` says.
fn faulty<F>(file: Content, fault: F) -> Server
where
    F: Fn(&Request, &mut Connection, &[u8]) -> io::Result<()> + Send + Sync + 'static,
{
    Server::start(move |request, connection| {
        let (head, body) = file.answer(request);
        connection.send(head)?;
        fault(request, connection, body)
    })
}

/// A server that cuts its first answer after `cut` bytes of content.
fn cut_once(file: Content, cut: usize) -> Server {
    faulty(file, move |request, connection, body| {
        match request.number {
            0 => connection.send(&body[..cut]),
            _ => connection.send(body),
        }
    })
}

#[test]
fn cut_after_every_byte() {
    let bytes = noise(1, 48);
    let mut cases = Vec::new();
    for kind in 0..4 {
        for cut in 0..bytes.len() {
            cases.push((kind, cut));
        }
    }
    in_parallel(&cases, |&(kind, cut)| {
        let file = match kind {
            0 => Content::new(&*bytes),
            1 => Content::dated(&*bytes),
            2 => Content::anonymous(&*bytes),
            _ => Content {
                ranges: false,
                ..Content::new(&*bytes)
            },
        };
        let validator = file.etag.or(file.last_modified);
        let server = cut_once(file, cut);
        fetch(&server.url("/")).delivers(&bytes);
        let requests = server.requests();
        assert_eq!(requests.len(), 2);
        assert_eq!(requests[0].header("Range"), None);
        if cut > 0 && validator.is_some() {
            assert_eq!(requests[1].header("Range"), Some(&*format!("bytes={cut}-")));
            assert_eq!(requests[1].header("If-Range"), validator);
        } else {
            assert_eq!(requests[1].header("Range"), None);
        }
    });
}

#[test]
fn cut_after_every_byte_of_a_chunked_answer() {
    let body = b"chunked content";
    let response = b"HTTP/1.1 200 OK\r\nETag: \"e\"\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nchunked c\r\n6;x=y\r\nontent\r\n0\r\nT: v\r\n\r\n";
    let cuts: Vec<usize> = (0..response.len()).collect();
    in_parallel(&cuts, |&cut| {
        let server = Server::start(move |request, connection| match request.number {
            0 => connection.send(&response[..cut]),
            _ => connection.send(response),
        });
        fetch(&server.url("/")).delivers(body);
    });
}

#[test]
fn a_reset_is_as_good_as_a_cut() {
    let bytes = noise(2, 50_000);
    let cuts = [0, 1, 1000, 49_999];
    in_parallel(&cuts, |&cut| {
        let server = faulty(Content::new(&*bytes), move |request, connection, body| {
            if request.number > 0 {
                return connection.send(body);
            }
            connection.send(&body[..cut])?;
            connection.reset()
        });
        fetch(&server.url("/")).delivers(&bytes);
    });
    // Before a word was said.
    let server = Server::start(|request, connection| match request.number {
        0 => connection.reset(),
        1 => Ok(()),
        _ => connection.send(ok("content")),
    });
    fetch(&server.url("/")).delivers(b"content");
}

#[test]
fn a_server_that_comes_up() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    std::thread::scope(|scope| {
        let outcome = scope.spawn(|| {
            Ptex::new([
                "--retry",
                "20",
                "--retry-max-time",
                "30",
                &format!("http://{address}/"),
            ])
            .run()
        });
        std::thread::sleep(Duration::from_millis(200));
        let server = Server::start_on(&address.to_string(), |_, connection| {
            connection.send(ok("up"))
        });
        outcome.join().unwrap().delivers(b"up");
        assert_eq!(server.requests().len(), 1);
    });
}

#[test]
fn a_stall_is_a_broken_line() {
    let bytes = noise(3, 9000);
    let places = [None, Some(0), Some(4000)];
    in_parallel(&places, |&place| {
        let file = Content::new(&*bytes);
        let server = Server::start(move |request, connection| {
            let (head, body) = file.answer(request);
            if request.number == 0 {
                if let Some(cut) = place {
                    connection.send(head)?;
                    connection.send(&body[..cut])?;
                }
                return connection.stall();
            }
            connection.send(head)?;
            connection.send(body)
        });
        let outcome = Ptex::new(["--speed-time", "1", &server.url("/")]).run();
        outcome.delivers(&bytes);
        assert!(outcome.elapsed >= Duration::from_secs(1) && outcome.elapsed < SOON);
    });
}

#[test]
fn no_stall_outlasts_its_limit() {
    let server = Server::start(|_, connection| {
        connection.send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nfour")?;
        connection.stall()
    });
    let outcome = Ptex::new(["--retry", "0", &server.url("/")])
        .env("PTEX_SPEED_TIME", "0.5")
        .run();
    assert!(
        outcome
            .error()
            .contains("timed out after 500 ms without progress")
    );
    assert!(outcome.elapsed < SOON);
    outcome.wrote(b"four");
}

#[test]
fn drops_are_no_stall() {
    let server = Server::start(|_, connection| {
        connection.send_in_pieces(&ok("slowly"), 12, Duration::from_millis(300))
    });
    Ptex::new(["--speed-time", "1", "--retry", "0", &server.url("/")])
        .run()
        .delivers(b"slowly");
}

#[test]
fn busy_servers_are_asked_again() {
    let lines = [
        "408 Request Timeout",
        "425 Too Early",
        "429 Too Many Requests",
        "500 Internal Server Error",
        "502 Bad Gateway",
        "503 Service Unavailable",
        "504 Gateway Timeout",
    ];
    in_parallel(&lines, |line| {
        let server = Server::in_turn(vec![
            status(&format!("{line}\r\nRetry-After: 0")),
            status(&format!("{line}\r\nRetry-After: 0")),
            ok("content"),
        ]);
        fetch(&server.url("/")).delivers(b"content");
        assert_eq!(server.requests().len(), 3);
    });
}

#[test]
fn a_server_that_says_when_is_heard() {
    let dates = "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\nRetry-After: Sun, 06 Nov 1994 08:49:38 GMT";
    let fields = ["Retry-After: 1", dates];
    in_parallel(&fields, |fields| {
        let server = Server::in_turn(vec![
            status(&format!("429 Too Many Requests\r\n{fields}")),
            ok("content"),
        ]);
        let outcome = fetch(&server.url("/"));
        outcome.delivers(b"content");
        assert!(
            outcome.elapsed >= Duration::from_millis(1000),
            "{:?}",
            outcome.elapsed
        );
        assert!(outcome.elapsed < SOON);
    });
}

#[test]
fn tries_are_counted() {
    let server = Server::answering(status("503 Busy\r\nRetry-After: 0"));
    fetch(&server.url("/")).fails_with(&format!(
        "Failed to fetch {}: The requested URL returned error: 503 (6 tries)",
        server.url("/")
    ));
    assert_eq!(server.requests().len(), 6);

    let server = Server::answering(status("503 Busy\r\nRetry-After: 0"));
    Ptex::new(["--retry", "0", &server.url("/")]).run().error();
    assert_eq!(server.requests().len(), 1);
    Ptex::new([server.url("/")])
        .env("PTEX_RETRY", "2")
        .run()
        .error();
    assert_eq!(server.requests().len(), 4);

    let server = Server::answering(status("503 Busy\r\nRetry-After: 30"));
    let outcome = Ptex::new(["--retry-max-time", "5", &server.url("/")]).run();
    outcome.error();
    assert_eq!(server.requests().len(), 1);
    assert!(outcome.elapsed < SOON);
}

#[test]
fn a_thousand_connections_take_no_more_memory_than_one() {
    let padding = "x".repeat(60_000);
    let busy = status(&format!("503 Busy\r\nRetry-After: 0\r\nPadding: {padding}"));
    let server = Server::start(move |request, connection| {
        connection.send(match request.number {
            0..1000 => busy.clone(),
            _ => ok("here"),
        })
    });
    Ptex::new(["--retry", "1000", &server.url("/")])
        .run()
        .delivers(b"here");
}

#[test]
fn what_will_not_pass_is_not_tried_again() {
    for response in [
        status("404 Not Found"),
        status("403 Forbidden"),
        status("501 Not Implemented"),
        b"rubbish".to_vec(),
    ] {
        let server = Server::answering(response);
        fetch(&server.url("/")).error();
        assert_eq!(server.requests().len(), 1);
    }
}

#[test]
fn progress_counts_tries_anew() {
    let bytes = noise(4, 10 << 20);
    // Nine cuts, five tries: what advances is not given up.
    let server = faulty(Content::new(&*bytes), |_, connection, body| {
        connection.send(&body[..body.len().min((1 << 20) + 1)])
    });
    fetch(&server.url("/")).delivers(&bytes);
    assert_eq!(server.requests().len(), 10);
}

#[test]
fn content_that_has_changed_is_an_error() {
    let (old, new) = (noise(5, 10_000), noise(6, 10_000));
    let mut same_but_longer = old.clone();
    same_but_longer.extend_from_slice(b"more");
    let v2 = |bytes: &[u8]| Content {
        etag: Some("\"v2\""),
        ..Content::new(bytes)
    };
    let cases = [
        (Content::new(&*old), v2(&new)),
        (Content::dated(&*old), Content::anonymous(&*new)),
        (Content::anonymous(&*old), Content::anonymous(&*new)),
        (
            Content::anonymous(&*old),
            Content::anonymous(&*same_but_longer),
        ),
        (Content::anonymous(&*old), Content::anonymous(&old[..5000])),
        (Content::anonymous(&*old), Content::anonymous(&old[..7000])),
    ];
    in_parallel(&cases, |(first, second)| {
        let (first, second) = (first.clone(), second.clone());
        let server = Server::start(move |request, connection| {
            let file = if request.number == 0 { &first } else { &second };
            let (head, body) = file.answer(request);
            connection.send(head)?;
            let cut = if request.number == 0 {
                6000
            } else {
                body.len()
            };
            connection.send(&body[..cut])
        });
        let outcome = fetch(&server.url("/"));
        assert!(
            outcome
                .error()
                .contains("The content has changed since a part of it was delivered"),
            "{}",
            outcome.stderr
        );
        outcome.wrote(&old[..6000]);
        assert_eq!(server.requests().len(), 2);
    });
}

/// Cuts the answers of `nodes`, which stand behind one name and answer in turn, after so many bytes each.
fn nodes(nodes: Vec<(Content, usize)>) -> Server {
    Server::start(move |request, connection| {
        let (file, cut) = &nodes[request.number.min(nodes.len() - 1)];
        let (head, body) = file.answer(request);
        connection.send(head)?;
        connection.send(&body[..body.len().min(*cut)])
    })
}

#[test]
fn nodes_with_tags_of_their_own_for_the_same_content() {
    let bytes = noise(15, 10_000);
    let tagged = |etag| Content {
        etag: Some(etag),
        ..Content::new(&*bytes)
    };
    for hash in [None, Some(&*bytes)] {
        let server = nodes(vec![
            (tagged("\"a\""), 4000),
            // Cut while it is compared, cut when it has gone on.
            (tagged("\"b\""), 3000),
            (tagged("\"c\""), 6000),
            (tagged("\"c\""), usize::MAX),
        ]);
        fetch_from(&[&server.url("/")], hash, &[]).delivers(&bytes);
        let requests = server.requests();
        let last = requests.last().unwrap();
        if hash.is_some() {
            assert_eq!(last.header("Range"), Some("bytes=4000-"));
        } else {
            assert_eq!(last.header("Range"), Some("bytes=6000-"));
            assert_eq!(last.header("If-Range"), Some("\"c\""));
        }
    }
}

#[test]
fn versions_that_begin_alike_are_not_mixed() {
    let old = noise(16, 10_000);
    let mut new = old.clone();
    new[5000..].reverse();
    for (first, second) in [
        (Content::new(&*old), Content::anonymous(&*new)),
        (Content::dated(&*old), Content::anonymous(&*new)),
        (
            Content::new(&*old),
            Content {
                etag: Some("\"v2\""),
                ..Content::new(&*new)
            },
        ),
    ] {
        // What the second one added is no part of what the first one has the rest of.
        let server = nodes(vec![
            (first.clone(), 4000),
            (second, 7000),
            (first, usize::MAX),
        ]);
        let outcome = fetch(&server.url("/"));
        assert!(outcome.error().contains("The content has changed"));
        outcome.wrote(&new[..7000]);
    }
}

#[test]
fn parts_that_were_not_asked_for() {
    let bytes = noise(7, 1000);
    let heads = [
        "Content-Range: bytes 500-999/1000\r\nContent-Length: 500",
        "Content-Range: bytes 601-999/1000\r\nContent-Length: 399",
        "Content-Range: bytes 0-999/1000\r\nContent-Length: 1000",
        "Content-Range: bytes 600-999/1000\r\nContent-Length: 399",
        "Content-Range: bytes 600-999/999\r\nContent-Length: 400",
        "Content-Range: bytes 999-600/1000\r\nContent-Length: 400",
        "Content-Range: bytes */1000\r\nContent-Length: 400",
        "Content-Range: lines 600-999/1000\r\nContent-Length: 400",
        "Content-Range: bytes 600-1999/2000\r\nContent-Length: 1400",
        "Content-Range: x\r\nContent-Length: 400",
        "Content-Length: 400",
    ];
    in_parallel(&heads, |&head| {
        let file = Content::new(&*bytes);
        let server = Server::start(move |request, connection| {
            if request.number == 0 {
                let (head, body) = file.answer(request);
                connection.send(head)?;
                return connection.send(&body[..600]);
            }
            connection.send(format!(
                "HTTP/1.1 206 Partial Content\r\nETag: \"v1\"\r\n{head}\r\n\r\n"
            ))?;
            connection.send(&file.bytes)
        });
        let outcome = fetch(&server.url("/"));
        outcome.error();
        outcome.wrote(&bytes[..600]);
    });
}

#[test]
fn a_part_where_all_was_asked_for() {
    let head = "HTTP/1.1 206 Part\r\nContent-Range: bytes 0-3/9\r\nContent-Length: 4\r\n\r\n";
    let server = Server::answering([head, "part"].concat());
    let outcome = fetch(&server.url("/"));
    assert!(outcome.error().contains("a part where all was asked for"));
    outcome.wrote(b"");
    // Whoever asks for one gets it.
    Ptex::new(["-H", "Range: bytes=0-3", &server.url("/")])
        .run()
        .delivers(b"part");
}

#[test]
fn the_end_that_was_told_before_counts() {
    let bytes = noise(8, 100);
    let part = |last: usize, framing: &str| {
        format!(
            "HTTP/1.1 206 Part\r\nETag: \"v1\"\r\nContent-Range: bytes 50-{last}/*\r\n{framing}\r\n\r\n"
        )
    };
    let serve = |second: String, more: usize| {
        let file = Content::new(&*bytes);
        Server::start(move |request, connection| {
            let (head, body) = match request.number {
                1 => (
                    second.clone(),
                    [&file.bytes[50..], b"!"].concat()[..more].to_vec(),
                ),
                n => {
                    let (head, body) = file.answer(request);
                    (head, body[..if n == 0 { 50 } else { body.len() }].to_vec())
                }
            };
            connection.send(head)?;
            connection.send(body)
        })
    };
    // A part of the part, by a server that does not say how much there is.
    fetch(&serve(part(79, "Content-Length: 30"), 30).url("/")).delivers(&bytes);
    fetch(&serve(part(99, "Connection: close"), 30).url("/")).delivers(&bytes);
    for bad in [
        part(100, "Content-Length: 51"),
        "HTTP/1.1 416 No\r\nContent-Range: bytes */50\r\nContent-Length: 0\r\n\r\n".into(),
    ] {
        let outcome = fetch(&serve(bad, 0).url("/"));
        outcome.error();
        outcome.wrote(&bytes[..50]);
    }
    // More than there is.
    fetch(&serve(part(99, "Connection: close").replace("/*", "/100"), 51).url("/")).error();
}

#[test]
fn a_part_of_the_part_is_continued() {
    let bytes = noise(8, 1000);
    let file = Content::new(&*bytes);
    let server = Server::start(move |request, connection| {
        let first = match request.number {
            0 => {
                let (head, body) = file.answer(request);
                connection.send(head)?;
                return connection.send(&body[..400]);
            }
            n => 400 * n,
        };
        let last = (first + 399).min(999);
        let len = last - first + 1;
        connection.send(format!(
            "HTTP/1.1 206 Partial Content\r\nETag: \"v1\"\r\nContent-Range: bytes {first}-{last}/1000\r\nContent-Length: {len}\r\n\r\n"
        ))?;
        connection.send(&file.bytes[first..=last])
    });
    fetch(&server.url("/")).delivers(&bytes);
}

/// The head of the part of a content from `first` to before `end`, which is not said to be `total` bytes long if that is `*`.
fn part_head(first: usize, end: usize, total: &str) -> String {
    let (last, length) = (end - 1, end - first);
    format!(
        "HTTP/1.1 206 Part\r\nETag: \"v1\"\r\nContent-Range: bytes {first}-{last}/{total}\r\nContent-Length: {length}\r\n\r\n"
    )
}

/// The first byte that a request asks for.
fn first_byte(request: &Request) -> Option<usize> {
    let range = request.header("Range")?;
    range
        .strip_prefix("bytes=")?
        .strip_suffix('-')?
        .parse()
        .ok()
}

#[test]
fn a_part_of_unknown_total_is_never_the_end() {
    let bytes = noise(17, 1000);
    let begun = |bytes: &[u8]| {
        let head = "HTTP/1.1 200 OK\r\nETag: \"v1\"\r\nTransfer-Encoding: chunked\r\n\r\n12c\r\n";
        [head.as_bytes(), &bytes[..300], b"\r\n"].concat()
    };
    // What the server says where there is no more.
    for (end, requests) in [("*/1000", 6), ("*/*", 7), ("x", 7)] {
        let file = bytes.clone();
        let server = Server::start(move |request, connection| match first_byte(request) {
            None if request.number == 0 => connection.send(begun(&file)),
            None => connection.send(ok(&file)),
            Some(1000) => connection.send(status(&format!("416 No\r\nContent-Range: bytes {end}"))),
            Some(first) => {
                let end = (first + 200).min(1000);
                connection.send(part_head(first, end, "*"))?;
                connection.send(&file[first..end])
            }
        });
        Ptex::new(["--retry", "1", &server.url("/")])
            .run()
            .delivers(&bytes);
        assert_eq!(server.requests().len(), requests);
    }
    // Where the hash proves the end nothing more is asked for.
    let file = bytes.clone();
    let server = Server::start(move |request, connection| match first_byte(request) {
        None => connection.send(begun(&file)),
        Some(first) => {
            let end = (first + 350).min(1000);
            connection.send(part_head(first, end, "*"))?;
            connection.send(&file[first..end])
        }
    });
    fetch_from(&[&server.url("/")], Some(&bytes), &["--retry", "1"]).delivers(&bytes);
    assert_eq!(server.requests().len(), 3);
}

#[test]
fn parts_that_come_whole_are_no_failed_tries() {
    let bytes = noise(18, 200_000);
    let file = bytes.clone();
    let server = Server::start(move |request, connection| match first_byte(request) {
        None => {
            connection.send("HTTP/1.1 200 OK\r\nETag: \"v1\"\r\nContent-Length: 200000\r\n\r\n")?;
            connection.send(&file[..5000])
        }
        Some(first) => {
            connection.send(part_head(first, first + 5000, "200000"))?;
            connection.send(&file[first..first + 5000])
        }
    });
    let outcome = Ptex::new(["--retry", "1", &server.url("/")]).run();
    outcome.delivers(&bytes);
    assert_eq!(server.requests().len(), 40);
    assert!(outcome.elapsed < SOON);
}

#[test]
fn the_time_for_everything_holds_for_parts() {
    let server = Server::start(|request, connection| match first_byte(request) {
        None => {
            connection.send("HTTP/1.1 200 OK\r\nETag: \"v1\"\r\nContent-Length: 99999999\r\n\r\n.")
        }
        Some(first) => connection.send([&part_head(first, first + 1, "99999999"), "."].concat()),
    });
    let outcome = Ptex::new(["--max-time", "1", &server.url("/")]).run();
    let error = outcome.error();
    assert!(error.contains("--max-time"), "{error}");
    assert!(outcome.elapsed < SOON);
}

#[test]
fn the_total_that_was_told_before_holds_for_content_without_a_length() {
    let bytes = noise(19, 50_000);
    let longer = [&*bytes, b"and more"].concat();
    for content in [&bytes[..30_000], &longer] {
        for chunked in [true, false] {
            let mut answer = b"HTTP/1.1 200 OK\r\n".to_vec();
            if chunked {
                answer.extend(
                    format!("Transfer-Encoding: chunked\r\n\r\n{:x}\r\n", content.len()).bytes(),
                );
                answer.extend_from_slice(content);
                answer.extend_from_slice(b"\r\n0\r\n\r\n");
            } else {
                answer.extend_from_slice(b"\r\n");
                answer.extend_from_slice(content);
            }
            let first = bytes.clone();
            let server = Server::start(move |request, connection| match request.number {
                0 => {
                    connection.send("HTTP/1.1 200 OK\r\nContent-Length: 50000\r\n\r\n")?;
                    connection.send(&first[..10_000])
                }
                _ => connection.send(&answer),
            });
            let options = ["--retry", "1"];
            let outcome = Ptex::new(options.iter().chain(&[&*server.url("/")])).run();
            let error = outcome.error();
            // A line that broke and a close look the same.
            let is_cut = !chunked && content.len() < bytes.len();
            let expected = if is_cut {
                "20000 bytes missing"
            } else {
                "The content has changed"
            };
            assert!(error.contains(expected), "{error}");
            assert!(bytes.starts_with(&outcome.stdout));
            if chunked {
                // What has changed is begun again where that can be done.
                let folder = Folder::new();
                let first = cut_once(Content::anonymous(&*bytes), 10_000);
                let url = first.url("/f");
                let changed = server.url("/f");
                let front = Server::start(move |request, connection| {
                    connection.send(redirect(
                        302,
                        if request.number == 0 { &url } else { &changed },
                    ))
                });
                let url = front.url("/f");
                Ptex::new(["-O", &url])
                    .dir(folder.path())
                    .run()
                    .delivers(b"");
                assert!(folder.read("f") == content);
            }
        }
    }
}

#[test]
fn a_file_for_a_mirror_keeps_the_rules() {
    let bytes = noise(20, 50_000);
    let mut other = bytes.clone();
    other[5000] ^= 1;
    let folder = Folder::new();
    folder.write("same", &bytes);
    folder.write("short", &bytes[..30_000]);
    folder.write("short and other", &other[..30_000]);
    folder.write("other", &other);
    let local = |name: &str| format!("file://{}", folder.join(name).display()).replace(' ', "%20");
    let options = ["--retry", "0"];
    for (name, error) in [
        ("same", None),
        ("short", Some("has changed")),
        ("other", Some("has changed")),
    ] {
        let cut = cut_once(Content::new(&*bytes), 10_000);
        let outcome = fetch_from(&[&cut.url("/"), &local(name)], None, &options);
        match error {
            None => outcome.delivers(&bytes),
            Some(error) => {
                assert!(outcome.error().contains(error), "{}", outcome.stderr);
                outcome.wrote(&bytes[..10_000]);
            }
        }
    }
    // One that is refused says nothing of those after it: neither a file nor a server, whether or not the first one had said
    // how much there is.
    let right = Server::answering(ok(&bytes));
    let wrong = Server::answering(ok(&other[..30_000]));
    let endless = || {
        let first = bytes[..10_000].to_vec();
        Server::start(move |_, connection| {
            connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2710\r\n")?;
            connection.send(&first)
        })
    };
    for refused in [
        local("short"),
        local("short and other"),
        local("other"),
        wrong.url("/"),
    ] {
        for hash in [None, Some(&*bytes)] {
            let cut = cut_once(Content::new(&*bytes), 10_000);
            let mirrors = [&*cut.url("/"), &refused, &right.url("/")];
            fetch_from(&mirrors, hash, &options).delivers(&bytes);
            if !refused.ends_with("short") || hash.is_some() {
                let mirrors = [&*endless().url("/"), &refused, &right.url("/")];
                fetch_from(&mirrors, hash, &options).delivers(&bytes);
            }
        }
    }
}

#[test]
fn no_range_and_no_word_of_how_much_there_is() {
    let bytes = noise(21, 1000);
    for (hash, field) in [
        (false, "X: y"),
        (true, "X: y"),
        (false, "Content-Range: bytes */*"),
    ] {
        let file = bytes.clone();
        let refusal = status(&format!("416 No\r\n{field}"));
        let server = Server::start(move |request, connection| match request.number {
            _ if request.header("Range").is_some() => connection.send(&refusal),
            n => {
                let end = match n {
                    0 => 400,
                    2 => 300,
                    _ => 1000,
                };
                connection
                    .send("HTTP/1.1 200 OK\r\nETag: \"v1\"\r\nContent-Length: 1000\r\n\r\n")?;
                connection.send(&file[..end])
            }
        });
        fetch_from(&[&server.url("/")], hash.then_some(&*bytes), &[]).delivers(&bytes);
        // Once, not again and again.
        let asked: Vec<bool> = server
            .requests()
            .iter()
            .map(|r| r.header("Range").is_some())
            .collect();
        assert_eq!(asked, [false, true, false, false]);
    }
}

#[test]
fn a_part_that_cannot_be_used_is_as_good_as_none() {
    let bytes = noise(22, 1000);
    for head in [
        "Content-Range: bytes 500-999/1000\r\nContent-Length: 500",
        "Content-Range: bytes 600-999/1000\r\nContent-Length: 399",
        "Content-Range: bytes 600-599/*\r\nContent-Length: 0",
        "Content-Length: 400",
    ] {
        let file = bytes.clone();
        let server = Server::start(move |request, connection| match request.number {
            0 => {
                connection
                    .send("HTTP/1.1 200 OK\r\nETag: \"v1\"\r\nContent-Length: 1000\r\n\r\n")?;
                connection.send(&file[..600])
            }
            _ if request.header("Range").is_none() => connection.send(ok(&file)),
            _ => {
                connection.send(format!(
                    "HTTP/1.1 206 Part\r\nETag: \"v1\"\r\n{head}\r\n\r\n"
                ))?;
                connection.send(vec![b'x'; 500])
            }
        });
        let outcome = Ptex::new(["-v", "--retry", "1", &server.url("/")]).run();
        outcome.succeeds(&bytes);
        let told = format!(
            "{} did not send the rest; asking for all of it\n",
            server.authority()
        );
        assert!(outcome.stderr.ends_with(&told), "{}", outcome.stderr);
        assert_eq!(server.requests().len(), 3);
    }
}

#[test]
fn a_part_that_is_longer_than_it_says() {
    let bytes = noise(23, 1000);
    for (framing, end) in [
        ("Transfer-Encoding: chunked\r\n\r\n2bc\r\n", "\r\n0\r\n\r\n"),
        ("Connection: close\r\n\r\n", ""),
    ] {
        for hash in [None, Some(&*bytes)] {
            let file = bytes.clone();
            let server = Server::start(move |request, connection| match request.number {
                0 => {
                    connection
                        .send("HTTP/1.1 200 OK\r\nETag: \"v1\"\r\nContent-Length: 1000\r\n\r\n")?;
                    connection.send(&file[..300])
                }
                _ => {
                    let head = "HTTP/1.1 206 Part\r\nETag: \"v1\"\r\nContent-Range: bytes 300-399/1000\r\n";
                    connection.send(
                        [
                            head.as_bytes(),
                            framing.as_bytes(),
                            &[b'z'; 700],
                            end.as_bytes(),
                        ]
                        .concat(),
                    )
                }
            });
            let outcome = fetch_from(&[&server.url("/")], hash, &["--retry", "1"]);
            assert!(
                outcome.error().contains("The content has changed"),
                "{}",
                outcome.stderr
            );
            assert!(outcome.stdout.len() <= 400);
        }
    }
}

#[test]
fn nothing_was_missing_but_the_end() {
    // All chunks came but the last: the rest of it is no range that there is.
    let chunks = |request: &Request| match request.header("Range") {
        None => {
            "HTTP/1.1 200 OK\r\nETag: \"e\"\r\nTransfer-Encoding: chunked\r\n\r\n7\r\ncontent\r\n"
                .to_owned()
        }
        Some(range) => {
            assert_eq!(range, "bytes=7-");
            "HTTP/1.1 416 No\r\nContent-Range: bytes */7\r\nContent-Length: 0\r\n\r\n".to_owned()
        }
    };
    let server = Server::start(move |request, connection| connection.send(chunks(request)));
    fetch(&server.url("/")).delivers(b"content");

    // There is more, which is not to be had as a range: so all of it is asked for, and compared.
    for all in ["contents", "Contents"] {
        let server = Server::start(move |request, connection| match request.number {
            0 | 1 => connection.send(chunks(request).replace("*/7", "*/8")),
            _ => connection.send(ok(all)),
        });
        let outcome = fetch(&server.url("/"));
        if all == "contents" {
            outcome.delivers(b"contents");
        } else {
            assert!(outcome.error().contains("The content has changed"));
            outcome.wrote(b"content");
        }
    }
}

#[test]
fn what_the_hash_proves_needs_no_end() {
    let chunks = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n7\r\ncontent\r\n".to_owned();
    let endless = "HTTP/1.1 200 OK\r\n\r\ncontent".to_owned();
    for (answer, stalls) in [(chunks, false), (endless, true)] {
        let server = Server::start(move |_, connection| {
            connection.send(&answer)?;
            if stalls {
                connection.stall()?;
            }
            Ok(())
        });
        let options = ["--speed-time", "1", "--retry", "0"];
        fetch_from(&[&server.url("/")], Some(b"content"), &options).delivers(b"content");
        // A part of it proves nothing.
        fetch_from(&[&server.url("/")], Some(b"content."), &options).error();
    }
}

#[test]
fn a_signed_url_is_asked_for_anew() {
    let bytes = noise(9, 30_000);
    let file = Content::new(&*bytes);
    let store = Server::start(move |request, connection| {
        // Each URL serves once.
        if request.target() != format!("/f?signature={}", request.number) {
            return connection.send(status("403 Expired"));
        }
        let (head, body) = file.answer(request);
        connection.send(head)?;
        connection.send(&body[..body.len().min(10_000)])
    });
    let url = store.url("/f?signature=");
    let front = Server::start(move |request, connection| {
        connection.send(redirect(302, &format!("{url}{}", request.number)))
    });
    fetch(&front.url("/f")).delivers(&bytes);
    assert_eq!(store.requests().len(), 3);
    assert!(
        store
            .requests()
            .iter()
            .skip(1)
            .all(|r| r.header("If-Range") == Some("\"v1\""))
    );
}

#[test]
fn a_redirect_to_another_host_on_resume() {
    let bytes = noise(10, 30_000);
    let first = cut_once(Content::new(&*bytes), 12_345);
    let second = cut_once(Content::new(&*bytes), 0);
    let hosts = [first.url("/x"), second.url("/y")];
    let front = Server::start(move |request, connection| {
        connection.send(redirect(307, &hosts[request.number.min(1)]))
    });
    fetch(&front.url("/f")).delivers(&bytes);
    assert_eq!(front.requests().len(), 3);
    assert_eq!(second.requests()[0].header("Range"), Some("bytes=12345-"));
    assert_eq!(second.requests()[0].header("If-Range"), Some("\"v1\""));
}

#[test]
fn a_date_is_no_proof_that_two_hosts_have_the_same() {
    let (bytes, other) = (noise(10, 30_000), noise(11, 30_000));
    for (second, is_same) in [(&bytes, true), (&other, false)] {
        let first = cut_once(Content::dated(&*bytes), 12_345);
        let second = cut_once(Content::dated(&**second), 0);
        let hosts = [first.url("/x"), second.url("/y")];
        let front = Server::start(move |request, connection| {
            connection.send(redirect(307, &hosts[request.number.min(1)]))
        });
        let outcome = fetch(&front.url("/f"));
        if is_same {
            outcome.delivers(&bytes);
        } else {
            assert!(outcome.error().contains("has changed"));
            assert_eq!(outcome.stdout, &bytes[..12_345]);
        }
    }
}

#[test]
fn a_mirror_goes_on() {
    let bytes = noise(11, 100_000);
    let broken = || {
        faulty(Content::new(&*bytes), |_, connection, body| {
            connection.send(&body[..body.len().min(33_333)])
        })
    };
    let options = ["--retry", "0"];
    // With the hash, the rest alone is fetched, whatever its version.
    let rest = Server::start({
        let file = Content::anonymous(&*bytes);
        move |request, connection| {
            let (head, body) = file.answer(request);
            connection.send(head)?;
            connection.send(body)
        }
    });
    fetch_from(
        &[&broken().url("/"), &rest.url("/")],
        Some(&bytes),
        &options,
    )
    .delivers(&bytes);
    assert_eq!(rest.requests()[0].header("Range"), Some("bytes=33333-"));
    assert_eq!(rest.requests()[0].header("If-Range"), None);
    // Without it, all is read again and compared.
    fetch_from(&[&broken().url("/"), &rest.url("/")], None, &options).delivers(&bytes);
    assert_eq!(rest.requests()[1].header("Range"), None);
}

#[test]
fn a_mirror_with_other_content() {
    let (bytes, other) = (noise(12, 100_000), noise(13, 100_000));
    let mut late = bytes.clone();
    late[99_999] ^= 1;
    let cut = cut_once(Content::new(&*bytes), 33_333);
    let gone = Server::answering(status("404 Not Found"));
    let options = ["--retry", "0"];
    // It is not what the manifest means.
    let wrong = Server::answering(ok(&late));
    let right = Server::answering(ok(&bytes));
    let outcome = fetch_from(&[&wrong.url("/"), &right.url("/")], Some(&bytes), &options);
    assert_ne!(
        outcome.status.code(),
        Some(0),
        "wrong bytes have been delivered"
    );
    outcome.error();
    // It is not what a part was delivered of.
    for (second, hash) in [(&other, false), (&other, true), (&late, true)] {
        let mirror = Server::answering(ok(second));
        let cut = cut_once(Content::new(&*bytes), 33_333);
        let outcome = fetch_from(
            &[&cut.url("/"), &mirror.url("/"), &gone.url("/")],
            hash.then_some(&*bytes),
            &options,
        );
        let error = outcome.error();
        assert!(
            error.contains(&cut.url("/")) && error.contains(&mirror.url("/")),
            "{error}"
        );
        assert!(outcome.stdout.len() >= 33_333);
        assert!(bytes.starts_with(&outcome.stdout[..33_333]));
    }
    // What was compared in part alone is not continued as if it were the same.
    let once = Server::start({
        let file = Content::new(&*bytes);
        move |request, connection| match request.number {
            0 => {
                let (head, body) = file.answer(request);
                connection.send(head)?;
                connection.send(&body[..33_333])
            }
            _ => connection.send(status("404 Not Found")),
        }
    });
    let mirror = cut_once(
        Content {
            etag: Some("\"v2\""),
            ..Content::new(&*other)
        },
        10_000,
    );
    let outcome = fetch_from(&[&once.url("/"), &mirror.url("/")], None, &[]);
    assert!(outcome.error().contains("The content has changed"));
    outcome.wrote(&bytes[..33_333]);
    // One that comes later may still have it.
    let mirror = Server::answering(ok(&other));
    fetch_from(
        &[&cut.url("/"), &mirror.url("/"), &right.url("/")],
        None,
        &options,
    )
    .delivers(&bytes);
}

#[test]
fn the_error_tells_what_each_said() {
    let gone = Server::answering(status("404 Not Found"));
    let short = Server::answering("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n");
    fetch_from(
        &[
            &gone.url("/a"),
            "http://127.0.0.1:1/b",
            &short.url("/c"),
            "file:///none",
        ],
        None,
        &["--retry", "0"],
    )
    .fails_with(&format!(
        "Failed to source file f: Failed to fetch {}: The requested URL returned error: 404; \
         http://127.0.0.1:1/b: Failed to connect to 127.0.0.1 port 1: Connection refused; \
         {}: Transferred a partial file (end of response with 5 bytes missing); \
         file:///none: Couldn't read file /none: No such file or directory (os error 2)",
        gone.url("/a"),
        short.url("/c")
    ));
}

#[test]
fn what_is_wrong_with_one_source_is_not_wrong_with_the_next() {
    let right = Server::answering(ok("content"));
    for wrong in [
        "",
        "none:x",
        "gopher://h/",
        "http://[x]/",
        "file:///%00",
        "ftp://h/;type=a",
    ] {
        fetch_from(&[wrong, &right.url("/")], None, &[]).delivers(b"content");
    }
}

#[test]
fn time_for_everything() {
    let server = Server::start(|_, connection| {
        connection.send("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")?;
        connection.send_in_pieces(&[0; 100_000], 1, Duration::from_millis(50))
    });
    for (argument, variable) in [(Some("0.7"), None), (None, Some("0.7"))] {
        let mut ptex = match argument {
            Some(value) => Ptex::new(["--max-time", value, &server.url("/")]),
            None => Ptex::new([server.url("/")]),
        };
        if let Some(value) = variable {
            ptex = ptex.env("PTEX_MAX_TIME", value);
        }
        let outcome = ptex.run();
        let error = outcome.error();
        assert!(error.contains("--max-time"), "{error}");
        assert!(outcome.elapsed >= Duration::from_millis(700));
        assert!(
            outcome.elapsed < Duration::from_secs(5),
            "{:?}",
            outcome.elapsed
        );
    }
    // Waiting between tries is part of everything.
    let server = Server::answering(status("503 Busy\r\nRetry-After: 60"));
    let outcome = Ptex::new(["--max-time", "1", &server.url("/")]).run();
    outcome.error();
    assert!(outcome.elapsed < Duration::from_secs(5));
}

#[test]
fn time_to_connect() {
    // A listener whose backlog is full does not answer.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    nix::sys::socket::listen(&listener, nix::sys::socket::Backlog::new(0).unwrap()).unwrap();
    let address = listener.local_addr().unwrap();
    let mut waiting = Vec::new();
    while let Ok(stream) =
        std::net::TcpStream::connect_timeout(&address, Duration::from_millis(300))
    {
        waiting.push(stream);
    }
    let outcome = Ptex::new([
        "--connect-timeout",
        "0.5",
        "--retry",
        "0",
        &format!("http://{address}/"),
    ])
    .run();
    let error = outcome.error();
    assert!(error.contains("timed out after 5"), "{error}");
    assert!(outcome.elapsed >= Duration::from_millis(500));
    assert!(
        outcome.elapsed < Duration::from_secs(5),
        "{:?}",
        outcome.elapsed
    );
}

#[test]
fn a_rate_is_kept() {
    let bytes = noise(14, 200 << 10);
    let server = Server::answering(ok(&bytes));
    let outcome = Ptex::new(["--limit-rate", "100K", &server.url("/")]).run();
    outcome.delivers(&bytes);
    assert!(
        outcome.elapsed >= Duration::from_millis(1500),
        "{:?}",
        outcome.elapsed
    );
    assert!(
        outcome.elapsed < Duration::from_secs(10),
        "{:?}",
        outcome.elapsed
    );
}

#[test]
fn a_rate_is_kept_for_what_is_read_again_and_for_files() {
    let bytes = noise(24, 300 << 10);
    let options = ["--limit-rate", "200K"];
    let server = cut_once(Content::anonymous(&*bytes), 200 << 10);
    let folder = Folder::new();
    folder.write("f", &bytes);
    let local = format!("file://{}", folder.join("f").display());
    for (url, least) in [(server.url("/"), 2000), (local, 1200)] {
        let outcome = Ptex::new(options.iter().chain(&[&*url])).run();
        outcome.delivers(&bytes);
        assert!(
            outcome.elapsed >= Duration::from_millis(least),
            "{:?}",
            outcome.elapsed
        );
        assert!(outcome.elapsed < SOON);
    }
}

#[test]
fn time_for_a_file() {
    let folder = Folder::new();
    folder.write("f", noise(25, 300 << 10));
    let local = format!("file://{}", folder.join("f").display());
    let outcome = Ptex::new(["--limit-rate", "50K", "--max-time", "0.5", &local]).run();
    let error = outcome.error();
    assert!(
        error.contains("timed out (the time for all, --max-time, is over)"),
        "{error}"
    );
    assert!(outcome.elapsed < Duration::from_secs(4));
}

#[test]
fn it_is_silent_unless_asked() {
    let bytes = noise(15, 1000);
    let server = cut_once(Content::new(&*bytes), 600);
    fetch(&server.url("/")).delivers(&bytes);
    let server = cut_once(Content::new(&*bytes), 600);
    let outcome = Ptex::new(["-v", &server.url("/")]).run();
    outcome.succeeds(&bytes);
    assert!(
        outcome.stderr.contains("400 bytes missing"),
        "{}",
        outcome.stderr
    );
    assert!(
        outcome.stderr.contains("with 600 bytes there"),
        "{}",
        outcome.stderr
    );
    let server = cut_once(Content::new(&*bytes), 600);
    let outcome = Ptex::new([server.url("/")]).env("PTEX_VERBOSE", "1").run();
    assert!(
        outcome.stderr.contains("with 600 bytes there"),
        "{}",
        outcome.stderr
    );
}

/// Cuts, resets and busy answers at random places; in the end the right bytes.
#[test]
fn whatever_breaks_the_right_bytes_arrive() {
    let seeds: Vec<u64> = (0..12).collect();
    in_parallel(&seeds, |&seed| {
        let bytes = noise(seed, 3 << 20);
        let file = match seed % 3 {
            0 => Content::new(&*bytes),
            1 => Content::dated(&*bytes),
            _ => Content {
                ranges: seed % 2 == 0,
                ..Content::anonymous(&*bytes)
            },
        };
        let was_busy = AtomicBool::new(false);
        let server = Server::start(move |request, connection| {
            let mut random = Random::new(seed << 32 | request.number as u64);
            if !was_busy.swap(true, Ordering::SeqCst) {
                return connection.send(status("503 Busy\r\nRetry-After: 0"));
            }
            let (head, body) = file.answer(request);
            connection.send(head)?;
            let len = body.len();
            match random.between(0, 3) {
                _ if request.number > 3 => connection.send(body),
                0 => connection.send(body),
                1 => connection.send(&body[..random.between(0, len)]),
                _ => {
                    connection.send(&body[..random.between(0, len)])?;
                    connection.reset()
                }
            }
        });
        let begin = Instant::now();
        Ptex::new(["--retry", "9", &server.url("/")])
            .run()
            .delivers(&bytes);
        assert!(begin.elapsed() < Duration::from_secs(60));
    });
}

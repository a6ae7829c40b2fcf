//! What a person at a terminal sees.

use std::time::Duration;

use blackbox::content::Content;
use blackbox::in_parallel;
use blackbox::run::{Outcome, Ptex};
use blackbox::server::{Server, ok, status};
use blackbox::temp::Folder;

/// The lines that are left on a terminal of so many columns by what was written to it. A character that would begin a
/// second line of its own accord fails the test.
fn screen(written: &str, columns: usize) -> Vec<String> {
    let mut lines = vec![Vec::new()];
    let mut column = 0;
    let mut rest = written;
    while let Some(c) = rest.chars().next() {
        let line: &mut Vec<char> = lines.last_mut().unwrap();
        if let Some(after) = rest.strip_prefix("\x1b[K") {
            line.truncate(column);
            rest = after;
            continue;
        }
        rest = &rest[c.len_utf8()..];
        match c {
            '\r' => column = 0,
            '\n' => {
                lines.push(Vec::new());
                column = 0;
            }
            c => {
                assert!(!c.is_control(), "{c:?} in {written:?}");
                line.resize(line.len().max(column + 1), ' ');
                line[column] = c;
                column += 1;
                assert!(column < columns, "{columns}: {written:?}");
            }
        }
    }
    lines
        .into_iter()
        .map(|line| line.into_iter().collect::<String>().trim_end().to_owned())
        .collect()
}

/// A server that takes half a second for 600 bytes.
fn slow(head: &'static str) -> Server {
    Server::start(move |_, connection| {
        connection.send(head)?;
        connection.send_in_pieces(&[b'x'; 600], 100, Duration::from_millis(90))
    })
}

const KNOWN: &str = "HTTP/1.1 200 OK\r\nContent-Length: 600\r\n\r\n";
const UNKNOWN: &str = "HTTP/1.1 200 OK\r\n\r\n";

fn run(url: &str, columns: u16) -> Outcome {
    let outcome = Ptex::new([url])
        .env("TERM", "xterm")
        .run_on_terminal(columns);
    outcome.succeeds(&[b'x'; 600]);
    outcome
}

#[test]
fn a_bar_and_then_one_line() {
    let server = slow(KNOWN);
    let outcome = run(&server.url("/f"), 200);
    let drawn: Vec<_> = outcome.stderr.split('\r').collect();
    assert!(drawn[1].starts_with('['), "{drawn:?}");
    assert!(
        drawn
            .iter()
            .any(|line| line.contains("% ") && line.contains(" of 600 B, "))
    );
    assert!(drawn.len() >= 5, "{drawn:?}");
    // At most ten times a second.
    assert!(drawn.len() < 12 + (outcome.elapsed.as_millis() / 100) as usize);
    let line = format!(
        "Downloaded 600 of 600 bytes (100%) from {}",
        server.url("/f")
    );
    assert_eq!(screen(&outcome.stderr, 200), [&*line, ""]);
}

#[test]
fn an_unknown_length() {
    let server = slow(UNKNOWN);
    let outcome = run(&server.url("/f"), 200);
    assert!(outcome.stderr.contains("\r600 B, ") || outcome.stderr.contains("\r500 B, "));
    assert!(!outcome.stderr[..outcome.stderr.find("Downloaded").unwrap()].contains('%'));
    let line = format!(
        "Downloaded 600 of 600 bytes (100%) from {}",
        server.url("/f")
    );
    assert_eq!(screen(&outcome.stderr, 200), [&*line, ""]);
}

#[test]
fn a_length_that_the_manifest_knows() {
    let server = slow(UNKNOWN);
    let folder = Folder::new();
    let files = r#"[{"name": "f", "size": 600}]"#;
    folder.write(
        "m.json",
        format!(
            r#"{{"ptex": {{"f": "{}"}}, "scie": {{"lift": {{"files": {files}}}}}}}"#,
            server.url("/f")
        ),
    );
    let outcome = Ptex::new(["m.json", "f"])
        .dir(folder.path())
        .env("TERM", "xterm")
        .run_on_terminal(200);
    outcome.succeeds(&[b'x'; 600]);
    assert!(outcome.stderr.contains(" of 600 B, "), "{}", outcome.stderr);
}

#[test]
fn no_line_is_wider_than_the_terminal() {
    let mut cases = Vec::new();
    for columns in [6, 7, 10, 13, 20, 30, 31, 40, 60, 79, 80, 81, 132] {
        for head in [KNOWN, UNKNOWN] {
            cases.push((columns, head));
        }
    }
    in_parallel(&cases, |&(columns, head)| {
        let outcome = run(&slow(head).url("/"), columns);
        // The line that remains is as long as it has to be.
        let (bar, last) = outcome
            .stderr
            .split_at(outcome.stderr.find("Downloaded").unwrap());
        assert_eq!(screen(bar, columns.into()), [""]);
        assert!(last.ends_with("\r\n"));
    });
}

#[test]
fn a_terminal_that_does_not_know_its_width() {
    let outcome = run(&slow(KNOWN).url("/"), 0);
    assert_eq!(screen(&outcome.stderr, 80).len(), 2);
}

#[test]
fn who_wants_no_bar_gets_none() {
    let server = slow(KNOWN);
    let url = server.url("/");
    for (arguments, term) in [
        (&["-s", &*url][..], "xterm"),
        (&["--silent", &url], "xterm"),
        (&[&url], "dumb"),
    ] {
        let outcome = Ptex::new(arguments).env("TERM", term).run_on_terminal(80);
        outcome.delivers(&[b'x'; 600]);
    }
}

#[test]
fn the_url_is_shown_without_its_password() {
    let server = Server::answering(ok("content"));
    let outcome =
        Ptex::new([format!("http://user:s3cret@{}/f", server.authority())]).run_on_terminal(200);
    outcome.succeeds(b"content");
    assert!(!outcome.stderr.contains("s3cret"), "{}", outcome.stderr);
    assert!(
        outcome
            .stderr
            .contains("Downloaded 7 of 7 bytes (100%) from http://user@")
    );
}

#[test]
fn a_retry_has_a_line() {
    let file = Content::new([b'x'; 600]);
    let server = Server::start(move |request, connection| {
        let (head, body) = file.answer(request);
        connection.send(head)?;
        let len = if request.number == 0 { 200 } else { body.len() };
        connection.send(&body[..len])
    });
    let outcome = run(&server.url("/f"), 200);
    let lines = screen(&outcome.stderr, 200);
    assert_eq!(lines.len(), 3, "{lines:?}");
    assert!(
        lines[0].contains("400 bytes missing") && lines[0].contains("with 200 bytes there"),
        "{lines:?}"
    );
    assert!(lines[1].starts_with("Downloaded 600 of 600 bytes"));
}

#[test]
fn a_failure_leaves_its_line_alone() {
    let server = Server::start(|_, connection| {
        connection.send(KNOWN)?;
        connection.send_in_pieces(b"begin", 1, Duration::from_millis(60))
    });
    let outcome = Ptex::new(["--retry", "0", &server.url("/")]).run_on_terminal(200);
    assert_eq!(outcome.status.code(), Some(1));
    let lines = screen(&outcome.stderr, 200);
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert!(lines[0].starts_with("Failed to fetch ") && lines[0].contains("595 bytes missing"));

    let gone = Server::answering(status("404 Not Found"));
    let outcome = Ptex::new([gone.url("/")]).run_on_terminal(200);
    assert_eq!(screen(&outcome.stderr, 200).len(), 2);
}

#[test]
fn what_a_server_says_does_not_reach_the_terminal() {
    let server =
        Server::answering("HTTP/1.1 302 F\r\nLocation: http://\u{9b}31m\x1b]0;x\x07/\r\n\r\n");
    let outcome = Ptex::new(["-v", "--retry", "0", &server.url("/")]).run_on_terminal(200);
    assert_eq!(outcome.status.code(), Some(1));
    screen(&outcome.stderr, 200);
}

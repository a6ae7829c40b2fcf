//! Manifests: what is looked up, what is checked against them, and what is said of bad ones.

use std::fmt::Write as _;
use std::time::Duration;

use blackbox::random::noise;
use blackbox::run::{Outcome, Ptex};
use blackbox::server::{Server, ok, status};
use blackbox::system::os_error;
use blackbox::temp::Folder;
use blackbox::{in_parallel, sha256};

/// Has ptex look for the file `f` in this manifest.
fn look_up(manifest: impl AsRef<[u8]>) -> Outcome {
    let folder = Folder::new();
    folder.write("lift.json", manifest);
    Ptex::new(["lift.json", "f"]).dir(folder.path()).run()
}

/// A whole lift manifest with one file.
fn lift(size: usize, hash: &str, urls: &str) -> String {
    format!(
        r#"{{
  "scie": {{
    "jump": {{"size": 1, "version": "1.0"}},
    "lift": {{
      "name": "app",
      "files": [
        {{"name": "g", "size": 1, "hash": "{}"}},
        {{"name": "f", "size": {size}, "hash": "{hash}", "type": "blob", "source": "fetch"}}
      ],
      "boot": {{"commands": {{"": {{"exe": "{{f}}", "args": []}}}}}}
    }}
  }},
  "ptex": {{"g": "http://127.0.0.1:1/g", "f": {urls}}}
}}"#,
        "0".repeat(64)
    )
}

#[test]
fn the_table_alone_is_a_manifest() {
    let server = Server::answering(ok("content"));
    look_up(format!(r#"{{"ptex":{{"f":"{}"}}}}"#, server.url("/a?b"))).delivers(b"content");
    assert_eq!(server.request().target(), "/a?b");
}

#[test]
fn a_whole_lift_manifest() {
    let content = noise(1, 100_000);
    let server = Server::answering(ok(&content));
    let url = format!("{:?}", server.url("/f"));
    look_up(lift(content.len(), &sha256(&content), &url)).delivers(&content);
    look_up(lift(content.len(), &sha256(&content).to_uppercase(), &url)).delivers(&content);
}

#[test]
fn mirrors_are_tried_in_turn() {
    let server = Server::answering(ok("content"));
    let gone = Server::answering(status("404 Not Found"));
    let urls = |list: &[&str]| format!(r#"{{"ptex": {{"f": {list:?}}}}}"#);
    look_up(urls(&[&server.url("/1"), &gone.url("/2")])).delivers(b"content");
    assert_eq!(gone.requests().len(), 0);
    look_up(urls(&[
        &gone.url("/1"),
        "file:///nonexistent",
        "nonsense://x",
        "http://bad host/",
        &server.url("/2"),
    ]))
    .delivers(b"content");
    look_up(urls(&[&gone.url("/a"), &gone.url("/b")])).fails_with(&format!(
        "Failed to source file f: Failed to fetch {}: The requested URL returned error: 404; \
         {}: The requested URL returned error: 404",
        gone.url("/a"),
        gone.url("/b")
    ));
}

#[test]
fn a_file_that_is_not_there() {
    look_up(r#"{"ptex": {}}"#).fails_with("Did not find an URL mapping for file f.");
    look_up(r#"{"ptex": {"F": "http://h/", "f ": "http://h/", "g/f": "http://h/"}}"#)
        .fails_with("Did not find an URL mapping for file f.");
}

#[test]
fn the_last_of_equal_names_wins() {
    let server = Server::answering(ok("content"));
    look_up(format!(
        r#"{{"ptex": {{"f": "http://127.0.0.1:1/", "f": "{}"}}}}"#,
        server.url("/")
    ))
    .delivers(b"content");
}

#[test]
fn escapes_in_names_and_urls() {
    let server = Server::answering(ok("content"));
    let url = server
        .url("/\\u0061\\/\\ud83d\\ude00")
        .replace("http:", "ht\\u0074p:");
    look_up(format!(r#"{{"\u0070tex": {{"\u0066": "{url}"}}}}"#)).delivers(b"content");
    assert_eq!(server.request().target(), "/a/%F0%9F%98%80");
}

#[test]
fn a_manifest_that_cannot_be_read() {
    let folder = Folder::new();
    let run = |path: &str| Ptex::new([path, "f"]).dir(folder.path()).run();
    run("none.json").fails_with(
        "Failed to open lift manifest at none.json: No such file or directory (os error 2)",
    );
    let is_folder = os_error("Is a directory");
    run(".").fails_with(&format!("Failed to open lift manifest at .: {is_folder}"));
    run("").refuses("Failed to open lift manifest at : No such file or directory (os error ");
    run("/dev/null").fails_with(
        "Failed to parse ptex config: unexpected end of the document at line 1 column 0",
    );
}

#[test]
fn what_is_no_manifest() {
    let cases = [
        ("", 1, 0),
        ("[]", 1, 1),
        ("{", 1, 1),
        ("{}", 1, 2),
        ("\u{feff}{\"ptex\": {}}", 1, 1),
        ("{\"ptex\": {}} x", 1, 14),
        ("{\"ptex\": {}}{}", 1, 13),
        ("{\"ptex\": {},}", 1, 13),
        ("{\"ptex\": {\"a\": \"b\",}}", 1, 20),
        ("{\"ptex\": []}", 1, 10),
        ("{\"ptex\": null}", 1, 13),
        ("{\"ptex\": {\"a\": 1}}", 1, 16),
        ("{\"ptex\": {\"f\": null}}", 1, 19),
        ("{\"ptex\": {\"a\": {}}}", 1, 16),
        ("{\"ptex\": {\"a\": [1]}}", 1, 17),
        ("{\"ptex\": {\"a\": []}}", 1, 17),
        ("{\"ptex\": {}, \"ptex\": {}}", 1, 19),
        ("{\"a\": \"\\x\", \"ptex\": {}}", 1, 9),
        ("{\"a\": \"\\ud800\", \"ptex\": {}}", 1, 14),
        ("{\"a\": \"\t\", \"ptex\": {}}", 1, 8),
        ("{\"a\": 01, \"ptex\": {}}", 1, 8),
        ("{\n  \"a\": tru,\n  \"ptex\": {}}", 2, 11),
        ("{\n\"ptex\": {\"f\": \"http://h/\"}\n", 3, 0),
        ("{'ptex': {}}", 1, 2),
        ("{\"a\": NaN}", 1, 7),
    ];
    in_parallel(&cases, |(manifest, line, column)| {
        let outcome = look_up(manifest);
        let error = outcome.error();
        assert!(
            error.starts_with("Failed to parse ptex config: ")
                && error.ends_with(&format!(" at line {line} column {column}")),
            "{manifest:?}: {error}"
        );
        assert!(outcome.stdout.is_empty());
    });
}

#[test]
fn nesting_without_end() {
    let server = Server::answering(ok("content"));
    let deep = 100_000;
    let (open, close) = ("[{\"a\":".repeat(deep), "}]".repeat(deep));
    look_up(format!(
        r#"{{"deep": {open}1{close}, "ptex": {{"f": "{}"}}}}"#,
        server.url("/")
    ))
    .delivers(b"content");
}

#[test]
fn a_manifest_with_a_hundred_thousand_files() {
    let server = Server::answering(ok("content"));
    let mut manifest = String::from("{\"scie\": {\"lift\": {\"files\": [\n");
    for i in 0..100_000 {
        let _ = writeln!(
            manifest,
            "{{\"name\": \"file-{i}\", \"size\": {i}, \"hash\": \"{i:064}\"}},"
        );
    }
    let _ = writeln!(
        manifest,
        "{{\"name\": \"f\", \"size\": 7, \"hash\": \"{}\"}}]}}}}, \"ptex\": {{",
        sha256(b"content")
    );
    for i in 0..100_000 {
        let _ = writeln!(manifest, "\"file-{i}\": \"https://host/{i}\",");
    }
    let _ = write!(manifest, "\"f\": \"{}\"}}}}", server.url("/"));
    let outcome = look_up(&manifest);
    outcome.delivers(b"content");
    assert!(outcome.elapsed < Duration::from_secs(5));
}

#[test]
fn the_size_is_checked() {
    let content = noise(2, 1000);
    let hash = sha256(&content);
    let run = |response: Vec<u8>, size: usize| {
        let server = Server::answering(response);
        let url = format!("{:?}", server.url("/f"));
        let outcome = look_up(lift(size, &hash, &url));
        let prefix = format!(
            "Failed to source file f: Failed to fetch {}: ",
            server.url("/f")
        );
        let error = outcome.error().to_owned();
        assert_eq!(server.requests().len(), 1, "{error}");
        let why = error
            .strip_prefix(&prefix)
            .unwrap_or_else(|| panic!("{error}"));
        (why.to_owned(), outcome.stdout)
    };
    // Known before the first byte.
    for size in [999, 1001, 0, usize::MAX] {
        let (why, stdout) = run(ok(&content), size);
        assert_eq!(
            why,
            format!("The content has 1000 bytes, expected were {size}")
        );
        assert!(stdout.is_empty());
    }
    // Known when it comes.
    let chunks = |len: usize| {
        let mut response = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".to_vec();
        response.extend(format!("{len:x}\r\n").as_bytes());
        response.extend(&content[..len]);
        response.extend(b"\r\n0\r\n\r\n");
        response
    };
    let (why, stdout) = run(chunks(1000), 999);
    assert_eq!(why, "The content has more bytes, expected were 999");
    assert!(stdout.len() <= 999);
    let (why, stdout) = run(chunks(999), 1000);
    assert_eq!(why, "The content has 999 bytes, expected were 1000");
    assert_eq!(stdout, &content[..999]);
}

#[test]
fn what_is_too_long_is_not_read_to_its_end() {
    // A body that never ends: it does when ptex has seen enough.
    let server = Server::start(|_, connection| {
        connection.send("HTTP/1.1 200 OK\r\n\r\n")?;
        loop {
            connection.send([0; 4096])?;
        }
    });
    let url = format!("{:?}", server.url("/f"));
    let outcome = look_up(lift(10_000, &"0".repeat(64), &url));
    assert!(
        outcome
            .error()
            .ends_with("The content has more bytes, expected were 10000"),
        "{}",
        outcome.stderr
    );
    assert!(outcome.stdout.len() <= 10_000);
}

#[test]
fn the_hash_is_checked() {
    let content = noise(3, 70_000);
    let mut other = content.clone();
    other[69_999] ^= 1;
    let server = Server::answering(ok(&other));
    let url = format!("{:?}", server.url("/f"));
    let outcome = look_up(lift(content.len(), &sha256(&content), &url));
    assert_eq!(
        outcome.error(),
        format!(
            "Failed to source file f: Failed to fetch {}: The content has the SHA-256 {}, expected was {}",
            server.url("/f"),
            sha256(&other),
            sha256(&content)
        )
    );
    assert_eq!(server.requests().len(), 1, "it is not tried again");
    let file = Folder::new();
    let path = file.write("f", &other);
    look_up(lift(
        content.len(),
        &sha256(&content),
        &format!("\"file://{}\"", path.display()),
    ))
    .error();
}

#[test]
fn what_is_to_be_checked_must_be_readable() {
    for (size, hash) in [("-1", "00"), ("1.5", ""), ("\"5\"", ""), ("5", "xyz")] {
        let manifest = format!(
            r#"{{"scie": {{"lift": {{"files": [{{"name": "f", "size": {size}, "hash": "{hash}"}}]}}}},
                "ptex": {{"f": "http://127.0.0.1:1/"}}}}"#
        );
        look_up(manifest).refuses("Failed to parse ptex config: a file's ");
    }
}

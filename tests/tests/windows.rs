//! What Windows alone has: drives, long paths, devices, command lines, variables in any case, files that are in use.
//!
//! Run by `cargo test -p blackbox --test windows` with `PTEX_UNDER_TEST` a ptex for Windows; on other systems by an emulator
//! that shows the root folder as the drive Z.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use blackbox::content::Content;
use blackbox::note;
use blackbox::random::noise;
use blackbox::run::{Outcome, Ptex};
use blackbox::server::{Server, ok};
use blackbox::system::is_windows;
use blackbox::temp::Folder;

/// A path as Windows has it.
fn native(path: &Path) -> String {
    let path = path.to_str().unwrap();
    if cfg!(windows) {
        path.to_owned()
    } else {
        format!("Z:{}", path.replace('/', "\\"))
    }
}

fn file_url(path: &Path) -> String {
    format!("file:///{}", native(path).replace('\\', "/"))
}

fn fetch(url: &str) -> Outcome {
    Ptex::new(["--retry", "0", url]).run()
}

/// Waits until a file of the folder has `len` bytes.
fn wait_for(folder: &Folder, len: u64) {
    let begin = Instant::now();
    let has = |entry: fs::DirEntry| entry.metadata().is_ok_and(|m| m.len() == len);
    while !fs::read_dir(folder.path()).unwrap().flatten().any(has) {
        assert!(begin.elapsed() < Duration::from_secs(20), "it never came");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Answers with the beginning of something, and waits.
fn stalling() -> Server {
    Server::start(|_, connection| {
        connection
            .send("HTTP/1.1 200 OK\r\nETag: \"1\"\r\nContent-Length: 90\r\n\r\nthe beginning")?;
        connection.stall()
    })
}

#[test]
fn it_is_windows() {
    assert!(is_windows());
}

#[test]
fn drives() {
    let folder = Folder::new();
    let path = folder.write("a bü", "content");
    let url = file_url(&path).replace(' ', "%20");
    fetch(&url).delivers(b"content");
    fetch(&url.replace("///", "/")).delivers(b"content");
    fetch(&url.replace("///", "//localhost/")).delivers(b"content");
    let manifest = folder.write("m.json", format!(r#"{{"ptex": {{"f": "{url}"}}}}"#));
    let (backslashes, slashes) = (native(&manifest), native(&manifest).replace('\\', "/"));
    let verbatim = format!(r"\\?\{backslashes}");
    for path in [&backslashes, &slashes, &verbatim, "m.json", r".\m.json"] {
        Ptex::new([path, "f"])
            .dir(folder.path())
            .run()
            .delivers(b"content");
    }
    fetch("file:///C:/none/none").refuses("No such file or directory (os error 3)");
    fetch("file://server.invalid/share/file")
        .refuses("Failed to fetch file:////server.invalid/share/file");
}

#[test]
fn bytes_are_not_text() {
    let folder = Folder::new();
    let mut content: Vec<u8> = (0..=255).collect();
    content.extend_from_slice(b"\n\r\n\n\x1a\r\r\n\x1a\n");
    let server = Server::answering(ok(&content));
    fetch(&server.url("/")).delivers(&content);
    Ptex::new(["-O", &server.url("/f")])
        .dir(folder.path())
        .run()
        .delivers(b"");
    assert!(folder.read("f") == content);
    fetch(&file_url(&folder.join("f"))).delivers(&content);
}

#[test]
fn arguments_arrive_as_they_were_meant() {
    for value in [
        "plain",
        r#"quo"ted"#,
        r#"all "of it""#,
        r"back\slash\",
        r#"\\both\" and \\\"#,
        "tab\tand  blanks",
        "b\u{fc}cher \u{1f600}",
        "%PATH% ^& * ? 'single'",
    ] {
        let server = Server::answering(ok("x"));
        Ptex::new(["-H", &format!("X: {value}"), &server.url("/")])
            .run()
            .delivers(b"x");
        assert_eq!(server.request().header("X"), Some(value));
    }
    // An empty one is one.
    Ptex::new(["", ""])
        .run()
        .refuses("Failed to open lift manifest at : ");
}

#[test]
fn variables_have_no_case() {
    let server = Server::answering(ok("x"));
    for name in [
        "PTEX_DUMP_HEADERS",
        "ptex_dump_headers",
        "Ptex_Dump_Headers",
    ] {
        let outcome = Ptex::new([server.url("/")]).env(name, "1").run();
        outcome.succeeds(b"x");
        assert!(outcome.stderr.starts_with("HTTP/1.1 200 OK\r\n"), "{name}");
    }
}

#[test]
fn long_paths() {
    let folder = Folder::new();
    let mut deep = folder.path().to_owned();
    for _ in 0..10 {
        deep.push("a folder of forty characters in its name");
    }
    fs::create_dir_all(&deep).unwrap();
    assert!(native(&deep).len() > 400);
    fs::write(deep.join("content"), "from the depth").unwrap();
    let url = file_url(&deep.join("content")).replace(' ', "%20");
    fetch(&url).delivers(b"from the depth");
    let manifest = deep.join("m.json");
    fs::write(&manifest, format!(r#"{{"ptex": {{"f": "{url}"}}}}"#)).unwrap();
    Ptex::new([&native(&manifest), "f"])
        .run()
        .delivers(b"from the depth");

    // A name as long as one may be, in a folder as long as a current one may be.
    let mut current = folder.path().to_owned();
    while native(&current).len() < 200 {
        current.push("folder");
    }
    fs::create_dir_all(&current).unwrap();
    let name = "n".repeat(250);
    let server = Server::answering(ok("content"));
    Ptex::new(["-O", &server.url(&format!("/{name}"))])
        .dir(&current)
        .run()
        .delivers(b"");
    assert_eq!(fs::read(current.join(&name)).unwrap(), b"content");
    Ptex::new(["-O", "-C", "-", &server.url("/continued")])
        .dir(&current)
        .run()
        .delivers(b"");
    assert_eq!(fs::read(current.join("continued")).unwrap(), b"content");
}

#[test]
fn a_process_that_is_ended_leaves_no_temporary_file() {
    let folder = Folder::new();
    folder.write("f", "old");
    let server = stalling();
    let mut running = Ptex::new(["-O", &server.url("/f")])
        .dir(folder.path())
        .piped();
    wait_for(&folder, 13);
    assert_eq!(folder.names().len(), 2);
    running.child.kill().unwrap();
    assert!(!running.wait().status.success());
    // The system closes its files in its own time.
    let begin = Instant::now();
    while folder.names() != ["f"] {
        assert!(
            begin.elapsed() < Duration::from_secs(10),
            "{:?}",
            folder.names()
        );
        std::thread::sleep(Duration::from_millis(5));
    }
    assert_eq!(folder.read("f"), b"old");
}

#[test]
fn a_partial_file_is_for_one_process() {
    let folder = Folder::new();
    let server = stalling();
    let url = server.url("/f");
    let go_on = || Ptex::new(["--retry", "0", "-O", "-C", "-", &url]).dir(folder.path());
    let first = go_on().piped();
    wait_for(&folder, 13);
    go_on()
        .run()
        .refuses("Failed to open f.part: In use by another process (os error 32)");
    drop(first);
}

#[test]
fn a_read_only_file_is_refused_at_once() {
    let folder = Folder::new();
    let path = folder.write("f", "old");
    let mut permissions = fs::metadata(&path).unwrap().permissions();
    permissions.set_readonly(true);
    fs::set_permissions(&path, permissions).unwrap();
    let server = Server::answering(ok("new"));
    Ptex::new(["-O", &server.url("/f")])
        .dir(folder.path())
        .run()
        .refuses("Failed to create f: Permission denied (os error 5)");
    assert_eq!(server.requests().len(), 0);
    assert_eq!(folder.names(), ["f"]);
}

/// What a console shows does not depend on its code page.
#[cfg(unix)]
#[test]
fn a_console() {
    let server = Server::answering(ok(noise(2, 600)));
    let outcome = Ptex::new([server.url("/f")]).run_on_terminal(100);
    assert!(outcome.status.success());
    assert!(
        outcome.stderr.contains("] 100% 600 B of 600 B, "),
        "{:?}",
        outcome.stderr
    );
    let line = format!(
        "Downloaded 600 of 600 bytes (100%) from {}",
        server.url("/f")
    );
    assert!(outcome.stderr.contains(&line), "{:?}", outcome.stderr);
    let outcome = Ptex::new(["b\u{fc}cher-\u{65e5}\u{672c}.json", "f"]).run_on_terminal(100);
    assert!(
        outcome
            .stderr
            .contains("at b\u{fc}cher-\u{65e5}\u{672c}.json: No such"),
        "{:?}",
        outcome.stderr
    );
}

#[test]
fn a_large_file_is_continued() {
    let folder = Folder::new();
    let content = noise(1, 300_000);
    folder.write("f.part", &content[..100_000]);
    folder.write("f", "old");
    let file = Content::new(&*content);
    let server = Server::start(move |request, connection| {
        let (head, body) = file.answer(request);
        connection.send(head)?;
        connection.send(body)
    });
    folder.write("f.part.version", note(&server.url("/f"), "\"v1\""));
    Ptex::new(["-OC-", &server.url("/f")])
        .dir(folder.path())
        .run()
        .delivers(b"");
    assert_eq!(folder.names(), ["f"]);
    assert!(folder.read("f") == content);
    assert_eq!(server.request().header("Range"), Some("bytes=100000-"));
}

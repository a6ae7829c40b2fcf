//! Where the bytes go: every one written, or an error; files that are there whole or not at all.

use std::fs::{self, OpenOptions};
use std::io::Read;

use blackbox::content::Content;
use blackbox::note;
use blackbox::random::noise;
use blackbox::run::{Outcome, Ptex, read_slowly};
use blackbox::server::{Server, ok, redirect, status};
use blackbox::system::{is_windows, os_error};
use blackbox::temp::Folder;

/// `-O` in a folder.
fn remote_name(folder: &Folder, url: &str) -> Outcome {
    Ptex::new(["--retry", "0", "-O", url])
        .dir(folder.path())
        .run()
}

/// `-O -C -` in a folder.
fn go_on(folder: &Folder, url: &str) -> Outcome {
    Ptex::new(["--retry", "0", "-OC-", url])
        .dir(folder.path())
        .run()
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_noticed_however_short_the_content() {
    for len in [1, 10, 100_000] {
        let server = Server::answering(ok(noise(1, len)));
        let url = server.url("/");
        let full = OpenOptions::new().write(true).open("/dev/full").unwrap();
        Ptex::new([&url]).stdout(full).wait().fails_with(&format!(
            "Failed to fetch {url}: Failed to write to stdout: {}",
            os_error("No space left on device")
        ));
        assert_eq!(server.requests().len(), 1, "no server can mend that");
    }
    let full = || OpenOptions::new().write(true).open("/dev/full").unwrap();
    for option in ["-V", "-h"] {
        Ptex::new([option])
            .stdout(full())
            .wait()
            .fails_with(&format!(
                "Failed to write to stdout: {}",
                os_error("No space left on device")
            ));
    }
}

#[test]
fn a_closed_pipe_is_an_error() {
    for len in [1, 300_000] {
        let server = Server::answering(ok(noise(1, len)));
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let url = server.url("/");
        Ptex::new([&url]).stdout(writer).wait().fails_with(&format!(
            "Failed to fetch {url}: Failed to write to stdout: {}",
            os_error("Broken pipe")
        ));
    }
    // In the middle.
    let server = Server::answering(ok(noise(1, 1 << 20)));
    let mut running = Ptex::new([server.url("/")]).piped();
    let mut stdout = running.child.stdout.take().unwrap();
    stdout.read_exact(&mut [0; 1000]).unwrap();
    drop(stdout);
    assert!(running.wait().error().ends_with(&os_error("Broken pipe")));
}

#[test]
fn a_slow_reader_gets_it_all() {
    let content = noise(2, 3 << 20);
    let server = Server::answering(ok(&content));
    let mut running = Ptex::new([server.url("/")]).piped();
    let all = read_slowly(running.child.stdout.take().unwrap());
    running.wait().succeeds(b"");
    assert!(all == content);
}

#[test]
fn what_comes_slowly_is_handed_on_at_once() {
    let server = Server::start(|_, connection| {
        connection.send("HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nnow!")?;
        connection.stall()
    });
    let mut running = Ptex::new([server.url("/")]).piped();
    let mut first = [0; 4];
    running
        .child
        .stdout
        .as_mut()
        .unwrap()
        .read_exact(&mut first)
        .unwrap();
    assert_eq!(&first, b"now!");
}

#[test]
fn a_file_is_appended_to_and_not_rewound() {
    let folder = Folder::new();
    let path = folder.write("out", "before ");
    let server = Server::answering(ok("after"));
    let out = OpenOptions::new().append(true).open(&path).unwrap();
    Ptex::new([server.url("/")])
        .stdout(out)
        .wait()
        .succeeds(b"");
    assert_eq!(folder.read("out"), b"before after");
}

#[test]
fn a_file_is_named_after_the_url() {
    let folder = Folder::new();
    let server = Server::start(|request, connection| match request.target() {
        "/from" => connection.send(redirect(302, "/to")),
        _ => connection.send(ok("content")),
    });
    for (path, name) in [
        ("/a/b.tar.gz?c/d#e/f", "b.tar.gz"),
        ("/a%20b%2Fc", "a%20b%2Fc"),
        ("/from", "from"),
        ("/x\u{e9}", "x%C3%A9"),
        ("/.hidden", ".hidden"),
        ("/-dash", "-dash"),
    ] {
        remote_name(&folder, &server.url(path)).delivers(b"");
        assert_eq!(folder.names(), [name]);
        assert_eq!(folder.read(name), b"content");
        fs::remove_file(folder.join(name)).unwrap();
    }
    let requests = server.requests().len();
    let mut bad = vec!["", "/", "/a/", "/?q", "/..", "/a/.", "/#f"];
    if is_windows() {
        bad.extend(["/...", "/a.", "/nul", "/COM1.txt", "/a:b", "/f::$DATA"]);
    }
    for path in bad {
        let url = server.url(path);
        let outcome = remote_name(&folder, &url);
        let error = outcome.error();
        let begin = "Could not determine the remote file name of ";
        assert!(error.starts_with(begin), "{path}: {error}");
    }
    assert_eq!(server.requests().len(), requests);
    assert!(folder.names().is_empty());
}

#[test]
fn an_existing_file_is_replaced_only_by_a_whole_one() {
    let folder = Folder::new();
    folder.write("f", "old");
    let failures: [&[u8]; 5] = [
        b"",
        b"HTTP/1.1 404 No\r\nContent-Length: 3\r\n\r\nbad",
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nbad",
        b"rubbish",
    ];
    for failure in failures {
        remote_name(&folder, &Server::answering(failure).url("/f")).error();
        assert_eq!(folder.names(), ["f"]);
        assert_eq!(folder.read("f"), b"old");
    }
    remote_name(&folder, "http://127.0.0.1:1/f").error();
    assert_eq!(folder.read("f"), b"old");

    remote_name(&folder, &Server::answering(ok("new")).url("/f")).delivers(b"");
    assert_eq!(folder.names(), ["f"]);
    assert_eq!(folder.read("f"), b"new");
}

#[test]
fn a_file_that_cannot_be_made() {
    let folder = Folder::new();
    fs::create_dir(folder.join("d")).unwrap();
    let server = Server::answering(ok("content"));
    for run in [remote_name, go_on] {
        run(&folder, &server.url("/d")).refuses(&format!(
            "Failed to create d: {}",
            os_error("Is a directory")
        ));
    }
    let long = "n".repeat(300);
    remote_name(&folder, &server.url(&format!("/{long}"))).refuses(&os_error("File name too long"));
    assert_eq!(folder.names(), ["d"]);
    assert!(server.requests().is_empty());
    // What there is a part of stays.
    folder.write("d.part", "con");
    folder.write("d.part.version", "\"v1\"");
    go_on(&folder, &server.url("/d")).refuses("Failed to create d: ");
    assert_eq!(folder.names(), ["d", "d.part", "d.part.version"]);
    assert!(server.requests().is_empty());
}

#[test]
fn a_file_is_continued() {
    let content = noise(4, 200_000);
    let cut = 70_001;
    for file in [Content::new(&*content), Content::dated(&*content)] {
        let folder = Folder::new();
        let validator = file.etag.or(file.last_modified);
        let server = Server::start(move |request, connection| {
            let (head, body) = file.answer(request);
            connection.send(head)?;
            match request.number {
                0 => connection.send(&body[..cut]),
                _ => connection.send(body),
            }
        });
        go_on(&folder, &server.url("/f"))
            .refuses("partial file (end of response with 129999 bytes missing)");
        assert_eq!(folder.read("f.part"), &content[..cut]);
        assert!(!folder.join("f").exists());
        go_on(&folder, &server.url("/f")).delivers(b"");
        assert_eq!(folder.names(), ["f"]);
        assert!(folder.read("f") == content);
        let second = &server.requests()[1];
        assert_eq!(second.header("Range"), Some("bytes=70001-"));
        assert_eq!(second.header("If-Range"), validator);
    }
}

#[test]
fn nothing_is_left_of_nothing() {
    for answer in [
        status("404 Not Found"),
        b"HTTP/1.1 200 OK\r\nETag: \"v1\"\r\nContent-Length: 9\r\n\r\n".to_vec(),
    ] {
        let folder = Folder::new();
        go_on(&folder, &Server::answering(answer).url("/f")).error();
        assert_eq!(folder.names(), [""; 0]);
    }
}

#[test]
fn what_others_left_is_not_continued() {
    let folder = Folder::new();
    folder.write("f.part", "somebody's own");
    let server = Server::answering(ok("content"));
    go_on(&folder, &server.url("/f")).refuses("f.part was not left by -C");
    assert_eq!(folder.names(), ["f.part"]);
    assert_eq!(folder.read("f.part"), b"somebody's own");
}

#[test]
fn a_name_that_is_too_long_is_refused_at_once() {
    let server = Server::answering(ok("content"));
    let url = server.url(&["/", &"n".repeat(300)].concat());
    let folder = Folder::new();
    let outcome = Ptex::new(["-O", &url]).dir(folder.path()).run();
    outcome.refuses("File name too long");
    assert_eq!(server.requests().len(), 0);
}

#[test]
fn what_cannot_be_continued_is_compared_or_begun_again() {
    let (old, new) = (noise(5, 100_000), noise(6, 100_000));
    let mut without_ranges = Content::new(&*old);
    without_ranges.ranges = false;
    let mut other = Content::new(&*new);
    other.etag = Some("\"v2\"");
    let mut longer = Content::anonymous([&*old, b"more"].concat());
    longer.ranges = false;
    for (first, second) in [
        (Content::new(&*old), without_ranges),
        (Content::anonymous(&*old), Content::anonymous(&*old)),
        (Content::new(&*old), other),
        (Content::anonymous(&*old), Content::anonymous(&*new)),
        (Content::dated(&*old), Content::new(&*new)),
    ] {
        let folder = Folder::new();
        let expected = second.bytes.clone();
        let server = Server::start(move |request, connection| {
            if request.number == 0 {
                let (head, body) = first.answer(request);
                connection.send(head)?;
                return connection.send(&body[..60_000]);
            }
            let (head, body) = second.answer(request);
            connection.send(head)?;
            connection.send(body)
        });
        go_on(&folder, &server.url("/f")).error();
        assert_eq!(folder.read("f.part"), &old[..60_000]);
        go_on(&folder, &server.url("/f")).delivers(b"");
        assert_eq!(folder.names(), ["f"]);
        assert!(*folder.read("f") == *expected);
    }
}

#[test]
fn what_was_compared_in_part_is_not_what_there_is_a_part_of() {
    let old = noise(8, 10_000);
    let mut new = old.clone();
    new[3500] ^= 1;
    let files = [(&old, "\"v1\"", 4000), (&new, "\"v2\"", 3000)].map(|(bytes, tag, cut)| {
        let mut file = Content::new(&**bytes);
        file.etag = Some(tag);
        (file, cut)
    });
    let server = Server::start(move |request, connection| {
        let (file, cut) = &files[request.number.min(1)];
        let (head, body) = file.answer(request);
        connection.send(head)?;
        connection.send(match request.number {
            0 | 1 => &body[..*cut],
            _ => body,
        })
    });
    let folder = Folder::new();
    for _ in 0..2 {
        go_on(&folder, &server.url("/f")).error();
        assert_eq!(folder.read("f.part"), &old[..4000]);
    }
    go_on(&folder, &server.url("/f")).delivers(b"");
    assert!(folder.read("f") == new);
}

#[test]
fn a_partial_file_that_was_complete() {
    let folder = Folder::new();
    let content = noise(7, 5000);
    folder.write("f.part", &content);
    let file = Content::new(&*content);
    let server = Server::start(move |request, connection| {
        let (head, body) = file.answer(request);
        connection.send(head)?;
        connection.send(body)
    });
    folder.write("f.part.version", note(&server.url("/f"), "\"v1\""));
    go_on(&folder, &server.url("/f")).delivers(b"");
    assert_eq!(folder.names(), ["f"]);
    assert!(folder.read("f") == content);
    assert_eq!(server.request().header("Range"), Some("bytes=5000-"));
}

/// Files of one name, in one folder after the other: what makes up an ETag (nginx: size and time) may well be the same.
#[test]
fn a_part_of_another_url_is_none_of_this_one() {
    let files = [noise(11, 100_000), noise(12, 100_000)].map(Content::new);
    let of_x86 = files.clone();
    let server = Server::start(move |request, connection| {
        let file = &of_x86[usize::from(request.target() == "/arm/f")];
        let (head, body) = file.answer(request);
        connection.send(head)?;
        connection.send(match request.number {
            0 => &body[..60_000],
            _ => body,
        })
    });
    let folder = Folder::new();
    go_on(&folder, &server.url("/x86/f")).error();
    assert!(folder.read("f.part") == files[0].bytes[..60_000]);
    go_on(&folder, &server.url("/arm/f")).delivers(b"");
    assert_eq!(folder.names(), ["f"]);
    assert!(folder.read("f") == *files[1].bytes);
}

/// A part that the user asked for is not the beginning of the file, whatever its ETag.
#[test]
fn a_part_of_a_range_is_none_of_the_file() {
    let content = noise(13, 100_000);
    let file = Content::new(&*content);
    let server = Server::start(move |request, connection| {
        let (head, body) = file.answer(request);
        connection.send(head)?;
        connection.send(match request.number {
            0 => &body[..5000],
            _ => body,
        })
    });
    let folder = Folder::new();
    let url = server.url("/f");
    Ptex::new(["--retry", "0", "-OC-", "-H", "Range: bytes=1000-", &url])
        .dir(folder.path())
        .run()
        .error();
    assert!(folder.read("f.part") == content[1000..6000]);
    go_on(&folder, &url).delivers(b"");
    assert!(folder.read("f") == content);
}

#[test]
fn a_part_of_unknown_total_completes_no_file() {
    let content = noise(9, 1000);
    let folder = Folder::new();
    folder.write("f.part", &content[..300]);
    let file = content.clone();
    let server = Server::start(move |request, connection| {
        let first: usize = request.header("Range").unwrap()[6..]
            .trim_end_matches('-')
            .parse()
            .unwrap();
        if first == 1000 {
            return connection.send(status("416 No\r\nContent-Range: bytes */1000"));
        }
        let last = (first + 349).min(999);
        connection.send(format!(
            "HTTP/1.1 206 Part\r\nETag: \"v1\"\r\nContent-Range: bytes {first}-{last}/*\r\n\r\n"
        ))?;
        connection.send(&file[first..=last])
    });
    folder.write("f.part.version", note(&server.url("/f"), "\"v1\""));
    go_on(&folder, &server.url("/f")).delivers(b"");
    assert_eq!(folder.names(), ["f"]);
    assert!(folder.read("f") == content);
    assert_eq!(server.requests().len(), 3);
}

#[test]
fn the_note_beside_a_partial_file_is_of_what_was_read_last() {
    let content = noise(10, 300_000);
    let source = Folder::new();
    source.write("f", &content);
    let url = format!("file://{}", source.join("f").display());
    let of_nothing = note(&url, "");
    for before in [None, Some(note(&url, "\"v1\"")), Some(of_nothing.clone())] {
        let folder = Folder::new();
        if let Some(before) = before {
            folder.write("f.part", &content[..1000]);
            folder.write("f.part.version", before);
        }
        // It ends early.
        Ptex::new(["--limit-rate", "100K", "--max-time", "0.5", "-OC-", &url])
            .dir(folder.path())
            .run()
            .refuses("--max-time");
        let part = folder.read("f.part");
        assert!(part.len() > 1000 && content.starts_with(&part));
        assert_eq!(folder.read("f.part.version"), of_nothing.as_bytes());
        go_on(&folder, &url).delivers(b"");
        assert_eq!(folder.names(), ["f"]);
        assert!(folder.read("f") == content);
    }
}

#[test]
fn a_partial_file_survives_a_failure() {
    let folder = Folder::new();
    folder.write("f.part", "begin");
    folder.write("f.part.version", "\"v1\"");
    folder.write("f", "old");
    go_on(
        &folder,
        &Server::answering(status("404 Not Found")).url("/f"),
    )
    .refuses("404");
    assert_eq!(folder.read("f.part"), b"begin");
    assert_eq!(folder.read("f"), b"old");
}

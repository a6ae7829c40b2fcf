//! What Unix alone has: signals, permissions, links, devices, descriptors that a shell closes, names of any bytes.
//!
//! These are the tests that are not run where the ptex under test is one for Windows.

#![cfg(unix)]

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::Read;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use blackbox::random::noise;
use blackbox::run::{Ptex, binary, read_slowly};
use blackbox::server::{Server, ok};
use blackbox::system::is_macos;
use blackbox::temp::Folder;
use blackbox::tls::{Authority, server_params};
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::sys::signal::Signal;
use nix::sys::socket::{AddressFamily, SockFlag, SockType, setsockopt, socketpair, sockopt};
use nix::sys::stat::Mode;
use nix::unistd::mkfifo;
use rustls::version::TLS13;

const WAIT: Duration = Duration::from_secs(20);

#[test]
fn arguments_that_are_not_utf8() {
    let folder = Folder::new();
    let bad = OsStr::from_bytes(b"\xff\xfe");
    Ptex::new([bad]).run().refuses("Not a URL: ?");
    Ptex::new([OsStr::from_bytes(b"--\xff")])
        .run()
        .refuses("Unknown option --?");
    Ptex::new([OsStr::from_bytes(b"-\xff")])
        .run()
        .refuses("Unknown option -?");
    Ptex::new([bad, OsStr::new("f")])
        .dir(folder.path())
        .run()
        .refuses("Failed to open lift manifest at ??: No such file or directory");
    // As a path it is as good as any.
    let file = folder.write("content", "found");
    std::fs::write(
        folder.path().join(bad),
        format!(r#"{{"ptex": {{"f": "file://{}"}}}}"#, file.display()),
    )
    .unwrap();
    Ptex::new([bad, OsStr::new("f")])
        .dir(folder.path())
        .run()
        .delivers(b"found");
    Ptex::new([bad, bad])
        .dir(folder.path())
        .run()
        .fails_with("Did not find an URL mapping for file ??.");
    Ptex::new([OsStr::new("-H"), bad, OsStr::new("http://127.0.0.1:1/")])
        .run()
        .refuses("Bad header");
}

#[test]
fn stdout_that_cannot_be_written() {
    let server = Server::answering(ok("content"));
    let read_only = File::open("/dev/null").unwrap();
    let outcome = Ptex::new([server.url("/")]).stdout(read_only).wait();
    assert!(
        outcome
            .error()
            .ends_with("Failed to write to stdout: Bad file descriptor (os error 9)")
    );
}

/// Runs ptex in a folder as the last command of a shell's line, in which it is `"$0" "$@"`.
fn shell(folder: &Folder, line: &str, arguments: &[&str]) -> std::process::Output {
    Command::new("sh")
        .args(["-c", line])
        .arg(binary())
        .args(arguments)
        .current_dir(folder.path())
        .output()
        .unwrap()
}

#[test]
fn what_the_parent_closed_is_not_used_for_something_else() {
    let folder = Folder::new();
    for line in [
        r#"exec "$0" "$@" >&-"#,
        r#"exec "$0" "$@" <&- >&-"#,
        r#"exec "$0" "$@" <&- >&- 2>&-"#,
    ] {
        let server = Server::answering(ok("for stdout"));
        let out = shell(&folder, line, &[&server.url("/")]);
        assert_eq!(out.status.code(), Some(1), "{line}");
        if !line.contains("2>") {
            let text = String::from_utf8(out.stderr).unwrap();
            assert!(
                text.ends_with("stdout: Bad file descriptor (os error 9)\n"),
                "{text}"
            );
        }
    }
    let server = Server::answering(ok("for stdout"));
    let line = r#"exec "$0" "$@" <&- 2>&-"#;
    assert_eq!(
        shell(&folder, line, &[&server.url("/")]).stdout,
        b"for stdout"
    );
}

#[test]
fn a_file_size_limit_is_an_error() {
    let folder = Folder::new();
    let server = Server::answering(ok(noise(1, 100_000)));
    let line = r#"ulimit -f 8; exec "$0" "$@""#;
    let out = shell(&folder, line, &["-O", &server.url("/f")]);
    let text = String::from_utf8(out.stderr).unwrap();
    assert!(
        text.ends_with("Failed to write to f: File too large (os error 27)\n"),
        "{text}"
    );
    assert_eq!(out.status.code(), Some(1));
    assert_eq!(folder.names(), [""; 0]);
}

#[test]
fn a_pipe_that_is_not_blocking_gets_it_all() {
    let content = noise(3, 3 << 20);
    let server = Server::answering(ok(&content));
    let (reader, writer) = std::io::pipe().unwrap();
    let writer = OwnedFd::from(writer);
    fcntl(writer.as_fd(), FcntlArg::F_SETFL(OFlag::O_NONBLOCK)).unwrap();
    let running = Ptex::new([server.url("/")]).stdout(writer);
    let all = read_slowly(reader);
    running.wait().succeeds(b"");
    assert!(all == content);
}

/// On Linux, where that can be, and no pipe is made smaller.
#[cfg(target_os = "linux")]
#[test]
fn a_pipe_is_made_to_hold_what_is_written_at_once() {
    const WRITTEN: i32 = 512 << 10;
    for given in [4096, 64 << 10, WRITTEN, 1 << 20] {
        let (reader, writer) = std::io::pipe().unwrap();
        let writer = OwnedFd::from(writer);
        fcntl(&writer, FcntlArg::F_SETPIPE_SZ(given)).unwrap();
        Ptex::new(["-V"]).stdout(writer).wait();
        let holds = fcntl(&reader, FcntlArg::F_GETPIPE_SZ).unwrap();
        let expected = if is_macos() {
            given
        } else {
            given.max(WRITTEN)
        };
        assert_eq!(holds, expected);
    }
}

/// A socket that keeps the borders between writes shows each of them.
#[cfg(target_os = "linux")]
#[test]
fn writes_are_large_when_data_comes_fast() {
    let content = noise(8, 32 << 20);
    let server = Server::answering(ok(&content));
    let none = SockFlag::empty();
    let (ours, theirs) = socketpair(AddressFamily::Unix, SockType::SeqPacket, None, none).unwrap();
    // Room for the largest write.
    setsockopt(&theirs, sockopt::SndBuf, &(1 << 20)).unwrap();
    let running = Ptex::new([server.url("/")]).stdout(theirs);
    let mut reader = File::from(ours);
    let mut portion = vec![0; 1 << 20];
    let (mut all, mut writes) = (Vec::new(), 0);
    loop {
        let n = reader.read(&mut portion).unwrap();
        if n == 0 {
            break;
        }
        all.extend_from_slice(&portion[..n]);
        writes += 1;
        // So that what the server sends is always there first.
        std::thread::sleep(Duration::from_micros(300));
    }
    running.wait().succeeds(b"");
    assert!(all == content);
    let most = content.len() / (64 << 10);
    assert!(writes <= most + most / 10, "{writes} writes");
}

#[test]
fn a_file_that_is_replaced_keeps_its_permissions() {
    for options in ["-O", "-OC-"] {
        let folder = Folder::new();
        let path = folder.write("f", "old");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        let server = Server::answering(ok("new"));
        Ptex::new([options, &server.url("/f")])
            .dir(folder.path())
            .run()
            .delivers(b"");
        assert_eq!(folder.read("f"), b"new");
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o640);
    }
}

#[test]
fn a_link_is_replaced_and_not_followed() {
    for options in ["-O", "-OC-"] {
        let folder = Folder::new();
        let other = folder.write("other", "somebody's own");
        symlink(&other, folder.join("f")).unwrap();
        symlink(folder.join("nothing"), folder.join("g")).unwrap();
        symlink("/dev/null", folder.join("h")).unwrap();
        let server = Server::answering(ok("new"));
        for name in ["f", "g", "h"] {
            Ptex::new([options, &server.url(&["/", name].concat())])
                .dir(folder.path())
                .run()
                .delivers(b"");
            let made = fs::symlink_metadata(folder.join(name)).unwrap();
            assert!(made.is_file());
            // As a device it would be everyone's to write to, in spite of the umask.
            assert_eq!(made.permissions().mode() & 0o111, 0);
            assert!(name != "h" || made.permissions().mode() & 0o002 == 0);
            assert_eq!(folder.read(name), b"new");
        }
        assert_eq!(folder.names(), ["f", "g", "h", "other"]);
        assert_eq!(folder.read("other"), b"somebody's own");
    }
}

#[test]
fn a_note_that_leads_to_another_file_is_not_read() {
    let folder = Folder::new();
    folder.write("f.part", "somebody's own");
    folder.write("secret", "value");
    symlink("secret", folder.join("f.part.version")).unwrap();
    let server = Server::answering(ok("content"));
    Ptex::new(["--retry", "0", "-OC-", &server.url("/f")])
        .dir(folder.path())
        .run()
        .refuses("f.part was not left by -C");
    assert_eq!(folder.read("f.part"), b"somebody's own");
}

/// Neither a pipe, which would be waited for, nor a link, which leads elsewhere.
#[test]
fn what_is_no_plain_file_is_not_continued() {
    let server = Server::answering(ok("content"));
    let url = server.url("/f");
    for name in ["f.part", "f.part.version"] {
        for is_pipe in [true, false] {
            let folder = Folder::new();
            folder.write("f.part", "somebody's own");
            folder.write("f.part.version", "\"v1\"");
            folder.write("other", "\"v1\"");
            let path = folder.path().join(name);
            fs::remove_file(&path).unwrap();
            if is_pipe {
                mkfifo(&path, Mode::S_IRWXU).unwrap();
            } else {
                symlink(folder.path().join("other"), &path).unwrap();
            }
            Ptex::new(["--retry", "0", "-OC-", &url])
                .dir(folder.path())
                .run()
                .refuses("f.part");
            assert_eq!(folder.names(), ["f.part", "f.part.version", "other"]);
            assert_eq!(folder.read("other"), b"\"v1\"");
        }
    }
    assert!(server.requests().is_empty());
}

/// A folder of certificates is read whole, and a pipe that nobody writes to has no end.
#[test]
fn a_pipe_among_certificates_is_passed_over() {
    let authority = Authority::new("Test Root");
    let identity = authority.issue(server_params(&["localhost"]));
    let server = Server::start_tls(identity.config(&[&TLS13]), |_, connection| {
        connection.send(ok("content"))
    });
    let folder = Folder::new();
    mkfifo(&folder.path().join("0.pem"), Mode::S_IRWXU).unwrap();
    let others = Folder::new();
    authority.write(&others, "root.pem");
    symlink(others.path().join("root.pem"), folder.path().join("1.pem")).unwrap();
    Ptex::new([format!("https://localhost:{}/", server.port())])
        .env("SSL_CERT_DIR", folder.path())
        .run()
        .delivers(b"content");
}

/// Waits until `what` holds.
fn wait_until(what: impl Fn() -> bool) {
    let begin = Instant::now();
    while !what() {
        assert!(begin.elapsed() < WAIT, "it never happened");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Whether some file of the folder has `len` bytes.
fn holds(folder: &Path, len: u64) -> bool {
    fs::read_dir(folder)
        .unwrap()
        .flatten()
        .any(|entry| entry.metadata().is_ok_and(|m| m.len() == len))
}

/// Whether this process, and so what it starts, ignores `signal`.
fn is_ignored(signal: Signal) -> bool {
    if !cfg!(target_os = "linux") {
        return false; // nothing that starts tests there has it ignored
    }
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = u64::from_str_radix(mask.unwrap().trim(), 16).unwrap();
    mask >> (signal as i32 - 1) & 1 == 1
}

#[test]
fn a_signal_leaves_no_temporary_file() {
    for signal in [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP] {
        let folder = Folder::new();
        folder.write("f", "old");
        let server = Server::start(|_, connection| {
            connection.send("HTTP/1.1 200 OK\r\nContent-Length: 90\r\n\r\nthe beginning")?;
            connection.stall()
        });
        let running = Ptex::new(["-O", &server.url("/f")])
            .dir(folder.path())
            .piped();
        wait_until(|| holds(folder.path(), 13));
        running.signal(signal);
        if is_ignored(signal) {
            // As under nohup: what whoever started us ignores does not end ptex either.
            thread::sleep(Duration::from_millis(300));
            assert!(holds(folder.path(), 13), "{signal}");
            running.signal(Signal::SIGTERM);
        }
        let outcome = running.wait();
        assert!(!outcome.status.success());
        assert_eq!(folder.names(), ["f"], "{signal}");
        assert_eq!(folder.read("f"), b"old");
    }
}

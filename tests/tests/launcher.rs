//! ptex as the launcher of a scie starts it: the arguments of a binding and then the name of the file, no input, a pipe
//! for the output that is drained and hashed before anybody looks at the status.

use std::io::Read;
use std::process::{Command, Stdio};

use blackbox::content::Content;
use blackbox::random::noise;
use blackbox::run::binary;
use blackbox::server::{Server, ok, status};
use blackbox::sha256;
use blackbox::temp::Folder;
use sha2::{Digest, Sha256};

/// What a launcher learns.
struct Boot {
    sha256: String,
    bytes: usize,
    success: bool,
    /// What its user sees.
    stderr: String,
}

/// Starts ptex for the file `name` with the arguments of the binding and these variables.
fn boot(binding: &[&str], name: &str, variables: &[(&str, &str)]) -> Boot {
    let mut child = Command::new(binary())
        .args(binding)
        .arg(name)
        .env_clear()
        .envs(variables.iter().copied())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdout = child.stdout.take().unwrap();
    let mut hasher = Sha256::new();
    let mut bytes = 0;
    let mut buffer = [0; 8192];
    loop {
        let n = stdout.read(&mut buffer).unwrap();
        if n == 0 {
            break;
        }
        hasher.update(&buffer[..n]);
        bytes += n;
    }
    let output = child.wait_with_output().unwrap();
    Boot {
        sha256: package::write::hex(&hasher.finalize()),
        bytes,
        success: output.status.success(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// A scie's manifest with one file of this size and hash.
fn manifest(folder: &Folder, size: usize, hash: &str, url: &str) -> String {
    let path = folder.write(
        "lift.json",
        format!(
            r#"{{"scie": {{"lift": {{"name": "app", "files": [
                {{"name": "app.zip"}},
                {{"name": "runtime.tar.gz", "size": {size}, "hash": "{hash}", "source": "fetch"}}],
                "boot": {{"commands": {{}}, "bindings": {{"fetch": {{"exe": "{{ptex}}", "args": ["{{scie.lift}}"]}}}}}}}}}},
               "ptex": {{"runtime.tar.gz": "{url}"}}}}"#
        ),
    );
    path.to_str().unwrap().to_owned()
}

#[test]
fn a_cold_boot() {
    let folder = Folder::new();
    let content = noise(1, 5 << 20);
    let server = Server::answering(ok(&content));
    let lift = manifest(&folder, content.len(), &sha256(&content), &server.url("/r"));
    let home = folder.path().to_str().unwrap();
    let usual = [
        ("HOME", home),
        ("PATH", "/usr/bin:/bin"),
        ("LANG", "de_DE.UTF-8"),
        ("TERM", "xterm-256color"),
        ("SCIE", "/somewhere/app"),
    ];
    for variables in [&[][..], &usual] {
        let boot = boot(&[&lift], "runtime.tar.gz", variables);
        assert_eq!(boot.sha256, sha256(&content));
        assert_eq!(boot.bytes, content.len());
        assert!(boot.success);
        assert_eq!(boot.stderr, "");
    }
}

#[test]
fn options_in_the_binding() {
    let folder = Folder::new();
    let content = noise(2, 1000);
    let server = Server::answering(ok(&content));
    let lift = manifest(&folder, content.len(), &sha256(&content), &server.url("/r"));
    let binding = [
        "-s",
        "-H",
        "Authorization: Bearer t",
        "--retry=2",
        "--",
        &lift,
    ];
    let boot = boot(&binding, "runtime.tar.gz", &[]);
    assert!(boot.success && boot.sha256 == sha256(&content));
    assert_eq!(server.request().header("Authorization"), Some("Bearer t"));
}

#[test]
fn a_line_that_breaks_is_none_of_the_launchers_affairs() {
    let folder = Folder::new();
    let content = noise(3, 300_000);
    let file = Content::new(&*content);
    let server = Server::start(move |request, connection| {
        let (head, body) = file.answer(request);
        connection.send(head)?;
        let len = body.len();
        connection.send(&body[..len.min(150_000)])
    });
    let lift = manifest(&folder, content.len(), &sha256(&content), &server.url("/r"));
    let boot = boot(&[&lift], "runtime.tar.gz", &[]);
    assert!(boot.success && boot.sha256 == sha256(&content));
    assert_eq!(boot.stderr, "");
}

#[test]
fn a_failure_is_told_to_the_user() {
    let folder = Folder::new();
    let content = noise(4, 1000);
    let mut other = content.clone();
    other[500] ^= 4;
    for (response, why) in [
        (
            status("404 Not Found"),
            "The requested URL returned error: 404",
        ),
        (ok(&other), "The content has the SHA-256 "),
        (
            ok(&content[..999]),
            "The content has 999 bytes, expected were 1000",
        ),
    ] {
        let server = Server::answering(response);
        let lift = manifest(&folder, content.len(), &sha256(&content), &server.url("/r"));
        let boot = boot(&[&lift], "runtime.tar.gz", &[]);
        assert!(!boot.success);
        assert_ne!(boot.sha256, sha256(&content));
        let begin = format!(
            "Failed to source file runtime.tar.gz: Failed to fetch {}: {why}",
            server.url("/r")
        );
        assert!(boot.stderr.starts_with(&begin), "{}", boot.stderr);
        assert_eq!(boot.stderr.matches('\n').count(), 1);
    }
    let lift = manifest(&folder, 1, "00", "http://127.0.0.1:1/");
    assert_eq!(
        boot(&[&lift], "node.tar.gz", &[]).stderr,
        "Did not find an URL mapping for file node.tar.gz.\n"
    );
}

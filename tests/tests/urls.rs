//! URLs as they are given, and those that name a file.

use blackbox::run::{Outcome, Ptex};
use blackbox::server::{Server, ok};
use blackbox::system::is_windows;
use blackbox::temp::Folder;

fn fetch(url: &str) -> Outcome {
    Ptex::new(["--retry", "0", url]).run()
}

#[test]
fn forms_of_an_http_url() {
    let server = Server::answering(ok("x"));
    let authority = server.authority();
    let cases = [
        (authority.clone(), "/"),
        (format!("{authority}/a"), "/a"),
        (format!("HTTP://{authority}?q"), "/?q"),
        (format!("http://{authority}#f"), "/"),
        (format!("http://{authority}/a/./b/../c//d"), "/a/c//d"),
        (format!("http://{authority}/%41%2f?%20"), "/%41%2f?%20"),
        (
            format!("http://{authority}/\u{e4}?\u{1f600}"),
            "/%C3%A4?%F0%9F%98%80",
        ),
        (format!("localhost:{}/l", server.port()), "/l"),
        (format!("http://a.localhost:{}/m", server.port()), "/m"),
    ];
    for (url, target) in &cases {
        fetch(url).delivers(b"x");
        assert_eq!(server.requests().last().unwrap().target(), *target, "{url}");
    }
}

#[test]
fn ipv6() {
    // A container may have no IPv6 at all, and that has to be said.
    if std::net::TcpListener::bind("[::1]:0").is_err() {
        return fetch("http://[::1]:1/").refuses("Failed to connect to ::1 port 1: ");
    }
    let server = Server::start_on("[::1]:0", |_, connection| connection.send(ok("six")));
    fetch(&server.url("/")).delivers(b"six");
    assert_eq!(server.request().header("Host"), Some(&*server.authority()));
}

#[test]
fn what_is_no_url() {
    for url in [
        "",
        "http://",
        "http:///path",
        "http://h:99999/",
        "http://h:x/",
        "http://a b/",
        "http://h/a b",
        "http://h/\u{1}",
        "http://[::1/",
        "http://[::g]/",
        "http://h\u{e9}/",
    ] {
        fetch(url).refuses("Bad URL");
    }
    for (url, name) in [("gopher://h/", "gopher"), ("ws://h/", "ws")] {
        fetch(url).refuses(&format!("Protocol \"{name}\" not supported"));
    }
}

#[test]
fn nobody_there() {
    let outcome = fetch("http://127.0.0.1:1/x");
    outcome.fails_with(
        "Failed to fetch http://127.0.0.1:1/x: Failed to connect to 127.0.0.1 port 1: Connection refused",
    );
}

#[test]
fn files() {
    let folder = Folder::new();
    let path = folder.write("a b\u{e9}%", "content");
    let encoded = format!("{}/a%20b%C3%A9%25", folder.path().display());
    assert!(path.exists());
    for url in [
        format!("file://{encoded}"),
        format!("file://localhost{encoded}"),
        format!("file://127.0.0.1{encoded}"),
        format!("file:{encoded}"),
        format!("FILE://{encoded}?query#fragment"),
    ] {
        fetch(&url).delivers(b"content");
    }
    let missing = format!("file://{}/none", folder.path().display());
    fetch(&missing).refuses("No such file or directory");
    fetch(&format!("file://{}", folder.path().display())).refuses("Is a directory");
    if !is_windows() {
        fetch(&format!("file://example.test{encoded}"))
            .refuses("Failed to fetch file://example.test/");
    }
    fetch("file://").refuses("Failed to fetch file://");
    fetch(&format!("file://{}/%00", folder.path().display())).refuses("Failed to fetch");
}

#[test]
fn a_large_file_and_an_empty_one() {
    let folder = Folder::new();
    let content = blackbox::random::noise(5, (3 << 20) + 1);
    let large = folder.write("large", &content);
    let empty = folder.write("empty", "");
    fetch(&format!("file://{}", large.display())).delivers(&content);
    fetch(&format!("file://{}", empty.display())).delivers(b"");
    // Its size is 0.
    if cfg!(target_os = "linux") && !is_windows() {
        let version = std::fs::read("/proc/version").unwrap();
        fetch("file:///proc/version").delivers(&version);
    }
}

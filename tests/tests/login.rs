//! What a server is told about the user, and what no other server is told.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use blackbox::run::Ptex;
use blackbox::server::{Server, ok, redirect, status};
use blackbox::system::is_windows;
use blackbox::temp::Folder;

/// `Basic` of `user:pass` (RFC 7617's example is `Aladdin:open sesame`).
const USER_PASS: &str = "Basic dXNlcjpwYXNz";

fn server() -> Server {
    Server::answering(ok("content"))
}

/// The `Authorization` that comes of this URL, in which HOST stands for host and port.
fn authorization(ptex: impl Fn(&str) -> Ptex, url: &str) -> Option<String> {
    let server = server();
    ptex(&url.replace("HOST", &server.authority()))
        .run()
        .delivers(b"content");
    let request = server.request();
    assert!(!request.head.lines().next().unwrap().contains('@'));
    assert!(!request.header("Host").unwrap().contains('@'));
    request.header("Authorization").map(str::to_owned)
}

#[test]
fn userinfo_is_sent_at_once() {
    let plain = |url: &str| Ptex::new([url]);
    for (url, expected) in [
        ("http://user:pass@HOST/", Some(USER_PASS)),
        (
            "http://Aladdin:open%20sesame@HOST/",
            Some("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="),
        ),
        ("user:pass@HOST/", Some(USER_PASS)),
        ("http://user:p%40ss@HOST/", Some("Basic dXNlcjpwQHNz")),
        ("http://user:@HOST/", Some("Basic dXNlcjo=")),
        ("http://user@HOST/", Some("Basic dXNlcjo=")),
        ("http://HOST/", None),
    ] {
        assert_eq!(authorization(plain, url).as_deref(), expected, "{url}");
    }
    let own = |url: &str| Ptex::new(["-H", "Authorization: Bearer t", url]);
    assert_eq!(
        authorization(own, "http://user:pass@HOST/").as_deref(),
        Some("Bearer t")
    );
    let none = |url: &str| Ptex::new(["-H", "Authorization:", url]);
    assert_eq!(authorization(none, "http://user:pass@HOST/"), None);
}

#[test]
fn userinfo_stays_with_its_origin() {
    let end = server();
    let start = Server::answering(redirect(302, &end.url("/f")));
    let url = format!("http://user:pass@{}/", start.authority());
    Ptex::new([&url]).run().delivers(b"content");
    assert_eq!(start.request().header("Authorization"), Some(USER_PASS));
    assert_eq!(end.request().header("Authorization"), None);

    let same = Server::in_turn(vec![redirect(302, "/b"), ok("content")]);
    Ptex::new([format!("http://user:pass@{}/a", same.authority())])
        .run()
        .delivers(b"content");
    assert_eq!(same.requests()[1].header("Authorization"), Some(USER_PASS));

    // A redirect may bring its own.
    let end = server();
    let target = format!("http://user:pass@{}/f", end.authority());
    Ptex::new([Server::answering(redirect(302, &target)).url("/")])
        .run()
        .delivers(b"content");
    assert_eq!(end.request().header("Authorization"), Some(USER_PASS));
}

#[test]
fn netrc() {
    let folder = Folder::new();
    let file = folder.write(
        ".netrc",
        "# a comment\nmachine other.test login o password x\n\
         machine 127.0.0.1\n\tlogin \"user\"\n\tpassword pass\n\
         machine localhost login l password p\ndefault login d password d\n",
    );
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
    // An emulator of Windows has its own idea of what a user's folder is; .ci/windows_tls.py looks there.
    if !is_windows() {
        let home = |url: &str| Ptex::new([url]).env("HOME", folder.path());
        assert_eq!(
            authorization(home, "http://HOST/").as_deref(),
            Some(USER_PASS)
        );
    }
    let named = |url: &str| Ptex::new([url]).env("NETRC", &file);
    assert_eq!(
        authorization(named, "http://HOST/").as_deref(),
        Some(USER_PASS)
    );
    assert_eq!(
        authorization(named, "http://user@HOST/").as_deref(),
        Some(USER_PASS)
    );
    // What the user says in the URL or by -H is what counts.
    assert_eq!(
        authorization(named, "http://a:b@HOST/").as_deref(),
        Some("Basic YTpi")
    );
    let own = |url: &str| Ptex::new(["-H", "Authorization: Bearer t", url]).env("NETRC", &file);
    assert_eq!(
        authorization(own, "http://HOST/").as_deref(),
        Some("Bearer t")
    );
    // The password of another login is nobody's business.
    let other = authorization(named, "http://somebody@HOST/");
    assert_ne!(other.as_deref(), Some("Basic c29tZWJvZHk6cGFzcw=="));
    // A file that is not there is no error.
    let missing = |url: &str| {
        Ptex::new([url])
            .env("NETRC", "/nonexistent")
            .env("HOME", "/nonexistent")
    };
    assert_eq!(authorization(missing, "http://HOST/"), None);
}

#[test]
fn a_redirect_gets_nothing_out_of_netrc() {
    let folder = Folder::new();
    let file = folder.write("netrc", "machine 127.0.0.1 login user password pass\n");
    let end = server();
    let start = Server::answering(redirect(302, &end.url("/")));
    Ptex::new([start.url("/")])
        .env("NETRC", file)
        .run()
        .delivers(b"content");
    assert_eq!(start.request().header("Authorization"), Some(USER_PASS));
    assert_eq!(
        end.request().header("Authorization"),
        None,
        "another port is another server"
    );
}

#[test]
fn a_variable_for_a_host() {
    let server = server();
    let name = format!("PTEX_AUTH_127_0_0_1___{}", server.port());
    Ptex::new([server.url("/")])
        .env(&name, "token")
        .run()
        .delivers(b"content");
    assert_eq!(
        server.request().header("Authorization"),
        Some("Bearer token")
    );
}

#[test]
fn a_variable_without_a_port_is_for_tls_alone() {
    let sent = |name: &str, url: &str| {
        let proxy = self::server();
        Ptex::new([url])
            .env("http_proxy", proxy.url("/"))
            .env(name, "token")
            .run()
            .delivers(b"content");
        proxy
            .request()
            .header("Authorization")
            .map(ToOwned::to_owned)
    };
    for url in ["http://a.test/f", "a.test/f"] {
        assert_eq!(sent("PTEX_AUTH_A_TEST", url), None);
        assert_eq!(
            sent("PTEX_AUTH_A_TEST___80", url).as_deref(),
            Some("Bearer token")
        );
    }
}

#[test]
fn what_is_refused_is_told_without_secrets() {
    let server = Server::answering(status(
        "401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"x\"",
    ));
    let outcome = Ptex::new(["-v", &format!("http://user:s3cret@{}/", server.authority())]).run();
    assert_eq!(outcome.status.code(), Some(1));
    assert!(
        outcome
            .stderr
            .contains("The requested URL returned error: 401")
    );
    assert!(!outcome.stderr.contains("s3cret") && !outcome.stderr.contains("czNjcmV0"));
}

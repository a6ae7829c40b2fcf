//! `PTEX_URL_REWRITE`: what is fetched from a mirror, who hears which login then, and what no rule permits.

use blackbox::run::Ptex;
use blackbox::server::{Server, ok, redirect, status};
use blackbox::sha256;
use blackbox::temp::Folder;
use blackbox::tls::{Authority, server_params};
use rustls::version::{TLS12, TLS13};

const VARIABLE: &str = "PTEX_URL_REWRITE";

/// `Basic` of `user:pass`.
const USER_PASS: &str = "Basic dXNlcjpwYXNz";

/// A call with these rules and arguments.
fn ptex(rules: &str, arguments: &[&str]) -> Ptex {
    Ptex::new([&["--retry", "0"], arguments].concat()).env(VARIABLE, rules)
}

/// A server that answers with the target that it was asked for.
fn mirror() -> Server {
    Server::start(|request, connection| connection.send(ok(request.target())))
}

#[test]
fn an_argument() {
    let mirror = mirror();
    let rule = format!("https://a.test/={}", mirror.url("/m/"));
    ptex(&rule, &["https://a.test/x/f?q"])
        .run()
        .delivers(b"/m/x/f?q");
    let request = mirror.request();
    assert_eq!(request.header("Host"), Some(&*mirror.authority()));

    // What is not its prefix is left alone.
    ptex(&rule, &[&mirror.url("/f")]).run().delivers(b"/f");
    for url in ["https://a.test.localhost:1/", "http://a.test@127.0.0.1:1/"] {
        ptex(&rule, &[url]).run().refuses("Failed to fetch http");
    }
    assert_eq!(mirror.requests().len(), 2);
    // The file has the name that was asked for.
    let folder = Folder::new();
    ptex(
        &format!("https://a.test/f={}", mirror.url("/g")),
        &["-O", "https://a.test/f"],
    )
    .dir(folder.path())
    .run()
    .delivers(b"");
    assert_eq!(folder.read("f"), b"/g");
}

#[test]
fn sources_of_a_manifest() {
    let folder = Folder::new();
    folder.write(
        "lift.json",
        r#"{"ptex": {"f": ["https://a.test/f", "http://b.test/f"], "g": "https://a.test/g"}}"#,
    );
    let gone = Server::answering(status("404 Not Found"));
    let mirror = mirror();
    let rules = format!(
        "https://a.test/={}\n\thttp://b.test/={}",
        gone.url("/"),
        mirror.url("/b/")
    );
    let fetch = |file| ptex(&rules, &["lift.json", file]).dir(folder.path()).run();
    fetch("f").delivers(b"/b/f");
    assert_eq!(gone.request().target(), "/f");
    // An error names both URLs.
    fetch("g").fails_with(&format!(
        "Failed to source file g: Failed to fetch https://a.test/g: rewritten to {}: \
         The requested URL returned error: 404",
        gone.url("/g")
    ));
}

#[test]
fn the_longest_prefix_once() {
    let mirror = mirror();
    let rules = format!(
        "http://a.test/={0} http://a.test/x/y={1} http://a.test/x/={2} {0}={1}",
        mirror.url("/1/"),
        mirror.url("/2"),
        mirror.url("/3")
    );
    for (url, target) in [
        ("http://a.test/f", "/1/f"),
        ("http://a.test/x/y/f", "/2/f"),
        ("http://a.test/x/yf", "/3/yf"),
        ("http://a.test/xy", "/1/xy"),
    ] {
        ptex(&rules, &[url]).run().delivers(target.as_bytes());
    }
}

#[test]
fn redirects() {
    let mirror = Server::start(|request, connection| match request.target() {
        "/m/f" => connection.send(redirect(302, "https://a.test/g")),
        target => connection.send(ok(target)),
    });
    let start = Server::answering(redirect(302, "https://a.test/f"));
    let rule = format!("https://a.test/={}", mirror.url("/m/"));
    ptex(&rule, &[&start.url("/")]).run().delivers(b"/m/g");
    assert_eq!(mirror.requests().len(), 2);
}

#[test]
fn a_file_is_for_sources_alone() {
    let folder = Folder::new();
    folder.write("f", "content");
    let rule = format!("http://a.test/=file://{}/", folder.path().display());
    ptex(&rule, &["http://a.test/f"]).run().delivers(b"content");
    let start = Server::answering(redirect(302, "http://a.test/f"));
    ptex(&rule, &[&start.url("/")])
        .run()
        .refuses("Protocol \"file\" disabled in redirect");
}

#[test]
fn what_is_for_the_original_is_not_for_the_mirror() {
    let folder = Folder::new();
    let netrc = folder.write("netrc", "machine a.test login user password pass\n");
    let netrc = netrc.to_str().unwrap();
    let url = "http://a.test/f";
    let with_userinfo = "http://user:pass@a.test/f";
    for (url, field, variable, value) in [
        (url, "Authorization: Basic dXNlcjpwYXNz", "X", "x"),
        (with_userinfo, "X: x", "X", "x"),
        (url, "X: x", "PTEX_AUTH_A_TEST___80", "user:pass"),
        (url, "X: x", "NETRC", netrc),
    ] {
        let fields = ["-H", field, "-H", "Cookie: c", "-H", "Y: kept"];
        let fetch = |rules: &str, url: &str| {
            ptex(rules, &[&fields[..], &[url]].concat()).env(variable, value)
        };
        let original = mirror();
        fetch("", url)
            .env("http_proxy", original.url("/"))
            .run()
            .succeeds(url.replace("user:pass@", "").as_bytes());
        let request = original.request();
        assert_eq!(request.header("Authorization"), Some(USER_PASS), "{value}");

        let start = Server::answering(redirect(302, url));
        for url in [url, &start.url("/")] {
            let mirror = mirror();
            let rule = format!("http://a.test/={}", mirror.url("/"));
            fetch(&rule, url).run().delivers(b"/f");
            let request = mirror.request();
            assert_eq!(request.header("Authorization"), None, "{url} {value}");
            assert_eq!(request.header("Cookie"), None);
            assert_eq!(request.header("Y"), Some("kept"));
        }
    }
}

#[test]
fn the_mirror_has_its_own_login() {
    let folder = Folder::new();
    let netrc = folder.write("netrc", "machine 127.0.0.1 login user password pass\n");
    let netrc = netrc.to_str().unwrap();
    let end = mirror();
    let mirror = Server::answering(redirect(302, &end.url("/end")));
    let variable = format!("PTEX_AUTH_127_0_0_1___{}", mirror.port());
    let start = Server::answering(redirect(302, "https://a.test/f"));
    let ways = [
        ("user:pass@", "X", "x"),
        ("", "NETRC", netrc),
        ("", &variable, "user:pass"),
    ];
    for (userinfo, variable, value) in ways {
        let rule = format!("https://a.test/=http://{userinfo}{}/", mirror.authority());
        for url in ["https://a.test/f", &start.url("/")] {
            ptex(&rule, &[url])
                .env(variable, value)
                .run()
                .delivers(b"/end");
            let request = mirror.requests().pop().unwrap();
            assert_eq!(request.header("Authorization"), Some(USER_PASS), "{value}");
        }
    }
    assert_eq!(end.requests().len(), 2 * ways.len());
    for request in end.requests() {
        assert_eq!(request.header("Authorization"), None);
    }
}

#[test]
fn it_is_told_if_asked() {
    let mirror = mirror();
    let start = Server::answering(redirect(302, "https://a.test/g"));
    let rules = format!(
        "https://a.test/=http://user:s3cret@{}/m/",
        mirror.authority()
    );
    let line = |name: &str| {
        let authority = mirror.authority();
        format!("{VARIABLE}: https://a.test/{name} is now http://user@{authority}/m/{name}\n")
    };
    for (url, name) in [("https://a.test/f", "f"), (&*start.url("/"), "g")] {
        let outcome = ptex(&rules, &["-v", url]).run();
        outcome.succeeds(format!("/m/{name}").as_bytes());
        assert!(outcome.stderr.contains(&line(name)), "{}", outcome.stderr);
        assert!(!outcome.stderr.contains("s3cret"), "{}", outcome.stderr);
    }
}

#[test]
fn a_rule_that_is_none() {
    let server = mirror();
    for rule in [
        "http://a.test/",
        "a.test=http://b.test/",
        "http://a.test/=http://user:s3cret@",
    ] {
        let url = server.url("/f");
        let rules = format!("http://b.test/=http://c.test/ {rule}");
        ptex(&rules, &[&url]).run().fails_with(&format!(
            "Failed to fetch {url}: {VARIABLE}: rule 2 is not PREFIX=REPLACEMENT with two URLs"
        ));
    }
    assert_eq!(server.requests().len(), 0);
}

#[test]
fn no_rule_makes_a_downgrade_good() {
    let folder = Folder::new();
    let authority = Authority::new("Test Root");
    let roots = authority.write(&folder, "roots.pem");
    let netrc = folder.write("netrc", "machine 127.0.0.1 login user password pass\n");
    let config = authority
        .issue(server_params(&["127.0.0.1"]))
        .config(&[&TLS12, &TLS13]);
    let start = Server::start_tls(config.clone(), |request, connection| {
        let (_, location) = request.target().split_once('?').unwrap();
        connection.send(redirect(302, location))
    });
    let secure = Server::start_tls(config, |_, connection| connection.send(ok("content")));
    let plain = Server::answering(ok("content"));
    let front = Server::answering(redirect(302, "http://b.test/f"));
    let rules = [
        &format!("https://a.test/={}", plain.url("/")),
        &format!("http://b.test/={}", plain.url("/")),
        &format!("ftp://b.test/={}", plain.url("/")),
        &format!("http://c.test/={}", secure.url("/")),
        &format!("https://d.test/={}", front.url("/")),
    ]
    .map(String::as_str)
    .join(" ");
    let fetch = |arguments: &[&str]| {
        ptex(&rules, arguments)
            .env("SSL_CERT_FILE", &roots)
            .env("NETRC", &netrc)
            .dir(folder.path())
            .run()
    };
    let redirected = |to: &str| start.url(&format!("/?{to}"));

    let refused = format!("Refused the redirect from https to {}", plain.url("/f"));
    for to in ["http://b.test/f", "ftp://b.test/f"] {
        fetch(&[&redirected(to)]).refuses(&refused);
    }
    assert_eq!(plain.requests().len(), 0);

    // What the user says himself: of a source, of where a redirect leads over TLS, of a mirror and its redirects.
    for url in [
        "https://a.test/f",
        "https://d.test/f",
        &redirected("https://a.test/f"),
        &redirected("http://c.test/f"),
    ] {
        fetch(&[url]).delivers(b"content");
    }
    let url = redirected("http://b.test/f");
    fetch(&["--allow-downgrade", &url]).delivers(b"content");
    let hash = sha256(b"content");
    folder.write(
        "lift.json",
        format!(
            r#"{{"scie": {{"lift": {{"files": [{{"name": "f", "hash": "{hash}"}}]}}}}, "ptex": {{"f": "{url}"}}}}"#
        ),
    );
    fetch(&["lift.json", "f"]).delivers(b"content");
}

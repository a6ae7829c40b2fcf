//! https from end to end: who is believed, who is not, and what is done about redirects that give it up.

use std::io::Read;
use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use blackbox::content::Content;
use blackbox::random::noise;
use blackbox::run::{Outcome, Ptex};
use blackbox::server::{Server, ok, redirect};
use blackbox::temp::Folder;
use blackbox::tls::{Authority, Identity, server_params};
use blackbox::{in_parallel, sha256};
use rcgen::{CertificateParams, KeyPair};
use rustls::version::{TLS12, TLS13};
use rustls::{ServerConfig, SupportedProtocolVersion};

const BOTH: [&SupportedProtocolVersion; 2] = [&TLS12, &TLS13];

/// An authority that ptex is told to trust, in a folder with its certificate.
struct Trusted {
    folder: Folder,
    authority: Authority,
    file: String,
}

impl Trusted {
    fn new() -> Self {
        let folder = Folder::new();
        let authority = Authority::new("Test Root");
        let file = authority.write(&folder, "roots.pem");
        Trusted {
            folder,
            authority,
            file,
        }
    }

    /// A sound server's configuration.
    fn config(&self) -> Arc<ServerConfig> {
        let names = server_params(&["localhost", "127.0.0.1"]);
        self.authority.issue(names).config(&BOTH)
    }

    fn ptex(&self, arguments: &[&str]) -> Ptex {
        Ptex::new([&["--retry", "0"], arguments].concat()).env("SSL_CERT_FILE", &self.file)
    }

    fn fetch(&self, url: &str) -> Outcome {
        self.ptex(&[url]).run()
    }
}

#[test]
fn both_versions_deliver() {
    let trusted = Trusted::new();
    let mut cases = Vec::new();
    for version in BOTH {
        for algorithm in [
            &rcgen::PKCS_ECDSA_P256_SHA256,
            &rcgen::PKCS_ECDSA_P384_SHA384,
            &rcgen::PKCS_ED25519,
        ] {
            for len in [0, 1, 16_384, 16_385, 3_000_000] {
                cases.push((version, algorithm, len));
            }
        }
    }
    in_parallel(&cases, |&(version, algorithm, len)| {
        let key = KeyPair::generate_for(algorithm).unwrap();
        let names = server_params(&["localhost", "127.0.0.1"]);
        let config = trusted.authority.issue_for(names, key).config(&[version]);
        let content = noise(len as u64, len);
        let response = ok(&content);
        let server = Server::start_tls(config, move |_, connection| connection.send(&response));
        trusted.fetch(&server.url("/by-address")).delivers(&content);
        let by_name = format!("https://localhost:{}/by-name", server.port());
        trusted.fetch(&by_name).delivers(&content);
        let host = format!("localhost:{}", server.port());
        assert_eq!(server.requests()[1].header("Host"), Some(&*host));
    });
}

#[test]
fn an_intermediate_is_found_and_missed() {
    let trusted = Trusted::new();
    let (intermediate, certificate) = trusted.authority.intermediate("Test Intermediate");
    let mut identity = intermediate.issue(server_params(&["localhost"]));
    let url = |identity: &Identity| {
        let server = Server::start_tls(identity.config(&BOTH), |_, connection| {
            connection.send(ok("content"))
        });
        format!("https://localhost:{}/", server.port())
    };
    trusted.fetch(&url(&identity)).refuses(
        "unknown issuer \"Test Intermediate\", and the server sent no intermediate certificate",
    );
    identity.chain.push(certificate);
    trusted.fetch(&url(&identity)).delivers(b"content");
    // An intermediate that is trusted itself needs no root.
    let file = intermediate.write(&trusted.folder, "intermediate.pem");
    Ptex::new([url(&identity)])
        .env("SSL_CERT_FILE", file)
        .run()
        .delivers(b"content");
}

/// Who is not to be believed, with what must be said of it.
fn impostors(trusted: &Trusted) -> Vec<(Identity, &'static str)> {
    let issue = |change: &dyn Fn(&mut CertificateParams)| {
        let mut params = server_params(&["localhost"]);
        change(&mut params);
        trusted.authority.issue(params)
    };
    vec![
        (
            trusted
                .authority
                .issue(server_params(&["other.test", "127.0.0.1"])),
            "certificate is not valid for localhost, only for other.test",
        ),
        (
            trusted.authority.issue(server_params(&["*.localhost"])),
            "certificate is not valid for localhost",
        ),
        (
            trusted.authority.issue(server_params(&[])),
            "certificate is not valid for localhost",
        ),
        (
            issue(&|params| params.not_after = rcgen::date_time_ymd(2020, 2, 3)),
            "certificate has expired (on 2020-02-0",
        ),
        (
            issue(&|params| params.not_before = rcgen::date_time_ymd(2120, 2, 3)),
            "certificate is not yet valid (until 2120-02-0",
        ),
        (
            Authority::new("Other Root").issue(server_params(&["localhost"])),
            "unknown issuer \"Other Root\"",
        ),
        // The name alone makes no issuer.
        (
            Authority::new("Test Root").issue(server_params(&["localhost"])),
            "bad signature",
        ),
        (
            Identity::self_signed(server_params(&["localhost"])),
            "self-signed certificate",
        ),
        (
            issue(&|params| {
                params.extended_key_usages = vec![rcgen::ExtendedKeyUsagePurpose::ClientAuth];
            }),
            "certificate is not for servers",
        ),
    ]
}

#[test]
fn who_is_not_believed_hears_nothing_and_delivers_nothing() {
    let trusted = Trusted::new();
    for (identity, why) in impostors(&trusted) {
        for version in BOTH {
            let server = Server::start_tls(identity.config(&[version]), |_, connection| {
                connection.send(ok("poison"))
            });
            let url = format!("https://localhost:{}/", server.port());
            // With the tries that a user has by default: this is no reason for another one.
            let outcome = Ptex::new(["-H", "Authorization: Bearer t", &url])
                .env("SSL_CERT_FILE", &trusted.file)
                .run();
            outcome.refuses(why);
            assert!(
                outcome
                    .error()
                    .starts_with(&format!("Failed to fetch {url}: "))
            );
            assert!(outcome.elapsed < Duration::from_secs(10));
            assert_eq!(server.requests().len(), 0, "{why}");
        }
    }
}

#[test]
fn where_trust_comes_from() {
    let trusted = Trusted::new();
    let server = Server::start_tls(trusted.config(), |_, connection| {
        connection.send(ok("content"))
    });
    let url = server.url("/");
    // Neither the system's roots nor those that are built in know this one.
    Ptex::new([&url])
        .run()
        .refuses("unknown issuer \"Test Root\"");
    // A folder.
    let folder = Folder::new();
    trusted.authority.write(&folder, "0123abcd.0");
    Ptex::new([&url])
        .env("SSL_CERT_DIR", folder.path())
        .run()
        .delivers(b"content");
    // Among many, with text between them.
    let mut bundle = String::from("# a bundle\n");
    for n in 0..150 {
        if n == 75 {
            bundle += trusted.authority.pem();
        }
        bundle += &format!(
            "\nName {n}\n====\n{}",
            Authority::new(&format!("Root {n}")).pem()
        );
    }
    let file = folder.write("bundle", bundle);
    Ptex::new([&url])
        .env("SSL_CERT_FILE", file)
        .run()
        .delivers(b"content");
    // The server's own certificate.
    let identity = Identity::self_signed(server_params(&["localhost"]));
    let server = Server::start_tls(identity.config(&BOTH), |_, connection| {
        connection.send(ok("own"))
    });
    let file = folder.write("own", &identity.pem);
    Ptex::new([format!("https://localhost:{}/", server.port())])
        .env("SSL_CERT_FILE", file)
        .run()
        .delivers(b"own");
}

#[test]
fn a_body_that_ends_without_goodbye_is_no_whole_one() {
    let trusted = Trusted::new();
    for version in BOTH {
        let names = server_params(&["127.0.0.1"]);
        let config = trusted.authority.issue(names).config(&[version]);
        let server = Server::start_tls(config.clone(), |request, connection| {
            connection.send("HTTP/1.1 200 OK\r\n\r\nall of it?")?;
            if request.target() == "/cut" {
                connection.cut();
            }
            Ok(())
        });
        trusted.fetch(&server.url("/whole")).delivers(b"all of it?");
        let outcome = trusted.fetch(&server.url("/cut"));
        let error = outcome.error();
        assert!(
            error.contains("connection closed without close_notify"),
            "{error}"
        );
        // Who knows the length needs no goodbye.
        let server = Server::start_tls(config, |_, connection| {
            connection.cut();
            connection.send(ok("all of it"))
        });
        trusted.fetch(&server.url("/")).delivers(b"all of it");
    }
}

#[test]
fn a_broken_line_is_resumed() {
    let trusted = Trusted::new();
    let content = noise(1, 500_000);
    let kinds = [0, 1, 2];
    in_parallel(&kinds, |&kind| {
        let file = Content::new(&*content);
        let server = Server::start_tls(trusted.config(), move |request, connection| {
            let (head, body) = file.answer(request);
            connection.send(head)?;
            if request.number > 0 {
                return connection.send(body);
            }
            connection.send(&body[..123_456])?;
            match kind {
                0 => connection.cut(),
                1 => connection.reset()?,
                _ => {}
            }
            Ok(())
        });
        Ptex::new([server.url("/")])
            .env("SSL_CERT_FILE", &trusted.file)
            .run()
            .delivers(&content);
        // A reset may overtake what was sent before it.
        let range = server.requests()[1].header("Range").unwrap().to_owned();
        assert!(kind == 1 || range == "bytes=123456-", "{range}");
    });
}

#[test]
fn a_downgrade_is_refused() {
    let trusted = Trusted::new();
    let plain = Server::answering(ok("content"));
    let target = plain.url("/f");
    let secure = Server::start_tls(trusted.config(), move |_, connection| {
        connection.send(redirect(302, &target))
    });
    let url = secure.url("/");
    let outcome = trusted.fetch(&url);
    outcome.refuses(&format!(
        "Refused the redirect from https to {}",
        plain.url("/f")
    ));
    for how in ["--allow-downgrade", "PTEX_ALLOW_DOWNGRADE"] {
        assert!(outcome.error().contains(how), "{}", outcome.stderr);
    }
    assert_eq!(plain.requests().len(), 0);

    trusted
        .ptex(&["--allow-downgrade", &url])
        .run()
        .delivers(b"content");
    trusted
        .ptex(&[&url])
        .env("PTEX_ALLOW_DOWNGRADE", "1")
        .run()
        .delivers(b"content");
    trusted
        .ptex(&[&url])
        .env("PTEX_ALLOW_DOWNGRADE", "")
        .run()
        .refuses("Refused the redirect");

    // With the hash, it does not matter who delivers.
    let manifest = |files: &str| {
        let text =
            format!(r#"{{"scie": {{"lift": {{"files": [{files}]}}}}, "ptex": {{"f": "{url}"}}}}"#);
        let path = trusted.folder.write("lift.json", text);
        trusted.ptex(&[path.to_str().unwrap(), "f"]).run()
    };
    let hash = sha256(b"content");
    manifest(&format!(r#"{{"name": "f", "size": 7, "hash": "{hash}"}}"#)).delivers(b"content");
    manifest(&format!(r#"{{"name": "f", "hash": "{hash}"}}"#)).delivers(b"content");
    manifest(r#"{"name": "f", "size": 7}"#).refuses("Refused the redirect");
    manifest(r#"{"name": "g", "hash": ""}"#).refuses("Refused the redirect");
}

#[test]
fn a_downgrade_on_a_detour() {
    let trusted = Trusted::new();
    let end = Server::start_tls(trusted.config(), |_, connection| {
        connection.send(ok("content"))
    });
    let plain = Server::answering(redirect(302, &end.url("/f")));
    // Up is fine, and down is not made good by up again.
    trusted.fetch(&plain.url("/")).delivers(b"content");
    let target = plain.url("/");
    let secure = Server::start_tls(trusted.config(), move |_, connection| {
        connection.send(redirect(302, &target))
    });
    trusted
        .fetch(&secure.url("/"))
        .refuses("Refused the redirect from https to http://");
    let target = end.url("/g");
    let other = Server::start_tls(trusted.config(), move |_, connection| {
        connection.send(redirect(302, &target))
    });
    trusted.fetch(&other.url("/")).delivers(b"content");
    let ftp = Server::start_tls(trusted.config(), |_, connection| {
        connection.send(redirect(302, "ftp://127.0.0.1:1/f"))
    });
    trusted
        .fetch(&ftp.url("/"))
        .refuses("Refused the redirect from https to ftp://");
}

#[test]
fn credentials_stay_with_the_scheme() {
    let trusted = Trusted::new();
    let end = Server::start_tls(trusted.config(), |_, connection| {
        connection.send(ok("content"))
    });
    let plain = Server::answering(redirect(302, &end.url("/f")));
    trusted
        .ptex(&[
            "-H",
            "Authorization: Bearer t",
            "-H",
            "Cookie: c",
            "-H",
            "X: x",
            &plain.url("/"),
        ])
        .run()
        .delivers(b"content");
    let request = end.request();
    assert_eq!(request.header("Authorization"), None);
    assert_eq!(request.header("Cookie"), None);
    assert_eq!(request.header("X"), Some("x"));
}

#[test]
fn a_mirror_that_can_be_believed() {
    let trusted = Trusted::new();
    let stranger = Authority::new("Stranger").issue(server_params(&["127.0.0.1"]));
    let bad = Server::start_tls(stranger.config(&BOTH), |_, connection| {
        connection.send(ok("poison"))
    });
    let good = Server::start_tls(trusted.config(), |_, connection| {
        connection.send(ok("content"))
    });
    let path = trusted.folder.write(
        "m.json",
        format!(
            r#"{{"ptex": {{"f": ["{}", "{}"]}}}}"#,
            bad.url("/"),
            good.url("/")
        ),
    );
    trusted
        .ptex(&[path.to_str().unwrap(), "f"])
        .run()
        .delivers(b"content");
    assert_eq!(bad.requests().len(), 0);
}

#[test]
fn a_server_that_speaks_something_else() {
    let trusted = Trusted::new();
    let plain = Server::answering(ok("content"));
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            use std::io::Write as _;
            let _ = stream.read(&mut [0; 2000]);
            let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n");
        }
    });
    trusted
        .fetch(&format!("https://{address}/"))
        .refuses("this is not TLS");
    drop(plain);
    let secure = Server::start_tls(trusted.config(), |_, connection| {
        connection.send(ok("content"))
    });
    let outcome = trusted.fetch(&secure.url("/").replace("https:", "http:"));
    outcome.refuses("Failed to fetch http://");
}

#[test]
fn a_handshake_that_stalls() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://{}/", listener.local_addr().unwrap());
    let outcome = Ptex::new(["--retry", "0", "--connect-timeout", "0.5", &url]).run();
    outcome.refuses("timed out");
    assert!(outcome.elapsed >= Duration::from_millis(450));
    assert!(
        outcome.elapsed < Duration::from_secs(5),
        "{:?}",
        outcome.elapsed
    );
}

//! What macOS alone has: settings for proxies, and a judgement of its own on certificates.
//!
//! Run by `cargo test -p blackbox --test macos` with `PTEX_UNDER_TEST` a ptex for macOS in the hands of `.ci/macho.c`, which
//! plays the system's part: the variables `MACHO_…` say what it answers.

use blackbox::run::{Outcome, Ptex};
use blackbox::server::{Server, ok};
use blackbox::system::is_macos;
use blackbox::temp::Folder;
use blackbox::tls::{Authority, Identity, server_params};
use rcgen::{BasicConstraints, IsCa, date_time_ymd};
use rustls::version::{TLS12, TLS13};

#[test]
fn it_is_macos() {
    assert!(is_macos());
}

/// A fetch with these settings; the host `HTTP`, `HTTPS` or `SOCKS` names is reached at that port of this machine.
fn with_proxy(url: &str, kind: &str, port: u16, more: &str) -> Ptex {
    let settings = format!("{kind}Enable=1 {kind}Proxy=127.0.0.1 {kind}Port={port} {more}");
    Ptex::new(["--retry", "0", url]).env("MACHO_PROXIES", settings)
}

/// A port on which nobody listens.
const CLOSED: u16 = 1;

#[test]
fn proxies_of_the_settings() {
    let proxy = Server::answering(ok("by proxy"));
    let url = "http://there.example/x";
    let fetch = |kind, port, more| with_proxy(url, kind, port, more).run();
    fetch("HTTP", proxy.port(), "").delivers(b"by proxy");
    assert_eq!(proxy.request().target(), url);

    for (url, kind) in [
        ("https://there.example/", "HTTPS"),
        ("ftp://there.example/", "FTP"),
        ("http://there.example/", "SOCKS"),
        ("ftps://there.example/", "SOCKS"),
    ] {
        with_proxy(url, kind, CLOSED, "")
            .run()
            .refuses("Proxy 127.0.0.1:1: Failed to connect to 127.0.0.1 port 1");
    }
    // One that is switched off, one for something else, one without a name.
    for settings in [
        "HTTPEnable=0 HTTPProxy=127.0.0.1 HTTPPort=1",
        "HTTPSEnable=1 HTTPSProxy=127.0.0.1 HTTPSPort=1",
        "HTTPEnable=1 HTTPPort=1",
        "HTTPEnable=on HTTPProxy=127.0.0.1 HTTPPort=1",
    ] {
        Ptex::new([proxy.url("/").replace("127.0.0.1", "localhost")])
            .env("MACHO_PROXIES", settings)
            .run()
            .delivers(b"by proxy");
    }
}

#[test]
fn exceptions_of_the_settings() {
    let server = Server::answering(ok("direct"));
    with_proxy(&server.url("/"), "HTTP", CLOSED, "")
        .run()
        .delivers(b"direct");
    let exceptions = "ExcludeSimpleHostnames=1 ExceptionsList=*.invalid,169.254/16";
    for host in ["a.invalid", "simple-and-unknown"] {
        with_proxy(&format!("http://{host}/"), "SOCKS", CLOSED, exceptions)
            .run()
            .refuses(&format!("Could not resolve host: {host}"));
    }
    for host in ["invalid.example", "169.255.0.1"] {
        with_proxy(&format!("http://{host}/"), "SOCKS", CLOSED, exceptions)
            .run()
            .refuses("Proxy 127.0.0.1:1: ");
    }
}

#[test]
fn variables_come_before_settings() {
    let proxy = Server::answering(ok("by variable"));
    with_proxy("http://there.example/", "HTTP", CLOSED, "")
        .env("http_proxy", proxy.url("/"))
        .run()
        .delivers(b"by variable");
    with_proxy("http://there.invalid/", "HTTP", CLOSED, "")
        .env("no_proxy", "there.invalid")
        .run()
        .refuses("Could not resolve host: there.invalid");
}

/// Serves `content` as `identity`, for as long as the server lives.
fn serve(identity: &Identity) -> Server {
    Server::start_tls(identity.config(&[&TLS12, &TLS13]), |_, connection| {
        connection.send(ok("content"))
    })
}

fn fetch(host: &str, server: &Server, variables: &[(&str, &str)]) -> Outcome {
    let url = format!("https://{host}:{}/", server.port());
    let ptex = Ptex::new(["--retry", "0", &url]);
    let set = |ptex: Ptex, &(name, value): &(&str, &str)| ptex.env(name, value);
    variables.iter().fold(ptex, set).run()
}

#[test]
fn the_system_knows_more_issuers() {
    let authority = Authority::new("Corporate Root");
    let server = serve(&authority.issue(server_params(&["localhost", "127.0.0.1"])));
    let unknown = "unknown issuer \"Corporate Root\", and the server sent no intermediate certificate (trusting ";
    let refused = fetch("localhost", &server, &[]);
    refused.refuses(unknown);
    refused.refuses(", the keychain)");
    fetch("localhost", &server, &[("MACHO_NAME", "localhost")]).delivers(b"content");
    fetch("localhost", &server, &[("MACHO_NAME", "other")]).refuses(unknown);
    // It is not asked for an address, whose name is ours to check.
    fetch("127.0.0.1", &server, &[("MACHO_NAME", "127.0.0.1")]).refuses(unknown);
    for (result, what) in [
        ("1", ""),
        ("4", ""),
        ("3", "certificate is marked as never to be trusted"),
        ("5", unknown),
        (
            "6",
            "certificate is not trusted by the system (error 0x00000006)",
        ),
        (
            "0",
            "certificate is not trusted by the system (error 0x00000000)",
        ),
    ] {
        let outcome = fetch("127.0.0.1", &server, &[("MACHO_TRUST", result)]);
        match what {
            "" => outcome.delivers(b"content"),
            what => outcome.refuses(what),
        }
    }
}

#[test]
fn the_system_has_no_say_in_anything_else() {
    let folder = Folder::new();
    let authority = Authority::new("Corporate Root");
    let trusting = [("MACHO_TRUST", "4")];
    let serve = |change: &dyn Fn(&mut rcgen::CertificateParams)| {
        let mut params = server_params(&["localhost"]);
        change(&mut params);
        serve(&authority.issue(params))
    };
    let sound = serve(&|_| {});
    fetch("localhost", &sound, &trusting).delivers(b"content");
    fetch("127.0.0.1", &sound, &trusting).refuses("certificate is not valid for 127.0.0.1");
    let expired = serve(&|params| params.not_after = date_time_ymd(2020, 1, 1));
    fetch("localhost", &expired, &trusting).refuses("certificate has expired (on 2020-01-01)");
    let ca = serve(&|params| params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained));
    fetch("localhost", &ca, &trusting).refuses("certificate is that of a CA, not of a server");

    // Other anchors are named: who is not among them is not trusted.
    let other = Authority::new("Other Root").write(&folder, "other.pem");
    let named = [("MACHO_TRUST", "4"), ("SSL_CERT_FILE", &*other)];
    let refused = fetch("localhost", &sound, &named);
    refused.refuses("unknown issuer \"Corporate Root\"");
    refused.refuses("(trusting SSL_CERT_FILE ");
    let named = [
        ("MACHO_TRUST", "4"),
        ("SSL_CERT_DIR", folder.path().to_str().unwrap()),
    ];
    fetch("localhost", &sound, &named).refuses("(trusting SSL_CERT_DIR ");
}

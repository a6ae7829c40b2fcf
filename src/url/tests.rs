use super::*;
use crate::error::dec;

fn parse(text: &str) -> Url {
    match Url::parse(text) {
        Ok(url) => url,
        Err(e) => panic!("{text}: {}", e.text),
    }
}

fn text(url: &str) -> String {
    let url = parse(url);
    assert_eq!(Url::parse(&url.text()), Ok(url.clone()), "not stable");
    url.text()
}

fn error(url: &str) -> String {
    match Url::parse(url) {
        Ok(url) => panic!("{} was accepted", url.text()),
        Err(e) => {
            assert_eq!(e.kind, Kind::Local);
            e.text.clone()
        }
    }
}

#[test]
fn parts() {
    let url = parse("HTTPS://u%40x:p%3Aw:d@EXAMPLE.com:8443/a/b;c?d=/?e#f?g");
    assert_eq!(url.scheme(), Scheme::Https);
    assert_eq!(url.host(), &Host::Name("example.com".into()));
    assert_eq!(url.port(), 8443);
    assert_eq!(url.username(), Some(b"u@x".to_vec()));
    assert_eq!(url.password(), Some(b"p:w:d".to_vec()));
    assert_eq!(url.path(), "/a/b;c");
    assert_eq!(url.target(), "/a/b;c?d=/?e");
    assert_eq!(url.authority(), "example.com:8443");
    assert_eq!(
        url.without_password(),
        "https://u%40x@example.com:8443/a/b;c?d=/?e"
    );
    assert_eq!(
        url.without_userinfo(),
        "https://example.com:8443/a/b;c?d=/?e"
    );
    assert_eq!(
        url.text(),
        "https://u%40x:p%3Aw:d@example.com:8443/a/b;c?d=/?e"
    );
}

#[test]
fn no_scheme_is_http() {
    assert_eq!(text("example.com"), "http://example.com/");
    assert_eq!(text("example.com:8080/p"), "http://example.com:8080/p");
    assert_eq!(text("localhost:8080"), "http://localhost:8080/");
    assert_eq!(text("ftp.example.com/p"), "http://ftp.example.com/p");
    assert_eq!(text("u:p@example.com/p"), "http://u:p@example.com/p");
    assert_eq!(text("h/?u=http://x/"), "http://h/?u=http://x/");
    assert_eq!(text("[::1]:1/x"), "http://[::1]:1/x");
}

#[test]
fn schemes_and_their_ports() {
    for (scheme, port) in [("http", 80), ("https", 443), ("ftp", 21), ("ftps", 990)] {
        let long = [scheme, "://h:", &dec(port), "/x"].concat();
        let short = [scheme, "://h/x"].concat();
        assert_eq!(text(&long), short);
        assert_eq!(u64::from(parse(&short).port()), port);
        assert_eq!(
            parse(&short).host_port(),
            ["h:", &dec(port)].concat(),
            "{scheme}"
        );
    }
    assert_eq!(error("ws://h/"), "Protocol \"ws\" not supported");
    assert_eq!(
        error("javascript:/x"),
        "Protocol \"javascript\" not supported"
    );
    assert!(Scheme::Ftps.is_secure() && !Scheme::Ftp.is_secure());
}

#[test]
fn ports() {
    assert_eq!(text("http://h:0/"), "http://h:0/");
    assert_eq!(text("http://h:65535/"), "http://h:65535/");
    assert_eq!(text("http://h:/x"), "http://h/x");
    assert_eq!(text("http://h:00080/"), "http://h/");
    for bad in ["65536", "-1", "+80", "8 0", "8x", "80:80", "99999999999999"] {
        error(&["http://h:", bad, "/"].concat());
    }
    error("http://::1/");
    error("http://[::1]80/");
}

#[test]
fn hosts() {
    let host = |text: &str| Host::parse(text).ok();
    assert_eq!(host("127.0.0.1"), Some(Host::V4([127, 0, 0, 1])));
    assert_eq!(host("0x7f.1"), Some(Host::V4([127, 0, 0, 1])));
    assert_eq!(host("2130706433"), Some(Host::V4([127, 0, 0, 1])));
    assert_eq!(host("0177.0.0.01"), Some(Host::V4([127, 0, 0, 1])));
    assert_eq!(host("1.2.772"), Some(Host::V4([1, 2, 3, 4])));
    assert_eq!(host("4294967295"), Some(Host::V4([255; 4])));
    for name in [
        "256.1.1.1",
        "1.2.3.4.5",
        "4294967296",
        "1.2.3.256",
        "0x",
        "1..2",
        "a.1",
        "09",
        "1.2.3.4.",
    ] {
        assert_eq!(host(name), Some(Host::Name(name.into())), "{name}");
    }
    assert_eq!(host("%6C%6fcalhost"), Some(Host::Name("localhost".into())));
    assert_eq!(host("a_b-c~."), Some(Host::Name("a_b-c~.".into())));
    for bad in [
        "",
        "a%20b",
        "a%0d%0ab",
        "a%00",
        "a%2fb",
        "b%",
        "a,b",
        "bücher.example",
        "a]",
        "[::1",
        "[",
        "[]",
        "[::1]x",
        "[1.2.3.4]",
        "[fe80::1%25eth0]",
        "[:::]",
        "a\\b",
    ] {
        assert_eq!(host(bad), None, "{bad}");
    }
    assert!(Host::parse(&"a".repeat(255)).is_ok());
    assert!(Host::parse(&"a".repeat(256)).is_err());
}

#[test]
fn addresses_are_printed_by_rfc_5952() {
    for (given, printed) in [
        ("::", "::"),
        ("::1", "::1"),
        ("1::", "1::"),
        ("2001:DB8:0:0:1:0:0:1", "2001:db8::1:0:0:1"),
        ("2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"),
        ("2001:0db8::0001", "2001:db8::1"),
        ("2001:0:0:1:0:0:0:1", "2001:0:0:1::1"),
        ("::ffff:102:304", "::ffff:1.2.3.4"),
        ("0:0:1:2:3:4:5:6", "::1:2:3:4:5:6"),
        ("1:2:3:4:5:6:0:0", "1:2:3:4:5:6::"),
        ("0:1:2:3:4:5:6:0", "0:1:2:3:4:5:6:0"),
    ] {
        let given = ["http://[", given, "]:81/"].concat();
        assert_eq!(text(&given), ["http://[", printed, "]:81/"].concat());
    }
    assert_eq!(parse("http://0x7f.1/").authority(), "127.0.0.1");
}

#[test]
fn what_may_not_be_in_it() {
    for byte in (0..=0x20).chain([0x7f]) {
        for around in [("http://h/a", "b"), ("http://h", "/"), ("", "h")] {
            let bad = [around.0, &String::from(char::from(byte)), around.1].concat();
            assert_eq!(error(&bad), "Bad URL: space or control character in it");
        }
    }
    assert_eq!(error("http:///x"), "Bad URL: no host part in the URL");
    assert_eq!(error(""), "Bad URL: no host part in the URL");
    for bad in [
        "http://",
        "http:/h/x",
        "http://u@/x",
        "http://:80/",
        "http://a\\@b/",
        "http://a\\b/",
        "http://u%0d%0aDELE%20x@h/",
        "http://u:%00@h/",
        "/x",
        "?x",
        "#x",
    ] {
        error(bad);
    }
}

#[test]
fn the_authority_ends_where_the_rfc_says() {
    assert_eq!(parse("http://a@b@c/d@e").host(), &Host::Name("c".into()));
    assert_eq!(parse("http://a?@b/").host(), &Host::Name("a".into()));
    assert_eq!(parse("http://a#@b/").host(), &Host::Name("a".into()));
    assert_eq!(text("http://a?b"), "http://a/?b");
    assert_eq!(text("http://@a"), "http://a/");
    assert_eq!(text("http://a/b\\c"), "http://a/b\\c");
}

#[test]
fn userinfo() {
    let url = parse("http://u@h/");
    assert_eq!(
        (url.username(), url.password()),
        (Some(b"u".to_vec()), None)
    );
    let url = parse("http://:p@h/");
    assert_eq!(url.username(), Some(Vec::new()));
    assert_eq!(url.password(), Some(b"p".to_vec()));
    assert_eq!(url.without_password(), "http://h/");
    let url = parse("http://h/");
    assert_eq!((url.username(), url.password()), (None, None));
    let from = parse("http://a:b@x/");
    assert_eq!(url.with_userinfo_of(Some(&from)).text(), "http://a:b@h/");
    assert_eq!(from.with_userinfo_of(None).text(), "http://x/");
    assert_eq!(text("http://é:ü@h/"), "http://%C3%A9:%C3%BC@h/");
}

#[test]
fn utf8_is_encoded_and_escapes_stay() {
    assert_eq!(
        text("http://h/é%e9%?ü=%zz"),
        "http://h/%C3%A9%e9%?%C3%BC=%zz"
    );
}

#[test]
fn dot_segments() {
    for (given, normal) in [
        ("/a/b/c/./../../g", "/a/g"),
        ("/..", "/"),
        ("/../../x", "/x"),
        ("/a/..", "/"),
        ("/a/../", "/"),
        ("/a/.", "/a/"),
        ("//a//../b", "//a/b"),
        ("/...", "/..."),
        ("/a/%2e%2e/b", "/a/%2e%2e/b"),
    ] {
        assert_eq!(parse(&["http://h", given].concat()).path(), normal);
    }
}

#[test]
fn length_is_bounded_before_and_after_encoding() {
    let fits = "a".repeat(MAX_URL - "http://h/".len());
    assert_eq!(text(&["http://h/", &fits].concat()).len(), MAX_URL);
    error(&["http://h/a", &fits].concat());
    error(&["http://h/", &"é".repeat(MAX_URL / 4)].concat());
    // One byte fewer than the limit as given, but not with the scheme and the slash.
    error(&"a".repeat(MAX_URL));
    let base = parse(&["http://h/", &"a/".repeat(MAX_URL / 4)].concat());
    assert!(base.join(&"b".repeat(MAX_URL / 2)).is_err());
}

#[test]
fn files() {
    for given in [
        "file:///a%20b/c?q#f",
        "file://localhost/a%20b/c",
        "file://127.0.0.1/a%20b/c",
        "file:/a%20b/c",
        "FILE:///x/../a%20b/c",
    ] {
        let url = parse(given);
        assert_eq!(url.scheme(), Scheme::File);
        assert_eq!(url.file_path(), Ok(b"/a b/c".to_vec()));
    }
    assert_eq!(parse("file:///%ff").file_path(), Ok(b"/\xff".to_vec()));
    assert_eq!(text("file:/x"), "file:///x");
    assert_eq!(text("file:////x"), "file:////x");
    assert!(parse("file:///a%00b").file_path().is_err());
    if cfg!(windows) {
        assert_eq!(parse("file:///C:/x").file_path(), Ok(b"C:/x".to_vec()));
        assert_eq!(text("file://Example.com/x"), "file:////example.com/x");
    } else {
        assert_eq!(parse("file:///C:/x").file_path(), Ok(b"/C:/x".to_vec()));
        error("file://example.com/x");
    }
    error("file:x");
}

#[test]
fn origins() {
    let same = |a, b| parse(a).same_origin(&parse(b));
    assert!(same("http://H/a", "http://u:p@h:80/b"));
    assert!(same("http://127.1/", "http://127.0.0.1/"));
    assert!(!same("http://h/", "https://h/"));
    assert!(!same("http://h:443/", "https://h:443/"));
    assert!(!same("http://h/", "http://h:81/"));
    assert!(!same("http://h/", "http://h./"));
}

/// RFC 3986, section 5.4.
#[test]
fn references() {
    let base = parse("http://a/b/c/d;p?q");
    for (reference, target) in [
        ("g", "http://a/b/c/g"),
        ("./g", "http://a/b/c/g"),
        ("g/", "http://a/b/c/g/"),
        ("/g", "http://a/g"),
        ("//g", "http://g/"),
        ("?y", "http://a/b/c/d;p?y"),
        ("g?y", "http://a/b/c/g?y"),
        ("#s", "http://a/b/c/d;p?q"),
        ("g#s", "http://a/b/c/g"),
        ("g?y#s", "http://a/b/c/g?y"),
        (";x", "http://a/b/c/;x"),
        ("g;x", "http://a/b/c/g;x"),
        ("g;x?y#s", "http://a/b/c/g;x?y"),
        ("", "http://a/b/c/d;p?q"),
        (".", "http://a/b/c/"),
        ("./", "http://a/b/c/"),
        ("..", "http://a/b/"),
        ("../", "http://a/b/"),
        ("../g", "http://a/b/g"),
        ("../..", "http://a/"),
        ("../../", "http://a/"),
        ("../../g", "http://a/g"),
        // Abnormal ones.
        ("../../../g", "http://a/g"),
        ("../../../../g", "http://a/g"),
        ("/./g", "http://a/g"),
        ("/../g", "http://a/g"),
        ("g.", "http://a/b/c/g."),
        (".g", "http://a/b/c/.g"),
        ("g..", "http://a/b/c/g.."),
        ("..g", "http://a/b/c/..g"),
        ("./../g", "http://a/b/g"),
        ("./g/.", "http://a/b/c/g/"),
        ("g/./h", "http://a/b/c/g/h"),
        ("g/../h", "http://a/b/c/h"),
        ("g;x=1/./y", "http://a/b/c/g;x=1/y"),
        ("g;x=1/../y", "http://a/b/c/y"),
        ("g?y/./x", "http://a/b/c/g?y/./x"),
        ("g?y/../x", "http://a/b/c/g?y/../x"),
        ("g#s/./x", "http://a/b/c/g"),
        ("g#s/../x", "http://a/b/c/g"),
    ] {
        assert_eq!(
            base.join(reference).map(|url| url.text()),
            Ok(target.into()),
            "{reference}"
        );
    }
    // A scheme that is not ours, and what a strict parser makes of a scheme without an authority.
    assert!(base.join("g:h").is_err());
    assert!(base.join("http:g").is_err());
}

#[test]
fn references_to_elsewhere() {
    let base = parse("https://u:p@a:444/b?q");
    let join = |reference: &str| base.join(reference).map(|url| url.text());
    assert_eq!(join("/x?"), Ok("https://u:p@a:444/x?".into()));
    assert_eq!(join("//b/x"), Ok("https://b/x".into()));
    assert_eq!(join("HTTP://b"), Ok("http://b/".into()));
    assert_eq!(join("./a:b"), Ok("https://u:p@a:444/a:b".into()));
    assert_eq!(join("é"), Ok("https://u:p@a:444/%C3%A9".into()));
    for bad in ["//", "https://", "a b", "a\r\nb", "//\\b", "localhost:80"] {
        assert!(join(bad).is_err(), "{bad}");
    }
}

#[test]
fn remote_names() {
    for (url, name) in [
        ("http://h/a/b.tar.gz?x=/y#z", "b.tar.gz"),
        ("http://h/a%20b", "a%20b"),
        ("http://h/a/..b", "..b"),
        ("http://h/%2e%2e", "%2e%2e"),
    ] {
        assert_eq!(parse(url).remote_name(), Ok(name));
    }
    for url in ["http://h", "http://h/a/", "http://h/a/..", "http://h/."] {
        let error = parse(url).remote_name().unwrap_err();
        let shown = parse(url).text();
        assert_eq!(
            error.text,
            ["Could not determine the remote file name of ", &shown].concat()
        );
    }
    let error = parse("http://u:secret@h/").remote_name().unwrap_err();
    assert!(!error.text.contains("secret"));
}

#[test]
fn names_that_windows_misreads() {
    for name in [
        "a:b",
        "..\\a",
        "NUL",
        "nul.txt",
        "Com1",
        "lpt9.tar.gz",
        "a.",
        "conin$",
        "a|b",
    ] {
        assert!(is_special_on_windows(name), "{name}");
    }
    for name in [
        "a.b",
        "null",
        "com",
        "com10",
        "console",
        "auxiliary.txt",
        "aé",
    ] {
        assert!(!is_special_on_windows(name), "{name}");
    }
}

#[test]
fn drives_of_windows() {
    for path in ["/C:/x", "/z:", "/c:x"] {
        assert!(begins_with_drive(path.as_bytes()), "{path}");
    }
    for path in ["", "/", "/C", "C:/x", "//C:/x", "/1:/x", "/CD:/x"] {
        assert!(!begins_with_drive(path.as_bytes()), "{path}");
    }
}

#[test]
fn no_password_is_shown_of_what_is_no_url() {
    assert_eq!(redact("http://u:p/q@h:x/"), "http://u@h:x/");
    assert_eq!(redact("u:p@h o"), "u@h o");
    assert_eq!(redact("http://h o/\n"), "http://h o/?");
    assert_eq!(redact("ht tp://u:p@w@h"), "ht tp://u@h");
    assert_eq!(redact("ht:tp://u:p@h"), "ht@h");
    assert_eq!(redact("u:p//@h"), "u@h");
}

#[test]
fn decoding() {
    assert_eq!(percent_decode("%41%4a%4A%%4%zz%"), b"AJJ%%4%zz%");
    assert_eq!(percent_decode("%00%ff"), b"\0\xff");
}

#![no_main]
//! What is printed of a URL can stand in a request line and is the same URL again, of a reference as well; without its
//! password it is still a URL. The input is a base and, after a newline, a reference.

use libfuzzer_sys::fuzz_target;
use ptex::http::redirect;
use ptex::url::{MAX_URL, Scheme, Url, redact};

fn check(url: &Url) {
    let text = url.text();
    assert!(text.len() <= MAX_URL);
    for part in [
        &text,
        &url.target(),
        &url.authority(),
        &url.without_userinfo(),
    ] {
        assert!(part.bytes().all(|byte| byte.is_ascii_graphic()), "{part}");
    }
    assert!(url.path().starts_with('/'));
    assert!(
        url.path()
            .split('/')
            .all(|segment| !matches!(segment, "." | ".."))
    );
    assert_eq!(Url::parse(&text).as_ref(), Ok(url));
    let shown = Url::parse(&url.without_password()).expect("shown");
    assert!(shown.password().is_none());
    assert!(shown.same_origin(url) && shown.target() == url.target());
    if let Ok(name) = url.remote_name() {
        assert!(!name.is_empty() && !name.contains('/') && !matches!(name, "." | ".."));
    }
    for secret in [url.username(), url.password()].into_iter().flatten() {
        assert!(!secret.iter().any(u8::is_ascii_control));
    }
    let _ = url.file_path();
}

fuzz_target!(|input: &str| {
    let (base, reference) = input.split_once('\n').unwrap_or((input, ""));
    assert!(!redact(base).chars().any(char::is_control));
    let Ok(base) = Url::parse(base) else { return };
    check(&base);
    assert_eq!(base.join("").as_ref(), Ok(&base));
    if let Ok(url) = base.join(reference) {
        check(&url);
    }
    if let Ok(url) = redirect::follow(&base, reference.as_bytes()) {
        check(&url);
        assert!(url.scheme() != Scheme::File);
        let scope = redirect::scope(&base, &url);
        assert!(scope.host || !scope.credentials);
    }
});

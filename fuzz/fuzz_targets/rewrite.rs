#![no_main]
//! What rules make of a URL is a URL that one of them replaces, and a host is never taken for a longer one. The first line
//! of the input is the URL, the rest are the rules.

use libfuzzer_sys::fuzz_target;
use ptex::error::Kind;
use ptex::rewrite::{VARIABLE, apply};
use ptex::url::Url;

fuzz_target!(|input: &str| {
    let (text, rules) = input.split_once('\n').unwrap_or((input, ""));
    let Ok(url) = Url::parse(text) else { return };
    let mut result = url.clone();
    match apply(&mut result, rules.as_bytes()) {
        Ok(true) => {
            assert_eq!(Url::parse(&result.text()).as_ref(), Ok(&result));
            let fits = |rule: &str| {
                let (prefix, replacement) = rule.split_once('=').unwrap();
                let is_of = |text: &str, url: &Url| Url::parse(text).unwrap().same_origin(url);
                is_of(prefix, &url) && is_of(replacement, &result)
            };
            assert!(rules.split_ascii_whitespace().any(fits));
        }
        Ok(false) => assert_eq!(result, url),
        Err(error) => {
            assert_eq!(error.kind, Kind::Local);
            // Of a rule, which may hold a password, its number alone.
            assert!(error.text.starts_with(VARIABLE) && error.text.len() < 100);
            return;
        }
    }

    // Twice the same is no more, and userinfo plays no part.
    let mut again = url.clone().with_userinfo_of(None);
    let twice = format!("{rules}\n{rules}");
    if apply(&mut again, twice.as_bytes()) == Ok(true) {
        assert_eq!(again, result);
    }

    // The rule for a whole origin fits, that for a longer name does not.
    let origin = format!("{}://{}", url.scheme().name(), url.authority());
    if origin.contains('=') {
        return;
    }
    let mut other = url.clone();
    let rule = format!("{origin}/=https://mirror.example/");
    assert_eq!(apply(&mut other, rule.as_bytes()), Ok(true));
    assert_eq!(other.authority(), "mirror.example");
    let mut other = url.clone();
    let rule = format!("{origin}9=https://mirror.example/");
    assert_ne!(apply(&mut other, rule.as_bytes()), Ok(true));
});

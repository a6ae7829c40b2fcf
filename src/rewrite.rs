//! Re-pointing by the environment: `PTEX_URL_REWRITE` holds rules `PREFIX=REPLACEMENT`, divided by white space.
//!
//! A prefix ends where a segment of the path ends: `https://h/a` is that of `https://h/a/b` and not of `https://h/ab`, and
//! no host is the prefix of another. Of several rules that fit, the one with the longest prefix is applied, once. What a
//! URL is asked with before and after is for [`crate::fetch`] to decide.

use crate::error::{Error, Kind, Result};
use crate::url::{Url, split_first};
use alloc::string::String;
use os::text;
use os::text::filled;

/// The variable that holds the rules.
pub const VARIABLE: &str = "PTEX_URL_REWRITE";

/// Makes of `url`, whose userinfo plays no part and is not kept, what `rules` say; false if none of them fits.
///
/// # Errors
/// [`Kind::Local`] for a rule that is none, whether it would fit or not, by its number: it may hold a password.
pub fn apply(url: &mut Url, rules: &[u8]) -> Result<bool> {
    let text = url.without_userinfo();
    let mut longest = 0;
    let mut result = None;
    let mut number = 0;
    for rule in rules.split(u8::is_ascii_whitespace) {
        if rule.is_empty() {
            continue;
        }
        number += 1;
        let Some((prefix, replacement)) = parse(rule) else {
            let text = text!("%: rule % is not PREFIX=REPLACEMENT with two URLs");
            return Err(Error::say(Kind::Local, text, &[&VARIABLE, &number]));
        };
        if prefix.len() > longest
            && let Some(rest) = text.strip_prefix(prefix.as_str())
            && matches!(rest.as_bytes(), [] | [b'/' | b'?', ..])
        {
            longest = prefix.len();
            result = Some(filled(text!("%%"), &[&replacement, &rest]));
        }
    }
    if let Some(text) = &result {
        *url = Url::parse(text)?;
    }
    Ok(result.is_some())
}

/// Prefix and replacement, both without a slash at the end: whether there is one makes no difference.
fn parse(rule: &[u8]) -> Option<(String, &str)> {
    let (prefix, replacement) = split_first(core::str::from_utf8(rule).ok()?, b'=')?;
    let mut prefix = normal(prefix)?;
    prefix.truncate(without_slash(&prefix).len());
    let replacement = without_slash(replacement);
    normal(replacement)?;
    Some((prefix, replacement))
}

fn without_slash(url: &str) -> &str {
    url.strip_suffix('/').unwrap_or(url)
}

/// The normal form of a URL with a scheme and without a fragment.
fn normal(text: &str) -> Option<String> {
    let (_, rest) = split_first(text, b':')?;
    if !rest.starts_with("//") || split_first(rest, b'#').is_some() {
        return None;
    }
    Some(Url::parse(text).ok()?.without_userinfo())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rewritten(url: &str, rules: &str) -> Option<String> {
        let mut url = Url::parse(url).unwrap();
        apply(&mut url, rules.as_bytes())
            .unwrap()
            .then(|| url.text())
    }

    #[test]
    fn one_rule() {
        for (url, rule, expected) in [
            (
                "https://github.com/a/b?c",
                "https://github.com/=https://m/github/",
                "https://m/github/a/b?c",
            ),
            (
                "https://github.com/a",
                "https://github.com=https://m",
                "https://m/a",
            ),
            (
                "https://github.com/a",
                "https://github.com/=https://m/g",
                "https://m/g/a",
            ),
            (
                "https://github.com/a",
                "https://github.com=https://m/g/",
                "https://m/g/a",
            ),
            (
                "https://github.com",
                "https://github.com/=https://m/g/",
                "https://m/g/",
            ),
            ("https://h/a/b", "https://h/a=https://m/x", "https://m/x/b"),
            (
                "https://h/a/b",
                "https://h/a/=https://m/x/",
                "https://m/x/b",
            ),
            ("https://h/a", "https://h/a=https://m/x", "https://m/x"),
            ("https://h/a?b", "https://h/a=https://m/x", "https://m/x?b"),
            (
                "HTTPS://GitHub.COM:443/A",
                "https://github.com/=http://m/",
                "http://m/A",
            ),
            (
                "https://github.com/A",
                "HTTPS://GitHub.COM:443=http://m/",
                "http://m/A",
            ),
            ("http://h:81/a", "http://h:81=http://m:82", "http://m:82/a"),
            (
                "https://h/a",
                "https://h/=file:///mnt/h/",
                "file:///mnt/h/a",
            ),
            ("file:///a/b", "file:///=https://m/", "https://m/a/b"),
            (
                "https://h/a/b",
                "https://h/=https://m/get?u=",
                "https://m/get?u=/a/b",
            ),
        ] {
            assert_eq!(
                rewritten(url, rule).as_deref(),
                Some(expected),
                "{url} {rule}"
            );
        }
    }

    #[test]
    fn what_does_not_fit() {
        for (url, rule) in [
            ("https://github.com.evil/a", "https://github.com=https://m/"),
            (
                "https://github.com.evil/a",
                "https://github.com/=https://m/",
            ),
            ("https://github.com@evil/a", "https://github.com=https://m/"),
            ("https://github.com:8443/a", "https://github.com=https://m/"),
            (
                "https://github.community/a",
                "https://github.com=https://m/",
            ),
            ("http://github.com/a", "https://github.com/=https://m/"),
            ("https://h/ab", "https://h/a=https://m/"),
            ("https://h/a", "https://h/a/b=https://m/"),
            ("https://h/A", "https://h/a=https://m/"),
            ("https://x/?https://h/a", "https://h/=https://m/"),
            ("https://h/a", ""),
            ("https://h/a", " \n\t "),
        ] {
            assert_eq!(rewritten(url, rule), None, "{url} {rule}");
        }
    }

    #[test]
    fn the_longest_prefix_once() {
        let rules = " https://h/=https://m/1/\n\thttps://h/a/=https://m/2/ https://m/=https://n/ https://h/a/b=https://m/3 ";
        assert_eq!(rewritten("https://h/x", rules).unwrap(), "https://m/1/x");
        assert_eq!(rewritten("https://h/a/x", rules).unwrap(), "https://m/2/x");
        assert_eq!(
            rewritten("https://h/a/b/x", rules).unwrap(),
            "https://m/3/x"
        );
        assert_eq!(rewritten("https://h/ab", rules).unwrap(), "https://m/1/ab");
        assert_eq!(rewritten("https://m/x", rules).unwrap(), "https://n/x");
        let rules = "https://h=https://m https://h/=https://n";
        assert_eq!(rewritten("https://h/x", rules).unwrap(), "https://m/x");
    }

    #[test]
    fn credentials_are_those_of_the_replacement() {
        let rule = "https://u:p@h/=https://v:q@m/";
        assert_eq!(
            rewritten("https://x:y@h/a", rule).unwrap(),
            "https://v:q@m/a"
        );
        let rule = "https://h/=https://m/";
        assert_eq!(rewritten("https://x:y@h/a", rule).unwrap(), "https://m/a");
    }

    #[test]
    fn bad_rules() {
        let mut url = Url::parse("https://h/a").unwrap();
        for rule in [
            "https://h/",
            "https://h/=",
            "=https://m/",
            "https://h/=m",
            "h=https://m/",
            "https://h/=/mnt",
            "https://h/=gopher://m/",
            "https://h/=file://",
            "https://h/=https://u:secret@",
            "https://h/=https://m/#",
            "https://h/#=https://m/",
            "https://=https://m/",
        ] {
            let rules = ["https://other/=https://m/ ", rule].concat();
            let e = apply(&mut url, rules.as_bytes()).unwrap_err();
            assert_eq!(e.kind, Kind::Local);
            assert_eq!(
                e.text, "PTEX_URL_REWRITE: rule 2 is not PREFIX=REPLACEMENT with two URLs",
                "{rule}"
            );
        }
        assert!(apply(&mut url, b"\xff").is_err());
    }
}

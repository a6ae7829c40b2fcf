#![no_main]
//! A response's head is the same however it is cut, and within its bounds; what is asked of it never panics. The first
//! byte of the input is the size of the pieces.

use libfuzzer_sys::fuzz_target;
use ptex::error::Result;
use ptex::http::response::{MAX_HEAD, MAX_LINE};
use ptex::http::{Head, HeadParser, Method, redirect};

/// The head and how much was left after it.
fn parse(method: Method, text: &[u8], size: usize) -> Result<Option<(Box<Head>, usize)>> {
    let mut parser = HeadParser::new(method);
    let mut used = 0;
    for piece in text.chunks(size) {
        let mut rest = piece;
        let is_whole = parser.feed(&mut rest)?;
        used += piece.len() - rest.len();
        assert!(parser.lines().len() <= MAX_HEAD);
        if is_whole {
            return Ok(Some((parser.head()?, text.len() - used)));
        }
        assert!(rest.is_empty());
    }
    Ok(None)
}

fuzz_target!(|input: &[u8]| {
    let Some((&size, text)) = input.split_first() else {
        return;
    };
    let method = if size & 1 == 0 {
        Method::Get
    } else {
        Method::Connect
    };
    let whole = parse(method, text, text.len().max(1));
    for size in [1, usize::from(size) + 2] {
        match (&parse(method, text, size), &whole) {
            (Ok(Some((a, a_left))), Ok(Some((b, b_left)))) => {
                assert_eq!(a_left, b_left);
                assert_eq!(a.raw(), b.raw());
                assert_eq!((a.status(), a.framing()), (b.status(), b.framing()));
            }
            (Ok(None), Ok(None)) => {}
            (Err(a), Err(b)) => assert_eq!(a, b),
            _ => panic!("differs in pieces of {size}"),
        }
    }
    let Ok(Some((head, _))) = whole else { return };
    assert!(head.status() >= 200);
    assert!(head.status_line().len() <= MAX_LINE);
    assert!(!head.raw().contains(&0));
    for name in ["Content-Length", "Location", "X"] {
        for value in head.values(name) {
            assert!(
                !value
                    .iter()
                    .any(|byte| byte.is_ascii_control() && *byte != b'\t')
            );
        }
    }
    if let Ok(Some(range)) = head.content_range() {
        assert!(range.range.is_none_or(|(first, last)| first <= last));
    }
    if let Some(validator) = head.validator() {
        assert!(!validator.starts_with("W/"));
    }
    assert_eq!(head.check_status(0).is_ok(), head.status() < 300);
    let _ = (head.retry_after(0), redirect::location(&head));
});

#![no_main]
//! A manifest gives the same entry or the same error however it is cut into pieces, and only from valid UTF-8.

use libfuzzer_sys::fuzz_target;
use ptex::error::{Kind, Result};
use ptex::manifest::{Entry, MAX_MIRRORS, MAX_URL, Scanner};

fn scan<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Result<Option<Entry>> {
    let mut scanner = Scanner::new(b"file");
    for piece in pieces {
        scanner.push(piece)?;
    }
    scanner.finish()
}

/// `document` in pieces of 1 to 16 bytes, whose lengths follow from it so that the corpus is of plain documents.
fn cut(mut document: &[u8]) -> Vec<&[u8]> {
    let mut state = document.len() as u32;
    let mut pieces = Vec::new();
    while let Some(&first) = document.first() {
        state = (state ^ u32::from(first)).wrapping_mul(0x0100_0193);
        let (piece, rest) = document.split_at(document.len().min(1 + (state >> 12) as usize % 16));
        pieces.push(piece);
        document = rest;
    }
    pieces
}

fuzz_target!(|document: &[u8]| {
    let whole = scan([document]);
    assert_eq!(scan(cut(document)), whole);
    assert_eq!(scan(document.chunks(1)), whole);
    match whole {
        Ok(entry) => {
            assert!(core::str::from_utf8(document).is_ok());
            if let Some(entry) = entry {
                assert!((1..=MAX_MIRRORS).contains(&entry.urls.len()));
                assert!(entry.urls.iter().all(|url| url.len() <= MAX_URL));
            }
        }
        Err(error) => {
            assert_eq!(error.kind, Kind::Local);
            assert!(error.text.starts_with("Failed to parse ptex config: "));
            let (_, line) = error.text.rsplit_once(" at line ").unwrap();
            let (line, column) = line.split_once(" column ").unwrap();
            let (line, column): (usize, usize) = (line.parse().unwrap(), column.parse().unwrap());
            let mut lines = document.split(|&b| b == b'\n');
            assert!(column <= lines.nth(line - 1).unwrap().len() + 1);
        }
    }
});

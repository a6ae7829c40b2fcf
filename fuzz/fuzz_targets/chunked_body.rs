#![no_main]
//! A chunked body is the same however it is cut, always gets on, and what is encoded comes out again. The first byte of
//! the input is the size of the pieces.

use libfuzzer_sys::fuzz_target;
use ptex::error::Result;
use ptex::http::body::MAX_TRAILERS;
use ptex::http::{Body, Framing};

/// Data, trailers, how much was left, and whether it is done.
fn decode(text: &[u8], size: usize) -> Result<(Vec<u8>, Vec<u8>, usize, bool)> {
    let mut body = Body::new(Framing::Chunked);
    let (mut data, mut used) = (Vec::new(), 0);
    for piece in text.chunks(size) {
        let mut rest = piece;
        while !rest.is_empty() && !body.is_done() {
            let before = rest.len();
            data.extend_from_slice(body.decode(&mut rest)?);
            assert!(rest.len() < before);
        }
        used += piece.len() - rest.len();
        assert!(body.trailers().len() <= MAX_TRAILERS);
    }
    assert_eq!(body.end().is_ok(), body.is_done());
    Ok((
        data,
        body.trailers().to_vec(),
        text.len() - used,
        body.is_done(),
    ))
}

fuzz_target!(|input: &[u8]| {
    let Some((&size, text)) = input.split_first() else {
        return;
    };
    let size = usize::from(size) + 2;
    let whole = decode(text, text.len().max(1));
    for size in [1, size] {
        assert_eq!(decode(text, size), whole);
    }

    let mut encoded = Vec::new();
    for chunk in text.chunks(size) {
        encoded.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
        encoded.extend_from_slice(chunk);
        encoded.extend_from_slice(b"\r\n");
    }
    encoded.extend_from_slice(b"0\r\n\r\nrest");
    let expected = Ok((text.to_vec(), Vec::new(), 4, true));
    assert_eq!(decode(&encoded, encoded.len()), expected);
    assert_eq!(decode(&encoded, 7), expected);
});

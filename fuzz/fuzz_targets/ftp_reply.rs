#![no_main]
//! However replies are cut into pieces, they are the same; what is shown of them is printable, and a port is none of
//! those that nobody can listen on.

use libfuzzer_sys::fuzz_target;
use ptex::error::{Part, Result};
use ptex::ftp::reply::{Parser, Reply};

/// All replies of `input`, cut into pieces of `size` bytes, and how it went.
fn parse(input: &[u8], size: usize) -> (Vec<Reply>, Result<()>) {
    let mut parser = Parser::default();
    let mut replies = Vec::new();
    for mut piece in input.chunks(size) {
        while !piece.is_empty() {
            match parser.feed(&mut piece) {
                Ok(Some(reply)) => replies.push(reply),
                Ok(None) => assert!(piece.is_empty()),
                Err(error) => return (replies, Err(error)),
            }
        }
    }
    (replies, Ok(()))
}

fuzz_target!(|input: (u8, &[u8])| {
    let (size, input) = input;
    let (replies, result) = parse(input, input.len().max(1));
    let pieces = parse(input, usize::from(size).max(1));
    assert!(pieces.0 == replies && pieces.1 == result);
    for reply in replies {
        assert!((1..=5).contains(&reply.class()));
        let mut shown = String::new();
        reply.shown().append_to(&mut shown);
        assert!(!shown.chars().any(char::is_control));
        assert_ne!(reply.passive_port(), Some(0));
        let _ = reply.number_of(reply.code);
    }
    if let Err(error) = result {
        assert!(!error.text.chars().any(char::is_control));
    }
});

#![no_main]
//! The PEM reader finds the same certificates however its text is cut, and none longer than the text allows.

use libfuzzer_sys::fuzz_target;
use ptex::tls::pem::{Reader, Sink};

#[derive(Default, PartialEq, Debug)]
struct Seen {
    certificates: Vec<(Vec<u8>, bool)>,
    damaged: usize,
}

impl Sink for Seen {
    fn wants(&mut self, head: &[u8]) -> Option<bool> {
        match head.first() {
            Some(0x30) => Some(true),
            Some(0x31) if head.len() < 1000 => None,
            Some(_) => Some(false),
            None => None,
        }
    }
    fn certificate(&mut self, der: &[u8], trusted: bool) {
        self.certificates.push((der.to_vec(), trusted));
    }
    fn damaged(&mut self) {
        self.damaged += 1;
    }
}

fn read(text: &[u8], size: usize) -> Seen {
    let mut seen = Seen::default();
    let mut reader = Reader::new();
    for piece in text.chunks(size) {
        reader.feed(piece, &mut seen);
    }
    reader.finish(&mut seen);
    seen
}

fuzz_target!(|input: (u8, &[u8])| {
    let (size, text) = (usize::from(input.0) + 1, input.1);
    let whole = read(text, text.len().max(1));
    assert_eq!(whole, read(text, size));
    let decoded: usize = whole.certificates.iter().map(|(der, _)| der.len()).sum();
    assert!(decoded <= text.len() * 3 / 4);
});

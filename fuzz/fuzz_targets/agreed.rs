#![no_main]
//! What a handshake by the system's TLS is read to have agreed on depends on its messages alone: not on how they are cut
//! into records, nor on what is encrypted after them. The first byte of the input is the size of the pieces.

use libfuzzer_sys::fuzz_target;
use ptex::tls::agreed::Agreed;

const CHANGE_CIPHER_SPEC: u8 = 20;
const HANDSHAKE: u8 = 22;

fn of(messages: &[u8], size: usize) -> Agreed {
    let mut agreed = Agreed::default();
    for piece in messages.chunks(size) {
        agreed.note(HANDSHAKE, piece);
    }
    agreed
}

fuzz_target!(|input: &[u8]| {
    let Some((&size, messages)) = input.split_first() else {
        return;
    };
    let whole = of(messages, messages.len().max(1));
    assert!(whole.is_plain());
    let checked = whole.check(false);
    // That the server claims to know no TLS 1.3 is never a reason to allow more.
    if let Ok(tls13) = whole.check(true) {
        assert_eq!(checked, Ok(tls13));
    }
    let mut pieces = of(messages, usize::from(size) + 1);
    assert_eq!(pieces.check(false), checked);
    pieces.note(CHANGE_CIPHER_SPEC, &[1]);
    pieces.note(HANDSHAKE, messages);
    assert!(!pieces.is_plain());
    assert_eq!(pieces.check(false), checked);
});

#![no_main]
//! What is shown of bytes from outside never controls the terminal, and stays within its limit.

use libfuzzer_sys::fuzz_target;
use ptex::error::printable;

fuzz_target!(|input: (u8, &[u8])| {
    let (max, bytes) = (usize::from(input.0), input.1);
    let text = printable(bytes, max);
    assert!(text.len() <= max.min(bytes.len()));
    assert!(!text.chars().any(char::is_control));
    if bytes.len() <= max
        && let Ok(valid) = core::str::from_utf8(bytes)
        && !valid.chars().any(char::is_control)
    {
        assert_eq!(text, valid);
    }
});

#![no_main]
//! Whatever schemes a server or a proxy asks for, what an error says of them is short and fit for a terminal, and nothing
//! once Basic is among them; what stands in quotes is no scheme. The first byte of the input chooses the status, each line
//! after it is a field's value.

use libfuzzer_sys::fuzz_target;
use ptex::auth::unsupported;
use ptex::http::{Head, HeadParser, Method};

/// The head of an answer with these values, if it can be one.
fn head<'a>(status: u16, values: impl IntoIterator<Item = &'a [u8]>) -> Option<Box<Head>> {
    let name: &[u8] = match status {
        401 => b"WWW-Authenticate: ",
        _ => b"Proxy-Authenticate: ",
    };
    let mut text = format!("HTTP/1.1 {status} x\r\n").into_bytes();
    for value in values {
        text.extend_from_slice(name);
        text.extend_from_slice(value);
        text.extend_from_slice(b"\r\n");
    }
    text.extend_from_slice(b"\r\n");
    let mut parser = HeadParser::new(Method::Get);
    let is_whole = parser.feed(&mut &*text).ok()?;
    is_whole.then(|| parser.head().ok()).flatten()
}

fuzz_target!(|input: &[u8]| {
    let Some((&kind, text)) = input.split_first() else {
        return;
    };
    let status = if kind & 1 == 0 { 401 } else { 407 };
    let values = || text.split(|&byte| byte == b'\n');
    let Some(asked) = head(status, values()) else {
        return;
    };
    let said = unsupported(&asked);
    if !said.is_empty() {
        assert!(said.len() < 300);
        assert!(said.starts_with(" (unsupported authentication: ") && said.ends_with(')'));
        assert!(said.bytes().all(|byte| matches!(byte, b' '..=b'~')));
        assert!(!said.to_ascii_lowercase().contains(" basic,"));
    }

    // In a field of its own, before or after the others, Basic is always found.
    let basic: &[u8] = b"bASIC realm=\"x\"";
    for all in [
        head(status, [basic].into_iter().chain(values())),
        head(status, values().chain([basic])),
    ] {
        assert!(all.is_none_or(|all| unsupported(&all).is_empty()));
    }

    // In quotes it never is.
    let mut quoted = b"Digest realm=\"Basic, ".to_vec();
    for &byte in text.iter().filter(|byte| !byte.is_ascii_control()) {
        if matches!(byte, b'"' | b'\\') {
            quoted.push(b'\\');
        }
        quoted.push(byte);
    }
    quoted.extend_from_slice(b", Basic\", qop=auth, NTLM");
    if let Some(all) = head(status, [&*quoted]) {
        let expected = " (unsupported authentication: Digest, NTLM)";
        assert_eq!(unsupported(&all), expected);
    }
});

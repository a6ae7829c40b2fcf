#![no_main]
//! No chain that a server may send is accepted without a root's signature, and each refusal is one line.

use libfuzzer_sys::fuzz_target;
use ptex::tls::anchors::Trust;
use ptex::tls::verify::{public_key, verify_chain};
use ptex::url::Host;

/// 2025-06-15, when the certificates of the corpus are valid.
const NOW: u64 = 1_749_945_600;

fuzz_target!(|input: &[u8]| {
    // The certificates of a chain, each after its length in two bytes.
    let mut chain = Vec::new();
    let mut rest = input;
    while let Some((length, after)) = rest.split_first_chunk::<2>() {
        let length = usize::from(u16::from_be_bytes(*length)).min(after.len());
        let (certificate, after) = after.split_at(length);
        chain.push(certificate);
        rest = after;
    }
    for certificate in &chain {
        if let Ok(key) = public_key(certificate) {
            assert!(certificate.windows(key.len()).any(|window| window == key));
        }
    }
    for host in [
        Host::Name("example.org".into()),
        Host::V4([10, 0, 0, 1]),
        Host::V6([1; 16]),
    ] {
        let error = verify_chain(&Trust::built_in(), &chain, &host, NOW).unwrap_err();
        assert!(error.text.len() < 1000);
        assert!(!error.text.chars().any(char::is_control));
    }
});

#![no_main]
//! Keys and signatures from strangers: no panic, and a signature that is right for one message is right for no other.

use curves::ecdh::{KeyPair, NamedGroup};
use libfuzzer_sys::fuzz_target;
use pki_types::alg_id;
use ptex::tls::sig::{ALL, check_key, verify_tls12, verify_tls13};

/// The schemes that `verify_tls12` takes. The handshake offers most of them.
const SCHEMES_TLS12: [u16; 10] = [
    0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501, 0x0807, 0x0603, 0x0806, 0x0601,
];

/// Takes from the front of `input` as many bytes as the first two say, or all that there are.
fn take<'a>(input: &mut &'a [u8]) -> &'a [u8] {
    let (length, rest) = input.split_at(input.len().min(2));
    let length = length.iter().fold(0, |n, &byte| n << 8 | usize::from(byte));
    let (taken, rest) = rest.split_at(rest.len().min(length));
    *input = rest;
    taken
}

// A choice, then a key, a signature or secret, and a message, the first two with their lengths in front.
fuzz_target!(|input: &[u8]| {
    let Some((&choice, mut message)) = input.split_first() else {
        return;
    };
    let (key, signature) = (take(&mut message), take(&mut message));
    let choice = usize::from(choice);
    if choice < 0x80 {
        verify(choice, key, signature, message);
    } else {
        agree(choice, key, signature);
    }
});

fn verify(choice: usize, key: &[u8], signature: &[u8], message: &[u8]) {
    let other = [message, b"."].concat();
    let scheme = SCHEMES_TLS12[choice % SCHEMES_TLS12.len()];
    let by_tls12 = verify_tls12(scheme, key, message, signature);
    let by_tls13 = verify_tls13(scheme, key, message, signature);
    assert!(by_tls13.is_err() || by_tls12.is_ok());
    assert!(by_tls12.is_err() || check_key(key).is_ok());

    let algorithm = ALL[choice % ALL.len()];
    let accepts = |message| algorithm.verify_signature(key, message, signature).is_ok();
    // An Ed25519 key may be a point of small order, whose signatures do not depend on the message.
    if algorithm.public_key_alg_id() != alg_id::ED25519 {
        assert!(!accepts(message) || !accepts(&other));
    }
}

fn agree(choice: usize, peer: &[u8], secret: &[u8]) {
    let groups = [
        NamedGroup::Secp256r1,
        NamedGroup::Secp384r1,
        NamedGroup::X25519,
    ];
    let secret = [secret, &[1; 48]].concat();
    let fill = &mut |out: &mut [u8]| out.copy_from_slice(&secret[..out.len()]);
    if let Some(pair) = KeyPair::generate(groups[choice % 3], fill) {
        if let Some(shared) = pair.agree(peer) {
            assert!(shared.raw_secret_bytes().iter().any(|&byte| byte != 0));
        }
    }
}

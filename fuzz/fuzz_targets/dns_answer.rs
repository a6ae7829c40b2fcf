#![no_main]
//! Whatever a nameserver sends, only an answer to the question counts, and what it gives is bounded, of the kind that
//! was asked for, and each address once.

use libfuzzer_sys::fuzz_target;
use os::net::dns::{MAX_ADDRESSES, Status, Type, answer, query};

fuzz_target!(|input: (bool, bool, [u8; 10], &[u8])| {
    let (v6, framed, header, bytes) = input;
    let kind = if v6 { Type::Aaaa } else { Type::A };
    let question = query(b"www.example.com", kind, 0x1234).unwrap();
    // Most inputs are made to get past the header and the question, to the records.
    let message = if framed {
        let mut message = question.clone();
        message[2..12].copy_from_slice(&header);
        message[2] = (message[2] & 0x07) | 0x80;
        message[4..6].copy_from_slice(&[0, 1]);
        message.extend_from_slice(bytes);
        message
    } else {
        bytes.to_vec()
    };

    let mut found = Vec::new();
    let status = answer(&question, &message, &mut found);
    assert!(found.len() <= MAX_ADDRESSES);
    assert!(found.iter().all(|ip| ip.is_ipv6() == v6));
    assert!((1..found.len()).all(|i| !found[..i].contains(&found[i])));
    match status {
        Some(Status::Complete) => assert!(message[2] & 2 == 0 && message[3] & 15 == 0),
        Some(Status::Truncated) => assert!(message[3] & 15 == 0),
        Some(Status::NoSuchName) => assert!(found.is_empty() && message[3] & 15 == 3),
        Some(Status::Refused) => assert!(found.is_empty()),
        None => assert!(found.is_empty()),
    }
    if status.is_some() {
        assert_eq!(message[..2], question[..2]);
        assert!(message[2] & 0x80 != 0);
        assert!(message[12..question.len()].eq_ignore_ascii_case(&question[12..]));
    }
    // The same again adds nothing.
    let before = found.clone();
    assert_eq!(answer(&question, &message, &mut found), status);
    assert_eq!(found, before);
});

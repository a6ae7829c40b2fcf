use super::*;
use std::string::String;
use std::vec;

/// A record for [`reply`]: owner, type, data.
pub(crate) type Record<'a> = (&'a str, u16, Vec<u8>);

/// A name without compression.
pub(crate) fn name(text: &str) -> Vec<u8> {
    let mut bytes = vec![];
    for label in text.split('.').filter(|label| !label.is_empty()) {
        bytes.push(label.len() as u8);
        bytes.extend_from_slice(label.as_bytes());
    }
    bytes.push(0);
    bytes
}

/// The name that a query asks for.
pub(crate) fn asked_name(query: &[u8]) -> String {
    let mut labels = Labels::new(query, HEADER);
    let mut text = String::new();
    loop {
        let label = labels.next().unwrap();
        if label.is_empty() {
            return text;
        }
        if !text.is_empty() {
            text.push('.');
        }
        text.push_str(core::str::from_utf8(label).unwrap());
    }
}

/// The record type that a query asks for.
#[cfg_attr(
    not(target_os = "linux"),
    expect(dead_code, reason = "its resolver asks")
)]
pub(crate) fn asked_type(query: &[u8]) -> u16 {
    u16_at(query, query.len() - 4).unwrap()
}

/// An answer to `query`, its flags being QR, RD, RA and `flags` (TC, RCODE).
pub(crate) fn reply(query: &[u8], flags: u16, records: &[Record<'_>]) -> Vec<u8> {
    let mut message = Vec::from(query);
    message[2..4].copy_from_slice(&(0x8180 | flags).to_be_bytes());
    message[6..8].copy_from_slice(&(records.len() as u16).to_be_bytes());
    for (owner, kind, data) in records {
        // As real servers do: the name of the question is pointed at.
        if *owner == asked_name(query) {
            message.extend_from_slice(&[0xc0, HEADER as u8]);
        } else {
            message.extend(name(owner));
        }
        message.extend_from_slice(&kind.to_be_bytes());
        message.extend_from_slice(&[0, 1, 0, 0, 0, 60]);
        message.extend_from_slice(&(data.len() as u16).to_be_bytes());
        message.extend_from_slice(data);
    }
    message
}

const A: u16 = Type::A as u16;
const AAAA: u16 = Type::Aaaa as u16;
pub(crate) const TC: u16 = 0x0200;

fn ask(host: &str, kind: Type) -> Vec<u8> {
    query(host.as_bytes(), kind, 0xbeef).unwrap()
}

fn read(query: &[u8], message: &[u8]) -> (Option<Status>, Vec<String>) {
    use std::string::ToString;
    let mut found = vec![];
    let status = answer(query, message, &mut found);
    (status, found.iter().map(|ip| ip.to_string()).collect())
}

#[test]
fn a_question() {
    assert_eq!(
        ask("www.example", Type::Aaaa),
        b"\xbe\xef\x01\x00\0\x01\0\0\0\0\0\0\x03www\x07example\0\0\x1c\0\x01"
    );
    assert_eq!(
        query(b"a.", Type::A, 1),
        query(b"a", Type::A, 1),
        "the root's dot"
    );
    assert_eq!(asked_name(&ask("_x.example", Type::A)), "_x.example");
}

#[test]
fn what_no_host_is_called() {
    let long = |labels: &[usize]| {
        let labels: Vec<_> = labels.iter().map(|&n| "a".repeat(n)).collect();
        query(labels.join(".").as_bytes(), Type::A, 1).is_some()
    };
    assert!(long(&[63]));
    assert!(!long(&[64]));
    assert!(long(&[63, 63, 63, 61]));
    assert!(!long(&[63, 63, 63, 62]));
    for bad in ["", ".", "..", ".a", "a..b", "a b", "a\0b", "a\nb", "\u{e9}"] {
        assert_eq!(query(bad.as_bytes(), Type::A, 1), None, "{bad:?}");
    }
}

/// The names of RFC 1035, section 4.1.4, where it puts them.
#[test]
fn compression_as_in_the_rfc() {
    let mut message = vec![0; 20];
    message.extend_from_slice(b"\x01F\x03ISI\x04ARPA\0");
    message.resize(40, 0);
    message.extend_from_slice(b"\x03FOO\xc0\x14");
    message.resize(64, 0);
    message.extend_from_slice(b"\xc0\x1a");
    message.resize(92, 0);
    message.push(0);

    let labels = |at| {
        let mut labels = Labels::new(&message, at);
        let mut all = vec![];
        while let Some(label) = labels.next().filter(|label| !label.is_empty()) {
            all.push(core::str::from_utf8(label).unwrap());
        }
        all
    };
    assert_eq!(labels(20), ["F", "ISI", "ARPA"]);
    assert_eq!(labels(40), ["FOO", "F", "ISI", "ARPA"]);
    assert_eq!(labels(64), ["ARPA"]);
    assert_eq!(labels(92), [""; 0]);
    assert_eq!(after_name(&message, 20), Some(32));
    assert_eq!(after_name(&message, 40), Some(46));
    assert_eq!(after_name(&message, 64), Some(66));
    assert_eq!(after_name(&message, 92), Some(93));
    assert_eq!(same_name(&message, 40, 20), Some(false));
    assert_eq!(same_name(&message, 64, 26), Some(true));
}

#[test]
fn addresses_of_both_kinds() {
    let q = ask("h.example", Type::A);
    let m = reply(
        &q,
        0,
        &[
            ("h.example", A, vec![192, 0, 2, 1]),
            ("h.example", A, vec![192, 0, 2, 1]),
            ("other.example", A, vec![192, 0, 2, 9]),
            ("h.example", AAAA, vec![0; 16]),
            ("h.example", 46, vec![1; 30]),
            ("H.Example", A, vec![192, 0, 2, 2]),
        ],
    );
    let (status, found) = read(&q, &m);
    assert_eq!(status, Some(Status::Complete));
    assert_eq!(found, ["192.0.2.1", "192.0.2.2"]);

    let q = ask("h.example", Type::Aaaa);
    let ip: Ipv6Addr = "2001:db8::7".parse().unwrap();
    let m = reply(&q, 0, &[("h.example", AAAA, ip.octets().into())]);
    assert_eq!(read(&q, &m).1, ["2001:db8::7"]);
}

#[test]
fn aliases_are_followed_in_any_order() {
    let q = ask("a.example", Type::A);
    let mut records = [
        ("a.example", TYPE_CNAME, name("b.example")),
        ("b.example", TYPE_CNAME, name("c.example")),
        ("c.example", A, vec![192, 0, 2, 3]),
    ];
    for _ in 0..2 {
        let (status, found) = read(&q, &reply(&q, 0, &records));
        assert_eq!(status, Some(Status::Complete));
        assert_eq!(found, ["192.0.2.3"]);
        records.reverse();
    }
    // The alias alone: its target has no address of this kind.
    let (status, found) = read(&q, &reply(&q, 0, &records[..1]));
    assert_eq!((status, found.len()), (Some(Status::Complete), 0));
}

#[test]
fn loops_end() {
    let q = ask("a.example", Type::A);
    let aliases = [
        ("a.example", TYPE_CNAME, name("b.example")),
        ("b.example", TYPE_CNAME, name("a.example")),
    ];
    assert_eq!(read(&q, &reply(&q, 0, &aliases)).0, Some(Status::Truncated));

    // The owner points at itself.
    let mut m = reply(&q, 0, &[("a.example", A, vec![192, 0, 2, 1])]);
    let at = q.len() as u16;
    m[q.len()..q.len() + 2].copy_from_slice(&(0xc000 | at).to_be_bytes());
    assert_eq!(read(&q, &m), (Some(Status::Truncated), vec![]));
    // A label of a type that was never defined (RFC 6891, section 5).
    m[q.len()] = 0x80;
    assert_eq!(read(&q, &m), (Some(Status::Truncated), vec![]));
}

#[test]
fn what_does_not_answer_the_question() {
    let q = ask("h.example", Type::A);
    let good = reply(&q, 0, &[("h.example", A, vec![192, 0, 2, 1])]);
    assert_eq!(read(&q, &good).1.len(), 1);
    let changed = |at: usize, value: u8| {
        let mut message = good.clone();
        message[at] = value;
        read(&q, &message).0
    };
    assert_eq!(changed(1, 0xee), None, "another id");
    assert_eq!(changed(2, 0x01), None, "a query");
    assert_eq!(changed(2, 0x91), None, "another opcode");
    assert_eq!(changed(5, 0), None, "no question");
    assert_eq!(changed(5, 2), None, "two questions");
    assert_eq!(changed(13, b'x'), None, "another name");
    assert_eq!(changed(13, b'H'), Some(Status::Complete), "the same name");
    assert_eq!(changed(q.len() - 3, 28), None, "another type");
    assert_eq!(changed(q.len() - 1, 3), None, "another class");
    assert_eq!(read(&q, &q).0, None, "our own question");
    assert_eq!(read(&q, b"").0, None);
    assert_eq!(read(b"", &good).0, None);
}

#[test]
fn codes() {
    let q = ask("h.example", Type::A);
    let status = |flags| read(&q, &reply(&q, flags, &[])).0;
    assert_eq!(status(0), Some(Status::Complete));
    assert_eq!(status(3), Some(Status::NoSuchName));
    for code in [1, 2, 4, 5, 9, 15] {
        assert_eq!(status(code), Some(Status::Refused));
    }
    assert_eq!(status(TC), Some(Status::Truncated));
}

#[test]
fn a_cut_message_is_good_for_what_it_holds() {
    let q = ask("h.example", Type::A);
    let records: Vec<_> = (0..4)
        .map(|i| ("h.example", A, vec![192, 0, 2, i]))
        .collect();
    let m = reply(&q, 0, &records);
    for cut in q.len()..m.len() {
        let (status, found) = read(&q, &m[..cut]);
        assert_eq!(status, Some(Status::Truncated));
        assert_eq!(found.len(), (cut - q.len()) / 16);
    }
    for cut in 0..q.len() {
        assert_eq!(read(&q, &m[..cut]).0, None);
    }
}

#[test]
fn addresses_are_bounded() {
    let q = ask("h.example", Type::A);
    let records: Vec<_> = (0..200)
        .map(|i| ("h.example", A, vec![192, 0, 2, i]))
        .collect();
    assert_eq!(read(&q, &reply(&q, 0, &records)).1.len(), MAX_ADDRESSES);
}

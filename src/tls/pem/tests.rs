use std::string::String;
use std::vec::Vec;

use super::*;

/// What a reader has come by: `want` bytes of each certificate, which begin with `first` to be wanted at all.
#[derive(Default, PartialEq, Debug)]
struct Seen {
    certificates: Vec<(Vec<u8>, bool)>,
    damaged: usize,
    asked: Vec<usize>,
    needs: usize,
}

impl Sink for Seen {
    fn wants(&mut self, head: &[u8]) -> Option<bool> {
        self.asked.push(head.len());
        if head.is_empty() || head.len() < self.needs {
            return None;
        }
        Some(head[0] != b'n')
    }
    fn certificate(&mut self, der: &[u8], trusted: bool) {
        self.certificates.push((der.to_vec(), trusted));
    }
    fn damaged(&mut self) {
        self.damaged += 1;
    }
}

/// Reads `text` in pieces of `size` bytes.
fn read_by(text: &[u8], size: usize, needs: usize) -> Seen {
    let mut seen = Seen {
        needs,
        ..Seen::default()
    };
    let mut reader = Reader::new();
    for piece in text.chunks(size) {
        reader.feed(piece, &mut seen);
    }
    reader.finish(&mut seen);
    seen
}

/// Reads `text`, and holds that the size of the pieces makes no difference.
fn read(text: &str) -> Seen {
    let whole = read_by(text.as_bytes(), text.len().max(1), 1);
    for size in [1, 2, 3, 5, 7, 16, 64] {
        assert_eq!(
            read_by(text.as_bytes(), size, 1),
            whole,
            "in pieces of {size}"
        );
    }
    whole
}

fn found(text: &str) -> Vec<Vec<u8>> {
    read(text)
        .certificates
        .into_iter()
        .map(|(der, _)| der)
        .collect()
}

#[test]
fn blocks_of_all_lengths_and_line_lengths() {
    for len in 1..200usize {
        let der: Vec<u8> = (0..len).map(|i| (i * 7 + len) as u8 | 0x80).collect();
        let text = encode("CERTIFICATE", &der, 64, "\n");
        assert_eq!(found(&text), std::slice::from_ref(&der));
        for line in [1, 5, 63, 76, 1000] {
            for newline in ["\n", "\r\n", "\r", "\n\n", " \t\n"] {
                let text = encode("CERTIFICATE", &der, line, newline);
                assert_eq!(
                    read_by(text.as_bytes(), 50, 1).certificates,
                    [(der.clone(), false)]
                );
            }
        }
    }
}

/// A block with lines of `line` characters.
fn encode(label: &str, der: &[u8], line: usize, newline: &str) -> String {
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut base64 = String::new();
    for group in der.chunks(3) {
        let mut bits = [0; 4];
        bits[1..1 + group.len()].copy_from_slice(group);
        let bits = u32::from_be_bytes(bits);
        for i in 0..4 {
            let sextet = alphabet[(bits >> (18 - 6 * i)) as usize & 63];
            base64.push(if i <= group.len() { sextet.into() } else { '=' });
        }
    }
    let mut text = std::format!("-----BEGIN {label}-----{newline}");
    for part in base64.as_bytes().chunks(line) {
        text.push_str(std::str::from_utf8(part).unwrap());
        text.push_str(newline);
    }
    text + &std::format!("-----END {label}-----{newline}")
}

#[test]
fn a_known_encoding() {
    // RFC 4648, section 10.
    for (base64, bytes) in [
        ("Zg==", "f"),
        ("Zm8=", "fo"),
        ("Zm9v", "foo"),
        ("Zm9vYg==", "foob"),
        ("Zm9vYmE=", "fooba"),
        ("Zm9vYmFy", "foobar"),
        ("Zm9vYg", "foob"),
    ] {
        let text = std::format!("-----BEGIN CERTIFICATE-----\n{base64}\n-----END CERTIFICATE-----");
        assert_eq!(found(&text), [bytes.as_bytes()]);
    }
}

#[test]
fn only_certificates_count() {
    let text = [
        "# A bundle -----BEGIN CERTIFICATE-----\n\n-- not a boundary\n",
        &encode("PRIVATE KEY", b"secret", 64, "\n"),
        &encode("CERTIFICATE", b"one", 64, "\n"),
        "subject=/CN=two\n",
        &encode("X509 CERTIFICATE", b"two", 64, "\r\n"),
        &encode("TRUSTED CERTIFICATE", b"three", 64, "\n"),
        &encode("CERTIFICATE REQUEST", b"four", 64, "\n"),
        &encode("CERTIFICATE", b"not wanted", 64, "\n"),
        "-----BEGIN CERTIFICATE----- \r\n",
        "Zm9v\n",
        "-----END CERTIFICATE-----",
    ]
    .concat();
    let seen = read(&text);
    let expected: [(&[u8], bool); 4] = [
        (b"one", false),
        (b"two", false),
        (b"three", true),
        (b"foo", false),
    ];
    assert_eq!(
        seen.certificates,
        expected.map(|(der, trusted)| (der.to_vec(), trusted))
    );
    assert_eq!(seen.damaged, 0);
}

#[test]
fn headers_are_passed_over() {
    for newline in ["\n", "\r\n"] {
        let text = [
            "-----BEGIN CERTIFICATE-----",
            "X-Comment: Zm9v",
            "Proc-Type: 4,CLEAR",
            "",
            "YmFy",
            "-----END CERTIFICATE-----",
        ]
        .join(newline);
        assert_eq!(found(&text), [b"bar"]);
    }
}

#[test]
fn damage_ends_with_its_block() {
    for damaged in [
        "Zm9v\nZm9*\n-----END CERTIFICATE-----\n",
        "Zm9vY\n-----END CERTIFICATE-----\n",
        "Zm9v=Zm9v\n-----END CERTIFICATE-----\n",
        "-----END CERTIFICATE-----\n",
        "*garbage*\n-----END CERTIFICATE-----\n",
        "*garbage*\n",
    ] {
        let text = [
            "-----BEGIN CERTIFICATE-----\n",
            damaged,
            &encode("CERTIFICATE", b"good", 64, "\n"),
        ]
        .concat();
        let seen = read(&text);
        assert_eq!(seen.certificates, [(b"good".to_vec(), false)], "{damaged}");
        assert_eq!(seen.damaged, 1, "{damaged}");
    }
    // Without its end, a block is damaged; what looks like one is none.
    assert_eq!(read("-----BEGIN CERTIFICATE-----\nZm9v").damaged, 1);
    assert_eq!(read("-----BEGIN CERTIFICATE-----").damaged, 1);
    for none in [
        "",
        "-",
        "-----BEGIN CERTIFICATE",
        "-----BEGIN CERTIFICATE----\nZm9v\n-----END CERTIFICATE-----",
    ] {
        assert_eq!(
            read(none),
            Seen {
                needs: 1,
                ..Seen::default()
            },
            "{none}"
        );
    }
}

#[test]
fn no_more_is_decoded_than_is_needed() {
    let mut der = [0xaa; 5000];
    let text = encode("CERTIFICATE", &der, 64, "\n");
    let seen = read_by(text.as_bytes(), text.len(), 700);
    assert_eq!(seen.certificates, [(der.to_vec(), false)]);
    assert_eq!(seen.asked.len(), 2);
    assert!(seen.asked[0] >= FIRST_LOOK && seen.asked[1] < 900);

    der[0] = b'n';
    let text = encode("CERTIFICATE", &der, 64, "\n");
    let seen = read_by(text.as_bytes(), text.len(), 1);
    assert_eq!(
        (seen.certificates.len(), seen.asked.len(), seen.damaged),
        (0, 1, 0)
    );
}

#[test]
fn what_is_too_large_is_no_certificate() {
    let text = encode("CERTIFICATE", &[0xaa; MAX_DER - 2], 64, "\n");
    assert_eq!(read_by(text.as_bytes(), 999, 1).certificates.len(), 1);
    let text = encode("CERTIFICATE", &[0xaa; MAX_DER + 3], 64, "\n");
    let seen = read_by(text.as_bytes(), 999, 1);
    assert_eq!((seen.certificates.len(), seen.damaged), (0, 1));
    // One line without an end.
    let endless = "-----BEGIN CERTIFICATE-----\n".to_owned() + &"A".repeat(1 << 20);
    assert_eq!(read_by(endless.as_bytes(), 4096, 1).certificates.len(), 0);
}

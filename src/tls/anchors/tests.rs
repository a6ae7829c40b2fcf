use std::string::String;
use std::vec::Vec;

use super::*;
use crate::tls::testing::{Folder, Made, ca, leaf, root};

fn subject(made: &Made) -> &[u8] {
    Certificate::parse(&made.der).unwrap().subject
}

fn text(path: &[u8]) -> &str {
    core::str::from_utf8(path).unwrap()
}

/// Which of `made` a search of `trust` finds, by place, and the source.
fn search(trust: &Trust<'_>, made: &[&Made]) -> (Vec<usize>, String) {
    let names: Vec<&[u8]> = made.iter().map(|made| subject(made)).collect();
    let found = trust.find(&names).unwrap();
    let mut places: Vec<usize> = found
        .certificates
        .iter()
        .map(|der| made.iter().position(|made| made.der == *der).unwrap())
        .collect();
    places.sort_unstable();
    (places, found.source)
}

const NOTHING: Trust<'static> = Trust {
    cert_file: None,
    cert_dir: None,
    system: &[],
    #[cfg(any(windows, target_os = "macos"))]
    store: Store::Unused,
};

#[test]
fn the_order_of_the_sources() {
    let (a, b, c, d) = (root(ca("a")), root(ca("b")), root(ca("c")), root(ca("d")));
    let all = [&a, &b, &c, &d];
    let folder = Folder::new();
    let file = folder.write("file", &a.pem);
    let system = [
        folder.join("missing"),
        folder.write("empty", ""),
        folder.write("system", &c.pem),
        folder.write("later", &d.pem),
    ];
    let system: Vec<&[u8]> = system.iter().map(Vec::as_slice).collect();
    let certs = Folder::new();
    certs.write("any-name.txt", &b.pem);
    let dir = certs.join("");
    let missing = folder.join("missing");
    let trust = |cert_file, cert_dir| Trust {
        cert_file,
        cert_dir,
        system: &system,
        #[cfg(any(windows, target_os = "macos"))]
        store: Store::Unused,
    };
    let file_source = ["SSL_CERT_FILE ", text(&file)].concat();
    let dir_source = ["SSL_CERT_DIR ", text(&dir)].concat();

    // The first bundle of the system that holds anything, and no other.
    let of_system = ([2].to_vec(), text(system[2]).to_owned());
    assert_eq!(search(&trust(None, None), &all), of_system);
    // What is named replaces the system's.
    assert_eq!(
        search(&trust(Some(&file), None), &all),
        ([0].to_vec(), file_source.clone())
    );
    assert_eq!(
        search(&trust(None, Some(&dir)), &all),
        ([1].to_vec(), dir_source.clone())
    );
    assert_eq!(
        search(&trust(Some(&file), Some(&dir)), &all),
        (
            [0, 1].to_vec(),
            [file_source.as_str(), &dir_source].join(", ")
        )
    );
    // A folder without certificates, before and after one that has them.
    let nothing = Folder::new();
    let without = nothing.join("");
    let dirs = [&without[..], &dir, &without].join(&SEPARATOR);
    assert_eq!(
        search(&trust(None, Some(&dirs)), &all),
        ([1].to_vec(), dir_source.clone())
    );
    assert_eq!(
        search(&trust(Some(&file), Some(&without)), &all),
        ([0].to_vec(), file_source.clone())
    );
    // What is named and does not exist is as good as unset.
    assert_eq!(search(&trust(Some(&missing), None), &all), of_system);
    assert_eq!(
        search(&trust(Some(&missing), Some(&missing)), &all),
        of_system
    );
    assert_eq!(
        search(&trust(Some(&missing), Some(&dir)), &all),
        ([1].to_vec(), dir_source)
    );
    assert_eq!(
        search(&trust(Some(&file), Some(&missing)), &all),
        ([0].to_vec(), file_source)
    );
    // A file in place of a folder on the way is no more there.
    let below = [&file, &b"/below"[..]].concat();
    assert_eq!(search(&trust(Some(&below), None), &all), of_system);
}

#[test]
fn a_named_source_without_certificates_is_an_error() {
    let folder = Folder::new();
    let empty = folder.write("empty", "");
    let garbage = folder.write("garbage", [0xff; 100_000]);
    let damaged = folder.write(
        "damaged",
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
    );
    let key = folder.write(
        "key",
        "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
    );
    for path in [&empty, &garbage, &damaged, &key] {
        let error = Trust::of_file(path).find(&[]).err().unwrap();
        assert_eq!(error.kind, Kind::Local);
        assert_eq!(
            error.text,
            [
                "Failed to read SSL_CERT_FILE ",
                text(path),
                ": no certificate in it"
            ]
            .concat()
        );
    }
    // A folder as file.
    let path = folder.join("");
    let error = Trust::of_file(&path).find(&[]).err().unwrap();
    assert!(
        error.text.starts_with("Failed to read SSL_CERT_FILE "),
        "{}",
        error.text
    );
    assert!(
        !error.text.ends_with("no certificate in it"),
        "{}",
        error.text
    );
    // A folder of such files, and a file as folder.
    let other = Folder::new();
    let sound = other.write("sound", &root(ca("a")).pem);
    for (dir, is_folder) in [(&path, true), (&empty, false), (&sound, false)] {
        let trust = Trust {
            cert_dir: Some(dir),
            ..NOTHING
        };
        let error = trust.find(&[]).err().unwrap();
        let begin = ["Failed to read SSL_CERT_DIR ", text(dir), ": "].concat();
        let why = error.text.strip_prefix(&begin).unwrap();
        assert_eq!(why == "no certificate in it", is_folder, "{why}");
    }
    // More than is read at all. What is not read of a folder may be what was wanted.
    let large = other.join("large");
    let file = std::fs::File::create(text(&large)).unwrap();
    file.set_len(MAX_READ as u64 + 1).unwrap();
    let error = Trust::of_file(&large).find(&[]).err().unwrap();
    assert_eq!(
        error.text,
        ["Failed to read SSL_CERT_FILE ", text(&large), ": too large"].concat()
    );
    let path = other.join("");
    let trust = Trust {
        cert_dir: Some(&path),
        ..NOTHING
    };
    let error = trust.find(&[]).err().unwrap();
    assert_eq!(
        error.text,
        ["Failed to read SSL_CERT_DIR ", text(&path), ": too large"].concat()
    );
}

#[test]
fn all_files_of_all_folders() {
    let all: Vec<Made> = (0..6).map(|i| root(ca(&std::format!("{i}")))).collect();
    let made: Vec<&Made> = all.iter().collect();
    let (one, two) = (Folder::new(), Folder::new());
    one.write("two of them", [made[0].pem.as_str(), &made[1].pem].concat());
    one.write("0a1b2c3d.0", &made[2].pem);
    one.write("again.pem", &made[2].pem);
    one.write("README", "no certificate");
    one.write("der.crt", &made[5].der);
    std::fs::create_dir(std::path::Path::new(text(&one.join("folder")))).unwrap();
    two.write("x", &made[3].pem);
    let dirs = [
        one.join(""),
        b"/nonexistent".to_vec(),
        Vec::new(),
        two.join(""),
    ]
    .join(&SEPARATOR);
    let trust = Trust {
        cert_dir: Some(&dirs),
        ..NOTHING
    };
    assert_eq!(search(&trust, &made).0, [0, 1, 2, 3]);
}

#[test]
fn only_what_is_asked_for_is_kept() {
    let (a, b) = (root(ca("a")), root(ca("b")));
    let again = root(ca("a"));
    let server = a.sign(leaf(&["example.org"]));
    let folder = Folder::new();
    let pem = [&b, &a, &server, &again, &a]
        .map(|made| made.pem.as_str())
        .concat();
    let path = folder.write("bundle", pem);
    let trust = Trust::of_file(&path);
    let certificates = |names: &[&[u8]]| trust.find(names).unwrap().certificates;
    assert_eq!(
        certificates(&[subject(&a)]),
        [a.der.clone(), again.der.clone()]
    );
    assert_eq!(
        certificates(&[subject(&server), subject(&b)]),
        [b.der.clone(), server.der.clone()]
    );
    assert!(certificates(&[]).is_empty());
    assert!(certificates(&[b""]).is_empty());

    let many: Vec<Made> = (0..MAX_ANCHORS + 5).map(|_| root(ca("a"))).collect();
    let pem: String = many.iter().map(|made| made.pem.as_str()).collect();
    let path = folder.write("many", pem);
    let found = Trust::of_file(&path).find(&[subject(&a)]).unwrap();
    assert_eq!(found.certificates.len(), MAX_ANCHORS);
}

#[test]
fn damage_is_reported_with_what_was_wanted() {
    let (a, b) = (root(ca("a")), root(ca("b")));
    let folder = Folder::new();
    // The last line of base64 of `a`, cut out.
    let mut lines: Vec<&str> = a.pem.lines().collect();
    lines.remove(lines.len() - 2);
    let path = folder.write("bundle", [&lines.join("\n"), "\n", &b.pem].concat());
    let trust = Trust::of_file(&path);
    let found = trust.find(&[subject(&a), subject(&b)]).unwrap();
    assert!(found.damaged);
    assert_eq!(found.certificates, std::slice::from_ref(&b.der));
    assert!(!trust.find(&[subject(&b)]).unwrap().damaged);
}

/// A TRUSTED CERTIFICATE block, which OpenSSL writes as the certificate and its settings one after the other.
fn trusted(made: &Made, aux: &[u8]) -> String {
    let body = made.pem.replace("CERTIFICATE", "TRUSTED CERTIFICATE");
    assert_eq!(made.der.len() % 3, 0, "so that base64 can go on behind it");
    let (body, end) = body.split_at(body.find("-----END").unwrap());
    let aux: String = aux.iter().map(|byte| std::format!("{byte:02x}")).collect();
    let aux = match aux.as_str() {
        "" => "",
        // The base64 of the settings used below.
        "300c300a06082b06010505070301" => "MAwwCgYIKwYBBQUHAwE=",
        "300c300a06082b06010505070302" => "MAwwCgYIKwYBBQUHAwI=",
        "300ca00a06082b06010505070301" => "MAygCgYIKwYBBQUHAwE=",
        _ => unreachable!("{aux}"),
    };
    [body, aux, "\n", end].concat()
}

#[test]
fn settings_of_trusted_certificates() {
    // The length of a certificate varies with its signature.
    let a = core::iter::repeat_with(|| root(ca("a")))
        .find(|a| a.der.len() % 3 == 0)
        .unwrap();
    let server = [0x06, 8, 0x2b, 6, 1, 5, 5, 7, 3, 1];
    let client = [0x06, 8, 0x2b, 6, 1, 5, 5, 7, 3, 2];
    let settings = |tag: u8, oid: [u8; 10]| [&[0x30, 12, tag, 10][..], &oid].concat();
    let folder = Folder::new();
    for (aux, counts) in [
        (Vec::new(), true),
        (settings(0x30, server), true),
        (settings(0x30, client), false),
        (settings(0xa0, server), false),
    ] {
        let path = folder.write("bundle", trusted(&a, &aux));
        let found = Trust::of_file(&path).find(&[subject(&a)]).unwrap();
        assert_eq!(found.certificates.len(), usize::from(counts), "{aux:02x?}");
        assert!(!found.damaged);
    }
}

#[test]
fn the_built_in_roots() {
    let roots = webpki_roots::TLS_SERVER_ROOTS;
    let found = Trust::built_in()
        .find(&[&roots[0].subject, b"nobody", &roots[7].subject])
        .unwrap();
    assert_eq!(found.source, "the built-in roots");
    assert!(found.certificates.is_empty());
    let places: Vec<usize> = found.roots.iter().map(|(place, _)| *place).collect();
    assert_eq!(places, [0, 2]);
    assert_eq!(found.roots[1].1.spki, *roots[7].subject_public_key_info);
}

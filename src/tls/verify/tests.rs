use std::string::String;
use std::vec;
use std::vec::Vec;

use rcgen::{
    BasicConstraints, CertificateParams, CustomExtension, DnType, ExtendedKeyUsagePurpose,
    GeneralSubtree, IsCa, KeyUsagePurpose, NameConstraints, date_time_ymd,
};

use super::*;
use crate::error::Kind;
use crate::tls::testing::{Folder, Made, NOW, RsaKey, ca, leaf, root};

/// Verifies `chain` for `host`, trusting `anchors`. The error is the line for the user, without the anchors' path.
fn verify_at(
    anchors: &[&Made],
    chain: &[&Made],
    host: &str,
    now: u64,
) -> core::result::Result<(), String> {
    let folder = Folder::new();
    let pem: String = anchors.iter().map(|made| made.pem.as_str()).collect();
    let path = folder.write("anchors.pem", pem);
    let chain: Vec<&[u8]> = chain.iter().map(|made| made.der.as_slice()).collect();
    let host = Host::parse(host).unwrap();
    verify_chain(&Trust::of_file(&path), &chain, &host, now).map_err(|error| {
        assert_eq!(error.kind, Kind::Source);
        let path = String::from_utf8(path.clone()).unwrap();
        error.text.replace(&path, "FILE")
    })
}

fn verify(anchors: &[&Made], chain: &[&Made], host: &str) -> core::result::Result<(), String> {
    verify_at(anchors, chain, host, NOW)
}

fn refused(anchors: &[&Made], chain: &[&Made], host: &str) -> String {
    verify(anchors, chain, host).unwrap_err()
}

#[test]
fn a_chain_to_an_anchor() {
    let top = root(ca("Top"));
    let middle = top.sign(ca("Middle"));
    let server = middle.sign(leaf(&["example.org"]));
    verify(&[&top], &[&server, &middle], "example.org").unwrap();
    verify(&[&top], &[&server, &middle, &top], "EXAMPLE.org.").unwrap();
    let stranger = root(ca("Stranger"));
    verify(
        &[&stranger, &top],
        &[&server, &stranger, &middle],
        "example.org",
    )
    .unwrap();
    assert_eq!(
        refused(&[&top], &[&server], "example.org"),
        "unknown issuer \"Middle\", and the server sent no intermediate certificate (trusting SSL_CERT_FILE FILE)"
    );
    assert_eq!(
        refused(&[&stranger], &[&server, &middle], "example.org"),
        "unknown issuer \"Top\" (trusting SSL_CERT_FILE FILE)"
    );
    assert_eq!(
        refused(&[&stranger], &[&server, &middle, &top], "example.org"),
        "unknown issuer \"Top\" (trusting SSL_CERT_FILE FILE)"
    );
}

#[test]
fn an_intermediate_as_anchor() {
    let top = root(ca("Top"));
    let middle = top.sign(ca("Middle"));
    let lower = middle.sign(ca("Lower"));
    let server = lower.sign(leaf(&["example.org"]));
    verify(&[&lower], &[&server], "example.org").unwrap();
    verify(&[&middle], &[&server, &lower], "example.org").unwrap();
    verify(&[&middle], &[&server, &lower, &middle, &top], "example.org").unwrap();
}

#[test]
fn times() {
    let top = root(ca("Top"));
    let mut params = leaf(&["example.org"]);
    params.not_before = date_time_ymd(2025, 3, 1);
    params.not_after = date_time_ymd(2025, 5, 31);
    let server = top.sign(params);
    let day = 86_400;
    assert_eq!(
        refused(&[&top], &[&server], "example.org"),
        "certificate has expired (on 2025-05-31)"
    );
    verify_at(&[&top], &[&server], "example.org", NOW - 15 * day).unwrap();
    verify_at(&[&top], &[&server], "example.org", NOW - 15 * day + 1).unwrap_err();
    assert_eq!(
        verify_at(&[&top], &[&server], "example.org", NOW - 106 * day - 1).unwrap_err(),
        "certificate is not yet valid (until 2025-03-01)"
    );
    verify_at(&[&top], &[&server], "example.org", NOW - 106 * day).unwrap();

    let mut params = ca("Middle");
    params.not_after = date_time_ymd(2025, 6, 14);
    let middle = top.sign(params);
    let server = middle.sign(leaf(&["example.org"]));
    assert_eq!(
        refused(&[&top], &[&server, &middle], "example.org"),
        "certificate of an issuer has expired (on 2025-06-14)"
    );
}

#[test]
fn an_expired_anchor_does_not_count() {
    let mut params = ca("Old");
    params.not_after = date_time_ymd(2025, 2, 28);
    let old = root(params);
    let server = old.sign(leaf(&["example.org"]));
    assert_eq!(
        refused(&[&old], &[&server], "example.org"),
        "trusted certificate \"Old\" has expired (on 2025-02-28) (trusting SSL_CERT_FILE FILE)"
    );

    // A new root that the old one has cross-signed, as Let's Encrypt's once was.
    let new = root(ca("New"));
    let crossed = old.cross_sign(ca("New"), &new);
    let middle = new.sign(ca("Middle"));
    let server = middle.sign(leaf(&["example.org"]));
    verify(&[&old, &new], &[&server, &middle, &crossed], "example.org").unwrap();
    refused(&[&old], &[&server, &middle, &crossed], "example.org");
}

#[test]
fn names() {
    let top = root(ca("Top"));
    let server = top.sign(leaf(&[
        "example.org",
        "*.example.net",
        "10.0.0.1",
        "2001:db8::1",
    ]));
    let chain = [&server];
    for host in [
        "example.org",
        "example.org.",
        "a.example.net",
        "A.EXAMPLE.NET",
        "10.0.0.1",
        "[2001:db8::1]",
    ] {
        verify(&[&top], &chain, host).unwrap();
    }
    for host in [
        "www.example.org",
        "example.net",
        "a.b.example.net",
        "xexample.org",
        "10.0.0.2",
        "[2001:db8::2]",
        "org",
    ] {
        let shown = host.trim_matches(['[', ']']);
        let text = refused(&[&top], &chain, host);
        assert!(text.starts_with("certificate is not valid for "), "{text}");
        assert!(text.contains(shown), "{text}");
        assert!(
            text.ends_with(", only for example.org, *.example.net, 10.0.0.1, [2001:db8::1]"),
            "{text}"
        );
    }
    // An address is compared with addresses only, and a wildcard is a whole label with two below it.
    let server = top.sign(leaf(&["10.0.0.1.example.org", "*.org", "w*.example.net"]));
    for host in ["10.0.0.1", "example.org", "www.example.net"] {
        refused(&[&top], &[&server], host);
    }
}

#[test]
fn many_odd_and_missing_names() {
    let top = root(ca("Top"));
    let names: Vec<String> = (0..9).map(|i| std::format!("{i}.example.org")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let server = top.sign(leaf(&names));
    assert_eq!(
        refused(&[&top], &[&server], "a.org"),
        "certificate is not valid for a.org, only for 0.example.org, 1.example.org, 2.example.org, 3.example.org, \
         4.example.org and 4 more"
    );

    let mut params = leaf(&[]);
    params
        .distinguished_name
        .push(DnType::CommonName, "example.org");
    let server = top.sign(params);
    assert_eq!(
        refused(&[&top], &[&server], "example.org"),
        "certificate is not valid for example.org: it has no subjectAltName"
    );

    // GeneralNames of one dNSName with an escape sequence, and one that is too long to be shown.
    let mut names = vec![0x82, 4, b'a', 0x1b, b'[', b'm', 0x82, 0x81, 200];
    names.extend([b'x'; 200]);
    let mut value = vec![0x30, 0x81, u8::try_from(names.len()).unwrap()];
    value.extend(names);
    let mut params = leaf(&[]);
    params
        .custom_extensions
        .push(CustomExtension::from_oid_content(&[2, 5, 29, 17], value));
    let text = refused(&[&top], &[&top.sign(params)], "a.org");
    assert!(text.contains("only for a?[m, xxx"), "{text}");
    assert!(text.len() < 200, "{text}");
}

#[test]
fn self_signed() {
    let other = root(ca("Other"));
    for is_ca in [
        IsCa::NoCa,
        IsCa::ExplicitNoCa,
        IsCa::Ca(BasicConstraints::Unconstrained),
    ] {
        let mut params = leaf(&["example.org"]);
        params.is_ca = is_ca;
        let server = root(params);
        assert_eq!(
            refused(&[&other], &[&server], "example.org"),
            "self-signed certificate (trusting SSL_CERT_FILE FILE)"
        );
        // As its own anchor, for its own names, time and purpose.
        verify(&[&other, &server], &[&server], "example.org").unwrap();
        assert_eq!(
            refused(&[&server], &[&server], "example.net"),
            "certificate is not valid for example.net, only for example.org"
        );
        assert_eq!(
            verify_at(&[&server], &[&server], "example.org", NOW + 365 * 86_400).unwrap_err(),
            "certificate has expired (on 2025-12-31)"
        );
        let mut params = leaf(&["example.org"]);
        params.is_ca = is_ca;
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        let client = root(params);
        refused(&[&client], &[&client], "example.org");
    }
}

#[test]
fn a_leaf_as_anchor() {
    let top = root(ca("Top"));
    let server = top.sign(leaf(&["example.org"]));
    verify(&[&server], &[&server], "example.org").unwrap();
    // It says nothing about other keys of the same name, and cannot sign.
    let twin = top.sign(leaf(&["example.org"]));
    refused(&[&server], &[&twin], "example.org");
    let forged = server.sign(leaf(&["example.net"]));
    refused(&[&server], &[&forged, &server], "example.net");
}

#[test]
fn an_anchor_that_is_no_ca_signs_nothing() {
    let mut params = ca("Server");
    params.is_ca = IsCa::NoCa;
    let server = root(params);
    let forged = server.sign(leaf(&["example.net"]));
    assert_eq!(
        refused(&[&server], &[&forged], "example.net"),
        "trusted certificate \"Server\" is not that of a CA (trusting SSL_CERT_FILE FILE)"
    );
    let mut params = ca("No signing");
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    let server = root(params);
    let forged = server.sign(leaf(&["example.net"]));
    refused(&[&server], &[&forged], "example.net");
    let mut params = ca("Signing");
    params.key_usages = vec![
        KeyUsagePurpose::DigitalSignature,
        KeyUsagePurpose::KeyCertSign,
    ];
    let top = root(params);
    verify(&[&top], &[&top.sign(leaf(&["example.net"]))], "example.net").unwrap();
}

#[test]
fn an_issuer_that_is_no_ca() {
    let top = root(ca("Top"));
    let server = top.sign(leaf(&["example.org"]));
    let forged = server.sign(leaf(&["example.net"]));
    assert_eq!(
        refused(&[&top], &[&forged, &server], "example.net"),
        "certificate of an issuer is not that of a CA"
    );
}

#[test]
fn a_ca_as_server() {
    let top = root(ca("Top"));
    let mut params = leaf(&["example.org"]);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let server = top.sign(params);
    assert_eq!(
        refused(&[&top], &[&server], "example.org"),
        "certificate is that of a CA, not of a server"
    );
}

#[test]
fn bad_signatures() {
    let top = root(ca("Top"));
    let impostor = root(ca("Top"));
    let server = impostor.sign(leaf(&["example.org"]));
    assert_eq!(
        refused(&[&top], &[&server], "example.org"),
        "bad signature on a certificate"
    );
    // Of two anchors of a name, the one with the right key is found.
    verify(&[&top, &impostor], &[&server], "example.org").unwrap();

    let mut broken = top.sign(leaf(&["example.org"]));
    *broken.der.last_mut().unwrap() ^= 1;
    assert_eq!(
        refused(&[&top], &[&broken], "example.org"),
        "bad signature on a certificate"
    );
}

#[test]
fn purposes() {
    let top = root(ca("Top"));
    let with = |params: CertificateParams, purpose| {
        let mut params = params;
        params.extended_key_usages = vec![purpose];
        params
    };
    let server = top.sign(with(
        leaf(&["example.org"]),
        ExtendedKeyUsagePurpose::ServerAuth,
    ));
    verify(&[&top], &[&server], "example.org").unwrap();
    let client = top.sign(with(
        leaf(&["example.org"]),
        ExtendedKeyUsagePurpose::ClientAuth,
    ));
    assert_eq!(
        refused(&[&top], &[&client], "example.org"),
        "certificate is not for servers (extended key usage)"
    );
    let middle = top.sign(with(ca("Middle"), ExtendedKeyUsagePurpose::ClientAuth));
    let server = middle.sign(leaf(&["example.org"]));
    assert_eq!(
        refused(&[&top], &[&server, &middle], "example.org"),
        "certificate of an issuer is not for servers (extended key usage)"
    );
    assert_eq!(
        refused(&[&middle], &[&server], "example.org"),
        "trusted certificate \"Middle\" is not for servers (extended key usage) (trusting SSL_CERT_FILE FILE)"
    );
}

#[test]
fn name_constraints() {
    let mut params = ca("Top");
    params.name_constraints = Some(NameConstraints {
        permitted_subtrees: vec![GeneralSubtree::DnsName("example.org".into())],
        excluded_subtrees: vec![GeneralSubtree::DnsName("secret.example.org".into())],
    });
    let top = root(params.clone());
    verify(
        &[&top],
        &[&top.sign(leaf(&["a.example.org"]))],
        "a.example.org",
    )
    .unwrap();
    for name in ["example.net", "a.secret.example.org"] {
        assert_eq!(
            refused(&[&top], &[&top.sign(leaf(&[name]))], name),
            "certificate of an issuer does not allow a name below it (name constraints)"
        );
    }
    // The same for an intermediate.
    let top = root(ca("Top"));
    let middle = top.sign(params);
    let server = middle.sign(leaf(&["example.net"]));
    refused(&[&top], &[&server, &middle], "example.net");
}

#[test]
fn path_lengths() {
    let constrained = |name, length| {
        let mut params = ca(name);
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(length));
        params
    };
    let short = "certificate of an issuer allows fewer intermediate certificates (path length)";
    let top = root(ca("Top"));
    let middle = top.sign(constrained("Middle", 0));
    let lower = middle.sign(ca("Lower"));
    verify(&[&top], &[&middle.sign(leaf(&["a.org"])), &middle], "a.org").unwrap();
    let server = lower.sign(leaf(&["a.org"]));
    assert_eq!(
        refused(&[&top], &[&server, &lower, &middle], "a.org"),
        short
    );
    // An anchor is held to its own length, which webpki does not know.
    assert_eq!(refused(&[&middle], &[&server, &lower], "a.org"), short);
    let top = root(constrained("Top", 1));
    let middle = top.sign(ca("Middle"));
    let lower = middle.sign(ca("Lower"));
    verify(&[&top], &[&middle.sign(leaf(&["a.org"])), &middle], "a.org").unwrap();
    let server = lower.sign(leaf(&["a.org"]));
    assert_eq!(
        refused(&[&top], &[&server, &lower, &middle], "a.org"),
        short
    );
}

#[test]
fn bounds_and_garbage() {
    let top = root(ca("Top"));
    let server = top.sign(leaf(&["example.org"]));
    assert_eq!(
        refused(&[&top], &[], "example.org"),
        "the server sent no certificate"
    );
    let mut chain = vec![&top; MAX_CHAIN - 1];
    chain.insert(0, &server);
    verify(&[&top], &chain, "example.org").unwrap();
    chain.push(&top);
    assert_eq!(
        refused(&[&top], &chain, "example.org"),
        "the server sent too many certificates"
    );

    let path = Folder::new();
    let path = path.write("anchors.pem", &top.pem);
    let verify = |chain: &[&[u8]]| {
        let host = Host::Name("example.org".into());
        verify_chain(&Trust::of_file(&path), chain, &host, NOW).map_err(|error| error.text.clone())
    };
    let long = vec![0; MAX_CHAIN_BYTES];
    assert!(verify(&[&server.der, &long]).is_err());
    for end in 0..server.der.len() {
        assert!(verify(&[&server.der[..end]]).is_err());
    }
    assert_eq!(
        verify(&[b"garbage"]).unwrap_err(),
        "certificate is malformed"
    );
}

#[test]
fn unsupported_algorithms() {
    let top = root(ca("Top"));
    let server = top.sign(leaf(&["example.org"]));
    let folder = Folder::new();
    let path = folder.write("anchors.pem", &top.pem);
    let host = Host::Name("example.org".into());
    let error = verify_with(&[], &Trust::of_file(&path), &[&server.der], &host, NOW).unwrap_err();
    assert_eq!(
        error.text,
        "certificate chain has an unsupported signature algorithm"
    );
}

#[test]
fn the_key_of_a_certificate() {
    let server = root(leaf(&["example.org"]));
    let key = public_key(&server.der).unwrap();
    // SubjectPublicKeyInfo of a P-256 key (RFC 5480): 91 bytes, which end with an uncompressed point.
    assert_eq!((key.len(), &key[..2], key[26]), (91, &[0x30, 89][..], 4));
    assert!(server.der.windows(91).any(|window| window == key));
    assert!(public_key(b"\x30\x00").is_err());
}

#[test]
fn weak_keys() {
    let weak = "certificate with weak key (RSA below 2048 bits)";
    let top = root(ca("Top"));
    let server = top.sign_public(leaf(&["example.org"]), &RsaKey::new(255));
    assert_eq!(refused(&[&top], &[&server], "example.org"), weak);
    // As its own anchor too.
    assert_eq!(refused(&[&server], &[&server], "example.org"), weak);
    let server = top.sign_public(leaf(&["example.org"]), &RsaKey::new(256));
    verify(&[&top], &[&server], "example.org").unwrap();

    // Whatever is below an issuer with such a key has a bad signature, and that is not what to say.
    let middle = top.sign_public(ca("Middle"), &RsaKey::new(255));
    let error = refusal::bad_signature(&[&top.der, &middle.der], &Found::default());
    assert_eq!(error.text, weak);
    let error = refusal::bad_signature(&[&top.der], &Found::default());
    assert_eq!(error.text, "bad signature on a certificate");
}

#[test]
fn a_maze_of_issuers_has_an_end() {
    // Issuers of one name that all sign each other: the paths are many, and none leads to an anchor.
    let mut maze: Vec<Made> = (0..MAX_CHAIN - 1).map(|_| root(ca("Maze"))).collect();
    maze.insert(0, maze[0].sign(leaf(&["example.org"])));
    let maze: Vec<&Made> = maze.iter().collect();
    let text = refused(&[&root(ca("Top"))], &maze, "example.org");
    assert_eq!(text, "certificate chain has too many possible issuers");
}

/// Anchors are taken apart without webpki, and as webpki does it.
#[test]
fn anchors_are_what_webpki_makes_of_them() {
    let mut constrained = ca("Constrained");
    constrained.name_constraints = Some(NameConstraints {
        permitted_subtrees: vec![GeneralSubtree::DnsName("example.org".into())],
        excluded_subtrees: vec![],
    });
    let mut unknown = constrained.clone();
    let mut critical = CustomExtension::from_oid_content(&[1, 2, 3, 4], vec![5, 0]);
    critical.set_criticality(true);
    unknown.custom_extensions.push(critical);
    // tbsCertificate of version 1: serialNumber, signature, issuer, validity, subject, subjectPublicKeyInfo.
    let first = vec![
        0x30, 20, 0x30, 13, 2, 1, 9, 0x30, 0, 0x30, 0, 0x30, 0, 0x30, 0, 0x30, 0, 0x30, 0, 3, 1, 0,
    ];
    let both = |der: &[u8]| {
        let ours = Certificate::parse(der).and_then(|certificate| {
            let anchor = certificate.anchor()?;
            Some(anchor.to_owned())
        });
        let der = CertificateDer::from(der);
        let theirs = webpki::anchor_from_trusted_cert(&der);
        (ours, theirs.map(|anchor| anchor.to_owned()).ok())
    };
    for der in [
        root(ca("Plain")).der,
        root(constrained).der,
        root(unknown).der,
        first,
    ] {
        let (ours, theirs) = both(&der);
        assert!(theirs.is_some());
        assert_eq!(ours, theirs);
        // Version 2, which has no extensions, is no anchor with some; nor is a part of a certificate.
        let version = der.windows(5).position(|bytes| bytes == [0xa0, 3, 2, 1, 2]);
        if let Some(at) = version {
            let mut second = der.clone();
            second[at + 4] = 1;
            assert_eq!(both(&second), (None, None));
        }
        assert_eq!(both(&der[..der.len() - 1]), (None, None));
    }
}

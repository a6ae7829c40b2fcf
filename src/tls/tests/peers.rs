//! Both versions against rustls as the server, with real certificates.

use std::io::{Read, Write};
use std::sync::Arc;

use rcgen::{KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_ECDSA_P384_SHA384, PKCS_ED25519};
use rustls::crypto::ring::{self, cipher_suite as suites, kx_group as groups};
use rustls::crypto::{CryptoProvider, SupportedKxGroup};
use rustls::server::{NoServerSessionStorage, WebPkiClientVerifier};
use rustls::{
    HandshakeKind, RootCertStore, ServerConfig, ServerConnection, SupportedCipherSuite,
    SupportedProtocolVersion, version,
};

use super::super::testing::{Folder, Made, NOW, ca, leaf, root};
use super::*;
use crate::error::Kind;

/// A rustls server that answers a request with `body`, and before its end does `odd`.
struct Peer {
    server: ServerConnection,
    body: Vec<u8>,
    odd: fn(&mut ServerConnection),
    answered: bool,
}

impl Script for Peer {
    fn step(&mut self, from_client: &mut Vec<u8>, to_client: &mut Vec<u8>) {
        let mut bytes = from_client.as_slice();
        while !bytes.is_empty() {
            self.server.read_tls(&mut bytes).unwrap();
            // What it thinks of us is told by its alert.
            if self.server.process_new_packets().is_err() {
                break;
            }
        }
        from_client.clear();
        let mut request = [0; 100];
        if let Ok(n) = self.server.reader().read(&mut request)
            && n > 0
            && !self.answered
        {
            assert_eq!(&request[..n], REQUEST);
            self.answered = true;
            let (first, second) = self.body.split_at(self.body.len() / 2);
            self.server.writer().write_all(first).unwrap();
            (self.odd)(&mut self.server);
            self.server.writer().write_all(second).unwrap();
            self.server.send_close_notify();
        }
        while self.server.wants_write() {
            self.server.write_tls(to_client).unwrap();
        }
    }
}

/// How a server is set up.
#[derive(Clone)]
struct Setup {
    suites: Vec<SupportedCipherSuite>,
    groups: Vec<&'static dyn SupportedKxGroup>,
    versions: Vec<&'static SupportedProtocolVersion>,
    fragment: Option<usize>,
    asks_for_certificate: bool,
    body: usize,
    odd: fn(&mut ServerConnection),
}

fn setup() -> Setup {
    Setup {
        suites: ring::ALL_CIPHER_SUITES.to_vec(),
        groups: ring::ALL_KX_GROUPS.to_vec(),
        versions: vec![&version::TLS13, &version::TLS12],
        fragment: None,
        asks_for_certificate: false,
        body: 100_000,
        odd: |_| {},
    }
}

/// A CA and a server's certificate with a key of this kind.
struct Identity {
    folder: Folder,
    top: Made,
    server: Made,
}

fn identity(key: KeyPair) -> Identity {
    let folder = Folder::new();
    let top = root(ca("Top"));
    folder.write("anchors.pem", &top.pem);
    let server = top.sign_key(leaf(&["example.org"]), key);
    Identity {
        folder,
        top,
        server,
    }
}

fn ecdsa() -> Identity {
    identity(KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap())
}

fn rsa() -> Identity {
    identity(KeyPair::from_pem(include_str!("rsa.pem")).unwrap())
}

impl Identity {
    fn config(&self, setup: &Setup) -> ServerConfig {
        let provider = Arc::new(CryptoProvider {
            cipher_suites: setup.suites.clone(),
            kx_groups: setup.groups.clone(),
            ..ring::default_provider()
        });
        let builder = ServerConfig::builder_with_provider(provider.clone())
            .with_protocol_versions(&setup.versions)
            .unwrap();
        let builder = if setup.asks_for_certificate {
            let mut roots = RootCertStore::empty();
            roots.add(self.top.der.clone().into()).unwrap();
            let verifier = WebPkiClientVerifier::builder_with_provider(roots.into(), provider)
                .allow_unauthenticated()
                .build()
                .unwrap();
            builder.with_client_cert_verifier(verifier)
        } else {
            builder.with_no_client_auth()
        };
        let chain = vec![self.server.der.clone().into()];
        let key = self.server.key_der().try_into().unwrap();
        let mut config = builder.with_single_cert(chain, key).unwrap();
        config.max_fragment_size = setup.fragment;
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        config
    }

    fn peer(&self, setup: &Setup) -> Pipe {
        self.peer_with(setup, Arc::new(self.config(setup)))
    }

    fn peer_with(&self, setup: &Setup, config: Arc<ServerConfig>) -> Pipe {
        let mut server = ServerConnection::new(config).unwrap();
        server.set_buffer_limit(None);
        pipe(Peer {
            server,
            body: (0..setup.body).map(|n| (n / 7) as u8).collect(),
            odd: setup.odd,
            answered: false,
        })
    }

    /// What comes of this server, how it ends, and how many attempts that took.
    fn fetch(&self, setup: &Setup, host: &str) -> (Vec<u8>, Result<()>, usize) {
        let mut attempts = 0;
        let mut open = || -> Result<Box<dyn Stream>> {
            attempts += 1;
            Ok(Box::new(self.peer(setup)))
        };
        let path = self.folder.join("anchors.pem");
        let session = connect(
            &mut open,
            &Host::parse(host).unwrap(),
            "peer",
            &mut Known::http(),
            &Trust::of_file(&path),
            NOW,
            fixed_random,
        );
        let (body, end) = match session {
            Ok(mut session) => match session.write_all(REQUEST) {
                Ok(()) => read_all(&mut *session),
                Err(error) => (Vec::new(), Err(error)),
            },
            Err(error) => (Vec::new(), Err(error)),
        };
        (body, end, attempts)
    }

    #[track_caller]
    fn delivers(&self, setup: &Setup, attempts: usize) {
        let (body, end, n) = self.fetch(setup, "example.org");
        assert_eq!(end, Ok(()));
        assert_eq!((body.len(), n), (setup.body, attempts));
        assert!(body.iter().enumerate().all(|(n, &b)| b == (n / 7) as u8));
    }
}

#[test]
fn every_kind_of_key() {
    let keys = [
        KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap(),
        KeyPair::generate_for(&PKCS_ECDSA_P384_SHA384).unwrap(),
        KeyPair::generate_for(&PKCS_ED25519).unwrap(),
        KeyPair::from_pem(include_str!("rsa.pem")).unwrap(),
    ];
    for key in keys {
        let identity = identity(key);
        identity.delivers(&setup(), 1);
        let versions = vec![&version::TLS12];
        identity.delivers(
            &Setup {
                versions,
                ..setup()
            },
            2,
        );
    }
}

#[test]
fn every_suite_and_group() {
    let (ecdsa, rsa) = (ecdsa(), rsa());
    for suite in ring::ALL_CIPHER_SUITES {
        let identity = match suite {
            SupportedCipherSuite::Tls12(suite)
                if suite.common.suite.as_str().unwrap().contains("RSA") =>
            {
                &rsa
            }
            _ => &ecdsa,
        };
        for group in ring::ALL_KX_GROUPS {
            let mut setup = Setup {
                suites: vec![*suite],
                groups: vec![*group],
                ..setup()
            };
            let tls13 = suite.version() == &version::TLS13;
            setup.versions = vec![suite.version()];
            let first = *suite == suites::TLS13_AES_128_GCM_SHA256
                && group.name() == groups::SECP256R1.name();
            if !tls13 {
                identity.delivers(&setup, 2);
            } else if first {
                identity.delivers(&setup, 1);
            } else {
                // What no version here has in common with it.
                let (body, end, attempts) = identity.fetch(&setup, "example.org");
                let error = end.unwrap_err();
                let all = if cfg!(windows) { 3 } else { 2 };
                assert_eq!(
                    (error.kind, body.len(), attempts),
                    (Kind::Negotiation, 0, all)
                );
                assert!(error.text.contains("then with TLS 1.2"), "{}", error.text);
            }
        }
    }
}

/// A server that has TLS 1.3, but not with what we have, and TLS 1.2 too.
#[test]
fn another_group_or_suite_takes_a_second_connection() {
    let identity = ecdsa();
    let groups = vec![groups::X25519];
    identity.delivers(&Setup { groups, ..setup() }, 2);
    let mut suites = ring::ALL_CIPHER_SUITES.to_vec();
    suites.retain(|suite| *suite != suites::TLS13_AES_128_GCM_SHA256);
    identity.delivers(&Setup { suites, ..setup() }, 2);
}

#[test]
fn tiny_records() {
    let fragment = Some(100);
    let setup = Setup {
        fragment,
        ..setup()
    };
    // The Certificate is split, so it takes TLS 1.2.
    ecdsa().delivers(&setup, 2);
    rsa().delivers(&setup, 2);
    let fragment = Some(2000);
    rsa().delivers(&Setup { fragment, ..setup }, 1);
}

#[test]
fn a_certificate_of_ours_is_asked_for() {
    let setup = Setup {
        asks_for_certificate: true,
        ..setup()
    };
    ecdsa().delivers(&setup, 1);
    let versions = vec![&version::TLS12];
    ecdsa().delivers(&Setup { versions, ..setup }, 2);
}

/// All before it is delivered; the fetch may go on from there with another connection.
#[test]
fn key_update() {
    let setup = Setup {
        odd: |server| server.refresh_traffic_keys().unwrap(),
        ..setup()
    };
    let (body, end, _) = ecdsa().fetch(&setup, "example.org");
    let error = end.unwrap_err();
    assert_eq!((body.len(), error.kind), (setup.body / 2, Kind::Transient));
    assert!(error.text.contains("KeyUpdate"));
}

#[test]
fn bodies_of_many_sizes() {
    let identity = ecdsa();
    for body in [1, 16383, 16384, 16385, 70_000, 1 << 20] {
        identity.delivers(&Setup { body, ..setup() }, 1);
        let versions = vec![&version::TLS12];
        let setup = Setup {
            body,
            versions,
            ..setup()
        };
        identity.delivers(&setup, 2);
    }
}

/// A failed verification is never tried again with another version.
#[test]
fn who_is_not_believed() {
    let identity = ecdsa();
    let (body, end, attempts) = identity.fetch(&setup(), "example.com");
    let error = end.unwrap_err();
    assert_eq!((error.kind, body.len(), attempts), (Kind::Source, 0, 1));
    identity.folder.write("anchors.pem", root(ca("Other")).pem);
    let (body, end, attempts) = identity.fetch(&setup(), "example.org");
    let error = end.unwrap_err();
    assert_eq!((error.kind, body.len(), attempts), (Kind::Source, 0, 1));
    assert!(error.text.contains("unknown issuer"), "{}", error.text);
    let versions = vec![&version::TLS12];
    let setup = Setup {
        versions,
        ..setup()
    };
    let (body, end, attempts) = identity.fetch(&setup, "example.org");
    let error = end.unwrap_err();
    assert_eq!((error.kind, body.len(), attempts), (Kind::Source, 0, 2));
}

/// As with an FTP server: the first connection is a new session, and each after it resumes that.
#[test]
fn sessions_are_resumed() {
    let (ecdsa, rsa) = (ecdsa(), rsa());
    let is_resumed = |server: &mut ServerConnection| {
        assert_eq!(server.handshake_kind(), Some(HandshakeKind::Resumed));
    };
    for suite in ring::ALL_CIPHER_SUITES {
        let SupportedCipherSuite::Tls12(tls12) = suite else {
            continue;
        };
        let identity = match tls12.common.suite.as_str().unwrap().contains("RSA") {
            true => &rsa,
            false => &ecdsa,
        };
        for by_ticket in [false, true] {
            let mut setup = Setup {
                suites: vec![*suite],
                versions: vec![&version::TLS12],
                ..setup()
            };
            let mut config = identity.config(&setup);
            if by_ticket {
                config.ticketer = ring::Ticketer::new().unwrap();
                config.session_storage = Arc::new(NoServerSessionStorage {});
            }
            let config = Arc::new(config);
            let path = identity.folder.join("anchors.pem");
            let mut known = Known::default();
            for n in 0..4 {
                let mut open = || -> Result<Box<dyn Stream>> {
                    Ok(Box::new(identity.peer_with(&setup, config.clone())))
                };
                let mut session = connect(
                    &mut open,
                    &Host::parse("example.org").unwrap(),
                    "peer",
                    &mut known,
                    &Trust::of_file(&path),
                    NOW,
                    os::random,
                )
                .unwrap();
                session.write_all(REQUEST).unwrap();
                let (body, end) = read_all(&mut *session);
                assert_eq!((body.len(), end), (setup.body, Ok(())), "{n}");
                setup.odd = is_resumed;
            }
        }
    }
}

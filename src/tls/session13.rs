//! The TLS 1.3 handshake (RFC 8446) by embedded-tls, and what it leaves to its user.
//!
//! embedded-tls calls a server that sends no Certificate, or no CertificateVerify, verified. Here the verifier records
//! what it saw, the [`filter`](super::filter) sends nothing before exactly one of each came, in this order, and was
//! verified, and the [`suite`] lets no irregular message through. Once the handshake is over, the keys are
//! taken out and embedded-tls is done: the records after it are the [`Session`](super::session::Session)'s.

use alloc::boxed::Box;
use alloc::vec::Vec;

use cpu::{AesGcm, Sha256};
use embedded_tls::blocking::{
    CertificateEntryRef, CertificateRef, CertificateVerifyRef, CryptoProvider, TlsConfig,
    TlsConnection, TlsContext, TlsVerifier,
};
use embedded_tls::{CryptoRng, CryptoRngCore, TlsError};
use rand_core::RngCore;
use zeroize::Zeroize;

use super::filter::{Filter, Shared, Step};
use super::hello::HTTP_1_1;
use super::keyed;
use super::link::Link;
use super::record::{Aead, Form, HEADER, Keys, MAX_FRAGMENT};
use super::sig::SigError;
use super::suite::{self, EXPORTED, Suite};
use super::{Random, Verify, fault};
use crate::error::{Error, Kind, Result, Template, filled};
use crate::stream::Stream;
use os::text;

/// The longest message that embedded-tls writes is a ClientHello with a name of 255 bytes; it wants 128 bytes more.
const WRITE_BUFFER: usize = 1024;
/// What embedded-tls holds of a chain.
const MAX_CHAIN: usize = 16;

/// A [`Random`] as embedded-tls wants it.
struct Rng(Random);

impl RngCore for Rng {
    fn next_u32(&mut self) -> u32 {
        self.next_u64() as u32
    }

    fn next_u64(&mut self) -> u64 {
        let mut bytes = [0; 8];
        self.fill_bytes(&mut bytes);
        u64::from_ne_bytes(bytes)
    }

    fn fill_bytes(&mut self, bytes: &mut [u8]) {
        (self.0)(bytes);
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> core::result::Result<(), rand_core::Error> {
        self.fill_bytes(bytes);
        Ok(())
    }
}

impl CryptoRng for Rng {}

/// The verifier that embedded-tls is given.
struct Verifier<'a> {
    shared: &'a Shared,
    verify: &'a mut dyn Verify,
    peer: &'a str,
    random: Random,
    leaf: Vec<u8>,
    /// The transcript up to and with the Certificate message.
    transcript: Sha256,
}

impl Verifier<'_> {
    fn chain(&mut self, certificate: &CertificateRef<'_>) -> Result<()> {
        let mut chain: Vec<&[u8]> = Vec::with_capacity(MAX_CHAIN);
        for entry in &certificate.entries {
            if let CertificateEntryRef::X509(der) = entry {
                chain.push(der);
            }
        }
        let Some(leaf) = chain.first() else {
            return Err(broken(
                self.peer,
                text!("the server sent an empty Certificate"),
            ));
        };
        if let (1, Some(error)) = (chain.len(), suite::note(self.peer, leaf)) {
            return Err(error);
        }
        if self.shared.step.get() != Step::Hello {
            return Err(broken(
                self.peer,
                text!("the server sent a second Certificate"),
            ));
        }
        self.verify.chain(&chain)?;
        self.leaf.extend_from_slice(leaf);
        self.shared.step.set(Step::Certified);
        Ok(())
    }

    /// RFC 8446, section 4.4.3.
    fn signature(&mut self, scheme: u16, signature: &[u8]) -> Result<()> {
        if self.shared.step.get() != Step::Certified {
            return Err(broken(
                self.peer,
                text!("the server sent a CertificateVerify out of turn"),
            ));
        }
        let mut message = [0x20; 64].to_vec();
        message.extend_from_slice(b"TLS 1.3, server CertificateVerify\0");
        message.extend_from_slice(&self.transcript.clone().finish());
        self.verify
            .signature(&self.leaf, scheme, true, &message, signature)
            .map_err(|error| bad_signature(self.peer, error))?;
        self.shared.step.set(Step::Verified);
        Ok(())
    }
}

/// The error for a handshake whose signature did not verify.
#[cold]
pub(super) fn bad_signature(peer: &str, error: SigError) -> Error {
    let text = text!("the server does not prove its certificate: %");
    fault(Kind::Source, peer, &filled(text, &[&error.text()]))
}

#[cold]
fn broken(peer: &str, what: Template) -> Error {
    fault(Kind::Source, peer, &what)
}

impl TlsVerifier<Suite> for Verifier<'_> {
    /// The name is checked with the chain, in one place for both versions.
    fn set_hostname_verification(&mut self, _: &str) -> core::result::Result<(), TlsError> {
        Ok(())
    }

    fn verify_certificate(
        &mut self,
        transcript: &Sha256,
        certificate: CertificateRef<'_>,
    ) -> core::result::Result<(), TlsError> {
        self.transcript = transcript.clone();
        self.chain(&certificate).map_err(|error| {
            self.shared.fail(error);
            TlsError::InvalidCertificate
        })
    }

    fn verify_signature(
        &mut self,
        verify: CertificateVerifyRef<'_>,
    ) -> core::result::Result<(), TlsError> {
        self.signature(verify.signature_scheme.as_u16(), verify.signature)
            .map_err(|error| {
                self.shared.fail(error);
                TlsError::InvalidSignature
            })
    }
}

impl CryptoProvider for Verifier<'_> {
    type CipherSuite = Suite;
    type Signature = &'static [u8];

    fn rng(&mut self) -> impl CryptoRngCore {
        Rng(self.random)
    }

    fn verifier(&mut self) -> core::result::Result<&mut impl TlsVerifier<Suite>, TlsError> {
        Ok(self)
    }
}

/// Handshakes over `link`. `name` is for SNI: `None` for an address (RFC 6066, section 3); `http` says that it is an
/// HTTP server.
///
/// A failure is [`Kind::Negotiation`] if the server is sound and may be reached with TLS 1.2. `claims_old` is then set if
/// the server claims to know no TLS 1.3.
pub(super) fn handshake(
    mut link: Link,
    name: Option<&str>,
    http: bool,
    verify: &mut dyn Verify,
    random: Random,
    claims_old: &mut bool,
) -> Result<Box<dyn Stream>> {
    let shared = Shared::new();
    let peer = link.peer.clone();
    let (read, write) = {
        let mut read_buffer = alloc::vec![0; HEADER + MAX_FRAGMENT];
        let mut write_buffer = alloc::vec![0; WRITE_BUFFER];
        let mut config = TlsConfig::new().enable_rsa_signatures();
        if http {
            config = config.with_alpn(&[HTTP_1_1]);
        }
        if let Some(name) = name {
            config = config.with_server_name(name);
        }
        let mut verifier = Verifier {
            shared: &shared,
            verify,
            peer: &peer,
            random,
            leaf: Vec::new(),
            transcript: Sha256::new(),
        };
        let filter = Filter::new(&mut link, &shared);
        let mut tls: TlsConnection<'_, _, Suite> =
            TlsConnection::new(filter, &mut read_buffer, &mut write_buffer);
        let opened = tls.open(TlsContext::new(&config, &mut verifier));
        *claims_old = shared.claims_old.get();
        if let Some(error) = shared.error.take() {
            return Err(error);
        }
        opened.map_err(|error| failure(&peer, error))?;
        if shared.step.get() != Step::Verified {
            return Err(broken(&peer, text!("the server did not prove who it is")));
        }
        shared.step.set(Step::Export);
        let mut read = [0; EXPORTED];
        let exported = tls
            .read(&mut read)
            .and_then(|n| tls.write(&[0; EXPORTED]).map(|m| (n, m)))
            .and_then(|done| tls.flush().map(|()| done));
        let mut written = shared.exported.take();
        let exported = match (exported, written.get_mut(HEADER..)) {
            (Ok((EXPORTED, EXPORTED)), Some(write)) => (keys(&mut read), keys(write)),
            _ => (None, None),
        };
        written.zeroize();
        exported
    };
    match (read, write) {
        (Some(read), Some(write)) => Ok(keyed::session(link, read, write, true)),
        _ => Err(broken(&peer, text!("the keys could not be had"))),
    }
}

/// The protection by the key and the IV at the head of `exported`, which is wiped.
fn keys(exported: &mut [u8]) -> Option<Keys> {
    let (key, rest) = exported.split_at_checked(16)?;
    let aead = Aead::Gcm(AesGcm::new(key));
    let keys = Keys::new(aead, Form::Tls13, *rest.first_chunk()?);
    exported.zeroize();
    Some(keys)
}

/// What an error of embedded-tls itself means.
#[cold]
fn failure(peer: &str, error: TlsError) -> Error {
    let (kind, text) = match error {
        TlsError::CryptoError => (
            Kind::Transient,
            text!("a handshake record was altered on the way (bad_record_mac)"),
        ),
        TlsError::InvalidSignature => (Kind::Source, text!("the server's Finished is wrong")),
        TlsError::InvalidKeyShare => (Kind::Source, text!("the server's key share is no point")),
        // What embedded-tls has no room or no name for: sound servers do send it.
        TlsError::DecodeError
        | TlsError::ParseError(_)
        | TlsError::InsufficientSpace
        | TlsError::OutOfMemory
        | TlsError::InvalidCertificateRequest => (
            Kind::Negotiation,
            text!("the server's TLS 1.3 handshake is more than is supported"),
        ),
        _ => (Kind::Source, text!("an unexpected handshake message")),
    };
    fault(kind, peer, &text)
}

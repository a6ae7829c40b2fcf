//! A TLS 1.3 server (RFC 8446) whose flights are made message by message, right or wrong.

use std::cell::RefCell;
use std::rc::Rc;

use cpu::{AesGcm, Sha256};

use super::super::codec::put_vector;
use super::super::record::{ALERT, APPLICATION_DATA, Aead, Form, HANDSHAKE, HEADER, Keys};
use super::super::tls12::prf::hmac;
use super::{LEAF, Script, fixed_random, message, plain, sign};
use curves::ecdh::{KeyPair, NamedGroup};

fn expand(secret: &[u8], label: &str, context: &[u8], length: usize) -> Vec<u8> {
    let mut info = (length as u16).to_be_bytes().to_vec();
    put_vector(&mut info, 1, |out| {
        out.extend_from_slice(b"tls13 ");
        out.extend_from_slice(label.as_bytes());
    });
    put_vector(&mut info, 1, |out| out.extend_from_slice(context));
    hmac(false, secret, &[&info, &[1]]).as_slice()[..length].to_vec()
}

fn keys(secret: &[u8]) -> Keys {
    let aead = Aead::Gcm(AesGcm::new(&expand(secret, "key", &[], 16)));
    let iv = expand(secret, "iv", &[], 12);
    Keys::new(aead, Form::Tls13, iv.try_into().unwrap())
}

/// A TLS 1.3 server: what it sends in answer to the ClientHello, and what after the client's Finished.
pub(super) struct Server13 {
    pub(super) flight: fn(&mut Server13),
    body: fn(&mut Server13),
    pub(super) sent_flight: bool,
    transcript: Sha256,
    client_share: Vec<u8>,
    secret: Vec<u8>,
    server_secret: Vec<u8>,
    keys: Option<Keys>,
    pub(super) client_keys: Option<Keys>,
    pub(super) request: Rc<RefCell<Vec<u8>>>,
    pub(super) out: Vec<u8>,
    application: bool,
}

impl Script for Server13 {
    fn step(&mut self, from_client: &mut Vec<u8>, to_client: &mut Vec<u8>) {
        if !self.sent_flight {
            self.sent_flight = true;
            self.transcript.update(&from_client[HEADER..]);
            let at = from_client
                .windows(8)
                .position(|w| w == [0, 69, 0, 0x17, 0, 65, 4, w[7]])
                .unwrap();
            self.client_share = from_client[at + 6..at + 71].to_vec();
            from_client.clear();
            (self.flight)(self);
        } else if !self.application {
            self.application = true;
            // The client's Finished is checked by rustls and OpenSSL; here its request is of interest.
            let request = self.open_client(from_client);
            *self.request.borrow_mut() = request;
            (self.body)(self);
        }
        to_client.append(&mut self.out);
    }
}

impl Server13 {
    pub(super) fn new(flight: fn(&mut Server13), body: fn(&mut Server13)) -> Self {
        Server13 {
            flight,
            body,
            sent_flight: false,
            transcript: Sha256::new(),
            client_share: Vec::new(),
            secret: Vec::new(),
            server_secret: Vec::new(),
            keys: None,
            client_keys: None,
            request: Rc::default(),
            out: Vec::new(),
            application: false,
        }
    }

    pub(super) fn hash(&self) -> [u8; 32] {
        self.transcript.clone().finish()
    }

    /// Derives the next secret of the key schedule from `input`.
    pub(super) fn extract(&mut self, input: &[u8]) {
        let salt = expand(&self.secret, "derived", &Sha256::new().finish(), 32);
        self.secret = hmac(false, &salt, &[input]).as_slice().to_vec();
    }

    pub(super) fn hello_body(random: [u8; 32], suite: [u8; 2], extensions: &[u8]) -> Vec<u8> {
        let mut body = vec![3, 3];
        body.extend_from_slice(&random);
        body.extend_from_slice(&[0, suite[0], suite[1], 0]);
        put_vector(&mut body, 2, |out| out.extend_from_slice(extensions));
        body
    }

    pub(super) fn share(&self) -> (Vec<u8>, Vec<u8>) {
        let pair = KeyPair::generate(NamedGroup::Secp256r1, &mut fixed_random).unwrap();
        let shared = pair.agree(&self.client_share).unwrap();
        let mut extension = vec![0, 51, 0, 69, 0, 0x17, 0, 65];
        extension.extend_from_slice(pair.public());
        (extension, shared.raw_secret_bytes().to_vec())
    }

    /// The ServerHello, with `edit` applied to its message before it is sent, and the handshake keys.
    pub(super) fn hello(&mut self, edit: fn(&mut Vec<u8>)) {
        let (mut extensions, shared) = self.share();
        extensions.extend_from_slice(&[0, 43, 0, 2, 3, 4]);
        let mut hello = message(2, &Self::hello_body([5; 32], [0x13, 1], &extensions));
        edit(&mut hello);
        self.transcript.update(&hello);
        self.out.extend_from_slice(&plain(HANDSHAKE, &hello));
        self.secret = hmac(false, &[0; 32], &[&[0; 32]]).as_slice().to_vec();
        self.extract(&shared);
        self.traffic("s hs traffic", "c hs traffic");
    }

    pub(super) fn traffic(&mut self, server: &str, client: &str) {
        self.server_secret = expand(&self.secret, server, &self.hash(), 32);
        self.keys = Some(keys(&self.server_secret));
        self.client_keys = Some(keys(&expand(&self.secret, client, &self.hash(), 32)));
    }

    pub(super) fn add(&mut self, message: Vec<u8>) -> Vec<u8> {
        self.transcript.update(&message);
        message
    }

    pub(super) fn extensions(&mut self) -> Vec<u8> {
        let alpn = [0, 13, 0, 16, 0, 9 + 2, 0, 9, 8];
        let mut body = alpn.to_vec();
        body.extend_from_slice(b"http/1.1");
        body[1] = (body.len() - 2) as u8;
        self.add(message(8, &body))
    }

    pub(super) fn certificate(&mut self) -> Vec<u8> {
        self.certificates(&[LEAF])
    }

    pub(super) fn certificates(&mut self, chain: &[&[u8]]) -> Vec<u8> {
        let mut body = vec![0];
        put_vector(&mut body, 3, |out| {
            for der in chain {
                put_vector(out, 3, |out| out.extend_from_slice(der));
                out.extend_from_slice(&[0, 0]);
            }
        });
        self.add(message(11, &body))
    }

    pub(super) fn verify(&mut self) -> Vec<u8> {
        let mut signed = vec![0x20; 64];
        signed.extend_from_slice(b"TLS 1.3, server CertificateVerify\0");
        signed.extend_from_slice(&self.hash());
        self.verify_with(&sign(&signed))
    }

    pub(super) fn verify_with(&mut self, signature: &[u8]) -> Vec<u8> {
        let mut body = vec![4, 3];
        put_vector(&mut body, 2, |out| out.extend_from_slice(signature));
        self.add(message(15, &body))
    }

    /// The Finished; and from here on the application keys may be taken.
    pub(super) fn finished(&mut self) -> Vec<u8> {
        let key = expand(&self.server_secret, "finished", &[], 32);
        let mac = hmac(false, &key, &[&self.hash()]).as_slice().to_vec();
        self.add(message(20, &mac))
    }

    pub(super) fn seal(&mut self, content_type: u8, content: &[u8]) {
        let keys = self.keys.as_mut().unwrap();
        keys.seal(content_type, content, &mut self.out).unwrap();
    }

    /// Seals a TLSInnerPlaintext as it is, padding and all.
    pub(super) fn seal_inner(&mut self, inner: &[u8]) {
        // The content type is what `seal` puts at the end.
        let (last, content) = inner.split_last().unwrap();
        self.seal(*last, content);
    }

    pub(super) fn start_application(&mut self) {
        self.extract(&[0; 32]);
        self.traffic("s ap traffic", "c ap traffic");
    }

    pub(super) fn open_client(&mut self, from_client: &mut Vec<u8>) -> Vec<u8> {
        let mut content = Vec::new();
        while from_client.len() > HEADER {
            let length = usize::from(u16::from_be_bytes([from_client[3], from_client[4]]));
            let mut record: Vec<u8> = from_client.drain(..HEADER + length).collect();
            let keys = self.client_keys.as_mut().unwrap();
            if let Some((APPLICATION_DATA, at)) = keys.open(&mut record) {
                content.extend_from_slice(&record[at]);
            }
        }
        content
    }

    pub(super) fn good_flight(&mut self) {
        self.hello(|_| {});
        self.rest_of_flight();
    }

    pub(super) fn rest_of_flight(&mut self) {
        let flight = [
            self.extensions(),
            self.certificate(),
            self.verify(),
            self.finished(),
        ]
        .concat();
        self.seal(HANDSHAKE, &flight);
        self.start_application();
    }

    pub(super) fn good_body(&mut self) {
        self.seal(HANDSHAKE, &ticket());
        self.seal(APPLICATION_DATA, b"the ");
        self.seal(APPLICATION_DATA, b"body");
        self.seal(ALERT, &[1, 0]);
    }
}

pub(super) fn ticket() -> Vec<u8> {
    message(4, &[0; 200])
}

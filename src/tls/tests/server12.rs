//! A TLS 1.2 server (RFC 5246) whose flights are made message by message, right or wrong.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use cpu::AesGcm;

use super::super::codec::{Reader, put_vector};
use super::super::record::{
    ALERT, APPLICATION_DATA, Aead, CHANGE_CIPHER_SPEC, Form, HANDSHAKE, HEADER, Keys,
};
use super::super::sig::hash::Running;
use super::super::tls12::prf::{hash, prf};
use super::{LEAF, Script, fixed_random, message, plain, sign};
use curves::ecdh::{KeyPair, NamedGroup};

/// What it sends in answer to the ClientHello, to the client's Finished, and to the request.
pub(super) struct Server12 {
    flight: fn(&mut Server12),
    finish: fn(&mut Server12),
    body: fn(&mut Server12),
    stage: usize,
    pub(super) random: [u8; 32],
    client_random: Vec<u8>,
    transcript: Running,
    extended: bool,
    pub(super) master: Rc<Cell<[u8; 48]>>,
    /// What the client offered to resume, and the ID that its answer has.
    pub(super) offered_id: Vec<u8>,
    pub(super) offered_ticket: Rc<RefCell<Option<Vec<u8>>>>,
    pub(super) session_id: Vec<u8>,
    read: Option<Keys>,
    write: Option<Keys>,
    /// What the client sent between our two flights, decrypted.
    pub(super) client_flight: Rc<RefCell<Vec<u8>>>,
    pub(super) request: Rc<RefCell<Vec<u8>>>,
    pub(super) out: Vec<u8>,
}

impl Script for Server12 {
    fn step(&mut self, from_client: &mut Vec<u8>, to_client: &mut Vec<u8>) {
        self.stage += 1;
        match self.stage {
            1 => {
                self.client_hello(&from_client[HEADER..]);
                self.transcript.update(&from_client[HEADER..]);
                from_client.clear();
                (self.flight)(self);
            }
            2 => {
                self.client_flight(&core::mem::take(from_client));
                (self.finish)(self);
            }
            3 => {
                if let Some(keys) = &mut self.read {
                    let mut record = core::mem::take(from_client);
                    if let Some((APPLICATION_DATA, at)) = keys.open(&mut record) {
                        *self.request.borrow_mut() = record[at].to_vec();
                    }
                }
                (self.body)(self);
            }
            _ => {}
        }
        to_client.append(&mut self.out);
    }
}

impl Server12 {
    pub(super) fn new(
        flight: fn(&mut Server12),
        finish: fn(&mut Server12),
        body: fn(&mut Server12),
    ) -> Self {
        Server12 {
            flight,
            finish,
            body,
            stage: 0,
            random: [5; 32],
            client_random: Vec::new(),
            transcript: hash(false).start(),
            extended: false,
            master: Rc::new(Cell::new([0; 48])),
            offered_id: Vec::new(),
            offered_ticket: Rc::default(),
            session_id: Vec::new(),
            read: None,
            write: None,
            client_flight: Rc::default(),
            request: Rc::default(),
            out: Vec::new(),
        }
    }

    fn client_hello(&mut self, message: &[u8]) {
        let (_, body) = Reader(message).message().unwrap();
        let mut body = Reader(body);
        assert_eq!(body.u16(), Some(0x0303));
        self.client_random = body.take(32).unwrap().to_vec();
        self.offered_id = body.vector(1).unwrap().to_vec();
        body.vector(2).unwrap();
        body.vector(1).unwrap();
        let mut extensions = Reader(body.vector(2).unwrap());
        while let Some((extension, data)) = extensions.extension() {
            if extension == 35 {
                *self.offered_ticket.borrow_mut() = Some(data.to_vec());
            }
        }
    }

    /// Derives the keys from what the client sent, if it sent that.
    fn client_flight(&mut self, records: &[u8]) {
        let mut records = Reader(records);
        let mut seen = Vec::new();
        let mut public = Vec::new();
        while !records.is_empty() {
            let content_type = records.u8().unwrap();
            assert_eq!(records.u16(), Some(0x0303));
            let content = records.vector(2).unwrap();
            match (content_type, &mut self.read) {
                (HANDSHAKE, None) => {
                    seen.extend_from_slice(content);
                    let mut messages = Reader(content);
                    while !messages.is_empty() {
                        let (message_type, body) = messages.message().unwrap();
                        if message_type == 16 {
                            public = body[1..].to_vec();
                        }
                    }
                    self.transcript.update(content);
                }
                (HANDSHAKE, Some(keys)) => {
                    let mut record = plain(HANDSHAKE, content);
                    let (_, at) = keys.open(&mut record).unwrap();
                    let finished = &record[at];
                    seen.extend_from_slice(finished);
                    let expected = self.verify_data(b"client finished");
                    assert_eq!(finished, message(20, &expected));
                    self.transcript.update(finished);
                }
                // Who resumes a session waits for nothing after the Finished.
                (APPLICATION_DATA, Some(keys)) => {
                    let mut record = plain(APPLICATION_DATA, content);
                    let (_, at) = keys.open(&mut record).unwrap();
                    *self.request.borrow_mut() = record[at].to_vec();
                }
                (CHANGE_CIPHER_SPEC, None) => self.derive(&public),
                (CHANGE_CIPHER_SPEC, _) => {}
                (ALERT, _) => seen.extend_from_slice(content),
                _ => panic!("the client sent a record of type {content_type}"),
            }
        }
        *self.client_flight.borrow_mut() = seen;
    }

    fn derive(&mut self, public: &[u8]) {
        let pair = KeyPair::generate(NamedGroup::Secp256r1, &mut fixed_random).unwrap();
        let shared = pair.agree(public).unwrap();
        let hash = self.transcript.clone().finish();
        let randoms = [self.client_random.as_slice(), &self.random];
        let mut master = [0; 48];
        let (label, seed): (&[u8], _) = if self.extended {
            (b"extended master secret", [hash.as_slice(), &[]])
        } else {
            (b"master secret", randoms)
        };
        prf(false, shared.raw_secret_bytes(), label, seed, &mut master);
        self.master.set(master);
        self.expand();
    }

    /// The keys of the master secret.
    pub(super) fn expand(&mut self) {
        let mut block = [0; 40];
        let seed = [self.random.as_slice(), &self.client_random];
        let master = self.master.get();
        prf(false, &master, b"key expansion", seed, &mut block);
        let keys = |key: &[u8], salt: &[u8]| {
            let mut iv = [0; 12];
            iv[..4].copy_from_slice(salt);
            Some(Keys::new(Aead::Gcm(AesGcm::new(key)), Form::Gcm12, iv))
        };
        self.read = keys(&block[..16], &block[32..36]);
        self.write = keys(&block[16..32], &block[36..]);
    }

    fn verify_data(&self, label: &[u8]) -> [u8; 12] {
        let mut data = [0; 12];
        let hash = self.transcript.clone().finish();
        prf(
            false,
            &self.master.get(),
            label,
            [hash.as_slice(), &[]],
            &mut data,
        );
        data
    }

    fn add(&mut self, message: Vec<u8>) -> Vec<u8> {
        self.transcript.update(&message);
        message
    }

    pub(super) fn hello(&mut self) -> Vec<u8> {
        self.hello_with(&[0, 23, 0, 0, 0xff, 1, 0, 1, 0], |_| {})
    }

    /// A ServerHello with these extensions, after `edit`.
    pub(super) fn hello_with(&mut self, extensions: &[u8], edit: fn(&mut Vec<u8>)) -> Vec<u8> {
        self.extended = extensions.starts_with(&[0, 23]);
        let mut body = vec![3, 3];
        body.extend_from_slice(&self.random);
        put_vector(&mut body, 1, |out| out.extend_from_slice(&self.session_id));
        body.extend_from_slice(&[0xc0, 0x2b, 0]);
        put_vector(&mut body, 2, |out| out.extend_from_slice(extensions));
        let mut hello = message(2, &body);
        edit(&mut hello);
        self.add(hello)
    }

    pub(super) fn certificate(&mut self) -> Vec<u8> {
        self.certificates(&[LEAF])
    }

    pub(super) fn certificates(&mut self, chain: &[&[u8]]) -> Vec<u8> {
        let mut body = Vec::new();
        put_vector(&mut body, 3, |out| {
            for der in chain {
                put_vector(out, 3, |out| out.extend_from_slice(der));
            }
        });
        self.add(message(11, &body))
    }

    pub(super) fn key_exchange(&mut self) -> Vec<u8> {
        self.key_exchange_with([3, 0, 23], [4, 3], |_| {}, |_| {})
    }

    /// A ServerKeyExchange, with its parameters edited before, its body after they are signed.
    pub(super) fn key_exchange_with(
        &mut self,
        curve: [u8; 3],
        scheme: [u8; 2],
        before: fn(&mut Vec<u8>),
        after: fn(&mut Vec<u8>),
    ) -> Vec<u8> {
        let pair = KeyPair::generate(NamedGroup::Secp256r1, &mut fixed_random).unwrap();
        let mut body = curve.to_vec();
        put_vector(&mut body, 1, |out| out.extend_from_slice(pair.public()));
        before(&mut body);
        let signed = [&self.client_random, self.random.as_slice(), &body].concat();
        body.extend_from_slice(&scheme);
        put_vector(&mut body, 2, |out| out.extend_from_slice(&sign(&signed)));
        after(&mut body);
        self.add(message(12, &body))
    }

    pub(super) fn certificate_request(&mut self) -> Vec<u8> {
        self.add(message(13, &[1, 64, 0, 2, 4, 3, 0, 0]))
    }

    pub(super) fn ticket(&mut self, ticket: &[u8]) -> Vec<u8> {
        let mut body = vec![0, 0, 0, 4];
        put_vector(&mut body, 2, |out| out.extend_from_slice(ticket));
        self.add(message(4, &body))
    }

    pub(super) fn done(&mut self) -> Vec<u8> {
        self.add(message(14, &[]))
    }

    pub(super) fn finished(&mut self) -> Vec<u8> {
        let data = self.verify_data(b"server finished");
        self.add(message(20, &data))
    }

    pub(super) fn plain(&mut self, content_type: u8, content: &[u8]) {
        self.out.extend_from_slice(&plain(content_type, content));
    }

    pub(super) fn seal(&mut self, content_type: u8, content: &[u8]) {
        if let Some(keys) = &mut self.write {
            keys.seal(content_type, content, &mut self.out).unwrap();
        }
    }

    pub(super) fn good_flight(&mut self) {
        for make in [
            Server12::hello,
            Server12::certificate,
            Server12::key_exchange,
            Server12::done as fn(&mut Server12) -> Vec<u8>,
        ] {
            let message = make(self);
            self.plain(HANDSHAKE, &message);
        }
    }

    pub(super) fn good_finish(&mut self) {
        self.plain(CHANGE_CIPHER_SPEC, &[1]);
        let finished = self.finished();
        self.seal(HANDSHAKE, &finished);
    }

    pub(super) fn good_body(&mut self) {
        self.seal(APPLICATION_DATA, b"the ");
        self.seal(APPLICATION_DATA, b"body");
        self.seal(ALERT, &[1, 0]);
    }
}

//! The handshake of a TLS 1.2 client (RFC 5246, section 7.3) as a state machine over records.
//!
//! Each state takes one message and no other, so none can be skipped, repeated or brought forward. Messages may be split
//! over records and share them. Nothing is believed before the server's Finished is verified.

use alloc::boxed::Box;
use alloc::vec::Vec;

use cpu::{AesGcm, ChaCha20Poly1305};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::super::alert;
use super::super::codec::{Reader, put_vector};
use super::super::record::{
    ALERT, Aead, CHANGE_CIPHER_SPEC, Form, HANDSHAKE, HEADER, Keys, MAX_PLAINTEXT,
};
use super::super::session13::bad_signature;
use super::super::sig::hash::{Digest, Running};
use super::super::verify::{MAX_CHAIN, MAX_CHAIN_BYTES};
use super::super::{Known, Random, Verify};
use super::hello::{self, Choice, GROUPS, SCHEMES, Suite};
use super::prf::{hash, prf};
use super::resumption::{self, Resumable};
use crate::error::{Error, Kind, Result, Template};
use curves::ecdh::KeyPair;
use os::text;

/// Bytes of one message at most: the longest chain, with the lengths in it.
const MAX_MESSAGE: usize = MAX_CHAIN_BYTES + 1024;
/// Records in a handshake at most. With fragments of 512 bytes, as small as any server makes them, twice 64 KiB.
const MAX_RECORDS: usize = 256;

const SERVER_HELLO: u8 = 2;
const NEW_SESSION_TICKET: u8 = 4;
const CERTIFICATE: u8 = 11;
const SERVER_KEY_EXCHANGE: u8 = 12;
const CERTIFICATE_REQUEST: u8 = 13;
const SERVER_HELLO_DONE: u8 = 14;
const CLIENT_KEY_EXCHANGE: u8 = 16;
const FINISHED: u8 = 20;

/// Bytes of the random of a hello, and of what a Finished proves.
const RANDOM: usize = 32;
const VERIFY_DATA: u8 = 12;

/// A Finished message.
type Finished = [u8; 4 + VERIFY_DATA as usize];

/// The message that is awaited.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    ServerHello,
    Certificate,
    ServerKeyExchange,
    /// Or a CertificateRequest before it.
    ServerHelloDone,
    ServerHelloDoneAlone,
    NewSessionTicket,
    ChangeCipherSpec,
    Finished,
    Done,
}

/// See the module.
pub(crate) struct Handshake<'a> {
    peer: &'a str,
    verify: &'a mut dyn Verify,
    random: Random,
    known: &'a mut Known,
    state: State,
    client_random: [u8; RANDOM],
    /// Messages before the hash is known.
    early: Vec<u8>,
    transcript: Option<Running>,
    /// What came of the messages not yet taken.
    messages: Vec<u8>,
    records: usize,
    choice: Option<Choice>,
    leaf: Vec<u8>,
    /// Our key pair for the server's group, and the server's public key.
    pair: Option<KeyPair>,
    server_public: Vec<u8>,
    certificate_requested: bool,
    /// Whether it is the known session, and no new one.
    resumed: bool,
    ticket: Vec<u8>,
    master: Zeroizing<[u8; 48]>,
    read: Option<Keys>,
    write: Option<Keys>,
}

impl<'a> Handshake<'a> {
    /// Starts a handshake and appends the ClientHello's record to `out`. `peer` names the server in errors; the rest is
    /// as for [`super::handshake()`].
    pub(crate) fn new(
        peer: &'a str,
        name: Option<&str>,
        verify: &'a mut dyn Verify,
        random: Random,
        known: &'a mut Known,
        out: &mut Vec<u8>,
    ) -> Self {
        let mut client_random = [0; RANDOM];
        random(&mut client_random);
        let session = known.session.as_deref();
        let hello = hello::client_hello(name, known.http, session, &client_random);
        put_record(out, HANDSHAKE, &hello);
        Handshake {
            peer,
            verify,
            random,
            known,
            state: State::ServerHello,
            client_random,
            early: hello,
            transcript: None,
            messages: Vec::new(),
            records: 0,
            choice: None,
            leaf: Vec::new(),
            pair: None,
            server_public: Vec::new(),
            certificate_requested: false,
            resumed: false,
            ticket: Vec::new(),
            master: Zeroizing::new([0; 48]),
            read: None,
            write: None,
        }
    }

    /// The keys for reading and for writing, once the handshake is complete.
    pub(crate) fn keys(&mut self) -> Option<(Keys, Keys)> {
        if self.state == State::Done {
            Some((self.read.take()?, self.write.take()?))
        } else {
            None
        }
    }

    #[cold]
    fn broken(&self, what: Template) -> Error {
        self.fault(Kind::Source, what)
    }

    #[cold]
    fn fault(&self, kind: Kind, what: Template) -> Error {
        Error::say(kind, text!("TLS 1.2 with %: %"), &[&self.peer, &what])
    }

    /// Takes a record, header included, and appends what is to be sent to `out`. It is decrypted in place.
    pub(crate) fn record(&mut self, record: &mut [u8], out: &mut Vec<u8>) -> Result<()> {
        self.records += 1;
        let (content_type, minor) = match *record {
            [content_type, _, minor, ..] => (content_type, minor),
            _ => (0, 0),
        };
        // A server may put an earlier version on a record before it has chosen one.
        if self.records > MAX_RECORDS || minor != 3 && self.state != State::ServerHello {
            return Err(self.broken(text!("an unexpected record in the handshake")));
        }
        let mut content = HEADER..record.len();
        if self.state == State::Finished {
            let opened = self.read.as_mut().and_then(|keys| keys.open(record));
            content = opened.map(|(_, at)| at).ok_or_else(|| {
                let what = text!("a handshake record was altered on the way (bad_record_mac)");
                self.fault(Kind::Transient, what)
            })?;
        }
        let content = record.get(content).unwrap_or_default();
        match (content_type, content) {
            (HANDSHAKE, [_, ..]) if content.len() <= MAX_PLAINTEXT => {
                self.messages.extend_from_slice(content);
                self.take_messages(out)
            }
            // RFC 5246, section 7.1: it must not come between the parts of a message, and never early: the keys of a
            // client that takes it early are known to anyone.
            (CHANGE_CIPHER_SPEC, [1])
                if self.state == State::ChangeCipherSpec && self.messages.is_empty() =>
            {
                self.state = State::Finished;
                Ok(())
            }
            // A warning other than close_notify, such as unrecognized_name, changes nothing.
            (ALERT, &[1, description]) if description != alert::CLOSE_NOTIFY => Ok(()),
            (ALERT, &[_, description]) => Err(if self.state == State::ServerHello {
                alert::received(self.peer, description)
            } else if self.certificate_requested {
                alert::received_later(self.peer, description).context(
                    text!("the server asks for a client certificate, and there is none: "),
                    &[],
                )
            } else {
                alert::received_later(self.peer, description)
            }),
            _ => Err(self.broken(text!("an unexpected record in the handshake"))),
        }
    }

    /// Takes the messages that are complete.
    fn take_messages(&mut self, out: &mut Vec<u8>) -> Result<()> {
        let messages = core::mem::take(&mut self.messages);
        let mut rest = Reader(&messages);
        loop {
            let before = rest;
            let Some((message_type, body)) = rest.message() else {
                // The state cannot but await the rest, which a length that is too great would make it do for long.
                if let Some(&[_, a, b, c]) = before.0.first_chunk()
                    && u32::from_be_bytes([0, a, b, c]) as usize > MAX_MESSAGE
                {
                    return Err(self.broken(text!("a handshake message is too long")));
                }
                self.messages.extend_from_slice(before.0);
                return Ok(());
            };
            let whole = before.0.get(..4 + body.len()).unwrap_or_default();
            self.message(message_type, body, whole, out)?;
            // The keys change now, so no message may be in the same record as one of the other keys; and whoever has said that
            // it is done waits for us.
            let change = message_type == SERVER_HELLO_DONE
                || matches!(self.state, State::ChangeCipherSpec | State::Done);
            if change && !rest.is_empty() {
                return Err(self.broken(text!("an unexpected handshake message")));
            }
        }
    }

    #[inline(never)]
    fn message(
        &mut self,
        message_type: u8,
        body: &[u8],
        whole: &[u8],
        out: &mut Vec<u8>,
    ) -> Result<()> {
        if let (State::Finished, FINISHED) = (self.state, message_type) {
            return self.finished(whole, out);
        }
        let next = match (self.state, message_type) {
            (State::ServerHello, SERVER_HELLO) => self.server_hello(body)?,
            (State::Certificate, CERTIFICATE) => {
                self.certificate(body)?;
                State::ServerKeyExchange
            }
            (State::ServerKeyExchange, SERVER_KEY_EXCHANGE) => {
                self.server_key_exchange(body)?;
                State::ServerHelloDone
            }
            (State::ServerHelloDone, CERTIFICATE_REQUEST) => {
                // What it asks for is of no interest: there is no certificate to choose.
                self.certificate_requested = true;
                State::ServerHelloDoneAlone
            }
            (State::ServerHelloDone | State::ServerHelloDoneAlone, SERVER_HELLO_DONE)
                if body.is_empty() =>
            {
                self.end()
            }
            (State::NewSessionTicket, NEW_SESSION_TICKET) => {
                let ticket = resumption::ticket(body)
                    .ok_or_else(|| self.broken(text!("a malformed NewSessionTicket")))?;
                self.ticket.extend_from_slice(ticket);
                State::ChangeCipherSpec
            }
            _ => return Err(self.broken(text!("an unexpected handshake message"))),
        };
        self.hash(whole);
        if message_type == SERVER_HELLO_DONE {
            self.answer(out)
                .ok_or_else(|| self.broken(text!("the server's public key is not in its group")))?;
        }
        self.state = next;
        Ok(())
    }

    /// RFC 5246, section 7.4.1.3.
    fn server_hello(&mut self, body: &[u8]) -> Result<State> {
        let choice = hello::choice(body, self.known.http, self.known.claims_old)
            .map_err(|what| self.broken(what))?;
        let mut transcript = hash(choice.suite.sha384).start();
        transcript.update(&self.early);
        self.transcript = Some(transcript);
        self.early = Vec::new();
        let session = self.known.session.as_ref();
        let session = session.filter(|session| session.id == choice.session_id);
        self.resumed = session.is_some();
        if let Some(session) = session {
            // RFC 5246, section 7.4.1.3, and RFC 7627, section 5.3: with what it had before.
            if !core::ptr::eq(session.suite, choice.suite)
                || session.extended_master_secret != choice.extended_master_secret
            {
                return Err(self.broken(text!("the server resumes another session")));
            }
            *self.master = *session.master;
        }
        self.choice = Some(choice);
        if !self.resumed {
            return Ok(State::Certificate);
        }
        let expanded = self.expand();
        debug_assert!(expanded.is_some(), "the block is long enough");
        Ok(self.end())
    }

    /// What the server's last flight, with its Finished, begins with.
    fn end(&self) -> State {
        match &self.choice {
            Some(choice) if choice.ticket => State::NewSessionTicket,
            _ => State::ChangeCipherSpec,
        }
    }

    fn hash(&mut self, message: &[u8]) {
        if let Some(transcript) = &mut self.transcript {
            transcript.update(message);
        }
    }

    /// RFC 5246, section 7.4.2.
    fn certificate(&mut self, body: &[u8]) -> Result<()> {
        let mut chain = Vec::new();
        let mut body = Reader(body);
        let mut list = body.vector(3).map(Reader).filter(|_| body.is_empty());
        while let Some(certificates) = &mut list {
            if certificates.is_empty() {
                break;
            }
            match certificates.vector(3) {
                // One more than can be verified, for that to be said.
                Some(der) if chain.len() <= MAX_CHAIN => chain.push(der),
                _ => list = None,
            }
        }
        if list.is_none() {
            return Err(self.broken(text!("a malformed Certificate")));
        }
        let Some(leaf) = chain.first() else {
            return Err(self.broken(text!("the server sent an empty Certificate")));
        };
        self.verify.chain(&chain)?;
        self.leaf.extend_from_slice(leaf);
        Ok(())
    }

    /// RFC 8422, section 5.4: the server's group and public key, signed with both randoms.
    fn server_key_exchange(&mut self, body: &[u8]) -> Result<()> {
        let Some((group, public, scheme, signature)) = parse_key_exchange(body) else {
            return Err(self.broken(text!("a malformed ServerKeyExchange")));
        };
        let Some(choice) = &self.choice else {
            return Err(self.broken(text!("an unexpected handshake message")));
        };
        let group = GROUPS.iter().find(|known| **known as u16 == group);
        let by_rsa = !matches!(scheme, 0x0403 | 0x0503 | 0x0807);
        let (Some(&group), true) = (
            group,
            SCHEMES.contains(&scheme) && by_rsa == choice.suite.rsa,
        ) else {
            return Err(self.broken(text!("the ServerKeyExchange takes what was not offered")));
        };
        let mut message = self.client_random.to_vec();
        message.extend_from_slice(&choice.random);
        let parameters = body.len().saturating_sub(4 + signature.len());
        message.extend_from_slice(body.get(..parameters).unwrap_or_default());
        self.verify
            .signature(&self.leaf, scheme, false, &message, signature)
            .map_err(|error| bad_signature(self.peer, error))?;
        let mut random = self.random;
        self.pair = KeyPair::generate(group, &mut random);
        self.server_public.extend_from_slice(public);
        Ok(())
    }

    /// Sends our part: an empty Certificate if asked, ClientKeyExchange, ChangeCipherSpec and Finished. `None` if the
    /// server's public key is none.
    fn answer(&mut self, out: &mut Vec<u8>) -> Option<()> {
        let mut messages = Vec::new();
        if self.certificate_requested {
            messages.extend_from_slice(&[CERTIFICATE, 0, 0, 3, 0, 0, 0]);
        }
        let pair = self.pair.take()?;
        messages.push(CLIENT_KEY_EXCHANGE);
        put_vector(&mut messages, 3, |out| {
            put_vector(out, 1, |out| out.extend_from_slice(pair.public()));
        });
        self.hash(&messages);
        put_record(out, HANDSHAKE, &messages);

        let shared = pair.agree(&self.server_public)?;
        let choice = self.choice.as_ref()?;
        let transcript = self.digest()?;
        // RFC 7627, section 4: bound to the whole handshake, if the server can.
        let (label, seed): (&[u8], [&[u8]; 2]) = if choice.extended_master_secret {
            (b"extended master secret", [transcript.as_slice(), &[]])
        } else {
            (b"master secret", [&self.client_random, &choice.random])
        };
        let secret = shared.raw_secret_bytes();
        prf(
            choice.suite.sha384,
            secret,
            label,
            seed,
            self.master.as_mut(),
        );
        self.expand()?;
        self.finish(out)
    }

    /// RFC 5246, section 6.3: the client's key, the server's, the client's IV, the server's.
    fn expand(&mut self) -> Option<()> {
        let choice = self.choice.as_ref()?;
        let suite = choice.suite;
        let mut block = Zeroizing::new([0; 2 * 32 + 2 * 12]);
        let seed: [&[u8]; 2] = [&choice.random, &self.client_random];
        let master = self.master.as_slice();
        prf(suite.sha384, master, b"key expansion", seed, block.as_mut());
        let mut block = Reader(block.as_slice());
        let [client, server] = [
            block.take(suite.key_length())?,
            block.take(suite.key_length())?,
        ];
        self.write = Some(keys(suite, client, block.take(suite.iv_length())?));
        self.read = Some(keys(suite, server, block.take(suite.iv_length())?));
        Some(())
    }

    /// The hash of all messages so far.
    fn digest(&self) -> Option<Digest> {
        Some(self.transcript.clone()?.finish())
    }

    /// The Finished that proves all messages before it.
    fn proof(&self, label: &[u8]) -> Option<Finished> {
        let mut finished: Finished = [0; 4 + VERIFY_DATA as usize];
        let (head, data) = finished.split_at_mut_checked(4)?;
        head.copy_from_slice(&[FINISHED, 0, 0, VERIFY_DATA]);
        let transcript = self.digest()?;
        let seed = [transcript.as_slice(), &[]];
        let sha384 = self.choice.as_ref()?.suite.sha384;
        prf(sha384, self.master.as_slice(), label, seed, data);
        Some(finished)
    }

    /// Sends ChangeCipherSpec and Finished.
    fn finish(&mut self, out: &mut Vec<u8>) -> Option<()> {
        put_record(out, CHANGE_CIPHER_SPEC, &[1]);
        let finished = self.proof(b"client finished")?;
        self.write.as_mut()?.seal(HANDSHAKE, &finished, out)?;
        self.hash(&finished);
        Some(())
    }

    /// RFC 5246, section 7.4.9.
    fn finished(&mut self, message: &[u8], out: &mut Vec<u8>) -> Result<()> {
        let expected = self.proof(b"server finished");
        if !expected.is_some_and(|expected| bool::from(message.ct_eq(&expected))) {
            return Err(self.broken(text!("the server's Finished is wrong")));
        }
        if self.resumed {
            self.hash(message);
            let sent = self.finish(out);
            debug_assert!(sent.is_some(), "the first record with a key");
        } else {
            self.keep();
        }
        self.state = State::Done;
        Ok(())
    }

    /// Keeps a new session for the connections after this one.
    fn keep(&mut self) {
        let Some(choice) = self.choice.take() else {
            return;
        };
        let ticket = core::mem::take(&mut self.ticket);
        let id = match ticket.get(..32) {
            // RFC 5077, section 3.4: any that tells the server's answers apart.
            Some(id) => id.to_vec(),
            None => choice.session_id,
        };
        let is_kept = !self.known.http && !id.is_empty();
        self.known.session = is_kept.then(|| {
            Box::new(Resumable {
                id,
                ticket,
                suite: choice.suite,
                extended_master_secret: choice.extended_master_secret,
                master: self.master.clone(),
            })
        });
    }
}

/// The group, the public key, the scheme and the signature of a ServerKeyExchange with a named curve.
fn parse_key_exchange(body: &[u8]) -> Option<(u16, &[u8], u16, &[u8])> {
    const NAMED_CURVE: u8 = 3;
    let mut body = Reader(body);
    if body.u8()? != NAMED_CURVE {
        return None;
    }
    let parsed = (body.u16()?, body.vector(1)?, body.u16()?, body.vector(2)?);
    body.is_empty().then_some(parsed)
}

fn keys(suite: &Suite, key: &[u8], secret_iv: &[u8]) -> Keys {
    let mut iv = [0; 12];
    for (to, from) in iv.iter_mut().zip(secret_iv) {
        *to = *from;
    }
    if suite.chacha {
        Keys::new(Aead::ChaCha(ChaCha20Poly1305::new(key)), Form::ChaCha12, iv)
    } else {
        Keys::new(Aead::Gcm(AesGcm::new(key)), Form::Gcm12, iv)
    }
}

/// Appends a record in plaintext.
fn put_record(out: &mut Vec<u8>, content_type: u8, content: &[u8]) {
    out.extend_from_slice(&[content_type, 3, 3]);
    put_vector(out, 2, |out| out.extend_from_slice(content));
}

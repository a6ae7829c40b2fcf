//! TLS servers written by hand, over a `Stream` in memory, that can break each rule of a handshake.
//!
//! A server is a script: it is asked for bytes when the client reads, and makes them of what the client sent so far. In
//! place of certificates and signatures there are stand-ins, since who verifies them is not at stake here.

use std::cell::RefCell;
use std::rc::Rc;

use cpu::Sha256;

use super::codec::put_vector;
use super::*;
use crate::error::Error;

mod body13;
mod peers;
mod resumption;
mod server12;
mod server13;
mod tls12;
mod tls13;

/// The same bytes each time, so that a recorded server fits the next client.
pub(super) fn fixed_random(bytes: &mut [u8]) {
    for (n, byte) in bytes.iter_mut().enumerate() {
        *byte = (n * 7 + 1) as u8;
    }
}

pub(super) const LEAF: &[u8] = &[0x30, 3, 1, 2, 3];

/// Believes one chain, and the signature that [`sign`] makes.
pub(super) struct Believer;

pub(super) fn sign(message: &[u8]) -> Vec<u8> {
    let mut hash = Sha256::new();
    hash.update(b"the key of the leaf");
    hash.update(message);
    hash.finish().to_vec()
}

impl Verify for Believer {
    fn chain(&mut self, chain: &[&[u8]]) -> Result<()> {
        if chain.first() == Some(&LEAF) {
            Ok(())
        } else {
            Err(Error::new(Kind::Source, &["unknown chain"]))
        }
    }

    fn signature(
        &mut self,
        leaf: &[u8],
        _: u16,
        _: bool,
        message: &[u8],
        signature: &[u8],
    ) -> core::result::Result<(), SigError> {
        if leaf == LEAF && signature == sign(message) {
            Ok(())
        } else {
            Err(SigError::BadSignature)
        }
    }
}

/// What one attempt to connect meets.
pub(super) trait Script {
    /// Takes what the client wrote, and appends what the server sends now. To append nothing is to close.
    fn step(&mut self, from_client: &mut Vec<u8>, to_client: &mut Vec<u8>);
}

pub(super) struct Pipe {
    script: Box<dyn Script>,
    from_client: Vec<u8>,
    to_client: Vec<u8>,
    /// All that was sent to the client.
    pub(super) log: Rc<RefCell<Vec<u8>>>,
}

impl Stream for Pipe {
    fn read(&mut self, buf: &mut [u8]) -> Result<usize> {
        if self.to_client.is_empty() {
            self.script.step(&mut self.from_client, &mut self.to_client);
            self.log.borrow_mut().extend_from_slice(&self.to_client);
        }
        let n = buf.len().min(self.to_client.len());
        buf[..n].copy_from_slice(&self.to_client[..n]);
        self.to_client.drain(..n);
        Ok(n)
    }

    fn write_all(&mut self, data: &[u8]) -> Result<()> {
        self.from_client.extend_from_slice(data);
        Ok(())
    }
}

pub(super) fn pipe(script: impl Script + 'static) -> Pipe {
    Pipe {
        script: Box::new(script),
        from_client: Vec::new(),
        to_client: Vec::new(),
        log: Rc::default(),
    }
}

/// Sends recorded bytes and closes.
pub(super) struct Replay(pub(super) Vec<u8>);

impl Script for Replay {
    fn step(&mut self, _: &mut Vec<u8>, to_client: &mut Vec<u8>) {
        to_client.append(&mut self.0);
    }
}

pub(super) fn message(message_type: u8, body: &[u8]) -> Vec<u8> {
    let mut out = vec![message_type];
    put_vector(&mut out, 3, |out| out.extend_from_slice(body));
    out
}

pub(super) fn plain(content_type: u8, content: &[u8]) -> Vec<u8> {
    let mut out = vec![content_type, 3, 3];
    put_vector(&mut out, 2, |out| out.extend_from_slice(content));
    out
}

/// Reads to the end. What came, and how it ended.
pub(super) fn read_all(stream: &mut dyn Stream) -> (Vec<u8>, Result<()>) {
    let mut all = Vec::new();
    let mut buf = [0; 1000];
    loop {
        match stream.read(&mut buf) {
            Ok(0) => return (all, Ok(())),
            Ok(n) => all.extend_from_slice(&buf[..n]),
            Err(error) => return (all, Err(error)),
        }
    }
}

const REQUEST: &[u8] = b"GET /";

/// Connects, asks and reads all. Each attempt takes the last of `servers`.
fn fetch(servers: Vec<Pipe>) -> (Vec<u8>, Result<()>) {
    fetch_known(servers, &mut Known::http())
}

/// [`fetch`], with what is known of the server.
fn fetch_known(mut servers: Vec<Pipe>, known: &mut Known) -> (Vec<u8>, Result<()>) {
    let mut open = || -> Result<Box<dyn Stream>> {
        match servers.pop() {
            Some(server) => Ok(Box::new(server)),
            None => Err(Error::new(Kind::Transient, &["no second server"])),
        }
    };
    let host = Host::Name("example.org".into());
    let session = connect_with(
        &mut open,
        &host,
        "example.org:443",
        known,
        &mut Believer,
        fixed_random,
    );
    match session {
        Ok(mut session) => match session.write_all(REQUEST) {
            Ok(()) => read_all(&mut *session),
            Err(error) => (Vec::new(), Err(error)),
        },
        Err(error) => (Vec::new(), Err(error)),
    }
}

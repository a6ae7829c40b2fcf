#![no_main]
//! Whatever a TLS 1.3 server sends, the client neither panics nor hands on a byte before the server has signed.
//!
//! If the input begins with an even byte, the rest is all that the server sends, recorded or made up. With an odd one it
//! is what the server protects: pieces of a content type, a length in two bytes and the content. A content type of 0
//! stands for a Finished, after which come the application keys; 1 pads its content with a byte of zeros.

use cpu::{AesGcm, Sha256};
use curves::ecdh::{KeyPair, NamedGroup};
use hkdf::Hkdf;
use hkdf::hmac::{Hmac, Mac};
use libfuzzer_sys::fuzz_target;
use ptex::error::Result;
use ptex::stream::Stream;
use ptex::tls::sig::SigError;
use ptex::tls::{Known, Verify, connect_with};
use ptex::url::Host;
use std::cell::Cell;

fn random(bytes: &mut [u8]) {
    for (n, byte) in bytes.iter_mut().enumerate() {
        *byte = (n * 7 + 1) as u8;
    }
}

fn expand(secret: &[u8], label: &str, context: &[u8], length: usize) -> Vec<u8> {
    let mut info = vec![0, length as u8, 6 + label.len() as u8];
    info.extend_from_slice(b"tls13 ");
    info.extend_from_slice(label.as_bytes());
    info.push(context.len() as u8);
    info.extend_from_slice(context);
    let mut out = vec![0; length];
    let hkdf = Hkdf::<sha2::Sha256>::from_prk(secret).unwrap();
    hkdf.expand(&info, &mut out).unwrap();
    out
}

fn extract(secret: &[u8], input: &[u8]) -> Vec<u8> {
    let salt = expand(secret, "derived", &Sha256::new().finish(), 32);
    Hkdf::<sha2::Sha256>::extract(Some(&salt), input).0.to_vec()
}

/// The protection of what the server sends.
struct Keys {
    secret: Vec<u8>,
    sequence: u8,
}

impl Keys {
    fn seal(&mut self, inner: &[u8]) -> Vec<u8> {
        let length = (inner.len() + 16) as u16;
        let [high, low] = length.to_be_bytes();
        let mut record = vec![23, 3, 3, high, low];
        record.extend_from_slice(inner);
        let (header, data) = record.split_at_mut(5);
        let mut nonce: [u8; 12] = expand(&self.secret, "iv", &[], 12).try_into().unwrap();
        nonce[11] ^= self.sequence;
        let aead = AesGcm::new(&expand(&self.secret, "key", &[], 16));
        let tag = aead.seal(&nonce, header, data);
        record.extend_from_slice(&tag);
        self.sequence = self.sequence.wrapping_add(1);
        record
    }
}

/// All that a server sends in answer to `client_hello`.
fn server(client_hello: &[u8], mut pieces: &[u8]) -> Vec<u8> {
    let at = client_hello
        .windows(7)
        .position(|w| w == [0, 69, 0, 0x17, 0, 65, 4])
        .unwrap();
    let pair = KeyPair::generate(NamedGroup::Secp256r1, &mut random).unwrap();
    let shared = pair.agree(&client_hello[at + 6..at + 71]).unwrap();

    let mut hello = vec![2, 0, 0, 119, 3, 3];
    hello.extend_from_slice(&[5; 32]);
    hello.extend_from_slice(&[0, 0x13, 1, 0, 0, 79, 0, 51, 0, 69, 0, 0x17, 0, 65]);
    hello.extend_from_slice(pair.public());
    hello.extend_from_slice(&[0, 43, 0, 2, 3, 4]);
    hello[3] = (hello.len() - 4) as u8;
    let mut transcript = Sha256::new();
    transcript.update(client_hello);
    transcript.update(&hello);
    let mut out = vec![22, 3, 3, 0, hello.len() as u8];
    out.extend_from_slice(&hello);

    let early = Hkdf::<sha2::Sha256>::extract(None, &[0; 32]).0;
    let secret = extract(&early, shared.raw_secret_bytes());
    let hash = transcript.clone().finish();
    let mut keys = Keys {
        secret: expand(&secret, "s hs traffic", &hash, 32),
        sequence: 0,
    };
    let mut application = false;
    while let Some((&[content_type, high, low], rest)) = pieces.split_first_chunk() {
        let length = usize::from(u16::from_be_bytes([high, low])).min(rest.len());
        let (content, rest) = rest.split_at(length);
        pieces = rest;
        let mut inner = content.to_vec();
        match content_type {
            0 if !application => {
                let key = expand(&keys.secret, "finished", &[], 32);
                let mut mac = Hmac::<sha2::Sha256>::new_from_slice(&key).unwrap();
                mac.update(&transcript.clone().finish());
                inner.extend_from_slice(&[20, 0, 0, 32]);
                inner.extend_from_slice(&mac.finalize().into_bytes());
                transcript.update(&inner);
                inner.push(22);
                out.extend_from_slice(&keys.seal(&inner));
                let hash = transcript.clone().finish();
                let secret = extract(&secret, &[0; 32]);
                keys = Keys {
                    secret: expand(&secret, "s ap traffic", &hash, 32),
                    sequence: 0,
                };
                application = true;
                continue;
            }
            1 => inner.push(0),
            _ => {
                if content_type == 22 {
                    transcript.update(&inner);
                }
                inner.push(content_type);
            }
        }
        out.extend_from_slice(&keys.seal(&inner));
    }
    out
}

struct Server {
    pieces: Option<Vec<u8>>,
    out: Vec<u8>,
}

impl Stream for Server {
    fn read(&mut self, buf: &mut [u8]) -> Result<usize> {
        let n = buf.len().min(self.out.len());
        buf[..n].copy_from_slice(&self.out[..n]);
        self.out.drain(..n);
        Ok(n)
    }

    fn write_all(&mut self, data: &[u8]) -> Result<()> {
        if let Some(pieces) = self.pieces.take() {
            self.out = server(&data[5..], &pieces);
        }
        Ok(())
    }
}

/// Believes everyone, and counts.
#[derive(Default)]
struct Believer {
    chains: usize,
    signatures: usize,
    tls13: Cell<bool>,
}

impl Verify for Believer {
    fn chain(&mut self, chain: &[&[u8]]) -> Result<()> {
        assert!(!chain.is_empty());
        self.chains += 1;
        Ok(())
    }

    fn signature(
        &mut self,
        _: &[u8],
        _: u16,
        tls13: bool,
        _: &[u8],
        _: &[u8],
    ) -> core::result::Result<(), SigError> {
        assert_eq!(self.chains, 1);
        self.signatures += 1;
        self.tls13.set(tls13);
        Ok(())
    }
}

fuzz_target!(|input: &[u8]| {
    let Some((&kind, rest)) = input.split_first() else {
        return;
    };
    let mut servers = vec![if kind % 2 == 0 {
        Server {
            pieces: None,
            out: rest.to_vec(),
        }
    } else {
        Server {
            pieces: Some(rest.to_vec()),
            out: Vec::new(),
        }
    }];
    let mut open = || -> Result<Box<dyn Stream>> {
        // The other version meets a server that closes.
        Ok(Box::new(servers.pop().unwrap_or(Server {
            pieces: None,
            out: Vec::new(),
        })))
    };
    let host = Host::Name("example.org".into());
    let mut believer = Believer::default();
    let mut known = Known::http();
    let Ok(mut session) = connect_with(&mut open, &host, "peer", &mut known, &mut believer, random)
    else {
        return;
    };
    assert_eq!((believer.chains, believer.signatures), (1, 1));
    assert!(believer.tls13.get());
    let mut buf = [0; 1000];
    while let Ok(1..) = session.read(&mut buf) {}
});

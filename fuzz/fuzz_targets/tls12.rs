#![no_main]
//! Whatever a TLS 1.2 server sends, the client neither panics nor hands on a byte before the server has signed.
//!
//! The input is all that the server sends. The client's random bytes are fixed, so a recorded server gets to its end.

use libfuzzer_sys::fuzz_target;
use ptex::error::Result;
use ptex::stream::Stream;
use ptex::tls::sig::SigError;
use ptex::tls::{Known, Verify, connect_with};
use ptex::url::Host;

struct Server(Vec<u8>);

impl Stream for Server {
    fn read(&mut self, buf: &mut [u8]) -> Result<usize> {
        let n = buf.len().min(self.0.len());
        buf[..n].copy_from_slice(&self.0[..n]);
        self.0.drain(..n);
        Ok(n)
    }

    fn write_all(&mut self, _: &[u8]) -> Result<()> {
        Ok(())
    }
}

/// Believes everyone, and counts.
#[derive(Default)]
struct Believer {
    chains: usize,
    signatures: usize,
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
        assert!(!tls13);
        assert_eq!(self.chains, 1);
        self.signatures += 1;
        Ok(())
    }
}

fn random(bytes: &mut [u8]) {
    for (n, byte) in bytes.iter_mut().enumerate() {
        *byte = (n * 7 + 1) as u8;
    }
}

fuzz_target!(|input: &[u8]| {
    // The first attempt is answered with the alert handshake_failure.
    let mut servers = vec![input.to_vec(), vec![21, 3, 3, 0, 2, 2, 40]];
    let mut open = || -> Result<Box<dyn Stream>> { Ok(Box::new(Server(servers.pop().unwrap()))) };
    let host = Host::Name("example.org".into());
    let mut believer = Believer::default();
    let mut known = Known::http();
    let Ok(mut session) = connect_with(&mut open, &host, "peer", &mut known, &mut believer, random)
    else {
        return;
    };
    assert_eq!((believer.chains, believer.signatures), (1, 1));
    let mut buf = [0; 1000];
    while let Ok(1..) = session.read(&mut buf) {}
});

#![no_main]
//! Whatever a server sends on a second connection, the client neither panics nor takes it for the server of the first
//! unless it proves that it is.
//!
//! The input is what is sent on the first connection, with its length in two bytes before it, and what is sent on the
//! second. The client's random bytes are fixed, so recorded servers get to their ends.

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
        assert_eq!(self.chains, self.signatures + 1);
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
    let Some((&[high, low], rest)) = input.split_first_chunk() else {
        return;
    };
    let length = usize::from(high) << 8 | usize::from(low);
    let Some((first, second)) = rest.split_at_checked(length) else {
        return;
    };
    let host = Host::Name("example.org".into());
    let mut believer = Believer::default();
    // With an FTP server. After TLS 1.2 it is not TLS 1.3's turn: there is nothing more on that connection.
    let mut known = Known::default();
    for server in [first, second] {
        let mut servers = vec![Vec::new(), server.to_vec()];
        let mut open =
            || -> Result<Box<dyn Stream>> { Ok(Box::new(Server(servers.pop().unwrap()))) };
        let before = believer.signatures;
        let session = connect_with(&mut open, &host, "peer", &mut known, &mut believer, random);
        let Ok(mut session) = session else {
            return;
        };
        assert_eq!(believer.chains, believer.signatures);
        // Nobody signed: so it is the session of before, which only a server that knows its secret gets to the end of.
        if before == believer.signatures {
            assert_eq!(before, 1);
        }
        let mut buf = [0; 1000];
        while let Ok(1..) = session.read(&mut buf) {}
    }
});

#![no_main]
//! Whatever a server sends on a second connection, the client neither panics nor takes it for the server of the first
//! unless it proves that it is.
//!
//! The input is what is sent on the first connection, with its length in two bytes before it, and what is sent on the
//! second. The client's random bytes are fixed, so recorded servers get to their ends.

use std::cell::Cell;
use std::rc::Rc;

use libfuzzer_sys::fuzz_target;
use ptex::error::Result;
use ptex::stream::Stream;
use ptex::tls::sig::SigError;
use ptex::tls::{Known, Verify, connect_with};
use ptex::url::Host;

struct Server {
    sends: Vec<u8>,
    /// Whether the client agreed on a new secret.
    agreed: Rc<Cell<bool>>,
}

impl Stream for Server {
    fn read(&mut self, buf: &mut [u8]) -> Result<usize> {
        let n = buf.len().min(self.sends.len());
        buf[..n].copy_from_slice(&self.sends[..n]);
        self.sends.drain(..n);
        Ok(n)
    }

    fn write_all(&mut self, data: &[u8]) -> Result<()> {
        // After its ClientHello a client that resumes a session says nothing in plaintext but ChangeCipherSpec.
        if let [22, _, _, _, _, message_type, ..] = data
            && *message_type != 1
        {
            self.agreed.set(true);
        }
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
    let Some((&[high, low], rest)) = input.split_first_chunk() else {
        return;
    };
    let length = usize::from(high) << 8 | usize::from(low);
    let Some((first, second)) = rest.split_at_checked(length) else {
        return;
    };
    let host = Host::Name("example.org".into());
    // With an FTP server. After TLS 1.2 it is not TLS 1.3's turn: there is nothing more on that connection.
    let mut known = Known::default();
    let mut is_first = true;
    for server in [first, second] {
        let agreed = Rc::new(Cell::new(false));
        let mut servers = vec![Vec::new(), server.to_vec()];
        let mut open = || -> Result<Box<dyn Stream>> {
            let (sends, agreed) = (servers.pop().unwrap(), agreed.clone());
            Ok(Box::new(Server { sends, agreed }))
        };
        let mut believer = Believer::default();
        let session = connect_with(&mut open, &host, "peer", &mut known, &mut believer, random);
        let Ok(mut session) = session else {
            return;
        };
        let proven = (believer.chains, believer.signatures) == (1, 1);
        assert_eq!(proven, agreed.get());
        assert!(proven || !is_first);
        is_first = false;
        let mut buf = [0; 1000];
        while let Ok(1..) = session.read(&mut buf) {}
    }
});

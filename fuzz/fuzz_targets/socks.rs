#![no_main]
//! Whatever a SOCKS proxy answers, the negotiation ends after a few answers of bounded length, and reads not a byte of
//! what follows them. The first byte chooses the protocol and what is asked for.

use libfuzzer_sys::fuzz_target;
use ptex::auth::Credentials;
use ptex::error::Result;
use ptex::proxy::Protocol;
use ptex::proxy::socks::Negotiation;
use ptex::stream::Stream;
use ptex::url::Host;

/// The longest that a proxy can answer: a method, a login, and a name of 255 bytes.
const MAX_ANSWER: usize = 2 + 2 + 5 + 257;

struct Proxy<'a> {
    answer: &'a [u8],
    read: usize,
}

impl Stream for Proxy<'_> {
    fn read(&mut self, buf: &mut [u8]) -> Result<usize> {
        assert!(!buf.is_empty());
        let n = buf.len().min(self.answer.len());
        let (now, later) = self.answer.split_at(n);
        buf[..n].copy_from_slice(now);
        self.answer = later;
        self.read += n;
        Ok(n)
    }
    fn write_all(&mut self, data: &[u8]) -> Result<()> {
        assert!(!data.is_empty() && data.len() < 1 << 10);
        Ok(())
    }
}

fuzz_target!(|input: &[u8]| {
    let Some((&choice, answer)) = input.split_first() else {
        return;
    };
    let protocol = match choice & 3 {
        0 => Protocol::Socks4,
        1 => Protocol::Socks4a,
        2 => Protocol::Socks5,
        _ => Protocol::Socks5h,
    };
    let host = match choice >> 2 & 3 {
        0 => Host::V4([10, 1, 2, 3]),
        1 => Host::V6([1; 16]),
        _ => Host::Name("example.com".into()),
    };
    let credentials = Credentials {
        user: b"user".to_vec(),
        password: b"password".to_vec(),
    };
    let credentials = (choice & 16 != 0).then_some(&credentials);
    let Ok(mut socks) = Negotiation::new(protocol, &host, 443, credentials) else {
        return;
    };
    let mut proxy = Proxy { answer, read: 0 };
    let result = socks.run(&mut proxy);
    assert!(proxy.read <= MAX_ANSWER);
    if result.is_ok() {
        let granted = match protocol {
            Protocol::Socks4 | Protocol::Socks4a => answer.starts_with(&[0, 90]),
            _ => answer.starts_with(&[5, 0]) || answer.starts_with(&[5, 2, 1, 0]),
        };
        assert!(granted);
    }
});

//! The lines of a resolver's configuration (resolv.conf(5)): who is asked, and for which names.

use alloc::vec::Vec;
use core::net::{Ipv4Addr, SocketAddr};

use super::{addr, next_word};
use crate::text::split_once;

/// MAXNS of resolv.conf(5).
const MAX_NAMESERVERS: usize = 3;

/// The longest search list of older C libraries; each entry may cost a round of questions.
const MAX_SEARCH: usize = 6;

/// What a resolver is told by its configuration.
pub struct ResolvConf {
    /// At most three, with the port to ask on; after [`finish`](Self::finish) at least one.
    pub nameservers: Vec<SocketAddr>,
    /// Domains to put behind a name that may be a relative one, divided by white space; see
    /// [`domains`](Self::domains).
    search: Vec<u8>,
    /// A name with at least this many dots is first tried as it is. At most 15.
    pub ndots: u32,
    /// Seconds that an attempt takes, 1 to 30.
    pub timeout: u32,
    /// How many attempts are made, 1 to 5.
    pub attempts: u32,
    port: u16,
}

impl ResolvConf {
    /// The defaults; nameservers are asked on `port`.
    pub fn new(port: u16) -> Self {
        ResolvConf {
            nameservers: Vec::new(),
            search: Vec::new(),
            ndots: 1,
            timeout: 5,
            attempts: 2,
            port,
        }
    }

    /// Takes in a line. What is unknown or malformed is left out, as every resolver does.
    pub fn line(&mut self, line: &[u8]) {
        let end = line.iter().position(|b| matches!(b, b'#' | b';'));
        let mut rest = line.get(..end.unwrap_or(line.len())).unwrap_or_default();
        match next_word(&mut rest) {
            Some(b"nameserver") if self.nameservers.len() < MAX_NAMESERVERS => {
                let address = next_word(&mut rest).and_then(|word| addr::parse(word, self.port));
                self.nameservers.extend(address);
            }
            // The last one counts.
            Some(b"search" | b"domain") => self.search = rest.into(),
            Some(b"options") => {
                while let Some(word) = next_word(&mut rest) {
                    self.option(word);
                }
            }
            _ => {}
        }
    }

    fn option(&mut self, word: &[u8]) {
        let Some((key, value)) = split_once(word, b':') else {
            return;
        };
        let Some(n) = addr::number(value) else {
            return;
        };
        // The limits of resolv.conf(5); zero would mean never to ask.
        match key {
            b"ndots" => self.ndots = n.min(15),
            b"timeout" => self.timeout = n.clamp(1, 30),
            b"attempts" => self.attempts = n.clamp(1, 5),
            _ => {}
        }
    }

    /// The search list: at most six domains.
    pub fn domains(&self) -> impl Iterator<Item = &[u8]> {
        let mut rest = &self.search[..];
        core::iter::from_fn(move || next_word(&mut rest)).take(MAX_SEARCH)
    }

    /// To be called after the last line: without a nameserver, the one of this machine is asked.
    pub fn finish(&mut self) {
        if self.nameservers.is_empty() {
            let local = addr::with_port(Ipv4Addr::LOCALHOST.into(), self.port);
            self.nameservers.push(local);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::string::{String, ToString};

    fn parse(text: &str) -> ResolvConf {
        let mut conf = ResolvConf::new(53);
        text.lines().for_each(|line| conf.line(line.as_bytes()));
        conf.finish();
        conf
    }

    fn servers(conf: &ResolvConf) -> Vec<String> {
        conf.nameservers.iter().map(|s| s.to_string()).collect()
    }

    #[test]
    fn defaults() {
        let conf = parse("# nothing\n\n; here\nnameserver\nnameserver nonsense\nsortlist 1\n");
        assert_eq!(servers(&conf), ["127.0.0.1:53"]);
        assert_eq!(conf.domains().count(), 0);
        assert_eq!((conf.ndots, conf.timeout, conf.attempts), (1, 5, 2));
    }

    #[test]
    fn a_full_file() {
        let conf = parse(
            "domain old.example\nnameserver 10.0.0.1 # first\n  nameserver\t2001:db8::1\nnameserver fe80::1%3\n\
             nameserver 10.0.0.4\nsearch a.example. b.example # none\noptions rotate ndots:5 timeout:2 attempts:3\n",
        );
        assert_eq!(
            servers(&conf),
            ["10.0.0.1:53", "[2001:db8::1]:53", "[fe80::1%3]:53"]
        );
        let domains: Vec<_> = conf.domains().collect();
        assert_eq!(domains, [&b"a.example."[..], b"b.example"]);
        assert_eq!((conf.ndots, conf.timeout, conf.attempts), (5, 2, 3));
    }

    #[test]
    fn limits() {
        let conf = parse(
            "search 1 2 3 4 5 6 7 8\noptions ndots:99 timeout:0 attempts:999 ndots: timeout attempts:x\n",
        );
        assert_eq!(conf.domains().count(), 6);
        assert_eq!((conf.ndots, conf.timeout, conf.attempts), (15, 1, 5));
    }
}

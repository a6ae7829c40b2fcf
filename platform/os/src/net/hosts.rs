//! The lines of a hosts file (hosts(5)): an address, then the names it has.

use core::net::SocketAddr;

use super::{addr, next_word};
use crate::text::{alike, split};

/// The address that `line` gives to `name`, with `port`. Names are compared without regard to case; a line that is
/// a comment, names others or starts with no address gives none.
pub fn address(line: &[u8], name: &str, port: u16) -> Option<SocketAddr> {
    let mut rest = split(line, b'#').next()?;
    let literal = next_word(&mut rest)?;
    while !alike(next_word(&mut rest)?, name.as_bytes()) {}
    addr::parse(literal, port)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines() {
        let of = |line: &str, name| address(line.as_bytes(), name, 80).map(|a| a.ip());
        let ip = |text: &str| Some(text.parse().unwrap());
        assert_eq!(of("10.0.0.1 a b.example c", "a"), ip("10.0.0.1"));
        assert_eq!(of("10.0.0.1 a b.example c\r", "c"), ip("10.0.0.1"));
        assert_eq!(
            of("\t10.0.0.1\t\tA  B.Example", "b.eXAMPLE"),
            ip("10.0.0.1")
        );
        assert_eq!(of("fd00::1 a#b", "a"), ip("fd00::1"));
        assert_eq!(of("10.0.0.1 a # b", "b"), None);
        assert_eq!(of("#10.0.0.1 a", "a"), None);
        assert_eq!(of("10.0.0.1 aa", "a"), None);
        assert_eq!(of("10.0.0.1", "10.0.0.1"), None);
        assert_eq!(of("a a", "a"), None);
        assert_eq!(of("", "a"), None);
        assert_eq!(address(b"\xff\xfe a", "a", 80), None);
    }
}

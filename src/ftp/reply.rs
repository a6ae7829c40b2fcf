//! Replies of an FTP server (RFC 959, section 4.2): a code, and lines of text that mostly are for people.

use alloc::vec::Vec;
use core::mem;

use crate::error::{Error, Kind, Result, Shown};
use os::text;
use os::text::Template;
use os::text::find;

/// Bytes of one reply, all of its lines together: a server that greets with its rules needs a few KiB.
pub const MAX_REPLY: usize = 64 * 1024;

/// Bytes of a reply's text that an error shows.
const MAX_SHOWN: usize = 160;

/// What a server answered.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Reply {
    /// From 100 to 599.
    pub code: u16,
    /// The last line, code and text, without its end.
    line: Vec<u8>,
}

impl Reply {
    /// The first digit of the code: 1 preliminary, 2 done, 3 needs more, 4 not now, 5 never (RFC 959, section 4.2.1).
    pub fn class(&self) -> u16 {
        self.code / 100
    }

    /// The text of the last line.
    pub fn text(&self) -> &[u8] {
        self.line.get(4..).unwrap_or_default()
    }

    /// Code and text, fit for a message.
    pub fn shown(&self) -> Shown<'_> {
        Shown(&self.line, MAX_SHOWN)
    }

    /// Leaves nothing but the code to be shown.
    pub fn forget_text(&mut self) {
        self.line.truncate(3);
    }

    /// The number that the text begins with if this is the reply `code`, as 213 is with a size (RFC 3659, section 4).
    pub fn number_of(&self, code: u16) -> Option<u64> {
        number(&mut self.text()).filter(|_| self.code == code)
    }

    /// The port that the server listens on, as it answered EPSV (RFC 2428, section 3) or PASV (RFC 959, section 4.1.2).
    ///
    /// The address in a reply to PASV is of no interest: whoever may name one can have us connect to machines that only
    /// we can reach, and behind address translation it is wrong anyway.
    pub fn passive_port(&self) -> Option<u16> {
        let mut text = self.text();
        let port = match self.code {
            229 => {
                let open = find(text, b'(')?;
                let [mark, second, third, digits @ ..] = text.get(open + 1..)? else {
                    return None;
                };
                let mut rest = digits;
                let port = number(&mut rest)?;
                if [second, third] != [mark, mark] || !rest.starts_with(&[*mark, b')']) {
                    return None;
                }
                port
            }
            227 => {
                // Not all put the six numbers into parentheses (RFC 1123, section 4.1.2.6).
                let digit = text.iter().position(u8::is_ascii_digit)?;
                text = text.get(digit..)?;
                let mut numbers = [0; 6];
                for (index, slot) in numbers.iter_mut().enumerate() {
                    if index > 0 {
                        text = text.strip_prefix(b",")?;
                    }
                    *slot = number(&mut text).filter(|&n| n < 256)?;
                }
                let [.., high, low] = numbers;
                high << 8 | low
            }
            _ => return None,
        };
        u16::try_from(port).ok().filter(|&port| port != 0)
    }
}

/// Takes a decimal number off the front of `text`.
#[inline(never)]
fn number(text: &mut &[u8]) -> Option<u64> {
    let mut value = None;
    while let [digit @ b'0'..=b'9', rest @ ..] = *text {
        *text = rest;
        let digit = u64::from(digit - b'0');
        value = Some(value.unwrap_or(0u64).checked_mul(10)?.checked_add(digit)?);
    }
    value
}

/// Puts replies together from pieces of any size.
///
/// It is ready for the next reply once it has given one.
#[derive(Default)]
pub struct Parser {
    line: Vec<u8>,
    /// The code of a reply of several lines, from its first line on.
    code: Option<u16>,
    /// Bytes of the reply so far.
    len: usize,
}

impl Parser {
    /// Takes what belongs to the reply from `input` and gives the reply when it is complete; what is left in `input` is
    /// then what follows it.
    ///
    /// # Errors
    /// [`Kind::Source`] for what is no reply, or one that does not end.
    pub fn feed(&mut self, input: &mut &[u8]) -> Result<Option<Reply>> {
        while let [byte, rest @ ..] = *input {
            *input = rest;
            self.len += 1;
            if self.len > MAX_REPLY {
                return Err(broken(text!("its reply has no end"), b""));
            }
            if *byte != b'\n' {
                self.line.push(*byte);
                continue;
            }
            let mut line = mem::take(&mut self.line);
            if line.last() == Some(&b'\r') {
                line.pop();
            }
            let code = code_of(&line);
            let is_last = line.get(3) != Some(&b'-');
            match (self.code, code) {
                (None, None) => return Err(broken(text!("it said "), &line)),
                (None, Some(code)) if !is_last => self.code = Some(code),
                // Within a reply of several lines, only its own code ends it.
                (Some(first), code) if !is_last || code != Some(first) => {}
                (_, Some(code)) => {
                    *self = Parser::default();
                    return Ok(Some(Reply { code, line }));
                }
                (Some(_), None) => {}
            }
        }
        Ok(None)
    }
}

/// The code that `line` begins with, which ends there or has a space or a hyphen behind it.
fn code_of(line: &[u8]) -> Option<u16> {
    let (&[a @ b'1'..=b'5', b @ b'0'..=b'9', c @ b'0'..=b'9'], b"" | [b' ' | b'-', ..]) =
        line.split_first_chunk()?
    else {
        return None;
    };
    Some(u16::from(a - b'0') * 100 + u16::from(b - b'0') * 10 + u16::from(c - b'0'))
}

#[cold]
fn broken(what: Template, line: &[u8]) -> Error {
    let text = text!("The server does not speak FTP: %%");
    Error::say(Kind::Source, text, &[&what, &Shown(line, MAX_SHOWN)])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(mut input: &[u8]) -> Result<Option<(Reply, usize)>> {
        let reply = Parser::default().feed(&mut input)?;
        Ok(reply.map(|reply| (reply, input.len())))
    }

    fn reply(input: &[u8]) -> Reply {
        parse(input).unwrap().unwrap().0
    }

    #[test]
    fn one_line() {
        for (input, code, text, rest) in [
            (&b"220 Hello\r\n"[..], 220, &b"Hello"[..], 0),
            (b"220 Hello\n331", 220, b"Hello", 3),
            (b"220\r\n", 220, b"", 0),
            (b"220 \r\n", 220, b"", 0),
            (b"599 a\rb\r\n\r\n", 599, b"a\rb", 2),
        ] {
            let (reply, left) = parse(input).unwrap().unwrap();
            assert_eq!((reply.code, reply.text(), left), (code, text, rest));
            assert_eq!(reply.class(), code / 100);
        }
    }

    #[test]
    fn several_lines_in_pieces_of_any_size() {
        let input = b"211-Features:\r\n SIZE\r\n211-more\r\n220 not the end\r\n2110 nor this\r\n\r\n211 End\r\n226 ok\r\n";
        for size in 1..input.len() {
            let mut parser = Parser::default();
            let mut replies = Vec::new();
            for mut piece in input.chunks(size) {
                while let Some(reply) = parser.feed(&mut piece).unwrap() {
                    replies.push((reply.code, reply.text().to_vec()));
                }
                assert!(piece.is_empty());
            }
            assert_eq!(replies, [(211, b"End".to_vec()), (226, b"ok".to_vec())]);
        }
    }

    #[test]
    fn what_is_no_reply() {
        for input in [
            &b"HTTP/1.1 400 Bad Request\r\n"[..],
            b"SSH-2.0-x\r\n",
            b"\r\n",
            b"22\n",
            b"2200 x\n",
            b"220x\n",
            b"099 x\n",
            b"631 x\n",
            b"\xff\xfb\x01\n",
        ] {
            let error = parse(input).unwrap_err();
            assert_eq!(error.kind, Kind::Source);
            assert!(!error.text.contains(char::is_control), "{}", error.text);
        }
        assert_eq!(parse(b"220-a\r\n220").unwrap(), None);
    }

    #[test]
    fn a_reply_has_an_end() {
        for unit in [&b"a"[..], b"220-still here\r\n", b" x\r\n"] {
            let mut parser = Parser::default();
            let mut fed = 0;
            parser.feed(&mut &b"220-\r\n"[..]).unwrap();
            let error = loop {
                fed += unit.len();
                if let Err(error) = parser.feed(&mut &unit[..]) {
                    break error;
                }
            };
            assert_eq!(
                error.text,
                "The server does not speak FTP: its reply has no end"
            );
            assert!(fed <= MAX_REPLY + unit.len());
        }
    }

    #[test]
    fn ports() {
        for (line, port) in [
            (
                &b"229 Entering Extended Passive Mode (|||6446|)\n"[..],
                Some(6446),
            ),
            (b"229 (!!!1!)\n", Some(1)),
            (b"229 ok (|||65535|).\n", Some(65535)),
            (b"229 (|||65536|)\n", None),
            (b"229 (|||0|)\n", None),
            (b"229 (||1|6446|)\n", None),
            (b"229 (|!|6446|)\n", None),
            (b"229 (|||6446)\n", None),
            (b"229 (|||6446|\n", None),
            (b"229 (||||)\n", None),
            (b"229 (|||99999999999999999999|)\n", None),
            (b"229 (\n", None),
            (b"229\n", None),
            (b"227 Entering Passive Mode (192,0,2,1,4,1).\n", Some(1025)),
            (
                b"227 Entering Passive Mode 127,0,0,1,255,255\n",
                Some(65535),
            ),
            (b"227 =127,0,0,1,0,21\n", Some(21)),
            (b"227 (127,0,0,1,0,0)\n", None),
            (b"227 (127,0,0,1,256,1)\n", None),
            (b"227 (127,0,0,1,1)\n", None),
            (b"227 (127,0,0,1,1,)\n", None),
            (b"227 (127 0 0 1 1 1)\n", None),
            (b"227 none\n", None),
            (b"200 (|||6446|)\n", None),
        ] {
            assert_eq!(reply(line).passive_port(), port, "{}", line.escape_ascii());
        }
    }

    #[test]
    fn numbers() {
        assert_eq!(reply(b"213 1234\r\n").number_of(213), Some(1234));
        assert_eq!(
            reply(b"213 18446744073709551615\r\n").number_of(213),
            Some(u64::MAX)
        );
        assert_eq!(reply(b"213 18446744073709551616\r\n").number_of(213), None);
        assert_eq!(reply(b"213 -1\r\n").number_of(213), None);
        assert_eq!(reply(b"213\r\n").number_of(213), None);
    }
}

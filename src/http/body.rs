//! The framing of a response's content (RFC 9112, sections 6 and 7): what of the bytes read is data.
//!
//! Data are handed on as slices of the input. What the content means, and whether it is all that was asked for, is for
//! the caller to know.

use alloc::vec::Vec;
use core::mem;

use super::header::split_line;
use super::response::Framing;
use crate::error::{Error, Kind, Result};
use crate::url::hex_value;
use os::text;
use os::text::Template;

/// Bytes of the line with a chunk's size and extensions, which nobody uses (RFC 9112, section 7.1.1 asks for a limit).
pub const MAX_CHUNK_LINE: usize = 4 * 1024;

/// Bytes of all trailer lines: they are kept for -D.
pub const MAX_TRAILERS: usize = 100 * 1024;

/// The decoder of one response's content.
pub struct Body {
    state: State,
    /// The bytes left of the content, if its end is known, or of a chunk; in the line with a chunk's size, its value so far.
    left: u64,
    /// Bytes so far of the line with the chunk's size.
    line_len: usize,
    trailers: Vec<u8>,
    /// Where the last line of `trailers` begins.
    trailer: usize,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Length,
    UntilClose,
    /// Before the first digit of a chunk's size.
    SizeStart,
    /// In the digits.
    Size,
    /// In the space after the digits.
    SizeSpace,
    Extension,
    /// After the CR of the line with the size.
    SizeLf,
    Data,
    /// After a chunk's data.
    DataCr,
    /// After the CR that follows a chunk's data.
    DataLf,
    Trailer,
    Done,
}

impl Body {
    /// The decoder for a response with this framing.
    pub fn new(framing: Framing) -> Body {
        let (state, left) = match framing {
            Framing::None | Framing::Length(0) => (State::Done, 0),
            Framing::Length(len) => (State::Length, len),
            Framing::Chunked => (State::SizeStart, 0),
            Framing::UntilClose => (State::UntilClose, u64::MAX),
        };
        Body {
            state,
            left,
            line_len: 0,
            trailers: Vec::new(),
            trailer: 0,
        }
    }

    /// The next data in `input`, which is then what follows them.
    ///
    /// To be called while `input` is not empty and the body is not [done](Body::is_done); it takes at least a byte. What
    /// it returns may be empty. What is left in `input` when it is done is not of this response. An error is
    /// [`Kind::Source`].
    pub fn decode<'a>(&mut self, input: &mut &'a [u8]) -> Result<&'a [u8]> {
        while !self.in_data()
            && let [byte, rest @ ..] = *input
        {
            *input = rest;
            self.frame(*byte)?;
        }
        // It is at most the length of the input, so it fits. What is not data has left no input.
        let len = usize::try_from(self.left).map_or(input.len(), |left| left.min(input.len()));
        self.left -= len as u64;
        if self.left == 0 {
            self.state = match self.state {
                State::Length => State::Done,
                State::Data => State::DataCr,
                state => state,
            };
        }
        let (data, rest) = input.split_at_checked(len).unwrap_or((input, &[]));
        *input = rest;
        Ok(data)
    }

    /// Whether the content is complete. One that ends with the connection never is.
    pub fn is_done(&self) -> bool {
        self.state == State::Done
    }

    /// What the end of the connection means here: nothing if the content is complete or could not have ended otherwise,
    /// else an error, [`Kind::Transient`].
    pub fn end(&self) -> Result<()> {
        match self.state {
            State::Done | State::UntilClose => Ok(()),
            State::Length => Err(partial(self.left)),
            _ => {
                let text = text!(
                    "Transferred a partial file (end of response with the last chunk missing)"
                );
                Err(Error::say(Kind::Transient, text, &[]))
            }
        }
    }

    /// The trailer lines as they came, each with its end, for -D; complete when the body is done.
    pub fn trailers(&self) -> &[u8] {
        &self.trailers
    }

    fn in_data(&self) -> bool {
        matches!(
            self.state,
            State::Length | State::UntilClose | State::Data | State::Done
        )
    }

    /// Takes a byte that is not data. A lone LF ends a line (RFC 9112, section 2.2): nobody reads after us what comes
    /// behind it, so nobody can be made to read it differently.
    #[inline(never)]
    fn frame(&mut self, byte: u8) -> Result<()> {
        use State::*;
        self.line_len += 1;
        if self.line_len > MAX_CHUNK_LINE && self.state != Trailer {
            return Err(broken(text!("the line with a chunk's size is too long")));
        }
        self.state = match (self.state, byte) {
            (SizeStart | Size, digit) if let Some(digit) = hex_value(digit) => {
                if self.left >> 60 != 0 {
                    return Err(broken(text!("a chunk's size is too large")));
                }
                self.left = self.left << 4 | u64::from(digit);
                Size
            }
            (Size | SizeSpace, b' ' | b'\t') => SizeSpace,
            (Size | SizeSpace, b';') => Extension,
            (Size | SizeSpace | Extension, b'\r') => SizeLf,
            (Size | SizeSpace | Extension | SizeLf, b'\n') => {
                self.line_len = 0;
                if self.left == 0 { Trailer } else { Data }
            }
            (Extension, byte) if byte == b'\t' || !byte.is_ascii_control() => Extension,
            (DataCr, b'\r') => DataLf,
            (DataCr | DataLf, b'\n') => {
                self.line_len = 0;
                SizeStart
            }
            (Trailer, byte) => self.trailer(byte)?,
            (DataCr | DataLf, _) => return Err(broken(text!("a chunk is longer than its size"))),
            _ => return Err(broken(text!("illegal or missing chunk size"))),
        };
        Ok(())
    }

    fn trailer(&mut self, byte: u8) -> Result<State> {
        if self.trailers.len() == MAX_TRAILERS {
            return Err(broken(text!("the trailers are too long")));
        }
        self.trailers.push(byte);
        if byte != b'\n' {
            return Ok(State::Trailer);
        }
        let len = self.trailers.len();
        let start = mem::replace(&mut self.trailer, len);
        match self.trailers.get(start..) {
            Some(b"\r\n" | b"\n") => {
                self.trailers.truncate(start);
                Ok(State::Done)
            }
            Some([line @ .., b'\r', b'\n'] | [line @ .., b'\n']) if split_line(line).is_some() => {
                Ok(State::Trailer)
            }
            _ => Err(broken(text!("bad trailer"))),
        }
    }
}

/// The error of content that ended with so many bytes missing.
#[cold]
pub fn partial(missing: u64) -> Error {
    let text = text!("Transferred a partial file (end of response with % bytes missing)");
    Error::say(Kind::Transient, text, &[&missing])
}

#[cold]
fn broken(what: Template) -> Error {
    Error::say(Kind::Source, text!("Bad chunked encoding: %"), &[&what])
}

#[cfg(test)]
mod tests {
    use alloc::string::String;

    use super::*;

    /// Data, trailers and what was left, or the error, of `text` cut into pieces of `size`.
    fn decode_by(
        framing: Framing,
        text: &[u8],
        size: usize,
    ) -> Result<(Vec<u8>, Vec<u8>, usize, Body)> {
        let mut body = Body::new(framing);
        let mut data = Vec::new();
        let mut used = 0;
        for mut piece in text.chunks(size) {
            while !piece.is_empty() && !body.is_done() {
                let before = piece.len();
                data.extend_from_slice(body.decode(&mut piece)?);
                assert!(piece.len() < before, "no progress");
                used += before - piece.len();
            }
        }
        Ok((data, body.trailers().to_vec(), text.len() - used, body))
    }

    /// The same, in pieces of every size.
    fn decode(framing: Framing, text: &[u8]) -> Result<(Vec<u8>, Vec<u8>, usize, Body)> {
        let whole = decode_by(framing, text, text.len().max(1));
        for size in 1..text.len().min(200) {
            match (decode_by(framing, text, size), &whole) {
                (Ok(cut), Ok(whole)) => {
                    assert_eq!(
                        (cut.0, cut.1, cut.2),
                        (whole.0.clone(), whole.1.clone(), whole.2)
                    );
                    assert!(cut.3.state == whole.3.state);
                }
                (Err(cut), Err(whole)) => assert_eq!(&cut, whole),
                _ => panic!("differs in pieces of {size}"),
            }
        }
        whole
    }

    fn chunked(text: &str) -> (String, String, usize, bool) {
        match decode(Framing::Chunked, text.as_bytes()) {
            Ok((data, trailers, left, body)) => (
                String::from_utf8(data).unwrap(),
                String::from_utf8(trailers).unwrap(),
                left,
                body.is_done(),
            ),
            Err(e) => panic!("{text:?}: {}", e.text),
        }
    }

    fn error(text: &str) -> String {
        match decode(Framing::Chunked, text.as_bytes()) {
            Ok(_) => panic!("accepted {text:?}"),
            Err(e) => {
                assert_eq!(e.kind, Kind::Source);
                e.text.clone()
            }
        }
    }

    #[test]
    fn lengths() {
        let (data, _, left, body) = decode(Framing::Length(5), b"hello, world").unwrap();
        assert_eq!((&data[..], left, body.is_done()), (&b"hello"[..], 7, true));
        assert_eq!(body.end(), Ok(()));
        for framing in [Framing::None, Framing::Length(0)] {
            let (data, _, left, body) = decode(framing, b"x").unwrap();
            assert_eq!((data.len(), left, body.is_done()), (0, 1, true));
        }
        let (data, _, _, body) = decode(Framing::Length(u64::MAX), b"hello").unwrap();
        assert_eq!((&data[..], body.is_done()), (&b"hello"[..], false));
    }

    #[test]
    fn data_are_not_copied() {
        let mut body = Body::new(Framing::Chunked);
        let text = b"5\r\nhello\r\n";
        let mut input = &text[..];
        let data = body.decode(&mut input).unwrap();
        assert_eq!(data.as_ptr(), text[3..].as_ptr());
        assert_eq!((data, input), (&b"hello"[..], &b"\r\n"[..]));
    }

    #[test]
    fn a_close_ends_only_what_has_no_other_end() {
        let end = |framing, text: &[u8]| decode(framing, text).unwrap().3.end();
        assert_eq!(end(Framing::UntilClose, b""), Ok(()));
        assert_eq!(end(Framing::UntilClose, b"hello"), Ok(()));
        let e = end(Framing::Length(10), b"hello").unwrap_err();
        assert_eq!(e.kind, Kind::Transient);
        assert_eq!(
            e.text,
            "Transferred a partial file (end of response with 5 bytes missing)"
        );
        for text in [
            "",
            "5",
            "5\r\nhel",
            "5\r\nhello",
            "5\r\nhello\r\n",
            "0\r\n",
            "0\r\nA: b\r\n",
            "0\r\n\r",
        ] {
            let e = end(Framing::Chunked, text.as_bytes()).unwrap_err();
            assert_eq!(e.kind, Kind::Transient, "{text:?}");
            assert_eq!(
                e.text,
                "Transferred a partial file (end of response with the last chunk missing)"
            );
        }
    }

    #[test]
    fn chunks() {
        let done = |data: &str| (data.into(), String::new(), 0, true);
        assert_eq!(chunked("0\r\n\r\n"), done(""));
        assert_eq!(chunked("5\r\nhello\r\n0\r\n\r\n"), done("hello"));
        assert_eq!(
            chunked("5\r\nhello\r\n000A\r\n, world\r\n!\r\n000\r\n\r\n"),
            done("hello, world\r\n!")
        );
        assert_eq!(
            chunked("a\r\n0123456789\r\nA\r\n0123456789\r\n0\r\n\r\n")
                .0
                .len(),
            20
        );
        assert_eq!(chunked("1 \t\r\nx\r\n0  ;a\r\n\r\n"), done("x"));
        assert_eq!(
            chunked("1;a=\"b;c\";d\r\nx\r\n0;\t\u{e9}\r\n\r\n"),
            done("x")
        );
        assert_eq!(chunked("1\nx\n0\n\n"), done("x"));
        assert_eq!(
            chunked("0\r\n\r\nHTTP/1.1"),
            (String::new(), String::new(), 8, true)
        );
    }

    #[test]
    fn trailers() {
        let text = "1\r\nx\r\n0\r\nA: b\r\nContent-Length: 5\n\r\nrest";
        let trailers = "A: b\r\nContent-Length: 5\n";
        assert_eq!(chunked(text), ("x".into(), trailers.into(), 4, true));
        for bad in [
            "A b",
            " A: b",
            "A : b",
            "A: \0",
            "A: b\r",
            ": b",
            "A: b\r\n c",
        ] {
            let text = ["0\r\n", bad, "\r\n\r\n"].concat();
            assert_eq!(error(&text), "Bad chunked encoding: bad trailer", "{bad:?}");
        }
    }

    #[test]
    fn what_is_no_chunk() {
        for text in [
            "\r\n", "\n", "x", " 5\r\n", "-5\r\n", "+5\r\n", "0x5\r\n", "5 5\r\n", "5\rx",
            "5,\r\n", ";a\r\n", "5;\0", "5;a\rb", "5;\x7f", "g\r\n", "5\0\r\n",
        ] {
            assert_eq!(
                error(text),
                "Bad chunked encoding: illegal or missing chunk size",
                "{text:?}"
            );
        }
        for text in ["1\r\nxy", "1\r\nx\rx", "1\r\nx0\r\n"] {
            assert_eq!(
                error(text),
                "Bad chunked encoding: a chunk is longer than its size",
                "{text:?}"
            );
        }
    }

    #[test]
    fn sizes_do_not_overflow() {
        let (data, _, _, body) = decode(Framing::Chunked, b"ffffffffffffffff\r\nx").unwrap();
        assert_eq!(data, b"x");
        assert!(body.state == State::Data && body.left == u64::MAX - 1);
        assert_eq!(chunked("00000000000000000001\r\nx\r\n0\r\n\r\n").0, "x");
        for size in [
            "10000000000000000",
            "1ffffffffffffffff",
            "fffffffffffffffff",
        ] {
            assert_eq!(
                error(size),
                "Bad chunked encoding: a chunk's size is too large"
            );
        }
    }

    #[test]
    fn limits() {
        let extended = |len: usize| ["1;", &"x".repeat(len - 4), "\r\nx\r\n"].concat();
        // For each chunk anew.
        let text = [extended(MAX_CHUNK_LINE).repeat(3).as_str(), "0\r\n\r\n"].concat();
        assert_eq!(chunked(&text).0, "xxx");
        let long = "Bad chunked encoding: the line with a chunk's size is too long";
        assert_eq!(error(&extended(MAX_CHUNK_LINE + 1)), long);
        assert_eq!(error(&"0".repeat(MAX_CHUNK_LINE + 1)), long);

        let trailers = |len: usize| ["0\r\nA: ", &"x".repeat(len - 5), "\r\n\r\n"].concat();
        assert_eq!(
            chunked(&trailers(MAX_TRAILERS - 2)).1.len(),
            MAX_TRAILERS - 2
        );
        assert_eq!(
            error(&trailers(MAX_TRAILERS - 1)),
            "Bad chunked encoding: the trailers are too long"
        );
    }
}

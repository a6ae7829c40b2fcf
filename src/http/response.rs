//! The head of a response (RFC 9112, sections 4 to 6), and what its fields mean to a fetch.
//!
//! It is forgiving where nothing depends on it (lone LFs, empty lines in front, no reason phrase, folded lines) and
//! strict where two readers could see two different messages. Which statuses are followed is in [`super::redirect`].

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::ops::Range;
use core::str;

use super::header::{elements, is_value, split_line, trim};
use super::{Method, date};
use crate::error::{Error, Kind, Result};
use crate::report::Report;
use crate::stream::Stream;
use crate::text::number;
use os::text;
use os::text::Template;
use os::text::{alike, find, split, split_once};

/// Bytes of one line of a head: curl's limit.
pub const MAX_LINE: usize = 100 * 1024;

/// Bytes of all heads of one response, the 1xx ones included: curl's limit.
pub const MAX_HEAD: usize = 300 * 1024;

/// 1xx responses before the final one. Servers send one or two; proxies that keep a connection alive, one per 10 s.
pub const MAX_INTERIM: u32 = 64;

/// Where the content of a response ends (RFC 9112, section 6.3).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Framing {
    /// There is none.
    None,
    /// After this many bytes.
    Length(u64),
    /// With the last chunk.
    Chunked,
    /// With the connection.
    UntilClose,
}

/// Puts a response's head together from pieces of any size.
pub struct HeadParser {
    method: Method,
    raw: Vec<u8>,
    /// Where the head of the latest response, interim or final, begins in `raw`.
    head_start: usize,
    /// Where the line that is being read begins in `raw`.
    line_start: usize,
    /// Whether the latest head has a field yet.
    has_field: bool,
    interim: u32,
}

/// The head of a final response.
pub struct Head {
    raw: Vec<u8>,
    start: usize,
    status: u16,
    framing: Framing,
}

impl HeadParser {
    /// A parser for the response to a `method` request.
    pub fn new(method: Method) -> HeadParser {
        HeadParser {
            method,
            raw: Vec::new(),
            head_start: 0,
            line_start: 0,
            has_field: false,
            interim: 0,
        }
    }

    /// Reads the head from `stream` through `buffer`, and has `report` show its lines: also those of one that is cut, or
    /// bad. The second result is where in `buffer` that is what followed it.
    pub fn read(
        mut self,
        stream: &mut dyn Stream,
        buffer: &mut [u8],
        report: &mut Report,
    ) -> Result<(Box<Head>, Range<usize>)> {
        let rest = self.read_lines(stream, buffer);
        report.headers(self.lines());
        let rest = rest?;
        Ok((self.head()?, rest))
    }

    fn read_lines(&mut self, stream: &mut dyn Stream, buffer: &mut [u8]) -> Result<Range<usize>> {
        loop {
            let n = stream.read(buffer)?;
            if n == 0 {
                return Err(self.end());
            }
            let mut input = buffer.get(..n).unwrap_or_default();
            if self.feed(&mut input)? {
                return Ok(n - input.len()..n);
            }
        }
    }

    /// Takes what belongs to the head from `input`, and says whether it is complete, which is then for
    /// [`head`](Self::head); what is left in `input` is what follows it. Interim (1xx) responses are passed over. An error
    /// is [`Kind::Source`].
    pub fn feed(&mut self, input: &mut &[u8]) -> Result<bool> {
        while !input.is_empty() {
            let line_end = find(input, b'\n');
            let len = line_end.map_or(input.len(), |at| at + 1);
            let (part, rest) = input.split_at_checked(len).unwrap_or_default();
            *input = rest;
            self.raw.extend_from_slice(part);
            self.check_start()?;
            if self.line().len() > MAX_LINE || self.raw.len() > MAX_HEAD {
                return Err(broken(text!("Too large response headers")));
            }
            if line_end.is_some() && self.end_line()? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// What the end of the connection means before the head is complete; [`Kind::Transient`].
    pub fn end(&self) -> Error {
        let text = if self.raw.is_empty() {
            text!("Empty reply from server")
        } else {
            text!("The connection ended within the response headers")
        };
        Error::say(Kind::Transient, text, &[])
    }

    /// The lines that have come so far, for -D; the last one if it is whole.
    pub fn lines(&self) -> &[u8] {
        let end = self.raw.iter().rposition(|&byte| byte == b'\n');
        end.and_then(|end| self.raw.get(..=end)).unwrap_or_default()
    }

    fn line(&self) -> &[u8] {
        self.raw.get(self.line_start..).unwrap_or_default()
    }

    fn in_status_line(&self) -> bool {
        self.line_start == self.head_start
    }

    /// Finds out at the first bytes that it is not HTTP/1: the line might never end.
    fn check_start(&self) -> Result<()> {
        let prefix = b"HTTP/";
        let line = self.line();
        let is_like = line.starts_with(prefix)
            || prefix.starts_with(line)
            || matches!(line, b"\r" | b"\r\n" | b"\n");
        if self.in_status_line() && !is_like {
            return Err(broken(text!("Received HTTP/0.9 when not allowed")));
        }
        Ok(())
    }

    /// Whether the line that has just ended is the last one of a final head.
    fn end_line(&mut self) -> Result<bool> {
        let line = without_end(self.line());
        let is_status_line = self.in_status_line();
        match line {
            [] if is_status_line => self.head_start = self.raw.len(),
            [] => {
                let status = parse_status_line(self.raw.get(self.head_start..))?;
                if status == 101 {
                    return Err(broken(text!("The server switched protocols unasked")));
                }
                if status >= 200 {
                    return Ok(true);
                }
                self.interim += 1;
                if self.interim > MAX_INTERIM {
                    return Err(broken(text!("Too many interim responses")));
                }
                self.head_start = self.raw.len();
            }
            _ if is_status_line => {
                parse_status_line(Some(line))?;
                self.has_field = false;
            }
            [b' ' | b'\t', ..] => self.unfold()?,
            _ if split_line(line).is_none() => return Err(broken(text!("Bad response header"))),
            _ => self.has_field = true,
        }
        self.line_start = self.raw.len();
        Ok(false)
    }

    /// Makes a line that continues the one before a part of it (RFC 9112, section 5.2).
    fn unfold(&mut self) -> Result<()> {
        // Space before the first field might hide a field from others (RFC 9112, section 2.2).
        if !self.has_field || !is_value(without_end(self.line())) {
            return Err(broken(text!("Bad response header")));
        }
        let (before, _) = self
            .raw
            .split_at_mut_checked(self.line_start)
            .unwrap_or_default();
        for byte in before.iter_mut().rev() {
            if !matches!(byte, b'\r' | b'\n') {
                break;
            }
            *byte = b' ';
        }
        Ok(())
    }

    /// The head that is complete. An error is [`Kind::Source`].
    pub fn head(self) -> Result<Box<Head>> {
        let status = parse_status_line(self.raw.get(self.head_start..))?;
        let mut head = Box::new(Head {
            raw: self.raw,
            start: self.head_start,
            status,
            framing: Framing::None,
        });
        head.framing = head.find_framing(self.method)?;
        Ok(head)
    }
}

impl Head {
    /// The status code, 200 to 999 (RFC 9110, section 15).
    pub fn status(&self) -> u16 {
        self.status
    }

    /// Where the content ends.
    pub fn framing(&self) -> Framing {
        self.framing
    }

    /// The length of the content, if it is known beforehand.
    pub fn content_length(&self) -> Option<u64> {
        match self.framing {
            Framing::Length(len) => Some(len),
            _ => None,
        }
    }

    /// All that was read, interim responses included, for -D. Folded lines are unfolded.
    pub fn raw(&self) -> &[u8] {
        &self.raw
    }

    /// The status line without its end: to be quoted with [`crate::error::printable`].
    pub fn status_line(&self) -> &[u8] {
        self.lines().next().unwrap_or_default()
    }

    /// The values of all fields of this name, in order, without space around.
    pub fn values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a [u8]> {
        // The status line is no field: there is a space before any colon in it.
        self.lines().filter_map(move |line| {
            let (field, value) = split_line(line)?;
            alike(field, name.as_bytes()).then_some(value)
        })
    }

    /// The value of the first field of this name.
    pub fn header<'a>(&'a self, name: &'a str) -> Option<&'a [u8]> {
        self.values(name).next()
    }

    /// The same, if it is text.
    pub fn header_text<'a>(&'a self, name: &'a str) -> Option<&'a str> {
        str::from_utf8(self.header(name)?).ok()
    }

    /// `Content-Range` (RFC 9110, section 14.4): `None` if there is none, an error, [`Kind::Source`], if it is none of bytes
    /// or not a possible one.
    pub fn content_range(&self) -> Result<Option<ContentRange>> {
        match self.header("Content-Range") {
            None => Ok(None),
            Some(value) => match parse_content_range(value) {
                None => Err(broken(text!("Bad Content-Range"))),
                range => Ok(range),
            },
        }
    }

    /// `ETag` as it came, quotes included, if it is a strong one (RFC 9110, section 8.8.3).
    pub fn strong_etag(&self) -> Option<&str> {
        let etag = self.header_text("ETag")?;
        (etag.len() >= 2 && etag.starts_with('"') && etag.ends_with('"')).then_some(etag)
    }

    /// What may stand in `If-Range` (RFC 9110, section 13.1.5): the strong ETag, else a `Last-Modified` that is strong
    /// because it was a second old at least (section 8.8.2.2).
    pub fn validator(&self) -> Option<&str> {
        if let Some(etag) = self.strong_etag() {
            return Some(etag);
        }
        let modified = self.header_text("Last-Modified")?;
        let age = self
            .date("Date")?
            .checked_sub(date::parse(modified.as_bytes())?)?;
        (age >= 1).then_some(modified)
    }

    /// The seconds that `Retry-After` (RFC 9110, section 10.2.3) asks to wait. A date counts from the server's `Date`, or
    /// from `now`, seconds since 1970.
    pub fn retry_after(&self, now: u64) -> Option<u32> {
        let value = self.header("Retry-After")?;
        let seconds = match parse_decimal(value) {
            Some(seconds) => seconds,
            None => date::parse(value)?.saturating_sub(self.date("Date").unwrap_or(now)),
        };
        Some(u32::try_from(seconds).unwrap_or(u32::MAX))
    }

    /// An error if the status is not 2xx, to be asked after [`super::redirect::location`]. It is [`Kind::Transient`] if it
    /// may pass, and says how long to wait; else [`Kind::Source`].
    pub fn check_status(&self, now: u64) -> Result<()> {
        if self.status < 300 {
            return Ok(());
        }
        let kind = match self.status {
            408 | 425 | 429 | 500 | 502 | 503 | 504 => Kind::Transient,
            _ => Kind::Source,
        };
        let text = text!("The requested URL returned error: %");
        let mut error = Error::say(kind, text, &[&u64::from(self.status)]);
        error.retry_after = self.retry_after(now);
        Err(error)
    }

    fn date(&self, name: &str) -> Option<u64> {
        date::parse(self.header(name)?)
    }

    fn lines(&self) -> impl Iterator<Item = &[u8]> {
        split(self.raw.get(self.start..).unwrap_or_default(), b'\n').map(without_end)
    }

    /// RFC 9112, section 6.3, in its order.
    fn find_framing(&self, method: Method) -> Result<Framing> {
        if matches!(self.status, 204 | 304) || method == Method::Connect && self.status < 300 {
            return Ok(Framing::None);
        }
        let mut count = 0;
        let mut coding = None;
        for value in self.values("Transfer-Encoding") {
            for element in elements(value) {
                coding = Some(element);
                count += 1;
            }
        }
        match (coding, count) {
            (Some(coding), 1) if alike(coding, b"chunked") => {
                return Ok(Framing::Chunked);
            }
            // RFC 2616's word for no coding.
            (Some(coding), 1) if alike(coding, b"identity") => {}
            (None, _) if self.header("Transfer-Encoding").is_none() => {}
            // Any other would have to be undone, and we asked for none.
            _ => return Err(broken(text!("Unsupported transfer encoding"))),
        }
        let mut length = None;
        for value in self.values("Content-Length") {
            // Equal values may be repeated, as fields and in a list (RFC 9110, section 8.6).
            for element in split(value, b',') {
                let this = parse_decimal(trim(element))
                    .ok_or_else(|| broken(text!("Invalid Content-Length")))?;
                if length.is_some_and(|length| length != this) {
                    return Err(broken(text!("Conflicting Content-Length")));
                }
                length = Some(this);
            }
        }
        Ok(length.map_or(Framing::UntilClose, Framing::Length))
    }
}

/// A `Content-Range` of bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ContentRange {
    /// The first and the last byte, counted from 0, that the content holds; `None` in a 416.
    pub range: Option<(u64, u64)>,
    /// The length of the whole, if known.
    pub complete_length: Option<u64>,
}

fn parse_content_range(value: &[u8]) -> Option<ContentRange> {
    let (unit, rest) = value.split_at_checked(6)?;
    if !alike(unit, b"bytes ") {
        return None;
    }
    let (range, complete) = split_once(rest, b'/')?;
    let complete_length = match complete {
        b"*" => None,
        complete => Some(parse_decimal(complete)?),
    };
    let range = if range == b"*" {
        complete_length?;
        None
    } else {
        let (first, last) = split_once(range, b'-')?;
        let (first, last) = (parse_decimal(first)?, parse_decimal(last)?);
        if last < first || complete_length.is_some_and(|length| length <= last) {
            return None;
        }
        Some((first, last))
    };
    Some(ContentRange {
        range,
        complete_length,
    })
}

/// Digits alone, and not more of them than fit.
fn parse_decimal(text: &[u8]) -> Option<u64> {
    number(text, 10)
}

/// The status of the status line that `head` begins with (RFC 9112, section 4).
fn parse_status_line(head: Option<&[u8]>) -> Result<u16> {
    let line = head
        .and_then(|head| split(head, b'\n').next())
        .unwrap_or_default();
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let rest = line.strip_prefix(b"HTTP/").unwrap_or_default();
    let [b'1', b'.', b'0' | b'1', b' ', rest @ ..] = rest else {
        return Err(broken(text!("Unsupported HTTP version in response")));
    };
    let (code, reason) = rest.split_at_checked(3).unwrap_or_default();
    let status = parse_decimal(code).and_then(|status| u16::try_from(status).ok());
    match (status, reason) {
        (Some(status @ 100..), [] | [b' ', ..]) if is_value(reason) => Ok(status),
        _ => Err(broken(text!("Bad status line in response"))),
    }
}

fn without_end(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}

#[cold]
fn broken(what: Template) -> Error {
    Error::say(Kind::Source, what, &[])
}

#[cfg(test)]
mod tests;

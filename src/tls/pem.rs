//! A streaming reader of certificates in PEM (RFC 7468 in its lax form, and OpenSSL's TRUSTED CERTIFICATE).
//!
//! A bundle holds 150 certificates of which one or two are wanted. So the reader decodes only as much of each as its
//! [`Sink`] needs to make up its mind, and skims over the rest. What is not a certificate (text between the blocks,
//! private keys, damaged base64) is passed over. Whether the decoded bytes are a certificate is for others to say.

use alloc::vec::Vec;

/// The largest certificate that is read, in bytes of DER: what webpki reads at most.
const MAX_DER: usize = 0xffff;
/// How many bytes of DER are first decoded before the sink is asked: the subject of nearly all roots ends before.
const FIRST_LOOK: usize = 384;
/// The longest boundary line of interest is `-----BEGIN TRUSTED CERTIFICATE-----` with a carriage return.
const MAX_BOUNDARY: usize = 40;

/// What is done with the certificates that a [`Reader`] comes by.
pub trait Sink {
    /// Whether the certificate that begins with `head` is wanted. `None`: `head` is too short to tell, or malformed.
    fn wants(&mut self, head: &[u8]) -> Option<bool>;

    /// A wanted certificate in full. With `trusted` it came from a TRUSTED CERTIFICATE block, where OpenSSL's
    /// `X509_CERT_AUX` may follow the certificate.
    fn certificate(&mut self, der: &[u8], trusted: bool);

    /// A wanted certificate could not be decoded, or a block is not one at all.
    fn damaged(&mut self);
}

/// The lines that begin the blocks of interest.
static BEGIN: [&[u8]; 3] = [
    b"-----BEGIN CERTIFICATE-----",
    b"-----BEGIN X509 CERTIFICATE-----",
    b"-----BEGIN TRUSTED CERTIFICATE-----",
];
/// The place of the last.
const TRUSTED: usize = 2;

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// Outside of the blocks of interest.
    Text,
    /// A line that began with `-`, which is collected.
    Boundary,
    /// Encapsulated headers (RFC 1421), which an empty line ends.
    Headers,
    /// Base64.
    Body,
}

/// Finds certificates in text that is fed to it in pieces of any size.
pub struct Reader {
    state: State,
    /// Whether the next byte is the first of its line.
    line_start: bool,
    /// The state in which the boundary line was met: `Text`, or one within a block.
    before: State,
    boundary: [u8; MAX_BOUNDARY],
    boundary_len: usize,
    /// Whether the block is a TRUSTED CERTIFICATE.
    trusted: bool,
    /// Whether the sink has said that it wants this certificate.
    wanted: bool,
    /// At how many bytes of `der` the sink is asked next.
    look: usize,
    der: Vec<u8>,
    /// Sextets that make no whole quantum yet, and how many they are.
    quantum: u32,
    sextets: u8,
    padded: bool,
    /// Whether this is the first line of the block, where headers may stand.
    first_line: bool,
    /// Whether the last byte was the carriage return of a line of headers that was not empty.
    header_cr: bool,
}

/// The value of each base64 character (RFC 4648, section 4), 0xff for the others.
static SEXTETS: [u8; 128] = {
    let mut table = [0xff; 128];
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut i = 0;
    while i < 64 {
        table[alphabet[i] as usize] = i as u8;
        i += 1;
    }
    table
};

fn sextet(byte: u8) -> u32 {
    u32::from(*SEXTETS.get(usize::from(byte)).unwrap_or(&0xff))
}

impl Reader {
    /// A reader at the start of a text.
    #[expect(
        clippy::new_without_default,
        reason = "a default that allocates surprises"
    )]
    pub fn new() -> Self {
        Reader {
            state: State::Text,
            line_start: true,
            before: State::Text,
            boundary: [0; MAX_BOUNDARY],
            boundary_len: 0,
            trusted: false,
            wanted: false,
            look: 0,
            der: Vec::with_capacity(4096),
            quantum: 0,
            sextets: 0,
            padded: false,
            first_line: false,
            header_cr: false,
        }
    }

    /// Reads on in `text`, which may end anywhere.
    pub fn feed(&mut self, mut text: &[u8], sink: &mut dyn Sink) {
        while let Some((&byte, rest)) = text.split_first() {
            if self.line_start && byte == b'-' && self.state != State::Boundary {
                self.before = self.state;
                self.state = State::Boundary;
                self.boundary_len = 0;
            }
            let end_of_line = byte == b'\n' || byte == b'\r';
            let line_start = self.line_start;
            self.line_start = end_of_line;
            text = rest;
            match self.state {
                State::Text => {
                    if !end_of_line {
                        let line = text.iter().position(|&b| b == b'\n' || b == b'\r');
                        text = text.get(line.unwrap_or(text.len())..).unwrap_or_default();
                    }
                }
                State::Boundary => {
                    if end_of_line {
                        self.end_boundary(sink);
                    } else {
                        if let Some(place) = self.boundary.get_mut(self.boundary_len) {
                            *place = byte;
                        }
                        self.boundary_len = self.boundary_len.saturating_add(1);
                    }
                }
                State::Headers => {
                    if byte == b'\n' && line_start && !self.header_cr {
                        self.state = State::Body;
                    }
                    self.header_cr = byte == b'\r' && !line_start;
                }
                State::Body => {
                    if self.body(byte, sink) {
                        text = self.quanta(text);
                    }
                    if self.der.len() >= self.look && !self.wanted {
                        self.ask(sink);
                    }
                }
            }
        }
    }

    /// The text has ended. A last line without its newline counts.
    pub fn finish(&mut self, sink: &mut dyn Sink) {
        if self.state == State::Boundary {
            self.end_boundary(sink);
        }
        if self.state != State::Text {
            self.state = State::Text;
            sink.damaged();
        }
    }

    /// Takes one byte of a block. Returns whether whole quanta may follow.
    fn body(&mut self, byte: u8, sink: &mut dyn Sink) -> bool {
        let value = sextet(byte);
        match byte {
            b'\n' | b'\r' => {
                // `first_line` stays set over empty lines before the first character.
                self.first_line &= self.der.is_empty() && self.sextets == 0;
            }
            b' ' | b'\t' => {}
            b'=' => self.padded = true,
            _ if value < 64 && !self.padded && self.der.len() < MAX_DER => {
                self.quantum = self.quantum << 6 | value;
                self.sextets += 1;
                if self.sextets == 4 {
                    self.der.extend_from_slice(&self.quantum.to_be_bytes()[1..]);
                    self.sextets = 0;
                }
            }
            _ if self.first_line => {
                // Not base64: a header, after which the body starts anew.
                self.state = State::Headers;
                self.first_line = false;
                self.header_cr = false;
                self.reset();
            }
            _ => {
                self.state = State::Text;
                sink.damaged();
            }
        }
        self.state == State::Body && self.sextets == 0 && !self.padded
    }

    /// Decodes the whole quanta that `text` begins with, and returns what follows.
    fn quanta<'t>(&mut self, mut text: &'t [u8]) -> &'t [u8] {
        while let Some((quad, rest)) = text.split_first_chunk::<4>() {
            let [a, b, c, d] = quad.map(sextet);
            if a | b | c | d > 63 || self.der.len() >= MAX_DER {
                break;
            }
            let [_, x, y, z] = (a << 18 | b << 12 | c << 6 | d).to_be_bytes();
            self.der.extend_from_slice(&[x, y, z]);
            self.line_start = false;
            text = rest;
        }
        text
    }

    fn reset(&mut self) {
        self.der.clear();
        self.sextets = 0;
        self.padded = false;
        self.wanted = false;
        self.look = FIRST_LOOK;
    }

    fn ask(&mut self, sink: &mut dyn Sink) {
        match sink.wants(&self.der) {
            Some(true) => self.wanted = true,
            Some(false) => self.state = State::Text,
            None => self.look *= 2,
        }
    }

    fn end_boundary(&mut self, sink: &mut dyn Sink) {
        let within = self.before;
        self.state = State::Text;
        if within != State::Text {
            self.end_block(sink);
        }
        let line = self.boundary.get(..self.boundary_len).unwrap_or_default();
        let line = line.trim_ascii_end();
        let Some(kind) = BEGIN.iter().position(|begin| *begin == line) else {
            return;
        };
        self.trusted = kind == TRUSTED;
        self.first_line = true;
        self.state = State::Body;
        self.reset();
    }

    fn end_block(&mut self, sink: &mut dyn Sink) {
        // RFC 4648, section 4: two sextets left over are one byte, three are two. One cannot be.
        let [_, _, high, low] = match self.sextets {
            2 => self.quantum << 4,
            3 => self.quantum >> 2,
            _ => 0,
        }
        .to_be_bytes();
        match self.sextets {
            0 => {}
            2 => self.der.push(high),
            3 => self.der.extend_from_slice(&[high, low]),
            _ => return sink.damaged(),
        }
        if !self.wanted {
            match sink.wants(&self.der) {
                Some(true) => {}
                Some(false) => return,
                None => return sink.damaged(),
            }
        }
        sink.certificate(&self.der, self.trusted);
    }
}

#[cfg(test)]
mod tests;

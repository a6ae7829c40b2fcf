//! JSON (RFC 8259) as a state machine: it is handed a document in pieces of any size and tells what they hold.
//!
//! All of the document is validated, the strings' UTF-8 and escapes included (section 8.1 has no other encoding, and a
//! lone surrogate is no character), also where nobody listens. There is no recursion, and the memory in use is one bit
//! per open container plus one string of a bounded length. A document here is an object; section 2 allows any value.
//! What the members mean is left to the caller.

use alloc::vec::Vec;
use os::text;
use os::text::Template;

/// How many containers may be open at once. Known documents have about ten and hostile ones were tried with 100,000;
/// what it bounds is memory: a bit each, 128 KiB in all.
pub(super) const MAX_DEPTH: usize = 1 << 20;

/// What is wrong with a document, as part of a line for the user.
pub(super) type Why = Template;

const DEPTH: Why = text!("more than 1048576 levels of nesting");
const LONE_SURROGATE: Why = text!("a lone surrogate in a string");
const NOT_UTF8: Why = text!("a string that is not UTF-8");

/// What came next in the document.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Event {
    /// `{`
    Object,
    /// `[`
    Array,
    /// The end of the innermost open container.
    End,
    /// A member's name, which is in [`Json::text`]. Its value comes next.
    Key,
    /// A string, which is in [`Json::text`].
    String,
    /// A number, which is in [`Json::text`] as it is written.
    Number,
    /// `null`
    Null,
    /// `true` or `false`
    Bool,
}

/// What the next byte has to be. The number's states are named after the part that was read last.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Document,
    Value,
    FirstValue,
    Key,
    FirstKey,
    Colon,
    AfterValue,
    String,
    Escape,
    Hex,
    LowSurrogate,
    LowSurrogateU,
    Continuation,
    Minus,
    Zero,
    Integer,
    Point,
    Fraction,
    Exponent,
    ExponentSign,
    ExponentDigits,
    Literal,
}

/// The depth that ends a silence which there is not.
const NEVER: usize = usize::MAX;

pub(super) struct Json {
    state: State,
    depth: usize,
    /// One bit per open container, the outermost first: whether it is an object.
    objects: Vec<u32>,
    in_object: bool,
    /// No events until a value is complete at this depth.
    silent_to: usize,
    string_is_key: bool,
    text: Vec<u8>,
    /// How many more bytes `text` may take, or None once they were too many.
    room: Option<usize>,
    /// The longest name of a member, in bytes, that is of interest.
    pub(super) key_room: usize,
    /// The longest string or number, in bytes, that is of interest.
    pub(super) value_room: usize,
    hex: u32,
    hex_left: u8,
    /// The first half of a surrogate pair, or 0.
    high_surrogate: u32,
    continuations: u8,
    /// What the next continuation byte may be (RFC 3629, section 4).
    continuation: (u8, u8),
    literal: &'static [u8],
    literal_event: Event,
    /// The offset of the current piece in the document.
    base: u64,
    line: u64,
    /// The offset of the current line in the document.
    line_start: u64,
}

impl Json {
    pub(super) fn new() -> Self {
        Json {
            state: State::Document,
            depth: 0,
            objects: Vec::new(),
            in_object: false,
            silent_to: NEVER,
            string_is_key: false,
            text: Vec::new(),
            room: None,
            key_room: 0,
            value_room: 0,
            hex: 0,
            hex_left: 0,
            high_surrogate: 0,
            continuations: 0,
            continuation: (0, 0),
            literal: &[],
            literal_event: Event::Null,
            base: 0,
            line: 1,
            line_start: 0,
        }
    }

    /// The key, string (decoded, UTF-8) or number of the last event; None if it was longer than its room.
    pub(super) fn text(&self) -> Option<&[u8]> {
        self.room.map(|_| self.text.as_slice())
    }

    /// Right after a [`Event::Key`]: no events for its value. Right after the start of a container: none for what is in
    /// it, nor for its end.
    pub(super) fn skip(&mut self) {
        self.silent_to = match self.state {
            State::Colon => self.depth,
            _ => self.depth.saturating_sub(1),
        };
    }

    /// The line, and the column in bytes, of the last of the first `used` bytes of the current piece, both from 1. A
    /// line's column 0 is the newline before it.
    pub(super) fn position(&self, used: usize) -> (u64, u64) {
        (self.line, self.base + used as u64 - self.line_start)
    }

    /// Whether the document is complete: nothing but whitespace may follow.
    pub(super) fn is_complete(&self) -> bool {
        self.state == State::AfterValue && self.depth == 0
    }

    /// The next event in `piece` from offset `at` on, which is advanced; None when the piece is used up.
    ///
    /// On an error `at` is the offset of the byte that must not be there.
    pub(super) fn next(&mut self, piece: &[u8], at: &mut usize) -> Result<Option<Event>, Why> {
        while let Some(&b) = piece.get(*at) {
            let event = match self.state {
                State::String => {
                    let rest = piece.get(*at..).unwrap_or_default();
                    let plain = plain_len(rest);
                    if plain > 0 {
                        self.keep(rest.get(..plain).unwrap_or_default());
                        *at += plain;
                        continue;
                    }
                    self.string_byte(b)?
                }
                State::Escape
                | State::Hex
                | State::LowSurrogate
                | State::LowSurrogateU
                | State::Continuation => {
                    self.char_byte(b)?;
                    None
                }
                State::Minus
                | State::Zero
                | State::Integer
                | State::Point
                | State::Fraction
                | State::Exponent
                | State::ExponentSign
                | State::ExponentDigits => {
                    match number_step(self.state, b) {
                        Some(state) => {
                            self.state = state;
                            self.keep(&[b]);
                        }
                        None => match self.state {
                            State::Zero
                            | State::Integer
                            | State::Fraction
                            | State::ExponentDigits => {
                                // The byte belongs to what comes after the number.
                                if let Some(event) = self.value_ends(Event::Number) {
                                    return Ok(Some(event));
                                }
                                continue;
                            }
                            _ => return Err(text!("an incomplete number")),
                        },
                    }
                    None
                }
                State::Literal => {
                    let next = self.literal.split_first();
                    let Some((_, rest)) = next.filter(|&(&first, _)| first == b) else {
                        return Err(text!("an unknown literal"));
                    };
                    self.literal = rest;
                    if rest.is_empty() {
                        self.value_ends(self.literal_event)
                    } else {
                        None
                    }
                }
                _ => match b {
                    b' ' | b'\t' | b'\r' => None,
                    b'\n' => {
                        self.line += 1;
                        self.line_start = self.base + *at as u64 + 1;
                        None
                    }
                    _ => self.structural_byte(b)?,
                },
            };
            *at += 1;
            if event.is_some() {
                return Ok(event);
            }
        }
        self.base += piece.len() as u64;
        *at = 0;
        Ok(None)
    }

    /// A byte outside of strings, numbers, literals and whitespace.
    fn structural_byte(&mut self, b: u8) -> Result<Option<Event>, Why> {
        match (self.state, b) {
            (State::Document, b'{') => self.open(true),
            (State::Document, 0xef) => Err(text!("a byte order mark")),
            (State::Document, _) => Err(text!("the document is not an object")),
            (State::FirstValue, b']') | (State::FirstKey, b'}') => Ok(self.close()),
            (State::Value | State::FirstValue, _) => self.value(b),
            (State::Key | State::FirstKey, b'"') => {
                self.string_starts(true);
                Ok(None)
            }
            (State::FirstKey, _) => Err(text!("neither a member's name nor '}'")),
            (State::Key, _) => Err(text!("no name of a member in quotes")),
            (State::Colon, b':') => {
                self.state = State::Value;
                Ok(None)
            }
            (State::Colon, _) => Err(text!("no ':' after a member's name")),
            (_, _) if self.depth == 0 => Err(text!("trailing characters")),
            (_, b',') => {
                self.state = if self.in_object {
                    State::Key
                } else {
                    State::Value
                };
                Ok(None)
            }
            (_, b'}') if self.in_object => Ok(self.close()),
            (_, b']') if !self.in_object => Ok(self.close()),
            _ if self.in_object => Err(text!("neither ',' nor '}' after a value")),
            _ => Err(text!("neither ',' nor ']' after a value")),
        }
    }

    /// The first byte of a value.
    fn value(&mut self, b: u8) -> Result<Option<Event>, Why> {
        self.state = match b {
            b'{' => return self.open(true),
            b'[' => return self.open(false),
            b'"' => {
                self.string_starts(false);
                return Ok(None);
            }
            b't' => self.literal_starts(b"rue", Event::Bool),
            b'f' => self.literal_starts(b"alse", Event::Bool),
            b'n' => self.literal_starts(b"ull", Event::Null),
            b'-' => State::Minus,
            b'0' => State::Zero,
            b'1'..=b'9' => State::Integer,
            _ => return Err(text!("no value where one is expected")),
        };
        self.text_starts(self.value_room);
        self.keep(&[b]);
        Ok(None)
    }

    fn literal_starts(&mut self, rest: &'static [u8], event: Event) -> State {
        self.literal = rest;
        self.literal_event = event;
        State::Literal
    }

    fn string_starts(&mut self, is_key: bool) {
        self.string_is_key = is_key;
        self.state = State::String;
        self.text_starts(if is_key {
            self.key_room
        } else {
            self.value_room
        });
    }

    fn text_starts(&mut self, room: usize) {
        self.text.clear();
        self.room = (self.silent_to == NEVER).then_some(room);
    }

    fn keep(&mut self, bytes: &[u8]) {
        if let Some(room) = self.room {
            self.room = room.checked_sub(bytes.len());
            if self.room.is_some() {
                self.text.extend_from_slice(bytes);
            }
        }
    }

    fn open(&mut self, object: bool) -> Result<Option<Event>, Why> {
        if self.depth >= MAX_DEPTH {
            return Err(DEPTH);
        }
        let (word, bit) = (self.depth / 32, self.depth % 32);
        if word == self.objects.len() {
            self.objects.push(0);
        }
        if let Some(word) = self.objects.get_mut(word) {
            *word = *word & !(1 << bit) | u32::from(object) << bit;
        }
        self.depth += 1;
        self.in_object = object;
        let (state, event) = if object {
            (State::FirstKey, Event::Object)
        } else {
            (State::FirstValue, Event::Array)
        };
        self.state = state;
        Ok((self.silent_to == NEVER).then_some(event))
    }

    fn close(&mut self) -> Option<Event> {
        self.depth -= 1;
        let outer = self.depth.wrapping_sub(1);
        self.in_object = self
            .objects
            .get(outer / 32)
            .is_some_and(|word| word >> (outer % 32) & 1 == 1);
        self.value_ends(Event::End)
    }

    fn value_ends(&mut self, event: Event) -> Option<Event> {
        self.state = State::AfterValue;
        if self.silent_to == NEVER {
            return Some(event);
        }
        if self.silent_to == self.depth {
            self.silent_to = NEVER;
        }
        None
    }

    /// A byte of a string that does not stand for itself.
    fn string_byte(&mut self, b: u8) -> Result<Option<Event>, Why> {
        let (continuations, first, last) = match b {
            b'"' if self.string_is_key => {
                self.state = State::Colon;
                return Ok((self.silent_to == NEVER).then_some(Event::Key));
            }
            b'"' => return Ok(self.value_ends(Event::String)),
            b'\\' => {
                self.state = State::Escape;
                return Ok(None);
            }
            0..=0x1f => return Err(text!("a control character in a string")),
            // RFC 3629, section 4: no overlong form, no surrogate, nothing above U+10FFFF.
            0xc2..=0xdf => (1, 0x80, 0xbf),
            0xe0 => (2, 0xa0, 0xbf),
            0xed => (2, 0x80, 0x9f),
            0xe1..=0xef => (2, 0x80, 0xbf),
            0xf0 => (3, 0x90, 0xbf),
            0xf1..=0xf3 => (3, 0x80, 0xbf),
            0xf4 => (3, 0x80, 0x8f),
            _ => return Err(NOT_UTF8),
        };
        self.keep(&[b]);
        self.continuations = continuations;
        self.continuation = (first, last);
        self.state = State::Continuation;
        Ok(None)
    }

    /// A byte within an escape or a character of several bytes.
    fn char_byte(&mut self, b: u8) -> Result<(), Why> {
        match self.state {
            State::Continuation => {
                if b < self.continuation.0 || b > self.continuation.1 {
                    return Err(NOT_UTF8);
                }
                self.keep(&[b]);
                self.continuation = (0x80, 0xbf);
                self.continuations -= 1;
                if self.continuations == 0 {
                    self.state = State::String;
                }
            }
            State::Escape => {
                let c = match b {
                    b'"' | b'\\' | b'/' => b,
                    b'b' => 0x08,
                    b'f' => 0x0c,
                    b'n' => b'\n',
                    b'r' => b'\r',
                    b't' => b'\t',
                    b'u' => {
                        self.hex_starts();
                        return Ok(());
                    }
                    _ => return Err(text!("an unknown escape in a string")),
                };
                self.keep(&[c]);
                self.state = State::String;
            }
            State::Hex => {
                let Some(digit) = char::from(b).to_digit(16) else {
                    return Err(text!("an escape without its four hex digits"));
                };
                self.hex = self.hex << 4 | digit;
                self.hex_left -= 1;
                if self.hex_left == 0 {
                    return self.code_unit(self.hex);
                }
            }
            State::LowSurrogate if b == b'\\' => self.state = State::LowSurrogateU,
            State::LowSurrogateU if b == b'u' => self.hex_starts(),
            _ => return Err(LONE_SURROGATE),
        }
        Ok(())
    }

    fn hex_starts(&mut self) {
        self.hex = 0;
        self.hex_left = 4;
        self.state = State::Hex;
    }

    /// A UTF-16 code unit that was written as an escape (RFC 8259, section 7).
    fn code_unit(&mut self, unit: u32) -> Result<(), Why> {
        let code = match (self.high_surrogate, unit) {
            (0, 0xd800..=0xdbff) => {
                self.high_surrogate = unit;
                self.state = State::LowSurrogate;
                return Ok(());
            }
            (0, _) => unit,
            (high, 0xdc00..=0xdfff) => 0x10000 + ((high & 0x3ff) << 10 | unit & 0x3ff),
            _ => return Err(LONE_SURROGATE),
        };
        let Some(c) = char::from_u32(code) else {
            return Err(LONE_SURROGATE);
        };
        self.keep(c.encode_utf8(&mut [0; 4]).as_bytes());
        self.high_surrogate = 0;
        self.state = State::String;
        Ok(())
    }
}

/// How many bytes at the start of `bytes` stand for themselves in a string and are ASCII.
fn plain_len(bytes: &[u8]) -> usize {
    bytes
        .iter()
        .position(|&b| !(0x20..0x80).contains(&b) || b == b'"' || b == b'\\')
        .unwrap_or(bytes.len())
}

/// RFC 8259, section 6: the state after `b` if the number goes on with it.
fn number_step(state: State, b: u8) -> Option<State> {
    match (state, b) {
        (State::Minus, b'0') => Some(State::Zero),
        (State::Minus, b'1'..=b'9') | (State::Integer, b'0'..=b'9') => Some(State::Integer),
        (State::Zero | State::Integer, b'.') => Some(State::Point),
        (State::Point | State::Fraction, b'0'..=b'9') => Some(State::Fraction),
        (State::Zero | State::Integer | State::Fraction, b'e' | b'E') => Some(State::Exponent),
        (State::Exponent, b'+' | b'-') => Some(State::ExponentSign),
        (State::Exponent | State::ExponentSign | State::ExponentDigits, b'0'..=b'9') => {
            Some(State::ExponentDigits)
        }
        _ => None,
    }
}

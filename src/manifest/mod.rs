//! The manifest scanner: where a file comes from, how long it is and what its hash is, in one pass over the document.
//!
//! A manifest is a JSON object whose member "ptex" maps file names to a URL or to an array of URLs (mirrors, the
//! preferred one first). A whole lift manifest also has an object per file in `scie.lift.files`, with its "size" and the
//! hex SHA-256 "hash", before or after "ptex". The document is validated to its end (`json.rs`), in memory that does
//! not depend on its length; of what is not named here nothing but the syntax counts. Reading the document, the URLs'
//! syntax and the verification are left to others.

#[cfg(test)]
mod differential;
mod json;
#[cfg(test)]
mod tests;

use alloc::string::String;
use alloc::vec::Vec;

use crate::error::{Error, Kind, Result};
use crate::text::number;
use json::{Event, Json, Why};
use os::text;

/// The longest URL, in bytes: twice what servers take, so that none is refused which works.
pub const MAX_URL: usize = 16 * 1024;

/// The most mirrors of one file. With [`MAX_URL`] it bounds what an entry takes to 512 KiB.
pub const MAX_MIRRORS: usize = 32;

/// What a manifest says about one file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Entry {
    /// Where it comes from, the preferred source first; at least one, at most [`MAX_MIRRORS`], none longer than
    /// [`MAX_URL`]. Whether they are URLs has not been checked.
    pub urls: Vec<String>,
    /// Its length in bytes, if the manifest tells.
    pub size: Option<u64>,
    /// Its SHA-256, if the manifest tells.
    pub sha256: Option<[u8; 32]>,
}

/// Looks for one file's entry in a manifest that comes in pieces.
///
/// Names are compared as decoded strings, byte for byte. Of several mappings of the name in "ptex" the last counts.
/// Several objects for it in `scie.lift.files`, and repeated members of such an object, must not contradict each other.
pub struct Scanner {
    json: Json,
    lookup: Lookup,
}

/// A line and a column, see [`Json::position`].
type Position = (u64, u64);

/// Which container is read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// None: before and after the document's object.
    Outside,
    /// The document's object.
    Root,
    /// "ptex"
    Ptex,
    /// An array of URLs in "ptex".
    Mirrors,
    /// "scie"
    Scie,
    /// "lift" in it.
    Lift,
    /// "files" in that.
    Files,
    /// An object in that array.
    File,
}

/// The member of a file's object whose value comes next.
#[derive(Clone, Copy)]
enum Member {
    Name,
    Size,
    Hash,
}

struct Lookup {
    name: Vec<u8>,
    /// Of the current event's last byte, or of what else is wrong.
    position: Position,
    place: Place,
    /// Where the value of the last key leads if it is of the right type.
    inner: Place,
    has_ptex: bool,
    /// Whether the mapping being read is that of the name.
    is_ours: bool,
    /// Whether the array being read has no element yet.
    is_empty: bool,
    found: bool,
    /// Only the first `used` count. The others keep their memory for the next mapping of the same name.
    urls: Vec<String>,
    used: usize,
    size: Option<u64>,
    sha256: Option<[u8; 32]>,
    file: File,
}

/// The object of `scie.lift.files` that is being read. Whether it is about our file may come last.
struct File {
    member: Member,
    is_ours: bool,
    size: Option<u64>,
    sha256: Option<[u8; 32]>,
    /// What is wrong with it, and where. It matters if the file is ours: what should be checked and can't be
    /// read must not end as "not checked".
    wrong: Option<(Why, Position)>,
}

impl File {
    const NEW: File = File {
        member: Member::Name,
        is_ours: false,
        size: None,
        sha256: None,
        wrong: None,
    };
}

impl Scanner {
    /// A scanner for the entry of the file `name`.
    pub fn new(name: &[u8]) -> Self {
        let mut json = Json::new();
        // As long as the longest name that is looked for.
        json.key_room = name.len().max(b"files".len());
        Scanner {
            json,
            lookup: Lookup {
                name: name.to_vec(),
                position: (0, 0),
                place: Place::Outside,
                inner: Place::Outside,
                has_ptex: false,
                is_ours: false,
                is_empty: false,
                found: false,
                urls: Vec::new(),
                used: 0,
                size: None,
                sha256: None,
                file: File::NEW,
            },
        }
    }

    /// Takes the next piece of the document, of any length.
    ///
    /// An error says what is wrong, in which line and column (in bytes); after it the scanner is of no more use. How
    /// the document is cut into pieces makes no difference to any result.
    #[inline(never)]
    pub fn push(&mut self, piece: &[u8]) -> Result<()> {
        let mut at = 0;
        loop {
            match self.json.next(piece, &mut at) {
                Ok(None) => return Ok(()),
                Ok(Some(event)) => {
                    self.lookup.position = self.json.position(at);
                    if let Err(why) = self.lookup.event(&mut self.json, event) {
                        return Err(error(why, self.lookup.position));
                    }
                }
                Err(why) => return Err(error(why, self.json.position(at + 1))),
            }
        }
    }

    /// The entry, now that the document is at its end; None if "ptex" does not map the name.
    #[inline(never)]
    pub fn finish(mut self) -> Result<Option<Entry>> {
        if !self.json.is_complete() {
            return Err(error(
                text!("unexpected end of the document"),
                self.json.position(0),
            ));
        }
        if !self.lookup.has_ptex {
            return Err(error(
                text!("there is no \"ptex\" member"),
                self.json.position(0),
            ));
        }
        if !self.lookup.found {
            return Ok(None);
        }
        self.lookup.urls.truncate(self.lookup.used);
        Ok(Some(Entry {
            urls: self.lookup.urls,
            size: self.lookup.size,
            sha256: self.lookup.sha256,
        }))
    }
}

impl Lookup {
    #[inline(never)]
    fn event(&mut self, json: &mut Json, event: Event) -> core::result::Result<(), Why> {
        match (self.place, event) {
            (Place::Outside, _) => self.place = Place::Root,
            (Place::Root | Place::Scie | Place::Lift, Event::Key) => {
                self.inner = match (self.place, json.text()) {
                    (Place::Root, Some(b"ptex")) => {
                        if self.has_ptex {
                            return Err(text!("a second \"ptex\" member"));
                        }
                        self.has_ptex = true;
                        Place::Ptex
                    }
                    (Place::Root, Some(b"scie")) => Place::Scie,
                    (Place::Scie, Some(b"lift")) => Place::Lift,
                    (Place::Lift, Some(b"files")) => Place::Files,
                    _ => {
                        json.skip();
                        return Ok(());
                    }
                };
            }
            (Place::Root | Place::Scie, Event::Object) => self.place = self.inner,
            (Place::Lift, Event::Array) => self.place = Place::Files,
            (Place::Files, Event::Object) => {
                self.place = Place::File;
                self.file = File::NEW;
            }
            (Place::File, Event::Key) => {
                self.file.member = match json.text() {
                    Some(b"name") => Member::Name,
                    Some(b"size") => Member::Size,
                    Some(b"hash") => Member::Hash,
                    _ => {
                        json.skip();
                        return Ok(());
                    }
                };
                json.value_room = self.name.len().max(64);
            }
            (Place::Ptex, Event::Key) => {
                self.is_ours = json.text() == Some(&self.name);
                json.value_room = 0;
                if self.is_ours {
                    self.found = true;
                    self.used = 0;
                    json.value_room = MAX_URL;
                }
            }
            (Place::Ptex, Event::Array) => {
                self.place = Place::Mirrors;
                self.is_empty = true;
            }
            (Place::Ptex | Place::Mirrors, Event::String) => {
                self.is_empty = false;
                if self.is_ours {
                    self.add_url(json.text())?;
                }
            }
            (Place::Mirrors, Event::End) if self.is_empty => {
                return Err(text!("a file in \"ptex\" without a URL"));
            }
            (_, Event::End) => {
                self.place = match self.place {
                    Place::Mirrors => Place::Ptex,
                    Place::Lift => Place::Scie,
                    Place::Files => Place::Lift,
                    Place::File => {
                        self.file_ends()?;
                        Place::Files
                    }
                    Place::Ptex | Place::Scie => Place::Root,
                    Place::Root | Place::Outside => Place::Outside,
                };
            }
            (Place::Ptex | Place::Mirrors, _) => {
                return Err(text!(
                    "a URL in \"ptex\" that is neither a string nor an array of strings"
                ));
            }
            (Place::Root, _) if self.inner == Place::Ptex => {
                return Err(text!("\"ptex\" is not an object"));
            }
            (Place::File, _) => self.file_member(json, event),
            (_, Event::Object | Event::Array) => json.skip(),
            _ => {}
        }
        Ok(())
    }

    fn add_url(&mut self, text: Option<&[u8]>) -> core::result::Result<(), Why> {
        let Some(url) = text else {
            return Err(text!("a URL of more than 16384 bytes"));
        };
        if self.used >= MAX_MIRRORS {
            return Err(text!("more than 32 URLs for one file"));
        }
        let Ok(url) = str::from_utf8(url) else {
            return Err(text!("a URL that is not UTF-8"));
        };
        if self.used == self.urls.len() {
            self.urls.push(String::new());
        }
        if let Some(place) = self.urls.get_mut(self.used) {
            place.clear();
            place.push_str(url);
        }
        self.used += 1;
        Ok(())
    }

    /// The value of a member that counts of an object in `scie.lift.files`.
    fn file_member(&mut self, json: &mut Json, event: Event) {
        let file = &mut self.file;
        let text = json.text();
        let wrong = match (file.member, event) {
            (Member::Name, _) => {
                file.is_ours = event == Event::String && text == Some(&self.name);
                None
            }
            // Written by some tools for what they do not know.
            (_, Event::Null) => None,
            (Member::Size, Event::Number) => match text.and_then(|digits| number(digits, 10)) {
                None => Some(NO_SIZE),
                size => (!agree(&mut file.size, &size)).then_some(SIZES),
            },
            (Member::Size, _) => Some(NO_SIZE),
            (Member::Hash, Event::String) => match text.and_then(hex_sha256) {
                None => Some(NO_HASH),
                hash => (!agree(&mut file.sha256, &hash)).then_some(HASHES),
            },
            (Member::Hash, _) => Some(NO_HASH),
        };
        if let Some(why) = wrong {
            file.wrong = Some((why, self.position));
        }
        if matches!(event, Event::Object | Event::Array) {
            json.skip();
        }
    }

    fn file_ends(&mut self) -> core::result::Result<(), Why> {
        if !self.file.is_ours {
            return Ok(());
        }
        if let Some((why, position)) = self.file.wrong {
            self.position = position;
            return Err(why);
        }
        if !agree(&mut self.size, &self.file.size) {
            return Err(SIZES);
        }
        if !agree(&mut self.sha256, &self.file.sha256) {
            return Err(HASHES);
        }
        Ok(())
    }
}

const NO_SIZE: Why = text!("a file's size that is not a number of bytes");
const NO_HASH: Why = text!("a file's hash that is not 64 hex digits");
const SIZES: Why = text!("two different sizes of the file");
const HASHES: Why = text!("two different hashes of the file");

/// Adds what is said now to what was said before; false if they contradict each other.
fn agree<T: Copy + PartialEq>(known: &mut Option<T>, new: &Option<T>) -> bool {
    if known.is_none() {
        *known = *new;
    }
    new.is_none() || known == new
}

/// A SHA-256 in hex, in either case.
fn hex_sha256(hex: &[u8]) -> Option<[u8; 32]> {
    let mut hash = [0; 32];
    if hex.len() != 64 {
        return None;
    }
    for (byte, pair) in hash.iter_mut().zip(hex.chunks_exact(2)) {
        for &digit in pair {
            *byte = *byte << 4 | char::from(digit).to_digit(16)? as u8;
        }
    }
    Some(hash)
}

fn error(why: Why, (line, column): Position) -> Error {
    let text = text!("Failed to parse ptex config: % at line % column %");
    Error::say(Kind::Local, text, &[&why, &line, &column])
}

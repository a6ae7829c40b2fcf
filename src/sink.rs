//! Where delivered bytes end up: the standard output, a file that appears when it is complete, a file that is continued.

use crate::error::{Error, Kind, Result};
use crate::text::Hex;
use alloc::string::String;
use alloc::vec;
use os::Errno;
use os::file::{File, NewFile, PartialFile};
use os::text;
use os::text::filled;

/// Bytes of a partial file that are read at a time.
const READ: usize = 256 << 10;

/// Bytes of the note beside a partial file: a validator is a header value, and those that are used are short.
const MAX_NOTE: usize = 4 << 10;

/// Where bytes can be written to.
pub trait Sink {
    /// Writes all of `data`.
    fn write_all(&mut self, data: &[u8]) -> core::result::Result<(), Errno>;

    /// What it is called in `Failed to write to …`.
    fn name(&self) -> &str;

    /// Makes what was written permanent. Nothing is written after that.
    fn complete(&mut self) -> core::result::Result<(), Errno> {
        Ok(())
    }

    /// Throws away what was written; false where that can't be done.
    fn restart(&mut self) -> bool {
        false
    }

    /// Notes of which version of the content this is a part; empty if there is no telling.
    fn remember(&mut self, _validator: &str) -> core::result::Result<(), Errno> {
        Ok(())
    }
}

/// The standard output.
pub struct Stdout;

impl Sink for Stdout {
    fn write_all(&mut self, data: &[u8]) -> core::result::Result<(), Errno> {
        os::file::write_stdout(data)
    }
    fn name(&self) -> &str {
        "stdout"
    }
}

#[cold]
fn failed(doing: &str, name: &str, e: Errno) -> Error {
    Error::say(Kind::Local, text!("Failed to % %: %"), &[&doing, &name, &e])
}

/// `-O`: a file that has its name once it is complete.
pub struct RemoteName<'a> {
    file: NewFile,
    name: &'a str,
}

impl<'a> RemoteName<'a> {
    /// Begins the file `name` in the current directory.
    pub fn create(name: &'a str) -> Result<Self> {
        let file = NewFile::create(name.as_bytes()).map_err(|e| failed("create", name, e))?;
        Ok(RemoteName { file, name })
    }
}

impl Sink for RemoteName<'_> {
    fn write_all(&mut self, data: &[u8]) -> core::result::Result<(), Errno> {
        self.file.write_all(data)
    }
    fn name(&self) -> &str {
        self.name
    }
    fn complete(&mut self) -> core::result::Result<(), Errno> {
        self.file.commit()
    }
    fn restart(&mut self) -> bool {
        self.file.restart().is_ok()
    }
}

/// `-O -C -`: `NAME.part`, which stays if the fetch fails and is continued by the next one. Beside it,
/// `NAME.part.version` holds what the content was asked for by, and what the server said identifies it; nothing, if it did
/// not. Without it, what has that name is somebody else's.
pub struct Continued<'a> {
    file: PartialFile,
    name: &'a str,
    /// What a note begins with.
    key: String,
    part: String,
    version: String,
    /// Whether nothing has arrived that would be worth leaving behind.
    is_empty: bool,
}

impl<'a> Continued<'a> {
    /// Opens what there is of the file `name`, or begins it. `found` is called with all that is there, in order.
    ///
    /// The second result is the validator of the version of which it is a part; empty if that is not known, or if it is of
    /// another `url`: files of a name may well have an ETag that is made of size and time in common.
    pub fn open(name: &'a str, url: &str, found: &mut dyn FnMut(&[u8])) -> Result<(Self, String)> {
        os::file::check_name(name.as_bytes()).map_err(|e| failed("create", name, e))?;
        let part = filled(text!("%.part"), &[&name]);
        let version = filled(text!("%.version"), &[&part]);
        let mut file = PartialFile::open(part.as_bytes()).map_err(|e| failed("open", &part, e))?;
        let key = filled(text!("% "), &[&Hex(&url_hash(url).to_be_bytes())]);
        let note = read_note(&version);
        let mut is_empty = true;
        let mut buffer = vec![0; READ];
        loop {
            match file
                .read(&mut buffer)
                .map_err(|e| failed("read", &part, e))?
            {
                0 => break,
                _ if note.is_none() => {
                    let text = text!("% was not left by -C: there is no %");
                    return Err(Error::say(Kind::Local, text, &[&part, &version]));
                }
                n => {
                    found(buffer.get(..n).unwrap_or_default());
                    is_empty = false;
                }
            }
        }
        let validator = note.as_ref().and_then(|note| note.strip_prefix(&*key));
        let validator = String::from(validator.unwrap_or_default());
        let this = Continued {
            file,
            name,
            key,
            part,
            version,
            is_empty,
        };
        Ok((this, validator))
    }
}

/// FNV-1a in 64 bits: a note is not to have the URL itself, which may have a password in it. Nobody gains by two that are
/// alike, since it is the user who names both.
fn url_hash(url: &str) -> u64 {
    url.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// The note in the file `name`, if it is there and may be a header's value.
fn read_note(name: &str) -> Option<String> {
    let mut file = File::open_unless_link(name.as_bytes()).ok()?;
    let mut note = vec![0; MAX_NOTE];
    let mut length = 0;
    loop {
        match file.read(note.get_mut(length..)?).ok()? {
            0 => break,
            n => length += n,
        }
    }
    note.truncate(length);
    crate::http::header::is_value(&note).then_some(())?;
    String::from_utf8(note).ok()
}

impl Sink for Continued<'_> {
    fn write_all(&mut self, data: &[u8]) -> core::result::Result<(), Errno> {
        self.is_empty = false;
        self.file.write_all(data)
    }
    fn name(&self) -> &str {
        &self.part
    }
    fn complete(&mut self) -> core::result::Result<(), Errno> {
        self.file
            .commit(self.part.as_bytes(), self.name.as_bytes())?;
        // By now the name may be that of another's.
        self.is_empty = false;
        let _ = os::file::remove(self.version.as_bytes());
        Ok(())
    }
    fn restart(&mut self) -> bool {
        self.file.restart().is_ok()
    }
    fn remember(&mut self, validator: &str) -> core::result::Result<(), Errno> {
        let mut note = NewFile::create(self.version.as_bytes())?;
        note.write_all(self.key.as_bytes())?;
        note.write_all(validator.as_bytes())?;
        note.commit()
    }
}

impl Drop for Continued<'_> {
    fn drop(&mut self) {
        if self.is_empty {
            let _ = os::file::remove(self.part.as_bytes());
            let _ = os::file::remove(self.version.as_bytes());
        }
    }
}

//! What the path of an FTP URL asks for (RFC 1738, section 3.2.2).

use alloc::string::String;
use alloc::vec::Vec;

use crate::error::{Error, Kind, Result};
use crate::url::{Url, percent_decode, split_first};
use os::text;
use os::text::alike;

/// The way to a file or a listing: an iterator over the folders to change to, one after the other.
pub struct Path {
    /// What of the path is left, not decoded.
    rest: String,
    /// Whether it is not at its start any more.
    begun: bool,
    names: bool,
}

/// What is transferred.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Target {
    /// `RETR` for a file; `LIST` for a listing in the server's words, mostly those of `ls -l`; `NLST` for names alone.
    pub verb: &'static str,
    /// Its name in the folder changed to; empty for that folder itself.
    pub name: Vec<u8>,
}

impl Target {
    /// Whether it is a file.
    pub fn is_file(&self) -> bool {
        self.verb == "RETR"
    }
}

impl Path {
    /// The path of `url`: each segment is a folder but for the last, which is the file; none is the folder itself.
    ///
    /// A path begins where the login leads to. What begins with `//` or `/%2F` is absolute. `;type=i` is what all files
    /// are read with, `;type=d` asks for the names in a folder.
    ///
    /// # Errors
    /// [`Kind::Source`] for `;type=a`: the line ends of such a file would be the server's choice.
    pub fn of(url: &Url) -> Result<Path> {
        // A query has no meaning in FTP: it is a part of the name.
        let target = url.target();
        let mut rest = target.get(1..).unwrap_or_default();
        let mut names = false;
        if let Some((before, parameter)) = rest
            .len()
            .checked_sub(";type=i".len())
            .and_then(|at| rest.split_at_checked(at))
            && let [name @ .., code] = parameter.as_bytes()
            && alike(name, b";type=")
        {
            rest = before;
            names = matches!(code, b'd' | b'D');
            if !names && !matches!(code, b'i' | b'I') {
                let text = text!("Bad URL: only ;type=i and ;type=d are supported");
                return Err(Error::say(Kind::Source, text, &[]));
            }
        }
        Ok(Path {
            rest: String::from(rest),
            begun: false,
            names,
        })
    }

    /// What is there, after the last folder.
    pub fn target(&self) -> Target {
        let name = percent_decode(&self.rest);
        let verb = match (self.names, &*name) {
            (true, _) => "NLST",
            (false, b"") => "LIST",
            (false, _) => "RETR",
        };
        Target { verb, name }
    }
}

impl Iterator for Path {
    type Item = Vec<u8>;

    fn next(&mut self) -> Option<Vec<u8>> {
        loop {
            let (segment, tail) = split_first(&self.rest, b'/')?;
            let is_first = !core::mem::replace(&mut self.begun, true);
            let mut folder = percent_decode(segment);
            self.rest = String::from(tail);
            if folder.is_empty() && is_first {
                folder.push(b'/');
            }
            if !folder.is_empty() {
                return Some(folder);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> Result<Path> {
        Path::of(&Url::parse(&["ftp://h", text].concat()).unwrap())
    }

    #[test]
    fn folders_and_what_is_there() {
        for (text, folders, verb, name) in [
            ("", &[][..], "LIST", &b""[..]),
            ("/", &[], "LIST", b""),
            ("/f", &[], "RETR", b"f"),
            ("/a/b/c", &[&b"a"[..], b"b"], "RETR", b"c"),
            ("/a/b/", &[b"a", b"b"], "LIST", b""),
            ("//etc/motd", &[b"/", b"etc"], "RETR", b"motd"),
            ("/%2Fetc/motd", &[b"/etc"], "RETR", b"motd"),
            ("/%2F/", &[b"/"], "LIST", b""),
            ("/a//b", &[b"a"], "RETR", b"b"),
            ("/a%2Fb/c%20d", &[b"a/b"], "RETR", b"c d"),
            ("/f;type=i", &[], "RETR", b"f"),
            ("/f;TYPE=I", &[], "RETR", b"f"),
            ("/a/d;type=d", &[b"a"], "NLST", b"d"),
            ("/a/;type=D", &[b"a"], "NLST", b""),
            ("/f%3Btype=a", &[], "RETR", b"f;type=a"),
            ("/f?x=1/g", &[b"f?x=1"], "RETR", b"g"),
            ("/;type=i", &[], "LIST", b""),
            ("/\u{e9}", &[], "RETR", b"\xc3\xa9"),
        ] {
            let mut path = path(text).unwrap();
            let found: Vec<Vec<u8>> = path.by_ref().collect();
            assert_eq!(found, folders, "{text}");
            let target = path.target();
            assert_eq!((target.verb, &*target.name), (verb, name), "{text}");
            assert_eq!(target.is_file(), verb == "RETR");
        }
    }

    #[test]
    fn files_of_lines_are_refused() {
        for text in ["/f;type=a", "/f;type=A", "/f;type=x"] {
            assert_eq!(
                path(text).err().unwrap().text,
                "Bad URL: only ;type=i and ;type=d are supported"
            );
        }
    }
}

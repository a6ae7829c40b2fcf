//! What the path of an FTP URL asks for (RFC 1738, section 3.2.2).

use alloc::vec::Vec;

use crate::error::{Error, Kind, Result};
use crate::url::{Url, percent_decode, split_first};

/// A file or a listing, and where it is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Path {
    /// The folders to change to, one after the other.
    pub folders: Vec<Vec<u8>>,
    /// What is there.
    pub target: Target,
}

/// What is transferred.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Target {
    /// The file of this name.
    File(Vec<u8>),
    /// The folder, in the server's words, mostly those of `ls -l`.
    Listing,
    /// The names in the folder of this name, or in the one changed to if that is empty.
    Names(Vec<u8>),
}

impl Path {
    /// The path of `url`: each segment is a folder but for the last, which is the file; none is the folder itself.
    ///
    /// A path begins where the login leads to. What begins with `//` or `/%2F` is absolute. `;type=i` is what all files
    /// are read with, `;type=d` asks for the names in a folder.
    ///
    /// # Errors
    /// [`Kind::Source`] for control characters, which would begin another command, and for `;type=a`: the line ends of
    /// such a file would be the server's choice.
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
            && name.eq_ignore_ascii_case(b";type=")
        {
            rest = before;
            match code.to_ascii_lowercase() {
                b'i' => {}
                b'd' => names = true,
                _ => {
                    return Err(refused(
                        "only ;type=i and ;type=d are supported in FTP URLs",
                    ));
                }
            }
        }
        let mut folders = Vec::new();
        while let Some((segment, tail)) = split_first(rest, b'/') {
            if !segment.is_empty() {
                folders.push(decoded(segment)?);
            } else if folders.is_empty() {
                folders.push(b"/".to_vec());
            }
            rest = tail;
        }
        let name = decoded(rest)?;
        let target = match (names, &*name) {
            (true, _) => Target::Names(name),
            (false, b"") => Target::Listing,
            (false, _) => Target::File(name),
        };
        Ok(Path { folders, target })
    }
}

fn decoded(segment: &str) -> Result<Vec<u8>> {
    let name = percent_decode(segment);
    if name.iter().any(u8::is_ascii_control) {
        return Err(refused("control character in the path"));
    }
    Ok(name)
}

#[cold]
fn refused(what: &str) -> Error {
    Error::new(Kind::Source, &["Bad URL: ", what])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> Result<(Vec<Vec<u8>>, Target)> {
        let url = Url::parse(&["ftp://h", text].concat()).unwrap();
        Path::of(&url).map(|path| (path.folders, path.target))
    }

    #[test]
    fn folders_and_what_is_there() {
        let file = |name: &[u8]| Target::File(name.to_vec());
        for (text, folders, target) in [
            ("", &[][..], Target::Listing),
            ("/", &[], Target::Listing),
            ("/f", &[], file(b"f")),
            ("/a/b/c", &[&b"a"[..], b"b"], file(b"c")),
            ("/a/b/", &[b"a", b"b"], Target::Listing),
            ("//etc/motd", &[b"/", b"etc"], file(b"motd")),
            ("/%2Fetc/motd", &[b"/etc"], file(b"motd")),
            ("/%2F/", &[b"/"], Target::Listing),
            ("/a//b", &[b"a"], file(b"b")),
            ("/a%2Fb/c%20d", &[b"a/b"], file(b"c d")),
            ("/f;type=i", &[], file(b"f")),
            ("/f;TYPE=I", &[], file(b"f")),
            ("/a/d;type=d", &[b"a"], Target::Names(b"d".to_vec())),
            ("/a/;type=D", &[b"a"], Target::Names(Vec::new())),
            ("/f%3Btype=a", &[], file(b"f;type=a")),
            ("/f?x=1/g", &[b"f?x=1"], file(b"g")),
            ("/;type=i", &[], Target::Listing),
            ("/\u{e9}", &[], file(b"\xc3\xa9")),
        ] {
            let folders: Vec<Vec<u8>> = folders.iter().map(|folder| folder.to_vec()).collect();
            assert_eq!(path(text), Ok((folders, target)), "{text}");
        }
    }

    #[test]
    fn what_is_refused() {
        for text in ["/a%0D%0ADELE%20b", "/%0Aa/b", "/a/%00", "/%7F"] {
            assert_eq!(
                path(text).unwrap_err().text,
                "Bad URL: control character in the path"
            );
        }
        for text in ["/f;type=a", "/f;type=A", "/f;type=x"] {
            assert_eq!(
                path(text).unwrap_err().text,
                "Bad URL: only ;type=i and ;type=d are supported in FTP URLs"
            );
        }
    }
}

//! Paths that are longer than programs were once allowed to use.

use alloc::vec::Vec;

/// From this many units on, a full path is only taken in its verbatim form. The limit is 260 with the NUL for a file;
/// it is 12 less for a folder, whose entries need room.
const LONG: usize = 248;

const SEPARATOR: u16 = b'\\' as u16;

/// `full`, a path as GetFullPathNameW gives it, in its verbatim form, if it is too long for the other one:
/// `\\?\C:\…`, `\\?\UNC\server\share\…`.
pub(crate) fn verbatim(full: &[u16]) -> Option<Vec<u16>> {
    if full.len() < LONG {
        return None;
    }
    let (prefix, rest) = match full {
        [SEPARATOR, SEPARATOR, third, SEPARATOR, ..]
            if *third == b'?'.into() || *third == b'.'.into() =>
        {
            return None;
        }
        [SEPARATOR, SEPARATOR, rest @ ..] => (r"\\?\UNC\", rest),
        _ => (r"\\?\", full),
    };
    let mut path: Vec<u16> = prefix.encode_utf16().collect();
    path.extend_from_slice(rest);
    Some(path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::string::String;

    fn long(start: &str) -> (String, Option<String>) {
        let mut path = String::from(start);
        while path.len() < 300 {
            path += r"\folder";
        }
        let wide: Vec<u16> = path.encode_utf16().collect();
        let verbatim = verbatim(&wide).map(|p| String::from_utf16(&p).unwrap());
        (path, verbatim)
    }

    #[test]
    fn long_paths_are_verbatim() {
        let (path, verbatim) = long("C:");
        assert_eq!(verbatim, Some(String::from(r"\\?\") + &path));
        let (path, verbatim) = long(r"\\server\share");
        assert_eq!(verbatim, Some(String::from(r"\\?\UNC") + &path[1..]));
        assert_eq!(long(r"\\?\C:").1, None);
        assert_eq!(long(r"\\.\pipe").1, None);
    }

    #[test]
    fn short_paths_are_as_they_are() {
        let wide: Vec<u16> = r"C:\folder\file".encode_utf16().collect();
        assert_eq!(verbatim(&wide), None);
    }
}

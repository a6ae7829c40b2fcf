//! The environment: entries `NAME=value`, each with a NUL after it.

/// The value of the variable `name` in `entries`. Its case does not count, as everywhere on Windows.
pub(crate) fn find<'a>(entries: &'a [u8], name: &str) -> Option<&'a [u8]> {
    entries.split(|&byte| byte == 0).find_map(|entry| {
        let (key, value) = entry.split_at_checked(name.len())?;
        key.eq_ignore_ascii_case(name.as_bytes())
            .then_some(value)?
            .strip_prefix(b"=")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables() {
        let entries = b"=C:=C:\\x\0Path=C:\\\0HOMER=1\0HOME=\\root\0EMPTY=\0";
        let find = |name| find(entries, name);
        assert_eq!(find("PATH"), Some(&b"C:\\"[..]));
        assert_eq!(find("home"), Some(&b"\\root"[..]));
        assert_eq!(find("EMPTY"), Some(&b""[..]));
        assert_eq!(find("HOM"), None);
        assert_eq!(find("C:"), None);
    }
}

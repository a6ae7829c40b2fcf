//! What we tell a server about ourselves: from the URL, a variable, or a netrc file.

use super::Credentials;
use crate::error::{Error, Kind, Result};
use crate::http::header::is_value;
use crate::netrc::Search;
use crate::proxy::Variable;
use crate::url::{Host, Url};
use alloc::string::String;
use os::file::File;
use os::text;
use os::text::{filled, joined};

/// Bytes of a netrc file that are read: whatever else has that name need not end.
const MAX_NETRC: usize = 1 << 20;

/// Bytes of a netrc file that are read at a time.
const NETRC_READ: usize = 4096;

/// The names of netrc files in a user's folder, in order.
const NETRC: &[&str] = if cfg!(windows) {
    &["\\.netrc", "\\_netrc"]
} else {
    &["/.netrc"]
};

/// Who we are to a server.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Login {
    /// A user with a password.
    Credentials(Credentials),
    /// A whole value of `Authorization`.
    Value(String),
}

impl Login {
    /// What is known for `url`: its userinfo; else, but only if `url` has the origin that was asked for, and not that of
    /// a redirect, the variable `PTEX_AUTH_HOST` or an entry in a netrc file. Of a URL with a user name alone, the
    /// netrc file may have the password.
    ///
    /// # Errors
    /// [`Kind::Local`] for a variable whose value cannot be sent.
    pub fn for_url(url: &Url, is_as_asked: bool, variable: Variable<'_>) -> Result<Option<Login>> {
        let own = Credentials::of_url(url);
        if !is_as_asked || url.password().is_some() {
            return Ok(own.map(Login::Credentials));
        }
        if own.is_none()
            && let Some(name) = variable_name(url)
            && let Some(value) = variable(&name).map(<[u8]>::trim_ascii)
            && !value.is_empty()
        {
            return match parse(value) {
                Some(login) => Ok(Some(login)),
                None => {
                    let text = text!("% is not fit for a header field");
                    Err(Error::say(Kind::Local, text, &[&name]))
                }
            };
        }
        let user = own.as_ref().map(|own| &*own.user);
        let found = netrc(url.host(), user, variable);
        Ok(found.or(own).map(Login::Credentials))
    }

    /// The value of `Authorization`.
    pub fn field(&self) -> String {
        match self {
            Login::Credentials(credentials) => credentials.basic(),
            Login::Value(value) => value.clone(),
        }
    }
}

/// `PTEX_AUTH_` and the host in upper case, `_` for each dot, `__` for each hyphen, and unless it is the default port of a
/// scheme with TLS, `___` and the port: a manifest may say http, but whoever sets a variable for port 80 knows that what
/// is in it goes in the clear.
///
/// No two hosts share a name: that of one would get the token of another. So there is none for what is no host name by
/// RFC 1123, section 2.1, where dots and hyphens stand between letters and digits (hyphens beside hyphens too).
fn variable_name(url: &Url) -> Option<String> {
    let authority = if url.scheme().is_secure() {
        url.authority()
    } else {
        url.host_port()
    };
    let mut name = String::from("PTEX_AUTH_");
    let mut before = b'.';
    for byte in authority.bytes() {
        name.push_str(match (before, byte) {
            (b'.' | b'-', b'.') | (b'.', b'-') | (b'-', b':') => return None,
            (_, b'.') => "_",
            (_, b'-') => "__",
            (b'0'..=b'9' | b'a'..=b'z', b':') => "___",
            (_, b'0'..=b'9' | b'a'..=b'z') => "",
            _ => return None,
        });
        if byte.is_ascii_alphanumeric() {
            name.push(char::from(byte.to_ascii_uppercase()));
        }
        before = byte;
    }
    before.is_ascii_alphanumeric().then_some(name)
}

/// `SCHEME CREDENTIALS` as it is, `USER:PASSWORD` for Basic, or a bearer token (RFC 6750, section 2.1).
#[inline(never)]
fn parse(value: &[u8]) -> Option<Login> {
    if !is_value(value) {
        return None;
    }
    let divider = value.iter().position(|byte| matches!(byte, b' ' | b':'));
    if let Some(at) = divider
        && let Some((user, [b':', password @ ..])) = value.split_at_checked(at)
    {
        return Some(Login::Credentials(Credentials {
            user: user.into(),
            password: password.into(),
        }));
    }
    let scheme = if divider.is_none() { "Bearer " } else { "" };
    let value = core::str::from_utf8(value).ok()?;
    Some(Login::Value(filled(text!("%%"), &[&scheme, &value])))
}

/// The entry for `host`, and for `user` if one is given, in the file that `NETRC` names or in that of the user's folder.
#[inline(never)]
pub fn netrc(host: &Host, user: Option<&[u8]>, variable: Variable<'_>) -> Option<Credentials> {
    let set = |name| variable(name).filter(|value| !value.is_empty());
    if let Some(path) = set("NETRC") {
        return read(&mut File::open(path).ok()?, host, user);
    }
    let mut home = set("HOME");
    if cfg!(windows) {
        home = home.or_else(|| set("USERPROFILE"));
    }
    let home = home?;
    let mut file = NETRC
        .iter()
        .find_map(|name| File::open(&joined(&[home, name.as_bytes()])).ok())?;
    read(&mut file, host, user)
}

fn read(file: &mut File, host: &Host, user: Option<&[u8]>) -> Option<Credentials> {
    let mut search = Search::new(host, user);
    let mut buffer = [0; NETRC_READ];
    for _ in 0..MAX_NETRC / NETRC_READ {
        let n = file.read(&mut buffer).ok()?;
        let bytes = buffer.get(..n)?;
        if n == 0 || !search.push(bytes) {
            break;
        }
    }
    search.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    #[test]
    fn names_of_variables() {
        let name = |text| variable_name(&url(text));
        for (text, expected) in [
            ("https://example.com/x", "PTEX_AUTH_EXAMPLE_COM"),
            ("https://u:p@Example.COM:443/", "PTEX_AUTH_EXAMPLE_COM"),
            ("ftps://example.com/", "PTEX_AUTH_EXAMPLE_COM"),
            ("http://example.com:443/", "PTEX_AUTH_EXAMPLE_COM___443"),
            ("http://example.com/", "PTEX_AUTH_EXAMPLE_COM___80"),
            ("ftp://example.com/", "PTEX_AUTH_EXAMPLE_COM___21"),
            ("ftps://example.com:21/", "PTEX_AUTH_EXAMPLE_COM___21"),
            ("https://a-b.c/", "PTEX_AUTH_A__B_C"),
            (
                "https://xn--bcher-kva.example/",
                "PTEX_AUTH_XN____BCHER__KVA_EXAMPLE",
            ),
            ("https://localhost:8443/", "PTEX_AUTH_LOCALHOST___8443"),
            ("https://10.0.0.1:80/", "PTEX_AUTH_10_0_0_1___80"),
        ] {
            assert_eq!(name(text).as_deref(), Some(expected), "{text}");
        }
        for text in [
            "https://[::1]/",
            "https://a_b/",
            "https://a..b/",
            "https://.a/",
            "https://a./",
            "https://a.:81/",
            "https://-a/",
            "https://a-/",
            "https://a-:81/",
            "https://a.-b/",
            "https://a-.b/",
            "https://a~b/",
        ] {
            assert_eq!(name(text), None, "{text}");
        }
    }

    /// All authorities of up to six characters: no two have the same variable.
    #[test]
    fn no_two_hosts_share_a_variable() {
        let mut names = std::collections::HashMap::new();
        let alphabet = ['a', '1', '.', '-', ':'];
        for number in 0..5usize.pow(6) {
            let mut text = String::from("https://");
            let mut rest = number;
            while rest > 0 {
                text.push(alphabet[rest % 5]);
                rest /= 5;
            }
            let Ok(url) = Url::parse(&text) else { continue };
            if let Some(name) = variable_name(&url) {
                let authority = url.authority();
                let other = names.entry(name).or_insert_with(|| authority.clone());
                assert_eq!(*other, authority);
            }
        }
        assert!(names.len() > 100);
    }

    #[test]
    fn values_of_variables() {
        let field = |value: &[u8]| parse(value).map(|login| login.field());
        assert_eq!(field(b"Bearer a:b").as_deref(), Some("Bearer a:b"));
        assert_eq!(field(b"token").as_deref(), Some("Bearer token"));
        assert_eq!(field(b"u:p q").as_deref(), Some("Basic dTpwIHE="));
        assert_eq!(
            field(b"Digest username=\"x\"").as_deref(),
            Some("Digest username=\"x\"")
        );
        assert_eq!(field(b"Bearer a\r\nX: y"), None);
        assert_eq!(field(b"u:p\0"), None);
        assert_eq!(field(b"Bearer \xff"), None);
    }

    struct NetrcFile(std::path::PathBuf);

    impl NetrcFile {
        fn new(name: &str, text: &[u8]) -> Self {
            let path =
                std::env::temp_dir().join(std::format!("ptex-{}-{name}", std::process::id()));
            std::fs::write(&path, text).unwrap();
            NetrcFile(path)
        }
    }

    impl Drop for NetrcFile {
        fn drop(&mut self) {
            let _ = std::fs::remove_file(&self.0);
        }
    }

    fn chosen(file: &NetrcFile, text: &str, is_as_asked: bool) -> Option<String> {
        let path: &'static str = String::from(file.0.to_str().unwrap()).leak();
        let variable = |name: &str| -> Option<&'static [u8]> {
            match name {
                "NETRC" => Some(path.as_bytes()),
                "PTEX_AUTH_TOKEN" => Some(b"secret\n"),
                "PTEX_AUTH_TOKEN___81" => Some(b" "),
                _ => None,
            }
        };
        let login = Login::for_url(&url(text), is_as_asked, &variable).unwrap()?;
        Some(match login {
            Login::Credentials(Credentials { user, password }) => {
                String::from_utf8([&*user, b":", &password].concat()).unwrap()
            }
            Login::Value(value) => value,
        })
    }

    #[test]
    fn order() {
        let file = NetrcFile::new(
            "order",
            b"machine token login n password 1 machine h login n password 2 machine h login m password 3",
        );
        for (text, as_asked, as_redirected) in [
            ("https://u:p@token/", Some("u:p"), Some("u:p")),
            ("https://token/", Some("Bearer secret"), None),
            ("http://token/", Some("n:1"), None),
            ("https://token:81/", Some("n:1"), None),
            ("https://h/", Some("n:2"), None),
            ("http://h:81/", Some("n:2"), None),
            ("https://m@h/", Some("m:3"), Some("m:")),
            ("https://o@h/", Some("o:"), Some("o:")),
            ("https://m:@h/", Some("m:"), Some("m:")),
            ("https://x/", None, None),
        ] {
            assert_eq!(chosen(&file, text, true).as_deref(), as_asked, "{text}");
            assert_eq!(
                chosen(&file, text, false).as_deref(),
                as_redirected,
                "{text}"
            );
        }
    }

    #[test]
    fn files_without_an_end_or_a_beginning() {
        let mut text = std::vec![b'#'; MAX_NETRC];
        text[MAX_NETRC - 1] = b'\n';
        let file = NetrcFile::new("long", &text);
        assert_eq!(chosen(&file, "https://h/", true), None);
        text.extend_from_slice(b"machine h login n");
        let file = NetrcFile::new("longer", &text);
        assert_eq!(chosen(&file, "https://h/", true), None);
        let missing = NetrcFile("/nonexistent/netrc".into());
        assert_eq!(chosen(&missing, "https://h/", true), None);
    }

    #[test]
    fn a_variable_that_cannot_be_sent() {
        let variable = |name: &str| -> Option<&'static [u8]> {
            (name == "PTEX_AUTH_H").then_some(b"Bearer secret\r\nX: y")
        };
        let e = Login::for_url(&url("https://h/"), true, &variable).unwrap_err();
        assert_eq!(e.text, "PTEX_AUTH_H is not fit for a header field");
        assert_eq!(e.kind, Kind::Local);
    }
}

//! The netrc file: which user name and password go to which host.
//!
//! The format is that of ftp and curl: words divided by white space, `machine NAME` or `default` and then `login`,
//! `password` and `account` with a value each; values in double quotes, in which a backslash takes the next byte as it
//! is; `#` where no value is due is a comment until the end of the line; `macdef` and what follows until an empty line
//! is passed over. Finding and reading the file is in [`crate::auth`].

use crate::auth::Credentials;
use crate::url::Host;
use alloc::string::String;
use alloc::vec::Vec;
use core::mem;
use os::text::alike;

/// Bytes of a word. A password can be a token of some KiB.
const MAX_WORD: usize = 16 << 10;

/// Where in a word the scanner is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Lexer {
    Between,
    Word,
    Quoted,
    Escaped,
    Comment,
    /// In a macro; true if its line is empty so far.
    Macro(bool),
}

/// What the next word is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Expect {
    Keyword,
    Machine,
    Login,
    Password,
    /// A value that nobody needs.
    Other,
}

/// A search of one netrc file, which comes in pieces of any size.
pub struct Search<'a> {
    host: String,
    user: Option<&'a [u8]>,
    lexer: Lexer,
    expect: Expect,
    word: Vec<u8>,
    /// Whether the entry is for the host.
    is_match: bool,
    login: Option<Vec<u8>>,
    password: Option<Vec<u8>>,
    found: Option<Credentials>,
    /// Nothing more is read: the entry was found, or the file is none.
    is_over: bool,
}

impl<'a> Search<'a> {
    /// A search for the first entry for `host`, and for the user name `user` if one is given.
    pub fn new(host: &Host, user: Option<&'a [u8]>) -> Self {
        Search {
            host: host.bare_text(),
            user,
            lexer: Lexer::Between,
            expect: Expect::Keyword,
            word: Vec::new(),
            is_match: false,
            login: None,
            password: None,
            found: None,
            is_over: false,
        }
    }

    /// Reads on; false if there is no need for more.
    pub fn push(&mut self, bytes: &[u8]) -> bool {
        for &byte in bytes {
            if self.is_over {
                break;
            }
            self.byte(byte);
        }
        !self.is_over
    }

    /// What was found, at the end of the file. A control character in it, which no protocol could carry, is none.
    pub fn finish(mut self) -> Option<Credentials> {
        match self.lexer {
            // Somebody is still writing it.
            Lexer::Quoted | Lexer::Escaped => return None,
            _ => self.byte(b'\n'),
        }
        self.end_entry();
        self.found.filter(|found| {
            let mut bytes = found.user.iter().chain(&found.password);
            !bytes.any(u8::is_ascii_control)
        })
    }

    fn byte(&mut self, byte: u8) {
        self.lexer = match self.lexer {
            Lexer::Between if byte.is_ascii_whitespace() => Lexer::Between,
            Lexer::Word if byte.is_ascii_whitespace() => {
                if self.end_word() {
                    Lexer::Macro(byte == b'\n')
                } else {
                    Lexer::Between
                }
            }
            Lexer::Between if byte == b'#' && self.expect == Expect::Keyword => Lexer::Comment,
            Lexer::Between if byte == b'"' => Lexer::Quoted,
            Lexer::Quoted if byte == b'"' => Lexer::Word,
            Lexer::Quoted if byte == b'\\' => Lexer::Escaped,
            Lexer::Between | Lexer::Word => self.take(byte, Lexer::Word),
            Lexer::Quoted | Lexer::Escaped => self.take(byte, Lexer::Quoted),
            Lexer::Comment if byte != b'\n' => Lexer::Comment,
            Lexer::Comment => Lexer::Between,
            Lexer::Macro(true) if byte == b'\n' => Lexer::Between,
            Lexer::Macro(is_empty) => Lexer::Macro(byte == b'\n' || is_empty && byte == b'\r'),
        };
    }

    fn take(&mut self, byte: u8, lexer: Lexer) -> Lexer {
        if self.word.len() == MAX_WORD {
            // It is no netrc file, or not one for us.
            self.is_match = false;
            self.is_over = true;
        } else {
            self.word.push(byte);
        }
        lexer
    }

    /// Takes the word that ends; true if it begins a macro.
    fn end_word(&mut self) -> bool {
        let word = mem::take(&mut self.word);
        match mem::replace(&mut self.expect, Expect::Keyword) {
            Expect::Keyword => {
                let expect = match &*word {
                    b"machine" => Expect::Machine,
                    b"login" => Expect::Login,
                    b"password" => Expect::Password,
                    b"account" => Expect::Other,
                    b"default" => Expect::Keyword,
                    word => return word == b"macdef",
                };
                self.expect = expect;
                if matches!(&*word, b"machine" | b"default") {
                    self.end_entry();
                    self.is_match = word == b"default";
                }
            }
            Expect::Machine => {
                let name = match &*word {
                    [b'[', name @ .., b']'] => name,
                    name => name,
                };
                self.is_match = alike(name, self.host.as_bytes());
            }
            Expect::Login => self.login = Some(word),
            Expect::Password => self.password = Some(word),
            Expect::Other => {}
        }
        false
    }

    fn end_entry(&mut self) {
        let (login, password) = (self.login.take(), self.password.take());
        if !mem::take(&mut self.is_match) || login.is_none() && password.is_none() {
            return;
        }
        // The password of nobody in particular is not that of the one who was asked for.
        if self.user.is_some() && self.user != login.as_deref() {
            return;
        }
        self.is_over = true;
        self.found = Some(Credentials {
            user: login.unwrap_or_default(),
            password: password.unwrap_or_default(),
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is found, the same however the file is cut.
    fn found(file: &str, host: &str, user: Option<&str>) -> Option<String> {
        let host = Host::parse(host).unwrap();
        let search = |size: usize| {
            let mut search = Search::new(&host, user.map(str::as_bytes));
            for piece in file.as_bytes().chunks(size) {
                if !search.push(piece) {
                    break;
                }
            }
            search.finish()
        };
        let whole = search(1 << 20);
        assert_eq!(search(1), whole);
        assert_eq!(search(3), whole);
        let found = whole?;
        let text = [&*found.user, b":", &found.password].concat();
        Some(String::from_utf8(text).unwrap())
    }

    fn for_h(file: &str) -> Option<String> {
        found(file, "h", None)
    }

    #[test]
    fn entries() {
        let u = Some("u:p".into());
        for file in [
            "machine h login u password p",
            "machine h login u password p\n",
            "machine\nh\nlogin\nu\r\npassword\tp\r\n",
            "machine h password p login u",
            "machine H login u account a password p",
            "machine g login x password y machine h login u password p",
            "machine h.g login x password y\nmachine h login u password p",
            "default login u password p",
            "machine g login x password y default login u password p",
            "machine h login u password p machine h login x password y",
            "machine h login u password p default login x password y",
            "machine h\nmachine h login u password p",
            "port 21 machine h port 21 login u password p",
            "\u{feff} machine h login u password p",
        ] {
            assert_eq!(for_h(file), u, "{file}");
        }
        assert_eq!(for_h("machine h login u"), Some("u:".into()));
        assert_eq!(for_h("machine h password p"), Some(":p".into()));
        for file in [
            "",
            "machine",
            "machine h",
            "machine h login",
            "machine g login u password p",
            "machine hh login u password p",
            "machine h. login u password p",
            "MACHINE h login u password p",
            "login u password p",
            "default",
        ] {
            assert_eq!(for_h(file), None, "{file}");
        }
    }

    #[test]
    fn quotes() {
        assert_eq!(
            for_h(r#"machine "h" "login" "a b" password "c\"d\\e#\f""#),
            Some("a b:c\"d\\e#f".into())
        );
        assert_eq!(for_h(r#"machine h login u password """#), Some("u:".into()));
        assert_eq!(
            for_h(r#"machine h login u password p"q\"#),
            Some(r#"u:p"q\"#.into())
        );
        // A quote that nobody closes.
        assert_eq!(for_h(r#"machine h login u password "p"#), None);
        assert_eq!(for_h(r#"machine h login u password "p\"#), None);
        assert_eq!(for_h("machine h login u password \"p\nq\""), None);
        assert_eq!(for_h("machine h login u password p\x01"), None);
        assert_eq!(for_h("machine h login \"u\\\n\" password p"), None);
    }

    #[test]
    fn comments() {
        for file in [
            "# machine h login x password y\nmachine h login u password p",
            "machine h # x\nlogin u #x\n password p # y",
            "machine h login u password p #",
            "#\n#\nmachine h login u password p",
        ] {
            assert_eq!(for_h(file), Some("u:p".into()), "{file}");
        }
        assert_eq!(for_h("machine h login u password #p"), Some("u:#p".into()));
        assert_eq!(
            for_h("machine h login u password p#q"),
            Some("u:p#q".into())
        );
    }

    #[test]
    fn macros() {
        for file in [
            "macdef init\nmachine h login x password y\n\nmachine h login u password p",
            "macdef init\r\nbin\r\nput x\r\n\r\nmachine h login u password p",
            "macdef init\n\nmachine h login u password p",
            "macdef\nx\n\nmachine h login u password p",
            "machine h login u password p macdef init\nlogin z\n",
            "machine h login u password p macdef init\nmachine",
        ] {
            assert_eq!(for_h(file), Some("u:p".into()), "{file}");
        }
        assert_eq!(
            for_h("macdef init\nmachine h login u password p\n \nlogin z"),
            None
        );
    }

    #[test]
    fn the_user_who_was_asked_for() {
        let file = "machine h password n machine h login a password 1 machine h login b password 2 default login c password 3";
        assert_eq!(found(file, "h", Some("a")), Some("a:1".into()));
        assert_eq!(found(file, "h", Some("b")), Some("b:2".into()));
        assert_eq!(found(file, "h", Some("c")), Some("c:3".into()));
        assert_eq!(found(file, "h", Some("d")), None);
        assert_eq!(found(file, "h", None), Some(":n".into()));
    }

    #[test]
    fn addresses() {
        let file = "machine 127.0.0.1 login v4 machine ::1 login v6 machine [::2] login b";
        assert_eq!(found(file, "127.0.0.1", None), Some("v4:".into()));
        assert_eq!(found(file, "[::1]", None), Some("v6:".into()));
        assert_eq!(found(file, "[::2]", None), Some("b:".into()));
    }

    #[test]
    fn what_is_no_netrc_file() {
        let long = "x".repeat(MAX_WORD);
        let file = ["machine h login u password ", &long].concat();
        assert_eq!(for_h(&file).map(|found| found.len()), Some(MAX_WORD + 2));
        assert_eq!(for_h(&[&file, "x"].concat()), None);
        assert_eq!(for_h(&[&long, "x machine h login u"].concat()), None);
    }
}

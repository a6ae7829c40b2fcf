//! The dialogue with an FTP server: login, the way to a file, what is known of it, its transfer.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;
use core::ops::Range;

use super::path::{Path, Target};
use super::reply::{Parser, Reply};
use crate::auth::Credentials;
use crate::connect::Approach;
use crate::error::{Error, Kind, Part, Result, Shown, dec, filled};
use crate::stream::Stream;
use crate::url::{Scheme, Url};
use os::text;
use os::text::joined;

/// Bytes that are read of replies at a time.
const READ: usize = 1024;

/// Preliminary replies (RFC 959, section 4.2.1) before a final one. RFC 959 knows one for any command.
const MAX_PRELIMINARY: u32 = 16;

/// Bytes of the time of a file that are kept; RFC 3659, section 2.3, has 14 and fractions.
const MAX_TIME: usize = 32;

/// What a user is called who has no name, and the password by which such a user is recognised.
const ANONYMOUS: (&[u8], &[u8]) = (b"anonymous", b"ptex@example.com");

/// Opens connections to the one server of a session.
pub trait Dial {
    /// A connection to the server as `approach` wants it, by TLS if all of the session is.
    fn dial(&mut self, approach: &mut dyn Approach) -> Result<Box<dyn Stream>>;
}

/// What a server says of a file.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Facts {
    /// Its size in bytes (RFC 3659, section 4).
    pub size: Option<u64>,
    /// When it was changed (RFC 3659, section 3), and its size: the same again, and it is the same content.
    pub validator: Option<String>,
}

/// What reads replies, and what it has read of the next ones.
struct Replies {
    parser: Parser,
    buffer: Vec<u8>,
    unread: Range<usize>,
    /// The latest reply.
    last: Reply,
    /// The server, for errors.
    peer: String,
}

impl Replies {
    fn new(peer: String) -> Self {
        Replies {
            parser: Parser::default(),
            buffer: vec![0; READ],
            unread: 0..0,
            last: Reply::default(),
            peer,
        }
    }

    /// Reads the next reply, which answers `what`, and gives its code; a server that closes the session (421) is an error.
    fn read(&mut self, stream: &mut dyn Stream, what: &str) -> Result<u16> {
        loop {
            let mut input = self.buffer.get(self.unread.clone()).unwrap_or_default();
            let reply = self.parser.feed(&mut input)?;
            self.unread.start = self.unread.end - input.len();
            if let Some(reply) = reply {
                self.last = reply;
                return match self.last.code {
                    421 => Err(self.refused(what)),
                    code => Ok(code),
                };
            }
            let n = stream.read(&mut self.buffer)?;
            if n == 0 {
                let text = text!("% closed the connection before it answered %");
                return Err(Error::say(Kind::Transient, text, &[&self.peer, &what]));
            }
            self.unread = 0..n;
        }
    }

    /// Reads the final reply to `what`. Of a server that has nothing but preliminary ones, it is one of those.
    fn read_final(&mut self, stream: &mut dyn Stream, what: &str) -> Result<u16> {
        let mut left = MAX_PRELIMINARY;
        loop {
            let code = self.read(stream, what)?;
            left -= 1;
            if code / 100 != 1 || left == 0 {
                return Ok(code);
            }
        }
    }

    /// Reads the final reply to `what`, which must be of `class`.
    fn answer(&mut self, stream: &mut dyn Stream, what: &str, class: u16) -> Result<()> {
        if self.read_final(stream, what)? / 100 == class {
            Ok(())
        } else {
            Err(self.refused(what))
        }
    }

    /// What the latest reply, to `what`, means if it is not the one hoped for (RFC 959, section 4.2.1).
    #[cold]
    fn refused(&self, what: &str) -> Error {
        let kind = match self.last.class() {
            4 => Kind::Transient,
            _ => Kind::Source,
        };
        let parts = &[&self.peer as &dyn Part, &what, &self.last.shown()];
        Error::say(kind, text!("% answered % with %"), parts)
    }
}

/// Sends `verb` and `argument` as one line. Nothing else gets to a server: here a line end in a name is found.
fn send(stream: &mut dyn Stream, verb: &str, argument: &[u8]) -> Result<()> {
    if argument.iter().any(u8::is_ascii_control) {
        let text = text!("Control character in what % would say");
        return Err(Error::say(Kind::Source, text, &[&verb]));
    }
    // An empty password is one.
    let space: &[u8] = match (verb, argument) {
        ("PASS", _) => b" ",
        (_, b"") => b"",
        _ => b" ",
    };
    stream.write_all(&joined(&[verb.as_bytes(), space, argument, b"\r\n"]))
}

/// A control connection after its login.
pub struct Session {
    stream: Box<dyn Stream>,
    replies: Replies,
}

impl Session {
    /// Connects to the server of `url` and logs in, as nobody in particular if there is no `login`.
    ///
    /// With `ftps`, port 21 is asked for TLS (AUTH TLS, RFC 4217). Any other is TLS from the first byte; a server that speaks
    /// first there is asked as well. There is no session without TLS, and data are then protected too.
    #[inline(never)]
    pub fn login(dial: &mut dyn Dial, url: &Url, login: Option<Credentials>) -> Result<Self> {
        let is_secure = url.scheme() == Scheme::Ftps;
        let mut is_asked = is_secure && url.port() == Scheme::Ftp.default_port();
        let mut replies = Replies::new(url.host_port());
        let mut stream = loop {
            let opened = dial.dial(&mut Control {
                port: url.port(),
                asks: is_asked.then_some(&mut replies),
            });
            match opened {
                Err(error) if error.kind == Kind::NoTls && !is_asked => is_asked = true,
                opened => break opened?,
            }
        };
        if !is_asked {
            replies.answer(&mut *stream, GREETING, 2)?;
        }
        let mut session = Session { stream, replies };
        match login {
            Some(login) => session.authenticate(&login.user, &login.password)?,
            None => session.authenticate(ANONYMOUS.0, ANONYMOUS.1)?,
        }
        if is_secure {
            // RFC 4217, section 9: without both, data would be sent in the clear.
            session.command("PBSZ", b"0", 2)?;
            session.command("PROT", b"P", 2)?;
        }
        Ok(session)
    }

    fn authenticate(&mut self, user: &[u8], password: &[u8]) -> Result<()> {
        let mut what = "USER";
        let mut code = self.ask(what, user)?;
        if code == 331 {
            what = "PASS";
            code = self.ask(what, password)?;
        }
        if code / 100 == 2 {
            return Ok(());
        }
        // A server may repeat what it was told.
        let is_told = |part: &[u8]| part == password;
        let last = &mut self.replies.last;
        if !password.is_empty() && last.text().windows(password.len()).any(is_told) {
            last.forget_text();
        }
        let error = self.replies.refused(what);
        Err(match code {
            530 => error.context(text!("Access denied: "), &[]),
            _ => error,
        })
    }

    /// Goes to where `path` leads and finds out what is there, and what the server knows of it. Whether a file was changed
    /// is only asked if `dated`.
    pub fn find(&mut self, mut path: Path, dated: bool) -> Result<(Target, Facts)> {
        for folder in &mut path {
            self.command("CWD", &folder, 2)?;
        }
        let target = path.target();
        let mut facts = Facts::default();
        if !target.is_file() {
            self.command("TYPE", b"A", 2)?;
            return Ok((target, facts));
        }
        self.command("TYPE", b"I", 2)?;
        self.ask("SIZE", &target.name)?;
        facts.size = self.replies.last.number_of(213);
        if let Some(size) = facts.size
            && dated
        {
            self.ask("MDTM", &target.name)?;
            let time = &self.replies.last;
            if time.number_of(213).is_some() {
                let time = Shown(time.text(), MAX_TIME);
                facts.validator = Some(filled(text!("% %"), &[&time, &size]));
            }
        }
        Ok((target, facts))
    }

    /// Begins the transfer of `target`, of a file from byte `from` on. The second result is where it really begins: not
    /// all servers can begin elsewhere than at 0, nor can listings.
    pub fn transfer(
        &mut self,
        dial: &mut dyn Dial,
        target: &Target,
        from: u64,
    ) -> Result<(Box<dyn Stream>, u64)> {
        let mut data = Data {
            session: self,
            target,
            from: if target.is_file() { from } else { 0 },
            begun: false,
        };
        let stream = dial.dial(&mut data)?;
        Ok((stream, data.from))
    }

    /// Makes sure that the server too holds the transfer, whose data have ended, to be complete.
    pub fn finish(mut self) -> Result<()> {
        self.replies.answer(&mut *self.stream, TRANSFER, 2)?;
        // Nobody waits for the answer.
        let _ = send(&mut *self.stream, "QUIT", b"");
        Ok(())
    }

    /// What the server says of the transfer, of which not a byte came, if it says that it failed; else `error`, which is
    /// what the data connection met.
    pub fn failed(&mut self, error: Error) -> Error {
        match self.replies.read_final(&mut *self.stream, TRANSFER) {
            Ok(400..) => self.replies.refused(TRANSFER),
            _ => error,
        }
    }

    /// The port on which the server waits for the data connection.
    fn passive(&mut self) -> Result<u16> {
        self.ask("EPSV", b"")?;
        if let Some(port) = self.replies.last.passive_port() {
            return Ok(port);
        }
        self.ask("PASV", b"")?;
        let port = self.replies.last.passive_port();
        port.ok_or_else(|| self.replies.refused("PASV"))
    }

    /// Sends a command and gives the code of the final reply.
    fn ask(&mut self, verb: &str, argument: &[u8]) -> Result<u16> {
        send(&mut *self.stream, verb, argument)?;
        self.replies.read_final(&mut *self.stream, verb)
    }

    /// Sends a command, the final reply to which must be of `class`.
    fn command(&mut self, verb: &str, argument: &[u8], class: u16) -> Result<()> {
        send(&mut *self.stream, verb, argument)?;
        self.replies.answer(&mut *self.stream, verb, class)
    }
}

/// What a greeting answers.
const GREETING: &str = "the connection";

/// What the final reply to RETR answers.
const TRANSFER: &str = "the transfer";

/// The approach of the control connection.
struct Control<'a> {
    port: u16,
    /// Reads the replies if the server must be asked for TLS.
    asks: Option<&'a mut Replies>,
}

impl Approach for Control<'_> {
    fn port(&mut self) -> Result<u16> {
        Ok(self.port)
    }

    fn greet(&mut self, stream: &mut dyn Stream) -> Result<()> {
        let Some(replies) = &mut self.asks else {
            return Ok(());
        };
        replies.answer(stream, GREETING, 2)?;
        send(stream, "AUTH", b"TLS")?;
        replies.answer(stream, "AUTH TLS", 2)?;
        // Who adds a line here wants it to be taken for one of those that TLS protects.
        if !replies.unread.is_empty() {
            let text = text!("% said more than that TLS may begin");
            return Err(Error::say(Kind::Source, text, &[&replies.peer]));
        }
        Ok(())
    }
}

/// The approach of a data connection.
struct Data<'a> {
    session: &'a mut Session,
    target: &'a Target,
    from: u64,
    /// Whether it was already made once, and TLS could not be agreed on.
    begun: bool,
}

impl Approach for Data<'_> {
    fn port(&mut self) -> Result<u16> {
        let session = &mut *self.session;
        if self.begun {
            // The server has found out too that nothing came of the transfer.
            session
                .replies
                .read_final(&mut *session.stream, self.target.verb)?;
        }
        session.passive()
    }

    fn greet(&mut self, _stream: &mut dyn Stream) -> Result<()> {
        let session = &mut *self.session;
        let verb = self.target.verb;
        if self.from > 0 && session.ask("REST", dec(self.from).as_bytes())? != 350 {
            self.from = 0;
        }
        send(&mut *session.stream, verb, &self.target.name)?;
        let code = session.replies.read(&mut *session.stream, verb)?;
        self.begun = true;
        if code / 100 != 1 {
            return Err(session.replies.refused(verb));
        }
        Ok(())
    }
}

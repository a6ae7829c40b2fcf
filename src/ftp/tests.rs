//! Dialogues with servers that follow a script: each command must be the next one of it, and is answered as it says.

use std::boxed::Box;
use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;
use std::string::String;
use std::vec::Vec;

use super::session::{Dial, Facts, Session};
use super::{Path, Target};
use crate::auth::Credentials;
use crate::connect::Approach;
use crate::error::{Error, Kind, Result};
use crate::stream::Stream;
use crate::url::Url;

/// What is still to be said on the control connection, and what the client has not read yet.
#[derive(Default)]
struct Script {
    dialogue: VecDeque<(&'static str, &'static [u8])>,
    unread: VecDeque<u8>,
    /// How many bytes a read gives.
    piece: usize,
}

#[derive(Clone)]
struct Control(Rc<RefCell<Script>>);

impl Stream for Control {
    fn read(&mut self, buf: &mut [u8]) -> Result<usize> {
        let mut script = self.0.borrow_mut();
        let n = script.piece.min(script.unread.len()).min(buf.len());
        for (slot, byte) in buf.iter_mut().zip(script.unread.drain(..n)) {
            *slot = byte;
        }
        Ok(n)
    }
    fn write_all(&mut self, data: &[u8]) -> Result<()> {
        let mut script = self.0.borrow_mut();
        let (command, answer) = script.dialogue.pop_front().unwrap_or(("nothing", b""));
        assert_eq!(str::from_utf8(data), Ok(&*[command, "\r\n"].concat()));
        script.unread.extend(answer);
        Ok(())
    }
}

struct Bytes(&'static [u8]);

impl Stream for Bytes {
    fn read(&mut self, buf: &mut [u8]) -> Result<usize> {
        let n = self.0.len().min(buf.len());
        buf[..n].copy_from_slice(&self.0[..n]);
        self.0 = &self.0[n..];
        Ok(n)
    }
    fn write_all(&mut self, _data: &[u8]) -> Result<()> {
        panic!("the client writes to the data connection");
    }
}

struct Server {
    script: Rc<RefCell<Script>>,
    data: &'static [u8],
    /// The ports that were connected to, in order.
    ports: Vec<u16>,
    /// How often TLS approaches anew on data connections.
    again: u32,
    /// Whether the server speaks first where TLS is to begin.
    speaks_first: bool,
}

impl Dial for Server {
    fn dial(&mut self, approach: &mut dyn Approach) -> Result<Box<dyn Stream>> {
        let is_control = self.ports.is_empty();
        if core::mem::take(&mut self.speaks_first) {
            return Err(Error::new(Kind::NoTls, &["This is not TLS"]));
        }
        loop {
            self.ports.push(approach.port()?);
            let mut stream: Box<dyn Stream> = if is_control {
                Box::new(Control(self.script.clone()))
            } else {
                Box::new(Bytes(self.data))
            };
            approach.greet(&mut *stream)?;
            if is_control || self.again == 0 {
                return Ok(stream);
            }
            self.again -= 1;
        }
    }
}

type Dialogue<'a> = &'a [(&'static str, &'static str)];

/// A server that greets with the first answer and goes on as in `dialogue`.
fn server(greeting: &'static str, dialogue: Dialogue) -> Server {
    let mut script = Script {
        piece: 3,
        ..Script::default()
    };
    script.unread.extend(greeting.as_bytes());
    for (command, answer) in dialogue {
        script.dialogue.push_back((command, answer.as_bytes()));
    }
    Server {
        script: Rc::new(RefCell::new(script)),
        data: b"",
        ports: Vec::new(),
        again: 0,
        speaks_first: false,
    }
}

const ANONYMOUS: [(&str, &str); 2] = [
    ("USER anonymous", "331 Any password will do.\r\n"),
    ("PASS ptex@example.com", "230 Welcome\r\n"),
];

/// A session with a server that greets, lets anybody in, and goes on as in `dialogue`.
fn welcomed(dialogue: Dialogue) -> (Server, Session) {
    let mut server = server("220 Hello\r\n", &[&ANONYMOUS, dialogue].concat());
    let url = Url::parse("ftp://h").unwrap();
    let session = Session::login(&mut server, &url, Credentials::of_url(&url)).unwrap();
    (server, session)
}

/// What becomes of a login at `url`, and the ports that were connected to.
fn login(url: &str, greeting: &'static str, dialogue: Dialogue) -> (Result<()>, Vec<u16>) {
    let mut server = server(greeting, dialogue);
    let url = Url::parse(url).unwrap();
    let result = Session::login(&mut server, &url, Credentials::of_url(&url)).map(drop);
    if result.is_ok() {
        assert!(server.script.borrow().dialogue.is_empty());
    }
    (result, server.ports)
}

fn refusal(url: &str, greeting: &'static str, dialogue: Dialogue) -> (Kind, String) {
    kind_and_text(login(url, greeting, dialogue).0)
}

fn kind_and_text<T>(result: Result<T>) -> (Kind, String) {
    let error: Error = result.err().expect("it succeeded");
    (error.kind, error.text.clone())
}

fn file(name: &str) -> Target {
    Target {
        verb: "RETR",
        name: name.as_bytes().to_vec(),
    }
}

fn read(stream: &mut dyn Stream) -> Vec<u8> {
    let mut all = Vec::new();
    let mut buffer = [0; 4];
    loop {
        match stream.read(&mut buffer).unwrap() {
            0 => return all,
            n => all.extend_from_slice(&buffer[..n]),
        }
    }
}

#[test]
fn logins() {
    for (url, dialogue) in [
        ("ftp://h", &ANONYMOUS[..]),
        (
            "ftp://joe:p%40ss%20word@h",
            &[
                ("USER joe", "331 ?\r\n"),
                ("PASS p@ss word", "202 Superfluous\r\n"),
            ],
        ),
        (
            "ftp://joe@h",
            &[("USER joe", "331 ?\r\n"), ("PASS ", "230\r\n")],
        ),
        (
            "ftp://joe:secret@h",
            &[("USER joe", "230 No password needed\r\n")],
        ),
    ] {
        for greeting in [
            "220 Hello\r\n",
            "220-Hello,\r\n\r\n 220 nobody\r\n220-\r\n220 you\r\n",
            "120 In a minute\r\n120 Soon\r\n220 Now\r\n",
        ] {
            let (result, ports) = login(url, greeting, dialogue);
            assert_eq!((result, ports), (Ok(()), [21].to_vec()));
        }
    }
}

#[test]
fn refused_logins() {
    let joe = "ftp://joe:secret@h:2121";
    let user = ("USER joe", "331 ?\r\n");
    for (greeting, dialogue, kind, text) in [
        (
            "220 x\r\n",
            &[user, ("PASS secret", "530 Login incorrect.\r\n")][..],
            Kind::Source,
            "Access denied: h:2121 answered PASS with 530 Login incorrect.",
        ),
        (
            "220 x\r\n",
            &[user, ("PASS secret", "530 No secret for joe.\r\n")],
            Kind::Source,
            "Access denied: h:2121 answered PASS with 530",
        ),
        (
            "220 x\r\n",
            &[user, ("PASS secret", "332 Which account?\r\n")],
            Kind::Source,
            "h:2121 answered PASS with 332 Which account?",
        ),
        (
            "220 x\r\n",
            &[("USER joe", "530 Only anonymous.\r\n")],
            Kind::Source,
            "Access denied: h:2121 answered USER with 530 Only anonymous.",
        ),
        (
            "220 x\r\n",
            &[("USER joe", "500 \x1b[2J\r\n")],
            Kind::Source,
            "h:2121 answered USER with 500 ?[2J",
        ),
        (
            "421 Too many users.\r\n",
            &[],
            Kind::Transient,
            "h:2121 answered the connection with 421 Too many users.",
        ),
        (
            "554 Go away.\r\n",
            &[],
            Kind::Source,
            "h:2121 answered the connection with 554 Go away.",
        ),
        (
            "",
            &[],
            Kind::Transient,
            "h:2121 closed the connection before it answered the connection",
        ),
        (
            "HTTP/1.1 400 Bad Request\r\n",
            &[],
            Kind::Source,
            "The server does not speak FTP: it said HTTP/1.1 400 Bad Request",
        ),
        (
            "220 x\r\n",
            &[user, ("PASS secret", "230-wel")],
            Kind::Transient,
            "h:2121 closed the connection before it answered PASS",
        ),
    ] {
        assert_eq!(refusal(joe, greeting, dialogue), (kind, text.into()));
    }
}

#[test]
fn promises_without_end() {
    let (kind, text) = refusal(
        "ftp://h",
        "120 1\r\n120 2\r\n120 3\r\n120 4\r\n120 5\r\n120 6\r\n120 7\r\n120 8\r\n120 9\r\n120 10\r\n\
         120 11\r\n120 12\r\n120 13\r\n120 14\r\n120 15\r\n120 16\r\n220 At last\r\n",
        &[],
    );
    assert_eq!(
        (kind, &*text),
        (Kind::Source, "h:21 answered the connection with 120 16")
    );
}

#[test]
fn tls() {
    let protected = [("PBSZ 0", "200 =0\r\n"), ("PROT P", "200 Private\r\n")];
    let all = [&ANONYMOUS[..], &protected].concat();
    let (result, ports) = login("ftps://h", "220 x\r\n", &all);
    assert_eq!((result, ports), (Ok(()), [990].to_vec()));

    let (result, ports) = login("ftps://h:2121", "220 x\r\n", &all);
    assert_eq!((result, ports), (Ok(()), [2121].to_vec()));

    let asked = [&[("AUTH TLS", "234 Go ahead\r\n")][..], &all].concat();
    let (result, ports) = login("ftps://h:21", "220 x\r\n", &asked);
    assert_eq!((result, ports), (Ok(()), [21].to_vec()));

    // One that speaks first.
    for url in ["ftps://h:2121", "ftps://h"] {
        let mut server = server("220 x\r\n", &asked);
        server.speaks_first = true;
        let url = Url::parse(url).unwrap();
        Session::login(&mut server, &url, Credentials::of_url(&url)).unwrap();
        assert!(server.script.borrow().dialogue.is_empty());
    }

    for (dialogue, text) in [
        (
            &[("AUTH TLS", "502 What?\r\n")][..],
            "h:21 answered AUTH TLS with 502 What?",
        ),
        (
            &[(
                "AUTH TLS",
                "234 Go ahead\r\n220 a line that is not protected\r\n",
            )],
            "h:21 said more than that TLS may begin",
        ),
        (
            &[
                ("AUTH TLS", "234 x\r\n"),
                ANONYMOUS[0],
                ANONYMOUS[1],
                ("PBSZ 0", "200 =0\r\n"),
                ("PROT P", "536 Clear only\r\n"),
            ],
            "h:21 answered PROT with 536 Clear only",
        ),
    ] {
        let mut server = server("220 x\r\n", dialogue);
        server.script.borrow_mut().piece = 99;
        let url = Url::parse("ftps://h:21").unwrap();
        let result = Session::login(&mut server, &url, Credentials::of_url(&url));
        assert_eq!(kind_and_text(result), (Kind::Source, text.into()));
    }
}

#[test]
fn a_file() {
    let (mut server, mut session) = welcomed(&[
        ("CWD /", "250 ok\r\n"),
        ("CWD a b", "250-here\r\n250 ok\r\n"),
        ("TYPE I", "200 ok\r\n"),
        ("SIZE f", "213 11\r\n"),
        ("MDTM f", "213 20240229123456.789\r\n"),
        ("EPSV", "229 Entering Extended Passive Mode (|||6446|)\r\n"),
        ("RETR f", "150 Here it comes\r\n226 Done\r\n"),
        ("QUIT", ""),
    ]);
    server.data = b"the content";
    let path = Path::of(&Url::parse("ftp://h//a%20b/f").unwrap()).unwrap();
    let (target, facts) = session.find(path, true).unwrap();
    assert_eq!(
        facts,
        Facts {
            size: Some(11),
            validator: Some("20240229123456.789 11".into())
        }
    );
    let (mut data, from) = session.transfer(&mut server, &target, 0).unwrap();
    assert_eq!((read(&mut *data), from), (b"the content".to_vec(), 0));
    session.finish().unwrap();
    assert_eq!(server.ports, [21, 6446]);
    assert!(server.script.borrow().dialogue.is_empty());
}

#[test]
fn what_servers_do_not_know() {
    for (dialogue, size) in [
        (&[("SIZE f", "550 Not in this mode\r\n")][..], None),
        (&[("SIZE f", "213 many\r\n")], None),
        (&[("SIZE f", "213 7\r\n"), ("MDTM f", "500 ?\r\n")], Some(7)),
        (
            &[("SIZE f", "213 7\r\n"), ("MDTM f", "213 now\r\n")],
            Some(7),
        ),
    ] {
        let dialogue = [&[("TYPE I", "200 ok\r\n")][..], dialogue].concat();
        let (_, mut session) = welcomed(&dialogue);
        let path = Path::of(&Url::parse("ftp://h/f").unwrap()).unwrap();
        let validator = None;
        let facts = Facts { size, validator };
        assert_eq!(session.find(path, true), Ok((file("f"), facts)));
    }
}

#[test]
fn what_is_not_there() {
    for (url, dialogue, kind, text) in [
        (
            "ftp://h/a/b/f",
            &[("CWD a", "250 ok\r\n"), ("CWD b", "550 No such folder\r\n")][..],
            Kind::Source,
            "h:21 answered CWD with 550 No such folder",
        ),
        (
            "ftp://h/f",
            &[("TYPE I", "200 ok\r\n"), ("SIZE f", "421 Timeout\r\n")],
            Kind::Transient,
            "h:21 answered SIZE with 421 Timeout",
        ),
        (
            "ftp://h/f",
            &[("TYPE I", "504 ASCII only\r\n")],
            Kind::Source,
            "h:21 answered TYPE with 504 ASCII only",
        ),
    ] {
        let (_, mut session) = welcomed(dialogue);
        let path = Path::of(&Url::parse(url).unwrap()).unwrap();
        let result = session.find(path, false);
        assert_eq!(kind_and_text(result), (kind, text.into()));
    }
}

#[test]
fn listings() {
    for (url, command) in [
        ("ftp://h/a/", "LIST"),
        ("ftp://h/a/;type=d", "NLST"),
        ("ftp://h/a/b;type=d", "NLST b"),
    ] {
        let (mut server, mut session) = welcomed(&[
            ("CWD a", "250 ok\r\n"),
            ("TYPE A", "200 ok\r\n"),
            ("EPSV", "229 (|||2000|)\r\n"),
            (command, "150 x\r\n226 Done\r\n"),
            ("QUIT", ""),
        ]);
        server.data = b"total 0\r\n";
        let path = Path::of(&Url::parse(url).unwrap()).unwrap();
        let (target, facts) = session.find(path, true).unwrap();
        assert_eq!(facts, Facts::default());
        let (mut data, from) = session.transfer(&mut server, &target, 99).unwrap();
        assert_eq!((read(&mut *data), from), (b"total 0\r\n".to_vec(), 0));
        session.finish().unwrap();
    }
}

#[test]
fn passive_ports() {
    for (dialogue, ports) in [
        (
            &[
                ("EPSV", "500 ?\r\n"),
                ("PASV", "227 Entering Passive Mode (127,0,0,1,7,208).\r\n"),
            ][..],
            [21, 2000],
        ),
        (
            &[
                ("EPSV", "229 nonsense\r\n"),
                // Another machine: the port is connected to, on the machine of the control connection.
                (
                    "PASV",
                    "227 Entering Passive Mode (198,51,100,7,7,209).\r\n",
                ),
            ],
            [21, 2001],
        ),
    ] {
        let dialogue = [dialogue, &[("RETR f", "125 x\r\n")]].concat();
        let (mut server, mut session) = welcomed(&dialogue);
        session.transfer(&mut server, &file("f"), 0).unwrap();
        assert_eq!(server.ports, ports);
    }
    for (dialogue, kind, text) in [
        (
            &[("EPSV", "522 IPv4 only\r\n"), ("PASV", "502 Never\r\n")][..],
            Kind::Source,
            "h:21 answered PASV with 502 Never",
        ),
        (
            &[("EPSV", "500 ?\r\n"), ("PASV", "227 Somewhere\r\n")],
            Kind::Source,
            "h:21 answered PASV with 227 Somewhere",
        ),
        (
            &[("EPSV", "425 No port\r\n"), ("PASV", "425 No port\r\n")],
            Kind::Transient,
            "h:21 answered PASV with 425 No port",
        ),
        (
            &[("EPSV", "421 Going down\r\n")],
            Kind::Transient,
            "h:21 answered EPSV with 421 Going down",
        ),
    ] {
        let (mut server, mut session) = welcomed(dialogue);
        let result = session.transfer(&mut server, &file("f"), 0);
        assert_eq!(kind_and_text(result), (kind, text.into()));
        assert_eq!(server.ports, [21]);
    }
}

#[test]
fn the_rest_of_a_file() {
    for (answer, begins_at) in [
        ("350 Restarting at 5\r\n", 5),
        ("502 What?\r\n", 0),
        ("200 ok\r\n", 0),
    ] {
        let (mut server, mut session) = welcomed(&[
            ("EPSV", "229 (|||2000|)\r\n"),
            ("REST 5", answer),
            ("RETR f", "150 x\r\n"),
        ]);
        let (_, from) = session.transfer(&mut server, &file("f"), 5).unwrap();
        assert_eq!(from, begins_at);
    }
}

#[test]
fn tls_that_is_tried_again_on_another_data_connection() {
    let (mut server, mut session) = welcomed(&[
        ("EPSV", "229 (|||2000|)\r\n"),
        ("REST 5", "350 x\r\n"),
        ("RETR f", "150 x\r\n522 No TLS\r\n"),
        ("EPSV", "229 (|||2001|)\r\n"),
        ("REST 5", "350 x\r\n"),
        ("RETR f", "150 x\r\n226 Done\r\n"),
        ("QUIT", ""),
    ]);
    server.again = 1;
    let (_, from) = session.transfer(&mut server, &file("f"), 5).unwrap();
    assert_eq!((from, &*server.ports), (5, &[21, 2000, 2001][..]));
    session.finish().unwrap();
}

#[test]
fn refused_transfers() {
    for (answer, kind, text) in [
        (
            "550 No such file\r\n",
            Kind::Source,
            "h:21 answered RETR with 550 No such file",
        ),
        (
            "450 Busy\r\n",
            Kind::Transient,
            "h:21 answered RETR with 450 Busy",
        ),
        (
            "226 Done, where to?\r\n",
            Kind::Source,
            "h:21 answered RETR with 226 Done, where to?",
        ),
        (
            "",
            Kind::Transient,
            "h:21 closed the connection before it answered RETR",
        ),
    ] {
        let (mut server, mut session) =
            welcomed(&[("EPSV", "229 (|||2000|)\r\n"), ("RETR f", answer)]);
        let result = session.transfer(&mut server, &file("f"), 0);
        assert_eq!(kind_and_text(result), (kind, text.into()));
    }
}

#[test]
fn transfers_that_end_badly() {
    for (answer, text) in [
        (
            "150 x\r\n426 Aborted\r\n",
            "h:21 answered the transfer with 426 Aborted",
        ),
        (
            "150 x\r\n451 Disk error\r\n",
            "h:21 answered the transfer with 451 Disk error",
        ),
        (
            "150 x\r\n",
            "h:21 closed the connection before it answered the transfer",
        ),
    ] {
        let (mut server, mut session) =
            welcomed(&[("EPSV", "229 (|||2000|)\r\n"), ("RETR f", answer)]);
        session.transfer(&mut server, &file("f"), 0).unwrap();
        let result = session.finish();
        assert_eq!(kind_and_text(result), (Kind::Transient, text.into()));
    }
}

#[test]
fn no_line_end_gets_into_a_command() {
    for (url, verb) in [
        ("ftp://h/f%0D%0ADELE%20g", "SIZE"),
        ("ftp://h/%0Aa/b", "CWD"),
        ("ftp://h/a%00", "SIZE"),
        ("ftp://h/a%7F/", "CWD"),
    ] {
        let (server, mut session) = welcomed(&[("TYPE I", "200 ok\r\n")]);
        let path = Path::of(&Url::parse(url).unwrap()).unwrap();
        let text = ["Control character in what ", verb, " would say"].concat();
        let result = session.find(path, true);
        assert_eq!(kind_and_text(result), (Kind::Source, text));
        assert_eq!(server.ports, [21]);
    }
}

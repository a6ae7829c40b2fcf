//! FTP: a server in the process that can do less than others, loses its connections, and tells of other machines.

use std::io::{self, BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use blackbox::random::noise;
use blackbox::run::{Outcome, Ptex};
use blackbox::server::{Server, redirect};
use blackbox::sha256;
use blackbox::temp::Folder;

/// What a server serves, and what it can do.
#[derive(Clone)]
struct Site {
    content: Vec<u8>,
    /// The answers to MDTM in the first session, the second, and so on; the last one from then on.
    times: &'static [&'static str],
    size: bool,
    /// How many bytes were added after SIZE was answered.
    grown: usize,
    rest: bool,
    epsv: bool,
    /// After how many bytes the data of the first session, the second and so on end too early.
    cuts: Vec<usize>,
    /// What is said after the data; nothing at all closes the session.
    end: &'static str,
    /// What is said to the password.
    welcome: &'static str,
}

impl Site {
    fn new(content: Vec<u8>) -> Self {
        Site {
            content,
            times: &["213 20240229123456"],
            size: true,
            grown: 0,
            rest: true,
            epsv: true,
            cuts: Vec::new(),
            end: "226 Done",
            welcome: "230-Welcome,\r\n 230 whoever\r\n230 you are",
        }
    }

    fn start(self) -> Ftp {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port on the loopback interface");
        let ftp = Ftp {
            port: listener.local_addr().expect("an address").port(),
            sessions: Arc::default(),
        };
        let sessions = Arc::clone(&ftp.sessions);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let number = {
                    let mut sessions = sessions.lock().unwrap();
                    sessions.push(Vec::new());
                    sessions.len() - 1
                };
                // Its errors are those of a client that left.
                let _ = self.serve(number, stream, &sessions);
            }
        });
        ftp
    }

    fn serve(
        &self,
        number: usize,
        mut control: TcpStream,
        sessions: &Mutex<Vec<Vec<String>>>,
    ) -> io::Result<()> {
        let mut lines = BufReader::new(control.try_clone()?).lines();
        let mut say = |text: &str| control.write_all(format!("{text}\r\n").as_bytes());
        let time = self.times[number.min(self.times.len() - 1)];
        let mut passive = None;
        let mut from = 0;
        say("220 Hello")?;
        while let Some(line) = lines.next().transpose()? {
            sessions.lock().unwrap()[number].push(line.clone());
            let (verb, argument) = line.split_once(' ').unwrap_or((&line, ""));
            match verb {
                "USER" => say("331 And the password?")?,
                "PASS" => say(self.welcome)?,
                "CWD" => say("250 There")?,
                "TYPE" => say("200 So be it")?,
                "SIZE" if self.size => say(&format!("213 {}", self.content.len() - self.grown))?,
                "MDTM" => say(time)?,
                "EPSV" if self.epsv => {
                    let listener = TcpListener::bind("127.0.0.1:0")?;
                    let port = listener.local_addr()?.port();
                    passive = Some(listener);
                    say(&format!("229 Connect to me (|||{port}|)"))?;
                }
                "PASV" => {
                    let listener = TcpListener::bind("127.0.0.1:0")?;
                    let port = listener.local_addr()?.port();
                    passive = Some(listener);
                    // TEST-NET-2: whoever believes that waits for long.
                    let [high, low] = port.to_be_bytes();
                    say(&format!("227 Connect to me (198,51,100,1,{high},{low})"))?;
                }
                "REST" if self.rest => {
                    from = argument.parse().unwrap_or(0);
                    say("350 From there")?;
                }
                "RETR" | "LIST" => {
                    let (mut data, _) = passive.take().expect("a port").accept()?;
                    say("150 Here it comes")?;
                    let content = self.content.get(from..).unwrap_or_default();
                    let cut = self.cuts.get(number).copied().unwrap_or(usize::MAX);
                    data.write_all(&content[..cut.min(content.len())])?;
                    drop(data);
                    if cut < content.len() {
                        return say("426 My cable!");
                    }
                    if self.end.is_empty() {
                        return Ok(());
                    }
                    say(self.end)?;
                }
                "QUIT" => return say("221 Bye"),
                _ => say("502 What?")?,
            }
        }
        Ok(())
    }
}

/// A server on a port of its own of the loopback interface, for as long as the process runs.
struct Ftp {
    port: u16,
    /// The commands of each session.
    sessions: Arc<Mutex<Vec<Vec<String>>>>,
}

impl Ftp {
    fn url(&self, path: &str) -> String {
        format!("ftp://127.0.0.1:{}{path}", self.port)
    }

    /// The arguments of this command in the sessions so far.
    fn said(&self, verb: &str) -> Vec<Vec<String>> {
        let sessions = self.sessions.lock().unwrap();
        let of_session = |session: &Vec<String>| {
            let arguments = session.iter().filter_map(|line| line.strip_prefix(verb));
            arguments.map(|a| a.trim().to_string()).collect()
        };
        sessions.iter().map(of_session).collect()
    }
}

fn fetch(url: &str) -> Outcome {
    Ptex::new([url]).run()
}

/// Has ptex fetch from these mirrors what has this hash.
fn fetch_known(mirrors: &[&str], content: &[u8]) -> Outcome {
    let folder = Folder::new();
    let (size, hash) = (content.len(), sha256(content));
    let files = format!(r#"[{{"name": "f", "size": {size}, "hash": "{hash}"}}]"#);
    folder.write(
        "m.json",
        format!(r#"{{"scie": {{"lift": {{"files": {files}}}}}, "ptex": {{"f": {mirrors:?}}}}}"#),
    );
    Ptex::new(["--retry", "0", "m.json", "f"])
        .dir(folder.path())
        .run()
}

#[test]
fn a_file() {
    for len in [0, 1, 1 << 20] {
        let content = noise(1, len);
        let ftp = Site::new(content.clone()).start();
        fetch(&ftp.url("/a%20b//c/f;type=i")).delivers(&content);
        assert_eq!(ftp.said("USER"), [["anonymous"]]);
        assert_eq!(ftp.said("CWD"), [["a b", "c"]]);
        assert_eq!(ftp.said("RETR"), [["f"]]);
        assert_eq!(ftp.said("PASV"), [[""; 0]]);
    }
}

#[test]
fn servers_that_can_do_little() {
    let content = noise(2, 300_000);
    let site = Site {
        times: &["500 What?"],
        size: false,
        rest: false,
        epsv: false,
        ..Site::new(content.clone())
    };
    fetch(&site.clone().start().url("/f")).delivers(&content);
    // Without a size there is only the server's word that this was all.
    let ftp = Site {
        cuts: vec![1000],
        ..site
    }
    .start();
    fetch(&ftp.url("/f")).delivers(&content);
    assert_eq!(ftp.said("RETR").len(), 2);
}

#[test]
fn cut_and_resumed() {
    let content = noise(3, 300_000);
    let site = Site {
        cuts: vec![1000, 200_000, 0],
        ..Site::new(content.clone())
    };
    let ftp = site.clone().start();
    fetch(&ftp.url("/f")).delivers(&content);
    let none: &[&str] = &[];
    assert_eq!(
        ftp.said("REST"),
        [none, &["1000"], &["201000"], &["201000"]]
    );

    // Nothing tells that it is the same file, so that all of it is read again, and compared.
    for site in [
        Site {
            rest: false,
            ..site.clone()
        },
        Site {
            times: &["213 20240229123456", "213 20240229123457"],
            cuts: vec![1000],
            ..site.clone()
        },
        Site {
            times: &["550 No"],
            cuts: vec![1000, 500],
            ..site.clone()
        },
    ] {
        let ftp = site.start();
        fetch(&ftp.url("/f")).delivers(&content);
    }
}

#[test]
fn changed_on_the_way() {
    let ftp = Site {
        times: &["213 20240229123456", "213 20240229123457"],
        cuts: vec![1000],
        ..Site::new(noise(4, 5000))
    }
    .start();
    // The second session has another file of the same length.
    let other = Site {
        content: noise(5, 5000),
        ..Site::new(Vec::new())
    }
    .start();
    let folder = Folder::new();
    let mirrors = [ftp.url("/f"), other.url("/f")];
    folder.write("m.json", format!(r#"{{"ptex": {{"f": {mirrors:?}}}}}"#));
    let outcome = Ptex::new(["--retry", "0", "m.json", "f"])
        .dir(folder.path())
        .run();
    let line = outcome.error();
    assert!(
        line.ends_with("The content has changed since a part of it was delivered"),
        "{line}"
    );
    assert_eq!(outcome.stdout, noise(4, 5000)[..1000]);
}

#[test]
fn the_hash_proves_what_comes_from_elsewhere() {
    let content = noise(6, 100_000);
    let first = Site {
        cuts: vec![40_000],
        rest: false,
        ..Site::new(content.clone())
    }
    .start();
    let second = Site::new(content.clone()).start();
    let outcome = fetch_known(&[&first.url("/f"), &second.url("/f")], &content);
    outcome.delivers(&content);
    assert_eq!(second.said("REST"), [["40000"]]);
    assert_eq!(second.said("MDTM"), [[""; 0]]);
}

#[test]
fn a_wrong_size_is_refused_beforehand() {
    let ftp = Site::new(noise(7, 100)).start();
    let outcome = fetch_known(&[&ftp.url("/f")], &noise(7, 99));
    outcome.refuses("The content has 100 bytes, expected were 99");
    assert_eq!(ftp.said("RETR"), [[""; 0]]);
}

#[test]
fn more_than_was_told_is_no_end() {
    for grown in [1, 100, 3 << 20] {
        let content = noise(9, 5000 + grown);
        let ftp = Site {
            grown,
            ..Site::new(content.clone())
        }
        .start();
        let outcome = fetch(&ftp.url("/f"));
        assert!(outcome.error().contains("The content has changed"));
        outcome.wrote(&content[..5000]);
    }
}

/// Where not a byte came, the server knows best why.
#[test]
fn a_transfer_that_fails_at_once() {
    for size in [true, false] {
        let ftp = Site {
            cuts: vec![0],
            size,
            ..Site::new(noise(12, 1000))
        }
        .start();
        let refusal = format!(
            "127.0.0.1:{} answered the transfer with 426 My cable!",
            ftp.port
        );
        Ptex::new(["--retry", "0", &ftp.url("/f")])
            .run()
            .refuses(&refusal);
    }
}

#[test]
fn the_last_word_is_missing() {
    let content = noise(8, 5000);
    let site = Site {
        end: "",
        ..Site::new(content.clone())
    };
    // Time and size tell that all of it is there.
    let ftp = site.clone().start();
    fetch(&ftp.url("/f")).delivers(&content);
    assert_eq!(ftp.said("RETR"), [vec!["f"], vec![]]);
    // Without them nobody knows.
    let ftp = Site {
        size: false,
        ..site.clone()
    }
    .start();
    let outcome = Ptex::new(["--retry", "1", &ftp.url("/f")]).run();
    let line = outcome.error();
    assert!(
        line.contains("closed the connection before it answered the transfer"),
        "{line}"
    );
    outcome.wrote(&content);
    // Nor if the server says that it failed.
    let ftp = Site {
        end: "451 Disk error",
        size: false,
        ..site
    }
    .start();
    let outcome = Ptex::new(["--retry", "0", &ftp.url("/f")]).run();
    let line = outcome.error();
    assert!(
        line.ends_with("answered the transfer with 451 Disk error"),
        "{line}"
    );
}

#[test]
fn listings() {
    let content = b"-rw-r--r-- 1 0 0 5 Jan 1 2024 f\r\n".to_vec();
    let ftp = Site::new(content.clone()).start();
    fetch(&ftp.url("/a/")).delivers(&content);
    assert_eq!(ftp.said("TYPE"), [["A"]]);
    assert_eq!(ftp.said("SIZE"), [[""; 0]]);
}

#[test]
fn after_a_redirect() {
    let content = noise(9, 100);
    let ftp = Site::new(content.clone()).start();
    let http = Server::answering(redirect(302, &ftp.url("/f")));
    fetch(&http.url("/")).delivers(&content);
}

#[test]
fn access_denied() {
    let ftp = Site {
        welcome: "530 Not with hunter2",
        ..Site::new(Vec::new())
    }
    .start();
    let url = format!("ftp://joe:hunter2@127.0.0.1:{}/f", ftp.port);
    fetch(&url).fails_with(&format!(
        "Failed to fetch ftp://joe@127.0.0.1:{0}/f: Access denied: 127.0.0.1:{0} answered PASS with 530",
        ftp.port
    ));
    assert_eq!(ftp.said("PASS"), [["hunter2"]]);
}

#[test]
fn silence() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port on the loopback interface");
    let port = listener.local_addr().expect("an address").port();
    let url = format!("ftp://127.0.0.1:{port}/f");
    let outcome = Ptex::new(["--retry", "0", "--speed-time", "1", &url]).run();
    outcome.refuses("timed out after 1000 ms without progress");
    assert!(outcome.elapsed < Duration::from_secs(10));
}

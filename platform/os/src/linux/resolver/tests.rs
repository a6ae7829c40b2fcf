use super::*;
use crate::net::dns::tests::{Record, TC, asked_name, asked_type, name, reply};
use std::io::{Read, Write};
use std::net::{TcpListener, UdpSocket};
use std::string::ToString;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use std::{format, vec};

const A: u16 = Type::A as u16;
const AAAA: u16 = Type::Aaaa as u16;

/// What a nameserver sends back: the datagrams, given the question and its number (from 0).
type Behaviour = fn(&[u8], usize) -> Vec<Vec<u8>>;

/// A nameserver on a loopback address.
struct Server {
    port: u16,
    /// `NAME/TYPE` of each datagram that came, `NAME/TYPE/tcp` of what came by TCP.
    log: Arc<Mutex<Vec<String>>>,
    stop: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

impl Server {
    /// At `ip` and `port` (0: any), answering as `udp` says, and by TCP with the first message that `tcp` gives.
    fn start(ip: &str, port: u16, udp: Behaviour, tcp: Option<Behaviour>) -> Server {
        // Both protocols on one port; another program may have the one that the kernel picked for the first.
        let (socket, listener) = loop {
            let socket = UdpSocket::bind((ip, port)).unwrap();
            let at = socket.local_addr().unwrap();
            if let Ok(listener) = TcpListener::bind(at) {
                break (socket, listener);
            }
        };
        let port = socket.local_addr().unwrap().port();
        socket
            .set_read_timeout(Some(Duration::from_millis(20)))
            .unwrap();
        listener.set_nonblocking(true).unwrap();
        let log = Arc::new(Mutex::new(vec![]));
        let stop = Arc::new(AtomicBool::new(false));
        let entry =
            |query: &[u8], by: &str| format!("{}/{}{by}", asked_name(query), asked_type(query));

        let (log2, stop2) = (log.clone(), stop.clone());
        let by_udp = std::thread::spawn(move || {
            let mut buf = [0; 512];
            let mut count = 0;
            while !stop2.load(Ordering::Relaxed) {
                let Ok((n, from)) = socket.recv_from(&mut buf) else {
                    continue;
                };
                log2.lock().unwrap().push(entry(&buf[..n], ""));
                for message in udp(&buf[..n], count) {
                    socket.send_to(&message, from).unwrap();
                }
                count += 1;
            }
        });
        let mut threads = vec![by_udp];
        if let Some(tcp) = tcp {
            let (log, stop) = (log.clone(), stop.clone());
            threads.push(std::thread::spawn(move || {
                while !stop.load(Ordering::Relaxed) {
                    let Ok((mut stream, _)) = listener.accept() else {
                        std::thread::sleep(Duration::from_millis(5));
                        continue;
                    };
                    stream.set_nonblocking(false).unwrap();
                    let mut length = [0; 2];
                    stream.read_exact(&mut length).unwrap();
                    let mut query = vec![0; u16::from_be_bytes(length).into()];
                    stream.read_exact(&mut query).unwrap();
                    log.lock().unwrap().push(entry(&query, "/tcp"));
                    let message = tcp(&query, 0).remove(0);
                    let length = (message.len() as u16).to_be_bytes();
                    // In pieces, and perhaps to one who has read enough.
                    for part in [&length[..1], &length[1..], &message] {
                        let _ = stream.write_all(part);
                        std::thread::sleep(Duration::from_millis(2));
                    }
                }
            }));
        }
        Server {
            port,
            log,
            stop,
            threads,
        }
    }

    fn udp(behaviour: Behaviour) -> Server {
        Server::start("127.0.0.1", 0, behaviour, None)
    }

    fn log(&self) -> Vec<String> {
        self.log.lock().unwrap().clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

/// A file in the folder for temporary files, removed on drop.
struct TempFile(std::path::PathBuf);

impl TempFile {
    fn new(content: &str) -> TempFile {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("os-resolver-test-{}-{count}", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::write(&path, content).unwrap();
        TempFile(path)
    }

    fn path(&self) -> &[u8] {
        use std::os::unix::ffi::OsStrExt;
        self.0.as_os_str().as_bytes()
    }
}

impl Drop for TempFile {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// Looks `host` up as told by the text of a resolv.conf and of a hosts file.
fn look_up_with_hosts(
    hosts: &str,
    conf: &str,
    port: u16,
    host: &str,
    ms: u64,
) -> Result<Vec<String>, Box<Error>> {
    let (hosts, conf) = (TempFile::new(hosts), TempFile::new(conf));
    let config = Config {
        hosts: hosts.path(),
        resolv_conf: conf.path(),
        port,
    };
    let addresses = lookup_with(&config, host, 80, monotonic_ms() + ms)?;
    assert!(addresses.iter().all(|address| address.port() == 80));
    Ok(addresses.iter().map(|a| a.ip().to_string()).collect())
}

fn look_up(conf: &str, port: u16, host: &str, ms: u64) -> Result<Vec<String>, Box<Error>> {
    look_up_with_hosts("", conf, port, host, ms)
}

const ONE: &str = "nameserver 127.0.0.1\n";
const TWO: &str = "nameserver 127.0.0.1\nnameserver 127.0.0.2\n";

/// 192.0.2.1 and 2001:db8::1 for the name, whatever it is.
fn both(query: &[u8], _: usize) -> Vec<Vec<u8>> {
    let owner = asked_name(query);
    let record: Record = match asked_type(query) {
        A => (&owner, A, vec![192, 0, 2, 1]),
        _ => (&owner, AAAA, v6(1)),
    };
    vec![reply(query, 0, &[record])]
}

fn v6(last: u8) -> Vec<u8> {
    let mut bytes = vec![0x20, 0x01, 0x0d, 0xb8];
    bytes.resize(15, 0);
    bytes.push(last);
    bytes
}

fn silent(_: &[u8], _: usize) -> Vec<Vec<u8>> {
    vec![]
}

fn no_such_name(query: &[u8], _: usize) -> Vec<Vec<u8>> {
    vec![reply(query, 3, &[])]
}

fn sorted(mut list: Vec<String>) -> Vec<String> {
    list.sort();
    list
}

const BOTH: [&str; 2] = ["192.0.2.1", "2001:db8::1"];

#[test]
fn both_families_with_one_question_each() {
    let server = Server::udp(both);
    let found = look_up(ONE, server.port, "h.test", 5000).unwrap();
    assert_eq!(sorted(found), BOTH);
    assert_eq!(sorted(server.log()), ["h.test/1", "h.test/28"]);
}

#[test]
fn one_family() {
    let server = Server::udp(|query, n| match asked_type(query) {
        A => both(query, n),
        _ => vec![reply(query, 0, &[])],
    });
    let found = look_up(ONE, server.port, "h.test", 5000).unwrap();
    assert_eq!(found, ["192.0.2.1"]);

    // A server that takes AAAA for a name that does not exist.
    let server = Server::udp(|query, n| match asked_type(query) {
        A => no_such_name(query, n),
        _ => both(query, n),
    });
    let found = look_up(ONE, server.port, "h.test", 5000).unwrap();
    assert_eq!(found, ["2001:db8::1"]);
}

#[test]
fn a_family_that_is_never_answered_is_not_waited_for_long() {
    let server = Server::udp(|query, n| match asked_type(query) {
        A => both(query, n),
        _ => vec![],
    });
    let begun = Instant::now();
    let found = look_up(ONE, server.port, "h.test", 9000).unwrap();
    assert_eq!(found, ["192.0.2.1"]);
    assert!(begun.elapsed() < Duration::from_millis(3000));
    assert_eq!(server.log(), ["h.test/1", "h.test/28", "h.test/28"]);
}

#[test]
fn a_lost_packet_costs_a_second() {
    let server = Server::udp(|query, n| if n < 2 { vec![] } else { both(query, n) });
    let begun = Instant::now();
    let found = look_up(ONE, server.port, "h.test", 9000).unwrap();
    assert_eq!(sorted(found), BOTH);
    assert!(begun.elapsed() < Duration::from_millis(2000));
}

#[test]
fn no_such_name_and_no_address() {
    let server = Server::udp(no_such_name);
    let e = look_up(ONE, server.port, "h.test", 5000).unwrap_err();
    let text = "Could not resolve host: h.test";
    assert_eq!((e.transient, e.text.as_str()), (false, text));

    let server = Server::udp(|query, _| vec![reply(query, 0, &[])]);
    let e = look_up(ONE, server.port, "h.test", 5000).unwrap_err();
    let text = "Could not resolve host: h.test (it has no address)";
    assert_eq!((e.transient, e.text.as_str()), (false, text));

    let e = look_up(ONE, server.port, "not a name", 5000).unwrap_err();
    let text = "Could not resolve host: not a name";
    assert_eq!((e.transient, e.text.as_str()), (false, text));
}

#[test]
fn silence() {
    let server = Server::udp(silent);
    let conf = format!("{ONE}options timeout:1 attempts:2\n");
    let begun = Instant::now();
    let e = look_up(&conf, server.port, "h.test", 9000).unwrap_err();
    let text = "Could not resolve host: h.test (nameserver 127.0.0.1 did not answer)";
    assert_eq!((e.transient, e.text.as_str()), (true, text));
    let elapsed = begun.elapsed();
    assert!(elapsed >= Duration::from_millis(1999) && elapsed < Duration::from_millis(3500));
    assert_eq!(server.log().len(), 4);
}

#[test]
fn the_deadline_is_kept() {
    let server = Server::udp(silent);
    let begun = Instant::now();
    let e = look_up(ONE, server.port, "h.test", 300).unwrap_err();
    assert!(e.transient);
    assert!(begun.elapsed() < Duration::from_millis(1300));
}

#[test]
fn the_first_good_answer_wins() {
    let first = Server::udp(silent);
    let second = Server::start("127.0.0.2", first.port, both, None);
    let begun = Instant::now();
    let found = look_up(TWO, first.port, "h.test", 9000).unwrap();
    assert_eq!(sorted(found), BOTH);
    assert!(begun.elapsed() < Duration::from_millis(4000));
    drop(second);

    // Nobody listens at the second any more; the first does not answer.
    let conf = format!("{TWO}options timeout:1 attempts:1\n");
    let e = look_up(&conf, first.port, "h.test", 9000).unwrap_err();
    let text = "Could not resolve host: h.test (nameservers 127.0.0.1, 127.0.0.2 did not answer)";
    assert_eq!((e.transient, e.text.as_str()), (true, text));
}

#[test]
fn nobody_listening_is_known_at_once() {
    let port = Server::udp(silent).port;
    let begun = Instant::now();
    let e = look_up(ONE, port, "h.test", 9000).unwrap_err();
    assert!(e.transient);
    assert!(begun.elapsed() < Duration::from_millis(800));
}

#[test]
fn a_server_failure_is_asked_again() {
    let server = Server::udp(|query, n| match n {
        0 | 1 => vec![reply(query, 2, &[])],
        _ => both(query, n),
    });
    let begun = Instant::now();
    let found = look_up(ONE, server.port, "h.test", 9000).unwrap();
    assert_eq!(sorted(found), BOTH);
    assert!(begun.elapsed() < Duration::from_millis(800));

    let server = Server::udp(|query, _| vec![reply(query, 2, &[])]);
    let e = look_up(ONE, server.port, "h.test", 9000).unwrap_err();
    let text = "Could not resolve host: h.test (nameserver 127.0.0.1 could not answer)";
    assert_eq!((e.transient, e.text.as_str()), (true, text));
    assert!(begun.elapsed() < Duration::from_millis(2000));
}

#[test]
fn a_failing_server_does_not_hide_a_good_one() {
    let first = Server::udp(|query, _| vec![reply(query, 5, &[])]);
    let _second = Server::start(
        "127.0.0.2",
        first.port,
        |query, n| {
            std::thread::sleep(Duration::from_millis(100));
            both(query, n)
        },
        None,
    );
    let found = look_up(TWO, first.port, "h.test", 9000).unwrap();
    assert_eq!(sorted(found), BOTH);
}

#[test]
fn what_answers_another_question_is_passed_over() {
    let server = Server::udp(|query, n| {
        let forged: Record = ("h.test", A, vec![6, 6, 6, 6]);
        let mut other_id = reply(query, 0, std::slice::from_ref(&forged));
        other_id[0] ^= 1;
        let mut other_name = reply(query, 0, std::slice::from_ref(&forged));
        other_name[13] = b'x';
        let mut messages = vec![vec![], b"garbage".into(), other_id, other_name];
        messages.extend(both(query, n));
        messages
    });
    let found = look_up(ONE, server.port, "h.test", 5000).unwrap();
    assert_eq!(sorted(found), BOTH);
}

#[test]
fn who_was_not_asked_is_not_heard() {
    // The server answers late; before that, an answer comes from another port of its address.
    let asked = UdpSocket::bind("127.0.0.3:0").unwrap();
    let port = asked.local_addr().unwrap().port();
    let thread = std::thread::spawn(move || {
        let forger = UdpSocket::bind("127.0.0.3:0").unwrap();
        let mut buf = [0; 512];
        for _ in 0..2 {
            let (n, from) = asked.recv_from(&mut buf).unwrap();
            let query = &buf[..n];
            let forged: Record = ("h.test", A, vec![6, 6, 6, 6]);
            let _ = forger.send_to(&reply(query, 0, &[forged]), from);
            std::thread::sleep(Duration::from_millis(50));
            asked.send_to(&both(query, 0)[0], from).unwrap();
        }
    });
    let found = look_up("nameserver 127.0.0.3\n", port, "h.test", 5000).unwrap();
    assert_eq!(sorted(found), BOTH);
    thread.join().unwrap();
}

#[test]
fn an_alias() {
    let server = Server::udp(|query, _| {
        let mut records = vec![("h.test", 5, name("cdn.test"))];
        match asked_type(query) {
            A => records.push(("cdn.test", A, vec![192, 0, 2, 7])),
            _ => records.push(("cdn.test", AAAA, v6(7))),
        }
        vec![reply(query, 0, &records)]
    });
    let found = look_up(ONE, server.port, "h.test", 5000).unwrap();
    assert_eq!(sorted(found), ["192.0.2.7", "2001:db8::7"]);
}

/// Forty addresses, or none of IPv6.
fn many(query: &[u8], _: usize) -> Vec<Vec<u8>> {
    let records: Vec<_> = match asked_type(query) {
        A => (0..40).map(|i| ("h.test", A, vec![192, 0, 2, i])).collect(),
        _ => vec![],
    };
    vec![reply(query, 0, &records)]
}

/// Two of the forty, and that it is not all.
fn cut(query: &[u8], n: usize) -> Vec<Vec<u8>> {
    match asked_type(query) {
        A => vec![reply(
            query,
            TC,
            &[
                ("h.test", A, vec![192, 0, 2, 0]),
                ("h.test", A, vec![192, 0, 2, 1]),
            ],
        )],
        _ => many(query, n),
    }
}

#[test]
fn a_cut_answer_is_asked_for_by_tcp() {
    let server = Server::start("127.0.0.1", 0, cut, Some(many));
    let found = look_up(ONE, server.port, "h.test", 5000).unwrap();
    assert_eq!(found.len(), MAX_ADDRESSES);
    assert_eq!(
        sorted(server.log()),
        ["h.test/1", "h.test/1/tcp", "h.test/28"]
    );

    // A datagram that is too long for us counts as cut.
    let server = Server::start("127.0.0.1", 0, many, Some(many));
    let found = look_up(ONE, server.port, "h.test", 5000).unwrap();
    assert_eq!(found.len(), MAX_ADDRESSES);
    assert!(server.log().contains(&"h.test/1/tcp".to_string()));
}

#[test]
fn without_tcp_a_cut_answer_has_to_do() {
    let server = Server::start("127.0.0.1", 0, cut, None);
    let conf = format!("{ONE}options timeout:1 attempts:1\n");
    let found = look_up(&conf, server.port, "h.test", 5000).unwrap();
    assert_eq!(found, ["192.0.2.0", "192.0.2.1"]);
}

#[test]
fn more_by_tcp_than_is_read() {
    let server = Server::start(
        "127.0.0.1",
        0,
        cut,
        Some(|query, _| {
            let mut records = vec![("h.test", A, vec![192, 0, 2, 9])];
            records.resize(2000, ("h.test", 16, vec![0; 20]));
            vec![reply(query, 0, &records)]
        }),
    );
    let found = look_up(ONE, server.port, "h.test", 5000).unwrap();
    assert_eq!(found, ["192.0.2.0", "192.0.2.1", "192.0.2.9"]);
}

/// Only h.b.test exists; h.broken.test makes the server fail, h.empty.test has no address.
fn zone(query: &[u8], n: usize) -> Vec<Vec<u8>> {
    match asked_name(query).as_str() {
        "h.b.test" => both(query, n),
        "h.broken.test" => vec![reply(query, 2, &[])],
        "h.empty.test" => vec![reply(query, 0, &[])],
        _ => no_such_name(query, n),
    }
}

fn names(log: &[String]) -> Vec<&str> {
    let mut names: Vec<_> = log
        .iter()
        .map(|entry| entry.split_once('/').unwrap().0)
        .collect();
    names.dedup();
    names
}

#[test]
fn the_search_list() {
    let conf = format!("{ONE}search a.test empty.test broken.test b.test c.test\n");
    let server = Server::udp(zone);
    let found = look_up(&conf, server.port, "h", 9000).unwrap();
    assert_eq!(sorted(found), BOTH);
    assert_eq!(
        names(&server.log()),
        ["h.a.test", "h.empty.test", "h.broken.test", "h.b.test"]
    );

    // Dots enough: first as it is.
    let conf = format!("{ONE}search test\n");
    let server = Server::udp(zone);
    assert!(look_up(&conf, server.port, "h.b", 9000).is_ok());
    assert_eq!(names(&server.log()), ["h.b", "h.b.test"]);

    // Too few of them: last as it is.
    let conf = format!("{ONE}search x.test\noptions ndots:3\n");
    let server = Server::udp(zone);
    assert!(look_up(&conf, server.port, "h.b.test", 9000).is_ok());
    assert_eq!(names(&server.log()), ["h.b.test.x.test", "h.b.test"]);

    // A dot at the end: nothing is added.
    let server = Server::udp(zone);
    let e = look_up(&conf, server.port, "h.", 9000).unwrap_err();
    assert_eq!(e.text, "Could not resolve host: h.");
    assert_eq!(names(&server.log()), ["h"]);
}

#[test]
fn a_failure_on_the_way_is_not_hidden_by_a_later_no() {
    let server = Server::udp(zone);
    let conf = format!("{ONE}search broken.test c.test\n");
    let e = look_up(&conf, server.port, "h", 9000).unwrap_err();
    let text = "Could not resolve host: h (nameserver 127.0.0.1 could not answer)";
    assert_eq!((e.transient, e.text.as_str()), (true, text));
}

#[test]
fn the_hosts_file_comes_first() {
    let server = Server::udp(both);
    let hosts = format!(
        "# {}\n10.0.0.1 Mine.test m\n::2 other\nfd00::1 mine.test",
        "long ".repeat(1000)
    );
    let look_up = |host| look_up_with_hosts(&hosts, ONE, server.port, host, 5000).unwrap();
    assert_eq!(look_up("mine.TEST."), ["10.0.0.1", "fd00::1"]);
    assert_eq!(look_up("m"), ["10.0.0.1"]);
    assert!(server.log().is_empty());
    assert_eq!(sorted(look_up("mine")), BOTH);
}

#[test]
fn files_that_are_not_there() {
    let config = Config {
        hosts: b"/nonexistent/hosts",
        resolv_conf: b"/nonexistent/resolv.conf",
        port: Server::udp(silent).port,
    };
    let e = lookup_with(&config, "h.test", 80, monotonic_ms() + 500).unwrap_err();
    let text = "Could not resolve host: h.test (nameserver 127.0.0.1 did not answer)";
    assert_eq!((e.transient, e.text.as_str()), (true, text));
}

#[test]
fn lines_of_a_file() {
    let lines = |content: &str| {
        let mut lines = vec![];
        each_line(TempFile::new(content).path(), &mut |line| {
            lines.push(String::from_utf8(line.into()).unwrap());
        });
        lines
    };
    assert_eq!(lines("a\n\nb"), ["a", "", "b"]);
    assert_eq!(lines("a\n"), ["a", ""]);
    let long = "x".repeat(MAX_LINE);
    let cut = lines(&format!("a\n{long}yy{long}{long}\nb\n"));
    assert_eq!(cut, ["a", &long, "b", ""]);
    // Each length around the size of the buffer.
    for n in MAX_LINE - 4..MAX_LINE + 4 {
        let text = lines(&format!("{}\nb\n", "x".repeat(n)));
        assert_eq!((text[0].len(), &text[1][..]), (n.min(MAX_LINE), "b"), "{n}");
    }
    // More lines than one read holds.
    let text: String = (0..2000).map(|i| format!("line {i}\n")).collect();
    assert_eq!(lines(&text).len(), 2001);
}

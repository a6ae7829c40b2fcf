//! What a running process still may do, as /proc shows it: on Linux, for a program that runs by itself (an emulator's
//! process is not what is tested).
#![cfg(target_os = "linux")]

use std::fs;
use std::io::Read;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use blackbox::random::noise;
use blackbox::run::binary;
use blackbox::server::Server;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// A server that sends half of `content` and the rest a second later, and a ptex that has the first half.
fn half_way(content: &'static [u8]) -> (Server, Child) {
    let server = Server::start(move |_, connection| {
        let (first, second) = content.split_at(content.len() / 2);
        connection.send(format!(
            "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n",
            content.len()
        ))?;
        connection.send(first)?;
        sleep(Duration::from_secs(1));
        connection.send(second)
    });
    let mut child = Command::new(binary())
        .arg(server.url("/"))
        .env_clear()
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut first = vec![0; content.len() / 2];
    let stdout = child.stdout.as_mut().unwrap();
    stdout.read_exact(&mut first).unwrap();
    assert_eq!(first, content[..first.len()]);
    (server, child)
}

/// The child delivers what is missing, and nothing goes wrong.
fn ends_well(child: Child, content: &[u8]) {
    let output = child.wait_with_output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    assert!(output.status.success());
    assert_eq!(output.stdout, content[content.len() / 2..]);
}

fn content() -> &'static [u8] {
    Vec::leak(noise(1, 4000))
}

/// A line of /proc/PID/maps.
struct Mapping {
    from: u64,
    rights: String,
    what: String,
}

fn mappings(child: &Child) -> Vec<Mapping> {
    let maps = fs::read_to_string(format!("/proc/{}/maps", child.id())).unwrap();
    let mapping = |line: &str| {
        let mut words = line.split_whitespace();
        let range = words.next().unwrap();
        Mapping {
            from: u64::from_str_radix(range.split('-').next().unwrap(), 16).unwrap(),
            rights: words.next().unwrap().to_owned(),
            what: words.nth(3).unwrap_or_default().to_owned(),
        }
    };
    maps.lines().map(mapping).collect()
}

#[test]
fn calls_that_a_fetcher_does_not_make_are_given_up() {
    let content = content();
    let (_server, child) = half_way(content);
    let status = fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap();
    let field = |name: &str| {
        let mut lines = status.lines();
        let line = lines.find_map(|line| line.strip_prefix(name)).unwrap();
        line.trim().to_owned()
    };
    assert_eq!(field("NoNewPrivs:"), "1");
    assert_eq!(field("Seccomp:"), "2", "a filter");
    assert_eq!(field("Threads:"), "1");
    ends_well(child, content);
}

#[test]
fn no_memory_is_writable_and_executable() {
    let content = content();
    let (_server, child) = half_way(content);
    let mappings = mappings(&child);
    let file = binary().canonicalize().unwrap();
    let file: Vec<_> = mappings
        .iter()
        .filter(|m| m.what == file.to_str().unwrap())
        .collect();
    for m in &mappings {
        assert!(!m.rights.starts_with("rwx"), "{}", m.what);
    }
    let stack = mappings.iter().find(|m| m.what == "[stack]").unwrap();
    assert_eq!(stack.rights, "rw-p");
    // Constants, code, and the addresses that were relocated and then made read-only.
    let rights: Vec<_> = file.iter().map(|m| m.rights.as_str()).collect();
    assert_eq!(rights[..3], ["r--p", "r-xp", "r--p"]);
    ends_well(child, content);
}

#[test]
fn each_process_is_at_an_address_of_its_own() {
    let content = content();
    let two = [half_way(content), half_way(content)];
    let from = two.each_ref().map(|(_, child)| mappings(child)[0].from);
    assert_ne!(from[0], from[1]);
    for (_server, child) in two {
        ends_well(child, content);
    }
}

#[test]
fn a_process_that_was_stopped_goes_on() {
    let content = content();
    let (_server, child) = half_way(content);
    let pid = Pid::from_raw(child.id().try_into().unwrap());
    for signal in [Signal::SIGSTOP, Signal::SIGCONT] {
        kill(pid, signal).unwrap();
        sleep(Duration::from_millis(200));
    }
    ends_well(child, content);
}

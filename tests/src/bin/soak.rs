//! Hundreds of fetches over lines that break: `soak COUNT BYTES every|half|none SEED [ADDRESS [HOST]]`.
//!
//! - `every`: each connection is cut after 1 to 8 MiB, so a large file comes in many parts.
//! - `half`: half of all connections break at a random place, before the first byte of an answer too, by a close or a
//!   reset.
//! - `none`: the server is sound, and whatever lies between it and ptex is not.
//!
//! The server listens on ADDRESS (127.0.0.1) and is asked for as HOST (the same). Status 0: each fetch delivered the
//! right bytes, with status 0 and not a word.

use std::io::{self, Read};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use blackbox::content::Content;
use blackbox::random::{Random, noise};
use blackbox::run::Ptex;
use blackbox::server::{Connection, Request, Server};
use blackbox::temp::Folder;
use blackbox::{in_parallel_by, sha256};

/// So many at a time: most of them wait for their next try.
const THREADS: usize = 16;

/// More than ptex does by default: half of all lines being broken is more than it has to bear without being told.
const TRIES: &str = "30";

/// Seconds after which a fetch is given up.
const MAX_TIME: &str = "100";

/// Which connections break.
#[derive(Clone, Copy)]
enum Break {
    Every,
    Half,
    None,
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let Some(soak) = Soak::parse(&arguments) else {
        eprintln!("usage: soak COUNT BYTES every|half|none SEED [ADDRESS [HOST]]");
        return ExitCode::FAILURE;
    };
    let begin = Instant::now();
    let failures = soak.run();
    println!(
        "{} of {} fetches of {} bytes arrived intact over {} connections in {} s",
        soak.count - failures,
        soak.count,
        soak.bytes.len(),
        soak.connections.load(Ordering::SeqCst),
        begin.elapsed().as_secs()
    );
    ExitCode::from(u8::from(failures > 0))
}

struct Soak {
    count: usize,
    bytes: Arc<[u8]>,
    sha256: String,
    breaks: Break,
    seed: u64,
    address: String,
    host: String,
    connections: AtomicUsize,
}

impl Soak {
    fn parse(arguments: &[String]) -> Option<Self> {
        let mut rest = arguments.iter();
        let count = rest.next()?.parse().ok()?;
        let size = rest.next()?.parse().ok()?;
        let breaks = match rest.next()?.as_str() {
            "every" => Break::Every,
            "half" => Break::Half,
            "none" => Break::None,
            _ => return None,
        };
        let seed = rest.next()?.parse().ok()?;
        let bytes = noise(seed, size);
        let address = rest.next().map_or("127.0.0.1", |address| address);
        let host = rest.next().map_or(address, |host| host);
        Some(Soak {
            count,
            sha256: sha256(&bytes),
            bytes: bytes.into(),
            breaks,
            seed,
            address: address.to_owned(),
            host: host.to_owned(),
            connections: AtomicUsize::new(0),
        })
    }

    /// Fetches that many times, and gives the number of those that failed.
    fn run(&self) -> usize {
        let folder = Folder::new();
        let failed = AtomicUsize::new(0);
        let numbers: Vec<usize> = (0..self.count).collect();
        in_parallel_by(THREADS, &numbers, |&number| {
            if let Err(why) = self.fetch(&folder, number) {
                failed.fetch_add(1, Ordering::SeqCst);
                eprintln!("fetch {number}: {why}");
            }
        });
        failed.into_inner()
    }

    /// One fetch from a server of its own.
    fn fetch(&self, folder: &Folder, number: usize) -> Result<(), String> {
        // What proves that a part belongs to the others: an ETag, a date, or the hash of the manifest.
        let file = match number % 3 {
            0 => Content::new(Arc::clone(&self.bytes)),
            1 => Content::dated(Arc::clone(&self.bytes)),
            _ => Content::anonymous(Arc::clone(&self.bytes)),
        };
        let (breaks, seed) = (self.breaks, self.seed ^ (number as u64) << 32);
        let server = Server::start_on(
            &format!("{}:0", self.address),
            move |request, connection| {
                let mut random = Random::new(seed + request.number as u64);
                answer(&file, breaks, &mut random, request, connection)
            },
        );
        let url = format!("http://{}:{}/f", self.host, server.port());
        let mut ptex = if number % 3 < 2 {
            Ptex::new([&url])
        } else {
            let (size, hash) = (self.bytes.len(), &self.sha256);
            let manifest = folder.write(
                &format!("{number}.json"),
                format!(
                    r#"{{"scie": {{"lift": {{"files": [{{"name": "f", "size": {size}, "hash": "{hash}"}}]}}}},
                        "ptex": {{"f": "{url}"}}}}"#
                ),
            );
            Ptex::new([manifest.as_os_str(), "f".as_ref()])
        };
        ptex = ptex.env("PTEX_RETRY", TRIES).env("PTEX_MAX_TIME", MAX_TIME);
        let mut running = ptex.piped();
        let stdout = running.child.stdout.take().ok_or("no stdout")?;
        let same = self.compare(stdout);
        let outcome = running.wait();
        self.connections
            .fetch_add(server.requests().len(), Ordering::SeqCst);
        if !outcome.status.success() || !outcome.stderr.is_empty() {
            return Err(format!("{}: {}", outcome.status, outcome.stderr.trim_end()));
        }
        same.map_err(|at| format!("status 0, and the bytes are wrong from {at} on"))
    }

    /// Whether all that comes is the content; an error tells from where on it is not.
    fn compare(&self, mut from: impl Read) -> Result<(), usize> {
        let mut at = 0;
        let mut buffer = vec![0; 1 << 16];
        loop {
            match from.read(&mut buffer) {
                Ok(0) => break,
                Ok(n) if self.bytes.get(at..at + n) == buffer.get(..n) => at += n,
                _ => return Err(at),
            }
        }
        if at == self.bytes.len() {
            Ok(())
        } else {
            Err(at)
        }
    }
}

fn answer(
    file: &Content,
    breaks: Break,
    random: &mut Random,
    request: &Request,
    connection: &mut Connection,
) -> io::Result<()> {
    let (head, body) = file.answer(request);
    match breaks {
        Break::None => {
            connection.send(head)?;
            connection.send(body)
        }
        Break::Every => {
            connection.send(head)?;
            let cut = random.between(1 << 20, 8 << 20).min(body.len());
            connection.send(&body[..cut])
        }
        Break::Half => {
            let len = head.len() + body.len();
            let kind = random.between(0, 3);
            let cut = if kind < 2 {
                random.between(0, len - 1)
            } else {
                len
            };
            let (head_cut, body_cut) = (cut.min(head.len()), cut.saturating_sub(head.len()));
            connection.send(&head[..head_cut])?;
            connection.send(&body[..body_cut])?;
            if kind == 1 {
                connection.reset()?;
            }
            Ok(())
        }
    }
}

//! What holds whatever a server does: whole fetches from servers that do, connection by connection, what a random number
//! says. A failure names its seed.

use std::io;
use std::sync::Arc;

use blackbox::content::Content;
use blackbox::random::{Random, noise};
use blackbox::run::{Outcome, Ptex};
use blackbox::server::{Connection, Request, Server, redirect, status};
use blackbox::temp::Folder;
use blackbox::tls::{Authority, server_params};
use blackbox::{in_parallel_by, sha256};

/// Fetches, each with a server of its own. Most of the time of one is waiting for the next try.
const FETCHES: u64 = 150;

/// Fetches at a time.
const THREADS: usize = 48;

/// What is served: the file, and what it becomes when it changes.
struct Site {
    seed: u64,
    files: [Content; 2],
    /// Whether bytes may be others than those that were meant, which only a hash can notice.
    flips: bool,
}

impl Site {
    fn new(seed: u64, flips: bool) -> Self {
        let mut random = Random::new(seed);
        let size = random.pick(&[0, 1, 100, 16_384, 70_000, 300_000]);
        let file = |seed, etag| {
            let bytes = noise(seed, size);
            match seed % 3 {
                0 => Content::anonymous(bytes),
                1 => Content::dated(bytes),
                _ => Content {
                    etag: Some(etag),
                    ..Content::new(bytes)
                },
            }
        };
        Site {
            seed,
            files: [file(seed, "\"one\""), file(seed + 3, "\"two\"")],
            flips,
        }
    }

    /// Answers one request, well or badly.
    fn answer(&self, request: &Request, connection: &mut Connection) -> io::Result<()> {
        let mut random = Random::new(self.seed << 32 | request.number as u64);
        let changed = request.number > 1 && self.seed.is_multiple_of(5);
        let file = &self.files[usize::from(changed)];
        let (head, body) = file.answer(request);
        let mut body = body.to_vec();
        match random.between(0, 19) {
            0..4 => send(connection, &mut random, &[head.as_bytes(), &body].concat()),
            // A line that breaks anywhere, the head included.
            4..9 => {
                let whole = [head.as_bytes(), &body].concat();
                let cut = random.between(0, whole.len());
                send(connection, &mut random, &whole[..cut])?;
                match random.between(0, 1) {
                    0 => connection.reset()?,
                    _ => connection.cut(),
                }
                Ok(())
            }
            9 => connection.send(status(random.pick(&[
                "503 Busy\r\nRetry-After: 0",
                "429 Slow Down\r\nRetry-After: 0",
                "500 Oops",
                "404 Not Here",
                "302 Found",
                "304 Not Modified",
                "416 Range Not Satisfiable",
                "206 Partial Content\r\nContent-Range: bytes 5-9/10",
            ]))),
            10 => connection.send(redirect(302, &format!("/{}", request.number))),
            // Chunks, of which the last is sometimes missing.
            11..14 => {
                let mut head = head.replace("Content-Length", "X");
                head.insert_str(head.len() - 2, "Transfer-Encoding: chunked\r\n");
                let mut whole = head.into_bytes();
                for chunk in body.chunks(random.between(1, 50_000)) {
                    whole.extend(format!("{:x}\r\n", chunk.len()).bytes());
                    whole.extend(chunk);
                    whole.extend(b"\r\n");
                }
                whole.extend(random.pick(&[
                    &b"0\r\n\r\n"[..],
                    b"0\r\n",
                    b"zz\r\n",
                    b"0\r\nA: b\r\n\r\n",
                ]));
                send(connection, &mut random, &whole)
            }
            // The whole file, whatever was asked for.
            14 => {
                let len = file.bytes.len();
                let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {len}\r\n\r\n");
                connection.send([head.as_bytes(), &file.bytes].concat())
            }
            // A length that is not true.
            15 => {
                let head = head.replace("Content-Length: ", "Content-Length: 1");
                connection.send([head.as_bytes(), &body].concat())
            }
            // No answer, or one to another question.
            16 => connection.send(random.pick(&[
                &b"\r\n"[..],
                b"HTTP/1.1\r\n\r\n",
                b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\na",
                b"SSH-2.0-x\r\n",
                b"HTTP/1.1 100 Continue\r\n\r\n",
                b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n",
                &[0x16, 3, 3, 0, 1, 0],
                &[0xff; 70_000],
            ])),
            // A part that is not the one asked for.
            17 if head.starts_with("HTTP/1.1 206") => {
                let head = head.replacen("bytes ", "bytes 1", 1);
                connection.send([head.as_bytes(), &body].concat())
            }
            18 if self.flips && !body.is_empty() => {
                let at = random.between(0, body.len() - 1);
                body[at] ^= 1 << random.between(0, 7);
                connection.send([head.as_bytes(), &body].concat())
            }
            _ => connection.send([head.as_bytes(), &body].concat()),
        }
    }
}

/// Sends `data`, now and then in pieces.
fn send(connection: &mut Connection, random: &mut Random, data: &[u8]) -> io::Result<()> {
    for piece in data.chunks(random.pick(&[usize::MAX, 1 << 16, 1460, 999])) {
        connection.send(piece)?;
    }
    Ok(())
}

/// The outcome is one that a caller can rely on.
fn holds(site: &Site, outcome: &Outcome, got: &[u8]) -> Result<bool, String> {
    let [old, new] = site.files.each_ref().map(|file| &*file.bytes);
    if outcome.status.success() {
        return match got == old || got == new {
            true if outcome.stderr.is_empty() => Ok(true),
            true => Err(format!("status 0 and {:?}", outcome.stderr)),
            false => Err("status 0 and wrong bytes".to_owned()),
        };
    }
    if outcome.status.code() != Some(1) {
        return Err(format!("{}: {}", outcome.status, outcome.stderr));
    }
    let line = outcome.stderr.strip_suffix('\n').unwrap_or_default();
    if !line.starts_with("Failed to ") || line.contains('\n') {
        return Err(format!("status 1 and {:?}", outcome.stderr));
    }
    if !site.flips && !old.starts_with(got) && !new.starts_with(got) {
        return Err(format!("bytes of no version before: {line}"));
    }
    Ok(false)
}

/// One fetch; whether it succeeded.
fn fetch(seed: u64, authority: &Authority, roots: &str) -> Result<bool, String> {
    let folder = Folder::new();
    let hashed = seed.is_multiple_of(2);
    let site = Arc::new(Site::new(seed, hashed));
    let answering = {
        let site = Arc::clone(&site);
        move |request: &Request, connection: &mut Connection| site.answer(request, connection)
    };
    let server = match seed % 3 {
        0 => Server::start(answering),
        _ => {
            let version = [&rustls::version::TLS12, &rustls::version::TLS13][seed as usize % 2];
            let identity = authority.issue(server_params(&["localhost", "127.0.0.1"]));
            Server::start_tls(identity.config(&[version]), answering)
        }
    };
    let url = server.url("/f");
    let to_file = !hashed && seed % 4 == 1;
    let ptex = if hashed {
        let file = &site.files[0].bytes;
        let (size, hash) = (file.len(), sha256(file));
        folder.write(
            "m.json",
            format!(
                r#"{{"scie": {{"lift": {{"files": [{{"name": "f", "size": {size}, "hash": "{hash}"}}]}}}},
                    "ptex": {{"f": ["{url}", "{url}2"]}}}}"#
            ),
        );
        Ptex::new(["m.json", "f"])
    } else if to_file {
        Ptex::new(["-O", &url])
    } else {
        Ptex::new([&url])
    };
    let outcome = ptex
        .dir(folder.path())
        .env("SSL_CERT_FILE", roots)
        .env("PTEX_RETRY", "4")
        .env("PTEX_MAX_TIME", "40")
        .run();
    if to_file {
        let names = folder.names();
        return match outcome.status.success() {
            true if names == ["f"] => holds(&site, &outcome, &folder.read("f")),
            false if names.is_empty() => holds(&site, &outcome, b""),
            _ => Err(format!("{}, and there are {names:?}", outcome.status)),
        };
    }
    let held = holds(&site, &outcome, &outcome.stdout)?;
    if held && hashed && outcome.stdout != *site.files[0].bytes {
        return Err("status 0 and not what the hash is of".to_owned());
    }
    Ok(held)
}

#[test]
fn success_means_the_right_bytes_and_failure_one_line() {
    let folder = Folder::new();
    let authority = Authority::new("Test Root");
    let roots = authority.write(&folder, "roots.pem");
    let seeds: Vec<u64> = (0..FETCHES).collect();
    let results = std::sync::Mutex::new(Vec::new());
    in_parallel_by(THREADS, &seeds, |&seed| {
        let result = fetch(seed, &authority, &roots);
        results
            .lock()
            .unwrap()
            .push(result.map_err(|why| format!("seed {seed}: {why}")));
    });
    let results = results.into_inner().unwrap();
    let broken: Vec<_> = results.iter().filter_map(|r| r.as_ref().err()).collect();
    assert!(broken.is_empty(), "{broken:#?}");
    // Servers that are worse than this would show nothing.
    let succeeded = results.iter().filter(|r| matches!(r, Ok(true))).count() as u64;
    assert!(succeeded > FETCHES / 4, "only {succeeded} of {FETCHES}");
    assert!(succeeded < FETCHES, "no fault was one");
}

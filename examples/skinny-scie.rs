//! The whole idea in ten seconds, offline: `cargo run --example skinny-scie`.
//!
//! A scie is an application in one file: its code, the runtime that interprets it, and a launcher. A *skinny* scie leaves
//! the runtime out and ships ptex instead, which fetches it on the first run. This program packs a small runtime, serves
//! it from its own loopback server, writes the lift manifest, and plays the launcher: a cold run, a warm run, and a cold
//! run against a server that hands out something else.

use std::error::Error;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use package::build::{Build, host};
use package::write::hex;
use sha2::{Digest, Sha256};

/// The application: what its author wrote, in the language of the runtime.
const APP: &str = "say Hello from a skinny scie!\nsay My runtime has \"$(count)\" modules.\n";

/// The runtime's interpreter. It is a shell script here, where a real one would be Python or Node.
const INTERPRETER: &str = r#"#!/bin/sh
home=$(dirname "$(dirname "$0")")
say() { echo "        | $*"; }
count() { ls "$home/lib" | wc -l | tr -d ' '; }
. "$1"
"#;

const RUNTIME: &str = "runtime.tar.gz";

type Result<T> = std::result::Result<T, Box<dyn Error>>;

fn main() -> ExitCode {
    match story() {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => {
            eprintln!("skinny-scie: {e}");
            ExitCode::FAILURE
        }
    }
}

fn story() -> Result<()> {
    let folder = Folder::new()?;
    let ptex = Build::new(&host()?).run()?;
    let runtime = pack_runtime()?;
    let server = Server::start(runtime.clone())?;
    let scie = Scie::write(&folder.0, ptex, &runtime, &server.url)?;

    println!("\n  What is shipped");
    row("hello.app", APP.len() as u64, "");
    row("lift.json", fs::metadata(&scie.manifest)?.len(), "");
    row("ptex", fs::metadata(&scie.ptex)?.len(), "");
    row("the skinny scie", scie.size()?, "all of the above");
    println!("  What is left out");
    row(RUNTIME, runtime.len() as u64, &server.url);

    println!("\n  Cold run: ptex fetches the runtime and verifies it, the launcher unpacks it");
    let cold = scie.boot()?;
    println!("        {} ms", cold.as_millis());

    println!("\n  Warm run: all is in the cache, ptex is not even started");
    let warm = scie.boot()?;
    println!("        {} ms", warm.as_millis());

    println!("\n  Cold run again, and the server hands out a runtime with one bit changed");
    fs::remove_dir_all(&scie.cache)?;
    server.tamper.store(true, Ordering::SeqCst);
    match scie.boot() {
        Ok(_) => return Err("a tampered runtime was run".into()),
        Err(e) => {
            println!("        the launcher: {e}\n        and nothing of it was run or kept\n")
        }
    }
    if scie.cache.join(&scie.hash).exists() {
        return Err("a tampered runtime was kept".into());
    }
    Ok(())
}

fn row(name: &str, size: u64, note: &str) {
    let line = format!("    {name:16} {size:>9} bytes  {note}");
    println!("{}", line.trim_end());
}

/// A tree with an interpreter and a few hundred modules, as a tar.gz.
fn pack_runtime() -> Result<Vec<u8>> {
    let mut tar = tar::Builder::new(GzEncoder::new(Vec::new(), flate2::Compression::fast()));
    let mut add = |path: &str, mode: u32, content: &[u8]| {
        let mut header = tar::Header::new_ustar();
        header.set_mode(mode);
        header.set_size(content.len() as u64);
        tar.append_data(&mut header, path, content)
    };
    add("bin/interpret", 0o755, INTERPRETER.as_bytes())?;
    for number in 0..400_u32 {
        // Digests do not compress, so the archive is as large as a real runtime's core.
        let mut module = Vec::new();
        for block in 0..512_u32 {
            module.extend(Sha256::digest(
                [number.to_le_bytes(), block.to_le_bytes()].concat(),
            ));
        }
        add(&format!("lib/module-{number:03}"), 0o644, &module)?;
    }
    Ok(tar.into_inner()?.finish()?)
}

/// What a scie's launcher knows: its manifest, the ptex beside it, and where its cache is.
struct Scie {
    app: PathBuf,
    manifest: PathBuf,
    ptex: PathBuf,
    cache: PathBuf,
    hash: String,
}

impl Scie {
    /// Writes the parts of the scie to `folder`.
    fn write(folder: &Path, ptex: PathBuf, runtime: &[u8], url: &str) -> Result<Self> {
        let scie = Scie {
            app: folder.join("hello.app"),
            manifest: folder.join("lift.json"),
            ptex,
            cache: folder.join("cache"),
            hash: hex(&Sha256::digest(runtime)),
        };
        fs::write(&scie.app, APP)?;
        let (size, hash) = (runtime.len(), &scie.hash);
        fs::write(
            &scie.manifest,
            format!(
                r#"{{
  "scie": {{
    "lift": {{
      "name": "hello",
      "files": [
        {{"name": "hello.app"}},
        {{"name": "{RUNTIME}", "size": {size}, "hash": "{hash}", "type": "tar.gz", "source": "fetch"}}
      ],
      "boot": {{
        "commands": {{"": {{"exe": "{{{RUNTIME}}}/bin/interpret", "args": ["{{hello.app}}"]}}}},
        "bindings": {{"fetch": {{"exe": "{{ptex}}", "args": ["{{scie.lift}}"]}}}}
      }}
    }}
  }},
  "ptex": {{"{RUNTIME}": "{url}"}}
}}
"#
            ),
        )?;
        Ok(scie)
    }

    fn size(&self) -> io::Result<u64> {
        [&self.app, &self.manifest, &self.ptex]
            .iter()
            .map(|part| Ok(fs::metadata(part)?.len()))
            .sum()
    }

    /// Runs the application, with whatever has to come before that, and tells how long it all took.
    fn boot(&self) -> Result<Duration> {
        let begin = Instant::now();
        let runtime = self.cache.join(&self.hash);
        if !runtime.exists() {
            self.install(&runtime)?;
        }
        let status = Command::new(runtime.join("bin/interpret"))
            .arg(&self.app)
            .status()?;
        if !status.success() {
            return Err(format!("the application failed ({status})").into());
        }
        Ok(begin.elapsed())
    }

    /// Fetches the runtime and unpacks it to `runtime`, which exists afterwards only if it is the right one.
    fn install(&self, runtime: &Path) -> Result<()> {
        fs::create_dir_all(&self.cache)?;
        let archive = self.cache.join("fetched");
        self.fetch(&archive)?;
        let unpacked = self.cache.join("unpacked");
        tar::Archive::new(GzDecoder::new(File::open(&archive)?)).unpack(&unpacked)?;
        fs::rename(unpacked, runtime)?;
        Ok(fs::remove_file(archive)?)
    }

    /// What scie-jump does: ptex gets no input, writes the file to a pipe, and talks to the user itself. All that it
    /// writes is drained and hashed first; its exit status is looked at after that.
    fn fetch(&self, to: &Path) -> Result<()> {
        let mut ptex = Command::new(&self.ptex)
            .arg(&self.manifest)
            .arg(RUNTIME)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()?;
        let mut pipe = ptex.stdout.take().ok_or("ptex has no stdout")?;
        let mut file = File::create(to)?;
        let mut hasher = Sha256::new();
        let mut buffer = vec![0; 1 << 16];
        loop {
            let read = pipe.read(&mut buffer)?;
            if read == 0 {
                break;
            }
            let bytes = buffer.get(..read).unwrap_or_default();
            hasher.update(bytes);
            file.write_all(bytes)?;
        }
        let status = ptex.wait()?;
        let hash = hex(&hasher.finalize());
        if hash != self.hash {
            return Err(
                format!("{RUNTIME} has SHA-256 {hash:.16}…, not {:.16}…", self.hash).into(),
            );
        }
        if !status.success() {
            return Err(format!("ptex failed ({status})").into());
        }
        Ok(())
    }
}

/// An HTTP server on the loopback interface that has one file, and may be told to change it on the way.
struct Server {
    url: String,
    tamper: Arc<AtomicBool>,
}

impl Server {
    fn start(file: Vec<u8>) -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let url = format!("http://{}/{RUNTIME}", listener.local_addr()?);
        let tamper = Arc::new(AtomicBool::new(false));
        let changed = Arc::clone(&tamper);
        std::thread::spawn(move || {
            for connection in listener.incoming().flatten() {
                let mut answer = file.clone();
                if changed.load(Ordering::SeqCst)
                    && let Some(byte) = answer.last_mut()
                {
                    *byte ^= 1;
                }
                // A client that went away is its own affair.
                let _ = serve(connection, &answer);
            }
        });
        Ok(Server { url, tamper })
    }
}

fn serve(mut connection: TcpStream, file: &[u8]) -> io::Result<()> {
    for line in BufReader::new(connection.try_clone()?).lines() {
        if line?.is_empty() {
            break;
        }
    }
    let length = file.len();
    write!(
        connection,
        "HTTP/1.1 200 OK\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
    )?;
    connection.write_all(file)
}

/// A folder for this run, removed at its end.
struct Folder(PathBuf);

impl Folder {
    fn new() -> io::Result<Self> {
        let path = std::env::temp_dir().join(format!("skinny-scie-{}", std::process::id()));
        fs::create_dir_all(&path)?;
        Ok(Folder(path))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

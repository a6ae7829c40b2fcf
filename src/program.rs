//! The program between start and exit status: arguments, manifest, fetch, the last line on stderr.

use crate::cli::{self, Command, Options};
use crate::deliver::{Delivered, Delivery, Expected};
use crate::error::{Error, Kind, Result, printable};
use crate::fetch::Fetch;
use crate::http::Custom;
use crate::manifest::{Entry, Scanner};
use crate::report::Report;
use crate::sink::{Continued, RemoteName, Sink, Stdout};
use crate::url::{self, Url};
use alloc::string::String;
use alloc::vec;
use os::file::{File, write_stderr, write_stdout};

/// Bytes of a manifest that are read at a time.
const MANIFEST_READ: usize = 64 << 10;

/// How much of a path or name a message shows, in bytes.
const MAX_SHOWN: usize = 1000;

/// Runs the program; the result is its exit status.
pub fn run() -> i32 {
    cpu::set_hwcap(os::env::hwcap());
    let Err(error) = program() else {
        return 0;
    };
    let text = match &*error.text {
        "" => cli::USAGE,
        text => text,
    };
    write_stderr([text, "\n"].concat().as_bytes());
    1
}

fn program() -> Result<()> {
    let (command, options) = cli::parse(&mut os::env::args().skip(1), &os::env::var)?;
    match command {
        Command::Help => print(&[cli::USAGE, "\n"]),
        Command::Version => print(&[cli::VERSION, "\n"]),
        Command::Url(text) => fetch_url(text, &options),
        Command::Manifest { path, file } => fetch_file(path, file, &options),
    }
}

fn print(parts: &[&str]) -> Result<()> {
    write_stdout(parts.concat().as_bytes())
        .map_err(|e| Error::new(Kind::Local, &["Failed to write to stdout: ", &e.text()]))
}

fn fetch_url(text: &str, options: &Options) -> Result<()> {
    let sources = [String::from(text)];
    if !options.remote_name {
        return fetch(&sources, options, &mut Stdout, Expected::default(), None);
    }
    let url =
        Url::parse(text).map_err(|e| e.context(&["Failed to fetch ", &url::redact(text), ": "]))?;
    let name = url.remote_name()?;
    let expected = Expected::default();
    if !options.resume {
        return fetch(
            &sources,
            options,
            &mut RemoteName::create(name)?,
            expected,
            None,
        );
    }
    let mut there = Delivered::default();
    let (mut file, validator) = Continued::open(name, &mut |data| there.update(data))?;
    fetch(
        &sources,
        options,
        &mut file,
        expected,
        Some((there, validator)),
    )
}

fn fetch_file(path: &[u8], name: &[u8], options: &Options) -> Result<()> {
    let shown = printable(name, MAX_SHOWN);
    let Some(entry) = look_up(path, name)? else {
        let text = ["Did not find an URL mapping for file ", &shown, "."];
        return Err(Error::new(Kind::Local, &text));
    };
    let expected = Expected {
        size: entry.size,
        sha256: entry.sha256,
    };
    fetch(&entry.urls, options, &mut Stdout, expected, None)
        .map_err(|e| e.context(&["Failed to source file ", &shown, ": "]))
}

fn look_up(path: &[u8], name: &[u8]) -> Result<Option<Entry>> {
    let failed = |e: os::Errno| {
        let path = printable(path, MAX_SHOWN);
        Error::new(
            Kind::Local,
            &["Failed to open lift manifest at ", &path, ": ", &e.text()],
        )
    };
    let mut file = File::open(path).map_err(failed)?;
    let mut scanner = Scanner::new(name);
    let mut buffer = vec![0; MANIFEST_READ];
    loop {
        match file.read(&mut buffer).map_err(failed)? {
            0 => return scanner.finish(),
            n => scanner.push(buffer.get(..n).unwrap_or_default())?,
        }
    }
}

fn fetch(
    sources: &[String],
    options: &Options,
    sink: &mut dyn Sink,
    expected: Expected,
    there: Option<(Delivered, String)>,
) -> Result<()> {
    let mut headers = Custom::new();
    for header in &options.headers {
        headers.push(header)?;
    }
    let mut report = Report::new(options);
    let delivery = Delivery::new(sink, expected);
    let mut fetch = Fetch::new(options, &headers, delivery, &mut report);
    if let Some((there, validator)) = there {
        fetch.resume(there, validator);
    }
    fetch.run(sources)
}

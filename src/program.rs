//! The program between start and exit status: arguments, manifest, fetch, the last line on stderr.

use crate::cli::{self, Command, Options};
use crate::deliver::{Delivered, Delivery, Expected};
use crate::error::{Error, Kind, Part, Result, Shown, Template};
use crate::fetch::Fetch;
use crate::http::Custom;
use crate::manifest::{Entry, Scanner};
use crate::report::Report;
use crate::sink::{Continued, RemoteName, Sink, Stdout};
use crate::text::filled;
use crate::url::{self, Url};
use alloc::string::String;
use alloc::vec;
use os::file::{File, write_stderr, write_stdout};
use os::text;

/// Bytes of a manifest that are read at a time.
const MANIFEST_READ: usize = 64 << 10;

/// How much of a path or name a message shows, in bytes.
const MAX_SHOWN: usize = 1000;

/// A text on a line of its own.
const LINE: Template = text!("%\n");

/// Runs the program; the result is its exit status.
pub fn run() -> i32 {
    cpu::set_hwcap(os::env::hwcap());
    let Err(error) = program() else {
        return 0;
    };
    let text: &dyn Part = if error.text.is_empty() {
        &cli::USAGE
    } else {
        &error.text
    };
    write_stderr(filled(LINE, &[text]).as_bytes());
    1
}

fn program() -> Result<()> {
    let mut arguments = os::env::args();
    arguments.next();
    let (command, options) = cli::parse(&mut || arguments.next(), &os::env::var)?;
    match command {
        Command::Help => print(&cli::USAGE),
        Command::Version => print(&cli::VERSION),
        Command::Url(text) => fetch_url(text, &options),
        Command::Manifest { path, file } => fetch_file(path, file, &options),
    }
}

fn print(text: &dyn Part) -> Result<()> {
    write_stdout(filled(LINE, &[text]).as_bytes())
        .map_err(|e| Error::say(Kind::Local, text!("Failed to write to stdout: %"), &[&e]))
}

fn fetch_url(text: &str, options: &Options) -> Result<()> {
    let sources = [String::from(text)];
    if !options.remote_name {
        return fetch(&sources, options, &mut Stdout, Expected::default(), None);
    }
    let url = Url::parse(text)
        .map_err(|e| e.context(text!("Failed to fetch %: "), &[&url::redact(text)]))?;
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
    let (mut file, validator) = Continued::open(name, text, &mut |data| there.update(data))?;
    fetch(
        &sources,
        options,
        &mut file,
        expected,
        Some((there, validator)),
    )
}

fn fetch_file(path: &[u8], name: &[u8], options: &Options) -> Result<()> {
    let shown = Shown(name, MAX_SHOWN);
    let Some(entry) = look_up(path, name)? else {
        let text = text!("Did not find an URL mapping for file %.");
        return Err(Error::say(Kind::Local, text, &[&shown]));
    };
    let expected = Expected {
        size: entry.size,
        sha256: entry.sha256,
    };
    fetch(&entry.urls, options, &mut Stdout, expected, None)
        .map_err(|e| e.context(text!("Failed to source file %: "), &[&shown]))
}

#[inline(never)]
fn look_up(path: &[u8], name: &[u8]) -> Result<Option<Entry>> {
    let failed = |e: os::Errno| {
        let text = text!("Failed to open lift manifest at %: %");
        Error::say(Kind::Local, text, &[&Shown(path, MAX_SHOWN), &e])
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

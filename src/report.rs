//! What is said on stderr while a fetch runs: progress and retries to a person, headers and events to who asked.
//!
//! Never the last word: the error of a fetch that failed is the caller's to print.

use crate::cli::Options;
use crate::error::{Part, Template, filled, printable};
use crate::progress::{Progress, summary};
use os::clock::monotonic_ms;
use os::file::write_stderr;

/// The longest line about an event, in bytes.
const MAX_LINE: usize = 2000;

/// The reporter of one fetch.
pub struct Report {
    progress: Option<Progress>,
    /// Events are told: `-v`, or there is a terminal with somebody before it.
    verbose: bool,
    /// Raw header lines are shown.
    pub dump_headers: bool,
}

impl Report {
    /// A reporter as the options and the terminal want it.
    pub fn new(options: &Options) -> Self {
        let mut report = Report {
            progress: None,
            verbose: options.verbose,
            dump_headers: options.dump_headers,
        };
        if !options.silent
            && os::env::var("TERM") != Some(b"dumb")
            && let Some(columns) = os::term::stderr_columns()
        {
            report.progress = Some(Progress::new(columns, monotonic_ms()));
        }
        report
    }

    /// Notes that the first `bytes` were there before the transfer began.
    pub fn goes_on_after(&mut self, bytes: u64) {
        if let Some(progress) = &mut self.progress {
            progress.goes_on_after(bytes);
        }
    }

    /// Shows how far the transfer is.
    pub fn progress(&mut self, done: u64, total: Option<u64>) {
        if let Some(progress) = &mut self.progress
            && let Some(line) = progress.draw(monotonic_ms(), done, total)
        {
            write_stderr(line.as_bytes());
        }
    }

    /// Tells a person at a terminal, or who asked with `-v`, of an event worth a line, such as a retry.
    pub fn event(&mut self, template: Template, parts: &[&dyn Part]) {
        if self.verbose || self.progress.is_some() {
            self.line(template, parts);
        }
    }

    /// Tells who asked with `-v` of a detail.
    pub fn detail(&mut self, template: Template, parts: &[&dyn Part]) {
        if self.verbose {
            self.line(template, parts);
        }
    }

    #[cold]
    fn line(&mut self, template: Template, parts: &[&dyn Part]) {
        self.erase();
        let mut line = printable(filled(template, parts).as_bytes(), MAX_LINE);
        line.push('\n');
        write_stderr(line.as_bytes());
    }

    /// Shows header lines as they came, if that was asked for.
    pub fn headers(&mut self, raw: &[u8]) {
        if self.dump_headers {
            self.erase();
            write_stderr(raw);
        }
    }

    /// Makes room for the caller's last word.
    pub fn erase(&mut self) {
        if let Some(progress) = &mut self.progress {
            write_stderr(progress.erase().as_bytes());
        }
    }

    /// Leaves the line that says what was delivered.
    pub fn done(&mut self, bytes: u64, url: &dyn Part) {
        if self.progress.is_some() {
            self.erase();
            write_stderr(summary(bytes, url).as_bytes());
        }
    }
}

//! The job: one file, from the first of its sources that has it, through broken lines and busy servers.
//!
//! A source is tried until it delivers or is exhausted, then comes the next; what was delivered is never delivered
//! twice ([`crate::deliver`]). One try is in [`attempt`] (and [`ftp`]), what an answer means for what was delivered in
//! [`version`]; the bytes of a body flow in [`pump`].

mod attempt;
mod ftp;
mod pump;
mod version;

use crate::cli::Options;
use crate::connect::Network;
use crate::deliver::{Delivered, Delivery};
use crate::error::{Error, Kind, Part, Result, append, fill, filled};
use crate::http::Custom;
use crate::report::Report;
use crate::retry::Retry;
use crate::url::{self, Url};
use alloc::string::String;
use os::clock::{monotonic_ms, sleep_ms};
use os::text;
use pump::Buffer;
use version::Version;

/// Everything that a fetch works with.
pub struct Fetch<'a, 'd> {
    options: &'a Options<'a>,
    headers: &'a Custom,
    delivery: Delivery<'d>,
    report: &'a mut Report,
    network: Network,
    version: Version,
    buffer: Buffer,
}

impl<'a, 'd> Fetch<'a, 'd> {
    /// A fetch into `delivery`.
    pub fn new(
        options: &'a Options<'a>,
        headers: &'a Custom,
        delivery: Delivery<'d>,
        report: &'a mut Report,
    ) -> Self {
        Fetch {
            options,
            headers,
            delivery,
            report,
            network: Network::new(options),
            version: Version::default(),
            buffer: Buffer::new(options.limit_rate()),
        }
    }

    /// Goes on after `there`, the beginning of the version that `validator` (empty if unknown) identifies.
    pub fn resume(&mut self, there: Delivered, validator: String) {
        self.delivery.resume(there);
        self.report.goes_on_after(self.delivery.delivered());
        self.version.validator = Some(validator).filter(|validator| !validator.is_empty());
    }

    /// Fetches from the first of `sources` (URLs with the same content, the preferred one first) that delivers.
    ///
    /// # Errors
    /// `Failed to fetch URL: why` for each of the sources that were tried.
    pub fn run(&mut self, sources: &[String]) -> Result<()> {
        let started = monotonic_ms();
        let mut failures = String::new();
        let mut kind = Kind::Source;
        for (index, source) in sources.iter().enumerate() {
            let url = Url::parse(source);
            let is_url = url.is_ok();
            let (shown, result) = match url {
                Ok(url) => (
                    url.without_password(),
                    self.try_source(index, &url, started),
                ),
                Err(e) => (url::redact(source), Err(e)),
            };
            let Err(error) = result else {
                self.report.done(self.delivery.delivered(), &shown);
                return Ok(());
            };
            let before = if index == 0 { "Failed to fetch " } else { "; " };
            let parts = &[&before, &shown as &dyn Part, &error.text];
            fill(&mut failures, text!("%%: %"), parts);
            kind = error.kind;
            // What is wrong with a URL is wrong with that URL alone.
            if kind == Kind::Local && is_url {
                break;
            }
            if let Some(next) = sources.get(index + 1) {
                let next = url::redact(next);
                let text = text!("%: %; going on with %");
                self.report.event(text, &[&shown, &error.text, &next]);
            }
        }
        self.report.erase();
        Err(Error::say(kind, text!("%"), &[&failures]))
    }

    /// Tries one source until it delivers or no further try is due.
    fn try_source(&mut self, index: usize, url: &Url, started: u64) -> Result<()> {
        let mut retry = Retry::new(self.options.retry(), self.delivery.delivered());
        let mut tries: u64 = 0;
        let mut restarted = false;
        loop {
            tries += 1;
            let Err(mut error) = self.attempt(index, url) else {
                return Ok(());
            };
            if error.kind == Kind::Content && !restarted && self.delivery.restart() {
                restarted = true;
                self.version = Version::default();
                retry = Retry::new(self.options.retry(), 0);
                self.report
                    .event(text!("%; starting again"), &[&error.text]);
                continue;
            }
            if self.network.is_over() {
                error.kind = Kind::Local;
                append(&mut error.text, " (the time for all, --max-time, is over)");
                return Err(error);
            }
            let mut random = [0; 8];
            os::random(&mut random);
            let random = u64::from_le_bytes(random);
            let wait = retry.after(&error, self.delivery.delivered(), random);
            let wait = wait.filter(|wait| {
                let then = monotonic_ms() + wait;
                let limit = self.options.retry_max_time();
                (limit == 0 || then - started < limit)
                    && self.network.deadline.is_none_or(|d| then < d)
            });
            let Some(wait) = wait else {
                if tries > 1 {
                    fill(&mut error.text, text!(" (% tries)"), &[&tries]);
                }
                return Err(error);
            };
            self.tell_retry(&error, wait);
            sleep_ms(wait);
        }
    }

    #[cold]
    fn tell_retry(&mut self, error: &Error, wait: u64) {
        let (seconds, tenths) = (wait / 1000, wait / 100 % 10);
        let parts = &[&error.text as &dyn Part, &seconds, &tenths];
        let mut text = filled(text!("%; trying again in %.% s"), parts);
        let delivered = self.delivery.delivered();
        if delivered > 0 {
            fill(&mut text, text!(", with % bytes there"), &[&delivered]);
        }
        self.report.event(text!("%"), &[&text]);
    }
}

//! One try at one source: what is asked for, redirects, and what comes of the answer.

use super::Fetch;
use super::version::{Said, Step};
use crate::auth::{self, Login};
use crate::error::{Error, Kind, Part, Result, filled};
use crate::http::request::Form;
use crate::http::{Body, Head, HeadParser, Method, partial, redirect, request};
use crate::proxy::{self, Proxy};
use crate::rewrite;
use crate::stream::Stream;
use crate::url::{Scheme, Url};
use alloc::boxed::Box;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::mem;
use os::clock::{monotonic_ms, unix_seconds};
use os::file::File;
use os::text;

/// How one request ended that did not fail.
enum Answer {
    Delivered,
    /// There is more, or something else, to be asked for at once.
    Again,
    Redirect(Url),
}

/// A request's answer as far as it was read.
struct Answered {
    stream: Box<dyn Stream>,
    head: Box<Head>,
    /// Where in the buffer what came after the head begins, and its length.
    from: usize,
    len: usize,
}

const AUTHORIZATION: &str = "Authorization";

impl Fetch<'_, '_> {
    /// Fetches what `source` leads to, going on after what was delivered before if that can be done safely.
    pub(super) fn attempt(&mut self, index: usize, source: &Url) -> Result<()> {
        let mut url = source.clone();
        let is_rewritten = self.rewrite(&mut url)?;
        let result = self.follow(index, source, &url);
        if is_rewritten {
            return result.map_err(|e| e.context(text!("rewritten to %: "), &[&url]));
        }
        result
    }

    /// Makes of `url` what the user's rules do, and says whether one of them fits.
    fn rewrite(&mut self, url: &mut Url) -> Result<bool> {
        let Some(rules) = os::env::var(rewrite::VARIABLE) else {
            return Ok(false);
        };
        let before = url.clone();
        let is_rewritten = rewrite::apply(url, rules)?;
        if is_rewritten {
            let parts = &[&rewrite::VARIABLE as &dyn Part, &before, &*url];
            self.report.detail(text!("%: % is now %"), parts);
        }
        Ok(is_rewritten)
    }

    /// Fetches what `url` leads to. The user's own headers are for `source`.
    fn follow(&mut self, index: usize, source: &Url, first: &Url) -> Result<()> {
        let mut url = first.clone();
        // Where the user wanted to go: a rule of his says so as much as a URL.
        let mut asked = first.clone();
        let mut redirects = 0;
        loop {
            let next = match url.scheme() {
                Scheme::File => return self.file(index, &url),
                Scheme::Http | Scheme::Https => match self.http(index, source, &asked, &url)? {
                    Answer::Delivered => return Ok(()),
                    // Not of the last one: a redirect may lead to a URL that is good for one answer.
                    Answer::Again => {
                        url = first.clone();
                        asked = first.clone();
                        redirects = 0;
                        continue;
                    }
                    Answer::Redirect(next) => next,
                },
                Scheme::Ftp | Scheme::Ftps => return self.ftp(index, &asked, &url),
            };
            redirects += 1;
            if redirects > self.options.max_redirs() {
                let text = text!("Maximum (%) redirects followed");
                return Err(Error::say(Kind::Source, text, &[&(redirects - 1)]));
            }
            self.report.detail(text!("Redirected to %"), &[&next]);
            let is_downgrade = redirect::is_downgrade(&url, &next);
            url = next;
            if self.rewrite(&mut url)? {
                redirect::check(&url)?;
                asked = url.clone();
            }
            // A rule may lead away from TLS, but that a server did is not made good by a rule for where it led.
            if is_downgrade
                && !url.scheme().is_secure()
                && !self.options.allow_downgrade
                && !self.delivery.is_proven_by_hash()
            {
                let text = text!(
                    "Refused the redirect from https to %, where the content could be replaced on its way \
                    (--allow-downgrade or PTEX_ALLOW_DOWNGRADE=1 permits it)"
                );
                return Err(Error::say(Kind::Source, text, &[&url]));
            }
        }
    }

    fn file(&mut self, index: usize, url: &Url) -> Result<()> {
        let path = url.file_path().map_err(|mut error| {
            error.kind = Kind::Source;
            error
        })?;
        let failed = |e: os::Errno| {
            let text = text!("Couldn't read file %: %");
            Error::say(Kind::Source, text, &[&url.path(), &e])
        };
        let mut file = File::open(&path).map_err(failed)?;
        let mut said = Said {
            source: index,
            // What a system makes up when it is read, as in /proc, has the size 0.
            total: file.size().filter(|&size| size > 0),
            ..Said::default()
        };
        self.version.judge(&said, &self.delivery)?;
        self.begin(&mut said)?;
        let started = monotonic_ms();
        let mut passed = 0;
        loop {
            let n = file.read(self.buffer.room()).map_err(failed)?;
            if n == 0 {
                return self.delivery.finish();
            }
            self.hand_on(n)?;
            passed += n as u64;
            self.slow_down(started, passed);
            if self.network.is_over() {
                return Err(Error::say(Kind::Local, text!("timed out"), &[]));
            }
        }
    }

    /// One request and its answer.
    fn http(&mut self, index: usize, source: &Url, asked: &Url, url: &Url) -> Result<Answer> {
        let range = self.range(index);
        let first = if range.is_empty() {
            0
        } else {
            self.delivery.delivered()
        };
        let proxy = proxy::for_url(url, &os::env::var)?;
        let Answered {
            mut stream,
            head,
            from,
            len,
        } = self.exchange(source, asked, url, proxy.as_ref(), range)?;
        if let Some(location) = redirect::location(&head) {
            return redirect::follow(url, location).map(Answer::Redirect);
        }
        let refused_range = head.status() == 416 && first > 0;
        if !refused_range {
            head.check_status(unix_seconds()).map_err(|mut error| {
                error.text.push_str(&auth::unsupported(&head));
                match &proxy {
                    Some(proxy) if head.status() == 407 => proxy.blame(error),
                    _ => error,
                }
            })?;
        }
        if head.status() == 206 && first == 0 && !self.headers.sends("Range") {
            let text = text!("The server sent a part where all was asked for");
            return Err(Error::say(Kind::Source, text, &[]));
        }
        let mut said = Said::of(&head, first, index, url);
        let step = self.version.judge(&said, &self.delivery)?;
        if step == Step::AskForAll {
            self.version.asks_for_all_at = first;
            let text = text!("% did not send the rest; asking for all of it");
            self.report.event(text, &[&said.server]);
            return Ok(Answer::Again);
        }
        self.begin(&mut said)?;
        if step == Step::Take {
            self.pump(&mut *stream, &mut Body::new(head.framing()), from, len)?;
        }
        if said.end.is_some() {
            match self.delivery.missing() {
                // A server may send a part of the range that it was asked for, and need not say how long all of it is.
                0 if self.total() != said.end && !self.delivery.is_proven() => {
                    return Ok(Answer::Again);
                }
                0 => {}
                missing => return Err(partial(missing)),
            }
        }
        self.delivery.finish().map(|()| Answer::Delivered)
    }

    /// The fields that ask for what is missing; none if all of it must be asked for.
    ///
    /// Who sends the rest must have the same content: the hash in the end, or a validator of the server that sent the
    /// first part, proves it. Without either, all is read again and compared.
    fn range(&self, index: usize) -> Vec<(&'static str, String)> {
        let delivered = self.delivery.delivered();
        let mut fields = Vec::new();
        if delivered == self.version.asks_for_all_at || self.headers.sends("Range") {
            return fields;
        }
        match &self.version.validator {
            Some(validator) if self.is_from(index) => fields.push(("If-Range", validator.clone())),
            _ if self.delivery.is_proven_by_hash() => {}
            _ => return fields,
        }
        fields.push(("Range", filled(text!("bytes=%-"), &[&delivered])));
        fields
    }

    /// Whether what was delivered is of the version that the source `index` says it has: it came from there, or all of it
    /// was found to be the same.
    pub(super) fn is_from(&self, index: usize) -> bool {
        self.version.source == index && (self.version.is_delivered || !self.delivery.is_comparing())
    }

    /// Sends the request and reads the head of the answer.
    #[inline(never)]
    fn exchange(
        &mut self,
        source: &Url,
        asked: &Url,
        url: &Url,
        proxy: Option<&Proxy>,
        mut fields: Vec<(&'static str, String)>,
    ) -> Result<Answered> {
        let mut scope = redirect::scope(source, url);
        if !self.headers.replaces(AUTHORIZATION, scope)
            && let Some(login) = Login::for_url(url, url.same_origin(asked), &os::env::var)?
        {
            fields.push((AUTHORIZATION, login.field()));
        }
        let mut form = Form::Origin;
        if let Some(proxy) = proxy
            && proxy.forwards(url)
        {
            form = Form::Absolute;
            scope.proxy = true;
            if let Some(credentials) = proxy.credentials() {
                fields.push(("Proxy-Authorization", credentials.basic()));
            }
        }
        let mut stream = self.network.open(url, proxy, self.report)?;
        let request = request::get(url, form, self.headers, scope, &fields)?;
        let read = stream.write_all(&request).and_then(|()| {
            HeadParser::new(Method::Get).read(&mut *stream, self.buffer.room(), self.report)
        });
        let (head, rest) = read.map_err(|error| match proxy {
            // It is the proxy that is spoken with.
            Some(proxy) if scope.proxy => proxy.blame(error),
            _ => error,
        })?;
        Ok(Answered {
            stream,
            head,
            from: rest.start,
            len: rest.len(),
        })
    }

    /// Has delivered what comes next, which is as an answer `said`, and notes of what its source now sends a version, unless
    /// that is known. What is compared with what was delivered may be another one than that.
    pub(super) fn begin(&mut self, said: &mut Said) -> Result<()> {
        self.delivery.begin(said.from == 0);
        let is_delivered = self.delivery.delivered() == 0;
        let is_comparing = self.delivery.is_comparing();
        let is_other = is_comparing
            && (self.version.validator.as_deref() != said.validator
                || self.version.server != said.server);
        if is_delivered {
            self.version.total = None;
        }
        // The size of what may not be the same is none of what was delivered.
        if !is_comparing {
            self.version.total = said.total.or(self.version.total);
        }
        if is_delivered || is_other || self.version.source != said.source {
            // A validator is none of the part that the user asked for.
            let is_whole = !is_comparing && !self.headers.sends("Range");
            self.delivery
                .remember(said.validator.filter(|_| is_whole))?;
            let version = &mut self.version;
            version.source = said.source;
            version.server = mem::take(&mut said.server);
            version.validator = said.validator.map(ToString::to_string);
            version.is_delivered = is_delivered;
        }
        self.delivery
            .end_at(said.end.or(said.total).or(self.total()));
        Ok(())
    }
}

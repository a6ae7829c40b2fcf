//! One try at one source: its redirects, and what an answer means for what was already delivered.

use super::{Fetch, Version};
use crate::auth::{self, Login};
use crate::deliver::changed;
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
use os::clock::unix_seconds;
use os::file::File;
use os::text;
use os::text::Template;

/// How one request ended that did not fail.
enum Answer {
    Delivered,
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
        if !self.rewrite(&mut url)? {
            return self.follow(index, source, url);
        }
        self.follow(index, source, url.clone())
            .map_err(|e| e.context(text!("rewritten to %: "), &[&url]))
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
    fn follow(&mut self, index: usize, source: &Url, mut url: Url) -> Result<()> {
        // Where the user wanted to go: a rule of his says so as much as a URL.
        let mut asked = url.clone();
        let mut redirects = 0;
        loop {
            let next = match url.scheme() {
                Scheme::File => return self.file(&url),
                Scheme::Http | Scheme::Https => match self.http(index, source, &asked, &url)? {
                    Answer::Delivered => return Ok(()),
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

    fn file(&mut self, url: &Url) -> Result<()> {
        let path = url.file_path().map_err(|mut error| {
            error.kind = Kind::Source;
            error
        })?;
        let failed = |e: os::Errno| {
            let text = text!("Couldn't read file %: %");
            Error::say(Kind::Source, text, &[&url.path(), &e])
        };
        let mut file = File::open(&path).map_err(failed)?;
        // What a system makes up when it is read, as in /proc, has the size 0.
        self.version.total = file.size().filter(|&size| size > 0);
        if let Some(size) = self.version.total {
            self.delivery.check_size(size)?;
        }
        self.delivery.begin(true);
        loop {
            let n = file.read(self.buffer.room()).map_err(failed)?;
            if n == 0 {
                return match self.version.total {
                    Some(size) if self.delivery.delivered() != size => Err(changed()),
                    _ => self.delivery.finish(),
                };
            }
            let data = self.buffer.room().get(..n).unwrap_or_default();
            self.delivery.deliver(data)?;
            self.report
                .progress(self.delivery.delivered(), self.version.total);
        }
    }

    /// One request and its answer.
    fn http(&mut self, index: usize, source: &Url, asked: &Url, url: &Url) -> Result<Answer> {
        let range = self.range(index);
        let asked_for_range = !range.is_empty();
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
        if head.status() == 416 && asked_for_range {
            // Nothing was missing but the end of the response: of the same content, there is no more.
            return match head
                .content_range()?
                .and_then(|range| range.complete_length)
            {
                Some(length)
                    if length == self.delivery.delivered()
                        && self.version.total.is_none_or(|total| total == length) =>
                {
                    self.delivery.begin(false);
                    self.delivery.finish().map(|()| Answer::Delivered)
                }
                _ => Err(changed()),
            };
        }
        head.check_status(unix_seconds()).map_err(|mut error| {
            error.text.push_str(&auth::unsupported(&head));
            match &proxy {
                Some(proxy) if head.status() == 407 => proxy.blame(error),
                _ => error,
            }
        })?;
        let end = self.accept(index, url, &head, asked_for_range)?;
        self.pump(&mut *stream, &mut Body::new(head.framing()), from, len)?;
        // A server may send a part of the range that it was asked for.
        match end {
            Some(end) if self.delivery.delivered() < end => {
                Err(partial(end - self.delivery.delivered()))
            }
            Some(end) if self.delivery.delivered() > end => Err(changed()),
            _ => self.delivery.finish().map(|()| Answer::Delivered),
        }
    }

    /// The fields that ask for what is missing; none if all of it must be asked for.
    ///
    /// Who sends the rest must have the same content: the hash in the end, or a validator of the server that sent the
    /// first part, proves it. Without either, all is read again and compared.
    fn range(&self, index: usize) -> Vec<(&'static str, String)> {
        let delivered = self.delivery.delivered();
        let mut fields = Vec::new();
        if delivered == 0 || self.headers.sends("Range") {
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
        stream.write_all(&request::get(url, form, self.headers, scope, &fields)?)?;
        let (head, rest) =
            HeadParser::new(Method::Get).read(&mut *stream, self.buffer.room(), self.report)?;
        Ok(Answered {
            stream,
            head,
            from: rest.start,
            len: rest.len(),
        })
    }

    /// Decides what the content of a successful answer is, given what was delivered, and where it must end.
    fn accept(
        &mut self,
        index: usize,
        url: &Url,
        head: &Head,
        asked_for_range: bool,
    ) -> Result<Option<u64>> {
        let delivered = self.delivery.delivered();
        let mut total = head.content_length();
        let mut end = total;
        let is_rest = asked_for_range && head.status() == 206;
        if head.status() == 206 && !is_rest && !self.headers.sends("Range") {
            return Err(broken(text!(
                "The server sent a part where all was asked for"
            )));
        }
        let server = url.host_port();
        if is_rest {
            // Two servers may well have different files of one date; only an ETag is not met by chance. Next time, all is
            // read again and compared.
            let is_date = |old: &mut String| !old.starts_with('"');
            if !self.delivery.is_proven_by_hash()
                && !self.version.server.is_empty()
                && self.version.server != server
                && self.version.validator.take_if(is_date).is_some()
            {
                let text = text!("Another server than at first was to send the rest");
                return Err(Error::say(Kind::Transient, text, &[]));
            }
            let range = head.content_range()?;
            let Some((Some((first, last)), complete)) =
                range.map(|range| (range.range, range.complete_length))
            else {
                return Err(broken(text!("The server sent a part without saying which")));
            };
            let is_length_right =
                total.is_none_or(|length| length.checked_sub(1) == Some(last - first));
            // A server need not say how long all of it is, but it may have said so before.
            total = complete.or(self.version.total);
            end = total.or(Some(last.saturating_add(1)));
            if first != delivered || !is_length_right || end <= Some(last) {
                return Err(broken(text!(
                    "The server sent another part than the one asked for"
                )));
            }
        }
        if let Some(total) = total {
            self.delivery.check_size(total)?;
        }
        let validator = head.validator();
        if delivered > 0 {
            // All of it is compared, whatever it calls itself; the rest is taken at its word.
            let is_other = is_rest
                && self.version.source == index
                && !self.delivery.is_proven_by_hash()
                && matches!((&self.version.validator, validator), (Some(old), Some(new)) if old != new);
            if is_other
                || matches!((self.version.total, total), (Some(old), Some(new)) if old != new)
            {
                return Err(changed());
            }
        }
        self.delivery.begin(!is_rest);
        self.note(index, server, validator, total)?;
        Ok(end)
    }

    /// Notes of what `source` now sends a version, unless that is known. What is compared with what was delivered may
    /// be another one than that.
    pub(super) fn note(
        &mut self,
        source: usize,
        server: String,
        validator: Option<&str>,
        total: Option<u64>,
    ) -> Result<()> {
        let is_delivered = self.delivery.delivered() == 0;
        let is_comparing = self.delivery.is_comparing();
        let is_other = is_comparing
            && (self.version.validator.as_deref() != validator || self.version.server != server);
        if is_delivered || is_other || self.version.source != source {
            self.delivery
                .remember(validator.filter(|_| !is_comparing))?;
            self.version = Version {
                source,
                server,
                validator: validator.map(ToString::to_string),
                total: total.or(if is_delivered {
                    None
                } else {
                    self.version.total
                }),
                is_delivered,
            };
        }
        Ok(())
    }
}

#[cold]
fn broken(what: Template) -> Error {
    Error::say(Kind::Source, what, &[])
}

//! One try at one source by FTP.

use super::Fetch;
use super::version::Said;
use crate::auth::Login;
use crate::connect::FtpServer;
use crate::deliver::changed;
use crate::error::{Kind, Result};
use crate::ftp::{Path, Session};
use crate::http::{Body, Framing};
use crate::proxy;
use crate::url::Url;

impl Fetch<'_, '_> {
    /// Fetches what `url` names in one session, going on after what was delivered before if that can be done safely: if
    /// the hash in the end proves the content, or time and size are those of before.
    pub(super) fn ftp(&mut self, index: usize, asked: &Url, url: &Url) -> Result<()> {
        let path = Path::of(url)?;
        let is_from = self.is_from(index);
        let proxy = proxy::for_url(url, &os::env::var)?;
        let mut server = FtpServer::new(&self.network, url, proxy.as_ref(), self.report);
        let login = match Login::for_url(url, url.same_origin(asked), &os::env::var)? {
            Some(Login::Credentials(login)) => Some(login),
            // FTP has no use for a token.
            _ => None,
        };
        let mut session = Session::login(&mut server, url, login)?;
        let (target, facts) = session.find(path, !self.delivery.is_proven_by_hash())?;
        let mut said = Said {
            source: index,
            server: url.host_port(),
            validator: facts.validator.as_deref(),
            total: facts.size,
            ..Said::default()
        };
        self.version.judge(&said, &self.delivery)?;
        let is_same =
            facts.validator.is_some() && is_from && self.version.validator == facts.validator;
        if is_same || self.delivery.is_proven_by_hash() {
            said.from = self.delivery.delivered();
        }
        if said.from > 0 && said.total == Some(said.from) {
            // Nothing was missing but the server's word that this was all.
            self.begin(&mut said)?;
            return self.delivery.finish();
        }
        let (mut data, from) = session.transfer(&mut server, &target, said.from)?;
        said.from = from;
        self.begin(&mut said)?;
        let framing = match facts.size {
            Some(size) => Framing::Length(size - from),
            None => Framing::UntilClose,
        };
        self.buffer.room();
        let mut more = self.pump(&mut *data, &mut Body::new(framing), 0, 0);
        // Who knows the size could leave now. A server that has yet to say that this was all would call that an abort; and
        // more than the size that was told is not the file that it was told of.
        if let (Ok(more @ false), Some(_)) = (&mut more, facts.size) {
            *more = matches!(data.read(self.buffer.room()), Ok(1..));
        }
        // A TLS server may wait for our close_notify.
        drop(data);
        let is_nothing = self.delivery.delivered() == from;
        match more {
            Ok(false) => session.finish()?,
            Ok(true) => return Err(changed()),
            Err(error) if is_nothing && error.kind == Kind::Transient => {
                return Err(session.failed(error));
            }
            Err(error) => return Err(error),
        }
        self.delivery.finish()
    }
}

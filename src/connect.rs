//! From a URL to a connected [`Stream`]: TCP, and TLS where the scheme asks for it.

use crate::cli::Options;
use crate::error::{Error, Kind, Result};
use crate::stream::Stream;
use crate::tls::{self, anchors::Trust};
use crate::url::{Host, Url};
use alloc::boxed::Box;
use alloc::rc::Rc;
use alloc::string::String;
use core::cell::Cell;
use os::clock::{monotonic_ms, unix_seconds};
use os::net::Tcp;

/// What all connections of a fetch have in common.
pub struct Network {
    connect_timeout: u64,
    speed_time: u32,
    /// The moment (monotonic milliseconds) at which everything ends.
    pub deadline: Option<u64>,
    trust: Trust<'static>,
}

impl Network {
    /// The network as the options want it used, from now on.
    pub fn new(options: &Options) -> Self {
        Network {
            connect_timeout: options.connect_timeout(),
            speed_time: u32::try_from(options.speed_time()).unwrap_or(u32::MAX),
            deadline: match options.max_time() {
                0 => None,
                ms => Some(monotonic_ms().saturating_add(ms)),
            },
            trust: Trust::from_environment(),
        }
    }

    /// Whether the time for everything is over.
    pub fn is_over(&self) -> bool {
        self.deadline
            .is_some_and(|deadline| monotonic_ms() >= deadline)
    }

    /// Connects to the server of `url`, an http or https one.
    ///
    /// All of it, name resolution and handshakes, is done within the time for connecting; after that, the stream keeps
    /// the limits on stalls and on everything.
    pub fn open(&mut self, url: &Url) -> Result<Box<dyn Stream>> {
        let limit = match self.connect_timeout {
            0 => u64::MAX,
            ms => monotonic_ms().saturating_add(ms),
        };
        let connecting = limit.min(self.deadline.unwrap_or(u64::MAX));
        let open = Rc::new(Cell::new(false));
        let mut transport = || -> Result<Box<dyn Stream>> {
            let tcp = self.tcp(url, connecting, &open)?;
            Ok(Box::new(tcp))
        };
        let stream = if url.scheme().is_secure() {
            let (host, peer) = (url.host(), url.host_port());
            tls::connect(
                &mut transport,
                host,
                &peer,
                &self.trust,
                unix_seconds(),
                os::random,
            )?
        } else {
            transport()?
        };
        open.set(true);
        Ok(stream)
    }

    fn tcp(&self, url: &Url, connecting: u64, open: &Rc<Cell<bool>>) -> Result<Socket> {
        let mut tcp =
            os::net::connect(&host_text(url.host()), url.port(), connecting).map_err(from_net)?;
        tcp.set_limits(0, Some(connecting));
        Ok(Socket {
            tcp,
            open: open.clone(),
            limits: Some((self.speed_time, self.deadline)),
        })
    }
}

/// The host for the resolver: IPv6 addresses without brackets.
fn host_text(host: &Host) -> String {
    let text = host.text();
    match text
        .strip_prefix('[')
        .and_then(|text| text.strip_suffix(']'))
    {
        Some(address) => String::from(address),
        None => text,
    }
}

#[cold]
fn from_net(e: os::net::Error) -> Error {
    let kind = if e.transient {
        Kind::Transient
    } else {
        Kind::Source
    };
    Error::new(kind, &[&e.text])
}

/// A TCP connection as a [`Stream`].
struct Socket {
    tcp: Tcp,
    /// Whether all that lies above, such as TLS, is connected too.
    open: Rc<Cell<bool>>,
    /// Stall and deadline from then on; None once they are set.
    limits: Option<(u32, Option<u64>)>,
}

impl Socket {
    fn keep_limits(&mut self) {
        if self.open.get()
            && let Some((stall, deadline)) = self.limits.take()
        {
            self.tcp.set_limits(stall, deadline);
        }
    }
}

impl Stream for Socket {
    fn read(&mut self, buf: &mut [u8]) -> Result<usize> {
        self.keep_limits();
        self.tcp.read(buf).map_err(from_net)
    }
    fn ready(&mut self) -> bool {
        self.tcp.ready()
    }
    fn write_all(&mut self, data: &[u8]) -> Result<()> {
        self.keep_limits();
        self.tcp.write_all(data).map_err(from_net)
    }
}

//! From a URL to a connected [`Stream`]: TCP, a tunnel through a proxy, and TLS where the scheme asks for it.

use crate::auth::Credentials;
use crate::cli::Options;
use crate::error::{Error, Kind, Result};
use crate::ftp::Dial;
use crate::proxy::socks::Negotiation;
use crate::proxy::{self, Protocol, Proxy};
use crate::report::Report;
use crate::stream::Stream;
use crate::tls::{self, anchors::Trust};
use crate::url::{Host, Url};
use alloc::boxed::Box;
use alloc::rc::Rc;
use core::cell::Cell;
use core::net::{IpAddr, SocketAddr};
use os::clock::{monotonic_ms, unix_seconds};
use os::net::Tcp;
use os::text;

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

    /// Connects to the server of `url`, by TLS if its scheme says so, through `proxy` if there is one. The stream leads to
    /// the proxy itself if that [forwards](Proxy::forwards) requests for `url`.
    ///
    /// All of it, name resolution and handshakes, is done within the time for connecting; after that, the stream keeps
    /// the limits on stalls and on everything.
    pub fn open(
        &self,
        url: &Url,
        proxy: Option<&Proxy>,
        report: &mut Report,
    ) -> Result<Box<dyn Stream>> {
        self.open_by(
            &mut Direct(url.port()),
            url,
            proxy,
            report,
            &mut Known::http(),
        )
    }

    /// [Opens](Self::open) a connection as `approach` wants it: to a port of its choice, of the machine that is `known`.
    fn open_by(
        &self,
        approach: &mut dyn Approach,
        url: &Url,
        proxy: Option<&Proxy>,
        report: &mut Report,
        known: &mut Known,
    ) -> Result<Box<dyn Stream>> {
        let limit = match self.connect_timeout {
            0 => u64::MAX,
            ms => monotonic_ms().saturating_add(ms),
        };
        let connecting = Connecting {
            network: self,
            until: limit.min(self.deadline.unwrap_or(u64::MAX)),
            open: Rc::new(Cell::new(false)),
        };
        let mut transport = || {
            let server = url.clone().with_port(approach.port()?);
            let mut stream = match proxy {
                None => connecting.tcp(&server, &mut known.address),
                Some(proxy) => connecting.through(proxy, &server, report),
            }?;
            approach.greet(&mut *stream)?;
            Ok(stream)
        };
        let opened = if url.scheme().is_secure() {
            connecting.secure(url, &mut transport, &mut known.tls)
        } else {
            transport()
        };
        // Who answers for the server is not known before TLS has proven it: it may be the proxy.
        let stream = opened.map_err(|error| match proxy {
            Some(proxy) => proxy.blame(error),
            None => error,
        })?;
        connecting.open.set(true);
        Ok(stream)
    }
}

/// What a protocol does to get a connection to where it can be used, or to where TLS begins. With TLS, it may be asked to
/// do so twice.
pub trait Approach {
    /// The port to connect to.
    fn port(&mut self) -> Result<u16>;

    /// Says what is to be said on the new connection, or elsewhere because of it.
    fn greet(&mut self, stream: &mut dyn Stream) -> Result<()>;
}

/// To a port where TLS or the protocol begins at once.
struct Direct(u16);

impl Approach for Direct {
    fn port(&mut self) -> Result<u16> {
        Ok(self.0)
    }
    fn greet(&mut self, _stream: &mut dyn Stream) -> Result<()> {
        Ok(())
    }
}

/// What is known of a server, and learnt for the next connection to it.
#[derive(Default)]
struct Known {
    /// Its address, where there is no proxy.
    address: Option<SocketAddr>,
    tls: tls::Known,
}

impl Known {
    /// That it is an HTTP server.
    fn http() -> Self {
        Known {
            address: None,
            tls: tls::Known::http(),
        }
    }
}

/// The server of an FTP session, on whichever port.
pub struct FtpServer<'a> {
    network: &'a Network,
    url: &'a Url,
    proxy: Option<&'a Proxy>,
    report: &'a mut Report,
    /// What the control connection has shown: data come from the same address, by the same version of TLS. (vsftpd ends
    /// the session when TLS fails on a data connection.)
    known: Known,
}

impl<'a> FtpServer<'a> {
    /// The server of `url`, to which there is no connection yet.
    pub fn new(
        network: &'a Network,
        url: &'a Url,
        proxy: Option<&'a Proxy>,
        report: &'a mut Report,
    ) -> Self {
        FtpServer {
            network,
            url,
            proxy,
            report,
            known: Known::default(),
        }
    }
}

impl Dial for FtpServer<'_> {
    fn dial(&mut self, approach: &mut dyn Approach) -> Result<Box<dyn Stream>> {
        let known = &mut self.known;
        self.network
            .open_by(approach, self.url, self.proxy, self.report, known)
    }
}

/// A connection that is being made.
struct Connecting<'a> {
    network: &'a Network,
    /// The moment at which that must be done.
    until: u64,
    /// Whether it is.
    open: Rc<Cell<bool>>,
}

impl Connecting<'_> {
    /// TCP to the host of `server`; to `address` if that is known.
    fn tcp(&self, server: &Url, address: &mut Option<SocketAddr>) -> Result<Box<dyn Stream>> {
        let (host, port) = (server.host().bare_text(), server.port());
        let mut tcp = match *address {
            Some(mut address) => {
                address.set_port(port);
                os::net::connect_to(&host, address, self.until)
            }
            None => os::net::connect(&host, port, self.until),
        }
        .map_err(|e| from_net(&e))?;
        *address = Some(tcp.peer());
        tcp.set_limits(0, Some(self.until));
        Ok(Box::new(Socket {
            tcp,
            open: self.open.clone(),
            limits: Some((self.network.speed_time, self.network.deadline)),
        }))
    }

    /// TLS with `server` over a transport that leads there.
    fn secure(
        &self,
        server: &Url,
        transport: &mut tls::Open<'_>,
        known: &mut tls::Known,
    ) -> Result<Box<dyn Stream>> {
        tls::connect(
            transport,
            server.host(),
            &server.host_port(),
            known,
            &self.network.trust,
            unix_seconds(),
            os::random,
        )
    }

    #[inline(never)]
    fn to_proxy(&self, proxy: &Proxy) -> Result<Box<dyn Stream>> {
        let server = proxy.server();
        if proxy.protocol() == Protocol::Https {
            self.secure(
                server,
                &mut || self.tcp(server, &mut None),
                &mut tls::Known::http(),
            )
        } else {
            self.tcp(server, &mut None)
        }
    }

    /// A tunnel through `proxy` to the host of `url`; to the proxy itself if that needs none.
    fn through(&self, proxy: &Proxy, url: &Url, report: &mut Report) -> Result<Box<dyn Stream>> {
        let mut stream = self.to_proxy(proxy)?;
        let credentials = proxy.credentials();
        match proxy.protocol() {
            Protocol::Http | Protocol::Https if proxy.forwards(url) => {}
            Protocol::Http | Protocol::Https => {
                let authorization = credentials.as_ref().map(Credentials::basic);
                let head =
                    proxy::http::connect(&mut *stream, url, authorization.as_deref(), report)?;
                proxy::http::check(&head, unix_seconds())?;
            }
            protocol => {
                let host = match (url.host(), protocol) {
                    (Host::Name(name), Protocol::Socks4 | Protocol::Socks5) => {
                        self.look_up(name, url.port())?
                    }
                    (host, _) => host.clone(),
                };
                let mut socks =
                    Negotiation::new(protocol, &host, url.port(), credentials.as_ref())?;
                socks.run(&mut *stream)?;
            }
        }
        Ok(stream)
    }

    /// An address of `name`, one of IPv4 if there is any: it is all that SOCKS 4 has, and many a proxy.
    fn look_up(&self, name: &str, port: u16) -> Result<Host> {
        let addresses = os::net::resolve(name, port, self.until).map_err(|e| from_net(&e))?;
        let mut host = Host::Name(name.into());
        for address in &addresses {
            match address.ip() {
                IpAddr::V4(address) => return Ok(Host::V4(address.octets())),
                IpAddr::V6(address) => host = Host::V6(address.octets()),
            }
        }
        Ok(host)
    }
}

#[cold]
fn from_net(e: &os::net::Error) -> Error {
    let kind = if e.transient {
        Kind::Transient
    } else {
        Kind::Source
    };
    Error::say(kind, text!("%"), &[&e.text])
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
        self.tcp.read(buf).map_err(|e| from_net(&e))
    }
    fn ready(&mut self) -> bool {
        self.tcp.ready()
    }
    fn write_all(&mut self, data: &[u8]) -> Result<()> {
        self.keep_limits();
        self.tcp.write_all(data).map_err(|e| from_net(&e))
    }
}

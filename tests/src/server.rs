//! An HTTP server that does what a test tells it, sound or not.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use nix::libc;
use nix::sys::socket::{setsockopt, sockopt};
use rustls::{ServerConfig, ServerConnection};

/// A server on a port of its own of the loopback interface, for as long as the process runs.
///
/// Each connection has a thread, which reads a request's head, notes it, calls the handler and closes.
#[derive(Clone, Debug)]
pub struct Server {
    scheme: &'static str,
    address: SocketAddr,
    requests: Arc<Mutex<Vec<Request>>>,
}

/// The head of a request.
#[derive(Clone, Debug)]
pub struct Request {
    /// It as it came, with its last empty line.
    pub head: String,
    /// How many came before it.
    pub number: usize,
}

/// The server's end of a connection.
#[derive(Debug)]
pub struct Connection {
    tcp: TcpStream,
    tls: Option<ServerConnection>,
    is_cut: bool,
}

impl Server {
    /// Starts a server that has each request answered by `handler`, whose errors are those of a client that left.
    pub fn start<H>(handler: H) -> Self
    where
        H: Fn(&Request, &mut Connection) -> io::Result<()> + Send + Sync + 'static,
    {
        Self::start_on("127.0.0.1:0", handler)
    }

    /// The same on another address.
    pub fn start_on<H>(address: &str, handler: H) -> Self
    where
        H: Fn(&Request, &mut Connection) -> io::Result<()> + Send + Sync + 'static,
    {
        Self::start_with(address, None, handler)
    }

    /// The same over TLS, for which [`Server::url`] is an https one.
    pub fn start_tls<H>(config: Arc<ServerConfig>, handler: H) -> Self
    where
        H: Fn(&Request, &mut Connection) -> io::Result<()> + Send + Sync + 'static,
    {
        Self::start_with("127.0.0.1:0", Some(config), handler)
    }

    fn start_with<H>(address: &str, tls: Option<Arc<ServerConfig>>, handler: H) -> Self
    where
        H: Fn(&Request, &mut Connection) -> io::Result<()> + Send + Sync + 'static,
    {
        let listener = TcpListener::bind(address).expect("a port on the loopback interface");
        let server = Server {
            scheme: if tls.is_some() { "https" } else { "http" },
            address: listener.local_addr().expect("an address"),
            requests: Arc::default(),
        };
        let requests = Arc::clone(&server.requests);
        let handler = Arc::new(handler);
        let count = Arc::new(AtomicUsize::new(0));
        thread::spawn(move || {
            for tcp in listener.incoming().flatten() {
                let (handler, count) = (Arc::clone(&handler), Arc::clone(&count));
                let requests = Arc::clone(&requests);
                let tls = tls.clone().map(|config| {
                    ServerConnection::new(config).expect("a configuration that was checked")
                });
                thread::spawn(move || {
                    let mut connection = Connection {
                        tcp,
                        tls,
                        is_cut: false,
                    };
                    let Some(head) = connection.read_head() else {
                        return;
                    };
                    let number = count.fetch_add(1, Ordering::SeqCst);
                    let request = Request { head, number };
                    requests.lock().unwrap().push(request.clone());
                    // Its errors, and those of saying goodbye, are those of a client that left.
                    let _ = handler(&request, &mut connection);
                    let _ = connection.close();
                });
            }
        });
        server
    }

    /// A server that answers every request with these bytes.
    pub fn answering(response: impl Into<Vec<u8>>) -> Self {
        let response = response.into();
        Server::start(move |_, connection| connection.send(&response))
    }

    /// A server that answers the first request with the first of `responses`, and so on; the last one again and again.
    pub fn in_turn(responses: Vec<Vec<u8>>) -> Self {
        Server::start(move |request, connection| {
            connection.send(&responses[request.number.min(responses.len() - 1)])
        })
    }

    /// The URL of a path, which begins with a slash.
    pub fn url(&self, path: &str) -> String {
        format!("{}://{}{path}", self.scheme, self.address)
    }

    /// Host and port as they stand in a URL.
    pub fn authority(&self) -> String {
        self.address.to_string()
    }

    /// The port.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// The requests so far.
    pub fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }

    /// The only request so far.
    #[track_caller]
    pub fn request(&self) -> Request {
        let mut requests = self.requests();
        assert_eq!(requests.len(), 1, "{requests:?}");
        requests.remove(0)
    }
}

impl Request {
    /// Path and query.
    pub fn target(&self) -> &str {
        self.head.split(' ').nth(1).unwrap_or_default()
    }

    /// The value of a field; of several, the first.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.split("\r\n").skip(1).find_map(|line| {
            let (this, value) = line.split_once(':')?;
            this.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }
}

impl Connection {
    fn read_head(&mut self) -> Option<String> {
        let mut head = Vec::new();
        let mut byte = [0];
        while !head.ends_with(b"\r\n\r\n") {
            if self.read(&mut byte).ok()? == 0 {
                return None;
            }
            head.push(byte[0]);
        }
        String::from_utf8(head).ok()
    }

    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        match &mut self.tls {
            None => self.tcp.read(buf),
            Some(tls) => rustls::Stream::new(tls, &mut self.tcp).read(buf),
        }
    }

    /// Sends `data` at once.
    pub fn send(&mut self, data: impl AsRef<[u8]>) -> io::Result<()> {
        match &mut self.tls {
            None => self.tcp.write_all(data.as_ref()),
            Some(tls) => {
                let mut stream = rustls::Stream::new(tls, &mut self.tcp);
                stream.write_all(data.as_ref())?;
                stream.flush()
            }
        }
    }

    /// Sends `data` in pieces of `size` that arrive as such, as far as a TCP connection has such a thing.
    pub fn send_in_pieces(&mut self, data: &[u8], size: usize, pause: Duration) -> io::Result<()> {
        self.tcp.set_nodelay(true)?;
        for piece in data.chunks(size) {
            self.send(piece)?;
            thread::sleep(pause);
        }
        Ok(())
    }

    /// Has the connection end without a word of TLS.
    pub fn cut(&mut self) {
        self.is_cut = true;
    }

    /// Has the connection end by a reset when the handler is done, after what was sent has had time to arrive.
    pub fn reset(&mut self) -> io::Result<()> {
        self.cut();
        // A reset overtakes what is on its way.
        thread::sleep(Duration::from_millis(20));
        let linger = libc::linger {
            l_onoff: 1,
            l_linger: 0,
        };
        Ok(setsockopt(&self.tcp, sockopt::Linger, &linger)?)
    }

    /// Says nothing more until the other end has gone.
    pub fn stall(&mut self) -> io::Result<()> {
        let mut rest = [0; 1024];
        while self.tcp.read(&mut rest)? > 0 {}
        Ok(())
    }

    fn close(&mut self) -> io::Result<()> {
        if let Some(tls) = self.tls.as_mut().filter(|_| !self.is_cut) {
            tls.send_close_notify();
            rustls::Stream::new(tls, &mut self.tcp).flush()?;
        }
        Ok(())
    }
}

/// A whole response with status 200.
pub fn ok(body: impl AsRef<[u8]>) -> Vec<u8> {
    let body = body.as_ref();
    let mut response =
        format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len()).into_bytes();
    response.extend_from_slice(body);
    response
}

/// A whole response with another status, and no content.
pub fn status(line: &str) -> Vec<u8> {
    format!("HTTP/1.1 {line}\r\nContent-Length: 0\r\n\r\n").into_bytes()
}

/// A redirect.
pub fn redirect(status: u16, location: &str) -> Vec<u8> {
    self::status(&format!("{status} Elsewhere\r\nLocation: {location}"))
}

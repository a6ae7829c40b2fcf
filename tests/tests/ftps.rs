//! FTPS: a server in the process that wants data connections to be of the session of the control connection.

use std::io::{self, BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use blackbox::random::noise;
use blackbox::run::{Outcome, Ptex};
use blackbox::temp::Folder;
use blackbox::tls::{Authority, server_params};
use rustls::crypto::ring::Ticketer;
use rustls::server::NoServerSessionStorage;
use rustls::version::{TLS12, TLS13};
use rustls::{
    HandshakeKind, ProtocolVersion, ServerConfig, ServerConnection, StreamOwned,
    SupportedProtocolVersion,
};

type Tls = StreamOwned<ServerConnection, TcpStream>;

/// How a connection came about.
type Seen = (ProtocolVersion, HandshakeKind);

struct Site {
    content: Vec<u8>,
    config: Arc<ServerConfig>,
    /// Whether TLS begins only when that is asked for.
    asked: bool,
    /// Whether data connections must resume the session.
    demands: bool,
    /// After how many bytes the data of the first session end.
    cut: usize,
    /// Who answers on data connections, if that is another one.
    other: Option<Arc<ServerConfig>>,
}

/// A server on a port of its own of the loopback interface, for as long as the process runs.
struct Ftps {
    port: u16,
    control: Arc<Mutex<Vec<Seen>>>,
    data: Arc<Mutex<Vec<Seen>>>,
}

impl Site {
    fn start(self) -> Ftps {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port on the loopback interface");
        let ftps = Ftps {
            port: listener.local_addr().expect("an address").port(),
            control: Arc::default(),
            data: Arc::default(),
        };
        let (control, data) = (Arc::clone(&ftps.control), Arc::clone(&ftps.data));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                // Its errors are those of a client that left.
                let _ = self.serve(stream, &control, &data);
            }
        });
        ftps
    }

    /// The session on this connection, once its handshake is done.
    fn secure(
        config: &Arc<ServerConfig>,
        stream: TcpStream,
        seen: &Mutex<Vec<Seen>>,
    ) -> io::Result<Tls> {
        let connection = ServerConnection::new(Arc::clone(config)).expect("a session");
        let mut tls = StreamOwned::new(connection, stream);
        while tls.conn.is_handshaking() {
            tls.conn.complete_io(&mut tls.sock)?;
        }
        let (version, kind) = (tls.conn.protocol_version(), tls.conn.handshake_kind());
        let seen_now = (version.expect("a version"), kind.expect("a handshake"));
        seen.lock().unwrap().push(seen_now);
        Ok(tls)
    }

    fn serve(
        &self,
        mut stream: TcpStream,
        control: &Mutex<Vec<Seen>>,
        data: &Mutex<Vec<Seen>>,
    ) -> io::Result<()> {
        if self.asked {
            stream.write_all(b"220 Hello\r\n")?;
            let mut line = String::new();
            BufReader::new(stream.try_clone()?).read_line(&mut line)?;
            // A client may try TLS from the first byte on, before it finds that it is greeted.
            if line != "AUTH TLS\r\n" {
                return Ok(());
            }
            stream.write_all(b"234 Begin\r\n")?;
        }
        let mut tls = BufReader::new(Self::secure(&self.config, stream, control)?);
        if !self.asked {
            tls.get_mut().write_all(b"220 Hello\r\n")?;
        }
        let first = control.lock().unwrap().len() == 1;
        let mut passive = None;
        let mut from = 0;
        let mut line = String::new();
        while tls.read_line(&mut line)? > 0 {
            let (verb, argument) = line.trim().split_once(' ').unwrap_or((line.trim(), ""));
            let answer = match verb {
                "USER" => "230 Come in".into(),
                "PBSZ" | "PROT" | "TYPE" => "200 So be it".into(),
                "SIZE" => format!("213 {}", self.content.len()),
                "MDTM" => "213 20240229123456".into(),
                "EPSV" => {
                    let listener = TcpListener::bind("127.0.0.1:0")?;
                    let port = listener.local_addr()?.port();
                    passive = Some(listener);
                    format!("229 Connect to me (|||{port}|)")
                }
                "REST" => {
                    from = argument.parse().expect("a number");
                    "350 From there".into()
                }
                "RETR" => {
                    let (stream, _) = passive.take().expect("a port").accept()?;
                    tls.get_mut().write_all(b"150 Here it comes\r\n")?;
                    let config = self.other.as_ref().unwrap_or(&self.config);
                    let mut stream = Self::secure(config, stream, data)?;
                    let resumed = stream.conn.handshake_kind() == Some(HandshakeKind::Resumed);
                    let allowed = resumed || !self.demands;
                    let end = if first { self.cut } else { usize::MAX };
                    let content = self.content.get(from..).unwrap_or_default();
                    if allowed {
                        stream.write_all(&content[..end.min(content.len())])?;
                    }
                    stream.conn.send_close_notify();
                    stream.flush()?;
                    match (allowed, end < content.len()) {
                        (false, _) => "522 SSL connection failed: session reuse required".into(),
                        (true, true) => "426 My cable!".into(),
                        (true, false) => "226 Done".into(),
                    }
                }
                "QUIT" => return Ok(()),
                _ => "502 What?".into(),
            };
            tls.get_mut()
                .write_all(format!("{answer}\r\n").as_bytes())?;
            line.clear();
        }
        Ok(())
    }
}

/// A certificate authority and what its certificate is in.
struct Trust {
    authority: Authority,
    folder: Folder,
}

impl Trust {
    fn new(name: &str) -> Self {
        let (authority, folder) = (Authority::new(name), Folder::new());
        authority.write(&folder, "ca.pem");
        Trust { authority, folder }
    }

    fn config(&self, versions: &[&'static SupportedProtocolVersion]) -> Arc<ServerConfig> {
        self.authority
            .issue(server_params(&["127.0.0.1"]))
            .config(versions)
    }

    fn fetch(&self, ftps: &Ftps) -> Outcome {
        Ptex::new(["--retry", "2", &format!("ftps://127.0.0.1:{}/f", ftps.port)])
            .env("SSL_CERT_FILE", self.folder.join("ca.pem"))
            .run()
    }
}

const FULL: Seen = (ProtocolVersion::TLSv1_2, HandshakeKind::Full);
const RESUMED: Seen = (ProtocolVersion::TLSv1_2, HandshakeKind::Resumed);

/// By the server's cache of sessions and by tickets, whether or not the server could do TLS 1.3 too; and in a second session after a
/// broken transfer.
#[test]
fn data_connections_resume_the_session() {
    let trust = Trust::new("FTPS");
    let content = noise(1, 1 << 20);
    for versions in [&[&TLS12][..], &[&TLS13, &TLS12]] {
        for by_ticket in [false, true] {
            for (asked, cut) in [(false, usize::MAX), (true, 300_000)] {
                let mut config = (*trust.config(versions)).clone();
                if by_ticket {
                    config.ticketer = Ticketer::new().expect("a ticketer");
                    config.session_storage = Arc::new(NoServerSessionStorage {});
                }
                let ftps = Site {
                    content: content.clone(),
                    config: Arc::new(config),
                    asked,
                    demands: true,
                    cut,
                    other: None,
                }
                .start();
                trust.fetch(&ftps).delivers(&content);
                let sessions = if cut < content.len() { 2 } else { 1 };
                assert_eq!(*ftps.control.lock().unwrap(), vec![FULL; sessions]);
                assert_eq!(*ftps.data.lock().unwrap(), vec![RESUMED; sessions]);
            }
        }
    }
}

/// A server that does not ask for it may have forgotten the session, or have TLS 1.3 alone.
#[test]
fn servers_that_resume_nothing() {
    let trust = Trust::new("FTPS");
    let content = noise(2, 300_000);
    for (version, seen) in [
        (&TLS12, FULL),
        (&TLS13, (ProtocolVersion::TLSv1_3, HandshakeKind::Full)),
    ] {
        for asked in [false, true] {
            let mut config = (*trust.config(&[version])).clone();
            config.session_storage = Arc::new(NoServerSessionStorage {});
            let ftps = Site {
                content: content.clone(),
                config: Arc::new(config),
                asked,
                demands: false,
                cut: 1000,
                other: None,
            }
            .start();
            trust.fetch(&ftps).delivers(&content);
            assert_eq!(*ftps.control.lock().unwrap(), [seen; 2]);
            assert_eq!(*ftps.data.lock().unwrap(), [seen; 2]);
        }
    }
}

/// Resumption is demanded by a server that has TLS 1.3 alone. It is not asked twice.
#[test]
fn refused_without_a_byte() {
    let trust = Trust::new("FTPS");
    let ftps = Site {
        content: noise(3, 1000),
        config: trust.config(&[&TLS13]),
        asked: false,
        demands: true,
        cut: usize::MAX,
        other: None,
    }
    .start();
    let refusal = format!(
        "127.0.0.1:{} answered the transfer with 522 SSL connection failed: session reuse required",
        ftps.port
    );
    trust.fetch(&ftps).refuses(&refusal);
    assert_eq!(ftps.control.lock().unwrap().len(), 1);
}

/// Who is at the other end of a data connection has to prove who it is, too.
#[test]
fn data_from_somebody_else() {
    let trust = Trust::new("FTPS");
    for versions in [&[&TLS12][..], &[&TLS13]] {
        let ftps = Site {
            content: noise(4, 1000),
            config: trust.config(versions),
            asked: false,
            demands: false,
            cut: usize::MAX,
            other: Some(Trust::new("Somebody").config(versions)),
        }
        .start();
        trust.fetch(&ftps).refuses("unknown issuer \"Somebody\"");
    }
}

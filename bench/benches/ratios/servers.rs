//! What is fetched, and the servers that it is fetched from. Their own time is not counted.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::thread::{sleep, spawn};
use std::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::crypto::ring::{cipher_suite, default_provider};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned, SupportedCipherSuite};

use crate::SMALL;

/// Where the system keeps the certificates that it trusts.
const BUNDLES: [&str; 2] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
];

/// How the content is carried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Carrier {
    /// As it is.
    Http,
    /// TLS 1.3 with AES-128-GCM.
    Tls13,
    /// TLS 1.2 with AES-128-GCM.
    Tls12,
    /// A server that insists on AES-256-GCM, with either version.
    Aes256,
}

impl Carrier {
    const ALL: [Carrier; 4] = [
        Carrier::Http,
        Carrier::Tls13,
        Carrier::Tls12,
        Carrier::Aes256,
    ];

    /// What nginx needs to be told.
    fn nginx(self) -> &'static str {
        match self {
            Carrier::Http => "",
            Carrier::Tls13 => {
                "ssl_protocols TLSv1.3; ssl_conf_command Ciphersuites TLS_AES_128_GCM_SHA256;"
            }
            Carrier::Tls12 => "ssl_protocols TLSv1.2; ssl_ciphers ECDHE-ECDSA-AES128-GCM-SHA256;",
            Carrier::Aes256 => {
                "ssl_protocols TLSv1.2 TLSv1.3; ssl_ciphers ECDHE-ECDSA-AES256-GCM-SHA384; \
                 ssl_conf_command Ciphersuites TLS_AES_256_GCM_SHA384;"
            }
        }
    }

    fn suites(self) -> Vec<SupportedCipherSuite> {
        match self {
            Carrier::Http => Vec::new(),
            Carrier::Tls13 => vec![cipher_suite::TLS13_AES_128_GCM_SHA256],
            Carrier::Tls12 => vec![cipher_suite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256],
            Carrier::Aes256 => vec![
                cipher_suite::TLS13_AES_256_GCM_SHA384,
                cipher_suite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
            ],
        }
    }
}

/// The running servers, and their files.
pub(crate) struct Servers {
    folder: PathBuf,
    addresses: [SocketAddr; 4],
    /// What answers.
    pub(crate) name: String,
    nginx: Option<Child>,
}

impl Drop for Servers {
    fn drop(&mut self) {
        if let Some(nginx) = &mut self.nginx {
            let _ = nginx.kill();
            let _ = nginx.wait();
        }
    }
}

impl Servers {
    /// Starts nginx, if it is installed, else servers in this process. What they need is kept in `folder`.
    pub(crate) fn start(folder: &Path) -> Result<Servers, String> {
        let www = folder.join("www");
        fs::create_dir_all(&www).map_err(|e| format!("{}: {e}", www.display()))?;
        certify(folder)?;
        let listeners = Carrier::ALL.map(|_| TcpListener::bind("127.0.0.1:0"));
        let mut addresses = [SocketAddr::from(([127, 0, 0, 1], 0)); 4];
        let mut bound = Vec::new();
        for (listener, address) in listeners.into_iter().zip(&mut addresses) {
            let listener = listener.map_err(|e| format!("No port to listen on: {e}"))?;
            *address = listener.local_addr().map_err(|e| e.to_string())?;
            bound.push(listener);
        }
        let mut servers = Servers {
            folder: folder.to_owned(),
            addresses,
            name: String::new(),
            nginx: None,
        };
        let version = Command::new("nginx").arg("-v").output();
        match version {
            Ok(output) => {
                drop(bound);
                servers.start_nginx()?;
                let text = String::from_utf8_lossy(&output.stderr);
                servers.name = text.trim().replace("nginx version: ", "");
            }
            Err(_) => {
                servers.serve(bound)?;
                servers.name = "in this process (std and rustls), as there is no nginx".to_owned();
            }
        }
        Ok(servers)
    }

    /// The file that holds the certificates to be trusted.
    pub(crate) fn trust(&self) -> PathBuf {
        self.folder.join("trust.pem")
    }

    /// A file of `size` bytes, made if it is not there yet, with its SHA-256 in hexadecimal digits.
    pub(crate) fn file(&self, size: u64) -> Result<String, String> {
        let path = self.folder.join("www").join(size.to_string());
        let note = self.folder.join(format!("{size}.sha256"));
        let there = fs::metadata(&path).is_ok_and(|m| m.len() == size);
        if let (true, Ok(hash)) = (there, fs::read_to_string(&note)) {
            return Ok(hash);
        }
        let failed = |e: std::io::Error| format!("{}: {e}", path.display());
        let mut file = File::create(&path).map_err(failed)?;
        let mut hash = ring::digest::Context::new(&ring::digest::SHA256);
        // Nothing repeats within a block, and no two blocks are the same.
        let mut state = 1u64;
        let mut block = Vec::with_capacity(1 << 20);
        while block.len() < 1 << 20 {
            state = state.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(1);
            block.extend_from_slice(&(state >> 32).to_le_bytes()[..4]);
        }
        let mut left = size;
        while left > 0 {
            block[..8].copy_from_slice(&left.to_be_bytes());
            let part = &block[..left.min(block.len() as u64) as usize];
            file.write_all(part).map_err(failed)?;
            hash.update(part);
            left -= part.len() as u64;
        }
        let digits = |byte: &u8| format!("{byte:02x}");
        let hash: String = hash.finish().as_ref().iter().map(digits).collect();
        fs::write(&note, &hash).map_err(|e| format!("{}: {e}", note.display()))?;
        Ok(hash)
    }

    /// The URL of the file of `size` bytes.
    pub(crate) fn url(&self, carrier: Carrier, size: u64) -> String {
        let scheme = match carrier {
            Carrier::Http => "http",
            _ => "https",
        };
        format!("{scheme}://{}/{size}", self.addresses[carrier as usize])
    }

    /// A lift manifest with the file of `size` bytes in it, by the name `file`.
    pub(crate) fn manifest(&self, carrier: Carrier, size: u64) -> Result<PathBuf, String> {
        let path = self.folder.join(format!("{carrier:?}-{size}.json"));
        let (hash, url) = (self.file(size)?, self.url(carrier, size));
        let text = format!(
            r#"{{"scie": {{"lift": {{"files": [{{"name": "file", "size": {size}, "hash": "{hash}"}}]}}}}, "ptex": {{"file": "{url}"}}}}"#
        );
        fs::write(&path, text).map_err(|e| format!("{}: {e}", path.display()))?;
        Ok(path)
    }

    /// A lift manifest of at least `size` bytes, with many files before one by the name `file`, which has [`SMALL`] bytes.
    pub(crate) fn large_manifest(&self, size: u64) -> Result<PathBuf, String> {
        let path = self.folder.join(format!("manifest-{size}.json"));
        let (hash, url) = (self.file(SMALL)?, self.url(Carrier::Http, SMALL));
        let mut text = r#"{"scie": {"lift": {"name": "app", "files": ["#.to_owned();
        let mut count = 0;
        while (text.len() as u64) < size {
            text += &format!(
                "\n  {{\"name\": \"lib/module-{count:06}.tar.gz\", \"type\": \"tar.gz\", \"size\": {}, \
                 \"executable\": false, \"hash\": \"{hash}\"}},",
                count * 37
            );
            count += 1;
        }
        text += &format!(
            r#" {{"name": "file", "size": {SMALL}, "hash": "{hash}"}}]}}}}, "ptex": {{"file": "{url}"}}}}"#
        );
        fs::write(&path, text).map_err(|e| format!("{}: {e}", path.display()))?;
        Ok(path)
    }

    fn start_nginx(&mut self) -> Result<(), String> {
        let folder = self.folder.display();
        let user = match nix::unistd::getuid().is_root() {
            true => "user root;",
            false => "",
        };
        let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .iter()
            .map(|name| format!("{name}_temp_path {folder}/nginx; "))
            .collect();
        let mut text = format!(
            "{user} pid {folder}/nginx.pid; error_log {folder}/nginx.log; events {{}}\n\
             http {{ access_log off; sendfile on; root {folder}/www; {temporary}\n\
             ssl_certificate {folder}/server.pem; ssl_certificate_key {folder}/server.key;\n"
        );
        for (carrier, address) in Carrier::ALL.iter().zip(self.addresses) {
            let ssl = if *carrier == Carrier::Http {
                ""
            } else {
                " ssl"
            };
            text += &format!("server {{ listen {address}{ssl}; {} }}\n", carrier.nginx());
        }
        text += "}\n";
        let path = self.folder.join("nginx.conf");
        fs::write(&path, text).map_err(|e| format!("{}: {e}", path.display()))?;
        // One process, which can be ended without leaving workers behind.
        let nginx = Command::new("nginx")
            .args(["-g", "daemon off; master_process off;", "-c"])
            .arg(&path)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|e| format!("nginx: {e}"))?;
        self.nginx = Some(nginx);
        for _ in 0..200 {
            if self.addresses.iter().all(|a| TcpStream::connect(a).is_ok()) {
                return Ok(());
            }
            sleep(Duration::from_millis(50));
        }
        let log = fs::read_to_string(self.folder.join("nginx.log")).unwrap_or_default();
        Err(format!("nginx does not start: {}", log.trim_end()))
    }

    fn serve(&self, listeners: Vec<TcpListener>) -> Result<(), String> {
        let read = |e: rustls::pki_types::pem::Error| e.to_string();
        for (carrier, listener) in Carrier::ALL.into_iter().zip(listeners) {
            let mut config = None;
            if carrier != Carrier::Http {
                let chain = CertificateDer::from_pem_file(self.folder.join("server.pem"));
                let key = PrivateKeyDer::from_pem_file(self.folder.join("server.key"));
                let mut provider = default_provider();
                provider.cipher_suites = carrier.suites();
                let versions: &[_] = match carrier {
                    Carrier::Tls13 => &[&rustls::version::TLS13],
                    Carrier::Tls12 => &[&rustls::version::TLS12],
                    _ => rustls::ALL_VERSIONS,
                };
                let server = ServerConfig::builder_with_provider(Arc::new(provider))
                    .with_protocol_versions(versions)
                    .map_err(|e| e.to_string())?
                    .with_no_client_auth()
                    .with_single_cert(vec![chain.map_err(read)?], key.map_err(read)?)
                    .map_err(|e| e.to_string())?;
                config = Some(Arc::new(server));
            }
            let www = self.folder.join("www");
            spawn(move || {
                for stream in listener.incoming().flatten() {
                    let (www, config) = (www.clone(), config.clone());
                    // A client that goes away early is its own business.
                    spawn(move || {
                        let _ = match config {
                            None => answer(stream, &www),
                            Some(config) => ServerConnection::new(config)
                                .map_err(std::io::Error::other)
                                .and_then(|tls| answer(StreamOwned::new(tls, stream), &www)),
                        };
                    });
                }
            });
        }
        Ok(())
    }
}

/// Answers one GET.
fn answer(stream: impl Read + Write, www: &Path) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream);
    let mut first = String::new();
    reader.read_line(&mut first)?;
    let mut line = String::new();
    while reader.read_line(&mut line)? > 2 {
        line.clear();
    }
    let mut stream = reader.into_inner();
    let name = first.split(' ').nth(1).unwrap_or_default();
    let mut file = File::open(www.join(name.trim_start_matches('/')))?;
    let size = file.metadata()?.len();
    write!(
        stream,
        "HTTP/1.1 200 OK\r\nContent-Length: {size}\r\nConnection: close\r\n\r\n"
    )?;
    let mut buffer = vec![0; 256 << 10];
    loop {
        match file.read(&mut buffer)? {
            0 => return stream.flush(),
            n => stream.write_all(&buffer[..n])?,
        }
    }
}

/// Writes a server's certificate and key, and the system's bundle with the issuer of it at the end.
fn certify(folder: &Path) -> Result<(), String> {
    let system = BUNDLES
        .iter()
        .find_map(|path| fs::read_to_string(path).ok())
        .ok_or("The system has no bundle of trusted certificates.")?;
    let issue = || -> Result<(String, String, String), rcgen::Error> {
        let ca_key = KeyPair::generate()?;
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name = rcgen::DistinguishedName::new();
        params
            .distinguished_name
            .push(rcgen::DnType::CommonName, "ptex bench CA");
        let ca = params.self_signed(&ca_key)?;
        let issuer = Issuer::new(params, ca_key);
        let key = KeyPair::generate()?;
        let names = ["127.0.0.1".to_owned()];
        let leaf = CertificateParams::new(names)?.signed_by(&key, &issuer)?;
        Ok((ca.pem(), leaf.pem(), key.serialize_pem()))
    };
    let (ca, leaf, key) = issue().map_err(|e| e.to_string())?;
    for (name, text) in [
        ("trust.pem", format!("{system}\n{ca}")),
        ("server.pem", leaf),
        ("server.key", key),
    ] {
        fs::write(folder.join(name), text).map_err(|e| format!("{name}: {e}"))?;
    }
    Ok(())
}

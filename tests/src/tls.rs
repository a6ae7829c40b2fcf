//! Certificates made on the spot, and what a TLS server needs of them.

use std::fs;
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, SupportedProtocolVersion};

use crate::temp::Folder;

/// A certificate authority.
pub struct Authority {
    params: CertificateParams,
    key: KeyPair,
    pem: String,
}

/// A chain, the server's own certificate first, with the key of that.
pub struct Identity {
    /// The certificates.
    pub chain: Vec<CertificateDer<'static>>,
    /// The private key.
    pub key: KeyPair,
    /// The server's own certificate in PEM.
    pub pem: String,
}

/// What a certificate for these names (or addresses) says by default.
pub fn server_params(names: &[&str]) -> CertificateParams {
    let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
    let mut params = CertificateParams::new(names).expect("names of servers");
    params.distinguished_name.push(DnType::CommonName, "server");
    params
}

fn authority_params(name: &str) -> CertificateParams {
    let mut params = server_params(&[]);
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params
}

fn new_key() -> KeyPair {
    KeyPair::generate().expect("a key")
}

impl Authority {
    /// A root of this name.
    pub fn new(name: &str) -> Self {
        let (params, key) = (authority_params(name), new_key());
        let pem = params.self_signed(&key).expect("a certificate").pem();
        Authority { params, key, pem }
    }

    /// Its certificate in PEM.
    pub fn pem(&self) -> &str {
        &self.pem
    }

    /// Writes its certificate to a file, and gives the path for `SSL_CERT_FILE`.
    pub fn write(&self, folder: &Folder, name: &str) -> String {
        let path = folder.join(name);
        fs::write(&path, &self.pem).expect("a file for the certificate");
        path.to_string_lossy().into_owned()
    }

    /// A certificate from it.
    pub fn issue(&self, params: CertificateParams) -> Identity {
        self.issue_for(params, new_key())
    }

    /// A certificate from it for this key.
    pub fn issue_for(&self, params: CertificateParams, key: KeyPair) -> Identity {
        let issuer = Issuer::from_params(&self.params, &self.key);
        let certificate = params.signed_by(&key, &issuer).expect("a certificate");
        Identity {
            chain: vec![certificate.der().clone()],
            key,
            pem: certificate.pem(),
        }
    }

    /// An authority below it, with its certificate.
    pub fn intermediate(&self, name: &str) -> (Authority, CertificateDer<'static>) {
        let made = self.issue(authority_params(name));
        let authority = Authority {
            params: authority_params(name),
            key: made.key,
            pem: made.pem,
        };
        (authority, made.chain[0].clone())
    }
}

impl Identity {
    /// One that vouches for itself.
    pub fn self_signed(params: CertificateParams) -> Self {
        let key = new_key();
        let certificate = params.self_signed(&key).expect("a certificate");
        Identity {
            chain: vec![certificate.der().clone()],
            key,
            pem: certificate.pem(),
        }
    }

    /// A server with it that speaks these versions.
    pub fn config(&self, versions: &[&'static SupportedProtocolVersion]) -> Arc<ServerConfig> {
        let key = PrivateKeyDer::try_from(self.key.serialize_der()).expect("a key");
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(versions)
            .expect("versions that there are")
            .with_no_client_auth()
            .with_single_cert(self.chain.clone(), key)
            .expect("a certificate with its key");
        Arc::new(config)
    }
}

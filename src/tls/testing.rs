//! What the tests of this folder share: certificates made on the spot, and folders to put them into.

use std::path::PathBuf;
use std::string::{String, ToString};
use std::vec::Vec;

use rcgen::{
    BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, PublicKeyData,
    SignatureAlgorithm, date_time_ymd,
};

/// 2025-06-15, at which what [`leaf`] and [`ca`] make is valid.
pub(crate) const NOW: u64 = 1_749_945_600;

/// A CA, or a certificate with its key.
pub(crate) struct Made {
    pub(crate) der: Vec<u8>,
    pub(crate) pem: String,
    params: CertificateParams,
    key: KeyPair,
}

/// What a certificate for `names` says by default: valid in 2025, no CA.
pub(crate) fn leaf(names: &[&str]) -> CertificateParams {
    let names: Vec<String> = names.iter().map(|name| name.to_string()).collect();
    let mut params = CertificateParams::new(names).unwrap();
    params.not_before = date_time_ymd(2025, 1, 1);
    params.not_after = date_time_ymd(2025, 12, 31);
    params
        .distinguished_name
        .push(DnType::CommonName, "a server");
    params
}

/// What the certificate of a CA says by default.
pub(crate) fn ca(name: &str) -> CertificateParams {
    let mut params = leaf(&[]);
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params
}

/// A certificate that signs itself.
pub(crate) fn root(params: CertificateParams) -> Made {
    let key = KeyPair::generate().unwrap();
    let certificate = params.self_signed(&key).unwrap();
    Made {
        der: certificate.der().to_vec(),
        pem: certificate.pem(),
        params,
        key,
    }
}

impl Made {
    /// Signs a certificate with a new key.
    pub(crate) fn sign(&self, params: CertificateParams) -> Made {
        self.sign_key(params, KeyPair::generate().unwrap())
    }

    /// Signs another certificate for the key of `other`.
    pub(crate) fn cross_sign(&self, params: CertificateParams, other: &Made) -> Made {
        let key = KeyPair::try_from(other.key.serialize_der().as_slice()).unwrap();
        self.sign_key(params, key)
    }

    /// Signs a certificate for a key of which only the public part is known; it cannot sign in its turn.
    pub(crate) fn sign_public(&self, params: CertificateParams, key: &impl PublicKeyData) -> Made {
        let issuer = Issuer::from_params(&self.params, &self.key);
        let certificate = params.signed_by(key, &issuer).unwrap();
        Made {
            der: certificate.der().to_vec(),
            pem: certificate.pem(),
            params,
            key: KeyPair::generate().unwrap(),
        }
    }

    /// The private key, as PKCS #8.
    pub(crate) fn key_der(&self) -> Vec<u8> {
        self.key.serialize_der()
    }

    /// Signs a certificate for `key`.
    pub(crate) fn sign_key(&self, params: CertificateParams, key: KeyPair) -> Made {
        let issuer = Issuer::from_params(&self.params, &self.key);
        let certificate = params.signed_by(&key, &issuer).unwrap();
        Made {
            der: certificate.der().to_vec(),
            pem: certificate.pem(),
            params,
            key,
        }
    }
}

/// The public part of an RSA key with a modulus of so many bytes, 255 at least, and the exponent 65537.
pub(crate) struct RsaKey(Vec<u8>);

impl RsaKey {
    pub(crate) fn new(bytes: u16) -> RsaKey {
        let header = |tag: u8, length: u16| {
            let [high, low] = length.to_be_bytes();
            [tag, 0x82, high, low]
        };
        let mut der = Vec::new();
        der.extend(header(0x30, bytes + 10));
        der.extend(header(0x02, bytes + 1));
        der.push(0);
        der.resize(der.len() + usize::from(bytes), 0xc5);
        der.extend([0x02, 3, 1, 0, 1]);
        RsaKey(der)
    }
}

impl PublicKeyData for RsaKey {
    fn der_bytes(&self) -> &[u8] {
        &self.0
    }
    fn algorithm(&self) -> &'static SignatureAlgorithm {
        &rcgen::PKCS_RSA_SHA256
    }
}

/// A folder that is gone when this is dropped.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new() -> Folder {
        use std::sync::atomic::{AtomicU32, Ordering};
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = std::format!(
            "ptex-tls-{}-{}",
            std::process::id(),
            COUNT.fetch_add(1, Ordering::Relaxed)
        );
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir(&path).unwrap();
        Folder(path)
    }

    /// The path of the file `name` in it, as the code under test takes it.
    pub(crate) fn join(&self, name: &str) -> Vec<u8> {
        self.0.join(name).into_os_string().into_encoded_bytes()
    }

    /// Writes a file, and returns its path.
    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) -> Vec<u8> {
        std::fs::write(self.0.join(name), content).unwrap();
        self.join(name)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

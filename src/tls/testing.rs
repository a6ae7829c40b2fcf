//! What the tests of this folder share: certificates made on the spot, and folders to put them into.

use std::path::PathBuf;
use std::string::{String, ToString};
use std::vec::Vec;

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, date_time_ymd};

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

    fn sign_key(&self, params: CertificateParams, key: KeyPair) -> Made {
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

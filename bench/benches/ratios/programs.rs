//! The programs that are compared, and how each is told to fetch.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use package::build::{Build, host, workspace};

use crate::child::Call;

/// The programs, ready to run.
pub(crate) struct Programs {
    /// As it is released.
    pub(crate) ptex: PathBuf,
    curl: PathBuf,
    minreq: PathBuf,
    /// What curl calls itself.
    pub(crate) curl_version: String,
    trust: String,
}

impl Programs {
    /// Finds curl, and builds the others. All trust the certificates in the file `trust`.
    pub(crate) fn new(trust: &Path) -> Result<Programs, String> {
        let curl = find("curl").ok_or("There is no curl on this machine to compare with.")?;
        let output = Command::new(&curl).arg("--version").output();
        let output = output.map_err(|e| format!("{}: {e}", curl.display()))?;
        let text = String::from_utf8_lossy(&output.stdout);
        let words: Vec<_> = text.split(' ').take(2).collect();
        let host = host()?;
        Ok(Programs {
            ptex: Build::new(&host).run()?,
            curl,
            minreq: build_minreq(&host)?,
            curl_version: words.join(" "),
            trust: trust.to_string_lossy().into_owned(),
        })
    }

    /// Prints the version, and nothing more.
    pub(crate) fn versions(&self) -> [Call; 2] {
        [
            Call::new(&self.ptex, &["-V"]),
            Call::new(&self.curl, &["-q", "-V"]),
        ]
    }

    /// ptex, given a URL.
    pub(crate) fn ptex(&self, url: &str) -> Call {
        Call::new(&self.ptex, &[url])
    }

    /// ptex, given a manifest with an entry `file`, of which size and hash are checked.
    pub(crate) fn ptex_manifest(&self, manifest: &Path) -> Call {
        Call::new(&self.ptex, &[manifest.as_os_str(), "file".as_ref()])
    }

    /// curl without its configuration file. It checks neither size nor hash.
    pub(crate) fn curl(&self, url: &str) -> Call {
        let options = ["-q", "--fail", "--silent", "--show-error"];
        let trust = ["--cacert", &self.trust];
        let trust = if url.starts_with("https:") {
            &trust[..]
        } else {
            &[]
        };
        Call::new(&self.curl, &[&options, trust, &[url]].concat())
    }

    /// The fetcher on minreq.
    pub(crate) fn minreq(&self, url: &str) -> Call {
        Call::new(&self.minreq, &[url])
    }
}

/// The program `name` of the search path.
pub(crate) fn find(name: &str) -> Option<PathBuf> {
    std::env::split_paths(&std::env::var_os("PATH")?)
        .map(|folder| folder.join(name))
        .find(|file| file.is_file())
}

/// Builds the peer of the size report with the TLS that heeds SSL_CERT_FILE.
fn build_minreq(host: &str) -> Result<PathBuf, String> {
    let target = workspace().join("target/peers");
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let status = Command::new(cargo)
        .current_dir(workspace().join("size-report/peers/minreq"))
        .args(["build", "--release", "--locked", "--target", host])
        .args(["--features", "rustls-probe", "--target-dir"])
        .arg(&target)
        .env("RUSTFLAGS", "-Ctarget-feature=+crt-static")
        .env_remove("CARGO_ENCODED_RUSTFLAGS")
        .stdin(Stdio::null())
        .status()
        .map_err(|e| format!("could not run cargo: {e}"))?;
    match status.success() {
        true => Ok(target.join(host).join("release/minreq-fetch")),
        false => Err(format!(
            "cargo could not build the peer on minreq ({status})"
        )),
    }
}

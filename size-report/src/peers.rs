//! What else would do the job, built and measured in the same run.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use package::build::workspace;

/// Another program that fetches a file.
#[derive(Clone, Debug)]
pub(crate) struct Peer {
    /// What it is called in the table.
    pub(crate) name: String,
    /// What is counted.
    pub(crate) what: String,
    /// The bytes that have to be on the machine for it.
    pub(crate) size: u64,
}

/// The peers on this machine, whose triple is `host`: a fetcher on minreq with and without TLS, and the installed curl.
pub(crate) fn measure(host: &str) -> Result<Vec<Peer>, String> {
    let mut peers = Vec::new();
    for (features, name) in [
        ("", "minreq, no TLS"),
        ("rustls", "minreq, rustls"),
        ("rustls-probe", "minreq, rustls-probe"),
    ] {
        let size = minreq(host, features)?;
        peers.push(Peer {
            name: name.to_owned(),
            what: "one static file".to_owned(),
            size,
        });
    }
    peers.extend(curl()?);
    Ok(peers)
}

/// Builds `peers/minreq` as the release profile builds ptex, linked statically, and gives its size.
fn minreq(host: &str, features: &str) -> Result<u64, String> {
    let folder = workspace().join("size-report/peers/minreq");
    let target = workspace().join("target/peers");
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let status = Command::new(cargo)
        .current_dir(&folder)
        .args(["build", "--release", "--locked", "--target", host])
        .args(["--features", features, "--target-dir"])
        .arg(&target)
        .env("RUSTFLAGS", "-Ctarget-feature=+crt-static")
        .env_remove("CARGO_ENCODED_RUSTFLAGS")
        .stdin(Stdio::null())
        .status()
        .map_err(|e| format!("could not run cargo: {e}"))?;
    if !status.success() {
        return Err(format!(
            "cargo could not build the peer on minreq ({status})"
        ));
    }
    let file = target.join(host).join("release/minreq-fetch");
    size_of(&file)
}

fn size_of(file: &PathBuf) -> Result<u64, String> {
    fs::metadata(file)
        .map(|m| m.len())
        .map_err(|e| format!("{}: {e}", file.display()))
}

/// The installed curl, alone and with the shared libraries that it is loaded with.
fn curl() -> Result<[Peer; 2], String> {
    let run = |program: &str, arguments: &[&str]| {
        let output = Command::new(program)
            .args(arguments)
            .output()
            .map_err(|e| format!("could not run {program}: {e}"))?;
        if !output.status.success() {
            return Err(format!("{program} failed ({})", output.status));
        }
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    };
    let version = run("curl", &["--version"])?;
    let version = version.split(' ').nth(1).unwrap_or_default();
    let path = std::env::var_os("PATH")
        .and_then(|path| {
            std::env::split_paths(&path)
                .map(|folder| folder.join("curl"))
                .find(|file| file.is_file())
        })
        .ok_or("curl is not on the path")?;
    let listing = run("ldd", &[&path.to_string_lossy()])?;
    let mut libraries = BTreeSet::new();
    for file in libraries_in(&listing) {
        libraries.insert(fs::canonicalize(file).map_err(|e| format!("{file}: {e}"))?);
    }
    let alone = size_of(&path)?;
    let mut all = alone;
    for library in &libraries {
        all += size_of(library)?;
    }
    Ok([
        Peer {
            name: format!("curl {version}"),
            what: "the program alone".to_owned(),
            size: alone,
        },
        Peer {
            name: format!("curl {version}, whole"),
            what: format!("with its {} shared libraries", libraries.len()),
            size: all,
        },
    ])
}

/// The paths in what `ldd` prints.
fn libraries_in(listing: &str) -> impl Iterator<Item = &str> {
    listing
        .lines()
        .filter_map(|line| line.split_whitespace().find(|word| word.starts_with('/')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn libraries_are_the_paths() {
        let listing = "\tlinux-vdso.so.1 (0x00007ffc)\n\tlibc.so.6 => /lib/libc.so.6 (0x00007f)\n\t/lib64/ld-linux-x86-64.so.2 (0x00007f)\n";
        let found: Vec<_> = libraries_in(listing).collect();
        assert_eq!(found, ["/lib/libc.so.6", "/lib64/ld-linux-x86-64.so.2"]);
    }
}

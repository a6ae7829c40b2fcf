//! The released files, each written beside its name and renamed once it is complete.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

/// What was written.
#[derive(Debug, PartialEq, Eq)]
pub struct Written {
    /// The binary's path.
    pub path: PathBuf,
    /// Its size in bytes.
    pub size: usize,
    /// Its SHA-256 in lower-case hexadecimal.
    pub sha256: String,
}

/// Copies `binary` to `dest/name` and writes `dest/name.sha256`, making the folder `dest` if need be.
///
/// Nothing is renamed before both are complete, so a failure leaves what stood there before.
pub fn release(binary: &Path, dest: &Path, name: &str) -> io::Result<Written> {
    let bytes = fs::read(binary)?;
    let sha256 = hex(&Sha256::digest(&bytes));
    fs::create_dir_all(dest)?;
    let program = Beside::write(&dest.join(name), &bytes)?;
    make_executable(&program.temporary)?;
    let checksum = Beside::write(
        &dest.join(format!("{name}.sha256")),
        format!("{sha256} *{name}\n").as_bytes(),
    )?;
    let path = program.rename()?;
    checksum.rename()?;
    Ok(Written {
        path,
        size: bytes.len(),
        sha256,
    })
}

/// Writes the manual page to the folder `dest`.
pub fn manual(dest: &Path) -> io::Result<()> {
    Beside::write(&dest.join("ptex.1"), crate::MANUAL.as_bytes())?.rename()?;
    Ok(())
}

/// A complete file that does not have its name yet. Removed if it never gets it.
struct Beside {
    temporary: PathBuf,
    path: PathBuf,
}

impl Beside {
    fn write(path: &Path, bytes: &[u8]) -> io::Result<Self> {
        let mut temporary = path.as_os_str().to_owned();
        temporary.push(format!(".{}.tmp", std::process::id()));
        let beside = Beside {
            temporary: temporary.into(),
            path: path.to_owned(),
        };
        fs::write(&beside.temporary, bytes)?;
        Ok(beside)
    }

    fn rename(self) -> io::Result<PathBuf> {
        fs::rename(&self.temporary, &self.path)?;
        Ok(self.path.clone())
    }
}

impl Drop for Beside {
    fn drop(&mut self) {
        // Renamed already, or the error that matters is on its way to the user.
        let _ = fs::remove_file(&self.temporary);
    }
}

#[cfg(unix)]
fn make_executable(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(0o755))
}

#[cfg(not(unix))]
fn make_executable(_path: &Path) -> io::Result<()> {
    Ok(())
}

/// `bytes` in lower-case hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder of one test, removed at its end.
    struct Folder(PathBuf);

    impl Folder {
        fn new(name: &str) -> Self {
            let path =
                std::env::temp_dir().join(format!("ptex-package-{name}-{}", std::process::id()));
            let _ = fs::remove_dir_all(&path);
            fs::create_dir_all(&path).unwrap();
            Folder(path)
        }

        fn names(&self, sub: &str) -> Vec<String> {
            let mut names: Vec<_> = fs::read_dir(self.0.join(sub))
                .unwrap()
                .map(|entry| entry.unwrap().file_name().into_string().unwrap())
                .collect();
            names.sort();
            names
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn both_files_and_nothing_else() {
        let folder = Folder::new("both");
        let binary = folder.0.join("built");
        fs::write(&binary, b"abc").unwrap();
        let dest = folder.0.join("a/b");
        for _ in 0..2 {
            let written = release(&binary, &dest, "ptex-linux-x86_64").unwrap();
            assert_eq!(written.size, 3);
            assert_eq!(written.path, dest.join("ptex-linux-x86_64"));
        }
        assert_eq!(
            folder.names("a/b"),
            ["ptex-linux-x86_64", "ptex-linux-x86_64.sha256"]
        );
        // FIPS 180-4's example for "abc".
        assert_eq!(
            fs::read_to_string(dest.join("ptex-linux-x86_64.sha256")).unwrap(),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad *ptex-linux-x86_64\n"
        );
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = fs::metadata(dest.join("ptex-linux-x86_64")).unwrap();
            assert_eq!(mode.permissions().mode() & 0o777, 0o755);
        }
    }

    #[test]
    fn a_failure_leaves_what_was_there() {
        let folder = Folder::new("failure");
        let binary = folder.0.join("built");
        fs::write(&binary, b"new").unwrap();
        let dest = folder.0.join("dist");
        // A folder that stands where the program would go makes the rename fail.
        fs::create_dir_all(dest.join("ptex/full")).unwrap();
        fs::write(dest.join("ptex.sha256"), b"old").unwrap();
        release(&binary, &dest, "ptex").unwrap_err();
        assert_eq!(folder.names("dist"), ["ptex", "ptex.sha256"]);
        assert_eq!(fs::read(dest.join("ptex.sha256")).unwrap(), b"old");
    }
}

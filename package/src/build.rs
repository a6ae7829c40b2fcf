//! The cargo call that builds the binary as it is released.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tinyjson::JsonValue;

/// The root of the workspace, in which every build runs so that its `.cargo/config.toml` holds.
pub fn workspace() -> &'static Path {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.parent().unwrap_or(package)
}

/// What the compiler is told for Linux: to call the linker that comes with it.
///
/// No C compiler for the target is needed then. As flags these reach neither build scripts nor, said here and not in
/// `.cargo/config.toml`, the tools and tests, which do need a libc. `build.rs` looks for them.
///
/// The last one is for LLVM: it keeps functions with much on their stack out of those that call them (1.6 KB less, and less
/// stack), and has no jump table made for a few cases, which comparisons tell apart in fewer bytes and as fast (0.8 KB).
const LINUX_FLAGS: [&str; 3] = [
    "-Clinker=rust-lld",
    "-Clinker-flavor=ld.lld",
    "-Cllvm-args=-inline-max-stacksize=300 -min-jump-table-entries=16",
];

/// The same for Windows: no SDK is needed either.
const MSVC_FLAGS: [&str; 2] = ["-Clinker=rust-lld", "-Clinker-flavor=lld-link"];

/// The same for the targets of MinGW, of which nothing is needed; only for `-gnu` does the compiler call a `dlltool`.
const MINGW_FLAGS: [&str; 3] = [
    "-Clinker=rust-lld",
    "-Clinker-flavor=ld.lld",
    "-Clink-self-contained=no",
];

/// The same for macOS, elsewhere than on a Mac.
const MACOS_FLAGS: [&str; 2] = ["-Clinker=rust-lld", "-Clinker-flavor=ld64.lld"];

/// Stands in for the SDK, which is not to be had elsewhere: text files that say which library has which of the functions
/// that are used.
const MACOS_STUBS: &str = "platform/os/macos-stubs";

/// A build of the released binary.
#[derive(Clone, Debug)]
pub struct Build {
    /// The target triple.
    pub target: String,
    /// The cargo to call.
    pub cargo: OsString,
    /// More arguments for cargo.
    pub args: Vec<OsString>,
    /// Arguments for the compiler, for the last step alone. None of them may change the code.
    pub rustc_args: Vec<OsString>,
}

impl Build {
    /// The build for `target`, by the cargo that runs this program (`CARGO`), else the one on the path.
    pub fn new(target: &str) -> Self {
        Build {
            target: target.to_owned(),
            cargo: std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()),
            args: Vec::new(),
            rustc_args: Vec::new(),
        }
    }

    /// The same, but by `cargo` if there is one and this machine's compiler has no core library for `target`; with more
    /// `args` for either.
    pub fn with(target: &str, cargo: Option<&OsString>, args: &[OsString]) -> Self {
        let mut build = Build::new(target);
        if let Some(cargo) = cargo.filter(|_| !is_installed(target)) {
            build.cargo.clone_from(cargo);
        }
        build.args = args.to_vec();
        build
    }

    /// Whether it is for macOS, but not made there.
    fn is_for_a_distant_mac(&self) -> bool {
        self.target.ends_with("-apple-darwin") && !cfg!(target_os = "macos")
    }

    /// Arguments for cargo that say how to link.
    fn linker(&self) -> Vec<String> {
        let mut flags = if self.target.contains("-linux-") {
            LINUX_FLAGS.to_vec()
        } else if self.target.contains("-windows-gnu") {
            MINGW_FLAGS.to_vec()
        } else if self.target.ends_with("-msvc") {
            MSVC_FLAGS.to_vec()
        } else if self.is_for_a_distant_mac() {
            MACOS_FLAGS.to_vec()
        } else {
            return Vec::new();
        };
        if self.target.contains("-musl") {
            // Elsewhere there is no libc that could come with the compiler, and it does not know the flag.
            flags.push("-Clink-self-contained=no");
        }
        // The form of a list in Rust is TOML's, too.
        let flags = format!("target.{}.rustflags={flags:?}", self.target);
        vec!["--config".to_owned(), flags]
    }

    /// Builds, with cargo's messages on stderr, and gives the path of the binary; or one line saying why not.
    pub fn run(&self) -> Result<PathBuf, String> {
        let mut command = Command::new(&self.cargo);
        command
            .current_dir(workspace())
            .args(["rustc", "--release", "--package", "ptex", "--bin", "ptex"])
            .arg("--target")
            .arg(&self.target)
            .arg("--message-format=json-render-diagnostics")
            .args(self.linker())
            .args(&self.args)
            .arg("--")
            .args(&self.rustc_args)
            .stdin(Stdio::null())
            .stderr(Stdio::inherit());
        if self.is_for_a_distant_mac() && std::env::var_os("SDKROOT").is_none() {
            command.env("SDKROOT", workspace().join(MACOS_STUBS));
        }
        let output = command
            .output()
            .map_err(|e| format!("could not run {}: {e}", self.cargo.display()))?;
        if !output.status.success() {
            return Err(format!(
                "cargo could not build ptex for {} ({})",
                self.target, output.status
            ));
        }
        String::from_utf8_lossy(&output.stdout)
            .lines()
            .filter_map(executable)
            .next_back()
            .ok_or_else(|| format!("cargo built no binary for {}", self.target))
    }
}

/// The path of the binary that a line of cargo's JSON messages announces, if it does.
fn executable(line: &str) -> Option<PathBuf> {
    let message: JsonValue = line.parse().ok()?;
    let object: &std::collections::HashMap<String, JsonValue> = message.get()?;
    if object.get("reason")?.get::<String>()? != "compiler-artifact" {
        return None;
    }
    Some(PathBuf::from(object.get("executable")?.get::<String>()?))
}

/// Whether the compiler has a core library for `target`.
pub fn is_installed(target: &str) -> bool {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = Command::new(rustc)
        .args(["--print=target-libdir", "--target", target])
        .output();
    let Ok(output) = output else {
        return false;
    };
    let folder = String::from_utf8_lossy(&output.stdout);
    std::fs::read_dir(folder.trim_end()).is_ok_and(|entries| {
        entries
            .flatten()
            .any(|entry| entry.file_name().to_string_lossy().starts_with("libcore-"))
    })
}

/// The triple of the machine that compiles, as the compiler names it.
pub fn host() -> Result<String, String> {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = Command::new(&rustc)
        .arg("-vV")
        .output()
        .map_err(|e| format!("could not run {}: {e}", rustc.display()))?;
    String::from_utf8_lossy(&output.stdout)
        .lines()
        .find_map(|line| line.strip_prefix("host: "))
        .map(str::to_owned)
        .ok_or_else(|| format!("{} -vV names no host", rustc.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_binary_is_an_executable() {
        let of = |line: &str| executable(line);
        assert_eq!(
            of(r#"{"reason":"compiler-artifact","executable":"/t/ptex"}"#),
            Some(PathBuf::from("/t/ptex"))
        );
        assert_eq!(
            of(r#"{"reason":"compiler-artifact","executable":null}"#),
            None
        );
        assert_eq!(of(r#"{"reason":"build-finished","success":true}"#), None);
        assert_eq!(of("not JSON"), None);
    }

    #[test]
    fn the_host_is_a_triple() {
        assert!(host().unwrap().split('-').count() >= 3);
    }
}

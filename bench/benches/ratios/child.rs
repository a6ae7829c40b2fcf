//! Runs a program once, and tells what that cost.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::Read;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use nix::sys::resource::{Usage, UsageWho, getrusage};
use nix::sys::time::TimeValLike;

/// A program with its arguments.
#[derive(Clone, Debug)]
pub(crate) struct Call(Vec<OsString>);

/// Where its output goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum To {
    /// To /dev/null.
    Null,
    /// Into a pipe that is read as fast as it fills.
    Pipe,
}

/// What one run took, in milliseconds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cost {
    /// Processor time, the program's own and the kernel's for it.
    pub(crate) cpu: f64,
    /// Time by the clock.
    pub(crate) wall: f64,
}

impl Call {
    /// A call of `program` with `arguments`.
    pub(crate) fn new<S: AsRef<OsStr>>(program: impl AsRef<OsStr>, arguments: &[S]) -> Call {
        let program = program.as_ref().to_owned();
        let arguments = arguments.iter().map(|a| a.as_ref().to_owned());
        Call(std::iter::once(program).chain(arguments).collect())
    }

    /// The same call as an argument of `program`.
    fn under<S: AsRef<OsStr>>(&self, program: &str, arguments: &[S]) -> Call {
        let mut call = Call::new(program, arguments);
        call.0.extend_from_slice(&self.0);
        call
    }

    /// With no variables but those that matter: whatever is set here is not for the programs that are compared.
    fn command(&self, trust: Option<&OsStr>) -> Command {
        let mut command = Command::new(&self.0[0]);
        command.args(&self.0[1..]).env_clear().stdin(Stdio::null());
        if let Some(path) = std::env::var_os("PATH") {
            command.env("PATH", path);
        }
        if let Some(trust) = trust {
            command.env("SSL_CERT_FILE", trust);
        }
        command
    }

    /// One run, which has to succeed and, into a pipe, to write `size` bytes.
    pub(crate) fn run(&self, trust: Option<&OsStr>, to: To, size: u64) -> Result<Cost, String> {
        let (cost, success, stderr) = self.attempt(trust, to, Some(size))?;
        match success {
            true => Ok(cost),
            false => Err(format!("{}: {stderr}", self.text())),
        }
    }

    /// One run, which has to fail.
    pub(crate) fn run_refused(&self) -> Result<Cost, String> {
        match self.attempt(None, To::Null, None)? {
            (cost, false, _) => Ok(cost),
            (_, true, _) => Err(format!("{}: succeeded", self.text())),
        }
    }

    fn attempt(
        &self,
        trust: Option<&OsStr>,
        to: To,
        size: Option<u64>,
    ) -> Result<(Cost, bool, String), String> {
        let failed = |e: std::io::Error| format!("{}: {e}", self.text());
        let mut command = self.command(trust);
        command.stderr(Stdio::piped()).stdout(match to {
            To::Null => Stdio::null(),
            To::Pipe => Stdio::piped(),
        });
        let before = children()?;
        let begun = Instant::now();
        let mut child = command.spawn().map_err(failed)?;
        let mut count = 0;
        if let Some(mut pipe) = child.stdout.take() {
            let mut buffer = vec![0; 256 << 10];
            loop {
                match pipe.read(&mut buffer).map_err(failed)? {
                    0 => break,
                    n => count += n as u64,
                }
            }
        }
        let mut stderr = String::new();
        if let Some(mut pipe) = child.stderr.take() {
            pipe.read_to_string(&mut stderr).map_err(failed)?;
        }
        let status = child.wait().map_err(failed)?;
        let cost = Cost {
            wall: begun.elapsed().as_secs_f64() * 1e3,
            // The servers are children too, but only those that were waited for count.
            cpu: children()? - before,
        };
        match size {
            Some(size) if to == To::Pipe && status.success() && count != size => Err(format!(
                "{}: {count} bytes came out, not {size}",
                self.text()
            )),
            _ => Ok((cost, status.success(), stderr.trim_end().to_owned())),
        }
    }

    /// The most memory, in bytes, that was resident during a run that takes long enough to be watched.
    ///
    /// The kernel's own account of a dead child begins with what its parent had before exec, which is more than ptex's.
    pub(crate) fn peak(&self, trust: Option<&OsStr>) -> Result<u64, String> {
        let failed = |e: std::io::Error| format!("{}: {e}", self.text());
        let mut command = self.command(trust);
        command.stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = command.spawn().map_err(failed)?;
        let status = format!("/proc/{}/status", child.id());
        let mut peak = 0;
        while child.try_wait().map_err(failed)?.is_none() {
            let text = fs::read_to_string(&status).unwrap_or_default();
            let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
            let kib = line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok());
            peak = peak.max(kib.unwrap_or(0) << 10);
            sleep(Duration::from_millis(1));
        }
        match peak {
            0 => Err(format!("{}: ended before it was looked at", self.text())),
            peak => Ok(peak),
        }
    }

    /// The number of system calls of a run, counted by strace.
    pub(crate) fn system_calls(&self, trust: Option<&OsStr>) -> Result<u64, String> {
        let report = std::env::temp_dir().join(format!("ptex-bench-{}", std::process::id()));
        let options = [
            "-c",
            "-f",
            "-U",
            "calls,name",
            "-o",
            &report.to_string_lossy(),
        ];
        let done = self.under("strace", &options).run(trust, To::Null, 0);
        let text = fs::read_to_string(&report).unwrap_or_default();
        let _ = fs::remove_file(&report);
        done?;
        text.lines()
            .find_map(|line| line.trim().strip_suffix(" total")?.trim().parse().ok())
            .ok_or_else(|| "strace printed no total".to_owned())
    }

    fn text(&self) -> String {
        let words: Vec<_> = self.0.iter().map(|word| word.to_string_lossy()).collect();
        words.join(" ")
    }
}

/// Milliseconds of processor time of all children that were waited for.
fn children() -> Result<f64, String> {
    let usage: Usage = getrusage(UsageWho::RUSAGE_CHILDREN).map_err(|e| e.to_string())?;
    let micros = usage.user_time().num_microseconds() + usage.system_time().num_microseconds();
    Ok(micros as f64 / 1e3)
}

//! The ptex that is released, and how it is run: an empty environment, no input, never longer than it may.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::OnceLock;
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

use nix::pty::{Winsize, openpty};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use package::build::{Build, host};

/// No test takes that long; what does hangs.
const HARD_LIMIT: Duration = Duration::from_secs(120);

/// The binary under test: what `PTEX_UNDER_TEST` names, else what a release build makes.
///
/// The build is a cargo call of its own, so that no feature of what the tests depend on gets into it. By the time tests
/// run, cargo has let go of the target folder.
pub fn binary() -> &'static Path {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(|| match std::env::var_os("PTEX_UNDER_TEST") {
        Some(path) => path.into(),
        None => host()
            .and_then(|host| Build::new(&host).run())
            .unwrap_or_else(|e| panic!("{e}")),
    })
}

/// A call of ptex.
#[derive(Debug)]
pub struct Ptex {
    command: Command,
    limit: Duration,
}

/// What came of it.
#[derive(Debug)]
pub struct Outcome {
    /// How it ended.
    pub status: ExitStatus,
    /// All that it wrote to stdout.
    pub stdout: Vec<u8>,
    /// All that it wrote to stderr.
    pub stderr: String,
    /// How long it ran.
    pub elapsed: Duration,
}

impl Ptex {
    /// A call with these arguments, without a variable in its environment.
    pub fn new<A: AsRef<OsStr>>(arguments: impl IntoIterator<Item = A>) -> Self {
        let mut command = Command::new(binary());
        command.args(arguments).env_clear().stdin(Stdio::null());
        Ptex {
            command,
            limit: HARD_LIMIT,
        }
    }

    /// Sets a variable.
    pub fn env(mut self, name: &str, value: impl Into<OsString>) -> Self {
        self.command.env(name, value.into());
        self
    }

    /// Sets the current directory.
    pub fn dir(mut self, path: &Path) -> Self {
        self.command.current_dir(path);
        self
    }

    /// Sets where the output goes; [`Outcome::stdout`] is then empty.
    pub fn stdout(mut self, to: impl Into<Stdio>) -> Running {
        self.command.stdout(to);
        self.start(false)
    }

    /// Starts it, with a pipe for stdout that is for the caller to read.
    pub fn piped(mut self) -> Running {
        self.command.stdout(Stdio::piped());
        self.start(false)
    }

    /// Runs it to its end.
    pub fn run(mut self) -> Outcome {
        self.command.stdout(Stdio::piped());
        self.start(true).wait()
    }

    /// Runs it to its end with stderr a terminal of so many columns. [`Outcome::stderr`] is what the terminal got, which
    /// makes CR LF of each LF.
    pub fn run_on_terminal(mut self, columns: u16) -> Outcome {
        let size = Winsize {
            ws_row: 24,
            ws_col: columns,
            ws_xpixel: 0,
            ws_ypixel: 0,
        };
        let terminal = openpty(&size, None).expect("a pseudo-terminal");
        self.command.stdout(Stdio::piped()).stderr(terminal.slave);
        let mut running = self.spawn(true);
        running.stderr = Some(read_all(File::from(terminal.master)));
        running.wait()
    }

    fn start(mut self, read_stdout: bool) -> Running {
        self.command.stderr(Stdio::piped());
        self.spawn(read_stdout)
    }

    /// Our ends of what the child got as descriptors are closed when this returns.
    fn spawn(mut self, read_stdout: bool) -> Running {
        // Before it is there: it may run while we are not.
        let begin = Instant::now();
        let mut child = self.command.spawn().expect("ptex can be started");
        let stdout = child.stdout.take_if(|_| read_stdout).map(read_all);
        let stderr = child.stderr.take().map(read_all);
        Running {
            child,
            stdout,
            stderr,
            begin,
            limit: self.limit,
        }
    }
}

/// A ptex that runs. It is killed if it is dropped while it does.
#[derive(Debug)]
pub struct Running {
    /// The process.
    pub child: Child,
    stdout: Option<Receiver<Vec<u8>>>,
    stderr: Option<Receiver<Vec<u8>>>,
    begin: Instant,
    limit: Duration,
}

impl Running {
    /// Waits for its end.
    pub fn wait(mut self) -> Outcome {
        let stdout = self.stdout.take().map(|from| self.receive(&from));
        let stderr = self.stderr.take().map(|from| self.receive(&from));
        let status = loop {
            if let Some(status) = self.child.try_wait().expect("a child to wait for") {
                break status;
            }
            if self.begin.elapsed() > self.limit {
                self.give_up();
            }
            thread::sleep(Duration::from_millis(2));
        };
        Outcome {
            status,
            stdout: stdout.unwrap_or_default(),
            stderr: String::from_utf8(stderr.unwrap_or_default()).expect("UTF-8 on stderr"),
            elapsed: self.begin.elapsed(),
        }
    }

    /// Sends it a signal.
    pub fn signal(&self, signal: Signal) {
        let pid = Pid::from_raw(i32::try_from(self.child.id()).expect("a process id"));
        kill(pid, signal).expect("a child to send a signal to");
    }

    fn receive(&mut self, from: &Receiver<Vec<u8>>) -> Vec<u8> {
        let left = self.limit.saturating_sub(self.begin.elapsed());
        match from.recv_timeout(left) {
            Ok(bytes) => bytes,
            Err(_) => self.give_up(),
        }
    }

    fn give_up(&mut self) -> ! {
        let _ = self.child.kill();
        panic!("ptex still ran after {} s", self.limit.as_secs());
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Ok(None) = self.child.try_wait() {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

/// Reads all that comes, in small portions and with pauses.
pub fn read_slowly(mut from: impl Read) -> Vec<u8> {
    let mut all = Vec::new();
    let mut portion = vec![0; 100_000];
    loop {
        let n = from.read(&mut portion).expect("a pipe to read");
        if n == 0 {
            return all;
        }
        all.extend_from_slice(&portion[..n]);
        thread::sleep(Duration::from_millis(2));
    }
}

fn read_all(mut from: impl Read + Send + 'static) -> Receiver<Vec<u8>> {
    let (to, receiver) = mpsc::channel();
    thread::spawn(move || {
        let mut bytes = Vec::new();
        // What came until then is what there is to look at.
        let _ = from.read_to_end(&mut bytes);
        let _ = to.send(bytes);
    });
    receiver
}

impl Outcome {
    /// Expects success, exactly these bytes, and not a word.
    #[track_caller]
    pub fn delivers(&self, content: &[u8]) {
        self.succeeds(content);
        assert_eq!(self.stderr, "", "ptex has something to say");
    }

    /// Expects success and exactly these bytes.
    #[track_caller]
    pub fn succeeds(&self, content: &[u8]) {
        assert!(self.status.success(), "{}: {}", self.status, self.stderr);
        self.wrote(content);
    }

    /// Expects exactly these bytes on stdout.
    #[track_caller]
    pub fn wrote(&self, content: &[u8]) {
        if self.stdout != content {
            let at = self
                .stdout
                .iter()
                .zip(content)
                .take_while(|(a, b)| a == b)
                .count();
            panic!(
                "{} bytes where {} were expected, the same up to {at}; stderr: {}",
                self.stdout.len(),
                content.len(),
                self.stderr
            );
        }
    }

    /// Expects status 1 and this one line on stderr.
    #[track_caller]
    pub fn fails_with(&self, line: &str) {
        assert_eq!(self.stderr, format!("{line}\n"));
        assert_eq!(self.status.code(), Some(1));
    }

    /// Expects status 1 and one line on stderr, and gives it.
    #[track_caller]
    pub fn error(&self) -> &str {
        assert_eq!(self.status.code(), Some(1), "stderr: {}", self.stderr);
        let line = self.stderr.strip_suffix('\n').expect("a whole line");
        assert!(!line.is_empty() && !line.contains('\n'), "{line:?}");
        line
    }

    /// Expects status 1, nothing on stdout and one line on stderr with `what` in it.
    #[track_caller]
    pub fn refuses(&self, what: &str) {
        let line = self.error();
        assert!(line.contains(what), "{line:?} says nothing of {what:?}");
        assert!(
            self.stdout.is_empty(),
            "{} bytes of output",
            self.stdout.len()
        );
    }
}

//! Files, folders and the standard streams.

use super::net::WOULD_BLOCK;
use super::signal;
use crate::Errno;
use crate::sys::folder;
use crate::text::{find, joined};
use alloc::ffi::CString;
use core::ffi::CStr;
use rustix::event::{PollFd, PollFlags, poll};
use rustix::fd::{AsFd, AsRawFd, BorrowedFd, IntoRawFd, OwnedFd};
use rustix::fs::{self, FileType, Mode, OFlags};
use rustix::{io, stdio};

/// The permissions of a new file, less those that the umask takes away.
const NEW_FILE: Mode = Mode::from_raw_mode(0o666);

/// The bits of a mode that say who may read, write and run a file.
const PERMISSIONS: Mode = Mode::from_raw_mode(0o777);

/// How a file is opened that others may have put there: not through a link, and without waiting for the other end of a pipe.
const FOREIGN: OFlags = OFlags::NOFOLLOW.union(OFlags::NONBLOCK);

/// (What `CString` has for this looks for the NUL in a way that takes three times as many bytes.)
#[inline(never)]
fn c_string(path: &[u8]) -> Result<CString, Errno> {
    if find(path, 0).is_some() {
        return Err(Errno(22));
    }
    // SAFETY: the only NUL is at the end.
    Ok(unsafe { CString::from_vec_with_nul_unchecked(joined(&[path, &[0]])) })
}

fn open(path: &[u8], flags: OFlags) -> Result<OwnedFd, Errno> {
    Ok(fs::open(
        c_string(path)?.as_c_str(),
        flags | OFlags::CLOEXEC,
        Mode::empty(),
    )?)
}

/// What is said of a pipe, a device or a folder where a plain file should be.
const NOT_PLAIN: Errno = Errno(22);

fn is_plain(stat: &fs::Stat) -> bool {
    FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile
}

fn read(file: &OwnedFd, buf: &mut [u8]) -> Result<usize, Errno> {
    loop {
        match io::read(file, &mut *buf) {
            Err(io::Errno::INTR) => {}
            result => return Ok(result?),
        }
    }
}

/// A file that is open for reading.
pub struct File(OwnedFd);

impl File {
    /// Opens `path`, which may be anything that can be read but a folder.
    pub fn open(path: &[u8]) -> Result<File, Errno> {
        let file = open(path, OFlags::RDONLY | OFlags::NOCTTY)?;
        // A folder can be opened but not read: say so now.
        match fs::fstat(&file) {
            Ok(stat) if FileType::from_raw_mode(stat.st_mode) == FileType::Directory => {
                Err(Errno(21))
            }
            _ => Ok(File(file)),
        }
    }

    /// Opens the plain file `path`, or the one that it links to.
    pub fn open_plain(path: &[u8]) -> Result<File, Errno> {
        File::plain(path, OFlags::NONBLOCK)
    }

    /// Opens the plain file `path` unless it is a link: what others may have put there is not to lead elsewhere.
    pub fn open_unless_link(path: &[u8]) -> Result<File, Errno> {
        File::plain(path, FOREIGN)
    }

    #[inline(never)]
    fn plain(path: &[u8], flags: OFlags) -> Result<File, Errno> {
        match File(open(path, OFlags::RDONLY | flags)?) {
            file if file.size().is_some() => Ok(file),
            _ => Err(NOT_PLAIN),
        }
    }

    /// Reads up to `buf.len()` bytes; 0 is the end of the file.
    pub fn read(&mut self, buf: &mut [u8]) -> Result<usize, Errno> {
        read(&self.0, buf)
    }

    /// The number of bytes, where the file has such a number (a regular file).
    pub fn size(&self) -> Option<u64> {
        let stat = fs::fstat(&self.0).ok()?;
        is_plain(&stat).then_some(stat.st_size as u64)
    }
}

/// Calls `visit` with the name of each entry of a folder, but for `.` and `..`.
#[inline(never)]
pub fn list(path: &[u8], visit: &mut dyn FnMut(&[u8])) -> Result<(), Errno> {
    let folder = open(path, OFlags::RDONLY | OFlags::DIRECTORY)?;
    folder::each_entry(folder, &mut |name| match name {
        b"." | b".." => {}
        name => visit(name),
    })
}

/// Writes all of `data`: short writes, interruptions and a descriptor that was made non-blocking by whoever shares it
/// are no errors.
fn write_all(fd: BorrowedFd, mut data: &[u8]) -> Result<(), Errno> {
    while !data.is_empty() {
        match io::write(fd, data) {
            // Not an answer that write(2) gives for more than 0 bytes; taken as the end, not as a reason to spin.
            Ok(0) => return Err(Errno(28)),
            Ok(n) => data = data.get(n..).unwrap_or_default(),
            Err(io::Errno::INTR) => {}
            Err(io::Errno::AGAIN) => {
                let mut fds = [PollFd::new(&fd, PollFlags::OUT)];
                let _ = poll(&mut fds, None);
                // macOS has terminals that it does not wait for.
                if cfg!(target_os = "macos") && fds[0].revents().contains(PollFlags::NVAL) {
                    crate::clock::sleep_ms(10);
                }
            }
            Err(e) => return Err(e.into()),
        }
    }
    Ok(())
}

/// Makes descriptors 0, 1 and 2 something that can be neither read nor written, where the parent left them closed. Else
/// the next socket or file would be one of them, and what is for stdout would go there.
pub fn occupy_standard_streams() {
    // The folder is there whatever is in it.
    while let Ok(folder) = open(b"/", folder::HELD)
        && folder.as_raw_fd() <= 2
    {
        let _ = folder.into_raw_fd();
    }
}

/// Writes all of `data` to stdout.
pub fn write_stdout(data: &[u8]) -> Result<(), Errno> {
    // SAFETY: this program never closes descriptor 1; if its parent did, write(2) says so.
    write_all(unsafe { stdio::stdout() }, data)
}

/// Writes all of `data` to stderr. There is nobody to tell of a failure.
pub fn write_stderr(data: &[u8]) {
    // SAFETY: as for stdout.
    let _ = write_all(unsafe { stdio::stderr() }, data);
}

/// A file that appears under its name only when it is complete.
///
/// Until then it has a temporary name in the same folder, which is removed when this is dropped and when the process is
/// ended by a signal or a panic.
pub struct NewFile {
    file: OwnedFd,
    temporary: CString,
    name: CString,
}

impl NewFile {
    /// Begins the file `name`. The folder must be one where a file can be made.
    pub fn create(name: &[u8]) -> Result<NewFile, Errno> {
        let name = c_string(name)?;
        let mut random = [0; 8];
        crate::random(&mut random);
        for byte in &mut random {
            *byte = b'a' + *byte % 26;
        }
        let mut folder = name.as_bytes();
        while let [rest @ .., last] = folder
            && *last != b'/'
        {
            folder = rest;
        }
        let temporary = c_string(&joined(&[folder, b".ptex-", &random]))?;
        let flags =
            OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC | OFlags::NOFOLLOW;
        signal::unfinished(temporary.clone());
        let file =
            fs::open(temporary.as_c_str(), flags, NEW_FILE).inspect_err(|_| signal::finished())?;
        let this = NewFile {
            file,
            temporary,
            name,
        };
        inherit(Some(&this.file), &this.name)?;
        Ok(this)
    }

    /// Appends all of `data`.
    pub fn write_all(&mut self, data: &[u8]) -> Result<(), Errno> {
        write_all(self.file.as_fd(), data)
    }

    /// Throws away what was written.
    pub fn restart(&mut self) -> Result<(), Errno> {
        restart(&self.file)
    }

    /// Puts the file on the disk and under its name, in place of what had that name. To be called once, at the end.
    pub fn commit(&mut self) -> Result<(), Errno> {
        rename(&self.file, &self.temporary, &self.name)?;
        signal::finished();
        Ok(())
    }
}

/// Gives `file`, which is to be called `name`, the permissions of what has that name now: it keeps them, as it would if it
/// were written over; not those of a device behind a link, which are for everyone. An error if there can be no file of that
/// name, which would else be found out at the end.
#[inline(never)]
fn inherit(file: Option<&OwnedFd>, name: &CStr) -> Result<(), Errno> {
    match fs::stat(name) {
        Ok(stat) if FileType::from_raw_mode(stat.st_mode) == FileType::Directory => Err(Errno(21)),
        Ok(stat) => {
            if let Some(file) = file
                && is_plain(&stat)
            {
                // But not the bits that lend its owner's rights: its content is another now.
                let _ = fs::fchmod(file, Mode::from_raw_mode(stat.st_mode) & PERMISSIONS);
            }
            Ok(())
        }
        Err(io::Errno::NOENT) => Ok(()),
        // Such as a name that is too long.
        Err(e) => Err(e.into()),
    }
}

/// An error if there can be no new file of that name.
pub fn check_name(name: &[u8]) -> Result<(), Errno> {
    inherit(None, &c_string(name)?)
}

/// Empties a file that is being written.
fn restart(file: &OwnedFd) -> Result<(), Errno> {
    fs::ftruncate(file, 0)?;
    fs::seek(file, fs::SeekFrom::Start(0))?;
    Ok(())
}

/// Puts a file on the disk and under the name `to`, in place of what had that name.
fn rename(file: &OwnedFd, from: &CStr, to: &CStr) -> Result<(), Errno> {
    crate::sys::sync(file)?;
    fs::rename(from, to)?;
    Ok(())
}

/// Removes the file `path`.
pub fn remove(path: &[u8]) -> Result<(), Errno> {
    Ok(fs::unlink(c_string(path)?.as_c_str())?)
}

/// A file that may be there in part, to be read to its end and then continued. It stays whatever happens.
pub struct PartialFile(OwnedFd);

impl PartialFile {
    /// Opens or begins the plain file `path`, for this process alone: the error number is EAGAIN if another has it.
    pub fn open(path: &[u8]) -> Result<PartialFile, Errno> {
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::CLOEXEC | FOREIGN;
        let path = c_string(path)?;
        let file = fs::open(path.as_c_str(), flags, NEW_FILE)?;
        fs::flock(&file, fs::FlockOperation::NonBlockingLockExclusive)?;
        // Who had it until now may have given it its final name: then it is not ours to write to.
        let (open, named) = (fs::fstat(&file)?, fs::stat(path.as_c_str())?);
        if (open.st_dev, open.st_ino) != (named.st_dev, named.st_ino) {
            return Err(WOULD_BLOCK);
        }
        if !is_plain(&open) {
            return Err(NOT_PLAIN);
        }
        Ok(PartialFile(file))
    }

    /// Reads up to `buf.len()` bytes; 0 is the end of what is there.
    pub fn read(&mut self, buf: &mut [u8]) -> Result<usize, Errno> {
        read(&self.0, buf)
    }

    /// Writes all of `data` after what was read or written before.
    pub fn write_all(&mut self, data: &[u8]) -> Result<(), Errno> {
        write_all(self.0.as_fd(), data)
    }

    /// Throws away what is there.
    pub fn restart(&mut self) -> Result<(), Errno> {
        restart(&self.0)
    }

    /// Puts the file, whose name is `from`, on the disk and under the name `to`, in place of what had that name.
    pub fn commit(&mut self, from: &[u8], to: &[u8]) -> Result<(), Errno> {
        let to = c_string(to)?;
        inherit(Some(&self.0), &to)?;
        rename(&self.0, &c_string(from)?, &to)
    }
}

impl Drop for NewFile {
    fn drop(&mut self) {
        // After `commit` the name is no longer registered and this does nothing.
        signal::discard_unfinished();
    }
}

//! Files, folders and the standard streams.

use super::term::{self, Tail};
use super::{c_wide, last_error, until_nul};
use crate::Errno;
use crate::wide::{path, wtf8};
use alloc::vec::Vec;
use core::ptr::{null, null_mut};
use core::sync::atomic::{AtomicU8, Ordering};
use windows_sys::Win32::Foundation::{
    CloseHandle, ERROR_ACCESS_DENIED, ERROR_BROKEN_PIPE, ERROR_DIRECTORY_NOT_SUPPORTED,
    ERROR_FILENAME_EXCED_RANGE, ERROR_HANDLE_EOF, ERROR_INVALID_HANDLE, ERROR_NO_MORE_FILES,
    ERROR_SHARING_VIOLATION, ERROR_STOPPED_ON_SYMLINK, GENERIC_READ, GENERIC_WRITE, HANDLE,
    INVALID_HANDLE_VALUE,
};
use windows_sys::Win32::Storage::FileSystem::{
    CREATE_NEW, CreateFileW, DELETE, DeleteFileW, FILE_ATTRIBUTE_DIRECTORY, FILE_ATTRIBUTE_NORMAL,
    FILE_ATTRIBUTE_READONLY, FILE_ATTRIBUTE_REPARSE_POINT, FILE_ATTRIBUTE_TAG_INFO, FILE_BEGIN,
    FILE_DISPOSITION_INFO, FILE_FLAG_OPEN_REPARSE_POINT, FILE_SHARE_DELETE, FILE_SHARE_READ,
    FILE_SHARE_WRITE, FILE_TYPE_DISK, FileAttributeTagInfo, FileDispositionInfo, FindClose,
    FindExInfoBasic, FindExSearchNameMatch, FindFirstFileExW, FindNextFileW, FlushFileBuffers,
    GetFileAttributesW, GetFileInformationByHandleEx, GetFileSizeEx, GetFileType, GetFullPathNameW,
    INVALID_FILE_ATTRIBUTES, MOVEFILE_REPLACE_EXISTING, MOVEFILE_WRITE_THROUGH, MoveFileExW,
    OPEN_ALWAYS, OPEN_EXISTING, ReadFile, SetEndOfFile, SetFileInformationByHandle,
    SetFilePointerEx, WIN32_FIND_DATAW, WriteFile,
};
use windows_sys::Win32::System::Console::{
    GetStdHandle, STD_ERROR_HANDLE, STD_HANDLE, STD_OUTPUT_HANDLE,
};

/// How often a file is tried to be given its name, and for how many milliseconds in between it is left to those who
/// look into every new file.
const RENAMES: u32 = 20;
const RENAME_PAUSE_MS: u64 = 50;

/// The longest name of a file, in units, on all file systems of Windows.
const MAX_NAME: usize = 255;

const SHARE_ALL: u32 = FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE;

/// An open file, closed on drop.
struct Handle(HANDLE);

impl Drop for Handle {
    fn drop(&mut self) {
        // SAFETY: it is ours, and used no more.
        unsafe { CloseHandle(self.0) };
    }
}

/// A call that tells by 0 that it failed.
fn check(result: i32) -> Result<(), Errno> {
    if result == 0 {
        Err(last_error())
    } else {
        Ok(())
    }
}

/// The path as Windows wants it, with a NUL at its end. How long the full one is does not matter.
fn wide_path(text: &[u8]) -> Result<Vec<u16>, Errno> {
    let path = c_wide(text)?;
    let mut full = Vec::new();
    // SAFETY: the path has a NUL; the buffer is as long as is said.
    let length = unsafe {
        let room = GetFullPathNameW(path.as_ptr(), 0, null_mut(), null_mut());
        full.resize(room as usize, 0);
        GetFullPathNameW(path.as_ptr(), room, full.as_mut_ptr(), null_mut())
    };
    let full = full.get(..length as usize).unwrap_or_default();
    Ok(match path::verbatim(full) {
        Some(mut verbatim) => {
            verbatim.push(0);
            verbatim
        }
        None => path,
    })
}

/// The attributes of what has that name.
fn attributes(path: &[u16]) -> Result<u32, Errno> {
    // SAFETY: the path has a NUL.
    match unsafe { GetFileAttributesW(path.as_ptr()) } {
        INVALID_FILE_ATTRIBUTES => Err(last_error()),
        attributes => Ok(attributes),
    }
}

fn is_folder(path: &[u16]) -> bool {
    attributes(path).is_ok_and(|attributes| attributes & FILE_ATTRIBUTE_DIRECTORY != 0)
}

/// An error if there can be no new file of that name. It would else be found out at the end.
fn check_path(path: &[u16]) -> Result<(), Errno> {
    let is_divider = |&unit: &u16| matches!(u8::try_from(unit), Ok(b'/' | b'\\'));
    let name = path.rsplit(is_divider).next().unwrap_or_default();
    if name.len() > MAX_NAME + 1 {
        return Err(Errno(ERROR_FILENAME_EXCED_RANGE as i32));
    }
    match attributes(path) {
        Ok(there) if there & FILE_ATTRIBUTE_DIRECTORY != 0 => Err(IS_FOLDER),
        Ok(there) if there & FILE_ATTRIBUTE_READONLY != 0 => Err(ACCESS_DENIED),
        Err(e) if !e.is_missing() => Err(e),
        _ => Ok(()),
    }
}

const IS_FOLDER: Errno = Errno(ERROR_DIRECTORY_NOT_SUPPORTED as i32);
const ACCESS_DENIED: Errno = Errno(ERROR_ACCESS_DENIED as i32);
const SHARING_VIOLATION: Errno = Errno(ERROR_SHARING_VIOLATION as i32);

fn open(
    path: &[u16],
    access: u32,
    share: u32,
    disposition: u32,
    flags: u32,
) -> Result<Handle, Errno> {
    let flags = flags | FILE_ATTRIBUTE_NORMAL;
    // SAFETY: the path has a NUL.
    let handle = unsafe {
        let path = path.as_ptr();
        CreateFileW(path, access, share, null(), disposition, flags, null_mut())
    };
    if handle != INVALID_HANDLE_VALUE {
        return Ok(Handle(handle));
    }
    match last_error() {
        // So it says of a folder, too.
        ACCESS_DENIED if is_folder(path) => Err(IS_FOLDER),
        e => Err(e),
    }
}

/// An error if the file is a link, which leads elsewhere.
fn refuse_link(file: &Handle) -> Result<(), Errno> {
    let mut info = FILE_ATTRIBUTE_TAG_INFO::default();
    let length = size_of::<FILE_ATTRIBUTE_TAG_INFO>() as u32;
    // SAFETY: the structure is live and of the kind asked for.
    check(unsafe {
        let info = (&raw mut info).cast();
        GetFileInformationByHandleEx(file.0, FileAttributeTagInfo, info, length)
    })?;
    if info.FileAttributes & FILE_ATTRIBUTE_REPARSE_POINT != 0 {
        return Err(Errno(ERROR_STOPPED_ON_SYMLINK as i32));
    }
    Ok(())
}

fn read(file: &Handle, buf: &mut [u8]) -> Result<usize, Errno> {
    const END: Errno = Errno(ERROR_HANDLE_EOF as i32);
    const CLOSED: Errno = Errno(ERROR_BROKEN_PIPE as i32);
    let length = buf.len().try_into().unwrap_or(u32::MAX);
    let mut n = 0;
    // SAFETY: the buffer is live and at least as long.
    match check(unsafe { ReadFile(file.0, buf.as_mut_ptr(), length, &mut n, null_mut()) }) {
        Ok(()) => Ok(n as usize),
        Err(END | CLOSED) => Ok(0),
        Err(e) => Err(e),
    }
}

fn write_all(file: HANDLE, mut data: &[u8]) -> Result<(), Errno> {
    while !data.is_empty() {
        let length = data.len().try_into().unwrap_or(u32::MAX);
        let mut n = 0;
        // SAFETY: the buffer is live and at least as long.
        check(unsafe { WriteFile(file, data.as_ptr(), length, &mut n, null_mut()) })?;
        if n == 0 {
            // A pipe that does not wait, and whose other end is not read just now.
            super::clock::sleep_ms(1);
        }
        data = data.get(n as usize..).unwrap_or_default();
    }
    Ok(())
}

/// A file that is open for reading.
pub struct File(Handle);

impl File {
    /// Opens `path`, which may be anything that can be read but a folder.
    pub fn open(path: &[u8]) -> Result<File, Errno> {
        let path = wide_path(path)?;
        open(&path, GENERIC_READ, SHARE_ALL, OPEN_EXISTING, 0).map(File)
    }

    /// Opens the file `path`: nothing in a folder here is anything else.
    pub fn open_plain(path: &[u8]) -> Result<File, Errno> {
        File::open(path)
    }

    /// Opens the file `path` unless it is a link: what others may have put there is not to lead elsewhere.
    pub fn open_unless_link(path: &[u8]) -> Result<File, Errno> {
        let path = wide_path(path)?;
        let flags = FILE_FLAG_OPEN_REPARSE_POINT;
        let file = open(&path, GENERIC_READ, SHARE_ALL, OPEN_EXISTING, flags)?;
        refuse_link(&file)?;
        Ok(File(file))
    }

    /// Reads up to `buf.len()` bytes; 0 is the end of the file.
    pub fn read(&mut self, buf: &mut [u8]) -> Result<usize, Errno> {
        read(&self.0, buf)
    }

    /// The number of bytes, where the file has such a number (a regular file).
    pub fn size(&self) -> Option<u64> {
        let handle = self.0.0;
        let mut size = 0;
        // SAFETY: the handle is open and the number live.
        unsafe {
            (GetFileType(handle) == FILE_TYPE_DISK && GetFileSizeEx(handle, &mut size) != 0)
                .then_some(size as u64)
        }
    }
}

/// Calls `visit` with the name of each entry of a folder, but for `.` and `..`.
pub fn list(path: &[u8], visit: &mut dyn FnMut(&[u8])) -> Result<(), Errno> {
    let pattern = wide_path(&[path, b"\\*"].concat())?;
    let mut entry = WIN32_FIND_DATAW::default();
    // SAFETY: the pattern has a NUL, the structure is live and of the kind asked for, its name has a NUL; the handle is
    // closed once.
    unsafe {
        let (found, by) = ((&raw mut entry).cast(), FindExSearchNameMatch);
        let handle = FindFirstFileExW(pattern.as_ptr(), FindExInfoBasic, found, by, null(), 0);
        if handle == INVALID_HANDLE_VALUE {
            return Err(last_error());
        }
        loop {
            match &*wtf8::from_wide(until_nul(entry.cFileName.as_ptr())) {
                b"." | b".." => {}
                name => visit(name),
            }
            if FindNextFileW(handle, &mut entry) == 0 {
                let e = last_error();
                FindClose(handle);
                return if e == Errno(ERROR_NO_MORE_FILES as i32) {
                    Ok(())
                } else {
                    Err(e)
                };
            }
        }
    }
}

/// A standard stream that is written to.
struct Output {
    number: STD_HANDLE,
    /// Whether it is a console: 0 until that is known, then 1 (no) or 2 (yes).
    kind: AtomicU8,
    tail: Tail,
}

impl Output {
    const fn new(number: STD_HANDLE) -> Self {
        Output {
            number,
            kind: AtomicU8::new(0),
            tail: Tail::new(),
        }
    }

    fn write_all(&self, data: &[u8]) -> Result<(), Errno> {
        // SAFETY: it takes no pointers.
        let handle = unsafe { GetStdHandle(self.number) };
        // A parent that gave none would else be told that all is well.
        if handle.is_null() || handle == INVALID_HANDLE_VALUE {
            return Err(Errno(ERROR_INVALID_HANDLE as i32));
        }
        let mut kind = self.kind.load(Ordering::Relaxed);
        if kind == 0 {
            kind = 1 + u8::from(term::is_console(handle));
            self.kind.store(kind, Ordering::Relaxed);
        }
        if kind == 1 {
            write_all(handle, data)
        } else {
            term::write(handle, &self.tail, data)
        }
    }
}

/// Writes all of `data` to stdout: the bytes as they are, unless it is a console.
pub fn write_stdout(data: &[u8]) -> Result<(), Errno> {
    static STDOUT: Output = Output::new(STD_OUTPUT_HANDLE);
    STDOUT.write_all(data)
}

/// Writes all of `data` to stderr. There is nobody to tell of a failure.
pub fn write_stderr(data: &[u8]) {
    static STDERR: Output = Output::new(STD_ERROR_HANDLE);
    let _ = STDERR.write_all(data);
}

/// A file that appears under its name only when it is complete.
///
/// Until then it has a temporary name in the same folder and is marked as deleted, so that the system removes it when it
/// is closed, however the process ends.
pub struct NewFile {
    file: Handle,
    temporary: Vec<u16>,
    name: Vec<u16>,
    is_complete: bool,
}

impl NewFile {
    /// Begins the file `name`. The folder must be one where a file can be made.
    pub fn create(name: &[u8]) -> Result<NewFile, Errno> {
        let mut random = [0; 8];
        super::random(&mut random);
        let folder = name
            .iter()
            .rposition(|&b| matches!(b, b'/' | b'\\' | b':'))
            .map_or(0, |divider| divider + 1);
        let mut temporary = Vec::from(name.get(..folder).unwrap_or_default());
        temporary.extend_from_slice(b".ptex-");
        temporary.extend(random.iter().map(|b| b'a' + b % 26));
        let temporary = wide_path(&temporary)?;
        let name = wide_path(name)?;
        check_path(&name)?;
        let share = FILE_SHARE_READ | FILE_SHARE_DELETE;
        let file = open(&temporary, GENERIC_WRITE | DELETE, share, CREATE_NEW, 0)?;
        // Where the file system does not know of such marks, only this process can remove it.
        let _ = mark(&file, true);
        Ok(NewFile {
            file,
            temporary,
            name,
            is_complete: false,
        })
    }

    /// Appends all of `data`.
    pub fn write_all(&mut self, data: &[u8]) -> Result<(), Errno> {
        write_all(self.file.0, data)
    }

    /// Throws away what was written.
    pub fn restart(&mut self) -> Result<(), Errno> {
        restart(&self.file)
    }

    /// Puts the file on the disk and under its name, in place of what had that name. To be called once, at the end.
    pub fn commit(&mut self) -> Result<(), Errno> {
        flush(&self.file)?;
        let _ = mark(&self.file, false);
        rename(&self.temporary, &self.name)?;
        self.is_complete = true;
        Ok(())
    }
}

impl Drop for NewFile {
    fn drop(&mut self) {
        if !self.is_complete {
            // SAFETY: the path has a NUL.
            unsafe { DeleteFileW(self.temporary.as_ptr()) };
        }
    }
}

/// An error if there can be no new file of that name.
pub fn check_name(name: &[u8]) -> Result<(), Errno> {
    check_path(&wide_path(name)?)
}

/// Marks the file as deleted, or no longer.
fn mark(file: &Handle, is_deleted: bool) -> Result<(), Errno> {
    let info = FILE_DISPOSITION_INFO {
        DeleteFile: is_deleted,
    };
    let length = size_of::<FILE_DISPOSITION_INFO>() as u32;
    // SAFETY: the structure is live and of the kind that is said.
    check(unsafe {
        let info = (&raw const info).cast();
        SetFileInformationByHandle(file.0, FileDispositionInfo, info, length)
    })
}

/// Empties a file that is being written.
fn restart(file: &Handle) -> Result<(), Errno> {
    // SAFETY: the handle is open.
    unsafe {
        check(SetFilePointerEx(file.0, 0, null_mut(), FILE_BEGIN))?;
        check(SetEndOfFile(file.0))
    }
}

/// Puts the file on the disk.
fn flush(file: &Handle) -> Result<(), Errno> {
    // SAFETY: the handle is open.
    check(unsafe { FlushFileBuffers(file.0) })
}

/// Gives a file the name `to`, in place of what had that name.
fn rename(from: &[u16], to: &[u16]) -> Result<(), Errno> {
    let mut left = RENAMES;
    loop {
        left -= 1;
        let flags = MOVEFILE_REPLACE_EXISTING | MOVEFILE_WRITE_THROUGH;
        // SAFETY: both paths have a NUL.
        match check(unsafe { MoveFileExW(from.as_ptr(), to.as_ptr(), flags) }) {
            // A scanner for viruses that is just reading one of them.
            Err(ACCESS_DENIED | SHARING_VIOLATION) if left > 0 && !is_folder(to) => {
                super::clock::sleep_ms(RENAME_PAUSE_MS);
            }
            result => return result,
        }
    }
}

/// Removes the file `path`.
pub fn remove(path: &[u8]) -> Result<(), Errno> {
    let path = wide_path(path)?;
    // SAFETY: the path has a NUL.
    check(unsafe { DeleteFileW(path.as_ptr()) })
}

/// A file that may be there in part, to be read to its end and then continued. It stays whatever happens.
pub struct PartialFile(Handle);

impl PartialFile {
    /// Opens or begins the file `path`, for this process alone: an error if another has it.
    pub fn open(path: &[u8]) -> Result<PartialFile, Errno> {
        let path = wide_path(path)?;
        let access = GENERIC_READ | GENERIC_WRITE;
        let share = FILE_SHARE_READ | FILE_SHARE_DELETE;
        let file = open(
            &path,
            access,
            share,
            OPEN_ALWAYS,
            FILE_FLAG_OPEN_REPARSE_POINT,
        )?;
        refuse_link(&file)?;
        Ok(PartialFile(file))
    }

    /// Reads up to `buf.len()` bytes; 0 is the end of what is there.
    pub fn read(&mut self, buf: &mut [u8]) -> Result<usize, Errno> {
        read(&self.0, buf)
    }

    /// Writes all of `data` after what was read or written before.
    pub fn write_all(&mut self, data: &[u8]) -> Result<(), Errno> {
        write_all(self.0.0, data)
    }

    /// Throws away what is there.
    pub fn restart(&mut self) -> Result<(), Errno> {
        restart(&self.0)
    }

    /// Puts the file, whose name is `from`, on the disk and under the name `to`.
    pub fn commit(&mut self, from: &[u8], to: &[u8]) -> Result<(), Errno> {
        flush(&self.0)?;
        rename(&wide_path(from)?, &wide_path(to)?)
    }
}

//! Windows, by the DLLs that every one of them has: kernel32 and ws2_32 are loaded with the program, others from the
//! system's folder when they are needed. There is no C runtime.
//!
//! Text is UTF-16 there and WTF-8 here.

pub mod clock;
mod dll;
pub mod env;
pub mod file;
pub(crate) mod net;
pub mod process;
pub mod proxy;
pub(crate) mod resolver;
pub mod schannel;
pub mod term;
pub(crate) mod trust;

use crate::Errno;
use crate::text;
use crate::text::Template;
use crate::wide::wtf8;
use alloc::vec::Vec;
use windows_sys::Win32::Foundation::{ERROR_INVALID_NAME, GetLastError};

/// A line for each error number that a fetcher can meet. The words are those of other systems where those have some.
pub(crate) const ERRNO_NAMES: Template = text!(
    "\
    2 No such file or directory\n\
    3 No such file or directory\n\
    4 Too many open files\n\
    5 Permission denied\n\
    6 Bad file descriptor\n\
    8 Cannot allocate memory\n\
    14 Cannot allocate memory\n\
    15 No such drive\n\
    19 Read-only file system\n\
    21 The device is not ready\n\
    23 Input/output error\n\
    29 Input/output error\n\
    30 Input/output error\n\
    32 In use by another process\n\
    33 In use by another process\n\
    39 No space left on device\n\
    53 The network path was not found\n\
    64 The network name is no longer available\n\
    65 Permission denied\n\
    67 The network name cannot be found\n\
    80 File exists\n\
    82 Permission denied\n\
    87 Invalid argument\n\
    109 Broken pipe\n\
    112 No space left on device\n\
    123 Invalid name\n\
    161 Invalid name\n\
    183 File exists\n\
    206 File name too long\n\
    223 File too large\n\
    225 It contains a virus\n\
    232 Broken pipe\n\
    233 Broken pipe\n\
    267 Not a directory\n\
    303 About to be deleted\n\
    336 Is a directory\n\
    681 Is a symbolic link\n\
    1117 Input/output error\n\
    1295 Disk quota exceeded\n\
    1314 Operation not permitted\n\
    1326 Wrong user name or password\n\
    1816 Disk quota exceeded\n\
    1920 Permission denied\n\
    10013 Permission denied\n\
    10024 Too many open files\n\
    10047 Address family not supported by protocol\n\
    10049 Cannot assign requested address\n\
    10050 Network is down\n\
    10051 Network is unreachable\n\
    10053 Software caused connection abort\n\
    10054 Connection reset by peer\n\
    10055 No buffer space available\n\
    10057 Not connected\n\
    10058 Broken pipe\n\
    10060 Connection timed out\n\
    10061 Connection refused\n\
    10064 Host is down\n\
    10065 No route to host\n\
    10091 The network is not ready\n\
    11003 The name server failed"
);

/// Why the last call failed.
fn last_error() -> Errno {
    // SAFETY: it reads a number of this thread's.
    Errno(unsafe { GetLastError() } as i32)
}

/// `text` as Windows wants it, with a NUL at its end; an error if it has one within, or is not WTF-8.
fn c_wide(text: &[u8]) -> Result<Vec<u16>, Errno> {
    match wtf8::to_wide(text) {
        Some(mut units) if !units.contains(&0) => {
            units.push(0);
            Ok(units)
        }
        _ => Err(Errno(ERROR_INVALID_NAME as i32)),
    }
}

/// The units up to the NUL.
///
/// # Safety
/// There is one, and nobody changes them as long as the result is used.
unsafe fn until_nul<'a>(text: *const u16) -> &'a [u16] {
    let mut length = 0;
    // SAFETY: by the caller, there is a NUL at the end.
    unsafe {
        while *text.add(length) != 0 {
            length += 1;
        }
        core::slice::from_raw_parts(text, length)
    }
}

/// Fills `buf` with bytes of the system's random number generator.
///
/// # Panics
/// Where there is none: without randomness nothing here is safe.
pub fn random(buf: &mut [u8]) {
    type BCryptGenRandom = unsafe extern "system" fn(usize, *mut u8, u32, u32) -> i32;
    const BCRYPT_USE_SYSTEM_PREFERRED_RNG: u32 = 2;
    let function = dll::function(c"bcrypt.dll", c"BCryptGenRandom");
    let is_filled = function.is_some_and(|function| {
        // SAFETY: this is the function of that name; it takes no algorithm when told to choose one itself.
        unsafe {
            let function: BCryptGenRandom = core::mem::transmute(function);
            let length = buf.len() as u32;
            function(0, buf.as_mut_ptr(), length, BCRYPT_USE_SYSTEM_PREFERRED_RNG) == 0
        }
    });
    assert!(is_filled, "no random numbers");
}

//! The console: whether stderr is one, and text on it, whose code page does not matter.

use super::{Errno, last_error};
use crate::wide::wtf8;
use alloc::vec::Vec;
use core::ptr::null;
use core::sync::atomic::{AtomicU32, Ordering};
use windows_sys::Win32::Foundation::HANDLE;
use windows_sys::Win32::System::Console::{
    CONSOLE_SCREEN_BUFFER_INFO, ENABLE_VIRTUAL_TERMINAL_PROCESSING, GetConsoleMode,
    GetConsoleScreenBufferInfo, GetStdHandle, STD_ERROR_HANDLE, SetConsoleMode, WriteConsoleW,
};

/// Bytes that are written at a time: old consoles take no more than 64 KiB.
const STEP: usize = 8 << 10;

/// The number of columns of the console that stderr is; None if it is none, or one that knows no escape sequences.
pub fn stderr_columns() -> Option<u16> {
    // SAFETY: a handle of any kind can be asked; the structures are live.
    unsafe {
        let handle = GetStdHandle(STD_ERROR_HANDLE);
        let mut mode = 0;
        let mut info = CONSOLE_SCREEN_BUFFER_INFO::default();
        if GetConsoleMode(handle, &mut mode) == 0
            || SetConsoleMode(handle, mode | ENABLE_VIRTUAL_TERMINAL_PROCESSING) == 0
            || GetConsoleScreenBufferInfo(handle, &mut info) == 0
        {
            return None;
        }
        let columns = i32::from(info.srWindow.Right) - i32::from(info.srWindow.Left) + 1;
        columns.try_into().ok()
    }
}

/// Whether `handle` is a console.
pub(super) fn is_console(handle: HANDLE) -> bool {
    let mut mode = 0;
    // SAFETY: a handle of any kind can be asked.
    unsafe { GetConsoleMode(handle, &mut mode) != 0 }
}

/// The bytes of a character whose end was not written yet, in the upper three bytes; in the lowest, how many.
pub(super) struct Tail(AtomicU32);

impl Tail {
    /// No bytes.
    pub(super) const fn new() -> Self {
        Tail(AtomicU32::new(0))
    }

    fn take(&self) -> Vec<u8> {
        let [length, bytes @ ..] = self.0.swap(0, Ordering::Relaxed).to_le_bytes();
        Vec::from(bytes.get(..length.into()).unwrap_or_default())
    }

    fn put(&self, rest: &[u8]) {
        let mut bytes = [0; 4];
        for (to, from) in bytes.iter_mut().zip([rest.len() as u8].iter().chain(rest)) {
            *to = *from;
        }
        self.0.store(u32::from_le_bytes(bytes), Ordering::Relaxed);
    }
}

/// Shows `data`, which is taken for UTF-8, on the console `handle`. A character may be in two calls, for which both
/// have the same `tail`.
pub(super) fn write(handle: HANDLE, tail: &Tail, data: &[u8]) -> Result<(), Errno> {
    let mut units = Vec::with_capacity(STEP + 4);
    for chunk in data.chunks(STEP) {
        let mut bytes = tail.take();
        bytes.extend_from_slice(chunk);
        units.clear();
        let left = wtf8::show(&bytes, &mut units);
        tail.put(bytes.get(bytes.len() - left..).unwrap_or_default());
        let mut rest = units.as_slice();
        while !rest.is_empty() {
            let mut n = 0;
            // SAFETY: the buffer is live for as many units as are said.
            let is_done =
                unsafe { WriteConsoleW(handle, rest.as_ptr(), rest.len() as u32, &mut n, null()) }
                    != 0;
            if !is_done || n == 0 {
                return Err(last_error());
            }
            rest = rest.get(n as usize..).unwrap_or_default();
        }
    }
    Ok(())
}

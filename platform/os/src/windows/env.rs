//! Arguments and environment.

use super::until_nul;
use crate::wide::{arguments, environment, wtf8};
use alloc::boxed::Box;
use alloc::vec::Vec;
use core::ptr::null_mut;
use core::sync::atomic::{AtomicPtr, Ordering};
use windows_sys::Win32::System::Environment::{
    FreeEnvironmentStringsW, GetCommandLineW, GetEnvironmentStringsW,
};

/// The arguments, the program's name first.
struct Arguments {
    line: &'static [u16],
    is_first: bool,
}

impl Iterator for Arguments {
    type Item = &'static [u8];
    fn next(&mut self) -> Option<Self::Item> {
        let units = if self.is_first {
            self.is_first = false;
            arguments::program(&mut self.line)
        } else {
            arguments::next(&mut self.line)?
        };
        Some(wtf8::from_wide(&units).leak())
    }
}

/// The arguments, the program's name first. They are read once, so they may stay.
pub fn args() -> impl Iterator<Item = &'static [u8]> {
    Arguments {
        // SAFETY: the line stays as it is for as long as the process runs.
        line: unsafe { until_nul(GetCommandLineW()) },
        is_first: true,
    }
}

/// What AArch64 processors have, in the form of Linux's AT_HWCAP; 0 for others, which are asked directly.
pub fn hwcap() -> usize {
    #[cfg(target_arch = "aarch64")]
    {
        use windows_sys::Win32::System::Threading::{
            IsProcessorFeaturePresent, PF_ARM_V8_CRYPTO_INSTRUCTIONS_AVAILABLE,
        };
        // SAFETY: it takes no pointers.
        if unsafe { IsProcessorFeaturePresent(PF_ARM_V8_CRYPTO_INSTRUCTIONS_AVAILABLE) } != 0 {
            return 1 << 3 | 1 << 4 | 1 << 6; // AES, PMULL, SHA2
        }
    }
    0
}

/// The environment as it was when it was first asked for; null before that.
static ENVIRONMENT: AtomicPtr<Vec<u8>> = AtomicPtr::new(null_mut());

fn read_environment() -> Vec<u8> {
    let mut entries = Vec::new();
    // SAFETY: the block, if there is one, is entries that end with a NUL each, and an empty one; it is freed once.
    unsafe {
        let block = GetEnvironmentStringsW();
        if block.is_null() {
            return entries;
        }
        let mut at = block;
        while *at != 0 {
            let entry = until_nul(at);
            entries.extend(wtf8::from_wide(entry));
            entries.push(0);
            at = at.add(entry.len() + 1);
        }
        FreeEnvironmentStringsW(block);
    }
    entries
}

/// The value of an environment variable, if it is set.
pub fn var(name: &str) -> Option<&'static [u8]> {
    let mut entries = ENVIRONMENT.load(Ordering::Relaxed);
    if entries.is_null() {
        entries = Box::leak(Box::new(read_environment()));
        ENVIRONMENT.store(entries, Ordering::Relaxed);
    }
    // SAFETY: it was leaked, and is never changed.
    environment::find(unsafe { &*entries }, name)
}

//! Clocks and waiting.

use windows_sys::Win32::Foundation::FILETIME;
use windows_sys::Win32::System::SystemInformation::{GetSystemTimeAsFileTime, GetTickCount64};
use windows_sys::Win32::System::Threading::Sleep;

/// Seconds from 1601-01-01, where Windows counts from, to 1970-01-01.
const EPOCH: u64 = 11_644_473_600;

/// Milliseconds since some moment in the past, in steps of about 16; never goes back.
pub fn monotonic_ms() -> u64 {
    // SAFETY: it takes nothing.
    unsafe { GetTickCount64() }
}

/// Seconds since 1970-01-01T00:00:00Z; 0 if the clock stands before that.
pub fn unix_seconds() -> u64 {
    let mut time = FILETIME::default();
    // SAFETY: the structure is live.
    unsafe { GetSystemTimeAsFileTime(&mut time) };
    let ticks = u64::from(time.dwHighDateTime) << 32 | u64::from(time.dwLowDateTime);
    (ticks / 10_000_000).saturating_sub(EPOCH)
}

/// Waits for some microseconds where that can be. Here it can not, and no time has passed: timers tick every 16 milliseconds.
pub(crate) fn moment() -> bool {
    false
}

/// Waits for `ms` milliseconds.
pub fn sleep_ms(mut ms: u64) {
    // The largest number means for ever.
    while ms > 0 {
        let step = ms.min(1 << 30);
        // SAFETY: it takes no pointers.
        unsafe { Sleep(step as u32) };
        ms -= step;
    }
}

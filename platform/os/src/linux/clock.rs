//! Clocks and waiting.
//!
//! By system call and not by the vDSO: finding that costs 2.6 KB, and the clock is read a few times a second.

use super::arch::{nr, syscall4};

const CLOCK_REALTIME: usize = 0;
const CLOCK_MONOTONIC: usize = 1;

/// `struct __kernel_timespec` where the call has 64-bit time, which is every 64-bit architecture.
#[repr(C)]
struct Timespec {
    seconds: i64,
    nanoseconds: i64,
}

fn read(clock: usize) -> Timespec {
    let mut time = Timespec {
        seconds: 0,
        nanoseconds: 0,
    };
    // SAFETY: the kernel writes one timespec to a live one; both clocks exist on every kernel, so it can't fail.
    unsafe { syscall4(nr::CLOCK_GETTIME, clock, &raw mut time as usize, 0, 0) };
    time
}

/// Milliseconds since some moment in the past; never goes back.
pub fn monotonic_ms() -> u64 {
    let time = read(CLOCK_MONOTONIC);
    time.seconds as u64 * 1000 + time.nanoseconds as u64 / 1_000_000
}

/// Seconds since 1970-01-01T00:00:00Z; 0 if the clock stands before that.
pub fn unix_seconds() -> u64 {
    read(CLOCK_REALTIME).seconds.try_into().unwrap_or(0)
}

/// Waits for `ms` milliseconds.
pub fn sleep_ms(ms: u64) {
    let mut left = Timespec {
        seconds: (ms / 1000) as i64,
        nanoseconds: (ms % 1000 * 1_000_000) as i64,
    };
    let p = &raw mut left as usize;
    // SAFETY: the kernel reads the timespec and, when a signal interrupts it, writes what is left to the same place.
    while unsafe { syscall4(nr::NANOSLEEP, p, p, 0, 0) } == -4 {}
}

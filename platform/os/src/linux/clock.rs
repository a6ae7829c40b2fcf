//! Clocks and waiting.
//!
//! By system call and not by the vDSO: finding that costs 2.6 KB, and the clock is read a few times a second.

use super::arch::{nr, syscall4};
use core::sync::atomic::{AtomicU8, Ordering};

const CLOCK_REALTIME: usize = 0;
const CLOCK_MONOTONIC: usize = 1;

/// `struct __kernel_timespec`, which has 64-bit time everywhere.
#[repr(C)]
struct Timespec {
    seconds: i64,
    nanoseconds: i64,
}

#[cfg(target_pointer_width = "64")]
fn read(clock: usize) -> Timespec {
    let mut time = Timespec {
        seconds: 0,
        nanoseconds: 0,
    };
    // SAFETY: the kernel writes one timespec to a live one; both clocks exist on every kernel, so it can't fail.
    unsafe { syscall4(nr::CLOCK_GETTIME, clock, &raw mut time as usize, 0, 0) };
    time
}

/// The call with 64-bit time is there since Linux 5.1; kernels without it do not live to see 2038.
#[cfg(target_pointer_width = "32")]
fn read(clock: usize) -> Timespec {
    let mut time = Timespec {
        seconds: 0,
        nanoseconds: 0,
    };
    // SAFETY: the kernel writes one timespec to a live one, the older call one of two words.
    unsafe {
        if syscall4(nr::CLOCK_GETTIME64, clock, &raw mut time as usize, 0, 0) < 0 {
            let mut old = [0_i32; 2];
            syscall4(nr::CLOCK_GETTIME, clock, &raw mut old as usize, 0, 0);
            time.seconds = old[0].into();
            time.nanoseconds = old[1].into();
        }
    }
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
    sleep(ms / 1000, ms % 1000 * 1_000_000);
}

/// Waits for 60 microseconds or a little more. False, and no time has passed, where that turned out to be much more: kernels
/// without fine timers wait for the next tick, of up to ten milliseconds.
pub(crate) fn moment() -> bool {
    static LATE: AtomicU8 = AtomicU8::new(0);
    // On a busy machine one or the other is late, too.
    const TOO_OFTEN: u8 = 16;
    let late = LATE.load(Ordering::Relaxed);
    if late == TOO_OFTEN {
        return false;
    }
    let before = monotonic_ms();
    sleep(0, 60_000);
    if monotonic_ms() - before > 1 {
        LATE.store(late + 1, Ordering::Relaxed);
    }
    true
}

fn sleep(seconds: u64, nanoseconds: u64) {
    // `struct timespec` of the older calls, two longs: as a duration it is good beyond 2038 on every architecture.
    let mut left = [seconds as isize, nanoseconds as isize];
    let p = &raw mut left as usize;
    // SAFETY: the kernel reads the timespec and, when a signal interrupts it, writes what is left to the same place.
    while unsafe { syscall4(nr::NANOSLEEP, p, p, 0, 0) } == -4 {}
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::{Duration, Instant};

    #[test]
    fn a_moment_passes() {
        let begun = Instant::now();
        assert!(moment());
        assert!(begun.elapsed() >= Duration::from_micros(60));
    }

    #[test]
    fn milliseconds_pass() {
        let (begun, before) = (Instant::now(), monotonic_ms());
        sleep_ms(30);
        assert!(begun.elapsed() >= Duration::from_millis(30));
        assert!(monotonic_ms() - before >= 30);
    }
}

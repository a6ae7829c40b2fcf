//! Clocks and waiting.

use core::ptr::null_mut;

fn read(clock: libc::clockid_t) -> libc::timespec {
    let mut time = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: one timespec is written to a live one; both clocks are there since macOS 10.12, so it can't fail.
    unsafe { libc::clock_gettime(clock, &raw mut time) };
    time
}

/// Milliseconds since some moment in the past; never goes back.
pub fn monotonic_ms() -> u64 {
    // CLOCK_MONOTONIC goes on while the machine sleeps, and a fetch would find all its time gone when it wakes.
    let time = read(libc::CLOCK_UPTIME_RAW);
    time.tv_sec as u64 * 1000 + time.tv_nsec as u64 / 1_000_000
}

/// Seconds since 1970-01-01T00:00:00Z; 0 if the clock stands before that.
pub fn unix_seconds() -> u64 {
    read(libc::CLOCK_REALTIME).tv_sec.try_into().unwrap_or(0)
}

/// Waits for some microseconds where that can be. Here it can not, and no time has passed: the system puts timers off, to save power.
pub(crate) fn moment() -> bool {
    false
}

/// Waits for `ms` milliseconds.
pub fn sleep_ms(ms: u64) {
    let until = monotonic_ms().saturating_add(ms);
    loop {
        let left = until.saturating_sub(monotonic_ms());
        if left == 0 {
            return;
        }
        // In steps of a day at most, which are beyond no limit of the call.
        let left = left.min(86_400_000);
        let time = libc::timespec {
            tv_sec: (left / 1000) as libc::time_t,
            tv_nsec: (left % 1000 * 1_000_000) as libc::c_long,
        };
        // SAFETY: the timespec is live; where a signal interrupts it, what is left need not be told.
        unsafe { libc::nanosleep(&raw const time, null_mut()) };
    }
}

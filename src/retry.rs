//! Whether to try again, and when: exponential backoff with full jitter, or what the server asked for.
//!
//! Pure: clock, waiting and chance are the caller's.

use crate::error::{Error, Kind};

/// The first upper bound of a wait, in milliseconds; each further try doubles it.
const FIRST_WAIT: u64 = 500;

/// The last upper bound of a wait, in milliseconds.
const LONGEST_WAIT: u64 = 16_000;

/// The longest wait that a server may ask for, in milliseconds. Longer, a person has given up.
const LONGEST_RETRY_AFTER: u64 = 60_000;

/// So many bytes more are progress: the tries are counted anew.
const PROGRESS: u64 = 1 << 20;

/// The tries of one source.
pub struct Retry {
    allowed: u64,
    made: u64,
    /// What was delivered when the count began.
    delivered: u64,
}

impl Retry {
    /// A source that may be tried `allowed` times after the first, when `delivered` bytes are there.
    pub fn new(allowed: u64, delivered: u64) -> Self {
        Retry {
            allowed,
            made: 0,
            delivered,
        }
    }

    /// The milliseconds to wait before the next try after `error`, or None if there is to be no next try.
    ///
    /// `random` is any number; `delivered` how many bytes are there now.
    pub fn after(&mut self, error: &Error, delivered: u64, random: u64) -> Option<u64> {
        if delivered - self.delivered >= PROGRESS {
            self.made = 0;
            self.delivered = delivered;
        }
        if error.kind != Kind::Transient || self.made >= self.allowed {
            return None;
        }
        let bound = FIRST_WAIT
            .checked_shl(self.made.min(32) as u32)
            .unwrap_or(u64::MAX);
        self.made += 1;
        Some(match error.retry_after {
            Some(seconds) => (u64::from(seconds) * 1000).min(LONGEST_RETRY_AFTER),
            None => random % (bound.min(LONGEST_WAIT) + 1),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn transient() -> Error {
        Error::new(Kind::Transient, &["reset"])
    }

    #[test]
    fn waits_double_up_to_a_bound() {
        let mut retry = Retry::new(8, 0);
        let bounds = [500, 1000, 2000, 4000, 8000, 16000, 16000, 16000];
        for bound in bounds {
            // u64::MAX - 1 modulo (bound + 1) is somewhere inside; the largest value is reached by `bound` itself.
            assert_eq!(retry.after(&transient(), 0, bound), Some(bound));
        }
        assert_eq!(retry.after(&transient(), 0, 0), None);
        assert_eq!(
            Retry::new(1, 0).after(&transient(), 0, 501),
            Some(0),
            "full jitter: down to nothing"
        );
        let mut many = Retry::new(u64::MAX, 0);
        for _ in 0..100 {
            assert!(many.after(&transient(), 0, u64::MAX).unwrap() <= LONGEST_WAIT);
        }
    }

    #[test]
    fn progress_counts_anew() {
        let mut retry = Retry::new(1, 100);
        assert!(retry.after(&transient(), 100, 0).is_some());
        assert!(retry.after(&transient(), 99 + PROGRESS, 0).is_none());
        assert!(retry.after(&transient(), 100 + PROGRESS, 0).is_some());
        assert!(retry.after(&transient(), 100 + PROGRESS, 0).is_none());
    }

    #[test]
    fn the_server_is_heard_within_bounds() {
        let mut error = transient();
        error.retry_after = Some(7);
        assert_eq!(Retry::new(1, 0).after(&error, 0, 3), Some(7000));
        error.retry_after = Some(u32::MAX);
        assert_eq!(Retry::new(1, 0).after(&error, 0, 3), Some(60_000));
    }

    #[test]
    fn what_will_not_pass_is_not_tried_again() {
        for kind in [Kind::Source, Kind::Content, Kind::Negotiation, Kind::Local] {
            assert_eq!(
                Retry::new(9, 0).after(&Error::new(kind, &["no"]), 0, 1),
                None
            );
        }
    }
}

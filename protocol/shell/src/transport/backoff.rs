//! Pauses between attempts to dial: doubling, capped, with jitter so that members do not return in step after an outage.

use crate::limits;
use std::time::Duration;

/// The pauses of one run of failures.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Backoff {
    failures: u32,
}

impl Backoff {
    /// The pause after another failure. `random` is fresh; half of the pause depends on it.
    pub fn after_failure(&mut self, random: u64) -> Duration {
        let doubled = limits::BACKOFF_FIRST_MS.checked_shl(self.failures.min(16)).unwrap_or(u64::MAX);
        let longest_ms = doubled.min(limits::BACKOFF_LAST_MS);
        self.failures = self.failures.saturating_add(1);
        let half_ms = longest_ms / 2;
        Duration::from_millis(half_ms + random % (half_ms + 1))
    }

    /// Starts anew after a success.
    pub fn reset(&mut self) {
        self.failures = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_cap() {
        let mut backoff = Backoff::default();
        let longest: Vec<u64> = (0..10)
            .map(|_| {
                let (mut low, mut high) = (backoff, backoff);
                assert!(low.after_failure(0) < high.after_failure(u64::from(u32::MAX)));
                let top = high.failures;
                let pause = backoff.after_failure(0).as_millis() as u64 * 2;
                assert_eq!(backoff.failures, top);
                pause
            })
            .collect();
        assert_eq!(longest[..4], [500, 1_000, 2_000, 4_000]);
        assert_eq!(longest[9], limits::BACKOFF_LAST_MS);
        backoff.reset();
        assert_eq!(backoff, Backoff::default());
    }
}

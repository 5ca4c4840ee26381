//! How long an account waits after failed logins: not at all for the first four, then longer each time (G12).

use passage_protocol::timestamp::Timestamp;

/// Failures in a row after which an account waits.
pub const FAILURES_MAX: u16 = 5;
/// Longest wait, seconds: a day. Longer would let a stranger keep a person out for good.
const WAIT_MAX_S: u64 = 86_400;

/// Until when an account waits after its `failures`-th failure in a row; `first_s` is the first wait, seconds.
#[must_use]
pub fn waits_until(failures: u16, first_s: u64, now: Timestamp) -> Option<Timestamp> {
    let beyond = failures.checked_sub(FAILURES_MAX)?;
    let doubled = 1_u64.checked_shl(u32::from(beyond)).unwrap_or(u64::MAX);
    Some(now.plus_s(first_s.saturating_mul(doubled).min(WAIT_MAX_S.max(first_s))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn g12_the_fifth_failure_waits_a_quarter_of_an_hour_and_each_further_one_twice_as_long() {
        let now = Timestamp(1_000);
        let wait = |failures| waits_until(failures, 900, now).map(|until| until.since_s(now));
        assert_eq!([1, 4].map(wait), [None, None]);
        assert_eq!([5, 6, 7].map(wait), [Some(900), Some(1_800), Some(3_600)]);
        assert_eq!([12, 70, u16::MAX].map(wait), [Some(86_400); 3], "at most a day");
    }
}

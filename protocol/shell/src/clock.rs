//! The only reader of the wall clock. Everything else is told the time.
//!
//! rustls reads the clock itself when it checks validity of certificates and revocation lists; nothing else does.

use passage_protocol::timestamp::Timestamp;
use std::time::{SystemTime, UNIX_EPOCH};

/// The present time, UTC. A clock set before 1970 reads as 1970, which every expiry check then refuses as "not yet valid".
#[must_use]
pub fn now() -> Timestamp {
    Timestamp(SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs()))
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_clock_stands_after_this_was_written() {
        assert!(super::now().0 > 1_790_000_000);
    }
}

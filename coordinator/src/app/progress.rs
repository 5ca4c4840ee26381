//! How far the running work of each round is: units done, rate, time left. In memory only.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use passage_protocol::{ids::RoundId, timestamp::Timestamp};

/// One piece of work under way. Workers add to it from any thread.
#[derive(Debug)]
pub struct Progress {
    what: &'static str,
    total: AtomicU64,
    done: AtomicU64,
    started: Timestamp,
}

/// What a person is shown of it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct ProgressView {
    /// What is being done, in plain words.
    pub what: &'static str,
    /// Units (rows or tuples) done.
    pub done: u64,
    /// Units in all.
    pub total: u64,
    /// Units a second since the start; zero in the first second.
    pub rate: u64,
    /// Seconds left at that rate, if there is one.
    pub left_s: Option<u64>,
}

impl Progress {
    /// Work of `total` units that begins now.
    #[must_use]
    pub fn new(what: &'static str, total: u64, started: Timestamp) -> Self {
        Self { what, total: AtomicU64::new(total), done: AtomicU64::new(0), started }
    }

    /// Counts units as done.
    pub fn add(&self, units: u64) {
        self.done.fetch_add(units, Ordering::Relaxed);
    }

    /// How it stands at `now`.
    #[must_use]
    pub fn view(&self, now: Timestamp) -> ProgressView {
        let total = self.total.load(Ordering::Relaxed);
        let done = self.done.load(Ordering::Relaxed).min(total);
        let rate = done.checked_div(now.since_s(self.started)).unwrap_or(0);
        ProgressView { what: self.what, done, total, rate, left_s: (total - done).checked_div(rate) }
    }
}

/// The running work of every round.
#[derive(Debug, Default)]
pub struct Board {
    running: Mutex<HashMap<RoundId, Arc<Progress>>>,
}

impl Board {
    /// Shows `progress` as the round's work.
    pub fn begin(&self, round: RoundId, progress: Progress) -> Arc<Progress> {
        let progress = Arc::new(progress);
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        running.insert(round, Arc::clone(&progress));
        progress
    }

    /// The round has no work under way any more.
    pub fn end(&self, round: RoundId) {
        self.running.lock().unwrap_or_else(PoisonError::into_inner).remove(&round);
    }

    /// The round's work, if some is under way.
    #[must_use]
    pub fn view(&self, round: RoundId, now: Timestamp) -> Option<ProgressView> {
        let running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        running.get(&round).map(|progress| progress.view(now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rate_and_time_left_follow_from_what_is_done() {
        let progress = Progress::new("joining", 1_000, Timestamp(100));
        assert_eq!(progress.view(Timestamp(100)).left_s, None);
        progress.add(200);
        let view = progress.view(Timestamp(110));
        assert_eq!((view.done, view.rate, view.left_s), (200, 20, Some(40)));
    }
}

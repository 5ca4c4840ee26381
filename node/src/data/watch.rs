//! What whoever waits for an import is told while it runs, and whether anybody still waits: rows, rows a second and the time
//! left of every pass over a file or over what is stored.

use std::{cell::Cell, ops::ControlFlow, time::Instant};

use passage_shell::control::{Progress, ProgressSink};

use crate::import::{self, Pass};

/// One file's import, as whoever waits sees it.
pub(super) struct Watch<'a> {
    progress: ProgressSink<'a>,
    file: &'a str,
    /// The pass, the rows of its last report, and when it began.
    pass: Cell<(Option<Pass>, u64, Instant)>,
}

impl<'a> Watch<'a> {
    pub(super) fn new(progress: ProgressSink<'a>, file: &'a str) -> Self {
        Self { progress, file, pass: Cell::new((None, 0, Instant::now())) }
    }

    /// Tells how far a pass over the file is.
    pub(super) fn file(&self, step: import::Progress) -> ControlFlow<()> {
        let what = match step.pass {
            Pass::Changes => format!("finding changes in {}", self.file),
            Pass::Repeats => format!("finding repeats in {}", self.file),
            Pass::Rows => format!("reading {}", self.file),
        };
        self.tell(Some(step.pass), what, step.rows, (step.bytes_done, step.bytes_total))
    }

    /// Tells how many rows of what is stored have been held against the file.
    pub(super) fn stored(&self, done: u64, total: u64) -> ControlFlow<()> {
        self.tell(None, format!("comparing {} with what is stored", self.file), done, (done, total))
    }

    fn tell(
        &self,
        pass: Option<Pass>,
        what: String,
        rows: u64,
        (done, total): (u64, u64),
    ) -> ControlFlow<()> {
        let (known, before, began) = self.pass.get();
        let began = if known == pass && before <= rows { began } else { Instant::now() };
        self.pass.set((pass, rows, began));
        let seconds = began.elapsed().as_secs_f64();
        let detail = detail(rows, seconds, done, total);
        (self.progress)(Progress { what, done, total: Some(total), detail })
    }
}

/// Rows, their rate, and how long the rest will take at the rate so far.
fn detail(rows: u64, seconds: f64, done: u64, total: u64) -> String {
    if seconds <= 0.0 || done == 0 {
        return format!("{rows} rows");
    }
    let rate = rows as f64 / seconds;
    let left = seconds / done as f64 * total.saturating_sub(done) as f64;
    format!("{rows} rows, {rate:.0} a second, {left:.0} s left")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_left_follows_from_the_bytes_read() {
        assert_eq!(detail(10_000, 2.0, 1_000, 4_000), "10000 rows, 5000 a second, 6 s left");
        assert_eq!(detail(10_000, 2.0, 4_000, 4_000), "10000 rows, 5000 a second, 0 s left");
        assert_eq!(detail(0, 0.0, 0, 4_000), "0 rows");
    }

    #[test]
    fn that_whoever_asked_has_gone_is_passed_on() {
        let told = std::sync::Mutex::new(Vec::new());
        let sink = |step: Progress| {
            told.lock().unwrap().push(step.what);
            ControlFlow::Break(())
        };
        let watch = Watch::new(&sink, "SCSC.txt");
        let step = import::Progress { pass: Pass::Changes, rows: 1, bytes_done: 1, bytes_total: 2 };
        assert!(watch.file(step).is_break());
        assert_eq!(*told.lock().unwrap(), ["finding changes in SCSC.txt"]);
    }
}

//! SQL over this member's own stored tables, and only those (A10, A15). Nothing here travels: the answer goes to the person who
//! asked, on this machine.

use std::sync::{Mutex, MutexGuard, PoisonError};

use passage_analytics::engine::{Canceller, Embedded, Limits, QueryEngine, Running};
use passage_shell::failure::Failure;

use crate::home::Home;

/// The queries that run now, so that a destruction can end them.
#[derive(Default)]
pub(crate) struct Queries(Mutex<Known>);

#[derive(Default)]
struct Known {
    running: Vec<(u64, Canceller)>,
    /// Number of the last query.
    last: u64,
    /// How often all were ended.
    endings: u64,
}

impl Queries {
    /// Ends every query: its next batch is a refusal. Also one that has opened its tables and does not run yet.
    pub(crate) fn end_all(&self) {
        let mut known = self.known();
        known.endings += 1;
        known.running.drain(..).for_each(|(_, canceller)| canceller.cancel());
    }

    /// To be taken before tables are opened, and given to [`enter`](Self::enter).
    fn endings(&self) -> u64 {
        self.known().endings
    }

    fn enter(&self, canceller: Canceller, endings: u64) -> Entered<'_> {
        let mut known = self.known();
        if known.endings != endings {
            canceller.cancel();
        }
        known.last += 1;
        let number = known.last;
        known.running.push((number, canceller));
        Entered { queries: self, number }
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A query's place among those that run; left when dropped.
struct Entered<'a> {
    queries: &'a Queries,
    number: u64,
}

impl Drop for Entered<'_> {
    fn drop(&mut self) {
        self.queries.known().running.retain(|(number, _)| *number != self.number);
    }
}

impl Home {
    /// An engine over the stored tables as they are now.
    ///
    /// # Errors
    ///
    /// [`Failure`] if a stored table is missing or damaged.
    fn engine(&self) -> Result<Embedded, Failure> {
        let mut engine = Embedded::new()?;
        for (schema, files) in self.open_tables()? {
            engine.register(schema, files)?;
        }
        Ok(engine)
    }

    /// How a query would be run.
    ///
    /// # Errors
    ///
    /// [`Failure`] if it is no query over the stored tables.
    pub fn explain(&self, sql: &str) -> Result<String, Failure> {
        Ok(self.engine()?.explain(sql)?)
    }

    /// Runs a query and gives it to `take`; it can be ended meanwhile by a destruction.
    ///
    /// # Errors
    ///
    /// [`Failure`] of the query, or what `take` answers.
    pub fn query<T>(
        &self,
        sql: &str,
        take: impl FnOnce(Running) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let memory_bytes = usize::try_from(self.settings.query_memory_bytes()).unwrap_or(usize::MAX);
        let endings = self.queries.endings();
        let running = self.engine()?.query(sql, Limits { memory_bytes })?;
        let _entered = self.queries.enter(running.canceller(), endings);
        take(running)
    }
}

#[cfg(test)]
mod tests {
    use passage_analytics::engine::EngineError;

    use super::*;

    #[test]
    fn a_query_that_opened_its_tables_before_a_destruction_is_ended_whenever_it_enters() {
        let queries = Queries::default();
        let start = || Embedded::new().unwrap().query("SELECT 1", Limits::default()).unwrap();
        let before = queries.endings();
        let (mut entered, mut late, mut after) = (start(), start(), start());
        let _entered = queries.enter(entered.canceller(), before);
        queries.end_all();
        let _late = queries.enter(late.canceller(), before);
        let _after = queries.enter(after.canceller(), queries.endings());
        assert!(matches!(entered.next_batch(), Err(EngineError::Cancelled)));
        assert!(matches!(late.next_batch(), Err(EngineError::Cancelled)));
        assert!(after.next_batch().unwrap().is_some());
    }

    #[test]
    fn a_query_that_is_done_leaves_its_place() {
        let queries = Queries::default();
        let start = || Embedded::new().unwrap().query("SELECT 1", Limits::default()).unwrap();
        let (first, second) = (start(), start());
        let one = queries.enter(first.canceller(), 0);
        let _two = queries.enter(second.canceller(), 0);
        drop(one);
        let third = start();
        let _three = queries.enter(third.canceller(), 0);
        let numbers: Vec<u64> = queries.known().running.iter().map(|(number, _)| *number).collect();
        assert_eq!(numbers, [2, 3]);
    }
}

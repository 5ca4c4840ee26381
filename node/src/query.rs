//! SQL over this member's own stored tables, and only those (A10, A15). Nothing here travels: the answer goes to the person who
//! asked, on this machine.

use std::sync::{Mutex, PoisonError};

use passage_analytics::engine::{Canceller, Embedded, Limits, QueryEngine, Running};
use passage_shell::failure::Failure;

use crate::home::Home;

/// The queries that run now, so that a destruction can end them.
#[derive(Default)]
pub(crate) struct Queries(Mutex<Vec<(u64, Canceller)>>);

impl Queries {
    /// Ends every query: its next batch is a refusal.
    pub(crate) fn end_all(&self) {
        for (_, canceller) in self.0.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
            canceller.cancel();
        }
    }

    fn enter(&self, canceller: Canceller) -> Entered<'_> {
        let mut running = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let number = running.last().map_or(0, |(number, _)| number + 1);
        running.push((number, canceller));
        Entered { queries: self, number }
    }
}

/// A query's place among those that run; left when dropped.
struct Entered<'a> {
    queries: &'a Queries,
    number: u64,
}

impl Drop for Entered<'_> {
    fn drop(&mut self) {
        let mut running = self.queries.0.lock().unwrap_or_else(PoisonError::into_inner);
        running.retain(|(number, _)| *number != self.number);
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
        let running = self.engine()?.query(sql, Limits { memory_bytes })?;
        let _entered = self.queries.enter(running.canceller());
        take(running)
    }
}

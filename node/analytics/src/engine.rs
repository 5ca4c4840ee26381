//! SQL over a member's own tables: one trait, and the engine that runs inside the program.
//!
//! Queries only. Nothing a query says can change a table, open a file or set an option; a table is what was
//! registered and nothing else. There are no functions of our own, so that the same text runs on any engine of the
//! same line when an institution outgrows one machine.

mod embedded;
mod error;
mod fault;
mod rows;
mod running;
mod store;
#[cfg(test)]
mod tests;

pub use embedded::Embedded;
pub use error::EngineError;
pub use rows::Answered;
pub use running::{Batch, Canceller, Progress, Running, Waited};

use crate::{sealed::SealedFile, table::TableSchema};

/// Memory a query may take if nobody says otherwise, bytes: what a small server can spare.
const MEMORY_BYTES: usize = 1024 * 1024 * 1024;

/// What a query may take.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Limits {
    /// Memory for joining, grouping and sorting, bytes. A query that needs more is refused: nothing goes to the disk.
    pub memory_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { memory_bytes: MEMORY_BYTES }
    }
}

/// Runs SQL over registered tables. Its calls block: call it from a thread that may wait.
pub trait QueryEngine {
    /// Makes `files` the rows of a table, in no order; no files make an empty table. A name registered before is
    /// replaced. A column a file lacks reads as empty.
    ///
    /// # Errors
    ///
    /// [`EngineError::Table`] if the schema is not one.
    fn register(&mut self, table: TableSchema, files: Vec<SealedFile>) -> Result<(), EngineError>;

    /// Plans a query and starts it.
    ///
    /// # Errors
    ///
    /// Everything that can be seen before the first row: see [`EngineError`].
    fn query(&self, sql: &str, limits: Limits) -> Result<Running, EngineError>;

    /// Says in words of the engine how a query would be run, without running it.
    ///
    /// # Errors
    ///
    /// As [`query`](Self::query).
    fn explain(&self, sql: &str) -> Result<String, EngineError>;
}

//! Why a query gave no answer. Codes `N2821`-`N282C`.

use core::fmt;
use std::io;

use passage_protocol::refusal::{Code, Refusal};

use crate::{sealed::SealedError, table::TableError};

/// Why a query gave no answer. Names tables, columns and limits, never a value of a row.
///
/// What was typed as a value in the query, numbers and quoted text, is left out too: it may be a student's.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum EngineError {
    /// A value of some row cannot be calculated with as the query asks.
    Calculation {
        /// What could not be done.
        what: &'static str,
    },
    /// Somebody stopped it.
    Cancelled,
    /// The engine did not do what it should.
    Failed {
        /// Which part.
        what: &'static str,
    },
    /// It needs more memory than it may take.
    Memory {
        /// What it may take, bytes.
        limit_bytes: usize,
    },
    /// A statement that does something, or more than one statement.
    NotAQuery,
    /// A table's file.
    Sealed(SealedError),
    /// No threads to be had.
    Start {
        /// What the operating system said.
        kind: io::ErrorKind,
    },
    /// Not SQL.
    Syntax {
        /// What the parser says.
        fault: String,
    },
    /// A table's schema.
    Table(TableError),
    /// A column no table of the query has.
    UnknownColumn {
        /// The column as written.
        name: String,
        /// The most similar column, if one is similar.
        nearest: Option<String>,
        /// Columns the query could name at that place.
        columns: Vec<String>,
    },
    /// A table that was not registered.
    UnknownTable {
        /// The table as written.
        name: String,
        /// The most similar table, if one is similar.
        nearest: Option<String>,
        /// The tables there are.
        tables: Vec<String>,
    },
    /// SQL that does not fit the tables: kinds that cannot be compared, functions that are not there.
    Unplannable {
        /// What the planner says.
        fault: String,
    },
}

impl From<TableError> for EngineError {
    fn from(error: TableError) -> Self {
        Self::Table(error)
    }
}

impl fmt::Display for EngineError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Calculation { what } => {
                write!(formatter, "the query met a value where {what}, expected none")
            }
            Self::Cancelled => formatter.write_str("the query was stopped before its last row"),
            Self::Failed { what } => write!(formatter, "the query engine failed: {what}"),
            Self::Memory { limit_bytes } => {
                write!(
                    formatter,
                    "the query needs more than its limit of {} MiB of memory",
                    limit_bytes >> 20
                )
            }
            Self::NotAQuery => {
                formatter.write_str("the statement is not one query, expected one SELECT, EXPLAIN or SHOW")
            }
            Self::Sealed(error) => write!(formatter, "{error}"),
            Self::Start { kind } => write!(formatter, "the query engine could not start: {kind}"),
            Self::Syntax { fault } => write!(formatter, "the query is not SQL: {fault}"),
            Self::Table(error) => write!(formatter, "{error}"),
            Self::UnknownColumn { name, nearest, columns } => {
                unknown(formatter, "column", name, nearest.as_deref(), columns)
            }
            Self::UnknownTable { name, nearest, tables } => {
                unknown(formatter, "table", name, nearest.as_deref(), tables)
            }
            Self::Unplannable { fault } => write!(formatter, "the query does not fit the tables: {fault}"),
        }
    }
}

fn unknown(
    formatter: &mut fmt::Formatter<'_>,
    what: &str,
    name: &str,
    nearest: Option<&str>,
    known: &[String],
) -> fmt::Result {
    write!(formatter, "there is no {what} {name}")?;
    if let Some(nearest) = nearest {
        write!(formatter, ", the nearest is {nearest}")?;
    }
    if known.is_empty() {
        return write!(formatter, "; there are no {what}s");
    }
    write!(formatter, "; expected one of: {}", known.join(", "))
}

impl std::error::Error for EngineError {}

impl Refusal for EngineError {
    fn code(&self) -> Code {
        Code(match self {
            Self::Calculation { .. } => 0x2821,
            Self::Cancelled => 0x2822,
            Self::Failed { .. } => 0x2823,
            Self::Memory { .. } => 0x2824,
            Self::NotAQuery => 0x2825,
            Self::Sealed(error) => return error.code(),
            Self::Start { .. } => 0x2826,
            Self::Syntax { .. } => 0x2827,
            Self::Table(error) => return error.code(),
            Self::UnknownColumn { .. } => 0x2828,
            Self::UnknownTable { .. } => 0x2829,
            Self::Unplannable { .. } => 0x282A,
        })
    }

    fn advice(&self) -> &'static str {
        match self {
            Self::Calculation { .. } => {
                "Leave such rows out with WHERE, or use TRY_CAST and NULLIF, which give NULL instead."
            }
            Self::Cancelled => "Run it again if the answer is still wanted.",
            Self::Failed { .. } => {
                "Run it again; if it fails again, report it with the query's shape but without its values."
            }
            Self::Memory { .. } => {
                "Ask for fewer columns or groups, filter earlier, avoid COUNT(DISTINCT) over many values, or raise the setting query_memory_mib."
            }
            Self::NotAQuery => {
                "Write one SELECT; tables change only through an import, and files are written with --out."
            }
            Self::Sealed(error) => error.advice(),
            Self::Start { .. } => {
                "Raise the limit of threads for the service, or free memory, and try again."
            }
            Self::Syntax { .. } => {
                "Correct the query at the place named; text stands in single quotes, names in double quotes or none."
            }
            Self::Table(error) => error.advice(),
            Self::UnknownColumn { .. } => {
                "Correct the name; text stands in single quotes, names in double quotes or none."
            }
            Self::UnknownTable { .. } => "Correct the name, or import a file that fills the table.",
            Self::Unplannable { .. } => {
                "Correct the query; DESCRIBE and a table's name shows its columns and their kinds."
            }
        }
    }

    fn rule(&self) -> Option<&'static str> {
        match self {
            Self::Sealed(error) => error.rule(),
            Self::Table(error) => error.rule(),
            Self::Calculation { .. }
            | Self::Cancelled
            | Self::Failed { .. }
            | Self::Memory { .. }
            | Self::NotAQuery
            | Self::Start { .. }
            | Self::Syntax { .. }
            | Self::UnknownColumn { .. }
            | Self::UnknownTable { .. }
            | Self::Unplannable { .. } => None,
        }
    }
}

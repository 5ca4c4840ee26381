//! Why an answer was not shown or saved. Codes `N2831`-`N2837`.

use core::fmt;
use std::io;

use passage_protocol::refusal::{Code, Refusal};

use crate::engine::EngineError;

/// Why an answer was not shown or saved. Names rows and columns of the answer, never values or paths.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum OutputError {
    /// A column of a kind the form cannot store.
    ColumnKind {
        /// The column.
        column: String,
    },
    /// The disk would not take the file.
    Disk {
        /// What the operating system said.
        kind: io::ErrorKind,
    },
    /// The name of the file does not say its form.
    Ending,
    /// The query.
    Engine(EngineError),
    /// A text longer than a cell of a workbook may be.
    TextTooLong {
        /// Row of the answer, from 1.
        row: u64,
        /// The column.
        column: String,
        /// Longest permitted, letters.
        letters_max: usize,
    },
    /// More columns than a sheet has.
    TooManyColumns {
        /// Columns of the answer.
        columns: usize,
        /// Most permitted.
        columns_max: usize,
    },
    /// More rows than a sheet has.
    TooManyRows {
        /// Most permitted.
        rows_max: u32,
    },
    /// A value that cannot be written as text.
    Unreadable,
}

impl From<EngineError> for OutputError {
    fn from(error: EngineError) -> Self {
        Self::Engine(error)
    }
}

impl From<io::Error> for OutputError {
    fn from(error: io::Error) -> Self {
        Self::Disk { kind: error.kind() }
    }
}

impl fmt::Display for OutputError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ColumnKind { column } => {
                write!(formatter, "column {column} is of a kind this form of file cannot store")
            }
            Self::Disk { kind } => write!(formatter, "the file could not be written: {kind}"),
            Self::Ending => formatter.write_str(
                "the file's name does not say its form, expected .csv, .parquet or .xlsx at its end",
            ),
            Self::Engine(error) => write!(formatter, "{error}"),
            Self::TextTooLong { row, column, letters_max } => write!(
                formatter,
                "row {row}, column {column} of the answer has a text of more than {letters_max} letters, the most a cell may have"
            ),
            Self::TooManyColumns { columns, columns_max } => {
                write!(formatter, "the answer has {columns} columns, a workbook holds at most {columns_max}")
            }
            Self::TooManyRows { rows_max } => {
                write!(formatter, "the answer has more than {rows_max} rows, the most a workbook holds")
            }
            Self::Unreadable => formatter.write_str("a value of the answer cannot be written as text"),
        }
    }
}

impl std::error::Error for OutputError {}

impl Refusal for OutputError {
    fn code(&self) -> Code {
        Code(match self {
            Self::ColumnKind { .. } => 0x2831,
            Self::Disk { .. } => 0x2832,
            Self::Ending => 0x2833,
            Self::Engine(error) => return error.code(),
            Self::TextTooLong { .. } => 0x2834,
            Self::TooManyColumns { .. } => 0x2835,
            Self::TooManyRows { .. } => 0x2836,
            Self::Unreadable => 0x2837,
        })
    }

    fn advice(&self) -> &'static str {
        match self {
            Self::ColumnKind { .. } | Self::Unreadable => {
                "Turn the column into text with CAST(... AS VARCHAR)."
            }
            Self::Disk { .. } => "Check that the folder is there, has room and that you may write to it.",
            Self::Ending => "Give the file a name that ends with its form.",
            Self::Engine(error) => error.advice(),
            Self::TextTooLong { .. } | Self::TooManyColumns { .. } | Self::TooManyRows { .. } => {
                "Save the answer as .csv or .parquet, which have no such limit, or ask for less."
            }
        }
    }

    fn rule(&self) -> Option<&'static str> {
        match self {
            Self::Engine(error) => error.rule(),
            Self::ColumnKind { .. }
            | Self::Disk { .. }
            | Self::Ending
            | Self::TextTooLong { .. }
            | Self::TooManyColumns { .. }
            | Self::TooManyRows { .. }
            | Self::Unreadable => None,
        }
    }
}

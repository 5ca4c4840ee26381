//! Why a table could not be written or read. Codes `N2811`-`N281D`.

use core::fmt;
use std::io;

use datafusion::parquet::errors::ParquetError;
use passage_protocol::refusal::{Code, Refusal};

use super::{Kind, word};
use crate::sealed::SealedError;

/// Why a table could not be written or read. Names tables, rows and columns, never values.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum TableError {
    /// A row has more or fewer cells than the table has columns.
    CellCount {
        /// Row, from 1.
        row: u64,
        /// Cells given.
        seen: usize,
        /// Columns of the table.
        expected: usize,
    },
    /// A column name stands twice.
    ColumnTwice {
        /// The table.
        table: String,
        /// The name.
        column: String,
    },
    /// The seal holds and what is under it is not a table.
    Corrupt {
        /// What the file is.
        label: String,
    },
    /// A day that no calendar has.
    DateNotInCalendar {
        /// Row, from 1.
        row: u64,
        /// The column.
        column: String,
    },
    /// A decimal of more digits than a column keeps.
    DecimalTooLong {
        /// Row, from 1.
        row: u64,
        /// The column.
        column: String,
    },
    /// The disk would not take or give the bytes.
    Disk {
        /// What the operating system said.
        kind: io::ErrorKind,
    },
    /// A reader asked a column for a kind it does not hold.
    KindAsked {
        /// The column, or its place among those asked for.
        column: String,
        /// What was asked for.
        asked: Kind,
    },
    /// A cell of another kind than its column's.
    KindWritten {
        /// Row, from 1.
        row: u64,
        /// The column.
        column: String,
        /// What the cell holds.
        seen: Kind,
        /// What the column holds.
        expected: Kind,
    },
    /// Not a name SQL can write without quotes.
    Name {
        /// The name.
        name: String,
    },
    /// A table without columns.
    NoColumns {
        /// The table.
        table: String,
    },
    /// The file's seal.
    Sealed(SealedError),
    /// The receiver of the rows asked to stop, for a reason of its own.
    Stopped,
    /// A text longer than a cell may be.
    TextTooLong {
        /// Row, from 1.
        row: u64,
        /// The column.
        column: String,
        /// Longest permitted, bytes.
        bytes_max: usize,
    },
}

impl TableError {
    /// What the Parquet code said, without its words: they may quote what it was reading.
    pub(super) fn of_parquet(error: &ParquetError, label: &str) -> Self {
        if let ParquetError::External(cause) = error {
            if let Some(sealed) = cause.downcast_ref::<SealedError>() {
                return Self::Sealed(sealed.clone());
            }
            if let Some(disk) = cause.downcast_ref::<io::Error>() {
                return Self::Disk { kind: disk.kind() };
            }
        }
        Self::Corrupt { label: label.to_owned() }
    }
}

impl From<SealedError> for TableError {
    fn from(error: SealedError) -> Self {
        Self::Sealed(error)
    }
}

impl From<io::Error> for TableError {
    fn from(error: io::Error) -> Self {
        Self::Disk { kind: error.kind() }
    }
}

impl fmt::Display for TableError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CellCount { row, seen, expected } => {
                write!(formatter, "row {row} has {seen} cells, expected {expected}, one for each column")
            }
            Self::ColumnTwice { table, column } => {
                write!(formatter, "table {table} names its column {column} twice, expected each name once")
            }
            Self::Corrupt { label } => {
                write!(
                    formatter,
                    "{label} is sealed but does not hold a table, expected Parquet as this program writes it"
                )
            }
            Self::DateNotInCalendar { row, column } => {
                write!(
                    formatter,
                    "row {row}, column {column} names a day that is not in the calendar, expected one that is"
                )
            }
            Self::DecimalTooLong { row, column } => {
                write!(
                    formatter,
                    "row {row}, column {column} has a number of more than 12 digits before the point, expected at most 12"
                )
            }
            Self::Disk { kind } => write!(formatter, "a table could not be written or read: {kind}"),
            Self::KindAsked { column, asked } => {
                write!(
                    formatter,
                    "column {column} was read as {}, expected the kind it was written with",
                    word(*asked)
                )
            }
            Self::KindWritten { row, column, seen, expected } => {
                write!(
                    formatter,
                    "row {row}, column {column} has a {}, expected a {}",
                    word(*seen),
                    word(*expected)
                )
            }
            Self::Name { name } => write!(
                formatter,
                "{name:?} is not a name of a table or column, expected small letters, digits and underscores after a letter, at most 63"
            ),
            Self::NoColumns { table } => {
                write!(formatter, "table {table} has no columns, expected at least one")
            }
            Self::Sealed(error) => write!(formatter, "{error}"),
            Self::Stopped => formatter.write_str("the reading of a table was stopped before its end"),
            Self::TextTooLong { row, column, bytes_max } => {
                write!(
                    formatter,
                    "row {row}, column {column} has a text of more than {bytes_max} bytes, the most a cell may have"
                )
            }
        }
    }
}

impl std::error::Error for TableError {}

impl Refusal for TableError {
    fn code(&self) -> Code {
        Code(match self {
            Self::CellCount { .. } => 0x2811,
            Self::ColumnTwice { .. } => 0x2812,
            Self::Corrupt { .. } => 0x2813,
            Self::DateNotInCalendar { .. } => 0x2814,
            Self::DecimalTooLong { .. } => 0x2815,
            Self::Disk { .. } => 0x2816,
            Self::KindAsked { .. } => 0x2817,
            Self::KindWritten { .. } => 0x2818,
            Self::Name { .. } => 0x2819,
            Self::NoColumns { .. } => 0x281A,
            Self::Sealed(error) => return error.code(),
            Self::Stopped => 0x281B,
            Self::TextTooLong { .. } => 0x281C,
        })
    }

    fn advice(&self) -> &'static str {
        match self {
            Self::CellCount { .. } | Self::KindAsked { .. } | Self::KindWritten { .. } => {
                "Report this as a fault of the program, with the layout that was imported."
            }
            Self::ColumnTwice { .. } | Self::Name { .. } | Self::NoColumns { .. } => {
                "Correct the dictionary that names the table's columns."
            }
            Self::Corrupt { .. } => "Remove this upload and import the file again.",
            Self::DateNotInCalendar { .. } | Self::DecimalTooLong { .. } | Self::TextTooLong { .. } => {
                "Correct the row in the file, or leave the column out of the layout, and import again."
            }
            Self::Disk { .. } => {
                "Check that the disk is mounted, has room and that the node may use its folder."
            }
            Self::Sealed(error) => error.advice(),
            Self::Stopped => "Nothing needs to be done.",
        }
    }

    fn rule(&self) -> Option<&'static str> {
        match self {
            Self::Sealed(error) => error.rule(),
            Self::CellCount { .. }
            | Self::ColumnTwice { .. }
            | Self::Corrupt { .. }
            | Self::DateNotInCalendar { .. }
            | Self::DecimalTooLong { .. }
            | Self::Disk { .. }
            | Self::KindAsked { .. }
            | Self::KindWritten { .. }
            | Self::Name { .. }
            | Self::NoColumns { .. }
            | Self::Stopped
            | Self::TextTooLong { .. } => None,
        }
    }
}

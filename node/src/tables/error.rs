//! Why the stored tables could not be written or read. Codes `N2111`-`N211F`. No value, no path of a source file.

use core::fmt;
use std::io;

use passage_analytics::{sealed::SealedError, table::TableError};
use passage_protocol::refusal::{Code, Refusal};
use passage_shell::shelf::ShelfError;

/// Why the stored tables could not be written or read.
#[derive(Debug)]
pub enum TablesError {
    /// The disk would not write or read.
    Disk {
        /// What the operating system said.
        kind: io::ErrorKind,
    },
    /// The random source or the node key failed; its own words.
    Key(passage_shell::failure::Failure),
    /// A file's key does not open under the node key.
    KeyLost {
        /// Table, family of layouts and period.
        place: String,
    },
    /// A row for a table the dictionary does not have.
    NoSuchTable,
    /// The file was changed, cut short or moved.
    Sealed(SealedError),
    /// The rows could not be written or read.
    Table(TableError),
    /// The data covers more school years or terms than one import may.
    TooManyPeriods {
        /// Most permitted.
        periods_max: usize,
    },
}

impl From<io::Error> for TablesError {
    fn from(error: io::Error) -> Self {
        Self::Disk { kind: error.kind() }
    }
}

impl From<ShelfError> for TablesError {
    fn from(error: ShelfError) -> Self {
        Self::Disk { kind: error.kind() }
    }
}

impl From<SealedError> for TablesError {
    fn from(error: SealedError) -> Self {
        Self::Sealed(error)
    }
}

impl From<TableError> for TablesError {
    fn from(error: TableError) -> Self {
        if let TableError::Disk { kind } = error { Self::Disk { kind } } else { Self::Table(error) }
    }
}

impl From<passage_shell::failure::Failure> for TablesError {
    fn from(failure: passage_shell::failure::Failure) -> Self {
        Self::Key(failure)
    }
}

impl fmt::Display for TablesError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Disk { kind } => write!(formatter, "the state folder could not be used: {kind}"),
            Self::Key(failure) => formatter.write_str(failure.what()),
            Self::KeyLost { place } => {
                write!(formatter, "the key of the stored table {place} does not open under this node's key")
            }
            Self::NoSuchTable => formatter.write_str("a row for a table that the dictionary does not have"),
            Self::Sealed(error) => error.fmt(formatter),
            Self::Table(error) => error.fmt(formatter),
            Self::TooManyPeriods { periods_max } => {
                write!(
                    formatter,
                    "the file covers more than {periods_max} school years or terms, the most of one import"
                )
            }
        }
    }
}

impl Refusal for TablesError {
    fn code(&self) -> Code {
        match self {
            Self::Disk { .. } => Code(0x2111),
            Self::Key(_) => Code(0x2115),
            Self::KeyLost { .. } => Code(0x2112),
            Self::NoSuchTable => Code(0x2113),
            Self::Sealed(error) => error.code(),
            Self::Table(error) => error.code(),
            Self::TooManyPeriods { .. } => Code(0x2114),
        }
    }

    fn advice(&self) -> &'static str {
        match self {
            Self::Disk { .. } => {
                "Free space on the disk, check that this account may write there, then repeat the command; nothing was imported."
            }
            Self::Key(_) => "See the message before this one.",
            Self::KeyLost { .. } => "Restore the state folder from a backup, or import the files again.",
            Self::NoSuchTable => {
                "Report this: a layout and the dictionary of this version do not fit together."
            }
            Self::Sealed(error) => error.advice(),
            Self::Table(error) => error.advice(),
            Self::TooManyPeriods { .. } => "Split the file by school year.",
        }
    }

    fn rule(&self) -> Option<&'static str> {
        match self {
            Self::Disk { .. } | Self::Key(_) | Self::NoSuchTable => None,
            Self::KeyLost { .. } => Some("I7"),
            Self::Sealed(error) => error.rule(),
            Self::Table(error) => error.rule(),
            Self::TooManyPeriods { .. } => Some("D4"),
        }
    }
}

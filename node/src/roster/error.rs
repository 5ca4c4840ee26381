//! Why the roster could not be written or read. Codes `P2101`-`P210F`. No value, no path of a source file.

use core::fmt;
use std::io;

use passage_protocol::{
    ids::Digest,
    refusal::{Code, Refusal},
};

/// Why the roster could not be written or read.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum RosterError {
    /// The disk would not write or read.
    Disk {
        /// What the operating system said.
        kind: io::ErrorKind,
    },
    /// A line of an opt-out list is not an identifier.
    OptOutLine {
        /// Row, from 1.
        row: usize,
    },
    /// An opt-out list that is not text, or is too large.
    OptOutList {
        /// Most permitted, bytes.
        bytes_max: u64,
    },
    /// A segment opened but what it holds cannot be read.
    Record {
        /// The segment.
        segment: Digest,
    },
    /// A segment was changed, cut short, moved, or belongs to another key.
    Tampered {
        /// The segment.
        segment: Digest,
        /// Chunk that failed, from 0.
        chunk: u64,
    },
    /// The data covers more school years than one import may.
    TooManyYears {
        /// Most permitted.
        years_max: usize,
    },
}

impl From<io::Error> for RosterError {
    fn from(error: io::Error) -> Self {
        Self::Disk { kind: error.kind() }
    }
}

impl fmt::Display for RosterError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Disk { kind } => write!(formatter, "the state folder could not be used: {kind}"),
            Self::OptOutLine { row } => {
                write!(
                    formatter,
                    "row {row} of the opt-out list is not an identifier of 1 to 64 letters, digits and hyphens"
                )
            }
            Self::OptOutList { bytes_max } => {
                write!(formatter, "the opt-out list is not UTF-8 text of at most {bytes_max} bytes")
            }
            Self::Record { segment } => {
                write!(formatter, "segment {} holds a record this version cannot read", segment.short())
            }
            Self::Tampered { segment, chunk } => {
                write!(
                    formatter,
                    "segment {} fails its seal at chunk {chunk}, expected it unchanged",
                    segment.short()
                )
            }
            Self::TooManyYears { years_max } => {
                write!(formatter, "the file covers more than {years_max} school years")
            }
        }
    }
}

impl Refusal for RosterError {
    fn code(&self) -> Code {
        Code(match self {
            Self::Disk { .. } => 0x2101,
            Self::OptOutLine { .. } => 0x2102,
            Self::OptOutList { .. } => 0x2103,
            Self::Record { .. } => 0x2104,
            Self::Tampered { .. } => 0x2105,
            Self::TooManyYears { .. } => 0x2106,
        })
    }

    fn advice(&self) -> &'static str {
        match self {
            Self::Disk { .. } => {
                "Check free space and permissions of the state folder; nothing was imported."
            }
            Self::OptOutLine { .. } => "List one local student number or SSID a line.",
            Self::OptOutList { .. } => "Save the list as plain UTF-8 text.",
            Self::Record { .. } => "Import the file again with this version.",
            Self::Tampered { .. } => "Import the file again; ask who changed the state folder.",
            Self::TooManyYears { .. } => "Split the file by school year.",
        }
    }

    fn rule(&self) -> Option<&'static str> {
        match self {
            Self::OptOutLine { .. } | Self::OptOutList { .. } => Some("D7"),
            Self::Disk { .. } | Self::Record { .. } | Self::Tampered { .. } | Self::TooManyYears { .. } => {
                None
            }
        }
    }
}

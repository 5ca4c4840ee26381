//! Why a sealed file could not be read. Codes `N2801`-`N2804`.

use core::fmt;
use std::io;

use passage_protocol::refusal::{Code, Refusal};

/// Why a sealed file could not be read. Names the file's label and a chunk, never content.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum SealedError {
    /// The disk would not give the bytes.
    Disk {
        /// What the operating system said.
        kind: io::ErrorKind,
    },
    /// The file does not begin as a sealed file does.
    NotSealed {
        /// What the file was expected to be.
        label: String,
    },
    /// A range beyond the end of the file was asked for.
    OutOfRange {
        /// What the file is.
        label: String,
        /// Length of its plaintext, bytes.
        length: u64,
    },
    /// A chunk is not what was written: changed, moved, cut, or under another key or label.
    Tampered {
        /// What the file was expected to be.
        label: String,
        /// Zero-based number of the chunk.
        chunk: u64,
    },
}

impl From<io::Error> for SealedError {
    fn from(error: io::Error) -> Self {
        Self::Disk { kind: error.kind() }
    }
}

impl fmt::Display for SealedError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Disk { kind } => write!(formatter, "a sealed file could not be read: {kind}"),
            Self::NotSealed { label } => {
                write!(formatter, "the file for {label} does not begin as a sealed file, expected one")
            }
            Self::OutOfRange { label, length } => {
                write!(formatter, "bytes beyond the end of {label} were asked for, it has {length}")
            }
            Self::Tampered { label, chunk } => {
                write!(
                    formatter,
                    "chunk {chunk} of {label} is not what was written, expected its seal to hold"
                )
            }
        }
    }
}

impl std::error::Error for SealedError {}

impl Refusal for SealedError {
    fn code(&self) -> Code {
        Code(match self {
            Self::Disk { .. } => 0x2801,
            Self::NotSealed { .. } => 0x2802,
            Self::OutOfRange { .. } => 0x2803,
            Self::Tampered { .. } => 0x2804,
        })
    }

    fn advice(&self) -> &'static str {
        match self {
            Self::Disk { .. } => {
                "Check that the disk is mounted and healthy and that the node may read its folder."
            }
            Self::NotSealed { .. } | Self::Tampered { .. } => {
                "Restore the node's folder from its last good copy, or remove this upload and import the file again."
            }
            Self::OutOfRange { .. } => {
                "Report this as a fault of the program, with the command that was run."
            }
        }
    }

    fn rule(&self) -> Option<&'static str> {
        match self {
            Self::NotSealed { .. } | Self::Tampered { .. } => Some("F10"),
            Self::Disk { .. } | Self::OutOfRange { .. } => None,
        }
    }
}

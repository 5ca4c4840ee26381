//! Why the store refused, and what to do about it.

use core::fmt;
use passage_protocol::refusal::{Code, Refusal};

/// Why the store refused.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum StoreError {
    /// What is on disk is not what was written.
    Damaged {
        /** Where it showed. */
        stage: &'static str,
    },
    /// The disk or quota is used up.
    DiskFull,
    /// The file system refused.
    Io {
        /** What the operating system said. */
        kind: std::io::ErrorKind,
    },
    /// The store was written by another version.
    Schema {
        /** Version found. */
        found: u32,
        /** Version this program reads. */
        expected: u32,
    },
}

impl fmt::Display for StoreError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Damaged { stage } => {
                write!(formatter, "the store is damaged: {stage} did not pass its check")
            }
            Self::DiskFull => formatter.write_str("the disk is full, the change was not acknowledged"),
            Self::Io { kind } => write!(formatter, "the store cannot be reached: {kind}"),
            Self::Schema { found, expected } => {
                write!(formatter, "the store has schema version {found}, expected {expected}")
            }
        }
    }
}

impl Refusal for StoreError {
    fn code(&self) -> Code {
        Code(match self {
            Self::Damaged { .. } => 0x1021,
            Self::DiskFull => 0x1022,
            Self::Io { .. } => 0x1023,
            Self::Schema { .. } => 0x1024,
        })
    }

    fn advice(&self) -> &'static str {
        match self {
            Self::Damaged { .. } => {
                "Stop the daemon, keep a copy of the folder, and restore the last backup."
            }
            Self::DiskFull => "Free space on that disk and start the daemon again.",
            Self::Io { .. } => {
                "Check that the state folder is mounted, owned by the daemon's account and writable."
            }
            Self::Schema { .. } => {
                "Use the program version that wrote this folder, or restore a backup made for this one."
            }
        }
    }
}

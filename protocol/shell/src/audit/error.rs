//! Why the audit log, or what is kept about other logs, was refused.

use core::fmt;
use passage_protocol::{
    checkpoint::{CheckpointFault, LogOwner},
    refusal::{Code, Refusal},
};
use std::io;

use crate::state_dir::is_disk_full;

/// Why the audit log was refused.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum AuditError {
    /// A log was refused and nobody has looked at it yet: no round goes on.
    Blocked {
        /** Whose log. */
        log: LogOwner,
        /** Code of the refusal. */
        code: Code,
    },
    /// An entry does not fit the chain.
    Broken {
        /** Its place, from 1. */
        number: u64,
        /** What of it does not fit. */
        part: &'static str,
    },
    /// A file of checkpoints holds a line that is none, or whose signature does not verify.
    CheckpointDamaged {
        /** The line, from 1; 0 if it is the last. */
        line: u64,
    },
    /// The disk or quota is used up.
    DiskFull,
    /// A statement about a log was refused.
    Fault(CheckpointFault),
    /// The file system refused.
    Io {
        /** What the operating system said. */
        kind: io::ErrorKind,
    },
    /// Nothing was refused of that log, so there is nothing to acknowledge.
    NothingRefused {
        /** Whose log. */
        log: LogOwner,
    },
    /// This log is not the one that was signed for: an own checkpoint does not fit it.
    NotAsSigned {
        /** Number of the entry that was signed for. */
        number: u64,
    },
    /// An entry is larger than any may be.
    TooLong {
        /** Its bytes. */
        bytes: usize,
        /** Bytes allowed. */
        limit: usize,
    },
}

impl From<CheckpointFault> for AuditError {
    fn from(fault: CheckpointFault) -> Self {
        Self::Fault(fault)
    }
}

pub(super) fn fault(error: &io::Error) -> AuditError {
    if is_disk_full(error) { AuditError::DiskFull } else { AuditError::Io { kind: error.kind() } }
}

impl fmt::Display for AuditError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Blocked { log, code } => write!(
                formatter,
                "the audit log of {log} was refused with {}, and no person has looked at it yet",
                crate::failure::code_text(*code)
            ),
            Self::Broken { number, part } => {
                let (segment, line) = super::chain::place(*number);
                write!(
                    formatter,
                    "entry {number} of the audit log does not fit: its {part} (file {segment:08}.jsonl, line {line})"
                )
            }
            Self::CheckpointDamaged { line: 0 } => {
                formatter.write_str("the last line of a file of checkpoints is no checkpoint")
            }
            Self::CheckpointDamaged { line } => {
                write!(
                    formatter,
                    "line {line} of a file of checkpoints is no checkpoint with a valid signature"
                )
            }
            Self::DiskFull => formatter.write_str("the disk is full, the audit entry was not written"),
            Self::Fault(fault) => write!(formatter, "{fault}"),
            Self::Io { kind } => write!(formatter, "the audit log cannot be used: {kind}"),
            Self::NothingRefused { log } => {
                write!(formatter, "no audit log of {log} was refused, expected one that awaits a person")
            }
            Self::NotAsSigned { number } => write!(
                formatter,
                "the audit log is not the one that was signed for: its head at entry {number} is another or missing"
            ),
            Self::TooLong { bytes, limit } => {
                write!(formatter, "an audit entry of {bytes} bytes exceeds {limit}")
            }
        }
    }
}

impl Refusal for AuditError {
    fn code(&self) -> Code {
        Code(match self {
            Self::Broken { .. } => 0x1041,
            Self::DiskFull => 0x1042,
            Self::Io { .. } => 0x1043,
            Self::TooLong { .. } => 0x1044,
            Self::Fault(fault) => return fault.code(),
            Self::NotAsSigned { number } => return CheckpointFault::OwnLogDiffers { number: *number }.code(),
            Self::Blocked { .. } => 0x104D,
            Self::CheckpointDamaged { .. } => 0x104E,
            Self::NothingRefused { .. } => 0x104F,
        })
    }

    fn advice(&self) -> &'static str {
        match self {
            Self::Blocked { .. } => {
                "`doctor` shows what was refused; when you know why, `audit acknowledge` lets rounds go on."
            }
            Self::Broken { .. } => {
                "Keep the file as it is and compare it with a backup: somebody or something altered it."
            }
            Self::CheckpointDamaged { .. } => {
                "Keep the file as it is; ask the one it came from for another copy, or restore it from a backup."
            }
            Self::DiskFull => "Free space on that disk; nothing is done that could not be logged.",
            Self::Fault(fault) => fault.advice(),
            Self::Io { .. } => "Check that the state folder is mounted and writable.",
            Self::NothingRefused { .. } => "`doctor` lists the logs that were refused.",
            Self::NotAsSigned { .. } => {
                "Was this folder restored from a backup? Tell the other side, then `audit acknowledge` on both; else somebody altered it."
            }
            Self::TooLong { .. } => "This is a fault of the program: report it.",
        }
    }

    fn rule(&self) -> Option<&'static str> {
        match self {
            Self::Blocked { .. }
            | Self::Broken { .. }
            | Self::CheckpointDamaged { .. }
            | Self::Fault(_)
            | Self::NothingRefused { .. }
            | Self::NotAsSigned { .. } => Some("C6"),
            Self::DiskFull | Self::Io { .. } | Self::TooLong { .. } => None,
        }
    }
}

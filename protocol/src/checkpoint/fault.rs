//! Why a statement about an audit log was refused: codes S1045 to S104C, rule C6.

use core::fmt;

use crate::refusal::{Code, Refusal};

/// Why a statement about a log was refused (C6).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum CheckpointFault {
    /// The coordinator signs with another key than the one that is pinned.
    KeyChanged,
    /// The bodies do not lead from the one head to the other.
    NotAnExtension {
        /** Number at the beginning. */
        from: u64,
        /** Number at the end. */
        to: u64,
    },
    /// The statement is about another log, or was signed for somebody else.
    OtherLog,
    /// A peer holds a head of one's own log that one's own log does not have.
    OwnLogDiffers {
        /** Its number. */
        number: u64,
    },
    /// An earlier statement comes again.
    Replayed {
        /** Number that is held. */
        held: u64,
        /** Number the statement begins at. */
        from: u64,
    },
    /// The log has fewer entries than were signed for before.
    Shortened {
        /** Number that is held. */
        held: u64,
        /** Entries it has now. */
        length: u64,
    },
    /// The log has another head at a number that is held.
    TwoHeads {
        /** The number. */
        number: u64,
    },
    /// The signature does not verify.
    Unsigned,
}

impl CheckpointFault {
    /// True if the peer's own word condemns it: rounds wait until a person has looked. A statement that comes again can be
    /// an accident of the network, and one that is not signed by the owner says nothing about it.
    #[must_use]
    pub fn condemns(&self) -> bool {
        match self {
            Self::KeyChanged
            | Self::NotAnExtension { .. }
            | Self::OwnLogDiffers { .. }
            | Self::Shortened { .. }
            | Self::TwoHeads { .. } => true,
            Self::OtherLog | Self::Replayed { .. } | Self::Unsigned => false,
        }
    }
}

impl fmt::Display for CheckpointFault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::KeyChanged => formatter
                .write_str("the coordinator signs its audit log with another key than the pinned one"),
            Self::NotAnExtension { from, to } => {
                write!(
                    formatter,
                    "the entries shown do not lead from entry {from} of the audit log to entry {to}"
                )
            }
            Self::OtherLog => {
                formatter.write_str("a checkpoint is of another audit log, or was signed for somebody else")
            }
            Self::OwnLogDiffers { number } => write!(
                formatter,
                "the other side holds another head of this audit log at entry {number} than this log has"
            ),
            Self::Replayed { held, from } => write!(
                formatter,
                "an earlier checkpoint came again: it begins at entry {from} of the audit log, entry {held} is held"
            ),
            Self::Shortened { held, length } => write!(
                formatter,
                "the audit log was shortened: it has {length} entries, entry {held} was signed for before"
            ),
            Self::TwoHeads { number } => write!(
                formatter,
                "the audit log was rewritten: entry {number} has another head than the one signed for before"
            ),
            Self::Unsigned => formatter.write_str("the signature of a checkpoint does not verify"),
        }
    }
}

impl Refusal for CheckpointFault {
    fn code(&self) -> Code {
        Code(match self {
            Self::Unsigned => 0x1045,
            Self::OtherLog => 0x1046,
            Self::TwoHeads { .. } => 0x1047,
            Self::Shortened { .. } => 0x1048,
            Self::NotAnExtension { .. } => 0x1049,
            Self::Replayed { .. } => 0x104A,
            Self::KeyChanged => 0x104B,
            Self::OwnLogDiffers { .. } => 0x104C,
        })
    }

    fn advice(&self) -> &'static str {
        match self {
            Self::KeyChanged => {
                "Ask the operator by telephone whether the coordinator has a new key and why; take part in nothing until you know."
            }
            Self::OwnLogDiffers { .. } => {
                "Was this folder restored from a backup? Run `audit verify`, tell the other side, then `audit acknowledge` on both."
            }
            Self::OtherLog | Self::Unsigned => "Compare versions, then ask the other side what it sent.",
            Self::NotAnExtension { .. }
            | Self::Replayed { .. }
            | Self::Shortened { .. }
            | Self::TwoHeads { .. } => {
                "Keep the files under audit/checkpoints, ask the other side what happened to its log, compare with other members (`audit verify --against`), then `audit acknowledge`."
            }
        }
    }

    fn rule(&self) -> Option<&'static str> {
        Some("C6")
    }
}

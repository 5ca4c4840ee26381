//! Why a round cannot be opened.

use core::fmt;

use crate::{
    ids::MemberCode,
    manifest::opening::ROWS_MAX,
    mixing::{PATTERNS_MAX, RECEIVERS_MAX},
    refusal::{Code, Refusal},
};

/// Why a round cannot be opened. Every variant but the committee's names whose message is at fault.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum OpeningError {
    /// The call does not name the study's participants under the agreement's keys.
    CallInconsistent,
    /// The committee is too small to keep the two lists of a pair from ending at the same member.
    CommitteeTooSmall,
    /// The committee's key shares do not combine.
    KeysDoNotCombine,
    /// A table by school of a sender of which the study lists no schools.
    NoSchools {
        /** The sender. */
        member: MemberCode,
    },
    /// Epsilon or delta outside what can be sampled exactly.
    NoiseOutOfRange,
    /// A message of another round.
    OtherRound {
        /** Sender. */
        member: MemberCode,
    },
    /// A key share whose proof of possession fails or that has another number of columns.
    ProofOfPossession {
        /** Sender. */
        member: MemberCode,
    },
    /// A nonce that is not the one committed to.
    RevealDoesNotOpen {
        /** Sender. */
        member: MemberCode,
    },
    /// A list or table wider than the protocol allows.
    ShapeOutOfRange,
    /// A signature that does not verify under the agreement's key.
    Signature {
        /** Claimed sender. */
        member: MemberCode,
    },
    /// Outcomes over receivers make more patterns than a table can hold.
    TooManyPatterns {
        /** Receivers. */
        receivers: usize,
        /** Outcomes of the metric. */
        outcomes: u8,
    },
    /// A sender would be tested against more receivers than a table can hold.
    TooManyReceivers {
        /** Receivers. */
        receivers: usize,
    },
    /// A list longer than [`ROWS_MAX`].
    TooManyRows {
        /** Owner. */
        member: MemberCode,
        /** Rows announced. */
        rows: u32,
    },
    /// The study names a metric that is not known, or one that fits no participant.
    UnknownMetric,
    /// Fewer or more messages than parties.
    WrongCount {
        /** Parties. */
        expected: usize,
        /** Messages. */
        seen: usize,
    },
}

impl fmt::Display for OpeningError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CallInconsistent => formatter
                .write_str("the call names other participants or keys than the study and the agreement"),
            Self::CommitteeTooSmall => formatter.write_str("the committee has fewer than two members"),
            Self::KeysDoNotCombine => formatter.write_str("the committee's key shares do not combine"),
            Self::NoSchools { member } => write!(
                formatter,
                "a table is by school of {member}, of which the study lists no schools, expected a list"
            ),
            Self::NoiseOutOfRange => formatter
                .write_str("the agreed noise is outside what can be sampled exactly, epsilon 0.01 to 10"),
            Self::OtherRound { member } => write!(formatter, "{member} sent a message of another round"),
            Self::ProofOfPossession { member } => {
                write!(
                    formatter,
                    "the key share of {member} lacks a valid proof of possession for every column"
                )
            }
            Self::RevealDoesNotOpen { member } => {
                write!(formatter, "the nonce of {member} is not the one it committed to")
            }
            Self::ShapeOutOfRange => formatter.write_str("a list or table is wider than the protocol allows"),
            Self::Signature { member } => {
                write!(
                    formatter,
                    "a message in the name of {member} is not signed with its key of the agreement"
                )
            }
            Self::TooManyReceivers { receivers } => {
                write!(
                    formatter,
                    "a table would span {receivers} receivers, expected at most {RECEIVERS_MAX}"
                )
            }
            Self::TooManyPatterns { receivers, outcomes } => {
                write!(
                    formatter,
                    "a table of {outcomes} outcomes would span {receivers} receivers, expected at most {PATTERNS_MAX} patterns: \
                     one receiver with 15 outcomes, two with 3, or up to four with 1"
                )
            }
            Self::TooManyRows { member, rows } => {
                write!(formatter, "the list of {member} announces {rows} rows, expected at most {ROWS_MAX}")
            }
            Self::UnknownMetric => {
                formatter.write_str("the study names a metric that is not known here or fits no participant")
            }
            Self::WrongCount { expected, seen } => write!(formatter, "{seen} messages, expected {expected}"),
        }
    }
}

impl Refusal for OpeningError {
    fn code(&self) -> Code {
        Code(match self {
            Self::RevealDoesNotOpen { .. } => 0x0501,
            Self::CallInconsistent => 0x0502,
            Self::CommitteeTooSmall => 0x0503,
            Self::Signature { .. } => 0x0504,
            Self::OtherRound { .. } => 0x0505,
            Self::ProofOfPossession { .. } => 0x0506,
            Self::TooManyReceivers { .. } => 0x0507,
            Self::TooManyRows { .. } => 0x0508,
            Self::UnknownMetric => 0x0509,
            Self::WrongCount { .. } => 0x050A,
            Self::KeysDoNotCombine => 0x050B,
            Self::NoiseOutOfRange => 0x050C,
            Self::ShapeOutOfRange => 0x050D,
            Self::TooManyPatterns { .. } => 0x050E,
            Self::NoSchools { .. } => 0x050F,
        })
    }

    fn advice(&self) -> &'static str {
        match self {
            Self::CallInconsistent | Self::KeysDoNotCombine | Self::WrongCount { .. } => {
                "Ask the operator to compare the agreement and the study with the member list, then open a new round."
            }
            Self::NoSchools { .. } => {
                "Propose a study that lists the schools of every district it counts by school."
            }
            Self::CommitteeTooSmall
            | Self::NoiseOutOfRange
            | Self::ShapeOutOfRange
            | Self::TooManyPatterns { .. }
            | Self::TooManyReceivers { .. }
            | Self::UnknownMetric => {
                "Propose a study with other tables, fewer receivers or a larger committee."
            }
            Self::OtherRound { .. }
            | Self::ProofOfPossession { .. }
            | Self::RevealDoesNotOpen { .. }
            | Self::Signature { .. }
            | Self::TooManyRows { .. } => {
                "The named member's node is faulty or its messages were tampered with; contact it before opening a new round."
            }
        }
    }
}

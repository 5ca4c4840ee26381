//! The group ristretto255 (RFC 9496) and the keys of a round; with its lanes the only place that names `curve25519-dalek`.
//!
//! # What is here
//!
//! | file | holds |
//! |---|---|
//! | `element` | [`Element`]: a decoded point that is never the identity |
//! | `point` | points inside the crate, where the identity may occur |
//! | `hash_to_element` | match key fields to a match point (SPEC §4) |
//! | `committee` | a committee member's secrets for one round, and the public [`KeyShare`] (SPEC §5.4) |
//! | `collective` | the sum of the shares, with fixed-base tables |
//! | `blind` | the owner's blind, a hop's factor, the tag key (SPEC §6) |
//! | `passage-lanes`, a crate below | [`Backend`]: passes over batches of points in vector lanes; `SecretScalar`: non-zero, wiped, mute |
//! | `yardstick` | [`Yardstick`]: the same multiplications on every backend, for measurements |
//! | `possession`, `equality` | Schnorr proof of possession, batched proof of equal logarithms (SPEC §5.4, §9) |
//!
//! # What this module promises
//!
//! * Every point read from bytes is canonical and not the identity, or refused (SPEC §2.1).
//! * Arithmetic with secrets is constant-time in the secret; what is variable-time says so in its name and
//!   touches public data only.
//! * Secrets are wiped when dropped and have no `Debug`, `Clone`, serde or codec form.
//!
//! # What it does not promise
//!
//! Copies the compiler leaves in registers or on the stack, and the state of the seeded generators, are not wiped.

use core::fmt;

use crate::refusal::{Code, Refusal};

mod blind;
mod collective;
mod committee;
mod element;
mod equality;
mod hash_to_element;
mod point;
mod possession;
#[cfg(test)]
mod vectors;
mod yardstick;

pub use blind::{HopFactor, OwnerBlind, TAG_BYTES, TagKey};
pub use collective::CollectiveKeys;
pub use committee::{COLUMN_KEYS_MAX, CommitteeKeys, KeyShare};
pub use element::{Element, random_element};
pub use equality::{EqualityProof, KeyProof};
pub use hash_to_element::{MatchPoint, hash_to_element};
pub use passage_lanes::{Backend, BadPoint, BadPointKind, ELEMENT_BYTES};
pub use possession::PossessionProof;
pub use yardstick::Yardstick;

pub(crate) use equality::{Combination, LaneSums};
pub(crate) use passage_lanes::{
    Addend, Factor, FixedBase, Input, More, Output, Pass, SUMMED_TOGETHER, Scalars, SecretScalar,
    WEIGHED_TOGETHER,
};
pub(crate) use point::Point;

/// Why group data was refused. Every variant but [`NoShares`](Self::NoShares) is caused by what a peer sent.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum GroupError {
    /// A key share has another number of column keys than the round.
    ColumnCount {
        /** Column keys found. */
        seen: usize,
        /** Column keys of the round. */
        expected: usize,
    },
    /// The shares of a column key add up to the identity: somebody chose theirs after seeing the others.
    CombinedIdentity {
        /** Column key. */
        column: usize,
    },
    /// A proof that partial decryptions use the committed key does not verify.
    EqualityProof {
        /** Column key. */
        column: usize,
    },
    /// The identity element, which no blinding can hide.
    Identity,
    /// No key share was given to combine.
    NoShares,
    /// Bytes that are not the canonical encoding of an element.
    NotCanonical,
    /// A proof of possession does not verify.
    PossessionProof {
        /** Column key. */
        column: usize,
    },
    /// Bytes that are not a canonical, non-zero scalar.
    ScalarInvalid,
}

impl fmt::Display for GroupError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ColumnCount { seen, expected } => {
                write!(formatter, "a key share has {seen} column keys, expected {expected}")
            }
            Self::CombinedIdentity { column } => {
                write!(formatter, "the shares of column key {column} add up to the identity element")
            }
            Self::EqualityProof { column } => {
                write!(formatter, "the decryption proof for column key {column} does not verify")
            }
            Self::Identity => formatter.write_str("a point is the identity element, expected any other"),
            Self::NoShares => formatter.write_str("there is no key share to combine, expected at least one"),
            Self::NotCanonical => {
                formatter.write_str("32 bytes are not the canonical encoding of a group element")
            }
            Self::PossessionProof { column } => {
                write!(formatter, "the proof of possession for column key {column} does not verify")
            }
            Self::ScalarInvalid => formatter.write_str("32 bytes are not a canonical, non-zero scalar"),
        }
    }
}

impl Refusal for GroupError {
    fn code(&self) -> Code {
        Code(match self {
            Self::NotCanonical => 0x0201,
            Self::Identity => 0x0202,
            Self::ScalarInvalid => 0x0203,
            Self::ColumnCount { .. } => 0x0204,
            Self::PossessionProof { .. } => 0x0205,
            Self::CombinedIdentity { .. } => 0x0206,
            Self::NoShares => 0x0207,
            Self::EqualityProof { .. } => 0x0901,
        })
    }

    fn advice(&self) -> &'static str {
        match self {
            Self::NoShares => "Report this to the maintainers: a round was opened without a committee.",
            Self::ColumnCount { .. }
            | Self::CombinedIdentity { .. }
            | Self::EqualityProof { .. }
            | Self::Identity
            | Self::NotCanonical
            | Self::PossessionProof { .. }
            | Self::ScalarInvalid => {
                "The sending member's node is faulty or has been tampered with; contact it before opening the round again."
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_refusal_prints_and_has_its_own_code() {
        let all = [
            GroupError::ColumnCount { seen: 1, expected: 2 },
            GroupError::CombinedIdentity { column: 0 },
            GroupError::EqualityProof { column: 0 },
            GroupError::Identity,
            GroupError::NoShares,
            GroupError::NotCanonical,
            GroupError::PossessionProof { column: 3 },
            GroupError::ScalarInvalid,
        ];
        let codes: std::collections::BTreeSet<_> = all.iter().map(Refusal::code).collect();
        assert_eq!(codes.len(), all.len());
        assert!(all.iter().all(|error| !error.to_string().ends_with('.')));
        assert_eq!(GroupError::EqualityProof { column: 0 }.code().to_string(), "P0901");
    }
}

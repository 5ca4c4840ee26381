//! The first and the second mix: pure functions on chunks of rows and tuples (SPEC §6, §8, §9).
//!
//! ```text
//! first mix   contribute -> [shuffle] -> hop -> [shuffle] -> ... -> hop -> [shuffle] -> final_tags
//!             owner         whole list   K_0                        last K               tags | columns
//!
//! second mix  build_tuples \
//!                           table_hop -> [shuffle] -> table_hop -> ... -> partial_decrypt -> decode
//!             noise_tuples /  K_0                     K_1                 every K             C
//! ```
//!
//! # What this module promises
//!
//! * Every function takes a chunk and a seed and is a function of its arguments, so chunks can run in parallel and
//!   a disputed pass can be run again. Seeds of chunks come from [`chunk_seed`].
//! * No point is multiplied that was not decoded; one bad point refuses the whole chunk, of which nothing leaves, and
//!   the error names the first bad point by its row in the list and its place in the row, never bytes.
//! * Points go through the passes of `group`'s lanes, many at a time; the bytes are the same on every processor.
//! * Arithmetic with secret scalars is constant-time. The shuffle is not: its order is secret, its length is public.
//!
//! # What it does not promise
//!
//! A hop that replaces rows is not caught here; statements pin counts and digests, planted rows and the proof of
//! decryption catch the rest. Plans are checked by `linkage`, statements by `round`. A chunk function does not
//! shuffle: the caller applies one [`Permutation`] to the whole list, which may be larger than memory.

use core::fmt;

use zeroize::Zeroizing;

use crate::refusal::{Code, Refusal};

mod batch;
mod columns;
mod contribute;
mod decryption;
mod histogram;
mod hop;
mod permutation;
mod shape;
mod table_hop;
mod tags;
mod tuples;

pub use contribute::{ColumnValue, FirstFactor, PlainRow, contribute, turns};
pub use decryption::{DecryptionProof, DecryptionStatement, DecryptionSums, SUMMED_TUPLES, partial_decrypt};
pub use histogram::{CellLookup, Histogram, check_tuples};
pub use hop::hop;
pub use permutation::Permutation;
pub use shape::{COLUMNS_MAX, PATTERNS_MAX, RECEIVERS_MAX, RowShape, SLOTS_MAX, TableTurn, TupleShape};
pub use table_hop::{TableKeys, TupleChunk, table_hop};
pub use tags::{FinalChunk, check_columns, final_tags};
pub use tuples::{PlanEntry, TupleColumns, UnmixedTuples, build_tuples, noise_tuple_count, noise_tuples};

/// The seed of chunk `chunk` of a pass: `derive_key("passage v1 chunk seed", seed || chunk u64)`.
#[must_use]
pub fn chunk_seed(seed: &[u8; 32], chunk: u64) -> Zeroizing<[u8; 32]> {
    let mut hasher = blake3::Hasher::new_derive_key("passage v1 chunk seed");
    hasher.update(seed).update(&chunk.to_le_bytes());
    Zeroizing::new(*hasher.finalize().as_bytes())
}

/// Why a pass over a chunk was refused. Positions only: safe to log and to send to the peer.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum MixingError {
    /// A chunk is not a whole number of rows or tuples, or two chunks that belong together differ in length.
    ChunkLength {
        /** Bytes or items found. */
        seen: usize,
        /** Bytes they must be a multiple of, or items expected. */
        expected: usize,
    },
    /// A column names a column key that the round does not have.
    ColumnKey {
        /** Column key named. */
        key: usize,
        /** Column keys of the round. */
        keys: usize,
    },
    /// A table names a column that the rows do not have.
    ColumnMissing {
        /** Column named. */
        column: usize,
        /** Columns of the row. */
        columns: usize,
    },
    /// A point is the identity, which no blinding can hide.
    PointIdentity {
        /** Row or tuple in the list, from 0. */
        row: u64,
        /** Point in the row, from 0. */
        point: usize,
    },
    /// Bytes are not the canonical encoding of a point.
    PointNotCanonical {
        /** Row or tuple in the list, from 0. */
        row: u64,
        /** Point in the row, from 0. */
        point: usize,
    },
    /// A row to contribute has other slots or columns than its list.
    RowShape {
        /** Row in the chunk, from 0. */
        row: usize,
        /** Tokens or values found. */
        seen: usize,
        /** Slots or columns of the list. */
        expected: usize,
    },
    /// A list or table is shaped beyond the limits.
    ShapeLimit {
        /** What is limited. */
        part: &'static str,
        /** Number asked for. */
        seen: usize,
        /** Largest number allowed. */
        limit: usize,
    },
}

impl fmt::Display for MixingError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ChunkLength { seen, expected } => {
                write!(formatter, "a chunk has length {seen}, expected {expected} or a multiple of it")
            }
            Self::ColumnKey { key, keys } => {
                write!(formatter, "a column names column key {key}, the round has {keys}")
            }
            Self::ColumnMissing { column, columns } => {
                write!(formatter, "a table names column {column}, the rows have {columns}")
            }
            Self::PointIdentity { row, point } => {
                write!(formatter, "point {point} of row {row} is the identity element, expected any other")
            }
            Self::PointNotCanonical { row, point } => {
                write!(
                    formatter,
                    "point {point} of row {row} is not the canonical encoding of a group element"
                )
            }
            Self::RowShape { row, seen, expected } => {
                write!(formatter, "row {row} of a chunk has {seen} tokens or values, its list has {expected}")
            }
            Self::ShapeLimit { part, seen, limit } => {
                let least = u8::from(*part != "columns");
                write!(formatter, "{seen} {part} were asked for, expected {least} to {limit}")
            }
        }
    }
}

impl Refusal for MixingError {
    fn code(&self) -> Code {
        Code(match self {
            Self::PointNotCanonical { .. } => 0x0210,
            Self::PointIdentity { .. } => 0x0211,
            Self::ChunkLength { .. } => 0x0610,
            Self::ColumnKey { .. } => 0x0611,
            Self::RowShape { .. } => 0x0612,
            Self::ShapeLimit { .. } => 0x0613,
            Self::ColumnMissing { .. } => 0x0810,
        })
    }

    fn advice(&self) -> &'static str {
        match self {
            Self::PointIdentity { .. } | Self::PointNotCanonical { .. } | Self::ChunkLength { .. } => {
                "The node that sent this list is faulty or was tampered with; compare its digest with the signed statement and contact that member."
            }
            Self::ColumnKey { .. }
            | Self::ColumnMissing { .. }
            | Self::RowShape { .. }
            | Self::ShapeLimit { .. } => {
                "The manifest does not fit the study; do not sign it, and report it to whoever opened the round."
            }
        }
    }
}

#[cfg(test)]
mod tests;

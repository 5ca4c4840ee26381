//! One committee member's pass over a chunk of a table (SPEC §8).

use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;

use super::{
    MixingError, TupleShape, UnmixedTuples,
    shape::{ciphertexts_of, rows_of},
};
use crate::group::{Ciphertext, CollectiveKeys, SecretScalar};

/// The column keys of a table.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct TableKeys {
    /// Column key of the cell column.
    pub cell: usize,
    /// Column key of the window columns.
    pub window: usize,
}

/// A chunk to mix.
pub enum TupleChunk<'a> {
    /// Tuples the previous hop sent, with the position of the first in the list.
    Mixed {
        /// Whole tuples.
        bytes: &'a [u8],
        /// Position of the first, for errors.
        first_tuple: u64,
    },
    /// Tuples of the plan or of this dealer's noise.
    Unmixed(UnmixedTuples),
}

/// Re-randomises every cell, multiplies every window test by a fresh non-zero scalar and re-randomises it.
///
/// After it a window test decrypts to the identity exactly if it did before, and to a random point otherwise. The
/// caller shuffles the whole table, noise included, before anything leaves.
///
/// # Errors
///
/// [`MixingError::ColumnKey`], [`MixingError::ChunkLength`] also for unmixed tuples of another shape,
/// [`MixingError::PointNotCanonical`], [`MixingError::PointIdentity`]. No output on error.
///
/// # Cost
///
/// About 45 µs a cell and 110 µs a window test.
pub fn table_hop(
    chunk: TupleChunk<'_>,
    shape: TupleShape,
    table_keys: TableKeys,
    keys: &CollectiveKeys,
    seed: &[u8; 32],
) -> Result<Vec<u8>, MixingError> {
    let key = |index| keys.key(index).ok_or(MixingError::ColumnKey { key: index, keys: keys.columns() });
    let (cell_key, window_key) = (key(table_keys.cell)?, key(table_keys.window)?);
    let width = 1 + shape.receivers();
    let mut rng = ChaCha20Rng::from_seed(*seed);
    let mut out = Vec::new();
    let mut mix = |tuple: &[Ciphertext]| {
        for (position, ciphertext) in tuple.iter().enumerate() {
            let delta = SecretScalar::random(&mut rng);
            let mixed = if position == 0 {
                ciphertext.rerandomise(&cell_key, &delta)
            } else {
                ciphertext.times(&SecretScalar::random(&mut rng)).rerandomise(&window_key, &delta)
            };
            out.extend_from_slice(&mixed.a.encode());
            out.extend_from_slice(&mixed.b.encode());
        }
    };
    match chunk {
        TupleChunk::Mixed { bytes, first_tuple } => {
            for (tuple, position) in rows_of(bytes, shape.tuple_bytes())?.zip(first_tuple..) {
                mix(&ciphertexts_of(tuple, position)?);
            }
        }
        TupleChunk::Unmixed(tuples) => {
            if tuples.shape() != shape {
                let (seen, expected) = (tuples.shape().receivers(), shape.receivers());
                return Err(MixingError::ChunkLength { seen, expected });
            }
            tuples.into_ciphertexts().chunks_exact(width).for_each(&mut mix);
        }
    }
    Ok(out)
}

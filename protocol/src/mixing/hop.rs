//! One committee member's pass over a chunk of a list (SPEC §6.4).

use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;

use super::{
    MixingError, RowShape,
    contribute::ROWS_PER_BATCH,
    shape::{points_of, rows_of},
};
use crate::group::{CollectiveKeys, HopFactor, SecretScalar, double_and_encode_batch};

/// Multiplies the tokens of every row by `factor` and re-randomises its columns, in the order received.
///
/// The caller then shuffles the whole list; output that was not shuffled must not leave.
///
/// # Inputs
///
/// * `input` — whole rows as received; `first_row` — position of the first of them in the list, for errors.
/// * `column_keys` — as for [`super::contribute`]; `seed` — of this chunk.
///
/// # Errors
///
/// [`MixingError::ChunkLength`], [`MixingError::ColumnKey`], [`MixingError::PointNotCanonical`],
/// [`MixingError::PointIdentity`]. No output on error.
///
/// # Cost
///
/// About 35 µs a token, 25 µs a column and 25 µs a row.
pub fn hop(
    input: &[u8],
    first_row: u64,
    shape: RowShape,
    column_keys: &[usize],
    factor: &HopFactor,
    keys: &CollectiveKeys,
    seed: &[u8; 32],
) -> Result<Vec<u8>, MixingError> {
    shape.check_keys(column_keys, keys)?;
    let mut rows = rows_of(input, shape.row_bytes())?.zip(first_row..);
    let mut rng = ChaCha20Rng::from_seed(*seed);
    let mut out = Vec::with_capacity(input.len());
    loop {
        let mut halves = Vec::with_capacity(ROWS_PER_BATCH * shape.slots());
        let mut columns = Vec::with_capacity(ROWS_PER_BATCH * shape.column_bytes());
        for (row, position) in rows.by_ref().take(ROWS_PER_BATCH) {
            let points = points_of(row, position)?;
            let (tokens, ciphertext) = points.split_at_checked(shape.slots()).unwrap_or_default();
            halves.extend(tokens.iter().map(|token| token.times(factor.half())));
            let delta = SecretScalar::random(&mut rng);
            if let Some((shared, masked)) = ciphertext.split_first() {
                columns.extend_from_slice(&shared.plus(&delta.times_base()).encode());
                for (point, index) in masked.iter().zip(column_keys) {
                    let missing = MixingError::ColumnKey { key: *index, keys: keys.columns() };
                    let key = keys.key(*index).ok_or(missing)?;
                    columns.extend_from_slice(&key.remask(point, &delta).encode());
                }
            }
        }
        if halves.is_empty() {
            return Ok(out);
        }
        let mut tokens = double_and_encode_batch(&halves);
        for columns in columns.chunks_exact(shape.column_bytes()) {
            tokens.by_ref().take(shape.slots()).for_each(|token| out.extend_from_slice(&token));
            out.extend_from_slice(columns);
        }
    }
}

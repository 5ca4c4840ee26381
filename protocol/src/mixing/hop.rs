//! One committee member's pass over a chunk of a list (SPEC §6.4).

use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;

use super::{
    MixingError, RowShape,
    batch::{ROWS_PER_BATCH, RowPoints, first_bad, pass},
    shape::{POINT_BYTES, check_length},
};
use crate::group::{
    Addend, BadPoint, CollectiveKeys, Factor, FixedBase, HopFactor, Input, Output, Pass, Scalars,
    SecretScalar,
};

/// Multiplies the tokens of every row by `factor`, doubles and re-randomises its columns, in the order received.
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
/// About 6 µs a token, 2.5 µs a column and a row with AVX-512 IFMA, 35 µs and 25 µs without vectors; `docs/performance.md`.
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
    check_length(input, shape.row_bytes())?;
    let mut rng = ChaCha20Rng::from_seed(*seed);
    let mut out = Vec::with_capacity(input.len());
    for batch in input.chunks(ROWS_PER_BATCH.saturating_mul(shape.row_bytes())) {
        let deltas: Vec<_> =
            batch.chunks_exact(shape.row_bytes()).map(|_| SecretScalar::random(&mut rng)).collect();
        let hopped = hop_batch(batch, shape, column_keys, factor, keys, &deltas)?;
        let refused = |bad| first_bad(input, first_row, shape.row_bytes(), bad);
        hopped.map_err(refused)?.append_rows(shape.slots(), &mut out);
    }
    Ok(out)
}

fn hop_batch(
    batch: &[u8],
    shape: RowShape,
    column_keys: &[usize],
    factor: &HopFactor,
    keys: &CollectiveKeys,
    deltas: &[SecretScalar],
) -> Result<Result<RowPoints, BadPoint>, MixingError> {
    let mut bases = vec![FixedBase::generator()];
    for index in column_keys {
        let missing = MixingError::ColumnKey { key: *index, keys: keys.columns() };
        bases.push(keys.key(*index).ok_or(missing)?);
    }
    Ok(raised_and_remasked(batch, shape, factor.half(), &bases, deltas))
}

/// The tokens times twice `half`, and twice each column plus its row's delta times the column's base.
fn raised_and_remasked(
    batch: &[u8],
    shape: RowShape,
    half: &SecretScalar,
    bases: &[&FixedBase],
    deltas: &[SecretScalar],
) -> Result<RowPoints, BadPoint> {
    let (points, _) = batch.as_chunks::<POINT_BYTES>();
    let width = shape.row_bytes() / POINT_BYTES;
    let tokens: Vec<_> =
        points.chunks_exact(width).flat_map(|row| row.iter().take(shape.slots())).copied().collect();
    let (input, factor) = (Input::Encoded(&tokens), Factor::Shared(half));
    let tokens = pass(&Pass { input, factor, more: None, addends: &[], output: Output::Double })?;
    let deltas: Vec<&SecretScalar> = deltas.iter().collect();
    let mut columns = Vec::with_capacity(bases.len());
    for (base, place) in bases.iter().zip(shape.slots()..) {
        let column: Vec<_> = points.iter().skip(place).step_by(width).copied().collect();
        let addends = [Addend { base, scalars: Scalars::Secret(&deltas) }];
        let (input, factor) = (Input::Encoded(&column), Factor::One);
        columns.push(pass(&Pass { input, factor, more: None, addends: &addends, output: Output::Double })?);
    }
    Ok(RowPoints { tokens, columns })
}

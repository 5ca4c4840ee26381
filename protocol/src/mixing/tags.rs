//! After the last hop: tokens become tags, so that the coordinator never holds a point (SPEC §6.5).

use super::{
    MixingError, RowShape,
    batch::check,
    shape::{POINT_BYTES, rows_of},
};
use crate::group::TagKey;

/// The two halves of a chunk after the last hop.
pub struct FinalChunk {
    /// `slots` tags of 16 bytes per row: to the coordinator, in clear.
    pub tags: Vec<u8>,
    /// `32 (1 + columns)` bytes per row: sealed to the other committee members.
    pub columns: Vec<u8>,
}

/// Splits a chunk of the last hop's own shuffled output into tags and columns, in the same row order.
///
/// # Inputs
///
/// * `slot_recipes` — for each slot the index of its recipe in the manifest: tags of different recipes never meet.
///
/// # Errors
///
/// [`MixingError::ChunkLength`] for the rows or for `slot_recipes`. Points are not decoded again: the caller has
/// just made them.
///
/// # Cost
///
/// About 0.1 µs a token.
pub fn final_tags(
    input: &[u8],
    shape: RowShape,
    slot_recipes: &[u8],
    key: &TagKey,
) -> Result<FinalChunk, MixingError> {
    if slot_recipes.len() != shape.slots() {
        return Err(MixingError::ChunkLength { seen: slot_recipes.len(), expected: shape.slots() });
    }
    let rows = rows_of(input, shape.row_bytes())?;
    let mut out = FinalChunk {
        tags: Vec::with_capacity(rows.len() * shape.tag_bytes()),
        columns: Vec::with_capacity(rows.len() * shape.column_bytes()),
    };
    for row in rows {
        let (tokens, columns) = row.split_at_checked(POINT_BYTES * shape.slots()).unwrap_or_default();
        for (token, recipe) in tokens.as_chunks::<POINT_BYTES>().0.iter().zip(slot_recipes) {
            out.tags.extend_from_slice(&key.tag(*recipe, token));
        }
        out.columns.extend_from_slice(columns);
    }
    Ok(out)
}
/// Checks that every point of a chunk of final columns is one: a member keeps nothing it could not build tuples from, and
/// names the last hop while it still knows whose bytes they are.
///
/// # Errors
///
/// [`MixingError::PointNotCanonical`], [`MixingError::PointIdentity`] with the absolute row, [`MixingError::ChunkLength`].
///
/// # Cost
///
/// One decompression a point: about 0.5 µs with AVX-512 IFMA, 5 µs without vectors.
pub fn check_columns(chunk: &[u8], first_row: u64, shape: RowShape) -> Result<(), MixingError> {
    check(chunk, first_row, shape.column_bytes())
}

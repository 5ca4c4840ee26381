//! Passes of the mixes over batches of rows, on the fastest backend of the processor (`group`'s lanes).

use super::{
    MixingError,
    shape::{POINT_BYTES, check_length, points_of},
};
use crate::group::{Backend, BadPoint, Pass};

/// Rows or tuples encoded together: enough to share one inversion and to fill every lane, few enough to stay in cache.
pub(super) const ROWS_PER_BATCH: usize = 256;

/// Runs a pass over points of a peer.
pub(super) fn pass(pass: &Pass<'_>) -> Result<Vec<[u8; POINT_BYTES]>, BadPoint> {
    Backend::best().run(pass)
}

/// Runs a pass over points that this party made, none of which can be refused.
pub(super) fn own_pass(pass: &Pass<'_>) -> Vec<[u8; POINT_BYTES]> {
    // Nothing of a peer is decoded: an error would be a fault of this crate. Fewer points than rows then refuse the chunk.
    Backend::best().run(pass).unwrap_or_default()
}

/// Checks that every point of a chunk is one, in the order of the rows.
pub(super) fn check(chunk: &[u8], first_row: u64, width: usize) -> Result<(), MixingError> {
    check_length(chunk, width)?;
    let (points, _) = chunk.as_chunks::<POINT_BYTES>();
    Backend::best().check(points).map_err(|bad| first_bad(chunk, first_row, width, bad))
}

/// The first bad point of a chunk of which some pass found a bad one: passes go by columns, refusals by rows.
pub(super) fn first_bad(chunk: &[u8], first_row: u64, width: usize, found: BadPoint) -> MixingError {
    let rows = chunk.chunks_exact(width).zip(first_row..);
    let refused = rows.map(|(row, position)| points_of(row, position)).find_map(Result::err);
    refused.unwrap_or(MixingError::PointNotCanonical { row: first_row, point: found.index })
}

/// The points of a batch by column, to be written by row.
pub(super) struct RowPoints {
    /// Tokens, row by row.
    pub(super) tokens: Vec<[u8; POINT_BYTES]>,
    /// The columns behind them: one point a row each.
    pub(super) columns: Vec<Vec<[u8; POINT_BYTES]>>,
}

impl RowPoints {
    /// Appends whole rows of `slots` tokens and all columns.
    pub(super) fn append_rows(&self, slots: usize, out: &mut Vec<u8>) {
        for (row, tokens) in self.tokens.chunks_exact(slots).enumerate() {
            out.extend_from_slice(tokens.as_flattened());
            for column in &self.columns {
                out.extend_from_slice(column.get(row).map(<[u8; POINT_BYTES]>::as_slice).unwrap_or_default());
            }
        }
    }
}

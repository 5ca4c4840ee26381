//! Tuples before their first mix: built from the plan, or made up as noise (SPEC §8, §10.3).
//!
//! Both are trivially readable by whoever knows the columns. [`UnmixedTuples`] therefore has no byte form: only
//! `table_hop` takes it, and what comes out is re-randomised.

use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;

use super::{
    MixingError, TupleShape,
    permutation::below,
    shape::{POINT_BYTES, points_of},
};
use crate::{
    cells::Window,
    group::{Ciphertext, Point},
    noise::NoiseTable,
};

/// Tuples that have not been through a hop. No `Debug`, `Clone` or byte form.
///
/// ```compile_fail
/// fn stores<T: passage_protocol::codec::Encode>() {}
/// stores::<passage_protocol::mixing::UnmixedTuples>();
/// ```
pub struct UnmixedTuples {
    shape: TupleShape,
    ciphertexts: Vec<Ciphertext>,
}

impl UnmixedTuples {
    /// Number of tuples.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ciphertexts.len() / (1 + self.shape.windows())
    }

    /// True if there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ciphertexts.is_empty()
    }

    /// The shape of every tuple.
    #[must_use]
    pub fn shape(&self) -> TupleShape {
        self.shape
    }

    /// Splits off what lies behind the first `tuples` tuples, so that chunks can be mixed in parallel.
    #[must_use]
    pub fn split_off(&mut self, tuples: usize) -> Self {
        let at = tuples.saturating_mul(1 + self.shape.windows()).min(self.ciphertexts.len());
        Self { shape: self.shape, ciphertexts: self.ciphertexts.split_off(at) }
    }

    pub(super) fn into_ciphertexts(self) -> Vec<Ciphertext> {
        self.ciphertexts
    }
}

/// Where a table's values stand in the rows of its lists.
pub struct TupleColumns {
    /// The cell's column in the sender's rows.
    pub cell: usize,
    /// The window's columns in the sender's rows, one for each place: the student's cohort.
    pub sender_windows: Vec<usize>,
    /// The window's columns in each receiver's rows: cohort and outcome, place by place under the sender's column keys.
    pub receiver_windows: Vec<Vec<usize>>,
}

/// One tuple of the plan, as final columns of the rows it names.
pub struct PlanEntry<'a> {
    /// The sender row's columns, `32 (1 + columns)` bytes.
    pub sender: &'a [u8],
    /// Each receiver row's columns; `None` where the plan has no link.
    pub receivers: &'a [Option<&'a [u8]>],
}

/// Builds the tuples of one chunk of a plan that has been checked.
///
/// `first_tuple` is the position of the first entry in the plan, for errors. A point that is refused is named by
/// its tuple and by its index in the row it stands in, the sender's or a receiver's.
///
/// # Errors
///
/// [`MixingError::ShapeLimit`], [`MixingError::ChunkLength`] if an entry has another number of receivers, a list of columns not one for
/// each place, or a row is not whole
/// points, [`MixingError::ColumnMissing`], [`MixingError::PointNotCanonical`],
/// [`MixingError::PointIdentity`].
///
/// # Cost
///
/// About 15 µs for the sender and 10 µs for each receiver.
pub fn build_tuples(
    columns: &TupleColumns,
    window: Window,
    entries: &[PlanEntry<'_>],
    first_tuple: u64,
) -> Result<UnmixedTuples, MixingError> {
    let shape = TupleShape::new(columns.receiver_windows.len(), window)?;
    let constants: Vec<_> = window.constants().map(Ciphertext::trivial).collect();
    let mut ciphertexts = Vec::with_capacity(entries.len().saturating_mul(1 + shape.windows()));
    for (entry, position) in entries.iter().zip(first_tuple..) {
        if entry.receivers.len() != shape.receivers() {
            return Err(MixingError::ChunkLength {
                seen: entry.receivers.len(),
                expected: shape.receivers(),
            });
        }
        ciphertexts.push(column_of(entry.sender, columns.cell, position)?);
        let own = columns.sender_windows.iter().map(|column| column_of(entry.sender, *column, position));
        let own = own.collect::<Result<Vec<_>, _>>()?;
        for (receiver, places) in entry.receivers.iter().zip(&columns.receiver_windows) {
            if own.len() != shape.places() || places.len() != shape.places() {
                return Err(MixingError::ChunkLength { seen: places.len(), expected: shape.places() });
            }
            for (column, cohort) in places.iter().zip(&own) {
                match receiver {
                    Some(row) => {
                        let difference = column_of(row, *column, position)?.minus(cohort);
                        ciphertexts.extend(constants.iter().map(|constant| difference.minus(constant)));
                    }
                    None => ciphertexts.extend(constants.iter().map(|_| Ciphertext::trivial(MISS))),
                }
            }
        }
    }
    Ok(UnmixedTuples { shape, ciphertexts })
}

/// Tuples each dealer adds to a table: `2n x (cells + 1) x patterns` (SPEC §10.3).
#[must_use]
pub fn noise_tuple_count(cells: u32, shape: TupleShape, noise: &NoiseTable) -> u64 {
    // One cell more than the table has: the withheld students' (see [`noise_tuples`]).
    let cells = u64::from(cells).saturating_add(1);
    u64::from(noise.support()).saturating_mul(cells).saturating_mul(shape.patterns().count() as u64)
}

/// One dealer's noise for a table: for every (cell, pattern) as many tuples as it draws, then filler to exactly
/// [`noise_tuple_count`].
///
/// The numbers drawn are secret. The seed comes from the operating system, is used for this table only and is not
/// kept. The time taken depends on the draws, and only the dealer could measure it.
#[must_use]
pub fn noise_tuples(cells: u32, shape: TupleShape, noise: &NoiseTable, seed: &[u8; 32]) -> UnmixedTuples {
    let mut rng = ChaCha20Rng::from_seed(*seed);
    let width = 1 + shape.windows();
    let total =
        usize::try_from(noise_tuple_count(cells, shape, noise)).unwrap_or(usize::MAX).saturating_mul(width);
    let mut ciphertexts = Vec::with_capacity(total);
    // A student withheld by the source floor has an undecodable cell and a true pattern of hits: without noise of its own
    // the count of such patterns would be exact, for the very groups that are too small to be shown.
    for cell in 1..=cells.saturating_add(1) {
        for pattern in 0..shape.patterns().count() {
            for _ in 0..noise.sample(&mut rng) {
                ciphertexts.push(match cell {
                    cell if cell <= cells => Ciphertext::trivial(cell),
                    _ => Ciphertext::trivial_undecodable(&mut rng),
                });
                for receiver in 0..shape.receivers() {
                    // Honest receivers write what they say into any place alike.
                    let place = if shape.places() > 1 { below(&mut rng, shape.places() as u64) } else { 0 };
                    ciphertexts.extend(tests_of(shape, shape.patterns().outcome(pattern, receiver), place));
                }
            }
        }
    }
    while ciphertexts.len() < total {
        ciphertexts.push(Ciphertext::trivial_undecodable(&mut rng));
    }
    UnmixedTuples { shape, ciphertexts }
}

/// One receiver's tests for a made-up student of that outcome (0: none), said at `place`.
fn tests_of(shape: TupleShape, outcome: usize, place: u64) -> impl Iterator<Item = Ciphertext> {
    let place = usize::try_from(place).unwrap_or(0);
    let hit = outcome.checked_sub(1).map(|outcome| place * shape.outcomes() + outcome);
    (0..shape.tests()).map(move |test| Ciphertext::trivial(if Some(test) == hit { HIT } else { MISS }))
}

/// What a window test decrypts to when it comes true: the identity.
const HIT: u32 = 0;
/// What stands for a missing link: any number but zero.
const MISS: u32 = 1;

/// The ciphertext of one column of a row's final columns.
fn column_of(row: &[u8], column: usize, position: u64) -> Result<Ciphertext, MixingError> {
    let (points, rest) = row.as_chunks::<POINT_BYTES>();
    if !rest.is_empty() {
        return Err(MixingError::ChunkLength { seen: row.len(), expected: POINT_BYTES });
    }
    let missing = MixingError::ColumnMissing { column, columns: points.len().saturating_sub(1) };
    let shared = points.first().ok_or(missing)?;
    let index = column.checked_add(1).ok_or(missing)?;
    let masked = points.get(index).ok_or(missing)?;
    let at = |encoding: &[u8; POINT_BYTES], point: usize| -> Result<Point, MixingError> {
        let decoded = points_of(encoding, position).map_err(|error| renumbered(error, point))?;
        decoded.first().copied().ok_or(missing)
    };
    Ok(Ciphertext { a: at(shared, 0)?, b: at(masked, index)? })
}

/// The same refusal, with the point's index in its whole row.
fn renumbered(error: MixingError, point: usize) -> MixingError {
    match error {
        MixingError::PointIdentity { row, .. } => MixingError::PointIdentity { row, point },
        MixingError::PointNotCanonical { row, .. } => MixingError::PointNotCanonical { row, point },
        MixingError::ChunkLength { .. }
        | MixingError::ColumnKey { .. }
        | MixingError::ColumnMissing { .. }
        | MixingError::RowShape { .. }
        | MixingError::ShapeLimit { .. } => error,
    }
}

//! The coordinator's last step: decrypted tuples to counts (SPEC §9).

use std::collections::HashMap;

use super::{
    MixingError, TableTurn, TupleShape,
    batch::{check, pass},
    columns::Half,
    shape::{IDENTITY, POINT_BYTES, points_of, rows_of},
};
use crate::{
    group::{Factor, Input, Output, Pass, Point},
    noise::NoiseTable,
};

/// The points of a table's cells as they come out of the last pass, doubled once more. About 20 µs a cell to build, once per table.
pub struct CellLookup {
    /// Doubles, because those of many points are encoded with one inversion.
    codes: HashMap<[u8; POINT_BYTES], usize>,
}

impl CellLookup {
    /// Prepares the lookup of `cells` cells of a table that went through so many hands.
    #[must_use]
    pub fn new(cells: u32, committee: usize) -> Self {
        let doublings = TableTurn::new(committee, committee).doublings() + 1;
        let double = |code: u32| Point::doubled_multiple_of_base(code, doublings).encode();
        Self { codes: (1..=cells).map(double).zip(0..).collect() }
    }

    /// Number of cells.
    #[must_use]
    pub fn cells(&self) -> usize {
        self.codes.len()
    }
}

/// Counts of decrypted tuples by cell and pattern, every dealer's noise still in. No `Debug`, no codec form: it is
/// a raw table, and only disclosure control may turn it into one that leaves.
pub struct Histogram {
    counts: Vec<u64>,
    patterns: usize,
    dropped: u64,
}

impl Histogram {
    /// No tuple yet.
    #[must_use]
    pub fn empty(lookup: &CellLookup, shape: TupleShape) -> Self {
        let patterns = shape.patterns().count();
        Self { counts: vec![0; lookup.cells().saturating_mul(patterns)], patterns, dropped: 0 }
    }

    /// Decrypts one chunk of the final list with every committee member's partial decryptions of the same tuples,
    /// and counts it. Of a ciphertext only the second point is read; the proofs are about the first ones.
    ///
    /// # Errors
    ///
    /// [`MixingError::ChunkLength`] also if a member's chunk holds another number of tuples;
    /// [`MixingError::PointNotCanonical`], [`MixingError::PointIdentity`]: the tuple's points come first, then each member's.
    ///
    /// # Cost
    ///
    /// With lanes about 0.7 µs a ciphertext and 0.5 µs for each member, ten times that without.
    pub fn decode(
        chunk: &[u8],
        first_tuple: u64,
        partials: &[&[u8]],
        lookup: &CellLookup,
        shape: TupleShape,
    ) -> Result<Self, MixingError> {
        let tuples = rows_of(chunk, shape.final_bytes())?.len();
        for partial in partials {
            let rows = rows_of(partial, shape.partial_bytes())?.len();
            if rows != tuples {
                return Err(MixingError::ChunkLength { seen: rows, expected: tuples });
            }
        }
        let (points, _) = chunk.as_chunks::<POINT_BYTES>();
        let tuples = points.chunks_exact(1 + 2 * shape.windows());
        let masked: Half = tuples.flat_map(|tuple| tuple.iter().skip(2).step_by(2).copied()).collect();
        let less: Vec<&[[u8; POINT_BYTES]]> = partials.iter().map(|partial| partial.as_chunks().0).collect();
        let input = Input::Difference { of: &masked, less: &less };
        let plain =
            pass(&Pass { input, factor: Factor::One, more: None, addends: &[], output: Output::Double });
        // A difference forgives the identity, which no peer may send.
        let is_whole = !masked.contains(&IDENTITY) && !less.iter().any(|points| points.contains(&IDENTITY));
        let plain = match plain {
            Ok(plain) if is_whole => plain,
            Ok(_) | Err(_) => return Err(refused(chunk, first_tuple, partials, shape)),
        };
        let mut histogram = Self::empty(lookup, shape);
        plain.chunks_exact(shape.windows()).for_each(|tuple| histogram.count(tuple, lookup, shape));
        Ok(histogram)
    }

    /// Adds another chunk's counts.
    pub fn add(&mut self, other: &Self) {
        self.counts.iter_mut().zip(&other.counts).for_each(|(count, more)| *count += more);
        self.dropped += other.dropped;
    }

    /// Counts at index `(code - 1) x patterns + pattern`; for patterns see [`crate::cells::Patterns`]. A student of pattern 0 was seen
    /// nowhere and opens nothing: there the count is 0.
    #[must_use]
    pub fn counts(&self) -> &[u64] {
        &self.counts
    }

    /// Tuples that opened nothing: filler, students who were not seen, and those the source floor withheld.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    /// The counts less the known offset `dealers x n`: the raw table. Negative where noise exceeds the count; 0 at pattern 0.
    #[must_use]
    pub fn less_offset(&self, dealers: u32, noise: &NoiseTable) -> Vec<i64> {
        let offset = i64::from(dealers).saturating_mul(i64::from(noise.offset()));
        let signed = |count: &u64| i64::try_from(*count).unwrap_or(i64::MAX).saturating_sub(offset);
        let of_cell = |counts: &[u64]| -> Vec<i64> {
            counts
                .iter()
                .enumerate()
                .map(|(pattern, count)| if pattern == 0 { 0 } else { signed(count) })
                .collect()
        };
        self.counts.chunks(self.patterns).flat_map(of_cell).collect()
    }

    /// Counts one tuple of encoded doubles: a test that comes true opens the tuple's cell, any other opens nothing.
    fn count(&mut self, plain: &[[u8; POINT_BYTES]], lookup: &CellLookup, shape: TupleShape) {
        let cells: Vec<_> = plain.iter().map(|test| lookup.codes.get(test).copied()).collect();
        // Honest tests open one cell. Of two the first counts.
        let Some(cell) = cells.iter().copied().flatten().next() else {
            self.dropped += 1;
            return;
        };
        let outcome = |tests: &[Option<usize>]| {
            let seen = tests.iter().position(|opened| *opened == Some(cell));
            seen.map_or(0, |test| 1 + test % shape.outcomes())
        };
        // Horner's rule, so from the last receiver to the first.
        let pattern = cells
            .rchunks(shape.tests())
            .fold(0, |pattern, tests| pattern * shape.patterns().base() + outcome(tests));
        if let Some(count) = self.counts.get_mut(cell * shape.patterns().count() + pattern) {
            *count += 1;
        }
    }
}

/// The first bad point of a chunk of which some pass found a bad one.
fn refused(chunk: &[u8], first_tuple: u64, partials: &[&[u8]], shape: TupleShape) -> MixingError {
    for (index, position) in (0..chunk.len() / shape.final_bytes()).zip(first_tuple..) {
        let row = |bytes: &[u8], width: usize| -> Result<(), MixingError> {
            let row = bytes.chunks_exact(width).nth(index).unwrap_or_default();
            points_of(row, position).map(|_| ())
        };
        let tuple = row(chunk, shape.final_bytes());
        let all = partials
            .iter()
            .fold(tuple, |all, partial| all.and_then(|()| row(partial, shape.partial_bytes())));
        if let Err(error) = all {
            return error;
        }
    }
    MixingError::PointNotCanonical { row: first_tuple, point: 0 }
}

/// Checks that a chunk of a final list holds nothing but points: whose fault it is if something else does not.
///
/// # Errors
///
/// As [`Histogram::decode`].
pub fn check_tuples(chunk: &[u8], first_tuple: u64, shape: TupleShape) -> Result<(), MixingError> {
    check(chunk, first_tuple, shape.final_bytes())
}

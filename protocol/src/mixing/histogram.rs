//! The coordinator's last step: decrypted tuples to counts (SPEC §9).

use std::collections::HashMap;

use super::{
    MixingError, TupleShape,
    shape::{ciphertexts_of, points_of, rows_of},
};
use crate::{group::Point, noise::NoiseTable};

/// The points `1 G .. K G` of a table's cells. About 20 µs a cell to build, once per table.
pub struct CellLookup {
    codes: HashMap<[u8; 32], usize>,
}

impl CellLookup {
    /// Prepares the lookup of `cells` cells.
    #[must_use]
    pub fn new(cells: u32) -> Self {
        let codes = (1..=cells).zip(0..).map(|(code, index)| (Point::multiple_of_base(code).encode(), index));
        Self { codes: codes.collect() }
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
    dropped: u64,
}

impl Histogram {
    /// No tuple yet.
    #[must_use]
    pub fn empty(lookup: &CellLookup, shape: TupleShape) -> Self {
        Self { counts: vec![0; lookup.cells().saturating_mul(shape.patterns().count())], dropped: 0 }
    }

    /// Decrypts one chunk of the final list with every committee member's partial decryptions of the same tuples,
    /// and counts it.
    ///
    /// # Errors
    ///
    /// [`MixingError::ChunkLength`] also if a member's chunk holds another number of tuples;
    /// [`MixingError::PointNotCanonical`], [`MixingError::PointIdentity`].
    ///
    /// # Cost
    ///
    /// About 10 µs a ciphertext and 5 µs for each member.
    pub fn decode(
        chunk: &[u8],
        first_tuple: u64,
        partials: &[&[u8]],
        lookup: &CellLookup,
        shape: TupleShape,
    ) -> Result<Self, MixingError> {
        let tuples = rows_of(chunk, shape.tuple_bytes())?;
        let mut members = Vec::with_capacity(partials.len());
        for partial in partials {
            let rows = rows_of(partial, shape.partial_bytes())?;
            if rows.len() != tuples.len() {
                return Err(MixingError::ChunkLength { seen: rows.len(), expected: tuples.len() });
            }
            members.push(rows);
        }
        let mut histogram = Self::empty(lookup, shape);
        for (tuple, position) in tuples.zip(first_tuple..) {
            let mut plain: Vec<Point> =
                ciphertexts_of(tuple, position)?.into_iter().map(|ciphertext| ciphertext.b).collect();
            for rows in &mut members {
                let row = points_of(rows.next().unwrap_or_default(), position)?;
                plain.iter_mut().zip(&row).for_each(|(point, partial)| *point = point.minus(partial));
            }
            histogram.count(&plain, lookup, shape);
        }
        Ok(histogram)
    }

    /// Adds another chunk's counts.
    pub fn add(&mut self, other: &Self) {
        self.counts.iter_mut().zip(&other.counts).for_each(|(count, more)| *count += more);
        self.dropped += other.dropped;
    }

    /// Counts at index `(code - 1) x patterns + pattern`; for patterns see [`crate::cells::Patterns`].
    #[must_use]
    pub fn counts(&self) -> &[u64] {
        &self.counts
    }

    /// Tuples whose cell nothing decodes: filler, and rows the source floor withheld.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    /// The counts less the known offset `dealers x n`: the raw table. Negative where noise exceeds the count.
    #[must_use]
    pub fn less_offset(&self, dealers: u32, noise: &NoiseTable) -> Vec<i64> {
        let offset = i64::from(dealers).saturating_mul(i64::from(noise.offset()));
        let signed = |count: &u64| i64::try_from(*count).unwrap_or(i64::MAX).saturating_sub(offset);
        self.counts.iter().map(signed).collect()
    }

    fn count(&mut self, plain: &[Point], lookup: &CellLookup, shape: TupleShape) {
        let Some((cell, windows)) = plain.split_first() else { return };
        let outcome = |tests: &[Point]| {
            tests.iter().position(Point::is_identity).map_or(0, |test| 1 + test % shape.outcomes())
        };
        // Horner's rule, so from the last receiver to the first.
        let pattern = windows
            .rchunks(shape.tests())
            .fold(0, |pattern, tests| pattern * shape.patterns().base() + outcome(tests));
        let index = lookup.codes.get(&cell.encode()).map(|cell| cell * shape.patterns().count() + pattern);
        match index.and_then(|index| self.counts.get_mut(index)) {
            Some(count) => *count += 1,
            None => self.dropped += 1,
        }
    }
}

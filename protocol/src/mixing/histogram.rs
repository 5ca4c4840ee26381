//! The coordinator's last step: decrypted tuples to counts (SPEC §9).

use std::collections::HashMap;

use super::{
    MixingError, TupleShape,
    batch::{check, pass},
    columns::half_of,
    shape::{IDENTITY, POINT_BYTES, points_of, rows_of},
};
use crate::{
    group::{Factor, Input, Output, Pass, Point},
    noise::NoiseTable,
};

/// The points `2 G .. 2 K G`, doubles of a table's cells. About 20 µs a cell to build, once per table.
pub struct CellLookup {
    /// Doubles, because those of many points are encoded with one inversion.
    codes: HashMap<[u8; POINT_BYTES], usize>,
}

impl CellLookup {
    /// Prepares the lookup of `cells` cells.
    #[must_use]
    pub fn new(cells: u32) -> Self {
        let double = |code: u32| Point::multiple_of_base(code.saturating_mul(2)).encode();
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
    dropped: u64,
}

impl Histogram {
    /// No tuple yet.
    #[must_use]
    pub fn empty(lookup: &CellLookup, shape: TupleShape) -> Self {
        Self { counts: vec![0; lookup.cells().saturating_mul(shape.patterns().count())], dropped: 0 }
    }

    /// Decrypts one chunk of the final list with every committee member's partial decryptions of the same tuples,
    /// and counts it. Of a ciphertext only the second point is read; the proofs are about the first.
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
        let tuples = rows_of(chunk, shape.tuple_bytes())?.len();
        for partial in partials {
            let rows = rows_of(partial, shape.partial_bytes())?.len();
            if rows != tuples {
                return Err(MixingError::ChunkLength { seen: rows, expected: tuples });
            }
        }
        let masked: Vec<_> = half_of(chunk.as_chunks().0, 1).collect();
        let less: Vec<&[[u8; POINT_BYTES]]> = partials.iter().map(|partial| partial.as_chunks().0).collect();
        let input = Input::Difference { of: &masked, less: &less };
        let plain = pass(&Pass { input, factor: Factor::One, addends: &[], output: Output::Double });
        // A difference forgives the identity, which no peer may send.
        let is_whole = !masked.contains(&IDENTITY) && !less.iter().any(|points| points.contains(&IDENTITY));
        let plain = match plain {
            Ok(plain) if is_whole => plain,
            Ok(_) | Err(_) => return Err(refused(chunk, first_tuple, partials, shape)),
        };
        let mut histogram = Self::empty(lookup, shape);
        plain.chunks_exact(1 + shape.windows()).for_each(|tuple| histogram.count(tuple, lookup, shape));
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

    /// Counts one tuple of encoded doubles.
    fn count(&mut self, plain: &[[u8; POINT_BYTES]], lookup: &CellLookup, shape: TupleShape) {
        let Some((cell, windows)) = plain.split_first() else { return };
        let outcome = |tests: &[[u8; POINT_BYTES]]| {
            tests.iter().position(|test| *test == IDENTITY).map_or(0, |test| 1 + test % shape.outcomes())
        };
        // Horner's rule, so from the last receiver to the first.
        let pattern = windows
            .rchunks(shape.tests())
            .fold(0, |pattern, tests| pattern * shape.patterns().base() + outcome(tests));
        let index = lookup.codes.get(cell).map(|cell| cell * shape.patterns().count() + pattern);
        match index.and_then(|index| self.counts.get_mut(index)) {
            Some(count) => *count += 1,
            None => self.dropped += 1,
        }
    }
}

/// The first bad point of a chunk of which some pass found a bad one.
fn refused(chunk: &[u8], first_tuple: u64, partials: &[&[u8]], shape: TupleShape) -> MixingError {
    for (index, position) in (0..chunk.len() / shape.tuple_bytes()).zip(first_tuple..) {
        let row = |bytes: &[u8], width: usize| -> Result<(), MixingError> {
            let row = bytes.chunks_exact(width).nth(index).unwrap_or_default();
            points_of(row, position).map(|_| ())
        };
        let tuple = row(chunk, shape.tuple_bytes());
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
    check(chunk, first_tuple, shape.tuple_bytes())
}

//! How wide a row and a tuple are; how points are read out of them with their position in the list.

use super::MixingError;
use crate::{
    cells::TESTS_MAX,
    group::{Ciphertext, CollectiveKeys, GroupError, Point, TAG_BYTES},
};

/// Most tokens a row can have.
pub const SLOTS_MAX: usize = 16;
/// Most ciphertext columns a row can have.
pub const COLUMNS_MAX: usize = 64;
/// Most receivers a table can span.
pub const RECEIVERS_MAX: usize = 4;
/// Most patterns a table's tuples can show: what its noise and its disclosure control must cover, cell by cell.
pub const PATTERNS_MAX: usize = 16;
/// Bytes of a point.
pub(super) const POINT_BYTES: usize = 32;
/// Bytes of a ciphertext of the second mix.
pub(super) const CIPHERTEXT_BYTES: usize = 64;

/// The width of every row of one list: `slots` tokens, one shared ciphertext point, `columns` masked points (SPEC §6.1).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct RowShape {
    slots: usize,
    columns: usize,
}

impl RowShape {
    /// A shape within the limits; a list of a receiver's or a sender's rows has at least one slot.
    ///
    /// # Errors
    ///
    /// [`MixingError::ShapeLimit`].
    pub fn new(slots: usize, columns: usize) -> Result<Self, MixingError> {
        if !(1..=SLOTS_MAX).contains(&slots) {
            return Err(MixingError::ShapeLimit { part: "slots", seen: slots, limit: SLOTS_MAX });
        }
        if !(1..=COLUMNS_MAX).contains(&columns) {
            return Err(MixingError::ShapeLimit { part: "columns", seen: columns, limit: COLUMNS_MAX });
        }
        Ok(Self { slots, columns })
    }

    /// Tokens of a row.
    #[must_use]
    pub fn slots(&self) -> usize {
        self.slots
    }

    /// Ciphertext columns of a row.
    #[must_use]
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// Bytes of a row on its way through the first mix.
    #[must_use]
    pub fn row_bytes(&self) -> usize {
        POINT_BYTES * self.slots + self.column_bytes()
    }

    /// Bytes of a row's tags after the last hop.
    #[must_use]
    pub fn tag_bytes(&self) -> usize {
        TAG_BYTES * self.slots
    }

    /// Bytes of a row's columns after the last hop: the shared point and one masked point per column.
    #[must_use]
    pub fn column_bytes(&self) -> usize {
        POINT_BYTES * (1 + self.columns)
    }

    /// Refuses column keys that do not fit the shape or the round.
    pub(super) fn check_keys(&self, column_keys: &[usize], keys: &CollectiveKeys) -> Result<(), MixingError> {
        if column_keys.len() != self.columns {
            return Err(MixingError::ChunkLength { seen: column_keys.len(), expected: self.columns });
        }
        match column_keys.iter().find(|key| **key >= keys.columns()) {
            Some(key) => Err(MixingError::ColumnKey { key: *key, keys: keys.columns() }),
            None => Ok(()),
        }
    }
}

/// The width of every tuple of one table: a cell and each receiver's window tests, 64 bytes each (SPEC §8).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct TupleShape {
    receivers: usize,
    tests: usize,
    /// The outcome of each test of a receiver, ascending from 1; zero behind the last.
    outcomes: [u8; TESTS_MAX],
}

impl TupleShape {
    /// The shape with one outcome, decided by one test for each receiver.
    ///
    /// # Errors
    ///
    /// [`MixingError::ShapeLimit`] unless there are 1 to [`RECEIVERS_MAX`] receivers.
    pub fn new(receivers: usize) -> Result<Self, MixingError> {
        Self::with_tests(receivers, &[1])
    }

    /// A shape within the limits; `outcomes_by_test` names the outcome of each test of a receiver, ascending from 1.
    ///
    /// # Errors
    ///
    /// [`MixingError::ShapeLimit`] unless there are 1 to [`RECEIVERS_MAX`] receivers, 1 to [`TESTS_MAX`] tests and at most
    /// [`PATTERNS_MAX`] patterns.
    pub fn with_tests(receivers: usize, outcomes_by_test: &[u8]) -> Result<Self, MixingError> {
        let limit = |part, seen, limit| Err(MixingError::ShapeLimit { part, seen, limit });
        if !(1..=RECEIVERS_MAX).contains(&receivers) {
            return limit("receivers", receivers, RECEIVERS_MAX);
        }
        let mut outcomes = [0; TESTS_MAX];
        match outcomes.get_mut(..outcomes_by_test.len()).filter(|part| !part.is_empty()) {
            Some(part) => part.copy_from_slice(outcomes_by_test),
            None => return limit("tests", outcomes_by_test.len(), TESTS_MAX),
        }
        let shape = Self { receivers, tests: outcomes_by_test.len(), outcomes };
        if shape.patterns() > PATTERNS_MAX {
            return limit("patterns", shape.patterns(), PATTERNS_MAX);
        }
        Ok(shape)
    }

    /// Receivers of the table.
    #[must_use]
    pub fn receivers(&self) -> usize {
        self.receivers
    }

    /// Window tests of a tuple: the receivers' one after the other.
    #[must_use]
    pub fn windows(&self) -> usize {
        self.receivers * self.tests
    }

    /// The outcome of each test of one receiver, in order.
    #[must_use]
    pub fn outcomes_by_test(&self) -> &[u8] {
        self.outcomes.get(..self.tests).unwrap_or_default()
    }

    /// What one receiver can show: nothing, or one of the outcomes. The base a pattern's digits are written in.
    #[must_use]
    pub fn base(&self) -> usize {
        1 + self.outcomes_by_test().iter().max().map_or(0, |outcome| usize::from(*outcome))
    }

    /// Patterns of outcomes over the receivers: `base^receivers`. Digit r of a pattern, the first the least, is receiver r's outcome.
    #[must_use]
    pub fn patterns(&self) -> usize {
        (0..self.receivers).fold(1, |patterns, _| patterns * self.base())
    }

    /// The outcome a pattern shows at a receiver; 0 is none.
    #[must_use]
    pub fn outcome(&self, pattern: usize, receiver: usize) -> usize {
        (0..receiver).fold(pattern, |rest, _| rest / self.base()) % self.base()
    }

    /// Runs of tests that decide the same outcome of one receiver: which of them comes true is nobody's business.
    pub(super) fn alike(&self) -> impl Iterator<Item = core::ops::Range<usize>> + '_ {
        let mut start = 0;
        let runs = self.outcomes_by_test().chunk_by(|a, b| a == b).map(move |run| {
            let range = start..start + run.len();
            start = range.end;
            range
        });
        let runs: Vec<_> = runs.filter(|run| run.len() > 1).collect();
        (0..self.receivers).flat_map(move |receiver| {
            let offset = receiver * self.tests;
            runs.clone().into_iter().map(move |run| run.start + offset..run.end + offset)
        })
    }

    /// Bytes of a tuple.
    #[must_use]
    pub fn tuple_bytes(&self) -> usize {
        CIPHERTEXT_BYTES * (1 + self.windows())
    }

    /// Bytes of one member's partial decryption of a tuple.
    #[must_use]
    pub fn partial_bytes(&self) -> usize {
        POINT_BYTES * (1 + self.windows())
    }
}

/// Splits a chunk into whole rows of `width` bytes.
pub(super) fn rows_of(chunk: &[u8], width: usize) -> Result<core::slice::ChunksExact<'_, u8>, MixingError> {
    let rows = chunk.chunks_exact(width);
    if rows.remainder().is_empty() {
        Ok(rows)
    } else {
        Err(MixingError::ChunkLength { seen: chunk.len(), expected: width })
    }
}

/// Refuses a chunk that is not whole rows of `width` bytes.
pub(super) fn check_length(chunk: &[u8], width: usize) -> Result<(), MixingError> {
    rows_of(chunk, width).map(|_| ())
}

/// Decodes every point of a row; the position of a bad one is `row` in the list and the index in the row.
pub(super) fn points_of(bytes: &[u8], row: u64) -> Result<Vec<Point>, MixingError> {
    let (encodings, _) = bytes.as_chunks::<POINT_BYTES>();
    let decode = |(point, encoding)| {
        Point::decode(encoding).map_err(|error| match error {
            GroupError::Identity => MixingError::PointIdentity { row, point },
            GroupError::ColumnCount { .. }
            | GroupError::CombinedIdentity { .. }
            | GroupError::EqualityProof { .. }
            | GroupError::NoShares
            | GroupError::NotCanonical
            | GroupError::PossessionProof { .. }
            | GroupError::ScalarInvalid => MixingError::PointNotCanonical { row, point },
        })
    };
    encodings.iter().enumerate().map(decode).collect()
}

/// Decodes a tuple as ciphertexts.
pub(super) fn ciphertexts_of(bytes: &[u8], row: u64) -> Result<Vec<Ciphertext>, MixingError> {
    let points = points_of(bytes, row)?;
    let (pairs, _) = points.as_chunks::<2>();
    Ok(pairs.iter().map(|[a, b]| Ciphertext { a: *a, b: *b }).collect())
}

//! How wide a row and a tuple are; how points are read out of them with their position in the list.

use super::MixingError;
use crate::{
    cells::{Patterns, Window},
    group::{CollectiveKeys, GroupError, Point, TAG_BYTES},
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
/// What an encoded identity looks like.
pub(super) const IDENTITY: [u8; POINT_BYTES] = [0; POINT_BYTES];
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
    /// A list of a receiver whose tables count links alone has no column.
    ///
    /// # Errors
    ///
    /// [`MixingError::ShapeLimit`].
    pub fn new(slots: usize, columns: usize) -> Result<Self, MixingError> {
        if !(1..=SLOTS_MAX).contains(&slots) {
            return Err(MixingError::ShapeLimit { part: "slots", seen: slots, limit: SLOTS_MAX });
        }
        if columns > COLUMNS_MAX {
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

/// The width of every tuple of one table: a cell and each receiver's window tests (SPEC §8).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct TupleShape {
    receivers: usize,
    window: Window,
}

impl TupleShape {
    /// A shape within the limits.
    ///
    /// # Errors
    ///
    /// [`MixingError::ShapeLimit`] unless there are 1 to [`RECEIVERS_MAX`] receivers and at most [`PATTERNS_MAX`] patterns.
    pub fn new(receivers: usize, window: Window) -> Result<Self, MixingError> {
        if !(1..=RECEIVERS_MAX).contains(&receivers) {
            return Err(MixingError::ShapeLimit { part: "receivers", seen: receivers, limit: RECEIVERS_MAX });
        }
        let shape = Self { receivers, window };
        if shape.patterns().count() > PATTERNS_MAX {
            let (seen, limit) = (shape.patterns().count(), PATTERNS_MAX);
            return Err(MixingError::ShapeLimit { part: "patterns", seen, limit });
        }
        Ok(shape)
    }

    /// Receivers of the table.
    #[must_use]
    pub fn receivers(&self) -> usize {
        self.receivers
    }

    /// Column keys of each receiver's tests: one for each pair of cohort and outcome it says, one where the link alone counts.
    #[must_use]
    pub fn places(&self) -> usize {
        self.window.keys().into()
    }

    /// Outcomes of the metric.
    #[must_use]
    pub fn outcomes(&self) -> usize {
        self.window.outcomes().into()
    }

    /// Window tests of one receiver: every place's outcomes, place by place.
    #[must_use]
    pub fn tests(&self) -> usize {
        self.places() * self.outcomes()
    }

    /// Window tests of a tuple: the receivers' one after the other.
    #[must_use]
    pub fn windows(&self) -> usize {
        self.receivers * self.tests()
    }

    /// The place a window test of a tuple is about: the key it is under.
    pub(super) fn place(&self, window: usize) -> usize {
        window / self.outcomes() % self.places()
    }

    /// What a tuple can show.
    #[must_use]
    pub fn patterns(&self) -> Patterns {
        Patterns::new(self.receivers, self.outcomes())
    }

    /// Bytes of a tuple on its way: a ciphertext for the cell and one for each test.
    #[must_use]
    pub fn tuple_bytes(&self) -> usize {
        CIPHERTEXT_BYTES * (1 + self.windows())
    }

    /// Bytes of a tuple of the final list: the cell's first point, and a ciphertext for each test, which hides the cell as well.
    #[must_use]
    pub fn final_bytes(&self) -> usize {
        POINT_BYTES + CIPHERTEXT_BYTES * self.windows()
    }

    /// Bytes of a tuple after a pass.
    #[must_use]
    pub fn bytes_after(&self, turn: TableTurn) -> usize {
        if turn.is_last() { self.final_bytes() } else { self.tuple_bytes() }
    }

    /// Bytes of one member's partial decryption of a tuple.
    #[must_use]
    pub fn partial_bytes(&self) -> usize {
        POINT_BYTES * self.windows()
    }
}

/// Which of a table's passes one is: the `hop`-th, from 0, of as many as the committee has members.
///
/// A pass doubles what every column and every cell hides, because doubles of many points are encoded with one inversion. So the turn
/// also says what a code has become.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct TableTurn {
    hop: usize,
    committee: usize,
}

impl TableTurn {
    /// The turn of one member of a committee.
    #[must_use]
    pub const fn new(hop: usize, committee: usize) -> Self {
        Self { hop, committee }
    }

    /// True if the list is decrypted after it.
    #[must_use]
    pub fn is_last(self) -> bool {
        self.hop.saturating_add(1) >= self.committee
    }

    /// How often a code has been doubled when the pass begins: once by every member in the first mix, and once by those before.
    pub(super) fn doublings(self) -> usize {
        self.committee.saturating_add(self.hop)
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

/// Decodes every point of a row, one after the other: for the errors of passes, and for few points. The position of a bad one is `row` in the list and the index in the row.
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

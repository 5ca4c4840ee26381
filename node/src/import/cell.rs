//! What leaves the importer: one row of one canonical table, in the column order of the dictionary.
//!
//! Cells hold student values: no `Debug`, no `Clone`, no `Serialize`; text is wiped when dropped. Who stores them adds
//! the [`Origin`] beside them, so that every row keeps its source file, line and layout version.
//!
//! ```compile_fail
//! fn printable<T: std::fmt::Debug>() {}
//! printable::<passage_node::import::Cell>();
//! ```

use std::sync::Arc;

pub use passage_analytics::table::Cell;

use super::{period::ReportingPeriod, units::Unit};

/// One row of one canonical table.
pub struct TableRow {
    /// Name of the table in the dictionary.
    pub table: &'static str,
    /// One cell for each element of the table, in its order.
    pub cells: Vec<Cell>,
}

/// The file a row comes from. Holds no value of a student.
#[derive(Debug, Eq, PartialEq)]
pub struct SourceFile {
    /// Its name, without the folder.
    pub name: String,
    /// Id of the layout it was read with.
    pub layout: String,
    /// Version of that layout.
    pub version: String,
}

/// Where a row comes from.
#[derive(Clone, Debug)]
pub struct Origin {
    /// The file; shared by all of its rows.
    pub file: Arc<SourceFile>,
    /// Row as an editor or a spreadsheet numbers it, from 1.
    pub row: u64,
}

/// Digest of a row's natural key. Equal for equal keys of one layout, whatever the form of the file. It is derived from
/// names of students: keep it where the row is kept, and nowhere else.
pub type RowKey = [u8; 16];

/// What a store keeps of a natural key beside its row: the first eight bytes of the digest.
#[must_use]
pub fn stored_key(key: &RowKey) -> i64 {
    key.first_chunk().copied().map_or(0, i64::from_le_bytes)
}

/// Keys of the records a file names, as a store keeps them: eight bytes each. No `Debug`.
#[derive(Default)]
pub struct NamedRecords(Vec<i64>);

impl NamedRecords {
    /// Adds a key; [`settled`](Self::settled) makes it one that can be asked for.
    pub(super) fn add(&mut self, key: &RowKey) {
        self.0.push(stored_key(key));
    }

    /// Each key once, in an order that can be searched.
    #[must_use]
    pub(super) fn settled(mut self) -> Self {
        self.0.sort_unstable();
        self.0.dedup();
        self
    }

    /// Number of records.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// True if none is named.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// True if a record is named.
    #[must_use]
    pub fn contains(&self, key: &RowKey) -> bool {
        self.contains_stored(stored_key(key))
    }

    /// True if the record of a stored row is named.
    #[must_use]
    pub fn contains_stored(&self, key: i64) -> bool {
        self.0.binary_search(&key).is_ok()
    }
}

impl FromIterator<RowKey> for NamedRecords {
    fn from_iter<I: IntoIterator<Item = RowKey>>(keys: I) -> Self {
        Self(keys.into_iter().map(|key| stored_key(&key)).collect()).settled()
    }
}

/// A row and what a store must know of it.
pub struct Filed {
    /// What it is reported for: what a later file of its layout replaces.
    pub period: ReportingPeriod,
    /// School or college it is reported for, if its layout says so: whose rows a later file of it replaces.
    pub unit: Option<Unit>,
    /// Where it comes from.
    pub origin: Origin,
    /// Digest of its natural key.
    pub key: RowKey,
    /// The row.
    pub row: TableRow,
}

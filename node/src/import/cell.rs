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

use super::period::ReportingPeriod;

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

/// A row and what a store must know of it.
pub struct Filed {
    /// What it is reported for: what a later file of its layout replaces.
    pub period: ReportingPeriod,
    /// Where it comes from.
    pub origin: Origin,
    /// Digest of its natural key.
    pub key: RowKey,
    /// The row.
    pub row: TableRow,
}

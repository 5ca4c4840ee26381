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

use passage_protocol::cells::SchoolYear;
use zeroize::Zeroizing;

/// One value of a canonical table.
#[derive(Default)]
pub enum Cell {
    /// The file had nothing here, or nothing usable.
    #[default]
    Empty,
    /// Text.
    Text(Zeroizing<String>),
    /// A day of the calendar.
    Date {
        /// Calendar year.
        year: u16,
        /// 1 to 12.
        month: u8,
        /// 1 to 31.
        day: u8,
    },
    /// A whole number.
    Integer(i64),
    /// Hundredths.
    Decimal(i64),
    /// Yes or no.
    Flag(bool),
}

impl Cell {
    /// A copy of a text.
    #[must_use]
    pub fn text(value: &str) -> Self {
        Self::Text(Zeroizing::new(value.to_owned()))
    }

    /// The text; empty if it is no text.
    #[must_use]
    pub fn as_text(&self) -> &str {
        if let Self::Text(text) = self { text } else { "" }
    }

    /// True if there is no value.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        matches!(self, Self::Empty)
    }

    /// The same value again, for an element that two tables have. Spelled out, so that no cell is copied by accident.
    pub(super) fn again(&self) -> Self {
        match self {
            Self::Empty => Self::Empty,
            Self::Text(text) => Self::text(text),
            Self::Date { year, month, day } => Self::Date { year: *year, month: *month, day: *day },
            Self::Integer(number) => Self::Integer(*number),
            Self::Decimal(hundredths) => Self::Decimal(*hundredths),
            Self::Flag(answer) => Self::Flag(*answer),
        }
    }
}

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
    /// School year it belongs to; none means the file replaces the whole earlier file of its layout.
    pub year: Option<SchoolYear>,
    /// Where it comes from.
    pub origin: Origin,
    /// Digest of its natural key.
    pub key: RowKey,
    /// The row.
    pub row: TableRow,
}

//! Where rows come from: delimited text, fixed-width records, a spreadsheet, a Parquet file. One trait, so that another form of rows is a
//! file of its own.
//!
//! A source hands on one row at a time in a [`Record`] that it fills again and again; memory is bounded by the longest
//! row. It knows nothing of layouts' meaning and keeps nothing.

mod delimited;
mod fixed;
mod line;
mod parquet;
mod sheet;

use std::ops::ControlFlow;

pub use self::line::{FIELD_BYTES_MAX, LINE_BYTES_MAX, ROWS_MAX};
#[cfg(test)]
pub(super) use self::sheet::{measure_workbook, walk_workbook};
pub(super) use self::{
    delimited::{Delimited, split},
    fixed::{Fixed, Ruler},
    line::{Encoding, Lines},
    parquet::Parquet,
    sheet::{Sheet, looks_like_a_sheet},
};
use super::{error::ImportError, fault::Fault};

/// Takes rows one by one, and how many bytes of the file were read; may stop the reading.
pub(super) type EachRow<'a> = dyn FnMut(&Record, u64) -> Result<ControlFlow<()>, ImportError> + 'a;

/// Anything that yields rows of text.
pub(super) trait Rows {
    /// Gives each row that is not blank to `each`, in order, until it says stop.
    fn each(&mut self, each: &mut EachRow<'_>) -> Result<(), ImportError>;
}

/// Stands after each field in a record's text. No text of a field has it.
const END: char = '\u{1F}';

/// One row as text: its fields, trimmed, and where it stood.
#[derive(Default)]
pub(super) struct Record {
    text: String,
    ends: Vec<usize>,
    /// Row as an editor or a spreadsheet numbers it, from 1.
    pub(super) row: u64,
    /// Why it cannot be read, if it cannot.
    pub(super) fault: Option<Fault>,
    /// Converted from Windows-1252.
    pub(super) converted: bool,
}

impl Record {
    /// Starts the next row.
    pub(super) fn begin(&mut self, row: u64) {
        self.text.clear();
        self.ends.clear();
        self.row = row;
        self.fault = None;
        self.converted = false;
    }

    /// Adds a field.
    pub(super) fn push(&mut self, field: &str) {
        let field = field.trim();
        if field.len() > FIELD_BYTES_MAX {
            self.fault = Some(Fault::FieldTooLong);
        } else if field.contains(END) {
            self.text.extend(field.chars().filter(|letter| *letter != END));
        } else {
            self.text.push_str(field);
        }
        self.ends.push(self.text.len());
        self.text.push(END);
    }

    /// The field at a place from 0; empty if the row has none there.
    pub(super) fn field(&self, place: usize) -> &str {
        let start = match place.checked_sub(1) {
            Some(before) => self.ends.get(before).map_or(usize::MAX, |end| end + END.len_utf8()),
            None => 0,
        };
        self.ends.get(place).and_then(|end| self.text.get(start..*end)).unwrap_or("")
    }

    /// Every field.
    pub(super) fn fields(&self) -> impl Iterator<Item = &str> {
        (0..self.len()).map(|place| self.field(place))
    }

    /// Number of fields.
    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    /// True if no field has a letter.
    pub(super) fn is_blank(&self) -> bool {
        self.text.len() == self.ends.len()
    }

    /// Fields up to the last that is not empty.
    pub(super) fn filled(&self) -> usize {
        self.whole().chars().filter(|letter| *letter == END).count() + usize::from(!self.whole().is_empty())
    }

    /// The text of the row without empty columns at its end: equal for rows that say the same.
    pub(super) fn whole(&self) -> &str {
        self.text.trim_end_matches(END)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_come_back_as_they_were_put_in() {
        let mut record = Record::default();
        for row in 1..=2 {
            record.begin(row);
            for field in ["a", "", " b\u{1F}c ", "é", "", ""] {
                record.push(field);
            }
            assert_eq!(record.fields().collect::<Vec<_>>(), ["a", "", "bc", "é", "", ""]);
            assert_eq!(
                (record.len(), record.filled(), record.field(6), record.field(usize::MAX)),
                (6, 4, "", "")
            );
            assert_eq!(record.whole(), "a\u{1F}\u{1F}bc\u{1F}é");
        }
        record.begin(3);
        record.push("");
        assert!(record.is_blank() && record.filled() == 0 && record.fault.is_none());
        record.push(&"x".repeat(FIELD_BYTES_MAX + 1));
        assert_eq!(record.fault, Some(Fault::FieldTooLong));
    }
}

//! How one file is cut into rows and columns: what recognition found out and reading goes by.

use std::{
    fs::File,
    io::{BufRead, BufReader},
    path::Path,
};

use super::{
    error::ImportError,
    fault::Fault,
    layout::{Layout, plain_name},
    source::{Delimited, Fixed, Parquet, Record, Rows, Ruler, Sheet},
    surplus,
};

/// Bytes read from the disk at once.
const BUFFER_BYTES: usize = 1 << 16;

/// How a file is cut.
#[derive(Clone, Debug)]
pub(super) struct Shape {
    /// What the rows are made of.
    pub(super) form: FileForm,
    /// Whether the first row is a record.
    pub(super) first_row: FirstRow,
    /// Columns of a row of this file; in a fixed file, of the ruler.
    pub(super) width: usize,
    /// Place of each column of the layout in a row; none if the file does not have it.
    pub(super) places: Vec<Option<usize>>,
    /// What is told once of the file as a whole.
    pub(super) notes: Vec<(Fault, Option<usize>)>,
}

/// What the rows of a file are made of.
#[derive(Clone, Debug)]
pub(super) enum FileForm {
    /// Text with this character between columns.
    Delimited(char),
    /// Text with columns at places.
    Fixed(Ruler),
    /// A Parquet file.
    Parquet,
    /// A workbook.
    Sheet,
}

/// Whether the first row is a record.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum FirstRow {
    /// It names the columns.
    Names,
    /// It is a record.
    Record,
}

impl Shape {
    /// Opens a file of this shape.
    pub(super) fn open(&self, path: &Path, bytes: u64) -> Result<Box<dyn Rows>, ImportError> {
        let text = || Ok::<_, ImportError>(BufReader::with_capacity(BUFFER_BYTES, File::open(path)?));
        Ok(match &self.form {
            FileForm::Delimited(delimiter) => Box::new(Delimited::new(text()?, *delimiter)),
            FileForm::Fixed(ruler) => fixed(text()?, ruler),
            FileForm::Parquet => Box::new(Parquet::new(path, bytes)),
            FileForm::Sheet => Box::new(Sheet::new(path, bytes)),
        })
    }

    /// What is wrong with the shape of a row: its number of columns, or its record type.
    pub(super) fn fault(&self, layout: &Layout, record: &Record, kind: &mut Option<String>) -> Option<Fault> {
        if !layout.record_types.is_empty() {
            let seen = record.field(0);
            if !layout.record_types.iter().any(|known| known == seen) {
                return Some(Fault::RecordType);
            }
            if *kind.get_or_insert_with(|| seen.to_owned()) != seen {
                return Some(Fault::RecordType);
            }
        }
        let fits = match self.form {
            // A row with one separator more than the others may be shifted, even if it ends in blanks.
            FileForm::Delimited(_) => {
                record.len() == self.width || surplus::is_at_the_end(layout, &self.places, record, self.width)
            }
            FileForm::Parquet => record.len() == self.width,
            FileForm::Fixed(_) => true,
            // A sheet has no cells after the last that is not empty.
            FileForm::Sheet => record.len() <= self.width || record.filled() <= self.width,
        };
        (!fits).then_some(Fault::Width)
    }
}

fn fixed(source: impl BufRead + 'static, ruler: &Ruler) -> Box<dyn Rows> {
    Box::new(Fixed::new(source, ruler.clone()))
}

/// True if a cell of a header row is one of the spellings of a column's name.
pub(super) fn names(column: &super::layout::Column, cell: &str) -> bool {
    core::iter::once(&column.name).chain(&column.also).any(|name| plain_name(name).eq(plain_name(cell)))
}

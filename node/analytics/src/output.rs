//! A query's answer for the data's owner: on the screen, or as a file the owner named.
//!
//! The values of a [`Batch`](crate::engine::Batch) are read here, and row by row by
//! [`Running::each_row`]. A file is written under a temporary name
//! beside its own, readable by its owner only, synced and renamed: it is there whole or not at all, and a query that
//! is stopped leaves nothing behind.
//!
//! # Text that looks like a formula
//!
//! A workbook stores the type of every cell, so `=1+1` is written as text and stays text. A CSV file has no types, and
//! prefixing such text, as is often advised, would change data for every program that reads it back. So CSV is exact,
//! and [`Saved::formula_like`] counts the cells a spreadsheet would run: whoever shows the result warns.

use std::{path::Path, time::Duration};

use datafusion::arrow::{
    array::{ArrayRef, RecordBatch},
    util::display::{ArrayFormatter, FormatOptions},
};

use crate::engine::{Progress, Running, Waited};

mod comma;
mod error;
mod file;
mod parquet;
mod plain;
mod screen;
#[cfg(test)]
mod tests;
mod workbook;

pub use error::OutputError;
pub use plain::{TextTable, save_text};
pub use screen::{Shown, show};

/// How long whoever waits for rows goes without a word of the query: a person sees that it lives, and one who has gone is noticed.
const PATIENCE: Duration = Duration::from_millis(250);

/// The form of a result file.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Format {
    /// Comma-separated values, RFC 4180, UTF-8.
    Csv,
    /// Parquet, Snappy.
    Parquet,
    /// An Excel workbook of one sheet.
    Xlsx,
}

impl Format {
    /// The form a file's name asks for by its ending.
    ///
    /// # Errors
    ///
    /// [`OutputError::Ending`] for any but `.csv`, `.parquet` and `.xlsx`.
    pub fn of(path: &Path) -> Result<Self, OutputError> {
        let ending =
            path.extension().and_then(|ending| ending.to_str()).unwrap_or_default().to_ascii_lowercase();
        match ending.as_str() {
            "csv" => Ok(Self::Csv),
            "parquet" => Ok(Self::Parquet),
            "xlsx" => Ok(Self::Xlsx),
            _ => Err(OutputError::Ending),
        }
    }
}

/// What was saved.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Saved {
    /// Rows of the answer.
    pub rows: u64,
    /// Size of the file, bytes.
    pub bytes: u64,
    /// Text cells that begin with `=`, `+`, `-`, `@`, a tab or a carriage return in a form without types: a
    /// spreadsheet would take them for formulas.
    pub formula_like: u64,
}

/// Runs a query to its end and saves the answer at `path`, replacing a file there. `each` is told after every
/// batch, and in between when there is none for long.
///
/// # Errors
///
/// [`OutputError`]; there is then no new file, and an old one is as it was.
///
/// # Cost
///
/// Memory of one batch; for a workbook, which is compressed when it is whole, of all its cells.
pub fn save(
    mut running: Running,
    format: Format,
    path: &Path,
    each: &mut dyn FnMut(Progress),
) -> Result<Saved, OutputError> {
    let mut partial = file::Partial::beside(path)?;
    let formula_like = match format {
        Format::Csv => comma::write(&mut running, partial.file(), each)?,
        Format::Parquet => parquet::write(&mut running, partial.file(), each)?,
        Format::Xlsx => workbook::write(&mut running, partial.file(), each)?,
    };
    let bytes = partial.keep()?;
    Ok(Saved { rows: running.progress().rows, bytes, formula_like })
}

/// Gives every batch to `take`, and tells `each` how far the query is, also while there are no rows yet.
fn batches(
    running: &mut Running,
    each: &mut dyn FnMut(Progress),
    take: &mut dyn FnMut(&RecordBatch) -> Result<(), OutputError>,
) -> Result<(), OutputError> {
    loop {
        match running.wait(PATIENCE)? {
            Waited::Batch(batch) => take(&batch.0)?,
            Waited::InVain => {}
            Waited::End => return Ok(()),
        }
        each(running.progress());
    }
}

/// The way to write a column's values as text: dates and times as ISO 8601, numbers with all their digits.
fn words(array: &ArrayRef) -> Result<ArrayFormatter<'_>, OutputError> {
    const OPTIONS: FormatOptions<'static> = FormatOptions::new();
    ArrayFormatter::try_new(array.as_ref(), &OPTIONS).map_err(|_| OutputError::Unreadable)
}

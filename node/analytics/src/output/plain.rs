//! A table of text that no query made, in the forms a query's answer has: a report's rows for whoever asked for them.

use std::{path::Path, sync::Arc};

use datafusion::{
    arrow::{
        array::{ArrayRef, RecordBatch, StringArray},
        datatypes::{DataType, Field, Schema},
    },
    parquet::arrow::ArrowWriter,
};
use rust_xlsxwriter::Workbook;

use super::{Format, OutputError, Saved, file, parquet, workbook};

/// Columns, rows and what goes with them.
#[derive(Clone, Copy, Debug)]
pub struct TextTable<'a> {
    /// Names of the columns.
    pub columns: &'a [String],
    /// Every row with as many cells.
    pub rows: &'a [Vec<String>],
    /// Lines for the second sheet of a workbook; other forms have no place for them.
    pub notes: &'a str,
}

/// Saves a table at `path`, replacing a file there. A comma-separated file is written by whoever made the table.
///
/// # Errors
///
/// [`OutputError`]; there is then no new file, and an old one is as it was.
///
/// # Cost
///
/// Memory for the whole table, twice.
pub fn save_text(table: &TextTable<'_>, format: Format, path: &Path) -> Result<Saved, OutputError> {
    let mut partial = file::Partial::beside(path)?;
    match format {
        Format::Csv => return Err(OutputError::Ending),
        Format::Parquet => {
            let field = |name: &String| Field::new(name, DataType::Utf8, false);
            let schema = Arc::new(Schema::new(table.columns.iter().map(field).collect::<Vec<_>>()));
            let column = |at: usize| -> ArrayRef {
                let cells = table.rows.iter().map(|row| row.get(at).map_or("", String::as_str));
                Arc::new(StringArray::from_iter_values(cells))
            };
            let columns = (0..table.columns.len()).map(column).collect();
            let batch =
                RecordBatch::try_new(Arc::clone(&schema), columns).map_err(|_| OutputError::Unreadable)?;
            let mut writer = ArrowWriter::try_new(partial.file(), schema, Some(parquet::properties()))
                .map_err(|error| parquet::fault(&error))?;
            writer.write(&batch).map_err(|error| parquet::fault(&error))?;
            writer.close().map_err(|error| parquet::fault(&error))?;
        }
        Format::Xlsx => {
            let mut book = Workbook::new();
            let sheet = book.add_worksheet();
            for (row, cells) in
                (0_u32..).zip(std::iter::once(table.columns).chain(table.rows.iter().map(Vec::as_slice)))
            {
                for (column, cell) in (0_u16..).zip(cells) {
                    sheet.write_string(row, column, cell).map_err(|error| workbook::fault(&error))?;
                }
            }
            let notes = book.add_worksheet();
            notes.set_name("notes").map_err(|error| workbook::fault(&error))?;
            for (row, line) in (0_u32..).zip(table.notes.lines()) {
                notes.write_string(row, 0, line).map_err(|error| workbook::fault(&error))?;
            }
            book.save_to_writer(partial.file()).map_err(|error| workbook::fault(&error))?;
        }
    }
    let bytes = partial.keep()?;
    Ok(Saved { rows: table.rows.len() as u64, bytes, formula_like: 0 })
}

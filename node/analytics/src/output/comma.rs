//! Comma-separated values, RFC 4180.

use std::{fs::File, io::BufWriter};

use csv::{Terminator, Writer, WriterBuilder};
use datafusion::arrow::{
    array::{Array, ArrayRef},
    datatypes::DataType,
};

use super::{OutputError, batches, words};
use crate::engine::{Progress, Running};

/// What a spreadsheet takes for the beginning of a formula (OWASP, CSV injection).
const FORMULA: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];

/// Answers how many text cells look like formulas.
pub(super) fn write(
    running: &mut Running,
    file: &mut File,
    each: &mut dyn FnMut(Progress),
) -> Result<u64, OutputError> {
    let mut writer = WriterBuilder::new().terminator(Terminator::CRLF).from_writer(BufWriter::new(file));
    writer.write_record(running.columns()).map_err(disk)?;
    let mut formula_like = 0;
    batches(running, each, &mut |batch| {
        let columns = batch.columns().iter().map(Values::of).collect::<Result<Vec<_>, _>>()?;
        for row in 0..batch.num_rows() {
            formula_like += record(&mut writer, &columns, row)?;
        }
        Ok(())
    })?;
    writer.flush()?;
    Ok(formula_like)
}

struct Values<'a> {
    array: &'a ArrayRef,
    words: datafusion::arrow::util::display::ArrayFormatter<'a>,
    is_text: bool,
}

impl<'a> Values<'a> {
    fn of(array: &'a ArrayRef) -> Result<Self, OutputError> {
        let is_text = matches!(array.data_type(), DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View);
        Ok(Self { array, words: words(array)?, is_text })
    }
}

fn record(
    writer: &mut Writer<BufWriter<&mut File>>,
    columns: &[Values<'_>],
    row: usize,
) -> Result<u64, OutputError> {
    let mut formula_like = 0;
    for column in columns {
        // Empty cells and empty text look alike: CSV cannot tell them apart.
        let text = if column.array.is_null(row) {
            String::new()
        } else {
            column.words.value(row).try_to_string().map_err(|_| OutputError::Unreadable)?
        };
        formula_like += u64::from(column.is_text && text.starts_with(FORMULA));
        writer.write_field(&text).map_err(disk)?;
    }
    writer.write_record(None::<&[u8]>).map_err(disk)?;
    Ok(formula_like)
}

fn disk(error: csv::Error) -> OutputError {
    if let csv::ErrorKind::Io(error) = error.into_kind() { error.into() } else { OutputError::Unreadable }
}

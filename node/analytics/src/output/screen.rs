//! A table on the screen: aligned, cut at a number of rows, and it says what it cut.

use std::io::Write;

use datafusion::arrow::array::{Array, RecordBatch};

use super::{OutputError, batches, words};
use crate::engine::{Progress, Running};

/// Widest cell, letters; longer text is cut and ends in `…`.
const CELL_LETTERS: usize = 60;

/// What was shown.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Shown {
    /// Rows on the screen.
    pub rows: u64,
    /// Rows of the answer that are not.
    pub more: u64,
}

/// Runs a query to its end and writes its first `rows_max` rows to `screen`, and how many more there are.
///
/// Control characters are shown as `␣`: text of a record must not steer the terminal.
///
/// # Errors
///
/// [`OutputError`]; nothing was written then, unless the screen itself failed.
pub fn show(
    mut running: Running,
    rows_max: usize,
    screen: &mut dyn Write,
    each: &mut dyn FnMut(Progress),
) -> Result<Shown, OutputError> {
    let mut table = Table::headed(running.columns());
    batches(&mut running, each, &mut |batch| table.take(batch, rows_max))?;
    let shown = table.rows.len() as u64;
    let more = running.progress().rows.saturating_sub(shown);
    table.write(screen)?;
    if more > 0 {
        writeln!(screen, "({shown} rows shown, {more} more)")?;
    } else {
        writeln!(screen, "({shown} rows)")?;
    }
    Ok(Shown { rows: shown, more })
}

/// The rows kept for the screen, as text.
struct Table {
    columns: Vec<Shape>,
    rows: Vec<Vec<String>>,
}

/// A column on the screen.
struct Shape {
    name: String,
    letters: usize,
    align: Align,
}

enum Align {
    Left,
    /// Numbers, so that their places stand under each other.
    Right,
}

impl Table {
    fn headed<'a>(names: impl Iterator<Item = &'a str>) -> Self {
        let shape = |name: &str| {
            let name = cell(name);
            Shape { letters: name.chars().count(), name, align: Align::Left }
        };
        Self { columns: names.map(shape).collect(), rows: Vec::new() }
    }

    fn take(&mut self, batch: &RecordBatch, rows_max: usize) -> Result<(), OutputError> {
        let wanted = rows_max.saturating_sub(self.rows.len()).min(batch.num_rows());
        let first = self.rows.len();
        self.rows.resize_with(first + wanted, Vec::new);
        for (shape, array) in self.columns.iter_mut().zip(batch.columns()) {
            if array.data_type().is_numeric() {
                shape.align = Align::Right;
            }
            let words = words(array)?;
            for (at, row) in self.rows.iter_mut().skip(first).enumerate() {
                let text = if array.is_null(at) {
                    String::new()
                } else {
                    cell(&words.value(at).try_to_string().map_err(|_| OutputError::Unreadable)?)
                };
                shape.letters = shape.letters.max(text.chars().count());
                row.push(text);
            }
        }
        Ok(())
    }

    fn write(&self, screen: &mut dyn Write) -> Result<(), OutputError> {
        line(screen, &self.columns, self.columns.iter().map(|shape| shape.name.as_str()))?;
        let rules: Vec<_> = self.columns.iter().map(|shape| "─".repeat(shape.letters)).collect();
        line(screen, &self.columns, rules.iter().map(String::as_str))?;
        self.rows.iter().try_for_each(|row| line(screen, &self.columns, row.iter().map(String::as_str)))
    }
}

fn line<'a>(
    screen: &mut dyn Write,
    columns: &[Shape],
    cells: impl Iterator<Item = &'a str>,
) -> Result<(), OutputError> {
    let padded = columns.iter().zip(cells).map(|(Shape { letters, align, .. }, cell)| match align {
        Align::Left => format!("{cell:<letters$}"),
        Align::Right => format!("{cell:>letters$}"),
    });
    let line = padded.collect::<Vec<_>>().join("  ");
    Ok(writeln!(screen, "{}", line.trim_end())?)
}

/// A value on one line, without what a terminal would obey.
fn cell(text: &str) -> String {
    let shown = |letter: char| if letter.is_control() { '␣' } else { letter };
    let mut cell: String = text.chars().take(CELL_LETTERS).map(shown).collect();
    if text.chars().nth(CELL_LETTERS).is_some() {
        cell.pop();
        cell.push('…');
    }
    cell
}

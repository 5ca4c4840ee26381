//! Columns by the names of a header row: an institution's own files, and state files that move their columns every year.

use std::collections::BTreeSet;

use super::{
    Doubt, Fit, dates,
    probe::{Opinion, Score, counts},
    sample::Table,
};
use crate::import::{
    error::Nearness,
    fault::Fault,
    layout::{Column, Layout, Need},
    shape::{FileForm, FirstRow, Shape, names},
};

/// Columns of a row: those of the header, and the blanks behind them if the rows end in separators that it lacks.
fn row_width(header: &[String], rows: &[Vec<String>]) -> usize {
    let blank_tail =
        |row: &Vec<String>| row.get(header.len()..).is_some_and(|rest| rest.iter().all(String::is_empty));
    let widest = rows.iter().map(Vec::len).max().unwrap_or(0);
    let all = rows.iter().all(|row| row.len() == widest && blank_tail(row));
    if all { widest.max(header.len()) } else { header.len() }
}

/// Tries the layout on rows cut at one delimiter.
pub(super) fn fit(layout: &Layout, table: &Table, form: FileForm, word: &str) -> Result<Fit, Doubt> {
    let Some((header, rows)) = table.split_first() else {
        return Err(Doubt::new(Nearness::Other, "no row can be cut into columns"));
    };
    let mut places = Vec::new();
    let mut notes = Vec::new();
    let mut lacking: Option<String> = None;
    for (number, column) in layout.column.iter().enumerate() {
        let found: Vec<usize> = (0..header.len())
            .filter(|place| header.get(*place).is_some_and(|cell| names(column, cell)))
            .collect();
        match (found.as_slice(), column.need) {
            ([place], _) => places.push(Some(*place)),
            ([], Need::Optional) => places.push(None),
            ([], Need::Expected) => {
                notes.push((Fault::ColumnAbsent, Some(number)));
                places.push(None);
            }
            (times, _) => {
                let words =
                    format!("the header has column {} {} times, expected once", column.name, times.len());
                lacking.get_or_insert(words);
                places.push(None);
            }
        }
    }
    let reads: BTreeSet<usize> = places.iter().flatten().copied().collect();
    if let Some(words) = lacking {
        let near = if reads.len() * 2 > layout.column.len() { Nearness::Kin } else { Nearness::Other };
        return Err(Doubt::new(near, words));
    }
    let expected = |column: &&Column| column.need == Need::Expected;
    let known = layout.column.iter().zip(&places).any(|(column, place)| expected(&column) && place.is_some());
    if !known && layout.column.iter().any(|column| expected(&column)) {
        return Err(Doubt::new(Nearness::Other, "the header has none of the columns that are expected"));
    }
    let width = row_width(header, rows);
    let published = layout;
    let dated = dates::settle(layout, |column| {
        let place = places.get(column).copied().flatten();
        rows.iter().filter_map(move |row| row.get(place?)).map(String::as_str)
    });
    let layout = dated.as_ref().map_or(layout, |dated| &dated.layout);
    for (column, place) in layout.column.iter().zip(&places) {
        let Some(place) = place.filter(|_| column.is_probe()) else { continue };
        let whole = rows.iter().filter(|row| {
            let cell = |other: usize| {
                places
                    .get(other)
                    .copied()
                    .flatten()
                    .and_then(|place| row.get(place))
                    .map_or("", String::as_str)
            };
            row.len() >= width && counts(layout, column, cell)
        });
        let score = Score::of(column, whole.filter_map(|row| row.get(place)).map(String::as_str));
        if score.opinion() == Opinion::Fails {
            return Err(Doubt::new(
                Nearness::Closest,
                format!(
                    "column {} ({}) passes its check in {} of {} rows",
                    place + 1,
                    column.name,
                    score.passed,
                    score.values
                ),
            ));
        }
    }
    let list: Vec<&str> = layout
        .column
        .iter()
        .zip(&places)
        .filter(|(_, place)| place.is_some())
        .map(|(column, _)| column.name.as_str())
        .collect();
    let between = match form {
        FileForm::Parquet | FileForm::Sheet => word.to_owned(),
        FileForm::Delimited(_) | FileForm::Fixed(_) => format!("{word} between columns"),
    };
    let why = format!("the header has the columns {}; {between}", list.join(", "));
    let (layout, told) = dates::settled(published, dated)?;
    notes.extend(told);
    Ok(Fit { why, layout, shape: Shape { form, first_row: FirstRow::Names, width, places, notes }, reads })
}

//! Which layout a file has, from its content and never from its name (D1).
//!
//! Without a header: record type, column count, then probes, since years of the same layout differ by a column. With a
//! header: the column names. It promises one layout or a refusal that says why each did not fit.

use std::{
    collections::HashSet,
    fs::File,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
};

use super::{
    error::ImportError,
    layout::{Check, Header, Layout},
    line::{Lines, split},
    value::{Verdict, check},
};

/// Rows looked at.
const SAMPLE_ROWS: usize = 200;
/// Of 10 values of a probed column, how many must pass: a column shifted by one passes almost none.
const PROBE_TENTHS: usize = 6;
/// Latest year a probe admits; the exact bound is applied when the file is read.
const PROBE_YEAR: u16 = 2199;

/// A file and the layout it has.
pub struct Recognised {
    /// Where it is.
    pub path: PathBuf,
    /// Its layout.
    pub layout: Layout,
    /// Why it was taken to be that, for the clerk.
    pub why: String,
    /// Size, bytes.
    pub bytes: u64,
}

/// Finds the layout of a file among the shipped ones and `own`. An own layout replaces a shipped one of the same id.
///
/// # Errors
///
/// [`ImportError::Unrecognised`] with the reason for each layout; [`ImportError::Ambiguous`]; what is wrong with the
/// file as a whole.
///
/// # Cost
///
/// Reads the first 200 lines.
pub fn recognise(path: &Path, own: &[Layout]) -> Result<Recognised, ImportError> {
    let mut layouts = Layout::built_in()?;
    layouts.retain(|layout| own.iter().all(|other| other.id != layout.id));
    layouts.extend_from_slice(own);
    open(path, layouts)
}

/// As [`recognise`], when the clerk has said which layout it is (`--layout`): the file must still fit it.
///
/// # Errors
///
/// As [`recognise`].
pub fn recognise_as(path: &Path, layout: &Layout) -> Result<Recognised, ImportError> {
    open(path, vec![layout.clone()])
}

fn open(path: &Path, layouts: Vec<Layout>) -> Result<Recognised, ImportError> {
    let file = File::open(path)?;
    let bytes = file.metadata()?.len();
    let (layout, why) = choose(BufReader::new(file), layouts)?;
    Ok(Recognised { path: path.to_owned(), layout, why, bytes })
}

/// The choice itself, over any source of bytes.
pub(super) fn choose(source: impl BufRead, layouts: Vec<Layout>) -> Result<(Layout, String), ImportError> {
    let mut sample = Vec::new();
    let mut lines = Lines::new(source);
    let mut text = String::new();
    while sample.len() < SAMPLE_ROWS && lines.next(&mut text)?.is_some() {
        if !text.trim().is_empty() {
            sample.push(text.clone());
        }
    }
    if sample.is_empty() {
        return Err(ImportError::Empty);
    }
    let mut fitting: Vec<(Layout, String)> = Vec::new();
    let mut tried = Vec::new();
    for layout in layouts {
        let verdict = match layout.header {
            Header::Absent => fits_by_position(&layout, &sample),
            Header::Present => fits_by_name(&layout, &sample),
        };
        match verdict {
            Ok(why) => fitting.push((layout, why)),
            Err(why) => tried.push((layout.id, why)),
        }
    }
    let Some(chosen) = fitting.pop() else { return Err(ImportError::Unrecognised { tried }) };
    if !fitting.is_empty() {
        fitting.push(chosen);
        return Err(ambiguous(&fitting));
    }
    if chosen.0.header == Header::Present && sample.len() == 1 {
        return Err(ImportError::HeaderOnly);
    }
    Ok(chosen)
}

fn fits_by_position(layout: &Layout, sample: &[String]) -> Result<String, String> {
    let mut rows = Vec::new();
    for line in sample {
        let mut fields = Vec::new();
        split(line, layout.delimiter.character(), &mut fields).map_err(|fault| fault.what().to_owned())?;
        rows.push(fields);
    }
    let kinds: HashSet<&str> = rows.iter().filter_map(|row| row.first()).map(String::as_str).collect();
    if !kinds.iter().any(|kind| layout.record_types.iter().any(|known| known == kind)) {
        return Err(format!("column 1 is not {}", layout.record_types.join(" or ")));
    }
    let Some(columns) = rows.first().and_then(|row| width(layout, row)) else {
        let seen = rows.first().map_or(0, Vec::len);
        let expected: Vec<String> = layout.widths.iter().map(ToString::to_string).collect();
        return Err(format!("it has {seen} columns, expected {}", expected.join(" or ")));
    };
    for column in &layout.column {
        if matches!(column.check, Check::Text | Check::Gender) {
            continue;
        }
        let index = column.number.unwrap_or(0).wrapping_sub(1);
        // A row of another width has its values in other columns; reading the file names it (rule D2).
        let whole = rows.iter().filter(|row| width(layout, row).is_some());
        let values = whole.filter_map(|row| row.get(index)).filter(|value| !value.is_empty());
        let verdicts: Vec<bool> = values.map(|value| passes(column, value)).collect();
        let passed = verdicts.iter().filter(|passed| **passed).count();
        if passed * 10 < verdicts.len() * PROBE_TENTHS {
            let number = index + 1;
            return Err(format!(
                "column {number} ({}) passes its check in {passed} of {} rows",
                column.name,
                verdicts.len()
            ));
        }
    }
    Ok(format!(
        "record type {}, {columns} columns, dates and codes where the layout has them",
        layout.record_types.join(" or ")
    ))
}

/// A damaged value still shows which column it is: a fault of the file counts as the right column.
fn passes(column: &super::layout::Column, value: &str) -> bool {
    match check(column, value, PROBE_YEAR) {
        Verdict::Good(_) | Verdict::Repaired(..) => true,
        Verdict::Bad(fault) => fault.damages_the_file(),
    }
}

/// The width of the layout a row has; empty columns past the widest are separators at the end of the line.
pub(super) fn width(layout: &Layout, row: &[String]) -> Option<usize> {
    let exact = layout.widths.iter().copied().find(|width| *width == row.len());
    let widest = layout.widths.iter().copied().max()?;
    exact
        .or_else(|| row.get(widest..).is_some_and(|rest| rest.iter().all(String::is_empty)).then_some(widest))
}

fn fits_by_name(layout: &Layout, sample: &[String]) -> Result<String, String> {
    let mut names = Vec::new();
    let header = sample.first().map_or("", String::as_str);
    split(header, layout.delimiter.character(), &mut names).map_err(|fault| fault.what().to_owned())?;
    for column in &layout.column {
        let times = names.iter().filter(|name| name.eq_ignore_ascii_case(&column.name)).count();
        if times != 1 {
            return Err(format!("the header has column {} {times} times, expected once", column.name));
        }
    }
    let list: Vec<&str> = layout.column.iter().map(|column| column.name.as_str()).collect();
    Ok(format!("the header has the columns {}", list.join(", ")))
}

fn ambiguous(fitting: &[(Layout, String)]) -> ImportError {
    let candidates: Vec<String> = fitting.iter().map(|(layout, _)| layout.id.clone()).collect();
    let names =
        |layout: &Layout| layout.column.iter().map(|column| column.name.clone()).collect::<HashSet<_>>();
    let mut telling = Vec::new();
    for (layout, _) in fitting {
        let others =
            fitting.iter().filter(|(other, _)| other.id != layout.id || !core::ptr::eq(other, layout));
        let elsewhere: HashSet<String> = others.flat_map(|(other, _)| names(other)).collect();
        let mut only: Vec<String> = names(layout).difference(&elsewhere).cloned().collect();
        only.sort();
        telling.push(match only.as_slice() {
            [] => format!("{} has no column of its own", layout.id),
            columns => format!("only {} reads {}", layout.id, columns.join(", ")),
        });
    }
    ImportError::Ambiguous { candidates, telling: telling.join("; ") }
}

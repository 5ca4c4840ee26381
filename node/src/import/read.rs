//! A recognised file, row by row: every row checked, every usable one handed on as rows of canonical tables (D2-D4).
//!
//! All or nothing: after the first error no further row is handed on, the rest of the file is still checked so that the
//! clerk sees every problem at once, and the result is [`ImportError::Rows`].

use std::{collections::HashSet, ops::ControlFlow, sync::Arc};

use super::{
    cell::{Filed, RowKey, SourceFile},
    error::ImportError,
    plan::Plan,
    problem::{Finding, FindingSink, Severity},
    reading::Reading,
    recognise::Recognised,
    report::ImportReport,
    transactions::Transacted,
};

/// Rows between two reports of progress: well under a second of work.
pub(super) const PROGRESS_ROWS: u64 = 10_000;

/// How far reading has come.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Progress {
    /// Bytes read.
    pub bytes_done: u64,
    /// Size of the file, bytes.
    pub bytes_total: u64,
}

/// Where what is read goes.
pub struct Outlets<'a> {
    /// Takes each table row; it may stop the reading.
    pub rows: &'a mut dyn FnMut(Filed) -> ControlFlow<()>,
    /// Is told how far the reading has come.
    pub progress: &'a mut dyn FnMut(Progress),
    /// Takes every finding as it is made, also those the report only counts.
    pub findings: &'a mut FindingSink<'a>,
}

/// What a file turned out to hold.
pub struct Imported {
    /// For the clerk.
    pub report: ImportReport,
    /// Keys of the records that a file of changes names, added ones among them: a store takes these out of the year before
    /// it adds the rows of the file, so that the same changes twice change nothing. Empty for any other file. Derived from
    /// names of students; not for any log.
    pub taken_out: HashSet<RowKey>,
}

/// Reads a file and hands its rows on. `today_year` bounds dates.
///
/// # Errors
///
/// [`ImportError::Rows`] carries the report if any row has an error; what is wrong with the file as a whole. Rows may
/// have been handed on before an error: the receiver keeps them only after `Ok`.
///
/// # Cost
///
/// One pass, and another of the transaction column alone if the layout has one; 32 bytes of memory a row to know repeated
/// rows and records, and as many for each student (D4).
pub fn read(
    recognised: &Recognised,
    today_year: u16,
    outlets: &mut Outlets<'_>,
) -> Result<Imported, ImportError> {
    let layout = &recognised.layout;
    let plan = Plan::new(layout)?;
    let shape = &recognised.shape;
    let rows = || shape.open(&recognised.path, recognised.bytes);
    let transacted = Transacted::scan(&plan, shape, today_year, &rows)?;
    let origin = Arc::new(SourceFile {
        name: recognised.path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default(),
        layout: layout.id.clone(),
        version: layout.version.clone(),
    });
    let mut reading = Reading::new(&plan, shape, today_year, transacted, origin);
    for (fault, column) in &shape.notes {
        let column = column.and_then(|place| Some((place, layout.column.get(place)?)));
        let column = column.map(|(place, column)| (reading.number_of(place), column.name.as_str()));
        let finding = Finding { row: 1, column, fault: *fault, severity: Severity::Warning };
        reading.note(finding, outlets)?;
    }
    rows()?.each(&mut |record, bytes_done| {
        reading.row(record, outlets)?;
        if reading.rows.is_multiple_of(PROGRESS_ROWS) {
            (outlets.progress)(Progress { bytes_done, bytes_total: recognised.bytes });
        }
        Ok(ControlFlow::Continue(()))
    })?;
    (outlets.progress)(Progress { bytes_done: recognised.bytes, bytes_total: recognised.bytes });
    reading.finish(&recognised.why)
}

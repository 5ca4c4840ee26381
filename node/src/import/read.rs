//! A recognised file, row by row: every row checked, every usable one handed on as rows of canonical tables (D2-D4).
//!
//! All or nothing: after the first error no further row is handed on, the rest of the file is still checked so that the
//! clerk sees every problem at once, and the result is [`ImportError::Rows`]. Every pass over the file tells how far it is
//! and ends when it is told to.

use std::{ops::ControlFlow, path::Path, sync::Arc};

use passage_shell::shelf::Room;

use super::{
    cell::{Filed, NamedRecords, SourceFile},
    error::ImportError,
    known::Known,
    look::look_through,
    marks::Marks,
    plan::Plan,
    problem::{Finding, FindingSink, Severity},
    reading::Reading,
    recognise::Recognised,
    repeats::Repeats,
    report::ImportReport,
    shape::Shape,
    source::Rows,
    transactions::Transacted,
    units::Spoken,
};

/// Rows between two reports of progress: well under a second of work.
pub(super) const PROGRESS_ROWS: u64 = 10_000;
/// Bytes of digests held at once. Their tables take up to three times as much while they grow.
const HELD_BYTES_MAX: usize = 64 << 20;

/// How far reading has come.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Progress {
    /// What this pass over the file is for.
    pub pass: Pass,
    /// Rows this pass has seen.
    pub rows: u64,
    /// Bytes read.
    pub bytes_done: u64,
    /// Size of the file, bytes.
    pub bytes_total: u64,
}

/// What a pass over a file is for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Pass {
    /// Finding the rows that delete or replace records.
    Changes,
    /// Finding repeats in a file with more rows than can be held.
    Repeats,
    /// Reading.
    Rows,
}

/// Is told how far the reading has come, and may stop it.
pub type ProgressOutlet<'a> = dyn FnMut(Progress) -> ControlFlow<()> + 'a;

/// Where what is read goes.
pub struct Outlets<'a> {
    /// Takes each table row; it may stop the reading.
    pub rows: &'a mut dyn FnMut(Filed) -> ControlFlow<()>,
    /// Is told how far the reading has come, in every pass, whether or not rows are handed on; it may stop the reading.
    pub progress: &'a mut ProgressOutlet<'a>,
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
    pub taken_out: NamedRecords,
    /// What any other file speaks for, and takes the place of.
    pub spoken: Spoken,
}

/// One file, and what it is read by; every pass over it begins here.
pub(super) struct Subject<'a> {
    pub(super) path: &'a Path,
    pub(super) bytes: u64,
    pub(super) plan: &'a Plan<'a>,
    pub(super) shape: &'a Shape,
    pub(super) today_year: u16,
    pub(super) origin: Arc<SourceFile>,
    /// Where digests may go that are not held.
    pub(super) room: &'a Room,
    pub(super) held_bytes_max: usize,
}

impl Subject<'_> {
    pub(super) fn open(&self) -> Result<Box<dyn Rows>, ImportError> {
        self.shape.open(self.path, self.bytes)
    }

    /// Place of the transaction column in a row of this file.
    pub(super) fn transaction(&self) -> Option<usize> {
        self.plan.transaction.and_then(|column| self.shape.places.get(column).copied().flatten())
    }
}

/// One pass, as whoever waits sees it.
pub(super) struct Pace {
    pass: Pass,
    rows: u64,
    bytes_total: u64,
}

impl Pace {
    pub(super) fn new(pass: Pass, bytes_total: u64) -> Self {
        Self { pass, rows: 0, bytes_total }
    }

    /// Counts a row and now and then tells how far the pass is; an error if whoever asked has gone.
    pub(super) fn step(
        &mut self,
        bytes_done: u64,
        progress: &mut ProgressOutlet<'_>,
    ) -> Result<(), ImportError> {
        self.rows += 1;
        if self.rows.is_multiple_of(PROGRESS_ROWS) { self.tell(bytes_done, progress) } else { Ok(()) }
    }

    fn tell(&self, bytes_done: u64, progress: &mut ProgressOutlet<'_>) -> Result<(), ImportError> {
        let Self { pass, rows, bytes_total } = *self;
        match progress(Progress { pass, rows, bytes_done, bytes_total }) {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(()) => Err(ImportError::Stopped),
        }
    }
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
/// One pass, and another of the transaction column alone if the layout has one. Memory has a bound whatever the length of the
/// file: 224 MiB of digests, by which repeated rows and records are known (D4), a byte for each row of a longer file and eight
/// for each row of a file of changes, both up to three times that while they grow; [`ROWS_MAX`](super::ROWS_MAX) bounds
/// these. A file of which more digests would have to be held, from about 600,000 students or 1.7 million courses on, is
/// looked through once before, and its digests are set down in `room`.
pub fn read(
    recognised: &Recognised,
    today_year: u16,
    outlets: &mut Outlets<'_>,
    room: &Room,
) -> Result<Imported, ImportError> {
    read_holding(recognised, today_year, outlets, room, HELD_BYTES_MAX)
}

/// As [`read`], holding at most so many bytes of digests.
pub(super) fn read_holding(
    recognised: &Recognised,
    today_year: u16,
    outlets: &mut Outlets<'_>,
    room: &Room,
    held_bytes_max: usize,
) -> Result<Imported, ImportError> {
    let layout = &recognised.layout;
    let plan = Plan::new(layout)?;
    let subject = Subject {
        path: &recognised.path,
        bytes: recognised.bytes,
        plan: &plan,
        shape: &recognised.shape,
        today_year,
        origin: Arc::new(SourceFile {
            name: recognised
                .path
                .file_name()
                .map(|name| name.to_string_lossy().into_owned())
                .unwrap_or_default(),
            layout: layout.id.clone(),
            version: layout.version.clone(),
        }),
        room,
        held_bytes_max,
    };
    let transacted = Transacted::scan(&subject, outlets.progress)?;
    let held = Box::new(Repeats::new(&plan, held_bytes_max));
    let mut reading = Reading::new(&subject, Known::Held(held), &transacted);
    for (fault, column) in &subject.shape.notes {
        let column = column.and_then(|place| Some((place, layout.column.get(place)?)));
        let column = column.map(|(place, column)| (reading.number_of(place), column.name.as_str()));
        let finding = Finding { row: 1, column, fault: *fault, severity: Severity::Warning };
        reading.note(finding, outlets)?;
    }
    let mut pace = Pace::new(Pass::Rows, recognised.bytes);
    subject.open()?.each(&mut |record, bytes_done| {
        if let Some(held) = reading.holds_too_much() {
            reading.go_by(Known::Marked(Marks::default())); // lets go of the digests before others are held
            // So many bytes for the part of the file that was read, as much again for every such part.
            let parts = subject.bytes.div_ceil(bytes_done.max(1)).saturating_add(1);
            let bytes = parts.saturating_mul(held as u64);
            reading.go_by(Known::Marked(look_through(&subject, &transacted, bytes, outlets.progress)?));
        }
        reading.row(record, outlets)?;
        pace.step(bytes_done, outlets.progress)?;
        Ok(ControlFlow::Continue(()))
    })?;
    pace.tell(recognised.bytes, outlets.progress)?;
    reading.finish(&recognised.why)
}

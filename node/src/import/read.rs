//! A recognised file, row by row: every row checked, every usable record handed on (D2-D4).
//!
//! All or nothing: after the first error no further record is handed on, the rest of the file is still checked so that
//! the clerk sees every problem at once, and the result is [`ImportError::Rows`].

use std::{
    collections::{BTreeSet, HashSet},
    fs::File,
    io::{BufRead, BufReader},
    ops::ControlFlow,
};

use passage_protocol::cells::SchoolYear;

use super::{
    error::ImportError,
    fault::Fault,
    layout::{Check, Column, Emits, Field, Header, Layout, Need},
    line::{Encoding, Lines, split},
    problem::{Findings, ImportReport, Severity},
    recognise::{Recognised, width},
    row::Row,
    value::{Verdict, check},
};
use crate::roster::Filed;

/// Rows between two reports of progress: well under a second of work.
const PROGRESS_ROWS: u64 = 10_000;

/// How far reading has come.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Progress {
    /// Bytes read.
    pub bytes_done: u64,
    /// Size of the file, bytes.
    pub bytes_total: u64,
}

/// Reads a file and hands each record to `sink`; `sink` may stop it. `today_year` bounds dates of birth.
///
/// # Errors
///
/// [`ImportError::Rows`] carries the report if any row has an error; what is wrong with the file as a whole. Records
/// may have been handed on before an error: the receiver keeps them only after `Ok`.
///
/// # Cost
///
/// One pass; 16 bytes of memory a row to know repeated rows (D4).
pub fn read(
    recognised: &Recognised,
    today_year: u16,
    sink: &mut dyn FnMut(Filed) -> ControlFlow<()>,
    progress: &mut dyn FnMut(Progress),
) -> Result<ImportReport, ImportError> {
    let source = BufReader::with_capacity(1 << 16, File::open(&recognised.path)?);
    let mut reading = Reading::new(&recognised.layout, today_year);
    reading.run(source, recognised.bytes, sink, progress)?;
    reading.report(&recognised.why)
}

/// The state of one reading.
pub(super) struct Reading<'a> {
    layout: &'a Layout,
    today_year: u16,
    places: Vec<Option<usize>>,
    header_width: usize,
    record_type: Option<String>,
    seen_rows: HashSet<[u8; 16]>,
    seen_students: HashSet<[u8; 16]>,
    years: BTreeSet<SchoolYear>,
    findings: Findings,
    rows: u64,
    kept: u64,
    duplicates: u64,
    deleted: u64,
    rows_with_errors: u64,
}

impl<'a> Reading<'a> {
    pub(super) fn new(layout: &'a Layout, today_year: u16) -> Self {
        Self {
            layout,
            today_year,
            places: layout.column.iter().map(|column| column.number?.checked_sub(1)).collect(),
            header_width: 0,
            record_type: None,
            seen_rows: HashSet::new(),
            seen_students: HashSet::new(),
            years: BTreeSet::new(),
            findings: Findings::default(),
            rows: 0,
            kept: 0,
            duplicates: 0,
            deleted: 0,
            rows_with_errors: 0,
        }
    }

    pub(super) fn run(
        &mut self,
        source: impl BufRead,
        bytes_total: u64,
        sink: &mut dyn FnMut(Filed) -> ControlFlow<()>,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<(), ImportError> {
        let mut lines = Lines::new(source);
        let (mut text, mut fields, mut row) = (String::new(), Vec::new(), Row::default());
        let mut header_due = self.layout.header == Header::Present;
        while let Some(encoding) = lines.next(&mut text)? {
            let number = lines.row();
            if text.trim().is_empty() {
                continue;
            }
            if encoding == Encoding::Windows1252 {
                self.findings.note(number, None, Fault::Windows1252, Severity::Warning);
            }
            let broken = split(&text, self.layout.delimiter.character(), &mut fields).err();
            if core::mem::take(&mut header_due) {
                self.place_columns(&fields);
                continue;
            }
            self.rows += 1;
            let before = self.rows_with_errors;
            match broken.or_else(|| self.shape_fault(&fields)) {
                Some(fault) => self.note_error(number, None, fault),
                None => self.check_row(number, &fields, &mut row),
            }
            if self.rows_with_errors == before && !self.is_repeated(number, &text, &row) {
                self.hand_on(&row, sink)?;
            }
            if self.rows.is_multiple_of(PROGRESS_ROWS) {
                progress(Progress { bytes_done: lines.bytes(), bytes_total });
            }
        }
        progress(Progress { bytes_done: lines.bytes(), bytes_total });
        Ok(())
    }

    /// The result: a report, or the refusal that carries it.
    pub(super) fn report(self, why: &str) -> Result<ImportReport, ImportError> {
        if self.rows == 0 {
            return Err(if self.layout.header == Header::Present {
                ImportError::HeaderOnly
            } else {
                ImportError::Empty
            });
        }
        let refused = self.rows_with_errors > 0;
        let report = ImportReport {
            layout: self.layout.id.clone(),
            title: self.layout.title.clone(),
            version: self.layout.version.clone(),
            why: why.to_owned(),
            rows: self.rows,
            kept: if refused { 0 } else { self.kept },
            duplicates: self.duplicates,
            deleted: self.deleted,
            rows_with_errors: self.rows_with_errors,
            school_years: self.years.iter().map(ToString::to_string).collect(),
            counts: self.findings.counts(),
            problems: self.findings.problems,
        };
        if refused { Err(ImportError::Rows { report: Box::new(report) }) } else { Ok(report) }
    }

    fn place_columns(&mut self, names: &[String]) {
        let place = |column: &Column| names.iter().position(|name| name.eq_ignore_ascii_case(&column.name));
        self.places = self.layout.column.iter().map(place).collect();
        self.header_width = names.len();
    }

    /// Column count and record type of one row.
    fn shape_fault(&mut self, fields: &[String]) -> Option<Fault> {
        if self.layout.header == Header::Present {
            let rest = fields.get(self.header_width..);
            return (!rest.is_some_and(|rest| rest.iter().all(String::is_empty))).then_some(Fault::Width);
        }
        let kind = fields.first().map_or("", String::as_str);
        if !self.layout.record_types.iter().any(|known| known == kind) {
            return Some(Fault::RecordType);
        }
        if *self.record_type.get_or_insert_with(|| kind.to_owned()) != kind {
            return Some(Fault::RecordType);
        }
        width(self.layout, fields).is_none().then_some(Fault::Width)
    }

    fn note_error(&mut self, number: u64, column: Option<(usize, &str)>, fault: Fault) {
        self.rows_with_errors += 1;
        self.findings.note(number, column, fault, Severity::Error);
    }

    fn check_row(&mut self, number: u64, fields: &[String], row: &mut Row) {
        row.clear();
        let layout = self.layout;
        let mut errors = 0;
        for (column, place) in layout.column.iter().zip(&self.places) {
            let text = place.and_then(|place| fields.get(place)).map_or("", String::as_str);
            let at = Some((place.map_or(0, |place| place + 1), column.name.as_str()));
            let verdict = if text.is_empty() {
                Verdict::Bad(Fault::Blank)
            } else {
                check(column, text, self.today_year)
            };
            let fault = match verdict {
                Verdict::Bad(fault) => fault,
                Verdict::Good(value) => {
                    row.set(column.field, value);
                    continue;
                }
                Verdict::Repaired(value, fault) => {
                    row.set(column.field, value);
                    self.findings.note(number, at, fault, Severity::Warning);
                    continue;
                }
            };
            if fault == Fault::Blank && column.need == Need::Optional {
                continue;
            }
            let error =
                column.need == Need::Required || fault.damages_the_file() && column.check != Check::Text;
            errors += u64::from(error);
            let severity = if error { Severity::Error } else { Severity::Warning };
            self.findings.note(number, at, fault, severity);
        }
        self.rows_with_errors += errors.min(1);
    }

    /// True if an equal row came before; a student number used again in a list of students is noted, not refused.
    fn is_repeated(&mut self, number: u64, text: &str, row: &Row) -> bool {
        let trimmed = text.trim_end_matches(self.layout.delimiter.character());
        if !self.seen_rows.insert(short_digest(trimmed)) {
            self.duplicates += 1;
            self.findings.note(number, None, Fault::RepeatedRow, Severity::Warning);
            return true;
        }
        let list_of_students = self.layout.year_from.is_none() && self.layout.emits.contains(&Emits::Person);
        if list_of_students && !self.seen_students.insert(short_digest(row.text(Field::LocalId))) {
            self.findings.note(number, None, Fault::RepeatedStudent, Severity::Warning);
        }
        false
    }

    fn hand_on(
        &mut self,
        row: &Row,
        sink: &mut dyn FnMut(Filed) -> ControlFlow<()>,
    ) -> Result<(), ImportError> {
        let year = self.layout.year_from.and_then(|field| row.year(field));
        self.years.extend(year);
        if row.text(Field::Transaction) == "D" {
            self.deleted += 1;
            return Ok(());
        }
        self.kept += 1;
        if self.rows_with_errors > 0 {
            return Ok(());
        }
        for record in row.records(self.layout) {
            if sink(Filed { year, record }).is_break() {
                return Err(ImportError::Stopped);
            }
        }
        Ok(())
    }
}

fn short_digest(text: &str) -> [u8; 16] {
    let mut short = [0; 16];
    short.copy_from_slice(blake3::hash(text.as_bytes()).as_bytes().split_at(16).0);
    short
}

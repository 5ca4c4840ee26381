//! What became of each file of an import, and the refusals that concern a file as a whole or several files (D1, D4).

use passage_protocol::refusal::Refusal;
use passage_shell::failure::Failure;

use super::Period;
use crate::{
    home::refuse,
    import::{ImportError, ImportReport, Layout, ReportingPeriod},
    tables::StoredTable,
};

/// What became of one file of an import.
#[derive(Clone, Debug)]
pub struct FileOutcome {
    /// Its name, without the folder.
    pub file: String,
    /// What was found in it; none if it was refused as a whole.
    pub report: Option<ImportReport>,
    /// Why it was refused, if it was.
    pub refusal: Option<Failure>,
    /// Layouts that should be imported before this file and are not here; until they are told apart, all of them.
    pub missing: Vec<String>,
}

impl FileOutcome {
    /// A file that was refused.
    pub(super) fn refused(file: String, error: ImportError) -> Self {
        let refusal = Some(named(&file, &error));
        let report = if let ImportError::Rows { report } = error { Some(*report) } else { None };
        Self { file, report, refusal, missing: Vec::new() }
    }

    /// A file that is not this member's to keep.
    pub(super) fn foreign(file: String, refusal: Failure) -> Self {
        Self { file, report: None, refusal: Some(refusal), missing: Vec::new() }
    }

    /// A file that was read.
    pub(super) fn read(file: String, report: ImportReport, layout: &Layout) -> Self {
        Self { file, report: Some(report), refusal: None, missing: layout.after.clone() }
    }

    /// Refuses a file of changes to a period that is not here: by itself it would pass for the whole of it (D4).
    pub(super) fn changes(mut self, existing: &[StoredTable]) -> Self {
        let Some(report) = self.report.as_ref().filter(|report| report.transactions.is_update()) else {
            return self;
        };
        let stored = |period: &&ReportingPeriod| {
            existing.iter().any(|entry| entry.place.layout == report.layout && entry.place.period == **period)
        };
        let missing = report.periods.iter().filter(|period| !stored(period)).map(ToString::to_string);
        let missing: Vec<String> = missing.collect();
        if self.refusal.is_none() && !missing.is_empty() {
            let changes = report.transactions.deleted + report.transactions.replaced;
            let what = format!(
                "{}: {changes} of {} rows delete or replace records of {}, of which nothing is stored here",
                self.file,
                report.rows,
                missing.join(", ")
            );
            let advice = "Import the whole school year or term first, then the file of changes.";
            self.refusal = Some(refuse(0x2233, &what, advice, Some("D4")));
        }
        self
    }

    /// Refuses a file that covers another school year than the one named (D4): an upload replaces the periods it covers.
    /// A file without school years, such as a list of students, is not touched by this.
    pub(super) fn within(mut self, period: Option<Period>) -> Self {
        let (Some(period), Some(report)) = (period.map(String::from), &self.report) else { return self };
        let others: Vec<&str> =
            report.school_years.iter().map(String::as_str).filter(|year| *year != period).collect();
        if self.refusal.is_none() && !others.is_empty() {
            let what = format!(
                "{}: the file covers the school years {}, expected {period} alone",
                self.file,
                report.school_years.join(", ")
            );
            let advice = "Export that school year alone, or leave out --period: every year or term the file covers is replaced.";
            self.refusal = Some(refuse(0x2231, &what, advice, Some("D4")));
        }
        self
    }

    /// Refuses a file that would replace what an `earlier` file of the same import brought (D4).
    pub(super) fn unlike(mut self, earlier: &[Self]) -> Self {
        let places: Vec<(&str, ReportingPeriod)> = self.places().collect();
        let shared =
            |other: &Self| other.places().find(|place| places.contains(place)).map(|(_, period)| period);
        let first = earlier.iter().find_map(|other| Some((other, shared(other)?)));
        if let Some((first, period)) = first.filter(|_| self.refusal.is_none()) {
            let what = format!(
                "{}: {} has the same layout and {period} too, and this file would replace it",
                self.file, first.file
            );
            let advice = "Join the two exports into one file, or import only the one that is right.";
            self.refusal = Some(refuse(0x2232, &what, advice, Some("D4")));
        }
        self
    }

    /// What a file takes the place of: its layout and each period.
    fn places(&self) -> impl Iterator<Item = (&str, ReportingPeriod)> {
        self.report
            .iter()
            .flat_map(|report| report.periods.iter().map(|period| (report.layout.as_str(), *period)))
    }
}

/// Leaves of each file's layouts to import before only those that neither are here nor come with this import.
pub(super) fn find_missing(outcomes: &mut [FileOutcome], existing: &[StoredTable]) {
    let come: Vec<String> =
        outcomes.iter().filter_map(|outcome| Some(outcome.report.as_ref()?.layout.clone())).collect();
    for outcome in outcomes {
        outcome
            .missing
            .retain(|id| !come.contains(id) && existing.iter().all(|entry| entry.place.layout != *id));
    }
}

/// A refusal that says which of several files it is about.
pub(super) fn named(file: &str, error: &ImportError) -> Failure {
    let advice = match error {
        ImportError::Rows { .. } => {
            "Correct these rows at the source, export and import again; --problems FILE writes them all to a file."
        }
        ImportError::Ambiguous { .. }
        | ImportError::Empty
        | ImportError::HeaderOnly
        | ImportError::Layout { .. }
        | ImportError::LayoutRefused { .. }
        | ImportError::LineTooLong { .. }
        | ImportError::NulByte { .. }
        | ImportError::ProblemList { .. }
        | ImportError::Read { .. }
        | ImportError::Parquet { .. }
        | ImportError::Spreadsheet { .. }
        | ImportError::Stopped
        | ImportError::TooManyRows { .. }
        | ImportError::Unrecognised { .. }
        | ImportError::Utf16 => error.advice(),
    };
    Failure::new(error.code(), format!("{file}: {error}"), advice, error.rule())
}

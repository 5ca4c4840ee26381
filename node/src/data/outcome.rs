//! What became of each file of an import, and the refusals that concern a file as a whole or several files (D1, D4).

use passage_protocol::refusal::Refusal;
use passage_shell::failure::Failure;

use super::{Extent, Period};
use crate::{
    home::refuse,
    import::{ImportError, ImportReport, Layout, ReportingPeriod, Spoken, Units},
    tables::{Replaced, StoredTable},
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
    /// What becomes, or would become, of the stored rows of its periods.
    pub replaced: Vec<Replaced>,
    /// Families of layouts that should be imported before this file and are not here; until they are told apart, all of them.
    pub missing: Vec<String>,
    /// What it speaks for.
    pub(super) spoken: Spoken,
    /// True if whoever asked has gone.
    pub(super) stopped: bool,
}

impl FileOutcome {
    /// A file that was refused.
    pub(super) fn refused(file: String, error: ImportError) -> Self {
        let refusal = Some(named(&file, &error));
        let stopped = matches!(error, ImportError::Stopped);
        let report = if let ImportError::Rows { report } = error { Some(*report) } else { None };
        Self { report, stopped, ..Self::unread(file, refusal) }
    }

    /// A file that is not this member's to keep.
    pub(super) fn foreign(file: String, refusal: Failure) -> Self {
        Self::unread(file, Some(refusal))
    }

    /// True if it was read with a layout of this family.
    pub(super) fn is_of_family(&self, family: &str) -> bool {
        self.report.as_ref().is_some_and(|report| report.family == family)
    }

    fn unread(file: String, refusal: Option<Failure>) -> Self {
        let (replaced, missing, spoken) = (Vec::new(), Vec::new(), Spoken::default());
        Self { file, report: None, refusal, replaced, missing, spoken, stopped: false }
    }

    /// A file that was read.
    pub(super) fn read(file: String, report: ImportReport, layout: &Layout, spoken: Spoken) -> Self {
        let missing = layout.after.clone();
        Self { report: Some(report), missing, spoken, ..Self::unread(file, None) }
    }

    /// Refuses a file of changes to a period that is not here: by itself it would pass for the whole of it (D4).
    pub(super) fn changes(mut self, extent: Extent, existing: &[StoredTable]) -> Self {
        let update = |report: &&ImportReport| is_update(report, extent);
        let Some(report) = self.report.as_ref().filter(update) else {
            return self;
        };
        let stored = |period: &&ReportingPeriod| {
            existing.iter().any(|entry| entry.place.family == report.family && entry.place.period == **period)
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

    /// Refuses a file of which it cannot be told what it takes the place of: either its rows name their school and stored ones do
    /// not, or the other way round (D4).
    pub(super) fn told_apart(mut self) -> Self {
        let untold = self.replaced.iter().find(|replaced| replaced.rows_untold > 0);
        if let Some(Replaced { period, rows_untold, rows_gone, rows_stay, .. }) =
            untold.filter(|_| self.refusal.is_none())
        {
            let what = format!(
                "{}: {rows_untold} of {} stored rows of {period} cannot be held against the file: only one of the two says of which school or college a row is",
                self.file,
                rows_gone + rows_stay
            );
            let advice = "If the file is the whole of its years and terms, import it with --whole: it then takes the place of all of these rows. Otherwise read it with the layout the stored rows were read with.";
            self.refusal = Some(refuse(0x2235, &what, advice, Some("D4")));
        }
        self
    }

    /// Refuses a file that would replace what an `earlier` file of the same import brought (D4).
    pub(super) fn unlike(mut self, extent: Extent, earlier: &[Self]) -> Self {
        let first = earlier.iter().find_map(|other| Some((other, self.shared_with(other, extent)?)));
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

    /// A period of which both files speak for the same, or of which one holds changes.
    fn shared_with(&self, other: &Self, extent: Extent) -> Option<ReportingPeriod> {
        let (one, two) = (self.report.as_ref()?, other.report.as_ref()?);
        let change = is_update(one, extent) || is_update(two, extent);
        let meet = |(period, units): (ReportingPeriod, &Units)| {
            let others = other.spoken.in_period(period)?;
            (change || !units.are_apart(others)).then_some(period)
        };
        if one.family == two.family { self.spoken.periods().find_map(meet) } else { None }
    }
}

/// True if a file is merged with what is stored record by record.
pub(super) fn is_update(report: &ImportReport, extent: Extent) -> bool {
    extent == Extent::Named && report.transactions.is_update()
}

/// Leaves of each file's families to import before only those that neither are here nor come with this import.
pub(super) fn find_missing(outcomes: &mut [FileOutcome], existing: &[StoredTable]) {
    let come: Vec<String> =
        outcomes.iter().filter_map(|outcome| Some(outcome.report.as_ref()?.family.clone())).collect();
    for outcome in outcomes {
        outcome.missing.retain(|family| {
            !come.contains(family) && existing.iter().all(|entry| entry.place.family != *family)
        });
    }
}

/// A refusal that says which of several files it is about.
pub(super) fn named(file: &str, error: &ImportError) -> Failure {
    let advice = match error {
        ImportError::Rows { .. } => {
            "Correct these rows at the source, export and import again; --problems FILE writes them all to a file."
        }
        ImportError::Ambiguous { .. }
        | ImportError::Disk { .. }
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
        | ImportError::TooManyUnits { .. }
        | ImportError::Unrecognised { .. }
        | ImportError::Utf16 => error.advice(),
    };
    Failure::new(error.code(), format!("{file}: {error}"), advice, error.rule())
}

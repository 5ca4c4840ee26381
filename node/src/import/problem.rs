//! What was found in a file, by row and column, for a clerk to act on (D2). Never a value.
//!
//! Findings can be shown, logged and sent: positions, counts, and the names the layout gives its columns. The screen's
//! list has a limit; the full list goes out finding by finding as it is made, so that no list is ever held.

use std::{collections::BTreeMap, io};

use serde::Serialize;

use super::fault::Fault;

/// Problems listed one by one in a report; more are counted, and written to the list of problems if one is asked for.
pub const PROBLEMS_LISTED_MAX: usize = 10_000;
/// Notes among them: what is no fault leaves room for what is.
const NOTES_LISTED_MAX: usize = 100;

/// What a problem does to the file.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// The whole file is refused.
    Error,
    /// The row is refused; the file is taken without it.
    Row,
    /// The file is taken; the field or row is not used, or was repaired.
    Warning,
    /// Nothing is wrong: the value is kept as it is, and worth knowing of.
    Note,
}

impl Severity {
    /// The word for it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Row => "row",
            Self::Warning => "warning",
            Self::Note => "note",
        }
    }
}

/// One finding, as it is made.
#[derive(Clone, Copy, Debug)]
pub struct Finding<'a> {
    /// Row as an editor numbers it, from 1.
    pub row: u64,
    /// Column number from 1 and its name in the layout, if it is about a column.
    pub column: Option<(usize, &'a str)>,
    /// What was found.
    pub fault: Fault,
    /// What it does.
    pub severity: Severity,
}

/// Takes every finding of a file, in the order they are made.
pub type FindingSink<'a> = dyn FnMut(Finding<'_>) -> io::Result<()> + 'a;

/// One finding, as it is listed.
#[derive(Clone, Debug, Serialize)]
pub struct Problem {
    /// Row as an editor numbers it, from 1.
    pub row: u64,
    /// Column number from 1, if it is about a column.
    pub column: Option<usize>,
    /// Column name as the layout gives it.
    pub name: Option<String>,
    /// Requirement behind it.
    pub rule: &'static str,
    /// What it does.
    pub severity: Severity,
    /// What was seen and expected.
    pub what: &'static str,
    /// What to do.
    pub advice: &'static str,
}

impl From<Finding<'_>> for Problem {
    fn from(finding: Finding<'_>) -> Self {
        let Finding { row, column, fault, severity } = finding;
        Self {
            row,
            column: column.map(|(number, _)| number),
            name: column.map(|(_, name)| name.to_owned()),
            rule: fault.rule(),
            severity,
            what: fault.what(),
            advice: fault.advice(),
        }
    }
}

/// How often one finding was made.
#[derive(Clone, Debug, Serialize)]
pub struct Count {
    /// Requirement behind it.
    pub rule: &'static str,
    /// What it did.
    pub severity: Severity,
    /// What was seen and expected.
    pub what: &'static str,
    /// Times.
    pub times: u64,
}

/// Collects findings while a file is read: memory is bounded by the list limit.
#[derive(Default)]
pub(super) struct Findings {
    pub(super) problems: Vec<Problem>,
    counts: BTreeMap<(Severity, Fault), u64>,
    notes: usize,
}

impl Findings {
    /// Notes one finding.
    pub(super) fn note(&mut self, finding: Finding<'_>) {
        *self.counts.entry((finding.severity, finding.fault)).or_default() += 1;
        let is_note = finding.severity == Severity::Note;
        self.notes += usize::from(is_note);
        let room = self.problems.len() < PROBLEMS_LISTED_MAX && (!is_note || self.notes <= NOTES_LISTED_MAX);
        if room {
            self.problems.push(finding.into());
        }
    }

    /// The counts, errors first.
    pub(super) fn counts(&self) -> Vec<Count> {
        let count = |((severity, fault), times): (&(Severity, Fault), &u64)| Count {
            rule: fault.rule(),
            severity: *severity,
            what: fault.what(),
            times: *times,
        };
        self.counts.iter().map(count).collect()
    }
}

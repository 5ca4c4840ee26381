//! What was found in a file, by row and column, for a clerk to act on (D2). Never a value.
//!
//! The report can be shown, logged and sent: it holds counts, positions, layout and column names of the layout.

use core::fmt;
use std::{collections::BTreeMap, io};

use serde::Serialize;

use super::fault::Fault;

/// Problems listed one by one; more are counted only.
pub const PROBLEMS_LISTED_MAX: usize = 10_000;

/// What a problem does to the file.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// The whole file is refused.
    Error,
    /// The file is taken; the field or row is not used, or was repaired.
    Warning,
}

/// One finding.
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

/// The result of reading one file.
#[derive(Clone, Debug, Serialize)]
pub struct ImportReport {
    /// Id of the layout.
    pub layout: String,
    /// Title of the layout.
    pub title: String,
    /// Version of the layout.
    pub version: String,
    /// Why it was taken to be that.
    pub why: String,
    /// Rows with a record, without the header and blank lines.
    pub rows: u64,
    /// Rows kept.
    pub kept: u64,
    /// Rows equal to an earlier row, not kept again (D4).
    pub duplicates: u64,
    /// Rows marked as deleted by the district, not kept.
    pub deleted: u64,
    /// Rows with at least one error.
    pub rows_with_errors: u64,
    /// School years covered, `2019-2020`, ascending.
    pub school_years: Vec<String>,
    /// Findings by kind.
    pub counts: Vec<Count>,
    /// The first [`PROBLEMS_LISTED_MAX`] findings.
    pub problems: Vec<Problem>,
}

impl ImportReport {
    /// Number of warnings.
    #[must_use]
    pub fn warnings(&self) -> u64 {
        self.counts.iter().filter(|count| count.severity == Severity::Warning).map(|count| count.times).sum()
    }

    /// Writes the listed problems as CSV: `row,column,name,severity,rule,what,advice`.
    ///
    /// # Errors
    ///
    /// What the writer answers.
    pub fn write_problems(&self, out: &mut dyn io::Write) -> io::Result<()> {
        let mut writer = csv::Writer::from_writer(out);
        writer.write_record(["row", "column", "name", "severity", "rule", "what", "advice"])?;
        for problem in &self.problems {
            let severity = match problem.severity {
                Severity::Error => "error",
                Severity::Warning => "warning",
            };
            let column = problem.column.map(|number| number.to_string()).unwrap_or_default();
            let name = problem.name.as_deref().unwrap_or("");
            writer.write_record([
                problem.row.to_string().as_str(),
                &column,
                name,
                severity,
                problem.rule,
                problem.what,
                problem.advice,
            ])?;
        }
        writer.flush()
    }
}

impl fmt::Display for ImportReport {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            formatter,
            "{} (layout {} version {}; {})",
            self.title, self.layout, self.version, self.why
        )?;
        writeln!(
            formatter,
            "rows: {}, kept: {}, repeated: {}, deleted: {}",
            self.rows, self.kept, self.duplicates, self.deleted
        )?;
        if !self.school_years.is_empty() {
            writeln!(formatter, "school years: {}", self.school_years.join(", "))?;
        }
        if self.counts.is_empty() {
            return writeln!(formatter, "no problems");
        }
        for count in &self.counts {
            let severity = match count.severity {
                Severity::Error => "error",
                Severity::Warning => "warning",
            };
            writeln!(formatter, "{severity} {}: {} ({} times)", count.rule, count.what, count.times)?;
        }
        Ok(())
    }
}

/// Collects findings while a file is read: memory is bounded by the list limit.
#[derive(Default)]
pub(super) struct Findings {
    pub(super) problems: Vec<Problem>,
    counts: BTreeMap<(Severity, Fault), u64>,
}

impl Findings {
    /// Notes one finding.
    pub(super) fn note(&mut self, row: u64, column: Option<(usize, &str)>, fault: Fault, severity: Severity) {
        *self.counts.entry((severity, fault)).or_default() += 1;
        if self.problems.len() < PROBLEMS_LISTED_MAX {
            self.problems.push(Problem {
                row,
                column: column.map(|(number, _)| number),
                name: column.map(|(_, name)| name.to_owned()),
                rule: fault.rule(),
                severity,
                what: fault.what(),
                advice: fault.advice(),
            });
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

//! The result of reading one file: what it was taken for, what was kept, what is wrong, what it covers.
//!
//! It can be shown, logged and sent: counts, positions, layout and column names of the layout.

use core::fmt;

use serde::Serialize;

use super::{
    coverage::Covered,
    period::ReportingPeriod,
    problem::{Count, Problem, Severity},
};

/// The result of reading one file.
#[derive(Clone, Debug, Serialize)]
pub struct ImportReport {
    /// Id of the layout.
    pub layout: String,
    /// What its vintages have in common: what this file takes the place of belongs to it.
    pub family: String,
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
    /// Rows refused one by one; the file is taken without them.
    pub rows_refused: u64,
    /// Rows with at least one error.
    pub rows_with_errors: u64,
    /// What the rows ask to be done with what is stored.
    pub transactions: Transactions,
    /// School years covered, `2019-2020`, ascending.
    pub school_years: Vec<String>,
    /// Periods covered, ascending: what the file takes the place of. Empty of everything if the file has no record.
    pub periods: Vec<ReportingPeriod>,
    /// Values that are never imported and were dropped as they were read.
    pub dropped: Vec<Dropped>,
    /// What the file covers, by school year and school.
    pub coverage: Vec<Covered>,
    /// Findings by kind.
    pub counts: Vec<Count>,
    /// The first findings, at most [`super::PROBLEMS_LISTED_MAX`].
    pub problems: Vec<Problem>,
}

/// What the rows ask to be done with what is stored.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Serialize)]
pub struct Transactions {
    /// Rows that add a record.
    pub added: u64,
    /// Rows that delete the stored record of their key.
    pub deleted: u64,
    /// Rows that replace the stored record of their key.
    pub replaced: u64,
    /// Rows a later row of the same file deletes or replaces; not kept.
    pub superseded: u64,
}

impl Transactions {
    /// True if the file changes single records of a stored year. It must then be merged with that year and never
    /// replace it (D4).
    #[must_use]
    pub fn is_update(self) -> bool {
        self.deleted + self.replaced > 0
    }
}

/// A column whose values are never imported.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Dropped {
    /// Name in the layout.
    pub name: String,
    /// Why, as the layout says.
    pub why: String,
    /// Values that were not empty.
    pub values: u64,
}

impl ImportReport {
    /// Number of warnings.
    #[must_use]
    pub fn warnings(&self) -> u64 {
        self.counts.iter().filter(|count| count.severity == Severity::Warning).map(|count| count.times).sum()
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
            "rows: {}, kept: {}, repeated: {}, deleted: {}, refused: {}",
            self.rows, self.kept, self.duplicates, self.deleted, self.rows_refused
        )?;
        if !self.school_years.is_empty() {
            writeln!(formatter, "school years: {}", self.school_years.join(", "))?;
        }
        for dropped in self.dropped.iter().filter(|dropped| dropped.values > 0) {
            writeln!(
                formatter,
                "never imported: {}, {} values: {}",
                dropped.name, dropped.values, dropped.why
            )?;
        }
        if self.counts.is_empty() {
            return writeln!(formatter, "no problems");
        }
        for count in &self.counts {
            let (severity, times) = (count.severity.word(), count.times);
            writeln!(formatter, "{severity} {}: {} ({times} times)", count.rule, count.what)?;
        }
        Ok(())
    }
}

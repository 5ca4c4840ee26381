//! The missed-match correction: what a count would be if every student who is in both lists had been linked.
//!
//! An estimate beside the raw figure, never in its place, and for the sender alone: it rests on the match rate that its own
//! data-quality report expects of its own list, which leaves this member as little as the list's quality does. It is no part of
//! the report's files, which are the same for whoever renders them.
//!
//! # Formula
//!
//! With x students linked and e the share of such students that is expected to be linked: `x / e`, at most the students of the
//! group; between `(x' - 1.96 sqrt(x' (1 - e))) / e` (at least x') and `(x'' + 1.96 sqrt(x'' (1 - e))) / e`, where x' and x'' are
//! the ends of the interval that the report shows of x. The square root is the spread of a binomial count of missed students.
//! Not in it: what the other list lacks, links of strangers, and what the expectation itself is wrong by.

use crate::{
    cells::SchoolYear,
    disclosure::{Category, Mark, Outcome},
    ids::MemberCode,
    report::{Report, equity, rows},
};

/// The formula for whoever reads an estimate.
pub const FORMULA: &str = "estimate = x / e with x students observed and e the share of them that is expected to be linked; \
                           from (x' - 1.96 sqrt(x' (1 - e))) / e, at least x', to (x'' + 1.96 sqrt(x'' (1 - e))) / e, at most the students of the \
                           group, x' and x'' the ends of the interval of x. It leaves out what the other list lacks and links of strangers";

/// An estimate beside a figure of the report.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Estimate {
    /// Metric, with its version.
    pub metric: String,
    /// Where they were looked for; none is any of the receivers.
    pub receiver: Option<MemberCode>,
    /// The cohort.
    pub cohort: SchoolYear,
    /// The breakdown.
    pub dimension: &'static str,
    /// The row.
    pub category: String,
    /// Students observed, as the report shows it.
    pub raw: u64,
    /// Students expected to be there.
    pub estimate: u64,
    /// Least.
    pub low: u64,
    /// Greatest.
    pub high: u64,
}

/// Estimates for every count about the viewer's own students that the report shows; none for an expectation of nothing.
///
/// `expected_permille` is the share of the viewer's students that are linked if they are in the other list.
#[must_use]
pub fn missed(report: &Report, expected_permille: u32) -> Vec<Estimate> {
    let mut found = Vec::new();
    let expected = u64::from(expected_permille.min(1_000));
    if expected == 0 {
        return found;
    }
    for table in report.tables.iter().filter(|table| table.sender == report.viewer) {
        let counts: Vec<Outcome> = equity::outcomes(table).into_iter().map(|(_, count)| count).collect();
        for cell in table.cells.iter().filter(|cell| counts.contains(&cell.outcome)) {
            let (Category::One(category), Mark::Value { value, low, high }) = (&cell.category, cell.mark)
            else {
                continue;
            };
            let group = table.mark(cell.cohort, *category, Outcome::Cohort).and_then(|mark| mark.value());
            let most = group.unwrap_or(u64::MAX);
            let over = |count: u64| count.saturating_mul(1_000) / expected;
            let spread = |count: u64| {
                // 1.96 sqrt(count (1 - e)), rounded up, in students.
                let square = u128::from(count) * u128::from(1_000 - expected) * 38_416;
                let root = square.div_ceil(10_000_000).isqrt() + 1;
                if expected == 1_000 { 0 } else { u64::try_from(root).unwrap_or(u64::MAX) }
            };
            found.push(Estimate {
                metric: table.metric.to_string(),
                receiver: table.receiver(cell.outcome),
                cohort: cell.cohort,
                dimension: table.domain.dimension.name(),
                category: rows::category(table, &cell.category),
                raw: value,
                estimate: nearest(value, expected).min(most).max(value),
                low: over(low.saturating_sub(spread(low))).max(low).min(most.max(low)),
                high: over(high.saturating_add(spread(high))).saturating_add(1).min(most.max(high)),
            });
        }
    }
    found
}

fn nearest(count: u64, expected: u64) -> u64 {
    (count.saturating_mul(2_000).saturating_add(expected)).checked_div(expected * 2).unwrap_or(count)
}

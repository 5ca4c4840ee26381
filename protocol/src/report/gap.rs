//! The match panel by subgroup (A1): how far apart the groups lie that are found most and least often, in a table that counts links.
//!
//! Computed, like equity flags, from what the report shows and nothing else: a group takes part only where its count, its students
//! and its percentage all stand in the report. Whole numbers throughout. A table that counts links has this measure in place of
//! equity flags: being found is no success of a student, and not being found no sign that a group is treated worse.

use crate::{
    cells::{Dimension, SchoolYear},
    disclosure::{MetricRef, Outcome, ReleasedTable},
    metric::Metric,
    report::{
        Report,
        equity::{self, Fraction, Rate},
    },
};

/// The word in the column `measure` of exports.
pub const MEASURE: &str = "match-gap";

/// What the measure is, for notes and page.
pub const DEFINITION: &str = "points between the group that is found most often and the one that is found least often, of the groups whose figures are \
                              shown; with noise from the least to the greatest that the intervals allow. A gap says that matching, or what there is to be \
                              found, differs between groups; it does not say which";

/// What the figures are not, for notes and page.
pub const NOT_A_RATE: &str = "This is not a rate of going to college. It says how often a record of a student was found at a member at all, of whatever year and \
                              kind; it is shown so that a reader of the other figures can see whether matching works worse for some groups";

/// Whether a metric counts links, whatever the receiver knows of the student: the match panel by subgroup. One that a study brings
/// along is printed as its own text has it.
#[must_use]
pub fn counts_links(metric: &MetricRef) -> bool {
    let known = Metric::builtins().ok().into_iter().flatten();
    known.into_iter().any(|one| one.id == metric.id && one.version == metric.version && one.counts_links())
}

/// How far apart the groups of one cohort lie at one place.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Gap {
    /// The cohort.
    pub cohort: SchoolYear,
    /// Where they were looked for: the outcome of the percentage.
    pub outcome: Outcome,
    /// The group found least often, by its place in the dimension.
    pub least: u8,
    /// The group found most often.
    pub most: u8,
    /// Groups whose figures are shown, at least two.
    pub groups: usize,
    /// Whole points between the two.
    pub value: u64,
    /// Least points between any two groups at both ends that the intervals allow.
    pub low: u64,
    /// Greatest points.
    pub high: u64,
}

/// Every gap of a table, in the order of cohorts and places; none of a table that does not count links or has no breakdown.
#[must_use]
pub fn gaps(report: &Report, table: &ReleasedTable) -> Vec<Gap> {
    if report.is_outside() || table.domain.dimension == Dimension::All || !counts_links(&table.metric) {
        return Vec::new();
    }
    let places = equity::outcomes(table);
    let of_cohort = |cohort: &SchoolYear| {
        let cohort = *cohort;
        places.iter().filter_map(move |(percent, count)| gap(table, cohort, *percent, *count))
    };
    table.domain.cohorts.iter().flat_map(of_cohort).collect()
}

fn gap(table: &ReleasedTable, cohort: SchoolYear, percent: Outcome, count: Outcome) -> Option<Gap> {
    let categories = (0_u8..).zip(table.domain.labels());
    let groups: Vec<(u8, Rate)> = categories
        .filter_map(|(category, _)| Some((category, equity::rate(table, cohort, category, percent, count)?)))
        .collect();
    if groups.len() < 2 {
        return None;
    }
    let ends = |of: fn(&Rate) -> Fraction| {
        let mut rates = groups.iter().map(|(category, rate)| (*category, of(rate)));
        let first = rates.next()?;
        // The first of equals, so that the same report names the same groups.
        Some(rates.fold((first, first), |(least, most), one| {
            let least = if least.1.is_greater(one.1) { one } else { least };
            let most = if one.1.is_greater(most.1) { one } else { most };
            (least, most)
        }))
    };
    let ((least, lowest), (most, highest)) = ends(Rate::shown)?;
    let (_, (_, most_at_least)) = ends(Rate::lowest)?;
    let ((_, least_at_most), _) = ends(Rate::highest)?;
    let ((_, least_at_least), _) = ends(Rate::lowest)?;
    let (_, (_, most_at_most)) = ends(Rate::highest)?;
    Some(Gap {
        cohort,
        outcome: percent,
        least,
        most,
        groups: groups.len(),
        value: lowest.points_below(highest),
        low: least_at_most.points_below(most_at_least),
        high: least_at_least.points_below(most_at_most),
    })
}

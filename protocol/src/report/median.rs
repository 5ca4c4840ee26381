//! In which band the median lies, of a metric whose outcomes are bands of an amount (domain 3.3: median earnings).
//!
//! Made of figures that stand in the report and of no other: a row has a median only where the count of every band is shown, and only of
//! [`STUDENTS_MIN`] students or more. With noise the bands it may lie in, for every count within the intervals.

use crate::{
    cells::SchoolYear,
    disclosure::{Mark, Outcome, ReleasedTable},
    metric::Metric,
    report::Report,
};

/// The word in the column `measure` of exports.
pub const MEASURE: &str = "median-band";

/// What the measure is, for notes and page.
pub const DEFINITION: &str = "The band in which half of the students counted are reached, from the lowest; of rows whose bands are all shown, and of 30 students \
                              or more. With noise the bands from the lowest to the highest that the intervals allow";

/// Students of whom a median is said (domain 4.3: earnings).
pub const STUDENTS_MIN: u64 = 30;

/// Metrics with their bands, from the lowest; an outcome that is no band is left out of the count.
const BANDS: [(&str, &[&str]); 2] = [
    ("earnings-bands", &["band-1", "band-2", "band-3", "band-4", "band-5"]),
    ("earnings-change", &["below-tenth", "below-half", "below-double", "doubled"]),
];

/// The median of one row at one receiver: bands by their place.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Median {
    /// The cohort.
    pub cohort: SchoolYear,
    /// The row, by its place in the dimension.
    pub category: u8,
    /// The receiver, by index.
    pub receiver: u8,
    /// The band.
    pub value: usize,
    /// The lowest band it may be.
    pub low: usize,
    /// The highest.
    pub high: usize,
}

/// The bands of a table's metric by name, from the lowest; none if its outcomes are no bands.
#[must_use]
pub fn bands(table: &ReleasedTable) -> &'static [&'static str] {
    let known = BANDS.iter().find(|(id, _)| *id == table.metric.id);
    known.map(|(_, bands)| *bands).unwrap_or_default()
}

/// What a band is called.
#[must_use]
pub fn label(table: &ReleasedTable, band: usize) -> String {
    let name = bands(table).get(band).copied().unwrap_or_default();
    let metric = Metric::builtin(&table.metric.id, table.metric.version).ok().flatten();
    let label = metric.and_then(|metric| metric.outcomes.into_iter().find(|one| one.name == name));
    label.map_or_else(|| name.to_owned(), |outcome| outcome.label)
}

/// Every median of a table, in the order of cohorts, receivers and rows; nothing for a reader who is no party.
#[must_use]
pub fn medians(report: &Report, table: &ReleasedTable) -> Vec<Median> {
    let bands = bands(table);
    if report.is_outside() || bands.is_empty() {
        return Vec::new();
    }
    let receivers = (0_u8..).zip(&table.receivers).map(|(receiver, _)| receiver);
    let rows = (0_u8..).zip(table.domain.labels()).map(|(category, _)| category);
    let (receivers, rows): (Vec<u8>, Vec<u8>) = (receivers.collect(), rows.collect());
    let mut found = Vec::new();
    for cohort in &table.domain.cohorts {
        for receiver in &receivers {
            for category in &rows {
                let counts = counts(table, *cohort, *category, *receiver, bands);
                let median = counts.and_then(|counts| of(&counts));
                found.extend(median.map(|(value, low, high)| {
                    let (cohort, category, receiver) = (*cohort, *category, *receiver);
                    Median { cohort, category, receiver, value, low, high }
                }));
            }
        }
    }
    found
}

/// Value, least and greatest of every band; none if one is not shown.
fn counts(
    table: &ReleasedTable,
    cohort: SchoolYear,
    category: u8,
    receiver: u8,
    bands: &[&str],
) -> Option<Vec<[u64; 3]>> {
    let count = |band: &&str| {
        let outcome = u8::try_from(table.outcomes.iter().position(|name| name == band)?).ok()?;
        match table.mark(cohort, category, Outcome::SeenAs { receiver, outcome })? {
            Mark::Value { value, low, high } => Some([value, low, high]),
            Mark::Bound { .. } | Mark::NotApplicable(_) | Mark::Suppressed(_) => None,
        }
    };
    bands.iter().map(count).collect()
}

/// The band of the median, and the lowest and highest it may be.
fn of(counts: &[[u64; 3]]) -> Option<(usize, usize, usize)> {
    let sum = |range: core::ops::Range<usize>, at: usize| -> u64 {
        counts.get(range).unwrap_or_default().iter().filter_map(|count| count.get(at)).sum()
    };
    let (all, end) = (sum(0..counts.len(), 0), counts.len());
    if all < STUDENTS_MIN {
        return None;
    }
    let value = (0..end).find(|band| sum(0..band + 1, 0) * 2 >= all)?;
    // Half is reached by a band if those up to it can outweigh those beyond, and not before it if those from it on can.
    let low = (0..end).find(|band| sum(0..band + 1, 2) >= sum(band + 1..end, 1))?;
    let high = (0..end).rev().find(|band| sum(*band..end, 2) > sum(0..*band, 1))?;
    Some((value, low.min(value), high.max(value)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bands_are_outcomes_of_their_metrics_in_order() {
        for (id, bands) in BANDS {
            let metric = Metric::builtin(id, 1).unwrap().unwrap();
            let numbers: Vec<u8> = bands.iter().map(|band| metric.outcome(band).unwrap()).collect();
            assert!(numbers.is_sorted_by(|one, next| one < next), "{id}");
        }
    }

    #[test]
    fn the_median_is_where_half_is_reached_and_noise_leaves_it_open() {
        let exact = |counts: &[u64]| of(&counts.iter().map(|count| [*count; 3]).collect::<Vec<_>>());
        assert_eq!(exact(&[20, 20, 20, 20, 21]), Some((2, 2, 2)));
        assert_eq!(exact(&[50, 20, 30]), Some((0, 0, 0)), "fifty of a hundred are half");
        assert_eq!(exact(&[49, 20, 31]), Some((1, 1, 1)));
        assert_eq!(exact(&[0, 0, 40]), Some((2, 2, 2)));
        assert_eq!(exact(&[14, 15]), None, "29 students");
        let noisy = |counts: &[u64]| {
            of(&counts.iter().map(|count| [*count, count - 5, count + 5]).collect::<Vec<_>>())
        };
        assert_eq!(noisy(&[48, 20, 32]), Some((1, 0, 1)));
        assert_eq!(noisy(&[90, 20, 20]), Some((0, 0, 0)));
        // Every world within the intervals has its median between the two.
        for counts in [[30, 14, 31], [12, 40, 13], [25, 25, 25], [41, 9, 50]] {
            let (_, low, high) = noisy(&counts).unwrap();
            for change in 0..11_u64.pow(3) {
                let changed = [change % 11, change / 11 % 11, change / 121];
                let world: Vec<u64> =
                    counts.iter().zip(changed).map(|(count, more)| count - 5 + more).collect();
                let (median, ..) = exact(&world).unwrap();
                assert!((low..=high).contains(&median), "{world:?}: {median} outside {low} to {high}");
            }
        }
    }
}

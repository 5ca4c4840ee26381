//! Counts of a metric over one institution's own students, for eyes inside it. Nothing of it is released: there is no noise
//! and no complementary suppression here, so small rows are marked and none is to be passed on as it is.

use std::collections::BTreeMap;

use passage_protocol::{
    cells::{CellDomain, Dimension, SchoolCode, SchoolYear},
    metric::Metric,
};

use passage_shell::shelf::ShelfError;

use super::{GroupFacts, MetricFacts};
use crate::roster::{Roster, Student};

/// Below this many, a figure is not to be passed on (domain 4.1: the strictest of the rule sets, and the default of agreements).
pub const FLOOR: u64 = 11;

/// Counts by cohort and category.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Tally {
    /// What it is broken down by.
    pub dimension: Dimension,
    /// In order of cohort and category; rows of nobody are left out.
    pub lines: Vec<Line>,
}

/// One row of a tally.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Line {
    /// School year.
    pub cohort: SchoolYear,
    /// Label of the category; of a school its code, since no file has its name.
    pub category: String,
    /// Students, or the units the metric names.
    pub counted: u64,
    /// Of these, by outcome, in the order of the metric.
    pub outcomes: Vec<u64>,
}

impl Line {
    /// True if a figure of the row, or what it leaves to the whole, is of too few students to be passed on.
    #[must_use]
    pub fn is_small(&self) -> bool {
        let few = |count: u64| (1..FLOOR).contains(&count);
        few(self.counted)
            || self.outcomes.iter().any(|count| few(*count) || few(self.counted.saturating_sub(*count)))
    }
}

/// Counts facts by cohort, category and outcome.
///
/// # Errors
///
/// [`ShelfError`] of the disk on which the roster may stand.
pub fn tally(
    facts: &MetricFacts,
    metric: &Metric,
    roster: &Roster,
    by: TallyBy<'_>,
) -> Result<Tally, ShelfError> {
    let dimension = by.dimension();
    let labels = CellDomain::new(Vec::new(), dimension);
    let mut counts: BTreeMap<(SchoolYear, Row), Line> = BTreeMap::new();
    roster.students.each(|place, student| {
        for (cohort, outcome) in facts.of(place) {
            let row = row(student, place, by);
            let line = counts.entry((cohort, row)).or_insert_with(|| Line {
                cohort,
                category: match row {
                    Row::Category(category) => labels.label(category).unwrap_or_default().to_owned(),
                    Row::School(Some(code)) => code.to_string(),
                    Row::School(None) => NO_SCHOOL.to_owned(),
                },
                counted: 0,
                outcomes: vec![0; metric.outcomes.len()],
            });
            line.counted += 1;
            let at = usize::from(outcome).checked_sub(1);
            if let Some(count) = at.and_then(|at| line.outcomes.get_mut(at)) {
                *count += 1;
            }
        }
        Ok::<(), ShelfError>(())
    })?;
    Ok(Tally { dimension, lines: counts.into_values().collect() })
}

/// What a tally is broken down by.
#[derive(Clone, Copy)]
pub enum TallyBy<'a> {
    /// What the student is in the roster.
    Of(Dimension),
    /// What a grouping's SQL says of him.
    Group(&'a GroupFacts),
}

impl TallyBy<'_> {
    fn dimension(self) -> Dimension {
        match self {
            Self::Of(dimension) => dimension,
            Self::Group(facts) => Dimension::Group(facts.grouping()),
        }
    }
}

/// Students who completed at no school of which the code is known.
const NO_SCHOOL: &str = "no school of completion";

/// A row within a cohort. Here every school has one: which are listed is a study's matter.
#[derive(Clone, Copy, Eq, Ord, PartialEq, PartialOrd)]
enum Row {
    Category(usize),
    School(Option<SchoolCode>),
}

fn row(student: &Student, place: usize, by: TallyBy<'_>) -> Row {
    let dimension = match by {
        TallyBy::Group(facts) => return Row::Category(facts.of(place).into()),
        TallyBy::Of(dimension) => dimension,
    };
    match dimension {
        Dimension::All | Dimension::Group(_) => Row::Category(0),
        Dimension::Ethnicity => Row::Category(student.ethnicity().index()),
        Dimension::Gender => Row::Category(student.gender().index()),
        Dimension::School => Row::School(student.completion_school()),
    }
}

//! Course sequences (A5, domain 3.4): the last course at the sender against the first at the receiver, on the shared ladder.
//!
//! A table of a metric that tells at which level the first course stood, broken down by the grouping that tells at which level the last
//! one did, is a grid. What is said here is made of figures that stand in the report and of no other: a square is shown where both its
//! counts are, those who passed and those who did not; the sum of a relation where all its squares are. With noise the ranges of what is
//! added are added.

use crate::{
    cells::{Dimension, Grouping, SchoolYear},
    disclosure::{Mark, Outcome, ReleasedTable},
    report::Report,
};

/// How the first course at the receiver stands to the last at the sender.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Relation {
    /// At a lower level.
    Lower,
    /// At the same level.
    Equal,
    /// At a higher level.
    Higher,
    /// Calculus, and a transfer-level course of which no file says whether it was calculus again.
    NotTold,
}

impl Relation {
    /// Every relation, in the order in which they are shown.
    pub const ALL: [Self; 4] = [Self::Lower, Self::Equal, Self::Higher, Self::NotTold];

    /// The word on the page; with `sequence-` before it, that of the column `measure` of exports.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Lower => "lower",
            Self::Equal => "equal",
            Self::Higher => "higher",
            Self::NotTold => "not-told",
        }
    }
}

/// What the measure is, for notes and page.
pub const DEFINITION: &str = "Students whose first course at the receiver stood lower than, equal to or higher than their last at the sender, by steps of \
                              the shared ladder; transfer level is its step of statistics, trigonometry and pre-calculus, whatever the course was, and after calculus it is not told \
                              apart. A sum stands in the table where every count in it is shown; with noise the ranges of the counts are added";

/// A level of the first course: its name in outcomes, what it is called, its step.
pub(super) struct Level {
    name: &'static str,
    pub(super) label: &'static str,
    step: u8,
}

/// The levels a college's file can tell, from the lowest.
pub(super) const LEVELS: [Level; 5] = [
    Level { name: "arithmetic", label: "arithmetic", step: 0 },
    Level { name: "pre-algebra", label: "pre-algebra", step: 1 },
    Level { name: "algebra-1", label: "algebra 1", step: 2 },
    Level { name: "algebra-2", label: "algebra 2", step: 4 },
    Level { name: "transfer", label: "transfer level", step: 5 },
];

/// Metrics that tell the level of the first course, in outcomes named by [`LEVELS`] with `-passed` and `-not-passed`.
/// From which version on: the words of an earlier one say that levels are not compared.
const METRICS: [(&str, u16); 2] = [("course-sequence-math", 2), ("course-sequence-math-transfer", 1)];

/// The step of each category of a grouping by the last course; none where no course is known.
fn steps(grouping: Grouping) -> Option<&'static [Option<u8>]> {
    match grouping {
        Grouping::LastMathCourse => {
            Some(&[None, Some(0), Some(1), Some(2), Some(3), Some(4), Some(5), Some(6)])
        }
        Grouping::HighestCollegeMath => Some(&[None, Some(0), Some(1), Some(2), Some(4), Some(5)]),
        Grouping::AGMet
        | Grouping::CareerPathway
        | Grouping::EnglishLearner
        | Grouping::Foster
        | Grouping::Homeless
        | Grouping::LowIncome
        | Grouping::Migrant
        | Grouping::ParentEducation
        | Grouping::UnitsEarned
        | Grouping::YearsEnrolled => None,
    }
}

/// A count with its range.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Counted {
    /// Students.
    pub value: u64,
    /// Least.
    pub low: u64,
    /// Greatest.
    pub high: u64,
}

impl Counted {
    fn of(mark: Option<Mark>) -> Option<Self> {
        match mark? {
            Mark::Value { value, low, high } => Some(Self { value, low, high }),
            Mark::Bound { .. } | Mark::NotApplicable(_) | Mark::Suppressed(_) => None,
        }
    }

    fn and(self, other: Self) -> Self {
        Self { value: self.value + other.value, low: self.low + other.low, high: self.high + other.high }
    }

    /// As a mark, to be shown as others are.
    #[must_use]
    pub fn mark(self) -> Mark {
        Mark::Value { value: self.value, low: self.low, high: self.high }
    }
}

/// One square of a grid.
pub(super) struct Square {
    /// How the levels stand to each other; none in the row of those of whom no course is known.
    pub(super) relation: Option<Relation>,
    /// Passed, and not passed, as the table has them.
    pub(super) marks: [Option<Mark>; 2],
}

impl Square {
    /// All students of it, and those who passed, where both counts are shown.
    pub(super) fn shown(&self) -> Option<[Counted; 2]> {
        let [passed, failed] = self.marks.map(Counted::of);
        let (passed, failed) = (passed?, failed?);
        Some([passed.and(failed), passed])
    }
}

/// Whether a table is a grid.
#[must_use]
pub fn is_grid(table: &ReleasedTable) -> bool {
    let is_by_last = match table.domain.dimension {
        Dimension::Group(grouping) => steps(grouping).is_some(),
        Dimension::All | Dimension::Ethnicity | Dimension::Gender | Dimension::School => false,
    };
    let known = |(id, from): &(&str, u16)| *id == table.metric.id && table.metric.version >= *from;
    is_by_last && METRICS.iter().any(known)
}

fn relation(table: &ReleasedTable, category: u8, level: &Level) -> Option<Relation> {
    let Dimension::Group(grouping) = table.domain.dimension else { return None };
    let last = (*steps(grouping)?.get(usize::from(category))?)?;
    Some(match level.step.cmp(&last) {
        core::cmp::Ordering::Less if last > TRANSFER && level.step == TRANSFER => Relation::NotTold,
        core::cmp::Ordering::Less => Relation::Lower,
        core::cmp::Ordering::Equal => Relation::Equal,
        core::cmp::Ordering::Greater => Relation::Higher,
    })
}

/// The step that stands for every course of transfer level.
const TRANSFER: u8 = 5;

/// The square of a row and a level at a receiver, by index.
pub(super) fn square(
    table: &ReleasedTable,
    cohort: SchoolYear,
    receiver: u8,
    category: u8,
    level: &Level,
) -> Square {
    let mark = |end: &str| {
        let named = |name: &String| name.strip_prefix(level.name) == Some(end);
        let outcome = u8::try_from(table.outcomes.iter().position(named)?).ok()?;
        table.mark(cohort, category, Outcome::SeenAs { receiver, outcome })
    };
    Square { relation: relation(table, category, level), marks: [mark("-passed"), mark("-not-passed")] }
}

/// The students of one relation.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Sum {
    /// The cohort.
    pub cohort: SchoolYear,
    /// The receiver, by index.
    pub receiver: u8,
    /// The relation.
    pub relation: Relation,
    /// Students in the squares that are shown.
    pub counted: Counted,
    /// Of these, who passed.
    pub passed: Counted,
    /// Squares that are not shown.
    pub withheld: usize,
}

/// Students by relation, in the order of cohorts, receivers and relations; nothing if the table is no grid, for a reader who is no
/// party, and of a receiver of whom the reader's share list leaves nothing.
#[must_use]
pub fn sums(report: &Report, table: &ReleasedTable) -> Vec<Sum> {
    let mut sums = Vec::new();
    if report.is_outside() || !is_grid(table) {
        return sums;
    }
    let categories = || (0_u8..).zip(table.domain.labels()).map(|(category, _)| category);
    for cohort in &table.domain.cohorts {
        for receiver in receivers(table) {
            let squares: Vec<Square> = categories()
                .flat_map(|category| LEVELS.iter().map(move |level| (category, level)))
                .map(|(category, level)| square(table, *cohort, receiver, category, level))
                .collect();
            for relation in Relation::ALL {
                let of_relation = || squares.iter().filter(|square| square.relation == Some(relation));
                if of_relation().next().is_none() {
                    continue; // no course of the grid can stand so to another
                }
                let shown = || of_relation().filter_map(Square::shown);
                let [all, passed] = [0, 1].map(|at: usize| {
                    let counts = shown().filter_map(|counts| counts.get(at).copied());
                    counts.fold(Counted::default(), Counted::and)
                });
                let withheld = of_relation().count() - shown().count();
                sums.push(Sum { cohort: *cohort, receiver, relation, counted: all, passed, withheld });
            }
        }
    }
    sums
}

/// Receivers of whom the table has any figure by outcome.
pub(super) fn receivers(table: &ReleasedTable) -> Vec<u8> {
    let mut found: Vec<u8> = table
        .cells
        .iter()
        .filter(|cell| cell.outcome.outcome().is_some())
        .filter_map(|cell| cell.outcome.receiver())
        .collect();
    found.sort_unstable();
    found.dedup();
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metric::{Ladder, Metric};

    #[test]
    fn rows_and_levels_are_those_of_the_ladder_and_outcomes_those_of_the_metrics() {
        let levels = &Ladder::builtin().unwrap().subjects["math"].levels;
        for grouping in [Grouping::LastMathCourse, Grouping::HighestCollegeMath] {
            let steps = steps(grouping).unwrap();
            assert_eq!(steps.len(), grouping.labels().len());
            for (step, label) in
                steps.iter().zip(grouping.labels()).filter(|(_, label)| **label != "transfer level")
            {
                assert_eq!(step.map(|step| levels[usize::from(step)].as_str()).unwrap_or(label), *label);
            }
        }
        for (metric, _) in METRICS {
            let metric = Metric::builtins().unwrap().iter().rfind(|one| one.id == metric).unwrap();
            let mut known = 0;
            for level in &LEVELS {
                for end in ["-passed", "-not-passed"] {
                    assert!(metric.outcome(&format!("{}{end}", level.name)).is_some());
                    known += 1;
                }
            }
            assert_eq!(known, metric.outcomes.len());
        }
    }
}

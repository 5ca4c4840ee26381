//! Holds released reports against the oracle: every figure that is shown must be the oracle's, and none may be shown that
//! the floor forbids.

use passage_protocol::{
    cells::{Dimension, SchoolYear},
    disclosure::{Category, Mark, Outcome, ReleasedCell, ReleasedTable},
    ids::MemberCode,
    report::Report,
};

use crate::plaintext_oracle::Expected;

/// What was seen while comparing.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Shown {
    /// Figures shown and equal to the oracle's.
    pub figures: usize,
    /// Figures withheld or coded.
    pub withheld: usize,
}

/// Asserts that every count of an exact report is the oracle's.
///
/// # Panics
///
/// On any difference, naming table, cell and outcome.
#[must_use]
pub fn compare(report: &Report, expected: &[Expected], codes: &[MemberCode], floor: u32) -> Shown {
    let mut shown = Shown::default();
    for table in &report.tables {
        let of_table = |one: &&Expected| {
            let receivers: Vec<MemberCode> =
                one.receivers.iter().map(|index| codes[usize::from(*index)]).collect();
            one.metric == table.metric.id
                && codes[usize::from(one.sender)] == table.sender
                && one.domain == table.domain
                && receivers == table.receivers
        };
        let of_all = |one: &&Expected| {
            one.metric == table.metric.id
                && codes[usize::from(one.sender)] == table.sender
                && one.domain.dimension == Dimension::All
        };
        let known = Known {
            table,
            expected: expected.iter().find(of_table).expect("the oracle knows every table"),
            all: expected.iter().find(of_all),
            floor: floor.into(),
        };
        for cell in &table.cells {
            known.compare(cell, &mut shown);
        }
    }
    shown
}

/// One table beside what the oracle says of it.
struct Known<'a> {
    table: &'a ReleasedTable,
    expected: &'a Expected,
    all: Option<&'a Expected>,
    floor: u64,
}

impl Known<'_> {
    fn compare(&self, cell: &ReleasedCell, shown: &mut Shown) {
        let Mark::Value { value, .. } = cell.mark else {
            shown.withheld += 1;
            return;
        };
        shown.figures += 1;
        let name = format!("{} {:?} {:?} {:?}", self.table.sender, cell.cohort, cell.category, cell.outcome);
        let group = self.group(cell.cohort, &cell.category).expect("a shown figure has a group");
        let count = || u64::try_from(self.enrolled(cell)).unwrap();
        match cell.outcome {
            Outcome::Cohort => assert_eq!(value, group, "{name}"),
            Outcome::Enrolled(_) | Outcome::SeenAs { .. } | Outcome::AtBoth { .. } => {
                assert_eq!(value, count(), "{name}");
                assert!(value >= self.floor, "{name}: {value} is below the floor");
                assert!(group - value >= self.floor, "{name}: the rest of {group} is below the floor");
            }
            Outcome::Rate(_) | Outcome::RateAs { .. } | Outcome::RateAtBoth { .. } => {
                let hundredfold = 100 * count();
                assert!(
                    (value * group).abs_diff(hundredfold) <= group,
                    "{name}: {value} is not {hundredfold} / {group}"
                );
            }
        }
    }

    /// Students of a row; of a masked sum, what is left of the total.
    fn group(&self, cohort: SchoolYear, category: &Category) -> Option<u64> {
        let of =
            |expected: &Expected, category: usize| expected.denominators[code(expected, cohort, category)];
        match category {
            Category::One(category) => of(self.expected, usize::from(*category)),
            Category::AllMasked(masked) => {
                let others =
                    self.others(masked).filter_map(|category| of(self.expected, category)).sum::<u64>();
                of(self.all?, 0).map(|total| total - others)
            }
        }
    }

    fn enrolled(&self, cell: &ReleasedCell) -> i64 {
        let (cohort, outcome) = (cell.cohort, cell.outcome);
        match &cell.category {
            Category::One(category) => seen(self.expected, cohort, usize::from(*category), outcome),
            Category::AllMasked(masked) => {
                let of = |category| seen(self.expected, cohort, category, outcome);
                seen(self.all.expect("a masked sum has a total"), cohort, 0, outcome)
                    - self.others(masked).map(of).sum::<i64>()
            }
        }
    }

    fn others(&self, masked: &[u8]) -> impl Iterator<Item = usize> {
        let categories = u8::try_from(self.table.domain.categories()).unwrap();
        (0..categories).filter(|category| !masked.contains(category)).map(usize::from)
    }
}

fn code(expected: &Expected, cohort: SchoolYear, category: usize) -> usize {
    expected.domain.code(cohort, category).unwrap() as usize - 1
}

/// Students of a cell seen at one receiver, or at any.
#[must_use]
pub fn enrolled(expected: &Expected, cohort: SchoolYear, category: usize, receiver: Option<u8>) -> i64 {
    seen(expected, cohort, category, Outcome::Enrolled(receiver))
}

/// Students of a cell seen as an outcome says.
fn seen(expected: &Expected, cohort: SchoolYear, category: usize, outcome: Outcome) -> i64 {
    let digit = |pattern: usize, receiver: u8| pattern / expected.base.pow(receiver.into()) % expected.base;
    let patterns = expected.base.pow(u32::try_from(expected.receivers.len()).unwrap());
    let cell = code(expected, cohort, category);
    let counts = &expected.counts[cell * patterns..(cell + 1) * patterns];
    let hit = |pattern: usize| match (outcome.receiver(), outcome.outcome()) {
        (None, _) if outcome.both().is_some() => {
            outcome.receivers().all(|receiver| digit(pattern, receiver) != 0)
        }
        (None, _) => pattern != 0,
        (Some(receiver), None) => digit(pattern, receiver) != 0,
        (Some(receiver), Some(one)) => digit(pattern, receiver) == usize::from(one) + 1,
    };
    counts.iter().enumerate().filter(|(pattern, _)| hit(*pattern)).map(|(_, count)| count).sum()
}

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
            codes[usize::from(one.sender)] == table.sender
                && one.domain == table.domain
                && receivers == table.receivers
        };
        let of_all = |one: &&Expected| {
            codes[usize::from(one.sender)] == table.sender && one.domain.dimension == Dimension::All
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
        let count = |receiver| u64::try_from(self.enrolled(cell.cohort, &cell.category, receiver)).unwrap();
        match cell.outcome {
            Outcome::Cohort => assert_eq!(value, group, "{name}"),
            Outcome::Enrolled(receiver) => {
                assert_eq!(value, count(receiver), "{name}");
                assert!(value >= self.floor, "{name}: {value} is below the floor");
                assert!(group - value >= self.floor, "{name}: the rest of {group} is below the floor");
            }
            Outcome::Rate(receiver) => {
                let hundredfold = 100 * count(receiver);
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

    fn enrolled(&self, cohort: SchoolYear, category: &Category, receiver: Option<u8>) -> i64 {
        match category {
            Category::One(category) => enrolled(self.expected, cohort, usize::from(*category), receiver),
            Category::AllMasked(masked) => {
                let of = |category| enrolled(self.expected, cohort, category, receiver);
                enrolled(self.all.expect("a masked sum has a total"), cohort, 0, receiver)
                    - self.others(masked).map(of).sum::<i64>()
            }
        }
    }

    fn others(&self, masked: &[u8]) -> impl Iterator<Item = usize> {
        let categories = u8::try_from(self.table.domain.dimension.categories().len()).unwrap();
        (0..categories).filter(|category| !masked.contains(category)).map(usize::from)
    }
}

fn code(expected: &Expected, cohort: SchoolYear, category: usize) -> usize {
    expected.domain.code(cohort, category).unwrap() as usize - 1
}

/// Students of a cell seen at one receiver, or at any.
#[must_use]
pub fn enrolled(expected: &Expected, cohort: SchoolYear, category: usize, receiver: Option<u8>) -> i64 {
    let receivers = expected.receivers.len();
    let cell = code(expected, cohort, category);
    let counts = &expected.counts[cell << receivers..(cell + 1) << receivers];
    let hit = |pattern: usize| receiver.map_or(pattern != 0, |bit| pattern >> bit & 1 == 1);
    counts.iter().enumerate().filter(|(pattern, _)| hit(*pattern)).map(|(_, count)| count).sum()
}

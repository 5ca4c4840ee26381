//! A linear-programming attacker on tables of several outcomes and receivers: what the marks say and every sum, held against the truth.
//!
//! One receiver, two or three. Its unknowns are the students of each row by what they were seen as at each receiver, so that it knows
//! how the figures of a row overlap.

use std::collections::BTreeMap;

use microlp::OptimizationDirection;
use proptest::prelude::*;

use crate::{
    cells::Dimension,
    disclosure::{
        DisclosurePolicy, Mark, MetricRef, NoiseStatement, Outcome, RawTable, Reason, ReleasedTable,
        TableColumns,
        attacker_programme::{FLOOR, Programme, SCHOOLS, Student, YEAR, category, count_of, domain, printed},
        release_all, source_floor,
    },
    ids::MemberCode,
};

/// What a figure counts.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
enum Seen {
    /// Students seen at this receiver as this outcome; `None` is any.
    As(Option<u8>, Option<u8>),
    /// At both.
    Both(u8, u8),
}

/// A figure: dimension, category, what is counted.
type Key = (Dimension, usize, Seen);

/// How many receivers and outcomes there are. A pattern has a digit for each receiver: the outcome from 1, or 0 for not seen.
#[derive(Clone, Copy, Debug)]
struct Shape {
    receivers: usize,
    outcomes: usize,
}

impl Shape {
    fn patterns(self) -> usize {
        (self.outcomes + 1).pow(self.receivers as u32)
    }

    fn covers(self, seen: Seen, pattern: usize) -> bool {
        let digit = |at: usize| pattern / (self.outcomes + 1).pow(at as u32) % (self.outcomes + 1);
        match seen {
            Seen::As(at, outcome) => (0..self.receivers).any(|receiver| {
                digit(receiver) > 0
                    && at.is_none_or(|one| usize::from(one) == receiver)
                    && outcome.is_none_or(|one| usize::from(one) + 1 == digit(receiver))
            }),
            Seen::Both(first, second) => digit(first.into()) > 0 && digit(second.into()) > 0,
        }
    }

    /// Every column of a table, and what it prints the count and the percentage as.
    fn columns(self) -> Vec<(Seen, [Outcome; 2])> {
        let mut columns = vec![(Seen::As(None, None), [Outcome::Enrolled(None), Outcome::Rate(None)])];
        for receiver in 0..self.receivers as u8 {
            let any = [Outcome::Enrolled(Some(receiver)), Outcome::Rate(Some(receiver))];
            columns.push((Seen::As(Some(receiver), None), any));
            columns.extend((0..self.outcomes as u8).filter(|_| self.outcomes > 1).map(|outcome| {
                let one = [Outcome::SeenAs { receiver, outcome }, Outcome::RateAs { receiver, outcome }];
                (Seen::As(Some(receiver), Some(outcome)), one)
            }));
            // Exact tables of more than two receivers print no pairs.
            columns.extend((0..receiver).filter(|_| self.receivers <= 2).map(|first| {
                let second = receiver;
                let both = [Outcome::AtBoth { first, second }, Outcome::RateAtBoth { first, second }];
                (Seen::Both(first, second), both)
            }));
        }
        columns
    }
}

fn tables(students: &[Student], shape: Shape) -> Vec<RawTable> {
    let table = |dimension| {
        let domain = domain(dimension);
        let mut own = vec![0_u64; domain.len()];
        students.iter().for_each(|student| own[category(dimension, student)] += 1);
        let withheld = source_floor(&own, domain.categories(), FLOOR as u32);
        let mut counts = vec![0_i64; domain.len() * shape.patterns()];
        for student in students.iter().filter(|student| !withheld[category(dimension, student)]) {
            counts[category(dimension, student) * shape.patterns() + student.2] += 1;
        }
        let denominators = own.iter().zip(&withheld).map(|(count, gone)| (!gone).then_some(*count)).collect();
        let columns = TableColumns {
            receivers: (0..shape.receivers as u8).map(|at| MemberCode([2 + at; 5])).collect(),
            outcomes: (0..shape.outcomes).map(|outcome| format!("level {outcome}")).collect(),
        };
        let metric = MetricRef { id: "first-college-math".to_owned(), version: 1 };
        RawTable::new(metric, domain, MemberCode([1; 5]), columns, counts, denominators, NoiseStatement::Nil)
            .unwrap()
    };
    Dimension::ALL.map(table).into()
}

/// Every figure with what is printed of it, and all of them as a programme.
fn known(
    released: &[ReleasedTable],
    students: &[Student],
    shape: Shape,
) -> (BTreeMap<Key, (i64, i64)>, Programme) {
    let mut ranges = BTreeMap::new();
    let mut programme = Programme { patterns: shape.patterns(), ..Programme::default() };
    for table in released {
        let dimension = table.domain.dimension;
        for at in 0..table.domain.categories() {
            let row = (dimension, at);
            let group = count_of(row, students, |_| true);
            programme.groups.insert(row, group);
            for (seen, outcomes) in shape.columns() {
                let range = printed(table, at, outcomes, group);
                let covers = (0..shape.patterns()).map(|pattern| shape.covers(seen, pattern)).collect();
                programme.figures.push((row, covers, range));
                ranges.insert((dimension, at, seen), range);
            }
        }
    }
    (ranges, programme)
}

fn students() -> impl Strategy<Value = (Vec<Student>, Shape)> {
    let weights = proptest::collection::vec(0_u32..60, 9);
    (0_usize..7, weights, 30_usize..350, any::<u64>(), 5_u64..100).prop_map(
        |(shape, weights, count, seed, going)| {
            let (receivers, outcomes) = [(1, 2), (1, 3), (1, 4), (2, 1), (2, 2), (2, 3), (3, 1)][shape];
            let shape = Shape { receivers, outcomes };
            let mut state = seed | 1;
            let mut draw = |below: u64| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                (state >> 33) % below.max(1)
            };
            let whole = u64::from(weights.iter().sum::<u32>()) + 1;
            let one = |_| {
                let mut at = draw(whole);
                let ethnicity = weights.iter().position(|weight| {
                    let hit = at < u64::from(*weight);
                    at = at.saturating_sub((*weight).into());
                    hit
                });
                let gender = [0, 0, 0, 0, 1, 1, 1, 1, 2, 3][draw(10) as usize];
                // The first outcome is the commonest: rare ones are what must be kept.
                let mut digit = || {
                    let outcome = 1 + draw(outcomes as u64).min(draw(outcomes as u64)) as usize;
                    if draw(100) < going { outcome } else { 0 }
                };
                let pattern = (0..receivers).fold(0, |pattern, _| pattern * (outcomes + 1) + digit());
                (ethnicity.unwrap_or(0), gender, pattern, SCHOOLS[draw(20) as usize])
            };
            ((0..count).map(one).collect(), shape)
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 8, ..ProptestConfig::default() })]
    #[test]
    fn no_outcome_withheld_can_be_solved_back((students, shape) in students()) {
        let released = release_all(tables(&students, shape), &DisclosurePolicy::default());
        let (ranges, programme) = known(&released, &students, shape);
        for (key, (low, high)) in &ranges {
            let row = (key.0, key.1);
            let covers = |pattern: usize| shape.covers(key.2, pattern);
            let (truth, group) = (count_of(row, &students, covers), programme.groups[&row]);
            prop_assert!(*low <= truth && truth <= *high, "the page is wrong about {:?}", key);
            if low == high {
                // Shown, or of a group nobody is in.
                prop_assert!(group == 0 || truth >= FLOOR && group - truth >= FLOOR, "{:?} of {}", key, group);
                continue;
            }
            let at_source = released.iter().any(|table| {
                table.domain.dimension == key.0
                    && table.mark(YEAR, key.1 as u8, Outcome::Cohort)
                        == Some(Mark::Suppressed(Reason::WithheldAtSource))
            });
            // A group the sender withheld is known to the release only as part of a sum.
            let natural = if at_source { 1 } else { (FLOOR - 1).min(group) };
            let least = programme.end(row, covers, OptimizationDirection::Minimize);
            let most = programme.end(row, covers, OptimizationDirection::Maximize);
            prop_assert!(
                most - least >= natural as f64 - 1e-6,
                "{:?} of {} is narrowed to {}..{}", key, group, least, most
            );
        }
    }
}

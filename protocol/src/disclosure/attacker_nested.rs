//! A linear-programming attacker on two metrics of one study that lie one within the other.
//!
//! Its unknowns are the students of each row by what they are in both metrics at each receiver, so that it knows all that
//! the definitions say: whom the inner metric counts the outer counts too. It holds every mark of both metrics and every sum
//! against each other and must not narrow a withheld figure, nor the few between the two.

use std::collections::BTreeMap;

use microlp::OptimizationDirection;
use proptest::prelude::*;

use crate::{
    cells::Dimension,
    disclosure::{
        DisclosurePolicy, Mark, MetricRef, NoiseStatement, Outcome, RawTable, Reason, ReleasedTable,
        TableColumns,
        attacker_programme::{
            FLOOR, Programme, Row, SCHOOLS, Student, YEAR, category, count_of, domain, printed,
        },
        release_all, source_floor,
    },
    ids::MemberCode,
};

/// Two metrics, in whose patterns a student has for each receiver a digit, a line of this table: how many outcomes each has, and the outcome (from 1, 0 for none) of every kind of student in both.
struct Pair {
    ids: [&'static str; 2],
    outcomes: [&'static [&'static str]; 2],
    kinds: &'static [[usize; 2]],
}

const ONE: &[&str] = &["enrolled"];
const YEARS: &[&str] = &["first-year", "second-year"];

const FOUND: &[&str] = &["found"];

const PAIRS: [Pair; 7] = [
    Pair {
        ids: ["college-going-12", "college-going-16"],
        outcomes: [ONE, ONE],
        kinds: &[[0, 0], [0, 1], [1, 1]],
    },
    Pair { ids: ["first-fall", "college-going-12"], outcomes: [ONE, ONE], kinds: &[[0, 0], [0, 1], [1, 1]] },
    Pair {
        ids: ["college-going-12", "enrolled-within-two-years"],
        outcomes: [ONE, YEARS],
        kinds: &[[0, 0], [0, 2], [1, 1]],
    },
    Pair {
        ids: ["college-going-16", "enrolled-within-two-years"],
        outcomes: [ONE, YEARS],
        kinds: &[[0, 0], [0, 2], [1, 2], [1, 1]],
    },
    Pair {
        ids: ["college-going-12", "found-at-member"],
        outcomes: [ONE, FOUND],
        kinds: &[[0, 0], [0, 1], [1, 1]],
    },
    Pair {
        ids: ["dual-enrolment", "found-at-member"],
        outcomes: [ONE, FOUND],
        kinds: &[[0, 0], [0, 1], [1, 1]],
    },
    Pair {
        ids: ["enrolled-within-two-years", "found-at-member"],
        outcomes: [YEARS, FOUND],
        kinds: &[[0, 0], [0, 1], [2, 1], [1, 1]],
    },
];

/// What a figure counts.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
enum Seen {
    /// Of this metric, students seen at this receiver as this outcome; `None` is any.
    As(usize, Option<u8>, Option<u8>),
    /// Of this metric, students seen at both receivers.
    Both(usize),
}

/// A figure: dimension, category, what is counted.
type Key = (Dimension, usize, Seen);

#[derive(Clone, Copy)]
struct Shape {
    pair: usize,
    receivers: usize,
}

impl std::fmt::Debug for Shape {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{:?} at {}", self.pair().ids, self.receivers)
    }
}

impl Shape {
    fn pair(self) -> &'static Pair {
        &PAIRS[self.pair]
    }

    fn patterns(self) -> usize {
        self.pair().kinds.len().pow(self.receivers as u32)
    }

    /// The outcome in a metric at a receiver, from 1.
    fn digit(self, metric: usize, receiver: usize, pattern: usize) -> usize {
        let kinds = self.pair().kinds;
        kinds[pattern / kinds.len().pow(receiver as u32) % kinds.len()][metric]
    }

    fn covers(self, seen: Seen, pattern: usize) -> bool {
        match seen {
            Seen::As(metric, at, outcome) => (0..self.receivers).any(|receiver| {
                let digit = self.digit(metric, receiver, pattern);
                digit > 0
                    && at.is_none_or(|one| usize::from(one) == receiver)
                    && outcome.is_none_or(|one| usize::from(one) + 1 == digit)
            }),
            Seen::Both(metric) => (0..2).all(|receiver| self.digit(metric, receiver, pattern) > 0),
        }
    }

    /// Every column of a metric's table, and what it prints the count and the percentage as.
    fn columns(self, metric: usize) -> Vec<(Seen, [Outcome; 2])> {
        let mut columns =
            vec![(Seen::As(metric, None, None), [Outcome::Enrolled(None), Outcome::Rate(None)])];
        let outcomes = self.pair().outcomes[metric].len() as u8;
        for receiver in 0..self.receivers as u8 {
            let any = [Outcome::Enrolled(Some(receiver)), Outcome::Rate(Some(receiver))];
            columns.push((Seen::As(metric, Some(receiver), None), any));
            columns.extend((0..outcomes).filter(|_| outcomes > 1).map(|outcome| {
                let one = [Outcome::SeenAs { receiver, outcome }, Outcome::RateAs { receiver, outcome }];
                (Seen::As(metric, Some(receiver), Some(outcome)), one)
            }));
        }
        if self.receivers == 2 {
            let (first, second) = (0, 1);
            let both = [Outcome::AtBoth { first, second }, Outcome::RateAtBoth { first, second }];
            columns.push((Seen::Both(metric), both));
        }
        columns
    }

    /// Figures of the two metrics about the same receivers of which one is counted within the other.
    fn differences(self) -> Vec<[Seen; 2]> {
        let places = (0..self.receivers as u8).map(Some).chain([None]);
        let both = (self.receivers == 2).then_some([Seen::Both(0), Seen::Both(1)]);
        places.map(|place| [0, 1].map(|metric| Seen::As(metric, place, None))).chain(both).collect()
    }
}

fn tables(students: &[Student], shape: Shape) -> Vec<RawTable> {
    let table = |metric: usize, dimension| {
        let outcomes = shape.pair().outcomes[metric];
        let base = outcomes.len() + 1;
        let patterns = base.pow(shape.receivers as u32);
        let domain = domain(dimension);
        let mut own = vec![0_u64; domain.len()];
        students.iter().for_each(|student| own[category(dimension, student)] += 1);
        let withheld = source_floor(&own, domain.categories(), FLOOR as u32);
        let mut counts = vec![0_i64; domain.len() * patterns];
        for student in students.iter().filter(|student| !withheld[category(dimension, student)]) {
            let digits = (0..shape.receivers).map(|receiver| shape.digit(metric, receiver, student.2));
            let pattern = digits.rev().fold(0, |pattern, digit| pattern * base + digit);
            counts[category(dimension, student) * patterns + pattern] += 1;
        }
        let denominators = own.iter().zip(&withheld).map(|(count, gone)| (!gone).then_some(*count)).collect();
        let columns = TableColumns {
            receivers: (0..shape.receivers as u8).map(|at| MemberCode([2 + at; 5])).collect(),
            outcomes: outcomes.iter().map(|name| (*name).to_owned()).collect(),
        };
        let metric = MetricRef { id: shape.pair().ids[metric].to_owned(), version: 1 };
        RawTable::new(metric, domain, MemberCode([1; 5]), columns, counts, denominators, NoiseStatement::Nil)
            .unwrap()
    };
    [0, 1].into_iter().flat_map(|metric| Dimension::ALL.map(|dimension| table(metric, dimension))).collect()
}

/// Every figure with what is printed of it, and the students of every row.
struct Known {
    ranges: BTreeMap<Key, (i64, i64)>,
    /// Rows of which the sender said nothing.
    at_source: Vec<Row>,
    programme: Programme,
}

fn known(released: &[ReleasedTable], students: &[Student], shape: Shape) -> Known {
    let programme = Programme { patterns: shape.patterns(), ..Programme::default() };
    let mut known = Known { ranges: BTreeMap::new(), at_source: Vec::new(), programme };
    for table in released {
        let dimension = table.domain.dimension;
        let metric = usize::from(table.metric.id != shape.pair().ids[0]);
        for at in 0..table.domain.categories() {
            let row = (dimension, at);
            let group = count_of(row, students, |_| true);
            known.programme.groups.insert(row, group);
            if table.mark(YEAR, at as u8, Outcome::Cohort) == Some(Mark::Suppressed(Reason::WithheldAtSource))
            {
                known.at_source.push(row);
            }
            for (seen, outcomes) in shape.columns(metric) {
                let range = printed(table, at, outcomes, group);
                let covers = (0..shape.patterns()).map(|pattern| shape.covers(seen, pattern)).collect();
                known.programme.figures.push((row, covers, range));
                known.ranges.insert((dimension, at, seen), range);
            }
        }
    }
    known
}

impl Known {
    fn spread(&self, row: Row, fits: impl Fn(usize) -> bool) -> f64 {
        self.programme.end(row, &fits, OptimizationDirection::Maximize)
            - self.programme.end(row, &fits, OptimizationDirection::Minimize)
    }

    /// How far apart the ends must be: a group the sender withheld is known to the release only as part of a sum.
    fn natural(&self, row: Row) -> f64 {
        if self.at_source.contains(&row) { 1.0 } else { (FLOOR - 1).min(self.programme.groups[&row]) as f64 }
    }
}

fn students() -> impl Strategy<Value = (Vec<Student>, Shape)> {
    let weights = proptest::collection::vec(0_u32..60, 9);
    (0..PAIRS.len(), 1_usize..=2, weights, 30_usize..350, any::<u64>(), 5_u64..100, 2_u64..60).prop_map(
        |(pair, receivers, weights, count, seed, going, between)| {
            let shape = Shape { pair, receivers };
            let kinds = shape.pair().kinds.len() as u64;
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
                // Those in the outer metric alone are few: they are what must be kept.
                let mut digit = || match (draw(100) < going, draw(100) < between) {
                    (false, _) => 0,
                    (true, true) => 1 + draw(kinds - 2),
                    (true, false) => kinds - 1,
                };
                let pattern = (0..receivers).fold(0, |pattern, _| pattern * kinds + digit()) as usize;
                (ethnicity.unwrap_or(0), gender, pattern, SCHOOLS[draw(20) as usize])
            };
            ((0..count).map(one).collect(), shape)
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 8, ..ProptestConfig::default() })]
    #[test]
    fn neither_of_two_nested_metrics_gives_the_other_away((students, shape) in students()) {
        let released = release_all(tables(&students, shape), &DisclosurePolicy::default());
        let known = known(&released, &students, shape);
        for ((dimension, at, seen), (low, high)) in &known.ranges {
            let row = (*dimension, *at);
            let (group, truth) = (known.programme.groups[&row], count_of(row, &students, |pattern| shape.covers(*seen, pattern)));
            prop_assert!(*low <= truth && truth <= *high, "the page is wrong about {:?} of {:?}", row, seen);
            if low == high {
                // Shown, or of a group nobody is in.
                prop_assert!(group == 0 || truth >= FLOOR && group - truth >= FLOOR, "{:?} {:?}", row, seen);
                continue;
            }
            let spread = known.spread(row, |pattern| shape.covers(*seen, pattern));
            prop_assert!(
                spread >= known.natural(row) - 1e-6,
                "{:?} {:?} of {} is narrowed to {} values", row, seen, group, spread + 1.0
            );
        }
        for [inner, outer] in shape.differences() {
            let between = |pattern: usize| shape.covers(outer, pattern) && !shape.covers(inner, pattern);
            for row in known.programme.groups.keys() {
                let few = count_of(*row, &students, between);
                if (1..FLOOR).contains(&few) {
                    let spread = known.spread(*row, between);
                    prop_assert!(
                        spread >= known.natural(*row) - 1e-6,
                        "{} in {:?} but not in {:?} of {:?} are narrowed to {} values", few, outer, inner, row, spread + 1.0
                    );
                }
            }
        }
    }
}

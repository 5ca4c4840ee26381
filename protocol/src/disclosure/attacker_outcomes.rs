//! A linear-programming attacker on tables of several outcomes: what the marks say and every sum, held against the truth.
//!
//! One receiver, so that outcomes and patterns are the same; several receivers are `attacker`'s.

use std::collections::BTreeMap;

use microlp::{ComparisonOp, OptimizationDirection, Problem, SolveOutcome, Variable};
use proptest::prelude::*;

use crate::{
    cells::{CellDomain, Dimension, SchoolYear},
    disclosure::{
        DisclosurePolicy, Mark, MetricRef, NoiseStatement, Outcome, RawTable, Reason, ReleasedTable,
        TableColumns, release_all, source_floor,
    },
    ids::MemberCode,
};

const FLOOR: i64 = 11;
const YEAR: SchoolYear = SchoolYear(2021);

/// Students as (ethnicity, gender, outcome from 1, 0 for none).
type Student = (usize, usize, usize);

/// A figure: dimension, category, outcome; `None` is any.
type Key = (Dimension, usize, Option<u8>);

fn category(dimension: Dimension, student: &Student) -> usize {
    match dimension {
        Dimension::All => 0,
        Dimension::Ethnicity => student.0,
        Dimension::Gender => student.1,
    }
}

fn tables(students: &[Student], outcomes: usize) -> Vec<RawTable> {
    let table = |dimension| {
        let domain = CellDomain { cohorts: vec![YEAR], dimension };
        let mut own = vec![0_u64; domain.len()];
        students.iter().for_each(|student| own[category(dimension, student)] += 1);
        let withheld = source_floor(&own, &domain, FLOOR as u32);
        let mut counts = vec![0_i64; domain.len() * (outcomes + 1)];
        for student in students.iter().filter(|student| !withheld[category(dimension, student)]) {
            counts[category(dimension, student) * (outcomes + 1) + student.2] += 1;
        }
        let denominators = own.iter().zip(&withheld).map(|(count, gone)| (!gone).then_some(*count)).collect();
        let columns = TableColumns {
            receivers: vec![MemberCode([2; 5])],
            outcomes: (0..outcomes).map(|outcome| format!("level {outcome}")).collect(),
        };
        let metric = MetricRef { id: "first-college-math".to_owned(), version: 1 };
        RawTable::new(metric, domain, MemberCode([1; 5]), columns, counts, denominators, NoiseStatement::Nil)
            .unwrap()
    };
    Dimension::ALL.map(table).into()
}

fn count_of(key: &Key, students: &[Student]) -> i64 {
    let seen = |student: &&Student| {
        category(key.0, student) == key.1
            && key.2.map_or(student.2 != 0, |outcome| student.2 == usize::from(outcome) + 1)
    };
    students.iter().filter(seen).count() as i64
}

fn group_of(key: &Key, students: &[Student]) -> i64 {
    students.iter().filter(|student| category(key.0, student) == key.1).count() as i64
}

/// What the marks of a figure say, for a reader who knows every denominator.
fn printed(table: &ReleasedTable, key: &Key, group: i64) -> (i64, i64) {
    let [count, rate] = match key.2 {
        None => [Outcome::Enrolled(None), Outcome::Rate(None)],
        Some(outcome) => [Outcome::SeenAs { receiver: 0, outcome }, Outcome::RateAs { receiver: 0, outcome }],
    };
    let mark = |outcome| table.mark(YEAR, key.1 as u8, outcome).unwrap();
    let range = match mark(count) {
        Mark::Value { value, .. } => (value as i64, value as i64),
        Mark::Suppressed(Reason::BelowFloor) => (0, (FLOOR - 1).min(group)),
        Mark::Suppressed(Reason::ComplementBelowFloor) => ((group - FLOOR + 1).max(0), group),
        Mark::Suppressed(Reason::Complementary) => (FLOOR, group - FLOOR),
        Mark::Bound { .. } | Mark::NotApplicable(_) | Mark::Suppressed(_) => (0, group),
    };
    match mark(rate) {
        Mark::Bound { low, high, .. } => {
            let near = |x: &i64| {
                let exact = 100.0 * *x as f64 / group as f64;
                exact >= low as f64 - 0.5 && exact <= high as f64 + 0.5
            };
            let fits = |x: &i64| (range.0..=range.1).contains(x) && near(x);
            ((0..=group).find(fits).unwrap_or(range.0), (0..=group).rev().find(fits).unwrap_or(range.1))
        }
        Mark::Value { .. } | Mark::NotApplicable(_) | Mark::Suppressed(_) => range,
    }
}

/// Every figure with what is printed of it, and the sums among them.
struct Known {
    ranges: BTreeMap<Key, (i64, i64)>,
    sums: Vec<(Vec<Key>, Key)>,
}

fn known(released: &[ReleasedTable], students: &[Student], outcomes: usize) -> Known {
    let measures: Vec<Option<u8>> = (0..outcomes as u8).map(Some).chain([None]).collect();
    let (mut ranges, mut sums) = (BTreeMap::new(), Vec::new());
    for table in released {
        let dimension = table.domain.dimension;
        for at in 0..dimension.categories().len() {
            for measure in &measures {
                let key = (dimension, at, *measure);
                ranges.insert(key, printed(table, &key, group_of(&key, students)));
            }
            let parts = measures.iter().flatten().map(|outcome| (dimension, at, Some(*outcome))).collect();
            sums.push((parts, (dimension, at, None)));
        }
        for measure in measures.iter().filter(|_| dimension != Dimension::All) {
            let parts = (0..dimension.categories().len()).map(|at| (dimension, at, *measure)).collect();
            sums.push((parts, (Dimension::All, 0, *measure)));
        }
    }
    Known { ranges, sums }
}

impl Known {
    /// The least or greatest value a figure can have.
    fn end(&self, key: &Key, direction: OptimizationDirection) -> f64 {
        let mut problem = Problem::new(direction);
        let variables: BTreeMap<&Key, Variable> = self
            .ranges
            .iter()
            .map(|(of, (low, high))| {
                let cost = f64::from(u8::from(of == key));
                (of, problem.add_var(cost, (*low as f64, *high as f64)))
            })
            .collect();
        for (parts, total) in &self.sums {
            let terms = parts.iter().map(|part| (variables[part], 1.0)).chain([(variables[total], -1.0)]);
            problem.add_constraint(terms.collect::<Vec<_>>(), ComparisonOp::Eq, 0.0);
        }
        match problem.solve().unwrap() {
            SolveOutcome::Solution(solution) => solution.var_value(variables[key]),
            SolveOutcome::Interrupted(_) => panic!("the attacker gave up"),
        }
    }
}

fn students() -> impl Strategy<Value = (Vec<Student>, usize)> {
    let weights = proptest::collection::vec(0_u32..60, 9);
    (2_usize..=4, weights, 30_usize..350, any::<u64>(), 5_u64..100).prop_map(
        |(outcomes, weights, count, seed, going)| {
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
                let outcome = (1 + draw(outcomes as u64).min(draw(outcomes as u64))) as usize;
                (ethnicity.unwrap_or(0), gender, if draw(100) < going { outcome } else { 0 })
            };
            ((0..count).map(one).collect(), outcomes)
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]
    // It fails now and then: seen once, the total of 59 students of a gender was narrowed to 52..59 (`protocol/docs/threat-model.md`).
    #[test]
    #[ignore = "exact tables of several outcomes are sometimes narrowed below the floor"]
    fn no_outcome_withheld_can_be_solved_back((students, outcomes) in students()) {
        let released = release_all(tables(&students, outcomes), &DisclosurePolicy::default());
        let known = known(&released, &students, outcomes);
        for (key, (low, high)) in &known.ranges {
            let (truth, group) = (count_of(key, &students), group_of(key, &students));
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
            let least = known.end(key, OptimizationDirection::Minimize);
            let most = known.end(key, OptimizationDirection::Maximize);
            prop_assert!(
                most - least >= natural as f64 - 1e-6,
                "{:?} of {} is narrowed to {}..{}", key, group, least, most
            );
        }
    }
}

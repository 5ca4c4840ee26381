//! A test attacker: reads released tables only, plus what the sender knows of itself, and tries to solve them back.
//!
//! Written apart from `suppression`: it starts from marks and reasons as printed, uses the printed percentages, and adds
//! Gaussian elimination over the sums. Without noise it must neither determine a withheld count nor narrow a sensitive
//! one below a floor-wide range. The linear-programming attacker of `tests/disclosure` works on cross tables; this one
//! works on the tables of a round, whose marks also speak in percentages.

mod seen;

use std::collections::BTreeMap;

use proptest::prelude::*;
use seen::Seen;

use crate::{
    cells::Dimension,
    codec::{Decode, Encode},
    disclosure::{
        Category, DisclosurePolicy, Mark, MetricRef, NoiseStatement, Outcome, RawTable, Reason,
        ReleasedTable, TableColumns,
        attacker_programme::{BREAKDOWNS, FLOOR, SCHOOLS, Student, YEAR, category, domain},
        release_all, source_floor,
    },
    ids::MemberCode,
};

fn tables(students: &[Student], receivers: usize) -> (Vec<RawTable>, BTreeMap<(Dimension, usize), u64>) {
    let mut truth = BTreeMap::new();
    let codes: Vec<_> = (0..receivers).map(|at| MemberCode([9, 9, 9, 9, at as u8])).collect();
    let of = category;
    let raw = Dimension::ALL.map(|dimension| {
        let domain = domain(dimension);
        let mut own = vec![0_u64; domain.len()];
        students.iter().for_each(|student| own[of(dimension, student)] += 1);
        let withheld = source_floor(&own, domain.categories(), FLOOR as u32);
        let mut counts = vec![0_i64; domain.len() << receivers];
        for student in students.iter().filter(|student| !withheld[of(dimension, student)]) {
            counts[(of(dimension, student) << receivers) | student.2] += 1;
        }
        own.iter().enumerate().for_each(|(category, count)| {
            truth.insert((dimension, category), *count);
        });
        let denominators = own.iter().zip(&withheld).map(|(count, gone)| (!gone).then_some(*count)).collect();
        let metric = MetricRef { id: "college-going-12m".to_owned(), version: 1 };
        let (sender, noise) = (MemberCode([1; 5]), NoiseStatement::Nil);
        RawTable::new(
            metric,
            domain,
            sender,
            TableColumns::of_one("enrolled", codes.clone()),
            counts,
            denominators,
            noise,
        )
        .unwrap()
    });
    (raw.into(), truth)
}

/// Figure: dimension, category, what is counted.
type Key = (Dimension, usize, Seen);

/// What marks say about the counts, for a reader who knows every denominator.
fn printed(tables: &[ReleasedTable], own: &BTreeMap<(Dimension, usize), u64>) -> BTreeMap<Key, (i64, i64)> {
    let mut ranges = BTreeMap::new();
    for table in tables {
        for seen in Seen::every(table.receivers.len()) {
            let [count, rate] = seen.outcomes();
            for category in 0..table.domain.categories() {
                let key = (table.domain.dimension, category, seen);
                let group = own[&(key.0, category)] as i64;
                let mut range = match table.mark(YEAR, category as u8, count).unwrap() {
                    Mark::Value { value, .. } => (value as i64, value as i64),
                    Mark::Suppressed(Reason::BelowFloor) => (0, (FLOOR - 1).min(group)),
                    Mark::Suppressed(Reason::ComplementBelowFloor) => (group - FLOOR + 1, group),
                    Mark::Suppressed(Reason::Complementary) => (FLOOR, group - FLOOR),
                    Mark::Bound { .. } | Mark::NotApplicable(_) | Mark::Suppressed(_) => (0, group),
                };
                match table.mark(YEAR, category as u8, rate).unwrap() {
                    Mark::Bound { low, high, reason: Reason::CodedByGroupSize } => {
                        let fits = |x: &i64| {
                            (low..=high).contains(&((200 * *x + group) as u64 / (2 * group as u64)))
                        };
                        range.0 = (range.0..=range.1).find(fits).unwrap();
                        range.1 = (range.0..=range.1).rev().find(fits).unwrap();
                    }
                    Mark::Bound { low, high, .. } => {
                        range.0 = range.0.max((group * low as i64 + 99) / 100);
                        range.1 = range.1.min(group * high as i64 / 100);
                    }
                    Mark::Value { value, .. } => {
                        assert!(range.0 == range.1, "a percentage of {value} beside a withheld count");
                        assert!((2..99).contains(&value), "{value} percent is an end of the scale");
                    }
                    Mark::NotApplicable(_) | Mark::Suppressed(_) => {}
                }
                ranges.insert(key, range);
            }
        }
    }
    ranges
}

fn categories(dimension: Dimension) -> std::ops::Range<usize> {
    0..domain(dimension).categories()
}

fn attack(ranges: &mut BTreeMap<Key, (i64, i64)>, receivers: usize) {
    let measures = Seen::every(receivers);
    for _ in 0..200 {
        let before = ranges.clone();
        let cut = |ranges: &mut BTreeMap<Key, (i64, i64)>, key: Key, low: i64, high: i64| {
            let range = ranges.get_mut(&key).unwrap();
            *range = (range.0.max(low), range.1.min(high));
            assert!(range.0 <= range.1, "the tables contradict themselves at {key:?}");
        };
        for dimension in BREAKDOWNS {
            for measure in &measures {
                let total = ranges[&(Dimension::All, 0, *measure)];
                let all = categories(dimension).map(|at| ranges[&(dimension, at, *measure)]);
                let (low, high) = all.fold((0, 0), |sum, range| (sum.0 + range.0, sum.1 + range.1));
                cut(ranges, (Dimension::All, 0, *measure), low, high);
                for at in categories(dimension) {
                    let own = ranges[&(dimension, at, *measure)];
                    cut(ranges, (dimension, at, *measure), total.0 - (high - own.1), total.1 - (low - own.0));
                }
            }
        }
        for dimension in Dimension::ALL {
            for at in categories(dimension) {
                let of = |seen: Seen| (dimension, at, seen);
                let any = ranges[&of(Seen::Any)];
                let sum: i64 = (0..receivers).map(|to| ranges[&of(Seen::At(to as u8))].1).sum();
                cut(ranges, of(Seen::Any), 0, sum);
                for to in 0..receivers {
                    let key = of(Seen::At(to as u8));
                    let own = ranges[&key];
                    cut(ranges, key, any.0 - (sum - own.1), any.1);
                    cut(ranges, of(Seen::Any), own.0, i64::MAX);
                }
                for both in &measures {
                    let Seen::Both(one, other) = *both else { continue };
                    let (own, a, b) =
                        (ranges[&of(*both)], ranges[&of(Seen::At(one))], ranges[&of(Seen::At(other))]);
                    let any = ranges[&of(Seen::Any)];
                    cut(ranges, of(*both), a.0 + b.0 - any.1, a.1.min(b.1));
                    cut(ranges, of(Seen::At(one)), own.0, i64::MAX);
                    cut(ranges, of(Seen::At(other)), own.0, i64::MAX);
                    if receivers == 2 {
                        cut(ranges, of(*both), 0, a.1 + b.1 - any.0);
                        cut(ranges, of(Seen::Any), a.0 + b.0 - own.1, a.1 + b.1 - own.0);
                        cut(ranges, of(Seen::At(one)), any.0 + own.0 - b.1, any.1 + own.1 - b.0);
                        cut(ranges, of(Seen::At(other)), any.0 + own.0 - a.1, any.1 + own.1 - a.0);
                    }
                }
            }
        }
        if *ranges == before {
            return;
        }
    }
}

/// Whether elimination over the sums (categories = total) pins an unknown: its row becomes a single entry.
fn pinned(
    ranges: &BTreeMap<Key, (i64, i64)>,
    own: &BTreeMap<(Dimension, usize), u64>,
    receivers: usize,
) -> Vec<Key> {
    // A category without students is no unknown: everybody knows that it sends nobody.
    let is_unknown = |key: &Key| ranges[key].0 < ranges[key].1 && own[&(key.0, key.1)] > 0;
    let unknown: Vec<_> = ranges.keys().copied().filter(is_unknown).collect();
    let mut rows: Vec<Vec<f64>> = Vec::new();
    for measure in Seen::every(receivers) {
        for dimension in BREAKDOWNS {
            let coefficient = |key: &Key| match key {
                (_, _, other) if *other != measure => 0.0,
                (d, _, _) if *d == dimension => 1.0,
                (Dimension::All, ..) => -1.0,
                _ => 0.0,
            };
            rows.push(unknown.iter().map(coefficient).collect());
        }
    }
    if receivers == 2 {
        // Seen at one, and at the other, less at both: seen at any.
        let every = Dimension::ALL
            .into_iter()
            .flat_map(|dimension| categories(dimension).map(move |at| (dimension, at)));
        for row in every {
            let coefficient = |key: &Key| match key.2 {
                _ if (key.0, key.1) != row => 0.0,
                Seen::At(_) => 1.0,
                Seen::Any | Seen::Both(..) => -1.0,
            };
            rows.push(unknown.iter().map(coefficient).collect());
        }
    }
    let mut pivot_row = 0;
    for column in 0..unknown.len() {
        let Some(found) = (pivot_row..rows.len()).find(|row| rows[*row][column].abs() > 1e-9) else {
            continue;
        };
        rows.swap(pivot_row, found);
        let pivot = rows[pivot_row].clone();
        for (at, row) in rows.iter_mut().enumerate() {
            let factor = if at == pivot_row { 0.0 } else { row[column] / pivot[column] };
            row.iter_mut().zip(&pivot).for_each(|(cell, top)| *cell -= factor * top);
        }
        pivot_row += 1;
    }
    let single = |row: &Vec<f64>| {
        let entries: Vec<_> = row.iter().enumerate().filter(|(_, cell)| cell.abs() > 1e-9).collect();
        (entries.len() == 1).then(|| unknown[entries[0].0])
    };
    rows.iter().filter_map(single).collect()
}

fn students() -> impl Strategy<Value = (Vec<Student>, usize)> {
    (1_usize..=3, proptest::collection::vec(0_u32..60, 9), 20_usize..400, any::<u64>(), 0_u64..100).prop_map(
        |(receivers, weights, count, seed, going)| {
            let mut state = seed | 1;
            let mut draw = |below: u64| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                (state >> 33) % below.max(1)
            };
            let whole: u32 = weights.iter().sum::<u32>() + 1;
            let one = |_| {
                let mut at = draw(u64::from(whole)) as u32;
                let ethnicity = weights.iter().position(|weight| {
                    let hit = at < *weight;
                    at = at.saturating_sub(*weight);
                    hit
                });
                let gender = [0, 0, 0, 0, 1, 1, 1, 1, 2, 3][draw(10) as usize];
                let gone = draw(100) < going;
                let pattern = if gone { draw(1 << receivers) as usize } else { 0 };
                (ethnicity.unwrap_or(0), gender, pattern, SCHOOLS[draw(20) as usize])
            };
            ((0..count).map(one).collect(), receivers)
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 8, ..ProptestConfig::default() })]
    #[test]
    fn p2_the_ranges_of_a_breakdown_follow_one_code((students, receivers) in students()) {
        let (raw, _) = tables(&students, receivers);
        for table in &release_all(raw, &DisclosurePolicy::default()) {
            let rates = table.cells.iter().filter(|cell| matches!(cell.outcome, Outcome::Rate(_)));
            let mut codes: Vec<_> = rates
                .filter_map(|cell| match cell.mark {
                    Mark::Bound { low: 0, high, .. } => Some((cell.cohort, high)),
                    Mark::Bound { low, .. } => Some((cell.cohort, 100 - low)),
                    Mark::Value { .. } | Mark::Suppressed(_) | Mark::NotApplicable(_) => None,
                })
                .collect();
            codes.sort_unstable();
            codes.dedup();
            let cohorts: std::collections::BTreeSet<_> = codes.iter().map(|(cohort, _)| *cohort).collect();
            prop_assert_eq!(codes.len(), cohorts.len(), "two codes in one breakdown: {:?}", codes);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]
    #[test]
    fn nothing_withheld_can_be_solved_back((students, receivers) in students()) {
        let (raw, own) = tables(&students, receivers);
        let released = release_all(raw, &DisclosurePolicy::default());
        let published = printed(&released, &own);
        let mut ranges = published.clone();
        attack(&mut ranges, receivers);
        let of = |key: &Key, student: &Student| category(key.0, student) == key.1;
        for (key, (low, high)) in &ranges {
            let seen = |student: &&Student| of(key, student) && key.2.covers(student.2);
            let truth = students.iter().filter(seen).count() as i64;
            let group = own[&(key.0, key.1)] as i64;
            prop_assert!(*low <= truth && truth <= *high, "the attacker is wrong about {key:?}: {low}..{high}");
            let sensitive = truth < FLOOR || group - truth < FLOOR;
            let withheld = published[key].0 < published[key].1;
            if sensitive || (withheld && group >= 2 * FLOOR - 1) {
                // A group the sender withheld for another's sake is known to the release by its sum only.
                let at_source = released.iter().any(|table| {
                    table.domain.dimension == key.0
                        && table.mark(YEAR, key.1 as u8, Outcome::Cohort)
                            == Some(Mark::Suppressed(Reason::WithheldAtSource))
                });
                let natural = if at_source && group >= FLOOR { 2 } else { (group + 1).min(FLOOR) };
                prop_assert!(high - low + 1 >= natural, "{key:?} of {group} is narrowed to {low}..{high}");
            }
        }
        let pinned = pinned(&published, &own, receivers);
        prop_assert!(pinned.is_empty(), "pinned by elimination: {pinned:?} {ranges:?} {own:?}");
        for table in &released {
            // P1: no coded percentage in a row with its number of students or a count.
            for cell in table.cells.iter().filter(|cell| matches!(cell.mark, Mark::Bound { .. })) {
                let Category::One(category) = cell.category else { panic!("a masked sum is no percentage") };
                let beside = |outcome| table.mark(YEAR, category, outcome).unwrap().value();
                prop_assert_eq!(beside(Outcome::Cohort), None);
                let seen = cell.outcome.both().map_or_else(
                    || cell.outcome.receiver().map_or(Seen::Any, Seen::At),
                    |(first, second)| Seen::Both(first, second),
                );
                prop_assert_eq!(beside(seen.outcomes()[0]), None);
            }
            for cell in &table.cells {
                if let (Mark::Value { value, .. }, Outcome::Enrolled(_) | Outcome::AtBoth { .. } | Outcome::Cohort) = (cell.mark, cell.outcome) {
                    prop_assert!(value >= FLOOR as u64, "{cell:?}");
                }
            }
            prop_assert_eq!(&ReleasedTable::from_bytes(&table.to_bytes()), &Ok(table.clone()));
        }
    }

    #[test]
    fn released_table_decoders_never_accept_two_forms(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        if let Ok(table) = ReleasedTable::from_bytes(&bytes) {
            prop_assert_eq!(table.to_bytes(), bytes);
        }
    }
}

#[test]
fn an_even_class_keeps_most_figures() {
    let students: Vec<_> =
        (0..600).map(|at| (5 + at % 3, at % 2, usize::from(at % 5 < 2), 1 + at / 3 % 3)).collect();
    let (raw, _) = tables(&students, 1);
    let released = release_all(raw, &DisclosurePolicy::default());
    let all = &released[0];
    assert_eq!(all.mark(YEAR, 0, Outcome::Cohort).unwrap().value(), Some(600));
    assert_eq!(all.mark(YEAR, 0, Outcome::Enrolled(Some(0))).unwrap().value(), Some(240));
    assert_eq!(all.mark(YEAR, 0, Outcome::Rate(None)).unwrap().value(), Some(40));
    assert_eq!(released[1].mark(YEAR, 5, Outcome::Enrolled(None)).unwrap().value(), Some(80));
    assert_eq!(released[1].mark(YEAR, 0, Outcome::Cohort), Some(Mark::Suppressed(Reason::WithheldAtSource)));
}

#[test]
fn small_groups_are_summed_in_one_row() {
    // Two ethnicities of 60 with 6 enrolled each: withheld one by one, shown together as 12.
    let mut students: Vec<Student> =
        (0..600).map(|at| (5, at % 2, usize::from(at % 5 < 2), at / 2 % 2)).collect();
    students.extend((0..120).map(|at| (6 + at % 2, at / 2 % 2, usize::from(at < 12), at / 4 % 2)));
    let (raw, _) = tables(&students, 1);
    let released = release_all(raw, &DisclosurePolicy::default());
    let sum = released[1].cells.iter().find(|cell| {
        matches!(&cell.category, Category::AllMasked(list) if list.contains(&6))
            && cell.outcome == Outcome::Enrolled(None)
    });
    assert_eq!(sum.map(|cell| cell.mark), Some(Mark::Value { value: 12, low: 12, high: 12 }));
}

#[test]
fn a_view_holds_only_what_the_share_list_allows() {
    let students: Vec<_> = (0..600).map(|at| (5, at % 2, at % 4, 1)).collect();
    let (raw, _) = tables(&students, 2);
    let released = release_all(raw, &DisclosurePolicy::default());
    let first = released[0].receivers[0];
    let view = released[0].for_member(|_, receiver| receiver == Some(first));
    assert!(view.cells.iter().all(|cell| matches!(cell.outcome.receiver(), None | Some(0))));
    assert!(view.cells.iter().all(|cell| cell.outcome != Outcome::Rate(None)));
    assert!(view.cells.iter().any(|cell| cell.outcome == Outcome::Cohort));
    assert!(view.cells.iter().all(|cell| cell.outcome.both().is_none()), "a pathway takes both");
    let pathway = |table: &ReleasedTable| table.cells.iter().any(|cell| cell.outcome.both().is_some());
    assert!(pathway(&released[0].for_member(|_, receiver| receiver.is_some())));
    assert!(!pathway(&released[0].for_member(|_, receiver| receiver.is_none())));
    assert!(released[0].for_member(|_, _| false).cells.is_empty());
}

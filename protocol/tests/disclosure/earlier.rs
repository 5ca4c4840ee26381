//! The rule of a sender's node under sequences of studies: whatever was judged fresh, no two rows of two rounds, nor a whole
//! and two of its parts, differ by fewer than the floor.
//!
//! Rosters change between studies as real ones do: a few students come or go, a group is corrected, a class is loaded late, a
//! file is taken back. The check is brute force over sets, written apart from the rule; it counts a student into rows and
//! withholds small ones by itself.

use std::collections::{BTreeMap, BTreeSet};

use passage_protocol::{
    cells::{Dimension, Ethnicity, Gender, Grouping, SchoolYear},
    disclosure::{Counted, CountedStudent, Earlier, Judged, LedgerRefusal},
    ids::{Digest, RoundId},
};

use crate::random::Dice;

const FLOOR: usize = 11;
const METRICS: [&str; 2] = ["college-going-12", "persistence"];

#[derive(Clone, PartialEq)]
struct Student {
    number: u64,
    cohort: u16,
    ethnicity: Ethnicity,
    gender: Gender,
    school: u8,
    /// Groups that are told, and groups nobody asks for.
    groups: [u8; 2],
}

/// Groupings that studies ask for, one or both.
const GROUPINGS: [Grouping; 2] = [Grouping::EnglishLearner, Grouping::LowIncome];

/// Schools, of which a study lists some; the last are small.
const SCHOOLS: u8 = 6;

/// The row of a school in tables of a study that lists these.
pub(crate) fn row_of(school: u8, listed: &[u8]) -> u8 {
    listed.iter().position(|one| *one == school).map_or(0, |place| place as u8 + 1)
}

fn newcomer(dice: &mut Dice, number: u64, cohort: u16) -> Student {
    let ethnicity = [5, 5, 5, 5, 7, 7, 7, 2, 6, 0][dice.below(10) as usize];
    let gender = [0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 3][dice.below(11) as usize];
    let school = [1, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 4, 4, 5, 6][dice.below(16) as usize];
    let (ethnicity, gender) = (Ethnicity::ALL[ethnicity], Gender::ALL[gender]);
    let groups = [[0, 3, 3, 3, 3, 3, 1, 1, 2, 2][dice.below(10) as usize], dice.below(2) as u8];
    Student { number, cohort, ethnicity, gender, school, groups }
}

/// The next roster.
fn changed(dice: &mut Dice, roster: &[Student], numbers: &mut u64, earlier: &[Vec<Student>]) -> Vec<Student> {
    let mut next = roster.to_vec();
    let mut fresh = |dice: &mut Dice, count: u64, cohort: u16| -> Vec<Student> {
        let add = |dice: &mut Dice, numbers: &mut u64| {
            *numbers += 1;
            newcomer(dice, *numbers, cohort)
        };
        (0..count).map(|_| add(dice, numbers)).collect()
    };
    let cohort = 2020 + dice.below(2) as u16;
    match dice.below(8) {
        0 => {}
        1 => {
            let count = 1 + dice.below(30);
            next.extend(fresh(dice, count, cohort));
        }
        2 => {
            for _ in 0..1 + dice.below(14) {
                let at = dice.below(next.len() as u64) as usize;
                next.remove(at);
            }
        }
        3 => {
            // A correction: students of one group are moved to another.
            for _ in 0..1 + dice.below(16) {
                let at = dice.below(next.len() as u64) as usize;
                next[at].ethnicity = Ethnicity::ALL[dice.below(9) as usize];
                next[at].school = 1 + dice.below(SCHOOLS.into()) as u8;
                next[at].groups[1] = dice.below(2) as u8;
            }
        }
        4 => {
            // A late class, all of one group.
            let late = 9 + dice.below(8);
            let mut class = fresh(dice, late, cohort);
            class
                .iter_mut()
                .for_each(|one| (one.ethnicity, one.gender) = (Ethnicity::Hispanic, Gender::Female));
            next.extend(class);
        }
        5 => next = earlier[dice.below(earlier.len() as u64) as usize].clone(),
        6 => {
            // What two earlier rosters have, put together.
            let [one, other] = [0, 1].map(|_| &earlier[dice.below(earlier.len() as u64) as usize]);
            next = one.clone();
            let known: BTreeSet<u64> = one.iter().map(|student| student.number).collect();
            next.extend(other.iter().filter(|student| !known.contains(&student.number)).cloned());
        }
        _ => {
            // What two earlier rosters share.
            let [one, other] = [0, 1].map(|_| &earlier[dice.below(earlier.len() as u64) as usize]);
            let known: BTreeSet<u64> = other.iter().map(|student| student.number).collect();
            next = one.iter().filter(|student| known.contains(&student.number)).cloned().collect();
        }
    }
    if next.len() < 60 { roster.to_vec() } else { next }
}

type Row = (u16, Dimension, usize);

/// The rows a release may show, by the definition: those of floor students or more, unless the rest of the breakdown could be
/// told by subtraction.
fn rows(
    roster: &[Student],
    dimensions: &[Dimension],
    listed: &[u8],
    cohorts: &[u16],
) -> BTreeMap<Row, BTreeSet<u64>> {
    let mut all: BTreeMap<Row, BTreeSet<u64>> = BTreeMap::new();
    for student in roster.iter().filter(|student| cohorts.contains(&student.cohort)) {
        for dimension in dimensions {
            let category = match dimension {
                Dimension::All => 0,
                Dimension::Ethnicity => student.ethnicity.index(),
                Dimension::Gender => student.gender.index(),
                Dimension::School => row_of(student.school, listed).into(),
                Dimension::Group(grouping) => {
                    student.groups[usize::from(*grouping != Grouping::EnglishLearner)].into()
                }
            };
            all.entry((student.cohort, *dimension, category)).or_default().insert(student.number);
        }
    }
    for cohort in cohorts {
        for dimension in dimensions {
            let mut sizes: Vec<(usize, Row)> = all
                .iter()
                .filter(|((of, by, _), _)| of == cohort && by == dimension)
                .map(|(row, who)| (who.len(), *row))
                .collect();
            sizes.sort();
            let (mut gone, mut count) = (0, 0);
            for (size, row) in sizes {
                let short = gone > 0 && (gone < FLOOR || count == 1);
                if size >= FLOOR && !short {
                    break;
                }
                (gone, count) = (gone + size, count + 1);
                all.remove(&row);
            }
        }
    }
    all
}

/// Sequences of studies.
const SEQUENCES: u64 = 1_000;

#[test]
fn no_rows_of_two_rounds_isolate_fewer_than_the_floor() {
    let (mut fresh, mut answered, mut refused, mut together, mut crossed) = (0, 0, 0, 0, 0);
    for seed in 0..SEQUENCES {
        let mut dice = Dice::new(6_000_000 + seed);
        let mut numbers = 0;
        let size = 70 + dice.below(160);
        let mut roster: Vec<Student> = (0..size)
            .map(|_| {
                numbers += 1;
                let cohort = 2020 + dice.below(2) as u16;
                newcomer(&mut dice, numbers, cohort)
            })
            .collect();
        let mut rosters = vec![roster.clone()];
        let mut kept: Vec<Earlier> = Vec::new();
        let mut released: Vec<(usize, BTreeMap<Row, BTreeSet<u64>>)> = Vec::new();
        for number in 0..10_u8 {
            roster = changed(&mut dice, &roster, &mut numbers, &rosters);
            rosters.push(roster.clone());
            let metric = dice.below(2) as usize;
            let groupings = GROUPINGS.map(Dimension::Group);
            let all = [&Dimension::ALL[..], &groupings].concat();
            let dimensions: &[Dimension] = match dice.below(8) {
                0 => &[Dimension::All],
                1 => &[Dimension::All, Dimension::Gender],
                2 => &[Dimension::Ethnicity],
                3 => &[Dimension::School],
                4 => &[Dimension::All, Dimension::School],
                5 => &[Dimension::All, groupings[1]],
                6 => &groupings,
                _ => &all,
            };
            // Now these schools, now those, in any order: what is another school to one study has rows of its own in the next.
            let lists: [&[u8]; 6] = [&[1], &[1, 2], &[2, 1, 3], &[1, 2, 3, 4], &[1, 2, 3, 4, 5, 6], &[3, 4]];
            let listed = lists[dice.below(6) as usize];
            let cohorts: &[u16] = if dice.percent(60) { &[2020] } else { &[2020, 2021] };
            let by = dimensions
                .iter()
                .fold(0_u8, |by, one| by.wrapping_mul(31).wrapping_add(one.name().len() as u8));
            let asked = [metric as u8, dimensions.len() as u8, by, cohorts.len() as u8];
            let is_by_school = dimensions.contains(&Dimension::School);
            let question = [&asked[..], if is_by_school { listed } else { &[] }].concat();
            let make = || {
                let students = roster.iter().map(|one| CountedStudent {
                    metric: 0,
                    number: one.number,
                    cohort: SchoolYear(one.cohort),
                    ethnicity: one.ethnicity,
                    gender: one.gender,
                    school: row_of(one.school, listed),
                    groups: groups_of(one, dimensions),
                });
                let tables = dimensions.iter().map(|dimension| (METRICS[metric].to_owned(), *dimension));
                let years: Vec<SchoolYear> = cohorts.iter().map(|year| SchoolYear(*year)).collect();
                let digest = Digest::derive("passage test question", &question);
                Counted::new(digest, FLOOR as u32, tables, &years, students)
            };
            match make().judge(&kept) {
                Ok(Judged::Fresh) => {
                    fresh += 1;
                    let counted = Counted::from_own_store(&make().for_own_store()).unwrap();
                    let is_answered = dice.percent(90);
                    kept.push(Earlier { round: RoundId([number; 16]), is_answered, counted });
                    released.push((metric, rows(&roster, dimensions, listed, cohorts)));
                }
                Ok(Judged::AnsweredBy(_)) => answered += 1,
                Err(isolated) if isolated.refusal == LedgerRefusal::Isolates => refused += 1,
                Err(isolated) if isolated.refusal == LedgerRefusal::Crossed => crossed += 1,
                Err(_) => together += 1,
            }
        }
        for (at, (metric, one)) in released.iter().enumerate() {
            let others = || released[..at].iter().filter(|(of, _)| of == metric).map(|(_, rows)| rows);
            for ((cohort, dimension, _), who) in one {
                let same_year = |((of, ..), _): &(&Row, &BTreeSet<u64>)| of == cohort;
                let few =
                    |other: &BTreeSet<u64>| (1..FLOOR).contains(&who.symmetric_difference(other).count());
                // Rows of two breakdowns may be nearly the same students; one round has then shown both.
                let stood_together = |other: &BTreeSet<u64>| {
                    let has = |rows: &BTreeMap<Row, BTreeSet<u64>>, one| rows.values().any(|who| who == one);
                    others().any(|rows| has(rows, who) && has(rows, other))
                };
                for (_, other) in others().flatten().filter(same_year) {
                    assert!(
                        !few(other) || stood_together(other),
                        "seed {seed}: rows of two rounds differ by fewer than the floor"
                    );
                }
                // A whole less two parts that have nobody in common, of one breakdown.
                let of_one = |row: &Row| row.1 == Dimension::All || row.1 == *dimension;
                let every: Vec<&BTreeSet<u64>> = others()
                    .chain([one])
                    .flatten()
                    .filter(same_year)
                    .filter(|(row, _)| of_one(row))
                    .map(|(_, who)| who)
                    .collect();
                for (place, part) in every.iter().enumerate() {
                    for other in every[place + 1..].iter().filter(|other| part.is_disjoint(other)) {
                        let both: BTreeSet<u64> = part.union(other).copied().collect();
                        assert!(!few(&both), "seed {seed}: a whole and its two parts differ by too few");
                    }
                }
            }
        }
    }
    println!(
        "{SEQUENCES} sequences: {fresh} run, {answered} answered from a stored report, {refused}, {together} and {crossed} refused"
    );
    assert!(
        fresh > 2_000 && answered > 200 && refused > 1_000 && together > 0,
        "{fresh} {answered} {refused} {together}"
    );
}

/// As a node says it: the groupings of the question alone, in their order.
fn groups_of(student: &Student, dimensions: &[Dimension]) -> [u8; Grouping::IN_A_STUDY_MAX] {
    let asked = GROUPINGS.iter().zip(student.groups);
    let mut said = asked.filter(|(one, _)| dimensions.contains(&Dimension::Group(**one)));
    core::array::from_fn(|_| said.next().map_or(0, |(_, category)| category))
}

/// What a question counts in one row: students who differ in nothing but their number.
pub(crate) fn alike(question: u8, numbers: impl Iterator<Item = u64>) -> Counted {
    alike_by(question, "college-going-12", Dimension::All, numbers)
}

/// The same by a metric and a breakdown.
fn alike_by(question: u8, metric: &str, dimension: Dimension, numbers: impl Iterator<Item = u64>) -> Counted {
    let student = numbers.map(|number| CountedStudent {
        metric: 0,
        number,
        cohort: SchoolYear(2020),
        ethnicity: Ethnicity::White,
        gender: Gender::Female,
        school: 0,
        groups: [0; 8],
    });
    let tables = [(metric.to_owned(), dimension)];
    Counted::new(Digest([question; 32]), 11, tables, &[SchoolYear(2020)], student)
}

#[test]
fn four_rounds_that_are_all_far_apart_may_single_out_three_together() {
    // P, P + A, P + B, P + A + B + three: each differs by the floor or more from each, and the sum of the first and the last
    // less the two others is the three.
    let students = |parts: &[(u64, u64)]| -> Counted {
        let numbers = parts.iter().flat_map(|(from, to)| *from..*to);
        alike(parts.len() as u8, numbers)
    };
    let (p, a, b) = ((0, 50), (100, 115), (200, 215));
    let kept: Vec<Earlier> = [students(&[p]), students(&[p, a]), students(&[p, b])]
        .into_iter()
        .enumerate()
        .map(|(at, counted)| Earlier { round: RoundId([at as u8; 16]), is_answered: true, counted })
        .collect();
    let isolated = students(&[p, a, b, (300, 303)]).judge(&kept).unwrap_err();
    assert_eq!(isolated.refusal, LedgerRefusal::IsolatesTogether);
    assert_eq!(isolated.to_string().matches("rule domain 4.4").count(), 1, "{isolated}");
    assert_eq!(students(&[p, a, b, (300, 311)]).judge(&kept), Ok(Judged::Fresh));
}

#[test]
fn a_round_without_a_report_answers_nothing_and_counts_all_the_same() {
    let of = |count: u64| alike(1, 0..count);
    let mut kept = vec![Earlier { round: RoundId([1; 16]), is_answered: false, counted: of(40) }];
    assert_eq!(of(40).judge(&kept), Ok(Judged::Fresh));
    assert_eq!(of(43).judge(&kept).unwrap_err().refusal, LedgerRefusal::Isolates);
    kept[0].is_answered = true;
    assert_eq!(of(40).judge(&kept), Ok(Judged::AnsweredBy(RoundId([1; 16]))));
}

#[test]
fn an_exact_table_stands_beside_no_other_that_tells_something_else_of_its_students() {
    let of = |question: u8, metric: &str, dimension, numbers: core::ops::Range<u64>, is_exact| {
        let counted = alike_by(question, metric, dimension, numbers);
        if is_exact { counted.with_exact_tables(Digest([question % 10; 32])) } else { counted }
    };
    let first = || of(1, "college-going-12", Dimension::All, 0..40, true);
    let kept = |counted: &Counted, is_answered| {
        let counted = Counted::from_own_store(&counted.for_own_store()).unwrap();
        [Earlier { round: RoundId([7; 16]), is_answered, counted }]
    };
    let exact = kept(&first(), true);
    let beside = |counted: Counted| counted.judge(&exact).map_err(|isolated| isolated.refusal);
    let refused = Err(LedgerRefusal::ExactBeside);
    // Another question, another breakdown, a metric that lies within the first or holds it, the same question about fewer students.
    assert_eq!(beside(of(2, "college-going-12", Dimension::All, 0..40, true)), refused);
    assert_eq!(beside(of(2, "college-going-12", Dimension::Gender, 0..40, true)), refused);
    assert_eq!(beside(of(2, "first-fall", Dimension::All, 0..40, true)), refused);
    assert_eq!(beside(of(2, "college-going-16", Dimension::All, 0..40, true)), refused);
    assert_eq!(beside(of(1, "college-going-12", Dimension::All, 0..20, true)), refused);
    assert_eq!(
        beside(of(2, "college-going-12", Dimension::All, 39..90, true)),
        refused,
        "one student in common"
    );
    // Other students; a metric that tells nothing of the first; noise on either side.
    assert_eq!(beside(of(2, "college-going-12", Dimension::All, 40..90, true)), Ok(Judged::Fresh));
    assert_eq!(beside(of(2, "wages-2q-4q", Dimension::All, 0..40, true)), Ok(Judged::Fresh));
    assert_eq!(beside(of(2, "college-going-12", Dimension::All, 0..40, false)), Ok(Judged::Fresh));
    let noisy = kept(&of(1, "college-going-12", Dimension::All, 0..40, false), true);
    assert_eq!(of(2, "college-going-12", Dimension::Gender, 0..40, true).judge(&noisy), Ok(Judged::Fresh));
    // The same question about the same students: answered, or asked again where no report came.
    assert_eq!(beside(first()), Ok(Judged::AnsweredBy(RoundId([7; 16]))));
    assert_eq!(first().judge(&kept(&first(), false)), Ok(Judged::Fresh));
    // Under another agreement it is another question, whose tables tell nothing else.
    assert_eq!(beside(of(11, "college-going-12", Dimension::All, 0..40, true)), Ok(Judged::Fresh));
    let told = of(2, "first-fall", Dimension::All, 0..40, true).judge(&exact).unwrap_err().to_string();
    assert!(told.contains("exact table") && told.contains("cohort 2020-2021"), "{told}");
}

/// Bytes of the groups of forty students, at the end of what a node keeps.
pub(crate) const GROUPS_BYTES: usize = 4 + 40 * Grouping::IN_A_STUDY_MAX;

#[test]
fn what_was_kept_before_exact_tables_were_told_apart_counts_as_exact() {
    let mut bytes = alike(1, 0..40).for_own_store();
    bytes.truncate(bytes.len() - 44 - GROUPS_BYTES);
    assert_eq!(bytes.pop(), Some(0), "no exact table");
    let counted = Counted::from_own_store(&bytes).unwrap();
    let kept = [Earlier { round: RoundId([7; 16]), is_answered: true, counted }];
    let isolated = alike(2, 0..40).with_exact_tables(Digest([9; 32])).judge(&kept).unwrap_err();
    assert_eq!(isolated.refusal, LedgerRefusal::ExactBeside);
    assert_eq!(alike(2, 0..40).judge(&kept), Ok(Judged::Fresh));
}

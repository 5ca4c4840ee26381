//! Every metric on fifty thousand students: what the SQL says of each is what the independent implementation says.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Instant,
};

use passage_node::roster::{SegmentKind, Whose};
use passage_protocol::metric::{Computation, Side};

use crate::{
    catalogue::all,
    plain::{Records, Whole, said, sender},
    store::{Store, name, run},
    students::population,
    written::rows,
};

const STUDENTS: usize = 50_000;
const SEED: u64 = 20_261_127;

/// What is said of one student, in a form that two can be compared in.
type Sorted = Vec<(i64, Option<String>)>;

fn expected(records: &Records, metric: &str, side: Side, whole: &Whole<'_>) -> Vec<Sorted> {
    let one = |student| {
        let mut said: Sorted = match side {
            Side::Sender => sender(metric, student, whole).map(|cohort| (cohort, None)).into_iter().collect(),
            Side::Receiver | Side::Own => said(metric, student, whole)
                .unwrap_or_else(|| panic!("no independent implementation of {metric}"))
                .into_iter()
                .map(|(cohort, outcome)| (cohort, outcome.map(str::to_owned)))
                .collect(),
        };
        said.sort();
        said
    };
    records.students.iter().map(one).collect()
}

#[test]
fn a2_every_metric_agrees_with_an_independent_implementation_on_fifty_thousand_students() {
    let records = population(STUDENTS, SEED);
    let whole = Whole::of(&records);
    let store = Store::new().with(rows(&records));
    let roster = store.roster(SegmentKind::K12);
    assert_eq!(roster.students.len(), STUDENTS);
    let places: Vec<usize> = records
        .students
        .iter()
        .map(|student| match roster.whose(student.institution, Some(&student.id)) {
            Whose::Student(place) => place,
            Whose::OptedOut | Whose::Unlisted => panic!("a student is in no list"),
        })
        .collect();
    let engine = store.engine();
    // A statement that several metrics share is compared once.
    let (mut compared, mut statements) = (0, BTreeSet::new());
    for metric in all() {
        let sides: &[Side] = match metric.kind {
            // Where the link alone counts, a receiver says nothing.
            Computation::Linked if metric.counts_links() => &[Side::Sender],
            Computation::Linked => &[Side::Sender, Side::Receiver],
            Computation::Own => &[Side::Own],
        };
        for side in sides {
            if !statements.insert(metric.program(*side).unwrap().statement.clone()) {
                continue;
            }
            let began = Instant::now();
            let facts = run(&engine, &metric, *side, &roster)
                .unwrap_or_else(|fault| panic!("{}: {fault}", metric.id));
            assert_eq!(facts.left_out().opted_out_rows + facts.left_out().unlisted_rows, 0, "{}", metric.id);
            let expected = expected(&records, &metric.id, *side, &whole);
            let (mut found, mut outcomes) = (0_usize, BTreeMap::new());
            for ((student, expected), place) in records.students.iter().zip(&expected).zip(&places) {
                let mut said: Sorted = facts
                    .of(*place)
                    .map(|(cohort, outcome)| (i64::from(cohort.0), name(&metric, outcome).map(str::to_owned)))
                    .collect();
                said.sort();
                assert_eq!(&said, expected, "{} {} {}", metric.id, side.name(), student.id);
                found += said.len();
                said.into_iter().for_each(|(_, outcome)| *outcomes.entry(outcome).or_insert(0) += 1);
            }
            eprintln!("{:<34}{:<9}{found:>8} {:?} {:?}", metric.id, side.name(), began.elapsed(), outcomes);
            assert!(found > 500, "{} {}: {found}: the population does not try it", metric.id, side.name());
            if *side != Side::Sender {
                let missing =
                    metric.outcomes.iter().find(|one| !outcomes.contains_key(&Some(one.name.clone())));
                assert!(missing.is_none(), "{}: nobody is {missing:?}", metric.id);
            }
            compared += 1;
        }
    }
    // Thirty-one metrics; most of the linked ones have the same sender's side.
    assert!(compared > 30, "{compared}");
}

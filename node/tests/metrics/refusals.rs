//! Faults of a metric's SQL are refused with a code of their own, and what a person is known by twice is one person.

use passage_analytics::{engine::Embedded, table::Cell};
use passage_node::{
    metrics::{MetricError, plan, plan_brought, study_text},
    roster::{Roster, SegmentKind},
};
use passage_protocol::{
    agreement::Study,
    cells::SchoolYear,
    metric::{Metric, Side},
    refusal::{Code, Refusal},
};

use crate::store::{Row, Store, run};

/// A metric whose receiver answers `sql`.
fn metric(sql: &str) -> Metric {
    Metric::parse(&file(sql)).unwrap()
}

fn file(sql: &str) -> String {
    format!(
        "format = \"passage-metric/2\"\nid = \"made\"\nversion = 1\nkind = \"linked\"\ntitle = \"Made\"\n\
         senders = [\"k12\"]\nreceivers = [\"cc\"]\nwindows = 2\nby = [\"all\"]\nsource = \"a test\"\nconfidence = \"L\"\n\
         text = \"made\"\npseudo_code = \"made\"\n\
         [[outcome]]\nname = \"first\"\nlabel = \"first\"\n[[outcome]]\nname = \"second\"\nlabel = \"second\"\n\
         [sender]\nelements = [\"local-id\", \"institution\"]\nsql = \"SELECT institution, local_id, 2019 AS cohort FROM student\"\n\
         [receiver]\nelements = [\"local-id\", \"institution\", \"school-year\", \"term\", \"ssn\"]\nsql = \"\"\"{sql}\"\"\"\n"
    )
}

/// A study that brings such a metric along.
fn study(sql: &str) -> Study {
    let file = file(sql).replacen("id = \"made\"", "id = \"x-made\"", 1);
    let text = include_str!("../../../deploy/config/study.example.toml");
    let text = text.replacen("metric = \"college-going-12\"", "metric = \"x-made\"", 1);
    let text = text.replacen("\ntitle = ", &format!("\ndefinition = [\'\'\'\n{file}\'\'\']\ntitle = "), 1);
    Study::parse(&text).unwrap()
}

#[test]
fn a_study_whose_own_metric_does_not_fit_the_tables_is_not_approved() {
    let fits = "SELECT institution, local_id, school_year AS cohort, 'first' AS outcome FROM enrolment WHERE term = 'x' AND ssn IS NULL";
    assert!(plan_brought(&study(&fits.replace(" AND ssn IS NULL", ""))).is_ok());
    // No such column in that table; and a cohort that is no number.
    assert!(plan_brought(&study(fits)).is_err());
    let words = "SELECT institution, local_id, term AS cohort, 'first' AS outcome FROM enrolment";
    assert!(plan_brought(&study(words)).is_err());
}

#[test]
fn the_approver_reads_the_whole_of_a_metric_that_a_study_brings_along() {
    let sql = "SELECT institution, local_id, school_year AS cohort, 'first' AS outcome FROM enrolment";
    let study = study(sql);
    let text = study_text(&study.definitions[0], &study);
    for part in [sql, "brings it along", "2 cohorts x 4 categories x 2 outcomes = 16 cells", "school-year"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let built_in = Metric::builtin("college-going-12", 1).unwrap().unwrap();
    assert!(!study_text(&built_in, &study).contains("SELECT"), "`metric show` has it");
}

fn term(institution: Option<&str>, id: &str, year: i64, term: &str) -> Row {
    let cells = vec![
        ("institution", institution.map_or(Cell::Empty, Cell::text)),
        ("local-id", Cell::text(id)),
        ("school-year", Cell::Integer(year)),
        ("term", Cell::text(term)),
    ];
    ("enrolment", cells)
}

fn person(institution: Option<&str>, id: &str, ssn: &str) -> Row {
    let mut cells =
        vec![("institution", institution.map_or(Cell::Empty, Cell::text)), ("local-id", Cell::text(id))];
    if !ssn.is_empty() {
        cells.push(("ssn", Cell::text(ssn)));
    }
    ("student", cells)
}

fn world() -> (Store, Roster, Embedded) {
    let rows = [
        person(Some("021"), "A1", ""),
        person(Some("022"), "A1", ""),
        // Known at two colleges by the social security number, which no college gave.
        person(Some("021"), "501110001", "501110001"),
        person(Some("022"), "501110001", "501110001"),
        person(Some("021"), "b7", ""),
        person(Some("021"), "GONE", ""),
        term(Some("021"), "A1", 2019, "first"),
        term(Some("022"), "A1", 2021, "second"),
        term(Some("021"), "501110001", 2020, "second"),
        term(Some("022"), "501110001", 2020, "first"),
        term(Some("022"), "501110001", 2022, "second"),
        // Without an institution: the only one that gave the number; and case does not count.
        term(None, "B7", 2018, "second"),
        term(Some("021"), "GONE", 2018, "first"),
        term(Some("021"), "NOBODY", 2018, "first"),
    ];
    let store = Store::new().with(rows.into_iter());
    let roster = store.roster_without(SegmentKind::CommunityCollege, "GONE");
    let engine = store.engine();
    (store, roster, engine)
}

const TERMS: &str = "SELECT institution, local_id, school_year AS cohort, term AS outcome FROM enrolment";

#[test]
fn a_student_with_several_numbers_is_one_and_opted_out_students_are_nobody() {
    let (_store, roster, engine) = world();
    let facts = run(&engine, &metric(TERMS), Side::Receiver, &roster).unwrap();
    let said: Vec<(String, Vec<(SchoolYear, u8)>)> = roster
        .students
        .all()
        .unwrap()
        .iter()
        .enumerate()
        .map(|(place, one)| (one.person().local_id.expose().to_owned(), facts.of(place).collect()))
        .collect();
    let year = SchoolYear;
    assert_eq!(
        said,
        [
            ("A1".to_owned(), vec![(year(2019), 1)]),
            ("A1".to_owned(), vec![(year(2021), 2)]),
            // In 2020 the two colleges differ: what the metric lists first counts.
            ("501110001".to_owned(), vec![(year(2020), 1), (year(2022), 2)]),
            ("b7".to_owned(), vec![(year(2018), 2)]),
        ]
    );
    assert_eq!((facts.left_out().opted_out_rows, facts.left_out().unlisted_rows), (1, 1));
    let sender = run(&engine, &metric(TERMS), Side::Sender, &roster).unwrap();
    assert_eq!(sender.sender_cohort(2), Some(year(2019)));
    assert_eq!(facts.sender_cohort(2), None, "a receiver's facts say nothing of a sender's cohort");
    // The same for a person who stands in the roster several times.
    assert_eq!(facts.of_person(&[0, 1]), [(year(2019), 1), (year(2021), 2)]);
    assert_eq!(facts.of_person(&[1, 2, 3]), [(year(2018), 2), (year(2020), 1)], "two windows: the earliest");
    assert_eq!(sender.of_person(&[1, 2]), [(year(2019), 0)]);
    assert!(facts.of_person(&[]).is_empty());
}

#[test]
fn answers_that_are_not_what_a_side_must_answer_are_refused() {
    let (_store, roster, engine) = world();
    for (sql, code) in [
        ("SELECT institution, local_id, 1 AS cohort, 'first' AS outcome FROM enrolment", 0x2401),
        (
            "SELECT institution, local_id, CAST(NULL AS BIGINT) AS cohort, 'first' AS outcome FROM enrolment",
            0x2401,
        ),
        ("SELECT institution, local_id, 'first' AS outcome FROM enrolment", 0x2402),
        ("SELECT institution, local_id, '2019' AS cohort, 'first' AS outcome FROM enrolment", 0x2402),
        ("SELECT institution, local_id, 2019 AS cohort, 1 AS outcome FROM enrolment", 0x2402),
        ("SELECT local_id, 2019 AS cohort, 'first' AS outcome FROM enrolment", 0x2402),
        ("SELECT institution, local_id, 2019 AS cohort FROM enrolment", 0x2402),
        ("SELECT institution, local_id, 2019 AS cohort, 'third' AS outcome FROM enrolment", 0x2404),
        (
            "SELECT institution, local_id, 2019 AS cohort, CAST(NULL AS VARCHAR) AS outcome FROM enrolment",
            0x2404,
        ),
        (
            "SELECT e.institution, e.local_id, e.school_year + w.more AS cohort, 'first' AS outcome FROM enrolment e CROSS JOIN (VALUES (0), (1), (2)) AS w(more)",
            0x2406,
        ),
        (
            "SELECT e.institution, e.local_id, 2019 AS cohort, w.word AS outcome FROM enrolment e CROSS JOIN (VALUES ('first'), ('second')) AS w(word)",
            0x2407,
        ),
    ] {
        let Err(refused) = run(&engine, &metric(sql), Side::Receiver, &roster) else {
            panic!("taken: {sql}");
        };
        assert_eq!(refused.code(), Code(code), "{sql}: {refused}");
        assert!(!refused.to_string().contains("501110001") && !refused.advice().is_empty());
    }
    assert!(matches!(
        run(
            &engine,
            &metric("SELECT institution, local_id, 1 / 0 AS cohort, 'first' AS outcome FROM enrolment"),
            Side::Receiver,
            &roster
        ),
        Err(MetricError::Engine(_))
    ));
}

#[test]
fn planning_refuses_what_no_table_has() {
    for sql in [
        "SELECT institution, local_id, school_year AS cohort, 'first' AS outcome FROM enrolments",
        "SELECT institution, local_id, year AS cohort, 'first' AS outcome FROM enrolment",
        "SELECT institution, local_id, school_year AS cohort FROM enrolment",
        "DELETE FROM enrolment",
        "COPY (SELECT 1) TO 'x.csv'",
    ] {
        let made = metric(sql);
        assert!(plan(&made, made.program(Side::Receiver).unwrap()).is_err(), "{sql}");
    }
    let made = metric(TERMS);
    assert!(made.programs.iter().all(|program| plan(&made, program).is_ok()));
}

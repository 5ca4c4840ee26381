//! Which school a student is counted in: that of the record which puts him in his cohort.

use passage_analytics::table::Cell;
use passage_protocol::{cells::SchoolYear, metric::Side, timestamp::Timestamp};
use passage_shell::shelf::{Room, Shelf};
use zeroize::Zeroizing;

use super::{tests::study, *};
use crate::{
    import::ReportingPeriod,
    roster::{OptOuts, SegmentKind, assemble},
    tables::{Import, StoredTable, merge, tests::World},
};

const A: &str = "1930361";
const B: &str = "1930362";
const C: &str = "1930363";

fn text(text: &str) -> Cell {
    if text.is_empty() { Cell::Empty } else { Cell::Text(Zeroizing::new(text.to_owned())) }
}

/// Students by number, each with spells: whether it completes, in which year, at which school.
type Spells = [(&'static str, &'static [(bool, i64, &'static str)])];

fn stored(world: &World, students: &Spells) -> Vec<StoredTable> {
    let mut import = Import::named(&world.folder, &world.custody, &world.schemas, "district", "1");
    for (place, (number, spells)) in students.iter().enumerate() {
        // Two numbers of one student have one state number, name and date of birth.
        let person = number.trim_end_matches('x');
        let place = if number.ends_with('x') { place - 1 } else { place };
        let row = vec![
            ("local-id", text(number)),
            ("ssid", text(&format!("{:010}", 4_006_140_001 + place as u64))),
            ("first", text(&format!("First{person}"))),
            ("last", text(&format!("Last{person}"))),
            ("birth-date", Cell::Date { year: 2001, month: 5, day: 1 + place as u8 }),
        ];
        import.push(ReportingPeriod::default(), "student", &world.schemas.row("student", row)).unwrap();
        for (completes, year, school) in *spells {
            let cohort = if *completes { Cell::Integer(*year) } else { Cell::Empty };
            let row = vec![
                ("local-id", text(number)),
                ("school-year", Cell::Integer(*year)),
                ("school", text(school)),
                ("completer-cohort", cohort),
            ];
            import
                .push(ReportingPeriod::default(), "enrolment", &world.schemas.row("enrolment", row))
                .unwrap();
        }
    }
    merge(&[], &import.finish(&[], Timestamp(1)).unwrap())
}

/// Cohort and row of every person, where a study lists A and B.
fn rows(students: &Spells, kind: SegmentKind, room: &Room) -> Vec<(u16, u8)> {
    let world = World::new();
    let tables = stored(&world, students);
    let none = OptOuts::default();
    let roster = assemble(&world.folder, &world.custody, &tables, &none, kind, room).unwrap();
    let completed = roster.students.all().unwrap().into_iter().enumerate();
    let completed: Vec<_> = completed
        .map(|(place, student)| (place, student.completion_cohort().unwrap_or(SchoolYear(2019)), 1))
        .collect();
    let said = Said::from(vec![Some(MetricFacts::new(Side::Sender, 1, completed))]);
    let school = |code: &str| School { code: SchoolCode::parse(code).unwrap(), name: code.to_owned() };
    let part = Part { role: Role::Sender, segment: Segment::K12, schools: &[A, B].map(school) };
    let prepared = prepare(&roster, &study(), part, 2026, &said, room).unwrap();
    let all = prepared.rows.all().unwrap();
    all.iter().map(|row| (row.facts[0].cohort.unwrap().0, row.school)).collect()
}

const STUDENTS: &Spells = &[
    ("S1", &[(true, 2019, A)]),
    ("S2", &[(true, 2019, B)]),
    ("S3", &[(true, 2019, C)]),
    ("S4", &[(true, 2019, "")]),
    ("S5", &[(true, 2020, A), (true, 2019, B)]),
    ("S6", &[(true, 2019, B), (true, 2019, A)]),
    ("S7", &[(false, 2018, A), (true, 2019, B)]),
    ("S8", &[(true, 2020, A)]),
    ("S8x", &[(true, 2019, B)]),
    ("S9", &[(true, 2019, "")]),
    ("S9x", &[(true, 2019, B)]),
    ("S10", &[(true, 2019, "Lincoln")]),
];

#[test]
fn a_student_is_of_the_school_of_the_earliest_completion() {
    let folder = tempfile::tempdir().unwrap();
    let shelf = Shelf::open(folder.path()).unwrap();
    for room in [Room::memory(), Room::new(&shelf, 1)] {
        let of = rows(STUDENTS, SegmentKind::K12, &room);
        // At A, at B, at one not listed, at none known; the earlier of two; of two in a year the smaller code; where it was completed
        // and not where a spell began; of two numbers of one student the earlier, and the one that is known; no code at all.
        let expected = [1, 2, 0, 0, 2, 1, 2, 2, 2, 0];
        assert_eq!(of, expected.map(|row| (2019, row)));
    }
}

#[test]
fn the_order_of_files_decides_no_school() {
    let backwards: &Spells =
        &[("S6", &[(true, 2019, A), (true, 2019, B)]), ("S5", &[(true, 2019, B), (true, 2020, A)])];
    assert_eq!(rows(backwards, SegmentKind::K12, &Room::memory()), [(2019, 1), (2019, 2)]);
}

#[test]
fn a_college_knows_no_school_of_completion() {
    assert_eq!(rows(&STUDENTS[..1], SegmentKind::CommunityCollege, &Room::memory()), [(2019, 0)]);
}

//! Files in, coverage out, against figures that these tests work out of the files themselves.

use std::{collections::BTreeMap, path::PathBuf};

use passage_protocol::timestamp::Timestamp;

use super::*;
use crate::tables::tests::{World, demo};

const TODAY: Date = Date { year: 2026, month: 11, day: 22 };

/// Stores files in a world of their own and counts them.
fn covered(files: &[PathBuf]) -> Coverage {
    let world = World::new();
    let mut stored = Vec::new();
    for file in files {
        stored = world.store(file, &stored).unwrap();
    }
    gather(&world.folder, &world.custody, stored, TODAY).unwrap()
}

/// Stores texts, each as a file.
fn covered_texts(texts: &[&str]) -> Coverage {
    let folder = tempfile::tempdir().unwrap();
    let mut files = Vec::new();
    for (number, text) in texts.iter().enumerate() {
        files.push(folder.path().join(format!("{number}.txt")));
        std::fs::write(&files[number], text).unwrap();
    }
    covered(&files)
}

/// The cells of a caret file.
fn cells(name: &str) -> Vec<Vec<String>> {
    let text = std::fs::read_to_string(demo().join(name)).unwrap();
    text.lines().map(|line| line.split('^').map(str::to_owned).collect()).collect()
}

/// One line worked out by hand: rows, and for each student whether there is an SSID and whether there are names and a date.
#[derive(Default)]
struct Expected {
    rows: u64,
    students: BTreeMap<String, (bool, bool)>,
}

/// A district's enrolments and information records: every figure of every line, from the columns of the files.
#[test]
fn a_district_is_counted_by_year_and_school_as_its_files_say() {
    // Column numbers from 1: year, school, SSID, local number, first, last, birth date.
    let files =
        [("K12A/K12A-SENR.txt", [7, 5, 8, 9, 10, 12, 17]), ("K12A/K12A-SINF.txt", [8, 7, 9, 10, 11, 13, 18])];
    let mut lines: BTreeMap<(String, String), Expected> = BTreeMap::new();
    let mut of_student: BTreeMap<String, (bool, bool)> = BTreeMap::new();
    for (name, columns) in files {
        let mut seen = std::collections::BTreeSet::new();
        for row in cells(name) {
            if !seen.insert(row.clone()) {
                continue; // a row that stands twice is kept once
            }
            let [year, school, ssid, local, first, last, born] =
                columns.map(|column| row[column - 1].clone());
            let known = of_student.entry(local.clone()).or_default();
            known.0 |= !ssid.is_empty();
            // `BABYBOY` is no name: matching drops it.
            known.1 |= !["", "BABYBOY"].contains(&first.as_str()) && !last.is_empty() && !born.is_empty();
            // An enrolment record feeds two tables, an information record one.
            let line = lines.entry((year, school)).or_default();
            line.rows += if name.contains("SENR") { 2 } else { 1 };
            line.students.insert(local, Default::default());
        }
    }
    for line in lines.values_mut() {
        line.students.iter_mut().for_each(|(local, known)| *known = of_student[local]);
    }
    let coverage = covered(&files.map(|(name, _)| demo().join(name)));
    assert!(
        lines.len() > 2 && of_student.len() > 500,
        "{} lines, {} students",
        lines.len(),
        of_student.len()
    );
    assert_eq!(coverage.lines.len(), lines.len());
    for (found, ((year, school), expected)) in coverage.lines.iter().zip(&lines) {
        let sum = |what: fn(&(bool, bool)) -> bool| {
            expected.students.values().filter(|known| what(known)).count() as u64
        };
        assert_eq!((&found.school_year, &found.school, found.rows), (year, school, expected.rows));
        assert_eq!(found.students, expected.students.len() as u64, "{year} {school}");
        assert_eq!((found.ssid, found.ssn, found.named), (sum(|known| known.0), 0, sum(|known| known.1)));
        assert_eq!(found.strong, sum(|known| known.0 || known.1), "{year} {school}");
        assert_eq!((found.standard, found.weak), (0, found.students - found.strong));
    }
    let total = &coverage.total;
    assert_eq!(total.students, of_student.len() as u64, "a student counts once over years and schools");
    assert_eq!(total.rows, lines.values().map(|line| line.rows).sum::<u64>());
    assert_eq!(total.student_rows, total.rows - total.enrolments);
    let named = of_student.values().filter(|known| known.1).count() as u64;
    assert!(total.named == named && named < total.students, "one pupil has no name but BABYBOY");
    assert_eq!(coverage.unlisted_rows, 0);
    let ended = lines.keys().any(|(year, _)| year == "2025-2026");
    let expected = if ended { Freshness::Here } else { Freshness::Due };
    assert_eq!(coverage.freshness, expected, "22 November is inside the window");
    let years: u64 = coverage.years.iter().map(|year| year.rows).sum();
    assert_eq!(years, total.rows);
}

const STUDENTS: &str = "student_id,ssid,ssn,first,middle,last,suffix,prior_last,birth_date,gender,hispanic,race,zip\n\
A1,1234567891,400614551,Ana,,Diaz,,,2002-01-02,F,N,700,90001\n\
A2,,400614552,Bo,,Li,,,2002-01-03,F,N,201,90001\n\
A3,,,Cy,,Ng,,,2002-01-04,F,N,201,90001\n\
A4,,,Dee,,UNKNOWN,,,2002-01-05,F,N,201,90001\n\
A5,,,FNU,,Poe,,,2002-01-06,F,N,201,90001\n\
A6,,,Eve,,Poe,,,,F,N,201,90001\n";

/// A college's list has no year: its students count in the years they were enrolled, with what the list says of them.
#[test]
fn students_of_a_list_without_a_year_count_in_the_years_they_were_here() {
    let terms = "student_id,term,units_attempted,units_earned,status,level\n\
                 A1,2021FA,3,3,FIRST,LD\nA1,2022SP,3,3,CONTINUING,LD\na4,2021FA,3,3,FIRST,LD\nA6,2022FA,3,3,FIRST,LD\nZ9,2022FA,3,3,FIRST,LD\n";
    let coverage = covered_texts(&[STUDENTS, terms]);
    let said: Vec<_> = coverage
        .lines
        .iter()
        .map(|line| {
            (line.school_year.as_str(), line.rows, line.students, [line.strong, line.standard, line.weak])
        })
        .collect();
    assert_eq!(
        said,
        [("", 6, 6, [3, 2, 1]), ("2021-2022", 3, 2, [1, 1, 0]), ("2022-2023", 2, 2, [0, 0, 2])],
        "A4 and A5 have one name, birth date and ZIP code alone; A6 and Z9 nothing to match on"
    );
    assert_eq!((coverage.total.students, coverage.total.rows, coverage.unlisted_rows), (7, 11, 1));
    assert_eq!((coverage.total.ssid, coverage.total.ssn, coverage.total.named), (1, 2, 3));
}

/// A workforce agency has wages and nothing else: people are social security numbers.
#[test]
fn a_workforce_agency_has_a_page_too() {
    let wages = "employer_account,quarter,ssn,first_name,middle_initial,last_name,wages,naics\n\
                 111-1,2025Q3,400614551,ANA,,DIAZ,100.00,611210\n222-2,2025Q3,400614551,ANA,,DIAZ,50.00,611210\n\
                 111-1,2025Q4,400614552,BO,,LI,100.00,611210\n111-1,2026Q1,400614551,ANA,,DIAZ,100.00,611210\n";
    let coverage = covered_texts(&[wages]);
    let [line] = coverage.lines.as_slice() else { panic!("{:?}", coverage.lines) };
    assert_eq!((line.school_year.as_str(), line.rows, line.wages, line.students), ("2025-2026", 4, 4, 2));
    assert_eq!((line.ssn, line.strong, line.named, coverage.unlisted_rows), (2, 2, 0, 0));
    assert_eq!(coverage.freshness, Freshness::Here);
}

/// Three files of one pupil: one student, whatever number each has.
#[test]
fn rows_of_one_student_in_several_files_are_one_student() {
    let fixture = |name: &str| {
        std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/layouts/fixtures/{name}.txt"))
    };
    // Twelve people in each; the last knows them by SSID alone.
    let coverage = covered(&["calpads-senr", "calpads-sinf", "calpads-sela", "caaspp-results"].map(fixture));
    assert_eq!(coverage.total.students, 12);
    assert_eq!((coverage.total.student_rows, coverage.total.assessments), (48, 12));
    // Sections are about nobody and the clearing-house's rows about other institutions.
    let coverage =
        covered(&["calpads-senr", "calpads-crsc", "calpads-sprg", "nsc-detail-high-school"].map(fixture));
    let total = &coverage.total;
    assert_eq!((total.students, total.sections, total.programs, total.elsewhere), (12, 12, 12, 12));
    assert_eq!(coverage.unlisted_rows, 0);
}

#[test]
fn g16_a_year_is_due_by_the_november_after_it_ended() {
    let on = |year, month, day, held: &[u16]| {
        freshness(&held.iter().copied().collect(), Date::new(year, month, day).unwrap())
    };
    assert_eq!(on(2026, 11, 30, &[2025]).0, Freshness::Here);
    assert_eq!(on(2026, 11, 30, &[2024]).0, Freshness::Due);
    assert_eq!(on(2026, 12, 1, &[2024]).0, Freshness::Late);
    assert_eq!(on(2026, 6, 30, &[2024]).0, Freshness::Here, "2025-26 has not ended");
    assert_eq!(on(2026, 7, 1, &[2024]).0, Freshness::Due);
    assert_eq!(on(2026, 3, 1, &[2023]).0, Freshness::Late);
    assert!(
        on(2026, 11, 1, &[]).1.contains("the window is open") && !on(2026, 10, 31, &[]).1.contains("window")
    );
}

#[test]
fn nothing_stored_is_a_page_that_says_so() {
    let coverage = covered(&[]);
    assert_eq!((coverage.lines.len(), &coverage.total), (0, &Line::default()));
    assert!(page(&coverage).contains("Nothing is stored yet"));
}

/// The day of an import is shown with the year it belongs to.
#[test]
fn the_last_import_is_told() {
    let coverage = covered_texts(&[STUDENTS]);
    assert_eq!(coverage.total.imported, day(Timestamp(1).date()));
}

/// Run by hand to look at the pages: `PASSAGE_PAGES=DIR cargo test -p passage-node --lib coverage -- --ignored`.
#[test]
#[ignore = "writes pages for a person to look at"]
fn pages_to_look_at() {
    let folder = PathBuf::from(std::env::var("PASSAGE_PAGES").unwrap());
    let files = ["K12A/K12A-SENR.txt", "K12A/K12A-SINF.txt"].map(|name| demo().join(name));
    std::fs::write(folder.join("district.html"), page(&covered(&files))).unwrap();
    std::fs::write(folder.join("college.html"), page(&covered_texts(&[STUDENTS]))).unwrap();
    std::fs::write(folder.join("nothing.html"), page(&covered(&[]))).unwrap();
}

//! The roster from the demonstration's own files: imported, stored, read back and put together.

use std::{fs, io::Write as _, path::Path};

use passage_protocol::{
    cells::{Ethnicity, Gender, SchoolCode, SchoolYear},
    timestamp::Timestamp,
};
use passage_shell::shelf::Room;

use super::*;
use crate::tables::{
    Import, merge,
    tests::{World, demo},
};

#[test]
fn districts_assemble_into_cohorts_and_categories() {
    let world = World::new();
    let tables = world.store(&demo().join("K12A/K12A-SENR.txt"), &[]).unwrap();
    let tables = world.store(&demo().join("K12A/K12A-SINF.txt"), &tables).unwrap();
    let list = fs::read(demo().join("K12A/optout.csv")).unwrap();
    let opt_outs = OptOuts::parse(list.as_slice()).unwrap();
    let import = Import::named(&world.folder, &world.custody, &world.schemas, "opt-outs", "1");
    let saved = opt_outs.save(import, &world.schemas, &tables, Timestamp(3)).unwrap();
    let tables = merge(&tables, &saved);
    let loaded = OptOuts::load(&world.folder, &world.custody, &tables).unwrap();
    assert_eq!(loaded.len(), opt_outs.len());
    let roster =
        assemble(&world.folder, &world.custody, &tables, &loaded, SegmentKind::K12, &Room::memory()).unwrap();
    let students = roster.students.all().unwrap();
    let lines = fs::read_to_string(demo().join("K12A/K12A-SENR.txt")).unwrap().lines().count();
    assert_eq!((roster.counts.submitted, roster.counts.opted_out), (lines, opt_outs.len()));
    assert_eq!(students.len(), lines - opt_outs.len());
    let with = |test: &dyn Fn(&Student) -> bool| students.iter().filter(|student| test(student)).count();
    for year in 2019..=2022 {
        let cohort = with(&|student| student.completion_cohort() == Some(SchoolYear(year)));
        assert!(cohort > 100, "{year}: {cohort}");
        let few = with(&|student| {
            student.completion_cohort() == Some(SchoolYear(year))
                && student.ethnicity() == Ethnicity::AmericanIndian
        });
        assert!(few < 11, "{year}: {few}");
    }
    assert!(with(&|student| student.completion_cohort().is_none()) > 50);
    // Whoever completed did so at one of its four schools; of whoever did not there is none.
    for code in ["9930001", "9930002", "9930003", "9930004"] {
        let school = SchoolCode::parse(code);
        let graduates = with(&|student| student.completion_school() == school);
        assert!(graduates > 200, "{code}: {graduates}");
    }
    assert!(
        students.iter().all(|one| one.completion_school().is_some() == one.completion_cohort().is_some())
    );
    assert!(with(&|student| student.gender() == Gender::Female) > students.len() / 3);
    assert!(with(&|student| student.person().zip.is_empty()) < students.len() / 10);
}

#[test]
fn colleges_assemble_into_first_regular_years() {
    let world = World::new();
    let mut tables = Vec::new();
    for kind in ["students", "enrollments", "courses", "awards"] {
        tables = world.store(&demo().join(format!("CC1/CC1-{kind}.csv")), &tables).unwrap();
    }
    let none = OptOuts::default();
    let roster = assemble(
        &world.folder,
        &world.custody,
        &tables,
        &none,
        SegmentKind::CommunityCollege,
        &Room::memory(),
    )
    .unwrap();
    let students = roster.students.all().unwrap();
    assert_eq!(roster.counts.unlisted_enrolments, 0);
    let dual_only = students
        .iter()
        .filter(|student| student.ever_enrolled() && student.first_regular_year().is_none())
        .count();
    let regular = students.iter().filter(|student| student.first_regular_year().is_some()).count();
    assert!(dual_only > 0 && regular > 500, "{dual_only} {regular}");
    assert!(students.iter().all(|student| student.completion_cohort().is_none()));
}

/// A file of the layouts' own fixtures, changed.
fn fixture(name: &str, change: impl Fn(String) -> String) -> tempfile::NamedTempFile {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/layouts/fixtures");
    let mut file = tempfile::NamedTempFile::new().unwrap();
    let text = fs::read_to_string(folder.join(format!("{name}.txt"))).unwrap();
    file.write_all(change(text).as_bytes()).unwrap();
    file
}

fn plain(text: String) -> String {
    text
}

/// Two colleges of one district give one number to two students; a social security number is one student at both.
#[test]
fn the_college_is_part_of_a_number_it_gave_and_not_of_a_social_security_number() {
    let other = |text: String| {
        let text = text.replace("SB991", "SB992").replace("MEI ", "LIN ");
        // The statewide identifiers are not what keeps these students together or apart.
        let line = |line: &str| format!("{}{}{}\n", &line[..218], " ".repeat(10), &line[228..]);
        text.lines().map(line).collect::<String>()
    };
    let world = World::new();
    let mut tables = Vec::new();
    for file in [fixture("ccc-mis-sb-2018", plain), fixture("ccc-mis-sb-2018", other)] {
        tables = world.store(file.path(), &tables).unwrap();
    }
    let none = OptOuts::default();
    let roster = assemble(
        &world.folder,
        &world.custody,
        &tables,
        &none,
        SegmentKind::CommunityCollege,
        &Room::memory(),
    )
    .unwrap();
    let students = roster.students.all().unwrap();
    let of = |local: &str| -> Vec<&str> {
        let same = students.iter().filter(|student| student.person().local_id.expose() == local);
        same.map(|student| student.person().first.expose()).collect()
    };
    assert_eq!(of("C100003"), ["MEI", "LIN"], "each of them is one college's");
    assert_eq!(of("501110001"), ["ANA"]);
    // Eight of twelve have their social security number for a number.
    assert_eq!(roster.counts.submitted, 8 + 2 * 4);
    assert!(students.iter().all(Student::ever_enrolled) && roster.counts.unlisted_enrolments == 0);
}

/// A college's own list names no institution, its state files do: one student all the same, unless two colleges could be meant.
#[test]
fn rows_without_an_institution_belong_to_the_only_one_that_gave_the_number() {
    let own = "student_id,ssid,ssn,first,middle,last,suffix,prior_last,birth_date,gender,hispanic,race,zip\n\
               C100003,,,Mei,Hua,Chen,,Wong,2002-12-31,F,N,204,94110\n";
    let mut list = tempfile::NamedTempFile::new().unwrap();
    list.write_all(own.as_bytes()).unwrap();
    let second = |text: String| text.replace("SB991", "SB992");
    for (colleges, submitted, joined) in [(1, 12, true), (2, 8 + 2 * 4 + 1, false)] {
        let world = World::new();
        let mut tables = world.store(list.path(), &[]).unwrap();
        tables = world.store(fixture("ccc-mis-sb-2017", plain).path(), &tables).unwrap();
        if colleges == 2 {
            tables = world.store(fixture("ccc-mis-sb-2017", second).path(), &tables).unwrap();
        }
        let none = OptOuts::default();
        let roster = assemble(
            &world.folder,
            &world.custody,
            &tables,
            &none,
            SegmentKind::CommunityCollege,
            &Room::memory(),
        )
        .unwrap();
        let students = roster.students.all().unwrap();
        let with_prior = students.iter().find(|one| one.person().prior_last.expose() == "Wong").unwrap();
        assert_eq!((roster.counts.submitted, with_prior.ever_enrolled()), (submitted, joined), "{colleges}");
    }
}

/// ERSS and ERSD have no names: a student's come from ERSA, by campus and number (domain 1E).
#[test]
fn a_campus_names_its_students_from_the_file_of_applicants() {
    for order in [["csu-ersa", "csu-erss", "csu-ersd"], ["csu-ersd", "csu-erss", "csu-ersa"]] {
        let world = World::new();
        let mut tables = Vec::new();
        for name in order {
            tables = world.store(fixture(name, plain).path(), &tables).unwrap();
        }
        let none = OptOuts::default();
        let roster =
            assemble(&world.folder, &world.custody, &tables, &none, SegmentKind::University, &Room::memory())
                .unwrap();
        let students = roster.students.all().unwrap();
        assert_eq!(roster.counts.submitted, 12, "{order:?}");
        for student in &students {
            let person = student.person();
            assert!(!person.first.is_empty() && !person.last.is_empty() && person.birth_date.is_some());
            assert!(student.ever_enrolled() && student.held().is_named());
        }
        let mei = students.iter().find(|one| one.person().local_id.expose() == "010000300").unwrap();
        assert_eq!((mei.person().first.expose(), mei.person().last.expose()), ("Mei", "Chen"));
    }
}

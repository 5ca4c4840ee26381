//! The roster from the demonstration's own files: imported, stored, read back and put together.

use std::fs;

use passage_protocol::{
    cells::{Ethnicity, Gender, SchoolYear},
    timestamp::Timestamp,
};

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
    let roster = assemble(&world.folder, &world.custody, &tables, &loaded, SegmentKind::K12).unwrap();
    let lines = fs::read_to_string(demo().join("K12A/K12A-SENR.txt")).unwrap().lines().count();
    assert_eq!((roster.counts.submitted, roster.counts.opted_out), (lines, opt_outs.len()));
    assert_eq!(roster.students.len(), lines - opt_outs.len());
    let with =
        |test: &dyn Fn(&Student) -> bool| roster.students.iter().filter(|student| test(student)).count();
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
    assert!(with(&|student| student.gender() == Gender::Female) > roster.students.len() / 3);
    assert!(with(&|student| student.person().zip.is_empty()) < roster.students.len() / 10);
}

#[test]
fn colleges_assemble_into_first_regular_years() {
    let world = World::new();
    let mut tables = Vec::new();
    for kind in ["students", "enrollments", "courses", "awards"] {
        tables = world.store(&demo().join(format!("CC1/CC1-{kind}.csv")), &tables).unwrap();
    }
    let none = OptOuts::default();
    let roster =
        assemble(&world.folder, &world.custody, &tables, &none, SegmentKind::CommunityCollege).unwrap();
    assert_eq!(roster.counts.unlisted_enrolments, 0);
    let dual_only = roster
        .students
        .iter()
        .filter(|student| student.ever_enrolled() && student.first_regular_year().is_none())
        .count();
    let regular = roster.students.iter().filter(|student| student.first_regular_year().is_some()).count();
    assert!(dual_only > 0 && regular > 500, "{dual_only} {regular}");
    assert!(roster.students.iter().all(|student| student.completion_cohort().is_none()));
}

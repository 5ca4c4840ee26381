//! Students in, figures out, against figures worked out by hand.

use passage_shell::shelf::Room;

use super::*;
use crate::{
    roster::{OptOuts, SegmentKind, assemble},
    tables::tests::{World, demo},
};

fn roster_of(files: &[std::path::PathBuf], kind: SegmentKind) -> Roster {
    let world = World::new();
    let mut tables = Vec::new();
    for file in files {
        tables = world.store(file, &tables).unwrap();
    }
    assemble(&world.folder, &world.custody, &tables, &OptOuts::default(), kind, &Room::memory()).unwrap()
}

const STUDENTS: &str = "student_id,ssid,ssn,first,middle,last,suffix,prior_last,birth_date,gender,hispanic,race,zip\n\
A1,1234567891,400614551,Ana,,Diaz,,,2002-01-02,F,N,700,90001\n\
A2,,400614552,Bo,,Li,,,2002-01-03,F,N,201,90001\n\
A3,,,Cy,,Ng,,,2002-01-04,F,N,201,90001\n\
A4,,,Dee,,UNKNOWN,,,2002-01-05,F,N,201,90001\n\
A5,,,FNU,,Garcia Poe,,,2002-01-06,F,N,201,90001\n\
A6,,,Eve,,Poe,,,,F,N,201,90001\n\
A7,,,Cy,,Ng,,,2002-01-04,F,N,201,90002\n\
A8,,,Cyd,,Ngo,,,2002-01-04,F,N,201,90001\n";

fn small() -> Quality {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("students.csv");
    std::fs::write(&file, STUDENTS).unwrap();
    let roster = roster_of(&[file], SegmentKind::CommunityCollege);
    of_roster(&roster, Preset::Full, &[], 2026).unwrap()
}

#[test]
fn elements_and_footings_are_counted_as_normalisation_leaves_them() {
    let quality = small();
    assert_eq!(
        (quality.students, quality.persons, quality.duplicates),
        (8, 7, 1),
        "A3 and A7 are one person"
    );
    let of = |name: &str| {
        let line = quality.elements.iter().find(|line| line.element == name).unwrap();
        [line.usable, line.missing, line.filler]
    };
    assert_eq!(of("ssid"), [1, 7, 0]);
    assert_eq!(of("ssn"), [2, 6, 0]);
    assert_eq!(of("first names"), [7, 0, 1], "FNU is no name");
    assert_eq!(of("last names"), [7, 0, 1]);
    assert_eq!(of("date of birth"), [7, 1, 0]);
    let footings: Vec<u64> = quality.footings.iter().map(|line| line.students).collect();
    assert_eq!(footings, [2, 0, 3, 0, 2, 1]);
    let sum: f64 = quality
        .footings
        .iter()
        .map(|line| line.expected * f64::from(u32::try_from(line.students).unwrap()))
        .sum();
    assert!((quality.expected.unwrap() - sum / 8.0).abs() < 1e-9);
}

#[test]
fn keys_two_persons_share_are_told_by_recipe() {
    let quality = small();
    let of = |name: &str| {
        let line = quality.keys.iter().find(|line| line.recipe.starts_with(name)).unwrap();
        [line.persons, line.withheld, line.beyond_slots]
    };
    assert_eq!(of("ssid"), [1, 0, 0]);
    assert_eq!(of("ssn"), [2, 0, 0]);
    // Cy Ng and Cyd Ngo: their sounds differ, so do their first three letters.
    assert_eq!(of("name pair")[1], 0);
    assert_eq!(of("given names"), [5, 0, 1], "the merged person has two postal codes");
}

#[test]
fn subgroups_and_their_gap_are_told() {
    let quality = small();
    let surnames: Vec<(&str, u64, u64)> = (quality.groups.iter().filter(|line| line.dimension == "surnames"))
        .map(|line| (line.group.as_str(), line.students, line.without_key))
        .collect();
    assert_eq!(surnames, [("none", 1, 0), ("one", 6, 1), ("two or more", 1, 0)]);
    assert!(quality.bias.is_empty(), "no group is large enough");
    assert!(quality.answer().text.contains("names and zip"));
}

/// A district of the demonstration: everybody is counted once in every part.
#[test]
fn every_part_counts_every_student_once() {
    let files = ["K12A/K12A-SENR.txt", "K12A/K12A-SINF.txt"].map(|name| demo().join(name));
    let roster = roster_of(&files, SegmentKind::K12);
    let quality = of_roster(&roster, Preset::Full, &[Element::Ssn], 2026).unwrap();
    assert!(quality.students > 500);
    for line in &quality.elements {
        assert_eq!(line.usable + line.missing + line.filler, quality.students, "{}", line.element);
    }
    assert_eq!(quality.footings.iter().map(|line| line.students).sum::<u64>(), quality.students);
    for dimension in ["ethnicity", "gender", "surnames"] {
        let of = quality.groups.iter().filter(|line| line.dimension == dimension);
        assert_eq!(of.map(|line| line.students).sum::<u64>(), quality.students, "{dimension}");
    }
    assert_eq!(quality.bias.len(), 3);
    assert!(quality.keys.iter().all(|line| line.recipe != "ssn"), "a district has no slot for it");
    // What the roster calls unusable is what the report finds nothing for.
    let nothing = quality.footings.last().unwrap().students;
    assert_eq!(roster.counts.unusable as u64, nothing);
}

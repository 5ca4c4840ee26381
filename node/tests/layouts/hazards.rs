//! Every way in which such files go wrong, in one file per layout, and the problems that must be reported row by row.

use std::{collections::BTreeSet, fs};

use passage_node::import::{Problem, Severity, recognise};

use crate::reading::{folder, problems, readable};

/// Every problem of a hazard file.
fn problems_of(layout: &str) -> Vec<Problem> {
    let path = folder().join(format!("hazards/{layout}.txt"));
    let recognised = recognise(&path, &[]).unwrap_or_else(|error| panic!("{layout}: {error}"));
    assert_eq!(recognised.layout.id, layout);
    problems(&recognised)
}

/// As a list a clerk could open.
fn list(layout: &str) -> String {
    let mut out = String::from("row,column,name,severity,rule,what\n");
    for problem in problems_of(layout) {
        let column = problem.column.map(|column| column.to_string()).unwrap_or_default();
        let name = problem.name.unwrap_or_default();
        let (severity, rule, what) = (problem.severity.word(), problem.rule, problem.what);
        out.push_str(&format!("{},{column},{name},{severity},{rule},\"{what}\"\n", problem.row));
    }
    out
}

#[test]
fn the_problems_of_every_hazard_file_are_the_ones_written_down() {
    let mut wrong = Vec::new();
    for layout in readable() {
        let path = folder().join(format!("hazards/{}.problems.csv", layout.id));
        let expected = fs::read_to_string(&path).unwrap_or_default();
        let found = list(&layout.id);
        let difference = expected.lines().zip(found.lines()).find(|(expected, found)| expected != found);
        if expected != found {
            wrong.push(format!(
                "{}: {difference:?}, {} lines and {}",
                layout.id,
                expected.lines().count(),
                found.lines().count()
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn no_hazard_goes_by_in_silence_and_nothing_else_is_said() {
    let mut wrong = Vec::new();
    for layout in readable() {
        let text = fs::read_to_string(folder().join(format!("hazards/{}.rows", layout.id))).unwrap();
        // That capitals are mixed is told once, at the first row that differs.
        let found = problems_of(&layout.id);
        let rows = |notes: fn(Severity) -> bool| -> BTreeSet<u64> {
            let told = found.iter().filter(|problem| !problem.what.contains("capitals"));
            told.filter(|problem| notes(problem.severity)).map(|problem| problem.row).collect()
        };
        let said = rows(|severity| severity != Severity::Note);
        let noted = rows(|severity| severity == Severity::Note);
        let mut known = BTreeSet::new();
        for line in text.lines() {
            let (row, rest) = line.split_once('\t').unwrap();
            let (hazard, must) = rest.rsplit_once('\t').unwrap();
            let row: u64 = row.parse().unwrap();
            known.insert(row);
            if said.contains(&row) != (must == "said") || must == "noted" && !noted.contains(&row) {
                wrong.push(format!("{} row {row} ({hazard}) must be {must}", layout.id));
            }
        }
        // Row 0 and 1 carry what is told once of the file.
        wrong.extend(
            said.difference(&known)
                .filter(|row| **row > 1)
                .map(|row| format!("{} row {row} is right and was complained of", layout.id)),
        );
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_problem_list_names_no_value() {
    for layout in readable() {
        let list = list(&layout.id);
        for value in [
            "2000000",
            "300038",
            "Garcia",
            "GARCIA",
            "mcdonald",
            "DE LA CRUZ",
            "1.2346E",
            "7777777777",
            "502220",
            "900701234",
        ] {
            assert!(!list.contains(value), "{}: {value}", layout.id);
        }
    }
}

/// Run by hand after a rule was changed, then read what changed: `cargo test -p passage-node --test layouts -- --ignored`.
#[test]
#[ignore = "rewrites the lists the others compare with"]
fn rewrite_the_problem_lists() {
    for layout in readable() {
        fs::write(folder().join(format!("hazards/{}.problems.csv", layout.id)), list(&layout.id)).unwrap();
    }
}

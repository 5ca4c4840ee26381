//! `protocol/docs/requirements.md` names, for every requirement of governance (G), law (F), printing (P) and day one (L), the
//! tests that hold it; those are exactly the tests whose names begin with its id.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
};

use super::{root, threats::all_tests};

/// Letters of the requirements and how many of each there are.
const REQUIRED: [(char, u8); 4] = [('F', 11), ('G', 21), ('L', 5), ('P', 4)];

type Held = BTreeMap<String, BTreeSet<String>>;

/// The ids a name begins with: `g01_g02_the_rest` has two.
fn ids(name: &str) -> Vec<String> {
    let id = |word: &str| {
        let (letter, number) = word.split_at_checked(1)?;
        let letter = letter.to_ascii_uppercase().chars().next()?;
        let number: u8 = number.parse().ok()?;
        let known = REQUIRED.iter().any(|(of, last)| *of == letter && (1..=*last).contains(&number));
        known.then(|| format!("{letter}{number}"))
    };
    name.split('_').map_while(id).collect()
}

fn in_code() -> Held {
    let mut held = Held::new();
    for name in all_tests().into_iter().flat_map(|tests| tests.names) {
        for id in ids(&name) {
            held.entry(id).or_default().insert(name.clone());
        }
    }
    held
}

/// Id and named tests of each row.
fn in_document(text: &str) -> Held {
    let rows = text.lines().filter(|line| line.starts_with("| "));
    let row = |line: &str| {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        let id = ids(&cells.first()?.to_lowercase()).pop()?;
        let named = cells.last()?.split('`').skip(1).step_by(2);
        Some((id, named.map(str::to_owned).collect()))
    };
    rows.filter_map(row).collect()
}

#[test]
fn every_requirement_has_tests_and_the_document_names_them() {
    let text = fs::read_to_string(root().join("protocol/docs/requirements.md")).unwrap();
    let (code, document) = (in_code(), in_document(&text));
    let all =
        REQUIRED.iter().flat_map(|(letter, last)| (1..=*last).map(move |number| format!("{letter}{number}")));
    let mut missing = Vec::new();
    for id in all {
        let (there, said) = (code.get(&id), document.get(&id));
        if there.is_none() {
            missing.push(format!("{id} has no test"));
        }
        if there != said {
            let list = there.map(|names| names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>());
            missing.push(format!("{id}: the last column must be {}", list.unwrap_or_default().join(", ")));
        }
    }
    assert!(missing.is_empty(), "{}", missing.join("\n"));
}

#[test]
fn ids_are_read_from_the_beginning_of_a_name() {
    assert_eq!(ids("g01_g2_f11_l5_p4_rest_g03"), ["G1", "G2", "F11", "L5", "P4"]);
    for none in ["g22_x", "a01_x", "g_x", "golden_page", "page_g01", "p5_x"] {
        assert_eq!(ids(none), Vec::<String>::new(), "{none}");
    }
}

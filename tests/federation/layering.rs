//! The shape of the source: who may import whom, which names are banned, where an approval is made, how long a file may be.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// Every Rust file below a folder.
pub(crate) fn sources(folder: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// The code of a file: without comments and without its test module at the end.
pub(crate) fn code(path: &Path) -> String {
    let text = fs::read_to_string(path).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let is_test_module =
        |pair: &[&str]| pair[0] == "#[cfg(test)]" && pair[1].contains("mod ") && pair[1].ends_with('{');
    let end = lines.windows(2).position(is_test_module).unwrap_or(lines.len());
    let kept = lines[..end].iter().filter(|line| !line.trim_start().starts_with("//"));
    kept.copied().collect::<Vec<_>>().join("\n")
}

/// Names of modules that stand directly after `crate::`, or in the braces after it.
fn imports(code: &str) -> BTreeSet<String> {
    let word = |text: &str| -> String {
        text.trim_start().chars().take_while(|letter| letter.is_alphanumeric() || *letter == '_').collect()
    };
    let mut found = BTreeSet::new();
    for (at, _) in code.match_indices("crate::") {
        let rest = &code[at + "crate::".len()..];
        match rest.strip_prefix('{') {
            None => {
                found.insert(word(rest));
            }
            Some(inside) => {
                let (mut depth, mut item) = (0, String::new());
                for letter in inside.chars() {
                    match letter {
                        '{' => depth += 1,
                        '}' if depth == 0 => break,
                        '}' => depth -= 1,
                        ',' if depth == 0 => {
                            found.insert(word(&item));
                            item.clear();
                        }
                        _ if depth == 0 => item.push(letter),
                        _ => {}
                    }
                }
                found.insert(word(&item));
            }
        }
    }
    found
}

/// Rows of the table in `protocol/src/lib.rs`, by module.
fn rows() -> BTreeMap<String, usize> {
    let text = fs::read_to_string(root().join("protocol/src/lib.rs")).unwrap();
    let mut rows = BTreeMap::new();
    for line in text.lines().filter_map(|line| line.strip_prefix("//! | ")) {
        let Some((number, rest)) = line.split_once(" | ") else { continue };
        let Ok(row) = number.parse::<usize>() else { continue };
        for name in rest.split("[`").skip(1) {
            rows.insert(name.split('`').next().unwrap().to_owned(), row);
        }
    }
    rows
}

#[test]
fn modules_of_the_core_import_from_their_row_or_above() {
    let rows = rows();
    let folder = root().join("protocol/src");
    let (mut checked, mut wrong) = (0, Vec::new());
    for path in sources("protocol/src") {
        let inside = path.strip_prefix(&folder).unwrap();
        let module = inside.iter().next().unwrap().to_str().unwrap().trim_end_matches(".rs").to_owned();
        // A test may look anywhere.
        if module == "lib" || inside.ends_with("tests.rs") {
            continue;
        }
        let row = *rows.get(&module).unwrap_or_else(|| panic!("`{module}` stands in no row of lib.rs"));
        for import in imports(&code(&path)) {
            // Macros are exported at the root.
            let Some(of) = rows.get(&import) else { continue };
            checked += 1;
            if *of > row {
                wrong.push(format!("{} (row {row}) imports {import} (row {of})", inside.display()));
            }
        }
    }
    assert!(checked > 200, "{checked} imports were looked at");
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn the_table_names_every_module_once() {
    let text = fs::read_to_string(root().join("protocol/src/lib.rs")).unwrap();
    let declared: BTreeSet<String> = text
        .lines()
        .filter_map(|line| line.strip_prefix("pub mod ").and_then(|name| name.strip_suffix(';')))
        .map(str::to_owned)
        .collect();
    let named: BTreeSet<String> = rows().into_keys().collect();
    assert_eq!(named, declared);
}

#[test]
fn no_file_or_folder_has_a_name_that_says_nothing() {
    let banned = ["common", "helper", "helpers", "misc", "util", "utils"];
    for folder in ["protocol", "node", "coordinator", "tests"] {
        for path in sources(folder) {
            let inside = path.strip_prefix(root()).unwrap();
            let bad =
                inside.iter().any(|part| banned.contains(&part.to_str().unwrap().trim_end_matches(".rs")));
            assert!(!bad, "{}", inside.display());
        }
    }
}

#[test]
fn node_and_coordinator_do_not_know_each_other() {
    for (folder, other) in [("node", "passage_coordinator"), ("coordinator", "passage_node")] {
        let manifest = fs::read_to_string(root().join(folder).join("Cargo.toml")).unwrap();
        assert!(!manifest.contains(&other.replace('_', "-")), "{folder}/Cargo.toml names {other}");
        for path in sources(&format!("{folder}/src")) {
            assert!(!code(&path).contains(other), "{} names {other}", path.display());
        }
    }
}

#[test]
fn only_the_analytics_crate_names_the_query_engine() {
    for folder in ["protocol", "protocol/shell", "node", "coordinator", "tests"] {
        let manifest = fs::read_to_string(root().join(folder).join("Cargo.toml")).unwrap();
        for engine in ["datafusion", "arrow", "parquet"] {
            let named = manifest.lines().any(|line| line.starts_with(engine));
            assert!(!named, "{folder}/Cargo.toml depends on {engine}");
        }
    }
    let analytics = fs::read_to_string(root().join("node/analytics/Cargo.toml")).unwrap();
    assert!(analytics.lines().any(|line| line.starts_with("datafusion")));
}

#[test]
fn an_approval_is_made_in_one_place() {
    // The harness makes its own for its pretended people; programs that ship have one.
    let mut places = Vec::new();
    for path in ["node/src", "coordinator/src", "protocol/shell/src"].into_iter().flat_map(sources) {
        let count = code(&path).matches("Approval {").count();
        places.extend(std::iter::repeat_n(path, count));
    }
    assert_eq!(places.len(), 1, "{places:?}");
    assert!(places[0].ends_with("node/src/driver/opening.rs"), "{places:?}");
}

#[test]
fn only_the_drivers_step_a_round() {
    for (folder, driver) in [("node/src", "driver/mod.rs"), ("coordinator/src", "rounds/apply.rs")] {
        for path in sources(folder) {
            let steps =
                code(&path).contains(".step(self.home.now()") || code(&path).contains("round.step(plans");
            assert!(!steps || path.ends_with(driver), "{} steps a round", path.display());
        }
    }
}

/// Files above the limit, and why each is one file.
const LONG_ON_PURPOSE: [(&str, &str); 3] = [
    ("node/src/driver/mod.rs", "the one loop around the engine; its parts stand in jobs and opening"),
    ("protocol/src/round/coordinator.rs", "one state machine; the mixing is split off"),
    ("protocol/src/round/member.rs", "one state machine; the mixing is split off"),
];

#[test]
fn long_files_have_a_reason() {
    const LINES_MAX: usize = 400;
    for path in ["protocol", "node", "coordinator", "tests"].into_iter().flat_map(sources) {
        let text = fs::read_to_string(&path).unwrap();
        let lines = text.lines().count();
        let inside = path.strip_prefix(root()).unwrap().to_str().unwrap().to_owned();
        let header: String = text.lines().take_while(|line| line.starts_with("//!")).collect();
        assert!(!header.is_empty() || inside.ends_with("build.rs"), "{inside} has no header");
        let reason = header.contains("400 lines") || LONG_ON_PURPOSE.iter().any(|(name, _)| *name == inside);
        assert!(lines <= LINES_MAX || reason, "{inside} has {lines} lines and gives no reason");
    }
}

#[test]
fn the_reading_of_imports_is_right() {
    let code =
        "use crate::{a::{x, y}, b, c::Z};\nuse crate::d::E;\nlet f = crate::g::h();\nuse other::crate_name;";
    let found: Vec<String> = imports(code).into_iter().collect();
    assert_eq!(found, ["a", "b", "c", "d", "g"]);
}

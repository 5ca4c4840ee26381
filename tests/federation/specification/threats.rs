//! The tests that `protocol/docs/threat-model.md` names beside its countermeasures exist.

use std::fs;

use super::{root, rows};
use crate::layering::sources;

/// Where tests of a package stand, by the word in front of a name.
const PLACES: [(&str, &str); 5] = [
    ("federation: ", "tests/federation"),
    ("processes: ", "tests/processes"),
    ("protocol: ", "protocol"),
    ("shell: ", "protocol/shell"),
    ("node: ", "node"),
];

/// A file with its tests: the words of its path, inner modules included, and the names of its tests.
pub(super) struct Tests {
    path: String,
    modules: Vec<String>,
    pub(super) names: Vec<String>,
}

/// Every file with tests.
pub(super) fn all_tests() -> Vec<Tests> {
    let folders = ["protocol", "node", "coordinator", "tests"].into_iter().flat_map(sources);
    folders.map(|path| tests_of(&path)).collect()
}

fn tests_of(path: &std::path::Path) -> Tests {
    let text = fs::read_to_string(path).unwrap();
    let path = path.strip_prefix(root()).unwrap().to_str().unwrap().to_owned();
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    let name = |line: &&str| -> Option<String> {
        let rest = line.trim_start_matches("pub ").trim_start_matches("async ").strip_prefix("fn ")?;
        Some(rest.split(['(', '<']).next()?.to_owned())
    };
    let is_test = |at: usize| {
        let attributes =
            lines[..at].iter().rev().take_while(|line| line.starts_with("#[") || line.starts_with("//"));
        attributes.filter(|line| line.contains("test")).count() > 0
    };
    let mut names: Vec<String> =
        (0..lines.len()).filter(|at| is_test(*at)).filter_map(|at| name(&lines[at])).collect();
    // A macro that makes tests takes their names as the last word of its lines.
    if text.contains("fn $test()") {
        let last = lines.iter().filter_map(|line| line.strip_suffix(';')?.rsplit(' ').next());
        names.extend(last.map(str::to_owned));
    }
    let inner = lines.iter().filter_map(|line| line.strip_prefix("mod ")?.strip_suffix(" {"));
    let folders = path.trim_end_matches(".rs").split('/');
    let modules = folders.chain(inner).map(str::to_owned).collect();
    Tests { path, modules, names }
}

/// Whether a name of the threat model leads to a test, a module with tests, or a file.
fn exists(named: &str, all: &[Tests]) -> bool {
    if named.contains('/') {
        return root().join(named).exists();
    }
    let place = PLACES.iter().find(|(word, _)| named.starts_with(word));
    let (folder, named) = place.map_or(("", named), |(word, folder)| (*folder, &named[word.len()..]));
    let mut files = all.iter().filter(|tests| tests.path.starts_with(folder) && !tests.names.is_empty());
    if let Some(end) = named.strip_prefix("...") {
        return files.any(|tests| tests.names.iter().any(|name| name.ends_with(end)));
    }
    let words: Vec<&str> = named.split("::").filter(|word| *word != "*").collect();
    let (last, modules) = words.split_last().unwrap();
    files.any(|tests| {
        let inside = |word: &&str| tests.modules.iter().any(|module| module == word);
        let is_test = tests.names.iter().any(|name| name == last);
        modules.iter().all(inside) && (is_test || inside(last))
    })
}

#[test]
fn every_test_the_threat_model_names_exists() {
    let text = fs::read_to_string(root().join("protocol/docs/threat-model.md")).unwrap();
    let after = text.split_once("## Countermeasures").unwrap().1;
    let lines: Vec<&str> = after.lines().skip(1).take_while(|line| !line.starts_with('#')).collect();
    let all = all_tests();
    let mut named = 0;
    // The cells keep their back-ticks here: a name stands between two of them.
    for line in lines.iter().filter(|line| line.starts_with("| ")).skip(1) {
        let cell = line.trim_end_matches('|').rsplit('|').next().unwrap();
        for name in cell.split('`').skip(1).step_by(2) {
            named += 1;
            assert!(exists(name, &all), "the threat model names the test `{name}`, which does not exist");
        }
    }
    assert!(named > 20 && rows(&lines).len() > 15, "{named}");
    for wrong in
        ["noise::no_such_test", "processes: honest_round", "..._no_such_end", "deploy/checks/none.sh"]
    {
        assert!(!exists(wrong, &all), "{wrong}");
    }
}

//! `protocol/docs/spec.md` and the code say the same: contexts, numbers, layouts, codes. What is missing on either side, or
//! given twice, is named in the failure as the line to write or to take away.
//!
//! * [`codes`] - every code that a refusal can answer (§12).
//! * [`layouts`] - the fields of everything that crosses the wire, in order, with their types (§5 to §13, §15).
//! * [`numbers`] - contexts, signature kinds, seal purposes, messages, requests (§2, §13, §15).
//! * [`requirements`] - the tests that hold each requirement of governance and law.
//! * [`threats`] - the tests that the threat model names.

mod codes;
mod layouts;
mod numbers;
mod requirements;
mod threats;

use std::{collections::BTreeSet, fs, sync::LazyLock};

use crate::layering::{code, root, sources};

/// Folders of the programs that ship.
const SHIPPED: [&str; 5] =
    ["protocol/src", "protocol/shell/src", "node/src", "node/analytics/src", "coordinator/src"];

/// The facts of one kind: each as the text that must stand in the specification.
struct Facts {
    what: &'static str,
    each: Vec<String>,
}

/// Everything that can be compared, in the shipped sources. They are read once.
fn in_code() -> &'static [Facts] {
    static FACTS: LazyLock<Vec<Facts>> = LazyLock::new(|| {
        numbers::in_code().into_iter().chain(layouts::in_code()).chain([codes::in_code()]).collect()
    });
    &FACTS
}

/// The same in a text of the specification.
fn in_spec(spec: &str) -> Vec<Facts> {
    numbers::in_spec(spec).into_iter().chain(layouts::in_spec(spec)).chain([codes::in_spec(spec)]).collect()
}

/// What one side lacks, and what a side has twice.
fn differences(spec: &str) -> Vec<String> {
    let twice = |side: &str, facts: &Facts| -> Vec<String> {
        let mut seen = BTreeSet::new();
        let repeated = facts.each.iter().filter(|fact| !seen.insert(*fact));
        repeated.map(|fact| format!("{}: `{fact}` stands twice in {side}", facts.what)).collect()
    };
    let mut found = Vec::new();
    for (code, spec) in in_code().iter().zip(in_spec(spec)) {
        assert_eq!(code.what, spec.what);
        let (here, there): (BTreeSet<_>, BTreeSet<_>) =
            (code.each.iter().collect(), spec.each.iter().collect());
        let what = code.what;
        found.extend(here.difference(&there).map(|fact| format!("{what}: spec.md lacks `{fact}`")));
        found.extend(
            there.difference(&here).map(|fact| format!("{what}: `{fact}` of spec.md is not in the code")),
        );
        found.extend([twice("the code", code), twice("spec.md", &spec)].concat());
    }
    found
}

fn specification() -> String {
    fs::read_to_string(root().join("protocol/docs/spec.md")).unwrap()
}

/// The code of a shipped source file.
fn source(path: &str) -> &'static str {
    &shipped().iter().find(|(other, _)| other == path).unwrap_or_else(|| panic!("{path} is gone")).1
}

/// Every shipped file that is not a test, with its code; the path is relative to the workspace.
fn shipped() -> &'static [(String, String)] {
    static FILES: LazyLock<Vec<(String, String)>> = LazyLock::new(|| {
        let is_test = |path: &str| path.ends_with("/tests.rs") || path.contains("/tests/");
        let files = SHIPPED.into_iter().flat_map(sources);
        let named = files.map(|path| {
            let inside = path.strip_prefix(root()).unwrap().to_str().unwrap().to_owned();
            let text = code(&path);
            (inside, text)
        });
        named.filter(|(path, _)| !is_test(path)).collect()
    });
    &FILES
}

/// The same of the core alone.
fn core() -> impl Iterator<Item = &'static (String, String)> {
    shipped().iter().filter(|(path, _)| path.starts_with("protocol/src/"))
}

/// The lines of a section by its number (`"2.2"`), up to the next heading.
fn section<'a>(spec: &'a str, number: &str) -> Vec<&'a str> {
    let starts = |line: &&str| {
        let words = line.trim_start_matches('#').trim_start();
        line.starts_with("##") && words.split([' ', '.']).collect::<Vec<_>>().starts_with(&parts(number))
    };
    let mut lines = spec.lines().skip_while(|line| !starts(line));
    let heading = lines.next().into_iter();
    heading.chain(lines.take_while(|line| !line.starts_with('#'))).collect()
}

fn parts(number: &str) -> Vec<&str> {
    number.split('.').collect()
}

/// The cells of every row of the tables in some lines, without heads, rules and back-ticks.
fn rows(lines: &[&str]) -> Vec<Vec<String>> {
    let cells = |line: &&str| -> Vec<String> {
        let inside = line.trim().trim_start_matches('|').trim_end_matches('|');
        inside.split('|').map(|cell| cell.replace('`', "").trim().to_owned()).collect()
    };
    let is_rule = |line: &str| line.starts_with("|---");
    let of_table: Vec<&str> = lines.iter().copied().filter(|line| line.starts_with('|')).collect();
    let heads: BTreeSet<usize> =
        of_table.iter().enumerate().skip(1).filter(|(_, line)| is_rule(line)).map(|(at, _)| at - 1).collect();
    let body = of_table.iter().enumerate().filter(|(at, line)| !heads.contains(at) && !is_rule(line));
    body.map(|(_, line)| cells(line)).collect()
}

/// The text between the brace after `start` and the one that closes it, on one line.
fn block(text: &str, start: &str) -> Option<String> {
    let after = &text[text.find(start)? + start.len()..];
    let inside = after.split_once('{')?.1;
    let mut depth = 1;
    let end = inside.find(|letter| {
        match letter {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        depth == 0
    })?;
    Some(inside[..end].split_whitespace().collect::<Vec<_>>().join(" "))
}

/// Splits at a separator that stands in no bracket, and drops attributes.
fn split(text: &str, separator: char) -> Vec<String> {
    let (mut depth, mut parts) = (0, vec![String::new()]);
    for letter in text.chars() {
        match letter {
            '(' | '[' | '{' | '<' => depth += 1,
            ')' | ']' | '}' | '>' => depth -= 1,
            _ => {}
        }
        if letter == separator && depth == 0 {
            parts.push(String::new());
        } else {
            parts.last_mut().unwrap().push(letter);
        }
    }
    let bare = |part: String| {
        let mut part = part.trim().to_owned();
        while part.starts_with("#[") {
            part = part.split_once(']').unwrap().1.trim().to_owned();
        }
        part
    };
    parts.into_iter().map(bare).filter(|part| !part.is_empty()).collect()
}

#[test]
fn the_specification_and_the_code_say_the_same() {
    let wrong = differences(&specification());
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_line_that_is_compared_is_missed_when_it_is_gone() {
    let spec = specification();
    let lines: Vec<&str> = spec.lines().collect();
    let compared = ["2.2", "2.3", "2.4", "12", "13", "15"].map(|number| section(&spec, number));
    let in_table = compared.iter().flatten().filter(|line| line.starts_with("| `") || is_numbered(line));
    let blocks = ["layout", "variants"].map(|marked| layouts::lines(&spec, marked));
    let removed: BTreeSet<&str> = in_table.copied().chain(blocks.into_iter().flatten()).collect();
    assert!(removed.len() > 300, "{}", removed.len());
    for line in removed {
        let rest: Vec<&str> = lines.iter().copied().filter(|other| *other != line).collect();
        assert!(!differences(&rest.join("\n")).is_empty(), "nobody would miss: {line}");
    }
}

fn is_numbered(line: &str) -> bool {
    line.strip_prefix("| ").is_some_and(|rest| rest.starts_with(|letter: char| letter.is_ascii_digit()))
}

#[test]
fn a_line_too_many_or_given_twice_is_found() {
    let spec = specification();
    for line in ["| `P0606` | a code that nobody answers | |", "| `P0101` | a second meaning | |"] {
        let more = spec.replacen("| `P0101` ", &format!("{line}\n| `P0101` "), 1);
        assert_eq!(differences(&more).len(), 1, "{line}");
    }
}

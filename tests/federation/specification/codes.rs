//! Codes: a hexadecimal literal of four digits below 4000 and not below 0100 in the code of a shipped file is a code, given
//! where it stands; every code is given in one place.

use std::fs;

use passage_protocol::refusal::Code;

use super::{Facts, root, rows, section, shipped, specification};

/// A place that speaks about codes others give: a file and how its line begins.
const SPEAKS_ABOUT: [(&str, &str); 2] = [
    ("coordinator/src/rounds/mod.rs", "pub const REOPENED_AFTER: [u16; 2] ="),
    ("node/src/uplink.rs", "pub(crate) const CERTIFICATE_NOT_CURRENT: u16 ="),
];

const WHAT: &str = "code";

pub(super) fn in_code() -> Facts {
    Facts { what: WHAT, each: shipped().iter().flat_map(|(path, text)| given(path, text)).collect() }
}

pub(super) fn in_spec(spec: &str) -> Facts {
    let first = rows(&section(spec, "12")).into_iter().map(|mut row| row.swap_remove(0));
    Facts { what: WHAT, each: first.filter(|code| is_code(code)).collect() }
}

/// `P0101`: the letter that belongs to the first digit, and four digits.
fn is_code(word: &str) -> bool {
    let Some((letter, digits)) = word.split_at_checked(1) else { return false };
    let hexadecimal = |digit: char| matches!(digit, '0'..='9' | 'A'..='F');
    digits.len() == 4 && digits.chars().all(hexadecimal) && "PSNC".contains(letter)
}

/// The codes a file gives, as the specification writes them.
fn given(path: &str, text: &str) -> Vec<String> {
    let about = |line: &&str| {
        SPEAKS_ABOUT.iter().any(|(file, start)| path == *file && line.trim_start().starts_with(start))
    };
    let text: Vec<&str> = text.lines().filter(|line| !about(line)).collect();
    literals(&text.join("\n")).into_iter().map(|code| Code(code).to_string()).collect()
}

/// Literals that are codes. The ends of a range name others' codes.
fn literals(text: &str) -> Vec<u16> {
    let mut found = Vec::new();
    for (at, _) in text.match_indices("0x") {
        let digits: String =
            text[at + 2..].chars().take_while(|letter| letter.is_alphanumeric() || *letter == '_').collect();
        let before = text[..at].trim_end().trim_end_matches('=');
        let after = &text[at + 2 + digits.len()..];
        let in_range = before.ends_with("..") || after.trim_start().starts_with("..");
        match u16::from_str_radix(&digits, 16) {
            Ok(value) if digits.len() == 4 && (0x0100..0x4000).contains(&value) && !in_range => {
                found.push(value);
            }
            _ => {}
        }
    }
    found
}

#[test]
fn codes_are_found_however_they_are_given() {
    let text = "Self::A => 0x0101,\nCode(0x2F0b)\nrefuse(\n0x3001,\n0xFFFF\n0x0010\n0x1_0000\n0x10000\n0x0C03..=0x0C05";
    assert_eq!(literals(text), [0x0101, 0x2F0B, 0x3001]);
    let printed = [0x0101, 0x1001, 0x2001, 0x3001].map(|code| Code(code).to_string());
    assert_eq!(printed, ["P0101", "S1001", "N2001", "C3001"]);
    assert!(given(SPEAKS_ABOUT[0].0, &format!("{} [0x0C03, 0x0C01];", SPEAKS_ABOUT[0].1)).is_empty());
    let every: usize = shipped().iter().map(|(path, text)| given(path, text).len()).sum();
    assert!(every > 220, "{every}");
}

#[test]
fn a_code_is_written_as_four_hexadecimal_digits() {
    // A code in decimal or behind a constant would escape the comparison.
    for (path, text) in shipped() {
        for (at, _) in text.match_indices("Code(") {
            // A cell of a column is called a code too.
            if text[..at].ends_with("ColumnValue::") {
                continue;
            }
            let argument = &text[at + "Code(".len()..];
            let first = argument.chars().next().unwrap_or(' ');
            let hidden = first.is_ascii_digit() && !argument.starts_with("0x");
            let constant: String = argument.chars().take_while(|letter| *letter != ')').collect();
            let named = constant.len() > 2
                && constant.chars().all(|letter| letter.is_ascii_uppercase() || letter == '_');
            assert!(!hidden && !named, "{path}: Code({constant})");
        }
    }
}

#[test]
fn a_code_that_a_document_mentions_is_in_the_table() {
    let known = in_spec(&specification()).each;
    let documents = [
        "README.md",
        "SECURITY.md",
        "CHANGELOG.md",
        "protocol/docs/decisions.md",
        "protocol/docs/spec.md",
        "protocol/docs/threat-model.md",
        "node/docs/layouts.md",
    ];
    let mut mentioned = 0;
    for document in documents {
        let text = fs::read_to_string(root().join(document)).unwrap();
        for word in text.split(|letter: char| !letter.is_alphanumeric()).filter(|word| is_code(word)) {
            mentioned += 1;
            assert!(
                known.iter().any(|code| code == word),
                "{document} mentions {word}, which no program answers"
            );
        }
    }
    assert!(mentioned > known.len(), "{mentioned}");
}

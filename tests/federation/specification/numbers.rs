//! Numbers and names that are part of what is hashed, signed, sealed or sent.

use super::{Facts, block, layouts::type_of, rows, section, shipped, source, specification, split};

/// What is compared, in the order of the sections: contexts, signature kinds, seal purposes, messages, requests.
const WHAT: [&str; 5] = ["context", "signature kind", "seal purpose", "message", "request"];

pub(super) fn in_code() -> Vec<Facts> {
    let kinds = numbered("protocol/src/signing.rs", "enum SignatureKind");
    let purposes = numbered("protocol/src/seal.rs", "enum SealPurpose");
    named([contexts(), kinds, purposes, messages(), requests()])
}

pub(super) fn in_spec(spec: &str) -> Vec<Facts> {
    let table = |number: &str, cells| joined(&rows(&section(spec, number)), cells);
    named([contexts_of(spec), table("2.3", 2), table("2.4", 2), table("13", 3), table("15", 2)])
}

fn named(each: [Vec<String>; 5]) -> Vec<Facts> {
    WHAT.into_iter().zip(each).map(|(what, each)| Facts { what, each }).collect()
}

/// The first cells of each row, one blank between them.
fn joined(rows: &[Vec<String>], cells: usize) -> Vec<String> {
    rows.iter().map(|row| row[..cells].join(" ").trim().to_owned()).collect()
}

const PREFIX: &str = "passage v1 ";

/// Every context of a derived key, once a file.
fn contexts() -> Vec<String> {
    let mut found = Vec::new();
    for (_, text) in shipped() {
        let texts = text.split('"').skip(1).step_by(2).filter(|text| text.starts_with(PREFIX));
        let mut here: Vec<String> = texts.map(str::to_owned).collect();
        here.sort();
        here.dedup();
        found.extend(here);
    }
    found
}

fn contexts_of(spec: &str) -> Vec<String> {
    let first = |row: Vec<String>| row[0].split(" / ").map(str::to_owned).collect::<Vec<_>>();
    rows(&section(spec, "2.2")).into_iter().flat_map(first).collect()
}

/// `1 Agreement` for every variant with its number.
fn numbered(path: &str, start: &str) -> Vec<String> {
    let variants = split(&block(source(path), start).unwrap(), ',');
    variants
        .iter()
        .map(|variant| variant.split_once(" = ").unwrap())
        .map(|(name, number)| format!("{number} {name}"))
        .collect()
}

/// `10 BlindShare list u16, to u16, sealed bytes` for every message: number, name, body.
fn messages() -> Vec<String> {
    let text = source("protocol/src/wire/message.rs");
    let bodies = split(&block(text, "pub enum Message").unwrap(), ',');
    let body = |name: &str| -> String {
        let variant = bodies.iter().find(|variant| variant.split(['(', ' ']).next() == Some(name)).unwrap();
        let inside = variant[name.len()..].trim();
        match inside.strip_prefix('(').and_then(|inside| inside.strip_suffix(')')) {
            Some(inside) => type_of(inside),
            None => {
                let fields = split(inside.trim_matches(['{', '}']), ',');
                let written = fields.iter().map(|field| field.split_once(": ").unwrap());
                written.map(|(name, of)| format!("{name} {}", type_of(of))).collect::<Vec<_>>().join(", ")
            }
        }
    };
    let numbers = split(&block(text, "\nmessage_codec!").unwrap(), ';');
    let messages = numbers.iter().map(|line| line.split_once(' ').unwrap());
    messages
        .map(|(number, rest)| {
            let name = rest.split(['(', ' ']).next().unwrap();
            format!("{number} {name} {}", body(name))
        })
        .collect()
}

/// `0012 PUT_BLOB` for every request.
fn requests() -> Vec<String> {
    let constants = split(&block(source("protocol/src/wire/service.rs"), "pub mod kind").unwrap(), ';');
    let parts = constants
        .iter()
        .map(|line| line.strip_prefix("pub const ").unwrap().split_once(": u16 = 0x").unwrap());
    parts.map(|(name, number)| format!("{number} {name}")).collect()
}

#[test]
fn a_reserved_number_is_in_no_use() {
    let spec = specification();
    let reserved = rows(&section(&spec, "19"));
    assert!(reserved.len() > 4, "{reserved:?}");
    for row in reserved {
        let used = in_code().into_iter().find(|facts| facts.what == row[0]).unwrap();
        for number in row[1].split(", ") {
            let taken = used.each.iter().any(|fact| fact.split(' ').next() == Some(number));
            assert!(number.parse::<u8>().is_ok() && !taken, "{} {number} is reserved and in use", row[0]);
        }
    }
}

#[test]
fn a_context_is_written_where_it_is_used_and_begins_like_all_others() {
    for (path, text) in shipped() {
        for call in ["derive_key(", "Digest::derive("] {
            for (at, _) in text.match_indices(call) {
                let argument = text[at + call.len()..].trim_start();
                let literal = argument.strip_prefix('"');
                let wrong = literal.is_some_and(|literal| !literal.starts_with(PREFIX));
                assert!(!wrong, "{path}: {}", argument.lines().next().unwrap());
            }
        }
    }
}

#[test]
fn what_is_read_from_the_code_is_what_stands_there() {
    assert!(contexts().contains(&"passage v1 manifest".to_owned()));
    assert_eq!(numbered("protocol/src/signing.rs", "enum SignatureKind")[5], "6 Manifest");
    let messages = messages();
    assert_eq!(messages[0], "1 Call RoundCall");
    assert_eq!(messages[9], "10 BlindShare list u16, to u16, sealed bytes");
    assert_eq!(messages[11], "12 CohortCounts table u16, counts [u32?]");
    assert!(requests().contains(&"0012 PUT_BLOB".to_owned()));
}

//! Layouts: for every structure that crosses the wire, its fields in the order they are written, with the types of SPEC §2.1.
//!
//! A line of the specification reads `Seat: code code, segment Segment, ...` and stands in a block marked `layout`; one in a
//! block marked `variants` numbers the variants of an enumeration. What [`ROOTS`] hold must be there, and whatever it is made of.

use std::collections::{BTreeMap, BTreeSet};

use passage_protocol::{
    agreement::Segment,
    cells::{Dimension, Grouping},
    checkpoint::LogOwner,
    codec::Encode,
    disclosure::{Category, Mark, NoiseStatement, NoiseTerms, Outcome, Reason},
    ids::{Digest, MemberCode, RoundId},
    manifest::shapes::{ColumnKey, First},
    retention::Ended,
    wire::ReleaseFormat,
};

use super::{Facts, block, core, split};

/// Folders whose structures cross the wire, and the report that a `Result` names.
const ROOTS: [&str; 5] = [
    "protocol/src/agreement/statement.rs",
    "protocol/src/checkpoint.rs",
    "protocol/src/wire/",
    "protocol/src/manifest/",
    "protocol/src/report/model.rs",
];

/// Structures of those folders that stay where they are.
const STAYS: [(&str, &str); 1] = [("Opening", "the coordinator's own record of an opening")];

/// Types that are bytes and nothing more: the name in the code and in SPEC §2.1.
const BASE: [(&str, &str); 14] = [
    ("Code", "u16"),
    ("Digest", "digest"),
    ("Element", "point"),
    ("MemberCode", "code"),
    ("Peers", "[PeerGroup]"),
    ("RoundId", "round"),
    ("SchoolCode", "u32"),
    ("SchoolYear", "u16"),
    ("Schools", "[School]"),
    ("Signature", "signature"),
    ("String", "text"),
    ("Ticks", "[u32]"),
    ("Timestamp", "time"),
    ("VerifyingKey", "key"),
];

/// An enumeration whose variants stand in a table of their own.
const TABLED: &str = "Message";

const WHAT: [&str; 2] = ["layout", "variants"];

pub(super) fn in_code() -> Vec<Facts> {
    let (layouts, enumerations) = needed();
    let layouts = layouts.into_iter().map(|(name, fields)| format!("{name}: {fields}")).collect();
    let variants = enumerations.iter().map(|name| variants(name)).collect();
    WHAT.into_iter().zip([layouts, variants]).map(|(what, each)| Facts { what, each }).collect()
}

pub(super) fn in_spec(spec: &str) -> Vec<Facts> {
    let layouts = lines(spec, "layout").into_iter().map(str::to_owned).collect();
    let variants = lines(spec, "variants").into_iter().map(named_variants).collect();
    WHAT.into_iter().zip([layouts, variants]).map(|(what, each)| Facts { what, each }).collect()
}

/// The lines of the blocks marked with a word.
pub(super) fn lines<'a>(spec: &'a str, marked: &str) -> Vec<&'a str> {
    let start = format!("```{marked}");
    let mut inside = false;
    let mut found = Vec::new();
    for line in spec.lines() {
        match line {
            "```" => inside = false,
            _ if line == start => inside = true,
            _ if inside => found.push(line),
            _ => {}
        }
    }
    found
}

/// `First: Blinded Own` of `First: 0 Own | 1 Blinded`; the numbers must count from 0, those of groupings from 16.
fn named_variants(line: &str) -> String {
    let (name, variants) = line.split_once(": ").unwrap_or((line, ""));
    let words: Vec<Vec<&str>> = variants.split(" | ").map(|one| one.split(' ').collect()).collect();
    let numbers: Vec<u8> = words.iter().filter_map(|words| words[0].parse().ok()).collect();
    // From 0, and those of groupings from 16.
    let follows = |pair: &[u8]| pair[1] == pair[0] + 1 || (pair[0] < 16 && pair[1] == 16);
    let counted =
        numbers.len() == words.len() && matches!(numbers[0], 0 | 16) && numbers.windows(2).all(follows);
    let mut names: Vec<&str> = words.iter().filter_map(|words| words.get(1).copied()).collect();
    names.sort_unstable();
    if counted { format!("{name}: {}", names.join(" ")) } else { format!("{line} (not counted from 0)") }
}

/// The same of an enumeration of the core: the alphabet orders names, the specification numbers.
fn variants(name: &str) -> String {
    let variants = split(&enumeration(name).unwrap(), ',');
    let mut names: Vec<&str> =
        variants.iter().map(|variant| variant.split(['(', ' ']).next().unwrap()).collect();
    names.sort_unstable();
    format!("{name}: {}", names.join(" "))
}

/// The variants of an enumeration of the core, if there is one of that name.
fn enumeration(name: &str) -> Option<String> {
    core().find_map(|(_, text)| block(text, &format!("pub enum {name} ")))
}

/// A type as the specification writes it.
pub(super) fn type_of(rust: &str) -> String {
    let rust = rust.trim();
    let inside = |start: &str, end: &str| rust.strip_prefix(start).and_then(|rest| rest.strip_suffix(end));
    if rust == "Vec<u8>" {
        return "bytes".to_owned();
    }
    if let Some(item) = inside("Vec<", ">") {
        return format!("[{}]", type_of(item));
    }
    if let Some(item) = inside("Option<", ">") {
        return format!("{}?", type_of(item));
    }
    if let Some(item) = inside("Signed<", ">") {
        return format!("Signed<{}>", type_of(item));
    }
    if let Some(items) = inside("(", ")") {
        return format!(
            "({})",
            split(items, ',').iter().map(|item| type_of(item)).collect::<Vec<_>>().join(", ")
        );
    }
    if let Some(length) = inside("[u8; ", "]") {
        return length.to_owned();
    }
    let name = rust.rsplit("::").next().unwrap();
    BASE.iter().find(|(of, _)| *of == name).map_or(name, |(_, base)| base).to_owned()
}

/// Names of structures in a type or in a list of fields: words that begin with a capital letter.
fn names(text: &str) -> impl Iterator<Item = &str> {
    let words = text.split(|letter: char| !letter.is_alphanumeric());
    words.filter(|word| word.starts_with(|letter: char| letter.is_ascii_uppercase()) && *word != "Signed")
}

/// The layouts of [`ROOTS`] and of what they are made of, and the enumerations among it.
fn needed() -> (BTreeMap<String, String>, BTreeSet<String>) {
    let all = written();
    let at_root = |path: &str| ROOTS.iter().any(|root| path.starts_with(root));
    let stays = |name: &str| name == TABLED || STAYS.iter().any(|(other, _)| *other == name);
    let roots = all.iter().filter(|(_, path, _)| at_root(path)).map(|(name, ..)| name.clone());
    let mut wanted: Vec<String> = roots.filter(|name| !stays(name)).collect();
    let (mut layouts, mut enumerations) = (BTreeMap::new(), BTreeSet::new());
    while let Some(name) = wanted.pop() {
        if stays(&name) || layouts.contains_key(&name) || enumerations.contains(&name) {
            continue;
        }
        if let Some((_, _, fields)) = all.iter().find(|(other, ..)| *other == name) {
            wanted.extend(names(fields).map(str::to_owned));
            layouts.insert(name, fields.clone());
        } else if let Some(variants) = enumeration(&name) {
            wanted.extend(names(&payloads(&variants)).map(str::to_owned));
            enumerations.insert(name);
        }
    }
    (layouts, enumerations)
}

/// The payloads of an enumeration's variants, without the variants' own names.
fn payloads(variants: &str) -> String {
    let payload = |variant: &String| variant.split_once(['(', '{']).map(|(_, payload)| payload.to_owned());
    split(variants, ',').iter().filter_map(payload).collect::<Vec<_>>().join(" ")
}

/// Every structure of the core with a byte form: name, file, fields.
fn written() -> Vec<(String, String, String)> {
    let mut found = Vec::new();
    for (path, text) in core() {
        for part in text.split("codec_struct!(").skip(1).filter(|part| !part.starts_with("$")) {
            let Some((name, _)) = part.split_once(" {") else { continue };
            let order = split(&block(part, name).unwrap(), ',');
            found.extend(layout(path, text, name, &order));
        }
        for part in text.split("impl Encode for ").skip(1) {
            let (name, _) = part.split_once(" {").unwrap();
            let steps = split(&block(part, "fn encode(").unwrap(), ';');
            let field = |step: &String| -> Option<String> {
                let field = step.strip_prefix("self.")?.strip_suffix(".encode(out)")?;
                let field = field.strip_suffix(".0").unwrap_or(field);
                field
                    .chars()
                    .all(|letter| letter.is_alphanumeric() || letter == '_')
                    .then(|| field.to_owned())
            };
            let order: Option<Vec<String>> = steps.iter().map(field).collect();
            // A tuple's only field is no structure; enumerations have no fields to follow.
            found.extend(order.and_then(|order| layout(path, text, name, &order)));
        }
    }
    found
}

fn layout(path: &str, text: &str, name: &str, order: &[String]) -> Option<(String, String, String)> {
    let fields = split(&block(text, &format!("pub struct {name} "))?, ',');
    let types: BTreeMap<&str, &str> =
        fields.iter().map(|field| field.trim_start_matches("pub ").split_once(": ").unwrap()).collect();
    let field = |field: &String| Some(format!("{field} {}", type_of(types.get(field.as_str())?)));
    let fields: Option<Vec<String>> = order.iter().map(field).collect();
    Some((name.to_owned(), path.to_owned(), fields?.join(", ")))
}

#[test]
fn layouts_are_read_from_both_ways_of_writing_them() {
    let (layouts, enumerations) = needed();
    assert_eq!(layouts["RoundBlob"], "round round, blob BlobRef");
    assert_eq!(layouts["BlobRef"], "digest digest, bytes u64");
    assert_eq!(layouts["AbortNotice"], "code u16, fault code?");
    assert_eq!(layouts["EqualityProof"], "keys [KeyProof], commitment_sum 32");
    assert!(!layouts.contains_key("Opening") && layouts.len() > 40, "{}", layouts.len());
    assert_eq!(type_of("Vec<(crate::ids::MemberCode, Option<u8>)>"), "[(code, u8?)]");
    assert!(enumerations.contains("Reason"), "reached through `Mark`");
    assert_eq!(variants("ColumnKey"), "ColumnKey: Cell Link Window");
    assert_eq!(named_variants("First: 0 Own | 1 Blinded"), "First: Blinded Own");
    assert_eq!(named_variants("First: 0 Own | 16 Blinded"), "First: Blinded Own");
    for wrong in ["First: 0 Own | 2 Blinded", "First: 1 Own | 2 Blinded", "First: 16 Own | 18 Blinded"] {
        assert!(named_variants(wrong).ends_with("(not counted from 0)"), "{wrong}");
    }
}

#[test]
fn what_a_layout_is_made_of_is_a_layout_or_an_enumeration() {
    let (layouts, enumerations) = needed();
    for name in layouts.values().flat_map(|fields| names(fields)) {
        let known = layouts.contains_key(name) || enumerations.contains(name) || name == TABLED;
        assert!(known, "{name} is in a layout and nothing says what its bytes are");
    }
}

/// `First: 0 Own` as the codec writes a value: its first byte, and the variant's name.
fn encoded(of: &str, value: &(impl Encode + std::fmt::Debug)) -> (String, String) {
    let name = format!("{value:?}");
    let name = name.split(|letter: char| !letter.is_alphanumeric()).next().unwrap();
    (of.to_owned(), format!("{} {name}", value.to_bytes()[0]))
}

#[test]
fn variants_are_written_with_the_numbers_given() {
    let window = ColumnKey::Window { metric: "m".to_owned(), place: 0 };
    let cell = ColumnKey::Cell { metric: "m".to_owned(), dimension: Dimension::All };
    let terms = NoiseTerms { eps_milli: 2_000, delta_ppt: 1, dealers: 2, variance_micro: 1 };
    let reason = Reason::BelowFloor;
    let marks = [
        Mark::Value { value: 1, low: 1, high: 1 },
        Mark::Bound { low: 1, high: 1, reason },
        Mark::Suppressed(reason),
        Mark::NotApplicable(reason),
    ];
    let mut written: Vec<(String, String)> = Vec::new();
    written.extend([First::Own, First::Blinded].map(|value| encoded("First", &value)));
    let link = ColumnKey::Link { metric: "m".to_owned() };
    written.extend([window, cell, link].map(|value| encoded("ColumnKey", &value)));
    let dimensions = Dimension::ALL.into_iter().chain([Dimension::Group(Grouping::ALL[0])]);
    written.extend(dimensions.map(|value| encoded("Dimension", &value)));
    // The dimension's byte is the grouping's number.
    let named = |one: Grouping| format!("{} {one:?}", Dimension::Group(one).to_bytes()[0]);
    written.extend(Grouping::ALL.map(|one| ("Grouping".to_owned(), named(one))));
    let segments = [Segment::K12, Segment::Cc, Segment::Univ, Segment::Workforce];
    written.extend(segments.map(|value| encoded("Segment", &value)));
    let noise = [NoiseStatement::Nil, NoiseStatement::Laplace(terms)];
    written.extend(noise.map(|value| encoded("NoiseStatement", &value)));
    written.extend(marks.map(|value| encoded("Mark", &value)));
    written.extend(Reason::ALL.map(|value| encoded("Reason", &value)));
    written.extend([Category::One(1), Category::AllMasked(vec![1])].map(|value| encoded("Category", &value)));
    let outcomes = [
        Outcome::Cohort,
        Outcome::Enrolled(None),
        Outcome::Rate(None),
        Outcome::SeenAs { receiver: 0, outcome: 1 },
        Outcome::RateAs { receiver: 0, outcome: 1 },
        Outcome::AtBoth { first: 0, second: 1 },
        Outcome::RateAtBoth { first: 0, second: 1 },
    ];
    written.extend(outcomes.map(|value| encoded("Outcome", &value)));
    let owners = [LogOwner::Coordinator, LogOwner::Member(MemberCode([1; 5]))];
    written.extend(owners.map(|value| encoded("LogOwner", &value)));
    let ended = [Ended::Round(RoundId([1; 16])), Ended::Party(MemberCode([1; 5]))];
    written.extend(ended.map(|value| encoded("Ended", &value)));
    let formats = [ReleaseFormat::Csv, ReleaseFormat::Html];
    written.extend(formats.map(|value| encoded("ReleaseFormat", &value)));
    written.extend(crate::decoders::said().iter().map(|value| encoded("ReleaseSaid", value)));
    let said = crate::decoders::statements(Digest([3; 32]), MemberCode([1; 5]));
    written.extend(said.iter().map(|value| encoded("ConsentStatement", value)));

    let spec = super::specification();
    for line in lines(&spec, "variants") {
        let (name, variants) = line.split_once(": ").unwrap();
        let given = variants.split(" | ").map(|one| one.split(' ').take(2).collect::<Vec<_>>().join(" "));
        let here = written.iter().filter(|(of, _)| of == name).map(|(_, number)| number.clone());
        assert_eq!(given.collect::<Vec<_>>(), here.collect::<Vec<_>>(), "{name}");
    }
}

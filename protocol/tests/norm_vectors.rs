//! Match keys equal the linkage study's, for all 500 parity vectors (linkage findings 4.4).
//!
//! `vectors/norm_vectors.jsonl` holds invented people: raw fields, normalised fields and keys, written by the study's
//! own scripts (licence as this repository). The normalised fields are compared in `match_key/person.rs`.

use std::collections::BTreeMap;

use passage_protocol::match_key::{Element, Normaliser, Part, PersonFields, Recipe, derive};
use serde_json::Value;

/// The study's key names, and the recipe that yields the same.
#[cfg(test)]
fn recipes() -> Vec<(&'static str, Recipe)> {
    use Element::*;
    use Normaliser::*;
    let recipe = |slots: u8, parts: &[(Element, Normaliser)]| {
        let parts: Vec<Part> =
            parts.iter().map(|&(element, normaliser)| Part { element, normaliser }).collect();
        Recipe::new("vector", &parts, slots).unwrap()
    };
    let pair = [(NamePair, Soundex), (BirthDate, SwapProof)];
    vec![
        ("SSID", recipe(1, &[(Ssid, Full)])),
        ("SSN", recipe(1, &[(Ssn, Full)])),
        ("SXsrt(FC,LA)+DS", recipe(1, &pair)),
        ("SX:flex2+DS", recipe(2, &pair)),
        ("SX:flex3+DS", recipe(3, &pair)),
        (
            "F3+L3+G+D",
            recipe(1, &[(GivenNames, FirstThree), (Surnames, FirstThree), (Gender, Full), (BirthDate, Full)]),
        ),
        ("FN+D+Z5", recipe(1, &[(GivenNames, Full), (BirthDate, Full), (PostalCode, Full)])),
        (
            "LA+D+G+Z5",
            recipe(1, &[(Surnames, FirstName), (BirthDate, Full), (Gender, Full), (PostalCode, Full)]),
        ),
        ("FN+LN+D", recipe(1, &[(GivenNames, Full), (Surnames, Full), (BirthDate, Full)])),
        (
            "SX(FN,LN)+G+D",
            recipe(1, &[(GivenNames, Soundex), (Surnames, Soundex), (Gender, Full), (BirthDate, Full)]),
        ),
    ]
}

#[test]
fn all_500_vectors_yield_the_same_keys() {
    let mut compared = BTreeMap::<&str, usize>::new();
    let mut lines = 0;
    for line in include_str!("vectors/norm_vectors.jsonl").lines() {
        let vector: Value = serde_json::from_str(line).unwrap();
        let raw = |field: &str| vector["raw"][field].as_str().unwrap();
        let person = PersonFields {
            ssid: raw("ssid"),
            ssn: raw("ssn"),
            first: raw("first"),
            middle: raw("middle"),
            last: raw("last"),
            prior_last: raw("prior_last"),
            birth_date: raw("dob"),
            gender: raw("gender"),
            zip: raw("zip"),
        }
        .normalise(2026);
        for (name, recipe) in recipes() {
            let keys = derive(&person, &recipe);
            let fields = keys.iter().map(|key| {
                key.fields().iter().map(|f| String::from_utf8_lossy(f).into_owned()).collect::<Vec<_>>()
            });
            let found: Vec<Vec<String>> = fields.collect();
            // The study joins a pair by `~` and the other fields by `|`.
            let texts = vector["keys"][name].as_array().unwrap().iter().map(|key| key.as_str().unwrap());
            let expected: Vec<Vec<String>> =
                texts.map(|text| text.split(['~', '|']).map(str::to_owned).collect()).collect();
            assert_eq!(found, expected, "{name} of {}", raw("rec_id"));
            *compared.entry(name).or_default() += found.len();
        }
        lines += 1;
    }
    assert_eq!(lines, 500);
    assert!(compared.len() == 10 && compared.values().all(|keys| *keys > 100), "{compared:?}");
}

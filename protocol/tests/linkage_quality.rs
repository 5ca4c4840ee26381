//! Precision and recall of the first-hit rule on the study's open set (linkage findings 4.4), and the cost of a million rows.
//!
//! Ignored by default: the first test needs the study's files, in the folder that `PASSAGE_LINKAGE_DATA` names; the
//! second needs some hundred megabytes. Simulated people: the figures are no promise for real files.

use std::collections::{BTreeMap, BTreeSet};

use passage_protocol::{
    linkage::{Links, TAG_BYTES, TagList, link},
    match_key::{Element, MatchKey, NormalisedPerson, PersonFields, Preset, local_persons},
};

#[cfg(test)]
mod open_set {
    use super::*;

    pub(super) struct Party {
        pub(super) tags: Vec<u8>,
        pub(super) slots: Vec<u8>,
        /// Truth of each row: the people behind its records.
        pub(super) people: Vec<BTreeSet<String>>,
    }

    /// The true person of each record.
    pub(super) fn truth(folder: &str) -> BTreeMap<String, String> {
        let text = std::fs::read_to_string(format!("{folder}/truth.csv")).unwrap();
        let row = |line: &str| {
            let cells: Vec<&str> = line.split(',').collect();
            (cells[1].to_owned(), cells[2].to_owned())
        };
        text.lines().skip(1).map(row).collect()
    }

    /// One institution through normalisation, merge and suppression, with plain keyed hashes in place of mixed tags.
    pub(super) fn party(folder: &str, name: &str, truth: &BTreeMap<String, String>) -> Party {
        let text = std::fs::read_to_string(format!("{folder}/{name}.csv")).unwrap();
        let rows: Vec<Vec<&str>> = text.lines().skip(1).map(|line| line.split(',').collect()).collect();
        let person = |cells: &Vec<&str>| -> NormalisedPerson {
            PersonFields {
                ssid: cells[1],
                ssn: cells[2],
                first: cells[3],
                middle: cells[4],
                last: cells[5],
                prior_last: cells[7],
                birth_date: cells[8],
                gender: cells[9],
                zip: cells[10],
            }
            .normalise(2026)
        };
        let records: Vec<NormalisedPerson> = rows.iter().map(person).collect();
        let never_held: &[Element] = if name.starts_with("K12") { &[Element::Ssn] } else { &[] };
        let slots = Preset::Full.slots_for(never_held);
        let resolved = local_persons(&records, &Preset::Full.recipes(), &slots);
        println!(
            "{name}: {} records, {} persons, {:?}",
            records.len(),
            resolved.persons.len(),
            resolved.counts
        );
        let mut tags = Vec::new();
        let mut people = Vec::new();
        for person in &resolved.persons {
            for (key, recipe) in person.slots.iter().zip(&slots) {
                tags.extend(tag(key.as_ref(), *recipe, name, tags.len()));
            }
            people.push(person.members.iter().map(|at| truth[rows[*at][0]].clone()).collect());
        }
        Party { tags, slots, people }
    }

    fn tag(key: Option<&MatchKey>, recipe: u8, party: &str, at: usize) -> [u8; TAG_BYTES] {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&[recipe]);
        match key {
            Some(key) => {
                for field in key.fields() {
                    hasher.update(field).update(b"|");
                }
            }
            None => {
                hasher.update(format!("none {party} {at}").as_bytes());
            }
        }
        *hasher.finalize().as_bytes().first_chunk().unwrap()
    }

    pub(super) fn join(source: &Party, target: &Party) -> Links {
        let source = TagList::new(&source.slots, &source.tags).unwrap();
        let target = TagList::new(&target.slots, &target.tags).unwrap();
        link(&source, &target)
    }
}

#[test]
#[ignore = "needs the study's files"]
#[expect(clippy::disallowed_methods, reason = "a test is told where the study's files are")]
fn first_hit_links_reach_the_targets_on_the_open_set() {
    let folder = std::env::var("PASSAGE_LINKAGE_DATA").unwrap();
    let truth = open_set::truth(&folder);
    let names = ["K12A", "K12B", "CC1", "CC2", "UNIV"];
    let parties: BTreeMap<&str, open_set::Party> =
        names.into_iter().map(|name| (name, open_set::party(&folder, name, &truth))).collect();
    let (mut all_right, mut all_linked, mut all_true) = (0, 0, 0);
    for (source, target) in [
        ("K12A", "CC1"),
        ("K12A", "UNIV"),
        ("K12B", "CC2"),
        ("CC1", "UNIV"),
        ("K12B", "UNIV"),
        ("CC2", "UNIV"),
    ] {
        let (source_party, target_party) = (&parties[source], &parties[target]);
        let links = open_set::join(source_party, target_party);
        let in_target: BTreeSet<&String> = target_party.people.iter().flatten().collect();
        let (mut right, mut linked, mut held) = (0_u32, 0_u32, 0_u32);
        for (people, link) in source_party.people.iter().zip(links.iter()) {
            held += u32::from(people.iter().any(|person| in_target.contains(person)));
            if let Some(link) = link {
                linked += 1;
                right += u32::from(!people.is_disjoint(&target_party.people[link.target_row as usize]));
            }
        }
        let (precision, recall) = (f64::from(right) / f64::from(linked), f64::from(right) / f64::from(held));
        println!("{source}-{target}: P {precision:.4} R {recall:.4}, {:?}", links.panel());
        assert!(precision >= 0.995, "{source}-{target}: {precision}");
        assert!(recall >= 0.975, "{source}-{target}: {recall}");
        all_right += right;
        all_linked += linked;
        all_true += held;
    }
    let (precision, recall) =
        (f64::from(all_right) / f64::from(all_linked), f64::from(all_right) / f64::from(all_true));
    println!("together: P {precision:.4} R {recall:.4}");
    assert!(precision >= 0.997 && recall >= 0.98);
}

#[test]
#[ignore = "a million rows"]
fn a_million_rows_of_seven_slots_link() {
    let slots = Preset::Full.slots_for(&[]);
    let rows = 1_000_000_u32;
    let list = |first: u32| {
        let mut bytes = vec![0; rows as usize * slots.len() * TAG_BYTES];
        for (row, chunk) in (first..).zip(bytes.chunks_exact_mut(slots.len() * TAG_BYTES)) {
            blake3::Hasher::new().update(&row.to_le_bytes()).finalize_xof().fill(chunk);
        }
        bytes
    };
    // Half of the rows stand in both lists.
    let (source, target) = (list(0), list(rows / 2));
    let (source, target) = (TagList::new(&slots, &source).unwrap(), TagList::new(&slots, &target).unwrap());
    let links = link(&source, &target);
    let panel = links.panel();
    assert_eq!((panel.linked(), panel.ambiguous, panel.receivers_shared), (500_000, 0, 0));
    assert_eq!(links.get(rows / 2).map(|link| link.target_row), Some(0));
}

#[test]
#[ignore = "a million records"]
fn a_million_records_resolve() {
    let letters = |number: u32| -> String {
        (0..6)
            .map(|place| char::from(b'A' + u8::try_from(number / 13_u32.pow(place) % 13).unwrap()))
            .collect()
    };
    let records: Vec<NormalisedPerson> = (0..1_000_000_u32)
        .map(|number| {
            let (ssid, first) = (format!("2{number:09}"), letters(number / 3));
            let date = format!("{}-{:02}-{:02}", 1990 + number % 17, 1 + number % 12, 1 + number % 28);
            // Every tenth record repeats the SSID of the one before.
            let ssid = if number % 10 == 9 { format!("2{:09}", number - 1) } else { ssid };
            PersonFields {
                ssid: &ssid,
                first: &first,
                last: &letters(number),
                birth_date: &date,
                gender: "F",
                zip: "94575",
                ..PersonFields::default()
            }
            .normalise(2026)
        })
        .collect();
    let found = local_persons(&records, &Preset::Full.recipes(), &Preset::Full.slots_for(&[]));
    println!("{:?}", found.counts);
    assert_eq!(found.counts.merged, 100_000);
}

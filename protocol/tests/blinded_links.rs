//! Links made of blinded, mixed and shuffled tokens are the links made of the keys in the clear, for the rule of rounds, for
//! bridges and for the resolution: on five institutions of simulated people (`node/tests/linkage`), under every step of the
//! first mix but the seals.
//!
//! `passage-node linkage evaluate` measures the rules in the clear; this is why its figures are those of a round.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::disallowed_types,
    reason = "a test stops at the first surprise"
)]

use std::collections::BTreeSet;

use passage_protocol::{
    group::{CollectiveKeys, CommitteeKeys, HopFactor, TagKey, hash_to_element},
    ids::{MemberCode, RoundId},
    linkage::{Link, Links, TAG_BYTES, TagList, link, resolve},
    match_key::{Element, LocalPersons, MatchKey, PersonFields, Preset, Recipe, local_persons},
    mixing::{ColumnValue, FirstFactor, Permutation, PlainRow, RowShape, contribute, final_tags, hop},
};

const ROUND: RoundId = RoundId([7; 16]);

/// One institution's list.
#[cfg(test)]
struct List {
    slots: Vec<u8>,
    found: LocalPersons,
}

#[cfg(test)]
impl List {
    fn read(name: &str) -> Self {
        let path = format!("{}/../node/tests/linkage/{name}.csv", env!("CARGO_MANIFEST_DIR"));
        let text = std::fs::read_to_string(path).unwrap();
        let records = text.lines().skip(1).map(|line| {
            let cells: Vec<&str> = line.split(',').collect();
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
        });
        let records: Vec<_> = records.collect();
        let never_held: &[Element] = if name.starts_with("K12") { &[Element::Ssn] } else { &[] };
        let slots = Preset::Full.slots_for(never_held);
        let found = local_persons(&records, &Preset::Full.recipes(), &slots);
        Self { slots, found }
    }

    /// Tags in the clear, in the order of the rows.
    fn clear(&self, number: usize) -> Vec<u8> {
        let tag = |key: Option<&MatchKey>, recipe: u8, place: (usize, usize)| -> [u8; TAG_BYTES] {
            let text = match key {
                Some(key) => format!("{recipe} {:?}", key.fields()),
                None => format!("none {number} {place:?}"),
            };
            *blake3::hash(text.as_bytes()).as_bytes().first_chunk().unwrap()
        };
        let rows = self.found.persons.iter().enumerate();
        rows.flat_map(|(row, person)| {
            let slots = person.slots.iter().zip(&self.slots).enumerate();
            slots
                .flat_map(move |(slot, (key, recipe))| tag(key.as_ref(), *recipe, (row, slot)))
                .collect::<Vec<u8>>()
        })
        .collect()
    }

    /// Tags after the first mix, and the row each stands for.
    fn mixed(&self, number: u8, committee: &Committee) -> (Vec<u8>, Vec<u32>) {
        let recipes: Vec<_> = Preset::Full.recipes().iter().map(Recipe::digest).collect();
        let shape = RowShape::new(self.slots.len(), 1).unwrap();
        let plain: Vec<PlainRow> = (self.found.persons.iter())
            .map(|person| {
                let point = |(key, recipe): (&Option<MatchKey>, &u8)| {
                    let key = key.as_ref()?;
                    Some(hash_to_element(&recipes[usize::from(*recipe)], &ROUND, &key.fields()))
                };
                let tokens = person.slots.iter().zip(&self.slots).map(point).collect();
                PlainRow { tokens, values: vec![ColumnValue::Code(1)] }
            })
            .collect();
        // Both members of the committee pass every list on, in turns the first.
        let first = usize::from(number % 2);
        let own = FirstFactor::Own(&committee.members[first]);
        let sent = contribute(&plain, shape, &[0], own, &committee.keys, &[number; 32]).unwrap();
        let order: Vec<u8> = (0..u32::try_from(plain.len()).unwrap()).flat_map(u32::to_le_bytes).collect();
        let shuffle = |bytes: &[u8], width: usize, seed: u8| {
            let rows = u32::try_from(plain.len()).unwrap();
            Permutation::draw(rows, [seed; 32]).apply(bytes, width).unwrap()
        };
        let (sent, order) = (shuffle(&sent, shape.row_bytes(), 50 + number), shuffle(&order, 4, 50 + number));
        let factor = HopFactor::own(&committee.members[1 - first]);
        let hopped = hop(&sent, 0, shape, &[0], &factor, &committee.keys, &[100 + number; 32]).unwrap();
        let (hopped, order) =
            (shuffle(&hopped, shape.row_bytes(), 150 + number), shuffle(&order, 4, 150 + number));
        let tags = final_tags(&hopped, shape, &self.slots, &committee.tag_key).unwrap().tags;
        let (rows, _) = order.as_chunks();
        (tags, rows.iter().map(|row| u32::from_le_bytes(*row)).collect())
    }
}

#[cfg(test)]
struct Committee {
    members: [CommitteeKeys; 2],
    keys: CollectiveKeys,
    tag_key: TagKey,
}

#[cfg(test)]
impl Committee {
    fn new() -> Self {
        let members = [CommitteeKeys::generate(1, [1; 32]), CommitteeKeys::generate(1, [2; 32])];
        let shares = [0, 1].map(|at: u8| members[usize::from(at)].share(&ROUND, &MemberCode([at; 5])));
        let tag_key = TagKey::derive(&[*members[0].tag_key_share(), *members[1].tag_key_share()]);
        Self { keys: CollectiveKeys::combine(&shares).unwrap(), tag_key, members }
    }
}

/// Links by the rows of the clear lists, ascending. Which of two equal hits is taken depends on the tags: then none is named.
#[cfg(test)]
fn named(links: &Links, source: &[u32], target: &[u32]) -> Vec<(u32, u8, Option<u32>)> {
    let name = |(row, link): (usize, Option<Link>)| {
        let link = link?;
        Some((source[row], link.recipe, (!link.ambiguous).then(|| target[link.target_row as usize])))
    };
    let mut named: Vec<_> = links.iter().enumerate().filter_map(name).collect();
    named.sort_unstable();
    named
}

#[test]
fn a_mixed_list_links_as_its_keys_do() {
    let lists = ["K12A", "K12B", "CC1", "CC2", "UNIV"].map(List::read);
    let committee = Committee::new();
    let clear: Vec<Vec<u8>> = lists.iter().enumerate().map(|(number, list)| list.clear(number)).collect();
    let mixed: Vec<(Vec<u8>, Vec<u32>)> =
        (0..).zip(&lists).map(|(number, list)| list.mixed(number, &committee)).collect();
    let straight: Vec<Vec<u32>> =
        mixed.iter().map(|(_, rows)| (0..u32::try_from(rows.len()).unwrap()).collect()).collect();
    let of_clear: Vec<TagList<'_>> =
        lists.iter().zip(&clear).map(|(list, tags)| TagList::new(&list.slots, tags).unwrap()).collect();
    let of_mixed: Vec<TagList<'_>> =
        lists.iter().zip(&mixed).map(|(list, (tags, _))| TagList::new(&list.slots, tags).unwrap()).collect();

    let mut linked = 0;
    for source in 0..lists.len() {
        for target in (0..lists.len()).filter(|target| *target != source) {
            let middle = (0..lists.len()).find(|middle| *middle != source && *middle != target).unwrap();
            let bridged = |tags: &[TagList<'_>]| {
                let way = (link(&tags[source], &tags[middle]), link(&tags[middle], &tags[target]));
                link(&tags[source], &tags[target]).bridged(&[(&way.0, &way.1)])
            };
            let (in_clear, in_mix) = (bridged(&of_clear), bridged(&of_mixed));
            let in_clear = named(&in_clear, &straight[source], &straight[target]);
            assert_eq!(named(&in_mix, &mixed[source].1, &mixed[target].1), in_clear, "{source} to {target}");
            linked += in_clear.len();
        }
    }
    assert!(linked > 3_000, "{linked}");

    let weights: Vec<u32> = Preset::Full.recipes().iter().map(Recipe::weight).collect();
    let clusters = |tags: &[TagList<'_>], rows: &dyn Fn(u16, u32) -> u32| -> BTreeSet<Vec<(u16, u32)>> {
        let found = resolve(tags, &weights).clusters;
        found
            .iter()
            .map(|cluster| cluster.iter().map(|at| (at.list, rows(at.list, at.row))).collect())
            .collect()
    };
    let expected = clusters(&of_clear, &|_, row| row);
    assert!(expected.len() > 900, "{}", expected.len());
    assert_eq!(clusters(&of_mixed, &|list, row| mixed[usize::from(list)].1[row as usize]), expected);
}

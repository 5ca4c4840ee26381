//! The owner's own resolution: records to local persons, their keys, and what is withheld (SPEC §4, last paragraph).
//!
//! Promises one [`LocalPerson`] per person as far as [`super::merge`] can tell, at most as many keys per recipe as it
//! has slots, and that no key value stands with two persons. It does not draw the random points that stand in for
//! missing keys, nor the order of slots: that is `mixing`.

use core::cmp::Reverse;

use super::{
    derive::{MatchKey, derive},
    equal_values::equal_values,
    merge::merge,
    person::NormalisedPerson,
    recipe::Recipe,
};

/// One person of an institution's own records.
#[derive(Debug)]
pub struct LocalPerson {
    /// Zero-based positions of the records merged into this person, ascending.
    pub members: Vec<usize>,
    /// One entry per slot of the list; `None` where there is no key or it was withheld.
    pub slots: Vec<Option<MatchKey>>,
}

/// What [`local_persons`] found.
#[derive(Debug)]
pub struct LocalPersons {
    /// In the order of each person's first record.
    pub persons: Vec<LocalPerson>,
    /// For the match panel.
    pub counts: MergeCounts,
}

/// What the owner's resolution did; counts only.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct MergeCounts {
    /// Records that were folded into another record's person.
    pub merged: u64,
    /// Pairings that shared a value and were kept apart because SSIDs and middle names or genders differ.
    pub kept_apart: u64,
    /// Keys withheld because two persons shared them; each person's key counts.
    pub suppressed: u64,
    /// Keys left out because a person's records yield more than a recipe has slots.
    pub beyond_slots: u64,
    /// Persons left without any key (the answer's `unusable`, SPEC §5.2).
    pub unusable: u64,
}

/// Merges `records` into persons and gives each its keys.
///
/// # Inputs
///
/// * `records` — normalised records of the list, opted-out ones already removed.
/// * `recipes` — the recipes of the round in order of strength.
/// * `slot_recipes` — the recipe index of every slot of this list ([`Preset::slots_for`](super::Preset::slots_for));
///   an index without a recipe leaves its slots empty.
///
/// The keys of a person are the union over its records. If that exceeds the slots, keys of a more telling pairing come
/// first, then those more of the records carry, then the smaller bytes, so the order of records does not matter.
///
/// # Cost
///
/// Near-linear; about five microseconds and half a kilobyte per record under `full`.
#[must_use]
pub fn local_persons(records: &[NormalisedPerson], recipes: &[Recipe], slot_recipes: &[u8]) -> LocalPersons {
    let (first_records, kept_apart) = merge(records);
    let mut place_of: Vec<usize> = Vec::with_capacity(records.len());
    let mut persons: Vec<LocalPerson> = Vec::new();
    for (record, first) in first_records.into_iter().enumerate() {
        // A person's first record comes before its others, so its place is known by then.
        let place = if first == record {
            persons.len()
        } else {
            place_of.get(first).copied().unwrap_or(persons.len())
        };
        place_of.push(place);
        match persons.get_mut(place) {
            Some(person) => person.members.push(record),
            None => persons.push(LocalPerson { members: vec![record], slots: Vec::new() }),
        }
    }
    let mut counts = MergeCounts {
        merged: records.len().saturating_sub(persons.len()) as u64,
        kept_apart,
        ..MergeCounts::default()
    };
    for person in &mut persons {
        let own: Vec<&NormalisedPerson> =
            person.members.iter().filter_map(|record| records.get(*record)).collect();
        let (slots, beyond_slots) = slots_of_person(&own, recipes, slot_recipes);
        person.slots = slots;
        counts.beyond_slots += beyond_slots;
    }
    for (index, _) in (0_u8..).zip(recipes) {
        counts.suppressed += suppress_shared(&mut persons, index, slot_recipes);
    }
    counts.unusable = persons.iter().filter(|person| person.slots.iter().all(Option::is_none)).count() as u64;
    LocalPersons { persons, counts }
}

/// The slots of one person, filled from its records in order, and how many keys had no slot: the rule of [`local_persons`], before
/// what two persons share is withheld.
#[must_use]
pub fn slots_of_person(
    records: &[&NormalisedPerson],
    recipes: &[Recipe],
    slot_recipes: &[u8],
) -> (Vec<Option<MatchKey>>, u64) {
    let mut beyond_slots = 0;
    let mut slots: Vec<Option<MatchKey>> = slot_recipes.iter().map(|_| None).collect();
    for (index, recipe) in (0_u8..).zip(recipes) {
        let mut keys = union_of_keys(records, recipe).into_iter();
        let places = slots.iter_mut().zip(slot_recipes).filter(|(_, of)| **of == index);
        let mut omitted = true;
        for (place, _) in places {
            *place = keys.next();
            omitted = false;
        }
        if !omitted {
            beyond_slots += keys.count() as u64;
        }
    }
    (slots, beyond_slots)
}

/// The different keys of a person's records under one recipe, those to be kept first.
fn union_of_keys(records: &[&NormalisedPerson], recipe: &Recipe) -> Vec<MatchKey> {
    let mut found: Vec<(usize, MatchKey)> = Vec::new();
    for record in records {
        found.extend(derive(record, recipe).into_iter().enumerate());
    }
    if records.len() == 1 {
        return found.into_iter().map(|(_, key)| key).collect();
    }
    // Bring equal keys together, the best rank first; count them; then order by what is to be kept.
    found.sort_by(|left, right| (left.1.as_bytes(), left.0).cmp(&(right.1.as_bytes(), right.0)));
    let mut ranked: Vec<(usize, Reverse<usize>, MatchKey)> = Vec::new();
    for (rank, key) in found {
        match ranked.last_mut().filter(|(_, _, last)| *last == key) {
            Some((_, Reverse(carriers), _)) => *carriers += 1,
            None => ranked.push((rank, Reverse(1), key)),
        }
    }
    ranked.sort_by_key(|(rank, carriers, _)| (*rank, *carriers)); // stable: equal ones stay in byte order
    ranked.into_iter().map(|(_, _, key)| key).collect()
}

/// Withholds every key of recipe `index` that two persons share (linkage findings 4.3 step 2); returns how many.
fn suppress_shared(persons: &mut [LocalPerson], index: u8, slot_recipes: &[u8]) -> u64 {
    let slots: Vec<usize> =
        slot_recipes.iter().enumerate().filter(|(_, of)| **of == index).map(|(slot, _)| slot).collect();
    if slots.is_empty() {
        return 0;
    }
    let place =
        |cell: usize| (cell / slots.len(), slots.get(cell % slots.len()).copied().unwrap_or(usize::MAX));
    let shared = equal_values(persons.len() * slots.len(), |cell, out| {
        let (person, slot) = place(cell);
        let key = persons.get(person).and_then(|person| person.slots.get(slot)).and_then(Option::as_ref);
        key.iter().for_each(|key| out.extend_from_slice(key.as_bytes()));
        key.is_some()
    });
    // The keys of one person are all different, so every group spans two persons or more.
    let mut suppressed = 0;
    for (person, slot) in shared.into_iter().flatten().map(place) {
        if let Some(key) = persons.get_mut(person).and_then(|person| person.slots.get_mut(slot)) {
            *key = None;
            suppressed += 1;
        }
    }
    suppressed
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::match_key::{Element, PersonFields, Preset};

    const ANA: PersonFields<'static> = PersonFields {
        ssid: "2068905818",
        ssn: "",
        first: "Ana",
        middle: "",
        last: "Silva",
        prior_last: "",
        birth_date: "2001-02-03",
        gender: "F",
        zip: "94575",
    };

    fn resolve(fields: &[PersonFields<'_>], preset: Preset) -> LocalPersons {
        let records: Vec<_> = fields.iter().map(|fields| fields.normalise(2026)).collect();
        local_persons(&records, &preset.recipes(), &preset.slots_for(&[]))
    }

    fn filled(person: &LocalPerson) -> Vec<bool> {
        person.slots.iter().map(Option::is_some).collect()
    }

    #[test]
    fn merged_records_pool_their_keys_within_the_slots() {
        let moved = PersonFields { zip: "90001", ..ANA };
        let renamed = PersonFields { last: "Moreno", ssn: "400614555", ..ANA };
        let found = resolve(&[ANA, moved, renamed], Preset::Full);
        assert_eq!(found.persons.len(), 1);
        assert_eq!(found.persons[0].members, [0, 1, 2]);
        assert_eq!(filled(&found.persons[0]), [true, true, true, true, false, true, true]);
        assert_eq!(found.counts.merged, 2);
        // First letters of both surnames compete for one slot, so do the postal codes; more records say Silva and 94575.
        assert_eq!(found.counts.beyond_slots, 2);
        let fields = |slot: usize| found.persons[0].slots[slot].as_ref().unwrap().fields();
        assert_eq!(fields(5)[1], b"SIL");
        assert_eq!(fields(6)[2], b"94575");
    }

    #[test]
    fn the_order_of_records_does_not_change_the_keys() {
        let records =
            [ANA, PersonFields { zip: "90001", last: "Sousa", ..ANA }, PersonFields { zip: "90002", ..ANA }];
        let keys = |order: [usize; 3]| {
            let found = resolve(&order.map(|at| records[at]), Preset::Full);
            let bytes = |key: &Option<MatchKey>| key.as_ref().map(|key| key.as_bytes().to_vec());
            found.persons[0].slots.iter().map(bytes).collect::<Vec<_>>()
        };
        assert_eq!(keys([0, 1, 2]), keys([2, 0, 1]));
        assert_eq!(keys([0, 1, 2]), keys([1, 2, 0]));
    }

    #[test]
    fn a_key_two_persons_share_is_withheld_from_both() {
        let twin = PersonFields { ssid: "3332247972", first: "Anabel", ..ANA };
        let found = resolve(&[ANA, twin], Preset::Full);
        assert_eq!(found.persons.len(), 2);
        // Only the first letters agree: ANA|SIL.
        assert_eq!(found.counts.suppressed, 2);
        for person in &found.persons {
            assert_eq!(filled(person), [true, false, true, false, false, false, true]);
        }
    }

    #[test]
    fn persons_without_any_key_are_counted() {
        let unknown = PersonFields { ssid: "", birth_date: "", ..ANA };
        let found = resolve(&[unknown, ANA], Preset::Basic);
        assert_eq!(found.counts.unusable, 1);
        assert!(filled(&found.persons[0]).iter().all(|filled| !filled));
    }

    #[test]
    fn a_segment_without_ssn_has_no_slot_for_it() {
        let records = [PersonFields { ssn: "400614555", ..ANA }.normalise(2026)];
        let slots = Preset::Full.slots_for(&[Element::Ssn]);
        let found = local_persons(&records, &Preset::Full.recipes(), &slots);
        assert_eq!(filled(&found.persons[0]), [true, true, false, false, true, true]);
        assert_eq!(found.counts.beyond_slots, 0, "a recipe the list omits loses nothing");
    }
}

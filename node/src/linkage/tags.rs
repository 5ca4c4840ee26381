//! Keys of one institution as a round makes them, and tags in the clear.

use passage_protocol::{
    linkage::TAG_BYTES,
    match_key::{LocalPerson, MatchKey, MergeCounts, Preset, Recipe, local_persons},
};

use super::files::Party;

/// One institution's list: local persons with their keys, and a tag for every slot. No `Debug`, no `Clone`.
pub(super) struct List {
    /// The recipe of each slot.
    pub(super) slots: Vec<u8>,
    /// The local persons, one a row.
    pub(super) persons: Vec<LocalPerson>,
    /// Tags of all rows.
    pub(super) tags: Vec<u8>,
    /// What the owner's own resolution did.
    pub(super) counts: MergeCounts,
}

impl List {
    /// The list of a party, the `number`th of the evaluation.
    pub(super) fn of(party: &Party, number: usize, preset: Preset) -> Self {
        let recipes = preset.recipes();
        let slots = preset.slots_for(&party.never_held());
        let found = local_persons(&party.records, &recipes, &slots);
        let digests: Vec<[u8; 32]> = recipes.iter().map(|recipe| Recipe::digest(recipe).0).collect();
        let mut tags = Vec::with_capacity(found.persons.len() * slots.len() * TAG_BYTES);
        for (row, person) in found.persons.iter().enumerate() {
            for (slot, (key, recipe)) in person.slots.iter().zip(&slots).enumerate() {
                let digest = digests.get(usize::from(*recipe)).copied().unwrap_or_default();
                tags.extend(match key {
                    Some(key) => tag(&digest, key),
                    None => nobodys(number, row, slot),
                });
            }
        }
        Self { slots, persons: found.persons, tags, counts: found.counts }
    }

    fn keys(&self, row: u32) -> Option<&[Option<MatchKey>]> {
        self.persons.get(row as usize).map(|person| person.slots.as_slice())
    }

    /// The recipes under which two rows have an equal key, one bit each.
    pub(super) fn shared(&self, row: u32, other: &Self, other_row: u32) -> u32 {
        let (Some(mine), Some(theirs)) = (self.keys(row), other.keys(other_row)) else { return 0 };
        let mut recipes = 0;
        for (key, recipe) in
            mine.iter().zip(&self.slots).filter_map(|(key, recipe)| Some((key.as_ref()?, recipe)))
        {
            let equal = theirs
                .iter()
                .zip(&other.slots)
                .any(|(their, of)| of == recipe && their.as_ref() == Some(key));
            recipes |= u32::from(equal) << recipe;
        }
        recipes
    }
}

/// Equal exactly for equal keys of one recipe, as the tags of a round are.
fn tag(recipe: &[u8; 32], key: &MatchKey) -> [u8; TAG_BYTES] {
    let mut hasher = blake3::Hasher::new_keyed(recipe);
    for field in key.fields() {
        hasher.update(&[u8::try_from(field.len()).unwrap_or(u8::MAX)]).update(field);
    }
    hasher.finalize().as_bytes().first_chunk().copied().unwrap_or_default()
}

/// The tag of a slot without a key: nobody else has it.
fn nobodys(list: usize, row: usize, slot: usize) -> [u8; TAG_BYTES] {
    let mut hasher = blake3::Hasher::new();
    hasher.update(b"no key");
    for number in [list, row, slot] {
        hasher.update(&number.to_le_bytes());
    }
    hasher.finalize().as_bytes().first_chunk().copied().unwrap_or_default()
}

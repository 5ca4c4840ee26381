//! Canonical fields to match keys (SPEC §4): refuses nobody, invents nothing.
//!
//! Promises that a key exists only if every part of its recipe does. A key is the ordered bytes of its fields; which
//! recipe it belongs to is the caller's to keep, since equal bytes under two recipes mean nothing.

use core::fmt;
use std::borrow::Cow;

use zeroize::{Zeroize, ZeroizeOnDrop};

use super::{
    birth_date::BirthDate,
    identifier::Gender,
    nickname::root,
    person::NormalisedPerson,
    recipe::{Element, Normaliser, Part, Recipe, SLOTS_PER_RECIPE_MAX},
    soundex::soundex,
};

/// The ordered canonical fields of one person under one recipe: the last rung before a blinded token.
///
/// Wiped when dropped, redacted in `Debug`, no byte form, not `Clone`. Equality and hashing serve the owner's own
/// suppression of repeated keys.
#[derive(Eq, Hash, PartialEq, Zeroize, ZeroizeOnDrop)]
pub struct MatchKey {
    /// Each field after its length in one byte.
    bytes: Box<[u8]>,
}

impl MatchKey {
    /// The fields in recipe order, as `group` hashes them with the recipe digest and the round id.
    #[must_use]
    pub fn fields(&self) -> Vec<&[u8]> {
        let mut fields = Vec::new();
        let mut rest = &*self.bytes;
        while let Some((length, after)) = rest.split_first() {
            let Some((field, next)) = after.split_at_checked(usize::from(*length)) else { break };
            fields.push(field);
            rest = next;
        }
        fields
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The key with these [`fields`](Self::fields): back from an owner's own sealed rows.
    #[must_use]
    pub fn from_fields<'a>(fields: impl IntoIterator<Item = &'a [u8]>) -> Self {
        let mut bytes = Vec::with_capacity(40);
        for field in fields {
            let field = field.get(..FIELD_BYTES_MAX).unwrap_or(field);
            bytes.push(u8::try_from(field.len()).unwrap_or(u8::MAX));
            bytes.extend_from_slice(field);
        }
        Self { bytes: bytes.into() }
    }
}

impl fmt::Debug for MatchKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("MatchKey(redacted)")
    }
}

/// The keys of one person under one recipe, the most telling first: none, or up to the recipe's slots, all different.
#[derive(Debug, Default)]
pub struct SlotKeys {
    keys: [Option<MatchKey>; SLOTS_PER_RECIPE_MAX as usize],
}

impl SlotKeys {
    /// Number of keys.
    #[must_use]
    pub fn len(&self) -> usize {
        self.keys.iter().flatten().count()
    }

    /// Whether the person has no key under the recipe.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The keys, the most telling first.
    pub fn iter(&self) -> impl Iterator<Item = &MatchKey> {
        self.keys.iter().flatten()
    }

    /// Adds a key unless it stands already or `slots` are filled.
    fn add(&mut self, key: MatchKey, slots: u8) {
        for place in self.keys.iter_mut().take(usize::from(slots)) {
            match place {
                Some(present) if *present == key => return,
                Some(_) => {}
                None => {
                    *place = Some(key);
                    return;
                }
            }
        }
    }
}

impl IntoIterator for SlotKeys {
    type Item = MatchKey;
    type IntoIter =
        core::iter::Flatten<core::array::IntoIter<Option<MatchKey>, { SLOTS_PER_RECIPE_MAX as usize }>>;

    fn into_iter(self) -> Self::IntoIter {
        self.keys.into_iter().flatten()
    }
}

/// Derives the keys of `person` under `recipe`.
///
/// A person who lacks any part has no key; nothing is made up for a missing one.
///
/// # Cost
///
/// About a microsecond and one allocation per key.
#[must_use]
pub fn derive(person: &NormalisedPerson, recipe: &Recipe) -> SlotKeys {
    let mut keys = SlotKeys::default();
    let mut fields: Vec<Cow<'_, [u8]>> = Vec::with_capacity(recipe.parts().len() + 1);
    let mut pair_at = None;
    for part in recipe.parts() {
        if part.element == Element::NamePair {
            pair_at = Some(fields.len());
            continue;
        }
        let Some(field) = field(person, *part) else { return keys };
        fields.push(field);
    }
    let Some(pair_at) = pair_at else {
        keys.add(MatchKey::from_fields(fields.iter().map(AsRef::as_ref)), recipe.slots());
        return keys;
    };
    for pair in name_pairs(person, recipe).into_iter().flatten() {
        let before = fields.iter().take(pair_at).map(AsRef::as_ref);
        let after = fields.iter().skip(pair_at).map(AsRef::as_ref);
        let both = pair.iter().map(AsRef::as_ref);
        keys.add(MatchKey::from_fields(before.chain(both).chain(after)), recipe.slots());
    }
    keys
}

/// The pairs {given 1, surname 1}, {given 1, surname 2 or former}, {given 2 or middle, surname 1}, each in byte order.
fn name_pairs<'a>(person: &'a NormalisedPerson, recipe: &Recipe) -> [Option<[Cow<'a, [u8]>; 2]>; 3] {
    let in_full = Part { element: Element::NamePair, normaliser: Normaliser::Full };
    let whole = recipe.parts().contains(&in_full);
    let form = |name: &'a str| {
        if whole {
            Some(Cow::Borrowed(name.as_bytes()))
        } else {
            soundex(name).map(|code| Cow::Owned(code.to_vec()))
        }
    };
    let pair = |given: Option<&'a str>, surname: Option<&'a str>| {
        let mut pair = [form(root(given?))?, form(surname?)?];
        pair.sort_unstable();
        Some(pair)
    };
    let (given, surname) = (person.given_first(), person.surname_first());
    let Some(first) = pair(given, surname) else { return [const { None }; 3] };
    [Some(first), pair(given, person.surname_second()), pair(person.given_second(), surname)]
}

fn field(person: &NormalisedPerson, part: Part) -> Option<Cow<'_, [u8]>> {
    let identity = &person.identity;
    let owned = |text: String| Cow::Owned(text.into_bytes());
    match part.element {
        Element::BirthDate => {
            let form = match part.normaliser {
                Normaliser::SwapProof => BirthDate::digits_swap_proof,
                Normaliser::Full | Normaliser::FirstThree | Normaliser::FirstName | Normaliser::Soundex => {
                    BirthDate::digits
                }
            };
            identity.birth_date.map(form).map(owned)
        }
        Element::Gender => identity.gender.map(Gender::letter).map(|letter| Cow::Borrowed(letter.as_bytes())),
        Element::GivenNames => name(person.given_joined()?, person.given_first()?, part.normaliser),
        Element::NamePair => None,
        Element::PostalCode => identity.postal_code.as_ref().map(|code| Cow::Borrowed(code.as_slice())),
        Element::Ssid => identity.ssid.as_ref().map(|ssid| Cow::Borrowed(ssid.as_slice())),
        Element::Ssn => identity.ssn.as_ref().map(|ssn| Cow::Borrowed(ssn.as_slice())),
        Element::Surnames => name(person.surnames_joined()?, person.surname_first()?, part.normaliser),
    }
}

fn name(mut joined: String, first: &str, normaliser: Normaliser) -> Option<Cow<'_, [u8]>> {
    match normaliser {
        Normaliser::FirstName => return Some(Cow::Borrowed(first.as_bytes())),
        Normaliser::FirstThree => joined.truncate(3),
        Normaliser::Soundex => return soundex(&joined).map(|code| Cow::Owned(code.to_vec())),
        Normaliser::Full | Normaliser::SwapProof => {}
    }
    Some(Cow::Owned(joined.into_bytes()))
}

/// A longer name is compared by its first 255 letters.
const FIELD_BYTES_MAX: usize = 255;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::match_key::{PersonFields, Preset};

    fn keys(fields: PersonFields<'_>) -> Vec<Vec<String>> {
        let person = fields.normalise(2026);
        let text = |key: &MatchKey| {
            let fields = key.fields();
            fields
                .iter()
                .map(|field| String::from_utf8_lossy(field).into_owned())
                .collect::<Vec<_>>()
                .join("|")
        };
        let recipes = Preset::Full.recipes();
        recipes.iter().map(|recipe| derive(&person, recipe).iter().map(text).collect()).collect()
    }

    #[test]
    fn a_whole_person_fills_every_recipe() {
        let person = PersonFields {
            ssid: "2068905818",
            ssn: "400-61-4555",
            first: "Jose Carlos",
            last: "Cabrera Magaña",
            birth_date: "1998-05-09",
            gender: "M",
            zip: "94575",
            ..PersonFields::default()
        };
        assert_eq!(
            keys(person),
            [
                vec!["2068905818"],
                vec!["400614555"],
                vec!["C166|J200|19980509", "J200|M250|19980509", "C166|C642|19980509"],
                vec!["JOS|CAB|M|19980509"],
                vec!["JOSECARLOS|19980509|94575"],
            ]
        );
    }

    #[test]
    fn a_missing_part_yields_no_key() {
        let person =
            PersonFields { first: "Ana", last: "Silva", birth_date: "1998-05-09", ..PersonFields::default() };
        let found: Vec<usize> = keys(person).iter().map(Vec::len).collect();
        assert_eq!(found, [0, 0, 1, 0, 0], "no gender and no postal code");
        let nameless =
            PersonFields { birth_date: "1998-05-09", gender: "F", zip: "94575", ..PersonFields::default() };
        assert!(keys(nameless).iter().all(Vec::is_empty));
    }

    #[test]
    fn equal_pairs_take_one_slot() {
        let person = PersonFields {
            first: "Ana",
            last: "Silva",
            prior_last: "Sylva",
            birth_date: "1998-05-09",
            ..PersonFields::default()
        };
        assert_eq!(keys(person)[2], ["A523|S410|19980509"], "ANA leads to ANASTASIA");
    }

    #[test]
    fn debug_does_not_show_the_key() {
        let person = PersonFields { ssid: "2068905818", ..PersonFields::default() }.normalise(2026);
        let keys = derive(&person, &Preset::Full.recipes()[0]);
        assert!(!keys.is_empty() && !format!("{keys:?}").contains("2068905818"));
    }
}

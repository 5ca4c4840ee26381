//! The presets of match keys, measured in the linkage study (SPEC §4).
//!
//! Promises fixed recipes in order of strength. What each finds is measured by `passage-node linkage evaluate` on files whose
//! true persons are known, and never promised for real files.

use super::recipe::{Element, Normaliser, Recipe};

/// A named set of recipes in order of strength.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Preset {
    /// SSID, SSN, one pair of names with the date of birth: 3 slots.
    Basic,
    /// SSID, SSN, two pairs of names with the date of birth, initial letters: 5 slots, none reads a postal code.
    Compact,
    /// SSID, SSN, three pairs of names with the date of birth, initial letters, given names with postal code: 7 slots.
    Full,
    /// For joint populations beyond [`Preset::LARGE_POPULATION`]: names in full where `Full` has their sound: 7 slots.
    Large,
    /// As `Full` with two pairs of names: 6 slots.
    Standard,
    /// As `Full`, and the first surname with postal code: 8 slots, for changed given names and for names that are written in many
    /// ways.
    Wide,
}

impl Preset {
    /// Every preset, from fewest to most slots; of the two with seven the one for small populations first.
    pub const ALL: [Self; 6] =
        [Self::Basic, Self::Compact, Self::Standard, Self::Full, Self::Large, Self::Wide];

    /// People in all lists together beyond which names are compared in full: sounds coincide too often then (linkage findings 2).
    pub const LARGE_POPULATION: u64 = 200_000;

    /// The name a study uses.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Basic => "basic",
            Self::Compact => "compact",
            Self::Full => "full",
            Self::Large => "large",
            Self::Standard => "standard",
            Self::Wide => "wide",
        }
    }

    /// Reads the name a study uses.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|preset| preset.name() == name)
    }

    /// The recipes in order of strength: a recipe's position is its index on the wire and in [`crate::linkage`].
    #[must_use]
    pub fn recipes(self) -> Vec<Recipe> {
        let pair = |slots| Recipe::of_preset("name pair + date of birth", &SOUNDS, slots);
        let letters = || Recipe::of_preset("first letters + gender + date of birth", &FIRST_LETTERS, 1);
        let given = || Recipe::of_preset("given names + date of birth + zip", &GIVEN_NAMES_AT_HOME, 1);
        let of_preset = match self {
            Self::Basic => vec![pair(1)],
            Self::Compact => vec![pair(2), letters()],
            Self::Standard => vec![pair(2), letters(), given()],
            Self::Full => vec![pair(3), letters(), given()],
            Self::Wide => vec![
                pair(3),
                letters(),
                given(),
                Recipe::of_preset("surname + date of birth + zip", &SURNAME_AT_HOME, 1),
            ],
            Self::Large => vec![
                Recipe::of_preset("name pair in full + date of birth", &NAMES, 3),
                Recipe::of_preset("sound of names + gender + date of birth", &SOUNDS_AND_GENDER, 1),
                given(),
            ],
        };
        let numbers = [
            Recipe::of_preset("ssid", &[(Element::Ssid, Normaliser::Full)], 1),
            Recipe::of_preset("ssn", &[(Element::Ssn, Normaliser::Full)], 1),
        ];
        numbers.into_iter().chain(of_preset).collect()
    }

    /// The recipe index of every slot of a row, in order, for a segment that never holds the elements `never_held`
    /// (K-12: `&[Element::Ssn]`). Recipes that read one of them are omitted, which is public (SPEC §4).
    ///
    /// ```
    /// # use passage_protocol::match_key::{Element, Preset};
    /// assert_eq!(Preset::Full.slots_for(&[]), [0, 1, 2, 2, 2, 3, 4]);
    /// assert_eq!(Preset::Full.slots_for(&[Element::Ssn]), [0, 2, 2, 2, 3, 4]);
    /// ```
    #[must_use]
    pub fn slots_for(self, never_held: &[Element]) -> Vec<u8> {
        let mut slots = Vec::new();
        for (index, recipe) in (0_u8..).zip(self.recipes()) {
            if !never_held.iter().any(|element| recipe.reads(*element)) {
                slots.extend((0..recipe.slots()).map(|_| index));
            }
        }
        slots
    }
}

/// The parts of a recipe of a preset.
type Parts<const N: usize> = [(Element, Normaliser); N];

const SOUNDS: Parts<2> =
    [(Element::NamePair, Normaliser::Soundex), (Element::BirthDate, Normaliser::SwapProof)];

const NAMES: Parts<2> = [(Element::NamePair, Normaliser::Full), (Element::BirthDate, Normaliser::SwapProof)];

const FIRST_LETTERS: Parts<4> = [
    (Element::GivenNames, Normaliser::FirstThree),
    (Element::Surnames, Normaliser::FirstThree),
    (Element::Gender, Normaliser::Full),
    (Element::BirthDate, Normaliser::Full),
];

const SOUNDS_AND_GENDER: Parts<4> = [
    (Element::GivenNames, Normaliser::Soundex),
    (Element::Surnames, Normaliser::Soundex),
    (Element::Gender, Normaliser::Full),
    (Element::BirthDate, Normaliser::Full),
];

const GIVEN_NAMES_AT_HOME: Parts<3> = [
    (Element::GivenNames, Normaliser::Full),
    (Element::BirthDate, Normaliser::Full),
    (Element::PostalCode, Normaliser::Full),
];

/// Without the gender: whoever changes it changes the given name too, and is otherwise found by an identifier alone.
const SURNAME_AT_HOME: Parts<3> = [
    (Element::Surnames, Normaliser::FirstName),
    (Element::BirthDate, Normaliser::Full),
    (Element::PostalCode, Normaliser::Full),
];

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_recipe_of_a_preset_passes_the_check() {
        for preset in Preset::ALL {
            assert!(preset.recipes().iter().all(|recipe| recipe.check().is_ok()), "{preset:?}");
            let cautions = preset.recipes().iter().filter(|recipe| recipe.caution().is_some()).count();
            assert_eq!(cautions, usize::from(preset == Preset::Wide), "{preset:?}");
            assert_eq!(Preset::parse(preset.name()), Some(preset));
        }
        assert_eq!(Preset::parse("Full"), None);
    }

    #[test]
    fn presets_have_the_slots_of_the_study() {
        assert_eq!(Preset::ALL.map(|preset| preset.slots_for(&[]).len()), [3, 5, 6, 7, 7, 8]);
        assert_eq!(Preset::ALL.map(|preset| preset.slots_for(&[Element::Ssn]).len()), [2, 4, 5, 6, 6, 7]);
    }

    #[test]
    fn recipes_have_digests_of_their_own() {
        let digests: BTreeSet<_> = Preset::Full.recipes().iter().map(Recipe::digest).collect();
        assert_eq!(digests.len(), Preset::Full.recipes().len());
        // Two slots or three: a different recipe, so that a standard and a full round never compare.
        assert_ne!(Preset::Full.recipes()[2].digest(), Preset::Standard.recipes()[2].digest());
        assert_ne!(Preset::Full.recipes()[2].digest(), Preset::Large.recipes()[2].digest());
    }
}

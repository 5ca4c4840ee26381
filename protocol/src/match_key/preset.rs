//! The presets of match keys, measured in the linkage study (SPEC §4).
//!
//! Promises fixed recipes in order of strength. Precision and recall on simulated people (never promised for real
//! files): `basic` .9994/.959, `standard` .9977/.985, `full` .9976/.986 with the study's resolution.

use super::recipe::{Element, Normaliser, Recipe};

/// A named set of recipes in order of strength.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Preset {
    /// SSID, SSN, one pair of names with the date of birth: 3 slots.
    Basic,
    /// SSID, SSN, three pairs of names with the date of birth, initial letters, given names with postal code: 7 slots.
    Full,
    /// As `Full` with two pairs of names: 6 slots.
    Standard,
}

impl Preset {
    /// Every preset, from fewest to most slots.
    pub const ALL: [Self; 3] = [Self::Basic, Self::Standard, Self::Full];

    /// The name a study uses.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Basic => "basic",
            Self::Full => "full",
            Self::Standard => "standard",
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
        use Element as E;
        use Normaliser as N;
        let pair_slots = match self {
            Self::Basic => 1,
            Self::Standard => 2,
            Self::Full => 3,
        };
        let mut recipes = vec![
            Recipe::of_preset("ssid", &[(E::Ssid, N::Full)], 1),
            Recipe::of_preset("ssn", &[(E::Ssn, N::Full)], 1),
            Recipe::of_preset(
                "name pair + date of birth",
                &[(E::NamePair, N::Soundex), (E::BirthDate, N::SwapProof)],
                pair_slots,
            ),
        ];
        match self {
            Self::Basic => {}
            Self::Standard | Self::Full => {
                let initial_letters = [
                    (E::GivenNames, N::FirstThree),
                    (E::Surnames, N::FirstThree),
                    (E::Gender, N::Full),
                    (E::BirthDate, N::Full),
                ];
                let given_names =
                    [(E::GivenNames, N::Full), (E::BirthDate, N::Full), (E::PostalCode, N::Full)];
                recipes.push(Recipe::of_preset(
                    "first letters + gender + date of birth",
                    &initial_letters,
                    1,
                ));
                recipes.push(Recipe::of_preset("given names + date of birth + zip", &given_names, 1));
            }
        }
        recipes
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_recipe_of_a_preset_passes_the_check() {
        for preset in Preset::ALL {
            assert!(
                preset.recipes().iter().all(|recipe| recipe.check().is_ok() && recipe.caution().is_none())
            );
            assert_eq!(Preset::parse(preset.name()), Some(preset));
        }
        assert_eq!(Preset::parse("Full"), None);
    }

    #[test]
    fn presets_have_the_slots_of_the_study() {
        assert_eq!(Preset::ALL.map(|preset| preset.slots_for(&[]).len()), [3, 6, 7]);
        assert_eq!(Preset::ALL.map(|preset| preset.slots_for(&[Element::Ssn]).len()), [2, 5, 6]);
    }

    #[test]
    fn recipes_have_digests_of_their_own() {
        let digests: BTreeSet<_> = Preset::Full.recipes().iter().map(Recipe::digest).collect();
        assert_eq!(digests.len(), Preset::Full.recipes().len());
        // Two slots or three: a different recipe, so that a standard and a full round never compare.
        assert_ne!(Preset::Full.recipes()[2].digest(), Preset::Standard.recipes()[2].digest());
    }
}

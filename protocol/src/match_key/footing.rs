//! What a record can be matched by, and how often such records were found where the truth is known.
//!
//! Promises an order of six footings, each from the recipes of the presets: no second definition of who can be matched. The
//! rates are of the open set of the linkage study under the rule of rounds and the preset `full`, printed by
//! `passage-node linkage evaluate` under `footing`; they are an expectation for planning, not a promise for real files.

use super::{
    derive::derive,
    person::NormalisedPerson,
    preset::Preset,
    recipe::{Element, Recipe},
};

/// What a record can be matched by, the firmest first.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Footing {
    /// An SSID or SSN, and both names with the date of birth.
    NumberAndNames,
    /// An SSID or SSN alone.
    Number,
    /// Both names with the date of birth and the postal code.
    NamesAtHome,
    /// Both names with the date of birth.
    Names,
    /// One kind of name with the date of birth and the postal code: some presets alone.
    PartAtHome,
    /// No recipe of any preset makes a key.
    Nothing,
}

impl Footing {
    /// Every footing, the firmest first.
    pub const ALL: [Self; 6] =
        [Self::NumberAndNames, Self::Number, Self::NamesAtHome, Self::Names, Self::PartAtHome, Self::Nothing];

    /// The footing of a record.
    #[must_use]
    pub fn of(person: &NormalisedPerson) -> Self {
        let number = person.has(Element::Ssid) || person.has(Element::Ssn);
        let names = person.has(Element::NamePair) && person.has(Element::BirthDate);
        match (number, names, person.has(Element::PostalCode)) {
            (true, true, _) => Self::NumberAndNames,
            (true, false, _) => Self::Number,
            (false, true, true) => Self::NamesAtHome,
            (false, true, false) => Self::Names,
            (false, false, _) if is_matchable(person) => Self::PartAtHome,
            (false, false, _) => Self::Nothing,
        }
    }

    /// The word for it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::NumberAndNames => "number and names",
            Self::Number => "number alone",
            Self::NamesAtHome => "names and zip",
            Self::Names => "names alone",
            Self::PartAtHome => "one name and zip",
            Self::Nothing => "nothing",
        }
    }

    /// Of 1000 such records whose person is in the other list, how many were linked to it: of 109 329, 59, 6 731 and 65 records.
    /// The open set has two of one name and ZIP code; half of those is a guess, and low on purpose.
    #[must_use]
    pub fn expected_permille(self) -> u32 {
        match self {
            Self::NumberAndNames => 986,
            Self::Number => 661,
            Self::NamesAtHome => 955,
            Self::Names => 938,
            Self::PartAtHome => 500,
            Self::Nothing => 0,
        }
    }
}

/// Whether any preset can match the person at all: the one definition, of roster, coverage and report.
#[must_use]
pub fn is_matchable(person: &NormalisedPerson) -> bool {
    recipes_of_all().iter().any(|recipe| !derive(person, recipe).is_empty())
}

/// Every recipe of every preset, each once.
fn recipes_of_all() -> &'static [Recipe] {
    use std::sync::LazyLock;
    static RECIPES: LazyLock<Vec<Recipe>> = LazyLock::new(|| {
        let mut found: Vec<Recipe> = Vec::new();
        for recipe in Preset::ALL.into_iter().flat_map(Preset::recipes) {
            if !found.iter().any(|known| known.parts() == recipe.parts()) {
                found.push(recipe);
            }
        }
        found
    });
    &RECIPES
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::match_key::PersonFields;

    const WHOLE: PersonFields<'static> = PersonFields {
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

    #[test]
    fn every_footing_is_met() {
        let of = |fields: PersonFields<'_>| Footing::of(&fields.normalise(2026));
        let found = [
            of(WHOLE),
            of(PersonFields { last: "FNU", ..WHOLE }),
            of(PersonFields { ssid: "", ..WHOLE }),
            of(PersonFields { ssid: "9999999999", zip: "", ..WHOLE }),
            of(PersonFields { ssid: "", first: "Baby Girl", ..WHOLE }),
            of(PersonFields { ssid: "", birth_date: "1900-01-01", ..WHOLE }),
        ];
        assert_eq!(found, Footing::ALL);
    }

    /// The firmest footing that makes no key is the last, whatever is missing.
    #[test]
    fn nothing_is_exactly_where_no_preset_makes_a_key() {
        for lacks in 0_u8..64 {
            let or_none = |bit: u8, text| if lacks & 1 << bit == 0 { text } else { "" };
            let person = PersonFields {
                ssid: or_none(0, WHOLE.ssid),
                first: or_none(1, WHOLE.first),
                last: or_none(2, WHOLE.last),
                birth_date: or_none(3, WHOLE.birth_date),
                gender: or_none(4, WHOLE.gender),
                zip: or_none(5, WHOLE.zip),
                ..WHOLE
            }
            .normalise(2026);
            assert_eq!(Footing::of(&person) == Footing::Nothing, !is_matchable(&person), "{lacks}");
        }
    }

    #[test]
    fn a_firmer_footing_is_not_expected_to_find_less_of_the_same_kind() {
        let of = Footing::expected_permille;
        assert!(of(Footing::NumberAndNames) >= of(Footing::Number));
        assert!(of(Footing::NamesAtHome) >= of(Footing::Names));
        assert_eq!(of(Footing::Nothing), 0);
    }
}

//! How well a student can be expected to match: one definition, for the report of an import and for the coverage page.
//!
//! It is the matching's own. A student counts under a recipe if the normalisation of the matching leaves a value of every
//! element the recipe reads, and is as strong as the narrowest preset with such a recipe (SPEC §4; domain 2.7: T1 to T3
//! strong, T4 and T5 standard). It promises nothing of what the other side holds.

use passage_protocol::match_key::{Element, PersonFields, Preset, is_placeholder_name};
use serde::Serialize;

/// How well a student can be expected to match, the best first.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Strength {
    /// Every study can match the student.
    Strong,
    /// Only a study with more recipes than the basic ones can.
    Standard,
    /// No study can.
    Weak,
}

impl Strength {
    /// Every strength, the best first.
    pub const ALL: [Self; 3] = [Self::Strong, Self::Standard, Self::Weak];

    /// The word for it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Strong => "strong",
            Self::Standard => "standard",
            Self::Weak => "weak",
        }
    }

    /// What it takes, in words. A test holds them to the recipes.
    #[must_use]
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Strong => {
                "an SSID, or a social security number, or first name, last name and date of birth: every study can match on these"
            }
            Self::Standard => {
                "none of these, but a name, date of birth and ZIP code: first names are used by the standard, full, large and wide sets of match keys, a last name by the wide one alone"
            }
            Self::Weak => "less than that: no study can match the student",
        }
    }
}

/// Elements of match keys, one bit each.
const ELEMENTS: [Element; 7] = [
    Element::BirthDate,
    Element::Gender,
    Element::GivenNames,
    Element::PostalCode,
    Element::Ssid,
    Element::Ssn,
    Element::Surnames,
];

/// Which elements of match keys a student has, of all that is said of the student.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Held(u8);

impl Held {
    /// Stands for any date of birth: that there is one is what counts.
    pub(crate) const ANY_DAY: &'static str = "2000-01-01";

    /// What one row says.
    ///
    /// # Cost
    ///
    /// Well under a microsecond; for names of several words, the microseconds of a normalisation.
    #[must_use]
    pub fn of(fields: &PersonFields<'_>) -> Self {
        let (first, last) = (is_plain_name(fields.first), is_plain_name(fields.last));
        let rest = PersonFields {
            first: if first { "" } else { fields.first },
            last: if last { "" } else { fields.last },
            ..*fields
        };
        let person = rest.normalise(u16::MAX);
        let has = |element: Element| match element {
            Element::GivenNames => first || person.has(element),
            Element::Surnames => last || person.has(element),
            Element::BirthDate
            | Element::Gender
            | Element::NamePair
            | Element::PostalCode
            | Element::Ssid
            | Element::Ssn => person.has(element),
        };
        Self(ELEMENTS.iter().filter(|element| has(**element)).fold(0, |held, element| held | bits(*element)))
    }

    /// What two rows about one student say together.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether the student has an element.
    #[must_use]
    pub fn has(self, element: Element) -> bool {
        self.covers(bits(element))
    }

    /// Whether the student has first name, last name and date of birth.
    #[must_use]
    pub fn is_named(self) -> bool {
        self.has(Element::NamePair) && self.has(Element::BirthDate)
    }

    fn covers(self, mask: u8) -> bool {
        self.0 & mask == mask
    }
}

/// A single word of plain letters that stands for no missing name: normalisation keeps it, so it need not be asked.
fn is_plain_name(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphabetic()) && !is_placeholder_name(text)
}

fn bits(element: Element) -> u8 {
    if element == Element::NamePair {
        return bits(Element::GivenNames) | bits(Element::Surnames);
    }
    let place = (0_u32..).zip(ELEMENTS).find(|(_, other)| *other == element);
    place.map_or(0, |(place, _)| 1_u8.checked_shl(place).unwrap_or(0))
}

/// What each recipe reads, and how strong it makes a student.
pub struct Ladder(Vec<(u8, Strength)>);

impl Default for Ladder {
    fn default() -> Self {
        let reads = |preset: Preset, strength| {
            preset.recipes().into_iter().map(move |recipe| {
                let parts = recipe.parts().iter();
                (parts.fold(0, |mask, part| mask | bits(part.element)), strength)
            })
        };
        let others = Preset::ALL.into_iter().flat_map(|preset| reads(preset, Strength::Standard));
        let recipes = reads(Preset::Basic, Strength::Strong).chain(others);
        Self(recipes.collect())
    }
}

impl Ladder {
    /// How well a student with these elements can be expected to match.
    #[must_use]
    pub fn strength(&self, held: Held) -> Strength {
        let met = self.0.iter().filter(|(mask, _)| held.covers(*mask)).map(|(_, strength)| *strength);
        met.min().unwrap_or(Strength::Weak)
    }
}

#[cfg(test)]
mod tests {
    use passage_protocol::match_key::{derive, is_matchable};

    use super::*;

    const WHOLE: PersonFields<'static> = PersonFields {
        ssid: "2068905818",
        ssn: "400614555",
        first: "Ana",
        middle: "",
        last: "Diaz",
        prior_last: "",
        birth_date: "2002-01-02",
        gender: "F",
        zip: "90001",
    };

    /// Every way to lack some of the seven elements, and two ways to have a name that is none.
    fn people() -> Vec<PersonFields<'static>> {
        let mut people = Vec::new();
        for lacks in 0_u8..128 {
            for name in ["Ana", "FNU", "Mr. Unknown"] {
                let or_none = |bit: u8, text| if lacks & 1 << bit == 0 { text } else { "" };
                people.push(PersonFields {
                    ssid: or_none(0, WHOLE.ssid),
                    ssn: or_none(1, WHOLE.ssn),
                    first: or_none(2, name),
                    last: or_none(3, WHOLE.last),
                    birth_date: or_none(4, WHOLE.birth_date),
                    gender: or_none(5, WHOLE.gender),
                    zip: or_none(6, WHOLE.zip),
                    ..WHOLE
                });
            }
        }
        people
    }

    /// The keys the matching itself makes decide; the ladder may not say more or less.
    #[test]
    fn a_student_is_as_strong_as_the_keys_the_matching_makes() {
        let ladder = Ladder::default();
        for fields in people() {
            let person = fields.normalise(2026);
            let keyed =
                |preset: Preset| preset.recipes().iter().any(|recipe| !derive(&person, recipe).is_empty());
            let any = Preset::ALL.into_iter().any(keyed);
            assert_eq!(any, is_matchable(&person));
            let expected = match (keyed(Preset::Basic), any) {
                (true, _) => Strength::Strong,
                (false, true) => Strength::Standard,
                (false, false) => Strength::Weak,
            };
            assert_eq!(ladder.strength(Held::of(&fields)), expected);
        }
    }

    /// The sentences a person reads, against every combination.
    #[test]
    fn the_words_say_what_the_recipes_do() {
        let ladder = Ladder::default();
        for fields in people() {
            let named = fields.first == "Ana" && !fields.birth_date.is_empty();
            let strong =
                !fields.ssid.is_empty() || !fields.ssn.is_empty() || named && !fields.last.is_empty();
            let a_name = named || !fields.birth_date.is_empty() && !fields.last.is_empty();
            let expected = match (strong, a_name && !fields.zip.is_empty()) {
                (true, _) => Strength::Strong,
                (false, true) => Strength::Standard,
                (false, false) => Strength::Weak,
            };
            assert_eq!(ladder.strength(Held::of(&fields)), expected);
        }
    }

    #[test]
    fn what_several_rows_say_adds_up() {
        let born = PersonFields { birth_date: "2002-01-02", ..PersonFields::default() };
        let named = PersonFields { first: "María José", last: "de la Cruz", ..PersonFields::default() };
        let (born, named) = (Held::of(&born), Held::of(&named));
        let ladder = Ladder::default();
        assert_eq!([born, named].map(|held| ladder.strength(held)), [Strength::Weak; 2]);
        assert_eq!(ladder.strength(born.and(named)), Strength::Strong);
        assert!(born.and(named).is_named() && !named.is_named());
    }
}

//! Which preset fits a study: what its participants can supply, and how many people they have together (linkage findings 4.2).
//!
//! A pure function with reasons: the numbers are arguments, a person decides. It promises a preset of whose recipes no pair of
//! participants pays for one that only one of all can supply. It does not look at any record.

use core::fmt;

use super::{
    preset::Preset,
    recipe::{Element, Recipe},
};

/// What one participant can supply.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Supply {
    /// People in its list.
    pub people: u64,
    /// Elements its records have.
    pub elements: Vec<Element>,
}

impl Supply {
    fn has(&self, element: Element) -> bool {
        let has = |element: &Element| self.elements.contains(element);
        // A pair of names is two elements.
        let pair = element == Element::NamePair && has(&Element::GivenNames) && has(&Element::Surnames);
        pair || has(&element)
    }

    fn fills(&self, recipe: &Recipe) -> bool {
        recipe.parts().iter().all(|part| self.has(part.element))
    }
}

/// A preset and the reasons for it.
#[derive(Clone, Debug, PartialEq)]
pub struct Advice {
    /// The preset; none if no recipe joins any two participants.
    pub preset: Option<Preset>,
    /// People in all lists together.
    pub people: u64,
    /// Why, and what to know.
    pub reasons: Vec<Reason>,
}

/// One reason, or something to know.
#[derive(Clone, Debug, PartialEq)]
pub enum Reason {
    /// Strangers expected to share a key of the preset's weakest recipe, over the two largest lists.
    Coincidences {
        /** The recipe. */
        recipe: String,
        /** Pairs of strangers. */
        pairs: u64,
    },
    /// More people than any preset was measured for.
    Beyond {
        /** People in all lists together. */
        people: u64,
    },
    /// More people than sounds of names tell apart.
    Large {
        /** People in all lists together. */
        people: u64,
    },
    /// No recipe joins two participants; they need one between them that has what each of them has.
    NoWay {
        /** Positions of the participants. */
        between: (usize, usize),
    },
    /// More people than sounds of names tell apart, and no preset without them can be supplied.
    Sounds {
        /** People in all lists together. */
        people: u64,
    },
    /// The richer preset would ask for an element that fewer than two participants have.
    Unsupplied {
        /** The preset passed over. */
        preset: Preset,
        /** Its recipe that fewer than two can fill. */
        recipe: String,
    },
    /// Nothing spoke against the richest preset for small populations.
    Whole,
}

impl fmt::Display for Reason {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Coincidences { recipe, pairs } => {
                write!(
                    formatter,
                    "by \"{recipe}\" about {pairs} pairs of strangers share a key, before the rule chooses"
                )
            }
            Self::Beyond { people } => write!(
                formatter,
                "{people} people are more than the presets were measured for ({BEYOND_POPULATION}): split the cohorts"
            ),
            Self::Large { people } => write!(
                formatter,
                "{people} people are more than {}: names are compared in full, because sounds coincide",
                Preset::LARGE_POPULATION
            ),
            Self::NoWay { between: (one, other) } => write!(
                formatter,
                "participants {} and {} share no recipe: they meet only through one that has what each of them has",
                one + 1,
                other + 1
            ),
            Self::Sounds { people } => write!(
                formatter,
                "{people} people are more than {}: sounds of names coincide, and nothing stronger can be supplied; expect wrong links",
                Preset::LARGE_POPULATION
            ),
            Self::Unsupplied { preset, recipe } => write!(
                formatter,
                "not {}: fewer than two participants can supply \"{recipe}\"",
                preset.name()
            ),
            Self::Whole => write!(formatter, "every recipe can be supplied by two participants or more"),
        }
    }
}

/// The preset for participants with these supplies.
#[must_use]
pub fn advise(supplies: &[Supply]) -> Advice {
    let people = supplies.iter().map(|supply| supply.people).sum();
    let mut reasons = Vec::new();
    let mut presets: Vec<Preset> = vec![Preset::Full, Preset::Compact, Preset::Basic];
    if people > Preset::LARGE_POPULATION {
        presets.insert(0, Preset::Large);
    }
    if people > BEYOND_POPULATION {
        reasons.push(Reason::Beyond { people });
    }
    let fills = |recipe: &Recipe| supplies.iter().filter(|supply| supply.fills(recipe)).count();
    let mut chosen = None;
    for preset in presets {
        // An identifier's slot costs nothing where it is never held; what is weighed is what a preset adds to it.
        let recipes = preset.recipes();
        let lacking =
            recipes.iter().filter(|recipe| recipe.reads(Element::BirthDate)).find(|recipe| fills(recipe) < 2);
        match lacking {
            Some(recipe) if preset != Preset::Basic => {
                reasons.push(Reason::Unsupplied { preset, recipe: recipe.name().to_owned() });
            }
            _ => {
                chosen = recipes.iter().any(|recipe| fills(recipe) >= 2).then_some(preset);
                break;
            }
        }
    }
    if chosen.is_none() {
        reasons.retain(|reason| !matches!(reason, Reason::Unsupplied { .. }));
    }
    if people > Preset::LARGE_POPULATION && chosen.is_some() {
        reasons.insert(
            0,
            if chosen == Some(Preset::Large) { Reason::Large { people } } else { Reason::Sounds { people } },
        );
    }
    if chosen == Some(Preset::Full) && reasons.is_empty() {
        reasons.push(Reason::Whole);
    }
    for (one, left) in supplies.iter().enumerate() {
        for (other, right) in supplies.iter().enumerate().skip(one + 1) {
            let recipes = chosen.map(Preset::recipes).unwrap_or_default();
            if !recipes.iter().any(|recipe| left.fills(recipe) && right.fills(recipe)) {
                reasons.push(Reason::NoWay { between: (one, other) });
            }
        }
    }
    reasons.extend(chosen.and_then(|preset| coincidences(preset, supplies)));
    Advice { preset: chosen, people, reasons }
}

/// What the weakest recipe lets through between the two largest lists that can fill it.
fn coincidences(preset: Preset, supplies: &[Supply]) -> Option<Reason> {
    let recipes = preset.recipes();
    let weakest = recipes.iter().min_by_key(|recipe| recipe.bits())?;
    let mut sizes: Vec<u64> =
        supplies.iter().filter(|supply| supply.fills(weakest)).map(|supply| supply.people).collect();
    sizes.sort_unstable();
    let (largest, next) = (sizes.pop()?, sizes.pop()?);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "an expectation in whole pairs"
    )]
    let pairs = weakest.coincidences(largest, next).round() as u64;
    Some(Reason::Coincidences { recipe: weakest.name().to_owned(), pairs })
}

/// People beyond which no preset was measured (linkage findings 2: 522 000).
const BEYOND_POPULATION: u64 = 1_000_000;

#[cfg(test)]
mod tests {
    use super::*;
    use Element::*;

    fn supply(people: u64, elements: &[Element]) -> Supply {
        Supply { people, elements: elements.to_vec() }
    }

    const DISTRICT: [Element; 6] = [Ssid, GivenNames, Surnames, BirthDate, Gender, PostalCode];
    const COLLEGE: [Element; 7] = [Ssid, Ssn, GivenNames, Surnames, BirthDate, Gender, PostalCode];

    #[test]
    fn whoever_has_everything_takes_the_full_set() {
        let advice = advise(&[supply(20_000, &DISTRICT), supply(15_000, &COLLEGE)]);
        assert_eq!((advice.preset, advice.people), (Some(Preset::Full), 35_000));
        assert_eq!(advice.reasons[0], Reason::Whole);
        assert!(
            matches!(advice.reasons[1], Reason::Coincidences { pairs: 2..=6, .. }),
            "{:?}",
            advice.reasons
        );
    }

    #[test]
    fn sounds_give_way_to_names_in_a_large_population() {
        let advice = advise(&[supply(300_000, &DISTRICT), supply(15_000, &COLLEGE)]);
        assert_eq!(advice.preset, Some(Preset::Large));
        assert!(advice.reasons[0].to_string().starts_with("315000 people are more than 200000"));
        let named = [Ssid, GivenNames, Surnames, BirthDate];
        let poor = advise(&[supply(300_000, &named), supply(15_000, &COLLEGE)]);
        assert_eq!(
            (poor.preset, &poor.reasons[0]),
            (Some(Preset::Basic), &Reason::Sounds { people: 315_000 })
        );
        let beyond = advise(&[supply(2_000_000, &DISTRICT), supply(15_000, &COLLEGE)]);
        assert!(beyond.reasons.contains(&Reason::Beyond { people: 2_015_000 }));
    }

    #[test]
    fn nobody_pays_for_a_key_that_only_one_can_supply() {
        let nowhere: Vec<Element> = COLLEGE.into_iter().filter(|element| *element != PostalCode).collect();
        let advice = advise(&[supply(20_000, &DISTRICT), supply(15_000, &nowhere)]);
        assert_eq!(advice.preset, Some(Preset::Compact));
        let ungendered: Vec<Element> = nowhere.into_iter().filter(|element| *element != Gender).collect();
        assert_eq!(
            advise(&[supply(20_000, &DISTRICT), supply(15_000, &ungendered)]).preset,
            Some(Preset::Basic)
        );
    }

    #[test]
    fn wages_meet_schools_only_through_a_college() {
        let wages = [Ssn, GivenNames, Surnames];
        let advice = advise(&[supply(20_000, &DISTRICT), supply(15_000, &COLLEGE), supply(90_000, &wages)]);
        assert_eq!(advice.preset, Some(Preset::Full));
        assert!(advice.reasons.contains(&Reason::NoWay { between: (0, 2) }));
        assert!(!advice.reasons.contains(&Reason::NoWay { between: (1, 2) }));
        let apart = advise(&[supply(20_000, &DISTRICT), supply(90_000, &wages)]);
        assert_eq!((apart.preset, apart.reasons), (None, vec![Reason::NoWay { between: (0, 1) }]));
    }
}

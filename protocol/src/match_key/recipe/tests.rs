//! Recipes that are refused, and what is said of those that are not.

use super::*;

fn part(element: Element, normaliser: Normaliser) -> Part {
    Part { element, normaliser }
}

#[test]
fn recipes_that_fit_strangers_are_refused() {
    use Element::*;
    use Normaliser::Full;
    for elements in [
        vec![],
        vec![BirthDate],
        vec![BirthDate, Gender, PostalCode],
        vec![GivenNames, Surnames],
        vec![Surnames],
        vec![PostalCode, Gender],
    ] {
        let parts: Vec<Part> = elements.iter().map(|element| part(*element, Full)).collect();
        let refused = Recipe::new("x", &parts, 1).unwrap_err();
        assert_eq!(refused, RecipeError::NotIdentifying { parts: parts.len() });
        assert_eq!(refused.code().to_string(), "P0301");
    }
    assert!(Recipe::new("x", &[part(Ssn, Full)], 1).is_ok());
    assert!(Recipe::new("x", &[part(Surnames, Full), part(BirthDate, Full)], 1).is_ok());
}

#[test]
fn malformed_recipes_are_refused_by_position() {
    use Element::*;
    use Normaliser::*;
    assert_eq!(
        Recipe::new("x", &[part(Ssid, Full), part(Ssid, Full)], 1),
        Err(RecipeError::ElementRepeated { position: 1 })
    );
    assert_eq!(
        Recipe::new("x", &[part(Ssid, FirstThree)], 1),
        Err(RecipeError::NormaliserUnsuited { position: 0 })
    );
    assert_eq!(
        Recipe::new("x", &[part(Ssid, Full)], 2),
        Err(RecipeError::SlotsOutOfRange { slots: 2, slots_max: 1 })
    );
    assert_eq!(
        Recipe::new("x", &[part(NamePair, Soundex), part(BirthDate, SwapProof)], 4),
        Err(RecipeError::SlotsOutOfRange { slots: 4, slots_max: 3 })
    );
}

#[test]
fn every_difference_changes_the_digest() {
    use Element::*;
    use Normaliser::*;
    let base = Recipe::new("a", &[part(Surnames, Full), part(BirthDate, Full)], 1).unwrap();
    let others = [
        Recipe::new("b", &[part(Surnames, Full), part(BirthDate, Full)], 1).unwrap(),
        Recipe::new("a", &[part(BirthDate, Full), part(Surnames, Full)], 1).unwrap(),
        Recipe::new("a", &[part(Surnames, Soundex), part(BirthDate, Full)], 1).unwrap(),
    ];
    assert!(others.iter().all(|other| other.digest() != base.digest()));
    assert_eq!(base.digest(), base.clone().digest());
}

#[test]
fn a_recipe_with_too_few_bits_is_refused() {
    use Element::*;
    use Normaliser::*;
    for weak in [
        [part(GivenNames, FirstThree), part(BirthDate, Full)],
        [part(GivenNames, Soundex), part(BirthDate, SwapProof)],
        [part(Surnames, FirstThree), part(BirthDate, SwapProof)],
    ] {
        assert_eq!(Recipe::new("x", &weak, 1), Err(RecipeError::NotIdentifying { parts: 2 }), "{weak:?}");
    }
    let strong = Recipe::new("x", &[part(GivenNames, Full), part(BirthDate, Full)], 1).unwrap();
    assert_eq!(strong.bits(), 20);
    assert!((strong.coincidences(1 << 12, 1 << 12) - 3.5_f64.exp2()).abs() < 1e-9, "two to the 24 - 20.5");
}

#[test]
fn a_cautioned_recipe_says_why() {
    use Element::*;
    let recipe = |elements: &[Element]| {
        let parts: Vec<Part> = elements.iter().map(|element| part(*element, Normaliser::Full)).collect();
        Recipe::new("x", &parts, 1).unwrap()
    };
    for strangers in [&[Surnames, BirthDate, Gender][..], &[GivenNames, BirthDate]] {
        assert!(recipe(strangers).caution().is_some_and(|caution| caution.contains("strangers")));
    }
    assert!(
        recipe(&[Surnames, BirthDate, PostalCode])
            .caution()
            .is_some_and(|caution| caution.starts_with("twins"))
    );
    assert!(recipe(&[GivenNames, BirthDate, PostalCode]).caution().is_none());
    assert!(recipe(&[GivenNames, Surnames, BirthDate]).caution().is_none());
}

#[test]
fn refusals_print_in_one_sentence() {
    for error in [
        RecipeError::ElementRepeated { position: 1 },
        RecipeError::NormaliserUnsuited { position: 1 },
        RecipeError::NotIdentifying { parts: 1 },
        RecipeError::SlotsOutOfRange { slots: 2, slots_max: 1 },
    ] {
        let text = error.to_string();
        assert!(!text.ends_with('.') && text.starts_with(|letter: char| letter.is_lowercase()), "{text}");
    }
}

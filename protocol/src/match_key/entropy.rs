//! How many strangers share a key: bits of a recipe, and the coincidences they let through (linkage findings 5).
//!
//! The bits of a part are its collision entropy: two people of one list agree on it with probability 2^-bits. They are
//! measured on the study's open set, one record a person, rounded down to half a bit, and added up as if parts were
//! independent. Twins and families are not independent: a recipe with one kind of name is weaker than its sum says, which is
//! why [`Recipe::caution`](super::Recipe::caution) asks for more than [`HALF_BITS_MIN`].
//!
//! It promises a bound on what a recipe can be: no name alone, no date alone, no date with three letters. It does not promise
//! the measured quality of a recipe; `passage-node linkage evaluate` measures that.

use super::recipe::{Element, Normaliser, Part};

/// Half bits below which a recipe is refused: 20 bits, one pair of strangers in a million.
///
/// A full date of birth (11.5) with a whole given name (9) or first surname (9) passes; with three letters of either or the sound
/// of a given name it does not.
pub(super) const HALF_BITS_MIN: u32 = 40;

/// Half bits below which a recipe that is allowed carries a caution: 24 bits.
pub(super) const HALF_BITS_SAFE: u32 = 48;

/// Half bits of one part.
pub(super) fn half_bits(part: Part) -> u32 {
    match (part.element, part.normaliser) {
        (Element::Ssid, _) => 66,
        (Element::Ssn, _) => 60,
        (Element::NamePair, Normaliser::Soundex) => 30,
        (Element::NamePair, _) => 33,
        (Element::BirthDate, _) => 23,
        (Element::GivenNames, Normaliser::FirstThree) => 14,
        (Element::GivenNames, Normaliser::Soundex) => 15,
        (Element::GivenNames, Normaliser::FirstName) => 17,
        (Element::GivenNames, _) => 18,
        (Element::Surnames, Normaliser::FirstThree) => 16,
        (Element::Surnames, Normaliser::Soundex) => 17,
        (Element::Surnames, Normaliser::FirstName) => 18,
        (Element::Surnames, _) => 20,
        (Element::PostalCode, _) => 10,
        (Element::Gender, _) => 2,
    }
}

/// Pairs of strangers expected to share a key of `half_bits`, where `source` people meet `target` people.
pub(super) fn coincidences(half_bits: u32, source: u64, target: u64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "an expectation, not a count")]
    let pairs = source as f64 * target as f64;
    pairs * (-f64::from(half_bits) / 2.0).exp2()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn twenty_bits_are_one_pair_in_a_million() {
        assert!((coincidences(HALF_BITS_MIN, 1 << 10, 1 << 10) - 1.0).abs() < 1e-9);
        assert!(coincidences(66, 1_000_000, 1_000_000) < 200.0, "an SSID");
    }

    /// A form that keeps less of an element can not tell more people apart.
    #[test]
    fn a_shorter_form_has_fewer_bits() {
        use Normaliser::*;
        for element in [Element::GivenNames, Element::Surnames] {
            let bits = [FirstThree, Soundex, FirstName, Full]
                .map(|normaliser| half_bits(Part { element, normaliser }));
            assert!(bits.is_sorted(), "{element:?}");
        }
    }

    /// The small simulated set, one record a person: no part has more bits here than two people there differ by, but for chance.
    #[test]
    fn the_bits_are_those_of_simulated_people() {
        use std::collections::{BTreeMap, BTreeSet};

        use super::super::{PersonFields, Recipe, derive};

        let truth: BTreeMap<&str, &str> = include_str!("../../../node/tests/linkage/truth.csv")
            .lines()
            .map(|line| {
                let cells: Vec<&str> = line.split(',').collect();
                (cells[1], cells[2])
            })
            .collect();
        let (mut seen, mut people) = (BTreeSet::new(), Vec::new());
        for file in [
            include_str!("../../../node/tests/linkage/K12A.csv"),
            include_str!("../../../node/tests/linkage/K12B.csv"),
            include_str!("../../../node/tests/linkage/CC1.csv"),
            include_str!("../../../node/tests/linkage/CC2.csv"),
            include_str!("../../../node/tests/linkage/UNIV.csv"),
        ] {
            for cells in file.lines().skip(1).map(|line| line.split(',').collect::<Vec<&str>>()) {
                if seen.insert(truth[cells[0]]) {
                    let [first, last, birth_date, gender, zip] = [3, 5, 8, 9, 10].map(|at| cells[at]);
                    let fields =
                        PersonFields { first, last, birth_date, gender, zip, ..PersonFields::default() };
                    people.push(fields.normalise(2026));
                }
            }
        }
        assert!(people.len() > 1_000);
        use Element::*;
        use Normaliser::*;
        for (element, normaliser) in [
            (BirthDate, Full),
            (BirthDate, SwapProof),
            (Gender, Full),
            (GivenNames, FirstName),
            (GivenNames, FirstThree),
            (GivenNames, Full),
            (GivenNames, Soundex),
            (NamePair, Full),
            (NamePair, Soundex),
            (PostalCode, Full),
            (Surnames, FirstName),
            (Surnames, FirstThree),
            (Surnames, Full),
            (Surnames, Soundex),
        ] {
            let recipe = Recipe::of_preset("part", &[(element, normaliser)], 1);
            let mut bearers: BTreeMap<Vec<Vec<u8>>, u64> = BTreeMap::new();
            for key in people.iter().flat_map(|person| derive(person, &recipe)) {
                *bearers.entry(key.fields().iter().map(|field| field.to_vec()).collect()).or_default() += 1;
            }
            let all: u64 = bearers.values().sum();
            let alike: u64 = bearers.values().map(|count| count * (count - 1)).sum();
            #[expect(clippy::cast_precision_loss, reason = "a rate")]
            let bits = (all as f64 * (all - 1) as f64 / alike as f64).log2();
            let assumed = f64::from(half_bits(Part { element, normaliser })) / 2.0;
            assert!(
                (assumed - 0.7..assumed + 1.5).contains(&bits),
                "{element:?} {normaliser:?}: {bits}, not {assumed}"
            );
        }
    }
}

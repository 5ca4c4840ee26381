//! One record's identity fields, before and after normalisation.
//!
//! Promises that what recipes compare is made here once per record. Elements that no recipe and no merge rule reads
//! (a suffix column, an address) are not taken at all.

use zeroize::{Zeroize, ZeroizeOnDrop};

use super::{
    birth_date::BirthDate,
    identifier::{self, Gender},
    name,
    recipe::Element,
};

/// Identity fields of one record as text, borrowed from the importer. An empty text means missing.
///
/// Generation suffixes may stand in the name fields; they are taken off. Not `Debug`: it holds a person's data.
#[derive(Clone, Copy, Default)]
pub struct PersonFields<'a> {
    /// Statewide student identifier, up to ten digits.
    pub ssid: &'a str,
    /// Social security number, nine digits with or without separators; never a college's own identifier.
    pub ssn: &'a str,
    /// Given names.
    pub first: &'a str,
    /// Middle names or initial.
    pub middle: &'a str,
    /// Surnames.
    pub last: &'a str,
    /// A former or alias surname, where the institution holds one.
    pub prior_last: &'a str,
    /// Date of birth as `YYYY-MM-DD`, the form every import adapter produces.
    pub birth_date: &'a str,
    /// Gender code or word.
    pub gender: &'a str,
    /// Postal code, five or nine digits.
    pub zip: &'a str,
}

impl PersonFields<'_> {
    /// Normalises every field (linkage findings 4.1). `birth_year_max` is the current year, from the caller's clock.
    ///
    /// # Cost
    ///
    /// Some microseconds and four small allocations kept.
    #[must_use]
    pub fn normalise(&self, birth_year_max: u16) -> NormalisedPerson {
        NormalisedPerson {
            given: name::given_names(self.first),
            middle: name::middle_names(self.middle),
            surnames: name::surnames(self.last),
            former_surnames: name::surnames(self.prior_last),
            identity: Identity {
                birth_date: BirthDate::parse(self.birth_date, birth_year_max),
                gender: Gender::parse(self.gender),
                postal_code: identifier::postal_code(self.zip),
                ssid: identifier::ssid(self.ssid),
                ssn: identifier::ssn(self.ssn),
            },
        }
    }
}

/// One record's identity in the form recipes read: about 150 bytes, wiped when dropped.
///
/// No `Debug`, no `Clone`, no byte form; what leaves this type is a [`MatchKey`](super::MatchKey).
#[derive(ZeroizeOnDrop)]
pub struct NormalisedPerson {
    /// Names of one kind, each of A-Z, joined by one space; empty if missing.
    given: Box<str>,
    middle: Box<str>,
    surnames: Box<str>,
    former_surnames: Box<str>,
    pub(super) identity: Identity,
}

/// The fields that are not names.
pub(super) struct Identity {
    pub(super) birth_date: Option<BirthDate>,
    pub(super) gender: Option<Gender>,
    pub(super) postal_code: Option<[u8; 5]>,
    pub(super) ssid: Option<[u8; 10]>,
    pub(super) ssn: Option<[u8; 9]>,
}

impl Zeroize for Identity {
    fn zeroize(&mut self) {
        self.postal_code.zeroize();
        self.ssid.zeroize();
        self.ssn.zeroize();
        self.birth_date = None;
        self.gender = None;
    }
}

impl NormalisedPerson {
    /// Whether the person has a usable value of `element`: a person who has every element of a recipe has a key under it.
    #[must_use]
    pub fn has(&self, element: Element) -> bool {
        let identity = &self.identity;
        match element {
            Element::BirthDate => identity.birth_date.is_some(),
            Element::Gender => identity.gender.is_some(),
            Element::GivenNames => !self.given.is_empty(),
            Element::NamePair => !self.given.is_empty() && !self.surnames.is_empty(),
            Element::PostalCode => identity.postal_code.is_some(),
            Element::Ssid => identity.ssid.is_some(),
            Element::Ssn => identity.ssn.is_some(),
            Element::Surnames => !self.surnames.is_empty(),
        }
    }

    /// The surnames, particles glued to the one they introduce: `De La Cruz` is one, `Garcia-Lopez` two.
    #[must_use]
    pub fn surname_count(&self) -> usize {
        self.surnames.split_ascii_whitespace().count()
    }

    /// The given names joined: the study's `FN`.
    pub(super) fn given_joined(&self) -> Option<String> {
        joined(&self.given)
    }

    /// The first given name, before the nickname table: the study's `FT`.
    pub(super) fn given_first(&self) -> Option<&str> {
        part(&self.given, 0)
    }

    /// A second given name, else a middle name that is more than an initial.
    pub(super) fn given_second(&self) -> Option<&str> {
        part(&self.given, 1).or_else(|| part(&self.middle, 0).filter(|name| name.len() > 1))
    }

    /// The first middle name or initial, else the second given name: the study's `MT`.
    pub(super) fn middle(&self) -> Option<&str> {
        part(&self.middle, 0).or_else(|| part(&self.given, 1))
    }

    /// The surnames joined: the study's `LN`.
    pub(super) fn surnames_joined(&self) -> Option<String> {
        joined(&self.surnames)
    }

    /// The first surname: the study's `LA`.
    pub(super) fn surname_first(&self) -> Option<&str> {
        part(&self.surnames, 0)
    }

    /// A second surname, else a former one.
    pub(super) fn surname_second(&self) -> Option<&str> {
        part(&self.surnames, 1).or_else(|| part(&self.former_surnames, 0))
    }
}

fn joined(parts: &str) -> Option<String> {
    (!parts.is_empty()).then(|| parts.replace(' ', ""))
}

fn part(parts: &str, position: usize) -> Option<&str> {
    parts.split_ascii_whitespace().nth(position)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    /// The `norm` half of the parity vectors; the keys are compared through the public interface in `tests/norm_vectors.rs`.
    #[test]
    fn all_500_vectors_normalise_as_in_the_study() {
        let mut lines = 0;
        for line in include_str!("../../tests/vectors/norm_vectors.jsonl").lines() {
            let vector: Value = serde_json::from_str(line).unwrap();
            let raw = |field: &str| vector["raw"][field].as_str().unwrap();
            let person = PersonFields {
                ssid: raw("ssid"),
                ssn: raw("ssn"),
                first: raw("first"),
                middle: raw("middle"),
                last: raw("last"),
                prior_last: raw("prior_last"),
                birth_date: raw("dob"),
                gender: raw("gender"),
                zip: raw("zip"),
            }
            .normalise(2026);
            let norm = |field: &str| vector["norm"][field].as_str().unwrap();
            let list = |field: &str| {
                let parts = vector["norm"][field].as_array().unwrap().iter();
                parts.map(|part| part.as_str().unwrap()).collect::<Vec<_>>().join(" ")
            };
            let digits =
                |digits: Option<&[u8]>| String::from_utf8(digits.unwrap_or_default().to_vec()).unwrap();
            let record = raw("rec_id");
            assert_eq!(person.given_joined().unwrap_or_default(), norm("FN"), "{record}");
            assert_eq!(person.given_first().unwrap_or_default(), norm("FT"), "{record}");
            assert_eq!(
                person.given_first().map(super::super::nickname::root).unwrap_or_default(),
                norm("FC"),
                "{record}"
            );
            assert_eq!(person.middle().unwrap_or_default(), norm("MT"), "{record}");
            assert_eq!(
                person.middle().and_then(|name| name.get(..1)).unwrap_or_default(),
                norm("M1"),
                "{record}"
            );
            assert_eq!(person.surnames_joined().unwrap_or_default(), norm("LN"), "{record}");
            assert_eq!(&*person.surnames, list("LP"), "{record}");
            assert_eq!(person.surname_first().unwrap_or_default(), norm("LA"), "{record}");
            assert_eq!(person.surnames.split(' ').next_back().unwrap_or_default(), norm("LB"), "{record}");
            assert_eq!(&*person.former_surnames, list("PL"), "{record}");
            let identity = &person.identity;
            assert_eq!(identity.birth_date.map(BirthDate::digits).unwrap_or_default(), norm("D"), "{record}");
            assert_eq!(
                identity.birth_date.map(BirthDate::digits_swap_proof).unwrap_or_default(),
                norm("DS"),
                "{record}"
            );
            assert_eq!(identity.gender.map(Gender::letter).unwrap_or_default(), norm("G"), "{record}");
            assert_eq!(digits(identity.postal_code.as_ref().map(|code| &code[..])), norm("Z5"), "{record}");
            assert_eq!(digits(identity.ssn.as_ref().map(|ssn| &ssn[..])), norm("ssn"), "{record}");
            assert_eq!(digits(identity.ssid.as_ref().map(|ssid| &ssid[..])), norm("ssid"), "{record}");
            lines += 1;
        }
        assert_eq!(lines, 500);
    }
}

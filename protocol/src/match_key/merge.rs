//! Which records of one institution are one person (linkage findings 4.3 step 1).
//!
//! Promises to bring together records that share an SSID, an SSN, or given names, surnames and date of birth, except
//! where both carry an SSID, the two differ, and so do their middle names or genders: those are twins, relatives with
//! a shared number, or a number mistyped into another's. It does not compare a record with every other: within a
//! group of equal values a record is tried against at most [`APART_MAX`] persons, in the order of the records.

use std::collections::{HashMap, hash_map::Entry};

use super::{
    equal_values::{equal_values, hash},
    identifier::Gender,
    person::NormalisedPerson,
};

/// The person of every record, as the index of the person's first record, and how many merges a clash prevented.
///
/// # Cost
///
/// Three passes of hashing and sorting; near-linear in the records.
pub(super) fn merge(records: &[NormalisedPerson]) -> (Vec<usize>, u64) {
    let mut persons = Persons::new(records.len());
    let groups = Sharing::ALL.map(|sharing| {
        equal_values(records.len(), |position, out| {
            records.get(position).and_then(|record| sharing.value(record, out)).is_some()
        })
    });
    for group in groups.iter().flatten() {
        for record in group {
            persons.know(*record, || records.get(*record).map(Known::of));
        }
        persons.bring_together(group);
    }
    let (first_records, kept_apart) = persons.finish();
    (first_records.into_iter().map(|first| first as usize).collect(), kept_apart)
}

/// What records of one person may share, in the order in which it brings them together.
#[derive(Clone, Copy, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum Sharing {
    Ssid,
    Ssn,
    NameAndBirthDate,
}

impl Sharing {
    pub(super) const ALL: [Self; 3] = [Self::Ssid, Self::Ssn, Self::NameAndBirthDate];

    /// Appends what a record has to share, if it has it.
    pub(super) fn value(self, record: &NormalisedPerson, out: &mut Vec<u8>) -> Option<()> {
        match self {
            Self::Ssid => out.extend_from_slice(record.identity.ssid.as_ref()?),
            Self::Ssn => out.extend_from_slice(record.identity.ssn.as_ref()?),
            Self::NameAndBirthDate => {
                let birth_date = record.identity.birth_date?;
                let (given, surnames) = (record.given_joined()?, record.surnames_joined()?);
                for text in [given.as_str(), "|", &surnames, "|", &birth_date.digits()] {
                    out.extend_from_slice(text.as_bytes());
                }
            }
        }
        Some(())
    }
}

/// Disjoint sets of records, with what is known of each person.
pub(super) struct Persons {
    /// Parent of each record; the root of a set is its first record.
    parents: Vec<u32>,
    /// Of the records that share anything. At a root: what the clash rule reads, from the first record that has it.
    known: HashMap<usize, Known>,
    kept_apart: u64,
}

/// What the clash rule reads of a person.
#[derive(Clone, Copy)]
pub(super) struct Known {
    pub(super) ssid: Option<[u8; 10]>,
    pub(super) gender: Option<Gender>,
    pub(super) middle: Option<Middle>,
}

/// A middle name as far as it must be told from another: two of one first letter and one digest are taken for equal.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(super) struct Middle {
    pub(super) first: u8,
    pub(super) is_initial: bool,
    pub(super) digest: u64,
}

impl Middle {
    fn of(name: &str) -> Option<Self> {
        let first = *name.as_bytes().first()?;
        Some(Self { first, is_initial: name.len() == 1, digest: hash(name.as_bytes()) })
    }
}

impl Known {
    pub(super) fn of(record: &NormalisedPerson) -> Self {
        let identity = &record.identity;
        Self { ssid: identity.ssid, gender: identity.gender, middle: record.middle().and_then(Middle::of) }
    }

    fn clashes(&self, other: &Self) -> bool {
        let differ = |pair: Option<bool>| pair.unwrap_or(false);
        let ssids = differ(self.ssid.zip(other.ssid).map(|(left, right)| left != right));
        let genders = differ(self.gender.zip(other.gender).map(|(left, right)| left != right));
        // An initial agrees with every name it begins.
        let middles = differ(self.middle.zip(other.middle).map(|(left, right)| {
            if left.is_initial || right.is_initial { left.first != right.first } else { left != right }
        }));
        ssids && (middles || genders)
    }

    fn complete_from(&mut self, other: &Self) {
        self.ssid = self.ssid.or(other.ssid);
        self.gender = self.gender.or(other.gender);
        // A name in full says more than an initial.
        let is_initial = self.middle.is_none_or(|middle| middle.is_initial);
        self.middle = if is_initial { other.middle.or(self.middle) } else { self.middle };
    }
}

impl Persons {
    /// Every one of `records` records a person of its own.
    pub(super) fn new(records: usize) -> Self {
        let parents = (0..u32::try_from(records).unwrap_or(u32::MAX)).collect();
        Self { parents, known: HashMap::new(), kept_apart: 0 }
    }

    /// Takes what is known of a record, before it is first brought together with others.
    pub(super) fn know(&mut self, record: usize, known: impl FnOnce() -> Option<Known>) {
        if let Entry::Vacant(place) = self.known.entry(record)
            && let Some(known) = known()
        {
            place.insert(known);
        }
    }

    /// The person of every record, as the index of the person's first record, and how many merges a clash prevented.
    pub(super) fn finish(mut self) -> (Vec<u32>, u64) {
        self.known = HashMap::new();
        (0..self.parents.len()).for_each(|record| {
            let first = self.first_record(record);
            self.set_parent(record, first);
        });
        (self.parents, self.kept_apart)
    }

    fn parent(&self, record: usize) -> usize {
        self.parents.get(record).map_or(record, |parent| *parent as usize)
    }

    fn set_parent(&mut self, record: usize, parent: usize) {
        if let (Some(slot), Ok(parent)) = (self.parents.get_mut(record), u32::try_from(parent)) {
            *slot = parent;
        }
    }

    fn first_record(&mut self, record: usize) -> usize {
        let mut at = record;
        loop {
            let parent = self.parent(at);
            if parent == at {
                return at;
            }
            // Halve the path as it is walked.
            let above = self.parent(parent);
            self.set_parent(at, above);
            at = above;
        }
    }

    /// Makes records that share a value one person, as far as nothing clashes. They ascend.
    pub(super) fn bring_together(&mut self, group: &[usize]) {
        let mut found: Vec<usize> = Vec::new();
        for record in group {
            let merged = found.iter().any(|person| self.join(*person, *record));
            if !merged && found.len() < APART_MAX {
                found.push(*record);
            }
        }
        self.kept_apart += found.len().saturating_sub(1) as u64;
    }

    /// Makes two records one person unless what is known of them clashes; true if they are one person now.
    fn join(&mut self, left: usize, right: usize) -> bool {
        let (left, right) = (self.first_record(left), self.first_record(right));
        if left == right {
            return true;
        }
        let (keep, fold) = (left.min(right), left.max(right));
        let Some(folded) = self.known.get(&fold).copied() else { return false };
        let Some(kept) = self.known.get_mut(&keep).filter(|kept| !kept.clashes(&folded)) else {
            return false;
        };
        kept.complete_from(&folded);
        self.set_parent(fold, keep);
        true
    }
}

/// Persons a record is tried against within one group. More share a value only if it is a filler.
const APART_MAX: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::match_key::PersonFields;

    const ANA: PersonFields<'static> = PersonFields {
        ssid: "",
        ssn: "",
        first: "Ana",
        middle: "",
        last: "Silva",
        prior_last: "",
        birth_date: "2001-02-03",
        gender: "",
        zip: "",
    };

    fn persons(fields: &[PersonFields<'_>]) -> (Vec<usize>, u64) {
        merge(&fields.iter().map(|fields| fields.normalise(2026)).collect::<Vec<_>>())
    }

    #[test]
    fn a_shared_number_or_name_and_birth_date_merges() {
        let number = PersonFields { ssn: "400-61-4555", ..ANA };
        let renamed = PersonFields { ssn: "400614555", last: "Moreno", ..ANA };
        let other = PersonFields { last: "Ortiz", ..ANA };
        assert_eq!(
            persons(&[ANA, other, renamed, number]),
            (vec![0, 1, 0, 0], 0),
            "through the third record"
        );
    }

    #[test]
    fn different_ssids_merge_unless_something_else_clashes() {
        let one = PersonFields { ssid: "2068905818", middle: "Maria", gender: "F", ..ANA };
        let two = PersonFields { ssid: "3332247972", middle: "M", gender: "F", ..ANA };
        let twin = PersonFields { ssid: "3636880232", middle: "Rosa", gender: "F", ..ANA };
        let brother = PersonFields { ssid: "4315327558", middle: "", gender: "M", ..ANA };
        assert_eq!(persons(&[one, two]), (vec![0, 0], 0), "an initial agrees");
        assert_eq!(persons(&[one, twin]), (vec![0, 1], 1));
        assert_eq!(persons(&[one, brother]), (vec![0, 1], 1));
        assert_eq!(
            persons(&[one, PersonFields { ssid: "", ..twin }]),
            (vec![0, 0], 0),
            "only one SSID is known"
        );
    }

    #[test]
    fn records_without_a_shared_value_stay_apart() {
        let nameless = PersonFields { first: "", last: "", birth_date: "", ..ANA };
        assert_eq!(persons(&[nameless, nameless, ANA]), (vec![0, 1, 2], 0));
    }

    #[test]
    fn a_value_shared_by_everybody_stays_near_linear() {
        // 20,000 records with one SSN, all clashing: quadratic comparison would be 200 million.
        let ssids: Vec<String> = (0..20_000).map(|number| format!("1{number:09}")).collect();
        let records: Vec<_> = ssids
            .iter()
            .enumerate()
            .map(|(number, ssid)| {
                let letter = char::from(b'A' + u8::try_from(number % 26).unwrap());
                let middle = format!("{letter}{letter}");
                PersonFields { ssid, ssn: "400614555", middle: &middle, ..ANA }.normalise(2026)
            })
            .collect();
        let (persons, kept_apart) = merge(&records);
        assert_eq!(persons.len(), 20_000);
        assert_eq!(kept_apart, 2 * (APART_MAX as u64 - 1), "by SSN and again by name and birth date");
    }
}

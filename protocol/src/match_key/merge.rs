//! Which records of one institution are one person (linkage findings 4.3 step 1).
//!
//! Promises to bring together records that share an SSID, an SSN, or given names, surnames and date of birth, except
//! where both carry an SSID, the two differ, and so do their middle names or genders: those are twins, relatives with
//! a shared number, or a number mistyped into another's. It does not compare a record with every other: within a
//! group of equal values a record is tried against at most [`APART_MAX`] persons, in the order of the records.

use super::{equal_values::equal_values, identifier::Gender, person::NormalisedPerson};

/// The person of every record, as the index of the person's first record, and how many merges a clash prevented.
///
/// # Cost
///
/// Three passes of hashing and sorting; near-linear in the records.
pub(super) fn merge(records: &[NormalisedPerson]) -> (Vec<usize>, u64) {
    let mut persons = Persons::of(records);
    let record = |position: usize| records.get(position);
    let by_ssid = equal_values(records.len(), |position, out| {
        let ssid = record(position).and_then(|record| record.identity.ssid);
        ssid.iter().for_each(|ssid| out.extend_from_slice(ssid));
        ssid.is_some()
    });
    let by_ssn = equal_values(records.len(), |position, out| {
        let ssn = record(position).and_then(|record| record.identity.ssn);
        ssn.iter().for_each(|ssn| out.extend_from_slice(ssn));
        ssn.is_some()
    });
    let by_name = equal_values(records.len(), |position, out| {
        record(position).and_then(|record| name_and_birth_date(record, out)).is_some()
    });
    for group in by_ssid.iter().chain(&by_ssn).chain(&by_name) {
        persons.bring_together(group);
    }
    let first_records = (0..records.len()).map(|position| persons.first_record(position)).collect();
    (first_records, persons.kept_apart)
}

fn name_and_birth_date(record: &NormalisedPerson, out: &mut Vec<u8>) -> Option<()> {
    let birth_date = record.identity.birth_date?;
    let (given, surnames) = (record.given_joined()?, record.surnames_joined()?);
    for text in [given.as_str(), "|", &surnames, "|", &birth_date.digits()] {
        out.extend_from_slice(text.as_bytes());
    }
    Some(())
}

/// Disjoint sets of records, with what is known of each person.
struct Persons<'a> {
    /// Parent of each record; the root of a set is its first record.
    parents: Vec<usize>,
    /// At a root: what the clash rule reads, from the first record that has it.
    known: Vec<Known<'a>>,
    kept_apart: u64,
}

#[derive(Clone, Copy)]
struct Known<'a> {
    ssid: Option<[u8; 10]>,
    gender: Option<Gender>,
    middle: Option<&'a str>,
}

impl Known<'_> {
    fn clashes(&self, other: &Self) -> bool {
        let differ = |pair: Option<bool>| pair.unwrap_or(false);
        let ssids = differ(self.ssid.zip(other.ssid).map(|(left, right)| left != right));
        let genders = differ(self.gender.zip(other.gender).map(|(left, right)| left != right));
        // An initial agrees with every name it begins.
        let middles =
            differ(self.middle.zip(other.middle).map(|(left, right)| match left.len().min(right.len()) {
                1 => left.as_bytes().first() != right.as_bytes().first(),
                _ => left != right,
            }));
        ssids && (middles || genders)
    }

    fn complete_from(&mut self, other: &Self) {
        self.ssid = self.ssid.or(other.ssid);
        self.gender = self.gender.or(other.gender);
        // A name in full says more than an initial.
        let is_initial = self.middle.is_none_or(|middle| middle.len() == 1);
        self.middle = if is_initial { other.middle.or(self.middle) } else { self.middle };
    }
}

impl<'a> Persons<'a> {
    fn of(records: &'a [NormalisedPerson]) -> Self {
        let known = |record: &'a NormalisedPerson| Known {
            ssid: record.identity.ssid,
            gender: record.identity.gender,
            middle: record.middle(),
        };
        Self {
            parents: (0..records.len()).collect(),
            known: records.iter().map(known).collect(),
            kept_apart: 0,
        }
    }

    fn first_record(&mut self, record: usize) -> usize {
        let mut at = record;
        while let Some(parent) = self.parents.get(at).copied().filter(|parent| *parent != at) {
            // Halve the path as it is walked.
            let above = self.parents.get(parent).copied().unwrap_or(parent);
            if let Some(slot) = self.parents.get_mut(at) {
                *slot = above;
            }
            at = above;
        }
        at
    }

    fn bring_together(&mut self, group: &[usize]) {
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
        let Some(folded) = self.known.get(fold).copied() else { return false };
        let Some(kept) = self.known.get_mut(keep).filter(|kept| !kept.clashes(&folded)) else { return false };
        kept.complete_from(&folded);
        if let Some(parent) = self.parents.get_mut(fold) {
            *parent = keep;
        }
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

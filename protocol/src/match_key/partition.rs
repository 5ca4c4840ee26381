//! The owner's resolution of a list that is not in memory: the same as [`local_persons`](super::local_persons), from traces.
//!
//! ```text
//!   record ──Traces::of_record──▶ ValueTrace ─┐ parts by ValueTrace::part     Together::add ──▶ Together::first_records
//!   person ──Traces::of_key─────▶ KeyTrace ───┘ parts by KeyTrace::part       KeyTrace::shared
//! ```
//!
//! A trace stands for a value by half of a keyed digest: two values have one with a chance below 2^-80 among ten million rows, and
//! without the key it says nothing, nor does the part it falls into. The caller keeps traces where records may be kept, one part
//! after the other in memory; parts may come in any order. No `Debug`, no codec: traces are for the owner's own sealed files.

use zeroize::Zeroizing;

use super::{
    derive::MatchKey,
    equal_values::hash,
    identifier::Gender,
    merge::{Known, Middle, Persons, Sharing},
    person::NormalisedPerson,
};

/// Bytes of a digest.
const DIGEST_BYTES: usize = 16;

/// Makes traces under one key, which is drawn for one list and kept nowhere.
pub struct Traces(Zeroizing<[u8; 32]>);

/// A value that a record may share with others of the same person, and what tells the two apart all the same.
pub struct ValueTrace {
    sharing: Sharing,
    digest: [u8; DIGEST_BYTES],
    /// Place of a group of records with this value among the others: that of the merge in memory.
    order: u64,
    position: u32,
    known: Known,
}

/// A key in a slot of a person.
pub struct KeyTrace {
    digest: [u8; DIGEST_BYTES],
    /// Number of the person.
    pub person: u32,
    /// Place of the slot.
    pub slot: u8,
}

impl Traces {
    /// With a key from `seed`.
    #[must_use]
    pub fn new(seed: [u8; 32]) -> Self {
        Self(Zeroizing::new(seed))
    }

    /// What the record at `position` may share: at most three traces.
    #[must_use]
    pub fn of_record(&self, record: &NormalisedPerson, position: u32) -> Vec<ValueTrace> {
        let mut value = Zeroizing::new(Vec::with_capacity(64));
        let mut traces = Vec::with_capacity(Sharing::ALL.len());
        for sharing in Sharing::ALL {
            value.clear();
            if sharing.value(record, &mut value).is_some() {
                let (digest, order) = (self.digest(sharing as u8, &value), hash(&value));
                traces.push(ValueTrace { sharing, digest, order, position, known: Known::of(record) });
            }
        }
        traces
    }

    /// The key of `recipe` in a slot of a person. Keys of different recipes are never equal.
    #[must_use]
    pub fn of_key(&self, key: &MatchKey, recipe: u8, person: u32, slot: u8) -> KeyTrace {
        KeyTrace { digest: self.digest(recipe, key.as_bytes()), person, slot }
    }

    fn digest(&self, kind: u8, value: &[u8]) -> [u8; DIGEST_BYTES] {
        let mut hasher = blake3::Hasher::new_keyed(&self.0);
        hasher.update(&[kind]).update(value);
        hasher.finalize().as_bytes().first_chunk().copied().unwrap_or_default()
    }
}

/// The part, of `parts`, in which a digest is.
fn part(digest: &[u8; DIGEST_BYTES], parts: usize) -> usize {
    let head = digest.first_chunk().map_or(0, |head| u32::from_le_bytes(*head));
    head as usize % parts.max(1)
}

impl ValueTrace {
    /// Bytes of a trace in the owner's own sealed files.
    pub const BYTES: usize = 1 + DIGEST_BYTES + 8 + 4 + 10 + 1 + 1 + 8;

    /// The part, of `parts`, that every trace of this value is in.
    #[must_use]
    pub fn part(&self, parts: usize) -> usize {
        part(&self.digest, parts)
    }

    /// As the owner's own sealed files hold it.
    #[must_use]
    pub fn to_own_file(&self) -> Zeroizing<Vec<u8>> {
        let mut out = Zeroizing::new(Vec::with_capacity(Self::BYTES));
        out.push(self.sharing as u8);
        out.extend_from_slice(&self.digest);
        out.extend_from_slice(&self.order.to_le_bytes());
        out.extend_from_slice(&self.position.to_le_bytes());
        out.extend_from_slice(&self.known.ssid.unwrap_or_default());
        out.push(self.known.gender.map_or(0, |gender| gender as u8 + 1));
        // A name begins with a letter.
        let middle = self.known.middle.unwrap_or(Middle { first: 0, is_initial: false, digest: 0 });
        out.push(middle.first | if middle.is_initial { INITIAL } else { 0 });
        out.extend_from_slice(&middle.digest.to_le_bytes());
        out
    }

    /// Back from a file; nothing if these are no bytes of a trace.
    #[must_use]
    pub fn from_own_file(bytes: &[u8]) -> Option<Self> {
        let (sharing, rest) = bytes.split_first()?;
        let (digest, rest) = rest.split_first_chunk()?;
        let (order, rest) = rest.split_first_chunk()?;
        let (position, rest) = rest.split_first_chunk()?;
        let (ssid, rest) = rest.split_first_chunk::<10>()?;
        let ([gender, first], rest) = rest.split_first_chunk()?;
        let digest_of_middle = u64::from_le_bytes(<[u8; 8]>::try_from(rest).ok()?);
        let gender = match gender {
            0 => None,
            1 => Some(Gender::Female),
            2 => Some(Gender::Male),
            3 => Some(Gender::Nonbinary),
            _ => return None,
        };
        let middle =
            Middle { first: first & !INITIAL, is_initial: first & INITIAL != 0, digest: digest_of_middle };
        Some(Self {
            sharing: Sharing::ALL.get(usize::from(*sharing)).copied()?,
            digest: *digest,
            order: u64::from_le_bytes(*order),
            position: u32::from_le_bytes(*position),
            known: Known {
                ssid: (*ssid != [0; 10]).then_some(*ssid),
                gender,
                middle: (*first != 0).then_some(middle),
            },
        })
    }
}

/// Beside the first letter of a middle name that is one letter.
const INITIAL: u8 = 0x80;

/// Records that share a value, gathered part by part, to be made persons.
#[derive(Default)]
pub struct Together {
    groups: Vec<Group>,
    /// The records of all groups, one group after the other.
    records: Vec<u32>,
    /// Of these; the same in every trace of a record.
    known: Vec<(u32, Known)>,
}

struct Group {
    sharing: Sharing,
    order: u64,
    start: usize,
    end: usize,
}

impl Together {
    /// Takes every trace of one part.
    pub fn add(&mut self, mut part: Vec<ValueTrace>) {
        part.sort_unstable_by_key(|trace| (trace.sharing, trace.digest, trace.position));
        let equal = |left: &ValueTrace, right: &ValueTrace| {
            (left.sharing, left.digest) == (right.sharing, right.digest)
        };
        for group in part.chunk_by(equal).filter(|group| group.len() > 1) {
            let Some(ValueTrace { sharing, order, .. }) = group.first() else { continue };
            let start = self.records.len();
            self.records.extend(group.iter().map(|trace| trace.position));
            self.known.extend(group.iter().map(|trace| (trace.position, trace.known)));
            self.groups.push(Group { sharing: *sharing, order: *order, start, end: self.records.len() });
        }
    }

    /// The person of each of `count` records, as the position of the person's first record, and how many merges a clash prevented:
    /// as [`local_persons`](super::local_persons) has it.
    ///
    /// # Cost
    ///
    /// Four bytes a record, and about 150 bytes for one that shares a value.
    #[must_use]
    pub fn first_records(mut self, count: u32) -> (Vec<u32>, u64) {
        let mut persons = Persons::new(count as usize);
        for (position, known) in self.known.drain(..) {
            persons.know(position as usize, || Some(known));
        }
        self.groups.sort_unstable_by_key(|group| (group.sharing, group.order, group.start));
        let mut members = Vec::new();
        for group in &self.groups {
            members.clear();
            let records = self.records.get(group.start..group.end).unwrap_or_default();
            members.extend(records.iter().map(|position| *position as usize));
            persons.bring_together(&members);
        }
        persons.finish()
    }
}

impl KeyTrace {
    /// The part, of `parts`, that every trace of this key is in.
    #[must_use]
    pub fn part(&self, parts: usize) -> usize {
        part(&self.digest, parts)
    }

    /// As the owner's own sealed files hold it.
    #[must_use]
    pub fn to_own_file(&self) -> [u8; DIGEST_BYTES + 5] {
        let mut out = [0; DIGEST_BYTES + 5];
        let (digest, rest) = out.split_at_mut(DIGEST_BYTES);
        digest.copy_from_slice(&self.digest);
        let (person, slot) = rest.split_at_mut(4);
        person.copy_from_slice(&self.person.to_le_bytes());
        slot.fill(self.slot);
        out
    }

    /// Back from a file; nothing if these are no bytes of a trace.
    #[must_use]
    pub fn from_own_file(bytes: &[u8]) -> Option<Self> {
        let (digest, rest) = bytes.split_first_chunk()?;
        let (person, rest) = rest.split_first_chunk()?;
        let [slot] = rest else { return None };
        Some(Self { digest: *digest, person: u32::from_le_bytes(*person), slot: *slot })
    }

    /// Of every trace of one part, those whose key stands with another person too: to be withheld.
    #[must_use]
    pub fn shared(mut part: Vec<Self>) -> Vec<Self> {
        part.sort_unstable_by_key(|trace| trace.digest);
        let mut shared = Vec::new();
        let mut rest = part.into_iter().peekable();
        while let Some(first) = rest.next() {
            let digest = first.digest;
            let mut group = vec![first];
            while let Some(next) = rest.next_if(|next| next.digest == digest) {
                group.push(next);
            }
            if group.len() > 1 {
                shared.append(&mut group);
            }
        }
        shared
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::match_key::{PersonFields, Preset, local_persons, slots_of_person};

    /// Persons, with the bytes of their slots, as the owner's resolution finds them.
    type Found = (Vec<(Vec<usize>, Vec<Option<Vec<u8>>>)>, [u64; 3]);

    fn in_memory(records: &[NormalisedPerson], preset: Preset) -> Found {
        let found = local_persons(records, &preset.recipes(), &preset.slots_for(&[]));
        let bytes = |key: &Option<MatchKey>| key.as_ref().map(|key| key.as_bytes().to_vec());
        let person = |person: &crate::match_key::LocalPerson| {
            (person.members.clone(), person.slots.iter().map(bytes).collect())
        };
        let counts = found.counts;
        let persons = found.persons.iter().map(person).collect();
        (persons, [counts.kept_apart, counts.beyond_slots, counts.suppressed])
    }

    fn by_parts(records: &[NormalisedPerson], preset: Preset, parts: usize, seed: u8) -> Found {
        let (traces, slots) = (Traces::new([seed; 32]), preset.slots_for(&[]));
        let mut values: Vec<Vec<ValueTrace>> = (0..parts).map(|_| Vec::new()).collect();
        for (position, record) in (0..).zip(records) {
            for trace in traces.of_record(record, position) {
                let again = ValueTrace::from_own_file(&trace.to_own_file()).unwrap();
                values[trace.part(parts)].push(again);
            }
        }
        let mut together = Together::default();
        values.into_iter().rev().for_each(|part| together.add(part));
        let (first_records, kept_apart) = together.first_records(u32::try_from(records.len()).unwrap());
        let (mut persons, mut beyond) = (Vec::new(), 0);
        for first in (0..records.len()).filter(|at| first_records[*at] as usize == *at) {
            let members: Vec<usize> =
                (0..records.len()).filter(|at| first_records[*at] as usize == first).collect();
            let own: Vec<&NormalisedPerson> = members.iter().map(|at| &records[*at]).collect();
            let (slots, beyond_slots) = slots_of_person(&own, &preset.recipes(), &slots);
            beyond += beyond_slots;
            persons.push((members, slots));
        }
        let mut keys: Vec<Vec<KeyTrace>> = (0..parts).map(|_| Vec::new()).collect();
        for (number, (_, own)) in (0..).zip(&persons) {
            for (slot, key) in (0_u8..).zip(own) {
                let Some(key) = key else { continue };
                let trace = traces.of_key(key, slots[usize::from(slot)], number, slot);
                keys[trace.part(parts)].push(KeyTrace::from_own_file(&trace.to_own_file()).unwrap());
            }
        }
        let shared: Vec<KeyTrace> = keys.into_iter().flat_map(KeyTrace::shared).collect();
        for trace in &shared {
            persons[trace.person as usize].1[usize::from(trace.slot)] = None;
        }
        let bytes = |key: Option<MatchKey>| key.map(|key| key.as_bytes().to_vec());
        let person = |(members, slots): (Vec<usize>, Vec<Option<MatchKey>>)| {
            (members, slots.into_iter().map(bytes).collect())
        };
        (persons.into_iter().map(person).collect(), [kept_apart, beyond, shared.len() as u64])
    }

    /// Fields of records of few values, so that much is shared and much clashes.
    fn fields() -> impl Strategy<Value = [&'static str; 9]> {
        let one_of = |words: &'static [&'static str]| proptest::sample::select(words);
        [
            one_of(&["", "2068905818", "3332247972", "3636880232"]),
            one_of(&["", "", "400614555", "400614556"]),
            one_of(&["", "Ana", "Ana Maria", "Rosa", "Jose"]),
            one_of(&["", "M", "Maria", "Rosa", "R"]),
            one_of(&["", "Silva", "Silva Ortiz", "Moreno"]),
            one_of(&["", "Sousa"]),
            one_of(&["", "2001-02-03", "2001-03-02", "2002-05-06"]),
            one_of(&["", "F", "M", "X"]),
            one_of(&["", "94575", "90001"]),
        ]
    }

    fn normalise(fields: &[&str; 9]) -> NormalisedPerson {
        let [ssid, ssn, first, middle, last, prior_last, birth_date, gender, zip] = *fields;
        PersonFields { ssid, ssn, first, middle, last, prior_last, birth_date, gender, zip }.normalise(2026)
    }

    proptest! {
        #[test]
        fn by_parts_as_in_memory(fields in proptest::collection::vec(fields(), 0..60), parts in 1_usize..7, seed in any::<u8>()) {
            let records: Vec<NormalisedPerson> = fields.iter().map(normalise).collect();
            for preset in [Preset::Full, Preset::Wide, Preset::Basic] {
                prop_assert_eq!(by_parts(&records, preset, parts, seed), in_memory(&records, preset));
            }
        }

        #[test]
        fn any_bytes_are_a_trace_or_none(bytes in proptest::collection::vec(any::<u8>(), 0..60)) {
            if let Some(trace) = ValueTrace::from_own_file(&bytes) {
                prop_assert_eq!(trace.to_own_file().len(), bytes.len());
            }
            if let Some(trace) = KeyTrace::from_own_file(&bytes) {
                prop_assert_eq!(trace.to_own_file().to_vec(), bytes);
            }
        }
    }

    /// Without its key a trace says nothing about a value: the same one falls anywhere, and no value stands in it but what tells
    /// persons apart.
    #[test]
    fn a_part_depends_on_the_key() {
        let record = PersonFields { ssn: "400614555", ..PersonFields::default() }.normalise(2026);
        let parts: std::collections::BTreeSet<usize> =
            (0..32).map(|seed| Traces::new([seed; 32]).of_record(&record, 0)[0].part(256)).collect();
        assert!(parts.len() > 20, "{parts:?}");
        let bytes = Traces::new([1; 32]).of_record(&record, 0)[0].to_own_file();
        assert!(!bytes.windows(5).any(|window| window == b"40061"));
        assert_eq!(bytes.len(), ValueTrace::BYTES);
    }
}

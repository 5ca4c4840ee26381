//! The record of disclosures: to whom, why and on which basis a student's record took part in a round (34 CFR 99.32; F5, L2).
//!
//! A round in which only blinded keys travel and only counts come out is recorded all the same: whether that is a disclosure is
//! for counsel to say, and what was not recorded cannot be told later. The record is written in the transaction that enters the
//! round, so before the list leaves, and it stands alone: names and words are copied from the documents as they were signed.
//!
//! Who took part is kept as a [`Reference`] for each student number: a digest under a key that lies with the node key. It answers
//! about a number that somebody names and lists none; a destruction of all records takes that key along.

mod page;

use std::sync::PoisonError;

use passage_protocol::{
    agreement::{Agreement, Study, elements_of},
    codec::{Decode, Encode},
    codec_struct,
    ids::{Digest, MemberCode, RoundId},
    manifest::Manifest,
    timestamp::Timestamp,
};
use passage_shell::{
    failure::Failure,
    shelf::ShelfError,
    store::{Op, Table},
};

pub use self::page::page;
use crate::{
    custody::Custody,
    home::Home,
    prepare::PreparedRows,
    records::{ROUNDS, RoundRecord, Yes},
    roster::{Person, Roster},
};

/// Round id -> [`Disclosure`].
pub const DISCLOSURES: Table = Table(15);
/// Round id and number of the part (big-endian) -> sorted [`Reference`]s.
pub const DISCLOSED: Table = Table(16);

const REFERENCE_CONTEXT: &str = "passage 2026 student reference v1";
/// Bytes of a reference: among ten million students two are mistaken for one another with a chance below 2^-80.
const REFERENCE_BYTES: usize = 16;
/// References in one value of the store: one MiB.
const PART: usize = 65_536;

/// One student number of this member, as this record keeps it. No `Debug`: beside the key it is the number.
#[derive(Clone, Copy, Eq, Ord, PartialEq, PartialOrd)]
pub struct Reference([u8; REFERENCE_BYTES]);

impl Reference {
    /// Its first half, by which the record of what rounds counted numbers a student ([`crate::counted`]).
    #[must_use]
    pub fn number(self) -> u64 {
        self.0.first_chunk().map_or(0, |half| u64::from_le_bytes(*half))
    }
}

/// Turns student numbers into references.
pub struct References(zeroize::Zeroizing<[u8; 32]>);

impl References {
    /// Under the key in force.
    #[must_use]
    pub fn new(custody: &Custody) -> Self {
        Self(zeroize::Zeroizing::new(blake3::derive_key(REFERENCE_CONTEXT, custody.content_key())))
    }

    /// The reference of a student number, in whichever case it is written.
    #[must_use]
    pub fn of(&self, local_id: &str) -> Reference {
        let upper = zeroize::Zeroizing::new(local_id.trim().to_ascii_uppercase());
        let digest = blake3::keyed_hash(&self.0, upper.as_bytes());
        Reference(digest.as_bytes().first_chunk().copied().unwrap_or_default())
    }

    /// The reference of a student: of the number, or of name and date of birth where the file had none.
    #[must_use]
    pub fn of_student(&self, person: &Person) -> Reference {
        if let Some(number) = person.local_id.present() {
            return self.of(number);
        }
        let born = person.birth_date.map(|date| (date.year(), date.month(), date.day()));
        let told = format!(
            "\n{}\n{}\n{}\n{born:?}",
            person.ssid.expose(),
            person.first.expose(),
            person.last.expose()
        );
        self.of(&zeroize::Zeroizing::new(told))
    }

    /// Those of the students of whom the rows were made; a student without a number has none.
    ///
    /// # Errors
    ///
    /// [`ShelfError`] of the disk on which the roster and the rows may stand.
    pub fn of_students(&self, roster: &Roster, rows: &PreparedRows) -> Result<Vec<Reference>, ShelfError> {
        let mut takes_part = vec![false; roster.students.len()];
        rows.each(|row| {
            for place in row.students {
                takes_part.get_mut(place as usize).iter_mut().for_each(|part| **part = true);
            }
            Ok::<(), ShelfError>(())
        })?;
        let mut references = Vec::new();
        roster.students.each(|place, student| {
            let number = student.person().local_id.present();
            let number = number.filter(|_| takes_part.get(place) == Some(&true));
            references.extend(number.map(|number| self.of(number)));
            Ok::<(), ShelfError>(())
        })?;
        references.sort_unstable();
        references.dedup();
        Ok(references)
    }
}

/// What was disclosed in one round: the line every student in it has in common.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Disclosure {
    /// The round.
    pub round: RoundId,
    /// When it was entered.
    pub at: Timestamp,
    /// Who said yes to what leaves.
    pub by: String,
    /// The agreement.
    pub agreement: Digest,
    /// Its title.
    pub agreement_title: String,
    /// The study.
    pub study: Digest,
    /// Its title.
    pub study_title: String,
    /// The exception of 34 CFR 99.31, in words.
    pub basis: String,
    /// The purpose, in words.
    pub purpose: String,
    /// Elements the rows were made from, by their names in the dictionary.
    pub elements: Vec<String>,
    /// Who took part beside this member.
    pub parties: Vec<Recipient>,
    /// Students.
    pub students: u32,
}
codec_struct!(Disclosure {
    round,
    at,
    by,
    agreement,
    agreement_title,
    study,
    study_title,
    basis,
    purpose,
    elements,
    parties,
    students
});

/// A party of a disclosure.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Recipient {
    /// Opaque code; none for the coordinator.
    pub code: Option<MemberCode>,
    /// Legal name as the agreement has it, or the consortium's for the coordinator.
    pub name: String,
    /// Its legitimate interest, in words: what it does with what it gets.
    pub interest: String,
}
codec_struct!(Recipient { code, name, interest });

/// A disclosure and how its round ended, if the round is still on record.
pub struct Found {
    /// What was recorded.
    pub disclosure: Disclosure,
    /// The round as it stands.
    pub round: Option<RoundRecord>,
}

/// A round that is about to be entered.
pub struct Entered<'a> {
    /// Its manifest.
    pub manifest: &'a Manifest,
    /// The agreement.
    pub agreement: &'a Agreement,
    /// The study.
    pub study: &'a Study,
    /// The person's yes.
    pub yes: &'a Yes,
}

impl Home {
    /// Turns this member's student numbers into references.
    #[must_use]
    pub fn references(&self) -> References {
        References::new(&self.custody.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The changes that record a disclosure, for the transaction that enters the round.
    #[must_use]
    pub fn disclosed(&self, entered: &Entered<'_>, references: &[Reference]) -> Vec<Op> {
        let Entered { manifest, agreement, study, yes } = entered;
        let elements = study.role_of(self.code).map(|role| elements_of(study, self.segment, role));
        let disclosure = Disclosure {
            round: manifest.round,
            at: self.now(),
            by: yes.by.clone(),
            agreement: manifest.agreement,
            agreement_title: agreement.title.clone(),
            study: manifest.study,
            study_title: study.title.clone(),
            basis: agreement.legal_basis.words().to_owned(),
            purpose: study.purpose.words().to_owned(),
            elements: elements.unwrap_or_default().into_iter().map(str::to_owned).collect(),
            parties: parties(manifest, agreement, self.code, &self.membership.consortium),
            students: u32::try_from(references.len()).unwrap_or(u32::MAX),
        };
        let parts = (0_u32..).zip(references.chunks(PART)).map(|(number, part)| {
            let bytes: Vec<u8> = part.iter().flat_map(|reference| reference.0).collect();
            Op::put(DISCLOSED, [manifest.round.0.as_slice(), &number.to_be_bytes()].concat(), bytes)
        });
        let line = Op::put(DISCLOSURES, manifest.round.0, disclosure.to_bytes());
        core::iter::once(line).chain(parts).collect()
    }

    /// Every disclosure, or those of one student by the member's own number; the oldest first.
    ///
    /// # Errors
    ///
    /// [`Failure`] if the store is damaged.
    pub fn disclosures(&self, student: Option<&str>) -> Result<Vec<Found>, Failure> {
        let reference = student.map(|number| self.references().of(number));
        let mut found = Vec::new();
        for (key, bytes) in self.store.scan(DISCLOSURES, &[])? {
            if let Some(reference) = reference
                && !self.took_part(&key, reference)?
            {
                continue;
            }
            let round =
                self.store.get(ROUNDS, &key)?.map(|bytes| RoundRecord::from_bytes(&bytes)).transpose()?;
            found.push(Found { disclosure: Disclosure::from_bytes(&bytes)?, round });
        }
        found.sort_by_key(|one| (one.disclosure.at, one.disclosure.round));
        Ok(found)
    }

    fn took_part(&self, round: &[u8], reference: Reference) -> Result<bool, Failure> {
        for (_, part) in self.store.scan(DISCLOSED, round)? {
            let (references, _) = part.as_chunks::<REFERENCE_BYTES>();
            if references.binary_search(&reference.0).is_ok() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The changes that forget who took part: after a destruction of all records nobody can ask any more.
    pub(crate) fn forget_references(&self) -> Result<Vec<Op>, Failure> {
        let keys = self.store.scan(DISCLOSED, &[])?.into_iter().map(|(key, _)| key);
        Ok(keys.map(|key| Op::delete(DISCLOSED, key)).collect())
    }
}

/// The other seats by what they do in the round (SPEC §6 to §9), and the coordinator.
fn parties(manifest: &Manifest, agreement: &Agreement, own: MemberCode, consortium: &str) -> Vec<Recipient> {
    let me = manifest.participant(own);
    let of_mine = |seat: u16| {
        let (both, tables) = (|table: &_, one| manifest.takes_part(table, one), &manifest.tables);
        tables.iter().any(|table| me.is_some_and(|me| both(table, me)) && both(table, seat))
    };
    let seats = (0_u16..).zip(&manifest.seats).filter(|(_, seat)| seat.code != own).map(|(number, seat)| {
        let mut interest = vec!["passes the blinded list on without being able to read it"];
        if manifest.committee.contains(&number) {
            interest.push("decrypts totals together with the rest of the committee");
        }
        if of_mine(number) {
            interest.push("receives counts, none of them of a single student");
        }
        let name = agreement.party(seat.code).map_or_else(String::new, |party| party.name.clone());
        Recipient { code: Some(seat.code), name, interest: interest.join("; ") }
    });
    let coordinator = Recipient {
        code: None,
        name: format!("coordinator of {consortium}"),
        interest: "matches blinded tags; sees no key, no code and no count of its own".to_owned(),
    };
    seats.chain([coordinator]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::custody::Guard;

    fn custody(folder: &std::path::Path, generation: u64, before: Option<&Custody>) -> Custody {
        let nothing = |_| Ok(zeroize::Zeroizing::new(Vec::new()));
        Custody::create(folder, generation, Guard::File, &nothing, before).unwrap().0
    }

    #[test]
    fn a_reference_is_of_the_number_and_the_key_and_stays_through_a_new_node_key() {
        let folder = tempfile::tempdir().unwrap();
        let first = custody(folder.path(), 1, None);
        let of = |custody: &Custody, number: &str| References::new(custody).of(number);
        assert!(of(&first, "ab-1") == of(&first, " AB-1 "));
        assert!(of(&first, "AB-1") != of(&first, "AB-2"));
        let renewed = custody(folder.path(), 2, Some(&first));
        assert!(of(&first, "AB-1") == of(&renewed, "AB-1"));
        let after_destruction = custody(folder.path(), 3, None);
        assert!(of(&first, "AB-1") != of(&after_destruction, "AB-1"));
    }
}

//! What rounds have counted of this member's students, and whether a new question may stand beside them (domain 4.4; SPEC §10.4).
//!
//! A sender's node keeps [`Counted`] for each round it entered and asks it twice: when a call comes, before anything is blinded
//! and before the number of rows is told, and again in the transaction that endorses, so that two rounds cannot pass each other.
//! It compares across agreements: an agreement that takes another's place forgets nothing.
//!
//! What is kept lists no student: a number is half a [`crate::disclosures::Reference`], a digest under a key that lies with the
//! node key. It is sealed under a key of its agreement, which is overwritten when the agreement's term and its days of retention
//! are over. A destruction of all records makes it meaningless and takes it along.

use std::{collections::BTreeSet, fs, path::PathBuf};

use chacha20poly1305::{
    Key, KeyInit, XChaCha20Poly1305, XNonce,
    aead::{Aead, Payload},
};
use passage_protocol::{
    agreement::{Agreement, Clause, DocumentId, NoiseTerms, Role, Study},
    cells::Grouping,
    codec::Decode,
    disclosure::{Counted, CountedStudent, Earlier, Judged},
    ids::{Digest, RoundId},
    timestamp::Timestamp,
};
use passage_shell::{
    audit::Act, entropy, failure::Failure, shelf::ShelfError, state_dir::write_atomically, store::Op,
};
use zeroize::Zeroizing;

use crate::{
    custody::shred,
    disclosures::References,
    home::{Home, refuse},
    prepare::Prepared,
    records::{COUNTED, ROUNDS, RoundRecord, Standing},
    roster::Roster,
};

/// Folder of the keys, in the state folder.
const KEYS: &str = "counted-keys";
/// XChaCha20-Poly1305 nonce, bytes.
const NONCE_BYTES: usize = 24;
/// Bytes in one value of the store.
const PART: usize = 1 << 20;
/// Bytes of an agreement and a round in a key of the store.
const NAME_BYTES: usize = 48;

/// What a called round would count here, and beside which rounds that was judged.
pub struct Counts {
    counted: Counted,
    beside: BTreeSet<RoundId>,
}

/// The clause that refuses a question, and what the people here are told besides.
pub type Refused = (Clause, String);

/// A round on record, by its name in the store.
type Name = (Digest, RoundId);

impl Home {
    /// What a study would count of this member's students, judged beside every earlier round; nothing if it sends none.
    ///
    /// # Errors
    ///
    /// [`Refused`] inside by rule 4.4, [`Failure`] if a record cannot be read.
    pub fn judged(
        &self,
        agreement: &Agreement,
        study: &Study,
        roster: &Roster,
        prepared: &Prepared,
    ) -> Result<Result<Option<Counts>, Refused>, Failure> {
        if study.role_of(self.code) != Some(Role::Sender) {
            return Ok(Ok(None));
        }
        let counted = counted(agreement, study, &self.references(), roster, prepared)?;
        let earlier = self.counted_before(None)?;
        let beside = earlier.iter().map(|one| one.round).collect();
        Ok(judge(&counted, &earlier).map(|()| Some(Counts { counted, beside })))
    }

    /// The changes that keep what a round counts, for the transaction that endorses it. Judges again if a round has come in
    /// between.
    ///
    /// # Errors
    ///
    /// [`Clause`] inside by rule 4.4, [`Failure`] of the store, the disk or the random source.
    pub fn keep_counted(
        &self,
        agreement: Digest,
        round: RoundId,
        counts: &Counts,
    ) -> Result<Result<Vec<Op>, Clause>, Failure> {
        let others = self.counted_names()?.into_iter().filter(|(_, other)| *other != round);
        if !others.map(|(_, other)| other).all(|other| counts.beside.contains(&other)) {
            let earlier = self.counted_before(Some(round))?;
            if let Err((clause, _)) = judge(&counts.counted, &earlier) {
                return Ok(Err(clause));
            }
        }
        let key = match self.counted_key(agreement)? {
            Some(key) => key,
            None => {
                let key = Zeroizing::new(entropy::seed()?);
                write_atomically(&self.counted_key_path(agreement)?, key.as_slice())?;
                key
            }
        };
        let mut nonce = [0; NONCE_BYTES];
        entropy::fill(&mut nonce)?;
        let name = name(agreement, round);
        let bytes = Zeroizing::new(counts.counted.for_own_store());
        let payload = Payload { msg: &bytes, aad: &name };
        let sealed = XChaCha20Poly1305::new(&Key::from(*key))
            .encrypt(&XNonce::from(nonce), payload)
            .map_err(|_| Failure::io("seal what a round counts", &std::io::ErrorKind::InvalidInput.into()))?;
        let sealed = [nonce.as_slice(), &sealed].concat();
        let part = |(number, part): (u32, &[u8])| {
            Op::put(COUNTED, [name.as_slice(), &number.to_be_bytes()].concat(), part)
        };
        Ok(Ok((0..).zip(sealed.chunks(PART)).map(part).collect()))
    }

    /// The changes that forget what a round counts, because it ended before anything of this member could be decrypted.
    pub(crate) fn forget_counted(&self, agreement: Digest, round: RoundId) -> Result<Vec<Op>, Failure> {
        self.counted_gone(&name(agreement, round))
    }

    /// The changes that forget everything, after a destruction of all records.
    pub(crate) fn forget_all_counted(&self) -> Result<Vec<Op>, Failure> {
        self.counted_gone(&[])
    }

    /// Forgets what was counted under agreements whose term and days of retention are over: overwrites the key, reads it back,
    /// removes it and what it sealed.
    pub(crate) fn forget_ended_agreements(&self, now: Timestamp) -> Result<(), Failure> {
        let names = self.counted_names()?;
        if names.is_empty() {
            return Ok(());
        }
        let over = self.agreements_over(now)?;
        let agreements: BTreeSet<Digest> = names.into_iter().map(|(agreement, _)| agreement).collect();
        for agreement in agreements.intersection(&over).copied() {
            self.recorded(&Act::CountedForgotten { agreement }, || {
                let path = self.counted_key_path(agreement)?;
                if path.exists() {
                    shred::blank(&path)?;
                    shred::erase(&path)?;
                }
                Ok(self.store.commit(&self.counted_gone(&agreement.0)?)?)
            })?;
        }
        Ok(())
    }

    /// Agreements whose term and days of retention are over. Of one that cannot be read any more the last day is not known.
    fn agreements_over(&self, now: Timestamp) -> Result<BTreeSet<Digest>, Failure> {
        let held = self.agreements()?.into_iter();
        let over = held.filter(|held| {
            let days = now.date().days_since(held.agreement.expires);
            days > i64::from(held.agreement.retention_days)
        });
        Ok(over.map(|held| held.digest).collect())
    }

    fn counted_gone(&self, prefix: &[u8]) -> Result<Vec<Op>, Failure> {
        let parts = self.store.scan(COUNTED, prefix)?.into_iter();
        Ok(parts.map(|(key, _)| Op::delete(COUNTED, key)).collect())
    }

    /// Every round on record.
    fn counted_names(&self) -> Result<BTreeSet<Name>, Failure> {
        let parts = self.store.scan(COUNTED, &[])?;
        let read = |(key, _): &(Vec<u8>, Vec<u8>)| -> Result<Name, Failure> {
            Ok(<Name>::from_bytes(key.get(..NAME_BYTES).unwrap_or(key))?)
        };
        parts.iter().map(read).collect()
    }

    /// What every round on record but one has counted.
    fn counted_before(&self, except: Option<RoundId>) -> Result<Vec<Earlier>, Failure> {
        let mut earlier = Vec::new();
        let over = self.agreements_over(self.now())?;
        for (agreement, round) in self.counted_names()? {
            // What is to be forgotten may have lost its key already.
            if Some(round) == except || over.contains(&agreement) {
                continue;
            }
            let lost = || {
                refuse(
                    0x2390,
                    "the record of what an earlier round counted cannot be opened with its key in the folder `counted-keys`",
                    "Restore the folder from a backup: without this record no student can be kept from being singled out.",
                    Some("4.4"),
                )
            };
            let name = name(agreement, round);
            let sealed: Vec<u8> =
                self.store.scan(COUNTED, &name)?.into_iter().flat_map(|(_, part)| part).collect();
            let key = self.counted_key(agreement)?.ok_or_else(lost)?;
            let (nonce, sealed) = sealed.split_first_chunk::<NONCE_BYTES>().ok_or_else(lost)?;
            let payload = Payload { msg: sealed, aad: &name };
            let opened = XChaCha20Poly1305::new(&Key::from(*key)).decrypt(&XNonce::from(*nonce), payload);
            let opened = Zeroizing::new(opened.map_err(|_| lost())?);
            let record =
                self.store.get(ROUNDS, &round.0)?.map(|bytes| RoundRecord::from_bytes(&bytes)).transpose()?;
            let is_answered = record.is_some_and(|record| matches!(record.standing, Standing::Finished));
            earlier.push(Earlier { round, is_answered, counted: Counted::from_own_store(&opened)? });
        }
        Ok(earlier)
    }

    fn counted_key_path(&self, agreement: Digest) -> Result<PathBuf, Failure> {
        Ok(self.dir.folder(KEYS)?.join(format!("{}.key", DocumentId::Agreement(agreement))))
    }

    fn counted_key(&self, agreement: Digest) -> Result<Option<Zeroizing<[u8; 32]>>, Failure> {
        match fs::read(self.counted_key_path(agreement)?).map(Zeroizing::new) {
            Ok(bytes) => Ok(<[u8; 32]>::try_from(bytes.as_slice()).ok().map(Zeroizing::new)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Failure::io("read the key of what rounds counted", &error)),
        }
    }
}

/// The first bytes of the keys under which a round's record stands.
fn name(agreement: Digest, round: RoundId) -> Vec<u8> {
    [agreement.0.as_slice(), &round.0].concat()
}

/// What a study counts of the rows that were prepared for it.
///
/// # Errors
///
/// [`ShelfError`] of the disk on which the roster and the rows may stand.
///
/// # Cost
///
/// Eight bytes a student of the roster.
pub fn counted(
    agreement: &Agreement,
    study: &Study,
    references: &References,
    roster: &Roster,
    prepared: &Prepared,
) -> Result<Counted, ShelfError> {
    let tables = study.tables.iter().map(|table| (table.metric.clone(), table.dimension));
    let metrics = study.metrics();
    let ids: BTreeSet<&str> = metrics.iter().map(|(id, _)| *id).collect();
    // Facts stand in the order of the study, numbers follow the ids.
    let place = |id: &str| (0_u16..).zip(&ids).find(|(_, known)| **known == id).map(|(at, _)| at);
    let places: Vec<Option<u16>> = metrics.iter().map(|(id, _)| place(id)).collect();
    let mut numbers = Vec::with_capacity(roster.students.len());
    roster.students.each(|_, student| {
        numbers.push(references.of_student(student.person()).number());
        Ok::<(), ShelfError>(())
    })?;
    let mut students = Vec::new();
    prepared.rows.each(|row| {
        // A person of several records is the one with the least number, in whichever order the files name them.
        let number = row.students.iter().filter_map(|place| numbers.get(*place as usize)).min();
        let Some(number) = number.copied() else { return Ok(()) };
        for (metric, fact) in places.iter().zip(&row.facts) {
            if let (Some(metric), Some(cohort)) = (*metric, fact.cohort) {
                let (ethnicity, gender, school) = (row.ethnicity, row.gender, row.school);
                let mut groups = [0; Grouping::IN_A_STUDY_MAX];
                groups.iter_mut().zip(&row.groups).for_each(|(group, said)| *group = *said);
                students.push(CountedStudent { metric, number, cohort, ethnicity, gender, school, groups });
            }
        }
        Ok::<(), ShelfError>(())
    })?;
    let counted = Counted::new(study.question(agreement), agreement.floor, tables, &study.cohorts, students);
    Ok(match agreement.noise {
        NoiseTerms::Laplace { .. } => counted,
        NoiseTerms::None { .. } => counted.with_exact_tables(study.asked(agreement)),
    })
}

/// The node's rule: a question asked before is answered by its report, one that would single out a few is refused.
///
/// # Errors
///
/// The clause, and what the people at this member are told; the others learn the code alone.
pub fn judge(counted: &Counted, earlier: &[Earlier]) -> Result<(), Refused> {
    match counted.judge(earlier) {
        Ok(Judged::Fresh) => Ok(()),
        Ok(Judged::AnsweredBy(round)) => {
            let clause = Clause::AlreadyReleased;
            Err((clause, format!("{clause}: already answered by report {round}")))
        }
        Err(isolated) => Err((Clause::from(isolated), isolated.to_string())),
    }
}

#[cfg(test)]
mod tests;

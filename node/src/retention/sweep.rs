//! The destruction of what a round has left, and of what a member that withdraws had contributed: from the order to the
//! certificate (F10, G10, G15, L3).
//!
//! ```text
//! order: what, why, by when, in one change of the store       a kill before it: nothing was ordered
//!   1 overwrite the key of the report, read zeros back, note that in the store
//!   2 overwrite and remove the files: key, exports
//!   3 let go of report, manifest and state in the store
//! look at what is left, sign what was found, tell the coordinator    a kill at any point after the order: all of it is done again
//! ```
//!
//! A withdrawal waits until the last round under the agreement has ended here. Reports that were released before stay until
//! their own date: they are listed, not recalled.

use std::{collections::BTreeSet, path::PathBuf};

use passage_protocol::{
    agreement::DocumentId,
    checkpoint::LogOwner,
    codec::{Decode, Encode},
    codec_struct,
    ids::{Digest, RoundId},
    retention::{Destruction, Ended, Remains},
    timestamp::Timestamp,
};
use passage_shell::{audit::Act, destruction::Statement, failure::Failure, store::Op};

use super::Kept;
use crate::{
    home::Home,
    records::{ROUNDS, RoundRecord, SWEEPS, Standing, WORDS},
};

/// Part of a destruction that may be done again after a kill.
pub(super) type Step = fn(&Home, &Ordered) -> Result<(), Failure>;

/// What follows an order, in this sequence.
pub(super) const STEPS: [Step; 3] = [Home::blank_keys, Home::remove_files, Home::forget];

/// A destruction that is in force and has no certificate yet.
#[derive(Clone, Debug)]
pub struct Ordered {
    pub(super) agreement: Digest,
    pub(super) about: Ended,
    /// Who or what ordered it, in words.
    pub(super) by: String,
    pub(super) at: Timestamp,
    pub(super) due: Timestamp,
    pub(super) items: Vec<Item>,
    /// Whether there was a key of a report to overwrite.
    pub(super) had_key: bool,
    /// Whether it was overwritten here and zeros were read back.
    pub(super) overwritten: bool,
}
codec_struct!(Ordered { agreement, about, by, at, due, items, had_key, overwritten });

/// Things of one kind of one round.
#[derive(Clone, Debug)]
pub(super) struct Item {
    pub(super) round: RoundId,
    pub(super) what: String,
    pub(super) count: u64,
    pub(super) bytes: u64,
    pub(super) due: Timestamp,
}
codec_struct!(Item { round, what, count, bytes, due });

impl Home {
    /// What `sweep` would destroy at `now`.
    ///
    /// # Errors
    ///
    /// [`Failure`] if the store is damaged.
    pub fn due(&self, now: Timestamp) -> Result<Vec<Kept>, Failure> {
        let mut kept = self.kept()?;
        kept.retain(|one| one.ended.is_some() && one.overdue_here(now).is_some());
        Ok(kept)
    }

    /// Destroys everything that is due at `now`, and finishes what was ordered before. Answers the certificates.
    ///
    /// # Errors
    ///
    /// [`Failure`] of the disk, or N2381 if something is still there afterwards; the next sweep goes on.
    pub fn sweep(&self, now: Timestamp) -> Result<Vec<(Statement, PathBuf)>, Failure> {
        self.forget_ended_agreements(now)?;
        for one in self.due(now)? {
            self.order_round(&one)?;
        }
        self.finish_sweeps()
    }

    /// Orders the destruction of what a round has left.
    pub(super) fn order_round(&self, one: &Kept) -> Result<(), Failure> {
        let id = DocumentId::Agreement(one.agreement);
        let by = format!("the agreement {id}: what a round leaves goes when its days are over");
        let mut ordered = Ordered {
            agreement: one.agreement,
            about: Ended::Round(one.round),
            by,
            at: self.now(),
            due: one.due,
            items: Vec::new(),
            had_key: !self.report_keys(one.round)?.is_empty(),
            overwritten: false,
        };
        if self.store.get(SWEEPS, &ordered.key())?.is_some() {
            return Ok(()); // goes on with `finish_sweeps`; one entry in the audit log is enough
        }
        let mut item = |what: Remains, count: u64, bytes: u64| {
            let what = what.word().to_owned();
            ordered.items.push(Item { round: one.round, what, count, bytes, due: one.due });
        };
        if let Some(bytes) = self.sealed_bytes(one.round)? {
            item(Remains::Report, 1, bytes);
        }
        let exports = self.report_exports(one.round)?;
        if !exports.is_empty() {
            let bytes = exports.iter().filter_map(|path| path.metadata().ok()).map(|meta| meta.len()).sum();
            item(Remains::Report, exports.len() as u64, bytes);
        }
        if let Some(manifest) = self.round(one.round)?.and_then(|record| record.manifest) {
            item(Remains::Manifest, 1, manifest.to_bytes().len() as u64);
        }
        self.recorded(&Act::RoundDestroyed { round: one.round, by: &id.to_string() }, || {
            self.store.transact(|| {
                // Ordered once: what an order given meanwhile has listed is gone already.
                let known = self.store.get(SWEEPS, &ordered.key())?.is_some();
                let done = self.store.get(WORDS, &ordered.own_place(self))?.is_some();
                Ok((if known || done { Vec::new() } else { vec![ordered.put()] }, ()))
            })
        })
    }

    /// The order that goes with this member's withdrawal, to be committed with it.
    pub(crate) fn withdrawal_order(&self, agreement: Digest, by: &str, at: Timestamp) -> Op {
        let about = Ended::Party(self.code);
        let ordered = Ordered {
            agreement,
            about,
            by: by.to_owned(),
            at,
            due: at,
            items: Vec::new(),
            had_key: false,
            overwritten: false,
        };
        ordered.put()
    }

    /// Goes on with every destruction that was ordered. Called after every order and whenever the folder is opened, so that a
    /// kill in between leaves nothing. A withdrawal whose rounds have not ended here waits.
    pub(crate) fn finish_sweeps(&self) -> Result<Vec<(Statement, PathBuf)>, Failure> {
        let _one_at_a_time = self.sweeping.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let mut certificates = Vec::new();
        for ordered in self.sweeps()? {
            let ordered = match ordered.about {
                Ended::Round(_) => ordered,
                Ended::Party(_) => match self.listed(ordered)? {
                    Some(listed) => listed,
                    None => continue,
                },
            };
            STEPS.iter().try_for_each(|step| step(self, &ordered))?;
            certificates.push(self.certify_sweep(&ordered)?);
        }
        Ok(certificates)
    }

    /// Destructions that are ordered and not certified.
    pub(super) fn sweeps(&self) -> Result<Vec<Ordered>, Failure> {
        let read = |(_, bytes): (Vec<u8>, Vec<u8>)| Ok(Ordered::from_bytes(&bytes)?);
        self.store.scan(SWEEPS, &[])?.into_iter().map(read).collect()
    }

    /// A withdrawal's order with what there is to destroy; none while a round under the agreement has not ended here.
    pub(super) fn listed(&self, mut ordered: Ordered) -> Result<Option<Ordered>, Failure> {
        let rounds = self.rounds_under(ordered.agreement)?;
        if rounds.iter().any(|record| super::ended(record).is_none()) {
            return Ok(None);
        }
        if ordered.items.is_empty() {
            for record in &rounds {
                let Some(manifest) = &record.manifest else { continue };
                ordered.items.push(Item {
                    round: record.call.round,
                    what: Remains::Manifest.word().to_owned(),
                    count: 1,
                    bytes: manifest.to_bytes().len() as u64,
                    due: ordered.due,
                });
            }
            self.store.commit(&[ordered.put()])?;
        }
        Ok(Some(ordered))
    }

    fn blank_keys(&self, ordered: &Ordered) -> Result<(), Failure> {
        let Ended::Round(round) = ordered.about else { return Ok(()) };
        if self.blank_report_keys(round)? {
            self.store.commit(&[Ordered { overwritten: true, ..ordered.clone() }.put()])?;
        }
        Ok(())
    }

    fn remove_files(&self, ordered: &Ordered) -> Result<(), Failure> {
        let Ended::Round(round) = ordered.about else { return Ok(()) };
        self.remove_report_files(round)
    }

    fn forget(&self, ordered: &Ordered) -> Result<(), Failure> {
        let rounds = self.rounds_of(ordered)?;
        let mut ops = Vec::new();
        for record in rounds {
            let round = record.call.round;
            if ordered.about == Ended::Round(round) {
                ops.extend(Self::forget_report(round));
            }
            ops.push(Op::put(ROUNDS, round.0, RoundRecord { manifest: None, ..record }.to_bytes()));
        }
        self.store.commit(&ops)?;
        if self.runs_nothing()? {
            self.shelf.keep(&BTreeSet::new())?;
        }
        Ok(())
    }

    /// Whether no round is computed here at all: then nothing belongs on the shelf.
    pub(super) fn runs_nothing(&self) -> Result<bool, Failure> {
        for (_, bytes) in self.store.scan(ROUNDS, &[])? {
            if let Standing::Running { .. } = RoundRecord::from_bytes(&bytes)?.standing {
                return Ok(false);
            }
        }
        Ok(true)
    }

    pub(super) fn round(&self, round: RoundId) -> Result<Option<RoundRecord>, Failure> {
        Ok(self.store.get(ROUNDS, &round.0)?.map(|bytes| RoundRecord::from_bytes(&bytes)).transpose()?)
    }

    pub(super) fn rounds_of(&self, ordered: &Ordered) -> Result<Vec<RoundRecord>, Failure> {
        match ordered.about {
            Ended::Round(round) => Ok(self.round(round)?.into_iter().collect()),
            Ended::Party(_) => self.rounds_under(ordered.agreement),
        }
    }

    pub(super) fn rounds_under(&self, agreement: Digest) -> Result<Vec<RoundRecord>, Failure> {
        let mut rounds = Vec::new();
        for (_, bytes) in self.store.scan(ROUNDS, &[])? {
            let record = RoundRecord::from_bytes(&bytes)?;
            if record.call.agreement == agreement {
                rounds.push(record);
            }
        }
        Ok(rounds)
    }

    pub(super) fn released(&self, agreement: Digest) -> Result<Vec<String>, Failure> {
        let finished = |record: &RoundRecord| matches!(record.standing, Standing::Finished);
        let rounds = self.rounds_under(agreement)?.into_iter().filter(finished);
        Ok(rounds.map(|record| record.call.round.to_string()).collect())
    }
}

impl Ordered {
    pub(super) fn key(&self) -> Vec<u8> {
        (self.agreement, self.about).to_bytes()
    }

    fn put(&self) -> Op {
        Op::put(SWEEPS, self.key(), self.to_bytes())
    }

    pub(super) fn own_place(&self, home: &Home) -> Vec<u8> {
        Destruction::place(self.agreement, self.about, LogOwner::Member(home.code))
    }
}

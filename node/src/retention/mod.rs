//! What rounds have left at this member, until when it may be kept, and that it is gone then (G10, G15, F10, L3).
//!
//! * [`vault`] - reports, sealed so that they can be destroyed.
//! * [`sweep`] - the destruction of what is due, from the order to the certificate.
//! * `certify` - the look afterwards, and the certificate.
//! * [`words`] - what this member and the coordinator tell each other about it.
//!
//! Dates come from [`passage_protocol::retention::destroy_by`] alone. `node/docs/retention.md` lists what stays, and why.

mod certify;
pub mod sweep;
#[cfg(test)]
mod tests;
pub mod vault;
pub mod words;

use passage_protocol::{
    codec::Decode,
    ids::{Digest, RoundId},
    retention::{DAYS_WITHOUT_DOCUMENT, Destruction, Ended, Remains, destroy_by, overdue_days},
    timestamp::Timestamp,
};
use passage_shell::failure::Failure;

pub(crate) use self::words::ask;
use crate::{
    home::Home,
    records::{ROUNDS, RoundRecord, Standing},
};

/// A round and what is left of it.
#[derive(Clone, Debug)]
pub struct Kept {
    /// The round.
    pub round: RoundId,
    /// The agreement it stood under.
    pub agreement: Digest,
    /// When it ended; none while it runs or awaits a decision.
    pub ended: Option<Timestamp>,
    /// By when everything of it must be gone here: of one that runs, what the computation needs.
    pub due: Timestamp,
    /// What is here.
    pub left: Vec<Remains>,
    /// What this member has signed about its end.
    pub own: Option<Destruction>,
    /// What the coordinator has signed about its side.
    pub coordinator: Option<Destruction>,
}

impl Kept {
    /// Days by which this member is late; none if it is not.
    #[must_use]
    pub fn overdue_here(&self, now: Timestamp) -> Option<u64> {
        overdue_days(self.due, now).filter(|_| self.own.is_none())
    }

    /// Days by which the coordinator is late; none if it is not, as far as this member was told.
    #[must_use]
    pub fn overdue_there(&self, now: Timestamp) -> Option<u64> {
        overdue_days(self.due, now).filter(|_| self.coordinator.is_none())
    }
}

impl Home {
    /// Every round this member was called to, with what is left of it, the first to be destroyed first.
    ///
    /// # Errors
    ///
    /// [`Failure`] if the store is damaged.
    pub fn kept(&self) -> Result<Vec<Kept>, Failure> {
        let agreements = self.agreements()?;
        let mut kept = Vec::new();
        for (_, bytes) in self.store.scan(ROUNDS, &[])? {
            let record = RoundRecord::from_bytes(&bytes)?;
            let (round, agreement) = (record.call.round, record.call.agreement);
            let held = agreements.iter().find(|held| held.digest == agreement);
            let days = held.map_or(DAYS_WITHOUT_DOCUMENT, |held| held.agreement.retention_days);
            let ended = ended(&record);
            let due = match ended {
                Some(at) => destroy_by(Remains::Report, at, days),
                None => destroy_by(Remains::Lists, record.call.deadline, days),
            };
            let about = Ended::Round(round);
            kept.push(Kept {
                round,
                agreement,
                ended,
                due,
                left: self.left_of(&record)?,
                own: self.own_word(agreement, about)?,
                coordinator: self.coordinators_word(agreement, about)?,
            });
        }
        kept.sort_by_key(|one| (one.due, one.round));
        Ok(kept)
    }

    /// Rounds whose things should be gone on one of the two sides and are not, as far as this member knows: here, there.
    ///
    /// # Errors
    ///
    /// [`Failure`] if the store is damaged.
    pub fn overdue(&self, now: Timestamp) -> Result<(usize, usize), Failure> {
        let kept = self.kept()?;
        let here = kept.iter().filter(|one| one.overdue_here(now).is_some()).count();
        Ok((here, kept.iter().filter(|one| one.overdue_there(now).is_some()).count()))
    }

    fn left_of(&self, record: &RoundRecord) -> Result<Vec<Remains>, Failure> {
        let round = record.call.round;
        let mut left = Vec::new();
        if ended(record).is_none() {
            left.push(Remains::State);
        }
        if record.manifest.is_some() {
            left.push(Remains::Manifest);
        }
        if self.sealed_bytes(round)?.is_some() || !self.report_exports(round)?.is_empty() {
            left.push(Remains::Report);
        }
        Ok(left)
    }
}

/// When a round ended here.
fn ended(record: &RoundRecord) -> Option<Timestamp> {
    match record.standing {
        Standing::AwaitDecision | Standing::Running { .. } => None,
        Standing::Aborted { .. } | Standing::Finished => Some(record.moved),
    }
}

//! What rounds have left at the coordinator, until when it may be kept, that it is gone then, and which members have confirmed
//! the same of their side (G10, G15, F10, C4).
//!
//! * `sweep` - the destruction of what is due, and of what a member that withdrew had contributed.
//! * `words` - what members confirm and what they are told.
//!
//! Dates come from [`passage_protocol::retention::destroy_by`] alone. `node/docs/retention.md` lists what stays, and why.

mod certify;
mod sweep;
#[cfg(test)]
mod tests;
mod words;

use passage_protocol::{
    checkpoint::LogOwner,
    ids::{Digest, MemberCode, RoundId},
    retention::{DAYS_WITHOUT_DOCUMENT, Destruction, Ended, Remains, destroy_by, overdue_days},
    timestamp::Timestamp,
};

pub(crate) use self::{
    sweep::{due, finish, sweep, withdrawal_order},
    words::{hear, word, words_for},
};
use crate::{
    app::App,
    documents,
    error::CoordinatorError,
    members,
    records::{RoundRecord, Standing},
    rounds,
};

/// Something that ended, with what both sides have signed about it.
#[derive(Clone, Debug)]
pub struct Line {
    /// The agreement it stood under.
    pub agreement: Digest,
    /// What ended.
    pub about: Ended,
    /// When; none while a round runs.
    pub ended: Option<Timestamp>,
    /// By when everything of it must be gone: of a round that runs, what the computation needs.
    pub due: Timestamp,
    /// What the coordinator has signed.
    pub own: Option<Destruction>,
    /// What each member has signed that has to.
    pub members: Vec<(MemberCode, Option<Destruction>)>,
}

impl Line {
    /// Days by which the coordinator is late; none if it is not.
    #[must_use]
    pub fn overdue_here(&self, now: Timestamp) -> Option<u64> {
        overdue_days(self.due, now).filter(|_| self.own.is_none())
    }

    /// Members that have not confirmed though the date is over.
    #[must_use]
    pub fn silent(&self, now: Timestamp) -> Vec<MemberCode> {
        let silent = self.members.iter().filter(|(_, word)| word.is_none()).map(|(code, _)| *code);
        if overdue_days(self.due, now).is_some() { silent.collect() } else { Vec::new() }
    }
}

/// Every round and every withdrawal, what is due first.
///
/// # Errors
///
/// [`CoordinatorError::Store`], [`CoordinatorError::Consent`].
pub fn lines(app: &App) -> Result<Vec<Line>, CoordinatorError> {
    let mut revoked = Vec::new();
    for line in members::list(app)? {
        revoked.extend(line.member.revoked.map(|_| line.code));
    }
    let mut lines = Vec::new();
    for (id, record) in rounds::list(app)? {
        let about = Ended::Round(id);
        let mut members = Vec::new();
        // One whose certificate is revoked cannot say anything any more.
        for code in record.participants.iter().filter(|code| !revoked.contains(code)) {
            members.push((*code, word(app, record.agreement, about, LogOwner::Member(*code))?));
        }
        lines.push(Line {
            agreement: record.agreement,
            about,
            ended: ended(&record),
            due: due_of(app, &record),
            own: word(app, record.agreement, about, LogOwner::Coordinator)?,
            members,
        });
    }
    for (agreement, document) in documents::agreements(app)? {
        let consents = documents::consents(app, agreement, &document)?;
        for party in &document.parties {
            let Some(left) = consents.withdrawal(party.code) else { continue };
            let (about, owner) = (Ended::Party(party.code), LogOwner::Member(party.code));
            lines.push(Line {
                agreement,
                about,
                ended: Some(left.at),
                due: left.at,
                own: word(app, agreement, about, LogOwner::Coordinator)?,
                members: vec![(party.code, word(app, agreement, about, owner)?)],
            });
        }
    }
    lines.sort_by_key(|line| (line.due, line.about));
    Ok(lines)
}

/// When a round ended: with its reports in the mailboxes nothing is computed any more.
fn ended(record: &RoundRecord) -> Option<Timestamp> {
    match &record.standing {
        Standing::Running(round) if !rounds::is_closing(round) => None,
        Standing::Running(_) | Standing::Aborted { .. } | Standing::Finished { .. } => Some(record.moved),
    }
}

/// By when a round must be gone.
fn due_of(app: &App, record: &RoundRecord) -> Timestamp {
    let papers = documents::papers(app, record.study);
    let days = papers.map_or(DAYS_WITHOUT_DOCUMENT, |papers| papers.agreement.retention_days);
    match (&record.standing, ended(record)) {
        (Standing::Running(round), None) => destroy_by(Remains::Lists, round.call().deadline, days),
        (_, at) => destroy_by(Remains::Report, at.unwrap_or(record.moved), days),
    }
}

/// The id of a round that ended.
fn round_of(about: Ended) -> Option<RoundId> {
    match about {
        Ended::Round(round) => Some(round),
        Ended::Party(_) => None,
    }
}

//! Rounds as the coordinator keeps them, and the only caller of `CoordinatorRound::step`.
//!
//! ```text
//!   input ─▶ one store transaction: load ─▶ step ─▶ state + mail + seen + blob readers + board
//!                                             │
//!                   then: wake mailboxes, start work, remove erased files
//! ```
//!
//! What is decided is durable before anybody hears of it; what was not acted on is repeated after a restart
//! ([`resume`]). A round that ends by the loss of a member's keys or by its deadline is opened again under a new id, at
//! most [`ATTEMPTS_MAX`] times; a round that a person stopped or in which somebody's bytes were refused never is.

mod apply;
mod open;

use passage_protocol::{
    agreement::Clause,
    codec::Decode,
    ids::{Digest, MemberCode, RoundId},
    round::{Abort, AbortReason, CoordinatorEffect, CoordinatorInput},
    timestamp::Timestamp,
};

pub(crate) use self::apply::is_closing;
pub use self::{
    apply::{Taken, input, post, work_done},
    open::open,
};
use crate::{
    app::App,
    documents,
    error::CoordinatorError,
    records::{ROUNDS, RoundRecord, Standing},
};

/// Attempts at one opening, the first included: a member that restarts more often has another problem.
pub const ATTEMPTS_MAX: u16 = 8;

/// The codes after which a round is opened again: a member lost its keys (P0C03), the deadline passed (P0C01).
pub const REOPENED_AFTER: [u16; 2] = [0x0C03, 0x0C01];

/// Every round, newest first.
///
/// # Errors
///
/// [`CoordinatorError::Store`].
pub fn list(app: &App) -> Result<Vec<(RoundId, RoundRecord)>, CoordinatorError> {
    let mut rounds = Vec::new();
    for (key, record) in app.all::<RoundRecord>(ROUNDS)? {
        rounds.push((RoundId::from_bytes(&key)?, record));
    }
    rounds.sort_by_key(|(id, record)| (std::cmp::Reverse(record.opened), *id));
    Ok(rounds)
}

/// The round whose id begins with `prefix`, as `R-...` or bare digits.
///
/// # Errors
///
/// [`CoordinatorError::RoundUnknown`] unless exactly one does.
pub fn find(app: &App, prefix: &str) -> Result<(RoundId, RoundRecord), CoordinatorError> {
    let prefix = format!("R-{}", prefix.strip_prefix("R-").unwrap_or(prefix).to_lowercase());
    let mut matching = list(app)?.into_iter().filter(|(id, _)| id.to_string().starts_with(&prefix));
    match (prefix.len() > 2, matching.next(), matching.next()) {
        (true, Some(found), None) => Ok(found),
        (_, Some(_) | None, _) => Err(CoordinatorError::RoundUnknown),
    }
}

/// Rounds that answered the question of a study, newest first. Whether its students are still the same, the members alone
/// know (SPEC §10.4).
///
/// # Errors
///
/// [`CoordinatorError::Store`], [`CoordinatorError::Document`].
pub fn answered(app: &App, study: Digest) -> Result<Vec<RoundId>, CoordinatorError> {
    let question = |digest| {
        let papers = documents::papers(app, digest)?;
        Ok::<_, CoordinatorError>(papers.study.question(&papers.agreement))
    };
    let asked = question(study)?;
    let mut answers = Vec::new();
    for (id, record) in list(app)? {
        let finished = matches!(record.standing, Standing::Finished { .. });
        // A study of an earlier format asks nothing that is asked now.
        if finished && (record.study == study || question(record.study).is_ok_and(|other| other == asked)) {
            answers.push(id);
        }
    }
    Ok(answers)
}

/// Ends every running round in which `member` takes part, under `agreement` if one is named: it withdrew or was revoked.
///
/// # Errors
///
/// [`CoordinatorError::Store`], [`CoordinatorError::Audit`].
pub fn end_for(
    app: &App,
    agreement: Option<Digest>,
    member: MemberCode,
    now: Timestamp,
) -> Result<(), CoordinatorError> {
    for (id, record) in list(app)? {
        let concerned = agreement.is_none_or(|agreement| record.agreement == agreement)
            && record.participants.contains(&member);
        if concerned && matches!(record.standing, Standing::Running(_)) {
            apply::abort(app, id, Abort::because(AbortReason::Refused(Clause::Withdrawn)), now)?;
        }
    }
    Ok(())
}

/// Starts again the work that was running when the coordinator stopped.
///
/// # Errors
///
/// [`CoordinatorError::Store`].
pub fn resume(app: &App) -> Result<usize, CoordinatorError> {
    let mut started = 0;
    for (id, record) in list(app)? {
        let Standing::Running(round) = &record.standing else { continue };
        for effect in round.resume() {
            if let CoordinatorEffect::Work(job) = effect {
                app.start_work(id, job);
                started += 1;
            }
        }
    }
    Ok(started)
}

/// Lets time pass: deadlines. What is due for destruction is [`crate::retention`]'s.
///
/// # Errors
///
/// [`CoordinatorError::Store`], [`CoordinatorError::Audit`].
pub fn tick(app: &App, now: Timestamp) -> Result<(), CoordinatorError> {
    for (id, record) in list(app)? {
        match &record.standing {
            Standing::Running(round) if !is_closing(round) && round.call().deadline < now => {
                input(app, id, CoordinatorInput::Tick, now)?;
            }
            Standing::Aborted { .. } | Standing::Finished { .. } | Standing::Running(_) => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;

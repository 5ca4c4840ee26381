//! Opening a round: documents, signatures, term, members; a fresh id; the call into every mailbox (SPEC §5.1).

use passage_protocol::{
    agreement::Clause,
    ids::{Digest, RoundId},
    manifest::opening::{CallSeat, RoundCall},
    round::{CoordinatorRound, Plans},
    timestamp::Timestamp,
};
use passage_shell::{audit::Act, entropy};

use crate::{
    app::App,
    documents::{self, Papers},
    error::CoordinatorError,
    mail::Outbox,
    records::{MEMBERS, Member, RoundRecord, Standing},
    rounds::apply::{Commit, is_closing},
};

/// Opens a round of the study.
///
/// # Errors
///
/// [`CoordinatorError::Clause`] naming the rule (G01 for a missing signature), [`CoordinatorError::RoundRunning`],
/// [`CoordinatorError::PartyNotMember`] for a revoked participant.
pub fn open(app: &App, study: Digest, now: Timestamp) -> Result<RoundId, CoordinatorError> {
    let papers = documents::papers(app, study)?;
    documents::check_standing(app, &papers, now)?;
    let (id, after) = app.transact(now, || {
        let running = super::list(app)?.into_iter().find(|(_, record)| {
            let running = matches!(&record.standing, Standing::Running(round) if !is_closing(round));
            record.study == study && running
        });
        if let Some((round, _)) = running {
            return Err(CoordinatorError::RoundRunning { round });
        }
        let seats = seats(app, &papers)?;
        let (id, commit) = prepare(app, &papers, seats, 1, Outbox::default(), now)?;
        let (acts, ops, after) = commit.finish()?;
        Ok((acts, ops, (id, after)))
    })?;
    after.act(app);
    Ok(id)
}

/// The study's participants under the agreement's keys.
///
/// # Errors
///
/// [`CoordinatorError::PartyNotMember`] for a participant that is revoked.
pub(super) fn seats(app: &App, papers: &Papers) -> Result<Vec<CallSeat>, CoordinatorError> {
    let mut seats = Vec::new();
    for one in &papers.study.participants {
        let code = one.code;
        let member: Option<Member> = app.kept(MEMBERS, &code)?;
        if member.is_none_or(|member| member.revoked.is_some()) {
            return Err(CoordinatorError::PartyNotMember { code });
        }
        let party = papers.agreement.party(code).ok_or(Clause::NotAParty)?;
        seats.push(CallSeat { code, signing_key: party.signing_key });
    }
    Ok(seats)
}

/// A new round, ready to be committed. Runs inside a store transaction.
pub(super) fn prepare<'a>(
    app: &'a App,
    papers: &Papers,
    seats: Vec<CallSeat>,
    attempt: u16,
    outbox: Outbox,
    now: Timestamp,
) -> Result<(RoundId, Commit<'a>), CoordinatorError> {
    let mut bytes = [0; 16];
    entropy::fill(&mut bytes)?;
    let id = RoundId(bytes);
    let call = RoundCall {
        round: id,
        study: papers.study_digest,
        agreement: papers.agreement_digest,
        share_list: documents::share_list(app, papers)?,
        seats,
        opened: now,
        deadline: now.plus_s(app.settings.round_hours.saturating_mul(3_600).max(60)),
    };
    documents::check_call(app, papers, &call)?;
    let mut record = RoundRecord {
        study: papers.study_digest,
        agreement: papers.agreement_digest,
        participants: call.seats.iter().map(|seat| seat.code).collect(),
        opened: now,
        moved: now,
        attempt,
        reopened_as: None,
        events: Vec::new(),
        standing: Standing::Finished { reports: Vec::new() }, // replaced by the step below
    };
    let plans = Plans { agreement: &papers.agreement, study: &papers.study };
    let step = CoordinatorRound::open(plans, call)?;
    record.note(now, format!("called {} members, attempt {attempt}", record.participants.len()));
    let act = Act::RoundOpened { round: id, study: papers.study_digest, attempt };
    Ok((id, Commit::new(app, id, record, now).recording(act).after_mail(outbox).step(step)?))
}

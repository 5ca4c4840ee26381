//! One input to one round: a single store transaction, then the effects.

use passage_protocol::{
    agreement::DocumentId,
    codec::Encode,
    ids::{Digest, MemberCode, RoundId},
    refusal::{Code, Refusal},
    round::{
        Abort, CoordinatorEffect, CoordinatorInput, CoordinatorJob, CoordinatorOutcome, CoordinatorRound,
        Event, Plans, Step,
    },
    timestamp::Timestamp,
    wire::{BlobRef, Envelope, Message},
};
use passage_shell::{audit::Act, failure::code_text, store::Op};

use crate::{
    app::App,
    blobs, documents,
    error::CoordinatorError,
    mail::Outbox,
    records::{ROUNDS, RoundRecord, SEEN, Standing, pair_key},
    rounds::{ATTEMPTS_MAX, REOPENED_AFTER, open},
};

/// What became of an input.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Taken {
    /// It was taken in before; nothing changed.
    Again,
    /// The round moved, or ended.
    Now,
    /// The round was over already; nothing changed.
    Over,
}

/// What to do once a transaction is committed. Everything here may be repeated, or is made up for at the next start.
#[derive(Default)]
pub(crate) struct After {
    wake: Vec<MemberCode>,
    work: Vec<(RoundId, CoordinatorJob)>,
    gone: Vec<Digest>,
}

impl After {
    pub(crate) fn act(self, app: &App) {
        blobs::remove_files(app, &self.gone);
        for (round, job) in self.work {
            app.start_work(round, job);
        }
        app.mailboxes.wake(self.wake);
    }
}

/// The changes of one round in one transaction.
pub(crate) struct Commit<'a> {
    app: &'a App,
    id: RoundId,
    record: RoundRecord,
    now: Timestamp,
    outbox: Outbox,
    acts: Vec<Act<'static>>,
    ops: Vec<Op>,
    after: After,
}

impl<'a> Commit<'a> {
    pub(crate) fn new(app: &'a App, id: RoundId, record: RoundRecord, now: Timestamp) -> Self {
        let (outbox, after) = (Outbox::default(), After::default());
        let record = RoundRecord { moved: now, ..record };
        Self { app, id, record, now, outbox, acts: Vec::new(), ops: Vec::new(), after }
    }

    /// Puts an act on the audit log before the changes are committed.
    pub(crate) fn recording(mut self, act: Act<'static>) -> Self {
        self.acts.push(act);
        self
    }

    /// Goes on numbering mail where another round of the same transaction stopped.
    pub(crate) fn after_mail(self, outbox: Outbox) -> Self {
        Self { outbox, ..self }
    }

    /// Takes over a step: its state, its mail, its work, what is to be erased.
    pub(crate) fn step(
        mut self,
        step: Step<CoordinatorRound, CoordinatorEffect>,
    ) -> Result<Self, CoordinatorError> {
        let was_closing = matches!(&self.record.standing, Standing::Running(round) if is_closing(round));
        let mut released = Vec::new();
        for effect in step.effects {
            match effect {
                CoordinatorEffect::Send { to, from, message } => {
                    if let Message::Result { report } = &message {
                        released.push(report.digest);
                    }
                    self.outbox.add(self.app, to, &Envelope { round: self.id, from, message })?;
                }
                CoordinatorEffect::Work(job) => self.after.work.push((self.id, job)),
                CoordinatorEffect::Report(event) => self.report(&event),
                // Lists went when the reports came; reports stay for their readers and the board.
                CoordinatorEffect::Erase => {}
            }
        }
        if is_closing(&step.state) && !was_closing {
            let (ops, gone) = blobs::erase(self.app, self.id, &released)?;
            self.ops.extend(ops);
            self.after.gone.extend(gone);
        }
        self.record.standing = match step.state {
            CoordinatorRound::Finished(finished) => Standing::Finished { reports: finished.reports },
            running @ (CoordinatorRound::Calling(_)
            | CoordinatorRound::Closing(_)
            | CoordinatorRound::Endorsing(_)
            | CoordinatorRound::Mixing(_)
            | CoordinatorRound::Releasing(_)
            | CoordinatorRound::Revealing(_)
            | CoordinatorRound::Sharing(_)) => Standing::Running(Box::new(running)),
        };
        Ok(self)
    }

    fn report(&mut self, event: &Event) {
        let round = self.id;
        let text = match event {
            Event::Answered => "every member answered".to_owned(),
            Event::AwaitingApproval => "the manifest is known; people approve".to_owned(),
            Event::CommitteeDrawn(codes) => {
                let codes: Vec<String> = codes.iter().map(ToString::to_string).collect();
                format!("committee drawn: {}", codes.join(", "))
            }
            Event::Finished => {
                self.acts.push(Act::RoundFinished { round });
                "every member has its report and erased the round".to_owned()
            }
            Event::Joined => "lists joined, plans written".to_owned(),
            Event::ListPassed { list, hop } => format!("list {list}: pass {hop} done"),
            Event::Released => {
                self.acts.push(Act::RoundReleased { round });
                "tables released, reports in the mailboxes, lists erased".to_owned()
            }
            Event::Sealed => {
                self.acts.push(Act::RoundSealed { round });
                "every member signed the manifest".to_owned()
            }
            Event::TablePassed { table, hop } => format!("table {table}: pass {hop} done"),
        };
        self.record.note(self.now, text);
    }

    /// Ends the round without a result, and opens it again where that can help.
    fn abort(mut self, abort: &Abort) -> Result<Self, CoordinatorError> {
        let code = abort.code();
        self.acts.push(Act::RoundAborted { round: self.id, code, fault: abort.fault });
        for member in self.record.participants.clone() {
            let message = Message::Abort(abort.notice());
            self.outbox.add(self.app, member, &Envelope { round: self.id, from: None, message })?;
        }
        let (ops, gone) = blobs::erase(self.app, self.id, &[])?;
        self.ops.extend(ops);
        self.after.gone.extend(gone);
        self.record.note(self.now, format!("aborted with {}", code_text(code)));
        let standing = Standing::Aborted { code, reason: abort.to_string(), fault: abort.fault };
        self.record.standing = standing;
        Ok(self)
    }

    /// What to record, everything to commit, and what to do then.
    pub(crate) fn finish(mut self) -> Result<(Vec<Act<'static>>, Vec<Op>, After), CoordinatorError> {
        if !matches!(self.record.standing, Standing::Running(_)) {
            // An ended round takes nothing in any more; there is nothing to tell apart.
            self.ops.retain(|op| !matches!(op, Op::Put { table: SEEN, .. }));
            let seen = self.app.store.scan(SEEN, &self.id.to_bytes())?;
            self.ops.extend(seen.into_iter().map(|(key, _)| Op::delete(SEEN, key)));
        }
        let (mail, wake) = self.outbox.finish();
        self.ops.extend(mail);
        self.after.wake.extend(wake);
        self.ops.push(Op::put(ROUNDS, self.id.to_bytes(), self.record.to_bytes()));
        Ok((self.acts, self.ops, self.after))
    }
}

/// True once reports are in the mailboxes: from then on the round can only finish.
pub(crate) fn is_closing(round: &CoordinatorRound) -> bool {
    match round {
        CoordinatorRound::Closing(_) | CoordinatorRound::Finished(_) => true,
        CoordinatorRound::Calling(_)
        | CoordinatorRound::Endorsing(_)
        | CoordinatorRound::Mixing(_)
        | CoordinatorRound::Releasing(_)
        | CoordinatorRound::Revealing(_)
        | CoordinatorRound::Sharing(_) => false,
    }
}

/// Takes one input that is not a member's message.
///
/// # Errors
///
/// [`CoordinatorError::RoundUnknown`], [`CoordinatorError::Store`], [`CoordinatorError::Audit`]. An abort is no error.
pub fn input(
    app: &App,
    id: RoundId,
    input: CoordinatorInput,
    now: Timestamp,
) -> Result<Taken, CoordinatorError> {
    take(app, id, now, |_| Ok(Some((input, Vec::new()))))
}

/// Takes a member's message: once, from a participant, with the blob it names on the shelf.
///
/// # Errors
///
/// [`CoordinatorError::RoundUnknown`] also for one who takes no part; [`CoordinatorError::BlobMissing`].
pub fn post(
    app: &App,
    from: MemberCode,
    envelope: Envelope,
    now: Timestamp,
) -> Result<Taken, CoordinatorError> {
    let id = envelope.round;
    let envelope = Envelope { from: Some(from), ..envelope };
    let seen = pair_key(&id, &Digest::of_blob(&envelope.to_bytes()));
    take(app, id, now, |record| {
        if !record.participants.contains(&from) {
            return Err(CoordinatorError::RoundUnknown);
        }
        if app.store.get(SEEN, &seen)?.is_some() {
            return Ok(None);
        }
        let mut ops = vec![Op::put(SEEN, seen.clone(), Vec::new())];
        if let Standing::Running(state) = &record.standing {
            ops.extend(blobs::address(app, id, from, &envelope.message, state)?);
        }
        Ok(Some((CoordinatorInput::Message { from, message: envelope.message }, ops)))
    })
}

/// Takes the outcome of finished work together with the blobs it put on the shelf, each for its readers.
///
/// # Errors
///
/// As [`input`].
pub fn work_done(
    app: &App,
    id: RoundId,
    outcome: CoordinatorOutcome,
    made: Vec<(BlobRef, Vec<MemberCode>)>,
    now: Timestamp,
) -> Result<Taken, CoordinatorError> {
    let digests: Vec<Digest> = made.iter().map(|(blob, _)| blob.digest).collect();
    let ops = made.into_iter().map(|(blob, readers)| blobs::own(id, blob, readers)).collect();
    let taken = take(app, id, now, |_| Ok(Some((CoordinatorInput::Done(outcome), ops))))?;
    if taken == Taken::Over {
        blobs::remove_files(app, &digests);
    }
    Ok(taken)
}

/// Ends a running round from outside the engine.
pub(super) fn abort(app: &App, id: RoundId, abort: Abort, now: Timestamp) -> Result<Taken, CoordinatorError> {
    change(app, id, now, |record| match &record.standing {
        // Once reports are out nothing can be taken back.
        Standing::Running(round) if !is_closing(round) => {
            Ok(Some(Commit::new(app, id, record, now).abort(&abort)?))
        }
        Standing::Aborted { .. } | Standing::Finished { .. } | Standing::Running(_) => Ok(None),
    })
}

/// The one place where a round's engine steps.
fn take(
    app: &App,
    id: RoundId,
    now: Timestamp,
    decide: impl FnOnce(&RoundRecord) -> Result<Option<(CoordinatorInput, Vec<Op>)>, CoordinatorError>,
) -> Result<Taken, CoordinatorError> {
    change(app, id, now, |record| {
        let Some((input, ops)) = decide(&record)? else { return Ok(None) };
        let papers = documents::papers(app, record.study)?;
        let plans = Plans { agreement: &papers.agreement, study: &papers.study };
        let Standing::Running(round) = &record.standing else { return Ok(None) };
        let round = CoordinatorRound::clone(round);
        let closing = is_closing(&round);
        let mut commit = Commit::new(app, id, record, now);
        commit.ops = ops;
        match round.step(plans, now, input) {
            Ok(step) => Ok(Some(commit.step(step)?)),
            // Once reports are out no message of one member may cost the others theirs.
            Err(_) if closing => Ok(None),
            Err(abort) => {
                let (attempt, code) = (commit.record.attempt, abort.code());
                let mut commit = commit.abort(&abort)?;
                if may_reopen(&abort, attempt) {
                    commit = reopen(commit, &papers, code)?;
                }
                Ok(Some(commit))
            }
        }
    })
}

fn may_reopen(abort: &Abort, attempt: u16) -> bool {
    REOPENED_AFTER.contains(&abort.code().0) && attempt < ATTEMPTS_MAX
}

/// Opens the same study again in the same transaction. A study that may no longer run simply stays closed.
fn reopen<'a>(
    mut commit: Commit<'a>,
    papers: &documents::Papers,
    code: Code,
) -> Result<Commit<'a>, CoordinatorError> {
    let (app, now) = (commit.app, commit.now);
    if let Err(refused) = documents::check_standing(app, papers, now) {
        commit.record.note(now, format!("not opened again: {refused}"));
        return Ok(commit);
    }
    let seats = match open::seats(app, papers) {
        Ok(seats) => seats,
        Err(refused) => {
            commit.record.note(now, format!("not opened again: {refused}"));
            return Ok(commit);
        }
    };
    let attempt = commit.record.attempt + 1;
    let mail = std::mem::take(&mut commit.outbox);
    let (id, next) = open::prepare(app, papers, seats, attempt, mail, now)?;
    let study = DocumentId::Study(papers.study_digest);
    commit.record.note(now, format!("{study} opened again as {id} after {}", code_text(code)));
    commit.record.reopened_as = Some(id);
    commit.ops.push(Op::put(ROUNDS, id.to_bytes(), next.record.to_bytes()));
    commit.outbox = next.outbox;
    commit.acts.extend(next.acts);
    Ok(commit)
}

/// Loads a running round, lets `decide` change it, commits all of it, acts.
fn change<'a>(
    app: &'a App,
    id: RoundId,
    now: Timestamp,
    decide: impl FnOnce(RoundRecord) -> Result<Option<Commit<'a>>, CoordinatorError>,
) -> Result<Taken, CoordinatorError> {
    let (taken, after) = app.transact(now, || {
        let record: RoundRecord = app.kept(ROUNDS, &id)?.ok_or(CoordinatorError::RoundUnknown)?;
        let over = !matches!(record.standing, Standing::Running(_));
        let nothing = |taken| (Vec::new(), Vec::new(), (taken, After::default()));
        Ok(match decide(record)? {
            Some(commit) if !over => {
                let (acts, ops, after) = commit.finish()?;
                (acts, ops, (Taken::Now, after))
            }
            Some(_) => nothing(Taken::Over),
            None if over => nothing(Taken::Over),
            None => nothing(Taken::Again),
        })
    })?;
    after.act(app);
    Ok(taken)
}

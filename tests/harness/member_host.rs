//! A member without its sockets: the real round engine, round secrets, shelf, encrypted records and compute jobs, with the
//! commit rule of the node's driver, able to crash before and after every commit and effect.
//!
//! What a node keeps in its store is the struct [`Stored`]; what it keeps in memory is [`Live`], and a crash drops it.

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet, VecDeque},
    rc::Rc,
};

use passage_node::{
    compute::{
        RoundContext, WorkFault, contribute,
        hop::{self, PassInput},
        secrets::RoundSecrets,
        stream::open_short,
        table::{self, TableInput},
    },
    prepare::{Prepared, prepare},
};
use passage_protocol::{
    agreement::{Account, Approval, Permit, Standing as Consent},
    codec::{Decode, Encode},
    ids::{Digest, MemberCode, RoundId},
    manifest::{opening::RoundCall, shapes},
    refusal::{Code, Refusal},
    report::Report,
    round::{
        Abort, AbortReason, MemberEffect, MemberInput, MemberJob, MemberOutcome, MemberRound, OwnPart, Step,
    },
    seal::SealPurpose,
    timestamp::Timestamp,
    wire::{BlobRef, Envelope, Message, limits::BLOB_BYTES_MAX},
};
use passage_shell::shelf::{Blob, Shelf};
use tempfile::TempDir;

use crate::{
    coordinator_host::CoordinatorHost,
    dice::Dice,
    faults::{Crashed, Faults, Party},
    key_ledger::KeyLedger,
    mischief::{Hands, Mischief},
    papers::Papers,
    population::Files,
    records::Records,
    scratch,
};

/// What all hosts of a federation share.
pub struct Shared {
    /// Documents and keys.
    pub papers: Papers,
    /// Planned crashes.
    pub faults: Faults,
    /// Uses of round keys.
    pub ledger: RefCell<KeyLedger>,
    /// `Debug` of every effect and event, if somebody wants to search it.
    pub spoken: RefCell<Option<Vec<String>>>,
}

/// One member.
pub struct MemberHost {
    index: usize,
    /// Its code.
    pub code: MemberCode,
    shared: Rc<Shared>,
    records: Records,
    shelf: Shelf,
    insists: bool,
    dice: Dice,
    stored: Stored,
    live: BTreeMap<RoundId, Live>,
    _folder: TempDir,
}

/// What survives a crash.
#[derive(Default)]
struct Stored {
    cursor: u64,
    rounds: BTreeMap<RoundId, (RoundCall, Standing)>,
    outbox: VecDeque<Vec<u8>>,
    approvals: BTreeSet<Digest>,
    reports: BTreeMap<RoundId, Vec<u8>>,
}

/// How a round stands at a member.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Standing {
    /// Called, not yet answered.
    Called,
    /// Running: the engine's stored bytes.
    Running(Vec<u8>),
    /// Ended without a result.
    Aborted {
        /** Why. */
        reason: AbortReason,
        /** Stable code. */
        code: Code,
        /** The member at fault. */
        fault: Option<MemberCode>,
    },
    /// Ended with a report.
    Finished,
}

/// What a crash drops.
#[derive(Default)]
struct Live {
    state: Option<MemberRound>,
    secrets: Option<RoundSecrets>,
    keys: Option<Digest>,
    context: Option<RoundContext>,
    columns: BTreeMap<u16, Digest>,
    blobs: BTreeSet<Digest>,
    jobs: VecDeque<MemberJob>,
    asking: bool,
}

impl MemberHost {
    /// A member with its files imported.
    #[must_use]
    pub fn new(index: usize, shared: Rc<Shared>, files: &Files, insists: bool, seed: u64) -> Self {
        let folder = scratch();
        let mut dice = Dice::new(seed ^ (index as u64) << 32);
        let records = Records::import(&folder.path().join("roster"), files, dice.below(1 << 30) as u64);
        let shelf = Shelf::open(&folder.path().join("blobs")).unwrap();
        let code = shared.papers.codes[index];
        let (stored, live) = (Stored::default(), BTreeMap::new());
        Self { index, code, shared, records, shelf, insists, dice, stored, live, _folder: folder }
    }

    /// The rows it contributes, made afresh from its records.
    #[must_use]
    pub fn prepared(&self) -> Prepared {
        let papers = &self.shared.papers;
        let (role, segment) = (papers.role(self.index), papers.segments[self.index]);
        prepare(&self.records.roster(), &papers.study, role, segment, THIS_YEAR)
    }

    /// Number of the last mail entry taken.
    #[must_use]
    pub fn cursor(&self) -> u64 {
        self.stored.cursor
    }

    /// How every round it was called to stands.
    #[must_use]
    pub fn standings(&self) -> Vec<(RoundId, Standing)> {
        self.stored.rounds.iter().map(|(round, (_, standing))| (*round, standing.clone())).collect()
    }

    /// Every report it has kept.
    #[must_use]
    pub fn reports(&self) -> Vec<(RoundId, Report)> {
        let read = |(round, bytes): (&RoundId, &Vec<u8>)| (*round, Report::from_bytes(bytes).unwrap());
        self.stored.reports.iter().map(read).collect()
    }

    /// Blobs left on its shelf.
    #[must_use]
    pub fn blobs_left(&self) -> usize {
        self.shelf.blobs().unwrap().len()
    }

    /// The process ends: memory is gone.
    pub fn crash(&mut self) {
        self.live.clear();
    }

    /// The process starts: rounds whose keys are gone are aborted, the others go on.
    ///
    /// # Errors
    ///
    /// [`Crashed`], again.
    pub fn start(&mut self, now: Timestamp) -> Result<(), Crashed> {
        for round in self.stored.rounds.keys().copied().collect::<Vec<_>>() {
            match self.stored.rounds[&round].1.clone() {
                Standing::Called => self.answer(round, now)?,
                Standing::Running(state) => match MemberRound::resume(&state).unwrap() {
                    None => self.abort(round, Abort::because(AbortReason::MemberRestarted), None)?,
                    Some(state) => {
                        let jobs = state.resume_work().into_iter().collect();
                        self.live.insert(round, Live { state: Some(state), jobs, ..Live::default() });
                    }
                },
                Standing::Aborted { .. } | Standing::Finished => {}
            }
        }
        if self.live.is_empty() {
            self.shelf.keep(&BTreeSet::new()).unwrap();
        }
        Ok(())
    }

    /// Takes one entry of its mail.
    ///
    /// # Errors
    ///
    /// [`Crashed`].
    pub fn deliver(&mut self, number: u64, envelope: Envelope, now: Timestamp) -> Result<(), Crashed> {
        self.pass("before mail is taken")?;
        let Envelope { round, from, message } = envelope;
        let Message::Call(call) = message else {
            return self.feed(round, MemberInput::Message { from, message }, Some(number), now);
        };
        self.stored.cursor = number;
        self.stored.rounds.entry(round).or_insert((call, Standing::Called));
        self.pass("after a call is stored")?;
        if self.stored.rounds[&round].1 == Standing::Called { self.answer(round, now) } else { Ok(()) }
    }

    fn answer(&mut self, round: RoundId, now: Timestamp) -> Result<(), Crashed> {
        let (shared, call) = (Rc::clone(&self.shared), self.stored.rounds[&round].0.clone());
        let papers = &shared.papers;
        let prepared = self.prepared();
        let (rows, opted_out, unusable) = (prepared.rows.len(), prepared.opted_out, prepared.unusable);
        let secrets = RoundSecrets::make(shapes::column_keys(&papers.study).len(), prepared).unwrap();
        let own = OwnPart {
            code: self.code,
            rows: u32::try_from(rows).unwrap(),
            hpke_key: secrets.recipient.public(),
            nonce: self.dice.bytes(),
            insists: self.insists,
            opted_out,
            unusable,
            share: secrets.committee.share(&round, &self.code),
        };
        let keys = Some(Digest::of_blob(&own.share.to_bytes()));
        self.live.insert(round, Live { secrets: Some(secrets), keys, ..Live::default() });
        match MemberRound::answer(papers.agreement.clone(), papers.study.clone(), call, own) {
            Ok(step) => self.settle(round, step, None, now),
            Err(abort) => self.abort(round, abort, None),
        }
    }

    /// Steps one round with one input.
    fn feed(
        &mut self,
        round: RoundId,
        input: MemberInput,
        mail: Option<u64>,
        now: Timestamp,
    ) -> Result<(), Crashed> {
        let Some(state) = self.live.get_mut(&round).and_then(|live| live.state.take()) else {
            self.stored.cursor = mail.unwrap_or(self.stored.cursor);
            return Ok(());
        };
        match state.step(now, input) {
            Ok(step) => self.settle(round, step, mail, now),
            Err(abort) => self.abort(round, abort, mail),
        }
    }

    /// One commit, then the effects.
    fn settle(
        &mut self,
        round: RoundId,
        step: Step<MemberRound, MemberEffect>,
        mail: Option<u64>,
        now: Timestamp,
    ) -> Result<(), Crashed> {
        let Step { state, effects } = step;
        self.pass("before a commit")?;
        let posts = effects.iter().filter_map(|effect| match effect {
            MemberEffect::Send(outgoing) => Some(outgoing.clone()),
            MemberEffect::AskPerson
            | MemberEffect::Erase
            | MemberEffect::KeepBlindShare { .. }
            | MemberEffect::KeepTagKeyShare { .. }
            | MemberEffect::Report(_)
            | MemberEffect::Work(_) => None,
        });
        for outgoing in posts {
            let message = outgoing.sign(round, self.key());
            let envelope = Envelope { round, from: Some(self.code), message };
            self.stored.outbox.push_back(envelope.to_bytes());
        }
        let finished = matches!(state, MemberRound::Finished(_));
        let standing = if finished { Standing::Finished } else { Standing::Running(state.to_bytes()) };
        self.stored.rounds.get_mut(&round).unwrap().1 = standing;
        self.stored.cursor = mail.unwrap_or(self.stored.cursor);
        self.pass("after a commit, before its effects")?;
        if let Some(live) = self.live.get_mut(&round) {
            if let (None, Some(manifest)) = (&live.context, state.manifest()) {
                let me = manifest.participant(self.code).unwrap();
                live.context = Some(RoundContext::new(manifest.clone(), me).unwrap());
            }
            live.state = Some(state);
        }
        for effect in effects {
            if let Some(spoken) = &mut *self.shared.spoken.borrow_mut() {
                spoken.push(format!("{effect:?}"));
            }
            self.perform(round, effect, now)?;
            self.pass("after an effect")?;
        }
        Ok(())
    }

    fn perform(&mut self, round: RoundId, effect: MemberEffect, now: Timestamp) -> Result<(), Crashed> {
        match effect {
            MemberEffect::Send(_) | MemberEffect::Report(_) => Ok(()),
            MemberEffect::Work(job) => {
                self.live.entry(round).or_default().jobs.push_back(job);
                Ok(())
            }
            MemberEffect::AskPerson => {
                let known = self.account(round).is_some_and(|digest| self.stored.approvals.contains(&digest));
                self.live.entry(round).or_default().asking = !known;
                if known { self.enter(round, now) } else { Ok(()) }
            }
            MemberEffect::KeepBlindShare { list, sealed } => {
                self.keep_share(round, SealPurpose::BlindShare, list, &sealed, now)
            }
            MemberEffect::KeepTagKeyShare { from, sealed } => {
                self.keep_share(round, SealPurpose::HashKeyShare, from, &sealed, now)
            }
            MemberEffect::Erase => {
                self.erase(round);
                Ok(())
            }
        }
    }

    /// True if a person is asked for a yes.
    #[must_use]
    pub fn asks_a_person(&self) -> bool {
        self.live.values().any(|live| live.asking)
    }

    /// A person says yes to whatever is asked.
    ///
    /// # Errors
    ///
    /// [`Crashed`].
    pub fn approve(&mut self, now: Timestamp) -> Result<(), Crashed> {
        let asked = self.live.iter().find(|(_, live)| live.asking).map(|(round, _)| *round);
        let Some(round) = asked else { return Ok(()) };
        self.pass("before a yes is stored")?;
        self.stored.approvals.extend(self.account(round));
        self.pass("after a yes is stored")?;
        self.live.get_mut(&round).unwrap().asking = false;
        self.enter(round, now)
    }

    fn account(&self, round: RoundId) -> Option<Digest> {
        let context = self.live.get(&round)?.context.as_ref()?;
        Account::of(&context.manifest, context.me).map(|account| account.digest)
    }

    fn enter(&mut self, round: RoundId, now: Timestamp) -> Result<(), Crashed> {
        let shared = Rc::clone(&self.shared);
        let papers = &shared.papers;
        let signatures = papers.signatures();
        let consent = Consent {
            agreement: &papers.agreement,
            agreement_digest: papers.agreement_digest(),
            signatures: &signatures,
            withdrawn: &[],
            study: &papers.study,
            study_digest: papers.study_digest(),
            budget_spent_milli: 0,
        };
        let manifest = &self.live[&round].context.as_ref().unwrap().manifest;
        let input = match Permit::grant(&consent, manifest, self.code, now.date()) {
            Err(clause) => MemberInput::NotPermitted(clause),
            Ok(permit) => {
                let approval =
                    Approval { account: self.account(round).unwrap(), by: "Registrar".to_owned(), at: now };
                MemberInput::Approved { permit, approval }
            }
        };
        self.feed(round, input, None, now)
    }

    fn keep_share(
        &mut self,
        round: RoundId,
        purpose: SealPurpose,
        from: u16,
        sealed: &[u8],
        now: Timestamp,
    ) -> Result<(), Crashed> {
        let Some(live) = self.live.get(&round) else { return Ok(()) };
        let (Some(secrets), Some(context)) = (&live.secrets, &live.context) else { return Ok(()) };
        let opened = (context.share_seal(purpose, from))
            .and_then(|seal| open_short(sealed, &seal, &secrets.recipient));
        match opened {
            Ok(share) if purpose == SealPurpose::BlindShare => secrets.keep_blind_share(from, share),
            Ok(share) => secrets.keep_tag_share(from, share),
            Err(refused) => {
                let fault = context.manifest.seat(from).map(|seat| seat.code);
                return self.feed(round, MemberInput::Failed { code: refused.code(), fault }, None, now);
            }
        }
        Ok(())
    }

    /// Ends a round without a result.
    fn abort(&mut self, round: RoundId, abort: Abort, mail: Option<u64>) -> Result<(), Crashed> {
        self.pass("before an abort is stored")?;
        if !matches!(abort.reason, AbortReason::Peer(_)) {
            let message = Message::Abort(abort.notice());
            let envelope = Envelope { round, from: Some(self.code), message };
            self.stored.outbox.push_back(envelope.to_bytes());
        }
        let standing = Standing::Aborted { reason: abort.reason, code: abort.code(), fault: abort.fault };
        self.stored.rounds.get_mut(&round).unwrap().1 = standing;
        self.stored.cursor = mail.unwrap_or(self.stored.cursor);
        self.pass("after an abort is stored")?;
        self.erase(round);
        Ok(())
    }

    fn erase(&mut self, round: RoundId) {
        let gone = self.live.remove(&round).map(|live| live.blobs).unwrap_or_default();
        gone.into_iter().for_each(|digest| self.shelf.remove(digest).unwrap());
    }

    /// The post at the head of its outbox.
    #[must_use]
    pub fn next_post(&self) -> Option<Envelope> {
        self.stored.outbox.front().map(|bytes| Envelope::from_bytes(bytes).unwrap())
    }

    /// The head of the outbox was answered.
    ///
    /// # Errors
    ///
    /// [`Crashed`] before it is struck off, so that it is posted again.
    pub fn posted(&mut self) -> Result<(), Crashed> {
        self.pass("after a post is answered, before it is struck off")?;
        self.stored.outbox.pop_front();
        Ok(())
    }

    /// True if heavy work waits.
    #[must_use]
    pub fn has_work(&self) -> bool {
        self.live.values().any(|live| !live.jobs.is_empty())
    }

    /// Does one piece of heavy work: fetch, compute, upload, feed.
    ///
    /// # Errors
    ///
    /// [`Crashed`] if this member crashed. If the coordinator does, the transfer is tried again as a node would.
    pub fn work(
        &mut self,
        coordinator: &mut CoordinatorHost,
        mischief: &mut dyn Mischief,
        now: Timestamp,
    ) -> Result<(), Crashed> {
        let next = self.live.iter_mut().find(|(_, live)| !live.jobs.is_empty());
        let Some((round, live)) = next else { return Ok(()) };
        let round = *round;
        let place = self.dice.below(live.jobs.len());
        let Some(job) = live.jobs.remove(place) else { return Ok(()) };
        self.pass("before work")?;
        match self.carry_out(round, &job, coordinator, mischief) {
            Ok(outcome) => {
                self.pass("after work, before it is stored")?;
                self.feed(round, MemberInput::Done(outcome), None, now)?;
            }
            Err(Ended::Crashed) => return Err(Crashed),
            Err(Ended::Failed { code, fault }) => {
                self.feed(round, MemberInput::Failed { code, fault }, None, now)?;
            }
        }
        Ok(())
    }

    fn carry_out(
        &mut self,
        round: RoundId,
        job: &MemberJob,
        coordinator: &mut CoordinatorHost,
        mischief: &mut dyn Mischief,
    ) -> Result<MemberOutcome, Ended> {
        if let Some(blob) = inputs(job) {
            self.live.get_mut(&round).unwrap().blobs.insert(blob.digest);
            let bytes = coordinator
                .asked(|coordinator| coordinator.fetch(&self.shared.faults, self.code, round, blob))?;
            // As the transport does: what is not the blob the message named is refused while it comes in.
            let announced = Blob { digest: blob.digest, bytes: blob.bytes };
            let mut writer = self.shelf.writer(announced, BLOB_BYTES_MAX)?;
            writer.write(&bytes)?;
            writer.finish()?;
        }
        if let MemberJob::KeepReport { report } = job {
            return Ok(self.keep_report(round, *report));
        }
        let live = &self.live[&round];
        let (Some(context), Some(secrets), Some(keys)) = (&live.context, &live.secrets, live.keys) else {
            return Err(Ended::Failed { code: WorkFault::SecretMissing.code(), fault: None });
        };
        self.shared.ledger.borrow_mut().note(keys, context.digest, job);
        let fault = whose(job).and_then(|index| context.manifest.seat(index)).map(|seat| seat.code);
        let finished = compute(job, context, secrets, &self.shelf, &live.columns)
            .map_err(|refused| Ended::Failed { code: refused.code(), fault })?;
        let hands = Hands { member: self.index, context, shelf: &self.shelf };
        let finished = mischief.finished(&hands, job, finished);
        self.pass("after computing, before an upload").map_err(|_| Ended::Crashed)?;
        for blob in &finished.uploads {
            self.live.get_mut(&round).unwrap().blobs.insert(blob.digest);
            let bytes = std::fs::read(self.shelf.path(blob.digest)).unwrap();
            coordinator.asked(|coordinator| {
                coordinator.upload(&self.shared.faults, self.code, round, *blob, &bytes)
            })?;
            self.pass("after an upload").map_err(|_| Ended::Crashed)?;
        }
        let live = self.live.get_mut(&round).unwrap();
        match (&finished.outcome, job) {
            (MemberOutcome::Hopped { list, output, columns, .. }, _) if !columns.is_empty() => {
                live.columns.insert(*list, *output);
                live.blobs.insert(*output);
            }
            (MemberOutcome::ColumnsKept { list }, MemberJob::KeepColumns { expect, .. }) => {
                live.columns.insert(*list, *expect);
                live.blobs.insert(*expect);
            }
            _ => {}
        }
        Ok(finished.outcome)
    }

    fn keep_report(&mut self, round: RoundId, report: BlobRef) -> MemberOutcome {
        let bytes = std::fs::read(self.shelf.path(report.digest)).unwrap();
        self.stored.reports.insert(round, bytes);
        let held: Vec<_> =
            self.live[&round].blobs.iter().filter_map(|digest| self.shelf.find(*digest)).collect();
        MemberOutcome::ReportKept {
            blobs: u32::try_from(held.len()).unwrap(),
            bytes: held.iter().map(|blob| blob.bytes).sum(),
        }
    }

    /// Lets time pass in every round.
    ///
    /// # Errors
    ///
    /// [`Crashed`].
    pub fn tick(&mut self, now: Timestamp) -> Result<(), Crashed> {
        let rounds: Vec<RoundId> = self.live.keys().copied().collect();
        rounds.into_iter().try_for_each(|round| self.feed(round, MemberInput::Tick, None, now))
    }

    /// A person stops every round here.
    ///
    /// # Errors
    ///
    /// [`Crashed`].
    pub fn halt(&mut self, now: Timestamp) -> Result<(), Crashed> {
        let rounds: Vec<RoundId> = self.live.keys().copied().collect();
        rounds.into_iter().try_for_each(|round| self.feed(round, MemberInput::Halt, None, now))
    }

    /// Its signing key.
    #[must_use]
    pub fn key(&self) -> &passage_protocol::signing::SigningKey {
        &self.shared.papers.keys[self.index]
    }

    fn pass(&self, what: &'static str) -> Result<(), Crashed> {
        self.shared.faults.pass(Party::Member(self.index), what)
    }
}

enum Ended {
    Crashed,
    Failed { code: Code, fault: Option<MemberCode> },
}

impl<R: Refusal> From<R> for Ended {
    fn from(refused: R) -> Self {
        Self::Failed { code: refused.code(), fault: None }
    }
}

fn compute(
    job: &MemberJob,
    context: &RoundContext,
    secrets: &RoundSecrets,
    shelf: &Shelf,
    columns: &BTreeMap<u16, Digest>,
) -> Result<passage_node::compute::Finished, WorkFault> {
    let rows = |_: u64| {};
    match job.clone() {
        MemberJob::Contribute => contribute::run(context, secrets, shelf, &rows),
        MemberJob::Hop { list, hop, from, sealed, expect } => {
            hop::run(context, secrets, shelf, PassInput { list, hop, from, sealed, expect }, &rows)
        }
        MemberJob::KeepColumns { list, from, sealed, expect } => {
            let hop = context.manifest.list(list).map_or(0, |shape| shape.last_hop());
            hop::keep_columns(context, secrets, shelf, PassInput { list, hop, from, sealed, expect })
        }
        MemberJob::CheckPlan { table, plan, tuples } => {
            table::check_plan(context, shelf, table, plan.digest, tuples)
        }
        MemberJob::TableHop { table, hop, input, from, expect, planned } => {
            let columns = |list: u16| columns.get(&list).copied();
            let input = TableInput { table, hop, input, from, expect, planned };
            table::run(context, secrets, shelf, &columns, input, &rows)
        }
        MemberJob::Decrypt { table, last, tuples } => {
            table::decrypt(context, secrets, shelf, table, last, tuples, &rows)
        }
        MemberJob::KeepReport { .. } => Err(WorkFault::SecretMissing),
    }
}

fn inputs(job: &MemberJob) -> Option<BlobRef> {
    match job {
        MemberJob::Contribute => None,
        MemberJob::KeepReport { report } => Some(*report),
        MemberJob::Hop { sealed, .. } | MemberJob::KeepColumns { sealed, .. } => Some(*sealed),
        MemberJob::CheckPlan { plan, .. } => Some(*plan),
        MemberJob::TableHop { input, .. } => Some(*input),
        MemberJob::Decrypt { last, .. } => Some(*last),
    }
}

fn whose(job: &MemberJob) -> Option<u16> {
    match job {
        MemberJob::Hop { from, .. } | MemberJob::KeepColumns { from, .. } => Some(*from),
        MemberJob::TableHop { from, .. } => *from,
        MemberJob::CheckPlan { .. }
        | MemberJob::Contribute
        | MemberJob::Decrypt { .. }
        | MemberJob::KeepReport { .. } => None,
    }
}

/// The year in which the harness's rounds take place.
const THIS_YEAR: u16 = 2026;

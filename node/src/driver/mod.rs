//! The loop around the round engine: input, step, one transaction, then the effects. The only caller of
//! [`MemberRound::step`].
//!
//! * [`opening`] - calls, decisions of people, approvals: everything before the list leaves.
//! * [`jobs`] - heavy and secret work, with the blobs it needs and makes.
//!
//! State, cursor, outbox and ledger change in one transaction; what happens after it may happen again after a crash.

pub mod jobs;
pub mod opening;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    time::Instant,
};

use passage_protocol::{
    agreement::{Account, Clause},
    codec::{Decode, Encode},
    ids::{Digest, MemberCode, RoundId},
    manifest::Manifest,
    refusal::{Code, Refusal},
    round::{Abort, AbortReason, MemberEffect, MemberInput, MemberRound, Step},
    seal::SealPurpose,
    wire::{Envelope, Message, service::kind},
};
use passage_shell::{audit::Act, failure::Failure, store::Op, work::Pool};
use tokio::{runtime::Handle, sync::Notify};

use crate::{
    compute::{RoundContext, secrets::RoundSecrets, stream::open_short},
    counted::Counts,
    disclosures::Reference,
    home::Home,
    outbox,
    records::{CURSOR, Charge, LEDGER, ROUNDS, RoundRecord, Standing, ledger_key},
    uplink::Uplink,
};

/// Drives every round of this node.
pub struct Driver {
    pub(crate) home: Arc<Home>,
    pub(crate) uplink: Arc<Uplink>,
    pool: Pool,
    runtime: Handle,
    live: Mutex<BTreeMap<RoundId, Live>>,
    preparing: Mutex<BTreeSet<RoundId>>,
    /// Held while a yes or a no enters a round: a yes remembered and a yes given now must not both.
    deciding: Mutex<()>,
    progress: Mutex<BTreeMap<RoundId, JobProgress>>,
    /// Rung when something was put into the outbox.
    pub(crate) outgoing: Notify,
    /// Rung when something is to be destroyed or told before the hour is over.
    pub(crate) upkeep: Notify,
    own: Weak<Self>,
}

/// A round in memory: the engine's state and what only memory may hold.
struct Live {
    state: Option<MemberRound>,
    secrets: Option<Arc<RoundSecrets>>,
    context: Option<Arc<RoundContext>>,
    /// Whose records take part, until the round is entered.
    references: Arc<[Reference]>,
    /// What the round counts at a sender, until the round is entered.
    counts: Option<Arc<Counts>>,
    columns: BTreeMap<u16, Digest>,
    blobs: BTreeSet<Digest>,
    broken: bool,
}

/// How far the work in hand is.
#[derive(Clone, Debug)]
pub struct JobProgress {
    /// In words.
    pub what: String,
    /// Rows done.
    pub done: u64,
    /// Rows in all.
    pub total: u64,
    /// When it began.
    pub began: Instant,
}

impl Driver {
    /// A driver on the running runtime.
    #[must_use]
    pub fn new(home: Arc<Home>, uplink: Arc<Uplink>) -> Arc<Self> {
        Arc::new_cyclic(|own| Self {
            home,
            uplink,
            // Two: one job may wait for the network while another computes; each computes on all cores.
            pool: Pool::new(2),
            runtime: Handle::current(),
            live: Mutex::default(),
            preparing: Mutex::default(),
            deciding: Mutex::default(),
            progress: Mutex::default(),
            outgoing: Notify::new(),
            upkeep: Notify::new(),
            own: own.clone(),
        })
    }

    /// Takes up what an earlier process left: rounds that need lost keys are aborted, the others go on.
    ///
    /// # Errors
    ///
    /// [`Failure`] if the store is damaged.
    pub fn resume(&self) -> Result<(), Failure> {
        // Whatever an earlier process left on the shelf belongs to rounds whose keys are gone, or is fetched again (G15).
        self.home.shelf.keep(&BTreeSet::new())?;
        for (key, bytes) in self.home.store.scan(ROUNDS, &[])? {
            let round = RoundId::from_bytes(&key)?;
            let record = RoundRecord::from_bytes(&bytes)?;
            match &record.standing {
                Standing::Running { .. } if self.home.halted()?.is_some() => {
                    self.abort(round, &Abort::because(AbortReason::Halted), None)?;
                }
                Standing::AwaitDecision | Standing::Running { .. }
                    if self.home.has_left(record.call.agreement)? =>
                {
                    self.abort(round, &Abort::because(AbortReason::Refused(Clause::Withdrawn)), None)?;
                }
                Standing::AwaitDecision => self.consider(round)?,
                Standing::Running { state, .. } => match MemberRound::resume(state)? {
                    None => self.abort(round, &Abort::because(AbortReason::MemberRestarted), None)?,
                    Some(state) => {
                        let work = state.resume_work();
                        self.lock().insert(round, Live::resumed(state));
                        work.into_iter().for_each(|job| self.start(round, job));
                    }
                },
                Standing::Aborted { .. } | Standing::Finished => {}
            }
        }
        Ok(())
    }

    /// Takes one message of the coordinator's mail.
    ///
    /// # Errors
    ///
    /// [`Failure`] of the store; a bad message aborts its round and is no failure here.
    pub fn mail(&self, number: u64, envelope: Envelope) -> Result<(), Failure> {
        let Envelope { round, from, message } = envelope;
        tracing::info!(round = %round, number, message = message.name(), "mail");
        if let Message::Call(call) = message {
            return self.called(number, call);
        }
        self.feed(round, MemberInput::Message { from, message }, Some(number))
    }

    /// Lets time pass in every round.
    pub fn tick(&self) {
        let rounds: Vec<RoundId> = self.lock().keys().copied().collect();
        for round in rounds {
            if let Err(failure) = self.feed(round, MemberInput::Tick, None) {
                tracing::error!(round = %round, code = failure.code(), "tick failed");
            }
        }
    }

    /// Steps one round with one input: the heart of the node.
    ///
    /// # Errors
    ///
    /// [`Failure`] of the store.
    pub fn feed(&self, round: RoundId, input: MemberInput, mail: Option<u64>) -> Result<(), Failure> {
        let mut live = self.lock();
        let taken = live.get_mut(&round).and_then(|one| one.state.take());
        let Some(state) = taken else {
            let broken = live.get(&round).is_some_and(|one| one.broken);
            drop(live);
            if broken {
                // A step could not be stored earlier: what it led to is unknown, so the round ends as after a restart.
                return self.abort(round, &Abort::because(AbortReason::MemberRestarted), mail);
            }
            return self.without_state(round, &input, mail);
        };
        let quiet = matches!(input, MemberInput::Tick);
        match state.step(self.home.now(), input) {
            Ok(step) if quiet && step.effects.is_empty() => {
                // Time passed and nothing came of it: nothing to store.
                if let Some(one) = live.get_mut(&round) {
                    one.state = Some(step.state);
                }
                Ok(())
            }
            Ok(step) => self.settled(live, round, step, mail),
            Err(abort) => {
                drop(live);
                let ended = self.abort(round, &abort, mail);
                if ended.is_err()
                    && let Some(one) = self.lock().get_mut(&round)
                {
                    one.broken = true; // ended with the next input
                }
                ended
            }
        }
    }

    /// Settles a step; one that cannot be stored or carried out whole marks the round as broken.
    fn settled(
        &self,
        live: MutexGuard<'_, BTreeMap<RoundId, Live>>,
        round: RoundId,
        step: Step<MemberRound, MemberEffect>,
        mail: Option<u64>,
    ) -> Result<(), Failure> {
        let settled = self.settle(live, round, step, mail);
        if settled.is_err()
            && let Some(one) = self.lock().get_mut(&round)
        {
            (one.state, one.broken) = (None, true);
        }
        settled
    }

    /// An input for a round that has no state here: it has ended, or it still awaits a person's decision.
    fn without_state(&self, round: RoundId, input: &MemberInput, mail: Option<u64>) -> Result<(), Failure> {
        if let MemberInput::Message { message: Message::Abort(notice), .. } = input
            && let Ok(record) = self.record(round)
            && matches!(record.standing, Standing::AwaitDecision)
        {
            let abort = Abort { reason: AbortReason::Peer(notice.code), fault: notice.fault };
            return self.abort(round, &abort, mail);
        }
        Ok(self.home.store.commit(&cursor(mail))?)
    }

    /// Stores a step and carries out its effects.
    fn settle(
        &self,
        mut live: MutexGuard<'_, BTreeMap<RoundId, Live>>,
        round: RoundId,
        step: Step<MemberRound, MemberEffect>,
        mail: Option<u64>,
    ) -> Result<(), Failure> {
        let Step { state, effects } = step;
        let mut ops = cursor(mail);
        let mut record = self.record(round)?;
        record.moved = self.home.now();
        if record.manifest.is_none() {
            record.manifest = state.manifest().cloned();
        }
        let finished = matches!(state, MemberRound::Finished(_));
        record.standing = if finished {
            Standing::Finished
        } else {
            Standing::Running {
                state: state.to_bytes(),
                phase: state.phase().to_owned(),
                sealed: matches!(state, MemberRound::Mixing(_) | MemberRound::AwaitResult(_)),
            }
        };
        if finished {
            self.home.record(&Act::RoundFinished { round })?;
            ops.extend(self.confirm_charge(&record)?);
        }
        ops.push(Op::put(ROUNDS, round.0, record.to_bytes()));
        let mut posts = Vec::new();
        for effect in &effects {
            if let MemberEffect::Send(outgoing) = effect {
                let message = outgoing.clone().sign(round, &self.home.signing_key);
                posts.push(Envelope { round, from: Some(self.home.code), message }.to_bytes());
            }
        }
        self.home.store.transact(|| -> Result<_, Failure> {
            for body in posts {
                outbox::append(&self.home.store, &mut ops, kind::POST, body)?;
            }
            Ok((ops, ()))
        })?;
        self.outgoing.notify_one();
        if let Some(one) = live.get_mut(&round) {
            if let (None, Some(manifest)) = (&one.context, state.manifest()) {
                one.context = self.context(manifest)?;
            }
            one.state = Some(state);
        }
        drop(live);
        effects.into_iter().try_for_each(|effect| self.perform(round, effect))
    }

    fn perform(&self, round: RoundId, effect: MemberEffect) -> Result<(), Failure> {
        match effect {
            MemberEffect::Send(_) => Ok(()),
            MemberEffect::Work(job) => {
                self.start(round, job);
                Ok(())
            }
            MemberEffect::AskPerson => self.asked(round),
            MemberEffect::KeepBlindShare { list, sealed } => {
                self.keep_share(round, SealPurpose::BlindShare, list, &sealed)
            }
            MemberEffect::KeepTagKeyShare { from, sealed } => {
                self.keep_share(round, SealPurpose::HashKeyShare, from, &sealed)
            }
            MemberEffect::Report(event) => {
                tracing::info!(round = %round, event = ?event, "round");
                Ok(())
            }
            MemberEffect::Erase => self.erase(round),
        }
    }

    /// Opens a share another member sealed for this one and keeps it with the secrets.
    fn keep_share(
        &self,
        round: RoundId,
        purpose: SealPurpose,
        from: u16,
        sealed: &[u8],
    ) -> Result<(), Failure> {
        let (secrets, context) = {
            let live = self.lock();
            let one = live.get(&round);
            match one.map(|one| (one.secrets.clone(), one.context.clone())) {
                Some((Some(secrets), Some(context))) => (secrets, context),
                _ => return Ok(()),
            }
        };
        let opened = (context.share_seal(purpose, from))
            .and_then(|seal| open_short(sealed, &seal, &secrets.recipient));
        match opened {
            Ok(share) if purpose == SealPurpose::BlindShare => secrets.keep_blind_share(from, share),
            Ok(share) => secrets.keep_tag_share(from, share),
            Err(fault) => {
                let fault_of = context.manifest.seat(from).map(|seat| seat.code);
                return self.feed(round, MemberInput::Failed { code: fault.code(), fault: fault_of }, None);
            }
        }
        Ok(())
    }

    /// Ends a round without a result: tells the coordinator, takes the charge back, forgets the secrets.
    pub(crate) fn abort(&self, round: RoundId, abort: &Abort, mail: Option<u64>) -> Result<(), Failure> {
        self.abort_saying(round, abort, abort.to_string(), mail)
    }

    /// As [`Self::abort`], with words for the people here that the others are not told.
    fn abort_saying(
        &self,
        round: RoundId,
        abort: &Abort,
        reason: String,
        mail: Option<u64>,
    ) -> Result<(), Failure> {
        tracing::warn!(round = %round, code = %abort.code(), "aborted");
        let mut record = self.record(round)?;
        let repayable = Repayable::of(&record.standing);
        record.moved = self.home.now();
        record.standing = Standing::Aborted { code: abort.code(), reason };
        let mut ops = cursor(mail);
        if let (Some(roster), Repayable::Yes) = (record.roster, repayable) {
            ops.push(Op::delete(LEDGER, ledger_key(roster, record.call.agreement, round)));
            ops.extend(self.home.forget_counted(record.call.agreement, round)?);
        }
        ops.push(Op::put(ROUNDS, round.0, record.to_bytes()));
        let told = matches!(abort.reason, AbortReason::Peer(_));
        self.home.record(&Act::RoundAborted { round, code: abort.code(), fault: abort.fault })?;
        self.home.store.transact(|| -> Result<_, Failure> {
            if !told {
                let message = Message::Abort(abort.notice());
                let body = Envelope { round, from: Some(self.home.code), message }.to_bytes();
                outbox::append(&self.home.store, &mut ops, kind::POST, body)?;
            }
            Ok((ops, ()))
        })?;
        self.outgoing.notify_one();
        self.erase(round)
    }

    /// Ends every running round, and the one whose mail entry is given, because an audit log was refused (C6).
    pub(crate) fn end_for_history(&self, code: Code, mail: Option<(RoundId, u64)>) -> Result<(), Failure> {
        let abort = Abort::because(AbortReason::History(code));
        if let Some((round, number)) = mail {
            match self.record(round).map(|record| record.standing) {
                Ok(Standing::AwaitDecision | Standing::Running { .. }) => {
                    self.abort(round, &abort, Some(number))?;
                }
                // Unknown here, or over: there is nothing to end.
                Ok(Standing::Aborted { .. } | Standing::Finished) | Err(_) => {
                    self.home.store.commit(&cursor(Some(number)))?;
                }
            }
        }
        let running: Vec<RoundId> = self.lock().keys().copied().collect();
        running.into_iter().try_for_each(|round| self.abort(round, &abort, None))
    }

    /// Drops the secrets of a round and deletes its blobs.
    fn erase(&self, round: RoundId) -> Result<(), Failure> {
        let gone = self.lock().remove(&round);
        self.progress_map().remove(&round);
        for digest in gone.map(|one| one.blobs).unwrap_or_default() {
            self.home.shelf.remove(digest)?;
        }
        Ok(())
    }

    /// Blobs of a round on this machine and their bytes, for the receipt.
    pub(crate) fn held(&self, round: RoundId) -> (u32, u64) {
        let live = self.lock();
        let blobs = live.get(&round).map(|one| one.blobs.clone()).unwrap_or_default();
        let bytes =
            blobs.iter().filter_map(|digest| self.home.shelf.find(*digest)).map(|blob| blob.bytes).sum();
        (u32::try_from(blobs.len()).unwrap_or(u32::MAX), bytes)
    }

    fn confirm_charge(&self, record: &RoundRecord) -> Result<Option<Op>, Failure> {
        let Some(roster) = record.roster else { return Ok(None) };
        let key = ledger_key(roster, record.call.agreement, record.call.round);
        let Some(bytes) = self.home.store.get(LEDGER, &key)? else { return Ok(None) };
        let charge = Charge { released: true, ..Charge::from_bytes(&bytes)? };
        Ok(Some(Op::put(LEDGER, key, charge.to_bytes())))
    }

    fn context(&self, manifest: &Manifest) -> Result<Option<Arc<RoundContext>>, Failure> {
        let Some(me) = manifest.participant(self.home.code) else { return Ok(None) };
        Ok(Some(Arc::new(RoundContext::new(manifest.clone(), me, self.home.settings.round_memory_bytes())?)))
    }

    /// A round as stored.
    ///
    /// # Errors
    ///
    /// [`Failure`] if this node does not know it.
    pub fn record(&self, round: RoundId) -> Result<RoundRecord, Failure> {
        match self.home.store.get(ROUNDS, &round.0)? {
            Some(bytes) => Ok(RoundRecord::from_bytes(&bytes)?),
            None => Err(crate::home::refuse(
                0x2220,
                "this node knows no such round",
                "List the rounds it knows with `round list`.",
                None,
            )),
        }
    }

    /// The account of what leaves this member in a round whose manifest is known.
    ///
    /// # Errors
    ///
    /// [`Failure`] if the round is unknown or its manifest is not known yet.
    pub fn account(&self, round: RoundId) -> Result<Account, Failure> {
        self.record(round)?.account(self.home.code).ok_or_else(|| {
            crate::home::refuse(
                0x2221,
                "what leaves is not known yet: the committee of this round is not drawn",
                "Wait until every member has answered, then ask again.",
                Some("D5"),
            )
        })
    }

    /// Progress of the work in hand of a round.
    #[must_use]
    pub fn progress_of(&self, round: RoundId) -> Option<JobProgress> {
        self.progress_map().get(&round).cloned()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<RoundId, Live>> {
        self.live.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn progress_map(&self) -> MutexGuard<'_, BTreeMap<RoundId, JobProgress>> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The member's code, for messages about a fault.
    pub(crate) fn fault_of(context: &RoundContext, participant: Option<u16>) -> Option<MemberCode> {
        participant.and_then(|index| context.manifest.seat(index)).map(|seat| seat.code)
    }
}

impl Live {
    fn resumed(state: MemberRound) -> Self {
        Self {
            state: Some(state),
            secrets: None,
            context: None,
            references: Arc::default(),
            counts: None,
            columns: BTreeMap::new(),
            blobs: BTreeSet::new(),
            broken: false,
        }
    }
}

/// Whether an abort gives the privacy charge of a round back (SPEC §10.4).
#[derive(Clone, Copy, Eq, PartialEq)]
enum Repayable {
    Yes,
    No,
}

impl Repayable {
    /// Before `Sealed` nothing of this member can be decrypted. From then on it cannot be known what the others have
    /// decrypted, and an abort that came after it must not buy the same question again.
    fn of(standing: &Standing) -> Self {
        match standing {
            Standing::AwaitDecision => Self::Yes,
            Standing::Running { sealed: false, .. } => Self::Yes,
            Standing::Running { sealed: true, .. } | Standing::Aborted { .. } | Standing::Finished => {
                Self::No
            }
        }
    }
}

/// The change that marks a mail entry as taken.
fn cursor(mail: Option<u64>) -> Vec<Op> {
    mail.map(|number| Op::put(CURSOR, *b"cursor", number.to_le_bytes())).into_iter().collect()
}

//! Before the list leaves: a call arrives, a person decides about the study, the roster is prepared, a person reads what
//! leaves and says yes. The only place that makes an [`Approval`].

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, PoisonError},
};

use passage_protocol::{
    agreement::{Account, Agreement, Approval, Clause, Study, check_length},
    codec::{Decode, Encode},
    ids::{Digest, RoundId},
    manifest::{opening::RoundCall, shapes},
    round::{Abort, AbortReason, MemberInput, MemberRound, OwnPart},
    timestamp::Timestamp,
};
use passage_shell::{audit::Act, entropy, failure::Failure, store::Op};

use crate::{
    compute::secrets::RoundSecrets,
    counted::Counts,
    disclosures::{Entered, Reference},
    driver::{Driver, Live, cursor},
    governance::HeldStudy,
    home::refuse,
    own_stack,
    prepare::{Part, Prepared, prepare},
    records::{APPROVALS, ROUNDS, RoundRecord, Standing, Verdict, Yes},
};

impl Driver {
    /// Takes a call: remembers it, then goes as far as people have allowed.
    pub(super) fn called(&self, number: u64, call: RoundCall) -> Result<(), Failure> {
        let round = call.round;
        if self.home.store.get(ROUNDS, &round.0)?.is_some() {
            return Ok(self.home.store.commit(&cursor(Some(number)))?);
        }
        let record = RoundRecord {
            call,
            moved: self.home.now(),
            standing: Standing::AwaitDecision,
            manifest: None,
            roster: None,
        };
        let mut ops = cursor(Some(number));
        ops.push(Op::put(ROUNDS, round.0, record.to_bytes()));
        self.home.record(&Act::RoundCalled { round, study: record.call.study })?;
        self.home.store.commit(&ops)?;
        self.consider(round)
    }

    /// Looks at a called round again: after the call, after a decision, after a restart.
    ///
    /// # Errors
    ///
    /// [`Failure`] of the store.
    pub fn consider(&self, round: RoundId) -> Result<(), Failure> {
        let record = self.record(round)?;
        if !matches!(record.standing, Standing::AwaitDecision) {
            return Ok(());
        }
        if let Err(failure) = self.home.require_no_fork() {
            return self.abort(round, &Abort::because(AbortReason::History(failure.number())), None);
        }
        if self.home.halted()?.is_some() {
            return self.abort(round, &Abort::because(AbortReason::Halted), None);
        }
        let today = self.home.now().date();
        if let Err(clause) = check_length(&record.call, today) {
            return self.abort(round, &Abort::because(AbortReason::Refused(clause)), None);
        }
        // Documents arrive with the next synchronisation; nothing is prepared without them.
        let Ok(study) = self.home.study(&record.call.study.to_string()) else { return Ok(()) };
        if study.study.agreement != record.call.agreement {
            return self.abort(round, &Abort::because(AbortReason::Refused(Clause::OtherAgreement)), None);
        }
        let Ok(agreement) = self.home.agreement(&record.call.agreement.to_string()) else { return Ok(()) };
        match &study.decision {
            None => return Ok(()),
            Some(decision) if decision.verdict == Verdict::Refused => {
                return self.abort(round, &Abort::because(AbortReason::PersonRefused), None);
            }
            Some(_) => {}
        }
        if let Err(clause) = self.home.may_prepare(&agreement, &study, &record.call)? {
            return self.abort(round, &Abort::because(AbortReason::Refused(clause)), None);
        }
        if self.attempts_in_a_row(&study)? >= ATTEMPTS_MAX {
            tracing::warn!(round = %round, "this study was called too often without a result; decide about it again");
            return Ok(());
        }
        let Some(_claim) = Claim::take(&self.preparing, round) else { return Ok(()) };
        let Some(role) = study.study.role_of(self.home.code) else {
            return self.abort(round, &Abort::because(AbortReason::UnexpectedMessage), None);
        };
        let (prepared, references, snapshot, judged) = own_stack::run(|| {
            let (roster, snapshot) = self.home.roster()?;
            let said = self.home.study_facts(&study.study, role, &roster)?;
            let (study, room) = (&study.study, self.home.room());
            let schools = study.schools_of(self.home.code);
            let part = Part { role, segment: self.home.segment, schools };
            let prepared = prepare(&roster, study, part, today.year, &said, &room)?;
            let references = self.home.references().of_students(&roster, &prepared.rows)?;
            let judged = self.home.judged(&agreement.agreement, study, &roster, &prepared)?;
            Ok((prepared, references, snapshot, judged))
        })?;
        // Before anything is blinded and before the number of rows is told: that alone says how many are new.
        let counts = match judged {
            Ok(counts) => counts,
            Err((clause, words)) => {
                let abort = Abort::because(AbortReason::Refused(clause));
                return self.abort_saying(round, &abort, words, None);
            }
        };
        tracing::info!(
            round = %round,
            rows = prepared.rows.len(),
            opted_out = prepared.opted_out,
            unusable = prepared.unusable,
            "prepared"
        );
        let evidence = (references, counts);
        self.answer(record, snapshot, (agreement.agreement, study.study), prepared, evidence)
    }

    /// Rounds of a study that ended without a result since a person last decided about it, or since the last result. A
    /// coordinator that dislikes a committee could otherwise call until it likes one.
    fn attempts_in_a_row(&self, study: &HeldStudy) -> Result<usize, Failure> {
        let decided = study.decision.as_ref().map_or(Timestamp(0), |decision| decision.at);
        let mut records = Vec::new();
        for (_, bytes) in self.home.store.scan(ROUNDS, &[])? {
            let record = RoundRecord::from_bytes(&bytes)?;
            if record.call.study == study.digest && record.moved >= decided {
                records.push(record);
            }
        }
        records.sort_by_key(|record| record.moved);
        let aborted = |record: &&RoundRecord| !matches!(record.standing, Standing::Finished);
        let ended = records.iter().rev().filter(|record| !matches!(record.standing, Standing::AwaitDecision));
        Ok(ended.take_while(aborted).count())
    }

    fn answer(
        &self,
        mut record: RoundRecord,
        snapshot: Digest,
        (agreement, study): (Agreement, Study),
        prepared: Prepared,
        (references, counts): (Vec<Reference>, Option<Counts>),
    ) -> Result<(), Failure> {
        let round = record.call.round;
        let (rows, opted_out, unusable) = (prepared.rows.len(), prepared.opted_out, prepared.unusable);
        let secrets = RoundSecrets::make(shapes::column_keys(&study).len(), prepared)?;
        // A small count says who opted out; below the floor it stays here (SPEC §5.2).
        let floored = |count: u32| if count < agreement.floor { 0 } else { count };
        let own = OwnPart {
            code: self.home.code,
            rows: u32::try_from(rows).unwrap_or(u32::MAX),
            hpke_key: secrets.recipient.public(),
            nonce: entropy::seed()?,
            insists: self.home.settings.insist_on_committee,
            opted_out: floored(opted_out),
            unusable: floored(unusable),
            share: secrets.committee.share(&round, &self.home.code),
        };
        self.home.record(&Act::RoundAnswered { round, roster: snapshot, rows: own.rows.into() })?;
        record.roster = Some(snapshot);
        let call = record.call.clone();
        self.home.store.commit(&[Op::put(ROUNDS, round.0, record.to_bytes())])?;
        let mut live = self.lock();
        live.insert(
            round,
            Live {
                state: None,
                secrets: Some(Arc::new(secrets)),
                context: None,
                references: references.into(),
                counts: counts.map(Arc::new),
                columns: BTreeMap::new(),
                blobs: BTreeSet::new(),
                broken: false,
            },
        );
        match MemberRound::answer(agreement, study, call, own) {
            Ok(step) => self.settled(live, round, step, None),
            Err(abort) => {
                drop(live);
                self.abort(round, &abort, None)
            }
        }
    }

    /// The engine asks for a person: a yes to the same account given earlier counts, otherwise a person is awaited.
    pub(super) fn asked(&self, round: RoundId) -> Result<(), Failure> {
        let account = self.account(round)?;
        match self.home.store.get(APPROVALS, &account.digest.0)? {
            Some(bytes) => self.enter(round, &account, Yes::from_bytes(&bytes)?),
            None => {
                tracing::info!(round = %round, "awaiting a person's approval of what leaves");
                Ok(())
            }
        }
    }

    /// Records a person's yes to what leaves in a round and enters it.
    ///
    /// # Errors
    ///
    /// [`Failure`] if the round does not await one, or the agreement refuses.
    pub fn approve(&self, round: RoundId, by: &str) -> Result<Account, Failure> {
        self.home.require_participation()?;
        let account = self.account(round)?;
        self.require_waiting(round)?;
        self.home.require_no_fork()?;
        let yes = Yes { by: by.to_owned(), at: self.home.now() };
        self.home.recorded(&Act::RoundApproved { round, account: account.digest, by }, || {
            self.home.store.commit(&[Op::put(APPROVALS, account.digest.0, yes.to_bytes())])?;
            self.enter(round, &account, yes)
        })?;
        Ok(account)
    }

    /// Records a person's no: the round ends for everybody.
    ///
    /// # Errors
    ///
    /// [`Failure`] if the round does not await a person.
    pub fn refuse(&self, round: RoundId, by: &str) -> Result<(), Failure> {
        let _one_at_a_time = self.deciding.lock().unwrap_or_else(PoisonError::into_inner);
        self.require_waiting(round)?;
        let refused = Act::RoundRefused { round, by };
        self.home.recorded(&refused, || self.feed(round, MemberInput::Refused, None))
    }

    /// Stops every running round here and answers no further call; one action, no questions (L4).
    ///
    /// # Errors
    ///
    /// [`Failure`] of the store.
    pub fn halt(&self, by: &str) -> Result<usize, Failure> {
        self.home.halt_participation(by)?;
        let rounds: Vec<RoundId> = self.lock().keys().copied().collect();
        for round in &rounds {
            let halted = Act::RoundHalted { round: *round, by };
            self.home.recorded(&halted, || self.feed(*round, MemberInput::Halt, None))?;
        }
        Ok(rounds.len())
    }

    /// Ends every round under an agreement, in whichever state, because this member has withdrawn from it (G10).
    ///
    /// # Errors
    ///
    /// [`Failure`] of the store.
    pub fn halt_under(&self, agreement: Digest) -> Result<(), Failure> {
        for (key, bytes) in self.home.store.scan(ROUNDS, &[])? {
            let record = RoundRecord::from_bytes(&bytes)?;
            let runs = matches!(record.standing, Standing::AwaitDecision | Standing::Running { .. });
            if runs && record.call.agreement == agreement {
                let withdrawn = Abort::because(AbortReason::Refused(Clause::Withdrawn));
                self.abort(RoundId::from_bytes(&key)?, &withdrawn, None)?;
            }
        }
        Ok(())
    }

    fn is_waiting(&self, round: RoundId) -> bool {
        let live = self.lock();
        let state = live.get(&round).and_then(|one| one.state.as_ref());
        matches!(state, Some(MemberRound::AwaitApproval(_)))
    }

    fn require_waiting(&self, round: RoundId) -> Result<(), Failure> {
        if self.is_waiting(round) {
            return Ok(());
        }
        Err(refuse(
            0x2222,
            "this round does not await your approval",
            "See where it stands with `round show`.",
            None,
        ))
    }

    /// Enters a round with both proofs in hand; once, however many ways a yes comes.
    fn enter(&self, round: RoundId, account: &Account, yes: Yes) -> Result<(), Failure> {
        let _one_at_a_time = self.deciding.lock().unwrap_or_else(PoisonError::into_inner);
        if !self.is_waiting(round) {
            return Ok(()); // a person said yes while the engine was still asking
        }
        if let Err(failure) = self.home.require_no_fork() {
            return self.abort(round, &Abort::because(AbortReason::History(failure.number())), None);
        }
        if self.home.halted()?.is_some() {
            return self.abort(round, &Abort::because(AbortReason::Halted), None);
        }
        let record = self.record(round)?;
        let (Some(manifest), Some(roster)) = (&record.manifest, record.roster) else { return Ok(()) };
        let agreement = self.home.agreement(&record.call.agreement.to_string())?;
        let study = self.home.study(&record.call.study.to_string())?;
        // Judged, recorded and charged as one step: two rounds cannot both spend what is left of the budget.
        let (references, counts) = (self.lock().get(&round))
            .map(|one| (Arc::clone(&one.references), one.counts.clone()))
            .unwrap_or_default();
        let permitted = self.home.store.transact(|| -> Result<_, Failure> {
            let mut permitted = self.home.permit(&agreement, &study, manifest, roster)?;
            let mut ops = Vec::new();
            if let Some(counts) = &counts
                && permitted.is_ok()
            {
                match self.home.keep_counted(agreement.digest, round, counts)? {
                    Ok(kept) => ops.extend(kept),
                    Err(clause) => permitted = Err(clause),
                }
            }
            if permitted.is_ok() {
                self.home.record(&Act::RoundEndorsed { round, manifest: manifest.digest() })?;
                ops.extend(self.home.charge(manifest, roster, &agreement.agreement));
                let (agreement, study) = (&agreement.agreement, &study.study);
                ops.extend(
                    self.home.disclosed(&Entered { manifest, agreement, study, yes: &yes }, &references),
                );
            }
            Ok((ops, permitted))
        })?;
        match permitted {
            Err(clause) => self.feed(round, MemberInput::NotPermitted(clause), None),
            Ok(permit) => {
                let approval = Approval { account: account.digest, by: yes.by, at: yes.at };
                self.feed(round, MemberInput::Approved { permit, approval }, None)
            }
        }
    }
}

/// Calls of one study answered in a row without a result before a person must decide again: as many as an honest
/// coordinator makes.
const ATTEMPTS_MAX: usize = 8;

/// One preparation of one round at a time; given back when dropped.
struct Claim<'a> {
    preparing: &'a Mutex<BTreeSet<RoundId>>,
    round: RoundId,
}

impl<'a> Claim<'a> {
    fn take(preparing: &'a Mutex<BTreeSet<RoundId>>, round: RoundId) -> Option<Self> {
        let fresh = preparing.lock().unwrap_or_else(PoisonError::into_inner).insert(round);
        fresh.then_some(Self { preparing, round })
    }
}

impl Drop for Claim<'_> {
    fn drop(&mut self) {
        self.preparing.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.round);
    }
}

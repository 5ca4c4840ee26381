//! Before the list leaves: a call arrives, a person decides about the study, the roster is prepared, a person reads what
//! leaves and says yes. The only place that makes an [`Approval`].

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use passage_protocol::{
    agreement::{Account, Approval},
    codec::{Decode, Encode},
    ids::{Digest, RoundId},
    manifest::{opening::RoundCall, shapes},
    round::{Abort, AbortReason, MemberInput, MemberRound, OwnPart},
};
use passage_shell::{entropy, failure::Failure, store::Op};

use crate::{
    compute::secrets::RoundSecrets,
    driver::{Driver, Live, cursor},
    home::refuse,
    prepare::prepare,
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
        self.home.store.commit(&ops)?;
        self.home.record("round called", &[("round", &round.to_string())])?;
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
        let (Ok(agreement), Ok(study)) = (
            self.home.agreement(&record.call.agreement.to_string()),
            self.home.study(&record.call.study.to_string()),
        ) else {
            // The documents arrive with the next synchronisation; nothing is prepared without them.
            return Ok(());
        };
        match &study.decision {
            None => return Ok(()),
            Some(decision) if decision.verdict == Verdict::Refused => {
                return self.abort(round, &Abort::because(AbortReason::PersonRefused), None);
            }
            Some(_) => {}
        }
        if let Err(clause) = self.home.may_prepare(&agreement, &study) {
            return self.abort(round, &Abort::because(AbortReason::Refused(clause)), None);
        }
        let Some(index) = study.study.index(self.home.code) else {
            return self.abort(round, &Abort::because(AbortReason::UnexpectedMessage), None);
        };
        let Some(role) = study.study.participants.get(index).map(|one| one.role) else { return Ok(()) };
        let (roster, snapshot) = self.home.roster()?;
        let this_year = self.home.now().date().year;
        let prepared = prepare(&roster, &study.study, role, self.home.segment, this_year);
        drop(roster);
        tracing::info!(
            round = %round,
            rows = prepared.rows.len(),
            opted_out = prepared.opted_out,
            unusable = prepared.unusable,
            "prepared"
        );
        self.answer(record, snapshot, agreement.agreement, study.study, prepared)
    }

    fn answer(
        &self,
        mut record: RoundRecord,
        snapshot: Digest,
        agreement: passage_protocol::agreement::Agreement,
        study: passage_protocol::agreement::Study,
        prepared: crate::prepare::Prepared,
    ) -> Result<(), Failure> {
        let round = record.call.round;
        let (rows, opted_out, unusable) = (prepared.rows.len(), prepared.opted_out, prepared.unusable);
        let secrets = RoundSecrets::make(shapes::column_keys(&study).len(), prepared)?;
        let own = OwnPart {
            code: self.home.code,
            rows: u32::try_from(rows).unwrap_or(u32::MAX),
            hpke_key: secrets.recipient.public(),
            nonce: entropy::seed()?,
            insists: self.home.settings.insist_on_committee,
            opted_out,
            unusable,
            share: secrets.committee.share(&round, &self.home.code),
        };
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
                columns: BTreeMap::new(),
                blobs: BTreeSet::new(),
            },
        );
        match MemberRound::answer(agreement, study, call, own) {
            Ok(step) => self.settle(live, round, step, None),
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
        let account = self.account(round)?;
        self.require_waiting(round)?;
        let yes = Yes { by: by.to_owned(), at: self.home.now() };
        let digest = account.digest.to_string();
        let fields = [("round", round.to_string()), ("account", digest), ("by", by.to_owned())];
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, text)| (*name, text.as_str())).collect();
        self.home.record("round approved", &fields)?;
        self.home.store.commit(&[Op::put(APPROVALS, account.digest.0, yes.to_bytes())])?;
        self.enter(round, &account, yes)?;
        Ok(account)
    }

    /// Records a person's no: the round ends for everybody.
    ///
    /// # Errors
    ///
    /// [`Failure`] if the round does not await a person.
    pub fn refuse(&self, round: RoundId, by: &str) -> Result<(), Failure> {
        self.require_waiting(round)?;
        self.home.record("round refused", &[("round", &round.to_string()), ("by", by)])?;
        self.feed(round, MemberInput::Refused, None)
    }

    /// Stops every running round here; one action, no questions (L4).
    ///
    /// # Errors
    ///
    /// [`Failure`] of the store.
    pub fn halt(&self, by: &str) -> Result<usize, Failure> {
        let rounds: Vec<RoundId> = self.lock().keys().copied().collect();
        for round in &rounds {
            self.home.record("round halted", &[("round", &round.to_string()), ("by", by)])?;
            self.feed(*round, MemberInput::Halt, None)?;
        }
        Ok(rounds.len())
    }

    fn require_waiting(&self, round: RoundId) -> Result<(), Failure> {
        let live = self.lock();
        let waiting = live.get(&round).and_then(|one| one.state.as_ref());
        if matches!(waiting, Some(MemberRound::AwaitApproval(_))) {
            return Ok(());
        }
        Err(refuse(
            0x2222,
            "this round does not await your approval",
            "See where it stands with `round show`.",
            None,
        ))
    }

    /// Enters a round with both proofs in hand.
    fn enter(&self, round: RoundId, account: &Account, yes: Yes) -> Result<(), Failure> {
        let record = self.record(round)?;
        let (Some(manifest), Some(roster)) = (&record.manifest, record.roster) else { return Ok(()) };
        let agreement = self.home.agreement(&record.call.agreement.to_string())?;
        let study = self.home.study(&record.call.study.to_string())?;
        match self.home.permit(&agreement, &study, manifest, roster)? {
            Err(clause) => self.feed(round, MemberInput::NotPermitted(clause), None),
            Ok(permit) => {
                if let Some(charge) = self.home.charge(manifest, roster, &agreement.agreement) {
                    self.home.store.commit(&[charge])?;
                }
                let approval = Approval { account: account.digest, by: yes.by, at: yes.at };
                self.feed(round, MemberInput::Approved { permit, approval }, None)
            }
        }
    }
}

//! The commit rule of the node's driver: input, step, one commit of state, cursor and outbox, then the effects.
//!
//! A fault point stands before the commit, after it, and after every effect.

use std::rc::Rc;

use passage_node::compute::{RoundContext, stream::open_short};
use passage_protocol::{
    agreement::{Account, Approval, Permit, Standing as Consent},
    codec::Encode,
    ids::{Digest, RoundId},
    refusal::Refusal,
    round::{Abort, AbortReason, MemberEffect, MemberInput, MemberRound, Step},
    seal::SealPurpose,
    timestamp::Timestamp,
    wire::{Envelope, Message},
};

use super::{MemberHost, Standing};
use crate::faults::Crashed;

/// Memory for a list, bytes: so little that the larger lists and tables of these tests are shuffled on disk.
pub(super) const ROUND_MEMORY: u64 = 256 << 10;

impl MemberHost {
    /// Steps one round with one input.
    pub(super) fn feed(
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
    pub(super) fn settle(
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
        self.charge_moves_with(round, &state);
        let standing = if finished { Standing::Finished } else { Standing::Running(state.to_bytes()) };
        self.stored.rounds.get_mut(&round).unwrap().1 = standing;
        self.stored.cursor = mail.unwrap_or(self.stored.cursor);
        self.pass("after a commit, before its effects")?;
        if let Some(live) = self.live.get_mut(&round) {
            if let (None, Some(manifest)) = (&live.context, state.manifest()) {
                let me = manifest.participant(self.code).unwrap();
                live.context = Some(RoundContext::new(manifest.clone(), me, ROUND_MEMORY).unwrap());
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
        let consent = Consent { budget_spent_milli: self.spent_milli(round), ..papers.standing() };
        let manifest = self.live[&round].context.as_ref().unwrap().manifest.clone();
        let input = match Permit::grant(&consent, &manifest, self.code, now.date()) {
            Err(clause) => MemberInput::NotPermitted(clause),
            Ok(permit) => {
                self.charge(&manifest);
                self.pass("after a charge, before the endorsement")?;
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
    pub(super) fn abort(&mut self, round: RoundId, abort: Abort, mail: Option<u64>) -> Result<(), Crashed> {
        self.pass("before an abort is stored")?;
        if !matches!(abort.reason, AbortReason::Peer(_)) {
            let message = Message::Abort(abort.notice());
            let envelope = Envelope { round, from: Some(self.code), message };
            self.stored.outbox.push_back(envelope.to_bytes());
        }
        let standing = Standing::Aborted { reason: abort.reason, code: abort.code(), fault: abort.fault };
        self.stored.rounds.get_mut(&round).unwrap().1 = standing;
        self.stored.cursor = mail.unwrap_or(self.stored.cursor);
        self.give_back(round);
        self.pass("after an abort is stored")?;
        self.erase(round);
        Ok(())
    }

    fn erase(&mut self, round: RoundId) {
        let gone = self.live.remove(&round).map(|live| live.blobs).unwrap_or_default();
        gone.into_iter().for_each(|digest| self.shelf.remove(digest).unwrap());
    }
}

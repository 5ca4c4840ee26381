//! What a member's roster has been charged (SPEC §10.4): once for every round it enters, given back only if the round ends
//! before `Sealed`. The rule of the node's driver, kept beside the same commits; that a question once answered is refused is
//! kept only by a member that was told to [`MemberHost::compare`], so that a test may ask the same question many times.

use passage_node::{
    counted::{Refused, counted, judge},
    prepare::Prepared,
};
use passage_protocol::{
    agreement::{NoiseTerms, Role},
    disclosure::{Counted, Earlier},
    ids::RoundId,
    manifest::Manifest,
    round::MemberRound,
};

use crate::{population::Files, records::Records};

use super::{MemberHost, Standing};

/// One round's charge.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Charge {
    /// Thousandths of epsilon.
    pub epsilon_milli: u32,
    /// Whether an abort still gives it back.
    pub standing: ChargeStanding,
}

/// How far the round of a charge has come at this member.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ChargeStanding {
    /// Entered; nothing of this member can have been decrypted.
    Entered,
    /// Every participant has signed: from here on it cannot be known what was decrypted.
    Sealed,
    /// The report is here.
    Released,
}

impl MemberHost {
    /// Every charge in force, by round.
    #[must_use]
    pub fn charges(&self) -> Vec<(RoundId, Charge)> {
        self.stored.charges.iter().map(|(round, charge)| (*round, *charge)).collect()
    }

    /// Charged by rounds other than this one, in thousandths.
    pub(super) fn spent_milli(&self, round: RoundId) -> u32 {
        let others = self.stored.charges.iter().filter(|(other, _)| **other != round);
        others.map(|(_, charge)| charge.epsilon_milli).sum()
    }

    /// Charges the tables this member takes part in.
    pub(super) fn charge(&mut self, manifest: &Manifest) {
        if let Some(counted) = self.live.get_mut(&manifest.round).and_then(|live| live.counted.take()) {
            self.stored.counted.insert(manifest.round, (counted.for_own_store(), false));
        }
        if let NoiseTerms::None { .. } = self.shared.papers.agreement.noise {
            return;
        }
        let me = manifest.participant(self.code).unwrap();
        let mine = manifest.tables.iter().filter(|table| manifest.takes_part(table, me));
        let epsilon_milli = manifest.noise.epsilon_milli * u32::try_from(mine.count()).unwrap();
        let charge = Charge { epsilon_milli, standing: ChargeStanding::Entered };
        self.stored.charges.insert(manifest.round, charge);
    }

    /// Part of the commit of a step.
    pub(super) fn charge_moves_with(&mut self, round: RoundId, state: &MemberRound) {
        if let (Some((_, sealed)), MemberRound::Mixing(_)) = (self.stored.counted.get_mut(&round), state) {
            *sealed = true;
        }
        let Some(charge) = self.stored.charges.get_mut(&round) else { return };
        charge.standing = match state {
            MemberRound::Finished(_) => ChargeStanding::Released,
            MemberRound::Mixing(_) | MemberRound::AwaitResult(_) => ChargeStanding::Sealed,
            MemberRound::AwaitAnswers(_)
            | MemberRound::AwaitApproval(_)
            | MemberRound::AwaitReveals(_)
            | MemberRound::AwaitSealed(_)
            | MemberRound::AwaitShares(_) => ChargeStanding::Entered,
        };
    }

    /// Part of the commit of an abort.
    pub(super) fn give_back(&mut self, round: RoundId) {
        self.stored.counted.retain(|of, (_, sealed)| *of != round || *sealed);
        let entered = |charge: &Charge| charge.standing == ChargeStanding::Entered;
        if self.stored.charges.get(&round).is_some_and(entered) {
            self.stored.charges.remove(&round);
        }
    }

    /// Takes the place of this member in another federation, under another study: its records, its references, and what its rounds
    /// there have counted, as rounds of another name that gave no report here.
    pub fn take_over(&mut self, before: &Self, files: &Files) {
        let path = self.folder.path().join("taken-over");
        self.records = Records::import_after(&path, files, Some(&before.records));
        let renamed = |(round, kept): (&RoundId, &(Vec<u8>, bool))| {
            let mut round = *round;
            round.0[0] ^= 0xFF;
            (round, kept.clone())
        };
        self.stored.counted = before.stored.counted.iter().map(renamed).collect();
        self.compare();
    }

    /// What its round would count, if it sends students and compares.
    pub(super) fn counted(&self, prepared: &Prepared) -> Option<Counted> {
        let papers = &self.shared.papers;
        let sends = self.compares && papers.role(self.index) == Role::Sender;
        let references = self.records.references();
        let roster = sends.then(|| self.records.roster())?;
        Some(counted(&papers.agreement, &papers.study, &references, &roster, prepared).unwrap())
    }

    /// The node's rule, beside what was kept.
    pub(super) fn judge(&self, counted: &Option<Counted>) -> Result<(), Refused> {
        let earlier = |(round, (bytes, _)): (&RoundId, &(Vec<u8>, bool))| Earlier {
            round: *round,
            is_answered: self.stored.rounds.get(round).is_some_and(|(_, of)| *of == Standing::Finished),
            counted: Counted::from_own_store(bytes).unwrap(),
        };
        let earlier: Vec<Earlier> = self.stored.counted.iter().map(earlier).collect();
        counted.as_ref().map_or(Ok(()), |counted| judge(counted, &earlier))
    }
}

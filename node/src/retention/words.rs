//! What the coordinator and parties that withdrew say about their side: asked for by name, believed with a signature only,
//! kept for ever (SPEC §22).

use std::sync::Arc;

use passage_protocol::{
    checkpoint::LogOwner,
    codec::{Decode, Encode},
    ids::{Digest, MemberCode},
    retention::{Destruction, Ended, RetentionFault},
    signing::Signed,
    wire::service::{ASKED_MAX, Destructions, DestructionsAsked, kind},
};
use passage_shell::{audit::Act, failure::Failure, store::Op};

use crate::{
    home::Home,
    records::WORDS,
    uplink::{Uplink, blocking},
};

/// Asks for the words that are missing here.
///
/// # Errors
///
/// [`Failure`] of the network or the store, or a word that is not to be believed; those before it are kept.
pub(crate) async fn ask(uplink: &Uplink) -> Result<(), Failure> {
    let home = Arc::clone(uplink.home());
    let about = blocking(move || home.unheard()).await?;
    for about in about.chunks(ASKED_MAX) {
        let asked = DestructionsAsked { about: about.to_vec() };
        let answer = uplink.call(kind::DESTRUCTIONS, &asked.to_bytes()).await?;
        let home = Arc::clone(uplink.home());
        blocking(move || home.hear(&asked.about, &Destructions::from_bytes(&answer)?.words)).await?;
    }
    Ok(())
}

impl Home {
    /// What this member has signed about something that ended.
    ///
    /// # Errors
    ///
    /// [`Failure`] if the store is damaged.
    pub fn own_word(&self, agreement: Digest, about: Ended) -> Result<Option<Destruction>, Failure> {
        self.word(agreement, about, LogOwner::Member(self.code))
    }

    /// What the coordinator has signed about something that ended; only what verified is kept.
    ///
    /// # Errors
    ///
    /// [`Failure`] if the store is damaged.
    pub fn coordinators_word(&self, agreement: Digest, about: Ended) -> Result<Option<Destruction>, Failure> {
        self.word(agreement, about, LogOwner::Coordinator)
    }

    /// What is known about the contributions of parties that withdrew from an agreement: by themselves and by the coordinator.
    ///
    /// # Errors
    ///
    /// [`Failure`] if the store is damaged.
    pub fn words_of_withdrawals(
        &self,
        agreement: Digest,
        withdrawn: &[MemberCode],
    ) -> Result<Vec<Destruction>, Failure> {
        let mut words = Vec::new();
        for code in withdrawn {
            for owner in [LogOwner::Member(*code), LogOwner::Coordinator] {
                words.extend(self.word(agreement, Ended::Party(*code), owner)?);
            }
        }
        Ok(words)
    }

    fn word(&self, agreement: Digest, about: Ended, owner: LogOwner) -> Result<Option<Destruction>, Failure> {
        let Some(bytes) = self.store.get(WORDS, &Destruction::place(agreement, about, owner))? else {
            return Ok(None);
        };
        Ok(Some(*Signed::<Destruction>::from_bytes(&bytes)?.value()))
    }

    /// Rounds that are over and withdrawals of which the other side's word is missing here.
    pub(super) fn unheard(&self) -> Result<Vec<(Digest, Ended)>, Failure> {
        let mut unheard = Vec::new();
        for one in self.kept()? {
            if one.ended.is_some() && one.coordinator.is_none() {
                unheard.push((one.agreement, Ended::Round(one.round)));
            }
        }
        for held in self.agreements()? {
            for party in &held.agreement.parties {
                if held.consents.withdrawal(party.code).is_none() {
                    continue;
                }
                if self.words_of_withdrawals(held.digest, &[party.code])?.len() < 2 {
                    unheard.push((held.digest, Ended::Party(party.code)));
                }
            }
        }
        Ok(unheard)
    }

    /// Takes words in answer to what was asked. Whose key counts is known here: the coordinator's is pinned, a party's stands
    /// in the agreement.
    ///
    /// # Errors
    ///
    /// [`RetentionFault`] as a [`Failure`]; words before the bad one are kept.
    pub(super) fn hear(
        &self,
        asked: &[(Digest, Ended)],
        words: &[Signed<Destruction>],
    ) -> Result<(), Failure> {
        for signed in words {
            let Destruction { owner, agreement, about, .. } = *signed.value();
            if !asked.contains(&(agreement, about)) {
                return Err(RetentionFault::OtherSubject.into());
            }
            let key = match (owner, about) {
                (LogOwner::Coordinator, _) => self.pinned_key()?,
                (LogOwner::Member(code), Ended::Party(left)) if code == left => {
                    let held = self.agreement(&agreement.to_string())?;
                    held.agreement.party(code).map(|party| party.signing_key)
                }
                (LogOwner::Member(_), _) => None,
            };
            let word = Destruction::read(signed, owner, &key.ok_or(RetentionFault::OtherOwner)?)?;
            let place = Destruction::place(word.agreement, word.about, word.owner);
            if self.store.get(WORDS, &place)?.is_none() {
                self.recorded(&Act::DestructionHeard { about: word.about, by: word.owner }, || {
                    Ok(self.store.commit(&[Op::put(WORDS, place.clone(), signed.to_bytes())])?)
                })?;
            }
        }
        Ok(())
    }
}

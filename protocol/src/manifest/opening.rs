//! Opening a round: call, answers, reveals, key shares, and the committee drawn from them (SPEC §5.1-5.4).
//!
//! The draw is commit-reveal: no party, the coordinator included, can choose the committee unless all collude. A party
//! that refuses to reveal stops the round and is named.

mod error;

pub use error::OpeningError;

use crate::{
    agreement::{Agreement, Study},
    codec::{Decode, Encode},
    codec_struct,
    group::KeyShare,
    ids::{Digest, MemberCode, RoundId},
    manifest::shapes,
    signing::{SignatureKind, Signed, VerifyingKey},
    timestamp::Timestamp,
};

/// A participant as the coordinator calls it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct CallSeat {
    /// Opaque code.
    pub code: MemberCode,
    /// Signing key; must equal the agreement's.
    pub signing_key: VerifyingKey,
}
codec_struct!(CallSeat { code, signing_key });

/// The coordinator's call to a round (SPEC §5.1).
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct RoundCall {
    /// Fresh random name.
    pub round: RoundId,
    /// Digest of the study's bytes.
    pub study: Digest,
    /// Digest of the agreement's bytes.
    pub agreement: Digest,
    /// Digest of what the participants share in effect; each compares it with what it knows itself (G02).
    pub share_list: Digest,
    /// Participants in the study's order.
    pub seats: Vec<CallSeat>,
    /// When the round was opened.
    pub opened: Timestamp,
    /// When it is aborted if unfinished.
    pub deadline: Timestamp,
}
codec_struct!(RoundCall { round, study, agreement, share_list, seats, opened, deadline });

impl RoundCall {
    /// Checks that the call names exactly the study's participants under the agreement's keys.
    ///
    /// # Errors
    ///
    /// [`OpeningError::CallInconsistent`].
    pub fn check(&self, agreement: &Agreement, study: &Study) -> Result<(), OpeningError> {
        let expected = |(seat, participant): (&CallSeat, &crate::agreement::StudyParticipant)| {
            seat.code == participant.code
                && agreement.party(seat.code).is_some_and(|party| party.signing_key == seat.signing_key)
        };
        let consistent = self.seats.len() == study.participants.len()
            && self.seats.iter().zip(&study.participants).all(expected)
            && self.opened < self.deadline;
        if consistent { Ok(()) } else { Err(OpeningError::CallInconsistent) }
    }
}

/// A member's answer to a call (SPEC §5.2).
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Answer {
    /// The round answered.
    pub round: RoundId,
    /// Rows the member's list will have: binding.
    pub rows: u32,
    /// HPKE public key made for this round.
    pub hpke_key: [u8; 32],
    /// Commitment to the nonce of the draw.
    pub commitment: Digest,
    /// The member wants a seat on the committee: its key is then a veto.
    pub insists: bool,
    /// Students left out because they opted out, zero below the floor.
    pub opted_out: u32,
    /// Students left out because no match key could be made.
    pub unusable: u32,
}
codec_struct!(Answer { round, rows, hpke_key, commitment, insists, opted_out, unusable });

/// Opens the draw commitment (SPEC §5.3).
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Reveal {
    /// The round.
    pub round: RoundId,
    /// The nonce committed to.
    pub nonce: [u8; 32],
}
codec_struct!(Reveal { round, nonce });

/// A committee member's public keys (SPEC §5.4).
#[derive(Clone, Debug)]
pub struct KeyShareMessage {
    /// The round.
    pub round: RoundId,
    /// Points and proofs of possession.
    pub share: KeyShare,
}
codec_struct!(KeyShareMessage { round, share });

/// Commitment to a draw nonce.
#[must_use]
pub fn draw_commitment(nonce: &[u8; 32]) -> Digest {
    Digest::derive("passage v1 draw commitment", nonce)
}

/// The committee as participant indices: members that insist in participant order, then members drawn (SPEC §5.3).
///
/// A committee for which some list would have to end at its own owner (SPEC §5.5) is enlarged by one more member drawn.
#[must_use]
pub fn draw_committee(study: &Study, answers: &[Signed<Answer>], reveals: &[Signed<Reveal>]) -> Vec<u16> {
    let indexed = (0_u16..).zip(answers);
    let mut committee: Vec<u16> =
        indexed.filter(|(_, answer)| answer.value().insists).map(|(index, _)| index).collect();
    let nonces: Vec<u8> = reveals.iter().flat_map(|reveal| reveal.value().nonce).collect();
    let seed = Digest::derive("passage v1 draw", &nonces);
    let participants = u64::try_from(answers.len()).unwrap_or(1).max(1);
    let size = usize::from(study.committee).min(answers.len());
    let mut counter = 0_u32;
    while committee.len() < size || (!shapes::can_order(study, &committee) && committee.len() < answers.len())
    {
        let mut bytes = seed.to_bytes();
        counter.encode(&mut bytes);
        counter = counter.saturating_add(1);
        let [a, b, c, d, e, f, g, h, ..] = Digest::derive("passage v1 draw", &bytes).0;
        // 64 bits against at most 20 participants: the bias of the remainder is below 2^-59.
        let drawn = u64::from_le_bytes([a, b, c, d, e, f, g, h]) % participants;
        let drawn = u16::try_from(drawn).unwrap_or(0);
        if !committee.contains(&drawn) {
            committee.push(drawn);
        }
    }
    committee
}

/// Checks one signed answer of the participant at `index`.
///
/// # Errors
///
/// [`OpeningError`] naming the participant.
pub fn check_answer(call: &RoundCall, index: usize, answer: &Signed<Answer>) -> Result<(), OpeningError> {
    let seat = call.seats.get(index).ok_or(OpeningError::CallInconsistent)?;
    let member = seat.code;
    verify(call, seat, SignatureKind::RoundAnswer, answer)?;
    if answer.value().round != call.round {
        return Err(OpeningError::OtherRound { member });
    }
    if answer.value().rows > ROWS_MAX {
        return Err(OpeningError::TooManyRows { member, rows: answer.value().rows });
    }
    Ok(())
}

/// Checks all answers, in participant order.
///
/// # Errors
///
/// As [`check_answer`], and [`OpeningError::WrongCount`].
pub fn check_answers(call: &RoundCall, answers: &[Signed<Answer>]) -> Result<(), OpeningError> {
    counted(call.seats.len(), answers.len())?;
    answers.iter().enumerate().try_for_each(|(index, answer)| check_answer(call, index, answer))
}

/// Checks all reveals against the commitments, in participant order.
///
/// # Errors
///
/// [`OpeningError::RevealDoesNotOpen`] names the member.
pub fn check_reveals(
    call: &RoundCall,
    answers: &[Signed<Answer>],
    reveals: &[Signed<Reveal>],
) -> Result<(), OpeningError> {
    counted(call.seats.len(), reveals.len())?;
    for ((seat, answer), reveal) in call.seats.iter().zip(answers).zip(reveals) {
        verify(call, seat, SignatureKind::Reveal, reveal)?;
        if reveal.value().round != call.round {
            return Err(OpeningError::OtherRound { member: seat.code });
        }
        if draw_commitment(&reveal.value().nonce) != answer.value().commitment {
            return Err(OpeningError::RevealDoesNotOpen { member: seat.code });
        }
    }
    Ok(())
}

/// Checks all key shares and their proofs of possession, in committee order.
///
/// # Errors
///
/// [`OpeningError::ProofOfPossession`] names the member.
pub fn check_shares(
    call: &RoundCall,
    committee: &[u16],
    columns: usize,
    shares: &[Signed<KeyShareMessage>],
) -> Result<(), OpeningError> {
    counted(committee.len(), shares.len())?;
    for (participant, share) in committee.iter().zip(shares) {
        let seat = call.seats.get(usize::from(*participant)).ok_or(OpeningError::CallInconsistent)?;
        verify(call, seat, SignatureKind::KeyShare, share)?;
        if share.value().round != call.round {
            return Err(OpeningError::OtherRound { member: seat.code });
        }
        (share.value().share.verify(&call.round, &seat.code, columns))
            .map_err(|_| OpeningError::ProofOfPossession { member: seat.code })?;
    }
    Ok(())
}

fn verify<T: Encode + Decode>(
    call: &RoundCall,
    seat: &CallSeat,
    kind: SignatureKind,
    signed: &Signed<T>,
) -> Result<(), OpeningError> {
    (signed.verify(kind, Some(call.round), &seat.signing_key))
        .map(|_| ())
        .map_err(|_| OpeningError::Signature { member: seat.code })
}

fn counted(expected: usize, seen: usize) -> Result<(), OpeningError> {
    if expected == seen { Ok(()) } else { Err(OpeningError::WrongCount { expected, seen }) }
}

/// Rows of one list: ten million (product scale) and room for a state; row numbers fit a `u32` with one value to spare.
pub const ROWS_MAX: u32 = 20_000_000;

//! The member's round, from the call to the manifest and from the result to the end; the mixing in between stands in
//! `member_mixing`.

use crate::{
    agreement::{Account, Agreement, Approval, Permit, Study},
    codec::{CodecError, Decode, Encode, Reader},
    codec_struct,
    group::KeyShare,
    ids::{Digest, MemberCode},
    manifest::{
        Manifest, Opening,
        opening::{
            Answer, KeyShareMessage, Reveal, RoundCall, check_answers, check_reveals, draw_commitment,
            draw_committee,
        },
    },
    round::{
        Abort, AbortReason, Event, MemberEffect, MemberInput, MemberJob, MemberOutcome, Step,
        member_mixing::Mixing,
    },
    signing::{Signature, SignatureKind, Signed},
    timestamp::Timestamp,
    wire::{BlobRef, Message, Outgoing, Receipt},
};

/// A member's round. See the module's table of states and inputs.
#[derive(Debug)]
#[allow(missing_docs)] // the table in the module header documents the states
pub enum MemberRound {
    AwaitAnswers(AwaitAnswers),
    AwaitReveals(AwaitReveals),
    AwaitShares(AwaitShares),
    AwaitApproval(AwaitApproval),
    AwaitSealed(AwaitSealed),
    Mixing(Box<Mixing>),
    AwaitResult(AwaitResult),
    Finished(Finished),
}

/// What a member brings to a round: public halves of keys whose secret halves stay in the driver's memory.
#[derive(Clone, Debug)]
pub struct OwnPart {
    /// This member.
    pub code: MemberCode,
    /// Rows of its list.
    pub rows: u32,
    /// Its HPKE key for this round.
    pub hpke_key: [u8; 32],
    /// Nonce of the committee draw.
    pub nonce: [u8; 32],
    /// Whether it insists on a seat.
    pub insists: bool,
    /// Students left out because they opted out.
    pub opted_out: u32,
    /// Students left out for want of a match key.
    pub unusable: u32,
    /// Its key share, should it be drawn.
    pub share: KeyShare,
}

/// The documents a round stands under, parsed from the bytes their digests name.
#[derive(Clone, Debug)]
struct Documents {
    agreement: Agreement,
    study: Study,
}

/// Answered; awaits everybody's answers.
#[derive(Debug)]
pub struct AwaitAnswers {
    documents: Documents,
    call: RoundCall,
    own: OwnPart,
}

/// Revealed; awaits everybody's reveals.
#[derive(Debug)]
pub struct AwaitReveals {
    documents: Documents,
    call: RoundCall,
    own: OwnPart,
    answers: Vec<Signed<Answer>>,
}

/// Knows the committee; awaits its key shares.
#[derive(Debug)]
pub struct AwaitShares {
    documents: Documents,
    me: MemberCode,
    call: RoundCall,
    answers: Vec<Signed<Answer>>,
    reveals: Vec<Signed<Reveal>>,
}

/// Knows the manifest; awaits a person.
#[derive(Debug)]
pub struct AwaitApproval {
    me: u16,
    manifest: Manifest,
}

/// Endorsed; awaits every endorsement.
#[derive(Debug)]
pub struct AwaitSealed {
    me: u16,
    manifest: Manifest,
}

/// All duties done; awaits the report. Nothing secret is needed any more, so this state survives a restart.
#[derive(Clone, Debug)]
pub struct AwaitResult {
    pub(super) manifest: Digest,
    pub(super) report: Option<BlobRef>,
}
codec_struct!(AwaitResult { manifest, report });

/// The report is kept and the round erased.
#[derive(Clone, Debug)]
pub struct Finished {
    /// Digest of the report.
    pub report: Digest,
}
codec_struct!(Finished { report });

type Stepped = Result<Step<MemberRound, MemberEffect>, Abort>;

impl MemberRound {
    /// Answers a call. The documents must be the ones whose digests the call names; the driver has checked
    /// [`crate::agreement::Standing::check_call`] before it prepares anything.
    ///
    /// # Errors
    ///
    /// [`Abort`] if the call names other participants or keys than the documents.
    pub fn answer(agreement: Agreement, study: Study, call: RoundCall, own: OwnPart) -> Stepped {
        call.check(&agreement, &study)?;
        let answer = Answer {
            round: call.round,
            rows: own.rows,
            hpke_key: own.hpke_key,
            commitment: draw_commitment(&own.nonce),
            insists: own.insists,
            opted_out: own.opted_out,
            unusable: own.unusable,
        };
        let documents = Documents { agreement, study };
        Ok(Step {
            state: Self::AwaitAnswers(AwaitAnswers { documents, call, own }),
            effects: vec![MemberEffect::Send(Outgoing::Answer(answer))],
        })
    }

    /// Takes one input.
    ///
    /// # Errors
    ///
    /// [`Abort`] ends the round; the state is gone.
    pub fn step(self, now: Timestamp, input: MemberInput) -> Stepped {
        if let MemberInput::Message { message: Message::Abort(notice), .. } = &input {
            return match self {
                // The result is in hand; nothing can be taken back.
                Self::Finished(state) => Ok(Step { state: Self::Finished(state), effects: Vec::new() }),
                Self::AwaitAnswers(_)
                | Self::AwaitApproval(_)
                | Self::AwaitResult(_)
                | Self::AwaitReveals(_)
                | Self::AwaitSealed(_)
                | Self::AwaitShares(_)
                | Self::Mixing(_) => {
                    Err(Abort { reason: AbortReason::Peer(notice.code), fault: notice.fault })
                }
            };
        }
        match (&self, &input) {
            (Self::Finished(_) | Self::AwaitResult(_), MemberInput::Restarted) | (Self::Finished(_), _) => {
                return Ok(Step { state: self, effects: Vec::new() });
            }
            (_, MemberInput::Restarted) => return Err(Abort::because(AbortReason::MemberRestarted)),
            (_, MemberInput::Halt) => return Err(Abort::because(AbortReason::Halted)),
            (_, MemberInput::Failed { code, fault }) => {
                return Err(Abort { reason: AbortReason::Work(*code), fault: *fault });
            }
            (_, MemberInput::Tick) if self.deadline() < now => {
                return Err(Abort::because(AbortReason::TimedOut));
            }
            (_, MemberInput::Tick) => return Ok(Step { state: self, effects: Vec::new() }),
            _ => {}
        }
        match (self, input) {
            (Self::AwaitAnswers(state), MemberInput::Message { message: Message::Answers(answers), .. }) => {
                state.answered(answers)
            }
            (Self::AwaitReveals(state), MemberInput::Message { message: Message::Reveals(reveals), .. }) => {
                state.revealed(reveals)
            }
            (Self::AwaitShares(state), MemberInput::Message { message: Message::KeyShares(shares), .. }) => {
                state.shared(shares)
            }
            (Self::AwaitApproval(state), MemberInput::Approved { permit, approval }) => {
                state.approved(&permit, &approval)
            }
            (Self::AwaitApproval(_), MemberInput::Refused) => Err(Abort::because(AbortReason::PersonRefused)),
            (Self::AwaitApproval(_), MemberInput::NotPermitted(clause)) => {
                Err(Abort::because(AbortReason::Refused(clause)))
            }
            (
                Self::AwaitSealed(state),
                MemberInput::Message { message: Message::Sealed { manifest, signatures }, .. },
            ) => state.sealed(manifest, &signatures),
            (Self::Mixing(state), input) => state.step(input),
            (Self::AwaitResult(state), MemberInput::Message { message: Message::Result { report }, .. }) => {
                let effects = vec![MemberEffect::Work(MemberJob::KeepReport { report })];
                let state = AwaitResult { report: Some(report), ..state };
                Ok(Step { state: Self::AwaitResult(state), effects })
            }
            // Columns that no plan needed: nothing waits for them.
            (
                Self::AwaitResult(state),
                MemberInput::Done(MemberOutcome::ColumnsKept { .. } | MemberOutcome::ColumnsRefused { .. }),
            ) => Ok(Step { state: Self::AwaitResult(state), effects: Vec::new() }),
            (Self::AwaitResult(state), MemberInput::Done(MemberOutcome::ReportKept { blobs, bytes })) => {
                state.kept(blobs, bytes)
            }
            // Statements of others still arrive while one's own duties are done.
            (Self::AwaitResult(state), MemberInput::Message { message, .. }) if late(&message) => {
                Ok(Step { state: Self::AwaitResult(state), effects: Vec::new() })
            }
            (_, _) => Err(Abort::because(AbortReason::UnexpectedMessage)),
        }
    }

    /// The manifest, once it is known and as long as it is needed.
    #[must_use]
    pub fn manifest(&self) -> Option<&Manifest> {
        match self {
            Self::AwaitApproval(state) => Some(&state.manifest),
            Self::AwaitSealed(state) => Some(&state.manifest),
            Self::Mixing(state) => Some(state.manifest()),
            Self::AwaitAnswers(_)
            | Self::AwaitReveals(_)
            | Self::AwaitResult(_)
            | Self::AwaitShares(_)
            | Self::Finished(_) => None,
        }
    }

    /// One word for people.
    #[must_use]
    pub fn phase(&self) -> &'static str {
        match self {
            Self::AwaitAnswers(_) => "answered",
            Self::AwaitApproval(_) => "awaiting approval",
            Self::AwaitResult(_) => "awaiting result",
            Self::AwaitReveals(_) | Self::AwaitShares(_) => "drawing the committee",
            Self::AwaitSealed(_) => "approved",
            Self::Finished(_) => "finished",
            Self::Mixing(_) => "mixing",
        }
    }

    fn deadline(&self) -> Timestamp {
        match self {
            Self::AwaitAnswers(state) => state.call.deadline,
            Self::AwaitApproval(state) => state.manifest.deadline,
            // The report is owed whatever the time: a member that was away must still get it.
            Self::AwaitResult(_) => Timestamp(u64::MAX),
            Self::AwaitReveals(state) => state.call.deadline,
            Self::AwaitSealed(state) => state.manifest.deadline,
            Self::AwaitShares(state) => state.call.deadline,
            Self::Finished(_) => Timestamp(u64::MAX),
            Self::Mixing(state) => state.manifest().deadline,
        }
    }
}

/// What a node keeps of a round across a restart: everything before `AwaitResult` is gone with its keys.
impl Encode for MemberRound {
    fn encode(&self, out: &mut Vec<u8>) {
        match self {
            Self::AwaitResult(state) => {
                1_u8.encode(out);
                state.encode(out);
            }
            Self::Finished(state) => {
                2_u8.encode(out);
                state.encode(out);
            }
            Self::AwaitAnswers(_)
            | Self::AwaitApproval(_)
            | Self::AwaitReveals(_)
            | Self::AwaitSealed(_)
            | Self::AwaitShares(_)
            | Self::Mixing(_) => 0_u8.encode(out),
        }
    }
}

impl MemberRound {
    /// The state to resume from after a restart; `None` if the round's keys are needed and gone.
    ///
    /// # Errors
    ///
    /// [`CodecError`] if the stored bytes are not a state.
    pub fn resume(bytes: &[u8]) -> Result<Option<Self>, CodecError> {
        let mut reader = Reader::new(bytes);
        let position = reader.position();
        let state = match u8::decode(&mut reader)? {
            0 => None,
            1 => Some(Self::AwaitResult(Decode::decode(&mut reader)?)),
            2 => Some(Self::Finished(Decode::decode(&mut reader)?)),
            _ => return Err(CodecError::Invalid { position, expected: "a member's round" }),
        };
        reader.finish()?;
        Ok(state)
    }

    /// Work that was running when the node stopped, to be started again.
    #[must_use]
    pub fn resume_work(&self) -> Option<MemberJob> {
        match self {
            Self::AwaitResult(AwaitResult { report: Some(report), .. }) => {
                Some(MemberJob::KeepReport { report: *report })
            }
            Self::AwaitAnswers(_)
            | Self::AwaitApproval(_)
            | Self::AwaitResult(_)
            | Self::AwaitReveals(_)
            | Self::AwaitSealed(_)
            | Self::AwaitShares(_)
            | Self::Finished(_)
            | Self::Mixing(_) => None,
        }
    }
}

fn late(message: &Message) -> bool {
    matches!(
        message,
        Message::Hop(_)
            | Message::TableHop(_)
            | Message::Plan { .. }
            | Message::BlindShare { .. }
            | Message::TagKeyShare { .. }
            | Message::Columns { .. }
    )
}

impl AwaitAnswers {
    fn answered(self, answers: Vec<Signed<Answer>>) -> Stepped {
        let Self { documents, call, own } = self;
        check_answers(&call, &answers)?;
        let mine =
            call.seats.iter().position(|seat| seat.code == own.code).and_then(|index| answers.get(index));
        // The coordinator must relay what this member said, not an older answer of its own.
        if mine.is_none_or(|mine| mine.value().hpke_key != own.hpke_key || mine.value().rows != own.rows) {
            return Err(Abort::because(AbortReason::Equivocation));
        }
        let reveal = Reveal { round: call.round, nonce: own.nonce };
        Ok(Step {
            state: MemberRound::AwaitReveals(AwaitReveals { documents, call, own, answers }),
            effects: vec![
                MemberEffect::Report(Event::Answered),
                MemberEffect::Send(Outgoing::Reveal(reveal)),
            ],
        })
    }
}

impl AwaitReveals {
    fn revealed(self, reveals: Vec<Signed<Reveal>>) -> Stepped {
        let Self { documents, call, own, answers } = self;
        check_reveals(&call, &answers, &reveals)?;
        let committee = draw_committee(&documents.study, &answers, &reveals);
        let codes: Vec<MemberCode> = committee
            .iter()
            .filter_map(|index| call.seats.get(usize::from(*index)))
            .map(|seat| seat.code)
            .collect();
        let mut effects = vec![MemberEffect::Report(Event::CommitteeDrawn(codes.clone()))];
        if codes.contains(&own.code) {
            let share = KeyShareMessage { round: call.round, share: own.share };
            effects.push(MemberEffect::Send(Outgoing::KeyShare(share)));
        }
        let me = own.code;
        Ok(Step {
            state: MemberRound::AwaitShares(AwaitShares { documents, me, call, answers, reveals }),
            effects,
        })
    }
}

impl AwaitShares {
    fn shared(self, shares: Vec<Signed<KeyShareMessage>>) -> Stepped {
        let Self { documents, me, call, answers, reveals } = self;
        let opening = Opening { call, answers, reveals, shares };
        let manifest = Manifest::compute(&documents.agreement, &documents.study, &opening)?;
        let me = manifest.participant(me).ok_or(Abort::because(AbortReason::UnexpectedMessage))?;
        Ok(Step {
            state: MemberRound::AwaitApproval(AwaitApproval { me, manifest }),
            effects: vec![MemberEffect::Report(Event::AwaitingApproval), MemberEffect::AskPerson],
        })
    }
}

impl AwaitApproval {
    fn approved(self, permit: &Permit, approval: &Approval) -> Stepped {
        let digest = self.manifest.digest();
        let account = Account::of(&self.manifest, self.me).map(|account| account.digest);
        // Both proofs must be for this manifest: a permit or a yes for another round opens nothing.
        if permit.manifest() != digest || account != Some(approval.account) {
            return Err(Abort::because(AbortReason::UnexpectedMessage));
        }
        Ok(Step {
            state: MemberRound::AwaitSealed(AwaitSealed { me: self.me, manifest: self.manifest }),
            effects: vec![MemberEffect::Send(Outgoing::Endorsement(digest))],
        })
    }
}

impl AwaitSealed {
    fn sealed(self, digest: Digest, signatures: &[Signature]) -> Stepped {
        check_endorsements(&self.manifest, digest, signatures)?;
        let (state, effects) = Mixing::begin(self.me, self.manifest);
        Ok(Step { state, effects })
    }
}

/// Checks that every participant has signed this manifest (SPEC §5.6).
///
/// # Errors
///
/// [`AbortReason::ChainBroken`] for another manifest, [`AbortReason::Signature`] naming the member.
pub(super) fn check_endorsements(
    manifest: &Manifest,
    digest: Digest,
    signatures: &[Signature],
) -> Result<(), Abort> {
    if digest != manifest.digest() || signatures.len() != manifest.seats.len() {
        return Err(Abort::because(AbortReason::ChainBroken));
    }
    for (seat, signature) in manifest.seats.iter().zip(signatures) {
        (seat.signing_key.verify(
            SignatureKind::Manifest,
            Some(manifest.round),
            &digest.to_bytes(),
            signature,
        ))
        .map_err(|_| Abort::by(AbortReason::Signature, seat.code))?;
    }
    Ok(())
}

impl AwaitResult {
    fn kept(self, blobs: u32, bytes: u64) -> Stepped {
        let report = self.report.ok_or(Abort::because(AbortReason::UnexpectedMessage))?.digest;
        let receipt = Receipt { manifest: self.manifest, report, blobs, bytes };
        Ok(Step {
            state: MemberRound::Finished(Finished { report }),
            effects: vec![
                MemberEffect::Erase,
                MemberEffect::Send(Outgoing::Receipt(receipt)),
                MemberEffect::Report(Event::Finished),
            ],
        })
    }
}

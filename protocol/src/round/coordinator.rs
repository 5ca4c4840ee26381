//! The coordinator's round, from the call to the sealed manifest and from the release to the end; the mixing in between
//! stands in `coordinator_mixing`. Every state is stored and survives a restart: there is no secret in it.

use crate::{
    agreement::{Agreement, Study},
    codec::{CodecError, Decode, Encode, Reader},
    codec_struct,
    ids::{Digest, MemberCode},
    manifest::{
        Manifest, Opening,
        opening::{
            Answer, KeyShareMessage, Reveal, RoundCall, check_answer, check_reveals, check_shares,
            draw_committee,
        },
        shapes,
    },
    round::{
        Abort, AbortReason, CoordinatorEffect, CoordinatorInput, CoordinatorOutcome, Event, Step,
        coordinator_mixing::{Mixing, Releasing},
        member::check_endorsements,
    },
    signing::{Signature, SignatureKind, Signed},
    timestamp::Timestamp,
    wire::{BlobRef, Message, Receipt},
};

/// The coordinator's round. See the module's diagram.
#[derive(Clone, Debug)]
#[allow(missing_docs)] // the diagram in the module header names the states; each struct documents itself
pub enum CoordinatorRound {
    Calling(Calling),
    Revealing(Revealing),
    Sharing(Sharing),
    Endorsing(Endorsing),
    Mixing(Box<Mixing>),
    Releasing(Box<Releasing>),
    Closing(Closing),
    Finished(Finished),
}

/// The documents a round stands under, passed to every step: they are stored by digest, not in the state.
#[derive(Clone, Copy, Debug)]
pub struct Plans<'a> {
    /// Parsed from the bytes of the call's agreement digest.
    pub agreement: &'a Agreement,
    /// Parsed from the bytes of the call's study digest.
    pub study: &'a Study,
}

/// Awaits every answer.
#[derive(Clone, Debug)]
pub struct Calling {
    call: RoundCall,
    answers: Vec<Option<Signed<Answer>>>,
}
codec_struct!(Calling { call, answers });

/// Awaits every reveal.
#[derive(Clone, Debug)]
pub struct Revealing {
    call: RoundCall,
    answers: Vec<Signed<Answer>>,
    reveals: Vec<Option<Signed<Reveal>>>,
}
codec_struct!(Revealing { call, answers, reveals });

/// Awaits the committee's key shares.
#[derive(Clone, Debug)]
pub struct Sharing {
    call: RoundCall,
    answers: Vec<Signed<Answer>>,
    reveals: Vec<Signed<Reveal>>,
    committee: Vec<u16>,
    shares: Vec<Option<Signed<KeyShareMessage>>>,
}
codec_struct!(Sharing { call, answers, reveals, committee, shares });

/// Awaits every participant's signature on the manifest: people are reading what leaves.
#[derive(Clone, Debug)]
pub struct Endorsing {
    opening: Opening,
    signatures: Vec<Option<Signature>>,
}
codec_struct!(Endorsing { opening, signatures });

/// Reports are in the mailboxes; awaits receipts.
#[derive(Clone, Debug)]
pub struct Closing {
    pub(super) opening: Opening,
    pub(super) manifest: Digest,
    pub(super) reports: Vec<BlobRef>,
    pub(super) receipts: Vec<Option<Signed<Receipt>>>,
}
codec_struct!(Closing { opening, manifest, reports, receipts });

impl Closing {
    /// Reports per participant.
    #[must_use]
    pub fn reports(&self) -> &[BlobRef] {
        &self.reports
    }
}

/// Everybody has its report and has erased the round.
#[derive(Clone, Debug)]
pub struct Finished {
    /// Reports per participant.
    pub reports: Vec<BlobRef>,
}
codec_struct!(Finished { reports });

pub(super) type Stepped = Result<Step<CoordinatorRound, CoordinatorEffect>, Abort>;

impl CoordinatorRound {
    /// Calls a round.
    ///
    /// # Errors
    ///
    /// [`Abort`] if the call does not fit the documents.
    pub fn open(plans: Plans<'_>, call: RoundCall) -> Stepped {
        call.check(plans.agreement, plans.study)?;
        let send =
            |to: MemberCode| CoordinatorEffect::Send { to, from: None, message: Message::Call(call.clone()) };
        let effects = call.seats.iter().map(|seat| send(seat.code)).collect();
        let answers = vec![None; call.seats.len()];
        Ok(Step { state: Self::Calling(Calling { call, answers }), effects })
    }

    /// Takes one input.
    ///
    /// # Errors
    ///
    /// [`Abort`] ends the round; the state is gone.
    pub fn step(self, plans: Plans<'_>, now: Timestamp, input: CoordinatorInput) -> Stepped {
        match (&self, &input) {
            (Self::Finished(_), _) => return Ok(Step { state: self, effects: Vec::new() }),
            // Once reports are out nothing can be taken back: a late halt or abort changes nothing.
            (Self::Closing(_), CoordinatorInput::Halt | CoordinatorInput::Tick)
            | (Self::Closing(_), CoordinatorInput::Message { message: Message::Abort(_), .. }) => {
                return Ok(Step { state: self, effects: Vec::new() });
            }
            (_, CoordinatorInput::Halt) => return Err(Abort::because(AbortReason::Halted)),
            (_, CoordinatorInput::Message { from, message: Message::Abort(notice) }) => {
                // Who restarts, halts or refuses is named, and whose own transfer was refused here (C3xxx); who reports a
                // fault that nobody is named for is not at fault itself.
                let own = matches!(notice.code.0, 0x0C03..=0x0C05 | 0x3000..=0x3FFF).then_some(*from);
                let fault = notice.fault.or(own);
                return Err(Abort { reason: AbortReason::Peer(notice.code), fault });
            }
            (_, CoordinatorInput::Failed { code, fault }) => {
                return Err(Abort { reason: AbortReason::Work(*code), fault: *fault });
            }
            (_, CoordinatorInput::Tick) if self.call().deadline < now => {
                return Err(Abort::because(AbortReason::TimedOut));
            }
            (_, CoordinatorInput::Tick) => return Ok(Step { state: self, effects: Vec::new() }),
            (_, CoordinatorInput::Message { from, .. }) if self.participant(*from).is_none() => {
                return Err(Abort::by(AbortReason::UnexpectedMessage, *from));
            }
            _ => {}
        }
        match (self, input) {
            (Self::Calling(state), CoordinatorInput::Message { from, message: Message::Answer(answer) }) => {
                state.answer(from, answer)
            }
            (
                Self::Revealing(state),
                CoordinatorInput::Message { from, message: Message::Reveal(reveal) },
            ) => state.reveal(plans, from, reveal),
            (Self::Sharing(state), CoordinatorInput::Message { from, message: Message::KeyShare(share) }) => {
                state.share(plans, from, share)
            }
            (
                Self::Endorsing(state),
                CoordinatorInput::Message { from, message: Message::Endorsement { manifest, signature } },
            ) => state.endorse(plans, from, manifest, signature),
            (Self::Mixing(state), CoordinatorInput::Message { from, message }) => {
                state.message(from, message)
            }
            (Self::Mixing(state), CoordinatorInput::Done(CoordinatorOutcome::Joined(plans))) => {
                state.joined(plans)
            }
            (Self::Releasing(state), CoordinatorInput::Done(CoordinatorOutcome::Released(reports))) => {
                state.released(reports)
            }
            (
                Self::Closing(state),
                CoordinatorInput::Message { from, message: Message::Receipt(receipt) },
            ) => state.receipt(from, receipt),
            (_, CoordinatorInput::Message { from, .. }) => {
                Err(Abort::by(AbortReason::UnexpectedMessage, from))
            }
            (_, _) => Err(Abort::because(AbortReason::UnexpectedMessage)),
        }
    }

    /// The call of the round, as long as it is unfinished.
    #[must_use]
    pub fn call(&self) -> &RoundCall {
        match self {
            Self::Calling(state) => &state.call,
            Self::Closing(state) => &state.opening.call,
            Self::Endorsing(state) => &state.opening.call,
            Self::Finished(_) => &EMPTY_CALL,
            Self::Mixing(state) => &state.opening.call,
            Self::Releasing(state) => &state.opening.call,
            Self::Revealing(state) => &state.call,
            Self::Sharing(state) => &state.call,
        }
    }

    /// Work that was running when the coordinator stopped, to be started again.
    #[must_use]
    pub fn resume(&self) -> Vec<CoordinatorEffect> {
        match self {
            Self::Mixing(state) => state.join_work().into_iter().collect(),
            Self::Releasing(state) => vec![state.release_work()],
            Self::Calling(_)
            | Self::Closing(_)
            | Self::Endorsing(_)
            | Self::Finished(_)
            | Self::Revealing(_)
            | Self::Sharing(_) => Vec::new(),
        }
    }

    /// The manifest, from the moment everybody has signed it until the reports are out: the driver bounds uploads and
    /// decides who may fetch what by it.
    #[must_use]
    pub fn manifest(&self) -> Option<&Manifest> {
        match self {
            Self::Mixing(state) => Some(state.manifest()),
            Self::Releasing(state) => Some(state.manifest()),
            Self::Calling(_)
            | Self::Closing(_)
            | Self::Endorsing(_)
            | Self::Finished(_)
            | Self::Revealing(_)
            | Self::Sharing(_) => None,
        }
    }

    /// Tuples of each table's plan once the join is done, `None` for a table without a plan; empty before and after.
    #[must_use]
    pub fn planned(&self) -> Vec<Option<u32>> {
        match self {
            Self::Mixing(state) => state.planned(),
            Self::Calling(_)
            | Self::Closing(_)
            | Self::Endorsing(_)
            | Self::Finished(_)
            | Self::Releasing(_)
            | Self::Revealing(_)
            | Self::Sharing(_) => Vec::new(),
        }
    }

    /// One word for people.
    #[must_use]
    pub fn phase(&self) -> &'static str {
        match self {
            Self::Calling(_) => "calling",
            Self::Closing(_) => "closing",
            Self::Endorsing(_) => "awaiting approvals",
            Self::Finished(_) => "finished",
            Self::Mixing(_) => "mixing",
            Self::Releasing(_) => "releasing",
            Self::Revealing(_) | Self::Sharing(_) => "drawing the committee",
        }
    }

    /// Members whose message is awaited, for the operator's board.
    #[must_use]
    pub fn awaited(&self) -> Vec<MemberCode> {
        fn missing<T>(call: &RoundCall, slots: &[Option<T>]) -> Vec<MemberCode> {
            let absent = call.seats.iter().zip(slots).filter(|(_, slot)| slot.is_none());
            absent.map(|(seat, _)| seat.code).collect()
        }
        match self {
            Self::Calling(state) => missing(&state.call, &state.answers),
            Self::Closing(state) => missing(&state.opening.call, &state.receipts),
            Self::Endorsing(state) => missing(&state.opening.call, &state.signatures),
            Self::Finished(_) | Self::Releasing(_) => Vec::new(),
            Self::Mixing(state) => state.awaited(),
            Self::Revealing(state) => missing(&state.call, &state.reveals),
            Self::Sharing(state) => {
                let seat = |index: &u16| state.call.seats.get(usize::from(*index)).map(|seat| seat.code);
                let absent = state.committee.iter().zip(&state.shares).filter(|(_, share)| share.is_none());
                absent.filter_map(|(index, _)| seat(index)).collect()
            }
        }
    }

    fn participant(&self, code: MemberCode) -> Option<usize> {
        self.call().seats.iter().position(|seat| seat.code == code)
    }
}

/// Sends one message of the coordinator to every participant.
pub(super) fn to_all(call: &RoundCall, message: &Message) -> Vec<CoordinatorEffect> {
    let send = |to: MemberCode| CoordinatorEffect::Send { to, from: None, message: message.clone() };
    call.seats.iter().map(|seat| send(seat.code)).collect()
}

/// Puts `value` into the slot of participant or position `index`: once; the same again is ignored by returning `false`.
pub(super) fn fill<T: Encode>(
    slots: &mut [Option<T>],
    index: usize,
    value: T,
    from: MemberCode,
) -> Result<(), Abort> {
    let slot = slots.get_mut(index).ok_or(Abort::by(AbortReason::UnexpectedMessage, from))?;
    match slot {
        Some(earlier) if earlier.to_bytes() != value.to_bytes() => {
            Err(Abort::by(AbortReason::Equivocation, from))
        }
        Some(_) => Ok(()),
        None => {
            *slot = Some(value);
            Ok(())
        }
    }
}

/// All slots, if every one is filled.
pub(super) fn complete<T: Clone>(slots: &[Option<T>]) -> Option<Vec<T>> {
    slots.iter().cloned().collect()
}

fn seat_index(call: &RoundCall, from: MemberCode) -> Result<usize, Abort> {
    let index = call.seats.iter().position(|seat| seat.code == from);
    index.ok_or(Abort::by(AbortReason::UnexpectedMessage, from))
}

impl Calling {
    fn answer(mut self, from: MemberCode, answer: Signed<Answer>) -> Stepped {
        let index = seat_index(&self.call, from)?;
        check_answer(&self.call, index, &answer)?;
        fill(&mut self.answers, index, answer, from)?;
        let Some(answers) = complete(&self.answers) else {
            return Ok(Step { state: CoordinatorRound::Calling(self), effects: Vec::new() });
        };
        let mut effects = to_all(&self.call, &Message::Answers(answers.clone()));
        effects.push(CoordinatorEffect::Report(Event::Answered));
        let reveals = vec![None; answers.len()];
        Ok(Step {
            state: CoordinatorRound::Revealing(Revealing { call: self.call, answers, reveals }),
            effects,
        })
    }
}

impl Revealing {
    fn reveal(mut self, plans: Plans<'_>, from: MemberCode, reveal: Signed<Reveal>) -> Stepped {
        let index = seat_index(&self.call, from)?;
        fill(&mut self.reveals, index, reveal, from)?;
        let Some(reveals) = complete(&self.reveals) else {
            return Ok(Step { state: CoordinatorRound::Revealing(self), effects: Vec::new() });
        };
        let Self { call, answers, .. } = self;
        check_reveals(&call, &answers, &reveals)?;
        let committee = draw_committee(plans.study, &answers, &reveals);
        let codes =
            committee.iter().filter_map(|index| call.seats.get(usize::from(*index))).map(|seat| seat.code);
        let mut effects = to_all(&call, &Message::Reveals(reveals.clone()));
        effects.push(CoordinatorEffect::Report(Event::CommitteeDrawn(codes.collect())));
        let shares = vec![None; committee.len()];
        let state = Sharing { call, answers, reveals, committee, shares };
        Ok(Step { state: CoordinatorRound::Sharing(state), effects })
    }
}

impl Sharing {
    fn share(mut self, plans: Plans<'_>, from: MemberCode, share: Signed<KeyShareMessage>) -> Stepped {
        let index = u16::try_from(seat_index(&self.call, from)?).unwrap_or(u16::MAX);
        let position = self.committee.iter().position(|member| *member == index);
        fill(&mut self.shares, position.unwrap_or(usize::MAX), share, from)?;
        let Some(shares) = complete(&self.shares) else {
            return Ok(Step { state: CoordinatorRound::Sharing(self), effects: Vec::new() });
        };
        let Self { call, answers, reveals, committee, .. } = self;
        check_shares(&call, &committee, shapes::column_keys(plans.study).len(), &shares)?;
        let mut effects = to_all(&call, &Message::KeyShares(shares.clone()));
        effects.push(CoordinatorEffect::Report(Event::AwaitingApproval));
        let signatures = vec![None; call.seats.len()];
        let opening = Opening { call, answers, reveals, shares };
        Manifest::compute(plans.agreement, plans.study, &opening)?;
        Ok(Step { state: CoordinatorRound::Endorsing(Endorsing { opening, signatures }), effects })
    }
}

impl Endorsing {
    fn endorse(
        mut self,
        plans: Plans<'_>,
        from: MemberCode,
        digest: Digest,
        signature: Signature,
    ) -> Stepped {
        let index = seat_index(&self.opening.call, from)?;
        let manifest = Manifest::compute(plans.agreement, plans.study, &self.opening)?;
        let seat = manifest.seats.get(index).ok_or(Abort::by(AbortReason::UnexpectedMessage, from))?;
        if manifest.digest() != digest {
            return Err(Abort::by(AbortReason::ChainBroken, from));
        }
        (seat.signing_key.verify(
            SignatureKind::Manifest,
            Some(manifest.round),
            &digest.to_bytes(),
            &signature,
        ))
        .map_err(|_| Abort::by(AbortReason::Signature, from))?;
        fill(&mut self.signatures, index, signature, from)?;
        let Some(signatures) = complete(&self.signatures) else {
            return Ok(Step { state: CoordinatorRound::Endorsing(self), effects: Vec::new() });
        };
        check_endorsements(&manifest, digest, &signatures)?;
        let mut effects = to_all(&self.opening.call, &Message::Sealed { manifest: digest, signatures });
        effects.push(CoordinatorEffect::Report(Event::Sealed));
        let mixing = Mixing::begin(self.opening, manifest);
        Ok(Step { state: CoordinatorRound::Mixing(Box::new(mixing)), effects })
    }
}

impl Closing {
    fn receipt(mut self, from: MemberCode, receipt: Signed<Receipt>) -> Stepped {
        let index = seat_index(&self.opening.call, from)?;
        let seat =
            self.opening.call.seats.get(index).ok_or(Abort::by(AbortReason::UnexpectedMessage, from))?;
        let report = self.reports.get(index).map(|report| report.digest);
        let valid = receipt
            .verify(SignatureKind::DestructionReceipt, Some(self.opening.call.round), &seat.signing_key)
            .is_ok()
            && receipt.value().manifest == self.manifest
            && Some(receipt.value().report) == report;
        // A bad receipt cannot undo a release; it is left out and stays visible as missing.
        if valid {
            fill(&mut self.receipts, index, receipt, from)?;
        }
        if complete(&self.receipts).is_none() {
            return Ok(Step { state: CoordinatorRound::Closing(self), effects: Vec::new() });
        }
        Ok(Step {
            state: CoordinatorRound::Finished(Finished { reports: self.reports }),
            effects: vec![CoordinatorEffect::Erase, CoordinatorEffect::Report(Event::Finished)],
        })
    }
}

macro_rules! state_codec {
    ($($number:literal $variant:ident;)*) => {
        impl Encode for CoordinatorRound {
            fn encode(&self, out: &mut Vec<u8>) {
                match self {
                    $(Self::$variant(state) => {
                        out.push($number);
                        state.encode(out);
                    })*
                }
            }
        }
        impl Decode for CoordinatorRound {
            fn decode(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
                let position = reader.position();
                match u8::decode(reader)? {
                    $($number => Ok(Self::$variant(Decode::decode(reader)?)),)*
                    _ => Err(CodecError::Invalid { position, expected: "a coordinator's round" }),
                }
            }
        }
    };
}

state_codec! {
    1 Calling;
    2 Revealing;
    3 Sharing;
    4 Endorsing;
    5 Mixing;
    6 Releasing;
    7 Closing;
    8 Finished;
}

/// Stands in for the call of a finished round, which is no longer kept.
static EMPTY_CALL: RoundCall = RoundCall {
    round: crate::ids::RoundId([0; 16]),
    study: Digest([0; 32]),
    agreement: Digest([0; 32]),
    share_list: Digest([0; 32]),
    seats: Vec::new(),
    opened: Timestamp(0),
    deadline: Timestamp(u64::MAX),
};

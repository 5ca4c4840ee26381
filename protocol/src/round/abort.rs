//! Why a round ended without a result: reason, stable code, whose fault, what next.

use core::fmt;

use crate::{
    agreement::{Clause, rule_of},
    codec::CodecError,
    ids::MemberCode,
    manifest::opening::OpeningError,
    refusal::{Code, Refusal},
    wire::AbortNotice,
};

/// The end of a round without a result.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Abort {
    /// What happened.
    pub reason: AbortReason,
    /// The member at fault, where one is.
    pub fault: Option<MemberCode>,
}

impl Abort {
    /// An abort that is nobody's fault.
    #[must_use]
    pub fn because(reason: AbortReason) -> Self {
        Self { reason, fault: None }
    }

    /// An abort that is a member's fault.
    #[must_use]
    pub fn by(reason: AbortReason, member: MemberCode) -> Self {
        Self { reason, fault: Some(member) }
    }

    /// What the other parties are told.
    #[must_use]
    pub fn notice(&self) -> AbortNotice {
        AbortNotice { code: self.code(), fault: self.fault }
    }
}

impl From<OpeningError> for Abort {
    fn from(error: OpeningError) -> Self {
        let fault = match error {
            OpeningError::OtherRound { member }
            | OpeningError::ProofOfPossession { member }
            | OpeningError::RevealDoesNotOpen { member }
            | OpeningError::Signature { member }
            | OpeningError::TooManyRows { member, .. } => Some(member),
            OpeningError::CallInconsistent
            | OpeningError::CommitteeTooSmall
            | OpeningError::KeysDoNotCombine
            | OpeningError::NoSchools { .. }
            | OpeningError::NoiseOutOfRange
            | OpeningError::ShapeOutOfRange
            | OpeningError::TooManyPatterns { .. }
            | OpeningError::TooManyReceivers { .. }
            | OpeningError::UnknownMetric
            | OpeningError::WrongCount { .. } => None,
        };
        Self { reason: AbortReason::Opening(error), fault }
    }
}

/// What ended a round.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum AbortReason {
    /// A statement that does not continue the signed chain: wrong manifest, place, count or input digest.
    ChainBroken,
    /// A second, different message where one was already accepted.
    Equivocation,
    /// The operator or a person at a member stopped the round.
    Halted,
    /// An audit log contradicts what its owner signed (C6); its code.
    History(Code),
    /// A member lost its round keys by restarting.
    MemberRestarted,
    /// The opening failed.
    Opening(OpeningError),
    /// A person refused.
    PersonRefused,
    /// Another party aborted; its code.
    Peer(Code),
    /// The agreement refuses the round.
    Refused(Clause),
    /// A statement, endorsement or receipt whose signature does not verify.
    Signature,
    /// The deadline passed.
    TimedOut,
    /// A message that no party may send in this state.
    UnexpectedMessage,
    /// Bytes that are no message.
    Unreadable(CodecError),
    /// Work on bulk data failed: a list, table, plan, share or proof was refused; its code.
    Work(Code),
}

impl fmt::Display for Abort {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.reason {
            AbortReason::ChainBroken => formatter.write_str("a statement does not continue the signed chain"),
            AbortReason::Equivocation => {
                formatter.write_str("a party sent two different messages for one step")
            }
            AbortReason::Halted => formatter.write_str("a person halted the round"),
            AbortReason::History(_) => {
                formatter.write_str("an audit log contradicts what its owner signed for before (rule C6)")
            }
            AbortReason::MemberRestarted => {
                formatter.write_str("a member restarted and its round keys, kept in memory only, are gone")
            }
            AbortReason::Opening(error) => write!(formatter, "{error}"),
            AbortReason::PersonRefused => formatter.write_str("a person refused the round"),
            AbortReason::Peer(code) => write!(formatter, "another party aborted with {code}"),
            AbortReason::Refused(clause) => write!(formatter, "{clause}"),
            AbortReason::Signature => {
                formatter.write_str("a signature does not verify under the agreement's key")
            }
            AbortReason::TimedOut => formatter.write_str("the deadline of the round passed"),
            AbortReason::UnexpectedMessage => {
                formatter.write_str("a message arrived that this state does not expect")
            }
            AbortReason::Unreadable(error) => write!(formatter, "{error}"),
            AbortReason::Work(code) => write!(formatter, "bulk data was refused with {code}"),
        }?;
        match self.fault {
            Some(member) => write!(formatter, " (by {member})"),
            None => Ok(()),
        }
    }
}

impl Refusal for Abort {
    fn code(&self) -> Code {
        match self.reason {
            AbortReason::TimedOut => Code(0x0C01),
            AbortReason::UnexpectedMessage => Code(0x0C02),
            AbortReason::MemberRestarted => Code(0x0C03),
            AbortReason::Halted => Code(0x0C04),
            AbortReason::PersonRefused => Code(0x0C05),
            AbortReason::ChainBroken => Code(0x0C06),
            AbortReason::Equivocation => Code(0x0C07),
            AbortReason::Signature => Code(0x0C08),
            AbortReason::Opening(error) => error.code(),
            AbortReason::History(code) | AbortReason::Peer(code) | AbortReason::Work(code) => code,
            AbortReason::Refused(clause) => clause.code(),
            AbortReason::Unreadable(error) => error.code(),
        }
    }

    fn advice(&self) -> &'static str {
        match self.reason {
            AbortReason::MemberRestarted | AbortReason::TimedOut => {
                "Nothing was released. The coordinator opens the study again under a new round id."
            }
            AbortReason::Halted | AbortReason::PersonRefused => {
                "Nothing was released. Talk to the person who stopped it before opening another round."
            }
            AbortReason::Refused(clause) => clause.advice(),
            AbortReason::History(_) => {
                "Nothing was released. `doctor` shows which log; when a person knows why, `audit acknowledge` lets rounds go on."
            }
            AbortReason::Opening(error) => error.advice(),
            AbortReason::ChainBroken
            | AbortReason::Equivocation
            | AbortReason::Peer(_)
            | AbortReason::Signature
            | AbortReason::UnexpectedMessage
            | AbortReason::Unreadable(_)
            | AbortReason::Work(_) => {
                "Nothing was released. The member at fault runs a faulty or altered program; compare versions and contact it."
            }
        }
    }

    fn rule(&self) -> Option<&'static str> {
        match self.reason {
            AbortReason::Refused(clause) => Some(clause.rule()),
            // Only the code travels; its rule is known here as well (G20).
            AbortReason::Peer(code) | AbortReason::Work(code) => rule_of(code),
            AbortReason::History(_) => Some("C6"),
            AbortReason::ChainBroken
            | AbortReason::Equivocation
            | AbortReason::Halted
            | AbortReason::MemberRestarted
            | AbortReason::Opening(_)
            | AbortReason::PersonRefused
            | AbortReason::Signature
            | AbortReason::TimedOut
            | AbortReason::UnexpectedMessage
            | AbortReason::Unreadable(_) => None,
        }
    }
}

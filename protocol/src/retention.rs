//! When what a round leaves behind must be gone, and what a side signs once it is (G10, G15, F3, F10; SPEC §22).
//!
//! # What this module promises
//!
//! * [`destroy_by`] is the one place that says until when a thing may be kept: both daemons ask it and decide nothing
//!   themselves.
//! * [`Destruction::read`] believes nobody without a signature: a side that only says it has destroyed is not heard.
//!
//! # What it does not promise
//!
//! A signature says who claims to have destroyed what. That it is true, no signature can show: the certificate it names says
//! what was looked at afterwards.

use core::fmt;

use crate::{
    checkpoint::LogOwner,
    codec::{CodecError, Decode, Encode, Reader},
    codec_struct,
    ids::{Digest, MemberCode, RoundId},
    refusal::{Code, Refusal},
    signing::{SignatureKind, Signed, SigningKey, VerifyingKey},
    timestamp::Timestamp,
};

/// Seconds of a day.
const DAY_S: u64 = 86_400;

/// Days for rounds whose agreement cannot be read any more, as one of an earlier format: those of the annotated example.
pub const DAYS_WITHOUT_DOCUMENT: u16 = 30;

/// A kind of thing that a round leaves behind.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Remains {
    /// Round keys and shares, in memory.
    Keys,
    /// Lists, and the passes over them.
    Lists,
    /// Files of tags.
    Tags,
    /// Plans and tables under way.
    Tables,
    /// Partial decryptions.
    Partials,
    /// Messages that wait for a member, and marks of those taken in.
    Mail,
    /// What a round's engine needs after a restart.
    State,
    /// The manifest, and what was said while it was made.
    Manifest,
    /// A report.
    Report,
}

impl Remains {
    /// Every kind, in the order in which a round makes them.
    pub const ALL: [Self; 9] = [
        Self::Keys,
        Self::Lists,
        Self::Tags,
        Self::Tables,
        Self::Partials,
        Self::Mail,
        Self::State,
        Self::Manifest,
        Self::Report,
    ];

    /// The word for people, for certificates and for SPEC §22.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Keys => "keys",
            Self::Lists => "lists",
            Self::Tags => "tags",
            Self::Tables => "tables",
            Self::Partials => "partial decryptions",
            Self::Mail => "mail",
            Self::State => "round state",
            Self::Manifest => "manifest",
            Self::Report => "report",
        }
    }

    /// True for what serves the computation alone: it goes with the round, whatever the agreement allows.
    #[must_use]
    pub fn is_intermediate(self) -> bool {
        match self {
            Self::Keys | Self::Lists | Self::Tags | Self::Tables | Self::Partials => true,
            Self::Mail | Self::State | Self::Manifest | Self::Report => false,
        }
    }
}

/// The last second at which a thing may be kept: the end of its round for what the computation alone needs, for everything
/// else as many days later as the agreement says. `ended` is the end of the round, its deadline while it runs;
/// `retention_days` stands in the agreement.
#[must_use]
pub fn destroy_by(what: Remains, ended: Timestamp, retention_days: u16) -> Timestamp {
    if what.is_intermediate() { ended } else { ended.plus_s(u64::from(retention_days) * DAY_S) }
}

/// Whole days by which a date is over at `now`; `None` while it is not.
#[must_use]
pub fn overdue_days(due: Timestamp, now: Timestamp) -> Option<u64> {
    (now > due).then(|| now.since_s(due) / DAY_S)
}

/// What was destroyed because something ended.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Ended {
    /// A round: what it left with the side that signs.
    Round(RoundId),
    /// A member's part in an agreement: what it had contributed (G10).
    Party(MemberCode),
}

impl Encode for Ended {
    fn encode(&self, out: &mut Vec<u8>) {
        match self {
            Self::Round(round) => {
                0_u8.encode(out);
                round.encode(out);
            }
            Self::Party(code) => {
                1_u8.encode(out);
                code.encode(out);
            }
        }
    }
}

impl Decode for Ended {
    fn decode(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        let position = reader.position();
        match u8::decode(reader)? {
            0 => Decode::decode(reader).map(Self::Round),
            1 => Decode::decode(reader).map(Self::Party),
            _ => Err(CodecError::Invalid { position, expected: "what ended" }),
        }
    }
}

impl fmt::Display for Ended {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Round(round) => write!(formatter, "{round}"),
            Self::Party(code) => write!(formatter, "withdrawal of {code}"),
        }
    }
}

/// A side's word that what ended has left nothing with it (kind 21).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Destruction {
    /// Who destroyed.
    pub owner: LogOwner,
    /// The agreement under which it was kept.
    pub agreement: Digest,
    /// What had ended.
    pub about: Ended,
    /// By when it had to be gone.
    pub due: Timestamp,
    /// When it was seen to be gone.
    pub at: Timestamp,
    /// Whether every step was seen to have been done; the certificate says which was not.
    pub complete: bool,
    /// BLAKE3 of the certificate's bytes, which stay with the owner and are shown to whoever asks.
    pub certificate: Digest,
}
codec_struct!(Destruction { owner, agreement, about, due, at, complete, certificate });

impl Destruction {
    /// Signs it.
    #[must_use]
    pub fn sign(self, key: &SigningKey) -> Signed<Self> {
        Signed::new(self, SignatureKind::DestructionConfirmation, None, key)
    }

    /// What `owner` says, once its signature has been checked.
    ///
    /// # Errors
    ///
    /// [`RetentionFault`].
    pub fn read<'a>(
        signed: &'a Signed<Self>,
        owner: LogOwner,
        key: &VerifyingKey,
    ) -> Result<&'a Self, RetentionFault> {
        let value = signed
            .verify(SignatureKind::DestructionConfirmation, None, key)
            .map_err(|_| RetentionFault::Unsigned)?;
        if value.owner == owner { Ok(value) } else { Err(RetentionFault::OtherOwner) }
    }

    /// Where it is kept: one for each thing that ended and each owner.
    #[must_use]
    pub fn place(agreement: Digest, about: Ended, owner: LogOwner) -> Vec<u8> {
        (agreement, (about, owner)).to_bytes()
    }
}

/// Why a side's word about a destruction was refused.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum RetentionFault {
    /// It is in the name of another than who sent it.
    OtherOwner,
    /// It is about a round or a withdrawal that the receiver does not know under that agreement.
    OtherSubject,
    /// Its signature does not verify.
    Unsigned,
}

impl fmt::Display for RetentionFault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::OtherOwner => "a confirmation of destruction is in another's name than the sender's",
            Self::OtherSubject => {
                "a confirmation of destruction is about no round or withdrawal of its sender under that agreement"
            }
            Self::Unsigned => {
                "the signature of a confirmation of destruction does not verify, expected the sender's own"
            }
        })
    }
}

impl Refusal for RetentionFault {
    fn code(&self) -> Code {
        Code(match self {
            Self::Unsigned => 0x0460,
            Self::OtherOwner => 0x0461,
            Self::OtherSubject => 0x0462,
        })
    }

    fn advice(&self) -> &'static str {
        "It counts as not given; ask the other side for its certificate of destruction and compare its key with the pinned one."
    }

    fn rule(&self) -> Option<&'static str> {
        Some("G15")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const END: Timestamp = Timestamp(1_795_000_000);

    #[test]
    fn g15_what_the_computation_needs_goes_with_the_round_and_all_else_when_the_days_are_over() {
        for what in Remains::ALL {
            let due = destroy_by(what, END, 30);
            let expected = if what.is_intermediate() { END } else { END.plus_s(30 * DAY_S) };
            assert_eq!(due, expected, "{}", what.word());
        }
        assert_eq!(destroy_by(Remains::Keys, END, 3_660), END);
        assert_ne!(destroy_by(Remains::Report, END, 1), END);
        assert_eq!(destroy_by(Remains::Report, Timestamp(u64::MAX), 30), Timestamp(u64::MAX));
    }

    #[test]
    fn g15_the_last_second_is_not_overdue() {
        assert_eq!(overdue_days(END, END), None);
        assert_eq!(overdue_days(END, END.plus_s(1)), Some(0));
        assert_eq!(overdue_days(END, END.plus_s(3 * DAY_S)), Some(3));
    }

    #[test]
    fn g15_the_specification_has_the_same_dates() {
        let spec = include_str!("../docs/spec.md");
        let row = |what: &Remains| {
            let until =
                if what.is_intermediate() { "the end of the round" } else { "`retention_days` later" };
            format!("| {} | {until} |", what.word())
        };
        for what in Remains::ALL {
            assert!(spec.contains(&row(&what)), "{}", row(&what));
        }
    }

    #[test]
    fn g15_a_word_without_the_owners_signature_is_not_believed() {
        let (key, other) = (SigningKey::generate([1; 32]), SigningKey::generate([2; 32]));
        let owner = LogOwner::Coordinator;
        let word = Destruction {
            owner,
            agreement: Digest([3; 32]),
            about: Ended::Round(RoundId([4; 16])),
            due: END,
            at: END,
            complete: true,
            certificate: Digest([5; 32]),
        };
        let signed = word.sign(&key);
        let again = Signed::<Destruction>::from_bytes(&signed.to_bytes()).unwrap();
        assert_eq!(Destruction::read(&again, owner, &key.verifying_key()), Ok(&word));
        let forged = word.sign(&other);
        let refused = Destruction::read(&forged, owner, &key.verifying_key());
        assert_eq!(refused, Err(RetentionFault::Unsigned));
        let member = LogOwner::Member(MemberCode([6; 5]));
        assert_eq!(Destruction::read(&signed, member, &key.verifying_key()), Err(RetentionFault::OtherOwner));
        // A signature of another kind over the very same bytes is none of this kind.
        let receipt = Signed::new(word, SignatureKind::DestructionReceipt, None, &key);
        let refused = Destruction::read(&receipt, owner, &key.verifying_key());
        assert_eq!(refused, Err(RetentionFault::Unsigned));
    }
}

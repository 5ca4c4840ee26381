//! The messages and their byte form: variant number, then the fields in order (SPEC §2.1).

use crate::{
    codec::{CodecError, Decode, Encode, Reader},
    codec_struct,
    ids::{Digest, MemberCode, RoundId},
    manifest::opening::{Answer, KeyShareMessage, Reveal, RoundCall},
    refusal::Code,
    signing::{Signature, SignatureKind, Signed, SigningKey},
    wire::{
        limits::SEALED_SHARE_BYTES_MAX,
        statements::{BlobRef, HopStatement, PartialStatement, Receipt, TableHopStatement},
    },
};

/// A message of a round.
#[derive(Clone, Debug)]
#[allow(missing_docs)] // the table in the module header documents the variants; fields are documented where they are defined
pub enum Message {
    Call(RoundCall),
    Answer(Signed<Answer>),
    Answers(Vec<Signed<Answer>>),
    Reveal(Signed<Reveal>),
    Reveals(Vec<Signed<Reveal>>),
    KeyShare(Signed<KeyShareMessage>),
    KeyShares(Vec<Signed<KeyShareMessage>>),
    Endorsement { manifest: Digest, signature: Signature },
    Sealed { manifest: Digest, signatures: Vec<Signature> },
    BlindShare { list: u16, to: u16, sealed: Vec<u8> },
    TagKeyShare { from: u16, to: u16, sealed: Vec<u8> },
    CohortCounts { table: u16, counts: Vec<Option<u32>> },
    Hop(Signed<HopStatement>),
    Columns { list: u16, to: u16, sealed: BlobRef },
    Plan { table: u16, tuples: u32, plan: Option<BlobRef> },
    TableHop(Signed<TableHopStatement>),
    Partial(Signed<PartialStatement>),
    Result { report: BlobRef },
    Receipt(Signed<Receipt>),
    Abort(AbortNotice),
}

/// Why a party leaves a round, as told to the others: a code and whose fault it is, never a value.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct AbortNotice {
    /// Stable code (SPEC §12).
    pub code: Code,
    /// The member at fault, if one is.
    pub fault: Option<MemberCode>,
}

impl Encode for AbortNotice {
    fn encode(&self, out: &mut Vec<u8>) {
        self.code.0.encode(out);
        self.fault.encode(out);
    }
}

impl Decode for AbortNotice {
    fn decode(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        Ok(Self { code: Code(u16::decode(reader)?), fault: Decode::decode(reader)? })
    }
}

/// A message on its way: which round, from whom (`None`: the coordinator), what.
#[derive(Clone, Debug)]
pub struct Envelope {
    /// The round.
    pub round: RoundId,
    /// The sender; `None` is the coordinator.
    pub from: Option<MemberCode>,
    /// The message.
    pub message: Message,
}
codec_struct!(Envelope { round, from, message });

macro_rules! message_codec {
    ($($number:literal $variant:ident $(($inner:ident))? $({ $($field:ident),* })?;)*) => {
        impl Encode for Message {
            fn encode(&self, out: &mut Vec<u8>) {
                match self {
                    $(Self::$variant $(($inner))? $({ $($field),* })? => {
                        out.push($number);
                        $($inner.encode(out);)?
                        $($($field.encode(out);)*)?
                    })*
                }
            }
        }

        impl Decode for Message {
            fn decode(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
                let position = reader.position();
                let message = match u8::decode(reader)? {
                    $($number => {
                        $(let $inner = Decode::decode(reader)?;)?
                        $($(let $field = Decode::decode(reader)?;)*)?
                        Self::$variant $(($inner))? $({ $($field),* })?
                    })*
                    _ => return Err(CodecError::Invalid { position, expected: "a message" }),
                };
                message.within_limits(position)
            }
        }

        impl Message {
            /// The message's name, for logs; its content is never logged.
            #[must_use]
            pub fn name(&self) -> &'static str {
                match self {
                    $(Self::$variant { .. } => stringify!($variant),)*
                }
            }
        }
    };
}

message_codec! {
    1 Call(call);
    2 Answer(answer);
    3 Answers(answers);
    4 Reveal(reveal);
    5 Reveals(reveals);
    6 KeyShare(share);
    7 KeyShares(shares);
    8 Endorsement { manifest, signature };
    9 Sealed { manifest, signatures };
    10 BlindShare { list, to, sealed };
    11 TagKeyShare { from, to, sealed };
    12 CohortCounts { table, counts };
    13 Hop(statement);
    14 Columns { list, to, sealed };
    15 Plan { table, tuples, plan };
    16 TableHop(statement);
    17 Partial(statement);
    18 Result { report };
    19 Receipt(receipt);
    20 Abort(notice);
}

impl Message {
    fn within_limits(self, position: usize) -> Result<Self, CodecError> {
        match &self {
            Self::BlindShare { sealed, .. } | Self::TagKeyShare { sealed, .. }
                if sealed.len() > SEALED_SHARE_BYTES_MAX =>
            {
                Err(CodecError::Invalid { position, expected: "a sealed share within the limit" })
            }
            Self::Abort(_)
            | Self::Answer(_)
            | Self::Answers(_)
            | Self::BlindShare { .. }
            | Self::Call(_)
            | Self::CohortCounts { .. }
            | Self::Columns { .. }
            | Self::Endorsement { .. }
            | Self::Hop(_)
            | Self::KeyShare(_)
            | Self::KeyShares(_)
            | Self::Partial(_)
            | Self::Plan { .. }
            | Self::Receipt(_)
            | Self::Result { .. }
            | Self::Reveal(_)
            | Self::Reveals(_)
            | Self::Sealed { .. }
            | Self::TableHop(_)
            | Self::TagKeyShare { .. } => Ok(self),
        }
    }
}

/// A message as the round engine decides it, before the member's key has signed what must be signed.
#[derive(Clone, Debug)]
#[allow(missing_docs)] // each wraps the message of its name
pub enum Outgoing {
    Answer(Answer),
    Endorsement(Digest),
    Hop(HopStatement),
    KeyShare(KeyShareMessage),
    Partial(PartialStatement),
    Ready(Message),
    Receipt(Receipt),
    Reveal(Reveal),
    TableHop(TableHopStatement),
}

impl Outgoing {
    /// Signs what must be signed. Ed25519 is deterministic: signing again after a restart gives the same bytes.
    #[must_use]
    pub fn sign(self, round: RoundId, key: &SigningKey) -> Message {
        match self {
            Self::Answer(value) => {
                Message::Answer(Signed::new(value, SignatureKind::RoundAnswer, Some(round), key))
            }
            Self::Endorsement(manifest) => Message::Endorsement {
                manifest,
                signature: key.sign(SignatureKind::Manifest, Some(round), &manifest.to_bytes()),
            },
            Self::Hop(value) => {
                Message::Hop(Signed::new(value, SignatureKind::HopStatement, Some(round), key))
            }
            Self::KeyShare(value) => {
                Message::KeyShare(Signed::new(value, SignatureKind::KeyShare, Some(round), key))
            }
            Self::Partial(value) => {
                Message::Partial(Signed::new(value, SignatureKind::PartialDecryption, Some(round), key))
            }
            Self::Ready(message) => message,
            Self::Receipt(value) => {
                Message::Receipt(Signed::new(value, SignatureKind::DestructionReceipt, Some(round), key))
            }
            Self::Reveal(value) => {
                Message::Reveal(Signed::new(value, SignatureKind::Reveal, Some(round), key))
            }
            Self::TableHop(value) => {
                Message::TableHop(Signed::new(value, SignatureKind::TableHopStatement, Some(round), key))
            }
        }
    }
}

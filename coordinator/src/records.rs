//! What the coordinator keeps, and in which table: members, invitations, documents, rounds, mail. Codes, digests, counts
//! and sealed relays only; there is no place in these records where an identifier of a student could stand.

use passage_protocol::{
    agreement::{ConsentStatement, Segment},
    codec::{CodecError, Decode, Encode, Reader},
    codec_struct,
    ids::{Digest, MemberCode, RoundId},
    refusal::Code,
    round::CoordinatorRound,
    signing::VerifyingKey,
    timestamp::Timestamp,
    wire::{BlobRef, ReleasePapers},
};
use passage_shell::store::Table;

/// Member code -> [`Member`].
pub const MEMBERS: Table = Table(1);
/// Digest of the one-time secret -> [`Invited`].
pub const INVITATIONS: Table = Table(2);
/// Agreement digest -> its bytes.
pub const AGREEMENTS: Table = Table(3);
/// Study digest -> its bytes.
pub const STUDIES: Table = Table(6);
/// Round id -> [`RoundRecord`].
pub const ROUNDS: Table = Table(7);
/// Member code, number (big-endian) -> envelope.
pub const MAIL: Table = Table(8);
/// Member code -> number of its last mail entry.
pub const MAIL_LAST: Table = Table(9);
/// Round id, digest of an envelope -> nothing: what was taken in already.
pub const SEEN: Table = Table(10);
/// Round id, blob digest -> [`BlobRecord`]: blobs on the shelf, whose they are and who may fetch them.
pub const BLOBS: Table = Table(11);
/// Member code -> when it was last heard, to the minute.
pub const CONTACTS: Table = Table(12);
/// Agreement digest, kind, member code, sequence (big-endian) -> what the member said to the agreement, signed by it. Tables 4
/// and 5 held signatures of wire version 1.
pub const STATEMENTS: Table = Table(13);
/// Digest of a change of the principles -> its bytes.
pub const PRINCIPLES: Table = Table(14);
/// Digest of a change of the principles, member code -> the member's signature.
pub const PRINCIPLES_SIGNATURES: Table = Table(15);

/// Place of a [`passage_protocol::retention::Destruction`] -> what was ordered, until its certificate is written.
pub(crate) const SWEEPS: Table = Table(19);
/// Place of a [`passage_protocol::retention::Destruction`] -> that word, signed: this side's own and those of members.
pub(crate) const WORDS: Table = Table(20);
/// Member code -> [`NextCertificate`], until it was used once.
pub(crate) const RENEWALS: Table = Table(21);

/// A certificate that was issued beside the one in use.
#[derive(Clone, Debug)]
pub struct NextCertificate {
    /// Its serial.
    pub serial: Vec<u8>,
    /// Digest of the certificate request: the same again gets the same answer.
    pub request: Digest,
    /// The certificate, DER.
    pub certificate: Vec<u8>,
}
codec_struct!(NextCertificate { serial, request, certificate });

/// Digest of a release's proposal -> [`ReleaseRecord`].
pub const RELEASES: Table = Table(16);
/// Digest of a release's proposal, number (big-endian) -> what a member said to it, signed by it.
pub const RELEASE_WORDS: Table = Table(17);

/// A proposal to show a report outside the parties.
#[derive(Clone, Debug)]
pub struct ReleaseRecord {
    /// The proposal and its figures, as its proposer sent them.
    pub papers: ReleasePapers,
    /// When it came.
    pub came: Timestamp,
}
codec_struct!(ReleaseRecord { papers, came });

/// A member of the consortium.
#[derive(Clone, Debug)]
pub struct Member {
    /// The operator's own name for it; never leaves this machine (G09).
    pub name: String,
    /// Kind of institution.
    pub segment: Segment,
    /// Its signing key.
    pub signing_key: VerifyingKey,
    /// Serial of its certificate.
    pub serial: Vec<u8>,
    /// When it joined.
    pub joined: Timestamp,
    /// When its certificate was revoked.
    pub revoked: Option<Timestamp>,
}
codec_struct!(Member { name, segment, signing_key, serial, joined, revoked });

/// An invitation that was written.
#[derive(Clone, Debug)]
pub struct Invited {
    /// The operator's own name for the invited.
    pub name: String,
    /// Kind of institution.
    pub segment: Segment,
    /// When it lapses.
    pub expires: Timestamp,
    /// The member that used it: an invitation is good for one.
    pub used_by: Option<MemberCode>,
    /// Digest of the join request it was used with, and the answer: the same request again, after an answer that was
    /// lost on the way, gets the same answer. Both are public.
    pub answer: Option<(Digest, Vec<u8>)>,
}
codec_struct!(Invited { name, segment, expires, used_by, answer });

/// A blob of a round.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct BlobRecord {
    /// Length.
    pub bytes: u64,
    /// Members that uploaded it; none for the coordinator's own. Two can only for blobs without bytes.
    pub put_by: Vec<MemberCode>,
    /// Members that may fetch it: whom an accepted statement sends it to. Nobody until then.
    pub readers: Vec<MemberCode>,
    /// Members that fetched it.
    pub fetched_by: Vec<MemberCode>,
}
codec_struct!(BlobRecord { bytes, put_by, readers, fetched_by });

/// Something that happened in a round, as the board shows it: codes and numbers.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct BoardEvent {
    /// When.
    pub at: Timestamp,
    /// What.
    pub text: String,
}
codec_struct!(BoardEvent { at, text });

/// A round and how it stands.
#[derive(Clone, Debug)]
pub struct RoundRecord {
    /// Digest of the study's bytes.
    pub study: Digest,
    /// Digest of the agreement's bytes.
    pub agreement: Digest,
    /// Participants in the study's order.
    pub participants: Vec<MemberCode>,
    /// When it was opened.
    pub opened: Timestamp,
    /// When it last moved.
    pub moved: Timestamp,
    /// Which attempt at the same opening this is, from 1.
    pub attempt: u16,
    /// The round that follows this one after an abort.
    pub reopened_as: Option<RoundId>,
    /// Newest last, at most [`EVENTS_MAX`].
    pub events: Vec<BoardEvent>,
    /// Where it stands.
    pub standing: Standing,
}
codec_struct!(RoundRecord {
    study,
    agreement,
    participants,
    opened,
    moved,
    attempt,
    reopened_as,
    events,
    standing
});

/// Events kept per round: twenty lists and sixteen tables with sixteen passes each are 576; the newest matter.
pub const EVENTS_MAX: usize = 600;

impl RoundRecord {
    /// Adds an event, dropping the oldest beyond the limit.
    pub fn note(&mut self, at: Timestamp, text: impl Into<String>) {
        self.events.push(BoardEvent { at, text: text.into() });
        let over = self.events.len().saturating_sub(EVENTS_MAX);
        self.events.drain(..over);
    }
}

/// Where a round stands.
#[derive(Clone, Debug)]
pub enum Standing {
    /// Running: the engine's state.
    Running(Box<CoordinatorRound>),
    /// Ended without a result.
    Aborted {
        /** Stable code. */
        code: Code,
        /** The sentence shown to people. */
        reason: String,
        /** The member at fault, if one is. */
        fault: Option<MemberCode>,
    },
    /// Ended with a release.
    Finished {
        /** Reports per participant, kept for the board. */
        reports: Vec<BlobRef>,
    },
}

impl Encode for Standing {
    fn encode(&self, out: &mut Vec<u8>) {
        match self {
            Self::Running(round) => {
                0_u8.encode(out);
                round.encode(out);
            }
            Self::Aborted { code, reason, fault } => {
                1_u8.encode(out);
                code.0.encode(out);
                reason.encode(out);
                fault.encode(out);
            }
            Self::Finished { reports } => {
                2_u8.encode(out);
                reports.encode(out);
            }
        }
    }
}

impl Decode for Standing {
    fn decode(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        let position = reader.position();
        match u8::decode(reader)? {
            0 => Ok(Self::Running(Decode::decode(reader)?)),
            1 => Ok(Self::Aborted {
                code: Code(Decode::decode(reader)?),
                reason: Decode::decode(reader)?,
                fault: Decode::decode(reader)?,
            }),
            2 => Ok(Self::Finished { reports: Decode::decode(reader)? }),
            _ => Err(CodecError::Invalid { position, expected: "a round's standing" }),
        }
    }
}

/// Key of a pair: `digest || code`, or `round || digest`.
#[must_use]
pub fn pair_key(first: &impl Encode, second: &impl Encode) -> Vec<u8> {
    let mut key = first.to_bytes();
    second.encode(&mut key);
    key
}

/// Key of a statement: a member signs once, withdraws once, and its choices stand in their order.
#[must_use]
pub fn statement_key(statement: &ConsentStatement) -> Vec<u8> {
    let (kind, sequence) = match statement {
        ConsentStatement::Signed(_) => (0_u8, 0),
        ConsentStatement::Chose(chosen) => (1, chosen.value().sequence),
        ConsentStatement::Withdrew(_) => (2, 0),
    };
    let place = [&[kind], statement.party().0.as_slice(), &sequence.to_be_bytes()].concat();
    [statement.agreement().0.as_slice(), &place].concat()
}

/// Key of a mail entry: big-endian, so that a scan is in order.
#[must_use]
pub fn mail_key(member: MemberCode, number: u64) -> Vec<u8> {
    [member.0.as_slice(), &number.to_be_bytes()].concat()
}

//! What the node keeps, and in which table. Documents, decisions, rounds, the outbox, the ledger: no student record.
//! Stored tables stand beside the store as sealed files; the catalogue here only names them.

use passage_protocol::{
    agreement::Account,
    codec::{CodecError, Decode, Encode, Reader},
    codec_struct,
    ids::{Digest, MemberCode, RoundId},
    manifest::{Manifest, opening::RoundCall},
    refusal::Code,
    timestamp::Timestamp,
    wire::ReleasePapers,
};
use passage_shell::store::Table;

/// Agreement digest -> its bytes.
pub const AGREEMENTS: Table = Table(1);
/// Study digest -> its bytes.
pub const STUDIES: Table = Table(3);
/// Study digest -> [`Decision`].
pub const DECISIONS: Table = Table(4);
/// Round id -> [`RoundRecord`].
pub const ROUNDS: Table = Table(5);
/// `cursor` -> number of the last mail entry taken.
pub const CURSOR: Table = Table(6);
/// Number (big-endian) -> [`Outbound`].
pub const OUTBOX: Table = Table(7);
/// `catalogue` -> [`crate::tables::Catalogue`].
pub const CATALOGUE: Table = Table(8);
/// Generation of the node key that is destroyed (big-endian) -> what was ordered, until its certificate is written.
pub const DESTRUCTIONS: Table = Table(9);
/// Roster digest, agreement digest, round -> [`Charge`].
pub const LEDGER: Table = Table(10);
/// Account digest -> [`Yes`].
pub const APPROVALS: Table = Table(11);
/// Round id -> the report's bytes in clear, as earlier versions kept it; none stays when a folder is opened
/// ([`crate::retention::vault`]).
pub(crate) const REPORTS_IN_CLEAR: Table = Table(12);
/// Agreement digest -> [`passage_protocol::wire::governance::AgreementStatus`]: every statement seen, verified; it only
/// grows. Table 2 held statuses of wire version 1.
pub const AGREEMENT_STATUS: Table = Table(13);
/// Agreement digest -> digest of the coordinator's last account of it.
pub const AGREEMENT_HEARD: Table = Table(14);

// 15 and 16 are of the record of disclosures (`crate::disclosures`).
/// `halted` -> [`Yes`], while this member takes part in nothing.
pub const PARTICIPATION: Table = Table(17);

/// Round id -> the report, sealed under a key of that round ([`crate::retention::vault`]).
pub const SEALED_REPORTS: Table = Table(27);
/// Place of a [`passage_protocol::retention::Destruction`] -> what was ordered, until its certificate is written.
pub(crate) const SWEEPS: Table = Table(28);
/// Place of a [`passage_protocol::retention::Destruction`] -> that word, signed: this member's own and those heard.
pub(crate) const WORDS: Table = Table(29);
/// Agreement digest, round, number of the part (big-endian) -> what the round counted, sealed ([`crate::counted`]).
pub const COUNTED: Table = Table(30);
/// Round id -> the files of its report as they were made when it arrived, sealed ([`crate::retention::vault::Rendering`]).
pub const RENDERINGS: Table = Table(31);
/// Digest of a release's proposal -> [`HeldProposal`].
pub const RELEASES: Table = Table(23);
/// Digest of a release's proposal -> everything said to it, each word verified; it only grows.
pub const RELEASE_WORDS: Table = Table(24);
/// Digest of a release's proposal -> [`ReleaseFile`].
pub const RELEASE_FILES: Table = Table(25);
/// Digest of a release's proposal -> digest of the coordinator's last account of it.
pub const RELEASE_HEARD: Table = Table(26);

/// A proposal to show a report outside the parties.
#[derive(Clone, Debug)]
pub struct HeldProposal {
    /// The proposal and its figures.
    pub papers: ReleasePapers,
    /// When this node first had it: the time for comments counts from then (G19).
    pub heard: Timestamp,
}
codec_struct!(HeldProposal { papers, heard });

/// The exact bytes of a proposal, as they were made here when it came: a later version may make others.
#[derive(Clone, Debug)]
pub struct ReleaseFile {
    /// The file.
    pub file: Vec<u8>,
    /// The notes beside it.
    pub notes: Option<Vec<u8>>,
}
codec_struct!(ReleaseFile { file, notes });

/// A person's decision about a study.
#[derive(Clone, Debug)]
pub struct Decision {
    /// Yes or no.
    pub verdict: Verdict,
    /// Who.
    pub by: String,
    /// When.
    pub at: Timestamp,
}
codec_struct!(Decision { verdict, by, at });

/// Yes or no.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Verdict {
    /// Rounds of the study may be prepared here.
    Approved,
    /// A call to the study ends its round.
    Refused,
}

impl Encode for Verdict {
    fn encode(&self, out: &mut Vec<u8>) {
        (*self == Self::Approved).encode(out);
    }
}

impl Decode for Verdict {
    fn decode(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        Ok(if bool::decode(reader)? { Self::Approved } else { Self::Refused })
    }
}

/// A person's yes to one account.
#[derive(Clone, Debug)]
pub struct Yes {
    /// Who.
    pub by: String,
    /// When.
    pub at: Timestamp,
}
codec_struct!(Yes { by, at });

/// Epsilon charged to a roster for one round (SPEC §10.4).
#[derive(Clone, Copy, Debug)]
pub struct Charge {
    /// The study asked.
    pub study: Digest,
    /// Thousandths.
    pub epsilon_milli: u32,
    /// True once the round's report is here; until then an abort takes the charge back.
    pub released: bool,
}
codec_struct!(Charge { study, epsilon_milli, released });

/// Something to send, kept until the coordinator has it.
#[derive(Clone, Debug)]
pub struct Outbound {
    /// Request number of `wire::service::kind`.
    pub kind: u16,
    /// Request body.
    pub body: Vec<u8>,
}
codec_struct!(Outbound { kind, body });

/// A round as this member sees it.
#[derive(Clone, Debug)]
pub struct RoundRecord {
    /// The call that opened it.
    pub call: RoundCall,
    /// When it last moved.
    pub moved: Timestamp,
    /// Where it stands.
    pub standing: Standing,
    /// The manifest, once known: what `what-leaves` prints from, also after the end.
    pub manifest: Option<Manifest>,
    /// Roster snapshot it was prepared from.
    pub roster: Option<Digest>,
}
codec_struct!(RoundRecord { call, moved, standing, manifest, roster });

impl RoundRecord {
    /// What leaves the member `code` in this round; `None` as long as the manifest is not known.
    #[must_use]
    pub fn account(&self, code: MemberCode) -> Option<Account> {
        let manifest = self.manifest.as_ref()?;
        Account::of(manifest, manifest.participant(code)?)
    }
}

/// Where a round stands at this member.
#[derive(Clone, Debug)]
pub enum Standing {
    /// Called; the study awaits a person's decision here.
    AwaitDecision,
    /// Running; the engine's state as far as it survives a restart, and the phase in words.
    Running {
        /** [`passage_protocol::round::MemberRound`] as stored. */
        state: Vec<u8>,
        /** For people. */
        phase: String,
        /** True once every participant has signed: from then on this member's rows may have been decrypted. */
        sealed: bool,
    },
    /// Ended without a result.
    Aborted {
        /** Stable code. */
        code: Code,
        /** The sentence shown to people. */
        reason: String,
    },
    /// Ended; the report is here.
    Finished,
}

impl Encode for Standing {
    fn encode(&self, out: &mut Vec<u8>) {
        match self {
            Self::AwaitDecision => 0_u8.encode(out),
            Self::Running { state, phase, sealed } => {
                1_u8.encode(out);
                state.encode(out);
                phase.encode(out);
                sealed.encode(out);
            }
            Self::Aborted { code, reason } => {
                2_u8.encode(out);
                code.0.encode(out);
                reason.encode(out);
            }
            Self::Finished => 3_u8.encode(out),
        }
    }
}

impl Decode for Standing {
    fn decode(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        let position = reader.position();
        match u8::decode(reader)? {
            0 => Ok(Self::AwaitDecision),
            1 => Ok(Self::Running {
                state: Decode::decode(reader)?,
                phase: Decode::decode(reader)?,
                sealed: Decode::decode(reader)?,
            }),
            2 => Ok(Self::Aborted { code: Code(Decode::decode(reader)?), reason: Decode::decode(reader)? }),
            3 => Ok(Self::Finished),
            _ => Err(CodecError::Invalid { position, expected: "a round's standing" }),
        }
    }
}

impl Standing {
    /// One or two words for people.
    #[must_use]
    pub fn words(&self) -> &str {
        match self {
            Self::AwaitDecision => "awaiting your decision on the study",
            Self::Running { phase, .. } => phase,
            Self::Aborted { .. } => "aborted",
            Self::Finished => "finished",
        }
    }
}

/// Key of a ledger entry.
#[must_use]
pub fn ledger_key(roster: Digest, agreement: Digest, round: RoundId) -> Vec<u8> {
    [roster.0.as_slice(), &agreement.0, &round.0].concat()
}

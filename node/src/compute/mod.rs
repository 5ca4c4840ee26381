//! Heavy and secret work of a round, on blocking threads with all cores (performance rules: the QUIC driver never waits).
//!
//! Each function takes blobs from the node's shelf and the round's secrets, and puts blobs back; the driver moves blobs
//! over the network. Lists are read in chunks; what a shuffle must hold is held exactly once, and on disk where it exceeds
//! the allowance.
//!
//! | file | job |
//! |---|---|
//! | [`contribute`] | the member's own list, blind shares, cohort counts |
//! | [`hop`] | a pass over a list, the last one included |
//! | [`table`] | plans, passes over tables, partial decryptions |
//! | [`shuffle`] | a list in a fresh uniform order, in memory or in sealed buckets |
//! | [`stream`] | sealed and plain blobs, opened ahead of the work |
//! | [`batches`] | work on all cores, beside opening and putting away |
//! | [`secrets`] | what exists in memory only |

pub mod batches;
pub mod contribute;
pub mod hop;
pub mod secrets;
pub mod shuffle;
pub mod stream;
pub mod table;

use core::fmt;

use passage_protocol::{
    group::{CollectiveKeys, GroupError},
    ids::{Digest, MemberCode},
    linkage::PlanError,
    manifest::{Manifest, opening::OpeningError, shapes::ListShape},
    mixing::MixingError,
    refusal::{Code, Refusal},
    round::MemberOutcome,
    seal::{SealContext, SealError, SealPurpose},
    wire::BlobRef,
};
use passage_shell::{entropy::EntropyError, shelf::ShelfError};

/// What every job of a round reads: the manifest, its keys, and who this member is.
pub struct RoundContext {
    /// The manifest.
    pub manifest: Manifest,
    /// Its digest.
    pub digest: Digest,
    /// The committee's public keys with their tables.
    pub keys: CollectiveKeys,
    /// This member's participant index.
    pub me: u16,
    /// Bytes of a list or table that may stand in memory; a larger one is shuffled on disk.
    pub allowance: u64,
}

impl RoundContext {
    /// Prepares the tables of the collective keys.
    ///
    /// # Errors
    ///
    /// [`WorkFault::Manifest`].
    pub fn new(manifest: Manifest, me: u16, allowance: u64) -> Result<Self, WorkFault> {
        Ok(Self { digest: manifest.digest(), keys: manifest.collective_keys()?, manifest, me, allowance })
    }

    fn list(&self, list: u16) -> Result<&ListShape, WorkFault> {
        self.manifest.list(list).ok_or(WorkFault::Manifest(OpeningError::CallInconsistent))
    }

    fn code(&self, participant: u16) -> Result<MemberCode, WorkFault> {
        let seat = self.manifest.seat(participant);
        seat.map(|seat| seat.code).ok_or(WorkFault::Manifest(OpeningError::CallInconsistent))
    }

    fn hpke_key(&self, participant: u16) -> Result<[u8; 32], WorkFault> {
        let seat = self.manifest.seat(participant);
        seat.map(|seat| seat.hpke_key).ok_or(WorkFault::Manifest(OpeningError::CallInconsistent))
    }

    /// The context of a share another member sealed for this one.
    ///
    /// # Errors
    ///
    /// [`WorkFault::Manifest`].
    pub fn share_seal(&self, purpose: SealPurpose, from: u16) -> Result<SealContext, WorkFault> {
        self.seal(purpose, from, 0, from, self.me)
    }

    /// The context under which something is sealed (SPEC §2.4).
    fn seal(
        &self,
        purpose: SealPurpose,
        subject: u16,
        hop: u8,
        from: u16,
        to: u16,
    ) -> Result<SealContext, WorkFault> {
        Ok(SealContext {
            round: self.manifest.round,
            manifest: self.digest,
            purpose,
            subject,
            hop,
            from: self.code(from)?,
            to: self.code(to)?,
        })
    }
}

/// A finished job: what to tell the engine, and which blobs to upload first.
pub struct Finished {
    /// For the engine.
    pub outcome: MemberOutcome,
    /// Blobs on the shelf that the coordinator relays.
    pub uploads: Vec<BlobRef>,
}

/// Takes progress in rows while a job runs.
pub type Rows<'a> = &'a (dyn Fn(u64) + Sync);

/// Why a job failed. Names positions and codes only.
#[derive(Debug)]
pub enum WorkFault {
    /// Opened bytes do not have the digest their sender signed.
    Digest,
    /// The operating system gave no randomness.
    Entropy(EntropyError),
    /// A group element or a proof was refused.
    Group(GroupError),
    /// The opened bytes have another length than the manifest demands.
    Length {
        /** Bytes opened. */
        seen: u64,
        /** Bytes expected. */
        expected: u64,
    },
    /// The manifest does not name what the job needs.
    Manifest(OpeningError),
    /// A chunk was refused.
    Mixing(MixingError),
    /// A plan was refused.
    Plan(PlanError),
    /// The roster changed between the answer and the contribution.
    RosterChanged,
    /// A sealed blob was refused.
    Seal(SealError),
    /// A secret the job needs is not there.
    SecretMissing,
    /// The shelf failed.
    Shelf(ShelfError),
}

impl fmt::Display for WorkFault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Digest => {
                formatter.write_str("the opened bytes do not have the digest their sender signed")
            }
            Self::Entropy(error) => write!(formatter, "{error}"),
            Self::Group(error) => write!(formatter, "{error}"),
            Self::Length { seen, expected } => {
                write!(formatter, "the opened list has {seen} bytes, expected {expected} from the manifest")
            }
            Self::Manifest(error) => write!(formatter, "{error}"),
            Self::Mixing(error) => write!(formatter, "{error}"),
            Self::Plan(error) => write!(formatter, "{error}"),
            Self::RosterChanged => {
                formatter.write_str("the roster changed after this member had answered the call")
            }
            Self::Seal(error) => write!(formatter, "{error}"),
            Self::SecretMissing => formatter.write_str("a key of the round is not in memory"),
            Self::Shelf(error) => write!(formatter, "{error}"),
        }
    }
}

impl Refusal for WorkFault {
    fn code(&self) -> Code {
        match self {
            Self::Length { .. } => Code(0x0602),
            Self::Digest => Code(0x0603),
            Self::SecretMissing => Code(0x0604),
            Self::RosterChanged => Code(0x0605),
            Self::Entropy(error) => error.code(),
            Self::Group(error) => error.code(),
            Self::Manifest(error) => error.code(),
            Self::Mixing(error) => error.code(),
            Self::Plan(error) => error.code(),
            Self::Seal(error) => error.code(),
            Self::Shelf(error) => error.code(),
        }
    }

    fn advice(&self) -> &'static str {
        match self {
            Self::Digest | Self::Length { .. } => {
                "The member that made the previous pass runs a faulty or altered program; contact it."
            }
            Self::RosterChanged => "Do not import while a round is running; the round is opened again.",
            Self::SecretMissing => "The node restarted during the round; the round is opened again.",
            Self::Entropy(error) => error.advice(),
            Self::Group(error) => error.advice(),
            Self::Manifest(error) => error.advice(),
            Self::Mixing(error) => error.advice(),
            Self::Plan(error) => error.advice(),
            Self::Seal(error) => error.advice(),
            Self::Shelf(error) => error.advice(),
        }
    }
}

macro_rules! from {
    ($($variant:ident: $error:ty;)*) => {$(
        impl From<$error> for WorkFault {
            fn from(error: $error) -> Self {
                Self::$variant(error)
            }
        }
    )*};
}
from! {
    Entropy: EntropyError;
    Group: GroupError;
    Manifest: OpeningError;
    Mixing: MixingError;
    Plan: PlanError;
    Seal: SealError;
    Shelf: ShelfError;
}

//! What one side signs about its audit log, and how the other side sees that a newer statement only adds to an older one
//! (SPEC §20).
//!
//! # How a log is chained
//!
//! ```text
//!   body k = H(salt, number, time, kind, fields)      kept by the owner, only its digest is ever shown
//!   head k = H(k, head k-1, body k)                   head 0 = zeros
//! ```
//!
//! A peer that holds head n is shown the bodies' digests n+1..m and computes head m itself: 32 bytes an entry, once for
//! each peer, whatever the log holds. The salt keeps a peer from guessing what an entry says.
//!
//! # What this module promises
//!
//! * [`Statement::verify`] accepts only a log that continues, entry by entry, the one that is held.
//! * [`contradiction`] never speaks against an owner that keeps one log and never shortens it: any two of its statements,
//!   for whatever peers and in whatever order they arrive, pass.
//!
//! # What it does not promise
//!
//! An owner that shows two peers two logs, each continued faithfully, is seen only when the two compare what they hold.
//! That an entry is true, or that everything that happened was recorded, no chain can show.

mod fault;

use core::fmt;

use crate::{
    codec::{CodecError, Decode, Encode, Reader},
    codec_struct,
    ids::{Digest, MemberCode},
    signing::{SignatureKind, Signed, SigningKey, VerifyingKey},
    timestamp::Timestamp,
};

pub use self::fault::CheckpointFault;

const LINK_CONTEXT: &str = "passage v1 audit link";

/// Digests of bodies in one statement: 256 KiB, a quarter of what a request may carry. A longer way is told in steps.
pub const BODIES_MAX: usize = 8_192;

/// A place in a log: the number of an entry and the digest of the chain up to and including it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Head {
    /// Number of the last entry; 0 for an empty log.
    pub number: u64,
    /// Digest of the chain; zeros for an empty log.
    pub digest: Digest,
}
codec_struct!(Head { number, digest });

impl Head {
    /// Before the first entry.
    pub const EMPTY: Self = Self { number: 0, digest: Digest([0; 32]) };

    /// The head after one more entry whose body has this digest.
    #[must_use]
    pub fn after(self, body: Digest) -> Self {
        let number = self.number.saturating_add(1);
        let mut bytes = number.to_bytes();
        self.digest.encode(&mut bytes);
        body.encode(&mut bytes);
        Self { number, digest: Digest::derive(LINK_CONTEXT, &bytes) }
    }
}

/// Whose log it is.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum LogOwner {
    /// The coordinator of the consortium.
    Coordinator,
    /// A member.
    Member(MemberCode),
}

impl LogOwner {
    /// Reads what `Display` prints.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "coordinator" => Some(Self::Coordinator),
            code => MemberCode::parse(code).map(Self::Member),
        }
    }
}

impl fmt::Display for LogOwner {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Coordinator => formatter.write_str("coordinator"),
            Self::Member(code) => write!(formatter, "{code}"),
        }
    }
}

impl Encode for LogOwner {
    fn encode(&self, out: &mut Vec<u8>) {
        match self {
            Self::Coordinator => 0_u8.encode(out),
            Self::Member(code) => {
                1_u8.encode(out);
                code.encode(out);
            }
        }
    }
}

impl Decode for LogOwner {
    fn decode(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        let position = reader.position();
        match u8::decode(reader)? {
            0 => Ok(Self::Coordinator),
            1 => Decode::decode(reader).map(Self::Member),
            _ => Err(CodecError::Invalid { position, expected: "the owner of a log" }),
        }
    }
}

/// What the owner of a log signs for one peer (kind 16). It follows from the log and from what both hold, so the same
/// state gives the same bytes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Checkpoint {
    /// Whose log.
    pub owner: LogOwner,
    /// For whom it was signed.
    pub peer: LogOwner,
    /// The log at the number the peer holds, said again; its end, if it is shorter.
    pub from: Head,
    /// The log at the end of the bodies that come with this statement.
    pub head: Head,
    /// Entries of the log when this was signed.
    pub length: u64,
    /// What the owner holds of the peer's log.
    pub held: Head,
    /// Time of the last entry of the log. Times in a log never go back, so neither does this.
    pub at: Timestamp,
}
codec_struct!(Checkpoint { owner, peer, from, head, length, held, at });

/// A signed checkpoint and the way from its `from` to its `head`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Statement {
    /// What is signed.
    pub checkpoint: Signed<Checkpoint>,
    /// Digests of the bodies of the entries after `from`, up to `head`; at most [`BODIES_MAX`].
    pub bodies: Vec<Digest>,
}
codec_struct!(Statement { checkpoint, bodies });

/// What a peer holds of a log: the last head it accepted, and the time that came with it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Held {
    /// The head.
    pub head: Head,
    /// Time of the statement; 0 if none was accepted.
    pub at: Timestamp,
}

impl Held {
    /// Nothing yet.
    pub const NOTHING: Self = Self { head: Head::EMPTY, at: Timestamp(0) };
}

impl Statement {
    /// Signs a checkpoint.
    #[must_use]
    pub fn sign(checkpoint: Checkpoint, bodies: Vec<Digest>, key: &SigningKey) -> Self {
        Self { checkpoint: Signed::new(checkpoint, SignatureKind::AuditCheckpoint, None, key), bodies }
    }

    /// The signed checkpoint, if it is `owner`'s, for `peer`, and its bodies lead from `from` to `head`.
    ///
    /// # Errors
    ///
    /// [`CheckpointFault::Unsigned`], [`CheckpointFault::OtherLog`], [`CheckpointFault::NotAnExtension`].
    pub fn read(
        &self,
        key: &VerifyingKey,
        owner: LogOwner,
        peer: LogOwner,
    ) -> Result<&Checkpoint, CheckpointFault> {
        let signed = self.checkpoint.verify(SignatureKind::AuditCheckpoint, None, key);
        let checkpoint = signed.map_err(|_| CheckpointFault::Unsigned)?;
        if (checkpoint.owner, checkpoint.peer) != (owner, peer) {
            return Err(CheckpointFault::OtherLog);
        }
        let (from, head) = (checkpoint.from, checkpoint.head);
        let whole = self.bodies.len() <= BODIES_MAX
            && checkpoint.length >= head.number
            && (from.number > 0 || from == Head::EMPTY)
            && self.heads(from).last().unwrap_or(from) == head;
        let broken = CheckpointFault::NotAnExtension { from: from.number, to: head.number };
        if whole { Ok(checkpoint) } else { Err(broken) }
    }

    /// Accepts the statement as a continuation of what `peer` holds of `owner`'s log, and says what it then holds.
    ///
    /// # Errors
    ///
    /// Every [`CheckpointFault`] but those of keys and of one's own log; nothing must then be kept in place of `held`.
    pub fn verify(
        &self,
        key: &VerifyingKey,
        owner: LogOwner,
        peer: LogOwner,
        held: Held,
    ) -> Result<Held, CheckpointFault> {
        let checkpoint = self.read(key, owner, peer)?;
        let Checkpoint { from, head, length, at, .. } = *checkpoint;
        let (number, digest) = (held.head.number, held.head.digest);
        if at < held.at || from.number < number && length >= number {
            return Err(CheckpointFault::Replayed { held: number, from: from.number });
        }
        if length < number {
            return Err(CheckpointFault::Shortened { held: number, length });
        }
        if from.number > number {
            return Err(CheckpointFault::NotAnExtension { from: from.number, to: head.number });
        }
        if from.digest != digest {
            return Err(CheckpointFault::TwoHeads { number });
        }
        Ok(Held { head, at })
    }

    /// The heads after each of the bodies, from `from` on.
    pub fn heads(&self, from: Head) -> impl Iterator<Item = Head> + '_ {
        self.bodies.iter().scan(from, |head, body| {
            *head = head.after(*body);
            Some(*head)
        })
    }
}

/// What two statements of one owner say against each other. Both signatures together convince anybody who has the key.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Contradiction {
    /// The later statement knows of fewer entries than the earlier one.
    Shortened {
        /** Entries then. */
        before: u64,
        /** Entries later. */
        after: u64,
    },
    /// Two heads for one number.
    TwoHeads {
        /** The number. */
        number: u64,
    },
}

/// Whether two statements of one owner cannot both come from one log that only grew.
#[must_use]
pub fn contradiction(one: &Checkpoint, other: &Checkpoint) -> Option<Contradiction> {
    if one.owner != other.owner {
        return None;
    }
    for mine in [one.from, one.head] {
        for theirs in [other.from, other.head] {
            if mine.number == theirs.number && mine.digest != theirs.digest {
                return Some(Contradiction::TwoHeads { number: mine.number });
            }
        }
    }
    let (earlier, later) = if one.at <= other.at { (one, other) } else { (other, one) };
    if earlier.at < later.at && later.length < earlier.length {
        return Some(Contradiction::Shortened { before: earlier.length, after: later.length });
    }
    None
}

/// What a node asks of the coordinator about the two logs (request `CHECKPOINT`).
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum CheckpointCall {
    /// Asks for the coordinator's log after what is held of it; answered with [`Told`].
    Ask {
        /** What is held. */
        held: Head,
    },
    /// Tells of the node's own log, after what the coordinator holds of it; the answer is empty.
    Tell(Box<Statement>),
}

impl Encode for CheckpointCall {
    fn encode(&self, out: &mut Vec<u8>) {
        match self {
            Self::Ask { held } => {
                0_u8.encode(out);
                held.encode(out);
            }
            Self::Tell(statement) => {
                1_u8.encode(out);
                statement.encode(out);
            }
        }
    }
}

impl Decode for CheckpointCall {
    fn decode(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        let position = reader.position();
        match u8::decode(reader)? {
            0 => Ok(Self::Ask { held: Decode::decode(reader)? }),
            1 => Decode::decode(reader).map(Self::Tell),
            _ => Err(CodecError::Invalid { position, expected: "a question or a statement about a log" }),
        }
    }
}

/// The coordinator's answer to [`CheckpointCall::Ask`].
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Told {
    /// The key it signs with: to be pinned by a member that joined before coordinators had one, compared by all others.
    pub key: VerifyingKey,
    /// Its log.
    pub statement: Statement,
}
codec_struct!(Told { key, statement });

#[cfg(test)]
mod tests;

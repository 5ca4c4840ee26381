//! What a node asks of the coordinator: join, mail, blobs, documents. The node is always the one that asks; it dials out
//! and nothing dials in (I2).
//!
//! Every request but `Join` travels on a connection with mutual TLS; who asks is read from the certificate, never from
//! the request.

use crate::{
    codec_struct,
    ids::{Digest, MemberCode, RoundId},
    retention::{Destruction, Ended},
    signing::{Signed, VerifyingKey},
    wire::{BlobRef, Envelope},
};

/// Request numbers. A changed body gets a new number; 0x0014, 0x0016 and 0x0017 were such bodies of wire version 1.
#[allow(missing_docs)] // each names the request struct of this module
pub mod kind {
    pub const JOIN: u16 = 0x0001;
    pub const POLL: u16 = 0x0010;
    pub const POST: u16 = 0x0011;
    pub const PUT_BLOB: u16 = 0x0012;
    pub const GET_BLOB: u16 = 0x0013;
    pub const DOCUMENT: u16 = 0x0015;
    pub const DOCUMENTS: u16 = 0x0018;
    pub const STATE: u16 = 0x0019;
    pub const PRINCIPLES: u16 = 0x001A;
    pub const SIGN_PRINCIPLES: u16 = 0x001B;
    pub const RELEASES: u16 = 0x001C;
    pub const RELEASE: u16 = 0x001D;
    pub const RELEASE_SAY: u16 = 0x001E;
    pub const CHECKPOINT: u16 = 0x001F;
    pub const DESTROYED: u16 = 0x0020;
    pub const DESTRUCTIONS: u16 = 0x0021;
    pub const RENEW: u16 = 0x0022;
}

/// Spends an invitation: the node made its keys, the coordinator certifies them.
#[derive(Clone, Debug)]
pub struct Join {
    /// The invitation's one-time secret.
    pub secret: Vec<u8>,
    /// Certificate request, DER; the key in it was made on the member's machine.
    pub request: Vec<u8>,
    /// Signing key, made on the member's machine.
    pub signing_key: VerifyingKey,
}
codec_struct!(Join { secret, request, signing_key });

/// Answer to [`Join`].
#[derive(Clone, Debug)]
pub struct Joined {
    /// Opaque code given to the member.
    pub code: MemberCode,
    /// `k12`, `cc`, `univ` or `workforce`, as invited.
    pub segment: crate::agreement::Segment,
    /// Its certificate, DER.
    pub certificate: Vec<u8>,
    /// The consortium's CA, DER.
    pub authority: Vec<u8>,
    /// Revocation list, DER.
    pub revocations: Vec<u8>,
    /// The key the coordinator signs its audit log with; the member pins it.
    pub coordinator_key: VerifyingKey,
}
codec_struct!(Joined { code, segment, certificate, authority, revocations, coordinator_key });

/// Asks for mail after a number, waiting a little if there is none.
#[derive(Clone, Copy, Debug)]
pub struct Poll {
    /// Number of the last entry taken; earlier ones may be dropped.
    pub after: u64,
    /// Seconds to wait for mail.
    pub wait_s: u16,
}
codec_struct!(Poll { after, wait_s });

/// Answer to [`Poll`].
#[derive(Clone, Debug)]
pub struct Mail {
    /// In order of their numbers.
    pub entries: Vec<MailEntry>,
}
codec_struct!(Mail { entries });

/// One entry of a mailbox.
#[derive(Clone, Debug)]
pub struct MailEntry {
    /// Ascending, without gaps.
    pub number: u64,
    /// The message.
    pub envelope: Envelope,
}
codec_struct!(MailEntry { number, envelope });

/// Names a blob of a round, to put or to get.
#[derive(Clone, Copy, Debug)]
pub struct RoundBlob {
    /// The round.
    pub round: RoundId,
    /// The blob.
    pub blob: BlobRef,
}
codec_struct!(RoundBlob { round, blob });

/// Asks for a document's bytes, answered with [`DocumentText`].
#[derive(Clone, Copy, Debug)]
pub struct DocumentName {
    /// Digest of its bytes.
    pub digest: Digest,
}
codec_struct!(DocumentName { digest });

/// A document's bytes, UTF-8.
#[derive(Clone, Debug)]
pub struct DocumentText {
    /// As written.
    pub text: Vec<u8>,
}
codec_struct!(DocumentText { text });

/// Body of `DESTROYED`: this member has destroyed what ended; answered with nothing (SPEC §22).
#[derive(Clone, Debug)]
pub struct Destroyed {
    /// Its word.
    pub word: Signed<Destruction>,
}
codec_struct!(Destroyed { word });

/// Body of `DESTRUCTIONS`: asks whether others have destroyed what ended, at most [`ASKED_MAX`] things at once.
#[derive(Clone, Debug)]
pub struct DestructionsAsked {
    /// The agreement and what ended under it.
    pub about: Vec<(Digest, Ended)>,
}
codec_struct!(DestructionsAsked { about });

/// Things asked about at once: their answers, two for a withdrawal, stay far below a body's 1 MiB.
pub const ASKED_MAX: usize = 1_000;

/// Answer to [`DestructionsAsked`].
#[derive(Clone, Debug)]
pub struct Destructions {
    /// The coordinator's own words, and those of parties that withdrew.
    pub words: Vec<Signed<Destruction>>,
}
codec_struct!(Destructions { words });

/// Asks for the next certificate (kind 22). Signed with the key that agreements pin: the key of the connection alone cannot
/// prolong itself.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Renew {
    /// Who asks.
    pub member: MemberCode,
    /// Certificate request, DER; the key in it is new and was made on the member's machine.
    pub request: Vec<u8>,
}
codec_struct!(Renew { member, request });

/// Body of `RENEW`.
#[derive(Clone, Debug)]
pub struct Renewal {
    /// What is asked.
    pub renew: Signed<Renew>,
}
codec_struct!(Renewal { renew });

/// Answer to [`Renewal`]. Both certificates work until this one was used once.
#[derive(Clone, Debug)]
pub struct Renewed {
    /// The next certificate, DER.
    pub certificate: Vec<u8>,
}
codec_struct!(Renewed { certificate });

//! Where a party may misbehave: hooks on what a member posts, what its work makes, and what the coordinator's mail says.
//!
//! The honest defaults pass everything through. A hostile member has its own keys and everything it learnt in the round, so it
//! seals and signs properly what it forges; a hostile coordinator has the mail and the blobs, and no member's key.

use std::collections::HashMap;

use passage_node::compute::{Finished, RoundContext};
use passage_protocol::{
    ids::Digest,
    round::MemberJob,
    signing::SigningKey,
    wire::{BlobRef, Envelope},
};
use passage_shell::shelf::Shelf;

/// What a hostile member has in its hands while it works.
pub struct Hands<'a> {
    /// Participant index.
    pub member: usize,
    /// The manifest and its keys.
    pub context: &'a RoundContext,
    /// Its shelf: forged blobs go here before they are uploaded.
    pub shelf: &'a Shelf,
}

/// Blobs a hostile coordinator serves in place of, or beside, the ones on its shelf.
#[derive(Default)]
pub struct Substitutes(HashMap<Digest, Vec<u8>>);

impl Substitutes {
    /// Serves these bytes under their own name.
    pub fn put(&mut self, bytes: Vec<u8>) -> BlobRef {
        let blob = BlobRef { digest: Digest::of_blob(&bytes), bytes: bytes.len() as u64 };
        self.0.insert(blob.digest, bytes);
        blob
    }

    /// Serves other bytes under a name that is not theirs.
    pub fn swap(&mut self, name: Digest, bytes: Vec<u8>) {
        self.0.insert(name, bytes);
    }

    /// What is served under a name, if it is not the truth.
    #[must_use]
    pub fn get(&self, digest: Digest) -> Option<&[u8]> {
        self.0.get(&digest).map(Vec::as_slice)
    }
}

/// A party that may not follow the protocol.
pub trait Mischief {
    /// What member `member` sends where it ought to send `envelope`: nothing, that, another, or several.
    fn post(&mut self, member: usize, envelope: Envelope, key: &SigningKey) -> Vec<Envelope> {
        let _ = (member, key);
        vec![envelope]
    }

    /// What the coordinator puts into the mailbox of `member` in place of `envelope`.
    fn mail(&mut self, member: usize, envelope: Envelope, blobs: &mut Substitutes) -> Envelope {
        let _ = (member, blobs);
        envelope
    }

    /// What a member's work comes to in place of `finished`.
    fn finished(&mut self, hands: &Hands<'_>, job: &MemberJob, finished: Finished) -> Finished {
        let _ = (hands, job);
        finished
    }
}

/// Follows the protocol.
pub struct Honest;

impl Mischief for Honest {}

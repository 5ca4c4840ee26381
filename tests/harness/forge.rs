//! Tools of a hostile party: lists made of whatever it likes, sealed and signed as properly as an honest one's.

use passage_node::compute::{Finished, RoundContext, stream::SealedOut};
use passage_protocol::{
    codec::{Decode, Encode},
    group::{ELEMENT_BYTES, random_element},
    ids::{Digest, RoundId},
    round::{MemberJob, MemberOutcome},
    seal::{SealContext, SealPurpose},
    signing::{SignatureKind, Signed, SigningKey},
    wire::{BlobRef, Envelope, Message},
};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;

use crate::mischief::{Hands, Mischief, Substitutes};

/// Misbehaves when posting.
pub struct OnPost<F>(pub F);

impl<F: FnMut(usize, Envelope, &SigningKey) -> Vec<Envelope>> Mischief for OnPost<F> {
    fn post(&mut self, member: usize, envelope: Envelope, key: &SigningKey) -> Vec<Envelope> {
        (self.0)(member, envelope, key)
    }
}

/// Misbehaves while working.
pub struct OnWork<F>(pub F);

impl<F: FnMut(&Hands<'_>, &MemberJob, Finished) -> Finished> Mischief for OnWork<F> {
    fn finished(&mut self, hands: &Hands<'_>, job: &MemberJob, finished: Finished) -> Finished {
        (self.0)(hands, job, finished)
    }
}

/// A coordinator that does not put into the mailbox what the round says.
pub struct OnMail<F>(pub F);

impl<F: FnMut(usize, Envelope, &mut Substitutes) -> Envelope> Mischief for OnMail<F> {
    fn mail(&mut self, member: usize, envelope: Envelope, blobs: &mut Substitutes) -> Envelope {
        (self.0)(member, envelope, blobs)
    }
}

/// The same statement with something else in it, signed again with a key of one's choice.
#[must_use]
pub fn resigned<T: Encode + Decode + Clone>(
    signed: &Signed<T>,
    kind: SignatureKind,
    round: RoundId,
    key: &SigningKey,
    change: impl FnOnce(&mut T),
) -> Signed<T> {
    let mut value = signed.value().clone();
    change(&mut value);
    Signed::new(value, kind, Some(round), key)
}

/// An envelope with another message.
#[must_use]
pub fn saying(envelope: &Envelope, message: Message) -> Envelope {
    Envelope { message, ..envelope.clone() }
}

/// So many bytes of good points, none of which means anything.
#[must_use]
pub fn points(bytes: usize) -> Vec<u8> {
    let mut random = ChaCha20Rng::seed_from_u64(7);
    let mut made: Vec<u8> = Vec::with_capacity(bytes);
    let few: Vec<[u8; ELEMENT_BYTES]> = (0..8).map(|_| random_element(&mut random).encode()).collect();
    few.iter().cycle().take(bytes / ELEMENT_BYTES).for_each(|point| made.extend_from_slice(point));
    made
}

/// A list of the right width whose row bytes a hostile owner or hop chose, sealed to the next in its order.
///
/// `change` gets the row bytes and the width of a row.
#[must_use]
pub fn forged_list(
    hands: &Hands<'_>,
    list: u16,
    hop: u8,
    change: impl FnOnce(&mut Vec<u8>, usize),
) -> (Digest, BlobRef) {
    let shape = hands.context.manifest.list(list).unwrap();
    let width = shape.row().unwrap().row_bytes();
    let mut plain = points(shape.rows as usize * width);
    change(&mut plain, width);
    let next = shape.pass(hop + 1).unwrap();
    (Digest::of_blob(&plain), sealed(hands, &plain, SealPurpose::List, (list, hop), next))
}

/// Seals bytes as the manifest demands, from this member to another, onto its shelf.
#[must_use]
pub fn sealed(hands: &Hands<'_>, plain: &[u8], purpose: SealPurpose, of: (u16, u8), to: u16) -> BlobRef {
    let RoundContext { manifest, digest, me, .. } = hands.context;
    let code = |participant: u16| manifest.seat(participant).unwrap().code;
    let seal = SealContext {
        round: manifest.round,
        manifest: *digest,
        purpose,
        subject: of.0,
        hop: of.1,
        from: code(*me),
        to: code(to),
    };
    let mut out = SealedOut::begin(hands.shelf, &seal, &manifest.seat(to).unwrap().hpke_key).unwrap();
    out.take(plain).unwrap();
    out.end().unwrap().1
}

/// A contribution with another list in it.
#[must_use]
pub fn contributing(finished: Finished, list: (Digest, BlobRef)) -> Finished {
    let MemberOutcome::Contributed { shares, tag_shares, counts, .. } = finished.outcome else {
        return finished;
    };
    let (output, sealed) = list;
    let outcome = MemberOutcome::Contributed { output, sealed, shares, tag_shares, counts };
    Finished { outcome, uploads: vec![sealed] }
}

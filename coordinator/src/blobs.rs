//! Blobs of rounds: who may upload which lengths, who may fetch what, and when they go (G15, SPEC §5.5).
//!
//! The manifest fixes the length of everything a member makes, so a member can fill the disk with no more than that. A blob
//! can be fetched by nobody until an accepted statement says to whom it goes; tags and partial decryptions by nobody ever.

use std::{collections::BTreeSet, fs};

use passage_protocol::{
    codec::{Decode, Encode},
    ids::{Digest, MemberCode, RoundId},
    manifest::Manifest,
    mixing::TableTurn,
    round::{Abort, CoordinatorRound},
    seal::sealed_len,
    wire::{BlobRef, Message},
};
use passage_shell::store::Op;

use crate::{
    app::App,
    error::CoordinatorError,
    records::{BLOBS, BlobRecord, ROUNDS, RoundRecord, Standing, pair_key},
};

/// Lengths a member may upload in a round, one entry per blob.
fn allowance(round: &CoordinatorRound, member: MemberCode) -> Result<Vec<u64>, Abort> {
    let (Some(manifest), planned) = (round.manifest(), round.planned()) else { return Ok(Vec::new()) };
    let Some(me) = manifest.participant(member) else { return Ok(Vec::new()) };
    let committee = manifest.committee.len();
    let mut lengths = Vec::new();
    for list in &manifest.lists {
        let (row, rows) = (list.row()?, u64::from(list.rows));
        for (hop, _) in list.passes.iter().enumerate().filter(|(_, passer)| **passer == me) {
            if hop == usize::from(list.last_hop()) {
                lengths.push(rows.saturating_mul(row.tag_bytes() as u64));
                let columns = sealed_len(rows.saturating_mul(row.column_bytes() as u64));
                lengths.extend(std::iter::repeat_n(columns, committee.saturating_sub(1)));
            } else {
                lengths.push(sealed_len(rows.saturating_mul(row.row_bytes() as u64)));
            }
        }
    }
    let Some(position) = manifest.position(me) else { return Ok(lengths) };
    for (table, planned) in manifest.tables.iter().zip(planned) {
        let Some(planned) = planned else { continue };
        let noise = manifest.noise_tuples(table)?;
        let tuples = |hops: u64| u64::from(planned).saturating_add(hops.saturating_mul(noise));
        let turn = TableTurn::new(usize::from(position), committee);
        let plain = tuples(u64::from(position) + 1).saturating_mul(table.tuple()?.bytes_after(turn) as u64);
        lengths.push(if turn.is_last() { plain } else { sealed_len(plain) });
        lengths.push(tuples(committee as u64).saturating_mul(table.tuple()?.partial_bytes() as u64));
    }
    Ok(lengths)
}

/// Decides whether a member may upload `blob` now.
///
/// # Errors
///
/// [`CoordinatorError::RoundUnknown`], [`CoordinatorError::RoundOver`], [`CoordinatorError::BlobNotExpected`].
pub fn admit(app: &App, member: MemberCode, round: RoundId, blob: BlobRef) -> Result<(), CoordinatorError> {
    let record = participating(app, member, round)?;
    let Standing::Running(state) = &record.standing else { return Err(CoordinatorError::RoundOver) };
    let refused = CoordinatorError::BlobNotExpected { bytes: blob.bytes };
    let allowed = allowance(state, member)?.into_iter().filter(|bytes| *bytes == blob.bytes).count();
    let mut held = 0;
    for (key, value) in app.store.scan(BLOBS, &round.to_bytes())? {
        let other = BlobRecord::from_bytes(&value)?;
        if key.ends_with(&blob.digest.0) && other.put_by.contains(&member) {
            return Ok(()); // the same again, after an answer that was lost
        }
        held += usize::from(other.bytes == blob.bytes && other.put_by.contains(&member));
    }
    if held < allowed { Ok(()) } else { Err(refused) }
}

/// Records an upload that is on the shelf.
///
/// # Errors
///
/// [`CoordinatorError::Store`].
pub fn record_upload(
    app: &App,
    member: MemberCode,
    round: RoundId,
    blob: BlobRef,
) -> Result<(), CoordinatorError> {
    let key = pair_key(&round, &blob.digest);
    app.store.transact(|| {
        let mut record = match app.store.get(BLOBS, &key)? {
            Some(value) => BlobRecord::from_bytes(&value)?,
            None => BlobRecord {
                bytes: blob.bytes,
                put_by: Vec::new(),
                readers: Vec::new(),
                fetched_by: Vec::new(),
            },
        };
        if record.put_by.contains(&member) {
            return Ok((Vec::new(), ()));
        }
        record.put_by.push(member);
        Ok((vec![Op::put(BLOBS, key.clone(), record.to_bytes())], ()))
    })
}

/// Lets a member fetch a blob, and records that it did.
///
/// # Errors
///
/// [`CoordinatorError::BlobNotReadable`], the same whether it is absent or another's.
pub fn fetch(
    app: &App,
    member: MemberCode,
    round: RoundId,
    blob: BlobRef,
) -> Result<Digest, CoordinatorError> {
    participating(app, member, round)?;
    let key = pair_key(&round, &blob.digest);
    app.store.transact(|| {
        let value = app.store.get(BLOBS, &key)?.ok_or(CoordinatorError::BlobNotReadable)?;
        let mut record = BlobRecord::from_bytes(&value)?;
        if !record.readers.contains(&member) || record.bytes != blob.bytes {
            return Err(CoordinatorError::BlobNotReadable);
        }
        if record.fetched_by.contains(&member) {
            return Ok((Vec::new(), blob.digest));
        }
        record.fetched_by.push(member);
        Ok((vec![Op::put(BLOBS, key.clone(), record.to_bytes())], blob.digest))
    })
}

fn participating(app: &App, member: MemberCode, round: RoundId) -> Result<RoundRecord, CoordinatorError> {
    let record: Option<RoundRecord> = app.kept(ROUNDS, &round)?;
    record.filter(|record| record.participants.contains(&member)).ok_or(CoordinatorError::RoundUnknown)
}

/// The blob a member's message names.
#[must_use]
pub fn named(message: &Message) -> Option<BlobRef> {
    match message {
        Message::Columns { sealed, .. } => Some(*sealed),
        Message::Hop(statement) => Some(statement.value().sealed),
        Message::Partial(statement) => Some(statement.value().partials),
        Message::TableHop(statement) => Some(statement.value().sealed),
        Message::Abort(_)
        | Message::Answer(_)
        | Message::Answers(_)
        | Message::BlindShare { .. }
        | Message::Call(_)
        | Message::CohortCounts { .. }
        | Message::Endorsement { .. }
        | Message::KeyShare(_)
        | Message::KeyShares(_)
        | Message::Plan { .. }
        | Message::Receipt(_)
        | Message::Result { .. }
        | Message::Reveal(_)
        | Message::Reveals(_)
        | Message::Sealed { .. }
        | Message::TagKeyShare { .. } => None,
    }
}

/// Who may fetch the blob that an accepted message names.
fn readers(manifest: &Manifest, message: &Message) -> Vec<MemberCode> {
    let code = |participant: u16| manifest.seat(participant).map(|seat| seat.code);
    match message {
        Message::Columns { to, .. } => code(*to).into_iter().collect(),
        Message::Hop(statement) => {
            let value = statement.value();
            let next = value.hop.checked_add(1).and_then(|hop| manifest.list(value.list)?.pass(hop));
            next.and_then(code).into_iter().collect()
        }
        Message::TableHop(statement) => {
            let next = usize::from(statement.value().hop) + 1;
            match manifest.committee.get(next) {
                Some(next) => code(*next).into_iter().collect(),
                None => manifest.committee.iter().filter_map(|member| code(*member)).collect(),
            }
        }
        Message::Abort(_)
        | Message::Answer(_)
        | Message::Answers(_)
        | Message::BlindShare { .. }
        | Message::Call(_)
        | Message::CohortCounts { .. }
        | Message::Endorsement { .. }
        | Message::KeyShare(_)
        | Message::KeyShares(_)
        | Message::Partial(_)
        | Message::Plan { .. }
        | Message::Receipt(_)
        | Message::Result { .. }
        | Message::Reveal(_)
        | Message::Reveals(_)
        | Message::Sealed { .. }
        | Message::TagKeyShare { .. } => Vec::new(),
    }
}

/// Checks that the blob a message names is here from its sender, and opens it to whom the message sends it.
///
/// # Errors
///
/// [`CoordinatorError::BlobMissing`].
pub(crate) fn address(
    app: &App,
    round: RoundId,
    from: MemberCode,
    message: &Message,
    state: &CoordinatorRound,
) -> Result<Option<Op>, CoordinatorError> {
    let Some(blob) = named(message) else { return Ok(None) };
    let key = pair_key(&round, &blob.digest);
    let value = app.store.get(BLOBS, &key)?.ok_or(CoordinatorError::BlobMissing)?;
    let mut record = BlobRecord::from_bytes(&value)?;
    let here = app.shelf.find(blob.digest).is_some_and(|found| found.bytes == blob.bytes);
    if !here || record.bytes != blob.bytes || !record.put_by.contains(&from) {
        return Err(CoordinatorError::BlobMissing);
    }
    let more = state.manifest().map(|manifest| readers(manifest, message)).unwrap_or_default();
    record.readers.extend(more);
    record.readers.sort_unstable();
    record.readers.dedup();
    Ok(Some(Op::put(BLOBS, key, record.to_bytes())))
}

/// The record of a blob the coordinator itself made, for these readers.
pub(crate) fn own(round: RoundId, blob: BlobRef, readers: Vec<MemberCode>) -> Op {
    let record = BlobRecord { bytes: blob.bytes, put_by: Vec::new(), readers, fetched_by: Vec::new() };
    Op::put(BLOBS, pair_key(&round, &blob.digest), record.to_bytes())
}

/// Drops the records of a round's blobs except `keep`; the files go afterwards with [`remove_files`].
pub(crate) fn erase(
    app: &App,
    round: RoundId,
    keep: &[Digest],
) -> Result<(Vec<Op>, Vec<Digest>), CoordinatorError> {
    let (mut ops, mut gone) = (Vec::new(), Vec::new());
    for (key, _) in app.store.scan(BLOBS, &round.to_bytes())? {
        let digest = Digest::from_bytes(key.get(round.0.len()..).unwrap_or_default())?;
        if !keep.contains(&digest) {
            gone.push(digest);
            ops.push(Op::delete(BLOBS, key));
        }
    }
    Ok((ops, gone))
}

/// Removes files of blobs that no record names any more. A file that stays for whatever reason goes with the next start.
pub(crate) fn remove_files(app: &App, digests: &[Digest]) {
    let Ok(named) = all_named(app) else { return };
    for digest in digests.iter().filter(|digest| !named.contains(digest)) {
        if let Err(error) = fs::remove_file(app.shelf.path(*digest))
            && error.kind() != std::io::ErrorKind::NotFound
        {
            tracing::warn!(blob = %digest.short(), kind = %error.kind(), "an erased blob's file could not be removed");
        }
    }
}

pub(crate) fn all_named(app: &App) -> Result<BTreeSet<Digest>, CoordinatorError> {
    let pairs = app.store.scan(BLOBS, &[])?;
    let digest = |(key, _): (Vec<u8>, Vec<u8>)| Digest::from_bytes(key.get(16..).unwrap_or_default());
    Ok(pairs.into_iter().map(digest).collect::<Result<_, _>>()?)
}

/// Removes every file that no record names: uploads whose answer was lost, leftovers of a kill. Only while nothing serves.
///
/// # Errors
///
/// [`CoordinatorError::Store`], [`CoordinatorError::Shelf`].
pub(crate) fn sweep(app: &App) -> Result<usize, CoordinatorError> {
    Ok(app.shelf.keep(&all_named(app)?)?)
}

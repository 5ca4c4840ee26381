//! One pass over a list: open, check, multiply, re-randomise, shuffle, seal; at the last hop tags and columns (SPEC §6.4-6.5).

use passage_protocol::{
    group::{HopFactor, TagKey},
    ids::Digest,
    manifest::shapes::{First, ListShape},
    mixing::{check_columns, chunk_seed, final_tags, hop},
    round::MemberOutcome,
    seal::SealPurpose,
    wire::{BlobRef, limits::BLOB_BYTES_MAX},
};
use passage_shell::{entropy, shelf::Shelf};
use rayon::prelude::*;

use crate::compute::{
    Finished, RoundContext, Rows, WorkFault,
    batches::{Batches, CHUNK_ROWS},
    secrets::RoundSecrets,
    shuffle::Shuffle,
    stream::{Expected, SealedOut, finish, open_sealed},
};

/// What a pass takes in.
#[derive(Clone, Copy, Debug)]
pub struct PassInput {
    /// The list.
    pub list: u16,
    /// Its place in the order.
    pub hop: u8,
    /// Participant of the previous pass.
    pub from: u16,
    /// What it sealed.
    pub sealed: BlobRef,
    /// Digest the opened bytes must have.
    pub expect: Digest,
}

/// Makes one pass.
///
/// # Errors
///
/// [`WorkFault`]; nothing leaves unless the whole list was good.
///
/// # Cost
///
/// Per row one multiplication a slot and two fixed-base multiplications a column; memory for the list once, or the allowance.
pub fn run(
    context: &RoundContext,
    secrets: &RoundSecrets,
    shelf: &Shelf,
    input: PassInput,
    rows: Rows<'_>,
) -> Result<Finished, WorkFault> {
    let list = context.list(input.list)?;
    let shape = list.row()?;
    let columns: Vec<usize> = list.columns.iter().map(|key| usize::from(*key)).collect();
    let factor = factor(context, secrets, list)?;
    let seed = entropy::seed()?;
    let mut shuffle = Shuffle::new(shelf, context.allowance, list.rows, shape.row_bytes())?;
    let work = |chunk: &[u8], first: u64| {
        let seed = chunk_seed(&seed, first / CHUNK_ROWS as u64);
        Ok(hop(chunk, first, shape, &columns, &factor, &context.keys, &seed)?)
    };
    let mut batches = Batches::new(shape.row_bytes(), rows, work, |rows: &[u8]| shuffle.put(rows));
    let seal = context.seal(SealPurpose::List, input.list, input.hop - 1, input.from, context.me)?;
    let expected = Expected {
        digest: input.expect,
        bytes: u64::from(list.rows) * shape.row_bytes() as u64,
        width: shape.row_bytes(),
    };
    let recipient = &secrets.recipient;
    open_sealed(shelf, input.sealed.digest, &seal, recipient, expected, |rows| batches.push(rows))?;
    batches.end()?;

    if input.hop == list.last_hop() {
        return last(context, secrets, shelf, input, list, shuffle);
    }
    let next = list.pass(input.hop + 1).ok_or(WorkFault::SecretMissing)?;
    let seal = context.seal(SealPurpose::List, input.list, input.hop, context.me, next)?;
    let mut out = SealedOut::begin(shelf, &seal, &context.hpke_key(next)?)?;
    shuffle.finish(|rows| out.take(rows))?;
    let (output, sealed) = out.end()?;
    let (list, input) = (input.list, input.expect);
    let outcome = MemberOutcome::Hopped { list, input, output, sealed, columns: Vec::new() };
    Ok(Finished { outcome, uploads: vec![sealed] })
}

fn factor(context: &RoundContext, secrets: &RoundSecrets, list: &ListShape) -> Result<HopFactor, WorkFault> {
    if list.first == First::Own {
        return Ok(HopFactor::own(&secrets.committee));
    }
    if list.owner == context.me {
        let position = context.manifest.position(context.me).ok_or(WorkFault::SecretMissing)?;
        let blind = secrets.blind.get().ok_or(WorkFault::SecretMissing)?;
        let share = blind.share(usize::from(position)).ok_or(WorkFault::SecretMissing)?;
        return Ok(HopFactor::blinded(&secrets.committee, &share)?);
    }
    let share = secrets.blind_share(list.owner).ok_or(WorkFault::SecretMissing)?;
    Ok(HopFactor::blinded(&secrets.committee, &share)?)
}

/// The last hop: tags in clear for the coordinator, columns sealed for every other committee member.
///
/// The shuffled list stays the only whole copy, if there is one: tags and columns go to the shelf as they are made, and every
/// recipient's seal takes the columns in the same pass.
fn last(
    context: &RoundContext,
    secrets: &RoundSecrets,
    shelf: &Shelf,
    input: PassInput,
    list: &ListShape,
    shuffle: Shuffle,
) -> Result<Finished, WorkFault> {
    let shape = list.row()?;
    let tag_key = tag_key(context, secrets)?;
    let (mut tags, mut own) = (shelf.own_writer(BLOB_BYTES_MAX)?, shelf.own_writer(BLOB_BYTES_MAX)?);
    let mut copies = Vec::new();
    for member in context.manifest.committee.iter().filter(|member| **member != context.me) {
        let seal = context.seal(SealPurpose::FinalColumns, input.list, input.hop, context.me, *member)?;
        copies.push((*member, SealedOut::begin(shelf, &seal, &context.hpke_key(*member)?)?));
    }
    shuffle.finish(|rows| {
        for batch in rows.chunks(CHUNK_ROWS * 64 * shape.row_bytes()) {
            let chunks: Result<Vec<_>, WorkFault> = (batch.par_chunks(CHUNK_ROWS * shape.row_bytes()))
                .map(|chunk| Ok(final_tags(chunk, shape, &list.slots, &tag_key)?))
                .collect();
            for chunk in chunks? {
                tags.write(&chunk.tags)?;
                own.write(&chunk.columns)?;
                copies.iter_mut().try_for_each(|(_, copy)| copy.take(&chunk.columns))?;
            }
        }
        Ok(())
    })?;
    let (tags, output) = (finish(tags)?, finish(own)?.digest);
    let sealed = copies.into_iter().map(|(member, copy)| Ok((member, copy.end()?.1)));
    let columns = sealed.collect::<Result<Vec<_>, WorkFault>>()?;
    let uploads = columns.iter().map(|(_, blob)| *blob).chain([tags]).collect();
    let outcome =
        MemberOutcome::Hopped { list: input.list, input: input.expect, output, sealed: tags, columns };
    Ok(Finished { outcome, uploads })
}

fn tag_key(context: &RoundContext, secrets: &RoundSecrets) -> Result<TagKey, WorkFault> {
    let mut shares = Vec::new();
    for member in &context.manifest.committee {
        shares.push(if *member == context.me {
            *secrets.committee.tag_key_share()
        } else {
            *secrets.tag_share(*member).ok_or(WorkFault::SecretMissing)?
        });
    }
    let key = TagKey::derive(&shares);
    zeroize::Zeroize::zeroize(&mut shares);
    Ok(key)
}

/// Opens the final columns of a list and keeps them on the shelf under the digest the last hop signed.
///
/// # Errors
///
/// [`WorkFault`].
pub fn keep_columns(
    context: &RoundContext,
    secrets: &RoundSecrets,
    shelf: &Shelf,
    input: PassInput,
) -> Result<Finished, WorkFault> {
    let list = context.list(input.list)?;
    let shape = list.row()?;
    let width = shape.column_bytes();
    let bytes = u64::from(list.rows) * width as u64;
    let seal = context.seal(SealPurpose::FinalColumns, input.list, input.hop, input.from, context.me)?;
    let mut writer = shelf.own_writer(BLOB_BYTES_MAX)?;
    let expected = Expected { digest: input.expect, bytes, width };
    let mut first = 0;
    open_sealed(shelf, input.sealed.digest, &seal, &secrets.recipient, expected, |rows| {
        let chunks = rows.par_chunks(CHUNK_ROWS * width).enumerate();
        chunks
            .map(|(index, chunk)| check_columns(chunk, first + (index * CHUNK_ROWS) as u64, shape))
            .collect::<Result<(), _>>()?;
        first += (rows.len() / width) as u64;
        Ok(writer.write(rows)?)
    })?;
    finish(writer)?;
    Ok(Finished { outcome: MemberOutcome::ColumnsKept { list: input.list }, uploads: Vec::new() })
}

//! The second mix at one committee member: check the plan, build or open the tuples, add noise, mix, decrypt (SPEC §8-§9).

use std::io::Read;

use passage_protocol::{
    ids::Digest,
    linkage::{Plan, PlanBounds, ReceiverBound},
    manifest::shapes::TableShape,
    mixing::{
        DecryptionProof, DecryptionStatement, DecryptionSums, PlanEntry, TupleChunk, TupleColumns,
        UnmixedTuples, build_tuples, chunk_seed, noise_tuples, partial_decrypt, table_hop,
    },
    round::MemberOutcome,
    seal::SealPurpose,
    wire::{BlobRef, limits::BLOB_BYTES_MAX},
};
use passage_shell::{
    entropy,
    shelf::{Shelf, ShelfError},
};
use rayon::prelude::*;

use crate::compute::{
    Finished, RoundContext, Rows, WorkFault,
    secrets::RoundSecrets,
    stream::{Batches, CHUNK_ROWS, Expected, ShuffleBuffer, finish, open_plain, open_sealed, seal_to_shelf},
};

/// What a pass over a table takes in.
#[derive(Clone, Copy, Debug)]
pub struct TableInput {
    /// The table.
    pub table: u16,
    /// Committee position.
    pub hop: u8,
    /// The plan at hop 0, else the previous hop's sealed table.
    pub input: BlobRef,
    /// Participant of the previous pass, from hop 1 on.
    pub from: Option<u16>,
    /// Digest the opened bytes must have.
    pub expect: Digest,
    /// Tuples of the plan.
    pub planned: u32,
}

/// Checks a plan against the manifest: rows in range, no row too often, enough tuples.
///
/// # Errors
///
/// [`WorkFault::Plan`] names the rule.
pub fn check_plan(
    context: &RoundContext,
    shelf: &Shelf,
    table: u16,
    plan: Digest,
    tuples: u32,
) -> Result<Finished, WorkFault> {
    let plan = read_plan(context, shelf, table, plan)?;
    if plan.tuple_count() != tuples as usize {
        return Err(WorkFault::Length { seen: plan.tuple_count() as u64, expected: u64::from(tuples) });
    }
    Ok(Finished { outcome: MemberOutcome::PlanChecked { table }, uploads: Vec::new() })
}

fn read_plan(context: &RoundContext, shelf: &Shelf, table: u16, plan: Digest) -> Result<Plan, WorkFault> {
    let shape = table_shape(context, table)?;
    let receivers = shape.receivers.iter().map(|receiver| {
        let list = context.list(*receiver)?;
        Ok(ReceiverBound { rows: list.rows, slots: u8::try_from(list.slots.len()).unwrap_or(u8::MAX) })
    });
    let bounds = PlanBounds {
        sender_rows: context.list(shape.sender)?.rows,
        receivers: receivers.collect::<Result<_, WorkFault>>()?,
        tuple_count_min: context.manifest.floor,
    };
    Ok(Plan::from_checked_bytes(read_whole(shelf, plan)?, &bounds)?)
}

/// Makes one pass over a table.
///
/// # Errors
///
/// [`WorkFault`].
///
/// # Cost
///
/// Per tuple two fixed-base multiplications for the cell and four multiplications a receiver.
pub fn run(
    context: &RoundContext,
    secrets: &RoundSecrets,
    shelf: &Shelf,
    columns: &dyn Fn(u16) -> Option<Digest>,
    input: TableInput,
    rows: Rows<'_>,
) -> Result<Finished, WorkFault> {
    let table = table_shape(context, input.table)?;
    let shape = table.tuple()?;
    let noise = context.manifest.noise_table()?;
    let added = context.manifest.noise_tuples(table)?;
    let before = u64::from(input.planned) + u64::from(input.hop) * added;
    let after = u32::try_from(before + added)
        .map_err(|_| WorkFault::Length { seen: before + added, expected: u64::from(u32::MAX) })?;
    let mut buffer = ShuffleBuffer::new(after, shape.tuple_bytes())?;
    let seed = entropy::seed()?;
    let mix = |chunk: TupleChunk<'_>, number: u64| -> Result<Vec<u8>, WorkFault> {
        Ok(table_hop(chunk, shape, table.keys(), &context.keys, &chunk_seed(&seed, number))?)
    };

    if let (Some(from), true) = (input.from, input.hop > 0) {
        let mut batches = Batches::new(shape.tuple_bytes(), rows, |bytes: &[u8], first_tuple: u64| {
            mix(TupleChunk::Mixed { bytes, first_tuple }, first_tuple / CHUNK_ROWS as u64)
        });
        let seal = context.seal(SealPurpose::Table, input.table, input.hop - 1, from, context.me)?;
        let width = shape.tuple_bytes();
        let expected = Expected { digest: input.expect, bytes: before * width as u64, width };
        let mut put = |tuples: &[u8]| buffer.put(tuples);
        let take = |tuples: &[u8]| batches.push(tuples, &mut put);
        open_sealed(shelf, input.input.digest, &seal, &secrets.recipient, expected, take)?;
        batches.flush(&mut |tuples| buffer.put(tuples))?;
    } else {
        build(context, shelf, columns, input, table, &mix, &mut buffer, rows)?;
    }

    // Noise of this dealer, then filler to the fixed number; numbered far above any data chunk so that no seed repeats.
    let cells = u32::try_from(table.domain.len()).unwrap_or(u32::MAX);
    let noise_seed = entropy::seed()?;
    let mut chunks = Vec::new();
    let mut rest = noise_tuples(cells, shape, &noise, &noise_seed);
    while !rest.is_empty() {
        let tail = rest.split_off(CHUNK_ROWS);
        chunks.push(rest);
        rest = tail;
    }
    put_unmixed(chunks, NOISE_CHUNKS_FROM, &mix, &mut buffer)?;
    rows(added);

    let bytes = buffer.finish()?;
    let output = Digest::of_blob(&bytes);
    let next = context.manifest.committee.get(usize::from(input.hop) + 1);
    let sealed = match next {
        Some(next) => {
            let seal = context.seal(SealPurpose::Table, input.table, input.hop, context.me, *next)?;
            seal_to_shelf(shelf, &bytes, &seal, &context.hpke_key(*next)?)?
        }
        None => {
            let blob = shelf.put(&bytes)?;
            BlobRef { digest: blob.digest, bytes: blob.bytes }
        }
    };
    let outcome =
        MemberOutcome::TableHopped { table: input.table, input: input.expect, output, tuples: after, sealed };
    Ok(Finished { outcome, uploads: vec![sealed] })
}

type Mix<'a> = &'a (dyn Fn(TupleChunk<'_>, u64) -> Result<Vec<u8>, WorkFault> + Sync);

/// Builds the tuples of the plan from this member's own copy of the final columns.
#[allow(clippy::too_many_arguments, reason = "one call site; a struct would only rename the arguments")]
fn build(
    context: &RoundContext,
    shelf: &Shelf,
    columns: &dyn Fn(u16) -> Option<Digest>,
    input: TableInput,
    table: &TableShape,
    mix: Mix<'_>,
    buffer: &mut ShuffleBuffer,
    rows: Rows<'_>,
) -> Result<(), WorkFault> {
    let plan = read_plan(context, shelf, input.table, input.input.digest)?;
    let held = |list: u16| -> Result<Held, WorkFault> {
        let digest = columns(list).ok_or(WorkFault::SecretMissing)?;
        let width = context.list(list)?.row()?.column_bytes();
        Ok(Held { bytes: read_whole(shelf, digest)?, width })
    };
    let sender = held(table.sender)?;
    let receivers: Vec<Held> = table.receivers.iter().map(|list| held(*list)).collect::<Result<_, _>>()?;
    let column = |list: u16, key: u16| -> Result<usize, WorkFault> {
        context.list(list)?.column(key).ok_or(WorkFault::SecretMissing)
    };
    let windows =
        |list: u16| table.window_keys.iter().map(|key| column(list, *key)).collect::<Result<Vec<_>, _>>();
    let tuple_columns = TupleColumns {
        cell: column(table.sender, table.cell_key)?,
        sender_windows: windows(table.sender)?,
        receiver_windows: table.receivers.iter().map(|list| windows(*list)).collect::<Result<_, _>>()?,
    };
    let mut rows_of = Vec::with_capacity(plan.tuple_count());
    for tuple in plan.tuples() {
        let receiver_rows: Vec<Option<&[u8]>> = receivers
            .iter()
            .zip(tuple.receiver_rows())
            .map(|(held, row)| row.and_then(|row| held.row(row)))
            .collect();
        rows_of.push((sender.row(tuple.sender_row).ok_or(WorkFault::SecretMissing)?, receiver_rows));
    }
    let mut number = 0;
    for batch in rows_of.chunks(CHUNK_ROWS * 16) {
        let unmixed: Result<Vec<UnmixedTuples>, WorkFault> = (batch.par_chunks(CHUNK_ROWS).enumerate())
            .map(|(index, chunk)| {
                let entries: Vec<PlanEntry<'_>> =
                    chunk.iter().map(|(sender, receivers)| PlanEntry { sender, receivers }).collect();
                let first = (number + index as u64) * CHUNK_ROWS as u64;
                Ok(build_tuples(&tuple_columns, table.window, &entries, first)?)
            })
            .collect();
        let unmixed = unmixed?;
        let count = unmixed.len() as u64;
        put_unmixed(unmixed, number, mix, buffer)?;
        number += count;
        rows(batch.len() as u64);
    }
    Ok(())
}

fn put_unmixed(
    chunks: Vec<UnmixedTuples>,
    first_number: u64,
    mix: Mix<'_>,
    buffer: &mut ShuffleBuffer,
) -> Result<(), WorkFault> {
    let mixed: Result<Vec<Vec<u8>>, WorkFault> = (chunks.into_par_iter().enumerate())
        .map(|(index, chunk)| mix(TupleChunk::Unmixed(chunk), first_number + index as u64))
        .collect();
    mixed?.iter().try_for_each(|chunk| buffer.put(chunk))
}

/// The final columns of one list, for random access by row number.
struct Held {
    bytes: Vec<u8>,
    width: usize,
}

impl Held {
    fn row(&self, row: u32) -> Option<&[u8]> {
        let start = row as usize * self.width;
        self.bytes.get(start..start + self.width)
    }
}

/// Decrypts this member's part of a final table and proves it.
///
/// # Errors
///
/// [`WorkFault`].
pub fn decrypt(
    context: &RoundContext,
    secrets: &RoundSecrets,
    shelf: &Shelf,
    number: u16,
    last: BlobRef,
    tuples: u32,
    rows: Rows<'_>,
) -> Result<Finished, WorkFault> {
    let table = table_shape(context, number)?;
    let shape = table.tuple()?;
    let width = shape.tuple_bytes();
    let expected = Expected { digest: last.digest, bytes: u64::from(tuples) * width as u64, width };
    let mut list = Vec::new();
    open_plain(shelf, expected, |tuples| {
        list.extend_from_slice(tuples);
        Ok(())
    })?;
    let mut partials = Vec::with_capacity(tuples as usize * shape.partial_bytes());
    let mut batches = Batches::new(width, rows, |chunk: &[u8], first: u64| {
        Ok(partial_decrypt(chunk, first, shape, table.keys(), &secrets.committee)?)
    });
    let mut put = |chunk: &[u8]| {
        partials.extend_from_slice(chunk);
        Ok(())
    };
    batches.push(&list, &mut put)?;
    batches.flush(&mut put)?;
    let mut writer = shelf.own_writer(BLOB_BYTES_MAX)?;
    writer.write(&partials)?;
    let blob = finish(writer)?;

    let statement = DecryptionStatement {
        manifest: context.digest,
        table: number,
        list: last.digest,
        partials: blob.digest,
    };
    let chunks =
        list.par_chunks(CHUNK_ROWS * width).zip(partials.par_chunks(CHUNK_ROWS * shape.partial_bytes()));
    let sums: Result<Vec<DecryptionSums>, WorkFault> = (chunks.enumerate())
        .map(|(index, (list, partials))| {
            let first = (index * CHUNK_ROWS) as u64;
            Ok(DecryptionSums::of_chunk(&statement, list, partials, first, shape, table.keys())?)
        })
        .collect();
    let mut sum = DecryptionSums::zero();
    sums?.iter().for_each(|part| sum.add(part));
    let proof = DecryptionProof::prove(&statement, &sum, table.tuple()?, table.keys(), &secrets.committee)?;
    let outcome = MemberOutcome::Decrypted { table: number, last: last.digest, partials: blob, proof };
    Ok(Finished { outcome, uploads: vec![blob] })
}

fn table_shape(context: &RoundContext, table: u16) -> Result<&TableShape, WorkFault> {
    context.manifest.table(table).ok_or(WorkFault::SecretMissing)
}

fn read_whole(shelf: &Shelf, digest: Digest) -> Result<Vec<u8>, WorkFault> {
    let (mut file, blob) = shelf.reader(digest)?;
    let mut bytes = Vec::with_capacity(usize::try_from(blob.bytes).unwrap_or(0));
    file.read_to_end(&mut bytes).map_err(ShelfError::from)?;
    // Fixed when it was fetched; checked again because a plan decides what is decrypted.
    if Digest::of_blob(&bytes) != digest { Err(WorkFault::Digest) } else { Ok(bytes) }
}

/// Chunk numbers of noise start here, above those of any list that fits a `u32`.
const NOISE_CHUNKS_FROM: u64 = 1 << 40;

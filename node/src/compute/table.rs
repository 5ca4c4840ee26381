//! The second mix at one committee member: check the plan, build or open the tuples, add noise, mix, decrypt (SPEC §8-§9).

use std::{fs::File, io::Read, os::unix::fs::FileExt};

use passage_protocol::{
    ids::Digest,
    linkage::{Plan, PlanBounds, PlanTuple, ReceiverBound},
    manifest::shapes::TableShape,
    mixing::{
        DecryptionProof, DecryptionStatement, DecryptionSums, PlanEntry, SUMMED_TUPLES, TableTurn,
        TupleChunk, TupleColumns, build_tuples, chunk_seed, noise_tuples, partial_decrypt, table_hop,
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
    batches::{Batches, CHUNK_ROWS, Made},
    secrets::RoundSecrets,
    shuffle::Shuffle,
    stream::{Expected, SealedOut, finish, open_plain, open_sealed},
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
        let times = context.manifest.times_taken(shape.sender, *receiver);
        Ok(ReceiverBound { rows: list.rows, times })
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
/// Per tuple two fixed-base multiplications for the cell, and per test two of points by scalars of their own and two of fixed bases; one
/// more of these in the last pass, which spares one of the cell's.
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
    let turn = TableTurn::new(input.hop.into(), context.manifest.committee.len());
    let mut shuffle = Shuffle::new(shelf, context.allowance, after, shape.bytes_after(turn))?;
    let seed = entropy::seed()?;
    let mix = |chunk: TupleChunk<'_>, number: u64| -> Result<Vec<u8>, WorkFault> {
        Ok(table_hop(chunk, shape, turn, table.keys(), &context.keys, &chunk_seed(&seed, number))?)
    };

    if let (Some(from), true) = (input.from, input.hop > 0) {
        let work = |bytes: &[u8], first_tuple: u64| {
            mix(TupleChunk::Mixed { bytes, first_tuple }, first_tuple / CHUNK_ROWS as u64)
        };
        let seal = context.seal(SealPurpose::Table, input.table, input.hop - 1, from, context.me)?;
        let width = shape.tuple_bytes();
        let expected = Expected { digest: input.expect, bytes: before * width as u64, width };
        let mut batches = Batches::new(width, rows, work, |tuples: &[u8]| shuffle.put(tuples));
        let recipient = &secrets.recipient;
        open_sealed(shelf, input.input.digest, &seal, recipient, expected, |tuples| batches.push(tuples))?;
        batches.end()?;
    } else {
        build(context, shelf, columns, input, table, &mix, &mut shuffle, rows)?;
    }

    // Noise of this dealer, then filler to the fixed number; numbered far above any data chunk so that no seed repeats.
    let cells = u32::try_from(table.domain.len()).unwrap_or(u32::MAX);
    let noise_seed = entropy::seed()?;
    let mut chunks = Vec::new();
    let mut rest = noise_tuples(cells, shape, turn, &noise, &noise_seed);
    while !rest.is_empty() {
        let tail = rest.split_off(CHUNK_ROWS);
        chunks.push(rest);
        rest = tail;
    }
    let mut made = Made::default();
    let work = |index, chunk| mix(TupleChunk::Unmixed(chunk), NOISE_CHUNKS_FROM + index as u64);
    made.next(chunks.into_par_iter(), work, &mut |tuples: &[u8]| shuffle.put(tuples))?;
    made.end(|tuples| shuffle.put(tuples))?;
    rows(added);

    let next = context.manifest.committee.get(usize::from(input.hop) + 1);
    let (output, sealed) = match next {
        Some(next) => {
            let seal = context.seal(SealPurpose::Table, input.table, input.hop, context.me, *next)?;
            let mut out = SealedOut::begin(shelf, &seal, &context.hpke_key(*next)?)?;
            shuffle.finish(|tuples| out.take(tuples))?;
            out.end()?
        }
        None => {
            let mut writer = shelf.own_writer(BLOB_BYTES_MAX)?;
            shuffle.finish(|tuples| Ok(writer.write(tuples)?))?;
            let blob = finish(writer)?;
            (blob.digest, blob)
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
    shuffle: &mut Shuffle,
    rows: Rows<'_>,
) -> Result<(), WorkFault> {
    let plan = read_plan(context, shelf, input.table, input.input.digest)?;
    let held = |list: u16| -> Result<Held, WorkFault> {
        let digest = columns(list).ok_or(WorkFault::SecretMissing)?;
        let width = context.list(list)?.row()?.column_bytes();
        Held::open(shelf, digest, width)
    };
    let sender = held(table.sender)?;
    let receivers: Vec<Held> = table.receivers.iter().map(|list| held(*list)).collect::<Result<_, _>>()?;
    let column = |list: u16, key: u16| -> Result<usize, WorkFault> {
        context.list(list)?.column(key).ok_or(WorkFault::SecretMissing)
    };
    let windows =
        |list: u16| table.said_keys().iter().map(|key| column(list, *key)).collect::<Result<Vec<_>, _>>();
    let tuple_columns = TupleColumns {
        cell: column(table.sender, table.cell_key)?,
        sender_windows: windows(table.sender)?,
        receiver_windows: table.receivers.iter().map(|list| windows(*list)).collect::<Result<_, _>>()?,
    };
    let committee = context.manifest.committee.len();
    let (mut planned, mut number, mut made) = (plan.tuples(), 0, Made::default());
    loop {
        let batch: Vec<PlanTuple<'_>> = planned.by_ref().take(CHUNK_ROWS * 16).collect();
        if batch.is_empty() {
            return made.end(|tuples| shuffle.put(tuples));
        }
        let work = |index: usize, chunk: &[PlanTuple<'_>]| {
            let sender = sender.rows(chunk.iter().map(|tuple| Some(tuple.sender_row)))?;
            let of_receiver = |(place, held): (usize, &Held)| {
                held.rows(chunk.iter().map(|tuple| tuple.receiver_rows().nth(place).flatten()))
            };
            let receivers: Vec<Fetched> =
                receivers.iter().enumerate().map(of_receiver).collect::<Result<_, _>>()?;
            let receiver_rows: Vec<Vec<Option<&[u8]>>> = (0..chunk.len())
                .map(|at| receivers.iter().map(|fetched| fetched.row(at)).collect())
                .collect();
            let entries: Option<Vec<PlanEntry<'_>>> = (receiver_rows.iter().enumerate())
                .map(|(at, receivers)| Some(PlanEntry { sender: sender.row(at)?, receivers }))
                .collect();
            let number = number + index as u64;
            let first = number * CHUNK_ROWS as u64;
            let entries = entries.ok_or(WorkFault::SecretMissing)?;
            let tuples = build_tuples(&tuple_columns, table.window, &entries, first, committee)?;
            mix(TupleChunk::Unmixed(tuples), number)
        };
        made.next(batch.par_chunks(CHUNK_ROWS), work, &mut |tuples: &[u8]| shuffle.put(tuples))?;
        number += batch.len().div_ceil(CHUNK_ROWS) as u64;
        rows(batch.len() as u64);
    }
}

/// The final columns of one list, read row by row where they stand.
struct Held {
    file: File,
    width: usize,
}

impl Held {
    /// Checked once more against their digest, because a plan decides what of them is decrypted.
    fn open(shelf: &Shelf, digest: Digest, width: usize) -> Result<Self, WorkFault> {
        shelf.verify(digest)?;
        Ok(Self { file: shelf.reader(digest)?.0, width })
    }

    fn rows(&self, rows: impl Iterator<Item = Option<u32>>) -> Result<Fetched, WorkFault> {
        let mut fetched = Fetched { bytes: Vec::new(), width: self.width, present: Vec::new() };
        for row in rows {
            let end = fetched.bytes.len();
            fetched.bytes.resize(end + self.width, 0);
            if let (Some(row), Some(place)) = (row, fetched.bytes.get_mut(end..)) {
                self.file
                    .read_exact_at(place, u64::from(row) * self.width as u64)
                    .map_err(ShelfError::from)?;
            }
            fetched.present.push(row.is_some());
        }
        Ok(fetched)
    }
}

/// Rows of a list that some tuples need, in their order.
struct Fetched {
    bytes: Vec<u8>,
    width: usize,
    present: Vec<bool>,
}

impl Fetched {
    fn row(&self, at: usize) -> Option<&[u8]> {
        let start = at * self.width;
        self.bytes.get(start..start + self.width).filter(|_| self.present.get(at) == Some(&true))
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
    let width = shape.final_bytes();
    let expected = Expected { digest: last.digest, bytes: u64::from(tuples) * width as u64, width };
    let mut writer = shelf.own_writer(BLOB_BYTES_MAX)?;
    let work = |chunk: &[u8], first: u64| {
        Ok(partial_decrypt(chunk, first, shape, table.keys(), &secrets.committee)?)
    };
    let mut batches = Batches::new(width, rows, work, |partials: &[u8]| Ok(writer.write(partials)?));
    open_plain(shelf, expected, |tuples| batches.push(tuples))?;
    batches.end()?;
    let blob = finish(writer)?;

    let statement = DecryptionStatement {
        manifest: context.digest,
        table: number,
        list: last.digest,
        partials: blob.digest,
    };
    // A second time over the list, now that what was decrypted has a digest: the weights of the proof hang on it.
    let (mut list, _) = shelf.reader(last.digest)?;
    let mut sum = DecryptionSums::zero();
    for first in (0..tuples as usize).step_by(SUMMED_TUPLES * 8) {
        let here = (tuples as usize - first).min(SUMMED_TUPLES * 8);
        let mut piece = vec![0; here * width];
        list.read_exact(&mut piece).map_err(ShelfError::from)?;
        let sums: Result<Vec<DecryptionSums>, WorkFault> =
            (piece.par_chunks(SUMMED_TUPLES * width).enumerate())
                .map(|(index, chunk)| {
                    let first = (first + index * SUMMED_TUPLES) as u64;
                    Ok(DecryptionSums::of_own_chunk(&statement, chunk, first, shape)?)
                })
                .collect();
        sums?.iter().for_each(|part| sum.add(part));
    }
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

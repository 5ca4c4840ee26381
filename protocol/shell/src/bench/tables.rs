//! The second mix of a measured round: tuples and noise through the committee, decryption with its proofs, the count.

use passage_protocol::{
    cells::Window,
    ids::Digest,
    linkage::{Plan, PlanTuple},
    mixing::{
        CellLookup, DecryptionProof, DecryptionStatement, DecryptionSums, FinalChunk, Histogram, MixingError,
        PlanEntry, SUMMED_TUPLES, TableKeys, TableTurn, TupleChunk, TupleColumns, TupleShape, build_tuples,
        chunk_seed, noise_tuples, partial_decrypt, table_hop,
    },
    noise::NoiseTable,
};
use rayon::prelude::*;

use super::{
    CELLS, Size,
    round::{CHUNK, Parties, sealed, shuffled},
    steps::{BenchFault, MISSING, Round, Step},
};

/// Makes one table.
pub(super) fn second_mix(
    round: &mut Round,
    size: &Size,
    parties: &Parties,
    lists: &[FinalChunk],
    plan: &Plan,
    table: usize,
) -> Result<(), BenchFault> {
    let window = Window::new(1, 1).ok_or(MISSING)?;
    let shape = TupleShape::new(size.receivers(), window)?;
    let keys = TableKeys::new(1 + table, &[0]);
    let noise = NoiseTable::new(2_000, 1_000_000).map_err(|_| MISSING)?;
    let columns = TupleColumns {
        cell: 1 + table,
        sender_windows: vec![0],
        receiver_windows: vec![vec![0]; size.receivers()],
    };
    let (sender, receivers) = lists.split_first().ok_or(MISSING)?;
    // A row's columns: the shared point and one point a column.
    let row = |list: &FinalChunk, columns: usize, row: u32| -> Option<Vec<u8>> {
        let width = 32 * (1 + columns);
        list.columns.get(row as usize * width..)?.get(..width).map(<[u8]>::to_vec)
    };
    let planned: Vec<_> = plan.tuples().collect();
    let mut list: Vec<u8> = Vec::new();
    for dealer in 0..size.committee() {
        let before = if dealer == 0 { planned.len() } else { list.len() / shape.tuple_bytes() };
        let turn = TableTurn::new(dealer, size.committee());
        let owed = noise_tuples(CELLS, shape, turn, &noise, &[u8::try_from(dealer).unwrap_or(0); 32]);
        let points = ((before + owed.len()) * (1 + size.receivers())) as u64;
        let mix = |chunk: TupleChunk<'_>, number: usize| {
            table_hop(chunk, shape, turn, keys, &parties.keys, &chunk_seed(&[4; 32], number as u64))
        };
        let mut mixed = round.spend(Step::Table, points, || -> Result<Vec<Vec<u8>>, BenchFault> {
            let passed = if dealer == 0 {
                let built = |(number, chunk): (usize, &[_])| -> Result<Vec<u8>, BenchFault> {
                    let chunk: &[PlanTuple<'_>] = chunk;
                    let mut rows = Vec::with_capacity(chunk.len());
                    for tuple in chunk {
                        let of = |(receiver, at): (&FinalChunk, Option<u32>)| {
                            at.and_then(|at| row(receiver, 1, at))
                        };
                        let receivers: Vec<_> = receivers.iter().zip(tuple.receiver_rows()).map(of).collect();
                        let sender = row(sender, 1 + size.tables, tuple.sender_row).ok_or(MISSING)?;
                        rows.push((sender, receivers));
                    }
                    let refs: Vec<Vec<Option<&[u8]>>> = (rows.iter())
                        .map(|(_, receivers)| receivers.iter().map(Option::as_deref).collect())
                        .collect();
                    let entries: Vec<PlanEntry<'_>> = (rows.iter().zip(&refs))
                        .map(|((sender, _), receivers)| PlanEntry { sender, receivers })
                        .collect();
                    let unmixed =
                        build_tuples(&columns, window, &entries, (number * CHUNK) as u64, size.committee())?;
                    Ok(mix(TupleChunk::Unmixed(unmixed), number)?)
                };
                planned.par_chunks(CHUNK).enumerate().map(built).collect::<Result<Vec<_>, _>>()?
            } else {
                let hop = |(number, bytes): (usize, &[u8])| {
                    mix(TupleChunk::Mixed { bytes, first_tuple: (number * CHUNK) as u64 }, number)
                };
                let chunks = list.par_chunks(CHUNK * shape.tuple_bytes()).enumerate();
                chunks.map(hop).collect::<Result<Vec<_>, _>>()?
            };
            Ok(passed)
        })?;
        mixed.push(round.spend(Step::Table, 0, || mix(TupleChunk::Unmixed(owed), 1 << 40))?);
        list = shuffled(round, mixed.concat(), shape.bytes_after(turn))?;
        if dealer + 1 < size.committee() {
            list = sealed(round, parties, &list)?;
        }
    }
    round.tuples = list.len() / shape.final_bytes();
    decrypt(round, size, parties, shape, keys, &list)
}

fn decrypt(
    round: &mut Round,
    size: &Size,
    parties: &Parties,
    shape: TupleShape,
    keys: TableKeys,
    list: &[u8],
) -> Result<(), BenchFault> {
    let points = (list.len() / shape.final_bytes() * size.receivers()) as u64;
    let digest = Digest::of_blob(list);
    let chunk_bytes = (SUMMED_TUPLES * shape.final_bytes(), SUMMED_TUPLES * shape.partial_bytes());
    let summed = |parts: Result<Vec<DecryptionSums>, MixingError>| {
        let mut sum = DecryptionSums::zero();
        parts.map(|parts| parts.iter().for_each(|part| sum.add(part))).map(|()| sum)
    };
    let own_sums = |statement: &DecryptionStatement| {
        let of_chunk = |(number, chunk): (usize, &[u8])| {
            DecryptionSums::of_own_chunk(statement, chunk, (number * SUMMED_TUPLES) as u64, shape)
        };
        summed(list.par_chunks(chunk_bytes.0).enumerate().map(of_chunk).collect())
    };
    let sums = |statement: &DecryptionStatement, partials: &[u8]| {
        let chunks = list.par_chunks(chunk_bytes.0).zip(partials.par_chunks(chunk_bytes.1)).enumerate();
        let of_chunk = |(number, (list, partials)): (usize, (&[u8], &[u8]))| {
            DecryptionSums::of_chunk(statement, list, partials, (number * SUMMED_TUPLES) as u64, shape)
        };
        summed(chunks.map(of_chunk).collect())
    };
    let (mut all, mut proofs) = (Vec::new(), Vec::new());
    for member in &parties.members {
        let made = round.spend(Step::Decrypt, points, || -> Result<_, BenchFault> {
            let part = |(number, chunk): (usize, &[u8])| {
                partial_decrypt(chunk, (number * SUMMED_TUPLES) as u64, shape, keys, member)
            };
            let partials: Vec<Vec<u8>> =
                list.par_chunks(chunk_bytes.0).enumerate().map(part).collect::<Result<_, _>>()?;
            let partials = partials.concat();
            let statement = DecryptionStatement {
                manifest: Digest([3; 32]),
                table: 0,
                list: digest,
                partials: Digest::of_blob(&partials),
            };
            let proof = DecryptionProof::prove(&statement, &own_sums(&statement)?, shape, keys, member)?;
            Ok((partials, statement, proof))
        })?;
        round.bytes += made.0.len() as u64;
        all.push(made.0);
        proofs.push((made.1, made.2));
    }
    let committee = size.committee() as u64;
    round.spend(Step::Decode, points * committee, || -> Result<(), BenchFault> {
        for ((partials, (statement, proof)), share) in all.iter().zip(&proofs).zip(&parties.shares) {
            proof.verify(statement, &sums(statement, partials)?, shape, keys, share)?;
        }
        let lookup = CellLookup::new(CELLS, size.committee());
        let whole = |number: usize, chunk: &[u8]| -> Result<Histogram, MixingError> {
            let start = number * chunk_bytes.1;
            let partials: Vec<&[u8]> = (all.iter())
                .filter_map(|partials| {
                    partials.get(start..)?.get(..chunk.len() / shape.final_bytes() * shape.partial_bytes())
                })
                .collect();
            Histogram::decode(chunk, (number * SUMMED_TUPLES) as u64, &partials, &lookup, shape)
        };
        let chunks = list.par_chunks(chunk_bytes.0).enumerate();
        let parts: Vec<Histogram> =
            chunks.map(|(number, chunk)| whole(number, chunk)).collect::<Result<_, _>>()?;
        let mut histogram = Histogram::empty(&lookup, shape);
        parts.iter().for_each(|part| histogram.add(part));
        Ok(())
    })
}

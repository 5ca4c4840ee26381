//! A whole round of made-up people in this process: every pass, shuffle, digest and seal that a node makes, the join, the table with
//! its noise, decryption with its proofs. What moves bytes between machines and what waits for people is left out.

use passage_protocol::{
    cells::{SchoolYear, Window},
    group::{CollectiveKeys, CommitteeKeys, HopFactor, KeyShare, OwnerBlind, TagKey},
    ids::{Digest, MemberCode, RoundId},
    linkage::{Links, Plan, TagList, link},
    mixing::{
        ColumnValue, FinalChunk, FirstFactor, MixingError, Permutation, PlainRow, RowShape, chunk_seed,
        contribute, final_tags, hop,
    },
    seal::{Opener, RecipientKey, SealContext, SealPurpose, Sealer},
};
use rayon::prelude::*;

use super::{
    CELLS, Size,
    linking::match_point,
    steps::{BenchFault, MISSING, Round, Step},
    tables::second_mix,
};

/// Rows or tuples one thread takes at a time, as in a node.
pub(super) const CHUNK: usize = 512;
/// Plain bytes sealed at a time.
const SEAL_BYTES: usize = 64 << 10;

/// The keys of everybody.
pub(super) struct Parties {
    pub(super) members: Vec<CommitteeKeys>,
    pub(super) shares: Vec<KeyShare>,
    pub(super) keys: CollectiveKeys,
    tag_key: TagKey,
    recipient: RecipientKey,
    context: SealContext,
}

impl Parties {
    fn draw(size: &Size) -> Result<Self, BenchFault> {
        let (round, code) = (RoundId([1; 16]), MemberCode([2; 5]));
        let committee = 0..size.committee();
        let seed = |number: usize| [u8::try_from(number).unwrap_or(0).wrapping_add(11); 32];
        let members: Vec<_> =
            committee.map(|number| CommitteeKeys::generate(1 + size.tables, seed(number))).collect();
        let shares: Vec<_> = members.iter().map(|keys| keys.share(&round, &code)).collect();
        let tag_shares: Vec<[u8; 32]> = members.iter().map(|keys| *keys.tag_key_share()).collect();
        let (purpose, manifest) = (SealPurpose::List, Digest([3; 32]));
        Ok(Self {
            keys: CollectiveKeys::combine(&shares)?,
            tag_key: TagKey::derive(&tag_shares),
            recipient: RecipientKey::generate([9; 32]),
            context: SealContext { round, manifest, purpose, subject: 0, hop: 0, from: code, to: code },
            members,
            shares,
        })
    }
}

/// Plays one.
pub(super) fn play(size: &Size, progress: &dyn Fn(&str, u64)) -> Result<Round, BenchFault> {
    let (mut round, parties) = (Round::default(), Parties::draw(size)?);
    let mut lists = Vec::new();
    for member in 0..size.members {
        lists.push(first_mix(&mut round, size, &parties, member, progress)?);
    }
    let slots: Vec<u8> = (0..size.keys).map(|key| u8::try_from(key).unwrap_or(u8::MAX)).collect();
    let tags: Vec<TagList<'_>> =
        lists.iter().map(|list| TagList::new(&slots, &list.tags)).collect::<Result<_, _>>()?;
    let plan = round.spend(Step::Join, size.counts().tags, || {
        let (sender, receivers) = tags.split_first()?;
        let receivers = receivers.par_iter().take(size.receivers());
        let links: Vec<Links> = receivers.map(|receiver| link(sender, receiver)).collect();
        Some(Plan::build(&links.iter().collect::<Vec<_>>()))
    });
    let plan = plan.ok_or(MISSING)?;
    round.matched = plan.tuple_count();
    for table in 0..size.tables {
        second_mix(&mut round, size, &parties, &lists, &plan, table)?;
        progress("tables", size.rows as u64);
    }
    Ok(round)
}

fn first_mix(
    round: &mut Round,
    size: &Size,
    parties: &Parties,
    member: usize,
    progress: &dyn Fn(&str, u64),
) -> Result<FinalChunk, BenchFault> {
    let columns: Vec<usize> = if member == 0 { (0..=size.tables).collect() } else { vec![0] };
    let shape = RowShape::new(size.keys, columns.len())?;
    let own = parties.members.get(member);
    let blind = OwnerBlind::draw(size.committee(), [5; 32]);
    let factor = own.map_or(FirstFactor::Blinded(&blind), FirstFactor::Own);
    let rows: Vec<usize> = (0..size.rows).collect();
    let points = (size.rows * (size.keys + 1 + columns.len())) as u64;
    let seed = [u8::try_from(member).unwrap_or(0); 32];
    let made = round.spend(Step::Contribute, points, || -> Result<Vec<Vec<u8>>, MixingError> {
        let made = |(number, rows): (usize, &[usize])| {
            let plain: Vec<PlainRow> = rows.iter().map(|row| plain_row(size, member, *row)).collect();
            contribute(&plain, shape, &columns, factor, &parties.keys, &chunk_seed(&seed, number as u64))
        };
        rows.par_chunks(CHUNK).enumerate().map(made).collect()
    });
    let mut list = shuffled(round, made?.concat(), shape.row_bytes())?;
    progress("first mix", size.rows as u64);
    let passers: Vec<usize> = (0..size.committee()).filter(|passer| *passer != member).collect();
    for passer in passers {
        list = sealed(round, parties, &list)?;
        let keys = parties.members.get(passer).ok_or(MISSING)?;
        let factor = match own {
            Some(_) => HopFactor::own(keys),
            None => HopFactor::blinded(keys, &*blind.share(passer).ok_or(MISSING)?)?,
        };
        let hopped = round.spend(Step::Hop, points, || -> Result<Vec<Vec<u8>>, MixingError> {
            let passed = |(number, chunk): (usize, &[u8])| {
                let first = (number * CHUNK) as u64;
                let seed = chunk_seed(&[7; 32], number as u64);
                hop(chunk, first, shape, &columns, &factor, &parties.keys, &seed)
            };
            list.par_chunks(CHUNK * shape.row_bytes()).enumerate().map(passed).collect()
        });
        list = shuffled(round, hopped?.concat(), shape.row_bytes())?;
        progress("first mix", size.rows as u64);
    }
    let slots: Vec<u8> = (0..size.keys).map(|key| u8::try_from(key).unwrap_or(u8::MAX)).collect();
    let tags = (size.rows * size.keys) as u64;
    let done = round.spend(Step::Tags, tags, || final_tags(&list, shape, &slots, &parties.tag_key))?;
    round.bytes += done.tags.len() as u64;
    // Every other committee member gets the columns under a seal.
    for _ in 1..size.committee() {
        sealed(round, parties, &done.columns)?;
    }
    Ok(done)
}

fn plain_row(size: &Size, member: usize, row: usize) -> PlainRow {
    let cohort = SchoolYear(2_018 + u16::try_from(row % 5).unwrap_or(0));
    let values = if member == 0 {
        let cell = |_| ColumnValue::Code(1 + u32::try_from(row).unwrap_or(0) % CELLS);
        let window = ColumnValue::Code(Window::sender_value(cohort));
        [window].into_iter().chain((0..size.tables).map(cell)).collect()
    } else {
        vec![ColumnValue::Code(Window::receiver_value(Some((cohort, 1))))]
    };
    let tokens = (0..size.keys).map(|key| Some(match_point(size, member, row, key))).collect();
    PlainRow { tokens, values }
}

/// In a fresh order.
pub(super) fn shuffled(round: &mut Round, list: Vec<u8>, width: usize) -> Result<Vec<u8>, BenchFault> {
    let rows = u32::try_from(list.len() / width.max(1)).unwrap_or(u32::MAX);
    let bytes = list.len() as u64;
    Ok(round.spend(Step::Shuffle, bytes, || Permutation::draw(rows, [8; 32]).apply(&list, width))?)
}

/// The digest, the seal for the next party, and that party's opening and digest.
pub(super) fn sealed(round: &mut Round, parties: &Parties, plain: &[u8]) -> Result<Vec<u8>, BenchFault> {
    let bytes = plain.len() as u64;
    round.bytes += bytes;
    round.spend(Step::Seal, bytes, || -> Result<Vec<u8>, BenchFault> {
        let mut sealer = Sealer::new(&parties.context, &parties.recipient.public(), [6; 32])?;
        let mut opener = Opener::new(&parties.context, &parties.recipient);
        let mut opened = Vec::with_capacity(plain.len());
        let mut digests = [blake3::Hasher::new(), blake3::Hasher::new()];
        let [sent, received] = &mut digests;
        for piece in plain.chunks(SEAL_BYTES) {
            sent.update(piece);
            let sealed = sealer.push(piece)?;
            let plain = opener.push(&sealed)?;
            received.update(&plain);
            opened.extend(plain);
        }
        for plain in [opener.push(&sealer.finish()?)?, opener.finish()?] {
            received.update(&plain);
            opened.extend(plain);
        }
        Ok(opened)
    })
}

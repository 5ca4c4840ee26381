//! A whole first and second mix of three lists by three committee members, against the same join in the clear.

use std::collections::{BTreeMap, HashMap};

use super::*;
use crate::{
    cells::{SchoolYear, Window},
    codec::{Decode, Encode},
    group::{
        CollectiveKeys, CommitteeKeys, GroupError, HopFactor, KeyShare, MatchPoint, OwnerBlind, TagKey,
        hash_to_element,
    },
    ids::{Digest, MemberCode, RoundId},
    noise::NoiseTable,
};

const ROUND: RoundId = RoundId([1; 16]);
const CELL: usize = 0;
const WINDOW: usize = 1;
const TABLE_KEYS: TableKeys = TableKeys::new(CELL, &[WINDOW]);
const CELLS: u32 = 3;

fn seed(name: &str) -> [u8; 32] {
    blake3::derive_key("passage test seed", name.as_bytes())
}

struct Committee {
    members: Vec<CommitteeKeys>,
    shares: Vec<KeyShare>,
    keys: CollectiveKeys,
    tag_key: TagKey,
}

fn committee(size: u8) -> Committee {
    let members: Vec<_> = (0..size).map(|j| CommitteeKeys::generate(2, [j + 1; 32])).collect();
    let shares: Vec<_> =
        (0..size).zip(&members).map(|(j, keys)| keys.share(&ROUND, &MemberCode([j; 5]))).collect();
    for (j, share) in (0..size).zip(&shares) {
        share.verify(&ROUND, &MemberCode([j; 5]), 2).unwrap();
    }
    let hash_shares: Vec<[u8; 32]> = members.iter().map(|keys| *keys.tag_key_share()).collect();
    Committee {
        keys: CollectiveKeys::combine(&shares).unwrap(),
        tag_key: TagKey::derive(&hash_shares),
        members,
        shares,
    }
}

fn match_point(recipe: u8, key: &str) -> MatchPoint {
    hash_to_element(&Digest([recipe; 32]), &ROUND, &[key.as_bytes()])
}

/// A student of a test list: keys by slot, values by column.
struct Student {
    keys: [Option<&'static str>; 2],
    values: Vec<Option<u32>>,
}

fn plain_rows(students: &[Student]) -> Vec<PlainRow> {
    let row = |student: &Student| PlainRow {
        tokens: (0_u8..)
            .zip(student.keys)
            .map(|(recipe, key)| key.map(|key| match_point(recipe, key)))
            .collect(),
        values: student
            .values
            .iter()
            .map(|v| v.map_or(ColumnValue::Undecodable, ColumnValue::Code))
            .collect(),
    };
    students.iter().map(row).collect()
}

fn shuffled(list: Vec<u8>, width: usize, name: &str) -> Vec<u8> {
    let rows = u32::try_from(list.len() / width).unwrap();
    Permutation::draw(rows, seed(&format!("order {name}"))).apply(&list, width).unwrap()
}

/// Runs the first mix in `order`; the owner is committee member `order[0]` if `own`, else outside.
fn first_mix(
    students: &[Student],
    shape: RowShape,
    column_keys: &[usize],
    order: &[usize],
    own: Option<usize>,
    committee: &Committee,
    name: &str,
) -> FinalChunk {
    let blind = OwnerBlind::draw(order.len(), seed(&format!("blind {name}")));
    let factor = match own {
        Some(owner) => FirstFactor::Own(&committee.members[owner]),
        None => FirstFactor::Blinded(&blind),
    };
    let rows = plain_rows(students);
    let list = contribute(&rows, shape, column_keys, factor, &committee.keys, &seed(name)).unwrap();
    let mut list = shuffled(list, shape.row_bytes(), name);
    for member in order.iter().filter(|member| Some(**member) != own) {
        let keys = &committee.members[*member];
        let factor = match own {
            Some(_) => HopFactor::own(keys),
            None => HopFactor::blinded(keys, &blind.share(*member).unwrap()).unwrap(),
        };
        // Two chunks of unequal size, as a node would run them in parallel.
        let half = shape.row_bytes() * (list.len() / shape.row_bytes() / 2);
        let pass = seed(&format!("{name} {member}"));
        let mut out = Vec::new();
        for (chunk, part, first) in
            [(0, &list[..half], 0), (1, &list[half..], (half / shape.row_bytes()) as u64)]
        {
            let chunk_seed = chunk_seed(&pass, chunk);
            out.extend(hop(part, first, shape, column_keys, &factor, &committee.keys, &chunk_seed).unwrap());
        }
        list = shuffled(out, shape.row_bytes(), &format!("{name} {member}"));
    }
    final_tags(&list, shape, &[0, 1], &committee.tag_key).unwrap()
}

/// One outcome, one place.
fn one() -> Window {
    Window::new(1, 1).unwrap()
}

/// A receiver's word: the cohort a student counts for, 0 for none.
fn arrived(cohort: u16) -> Vec<Option<u32>> {
    vec![Some(Window::receiver_value((cohort > 0).then_some((SchoolYear(cohort), 1))))]
}

/// What sits in one sender and two receivers: cell and expected year; year of arrival.
fn sender() -> Vec<Student> {
    let student = |ssid, name, cell, year| Student {
        keys: [ssid, name],
        values: vec![cell, Some(Window::sender_value(SchoolYear(year)))],
    };
    vec![
        student(Some("s1"), Some("n1"), Some(1), 2021),
        student(Some("s2"), Some("n2"), Some(1), 2021),
        student(Some("s3"), None, Some(2), 2022),
        student(None, Some("n4"), Some(2), 2022),
        student(Some("s5"), Some("n5"), Some(3), 2021),
        student(Some("s6"), Some("n6"), None, 2021), // withheld by the floor
        student(Some("s7"), Some("n7"), Some(3), 2021), // goes nowhere
    ]
}

fn receiver() -> Vec<Student> {
    let student = |ssid, name, year| Student { keys: [ssid, name], values: arrived(year) };
    vec![
        student(Some("s1"), Some("n1"), 2021), // hit
        student(Some("s2"), None, 2023),       // linked, another year
        student(Some("s3"), Some("x3"), 2022), // hit
        student(None, Some("n4"), 2022),       // hit by the second recipe
        student(Some("s5"), Some("n5"), 0),    // linked, never arrived in a window
        student(Some("s6"), Some("n6"), 2021), // hit, but the cell is withheld
        student(None, None, 2021),             // no key at all
        student(Some("z1"), Some("z2"), 2021),
    ]
}

fn second_receiver() -> Vec<Student> {
    vec![
        Student { keys: [Some("s1"), None], values: arrived(2021) },
        Student { keys: [Some("s5"), None], values: arrived(2021) },
        Student { keys: [Some("s6"), None], values: arrived(2021) }, // hit again, but the cell is withheld
    ]
}

/// For every sender row the receiver row its strongest recipe hits.
fn links(sender: &FinalChunk, receiver: &FinalChunk) -> Vec<Option<usize>> {
    let index: HashMap<(usize, &[u8]), usize> = receiver
        .tags
        .chunks_exact(32)
        .enumerate()
        .flat_map(|(row, tags)| tags.chunks_exact(16).enumerate().map(move |(slot, tag)| ((slot, tag), row)))
        .collect();
    let link = |tags: &[u8]| {
        tags.chunks_exact(16).enumerate().find_map(|(slot, tag)| index.get(&(slot, tag)).copied())
    };
    sender.tags.chunks_exact(32).map(link).collect()
}

/// A plan entry's rows: the sender's columns, and each receiver's where there is a link.
type Linked = (Vec<u8>, [Option<Vec<u8>>; 2]);

struct Mixed {
    committee: Committee,
    plan: Vec<Linked>,
}

fn mixed() -> Mixed {
    let committee = committee(3);
    let sender_shape = RowShape::new(2, 2).unwrap();
    let shape = RowShape::new(2, 1).unwrap();
    let (windows, both) = ([WINDOW], [CELL, WINDOW]);
    let sent = first_mix(&sender(), sender_shape, &both, &[0, 1, 2], None, &committee, "sender");
    let first = first_mix(&receiver(), shape, &windows, &[1, 2, 0], Some(1), &committee, "first");
    let second = first_mix(&second_receiver(), shape, &windows, &[2, 0, 1], None, &committee, "second");
    let row =
        |list: &FinalChunk, width: usize, row: usize| list.columns[row * width..(row + 1) * width].to_vec();
    let plan = links(&sent, &first)
        .into_iter()
        .zip(links(&sent, &second))
        .enumerate()
        .filter(|(_, (a, b))| a.is_some() || b.is_some())
        .map(|(index, (a, b))| {
            let receivers = [a.map(|r| row(&first, 64, r)), b.map(|r| row(&second, 64, r))];
            (row(&sent, 96, index), receivers)
        })
        .collect();
    Mixed { committee, plan }
}

/// Cell and pattern counts of the same join in the clear.
fn oracle() -> BTreeMap<usize, u64> {
    // s1: both hit; s2: miss, none, so nothing opens; s3 and n4: hit, none; s5: miss, hit; s6: undecodable; s7: not in the plan.
    let index = |cell: usize, pattern: usize| (cell - 1) << 2 | pattern;
    [(index(1, 0b11), 1), (index(2, 0b01), 2), (index(3, 0b10), 1)].into()
}

fn second_mix(mixed: &Mixed, noise: &NoiseTable) -> (Vec<u8>, Histogram) {
    let shape = TupleShape::new(2, one()).unwrap();
    let Mixed { committee, plan } = mixed;
    let columns = TupleColumns { cell: 0, sender_windows: vec![1], receiver_windows: vec![vec![0]; 2] };
    let receivers: Vec<[Option<&[u8]>; 2]> =
        plan.iter().map(|(_, r)| r.each_ref().map(|r| r.as_deref())).collect();
    let entries: Vec<PlanEntry<'_>> =
        plan.iter().zip(&receivers).map(|((sender, _), receivers)| PlanEntry { sender, receivers }).collect();
    let mut list = Vec::new();
    for j in 0..committee.members.len() {
        let turn = TableTurn::new(j, committee.members.len());
        let chunk = |chunk| *chunk_seed(&seed(&format!("table {j}")), chunk);
        let planned = if j == 0 {
            TupleChunk::Unmixed(build_tuples(&columns, one(), &entries, 0, committee.members.len()).unwrap())
        } else {
            TupleChunk::Mixed { bytes: &list, first_tuple: 0 }
        };
        let mut out = table_hop(planned, shape, turn, TABLE_KEYS, &committee.keys, &chunk(0)).unwrap();
        let mut own = noise_tuples(CELLS, shape, turn, noise, &chunk(1));
        assert_eq!(own.len() as u64, noise_tuple_count(CELLS, shape, noise));
        let rest = own.split_off(own.len() / 2);
        for (part, number) in [(own, 2), (rest, 3)] {
            let part = TupleChunk::Unmixed(part);
            out.extend(table_hop(part, shape, turn, TABLE_KEYS, &committee.keys, &chunk(number)).unwrap());
        }
        list = shuffled(out, shape.bytes_after(turn), &format!("table {j}"));
        let expected = plan.len() as u64 + (j as u64 + 1) * noise_tuple_count(CELLS, shape, noise);
        assert_eq!(list.len() as u64, expected * shape.bytes_after(turn) as u64);
    }
    let decrypt = |keys| partial_decrypt(&list, 0, shape, TABLE_KEYS, keys).unwrap();
    let partials: Vec<Vec<u8>> = committee.members.iter().map(decrypt).collect();
    let partials: Vec<&[u8]> = partials.iter().map(Vec::as_slice).collect();
    let lookup = CellLookup::new(CELLS, committee.members.len());
    let histogram = Histogram::decode(&list, 0, &partials, &lookup, shape).unwrap();
    (list, histogram)
}

#[test]
fn equal_keys_have_equal_tags_and_no_others() {
    let committee = committee(3);
    let shape = RowShape::new(2, 2).unwrap();
    let narrow = RowShape::new(2, 1).unwrap();
    let sent = first_mix(&sender(), shape, &[CELL, WINDOW], &[0, 1, 2], None, &committee, "a");
    let received = first_mix(&receiver(), narrow, &[WINDOW], &[1, 2, 0], Some(1), &committee, "b");
    let expected = |recipe: u8, key: &str| {
        let point = committee
            .members
            .iter()
            .fold(match_point(recipe, key).element().unwrap(), |p, keys| p.times(keys.tag_share()));
        committee.tag_key.tag(recipe, &point.encode())
    };
    let keys = |students: &[Student], slot: usize| -> Vec<&'static str> {
        students.iter().filter_map(|student| student.keys[slot]).collect()
    };
    for (list, students) in [(&sent, sender()), (&received, receiver())] {
        for slot in 0..2_u8 {
            let tags: Vec<&[u8]> =
                list.tags.chunks_exact(32).map(|row| &row[16 * usize::from(slot)..][..16]).collect();
            for key in keys(&students, usize::from(slot)) {
                let tag = expected(slot, key);
                assert_eq!(tags.iter().filter(|seen| **seen == tag).count(), 1, "{slot} {key}");
            }
            // The rest are random points: all different, none a known key's.
            let distinct: std::collections::HashSet<_> = tags.iter().collect();
            assert_eq!(distinct.len(), students.len());
        }
    }
}

#[test]
fn without_noise_the_histogram_is_the_join_in_the_clear() {
    let (_, histogram) = second_mix(&mixed(), &NoiseTable::none());
    let seen: BTreeMap<usize, u64> =
        histogram.counts().iter().copied().enumerate().filter(|(_, count)| *count > 0).collect();
    assert_eq!(seen, oracle());
    assert_eq!(histogram.dropped(), 2, "the withheld cell, and the student who was not seen");
}

#[test]
fn with_noise_the_histogram_less_the_draws_is_exact() {
    let noise = NoiseTable::new(3000, 1_000_000_000).unwrap();
    assert_eq!(noise.offset(), 3);
    let (list, histogram) = second_mix(&mixed(), &noise);
    // What each dealer drew, replayed from its seed.
    let mut drawn = [0_i64; 12];
    for j in 0..3 {
        let mut rng: rand_chacha::ChaCha20Rng =
            rand_core::SeedableRng::from_seed(*chunk_seed(&seed(&format!("table {j}")), 1));
        drawn.iter_mut().for_each(|count| *count += i64::from(noise.sample(&mut rng)) - 3);
    }
    let raw = histogram.less_offset(3, &noise);
    for (index, count) in raw.iter().enumerate() {
        let exact = i64::try_from(oracle().get(&index).copied().unwrap_or(0)).unwrap();
        let drawn = if index % 4 == 0 { 0 } else { drawn[index] };
        assert_eq!(*count, exact + drawn, "{index}");
        assert!(count.abs_diff(exact) <= 9);
    }
    let tuples = (list.len() / TupleShape::new(2, one()).unwrap().final_bytes()) as u64;
    assert_eq!(histogram.counts().iter().sum::<u64>() + histogram.dropped(), tuples);
}

fn statement(list: &[u8], partials: &[u8]) -> DecryptionStatement {
    DecryptionStatement {
        manifest: Digest([7; 32]),
        table: 2,
        list: Digest::of_blob(list),
        partials: Digest::of_blob(partials),
    }
}

fn sums(statement: &DecryptionStatement, list: &[u8], partials: &[u8], split: usize) -> DecryptionSums {
    let shape = TupleShape::new(2, one()).unwrap();
    let mut sums = DecryptionSums::zero();
    // Chunks in reverse: their order must not matter.
    let cuts = [(split, list.len() / shape.final_bytes()), (0, split)];
    for (from, to) in cuts {
        let chunk = &list[from * shape.final_bytes()..to * shape.final_bytes()];
        let part = &partials[from * shape.partial_bytes()..to * shape.partial_bytes()];
        let part = DecryptionSums::of_chunk(statement, chunk, part, from as u64, shape).unwrap();
        sums.add(&part);
    }
    sums
}

#[test]
fn decryption_proofs_hold_for_honest_and_only_for_honest_partials() {
    let mixed = mixed();
    let (list, _) = second_mix(&mixed, &NoiseTable::none());
    let shape = TupleShape::new(2, one()).unwrap();
    let keys = &mixed.committee.members[1];
    let share = &mixed.committee.shares[1];
    let partials = partial_decrypt(&list, 0, shape, TABLE_KEYS, keys).unwrap();
    let claim = statement(&list, &partials);
    let own = DecryptionSums::of_own_chunk(&claim, &list, 0, shape).unwrap();
    let prove = |sums| DecryptionProof::prove(&claim, sums, shape, TABLE_KEYS, keys).unwrap();
    let proof = prove(&own);
    assert_eq!(proof, prove(&sums(&claim, &list, &partials, 2)), "the member's shorter way");
    let proof = DecryptionProof::from_bytes(&proof.to_bytes()).unwrap();
    let verify = |claim: &DecryptionStatement, partials: &[u8], share: &KeyShare| {
        proof.verify(claim, &sums(claim, &list, partials, 3), shape, TABLE_KEYS, share)
    };
    assert_eq!(verify(&claim, &partials, share), Ok(()));
    let refused = Err(GroupError::EqualityProof { column: CELL });
    assert_eq!(verify(&claim, &partials, &mixed.committee.shares[0]), refused);
    assert_eq!(verify(&DecryptionStatement { table: 3, ..claim }, &partials, share), refused);
    assert_eq!(
        verify(&DecryptionStatement { manifest: Digest([8; 32]), ..claim }, &partials, share),
        refused
    );

    // One partial decryption replaced by another point, with an honest proof over the lie.
    let mut lie = partials.clone();
    let (from, to) = (shape.partial_bytes() + 32, 32);
    let other: Vec<u8> = lie[from..from + 32].to_vec();
    lie[to..to + 32].copy_from_slice(&other);
    let claim = statement(&list, &lie);
    let lied = sums(&claim, &list, &lie, 2);
    let proof = DecryptionProof::prove(&claim, &lied, shape, TABLE_KEYS, keys).unwrap();
    assert_eq!(
        proof.verify(&claim, &lied, shape, TABLE_KEYS, share),
        Err(GroupError::EqualityProof { column: CELL })
    );
}

mod golden;
mod links;
mod outcomes;
mod refused;
mod withheld;

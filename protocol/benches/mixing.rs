//! Rows, tokens and tuples a second on one core: `cargo bench -p passage-protocol`.
//!
//! Figures to compare with are in the doc comments of the functions; they were taken on one Zen 4 core.

#![allow(clippy::unwrap_used, reason = "a bench that cannot set up has nothing to measure")]
#![allow(missing_docs, reason = "functions here are the names of measurements")]

use divan::{Bencher, black_box, counter::ItemsCount};
use passage_protocol::{
    cells::Window,
    group::{CollectiveKeys, CommitteeKeys, HopFactor, MatchPoint, OwnerBlind, TagKey, hash_to_element},
    ids::{Digest, MemberCode, RoundId},
    mixing::{
        ColumnValue, FirstFactor, PlainRow, RowShape, TableKeys, TableTurn, TupleChunk, TupleShape,
        contribute, final_tags, hop, noise_tuples, partial_decrypt, table_hop,
    },
    noise::NoiseTable,
};

const ROWS: u32 = 256;
const ROUND: RoundId = RoundId([1; 16]);
const COLUMN_KEYS: [usize; 2] = [0, 1];
const TABLE_KEYS: TableKeys = TableKeys::new(0, &[1]);
const SEED: [u8; 32] = [2; 32];

fn main() {
    divan::main();
}

fn keys() -> (CommitteeKeys, CollectiveKeys) {
    let member = CommitteeKeys::generate(2, [3; 32]);
    let share = member.share(&ROUND, &MemberCode([4; 5]));
    (member, CollectiveKeys::combine(&[share]).unwrap())
}

fn shape() -> RowShape {
    RowShape::new(7, 2).unwrap()
}

fn point(number: u32) -> MatchPoint {
    hash_to_element(&Digest([5; 32]), &ROUND, &[&number.to_le_bytes()])
}

fn row(number: u32) -> PlainRow {
    PlainRow {
        tokens: (0..7).map(|slot| Some(point(7 * number + slot))).collect(),
        values: vec![ColumnValue::Code(1 + number % 36), ColumnValue::Code(2023)],
    }
}

fn list(keys: &CollectiveKeys) -> Vec<u8> {
    let rows: Vec<_> = (0..ROWS).map(row).collect();
    let blind = OwnerBlind::draw(1, [6; 32]);
    contribute(&rows, shape(), &COLUMN_KEYS, FirstFactor::Blinded(&blind), keys, &SEED).unwrap()
}

/// The first of two passes.
const TURN: TableTurn = TableTurn::new(0, 2);

/// 280 noise tuples of one receiver: 2n = 14, ten cells, two patterns.
fn table(keys: &CollectiveKeys, turn: TableTurn) -> (TupleShape, Vec<u8>) {
    let shape = TupleShape::new(1, Window::new(1, 1).unwrap()).unwrap();
    let noise = NoiseTable::new(2000, 1_000_000).unwrap();
    let tuples = TupleChunk::Unmixed(noise_tuples(10, shape, turn, &noise, &SEED));
    (shape, table_hop(tuples, shape, turn, TABLE_KEYS, keys, &SEED).unwrap())
}

#[divan::bench]
fn hash_to_group(bencher: Bencher<'_, '_>) {
    bencher.counter(ItemsCount::new(1_u32)).bench(|| point(black_box(7)));
}

#[divan::bench]
fn contribute_rows(bencher: Bencher<'_, '_>) {
    let (_, keys) = keys();
    let rows: Vec<_> = (0..ROWS).map(row).collect();
    let blind = OwnerBlind::draw(1, [6; 32]);
    bencher.counter(ItemsCount::new(ROWS)).bench(|| {
        contribute(&rows, shape(), &COLUMN_KEYS, FirstFactor::Blinded(&blind), &keys, &SEED).unwrap()
    });
}

#[divan::bench]
fn hop_rows(bencher: Bencher<'_, '_>) {
    let (member, keys) = keys();
    let list = list(&keys);
    let factor = HopFactor::own(&member);
    bencher
        .counter(ItemsCount::new(ROWS))
        .bench(|| hop(black_box(&list), 0, shape(), &COLUMN_KEYS, &factor, &keys, &SEED).unwrap());
}

#[divan::bench]
fn tag_rows(bencher: Bencher<'_, '_>) {
    let (_, keys) = keys();
    let list = list(&keys);
    let key = TagKey::derive(&[[7; 32]]);
    let recipes = [0, 1, 2, 2, 2, 3, 4];
    bencher
        .counter(ItemsCount::new(ROWS))
        .bench(|| final_tags(black_box(&list), shape(), &recipes, &key).unwrap().tags);
}

#[divan::bench]
fn table_hop_tuples(bencher: Bencher<'_, '_>) {
    let (_, keys) = keys();
    let (shape, table) = table(&keys, TURN);
    bencher.counter(ItemsCount::new(table.len() / shape.tuple_bytes())).bench(|| {
        let chunk = TupleChunk::Mixed { bytes: black_box(&table), first_tuple: 0 };
        table_hop(chunk, shape, TURN, TABLE_KEYS, &keys, &SEED).unwrap()
    });
}

#[divan::bench]
fn partial_decrypt_tuples(bencher: Bencher<'_, '_>) {
    let (member, keys) = keys();
    let (shape, table) = table(&keys, TableTurn::new(1, 2));
    bencher
        .counter(ItemsCount::new(table.len() / shape.final_bytes()))
        .bench(|| partial_decrypt(black_box(&table), 0, shape, TABLE_KEYS, &member).unwrap());
}

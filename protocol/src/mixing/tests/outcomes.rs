//! Several outcomes and several years: the second mix counts what the metric says, and does not say in which of the years.

use super::*;
use crate::{
    cells::{SchoolYear, Window},
    mixing::shape::{ciphertexts_of, points_of},
};

/// Outcome 1 one or two years after the cohort or in its year, outcome 2 one year after.
fn window() -> Window {
    Window::new(&[vec![0, 1, 2], vec![1]]).unwrap()
}

/// What a receiver says of a student of cohort 2020, and the outcome that counts.
fn said() -> Vec<(Option<(u16, u8)>, usize)> {
    vec![
        (Some((2020, 1)), 1),
        (Some((2021, 1)), 1),
        (Some((2022, 1)), 1),
        (Some((2023, 1)), 0),
        (Some((2019, 1)), 0),
        (Some((2021, 2)), 2),
        (Some((2020, 2)), 0),
        (Some((2022, 2)), 0),
        (Some((2021, 3)), 0),
        (None, 0),
    ]
}

fn columns_of(values: &[u32], column_keys: &[usize], committee: &Committee, name: &str) -> Vec<Vec<u8>> {
    let shape = RowShape::new(1, column_keys.len()).unwrap();
    let rows: Vec<PlainRow> = values
        .chunks(column_keys.len())
        .map(|values| PlainRow {
            tokens: vec![None],
            values: values.iter().map(|value| ColumnValue::Code(*value)).collect(),
        })
        .collect();
    let blind = OwnerBlind::draw(3, seed(name));
    let factor = FirstFactor::Blinded(&blind);
    let list = contribute(&rows, shape, column_keys, factor, &committee.keys, &seed(name)).unwrap();
    list.chunks(shape.row_bytes()).map(|row| row[32..].to_vec()).collect()
}

/// One tuple for each thing two receivers can say, before its first hop, and the pattern it must show.
fn tuples(committee: &Committee) -> (TupleShape, UnmixedTuples, Vec<usize>) {
    let shape = TupleShape::with_tests(2, &window().outcomes_by_test()).unwrap();
    let value = |seen: Option<(u16, u8)>| {
        let seen = seen.map(|(year, outcome)| (Some(SchoolYear(year)), outcome));
        window().receiver_value(seen)
    };
    let values: Vec<u32> = said().iter().map(|(seen, _)| value(*seen)).collect();
    let sender = [2, window().sender_value(SchoolYear(2020))];
    let sender = columns_of(&sender, &[CELL, WINDOW], committee, "sender");
    let [first, second] = ["first", "second"].map(|name| columns_of(&values, &[WINDOW], committee, name));
    let (mut linked, mut patterns) = (Vec::new(), Vec::new());
    for (a, (_, one)) in said().iter().enumerate() {
        for (b, (_, other)) in said().iter().enumerate() {
            linked.push([Some(first[a].as_slice()), Some(second[b].as_slice())]);
            patterns.push(one + 3 * other);
        }
        linked.push([None, Some(second[a].as_slice())]);
        patterns.push(3 * one);
    }
    let entries: Vec<PlanEntry<'_>> =
        linked.iter().map(|receivers| PlanEntry { sender: &sender[0], receivers }).collect();
    let columns = TupleColumns { cell: 0, sender_window: 1, receiver_windows: vec![0, 0] };
    (shape, build_tuples(&columns, &window(), &entries, 0).unwrap(), patterns)
}

fn mixed_through(committee: &Committee, name: &str) -> (TupleShape, Vec<u8>, Vec<usize>) {
    let (shape, unmixed, patterns) = tuples(committee);
    let mut list =
        table_hop(TupleChunk::Unmixed(unmixed), shape, TABLE_KEYS, &committee.keys, &seed(name)).unwrap();
    for hop in 1..3 {
        let chunk = TupleChunk::Mixed { bytes: &list, first_tuple: 0 };
        list = table_hop(chunk, shape, TABLE_KEYS, &committee.keys, &seed(&format!("{name} {hop}"))).unwrap();
    }
    (shape, list, patterns)
}

fn partials(committee: &Committee, shape: TupleShape, list: &[u8]) -> Vec<Vec<u8>> {
    committee.members.iter().map(|keys| partial_decrypt(list, 0, shape, TABLE_KEYS, keys).unwrap()).collect()
}

#[test]
fn every_pair_of_words_is_counted_as_what_it_says() {
    let committee = committee(3);
    let (shape, list, patterns) = mixed_through(&committee, "words");
    assert_eq!((shape.patterns(), shape.windows()), (9, 8));
    let partials = partials(&committee, shape, &list);
    let partials: Vec<&[u8]> = partials.iter().map(Vec::as_slice).collect();
    let histogram = Histogram::decode(&list, 0, &partials, &CellLookup::new(CELLS), shape).unwrap();
    let mut expected = vec![0_u64; 9 * CELLS as usize];
    patterns.iter().for_each(|pattern| expected[9 + pattern] += 1);
    assert_eq!(histogram.counts(), expected);
    assert_eq!(histogram.dropped(), 0);
}

#[test]
fn noise_shows_every_pattern_as_often_as_it_was_drawn() {
    let committee = committee(3);
    let shape = TupleShape::with_tests(2, &window().outcomes_by_test()).unwrap();
    let noise = NoiseTable::new(3000, 1_000_000_000).unwrap();
    let dealt = noise_tuples(CELLS, shape, &noise, &seed("noise"));
    assert_eq!(dealt.len() as u64, noise_tuple_count(CELLS, shape, &noise));
    assert_eq!(dealt.len(), 6 * 4 * 9);
    let list =
        table_hop(TupleChunk::Unmixed(dealt), shape, TABLE_KEYS, &committee.keys, &seed("hop")).unwrap();
    let partials = partials(&committee, shape, &list);
    let partials: Vec<&[u8]> = partials.iter().map(Vec::as_slice).collect();
    let histogram = Histogram::decode(&list, 0, &partials, &CellLookup::new(CELLS), shape).unwrap();
    let mut rng: rand_chacha::ChaCha20Rng = rand_core::SeedableRng::from_seed(seed("noise"));
    let drawn: Vec<u64> = histogram.counts().iter().map(|_| noise.sample(&mut rng).into()).collect();
    assert_eq!(histogram.counts(), drawn);
}

/// Places of the hits among the tests of a decrypted list, tuple by tuple.
fn hits(committee: &Committee, shape: TupleShape, list: &[u8]) -> Vec<Vec<usize>> {
    let partials = partials(committee, shape, list);
    list.chunks_exact(shape.tuple_bytes())
        .enumerate()
        .map(|(tuple, bytes)| {
            let mut plain: Vec<_> = ciphertexts_of(bytes, 0).unwrap().into_iter().map(|one| one.b).collect();
            for partial in &partials {
                let width = shape.partial_bytes();
                let row = points_of(&partial[tuple * width..(tuple + 1) * width], 0).unwrap();
                plain.iter_mut().zip(&row).for_each(|(point, part)| *point = point.minus(part));
            }
            (0..shape.windows()).filter(|test| plain[1 + test].is_identity()).collect()
        })
        .collect()
}

/// The year stands in which test came true. One honest hop is enough to hide it: over many rounds the three tests of outcome 1
/// come true equally often, whatever the year was (chi-square with 2 degrees of freedom, 18.4 at 0.01 %).
#[test]
fn which_test_comes_true_does_not_tell_the_year() {
    let committee = committee(2);
    let (rounds, shape) = (120, TupleShape::with_tests(2, &window().outcomes_by_test()).unwrap());
    // Rows of the list where the first receiver says outcome 1 in the year 2020, 2021, 2022 and the second nothing.
    let per_word = said().len() + 1;
    let rows = [0, 1, 2].map(|word| word * per_word + said().len() - 1);
    let mut seen = [[0_u32; 3]; 3];
    for round in 0..rounds {
        let (_, unmixed, _) = tuples(&committee);
        let name = format!("round {round}");
        let list = table_hop(TupleChunk::Unmixed(unmixed), shape, TABLE_KEYS, &committee.keys, &seed(&name))
            .unwrap();
        let hits = hits(&committee, shape, &list);
        for (year, row) in rows.into_iter().enumerate() {
            assert_eq!(hits[row].len(), 1);
            seen[year][hits[row][0]] += 1;
        }
    }
    for (year, counts) in seen.iter().enumerate() {
        let expected = f64::from(rounds) / 3.0;
        let chi: f64 = counts.iter().map(|count| (f64::from(*count) - expected).powi(2) / expected).sum();
        assert!(chi < 18.4, "year {year}: {counts:?}");
    }
}

#[test]
fn shapes_beyond_the_limits_are_refused() {
    let refused = |part, seen, limit| Err(MixingError::ShapeLimit { part, seen, limit });
    assert_eq!(TupleShape::with_tests(1, &[]), refused("tests", 0, 16));
    assert_eq!(TupleShape::with_tests(1, &[1; 17]), refused("tests", 17, 16));
    assert_eq!(TupleShape::with_tests(2, &[1, 2, 3, 4]), refused("patterns", 25, 16));
    assert!(TupleShape::with_tests(2, &[1, 2, 3]).is_ok());
    assert!(TupleShape::with_tests(4, &[1; 16]).is_ok());
    let fifteen: Vec<u8> = (1..=15).collect();
    assert!(TupleShape::with_tests(1, &fifteen).is_ok());
}

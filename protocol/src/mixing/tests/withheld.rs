//! Who was not seen opens nothing in the final list: neither a cell nor a miss. Who stands in a cell withheld by the source floor opens
//! no cell, and shows by two equal points that two of its tests came true: that must not be seen without noise, for it is about the very
//! groups that are too small to be shown.

use super::*;
use crate::{
    group::{Factor, Input, Output, Pass, Point},
    mixing::{batch::pass, columns::of_rows},
};

/// What every test of a final list hides, decrypted by the whole committee, test by test.
fn plain(list: &[u8], committee: &Committee) -> Vec<Vec<[u8; 32]>> {
    let shape = TupleShape::new(2, one()).unwrap();
    let parts: Vec<Vec<u8>> =
        committee.members.iter().map(|k| partial_decrypt(list, 0, shape, TABLE_KEYS, k).unwrap()).collect();
    let masked = of_rows(list.as_chunks().0, 1 + 2 * shape.windows());
    let of_test = |test: usize| {
        let parts: Vec<_> = parts.iter().map(|part| of_rows(part.as_chunks().0, shape.windows())).collect();
        let less: Vec<&[[u8; 32]]> = parts.iter().map(|part| part[test].as_slice()).collect();
        let input = Input::Difference { of: &masked[2 + 2 * test], less: &less };
        let pass_of = Pass { input, factor: Factor::One, more: None, addends: &[], output: Output::Plain };
        pass(&pass_of).unwrap()
    };
    (0..shape.windows()).map(of_test).collect()
}

/// The tests of every tuple that opens no cell: a code as six passes over the first and the second mix have doubled it.
fn silent(list: &[u8], committee: &Committee) -> Vec<[[u8; 32]; 2]> {
    let codes: Vec<[u8; 32]> = (1..=CELLS).map(|c| Point::doubled_multiple_of_base(c, 6).encode()).collect();
    let plain = plain(list, committee);
    let tuples = plain[0].iter().zip(&plain[1]).map(|(one, other)| [*one, *other]);
    tuples.filter(|tests| !tests.iter().any(|point| codes.contains(point))).collect()
}

#[test]
fn tuples_that_open_no_cell_say_nothing_but_that_two_tests_of_one_came_true() {
    let mixed = mixed();
    let (list, histogram) = second_mix(&mixed, &NoiseTable::none());
    let silent = silent(&list, &mixed.committee);
    assert_eq!(
        (silent.len() as u64, histogram.dropped()),
        (2, 2),
        "one not seen, one withheld and seen twice"
    );
    // A hit would be the identity if it stood by itself, and a miss a known multiple of G if it were not blinded.
    let known: Vec<[u8; 32]> = (0..70_000).map(|m| Point::doubled_multiple_of_base(m, 0).encode()).collect();
    assert!(silent.as_flattened().iter().all(|point| !known.contains(point)));
    // The cell of the withheld student is one unknown point, in both tests that came true.
    assert_eq!(silent.iter().filter(|[one, other]| one == other).count(), 1);
    let points: std::collections::BTreeSet<_> = silent.as_flattened().iter().collect();
    assert_eq!(points.len(), 3);
}

#[test]
fn withheld_students_seen_at_two_receivers_stand_under_noise() {
    let noise = NoiseTable::new(3000, 1_000_000_000).unwrap();
    let mixed = mixed();
    let (list, _) = second_mix(&mixed, &noise);
    let twice = silent(&list, &mixed.committee).into_iter().filter(|[one, other]| one == other).count();
    // Three dealers' draws of 0 to 6 around 3 each, and the one true student.
    assert!(
        twice > usize::try_from(noise.offset()).unwrap(),
        "the withheld student stands out: {twice} tuples"
    );
}

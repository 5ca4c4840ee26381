//! Who was not seen, and who stands in a cell withheld by the source floor, opens nothing in the final list: neither a cell nor a hit.

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

#[test]
fn tuples_that_open_no_cell_are_random_points_and_no_two_alike() {
    let mixed = mixed();
    let (list, histogram) = second_mix(&mixed, &NoiseTable::none());
    // Six passes over the first and the second mix have doubled each code.
    let codes: Vec<[u8; 32]> = (1..=CELLS).map(|c| Point::doubled_multiple_of_base(c, 6).encode()).collect();
    let plain = plain(&list, &mixed.committee);
    let opened = |tuple: usize| plain.iter().any(|test| codes.contains(&test[tuple]));
    let silent: Vec<usize> = (0..plain[0].len()).filter(|tuple| !opened(*tuple)).collect();
    assert_eq!((silent.len() as u64, histogram.dropped()), (2, 2), "one not seen, one withheld and seen");
    // A hit of a withheld student would be the identity if it stood by itself, and a known multiple of G if it were not blinded.
    let known: Vec<[u8; 32]> = (0..70_000).map(|m| Point::doubled_multiple_of_base(m, 0).encode()).collect();
    let points: std::collections::BTreeSet<[u8; 32]> =
        silent.iter().flat_map(|tuple| plain.iter().map(|test| test[*tuple])).collect();
    assert_eq!(points.len(), 4);
    assert!(known.iter().all(|point| !points.contains(point)));
    // Nor does a test of a seen student that did not come true say anything.
    let misses = (0..plain[0].len()).flat_map(|tuple| plain.iter().map(move |test| test[tuple]));
    let misses: Vec<_> = misses.filter(|point| !codes.contains(point)).collect();
    assert!(known.iter().all(|point| !misses.contains(point)));
}

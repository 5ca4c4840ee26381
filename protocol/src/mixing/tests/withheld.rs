//! Students withheld by the source floor have an undecodable cell and a true pattern of hits: the pattern must not be seen
//! without noise, for it is about the very groups that are too small to be shown.

use super::*;
use crate::{
    group::{Factor, Input, Output, Pass},
    mixing::{batch::pass, columns::half_of},
};

/// Every point of a final list, decrypted by the whole committee.
fn plain(list: &[u8], committee: &Committee) -> Vec<Vec<[u8; 32]>> {
    let shape = TupleShape::new(2, one()).unwrap();
    let parts: Vec<Vec<u8>> =
        committee.members.iter().map(|k| partial_decrypt(list, 0, shape, TABLE_KEYS, k).unwrap()).collect();
    let masked: Vec<_> = half_of(list.as_chunks().0, 1).collect();
    let less: Vec<&[[u8; 32]]> = parts.iter().map(|part| part.as_chunks().0).collect();
    let input = Input::Difference { of: &masked, less: &less };
    let plain = pass(&Pass { input, factor: Factor::One, addends: &[], output: Output::Plain }).unwrap();
    plain.chunks_exact(1 + shape.windows()).map(<[_]>::to_vec).collect()
}

#[test]
fn withheld_students_window_hits_are_seen_exactly_under_noise() {
    let noise = NoiseTable::new(3000, 1_000_000_000).unwrap();
    let mixed = mixed();
    let (list, _) = second_mix(&mixed, &noise);
    let codes: Vec<[u8; 32]> =
        (1..=CELLS).map(|c| crate::group::Point::multiple_of_base(c).encode()).collect();
    let leaked: Vec<Vec<bool>> = plain(&list, &mixed.committee)
        .into_iter()
        .filter(|t| !codes.contains(&t[0]))
        .map(|t| t[1..].iter().map(|w| *w == [0; 32]).collect::<Vec<_>>())
        .filter(|hits| hits.contains(&true))
        .collect();
    // Every pattern of the undecodable cell carries noise like any other: many tuples, not the one true student.
    let expected = usize::try_from(noise.offset()).unwrap();
    assert!(leaked.len() > expected, "the withheld students' hits stand out: {} tuples", leaked.len());
}

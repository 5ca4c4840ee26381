//! Several outcomes and several cohorts: the second mix counts what the receivers said, whatever place they said it at.

use super::*;

/// Two outcomes, and room for three cohorts.
fn window() -> Window {
    Window::new(2, 3).unwrap()
}

const CELL_KEY: usize = 0;
const WINDOW_KEYS: [usize; 3] = [1, 2, 3];
const KEYS: TableKeys = TableKeys::new(CELL_KEY, &WINDOW_KEYS);
const COHORT: SchoolYear = SchoolYear(2020);

/// What a receiver says of a student, place by place, and the outcome it has for a student of the cohort.
fn said() -> Vec<([(u16, u8); 3], usize)> {
    vec![
        ([(2020, 1), (0, 0), (0, 0)], 1),
        ([(0, 0), (2020, 1), (0, 0)], 1),
        ([(2019, 2), (2021, 1), (2020, 2)], 2),
        ([(2020, 2), (2019, 1), (2021, 1)], 2),
        ([(2019, 1), (2021, 2), (0, 0)], 0),
        // An outcome the metric does not have.
        ([(2020, 3), (0, 0), (0, 0)], 0),
        ([(0, 0), (0, 0), (0, 0)], 0),
    ]
}

fn keys() -> (Vec<CommitteeKeys>, Vec<KeyShare>, CollectiveKeys) {
    let members: Vec<_> = (1..=2).map(|j| CommitteeKeys::generate(4, [j; 32])).collect();
    let shares: Vec<_> = members.iter().map(|keys| keys.share(&ROUND, &MemberCode([9; 5]))).collect();
    let together = CollectiveKeys::combine(&shares).unwrap();
    (members, shares, together)
}

fn columns_of(rows: &[Vec<u32>], column_keys: &[usize], keys: &CollectiveKeys, name: &str) -> Vec<Vec<u8>> {
    let shape = RowShape::new(1, column_keys.len()).unwrap();
    let plain = |values: &Vec<u32>| PlainRow {
        tokens: vec![None],
        // As if two members had passed it on, each doubling it.
        values: values.iter().map(|value| ColumnValue::Code(*value << 2)).collect(),
    };
    let rows: Vec<PlainRow> = rows.iter().map(plain).collect();
    let blind = OwnerBlind::draw(2, seed(name));
    let list =
        contribute(&rows, shape, column_keys, FirstFactor::Blinded(&blind), keys, &seed(name)).unwrap();
    list.chunks(shape.row_bytes()).map(|row| row[32..].to_vec()).collect()
}

/// One tuple for each pair of words, before its first hop, and the pattern it must show.
fn tuples(keys: &CollectiveKeys) -> (UnmixedTuples, Vec<usize>) {
    let value = |(cohort, outcome): &(u16, u8)| {
        Window::receiver_value((*cohort > 0).then_some((SchoolYear(*cohort), *outcome)))
    };
    let words: Vec<Vec<u32>> = said().iter().map(|(places, _)| places.iter().map(value).collect()).collect();
    let own = Window::sender_value(COHORT);
    let sender = columns_of(&[vec![2, own, own, own]], &[0, 1, 2, 3], keys, "sender");
    let [first, second] = ["first", "second"].map(|name| columns_of(&words, &WINDOW_KEYS, keys, name));
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
    let columns = TupleColumns {
        cell: 0,
        sender_windows: vec![1, 2, 3],
        receiver_windows: vec![vec![0, 1, 2], vec![0, 1, 2]],
    };
    (build_tuples(&columns, window(), &entries, 0, 2).unwrap(), patterns)
}

fn histogram(list: &[u8], members: &[CommitteeKeys], shape: TupleShape, hops: usize) -> Histogram {
    let partials: Vec<Vec<u8>> =
        members.iter().map(|keys| partial_decrypt(list, 0, shape, KEYS, keys).unwrap()).collect();
    let partials: Vec<&[u8]> = partials.iter().map(Vec::as_slice).collect();
    Histogram::decode(list, 0, &partials, &CellLookup::new(CELLS, hops), shape).unwrap()
}

#[test]
fn every_pair_of_words_is_counted_as_what_it_says() {
    let (members, shares, keys) = keys();
    let shape = TupleShape::new(2, window()).unwrap();
    assert_eq!((shape.patterns().count(), shape.windows(), shape.tuple_bytes()), (9, 12, 13 * 64));
    assert_eq!((shape.final_bytes(), shape.partial_bytes()), (25 * 32, 12 * 32));
    let (unmixed, patterns) = tuples(&keys);
    let first =
        table_hop(TupleChunk::Unmixed(unmixed), shape, TableTurn::new(0, 2), KEYS, &keys, &seed("one"))
            .unwrap();
    let chunk = TupleChunk::Mixed { bytes: &first, first_tuple: 0 };
    let list = table_hop(chunk, shape, TableTurn::new(1, 2), KEYS, &keys, &seed("two")).unwrap();
    let mut expected = vec![0_u64; 9 * CELLS as usize];
    patterns.iter().filter(|pattern| **pattern > 0).for_each(|pattern| expected[9 + pattern] += 1);
    let unseen = patterns.iter().filter(|pattern| **pattern == 0).count() as u64;
    let counted = histogram(&list, &members, shape, 2);
    assert_eq!((counted.counts(), counted.dropped()), (expected.as_slice(), unseen));

    // Every place's partial decryptions are proved, each under its own key.
    let partials = partial_decrypt(&list, 0, shape, KEYS, &members[1]).unwrap();
    let prove = |partials: &[u8]| {
        let claim = statement(&list, partials);
        let sums = DecryptionSums::of_chunk(&claim, &list, partials, 0, shape).unwrap();
        let proof = DecryptionProof::prove(&claim, &sums, shape, KEYS, &members[1]).unwrap();
        let proof = DecryptionProof::from_bytes(&proof.to_bytes()).unwrap();
        proof.verify(&claim, &sums, shape, KEYS, &shares[1])
    };
    assert_eq!(prove(&partials), Ok(()));
    for window in [0, 1, 2, 4, 6, 11] {
        let mut lie = partials.clone();
        let at = 32 * window;
        lie.copy_within(shape.partial_bytes() + at..shape.partial_bytes() + at + 32, at);
        assert_eq!(prove(&lie), Err(GroupError::EqualityProof { column: CELL_KEY }), "window {window}");
    }
    // A proof for fewer places than the table has is no proof.
    let claim = statement(&list, &partials);
    let sums = DecryptionSums::of_chunk(&claim, &list, &partials, 0, shape).unwrap();
    let fewer = TupleShape::new(2, Window::new(2, 2).unwrap()).unwrap();
    let short = DecryptionProof::prove(&claim, &sums, fewer, KEYS, &members[1]).unwrap();
    assert_eq!(
        short.verify(&claim, &sums, shape, KEYS, &shares[1]),
        Err(GroupError::ColumnCount { seen: 3, expected: 4 })
    );
}

#[test]
fn noise_shows_every_pattern_as_often_as_it_was_drawn() {
    let (members, _, keys) = keys();
    let shape = TupleShape::new(2, window()).unwrap();
    let noise = NoiseTable::new(3000, 1_000_000_000).unwrap();
    let dealt = noise_tuples(CELLS, shape, TableTurn::new(0, 1), &noise, &seed("noise"));
    assert_eq!(dealt.len() as u64, noise_tuple_count(CELLS, shape, &noise));
    assert_eq!(dealt.len(), 6 * 4 * 9);
    let turn = TableTurn::new(0, 1);
    let list = table_hop(TupleChunk::Unmixed(dealt), shape, turn, KEYS, &keys, &seed("hop")).unwrap();
    let counted = histogram(&list, &members, shape, 1);
    // Each count is one draw of 0 to 6; three of four cells are decodable, and who is seen nowhere opens nothing.
    assert!(counted.counts().iter().all(|count| *count <= 6));
    assert!(counted.counts().iter().any(|count| *count != counted.counts()[1]));
    for cell in counted.counts().chunks(9) {
        assert!(cell[0] == 0 && cell[1..].iter().any(|count| *count > 0));
    }
    assert_eq!(counted.counts().iter().sum::<u64>() + counted.dropped(), 6 * 4 * 9);
}

#[test]
fn turns_are_uniform_over_any_number_of_places() {
    let turns = turns(12_000, &seed("turns"));
    for places in 1..=4 {
        for place in 0..places {
            let share = turns.iter().filter(|turn| *turn % places == place).count();
            let expected = 12_000 / usize::from(places);
            assert!(share.abs_diff(expected) < 400, "{share} of {expected} at place {place} of {places}");
        }
    }
}

#[test]
fn shapes_beyond_the_limits_are_refused() {
    let refused = |seen| Err(MixingError::ShapeLimit { part: "patterns", seen, limit: 16 });
    let shape = |receivers, outcomes| TupleShape::new(receivers, Window::new(outcomes, 1).unwrap());
    assert_eq!(shape(2, 4), refused(25));
    assert_eq!(shape(3, 2), refused(27));
    assert!(shape(2, 3).is_ok() && shape(4, 1).is_ok() && shape(1, 15).is_ok());
}

//! Tables that count links alone: what the plan links is seen, whatever stands in the rows, and no column of a row passes for a link.

use super::*;

const CELL_KEY: usize = 0;
/// Under which no list encrypts anything.
const LINK_KEY: usize = 1;
const KEYS: TableKeys = TableKeys::new(CELL_KEY, &[LINK_KEY]);
fn keys() -> (Vec<CommitteeKeys>, Vec<KeyShare>, CollectiveKeys) {
    let members: Vec<_> = (1..=2).map(|j| CommitteeKeys::generate(2, [j; 32])).collect();
    let shares: Vec<_> = members.iter().map(|keys| keys.share(&ROUND, &MemberCode([9; 5]))).collect();
    let together = CollectiveKeys::combine(&shares).unwrap();
    (members, shares, together)
}

fn columns_of(
    values: &[Option<u32>],
    column_keys: &[usize],
    keys: &CollectiveKeys,
    doublings: u32,
) -> Vec<Vec<u8>> {
    let name = &format!("{} {}", values.len(), column_keys.len());
    let shape = RowShape::new(1, column_keys.len()).unwrap();
    // As if members had passed it on, each doubling it.
    let code = |code: u32| ColumnValue::Code(code << doublings);
    let value = |value: &Option<u32>| value.map_or(ColumnValue::Undecodable, code);
    let plain = |of: &Option<u32>| PlainRow {
        tokens: vec![None],
        values: column_keys.iter().map(|_| value(of)).collect(),
    };
    let rows: Vec<PlainRow> = values.iter().map(plain).collect();
    let blind = OwnerBlind::draw(2, seed(name));
    let list =
        contribute(&rows, shape, column_keys, FirstFactor::Blinded(&blind), keys, &seed(name)).unwrap();
    assert_eq!(list.len(), values.len() * shape.row_bytes());
    list.chunks(shape.row_bytes()).map(|row| row[32..].to_vec()).collect()
}

fn counted(list: &[u8], members: &[CommitteeKeys], shape: TupleShape, hops: usize) -> Histogram {
    let partials: Vec<Vec<u8>> =
        members.iter().map(|keys| partial_decrypt(list, 0, shape, KEYS, keys).unwrap()).collect();
    let partials: Vec<&[u8]> = partials.iter().map(Vec::as_slice).collect();
    Histogram::decode(list, 0, &partials, &CellLookup::new(CELLS, hops), shape).unwrap()
}

#[test]
fn what_the_plan_links_is_seen_and_nothing_of_the_receivers_rows_is_read() {
    let (members, shares, keys) = keys();
    let shape = TupleShape::new(2, Window::LINK).unwrap();
    assert_eq!((shape.patterns().count(), shape.windows(), shape.tuple_bytes()), (4, 2, 3 * 64));
    // The third row is of nobody who is counted: its cell is undecodable.
    let sender = columns_of(&[Some(1), Some(2), None], &[CELL_KEY], &keys, 2);
    let receiver = columns_of(&[None, None], &[], &keys, 2);
    let silent = RowShape::new(1, 0).unwrap();
    assert!(receiver.iter().all(|row| row.len() == 32 && row.len() == silent.column_bytes()));
    check_columns(&receiver.concat(), 0, silent).unwrap();
    let (one, other) = (Some(receiver[0].as_slice()), Some(receiver[1].as_slice()));
    let linked =
        [(0, [one, None]), (0, [None, other]), (1, [one, other]), (1, [one, None]), (2, [one, other])];
    let entries: Vec<PlanEntry<'_>> =
        linked.iter().map(|(row, receivers)| PlanEntry { sender: &sender[*row], receivers }).collect();
    let columns =
        TupleColumns { cell: 0, sender_windows: Vec::new(), receiver_windows: vec![Vec::new(), Vec::new()] };
    let unmixed = build_tuples(&columns, Window::LINK, &entries, 0, 2).unwrap();
    let first =
        table_hop(TupleChunk::Unmixed(unmixed), shape, TableTurn::new(0, 2), KEYS, &keys, &seed("one"))
            .unwrap();
    let chunk = TupleChunk::Mixed { bytes: &first, first_tuple: 0 };
    let list = table_hop(chunk, shape, TableTurn::new(1, 2), KEYS, &keys, &seed("two")).unwrap();
    let seen = counted(&list, &members, shape, 2);
    let mut expected = vec![0_u64; 4 * CELLS as usize];
    for (cell, pattern) in [(0, 1), (0, 2), (1, 3), (1, 1)] {
        expected[4 * cell + pattern] += 1;
    }
    assert_eq!((seen.counts(), seen.dropped()), (expected.as_slice(), 1));

    let partials = partial_decrypt(&list, 0, shape, KEYS, &members[1]).unwrap();
    let claim = statement(&list, &partials);
    let sums = DecryptionSums::of_chunk(&claim, &list, &partials, 0, shape).unwrap();
    let proof = DecryptionProof::prove(&claim, &sums, shape, KEYS, &members[1]).unwrap();
    assert_eq!(proof.verify(&claim, &sums, shape, KEYS, &shares[1]), Ok(()));
    let swapped = TableKeys::new(LINK_KEY, &[CELL_KEY]);
    assert!(proof.verify(&claim, &sums, shape, swapped, &shares[1]).is_err());
}

#[test]
fn columns_where_none_is_said_are_refused() {
    let (_, _, keys) = keys();
    let sender = columns_of(&[Some(1)], &[CELL_KEY], &keys, 2);
    let entries = [PlanEntry { sender: &sender[0], receivers: &[None] }];
    let columns =
        |sender_windows, receiver_windows| TupleColumns { cell: 0, sender_windows, receiver_windows };
    for columns in [columns(vec![0], vec![Vec::new()]), columns(Vec::new(), vec![vec![0]])] {
        let refused = build_tuples(&columns, Window::LINK, &entries, 0, 2).map(drop);
        assert!(matches!(refused, Err(MixingError::ChunkLength { expected: 0, .. })));
    }
}

#[test]
fn noise_of_links_is_every_pattern_as_often_as_it_was_drawn() {
    let (members, _, keys) = keys();
    let shape = TupleShape::new(2, Window::LINK).unwrap();
    let noise = NoiseTable::new(3000, 1_000_000_000).unwrap();
    let turn = TableTurn::new(0, 1);
    let dealt = noise_tuples(CELLS, shape, turn, &noise, &seed("noise"));
    assert_eq!(dealt.len() as u64, noise_tuple_count(CELLS, shape, &noise));
    let total = dealt.len() as u64;
    let list = table_hop(TupleChunk::Unmixed(dealt), shape, turn, KEYS, &keys, &seed("hop")).unwrap();
    let seen = counted(&list, &members, shape, 1);
    assert!(seen.counts().iter().all(|count| *count <= 6));
    for pattern in 1..4 {
        assert!((0..CELLS as usize).any(|cell| seen.counts()[4 * cell + pattern] > 0), "pattern {pattern}");
    }
    assert_eq!(seen.counts().iter().sum::<u64>() + seen.dropped(), total);
}

/// A hop that departs from the protocol puts a sender's cell, less a code, where the test of a link should stand. Under the cell's own
/// key it would come true exactly for that code; under the key of the link it never does.
#[test]
fn a_column_of_a_row_in_the_place_of_a_link_test_says_nothing() {
    let (members, _, keys) = keys();
    let shape = TupleShape::new(1, Window::LINK).unwrap();
    // The second row is the cell of a student of whom the code was guessed right: nothing is left of it.
    let sender = columns_of(&[Some(2), Some(0)], &[CELL_KEY], &keys, 3);
    let (forged, turn) = (sender.concat(), TableTurn::new(1, 2));
    let list = table_hop(
        TupleChunk::Mixed { bytes: &forged, first_tuple: 0 },
        shape,
        turn,
        KEYS,
        &keys,
        &seed("hop"),
    );
    let seen = counted(&list.unwrap(), &members, shape, 2);
    assert_eq!((seen.counts(), seen.dropped()), ([0; 2 * CELLS as usize].as_slice(), 1));

    let one_key = TableKeys::new(CELL_KEY, &[CELL_KEY]);
    let chunk = TupleChunk::Mixed { bytes: &forged, first_tuple: 0 };
    let list = table_hop(chunk, shape, turn, one_key, &keys, &seed("hop")).unwrap();
    let partials: Vec<Vec<u8>> =
        members.iter().map(|keys| partial_decrypt(&list, 0, shape, one_key, keys).unwrap()).collect();
    let partials: Vec<&[u8]> = partials.iter().map(Vec::as_slice).collect();
    let seen = Histogram::decode(&list, 0, &partials, &CellLookup::new(CELLS, 2), shape).unwrap();
    assert_eq!(
        seen.counts()[3],
        1,
        "with one key for both the guess is confirmed: that is why there are two"
    );
}

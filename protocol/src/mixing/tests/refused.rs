//! Every refusal with its position, and arbitrary bytes in every pass.

use proptest::prelude::*;

use super::*;

#[test]
fn bad_points_are_refused_with_their_position_in_the_list() {
    let committee = committee(2);
    let shape = RowShape::new(2, 2).unwrap();
    let factor = HopFactor::own(&committee.members[0]);
    let good = contribute(
        &plain_rows(&sender()),
        shape,
        &[CELL, WINDOW],
        FirstFactor::Own(&committee.members[1]),
        &committee.keys,
        &[1; 32],
    )
    .unwrap();
    let run = |list: &[u8], keys: &[usize]| {
        hop(list, 1000, shape, keys, &factor, &committee.keys, &[2; 32]).map(|out| out.len())
    };
    assert_eq!(run(&good, &[CELL, WINDOW]), Ok(good.len()));
    for (row, point) in [(0, 0), (3, 1), (5, 2), (6, 4)] {
        let at = row * shape.row_bytes() + 32 * point;
        let mut bad_identity = good.clone();
        bad_identity[at..at + 32].fill(0);
        let row = row as u64 + 1000;
        assert_eq!(run(&bad_identity, &[CELL, WINDOW]), Err(MixingError::PointIdentity { row, point }));
        let mut bad_encoding = good.clone();
        bad_encoding[at..at + 32].fill(0xFF);
        assert_eq!(run(&bad_encoding, &[CELL, WINDOW]), Err(MixingError::PointNotCanonical { row, point }));
    }
    let seen = good.len() - 1;
    let bad_length = Err(MixingError::ChunkLength { seen, expected: shape.row_bytes() });
    assert_eq!(run(&good[..seen], &[CELL, WINDOW]), bad_length);
    assert_eq!(run(&good, &[CELL, 2]), Err(MixingError::ColumnKey { key: 2, keys: 2 }));
    assert_eq!(run(&good, &[CELL]), Err(MixingError::ChunkLength { seen: 1, expected: 2 }));
}

#[test]
fn bad_rows_and_shapes_are_refused() {
    let committee = committee(2);
    let own = FirstFactor::Own(&committee.members[0]);
    let shape = RowShape::new(2, 2).unwrap();
    let mut rows = plain_rows(&sender());
    rows[4].values.pop();
    let refused = contribute(&rows, shape, &[CELL, WINDOW], own, &committee.keys, &[1; 32]);
    assert_eq!(refused, Err(MixingError::RowShape { row: 4, seen: 1, expected: 2 }));
    assert_eq!(RowShape::new(17, 1), Err(MixingError::ShapeLimit { part: "slots", seen: 17, limit: 16 }));
    assert_eq!(RowShape::new(1, 65), Err(MixingError::ShapeLimit { part: "columns", seen: 65, limit: 64 }));
    assert_eq!(
        TupleShape::new(5, one()),
        Err(MixingError::ShapeLimit { part: "receivers", seen: 5, limit: 4 })
    );
    assert_eq!(
        TupleShape::new(0, one()),
        Err(MixingError::ShapeLimit { part: "receivers", seen: 0, limit: 4 })
    );
}

#[test]
fn bad_plan_entries_are_refused() {
    let mixed = mixed();
    let (sender, receivers) = &mixed.plan[0];
    let columns = |cell| TupleColumns { cell, sender_windows: vec![1], receiver_windows: vec![vec![0]; 2] };
    let build = |columns: TupleColumns, sender: &[u8], receivers: &[Option<&[u8]>]| {
        build_tuples(&columns, one(), &[PlanEntry { sender, receivers }], 40, 3).map(|tuples| tuples.len())
    };
    let both = receivers.each_ref().map(|row| row.as_deref());
    assert_eq!(build(columns(0), sender, &both), Ok(1));
    assert_eq!(build(columns(2), sender, &both), Err(MixingError::ColumnMissing { column: 2, columns: 2 }));
    let one_short = build(columns(0), sender, &both[..1]);
    assert_eq!(one_short, Err(MixingError::ChunkLength { seen: 1, expected: 2 }));
    let mut bad = sender.clone();
    bad[64..96].fill(0);
    assert_eq!(build(columns(0), &bad, &both), Err(MixingError::PointIdentity { row: 40, point: 2 }));
    assert!(build(columns(0), &sender[..95], &both).is_err());
}

#[test]
fn bad_encodings_in_rows_of_the_plan_are_refused_by_the_hop_that_mixes_them() {
    let mixed = mixed();
    let shape = TupleShape::new(2, one()).unwrap();
    let columns = TupleColumns { cell: 0, sender_windows: vec![1], receiver_windows: vec![vec![0]; 2] };
    let hop = |bad: usize, of_sender: bool, point: usize| {
        let rows = mixed.plan.iter().filter(|(_, receivers)| receivers[0].is_some()).cycle().take(9);
        let mut rows: Vec<_> = rows.cloned().collect();
        let (sender, receivers) = &mut rows[bad];
        let row = if of_sender { sender } else { receivers[0].as_mut().unwrap() };
        row[32 * point..32 * point + 32].fill(0xFF);
        let receivers: Vec<_> =
            rows.iter().map(|(_, receivers)| receivers.each_ref().map(|row| row.as_deref())).collect();
        let entries: Vec<_> = (rows.iter().zip(&receivers))
            .map(|((sender, _), receivers)| PlanEntry { sender, receivers })
            .collect();
        let mut first = build_tuples(&columns, one(), &entries, 40, 3).unwrap();
        let rest = first.split_off(4);
        let keys = &mixed.committee.keys;
        let turn = TableTurn::new(0, 3);
        let mix = |tuples| table_hop(TupleChunk::Unmixed(tuples), shape, turn, TABLE_KEYS, keys, &[1; 32]);
        mix(first).and(mix(rest)).map(|_| ())
    };
    for (bad, of_sender, point) in
        [(0, true, 0), (3, true, 1), (3, true, 2), (4, false, 0), (8, false, 1), (7, true, 2)]
    {
        let refused = Err(MixingError::PointNotCanonical { row: 40 + bad as u64, point });
        assert_eq!(hop(bad, of_sender, point), refused, "{bad} {of_sender} {point}");
    }
}

#[test]
fn bad_points_of_a_final_list_are_refused_where_they_stand() {
    let mixed = mixed();
    let (list, _) = second_mix(&mixed, &NoiseTable::none());
    let shape = TupleShape::new(2, one()).unwrap();
    let members = &mixed.committee.members;
    let partials = partial_decrypt(&list, 0, shape, TABLE_KEYS, &members[0]).unwrap();
    let claim = statement(&list, &partials);
    let lookup = CellLookup::new(CELLS, 3);
    for (row, test) in [(0_usize, 0_usize), (2, 1), (4, 0)] {
        for bad in [0, 0xFF] {
            let error = |point| {
                let row = row as u64 + 9;
                let (identity, other) = (
                    MixingError::PointIdentity { row, point },
                    MixingError::PointNotCanonical { row, point },
                );
                if bad == 0 { identity } else { other }
            };
            let spoilt = |bytes: &[u8], width: usize, point: usize| {
                let mut bytes = bytes.to_vec();
                let at = row * width + 32 * point;
                bytes[at..at + 32].fill(bad);
                bytes
            };
            let sums = |list: &[u8], partials: &[u8]| {
                DecryptionSums::of_chunk(&claim, list, partials, 9, shape).map(|_| ()).err()
            };
            let decode = |list: &[u8], partials: &[u8]| {
                Histogram::decode(list, 9, &[partials], &lookup, shape).map(|_| ()).err()
            };
            let (a, b) = (1 + 2 * test, 2 + 2 * test);
            let bad_cell = spoilt(&list, shape.final_bytes(), 0);
            let bad_a = spoilt(&list, shape.final_bytes(), a);
            let bad_b = spoilt(&list, shape.final_bytes(), b);
            let bad_partial = spoilt(&partials, shape.partial_bytes(), test);
            // The sums are over the cells' points and the tests' first ones, numbered without the second; the count is of the second.
            assert_eq!(sums(&bad_cell, &partials), Some(error(0)));
            assert_eq!(sums(&bad_a, &partials), Some(error(1 + test)));
            assert_eq!(sums(&list, &bad_partial), Some(error(test)));
            assert_eq!(decode(&bad_b, &partials), Some(error(b)));
            assert_eq!(decode(&list, &bad_partial), Some(error(test)));
            let decrypt = |list: &[u8]| partial_decrypt(list, 9, shape, TABLE_KEYS, &members[0]);
            for (bad, point) in [(&bad_cell, 0), (&bad_a, a)] {
                assert_eq!(check_tuples(bad, 9, shape), Err(error(point)));
                assert_eq!(decrypt(bad), Err(error(point)));
            }
            // Whoever decrypts does not read what is masked: the coordinator finds it, and whose it is.
            assert_eq!(check_tuples(&bad_b, 9, shape), Err(error(b)));
            assert_eq!(decrypt(&bad_b), decrypt(&list));
        }
    }
}

#[test]
fn bad_table_chunks_are_refused() {
    let committee = committee(2);
    let shape = TupleShape::new(1, one()).unwrap();
    let turn = TableTurn::new(1, 2);
    let run = |bytes: &[u8], table_keys| {
        let chunk = TupleChunk::Mixed { bytes, first_tuple: 9 };
        table_hop(chunk, shape, turn, table_keys, &committee.keys, &[1; 32]).map(|out| out.len())
    };
    assert_eq!(run(&[0; 128], TABLE_KEYS), Err(MixingError::PointIdentity { row: 9, point: 0 }));
    assert_eq!(run(&[0; 127], TABLE_KEYS), Err(MixingError::ChunkLength { seen: 127, expected: 128 }));
    let missing = TableKeys::new(0, &[5]);
    assert_eq!(run(&[], missing), Err(MixingError::ColumnKey { key: 5, keys: 2 }));
    let noise = NoiseTable::new(5000, 1_000_000_000).unwrap();
    let other = noise_tuples(1, TupleShape::new(2, one()).unwrap(), turn, &noise, &[1; 32]);
    let refused = table_hop(TupleChunk::Unmixed(other), shape, turn, TABLE_KEYS, &committee.keys, &[1; 32]);
    assert_eq!(refused, Err(MixingError::ChunkLength { seen: 2, expected: 1 }));
    let lookup = CellLookup::new(1, 2);
    assert!(Histogram::decode(&[], 0, &[&[0; 64]], &lookup, shape).is_err());
}

#[test]
fn every_refusal_prints_and_has_its_own_code() {
    let all = [
        MixingError::ChunkLength { seen: 1, expected: 2 },
        MixingError::ColumnKey { key: 1, keys: 1 },
        MixingError::ColumnMissing { column: 1, columns: 1 },
        MixingError::PointIdentity { row: 1, point: 1 },
        MixingError::PointNotCanonical { row: 1, point: 1 },
        MixingError::RowShape { row: 1, seen: 1, expected: 2 },
        MixingError::ShapeLimit { part: "slots", seen: 17, limit: 16 },
    ];
    let codes: std::collections::BTreeSet<_> = all.iter().map(Refusal::code).collect();
    assert_eq!(codes.len(), all.len());
    assert!(all.iter().all(|error| !error.to_string().ends_with('.') && !error.advice().is_empty()));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let committee = committee(2);
        let factor = HopFactor::own(&committee.members[0]);
        let shape = RowShape::new(1, 1).unwrap();
        let tuples = TupleShape::new(1, one()).unwrap();
        let hopped = hop(&bytes, 0, shape, &[0], &factor, &committee.keys, &[1; 32]);
        prop_assert!(hopped.is_err() || bytes.is_empty());
        let _ = partial_decrypt(&bytes, 0, tuples, TABLE_KEYS, &committee.members[0]);
        let _ = Histogram::decode(&bytes, 0, &[&bytes], &CellLookup::new(1, 2), tuples);
        let _ = final_tags(&bytes, shape, &[0], &committee.tag_key);
        for turn in [TableTurn::new(0, 2), TableTurn::new(1, 2)] {
            let chunk = TupleChunk::Mixed { bytes: &bytes, first_tuple: 0 };
            let _ = table_hop(chunk, tuples, turn, TABLE_KEYS, &committee.keys, &[1; 32]);
        }
        if let Ok(proof) = DecryptionProof::from_bytes(&bytes) {
            prop_assert_eq!(proof.to_bytes(), bytes);
        }
    }

    #[test]
    fn hops_commute_and_a_pass_is_a_function_of_its_arguments(key in "[a-z]{1,12}", seed in any::<[u8; 32]>()) {
        let committee = committee(2);
        let shape = RowShape::new(1, 1).unwrap();
        let row = |key: &str| PlainRow { tokens: vec![Some(match_point(0, key))], values: vec![ColumnValue::Code(5)] };
        let blind = OwnerBlind::draw(2, seed);
        let list = contribute(&[row(&key)], shape, &[0], FirstFactor::Blinded(&blind), &committee.keys, &seed).unwrap();
        let run = |list: &[u8], j: usize| {
            let factor = HopFactor::blinded(&committee.members[j], &blind.share(j).unwrap()).unwrap();
            hop(list, 0, shape, &[0], &factor, &committee.keys, &seed).unwrap()
        };
        let (one, other) = (run(&run(&list, 0), 1), run(&run(&list, 1), 0));
        prop_assert_eq!(&one[..32], &other[..32]);
        prop_assert_eq!(run(&list, 0), run(&list, 0));
        prop_assert_ne!(&run(&list, 0)[32..], &list[32..]);
    }
}

//! Encodings: what is refused, and as what; the vectors of RFC 9496.

use super::*;

#[test]
fn rfc_9496_vectors() {
    let file: serde_json::Value =
        serde_json::from_str(include_str!("../../../tests/vectors/rfc9496_encodings.json")).unwrap();
    let multiples: Vec<[u8; 32]> =
        file["multiples_of_base_from_1"].as_array().unwrap().iter().map(read).collect();
    let bad: Vec<(&String, [u8; 32])> = (file.as_object().unwrap().iter())
        .filter(|(name, _)| name.starts_with("bad_"))
        .flat_map(|(name, encodings)| encodings.as_array().unwrap().iter().map(move |one| (name, read(one))))
        .collect();
    assert_eq!((multiples.len(), bad.len()), (15, 31));
    let map: serde_json::Value =
        serde_json::from_str(include_str!("../../../tests/vectors/rfc9496_one_way_map.json")).unwrap();
    let map = map["vectors"].as_array().unwrap();
    let mapped: Vec<[u8; 32]> = map.iter().map(|vector| read(&vector["element"])).collect();
    let uniform = rfc_9496_uniform();
    let one = SecretScalar(Scalar::ONE);
    for backend in Backend::available() {
        assert_eq!(backend.raise(&multiples, &one).unwrap(), multiples, "{backend:?}");
        assert_eq!(backend.map_and_raise(&uniform, &one), mapped, "{backend:?}");
        for (name, encoding) in &bad {
            let kind =
                if *name == "bad_identity" { BadPointKind::Identity } else { BadPointKind::NotCanonical };
            // In the last lane of a rest, behind good ones.
            let mut batch = multiples[..10].to_vec();
            batch.push(*encoding);
            let expected = Err(BadPoint { index: 10, kind });
            assert_eq!(backend.raise(&batch, &one), expected, "{backend:?} {name} {encoding:x?}");
        }
    }
}

/// Encodings that differ from good ones a little, or are wrong in every way: mostly not canonical.
fn hostile() -> Vec<[u8; 32]> {
    let mut all = Vec::new();
    for good in encodings(12) {
        let mut top_bit = good;
        top_bit[31] |= 0x80;
        let mut odd = good;
        odd[0] ^= 1;
        let mut lower = good;
        lower[0] ^= 2;
        // p - s: the negative of the same root.
        let mut negative = [0; 32];
        let mut borrow = 0_i16;
        for (index, byte) in negative.iter_mut().enumerate() {
            let of_p = match index {
                0 => 0xED,
                31 => 0x7F,
                _ => 0xFF,
            };
            let difference = of_p - i16::from(good[index]) - borrow;
            borrow = i16::from(difference < 0);
            *byte = (difference & 255) as u8;
        }
        // s + p does not fit or is not reduced.
        all.extend([good, top_bit, odd, lower, negative]);
    }
    for low in 0..=255_u8 {
        for (middle, top) in [(0, 0), (0xFF, 0x7F), (0xFF, 0xFF), (0, 0x80)] {
            let mut one = [middle; 32];
            (one[0], one[31]) = (low, top);
            all.push(one);
        }
    }
    all
}

fn expected(bytes: &[u8; 32]) -> Option<BadPointKind> {
    match CompressedRistretto(*bytes).decompress() {
        None => Some(BadPointKind::NotCanonical),
        Some(point) if point.is_identity() => Some(BadPointKind::Identity),
        Some(_) => None,
    }
}

fn refused_as_dalek_does(backend: Backend, bytes: &[u8; 32]) {
    let one = SecretScalar(Scalar::ONE);
    match (backend.raise(&[*bytes], &one), expected(bytes)) {
        (Err(BadPoint { index: 0, kind }), Some(expected)) => {
            assert_eq!(kind, expected, "{backend:?} {bytes:x?}")
        }
        (Ok(encoded), None) => assert_eq!(encoded, [*bytes], "{backend:?}"),
        (result, expected) => panic!("{backend:?} {bytes:x?}: {result:x?}, expected {expected:?}"),
    }
}

#[test]
fn bad_hostile_encodings_are_refused_as_dalek_refuses_them() {
    let all = hostile();
    assert!(all.iter().any(|one| expected(one).is_none()));
    assert!(all.iter().any(|one| expected(one) == Some(BadPointKind::Identity)));
    for backend in Backend::available() {
        all.iter().for_each(|bytes| refused_as_dalek_does(backend, bytes));
    }
}

#[test]
fn bad_point_anywhere_in_a_batch_is_named_and_the_first_counts() {
    let good = encodings(270);
    for backend in Backend::available() {
        for at in [0, 1, 7, 8, 31, 32, 255, 256, 269] {
            let mut batch = good.clone();
            batch[at] = [0; 32];
            if at + 1 < batch.len() {
                batch[at + 1] = [0xFF; 32];
            }
            let refused = backend.raise(&batch, &SecretScalar(Scalar::ONE));
            assert_eq!(
                refused,
                Err(BadPoint { index: at, kind: BadPointKind::Identity }),
                "{backend:?} {at}"
            );
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn random_bytes_are_refused_as_dalek_refuses_them(mut bytes in any::<[u8; 32]>(), tame in any::<bool>()) {
        if tame {
            bytes[0] &= 0xFE;
            bytes[31] &= 0x7F;
        }
        for backend in Backend::available() {
            refused_as_dalek_does(backend, &bytes);
        }
    }
}

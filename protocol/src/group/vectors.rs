//! RFC 9496 and RFC 9497 vectors through this module's own functions.

use curve25519_dalek::ristretto::RistrettoPoint;
use serde_json::Value;
use sha2::{Digest as _, Sha512};

use super::{Element, GroupError, Point, SecretScalar};

fn bytes<const N: usize>(value: &Value) -> [u8; N] {
    hex::decode(value.as_str().unwrap()).unwrap().try_into().unwrap()
}

fn read(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

#[test]
fn rfc_9496_multiples_of_the_base_point() {
    let file = read(include_str!("../../tests/vectors/rfc9496_encodings.json"));
    let multiples = file["multiples_of_base_from_1"].as_array().unwrap();
    assert_eq!(multiples.len(), 15);
    for (number, expected) in (1..).zip(multiples) {
        let expected = bytes(expected);
        assert_eq!(Point::doubled_multiple_of_base(number, 0).encode(), expected, "{number}");
        assert_eq!(Element::decode(&expected).unwrap().encode(), expected, "{number}");
    }
}

#[test]
fn rfc_9496_bad_encodings_are_refused() {
    let file = read(include_str!("../../tests/vectors/rfc9496_encodings.json"));
    let bad = file.as_object().unwrap().iter().filter(|(name, _)| name.starts_with("bad_"));
    let mut seen = 0;
    for (name, encodings) in bad {
        let expected = if name == "bad_identity" { GroupError::Identity } else { GroupError::NotCanonical };
        for encoding in encodings.as_array().unwrap() {
            assert_eq!(Element::decode(&bytes(encoding)), Err(expected), "{name} {encoding}");
            seen += 1;
        }
    }
    assert_eq!(seen, 31);
}

#[test]
fn rfc_9496_one_way_map() {
    let file = read(include_str!("../../tests/vectors/rfc9496_one_way_map.json"));
    let vectors = file["vectors"].as_array().unwrap();
    assert_eq!(vectors.len(), 7);
    for vector in vectors {
        let element = Element(RistrettoPoint::from_uniform_bytes(&bytes(&vector["uniform"])));
        assert_eq!(element.encode(), bytes(&vector["element"]));
    }
}

/// RFC 9380 §5.3.1 with SHA-512 and 64 bytes of output: one block.
fn expand_message_xmd(message: &[u8], dst: &[u8]) -> [u8; 64] {
    let dst_prime = [dst, &[dst.len() as u8]].concat();
    let first = Sha512::new().chain_update([0; 128]).chain_update(message).chain_update([0, 64, 0]);
    let first = first.chain_update(&dst_prime).finalize();
    Sha512::new().chain_update(first).chain_update([1]).chain_update(&dst_prime).finalize().into()
}

#[test]
fn rfc_9497_blind_and_evaluate() {
    let file = read(include_str!("../../tests/vectors/rfc9497_oprf.json"));
    let dst = hex::decode(file["dst"].as_str().unwrap()).unwrap();
    let server = SecretScalar::from_bytes(&bytes(&file["skSm"])).unwrap();
    for vector in file["vectors"].as_array().unwrap() {
        let input = hex::decode(vector["input"].as_str().unwrap()).unwrap();
        let element = Element(RistrettoPoint::from_uniform_bytes(&expand_message_xmd(&input, &dst)));
        let blind = SecretScalar::from_bytes(&bytes(&vector["blind"])).unwrap();
        let blinded = element.times(&blind);
        assert_eq!(blinded.encode(), bytes(&vector["blinded"]));
        assert_eq!(blinded.times(&server).encode(), bytes(&vector["evaluated"]));
        // What the hops rely on: the blind comes off after the evaluation.
        assert_eq!(blinded.times(&server).times(&blind.inverse()), element.times(&server));
    }
}

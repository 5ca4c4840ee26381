//! Every backend that this processor has against `curve25519-dalek`, on random, edge and hostile inputs.

use curve25519_dalek::{
    constants::{EIGHT_TORSION, RISTRETTO_BASEPOINT_POINT},
    ristretto::{CompressedRistretto, RistrettoPoint},
    scalar::Scalar,
    traits::IsIdentity,
};
use proptest::prelude::*;

use super::*;

mod bounds;
mod curve;
mod encodings;
mod fuzz;
mod passes;

/// Small points with every length of a rest: one, a vector more or less, a quad of vectors, a chunk and more.
const LENGTHS: [usize; 13] = [0, 1, 3, 4, 5, 7, 8, 9, 31, 33, 255, 256, 261];

fn scalar(seed: u64) -> Scalar {
    let mut wide = [0; 64];
    blake3::Hasher::new().update(&seed.to_le_bytes()).finalize_xof().fill(&mut wide);
    Scalar::from_bytes_mod_order_wide(&wide)
}

fn point(seed: u64) -> RistrettoPoint {
    RistrettoPoint::mul_base(&scalar(seed ^ 0x5EED))
}

fn encodings(count: usize) -> Vec<[u8; 32]> {
    (0..count as u64).map(|seed| point(seed).compress().to_bytes()).collect()
}

fn uniform(count: usize) -> Vec<[u8; 64]> {
    let one = |seed: u64| {
        let mut wide = [0; 64];
        blake3::Hasher::new().update(&seed.to_be_bytes()).finalize_xof().fill(&mut wide);
        wide
    };
    (0..count as u64).map(one).collect()
}

/// Scalars at the edges of the recoding and of the group order.
fn edge_scalars() -> Vec<Scalar> {
    let small = [0_u64, 1, 2, 7, 8, 9, 15, 16, 17, 127, 128, 255, 256, u64::MAX].map(Scalar::from);
    let negative = small.map(|scalar| -scalar);
    let halves = small.map(|scalar| scalar.div_by_2());
    let nibbles = [0x77_u8, 0x88, 0x78, 0x87, 0xFF].map(|byte| Scalar::from_bytes_mod_order([byte; 32]));
    [&small[..], &negative, &halves, &nibbles].concat()
}

fn raised(backend: Backend, points: &[[u8; 32]], scalar: Scalar) -> Result<Vec<[u8; 32]>, BadPoint> {
    backend.raise(points, &SecretScalar(scalar))
}

fn with_dalek(points: &[[u8; 32]], scalar: Scalar) -> Vec<[u8; 32]> {
    points
        .iter()
        .map(|bytes| (CompressedRistretto(*bytes).decompress().unwrap() * scalar).compress().0)
        .collect()
}

#[test]
fn there_is_a_portable_backend_and_the_best_comes_first() {
    let names: Vec<_> = Backend::available().into_iter().map(Backend::name).collect();
    assert_eq!(names.last(), Some(&"portable"));
    assert_eq!(names.first(), Some(&Backend::best().name()));
    println!("backends under test: {names:?}");
}

#[test]
fn every_length_of_a_batch_is_multiplied_whole() {
    let scalar = scalar(77);
    for count in LENGTHS {
        let points = encodings(count);
        let expected = with_dalek(&points, scalar);
        let expected_mapped: Vec<_> = uniform(count)
            .iter()
            .map(|bytes| (RistrettoPoint::from_uniform_bytes(bytes) * scalar).compress().0)
            .collect();
        let hashed = uniform(count);
        for backend in Backend::available() {
            assert_eq!(raised(backend, &points, scalar).unwrap(), expected, "{backend:?} {count}");
            let mapped = backend.map_and_raise(&hashed, &SecretScalar(scalar));
            assert_eq!(mapped, expected_mapped, "{backend:?} {count}");
        }
    }
}

#[test]
fn edge_scalars_give_what_dalek_gives() {
    let mut points = encodings(10);
    points.extend((1..6_u64).map(|n| (RISTRETTO_BASEPOINT_POINT * Scalar::from(n)).compress().0));
    for scalar in edge_scalars() {
        let expected = with_dalek(&points, scalar);
        for backend in Backend::available() {
            assert_eq!(raised(backend, &points, scalar).unwrap(), expected, "{backend:?} {scalar:?}");
        }
    }
}

#[test]
fn a_point_that_becomes_the_identity_spoils_no_other() {
    // Zero times anything, and a sum that cancels beside sums that do not.
    let points = encodings(40);
    for backend in Backend::available() {
        assert_eq!(raised(backend, &points, Scalar::ZERO).unwrap(), vec![[0; 32]; 40], "{backend:?}");
        let base = FixedBase::generator();
        let scalars: Vec<_> = (0..40_u64).map(|n| SecretScalar(Scalar::from(n % 3))).collect();
        let each: Vec<_> = scalars.iter().collect();
        let addends = [Addend { base, scalars: Scalars::Secret(&each) }];
        for output in [Output::Double, Output::Plain] {
            let pass =
                Pass { input: Input::None, factor: Factor::One, more: None, addends: &addends, output };
            let times = if matches!(output, Output::Double) { 2 } else { 1 };
            let expected: Vec<_> = (0..40_u64)
                .map(|n| (RISTRETTO_BASEPOINT_POINT * Scalar::from(times * (n % 3))).compress().0)
                .collect();
            assert_eq!(backend.run(&pass).unwrap(), expected, "{backend:?}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn random_points_and_scalars(wide in any::<[u8; 32]>(), seed in any::<u64>(), count in 1_usize..40) {
        let scalar = Scalar::from_bytes_mod_order(wide);
        let points: Vec<_> = (0..count as u64).map(|n| point(seed.wrapping_add(n)).compress().0).collect();
        let expected = with_dalek(&points, scalar);
        for backend in Backend::available() {
            prop_assert_eq!(raised(backend, &points, scalar).unwrap(), expected.clone());
        }
    }

    #[test]
    fn random_uniform_bytes(bytes in proptest::collection::vec(any::<u8>(), 64 * 9)) {
        let points = bytes.as_chunks::<64>().0;
        let expected: Vec<_> = points.iter().map(|bytes| RistrettoPoint::from_uniform_bytes(bytes).compress().0).collect();
        for backend in Backend::available() {
            prop_assert_eq!(backend.map_and_raise(points, &SecretScalar(Scalar::ONE)), expected.clone());
        }
    }
}

#[test]
fn maps_of_edge_halves_give_what_dalek_gives() {
    // Zero, one, the roots that make a denominator vanish, p and above, the top bit set: every pair of them.
    let mut halves = vec![[0; 32], [0xFF; 32]];
    for low in [0_u8, 1, 2, 0xEC, 0xED, 0xEE, 0xFF] {
        for (middle, top) in [(0, 0), (0, 0x80), (0xFF, 0x7F), (0xFF, 0xFF)] {
            let mut half = [middle; 32];
            (half[0], half[31]) = (low, top);
            halves.push(half);
        }
    }
    for vector in rfc_9496_uniform() {
        halves.extend(vector.as_chunks::<32>().0);
    }
    let pairs =
        halves.iter().flat_map(|one| halves.iter().map(move |other| [*one, *other].as_flattened().to_vec()));
    let pairs: Vec<[u8; 64]> = pairs.map(|pair| pair.try_into().unwrap()).collect();
    let seven = Scalar::from(7_u8);
    let expected: Vec<_> =
        pairs.iter().map(|pair| (RistrettoPoint::from_uniform_bytes(pair) * seven).compress().0).collect();
    assert!(pairs.iter().any(|pair| RistrettoPoint::from_uniform_bytes(pair).is_identity()));
    for backend in Backend::available() {
        assert_eq!(backend.map_and_raise(&pairs, &SecretScalar(seven)), expected, "{backend:?}");
    }
}

fn rfc_9496_uniform() -> Vec<[u8; 64]> {
    let file: serde_json::Value =
        serde_json::from_str(include_str!("../../../tests/vectors/rfc9496_one_way_map.json")).unwrap();
    let vectors = file["vectors"].as_array().unwrap();
    vectors.iter().map(|vector| read(&vector["uniform"])).collect()
}

fn read<const N: usize>(value: &serde_json::Value) -> [u8; N] {
    hex::decode(value.as_str().unwrap()).unwrap().try_into().unwrap()
}

/// The eight points of low order: `y` as bytes, and the sign of `x`.
fn eight_torsion_x_y() -> Vec<[[u8; 32]; 2]> {
    EIGHT_TORSION
        .iter()
        .map(|point| {
            let y = point.compress().to_bytes();
            let sign = y[31] >> 7;
            let mut y = y;
            y[31] &= 0x7F;
            [y, [sign; 32]]
        })
        .collect()
}

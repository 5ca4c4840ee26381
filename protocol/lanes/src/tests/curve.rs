//! Whole operations on the twin, whose sums and multiplicands are checked against their bounds; cosets of low order.

use super::super::{
    curve::Extended,
    digits::{Digits, FIXED_DIGITS},
    field::{ABREAST, Constants, Field, Proof, mul},
    field25::Field25,
    field51::Field51,
    multiply::{Multiply, MultiplyOnto, Table},
    ristretto::{decode, encode, encode_doubles, map},
    vector::{Word, twin::Twin},
};
use super::*;

fn first<F: Field>(element: F) -> [u8; 32] {
    element.store()[0]
}

/// Decode, multiply by a scalar, add a multiple of a table, encode in both ways; all lanes alike.
fn whole_path<F: Field>(proof: Proof<F>) {
    let of = Constants::<F>::load(proof);
    for (seed, scalar) in (0..).zip([Scalar::ONE, -Scalar::ONE, scalar(5), Scalar::from(8_u8)]) {
        let point = point(seed);
        let s = F::load(proof, &[point.compress().0; 8]);
        let (_, [decoded, ..]) = decode(&of, &[s; ABREAST]);
        assert_eq!(first(encode(&of, &[decoded; ABREAST])[0]), point.compress().0);
        let digits = Digits::shared(&SecretScalar(scalar));
        let one = Multiply { of: &of, points: [&decoded], digits: [&digits] };
        let multiple = F::Word::enter(proof, one);
        assert_eq!(first(encode(&of, &[multiple; ABREAST])[0]), (point * scalar).compress().0);
        let mut digits = Digits::zero();
        digits.set_for_fixed(&[SecretScalar(scalar)]);
        let table = Table::of(&of, proof, &decoded, FIXED_DIGITS);
        let sum =
            F::Word::enter(proof, MultiplyOnto { of: &of, table: &table, sum: &multiple, digits: &digits });
        let twice = point * (scalar + scalar);
        assert_eq!(first(encode(&of, &[sum; ABREAST])[0]), twice.compress().0);
        let mut codes = Vec::new();
        encode_doubles(&of, &[multiple, Extended::identity(&of), sum], &mut codes);
        assert_eq!(first(codes[0]), twice.compress().0);
        assert_eq!(first(codes[1]), [0; 32]);
        assert_eq!(first(codes[2]), (twice + twice).compress().0);
        let difference = multiple.add(&sum.cached(&of).negated()).extended();
        assert_eq!(first(encode(&of, &[difference; ABREAST])[0]), (point * -scalar).compress().0);
        let digits = Digits::shared(&SecretScalar(scalar));
        let both = Multiply { of: &of, points: [&decoded, &multiple], digits: [&digits, &digits] };
        let both = F::Word::enter(proof, both);
        let expected = point * scalar + point * (scalar * scalar);
        assert_eq!(first(encode(&of, &[both; ABREAST])[0]), expected.compress().0);
        let encoded = [point.compress().0; 11];
        let weights = [u128::MAX, 0x8888 << 112];
        let lanes = F::Word::enter(proof, weighted::LaneSums::<F>::of(&encoded, 0, &weights)).unwrap();
        let [weight, less] = weights.map(Scalar::from);
        assert_eq!(lanes[0], (point * (weight + less)).compress().0);
        assert_eq!(lanes[3], (point * weight).compress().0);
    }
}

#[test]
fn the_twins_go_the_whole_path_within_their_bounds() {
    whole_path::<Field51<Twin>>(());
    whole_path::<Field25<Twin>>(());
}

#[test]
fn the_twins_map_as_dalek_does() {
    fn check<F: Field>(proof: Proof<F>) {
        let of = Constants::<F>::load(proof);
        for bytes in uniform(6).into_iter().chain(rfc_9496_uniform()) {
            let halves = bytes.as_chunks::<32>().0;
            let (low, high) = (F::load(proof, &[halves[0]; 8]), F::load(proof, &[halves[1]; 8]));
            let [low, high, ..] = map(&of, &[low, high, low, high]);
            let sum = low.add(&high.cached(&of)).extended();
            let expected = RistrettoPoint::from_uniform_bytes(&bytes).compress().0;
            assert_eq!(first(encode(&of, &[sum; ABREAST])[0]), expected);
        }
    }
    check::<Field51<Twin>>(());
    check::<Field25<Twin>>(());
}

/// The torsion point with an encoded `y` and a sign of `x`: `x^2 = (y^2 - 1) / (d y^2 + 1)`.
fn torsion<F: Field>(of: &Constants<F>, proof: Proof<F>, [y, sign]: [[u8; 32]; 2]) -> Extended<F> {
    let y = F::load(proof, &[y; 8]);
    let yy = mul(y, y);
    let (u, v) = (yy.difference(of.one), mul(yy, of.d).sum(of.one));
    let (_, [root, ..]) = of.sqrt_ratio(&[u; ABREAST], &[v; ABREAST]);
    let x = if sign[0] == 1 { of.negated(root) } else { root };
    Extended { x, y, z: of.one, t: mul(x, y) }
}

#[test]
fn low_order_points_change_no_encoding() {
    fn check<F: Field>(proof: Proof<F>) {
        let of = Constants::<F>::load(proof);
        let s = F::load(proof, &[point(9).compress().0; 8]);
        let (_, [decoded, ..]) = decode(&of, &[s; ABREAST]);
        for (index, torsion) in
            eight_torsion_x_y().into_iter().map(|point| torsion(&of, proof, point)).enumerate()
        {
            let moved = decoded.add(&torsion.cached(&of)).extended();
            let mut codes = Vec::new();
            encode_doubles(&of, &[moved, torsion], &mut codes);
            // Points of order 1, 2 and 4 (even indices) are the identity of the group; those of order 8 are outside it, and
            // their doubles are of order 4.
            assert_eq!(first(codes[0]), (point(9) + point(9)).compress().0, "{index}");
            assert_eq!(first(codes[1]), [0; 32], "{index}");
            if index % 2 == 0 {
                assert_eq!(first(encode(&of, &[moved; ABREAST])[0]), point(9).compress().0, "{index}");
                assert_eq!(first(encode(&of, &[torsion; ABREAST])[0]), [0; 32], "{index}");
            }
        }
    }
    check::<Field51<Twin>>(());
    check::<Field25<Twin>>(());
    #[cfg(target_arch = "x86_64")]
    {
        if let Some(proof) = Avx512::detect() {
            check::<Field51<Zmm>>(proof);
        }
        if let Some(proof) = Avx2::detect() {
            check::<Field25<Ymm>>(proof);
        }
    }
}

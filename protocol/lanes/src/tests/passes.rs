//! Passes with a scalar for each point and with multiples of fixed bases.

use super::*;

fn secret(scalars: &[Scalar]) -> Vec<SecretScalar> {
    scalars.iter().copied().map(SecretScalar).collect()
}

fn each(secrets: &[SecretScalar]) -> Vec<&SecretScalar> {
    secrets.iter().collect()
}

/// Edge scalars first, then random ones.
fn scalars(count: usize, seed: u64) -> Vec<Scalar> {
    edge_scalars().into_iter().chain((0..).map(|n| scalar(seed + n))).take(count).collect()
}

#[test]
fn each_point_has_its_own_scalar() {
    for count in [1, 8, 50, 261] {
        let (points, each) = (encodings(count), scalars(count, 1000));
        let secrets = secret(&each);
        let expected: Vec<_> = points
            .iter()
            .zip(&each)
            .flat_map(|(point, scalar)| with_dalek(&[*point], *scalar + *scalar))
            .collect();
        let (input, factor) = (Input::Encoded(&points), Factor::Each(&secrets));
        for backend in Backend::available() {
            let pass = Pass { input, factor, more: None, addends: &[], output: Output::Double };
            assert_eq!(backend.run(&pass).unwrap(), expected, "{backend:?} {count}");
        }
    }
}

#[test]
fn fixed_bases_are_added_to_what_goes_in() {
    let other = point(4);
    let base = FixedBase::new(other);
    for count in [1, 8, 50, 261] {
        let (points, deltas, factors) = (encodings(count), scalars(count, 2000), scalars(count, 3000));
        let numbers: Vec<u32> =
            (0..count as u32).map(|n| [0, 1, 8, 15, 16, u32::MAX, n][n as usize % 7]).collect();
        let (deltas_secret, factors_secret) = (secret(&deltas), secret(&factors));
        let addends = [
            Addend { base: &base, scalars: Scalars::Secret(&each(&deltas_secret)) },
            Addend { base: FixedBase::generator(), scalars: Scalars::Secret(&each(&factors_secret)) },
            Addend { base: FixedBase::half_generator_for_numbers(), scalars: Scalars::Numbers(&numbers) },
        ];
        let half = Scalar::ONE.div_by_2();
        let sums: Vec<RistrettoPoint> = (0..count)
            .map(|n| {
                CompressedRistretto(points[n]).decompress().unwrap() * factors[n]
                    + other * deltas[n]
                    + RISTRETTO_BASEPOINT_POINT * (factors[n] + Scalar::from(numbers[n]) * half)
            })
            .collect();
        let factor = Factor::Each(&factors_secret);
        for backend in Backend::available() {
            let input = Input::Encoded(&points);
            let plain = Pass { input, factor, more: None, addends: &addends, output: Output::Plain };
            let expected: Vec<_> = sums.iter().map(|sum| sum.compress().0).collect();
            assert_eq!(backend.run(&plain).unwrap(), expected, "{backend:?} {count}");
            let double = Pass { output: Output::Double, ..plain };
            let expected: Vec<_> = sums.iter().map(|sum| (sum + sum).compress().0).collect();
            assert_eq!(backend.run(&double).unwrap(), expected, "{backend:?} {count}");
        }
    }
}

#[test]
fn own_encodings_may_be_the_identity_and_a_check_refuses_it() {
    let mut points = encodings(10);
    points[3] = [0; 32];
    let one = SecretScalar(Scalar::ONE.div_by_2());
    for backend in Backend::available() {
        let (input, factor) = (Input::Own(&points), Factor::Shared(&one));
        let pass = Pass { input, factor, more: None, addends: &[], output: Output::Double };
        assert_eq!(backend.run(&pass).unwrap(), points, "{backend:?}");
        assert_eq!(backend.check(&points), Err(BadPoint { index: 3, kind: BadPointKind::Identity }));
        assert_eq!(backend.check(&points[4..]), Ok(()));
        assert!(backend.run(&Pass { input: Input::Own(&[[0xFF; 32]]), ..pass }).is_err());
    }
}

#[test]
fn mapped_points_are_encoded_plain_and_doubled_without_a_factor() {
    let uniform = uniform(20);
    let points: Vec<_> = uniform.iter().map(RistrettoPoint::from_uniform_bytes).collect();
    for backend in Backend::available() {
        let (input, factor) = (Input::Uniform(&uniform), Factor::One);
        let plain = Pass { input, factor, more: None, addends: &[], output: Output::Plain };
        let expected: Vec<_> = points.iter().map(|point| point.compress().0).collect();
        assert_eq!(backend.run(&plain).unwrap(), expected, "{backend:?}");
        let double = Pass { output: Output::Double, ..plain };
        let expected: Vec<_> = points.iter().map(|point| (point + point).compress().0).collect();
        assert_eq!(backend.run(&double).unwrap(), expected, "{backend:?}");
    }
}

#[test]
fn a_point_without_its_scalar_does_not_come_out() {
    let points = encodings(20);
    let (nine, ten) = (secret(&scalars(9, 1)), secret(&scalars(10, 2)));
    let ten = each(&ten);
    for backend in Backend::available() {
        let addends = [Addend { base: FixedBase::generator(), scalars: Scalars::Secret(&ten) }];
        let (input, factor) = (Input::Encoded(&points), Factor::Each(&nine));
        let pass = Pass { input, factor, more: None, addends: &addends, output: Output::Plain };
        assert_eq!(backend.run(&pass).unwrap().len(), 9, "{backend:?}");
        assert_eq!(backend.run(&Pass { factor: Factor::One, ..pass }).unwrap().len(), 10, "{backend:?}");
        let nothing =
            Pass { input: Input::None, factor: Factor::One, more: None, addends: &[], output: Output::Plain };
        assert_eq!(backend.run(&nothing).unwrap().len(), 0, "{backend:?}");
    }
}

#[test]
fn differences_are_multiplied() {
    for count in [1, 8, 50, 261] {
        let (mut of, mut less, mut also) = (encodings(count), encodings(count + 7), encodings(count + 3));
        less.drain(..7);
        also.drain(..3);
        // Nothing less a point, a point less nothing, a point less itself.
        for at in (0..count).step_by(5) {
            of[at] = [0; 32];
        }
        for at in (1..count).step_by(5) {
            (less[at], also[at]) = ([0; 32], [0; 32]);
        }
        for at in (2..count).step_by(5) {
            (less[at], also[at]) = (of[at], [0; 32]);
        }
        let decoded = |bytes: &[u8; 32]| CompressedRistretto(*bytes).decompress().unwrap();
        let factor = scalar(8);
        let expected: Vec<_> = (0..count)
            .map(|n| ((decoded(&of[n]) - decoded(&less[n]) - decoded(&also[n])) * factor).compress().0)
            .collect();
        let half = SecretScalar(factor.div_by_2());
        for backend in Backend::available() {
            let (input, factor) =
                (Input::Difference { of: &of, less: &[&less, &also] }, Factor::Shared(&half));
            let pass = Pass { input, factor, more: None, addends: &[], output: Output::Double };
            assert_eq!(backend.run(&pass).unwrap(), expected, "{backend:?} {count}");
            let mut bad = also.clone();
            bad[count - 1] = [0xFF; 32];
            let pass = Pass { input: Input::Difference { of: &of, less: &[&less, &bad] }, ..pass };
            let refused = BadPoint { index: count - 1, kind: BadPointKind::NotCanonical };
            assert_eq!(backend.run(&pass), Err(refused), "{backend:?} {count}");
        }
    }
}

#[test]
fn more_points_are_multiplied_and_added() {
    for count in [1, 9, 50, 261] {
        let (points, mut also) = (encodings(count), encodings(count + 7));
        also.drain(..7);
        let decoded = |bytes: &[u8; 32]| CompressedRistretto(*bytes).decompress().unwrap();
        let (one, other, own) = (scalar(3), scalar(4), scalars(count, 5));
        let (first, second, each) = (secret(&[one]), secret(&[other]), secret(&own));
        let expected = |factor: &dyn Fn(usize) -> Scalar, other: Scalar| -> Vec<_> {
            let sum = |n: usize| decoded(&points[n]) * factor(n) + decoded(&also[n]) * other;
            (0..count).map(|n| sum(n).compress().0).collect()
        };
        let kinds = [
            (Factor::Shared(&first[0]), Factor::Shared(&second[0]), expected(&|_| one, other)),
            (Factor::Each(&each), Factor::One, expected(&|n| own[n], Scalar::ONE)),
            (Factor::One, Factor::Shared(&second[0]), expected(&|_| Scalar::ONE, other)),
        ];
        for backend in Backend::available() {
            for (number, (factor, of_more, expected)) in kinds.iter().enumerate() {
                let more = Some(More { input: Input::Encoded(&also), factor: *of_more });
                let (input, factor) = (Input::Encoded(&points), *factor);
                let pass = Pass { input, factor, more, addends: &[], output: Output::Plain };
                assert_eq!(&backend.run(&pass).unwrap(), expected, "{backend:?} {count} {number}");
                let mut bad = also.clone();
                bad[count - 1] = [0; 32];
                let more = Some(More { input: Input::Encoded(&bad), factor: *of_more });
                let refused = BadPoint { index: count - 1, kind: BadPointKind::Identity };
                assert_eq!(backend.run(&Pass { more, ..pass }), Err(refused), "{backend:?} {count} {number}");
                let more = Some(More { input: Input::Encoded(&also[1..]), factor: *of_more });
                assert_eq!(backend.run(&Pass { more, ..pass }).unwrap().len(), count - 1);
            }
        }
    }
}

#[test]
fn weighted_sums_are_those_of_dalek() {
    for (count, first) in LENGTHS.into_iter().chain([4_203]).zip([0, 3, 7, 1, 0, 5, 6, 2].into_iter().cycle())
    {
        let points = encodings(count);
        let edges = [0, 1, 8, 31, 32, 33, u128::MAX, u128::MAX >> 1, 1 << 127, 0x8888 << 112];
        let weights: Vec<u128> = (0..(first + count).div_ceil(8) as u64)
            .map(|n| match edges.get(n as usize) {
                Some(edge) => *edge,
                None => u128::from_le_bytes(scalar(n).as_bytes()[..16].try_into().unwrap()),
            })
            .collect();
        let mut expected = [RistrettoPoint::default(); 8];
        for (point, place) in points.iter().zip(first..) {
            let point = CompressedRistretto(*point).decompress().unwrap();
            expected[place % 8] += point * Scalar::from(weights[place / 8]);
        }
        for backend in Backend::available() {
            let sums = backend.weighted_sums(&points, first, &weights).unwrap();
            assert_eq!(sums, expected, "{backend:?} {count} {first}");
        }
    }
}

#[test]
fn weighted_sums_refuse_what_is_no_point_and_leave_out_what_has_no_weight() {
    let points = encodings(20);
    let (mut with_identity, mut with_both) = (points.clone(), points.clone());
    with_identity[11] = [0; 32];
    (with_both[4], with_both[11]) = ([0xFF; 32], [0; 32]);
    for backend in Backend::available() {
        let refused = |points: &[[u8; 32]], first| backend.weighted_sums(points, first, &[1; 4]).err();
        let identity = Some(BadPoint { index: 11, kind: BadPointKind::Identity });
        assert_eq!(refused(&with_identity, 0), identity, "{backend:?}");
        assert_eq!(refused(&with_identity, 5), identity, "{backend:?}");
        let bad = Some(BadPoint { index: 4, kind: BadPointKind::NotCanonical });
        assert_eq!(refused(&with_both, 3), bad, "{backend:?}");
        let long = backend.weighted_sums(&points, 6, &[7]).unwrap();
        assert_eq!(long, backend.weighted_sums(&points[..2], 6, &[7, 9]).unwrap(), "{backend:?}");
        // A sum that cancels is the identity.
        let negated = (-CompressedRistretto(points[0]).decompress().unwrap()).compress().0;
        let mut twice = points[..8].to_vec();
        twice.push(negated);
        assert!(backend.weighted_sums(&twice, 0, &[7, 7]).unwrap()[0].is_identity(), "{backend:?}");
    }
}

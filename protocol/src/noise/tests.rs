//! Known parameters, delta recomputed from the table, moments, and a chi-square of seeded samples.

use super::*;
use proptest::prelude::*;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;

const MILLIONTH: u64 = 1_000_000;

fn table(epsilon_milli: u32, delta_ppt: u64) -> NoiseTable {
    NoiseTable::new(epsilon_milli, delta_ppt).unwrap()
}

/// The delta that holds for this very table: the mass by which it exceeds `exp(eps)` times its shift by one, in
/// either direction, in units of 2^-128. Shifted, one end of the table has no counterpart; elsewhere the ratio
/// may exceed `exp(eps)` only by rounding, which is counted too.
fn delta_of(table: &NoiseTable, epsilon_milli: u32) -> f64 {
    let probabilities: Vec<f64> = table.probabilities().map(|p| p as f64 / 2_f64.powi(128)).collect();
    let grow = (f64::from(epsilon_milli) / 1000.0).exp();
    let excess = |here: &[f64], there: &dyn Fn(usize) -> f64| -> f64 {
        // Below 1e-12 relative it is the float of this test, not the table.
        here.iter().enumerate().map(|(x, p)| (p - grow * there(x)).max(0.0)).filter(|e| *e > 1e-14).sum()
    };
    let up = excess(&probabilities, &|x| x.checked_sub(1).map_or(0.0, |x| probabilities[x]));
    let down = excess(&probabilities, &|x| probabilities.get(x + 1).copied().unwrap_or(0.0));
    up.max(down)
}

#[test]
fn the_documented_parameters() {
    assert_eq!(table(1000, MILLIONTH).offset(), 14);
    assert_eq!(table(2000, MILLIONTH).offset(), 7);
    let deviation = |table: &NoiseTable| (table.variance_micro() as f64 / 1e6).sqrt();
    assert!((deviation(&table(1000, MILLIONTH)) - 1.36).abs() < 0.005);
    assert!((deviation(&table(2000, MILLIONTH)) - 0.60).abs() < 0.005);
    assert_eq!(table(1000, MILLIONTH).support(), 28);
}

#[test]
fn the_offset_is_the_ceiling_of_the_formula() {
    for epsilon in [10_u32, 100, 250, 500, 693, 1000, 1500, 2000, 3000, 5000, 10_000] {
        for delta in [1_u64, 1000, MILLIONTH, 1_000_000_000] {
            let (e, d) = (f64::from(epsilon) / 1000.0, delta as f64 / 1e12);
            let r = (-e).exp();
            let n = (-(d * (1.0 + r) / (1.0 - r + 2.0 * r * d)).ln() / e).ceil();
            assert_eq!(f64::from(table(epsilon, delta).offset()), n, "{epsilon} {delta}");
        }
    }
}

#[test]
fn delta_recomputed_from_the_table_holds_and_one_less_would_not() {
    for (epsilon, delta) in
        [(500, MILLIONTH), (1000, MILLIONTH), (2000, MILLIONTH), (1000, 1000), (3000, 5_000)]
    {
        let table = table(epsilon, delta);
        let bound = delta as f64 / 1e12;
        assert!(delta_of(&table, epsilon) <= bound, "{epsilon} {delta}");
        // The exact tail: one end of the table, which the shifted table lacks.
        let tail = table.probabilities().next().unwrap() as f64 / 2_f64.powi(128);
        assert!((delta_of(&table, epsilon) - tail).abs() < 1e-12);
        assert!(tail * (f64::from(epsilon) / 1000.0).exp() > bound, "a smaller n would have done");
    }
}

#[test]
fn the_table_is_symmetric_and_monotone_to_the_last_bits() {
    for (epsilon, delta) in [(10, 1), (1000, MILLIONTH), (10_000, 1_000_000_000)] {
        let table = table(epsilon, delta);
        let p: Vec<u128> = table.probabilities().collect();
        assert_eq!(p.len(), table.support() as usize + 1);
        assert!(table.cumulative.is_sorted());
        for x in 0..p.len() / 2 {
            assert!(p[x].abs_diff(p[p.len() - 1 - x]) <= 2, "{epsilon} {x}");
            assert!(p[x] < p[x + 1]);
        }
        // Neighbouring ratios are exp(-eps) to the precision of the float.
        let ratio = p[p.len() / 2 + 1] as f64 / p[p.len() / 2] as f64;
        assert!((ratio - (-f64::from(epsilon) / 1000.0).exp()).abs() < 1e-14);
    }
}

/// Chi-square against the table, the tails pooled until a bin expects at least five.
fn chi_square(table: &NoiseTable, draws: u32, seed: u8) -> (f64, usize) {
    let mut rng = ChaCha20Rng::from_seed([seed; 32]);
    let mut seen = vec![0_u32; table.support() as usize + 1];
    for _ in 0..draws {
        seen[table.sample(&mut rng) as usize] += 1;
    }
    let (mut statistic, mut bins) = (0.0, 0);
    let (mut pooled_seen, mut pooled_expected) = (0.0, 0.0);
    for (count, p) in seen.iter().zip(table.probabilities()) {
        pooled_seen += f64::from(*count);
        pooled_expected += f64::from(draws) * (p as f64 / 2_f64.powi(128));
        if pooled_expected >= 5.0 {
            statistic += (pooled_seen - pooled_expected).powi(2) / pooled_expected;
            bins += 1;
            (pooled_seen, pooled_expected) = (0.0, 0.0);
        }
    }
    (statistic, bins - 1)
}

#[test]
fn a_hundred_thousand_samples_follow_the_table() {
    for (epsilon, seed) in [(500, 1), (1000, 2), (2000, 3)] {
        let (statistic, freedom) = chi_square(&table(epsilon, MILLIONTH), 100_000, seed);
        // Mean plus five deviations: a false alarm is below one in 10^5, and the seed is fixed.
        let freedom = freedom as f64;
        assert!(statistic < freedom + 5.0 * (2.0 * freedom).sqrt(), "{epsilon}: {statistic} of {freedom}");
    }
}

#[test]
fn the_chi_square_would_notice_another_table() {
    let (right, wrong) = (table(1000, MILLIONTH), table(1050, MILLIONTH));
    assert_eq!(right.offset(), 14);
    let mut mixed = right.clone();
    mixed.cumulative = wrong.cumulative.clone();
    mixed.offset = wrong.offset;
    // Samples of the wrong table, judged by the right one, bin by bin.
    let mut rng = ChaCha20Rng::from_seed([9; 32]);
    let shift = i64::from(right.offset()) - i64::from(mixed.offset());
    let hits = (0..100_000).filter(|_| i64::from(mixed.sample(&mut rng)) + shift == 14).count() as f64;
    let expected = 100_000.0 * right.probabilities().nth(14).unwrap() as f64 / 2_f64.powi(128);
    assert!((hits - expected).abs() > 5.0 * expected.sqrt());
}

#[test]
fn no_noise_draws_zero() {
    let none = NoiseTable::none();
    assert_eq!(none.sample(&mut ChaCha20Rng::from_seed([1; 32])), 0);
    assert_eq!((none.offset(), none.support(), none.variance_micro()), (0, 0, 0));
    assert_eq!(none.half_width_95(100, 5), 0);
}

#[test]
fn the_interval_is_the_normal_one_rounded_up() {
    let table = table(2000, MILLIONTH);
    for (cells, dealers) in [(1, 2), (9, 2), (36, 3), (1000, 5)] {
        let deviation = (table.variance_micro() as f64 / 1e6 * f64::from(cells * dealers)).sqrt();
        let expected = (1.959_964 * deviation).ceil();
        assert_eq!(table.half_width_95(cells, dealers) as f64, expected, "{cells} {dealers}");
    }
}

#[test]
fn bad_parameters_are_refused() {
    assert_eq!(NoiseTable::new(9, 1), Err(NoiseError::Epsilon { milli: 9 }));
    assert_eq!(NoiseTable::new(10_001, 1), Err(NoiseError::Epsilon { milli: 10_001 }));
    assert_eq!(NoiseTable::new(1000, 0), Err(NoiseError::Delta { parts_per_trillion: 0 }));
    let large = DELTA_PPT_MAX + 1;
    assert_eq!(NoiseTable::new(1000, large), Err(NoiseError::Delta { parts_per_trillion: large }));
}

proptest! {
    #[test]
    fn draws_stay_in_the_support(epsilon in 200_u32..=10_000, delta in 1_u64..=DELTA_PPT_MAX, seed in any::<[u8; 32]>()) {
        let table = table(epsilon, delta);
        let mut rng = ChaCha20Rng::from_seed(seed);
        prop_assert!((0..50).all(|_| table.sample(&mut rng) <= table.support()));
    }
}

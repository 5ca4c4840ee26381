//! The membership attack: an attacker that knows ten students of a cell, and everybody else in it, asks whether the target
//! is the eleventh. With noise off it is always right; with noise on it is right no more often than (epsilon, delta) allow.

use passage_protocol::{
    cells::{CellDomain, Dimension, SchoolYear},
    disclosure::{
        DisclosurePolicy, Mark, MetricRef, NoiseStatement, Outcome, RawTable, Reason, TableColumns, release,
    },
    ids::MemberCode,
    noise::NoiseTable,
};

use crate::random::Dice;

const KNOWN: u64 = 10;
const GROUP: i64 = 400;
const TRIALS: u64 = 20_000;

/// What an attacker reads off a released table about its one cell.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
enum Read {
    BelowFloor,
    Other,
    Value(u64),
}

fn released(count: u64) -> Read {
    let domain = CellDomain::new(vec![SchoolYear(2021)], Dimension::All);
    let metric = MetricRef { id: "college-going-12".to_owned(), version: 1 };
    let count = count as i64;
    let raw = RawTable::new(
        metric,
        domain,
        MemberCode([1; 5]),
        TableColumns::of_one("enrolled", vec![MemberCode([2; 5])]),
        vec![GROUP - count, count],
        vec![Some(GROUP as u64)],
        NoiseStatement::Nil,
    );
    let table = release(raw.unwrap(), &DisclosurePolicy::default());
    match table.mark(SchoolYear(2021), 0, Outcome::Enrolled(Some(0))).unwrap() {
        Mark::Value { value, .. } => Read::Value(value),
        Mark::Suppressed(Reason::BelowFloor) => Read::BelowFloor,
        Mark::Suppressed(_) | Mark::Bound { .. } | Mark::NotApplicable(_) => Read::Other,
    }
}

/// How often the best guess from what is read is right, the target being in or out with equal chance; in thousandths.
fn success<T: Copy + Ord>(observe: impl Fn(u64, u64) -> T) -> f64 {
    use std::collections::BTreeMap;
    // The attacker knows the law: it first learns how often each reading comes with and without the target.
    let mut seen: BTreeMap<T, [u64; 2]> = BTreeMap::new();
    for trial in 0..TRIALS {
        let present = trial % 2;
        seen.entry(observe(KNOWN + present, trial)).or_default()[present as usize] += 1;
    }
    let mut dice = Dice::new(99);
    let right = (TRIALS..2 * TRIALS)
        .filter(|trial| {
            let present = dice.below(2);
            let [out, inside] = seen.get(&observe(KNOWN + present, *trial)).copied().unwrap_or_default();
            u64::from(inside > out) == present
        })
        .count();
    right as f64 / TRIALS as f64
}

/// The noise of one honest dealer; the attacker is thought to know all others'.
fn noisy(table: &NoiseTable, count: u64, trial: u64) -> u64 {
    let mut seed = [0; 32];
    seed[..8].copy_from_slice(&trial.to_le_bytes());
    let mut counts = [count];
    table.perturb(&mut counts, seed);
    counts[0]
}

#[test]
fn without_noise_the_target_is_found_every_time() {
    assert!((success(|count, _| count) - 1.0).abs() < 1e-9);
    // The floor alone is no protection: ten are withheld, eleven are shown.
    assert!((success(|count, _| released(count)) - 1.0).abs() < 1e-9);
}

#[test]
fn with_noise_the_target_is_found_no_more_often_than_epsilon_and_delta_allow() {
    for (epsilon_milli, delta_ppt) in [(500, 1_000_000), (1_000, 1_000_000), (2_000, 1_000_000)] {
        let table = NoiseTable::new(epsilon_milli, delta_ppt).unwrap();
        let (epsilon, delta) = (f64::from(epsilon_milli) / 1e3, delta_ppt as f64 / 1e12);
        // Total variation of two (epsilon, delta)-close laws, and from it the best chance at even odds.
        let bound = 0.5 + 0.5 * (epsilon.exp() - 1.0 + 2.0 * delta) / (epsilon.exp() + 1.0);
        let error = 4.0 * (bound * (1.0 - bound) / TRIALS as f64).sqrt();
        let raw = success(|count, trial| noisy(&table, count, trial));
        let table_read = success(|count, trial| released(noisy(&table, count, trial)));
        println!(
            "epsilon {epsilon}: found {raw:.3} from the count, {table_read:.3} from the table, bound {bound:.3}"
        );
        assert!(raw <= bound + error && table_read <= bound + error, "{raw} {table_read} {bound}");
        // Nor is the attack a weak one: the law meets its bound.
        assert!(raw > bound - 0.05, "{raw} {bound}");
    }
}

#[test]
fn the_law_keeps_epsilon_and_delta_by_plain_summation() {
    // The law written down again from SPEC §10.1, summed over every outcome, both ways; not the shipped table.
    for (epsilon_milli, delta_ppt) in
        [(250, 1_000), (1_000, 1_000_000), (2_000, 1_000_000), (5_000, 1_000_000_000)]
    {
        let table = NoiseTable::new(epsilon_milli, delta_ppt).unwrap();
        let (epsilon, n) = (f64::from(epsilon_milli) / 1e3, i64::from(table.offset()));
        let weight =
            |x: i64| if (0..=2 * n).contains(&x) { (-epsilon * (x - n).abs() as f64).exp() } else { 0.0 };
        let total: f64 = (0..=2 * n).map(weight).sum();
        let excess = |shift: i64| -> f64 {
            let over = |x: i64| weight(x) - epsilon.exp() * weight(x + shift);
            (-1..=2 * n + 1).map(over).filter(|over| *over > 1e-12).sum::<f64>() / total
        };
        let delta = delta_ppt as f64 / 1e12;
        assert!(excess(1) <= delta && excess(-1) <= delta, "{epsilon_milli}: {} {}", excess(1), excess(-1));
        // One step less of support would not do: the offset is no larger than it must be.
        let edge = (-epsilon * (n - 1) as f64).exp();
        let shorter: f64 = (-(n - 1)..=n - 1).map(|x| (-epsilon * x.abs() as f64).exp()).sum();
        assert!(edge / shorter > delta, "{epsilon_milli}: a shorter table would keep delta");
        // And the variance of the shipped table is that of the law.
        let variance: f64 = (0..=2 * n).map(|x| weight(x) * ((x - n) * (x - n)) as f64).sum::<f64>() / total;
        assert!((table.variance_micro() as f64 / 1e6 - variance).abs() < 1e-5);
    }
}

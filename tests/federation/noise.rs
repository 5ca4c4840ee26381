//! Rounds with noise: every dealer adds what SPEC §10.1 states, the known offset comes off again, and what is left has
//! mean zero and the variance of the distribution.
//!
//! The draws come from the operating system, so the bounds leave five standard errors: a false alarm once in millions.

use harness::{
    federation::{Federation, Setup},
    papers::Noise,
};
use passage_protocol::{
    agreement::Segment::{Cc, K12},
    disclosure::Mark,
    noise::NoiseTable,
};

const EPSILON: f64 = 2.0;

/// Variance of one dealer's draw, from the formula.
fn variance_of_one(offset: u32) -> f64 {
    let weights: Vec<(f64, f64)> = (0..=2 * offset)
        .map(|draw| {
            let from_middle = f64::from(draw) - f64::from(offset);
            (from_middle, (-EPSILON * from_middle.abs()).exp())
        })
        .collect();
    let total: f64 = weights.iter().map(|(_, weight)| weight).sum();
    weights.iter().map(|(value, weight)| value * value * weight / total).sum()
}

#[test]
fn noise_has_the_stated_offset_and_variance_for_two_and_three_dealers() {
    for (dealers, rounds) in [(2_usize, 7), (3, 4)] {
        let mut setup = Setup::of(&[(K12, 25), (K12, 25), (Cc, 5)], 500);
        setup.question.noise = Noise::Epsilon("2");
        setup.question.by = vec!["ethnicity"];
        setup.question.committee = dealers;
        let mut federation = Federation::new(setup);
        let expected = federation.oracle();
        let table = NoiseTable::new(2_000, 1_000_000).unwrap();
        let mut left = Vec::new();
        for _ in 0..rounds {
            let round = federation.open();
            federation.run();
            for (raw, expected) in federation.raw(round).iter().zip(&expected) {
                let raw = raw.as_ref().expect("the table has a plan");
                left.extend(raw.iter().zip(&expected.counts).map(|(noisy, exact)| noisy - exact));
            }
        }
        let count = left.len() as f64;
        assert!(count >= 140.0, "{count} draws");
        let reach = i64::from(table.offset()) * i64::try_from(dealers).unwrap();
        assert!(left.iter().all(|one| one.abs() <= reach), "no sum of draws is beyond {reach}");
        let variance = dealers as f64 * variance_of_one(table.offset());
        let mean = left.iter().sum::<i64>() as f64 / count;
        assert!(mean.abs() < 5.0 * (variance / count).sqrt(), "{dealers} dealers: mean {mean}");
        let seen = left.iter().map(|one| (*one as f64 - mean).powi(2)).sum::<f64>() / count;
        // The fourth moment of a sum of two such draws is 5.9 variances squared, of three it is less.
        let error = 5.0 * variance * (4.9 / count).sqrt();
        assert!((seen - variance).abs() < error, "{dealers} dealers: variance {seen}, expected {variance}");
        federation.shared.ledger.borrow().assert_single_use();
    }
}

#[test]
fn a_report_with_noise_says_so_and_gives_intervals() {
    let mut setup = Setup::pair(150, 30, 501);
    setup.question.noise = Noise::Epsilon("2");
    let federation = Federation::played(setup);
    let (round, reports) = federation.released();
    let exact = federation.oracle();
    let raw = federation.raw(round)[0].as_ref().unwrap();
    for report in &reports {
        let marks: Vec<(i64, i64, i64)> = (report.tables.iter().flat_map(|table| &table.cells))
            .filter(|cell| matches!(cell.outcome, passage_protocol::disclosure::Outcome::Enrolled(Some(0))))
            .filter_map(|cell| match cell.mark {
                Mark::Value { value, low, high } => Some((value, low, high)),
                _ => None,
            })
            .map(|(value, low, high)| [value, low, high].map(|figure| i64::try_from(figure).unwrap()))
            .map(|[value, low, high]| (value, low, high))
            .collect();
        assert_eq!(marks.len(), 1, "one cohort, one receiver");
        let (value, low, high) = marks[0];
        assert_eq!(value, raw[1], "the noisy count is shown as it is");
        assert!(low < value && value < high, "an interval of 95 % around it: {low} {value} {high}");
        assert!((value - exact[0].counts[1]).abs() <= 30, "and it is near the exact one");
    }
}

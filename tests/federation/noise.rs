//! Rounds with noise: every dealer adds what SPEC §10.1 states, the known offset comes off again, and what is left follows
//! the distribution.
//!
//! In rounds of node and coordinator the draws come from the operating system, so mean and variance are judged with bounds of
//! five standard errors: a false alarm once in millions. The shape is judged by chi-square over many seeded rounds, which
//! come out alike on every machine.

use std::thread;

use harness::{
    federation::{Federation, Setup},
    papers::{Noise, Papers},
    seeded_round::{Counts, Dealer, Graduate, Seen, play},
};
use passage_protocol::{
    agreement::Segment::{Cc, K12},
    cells::SchoolYear,
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
    for (dealers, rounds) in [(2_usize, 8), (3, 8)] {
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
                let all: Vec<i64> =
                    raw.iter().zip(&expected.counts).map(|(noisy, exact)| noisy - exact).collect();
                // One receiver, so two patterns: nobody is counted as seen nowhere.
                assert!(all.iter().step_by(2).all(|one| *one == 0));
                left.extend(all.into_iter().skip(1).step_by(2));
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

/// Seeded rounds behind the chi-square, four counts each.
const ROUNDS: u64 = 240;
/// Seeded rounds with a dealer that adds nothing, four counts each.
const ROUNDS_WITH_A_SILENT_DEALER: u64 = 120;

/// Four classes with students seen in the window, later and nowhere, so many of each.
fn graduates(counts: [[usize; 3]; 4]) -> Vec<Graduate> {
    let mut graduates = Vec::new();
    for (year, counts) in (2019..).zip(counts) {
        for (seen, count) in [Seen::InTheWindow, Seen::Later, Seen::Nowhere].into_iter().zip(counts) {
            graduates.extend(vec![Graduate { cohort: SchoolYear(year), seen }; count]);
        }
    }
    graduates
}

fn four_cohorts() -> Papers {
    let mut setup = Setup::pair(0, 0, 502);
    setup.question.noise = Noise::Epsilon("2");
    setup.question.cohorts = ["2019-2020", "2020-2021", "2021-2022", "2022-2023"].map(str::to_owned).to_vec();
    Papers::write(&setup.question, setup.seed)
}

/// What `left` says of every seed below `rounds`, on two threads.
fn of_every_seed(rounds: u64, left: impl Fn(&Papers, u64) -> Vec<i64> + Sync) -> Vec<i64> {
    let some = |seeds: std::iter::StepBy<std::ops::Range<u64>>| -> Vec<i64> {
        let papers = four_cohorts();
        seeds.flat_map(|seed| left(&papers, seed)).collect()
    };
    thread::scope(|scope| {
        let other = scope.spawn(|| some((1..rounds).step_by(2)));
        let mut left = some((0..rounds).step_by(2));
        left.extend(other.join().unwrap());
        left
    })
}

/// What is left of every count of a round once the truth is taken off.
fn left_of(counts: &Counts) -> Vec<i64> {
    let all = counts.noisy.iter().zip(&counts.exact).map(|(noisy, exact)| noisy - exact);
    // Nobody is counted as seen nowhere.
    let (nowhere, seen): (Vec<_>, Vec<_>) = all.enumerate().partition(|(at, _)| at % 2 == 0);
    assert!(nowhere.iter().all(|(_, left)| *left == 0));
    seen.into_iter().map(|(_, left)| left).collect()
}

/// What is left of every count of [`ROUNDS`] seeded rounds once the truth is taken off.
fn left_by_seeded_rounds() -> Vec<i64> {
    // Enough on either side of every shown count that no draw brings it below the floor of 5, where it would be withheld.
    let graduates = graduates([[12, 1, 11], [13, 2, 10], [14, 0, 9], [15, 3, 8]]);
    of_every_seed(ROUNDS, |papers, seed| {
        let counts = play(papers, &graduates, [Dealer::Honest; 2], seed);
        assert_eq!(counts.exact, [0, 12, 0, 13, 0, 14, 0, 15]);
        // What a reader sees is the noisy count itself.
        let enrolled: Vec<_> =
            counts.noisy.iter().skip(1).step_by(2).map(|count| u64::try_from(*count).ok()).collect();
        assert_eq!(counts.shown, enrolled, "seed {seed}");
        left_of(&counts)
    })
}

/// One dealer's offset `n` and the weights of `-n..=n`, from the formula of SPEC §10.1 alone; they add up to one.
fn stated(epsilon: f64, delta: f64) -> (i64, Vec<f64>) {
    let ratio = (-epsilon).exp();
    let n = (-(delta * (1.0 + ratio) / (1.0 - ratio + 2.0 * ratio * delta)).ln() / epsilon).ceil() as i32;
    let weights: Vec<f64> = (-n..=n).map(|distance| (-epsilon * f64::from(distance.abs())).exp()).collect();
    let total: f64 = weights.iter().sum();
    (n.into(), weights.iter().map(|weight| weight / total).collect())
}

/// `P(sum of two draws, offsets taken off)`; index 0 stands for `-2n`.
fn stated_sum_of_two(epsilon: f64, delta: f64) -> Vec<f64> {
    let (_, weights) = stated(epsilon, delta);
    let mut sums = vec![0.0; 2 * weights.len() - 1];
    for (one, first) in weights.iter().enumerate() {
        for (other, second) in weights.iter().enumerate() {
            sums[one + other] += first * second;
        }
    }
    sums
}

/// Pearson's statistic and its degrees of freedom. Values are pooled from both ends until a bin expects ten or more.
fn chi_square(left: &[i64], stated: &[f64]) -> (f64, f64) {
    let middle = i64::try_from(stated.len() / 2).unwrap();
    let draws = left.len() as f64;
    let tail = |from: i64| -> f64 { (from..=middle).map(|at| stated[(middle + at) as usize]).sum() };
    let edge = (1..=middle).take_while(|from| draws * tail(*from) >= 10.0).last().unwrap();
    let mut statistic = 0.0;
    for bin in -edge..=edge {
        let probability = if bin.abs() == edge { tail(edge) } else { stated[(middle + bin) as usize] };
        let seen = left.iter().filter(|one| (**one).clamp(-edge, edge) == bin).count() as f64;
        statistic += (seen - draws * probability).powi(2) / (draws * probability);
    }
    (statistic, (2 * edge) as f64)
}

/// Whether `left` is no sample of `stated`, and the figures that say so.
fn refused(left: &[i64], stated: &[f64]) -> (bool, f64, f64) {
    let (statistic, freedom) = chi_square(left, stated);
    // Five deviations above the mean: an honest sample in two thousand, were the seeds not fixed.
    (statistic > freedom + 5.0 * (2.0 * freedom).sqrt(), statistic, freedom)
}

#[test]
fn the_noise_of_many_whole_rounds_follows_the_stated_distribution() {
    let left = left_by_seeded_rounds();
    assert_eq!(left.len() as u64, 4 * ROUNDS);
    let refused = |epsilon| refused(&left, &stated_sum_of_two(epsilon, 1e-6));
    assert!(!refused(EPSILON).0, "{:?}", refused(EPSILON));
    // The same rounds are no sample of a scale one fifth larger or smaller: the test would notice either.
    assert!(refused(EPSILON / 1.2).0, "{:?}", refused(EPSILON / 1.2));
    assert!(refused(EPSILON * 1.2).0, "{:?}", refused(EPSILON * 1.2));
}

#[test]
fn a_dealer_that_adds_nothing_leaves_the_full_sample_of_the_other() {
    let graduates = graduates([[12, 1, 0], [13, 2, 0], [14, 0, 0], [15, 3, 0]]);
    // Either of the two, so that neither place in the committee is the one that protects.
    let dealers = [[Dealer::Silent, Dealer::Honest], [Dealer::Honest, Dealer::Silent]];
    let left = of_every_seed(ROUNDS_WITH_A_SILENT_DEALER, |papers, seed| {
        left_of(&play(papers, &graduates, dealers[usize::from(seed % 4 < 2)], seed))
    });
    assert_eq!(left.len() as u64, 4 * ROUNDS_WITH_A_SILENT_DEALER);
    // The offsets of both were taken off, the silent one's for nothing: every count is too small by exactly that. Nobody
    // notices (the number of tuples is right), but what protects a row is the whole of one stated sample, no less.
    let (offset, one) = stated(EPSILON, 1e-6);
    let sample: Vec<i64> = left.iter().map(|one| one + offset).collect();
    assert!(sample.iter().all(|draw| draw.abs() <= offset), "nothing beyond one dealer's reach of {offset}");
    assert!(!refused(&sample, &one).0, "{:?}", refused(&sample, &one));
    // Not the sample of two, and not no sample at all.
    assert!(refused(&sample, &stated_sum_of_two(EPSILON, 1e-6)).0, "two dealers would have spread further");
    assert!(sample.iter().any(|draw| *draw != 0));
}

//! The missed-match correction on made-up truth: the interval holds the truth as often as it says, the raw figure stays.

use passage_protocol::{
    disclosure::{Mark, Outcome, Reason},
    ids::MemberCode,
    report::{
        Report, csv, html,
        missed::{Estimate, missed},
    },
};

use crate::once::sample;

/// A report with one count about the viewer's own students.
fn with_count(value: u64, width: u64) -> Report {
    let mut report = sample();
    report.viewer = report.tables[0].sender;
    report.tables.truncate(1);
    let table = &mut report.tables[0];
    let counts: Vec<usize> = (0..table.cells.len())
        .filter(|at| {
            let outcome = table.cells[*at].outcome;
            !matches!(outcome, Outcome::Rate(_))
        })
        .collect();
    for at in counts {
        let cell = &mut table.cells[at];
        let (middle, reach) = if cell.outcome == Outcome::Cohort { (4_000, 0) } else { (value, width) };
        cell.mark = Mark::Value { value: middle, low: middle.saturating_sub(reach), high: middle + reach };
    }
    report
}

fn one(value: u64, width: u64, permille: u32) -> Estimate {
    missed(&with_count(value, width), permille).remove(0)
}

#[test]
fn an_estimate_stands_beside_the_raw_figure_and_is_not_below_it() {
    let estimate = one(930, 0, 930);
    assert_eq!((estimate.raw, estimate.estimate), (930, 1_000));
    assert!(estimate.low < 1_000 && 1_000 < estimate.high, "{estimate:?}");
    let sure = one(930, 0, 1_000);
    assert_eq!((sure.raw, sure.estimate, sure.low), (930, 930, 930));
    assert_eq!(one(3_990, 0, 500).estimate, 4_000, "never more than the group");
    assert!(missed(&with_count(930, 0), 0).is_empty(), "no expectation, no estimate");
    let noisy = one(930, 5, 930);
    assert!(noisy.low < estimate.low && estimate.high < noisy.high);
}

#[test]
fn nothing_is_estimated_of_what_is_hidden_or_others() {
    let mut report = sample();
    for cell in report.tables.iter_mut().flat_map(|table| &mut table.cells) {
        cell.mark = Mark::Suppressed(Reason::BelowFloor);
    }
    assert!(missed(&report, 900).is_empty());
    let others = Report { viewer: MemberCode([3; 5]), ..sample() };
    assert!(missed(&others, 900).is_empty());
    // The files of a report hold the raw figures alone.
    assert!(
        !html(&sample()).contains("estimate")
            && !String::from_utf8(csv(&sample())).unwrap().contains("estimate")
    );
}

#[test]
fn the_interval_holds_the_truth_nineteen_times_in_twenty() {
    let mut state = 20_261_127_u64;
    let mut draw = move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as f64 / (1_u64 << 31) as f64
    };
    let (mut held, tries) = (0, 2_000);
    for _ in 0..tries {
        let truth = 300 + (draw() * 2_000.0) as u64;
        let permille = 850 + (draw() * 140.0) as u32;
        let linked = (0..truth).filter(|_| draw() < f64::from(permille) / 1_000.0).count() as u64;
        let estimate = one(linked, 0, permille);
        held += usize::from((estimate.low..=estimate.high).contains(&truth));
    }
    assert!(held * 100 >= tries * 94, "{held} of {tries}");
}

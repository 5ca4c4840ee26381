//! Equity flags: the definitions on made-up figures, against floating point; never from what is hidden; left open where noise
//! leaves it open.

use passage_protocol::{
    cells::{CellDomain, Dimension, SchoolYear},
    disclosure::{
        Category, DisclosurePolicy, Mark, MetricRef, NoiseStatement, Outcome, Reason, ReleasedCell,
        ReleasedTable,
    },
    ids::MemberCode,
    report::{
        Report, csv, derived,
        equity::{Finding, Flag, Measure, findings},
        html, notes, rows,
    },
};
use proptest::prelude::*;

use crate::once::sample;

pub(crate) const YEAR: SchoolYear = SchoolYear(2023);

/// Count and students, with half the width of the count's interval.
pub(crate) type Figure = (u64, u64, u64);

pub(crate) fn cells(category: u8, (count, group, width): Figure) -> [ReleasedCell; 3] {
    let cell =
        |outcome, mark| ReleasedCell { cohort: YEAR, category: Category::One(category), outcome, mark };
    let value =
        |value: u64, width: u64| Mark::Value { value, low: value.saturating_sub(width), high: value + width };
    [
        cell(Outcome::Cohort, value(group, 0)),
        cell(Outcome::Enrolled(None), value(count, width)),
        cell(Outcome::Rate(None), value(count * 100 / group.max(1), 0)),
    ]
}

fn table(dimension: Dimension, figures: &[Figure]) -> ReleasedTable {
    ReleasedTable {
        metric: MetricRef { id: "college-going-12".to_owned(), version: 1 },
        domain: CellDomain::new(vec![YEAR], dimension),
        sender: MemberCode([1; 5]),
        receivers: vec![MemberCode([2; 5]), MemberCode([3; 5])],
        outcomes: vec!["enrolled".to_owned()],
        noise: NoiseStatement::Nil,
        policy: DisclosurePolicy::default(),
        cells: (0_u8..).zip(figures).flat_map(|(category, figure)| cells(category, *figure)).collect(),
    }
}

/// Everybody, then women and men.
fn report(all: Figure, groups: &[Figure]) -> Report {
    Report {
        tables: vec![table(Dimension::All, &[all]), table(Dimension::Gender, groups)],
        peers: Default::default(),
        viewer: MemberCode([1; 5]),
        ..sample()
    }
}

fn found(report: &Report, category: u8, measure: Measure) -> Option<Finding> {
    findings(report, &report.tables[1])
        .into_iter()
        .find(|one| (one.category, one.measure) == (category, measure))
}

fn flag(report: &Report, category: u8, measure: Measure) -> Option<Flag> {
    found(report, category, measure).map(|one| one.flag)
}

#[test]
fn the_worked_example_gives_the_published_figures() {
    // 600 women, 390 observed (65 %); 400 men, 200 observed (50 %); all 590 of 1000 (59 %). Margin of the men 1.96 x 0.025 = 4.9.
    let report = report((590, 1_000, 0), &[(390, 600, 0), (200, 400, 0)]);
    let men = |measure| found(&report, 1, measure).map(|one| (one.value, one.flag)).unwrap();
    assert_eq!(men(Measure::Ppg), (9, Flag::Yes));
    assert_eq!(men(Measure::PpgMinusOne), (15, Flag::Yes));
    assert_eq!(men(Measure::EightyPercent), (77, Flag::Yes));
    assert_eq!(men(Measure::Proportionality), (85, Flag::No));
    let women = |measure| found(&report, 0, measure).map(|one| (one.value, one.flag)).unwrap();
    assert_eq!(women(Measure::Ppg), (0, Flag::No));
    assert_eq!(women(Measure::EightyPercent), (100, Flag::No));
    assert_eq!(women(Measure::Proportionality), (110, Flag::No));
}

#[test]
fn a_threshold_that_is_met_exactly_counts_as_the_definition_says() {
    // 0.4 of 0.5 is four fifths, which is not below; one student fewer is.
    let at = report((450, 1_000, 0), &[(250, 500, 0), (200, 500, 0)]);
    assert_eq!(flag(&at, 1, Measure::EightyPercent), Some(Flag::No));
    let below = report((449, 1_000, 0), &[(250, 500, 0), (199, 500, 0)]);
    assert_eq!(flag(&below, 1, Measure::EightyPercent), Some(Flag::Yes));
    // With 10,000 students the margin is three points: 57 + 3 <= 60 holds.
    let points = report((12_000, 20_000, 0), &[(6_300, 10_000, 0), (5_700, 10_000, 0)]);
    assert_eq!(flag(&points, 1, Measure::Ppg), Some(Flag::Yes));
    let points = report((12_001, 20_000, 0), &[(6_300, 10_000, 0), (5_701, 10_000, 0)]);
    assert_eq!(flag(&points, 1, Measure::Ppg), Some(Flag::No));
}

#[test]
fn noise_that_leaves_it_open_is_said() {
    let exact = report((590, 1_000, 0), &[(390, 600, 0), (200, 400, 0)]);
    assert_eq!(flag(&exact, 1, Measure::EightyPercent), Some(Flag::Yes));
    let wide = report((590, 1_000, 12), &[(390, 600, 12), (200, 400, 12)]);
    assert_eq!(flag(&wide, 1, Measure::EightyPercent), Some(Flag::NotDecided));
    let clear = report((480, 1_000, 5), &[(390, 600, 5), (90, 400, 5)]);
    assert_eq!(flag(&clear, 1, Measure::EightyPercent), Some(Flag::Yes));
}

#[test]
fn nothing_is_made_of_a_figure_that_is_hidden() {
    let whole = report((590, 1_000, 0), &[(390, 600, 0), (200, 400, 0)]);
    let every = findings(&whole, &whole.tables[1]).len();
    assert_eq!(every, 8);
    for hidden in [Outcome::Cohort, Outcome::Enrolled(None), Outcome::Rate(None)] {
        let hide = |table: usize| {
            let mut report = whole.clone();
            for cell in report.tables[table].cells.iter_mut().filter(|cell| cell.outcome == hidden) {
                if cell.category == Category::One(0) {
                    cell.mark = Mark::Suppressed(Reason::WithheldTogether);
                }
            }
            report
        };
        // Of the women nothing; of the men what needs the women neither, and no index against one group alone.
        let of_group = hide(1);
        assert!(findings(&of_group, &of_group.tables[1]).iter().all(|one| one.category == 1));
        assert_eq!(flag(&of_group, 1, Measure::EightyPercent), None);
        let of_all = hide(0);
        let left: Vec<Measure> = findings(&of_all, &of_all.tables[1]).iter().map(|one| one.measure).collect();
        assert_eq!(left, [Measure::EightyPercent; 2]);
    }
    let mut bound = whole.clone();
    bound.tables[1].cells[2].mark = Mark::Bound { low: 90, high: 100, reason: Reason::ComplementBelowFloor };
    assert!(findings(&bound, &bound.tables[1]).iter().all(|one| one.category == 1));
    // And the sample: whatever is made, is made of shown figures of the same row.
    let sample = sample();
    for table in &sample.tables {
        for one in findings(&sample, table) {
            assert!(table.mark(one.cohort, one.category, one.outcome).unwrap().value().is_some());
            assert!(table.mark(one.cohort, one.category, Outcome::Cohort).unwrap().value().is_some());
        }
    }
}

#[test]
fn a14_flags_stand_in_table_page_and_notes_with_their_formula() {
    let report = report((590, 1_000, 0), &[(390, 600, 0), (200, 400, 0)]);
    let table = String::from_utf8(csv(&report)).unwrap();
    for line in [
        "2023-2024,gender,male,enrolled,ppg,9,9,9,value,",
        "2023-2024,gender,male,enrolled,ppg-flag,yes,yes,yes,value,",
        "2023-2024,gender,male,enrolled,index-80,77,77,77,value,",
        "2023-2024,gender,female,enrolled,proportionality-flag,no,no,no,value,",
    ] {
        assert!(table.contains(line), "{line} is not in\n{table}");
    }
    assert_eq!(derived(&report).len(), 16);
    assert!(rows(&report).all(|row| ["count", "percent"].contains(&row[8].as_str())), "cells stay cells");
    for text in [html(&report), notes(&report)] {
        assert!(text.contains("1.96 x sqrt(0.25 / n)") && text.contains("index-80"));
    }
    let page = html(&report);
    let section = page.split("<h3>Equity flags by gender</h3>").nth(1).unwrap();
    assert!(section.contains("<th scope=\"row\">male</th><td class=\"n\">9 <strong>flagged</strong></td>"));
    assert!(!section.split("</table>").next().unwrap().contains("<th scope=\"row\">female</th>"));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    /// Exact figures against the definitions in floating point, away from the thresholds.
    #[test]
    fn flags_are_those_of_the_definitions(women in 30_u64..5_000, men in 30_u64..5_000, a in 0.05_f64..0.95, b in 0.05_f64..0.95) {
        let (w, m) = ((a * women as f64) as u64, (b * men as f64) as u64);
        let report = report((w + m, women + men, 0), &[(w, women, 0), (m, men, 0)]);
        let (rw, rm) = (w as f64 / women as f64, m as f64 / men as f64);
        let all = (w + m) as f64 / (women + men) as f64;
        let moe = (1.96 * (0.25 / men as f64).sqrt()).max(0.03);
        let highest = rw.max(rm);
        let expected = [
            (Measure::Ppg, all - (rm + moe)),
            (Measure::PpgMinusOne, rw - (rm + moe)),
            (Measure::EightyPercent, 0.8 - rm / highest),
            (Measure::Proportionality, 0.8 - rm / all),
        ];
        for (measure, over) in expected {
            if over.abs() > 1e-9 {
                let wanted = if over > 0.0 { Flag::Yes } else { Flag::No };
                prop_assert_eq!(flag(&report, 1, measure), Some(wanted), "{:?}", measure);
            }
        }
    }

    /// With intervals: decided only as every count within them decides.
    #[test]
    fn a_decided_flag_holds_for_every_count_within_the_intervals(
        x in 40_u64..200, y in 40_u64..200, width in 1_u64..9, dx in -8_i64..9, dy in -8_i64..9,
    ) {
        let (women, men) = (230, 260);
        let noisy = report((x + y, women + men, width), &[(x, women, width), (y, men, width)]);
        let clamp = |d: i64| d.clamp(-(width as i64), width as i64);
        let moved = |count: u64, by: i64| count.saturating_add_signed(clamp(by));
        let (wx, my) = (moved(x, dx), moved(y, dy));
        // The total may lie anywhere within its own interval, too.
        let exact = report((moved(x + y, dx + dy), women + men, 0), &[(wx, women, 0), (my, men, 0)]);
        for measure in [Measure::Ppg, Measure::EightyPercent, Measure::Proportionality] {
            let (open, one) = (found(&noisy, 1, measure).unwrap(), found(&exact, 1, measure).unwrap());
            prop_assert!(open.flag == Flag::NotDecided || open.flag == one.flag, "{:?}: {:?} {:?}", measure, open, one);
            prop_assert!(open.low <= one.value && one.value <= open.high, "{:?}: {:?} {:?}", measure, open, one);
        }
    }
}

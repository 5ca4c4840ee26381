//! The gap of a match panel by subgroup (A1): against floating point and against every world within the intervals; never from what is
//! hidden; in the page, the table and the notes; and no equity flag beside it.

use passage_protocol::{
    cells::{CellDomain, Dimension},
    disclosure::{
        Category, DisclosurePolicy, Mark, MetricRef, NoiseStatement, Outcome, Reason, ReleasedCell,
        ReleasedTable,
    },
    ids::MemberCode,
    report::{
        Report, csv, derived,
        equity::findings,
        gap::{Gap, MEASURE, NOT_A_RATE, counts_links, gaps},
        html, notes,
    },
};
use proptest::prelude::*;

use crate::{
    equity::{Figure, YEAR, cells},
    once::sample,
};

fn panel() -> MetricRef {
    MetricRef { id: "found-at-member".to_owned(), version: 1 }
}

fn table(metric: MetricRef, figures: &[Figure]) -> ReleasedTable {
    ReleasedTable {
        metric,
        domain: CellDomain::new(vec![YEAR], Dimension::Ethnicity),
        sender: MemberCode([1; 5]),
        receivers: vec![MemberCode([2; 5]), MemberCode([3; 5])],
        outcomes: vec!["found".to_owned()],
        noise: NoiseStatement::Nil,
        policy: DisclosurePolicy::default(),
        cells: (0_u8..).zip(figures).flat_map(|(category, figure)| cells(category, *figure)).collect(),
    }
}

fn report(metric: MetricRef, figures: &[Figure]) -> Report {
    Report {
        tables: vec![table(metric, figures)],
        peers: Default::default(),
        viewer: MemberCode([1; 5]),
        ..sample()
    }
}

fn only(figures: &[Figure]) -> Option<Gap> {
    let report = report(panel(), figures);
    let found = gaps(&report, &report.tables[0]);
    assert!(found.len() < 2, "{found:?}");
    found.first().copied()
}

#[test]
fn a1_the_gap_is_between_the_groups_shown_and_open_as_far_as_the_noise_leaves_it() {
    let gap = only(&[(60, 100, 0), (30, 100, 0), (150, 200, 0), (45, 60, 0)]).unwrap();
    assert_eq!((gap.least, gap.most, gap.groups), (1, 2, 4), "the first of two groups at 75 %");
    assert_eq!((gap.value, gap.low, gap.high), (45, 45, 45));
    // 25 to 35 of 100 against 145 to 155 of 200.
    let gap = only(&[(30, 100, 5), (150, 200, 5)]).unwrap();
    assert_eq!((gap.value, gap.low, gap.high), (45, 38, 53));
    // Intervals that overlap leave open whether there is a gap at all, and which group is behind.
    let gap = only(&[(50, 100, 8), (54, 100, 8)]).unwrap();
    assert_eq!((gap.value, gap.low, gap.high), (4, 0, 20));
    assert_eq!(only(&[(50, 100, 0)]), None, "one group lies behind nobody");
    assert_eq!(only(&[]), None);
}

#[test]
fn a1_what_is_withheld_takes_no_part() {
    let figures = [(60, 100, 0), (20, 100, 0), (50, 100, 0)];
    for hidden in [Outcome::Cohort, Outcome::Enrolled(None), Outcome::Rate(None)] {
        let mut report = report(panel(), &figures);
        let stands = |cell: &&mut ReleasedCell| cell.category == Category::One(1) && cell.outcome == hidden;
        report.tables[0].cells.iter_mut().find(stands).unwrap().mark =
            Mark::Suppressed(Reason::Complementary);
        let gap = gaps(&report, &report.tables[0])[0];
        assert_eq!((gap.least, gap.most, gap.groups, gap.value), (2, 0, 2, 10), "{hidden:?}");
    }
}

#[test]
fn a1_a_panel_has_its_gap_and_no_flag_and_another_metric_the_reverse() {
    let figures = [(30, 100, 0), (90, 100, 0)];
    let college_going = MetricRef { id: "college-going-12".to_owned(), version: 1 };
    let [panel, other] = [panel(), college_going].map(|metric| report(metric, &figures));
    assert!(counts_links(&panel.tables[0].metric) && !counts_links(&other.tables[0].metric));
    assert!(findings(&panel, &panel.tables[0]).is_empty() && !findings(&other, &other.tables[0]).is_empty());
    assert!(gaps(&other, &other.tables[0]).is_empty());
    let unknown = MetricRef { id: "found-at-member".to_owned(), version: 99 };
    assert!(!counts_links(&unknown));

    let (page, table) = (html(&panel), String::from_utf8(csv(&panel)).unwrap());
    assert!(page.contains(NOT_A_RATE) && page.contains("Between groups by ethnicity"));
    assert!(page.contains("not reported") && page.contains("<td class=\"n\">2</td><td class=\"n\">60</td>"));
    assert!(!page.contains("Where students went") && !page.contains("Equity flags"));
    let lines: Vec<&str> = table.lines().filter(|line| line.contains(MEASURE)).collect();
    assert_eq!(lines.len(), 1);
    let expected = "from not reported to American Indian or Alaska Native,found,match-gap,60,60,60,value,";
    assert!(lines[0].ends_with(expected) && lines[0].contains(",any,"), "{lines:?}");
    assert!(notes(&panel).contains(NOT_A_RATE) && notes(&panel).contains("match-gap: points between"));
    assert!(!notes(&other).contains(NOT_A_RATE) && !html(&other).contains(NOT_A_RATE));
}

#[test]
fn a1_outside_the_words_stay_and_the_gap_does_not() {
    let mut outside = report(panel(), &[(30, 100, 0), (90, 100, 0)]);
    outside.viewer = Report::NOBODY;
    assert!(gaps(&outside, &outside.tables[0]).is_empty() && derived(&outside).is_empty());
    let page = html(&outside);
    assert!(page.contains(NOT_A_RATE) && !page.contains("Between groups"));
    assert!(notes(&outside).contains(NOT_A_RATE));
}

proptest! {
    /// Whatever the counts are within their intervals, the gap among the groups lies within the one stated.
    #[test]
    fn a1_every_world_within_the_intervals_has_its_gap_within_the_range(
        groups in proptest::collection::vec((0_u64..=1_000, 40_u64..400, 0_u64..30), 2..9),
        chosen in proptest::collection::vec(0_u64..=1_000, 9),
    ) {
        let figures: Vec<Figure> =
            groups.iter().map(|(share, group, width)| (share * group / 1_000, *group, *width)).collect();
        let gap = only(&figures).unwrap();
        let rate = |count: u64, group: u64| 100.0 * count.min(group) as f64 / group as f64;
        let spread = |rates: Vec<f64>| {
            rates.iter().copied().fold(f64::MIN, f64::max) - rates.iter().copied().fold(f64::MAX, f64::min)
        };
        let shown = spread(figures.iter().map(|(count, group, _)| rate(*count, *group)).collect());
        prop_assert!((gap.value as f64 - shown).abs() <= 0.5 + 1e-9, "{} is not {}", gap.value, shown);
        let world = figures.iter().zip(&chosen).map(|((count, group, width), at)| {
            let low = count.saturating_sub(*width);
            rate(low + (count + width - low) * at / 1_000, *group)
        });
        let world = spread(world.collect());
        prop_assert!(gap.low as f64 <= world + 0.5 + 1e-9 && world <= gap.high as f64 + 0.5 + 1e-9, "{world} is outside {gap:?}");
        prop_assert!(gap.low <= gap.value && gap.value <= gap.high);
    }
}

//! Metrics one within the other: what the difference of two of their figures would tell.

use super::*;
use crate::{
    cells::{CellDomain, SchoolYear},
    disclosure::{
        DisclosurePolicy, Mark, NoiseStatement, NoiseTerms, Outcome, Reason, TableColumns, release_all,
    },
    metric::Metric,
};

const YEAR: SchoolYear = SchoolYear(2021);

#[test]
fn every_set_is_of_a_metric_that_is_built_in_and_of_outcomes_it_has() {
    for (id, names, set) in SETS {
        let metric = Metric::builtin(id, 1).unwrap().unwrap();
        assert!(names.iter().all(|name| metric.outcome(name).is_some()), "{id}");
        assert!(!set.lies_within(set), "{set:?}");
    }
}

/// Students of one receiver by outcome, out of a cohort of so many.
fn table(id: &str, seen: &[i64], cohort: u64, noise: NoiseStatement) -> RawTable {
    let columns = TableColumns {
        receivers: vec![MemberCode([2; 5])],
        outcomes: match seen.len() {
            1 => vec!["enrolled".to_owned()],
            _ => vec!["first-year".to_owned(), "second-year".to_owned()],
        },
    };
    let rest = i64::try_from(cohort).unwrap() - seen.iter().sum::<i64>();
    let counts = [&[rest], seen].concat();
    let domain = CellDomain::new(vec![YEAR], Dimension::All);
    let metric = MetricRef { id: id.to_owned(), version: 1 };
    RawTable::new(metric, domain, MemberCode([1; 5]), columns, counts, vec![Some(cohort)], noise).unwrap()
}

fn shown(tables: Vec<RawTable>, outcome: Outcome) -> Vec<Option<u64>> {
    let released = release_all(tables, &DisclosurePolicy::default());
    released.iter().map(|table| table.mark(YEAR, 0, outcome).and_then(|mark| mark.value())).collect()
}

const ANY: Outcome = Outcome::Enrolled(None);

fn exact(id: &str, seen: &[i64], cohort: u64) -> RawTable {
    table(id, seen, cohort, NoiseStatement::Nil)
}

#[test]
fn the_few_between_the_twelfth_and_the_sixteenth_month_hide_one_figure() {
    let both =
        |early, late| vec![exact("college-going-12", &[early], 500), exact("college-going-16", &[late], 500)];
    let few = shown(both(200, 203), ANY);
    assert_eq!(few.iter().flatten().count(), 1, "{few:?}");
    assert_eq!(shown(both(200, 240), ANY), [Some(200), Some(240)], "forty are enough");
    assert_eq!(shown(both(200, 200), ANY), [Some(200), Some(200)], "and nobody is nobody");
}

#[test]
fn metrics_that_do_not_lie_within_each_other_or_count_other_groups_are_judged_apart() {
    let apart = vec![exact("first-fall", &[200], 500), exact("enrolled-any-first-year", &[203], 500)];
    assert_eq!(shown(apart, ANY), [Some(200), Some(203)]);
    let groups = vec![exact("college-going-12", &[200], 500), exact("college-going-16", &[203], 520)];
    assert_eq!(shown(groups, ANY), [Some(200), Some(203)]);
}

#[test]
fn one_count_under_two_names_is_withheld_under_both() {
    // Eight came in the second year, and 200 in the first: what 12 months count is what the first year counts.
    let both =
        || vec![exact("enrolled-within-two-years", &[200, 8], 500), exact("college-going-12", &[200], 500)];
    let released = release_all(both(), &DisclosurePolicy::default());
    let of = |at: usize, outcome| released[at].mark(YEAR, 0, outcome).unwrap();
    let second = Outcome::SeenAs { receiver: 0, outcome: 1 };
    assert!(matches!(of(0, second), Mark::Suppressed(Reason::BelowFloor | Reason::WithheldTogether)));
    let first = [of(0, Outcome::SeenAs { receiver: 0, outcome: 0 }).value(), of(1, ANY).value()];
    assert!(
        of(0, ANY).value().is_none() || first == [None, None],
        "{first:?} beside the total gives away the eight"
    );
}

#[test]
fn the_few_who_were_found_and_are_not_counted_hide_the_figure_of_the_match_panel() {
    let both = |inner: &str, seen, found| {
        shown(vec![exact("found-at-member", &[found], 500), exact(inner, &[seen], 500)], ANY)
    };
    for inner in ["college-going-12", "dual-enrolment", "completion-6", "k16-pathway"] {
        assert_eq!(both(inner, 200, 203), [None, Some(200)], "{inner}: the panel gives way");
        assert_eq!(both(inner, 200, 240), [Some(240), Some(200)], "{inner}: forty are enough");
        assert_eq!(both(inner, 200, 200), [Some(200), Some(200)], "{inner}: and nobody is nobody");
    }
    // Two that do not lie within each other both lie within it.
    let three = ["dual-enrolment", "college-going-12", "found-at-member"].into_iter().zip([190, 200, 203]);
    let three = three.map(|(id, seen)| exact(id, &[seen], 500)).collect();
    assert_eq!(shown(three, ANY), [Some(190), Some(200), None]);
}

/// Other metrics of the same cohort as a match panel; each must lie within it.
fn inside(panel: &str) -> usize {
    let panel = Metric::builtin(panel, 1).unwrap().unwrap();
    let cohort =
        |metric: &Metric| metric.program(crate::metric::Side::Sender).map(|one| one.statement.clone());
    let own = cohort(&panel).unwrap();
    let inside = |metric: &&Metric| **metric != panel && cohort(metric).is_some_and(|other| other == own);
    let mut found = 0;
    for metric in Metric::builtins().unwrap().iter().filter(inside) {
        let [inner, outer] =
            [metric, &panel].map(|one| MetricRef { id: one.id.clone(), version: one.version });
        assert!(are_related(&inner, &outer), "{} counts students of the same cohort", metric.id);
        found += 1;
    }
    found
}

#[test]
fn every_linked_metric_of_completers_lies_within_the_match_panel() {
    let found = inside("found-at-member");
    assert!(found > 10, "{found}");
}

/// Students of one receiver by named outcome, out of a cohort of five hundred.
fn by_outcome(id: &str, outcomes: &[(&str, i64)]) -> RawTable {
    let names = outcomes.iter().map(|(name, _)| (*name).to_owned()).collect();
    let columns = TableColumns { receivers: vec![MemberCode([2; 5])], outcomes: names };
    let seen: i64 = outcomes.iter().map(|(_, count)| count).sum();
    let counts = [500 - seen].into_iter().chain(outcomes.iter().map(|(_, count)| *count)).collect();
    let domain = CellDomain::new(vec![YEAR], Dimension::All);
    let metric = MetricRef { id: id.to_owned(), version: 1 };
    RawTable::new(metric, domain, MemberCode([1; 5]), columns, counts, vec![Some(500)], NoiseStatement::Nil)
        .unwrap()
}

/// Awards within four and within six years, by the outcomes of these metrics.
fn awards(id: &str, [bachelor, associate, none]: [i64; 3]) -> RawTable {
    by_outcome(id, &[("bachelor", bachelor), ("associate", associate), ("no-award", none)])
}

#[test]
fn the_few_who_took_six_years_in_place_of_four_are_not_told_by_the_difference() {
    let seen = |outcome| Outcome::SeenAs { receiver: 0, outcome };
    let both = |four, six| vec![awards("completion-4", four), awards("completion-6", six)];
    let known = |tables: Vec<Option<u64>>| tables.iter().flatten().count();
    // Three more degrees, and three without an award less.
    let few = || both([100, 80, 120], [103, 80, 117]);
    assert!(known(shown(few(), seen(0))) < 2, "the three with a degree");
    assert!(known(shown(few(), seen(2))) < 2, "the three without an award");
    let many = || both([100, 80, 120], [140, 80, 80]);
    assert_eq!(shown(many(), seen(0)), [Some(100), Some(140)], "forty are enough");
    assert_eq!(shown(many(), seen(2)), [Some(120), Some(80)]);
    // Six years are not over: nobody is in any outcome, and four years stand.
    assert_eq!(shown(both([100, 80, 120], [0, 0, 0]), seen(0)).first(), Some(&Some(100)));
}

#[test]
fn the_few_who_were_found_after_college_and_not_paid_hide_the_figure_of_the_match_panel() {
    let both = |inner: &str, seen, found| {
        shown(vec![exact("found-after-college", &[found], 500), exact(inner, &[seen], 500)], ANY)
    };
    for inner in ["earnings-bands", "earnings-change", "course-sequence-math-transfer"] {
        assert_eq!(both(inner, 200, 203), [None, Some(200)], "{inner}: the panel gives way");
        assert_eq!(both(inner, 200, 240), [Some(240), Some(200)], "{inner}: forty are enough");
    }
}

#[test]
fn every_linked_metric_of_those_who_left_lies_within_their_match_panel() {
    let found = inside("found-after-college");
    assert_eq!(found, 5, "employment, three of earnings, and the course sequence");
}

#[test]
fn who_could_not_be_followed_yet_tells_nothing() {
    let young = vec![exact("completion-4", &[0], 500), exact("college-going-12", &[200], 500)];
    assert_eq!(shown(young, ANY), [None, Some(200)]);
}

#[test]
fn noise_answers_for_the_few_between_and_may_turn_the_order_round() {
    let noise = NoiseStatement::Laplace(NoiseTerms {
        eps_milli: 1_000,
        delta_ppt: 1_000_000,
        dealers: 2,
        variance_micro: 4_000_000,
    });
    let both = [("college-going-12", 204), ("college-going-16", 201)];
    let both = both.map(|(id, seen)| table(id, &[seen], 500, noise));
    assert_eq!(shown(both.into(), ANY), [Some(204), Some(201)]);
}

#[test]
fn the_bands_of_a_living_wage_are_one_count_with_it() {
    // Five in the highest band; with the one below they are the 65 of the living wage, who are shown.
    let bands = [("band-1", 60), ("band-2", 70), ("band-3", 80), ("band-4", 60), ("band-5", 5)];
    let released = release_all(
        vec![
            by_outcome("earnings-bands", &bands),
            by_outcome("living-wage", &[("attained", 65), ("below", 210)]),
        ],
        &DisclosurePolicy::default(),
    );
    let of = |at: usize, outcome| {
        let mark = released[at].mark(YEAR, 0, Outcome::SeenAs { receiver: 0, outcome });
        mark.and_then(|mark| mark.value())
    };
    assert_eq!(of(0, 4), None, "five are too few");
    assert!(of(0, 3).is_none() || of(1, 0).is_none(), "65 less 60 are the five");
}

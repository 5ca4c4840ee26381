//! Metrics that lie one within the other: what several of them count of the same students (domain 4.3 e).
//!
//! College-going within 12 months lies within college-going within 16. Released side by side, their difference is a count of
//! its own, in no table: those first seen between the 12th and the 16th month. [`link`] puts every such difference into the puzzle.
//! Whoever is counted at a receiver by anything was found there, so the match panel by subgroup lies around all of them.
//!
//! Which students a metric counts is read off its SQL, and stands here rather than in its file, whose bytes are signed for.
//! [`SETS`] names what holds for the rows a receiver's SQL answers. Where two numbers of a receiver were merged into one student, the
//! engine may keep another cohort in one metric than in the other; what such students add or lack is taken as known to the
//! reader, which makes it stronger, never weaker.
//!
//! # What it does not promise
//!
//! * Relations of single outcomes beyond those named: an award within four years is one within six, but a receiver whose files
//!   do not reach six years back counts nobody for it.
//! * With three receivers or more, the students seen at each set of them in one metric and not in the other: the difference is
//!   protected for each receiver, for each two and for any of them, not for each set.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    cells::Dimension,
    disclosure::{
        MetricRef, RawTable,
        families::{Counted, Row},
        measure::{Place, Seen},
        suppression::{FigureId, Puzzle},
    },
    ids::MemberCode,
};

/// Students that several metrics count alike.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum Set {
    /// In dual enrolment during high school.
    DualEnrolled,
    /// First a regular student in the school year after completion.
    FirstYear,
    /// The same, in a fall, winter or spring term.
    FallToSpring,
    /// The same, in the fall.
    FirstFall,
    /// The same, with a graded mathematics course whose level is known.
    MathTaken,
    /// The same, where the receiver's files reach one year further.
    FollowedTwo,
    /// The same, where they reach three years further.
    FollowedFour,
    /// The same, where they reach five years further.
    FollowedSix,
    /// Found in the receiver's records, whatever they say.
    Found,
    /// Paid in the fourth quarter after leaving.
    PaidFourthQuarter,
    /// First a regular student in that year or in the summer or fall that opens the next.
    SixteenMonths,
    /// First a regular student in one of the two years.
    TwoYears,
}

impl Set {
    /// The smallest set it lies within.
    fn within(self) -> Option<Self> {
        match self {
            Self::FallToSpring | Self::FirstFall | Self::MathTaken | Self::FollowedTwo => {
                Some(Self::FirstYear)
            }
            Self::FollowedSix => Some(Self::FollowedFour),
            Self::FollowedFour => Some(Self::FollowedTwo),
            Self::FirstYear => Some(Self::SixteenMonths),
            Self::SixteenMonths => Some(Self::TwoYears),
            Self::DualEnrolled | Self::TwoYears => Some(Self::Found),
            // Counted of those who left a college, not of those who completed high school.
            Self::Found | Self::PaidFourthQuarter => None,
        }
    }

    /// Whether it gives way before what lies within it: how well records match is not what people came for.
    pub(super) fn gives_way(self) -> bool {
        self == Self::Found
    }

    fn lies_within(self, other: Self) -> bool {
        std::iter::successors(self.within(), |set| set.within()).any(|set| set == other)
    }

    /// Whether it is all of what it lies within, or nobody of it, by how far a receiver's files reach.
    fn is_followed(self) -> bool {
        matches!(self, Self::FollowedTwo | Self::FollowedFour | Self::FollowedSix)
    }

    fn is_of_one_kind_with(self, other: Self) -> bool {
        self == other || self.lies_within(other) || other.lies_within(self)
    }
}

/// Outcomes of version 1 of a metric that together are a set; no outcome stands for all of them.
const SETS: [(&str, &[&str], Set); 17] = [
    ("college-going-12", &[], Set::FirstYear),
    ("college-going-16", &[], Set::SixteenMonths),
    ("completion-4", &[], Set::FollowedFour),
    ("completion-6", &[], Set::FollowedSix),
    ("course-sequence-math", &[], Set::MathTaken),
    ("dual-enrolment", &[], Set::DualEnrolled),
    ("earnings-bands", &[], Set::PaidFourthQuarter),
    ("employment", &["both", "q2-only"], Set::PaidFourthQuarter),
    ("enrolled-any-first-year", &[], Set::FallToSpring),
    ("enrolled-within-two-years", &["first-year"], Set::FirstYear),
    ("enrolled-within-two-years", &[], Set::TwoYears),
    ("first-fall", &[], Set::FirstFall),
    ("found-at-member", &[], Set::Found),
    ("k16-pathway", &[], Set::FirstYear),
    ("persistence", &[], Set::FollowedTwo),
    ("remedial-placement", &[], Set::FirstYear),
    ("transfer-level-first-year", &[], Set::FirstYear),
];

/// The sets a metric counts, with the names of their outcomes.
fn sets(metric: &MetricRef) -> impl Iterator<Item = (&'static [&'static str], Set)> {
    let of = |(id, ..): &&(&str, &[&str], Set)| metric.version == 1 && *id == metric.id;
    SETS.iter().filter(of).map(|(_, outcomes, set)| (*outcomes, *set)).collect::<Vec<_>>().into_iter()
}

/// Whether two metrics count students of whom some figure of one tells something about a figure of the other.
pub(super) fn are_related(one: &MetricRef, other: &MetricRef) -> bool {
    sets(one).any(|(_, set)| sets(other).any(|(_, second)| set.is_of_one_kind_with(second)))
}

/// The same by id, whatever the version, as version 1 is related; a metric is related to itself.
pub(super) fn ids_are_related(one: &str, other: &str) -> bool {
    let first = |id: &str| MetricRef { id: id.to_owned(), version: 1 };
    one == other || are_related(&first(one), &first(other))
}

/// Outcomes of a table by number, all of them where none is named.
fn numbers(table: &RawTable, names: &[&str]) -> BTreeSet<u8> {
    let is_of = |name: &str| names.is_empty() || names.contains(&name);
    let every = (0_u8..).zip(&table.outcomes);
    every.filter(|(_, name)| is_of(name.as_str())).map(|(outcome, _)| outcome).collect()
}

/// Figures of only some outcomes that are a set, at each receiver, at any and at each two.
pub(super) fn seen_in_part(table: &RawTable) -> Vec<Seen> {
    let at = |codes: &[MemberCode], outcomes: &BTreeSet<u8>| -> Seen {
        let of = |code: &MemberCode| outcomes.iter().map(|outcome| (*code, *outcome)).collect::<Vec<_>>();
        let mut places: Vec<_> = codes.iter().flat_map(of).collect();
        places.sort_unstable();
        vec![places]
    };
    let mut found = Vec::new();
    for (names, _) in sets(&table.metric).filter(|(names, _)| !names.is_empty()) {
        let outcomes = numbers(table, names);
        found.extend(table.receivers.iter().map(|code| at(&[*code], &outcomes)));
        found.push(at(&table.receivers, &outcomes));
        for (place, first) in table.receivers.iter().enumerate() {
            found.extend(table.receivers.iter().skip(place + 1).map(|second| {
                let mut both = [at(&[*first], &outcomes), at(&[*second], &outcomes)].concat();
                both.sort_unstable();
                both
            }));
        }
    }
    found.retain(|seen| seen.iter().all(|places| !places.is_empty()));
    found
}

/// The set that a figure of a table counts, if it counts one.
pub(super) fn set_of(table: &RawTable, seen: &Seen) -> Option<Set> {
    let counts = |names: &[&str]| {
        let outcomes = numbers(table, names);
        let is_all = |places: &Vec<Place>| {
            let codes: BTreeSet<MemberCode> = places.iter().map(|(code, _)| *code).collect();
            places.len() == codes.len() * outcomes.len()
                && places.iter().all(|(_, outcome)| outcomes.contains(outcome))
        };
        !outcomes.is_empty() && seen.iter().all(is_all)
    };
    sets(&table.metric).find(|(names, _)| counts(names)).map(|(_, set)| set)
}

/// Whether the counts carry noise.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(super) enum Counts {
    /// None.
    Exact,
    /// A full sample of at least one dealer.
    Noisy,
}

/// The receivers of a figure, list by list.
type Where = Vec<BTreeSet<MemberCode>>;

fn receivers(seen: &Seen) -> Where {
    seen.iter().map(|places| places.iter().map(|(code, _)| *code).collect()).collect()
}

/// Puts into the puzzle what holds among figures of sets at the same receivers in the same row: two of one set are one count,
/// and one within another leaves a difference, which is protected like a figure where counts are exact.
pub(super) fn link(
    figures: &BTreeMap<(Row, Counted), FigureId>,
    sets: &BTreeMap<Counted, Set>,
    puzzle: &mut Puzzle,
    counts: Counts,
) {
    let mut alike: BTreeMap<(Row, Where), BTreeMap<Set, Vec<FigureId>>> = BTreeMap::new();
    for ((row, counted), id) in figures {
        if let Some(set) = sets.get(counted) {
            let of_row = alike.entry((*row, receivers(&counted.1))).or_default();
            of_row.entry(*set).or_default().push(*id);
        }
    }
    let mut totals: BTreeMap<(Where, Set), i64> = BTreeMap::new();
    for ((_, at), sets) in alike.iter().filter(|((row, _), _)| *row == TOTAL) {
        for (set, ids) in sets {
            let figure = ids.first().and_then(|id| puzzle.figures.get(*id));
            totals.extend(figure.map(|figure| ((at.clone(), *set), figure.value)));
        }
    }
    for ((_, at), sets) in &alike {
        let total = |set: Set| totals.get(&(at.clone(), set)).copied();
        for (set, ids) in sets {
            let Some((first, others)) = ids.split_first() else { continue };
            others.iter().for_each(|other| puzzle.makes_up(vec![*first], *other));
            for (outer, of_outer) in sets.iter().filter(|(outer, _)| set.lies_within(**outer)) {
                let Some(outer_first) = of_outer.first() else { continue };
                let is_followed = set.is_followed() && (*outer == Set::FirstYear || outer.is_followed());
                match total(*set) {
                    // Not yet: nobody was followed so far.
                    Some(0) if is_followed => {}
                    Some(seen) if is_followed && counts == Counts::Exact && total(*outer) == Some(seen) => {
                        puzzle.makes_up(vec![*first], *outer_first);
                    }
                    _ => between(puzzle, *first, *outer_first, counts),
                }
            }
        }
    }
}

/// The row of all students.
const TOTAL: Row = (Dimension::All, Some(0));

/// Adds the difference of two figures. With noise it may be less than nobody, and says nothing of a few students.
fn between(puzzle: &mut Puzzle, inner: FigureId, outer: FigureId, counts: Counts) {
    let (Some(small), Some(large)) = (puzzle.figures.get(inner), puzzle.figures.get(outer)) else { return };
    let (left, group) = (large.value - small.value, large.group.unwrap_or(large.value));
    let left = match counts {
        Counts::Exact => puzzle.hidden(left, group),
        Counts::Noisy => puzzle.loose(left, group),
    };
    puzzle.makes_up(vec![inner, left], outer);
}

#[cfg(test)]
mod tests {
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
        let both = |early, late| {
            vec![exact("college-going-12", &[early], 500), exact("college-going-16", &[late], 500)]
        };
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
        let both = || {
            vec![exact("enrolled-within-two-years", &[200, 8], 500), exact("college-going-12", &[200], 500)]
        };
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
        let three =
            ["dual-enrolment", "college-going-12", "found-at-member"].into_iter().zip([190, 200, 203]);
        let three = three.map(|(id, seen)| exact(id, &[seen], 500)).collect();
        assert_eq!(shown(three, ANY), [Some(190), Some(200), None]);
    }

    #[test]
    fn every_linked_metric_of_completers_lies_within_the_match_panel() {
        let panel = Metric::builtin("found-at-member", 1).unwrap().unwrap();
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
        assert!(found > 10, "{found}");
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
}

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
    /// A bachelor's degree within four years, where the files reach so far.
    BachelorInFour,
    /// The same within six.
    BachelorInSix,
    /// No award within four years, where the files reach so far.
    NoAwardInFour,
    /// The same within six.
    NoAwardInSix,
    /// Found in the receiver's records, whatever they say.
    Found,
    /// The same, of those who left a college.
    FoundAfter,
    /// First a regular student of a university in the year after leaving, with a graded mathematics course whose level is known.
    MathTakenAfter,
    /// Paid a living wage or more in the fourth quarter after leaving.
    LivingWage,
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
            Self::BachelorInFour => Some(Self::BachelorInSix),
            Self::LivingWage => Some(Self::PaidFourthQuarter),
            Self::NoAwardInSix => Some(Self::NoAwardInFour),
            // Counted of those who left a college, not of those who completed high school.
            Self::MathTakenAfter | Self::PaidFourthQuarter => Some(Self::FoundAfter),
            Self::BachelorInSix | Self::NoAwardInFour | Self::Found | Self::FoundAfter => None,
        }
    }

    /// Whether it gives way before what lies within it: how well records match is not what people came for.
    pub(super) fn gives_way(self) -> bool {
        matches!(self, Self::Found | Self::FoundAfter)
    }

    fn lies_within(self, other: Self) -> bool {
        std::iter::successors(self.within(), |set| set.within()).any(|set| set == other)
    }

    /// Whether it is all of what it lies within, or nobody of it, by how far a receiver's files reach.
    fn is_followed(self) -> bool {
        matches!(self, Self::FollowedTwo | Self::FollowedFour | Self::FollowedSix)
    }

    /// Whether it is of two spans of years, of which the longer is nobody's where files do not reach so far.
    fn is_of_a_span(self) -> bool {
        matches!(self, Self::BachelorInFour | Self::NoAwardInSix)
    }

    fn is_of_one_kind_with(self, other: Self) -> bool {
        self == other || self.lies_within(other) || other.lies_within(self)
    }
}

/// Outcomes of version 1 of a metric that together are a set; no outcome stands for all of them.
const SETS: [(&str, &[&str], Set); 27] = [
    ("college-going-12", &[], Set::FirstYear),
    ("college-going-16", &[], Set::SixteenMonths),
    ("completion-4", &["bachelor"], Set::BachelorInFour),
    ("completion-4", &["no-award"], Set::NoAwardInFour),
    ("completion-4", &[], Set::FollowedFour),
    ("completion-6", &["bachelor"], Set::BachelorInSix),
    ("completion-6", &["no-award"], Set::NoAwardInSix),
    ("completion-6", &[], Set::FollowedSix),
    ("course-sequence-math", &[], Set::MathTaken),
    ("course-sequence-math-transfer", &[], Set::MathTakenAfter),
    ("dual-enrolment", &[], Set::DualEnrolled),
    ("earnings-bands", &["band-4", "band-5"], Set::LivingWage),
    ("earnings-bands", &[], Set::PaidFourthQuarter),
    ("earnings-change", &[], Set::PaidFourthQuarter),
    ("employment", &["both", "q2-only"], Set::PaidFourthQuarter),
    ("enrolled-any-first-year", &[], Set::FallToSpring),
    ("enrolled-within-two-years", &["first-year"], Set::FirstYear),
    ("enrolled-within-two-years", &[], Set::TwoYears),
    ("first-fall", &[], Set::FirstFall),
    ("found-after-college", &[], Set::FoundAfter),
    ("found-at-member", &[], Set::Found),
    ("k16-pathway", &[], Set::FirstYear),
    ("living-wage", &["attained"], Set::LivingWage),
    ("living-wage", &[], Set::PaidFourthQuarter),
    ("persistence", &[], Set::FollowedTwo),
    ("remedial-placement", &[], Set::FirstYear),
    ("transfer-level-first-year", &[], Set::FirstYear),
];

/// Later versions that count what version 1 does: other words.
const SAME_SETS: [(&str, u16); 1] = [("course-sequence-math", 2)];

/// The sets a metric counts, with the names of their outcomes.
fn sets(metric: &MetricRef) -> impl Iterator<Item = (&'static [&'static str], Set)> {
    let counts_as_first = metric.version == 1 || SAME_SETS.contains(&(metric.id.as_str(), metric.version));
    let of = |(id, ..): &&(&str, &[&str], Set)| counts_as_first && *id == metric.id;
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
pub(super) type Where = Vec<BTreeSet<MemberCode>>;

/// Where the students of a figure were looked for.
pub(super) fn receivers(seen: &Seen) -> Where {
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
                    Some(0) if is_followed || set.is_of_a_span() => {}
                    _ if set.is_of_a_span() && total(*outer) == Some(0) => {}
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
mod tests;

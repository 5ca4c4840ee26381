//! Sibling tables as one puzzle per cohort: the same students in several tables must be judged together.
//!
//! Tables are siblings if they share the sender and the metric, or count the same groups of the sender in metrics that lie one
//! within the other (`nested`). A figure that two tables of a metric state (the same receiver in the same row) is one figure, so
//! that it cannot be withheld in one table and shown in the other.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    cells::{Dimension, SchoolYear},
    disclosure::{
        Measure, MetricRef, NoiseStatement, RawTable, Reason,
        measure::{Place, Seen},
        nested::{self, Counts},
        suppression::{FigureId, Puzzle},
    },
    ids::MemberCode,
};

mod within;

/// A row of a cohort: the dimension and the category's index; `None` for the students the sender withheld, together.
pub(super) type Row = (Dimension, Option<usize>);

/// Receivers and outcomes, in ascending order.
type Places = Vec<Place>;

/// What is counted in a row: the metric, and where its students were seen.
pub(super) type Counted = (MetricRef, Seen);

/// The decisions for one cohort of one family of tables.
pub(super) struct Verdict {
    denominators: BTreeMap<Row, Result<u64, Reason>>,
    counts: BTreeMap<(Row, Counted), Option<Reason>>,
}

impl Verdict {
    /// The denominator of a row, or why it is withheld.
    pub(super) fn denominator(&self, dimension: Dimension, category: usize) -> Result<u64, Reason> {
        self.denominators.get(&(dimension, Some(category))).copied().unwrap_or(Err(Reason::WithheldAtSource))
    }

    /// Why a count is withheld; `None` if it is shown.
    pub(super) fn count(&self, dimension: Dimension, category: usize, counted: &Counted) -> Option<Reason> {
        let held = self.counts.get(&((dimension, Some(category)), counted.clone()));
        held.copied().unwrap_or(Some(Reason::WithheldAtSource))
    }

    /// Judges one cohort over all tables of a family.
    pub(super) fn of(family: &[&RawTable], cohort: SchoolYear, floor: u32) -> Self {
        let groups = groups(family, cohort, floor);
        let mut verdict = Self { denominators: judge_denominators(&groups, floor), counts: BTreeMap::new() };
        verdict.judge_counts(family, cohort, floor, &groups);
        verdict
    }

    fn judge_counts(&mut self, family: &[&RawTable], cohort: SchoolYear, floor: u32, groups: &Groups) {
        let mut board = Board {
            puzzle: Puzzle::new(floor),
            figures: BTreeMap::new(),
            sets: BTreeMap::new(),
            patterns: BTreeMap::new(),
            exact: family.iter().all(|table| table.noise == NoiseStatement::Nil),
        };
        for table in family {
            for (code, _, category) in table.domain.cells().filter(|(_, year, _)| *year == cohort) {
                let row = (table.domain.dimension, Some(category));
                if let Some(group) = groups.get(&row) {
                    board.row(table, code, row, *group);
                }
            }
        }
        // The totals are what people came for: a breakdown gives way before they do, and so do those of a match panel beside others.
        let totals = board.of_row((Dimension::All, Some(0)));
        let (panel, others): (Vec<_>, Vec<_>) = (totals.iter())
            .partition(|(counted, _)| board.sets.get(counted).is_some_and(|set| set.gives_way()));
        let headlines = if others.is_empty() { panel } else { others };
        headlines.into_iter().for_each(|(_, total)| board.puzzle.headline(*total));
        for dimension in Dimension::breakdowns() {
            if family.iter().any(|table| table.domain.dimension == dimension) {
                board.breakdown(dimension, rest(groups, dimension), &totals);
            }
        }
        board.within(groups);
        let counts = if board.exact { Counts::Exact } else { Counts::Noisy };
        nested::link(&board.figures, &board.sets, &mut board.puzzle, counts);
        board.own_figures();
        board.puzzle.solve();
        let reasons = board.figures.into_iter().map(|(key, figure)| (key, board.puzzle.reason(figure)));
        self.counts = reasons.collect();
    }
}

/// The figures of one cohort with what holds among them.
struct Board {
    puzzle: Puzzle,
    figures: BTreeMap<(Row, Counted), FigureId>,
    /// What figures count that figures of other metrics may count as well.
    sets: BTreeMap<Counted, nested::Set>,
    /// Students seen at exactly these places out of those of a table: in no table, but between its figures.
    patterns: BTreeMap<(Row, MetricRef, Places, Places), FigureId>,
    /// Whether the counts carry no noise.
    exact: bool,
}

impl Board {
    /// The figures of one row of a table. With several receivers they overlap: what is seen at exactly which of them can
    /// be worked out from the figures, in part or in full, and is protected with them (domain 4.3 e).
    fn row(&mut self, table: &RawTable, code: u32, row: Row, group: i64) {
        let (every, metric) = (every_place(table), &table.metric);
        for measure in Measure::all(table) {
            let (value, seen) = (table.enrolled(code, &measure), measure.seen(table));
            self.note(table, &seen);
            self.figures
                .entry((row, (metric.clone(), seen)))
                .or_insert_with(|| self.puzzle.count(value, group));
        }
        let is_known = |(of, other, table, _): &(Row, MetricRef, Places, Places)| {
            *of == row && other == metric && *table == every
        };
        if every.len() < 2 || self.patterns.keys().any(is_known) {
            return;
        }
        // What another metric lies within, or is, where no figure of this one says so by itself.
        for seen in nested::seen_in_part(table) {
            let value =
                (1..table.patterns().count()).filter(|pattern| covers(&seen, &seen_at(table, *pattern)));
            let value = value.map(|pattern| table.pattern(code, pattern)).sum();
            self.note(table, &seen);
            self.figures
                .entry((row, (metric.clone(), seen)))
                .or_insert_with(|| self.puzzle.loose(value, group));
        }
        for pattern in 1..table.patterns().count() {
            let value = table.pattern(code, pattern);
            let id = self.pattern(value, group);
            self.patterns.insert((row, metric.clone(), every.clone(), seen_at(table, pattern)), id);
        }
        self.overlap(row, metric, &every);
    }

    fn note(&mut self, table: &RawTable, seen: &Seen) {
        if let Some(set) = nested::set_of(table, seen) {
            self.sets.insert((table.metric.clone(), seen.clone()), set);
        }
    }

    /// With noise the difference of two figures carries more of it than either: what singles out a few students without
    /// noise says nothing about them with it (SPEC §10.2).
    fn pattern(&mut self, value: i64, group: i64) -> FigureId {
        if self.exact { self.puzzle.hidden(value, group) } else { self.puzzle.loose(value, group) }
    }

    /// Each figure of a row as the sum of the patterns it covers.
    fn overlap(&mut self, row: Row, metric: &MetricRef, every: &Places) {
        let within = |seen: &Seen| seen.iter().flatten().all(|place| every.contains(place));
        let figures = self
            .figures
            .iter()
            .filter(|((of, (other, seen)), _)| *of == row && other == metric && within(seen));
        for ((_, (_, seen)), total) in figures {
            let covered = self.patterns.iter().filter(|((of, other, table, exactly), _)| {
                *of == row && other == metric && table == every && covers(seen, exactly)
            });
            self.puzzle.makes_up(covered.map(|(_, id)| *id).collect(), *total);
        }
    }

    fn of_row(&self, row: Row) -> Vec<(Counted, FigureId)> {
        let in_row = self.figures.iter().filter(|((of, _), _)| *of == row);
        in_row.map(|((_, counted), figure)| (counted.clone(), *figure)).collect()
    }

    /// The categories of a breakdown, and the students withheld at the source as one more, make up the totals.
    fn breakdown(&mut self, dimension: Dimension, unknown: Option<i64>, totals: &[(Counted, FigureId)]) {
        let value = |puzzle: &Puzzle, ids: &[FigureId]| -> i64 {
            ids.iter().filter_map(|id| puzzle.figures.get(*id)).map(|figure| figure.value).sum()
        };
        // A metric may be broken down by less than another.
        let metrics: BTreeSet<MetricRef> = self
            .figures
            .keys()
            .filter(|(row, _)| row.0 == dimension)
            .map(|(_, (metric, _))| metric.clone())
            .collect();
        for (counted, total) in totals.iter().filter(|((metric, _), _)| metrics.contains(metric)) {
            let in_breakdown =
                self.figures.iter().filter(|((row, what), _)| row.0 == dimension && what == counted);
            let mut parts: Vec<_> = in_breakdown.map(|(_, figure)| *figure).collect();
            let stands = self.puzzle.stands_in_a_table(*total);
            if let Some(group) = unknown {
                let left = value(&self.puzzle, &[*total]) - value(&self.puzzle, &parts);
                let lump =
                    if stands { self.puzzle.count(left, group) } else { self.puzzle.loose(left, group) };
                self.figures.insert(((dimension, None), counted.clone()), lump);
                parts.push(lump);
            }
            if stands {
                self.puzzle.sum(parts, *total);
            } else {
                self.puzzle.makes_up(parts, *total);
            }
        }
        let of_all = |((row, metric, every, seen), id): (&(Row, MetricRef, Places, Places), &FigureId)| {
            let is_total = row.0 == Dimension::All && metrics.contains(metric);
            is_total.then(|| (metric.clone(), every.clone(), seen.clone(), *id))
        };
        let patterns: Vec<_> = self.patterns.iter().filter_map(of_all).collect();
        for (metric, every, seen, total) in &patterns {
            let alike = self.patterns.iter().filter(|((row, other, table, who), _)| {
                row.0 == dimension && other == metric && table == every && who == seen
            });
            let mut parts: Vec<_> = alike.map(|(_, id)| *id).collect();
            if let Some(group) = unknown {
                let left = value(&self.puzzle, &[*total]) - value(&self.puzzle, &parts);
                let lump = self.pattern(left, group);
                self.patterns.insert(((dimension, None), metric.clone(), every.clone(), seen.clone()), lump);
                parts.push(lump);
            }
            self.puzzle.makes_up(parts, *total);
        }
        if unknown.is_some() {
            let tables: BTreeSet<_> =
                patterns.into_iter().map(|(metric, every, ..)| (metric, every)).collect();
            tables.iter().for_each(|(metric, every)| self.overlap((dimension, None), metric, every));
        }
    }

    /// A receiver counts its own students: beside another's figures, its own are no secret to it (domain 4.3 f).
    fn own_figures(&mut self) {
        let places =
            |seen: &Seen| -> Vec<MemberCode> { seen.iter().flatten().map(|(code, _)| *code).collect() };
        let codes: BTreeSet<MemberCode> =
            self.figures.keys().flat_map(|(_, (_, seen))| places(seen)).collect();
        // What a receiver knows exactly does not take the noise off the figures.
        if codes.len() < 2 || !self.exact {
            return;
        }
        for code in codes {
            let is_own = |seen: &Seen| places(seen).iter().all(|at| *at == code);
            let own = self.figures.iter().filter(|((_, (_, seen)), _)| is_own(seen)).map(|(_, id)| *id);
            let own = own.collect();
            self.puzzle.owned(own);
        }
    }
}

/// The tables by number that are judged together.
pub(super) fn gather(tables: &[RawTable]) -> Vec<Vec<usize>> {
    let mut families: Vec<Vec<(usize, &RawTable)>> = Vec::new();
    for (at, table) in tables.iter().enumerate() {
        let is_own = |family: &&mut Vec<(usize, &RawTable)>| {
            family.iter().any(|(_, one)| one.sender == table.sender && one.metric == table.metric)
        };
        match families.iter_mut().find(is_own) {
            Some(family) => family.push((at, table)),
            None => families.push(vec![(at, table)]),
        }
    }
    let mut joined: Vec<Vec<(usize, &RawTable)>> = Vec::new();
    for family in families {
        // Those that lie within this one or around it, if they count the same groups.
        let (beside, mut apart): (Vec<_>, Vec<_>) =
            joined.into_iter().partition(|other| are_beside(&family, other));
        let mut together = family;
        for other in beside {
            // One of them may have joined already that counts other groups.
            if count_alike(&together, &other) { together.extend(other) } else { apart.push(other) }
        }
        apart.push(together);
        joined = apart;
    }
    joined.into_iter().map(|family| family.into_iter().map(|(at, _)| at).collect()).collect()
}

type Family<'a> = [(usize, &'a RawTable)];

fn are_beside(one: &Family<'_>, other: &Family<'_>) -> bool {
    let related = |(_, table): &(usize, &RawTable)| {
        other.iter().any(|(_, second)| {
            table.sender == second.sender && nested::are_related(&table.metric, &second.metric)
        })
    };
    one.iter().any(related) && count_alike(one, other)
}

/// Whether two families count the same groups wherever both count.
fn count_alike(one: &Family<'_>, other: &Family<'_>) -> bool {
    let mut pairs = one
        .iter()
        .flat_map(|(_, table)| other.iter().map(move |(_, second)| (*table, *second)))
        .filter(|(table, second)| table.domain.dimension == second.domain.dimension)
        .peekable();
    pairs.peek().is_some()
        && pairs.all(|(table, second)| {
            table.domain.cells().all(|(code, cohort, category)| {
                let alike = |there| second.denominator(there) == table.denominator(code);
                second.domain.code(cohort, category).is_none_or(alike)
            })
        })
}

/// Students per row, where the sender gave them and they reach the floor; the withheld ones of a breakdown under `None`.
type Groups = BTreeMap<Row, i64>;

fn groups(family: &[&RawTable], cohort: SchoolYear, floor: u32) -> Groups {
    let mut groups = Groups::new();
    for table in family {
        for (code, _, category) in table.domain.cells().filter(|(_, year, _)| *year == cohort) {
            let count = table.denominator(code).filter(|count| *count >= u64::from(floor));
            if let Some(count) = count.and_then(|count| i64::try_from(count).ok()) {
                groups.insert((table.domain.dimension, Some(category)), count);
            }
        }
    }
    let Some(all) = groups.get(&(Dimension::All, Some(0))).copied() else { return groups };
    for dimension in Dimension::breakdowns() {
        let known: i64 = groups.iter().filter(|(row, _)| row.0 == dimension).map(|(_, count)| *count).sum();
        if family.iter().any(|table| table.domain.dimension == dimension) && all > known {
            groups.insert((dimension, None), all - known);
        }
    }
    groups
}

/// Students of a breakdown that the sender withheld, if any.
fn rest(groups: &Groups, dimension: Dimension) -> Option<i64> {
    groups.get(&(dimension, None)).copied()
}

/// Denominators are the sender's own numbers, but a total shown beside them must not give a withheld one away.
fn judge_denominators(groups: &Groups, floor: u32) -> BTreeMap<Row, Result<u64, Reason>> {
    let mut puzzle = Puzzle::new(floor);
    let figures: BTreeMap<_, _> = groups.iter().map(|(row, count)| (*row, puzzle.whole(*count))).collect();
    if let Some(total) = figures.get(&(Dimension::All, Some(0))) {
        for dimension in Dimension::breakdowns() {
            let parts: Vec<_> =
                figures.iter().filter(|(row, _)| row.0 == dimension).map(|(_, figure)| *figure).collect();
            if !parts.is_empty() {
                puzzle.sum(parts, *total);
            }
        }
    }
    puzzle.solve();
    let verdict = |row: &Row, count: &i64| {
        let reason = figures.get(row).and_then(|figure| puzzle.reason(*figure));
        reason.map_or(Ok(u64::try_from(*count).unwrap_or(0)), Err)
    };
    groups.iter().map(|(row, count)| (*row, verdict(row, count))).collect()
}

fn every_place(table: &RawTable) -> Places {
    let of = |code: &MemberCode| (0_u8..).zip(&table.outcomes).map(|(outcome, _)| (*code, outcome)).collect();
    let mut places: Places = table.receivers.iter().flat_map(|code| -> Places { of(code) }).collect();
    places.sort_unstable();
    places
}

/// Whether a student seen at exactly these places is one of those seen as a figure says.
fn covers(seen: &Seen, exactly: &Places) -> bool {
    seen.iter().all(|places| exactly.iter().any(|place| places.contains(place)))
}

fn seen_at(table: &RawTable, pattern: usize) -> Places {
    let seen = table.places(pattern).filter_map(|(receiver, outcome)| {
        Some((*table.receivers.get(receiver)?, u8::try_from(outcome).ok()?))
    });
    let mut seen: Places = seen.collect();
    seen.sort_unstable();
    seen
}

//! Sibling tables as one puzzle per cohort: the same students in several tables must be judged together.
//!
//! Tables are siblings if they share the sender and the metric. A figure that two of them state (the same receiver in
//! the same row) is one figure, so that it cannot be withheld in one table and shown in the other.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    cells::{Dimension, SchoolYear},
    disclosure::{
        Measure, NoiseStatement, RawTable, Reason,
        measure::Place,
        suppression::{FigureId, Puzzle},
    },
    ids::MemberCode,
};

/// A row of a cohort: the dimension and the category's index; `None` for the students the sender withheld, together.
type Row = (Dimension, Option<usize>);

/// What is counted in a row: students seen at one or more of these receivers as one or more of these outcomes, in ascending order.
pub(super) type Places = Vec<Place>;

/// The decisions for one cohort of one family of tables.
pub(super) struct Verdict {
    denominators: BTreeMap<Row, Result<u64, Reason>>,
    counts: BTreeMap<(Row, Places), Option<Reason>>,
}

impl Verdict {
    /// The denominator of a row, or why it is withheld.
    pub(super) fn denominator(&self, dimension: Dimension, category: usize) -> Result<u64, Reason> {
        self.denominators.get(&(dimension, Some(category))).copied().unwrap_or(Err(Reason::WithheldAtSource))
    }

    /// Why a count is withheld; `None` if it is shown.
    pub(super) fn count(&self, dimension: Dimension, category: usize, places: &Places) -> Option<Reason> {
        let held = self.counts.get(&((dimension, Some(category)), places.clone()));
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
        // The totals are what people came for: a breakdown gives way before they do.
        let totals = board.of_row((Dimension::All, Some(0)));
        totals.iter().for_each(|(_, total)| board.puzzle.headline(*total));
        for dimension in [Dimension::Ethnicity, Dimension::Gender] {
            if family.iter().any(|table| table.domain.dimension == dimension) {
                board.breakdown(dimension, rest(groups, dimension), &totals);
            }
        }
        board.own_figures();
        board.puzzle.solve();
        let reasons = board.figures.into_iter().map(|(key, figure)| (key, board.puzzle.reason(figure)));
        self.counts = reasons.collect();
    }
}

/// The figures of one cohort with what holds among them.
struct Board {
    puzzle: Puzzle,
    figures: BTreeMap<(Row, Places), FigureId>,
    /// Students seen at exactly these receivers out of those of a table: in no table, but between its figures.
    patterns: BTreeMap<(Row, Places, Places), FigureId>,
    /// Whether the counts carry no noise.
    exact: bool,
}

impl Board {
    /// The figures of one row of a table. With several receivers they overlap: what is seen at exactly which of them can
    /// be worked out from the figures, in part or in full, and is protected with them (domain 4.3 e).
    fn row(&mut self, table: &RawTable, code: u32, row: Row, group: i64) {
        for measure in Measure::all(table) {
            let value = table.enrolled(code, &measure);
            self.figures
                .entry((row, measure.places(table)))
                .or_insert_with(|| self.puzzle.count(value, group));
        }
        let every = every_place(table);
        if every.len() < 2 || self.patterns.keys().any(|(of, table, _)| *of == row && *table == every) {
            return;
        }
        for pattern in 1..table.patterns().count() {
            let value = table.pattern(code, pattern);
            let id = self.pattern(value, group);
            self.patterns.insert((row, every.clone(), seen_at(table, pattern)), id);
        }
        self.overlap(row, &every);
    }

    /// With noise the difference of two figures carries more of it than either: what singles out a few students without
    /// noise says nothing about them with it (SPEC §10.2).
    fn pattern(&mut self, value: i64, group: i64) -> FigureId {
        if self.exact { self.puzzle.hidden(value, group) } else { self.puzzle.loose(value, group) }
    }

    /// Each figure of a row as the sum of the patterns it covers.
    fn overlap(&mut self, row: Row, every: &Places) {
        let within = |places: &Places| places.iter().all(|place| every.contains(place));
        let figures = self.figures.iter().filter(|((of, places), _)| *of == row && within(places));
        for ((_, places), total) in figures {
            let covered = self.patterns.iter().filter(|((of, table, seen), _)| {
                *of == row && table == every && seen.iter().any(|place| places.contains(place))
            });
            self.puzzle.makes_up(covered.map(|(_, id)| *id).collect(), *total);
        }
    }

    fn of_row(&self, row: Row) -> Vec<(Places, FigureId)> {
        let in_row = self.figures.iter().filter(|((of, _), _)| *of == row);
        in_row.map(|((_, receivers), figure)| (receivers.clone(), *figure)).collect()
    }

    /// The categories of a breakdown, and the students withheld at the source as one more, make up the totals.
    fn breakdown(&mut self, dimension: Dimension, unknown: Option<i64>, totals: &[(Places, FigureId)]) {
        let value = |puzzle: &Puzzle, ids: &[FigureId]| -> i64 {
            ids.iter().filter_map(|id| puzzle.figures.get(*id)).map(|figure| figure.value).sum()
        };
        for (receivers, total) in totals {
            let in_breakdown =
                self.figures.iter().filter(|((row, who), _)| row.0 == dimension && who == receivers);
            let mut parts: Vec<_> = in_breakdown.map(|(_, figure)| *figure).collect();
            if let Some(group) = unknown {
                let left = value(&self.puzzle, &[*total]) - value(&self.puzzle, &parts);
                let lump = self.puzzle.count(left, group);
                self.figures.insert(((dimension, None), receivers.clone()), lump);
                parts.push(lump);
            }
            self.puzzle.sum(parts, *total);
        }
        let of_all = |((row, every, seen), id): (&(Row, Places, Places), &FigureId)| {
            (row.0 == Dimension::All).then(|| (every.clone(), seen.clone(), *id))
        };
        let patterns: Vec<_> = self.patterns.iter().filter_map(of_all).collect();
        for (every, seen, total) in &patterns {
            let alike = self
                .patterns
                .iter()
                .filter(|((row, table, who), _)| row.0 == dimension && table == every && who == seen);
            let mut parts: Vec<_> = alike.map(|(_, id)| *id).collect();
            if let Some(group) = unknown {
                let left = value(&self.puzzle, &[*total]) - value(&self.puzzle, &parts);
                let lump = self.pattern(left, group);
                self.patterns.insert(((dimension, None), every.clone(), seen.clone()), lump);
                parts.push(lump);
            }
            self.puzzle.makes_up(parts, *total);
        }
        if unknown.is_some() {
            let tables: BTreeSet<_> = patterns.into_iter().map(|(every, ..)| every).collect();
            tables.iter().for_each(|every| self.overlap((dimension, None), every));
        }
    }

    /// A receiver counts its own students: beside another's figures, its own are no secret to it (domain 4.3 f).
    fn own_figures(&mut self) {
        let codes: BTreeSet<MemberCode> =
            self.figures.keys().flat_map(|(_, who)| who.iter().map(|(code, _)| *code)).collect();
        // What a receiver knows exactly does not take the noise off the figures.
        if codes.len() < 2 || !self.exact {
            return;
        }
        for code in codes {
            let is_own = |who: &Places| who.iter().all(|(at, _)| *at == code);
            let own = self.figures.iter().filter(|((_, who), _)| is_own(who)).map(|(_, id)| *id);
            let own = own.collect();
            self.puzzle.owned(own);
        }
    }
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
    for dimension in [Dimension::Ethnicity, Dimension::Gender] {
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
        for dimension in [Dimension::Ethnicity, Dimension::Gender] {
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
    Measure::all(table).last().map(|any| any.places(table)).unwrap_or_default()
}

fn seen_at(table: &RawTable, pattern: usize) -> Places {
    let seen = table.places(pattern).filter_map(|(receiver, outcome)| {
        Some((*table.receivers.get(receiver)?, u8::try_from(outcome).ok()?))
    });
    let mut seen: Places = seen.collect();
    seen.sort_unstable();
    seen
}

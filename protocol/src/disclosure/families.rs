//! Sibling tables as one puzzle per cohort: the same students in several tables must be judged together.
//!
//! Tables are siblings if they share the sender and the metric. A figure that two of them state (the same receiver in
//! the same row) is one figure, so that it cannot be withheld in one table and shown in the other.

use std::collections::BTreeMap;

use crate::{
    cells::{Dimension, SchoolYear},
    disclosure::{
        RawTable, Reason,
        suppression::{FigureId, Puzzle},
    },
    ids::MemberCode,
};

/// A row of a cohort: the dimension and the category's index; `None` for the students the sender withheld, together.
type Row = (Dimension, Option<usize>);

/// What is counted in a row: students seen at one or more of these receivers, in ascending order.
pub(super) type Receivers = Vec<MemberCode>;

/// The decisions for one cohort of one family of tables.
pub(super) struct Verdict {
    denominators: BTreeMap<Row, Result<u64, Reason>>,
    counts: BTreeMap<(Row, Receivers), Option<Reason>>,
}

impl Verdict {
    /// The denominator of a row, or why it is withheld.
    pub(super) fn denominator(&self, dimension: Dimension, category: usize) -> Result<u64, Reason> {
        self.denominators.get(&(dimension, Some(category))).copied().unwrap_or(Err(Reason::WithheldAtSource))
    }

    /// Why a count is withheld; `None` if it is shown.
    pub(super) fn count(
        &self,
        dimension: Dimension,
        category: usize,
        receivers: &Receivers,
    ) -> Option<Reason> {
        let held = self.counts.get(&((dimension, Some(category)), receivers.clone()));
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
        let mut puzzle = Puzzle::new(floor);
        let mut figures: BTreeMap<(Row, Receivers), FigureId> = BTreeMap::new();
        for table in family {
            for (code, _, category) in table.domain.cells().filter(|(_, year, _)| *year == cohort) {
                let row = (table.domain.dimension, Some(category));
                let Some(group) = groups.get(&row).copied() else { continue };
                for (receiver, receivers) in measures(table) {
                    let value = table.enrolled(code, receiver);
                    figures.entry((row, receivers)).or_insert_with(|| puzzle.count(value, group));
                }
            }
        }
        let totals: Vec<_> = figures
            .iter()
            .filter(|((row, _), _)| *row == (Dimension::All, Some(0)))
            .map(|((_, receivers), figure)| (receivers.clone(), *figure))
            .collect();
        // The totals are what people came for: a breakdown gives way before they do.
        totals.iter().for_each(|(_, total)| puzzle.headline(*total));
        for dimension in [Dimension::Ethnicity, Dimension::Gender] {
            let unknown = rest(groups, dimension);
            for (receivers, total) in &totals {
                let in_breakdown =
                    |((row, who), _): &(&(Row, Receivers), &FigureId)| row.0 == dimension && who == receivers;
                let mut parts: Vec<_> =
                    figures.iter().filter(in_breakdown).map(|(_, figure)| *figure).collect();
                if !family.iter().any(|table| table.domain.dimension == dimension) {
                    continue;
                }
                if let Some(group) = unknown {
                    let value =
                        |figure: FigureId| puzzle.figures.get(figure).map_or(0, |figure| figure.value);
                    let left = value(*total) - parts.iter().map(|part| value(*part)).sum::<i64>();
                    let lump = puzzle.count(left, group);
                    figures.insert(((dimension, None), receivers.clone()), lump);
                    parts.push(lump);
                }
                puzzle.sum(parts, *total);
            }
        }
        let unions: Vec<_> = figures.keys().filter(|(_, receivers)| receivers.len() > 1).cloned().collect();
        for (row, receivers) in unions {
            let one = |code: &MemberCode| figures.get(&(row, vec![*code])).copied();
            let parts: Option<Vec<_>> = receivers.iter().map(one).collect();
            let union = figures.get(&(row, receivers.clone())).copied();
            if let (Some(parts), Some(union)) = (parts, union) {
                puzzle.union(parts, union);
            }
        }
        puzzle.solve();
        self.counts = figures.into_iter().map(|(key, figure)| (key, puzzle.reason(figure))).collect();
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

/// The measures of a table: each receiver by index, then any of them; with one receiver the two are one.
pub(super) fn measures(table: &RawTable) -> Vec<(Option<usize>, Receivers)> {
    let mut every = table.receivers.clone();
    every.sort_unstable();
    let single = table.receivers.iter().enumerate().map(|(at, code)| (Some(at), vec![*code]));
    single.chain([(None, every)]).collect()
}

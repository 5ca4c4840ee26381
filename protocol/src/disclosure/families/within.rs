//! Rows of two groupings of which one lies within the other by their rules: what is left between them is a row that no table has, and
//! the figures of both tell of it.

use std::collections::BTreeMap;

use super::{Board, Counted, Groups, Row};
use crate::{
    cells::{Dimension, Grouping},
    disclosure::{nested, suppression::FigureId},
};

/// What a figure counts: a set at receivers, whichever metric says so, or what its own metric has alone.
#[derive(Eq, Ord, PartialEq, PartialOrd)]
enum Kind {
    Set(nested::Where, nested::Set),
    Own(Counted),
}

impl Board {
    /// Every figure of a row that lies within another, with what is left, makes up the figure of that other.
    pub(super) fn within(&mut self, groups: &Groups) {
        for (inner, outer) in Grouping::WITHIN {
            let [inner, outer]: [Row; 2] =
                [inner, outer].map(|(grouping, category)| (Dimension::Group(grouping), Some(category)));
            let (Some(small), Some(large)) = (groups.get(&inner), groups.get(&outer)) else { continue };
            let group = large - small;
            let (parts, wholes) = (self.kinds(inner), self.kinds(outer));
            for (kind, part) in parts {
                let Some(whole) = wholes.get(&kind).copied() else { continue };
                let value = |id: FigureId| self.puzzle.figures.get(id).map_or(0, |figure| figure.value);
                let left = value(whole) - value(part);
                let left = match self.exact {
                    true => self.puzzle.remainder(left, group),
                    false => self.puzzle.loose(left, group),
                };
                self.puzzle.makes_up(vec![part, left], whole);
            }
        }
    }

    /// One figure of each kind in a row: those of one set are one count already.
    fn kinds(&self, row: Row) -> BTreeMap<Kind, FigureId> {
        let kind = |counted: Counted| match self.sets.get(&counted) {
            Some(set) => Kind::Set(nested::receivers(&counted.1), *set),
            None => Kind::Own(counted),
        };
        self.of_row(row).into_iter().map(|(counted, figure)| (kind(counted), figure)).collect()
    }
}

#[cfg(test)]
mod tests;

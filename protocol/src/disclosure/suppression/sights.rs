//! A puzzle as everybody sees it: each member that knows figures of its own, and last the stranger who knows none.
//!
//! What is possible for a member is possible for the stranger, so worlds found for members are worlds for the stranger too.

use super::{FigureId, Puzzle, audit::Audit};
use crate::disclosure::Reason;

/// Every reader's view of one puzzle, with what was found about it.
#[derive(Clone)]
pub(super) struct Sights(Vec<Sight>);

#[derive(Clone)]
struct Sight {
    seen: Puzzle,
    audit: Audit,
    given_up: Vec<FigureId>,
}

impl Sights {
    /// The views of a puzzle whose reasons leave these ranges.
    pub(super) fn new(puzzle: &Puzzle, ranges: &[(i64, i64)]) -> Self {
        let sight =
            |seen: Puzzle| Sight { audit: Audit::new(&seen, ranges.to_vec()), seen, given_up: Vec::new() };
        Self(puzzle.sights().into_iter().map(sight).collect())
    }

    /// A figure that some reader narrows too far, with that reader's place; figures beside `first` are looked at first.
    pub(super) fn fault(&mut self, first: Option<FigureId>) -> Option<(usize, FigureId)> {
        let mut found: Vec<Vec<i64>> = Vec::new();
        let last = self.0.len().saturating_sub(1);
        for (place, sight) in self.0.iter_mut().enumerate() {
            if place == last {
                sight.audit.absorb(std::mem::take(&mut found));
            }
            if let Some(fault) = sight.audit.fault(&sight.seen, first, &sight.given_up) {
                return Some((place, fault));
            }
            if place < last {
                found.extend_from_slice(sight.audit.fresh());
            }
        }
        None
    }

    /// Passes over a figure in one view: nothing helps it.
    pub(super) fn give_up(&mut self, place: usize, fault: FigureId) {
        if let Some(sight) = self.0.get_mut(place) {
            sight.given_up.push(fault);
        }
    }

    /// The puzzle as one reader sees it.
    pub(super) fn seen(&self, place: usize) -> Option<&Puzzle> {
        self.0.get(place).map(|sight| &sight.seen)
    }

    /// Withholds a figure from everybody that does not know it.
    pub(super) fn withhold(&mut self, id: FigureId, reason: Reason) {
        for sight in &mut self.0 {
            sight.seen.withhold(id, reason);
            sight.audit.withheld();
        }
    }

    /// Shows a figure to everybody.
    pub(super) fn show(&mut self, id: FigureId) {
        for sight in &mut self.0 {
            sight.seen.set(id, None);
            sight.audit.show(&sight.seen, id);
        }
    }

    /// Lets readers take more for possible.
    pub(super) fn widen(&mut self, ranges: &[(i64, i64)]) {
        self.0.iter_mut().for_each(|sight| sight.audit.widen(ranges.to_vec()));
    }
}

//! Which reasons may speak: "below the floor" beside a known sum can say more than the figure itself would.
//!
//! The plan is safe where no reason says anything. Starting from reasons that all speak, those that help to narrow a
//! figure fall silent ([`Reason::WithheldTogether`]) until the audit with the ranges they leave finds nothing.

use super::{FigureId, Puzzle, sights::Sights};
use crate::disclosure::Reason;

/// Silences reasons until none helps a reader. Ends because every turn silences one or gives a figure up.
pub(super) fn silence(puzzle: &mut Puzzle) {
    let mut sights = Sights::new(puzzle, &puzzle.spoken_ranges());
    while let Some((place, fault)) = sights.fault(None) {
        let quiet = sights.seen(place).map(|seen| speaking_beside(seen, fault)).unwrap_or_default();
        if quiet.is_empty() {
            // What is narrow with every reason silent was narrow before.
            sights.give_up(place, fault);
        }
        for id in quiet {
            puzzle.withhold(id, Reason::WithheldTogether);
            sights.withhold(id, Reason::WithheldTogether);
        }
        sights.widen(&puzzle.spoken_ranges());
    }
}

/// The nearest reasons that speak: of figures that share a line with the fault, else its own, else any connected one.
fn speaking_beside(puzzle: &Puzzle, fault: FigureId) -> Vec<FigureId> {
    let mut ring = vec![fault];
    let mut seen = vec![fault];
    loop {
        let mut next = Vec::new();
        for line in ring.iter().filter_map(|id| puzzle.lines_of.get(*id)).flatten() {
            for member in puzzle.lines.get(*line).into_iter().flat_map(super::Line::members) {
                if !puzzle.is_known(member) && !seen.contains(&member) {
                    seen.push(member);
                    next.push(member);
                }
            }
        }
        let found: Vec<_> = next.iter().copied().filter(|id| speaks(puzzle, *id)).collect();
        if !found.is_empty() {
            return found;
        }
        if speaks(puzzle, fault) {
            return vec![fault];
        }
        if next.is_empty() {
            return Vec::new();
        }
        ring = next;
    }
}

fn speaks(puzzle: &Puzzle, id: FigureId) -> bool {
    match puzzle.reason(id) {
        Some(Reason::BelowFloor | Reason::Complementary | Reason::ComplementBelowFloor) => true,
        None
        | Some(
            Reason::CodedByGroupSize
            | Reason::Differencing
            | Reason::Dominance
            | Reason::NotApplicable
            | Reason::SmallGroup
            | Reason::WithheldAtSource
            | Reason::WithheldTogether,
        ) => false,
    }
}

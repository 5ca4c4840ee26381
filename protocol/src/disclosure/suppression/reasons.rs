//! Which reasons may speak: "below the floor" beside a known sum can say more than the figure itself would.
//!
//! The plan is safe where no reason says anything. Starting from reasons that all speak, those that help to narrow a
//! figure fall silent ([`Reason::WithheldTogether`]) until the audit with the ranges they leave finds nothing.

use super::{FigureId, Puzzle, sights::Sights};
use crate::disclosure::Reason;

/// Silences reasons until none helps a reader. Ends because every turn silences one or gives a figure up.
pub(super) fn silence(puzzle: &mut Puzzle) {
    let mut sights = Sights::new(puzzle, &puzzle.spoken_ranges());
    let mut near_left = NEAR_TURNS_MAX;
    while let Some((place, fault)) = sights.fault(None) {
        let quiet =
            sights.seen(place).map(|seen| speaking_beside(seen, fault, near_left)).unwrap_or_default();
        near_left = near_left.saturating_sub(1);
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

/// Turns in which only the nearest reasons fall silent; after them all that are connected do, which takes one turn.
const NEAR_TURNS_MAX: usize = 6;

/// The nearest reasons that speak: of figures that share a line with the fault, else its own, else any connected one.
/// Without turns left, every connected one.
fn speaking_beside(puzzle: &Puzzle, fault: FigureId, near_left: usize) -> Vec<FigureId> {
    let mut ring = vec![fault];
    let mut seen = vec![false; puzzle.figures.len()];
    seen.get_mut(fault).into_iter().for_each(|mark| *mark = true);
    let mut found = Vec::new();
    loop {
        let mut next = Vec::new();
        for line in ring.iter().filter_map(|id| puzzle.lines_of.get(*id)).flatten() {
            for member in puzzle.lines.get(*line).into_iter().flat_map(super::Line::members) {
                match seen.get_mut(member) {
                    Some(mark) if !*mark && !puzzle.is_known(member) => *mark = true,
                    _ => continue,
                }
                next.push(member);
            }
        }
        found.extend(next.iter().copied().filter(|id| speaks(puzzle, *id)));
        let own = Some(fault).filter(|fault| speaks(puzzle, *fault));
        if near_left > 0 && !found.is_empty() {
            return found;
        }
        if near_left > 0 && own.is_some() {
            return own.into_iter().collect();
        }
        if next.is_empty() {
            return found.into_iter().chain(own).collect();
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

//! Which reasons may speak: "below the floor" beside a known sum can say more than the figure itself would.
//!
//! The plan is safe where no reason says anything. Starting from reasons that all speak, those that help to narrow a
//! figure fall silent ([`Reason::WithheldTogether`]) until the audit with the ranges they leave finds nothing.

use super::{FigureId, Puzzle, audit::Audit};
use crate::disclosure::Reason;

/// Silences reasons until none helps a reader. Ends because every turn silences one.
pub(super) fn silence(puzzle: &mut Puzzle) {
    // What could not be protected with silent reasons cannot be protected by silencing more.
    let hopeless = |seen: &Puzzle| -> Vec<FigureId> {
        let mut silent = Audit::silent(seen);
        (0..seen.figures.len()).filter(|id| !silent.is_safe(seen, *id)).collect()
    };
    let mut sights: Vec<_> = puzzle
        .sights()
        .into_iter()
        .map(|seen| {
            let audit = Audit::new(&seen, puzzle.spoken_ranges());
            (hopeless(&seen), seen, audit)
        })
        .collect();
    loop {
        let fault = sights.iter_mut().find_map(|(given_up, seen, audit)| {
            let fault = audit.fault(seen, given_up)?;
            Some(speaking_beside(seen, fault))
        });
        let Some(quiet) = fault.filter(|quiet| !quiet.is_empty()) else { return };
        for id in quiet {
            puzzle.withhold(id, Reason::WithheldTogether);
            sights.iter_mut().for_each(|(_, seen, _)| seen.withhold(id, Reason::WithheldTogether));
        }
        sights.iter_mut().for_each(|(_, _, audit)| audit.widen(puzzle.spoken_ranges()));
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
            | Reason::NotApplicable
            | Reason::SmallGroup
            | Reason::WithheldAtSource
            | Reason::WithheldTogether,
        ) => false,
    }
}

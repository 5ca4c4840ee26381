//! The least loss, exactly, for small puzzles: hitting sets over sets of figures of which one must go.
//!
//! Take the lightest choice that satisfies the cuts so far, audit it, and for each faulty figure grow the choice to the
//! largest one in which that figure is still at fault: at least one of the figures left out must be withheld (Benders'
//! cut in its combinatorial form, after Fischetti and Salazar 2000). When the audit finds nothing, no lighter choice can
//! be safe. A puzzle that needs too many cuts keeps the plan it has.

use super::{
    FigureId, Puzzle,
    audit::Audit,
    solver::{Compare, Kind, Program},
};
use crate::disclosure::Reason;

/// Figures that may be chosen, at most; growing a choice audits each of them.
const CANDIDATES_MAX: usize = 14;
/// Cuts before the plan is kept.
const CUTS_MAX: usize = 60;

/// One of `of` must be withheld; if `only_with` is named, only where that figure is.
struct Cut {
    of: Vec<FigureId>,
    only_with: Option<FigureId>,
}

/// Replaces the plan by the lightest safe choice, where that is found in time and is lighter.
pub(super) fn improve(puzzle: &mut Puzzle) {
    let chosen: Vec<_> = (0..puzzle.figures.len()).filter(|id| puzzle.is_complementary(*id)).collect();
    let lost = puzzle.lost();
    if chosen.is_empty() {
        return;
    }
    let mut bare = puzzle.clone();
    chosen.iter().for_each(|id| bare.set(*id, None));
    let candidates: Vec<_> =
        (0..bare.figures.len()).filter(|id| bare.may_be_withheld(*id) && bare.cap(*id) > 0).collect();
    if candidates.len() > CANDIDATES_MAX {
        return;
    }
    if let Some(best) = lightest_safe(&bare, &candidates, lost) {
        best.into_iter().for_each(|id| bare.set(id, Some(Reason::Complementary)));
        *puzzle = bare;
    }
}

/// The lightest safe choice among the candidates, if it is lighter than `lost` and found in time.
fn lightest_safe(bare: &Puzzle, candidates: &[FigureId], lost: i64) -> Option<Vec<FigureId>> {
    let mut cuts: Vec<Cut> = Vec::new();
    while cuts.len() < CUTS_MAX {
        let choice = hit(bare, candidates, &cuts)?;
        if choice.iter().map(|id| bare.weight(*id)).sum::<i64>() >= lost {
            return None;
        }
        let mut tried = bare.clone();
        choice.iter().for_each(|id| tried.set(*id, Some(Reason::Complementary)));
        let found = cuts_for(&tried, candidates, &choice);
        if found.is_empty() {
            return Some(choice);
        }
        cuts.extend(found);
    }
    None
}

fn cuts_for(tried: &Puzzle, candidates: &[FigureId], choice: &[FigureId]) -> Vec<Cut> {
    if let Some(line) = tried.small_sum() {
        let withheld: Vec<_> =
            line.parts.iter().copied().filter(|part| tried.need(*part).is_some()).collect();
        let of = line.members().filter(|id| candidates.contains(id) && !withheld.contains(id)).collect();
        let primary = withheld.iter().any(|id| !choice.contains(id));
        return vec![Cut { of, only_with: withheld.first().copied().filter(|_| !primary) }];
    }
    let mut cuts = Vec::new();
    for seen in tried.sights() {
        let mut audit = Audit::silent(&seen);
        for fault in (0..seen.figures.len()).filter(|id| !audit.is_safe(&seen, *id)) {
            cuts.push(grown(&seen, fault, candidates, choice));
        }
    }
    cuts
}

/// The cut a fault asks for: what is left out of the largest choice that does not help it.
fn grown(seen: &Puzzle, fault: FigureId, candidates: &[FigureId], choice: &[FigureId]) -> Cut {
    let (mut most, mut of) = (seen.clone(), Vec::new());
    for id in candidates.iter().filter(|id| !choice.contains(id)) {
        most.set(*id, Some(Reason::Complementary));
        if Audit::silent(&most).is_safe(&most, fault) {
            most.set(*id, None);
            of.push(*id);
        }
    }
    Cut { of, only_with: choice.contains(&fault).then_some(fault) }
}

/// The lightest choice that satisfies every cut; `None` if none does.
fn hit(bare: &Puzzle, candidates: &[FigureId], cuts: &[Cut]) -> Option<Vec<FigureId>> {
    let mut programme = Program::new();
    for id in candidates {
        programme.variable(Kind::Whole, bare.weight(*id) as f64, 0, 1);
    }
    let place = |id: &FigureId| candidates.iter().position(|candidate| candidate == id);
    for cut in cuts {
        let mut terms: Vec<_> = cut.of.iter().filter_map(place).map(|at| (at, 1)).collect();
        let condition = cut.only_with.as_ref().and_then(place);
        terms.extend(condition.map(|at| (at, -1)));
        if terms.is_empty() {
            return None;
        }
        programme.row(&terms, Compare::AtLeast, i64::from(condition.is_none()));
    }
    if cuts.is_empty() {
        return Some(Vec::new());
    }
    let found = programme.minimum()?;
    let taken = candidates.iter().zip(&found).filter(|(_, value)| **value > 0.5);
    Some(taken.map(|(id, _)| *id).collect())
}

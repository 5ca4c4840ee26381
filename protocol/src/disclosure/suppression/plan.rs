//! The plan: routes of least weight for every fault, then every figure back that turns out not to be needed.
//!
//! A route is a change of figures that keeps every sum and moves the faulty figure by its protection interval. Withholding
//! the figures it changes makes the changed assignment possible for the reader. The linear programme finds the route whose
//! changed figures weigh least a student (after Kelly, Golden and Assad 1992); the thinning afterwards takes back what
//! other routes made superfluous, dearest first, each time with a full audit.

use std::collections::BTreeMap;

use super::{
    FigureId, Line, Puzzle,
    base::Expression,
    sights::Sights,
    solver::{Compare, Kind, Program},
};
use crate::disclosure::Reason;

/// Figures looked at around a fault before the whole puzzle is: larger programmes take long.
const NEIGHBOURS_MAX: usize = 400;

/// Withholds figures until nothing is at fault for anybody, then takes back what is not needed.
pub(super) fn plan(puzzle: &mut Puzzle) {
    let mut sights = Sights::new(puzzle, &puzzle.silent_ranges());
    protect(puzzle, &mut sights);
    thin(puzzle, sights);
}

/// Ends because every turn withholds a figure or gives one up.
fn protect(puzzle: &mut Puzzle, sights: &mut Sights) {
    loop {
        let more = match puzzle.small_sum() {
            Some(line) => lightest(puzzle, line).into_iter().collect(),
            None => {
                let Some((place, fault)) = sights.fault(None) else { return };
                let route = sights.seen(place).map(|seen| route(seen, fault)).unwrap_or_default();
                if route.is_empty() {
                    sights.give_up(place, fault);
                }
                route
            }
        };
        for id in more {
            puzzle.withhold(id, Reason::Complementary);
            sights.withhold(id, Reason::Complementary);
        }
    }
}

/// The next figure of a line to withhold: a part with students before the total, the lightest first.
fn lightest(puzzle: &Puzzle, line: &Line) -> Option<FigureId> {
    let open = line.members().filter(|id| puzzle.may_be_withheld(*id) && puzzle.cap(*id) > 0);
    open.min_by_key(|id| (*id == line.total, puzzle.weight(*id), *id))
}

/// Shows every complementary figure that no audit needs, dearest first.
fn thin(puzzle: &mut Puzzle, mut sights: Sights) {
    let mut candidates: Vec<_> =
        (0..puzzle.figures.len()).filter(|id| puzzle.is_complementary(*id)).collect();
    candidates.sort_by_key(|id| (-puzzle.weight(*id), *id));
    for id in candidates {
        puzzle.set(id, None);
        let mut trial = sights.clone();
        trial.show(id);
        if puzzle.small_sum().is_none() && trial.fault(Some(id)).is_none() {
            sights = trial;
        } else {
            puzzle.set(id, Some(Reason::Complementary));
        }
    }
}

/// The figures to withhold so that a faulty one can lie a protection interval away from the truth; empty if none help.
fn route(puzzle: &Puzzle, fault: FigureId) -> Vec<FigureId> {
    let near = neighbourhood(puzzle, fault, NEIGHBOURS_MAX);
    let found = routes(puzzle, fault, &near);
    if found.is_empty() && near.len() >= NEIGHBOURS_MAX {
        let all = neighbourhood(puzzle, fault, usize::MAX);
        return routes(puzzle, fault, &all);
    }
    found
}

fn routes(puzzle: &Puzzle, fault: FigureId, near: &[FigureId]) -> Vec<FigureId> {
    let need = puzzle.need(fault).unwrap_or(0);
    let (value, cap) = (puzzle.value(fault), puzzle.cap(fault));
    let one = |change: i64| changed(puzzle, fault, near, change);
    let weight = |ids: &Vec<FigureId>| (ids.iter().map(|id| puzzle.weight(*id)).sum::<i64>(), ids.len());
    let up = (value + need <= cap).then(|| one(need)).flatten();
    let down = (value >= need).then(|| one(-need)).flatten();
    let single = up.into_iter().chain(down).min_by_key(weight);
    // Neither way has room for the whole interval: part of it upwards, the rest downwards, halves first.
    let split = || {
        let mut parts: Vec<i64> = (0..=need).collect();
        parts.sort_by_key(|up| (2 * up - need).abs());
        parts.into_iter().find_map(|up| {
            let mut ids = one(up)?;
            ids.extend(one(up - need)?);
            (!ids.is_empty()).then_some(ids)
        })
    };
    let single = single.filter(|ids| !ids.is_empty());
    let mut ids = single.or_else(split).unwrap_or_default();
    ids.sort_unstable();
    ids.dedup();
    ids
}

/// The shown figures that the lightest route with this change at the fault changes; `None` if there is no route.
fn changed(puzzle: &Puzzle, fault: FigureId, near: &[FigureId], change: i64) -> Option<Vec<FigureId>> {
    let mut programme = Program::new();
    let mut places = BTreeMap::new();
    // A route through figures already withheld costs next to nothing, and still no more than it must.
    let cost = |id: FigureId| if puzzle.is_known(id) { puzzle.weight(id) as f64 } else { 0.01 };
    for id in near.iter().copied().filter(|id| puzzle.base.is_finest(*id)) {
        let (value, cap) = (puzzle.value(id), puzzle.cap(id));
        let up = programme.variable(Kind::Real, cost(id), 0, cap - value);
        places.insert(id, (up, programme.variable(Kind::Real, cost(id), 0, value)));
    }
    let moved = |expression: &Expression| -> Vec<(usize, i64)> {
        let places = expression.terms.iter().filter_map(|(id, factor)| places.get(id).map(|at| (at, factor)));
        places.flat_map(|((up, down), factor)| [(*up, *factor), (*down, -factor)]).collect()
    };
    programme.row(&moved(puzzle.base.expression(fault)), Compare::Equal, change);
    let mut sums = Vec::new();
    for id in (0..puzzle.figures.len()).filter(|id| !puzzle.base.is_finest(*id)) {
        let mut terms = moved(puzzle.base.expression(id));
        if terms.is_empty() {
            continue;
        }
        let (value, cap) = (puzzle.value(id), puzzle.cap(id));
        if puzzle.may_be_withheld(id) {
            let up = programme.variable(Kind::Real, cost(id), 0, cap - value);
            let down = programme.variable(Kind::Real, cost(id), 0, value);
            terms.extend([(up, -1), (down, 1)]);
            sums.push((id, (up, down)));
        } else if !puzzle.is_known(id) {
            // Withheld already, but no larger than its group: parts may not all grow at once.
            terms.push((programme.variable(Kind::Real, 0.0, -value, cap - value), -1));
        }
        programme.row(&terms, Compare::Equal, 0);
    }
    for row in &puzzle.base.rows {
        let terms = moved(row);
        if !terms.is_empty() {
            programme.row(&terms, Compare::Equal, 0);
        }
    }
    let found = programme.minimum()?;
    let at = |place: usize| found.get(place).copied().unwrap_or(0.0);
    let moves = |(_, (up, down)): &(FigureId, (usize, usize))| (at(*up) - at(*down)).abs() > 1e-6;
    let every = places.into_iter().chain(sums);
    Some(every.filter(moves).map(|(id, _)| id).filter(|id| puzzle.may_be_withheld(*id)).collect())
}

/// The figures nearest to one through lines, without those that are held, at most about `limit`.
fn neighbourhood(puzzle: &Puzzle, id: FigureId, limit: usize) -> Vec<FigureId> {
    let mut seen = vec![false; puzzle.figures.len()];
    let mut lines_seen = vec![false; puzzle.lines.len()];
    if let Some(first) = seen.get_mut(id) {
        *first = true;
    }
    let (mut order, mut at) = (vec![id], 0);
    while let Some(current) = order.get(at).copied().filter(|_| order.len() < limit) {
        at += 1;
        for line in puzzle.lines_of.get(current).into_iter().flatten() {
            match lines_seen.get_mut(*line) {
                Some(known) if !*known => *known = true,
                _ => continue,
            }
            for member in puzzle.lines.get(*line).into_iter().flat_map(Line::members) {
                match seen.get_mut(member) {
                    Some(known) if !*known && puzzle.may_be_moved(member) => *known = true,
                    _ => continue,
                }
                order.push(member);
            }
        }
    }
    order
}

impl Puzzle {
    /// Whether a route may change a figure: everything but what the reader knows from elsewhere.
    fn may_be_moved(&self, id: FigureId) -> bool {
        !self.is_known(id) || self.may_be_withheld(id)
    }
}

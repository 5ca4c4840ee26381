//! The audit: which withheld figures a reader could narrow, judged by complete assignments that agree with what is shown.
//!
//! A *world* is one such assignment in whole numbers. The truth is the first. Others come from linear programmes that push
//! one figure up or down; each is checked sum by sum before it counts. A figure is safe once two worlds lie far enough
//! apart in it, so one programme often settles many figures.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    FigureId, Puzzle,
    base::Expression,
    solver::{Compare, Kind, Program},
};

/// Worlds found so far under one state of a puzzle.
#[derive(Clone)]
pub(super) struct Audit {
    /// What the reader may take for possible from the reason alone, by figure.
    ranges: Vec<(i64, i64)>,
    worlds: Vec<Vec<i64>>,
    low: Vec<i64>,
    high: Vec<i64>,
    /// Figures withheld or silenced since all figures were last pushed at once.
    stale: usize,
}

/// So many figures that are not safe yet are worth pushing at once.
const TOGETHER_MIN: usize = 4;
/// Programmes that push all figures at once, before each is pushed by itself.
const TOGETHER_TURNS_MAX: u32 = 40;

/// Which way a figure is pushed.
#[derive(Clone, Copy, Eq, PartialEq)]
enum Push {
    Down,
    Up,
}

impl Audit {
    /// Begins with the truth, under ranges that the reasons leave.
    pub(super) fn new(puzzle: &Puzzle, ranges: Vec<(i64, i64)>) -> Self {
        let truth: Vec<i64> = puzzle.figures.iter().map(|figure| figure.value).collect();
        Self { ranges, low: truth.clone(), high: truth.clone(), worlds: vec![truth], stale: TOGETHER_MIN }
    }

    /// Begins with the truth, where reasons say nothing.
    pub(super) fn silent(puzzle: &Puzzle) -> Self {
        Self::new(puzzle, puzzle.silent_ranges())
    }

    /// A figure that is not safe, passing over those given up; figures that share a line with `first` before others.
    pub(super) fn fault(
        &mut self,
        puzzle: &Puzzle,
        first: Option<FigureId>,
        given_up: &[FigureId],
    ) -> Option<FigureId> {
        let lines = first.and_then(|id| puzzle.lines_of.get(id)).into_iter().flatten();
        let mut near: Vec<_> =
            lines.filter_map(|line| puzzle.lines.get(*line)).flat_map(super::Line::members).collect();
        near.sort_unstable();
        near.dedup();
        let is_fault =
            |audit: &mut Self, id: &FigureId| !given_up.contains(id) && !audit.is_safe(puzzle, *id);
        if let Some(fault) = near.into_iter().find(|id| is_fault(self, id)) {
            return Some(fault);
        }
        if self.stale >= TOGETHER_MIN || first.is_some() {
            self.push_together(puzzle, given_up);
            self.stale = 0;
        }
        (0..puzzle.figures.len()).find(|id| is_fault(self, id))
    }

    /// Says that a figure was withheld: more is possible than was.
    pub(super) fn withheld(&mut self) {
        self.stale += 1;
    }

    /// Pushes every figure that is not safe yet, each its own way, as long as that makes several safe at once.
    fn push_together(&mut self, puzzle: &Puzzle, given_up: &[FigureId]) {
        let unsafe_yet = |audit: &Self| -> Vec<FigureId> {
            let far = |id: &FigureId| puzzle.need(*id).is_some_and(|need| audit.spread(*id) < need);
            (0..puzzle.figures.len()).filter(|id| !given_up.contains(id) && far(id)).collect()
        };
        let mut left = unsafe_yet(self);
        for turn in 0..TOGETHER_TURNS_MAX {
            if left.len() < TOGETHER_MIN {
                return;
            }
            // Which way is a matter of taste, but always the same for the same puzzle; every second turn the other way round.
            let way = |id: &FigureId| {
                let mixed =
                    (*id as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(7 + 11 * (turn / 2));
                (*id, if (mixed.count_ones() + turn) & 1 == 1 { Push::Up } else { Push::Down })
            };
            let aims: Vec<_> = left.iter().map(way).collect();
            if let Some(world) = self.programme(puzzle, &aims, Kind::Real) {
                self.admit_line(world);
            }
            if turn % 2 == 1 {
                let now = unsafe_yet(self);
                // By itself a figure takes two programmes.
                if now.len() == left.len() {
                    return;
                }
                left = now;
            }
        }
    }

    /// Lets the reader take more for possible: worlds found so far remain.
    pub(super) fn widen(&mut self, ranges: Vec<(i64, i64)>) {
        self.ranges = ranges;
    }

    /// Whether a figure is far enough from being known.
    pub(super) fn is_safe(&mut self, puzzle: &Puzzle, id: FigureId) -> bool {
        let Some(need) = puzzle.need(id) else { return true };
        if self.spread(id) >= need {
            return true;
        }
        for push in [Push::Up, Push::Down] {
            if let Some(world) = self.pushed(puzzle, id, push) {
                self.admit_line(world);
            }
            if self.spread(id) >= need {
                return true;
            }
        }
        false
    }

    /// How far apart the values of each figure can be, as far as anybody asks.
    pub(super) fn reach(&mut self, puzzle: &Puzzle) -> Vec<i64> {
        let far = |id: FigureId| {
            let safe = self.is_safe(puzzle, id);
            if safe { i64::MAX } else { self.spread(id) }
        };
        (0..puzzle.figures.len()).map(far).collect()
    }

    /// Drops the worlds that contradict a figure now shown.
    pub(super) fn show(&mut self, puzzle: &Puzzle, id: FigureId) {
        let truth = puzzle.value(id);
        let worlds = std::mem::take(&mut self.worlds);
        (self.low, self.high) = (Vec::new(), Vec::new());
        for world in worlds.into_iter().filter(|world| world.get(id) == Some(&truth)) {
            self.admit(world);
        }
    }

    fn spread(&self, id: FigureId) -> i64 {
        match (self.low.get(id), self.high.get(id)) {
            (Some(low), Some(high)) => high - low,
            _ => 0,
        }
    }

    /// Worlds found since the truth.
    pub(super) fn fresh(&self) -> &[Vec<i64>] {
        self.worlds.get(1..).unwrap_or_default()
    }

    /// Takes over worlds of a reader who knows more.
    pub(super) fn absorb(&mut self, worlds: Vec<Vec<i64>>) {
        for world in worlds {
            let further = |(at, value): (usize, &i64)| {
                self.low.get(at).is_some_and(|low| value < low)
                    || self.high.get(at).is_some_and(|high| value > high)
            };
            if world.iter().enumerate().any(further) {
                self.admit(world);
            }
        }
    }

    /// Adds a world, and what lies on the line through it and the truth as far as the ranges reach.
    fn admit_line(&mut self, world: Vec<i64>) {
        let Some(truth) = self.worlds.first().cloned() else { return self.admit(world) };
        let change: Vec<i64> = world.iter().zip(&truth).map(|(world, truth)| world - truth).collect();
        for sign in [1, -1] {
            let room = |((change, truth), (low, high)): ((&i64, &i64), &(i64, i64))| match change * sign {
                0 => None,
                up if up > 0 => Some((high - truth) / up),
                down => Some((truth - low) / -down),
            };
            let steps = change.iter().zip(&truth).zip(&self.ranges).filter_map(room).min().unwrap_or(0);
            if steps > 0 {
                let along = change.iter().zip(&truth).map(|(change, truth)| truth + sign * steps * change);
                self.admit(along.collect());
            }
        }
    }

    fn admit(&mut self, world: Vec<i64>) {
        if self.low.is_empty() {
            (self.low, self.high) = (world.clone(), world.clone());
        } else {
            for ((low, high), value) in self.low.iter_mut().zip(&mut self.high).zip(&world) {
                (*low, *high) = ((*low).min(*value), (*high).max(*value));
            }
        }
        self.worlds.push(world);
    }

    /// A world in which a figure is as large, or as small, as it can be.
    fn pushed(&self, puzzle: &Puzzle, id: FigureId, push: Push) -> Option<Vec<i64>> {
        let limit = self.ranges.get(id).map(|(low, high)| if push == Push::Up { *high } else { *low })?;
        let reached = match push {
            Push::Up => self.high.get(id),
            Push::Down => self.low.get(id),
        };
        if reached == Some(&limit) {
            return None;
        }
        let real = self.programme(puzzle, &[(id, push)], Kind::Real);
        real.or_else(|| self.programme(puzzle, &[(id, push)], Kind::Whole))
    }

    /// A world at which figures lie as far up or down as they can together.
    fn programme(&self, puzzle: &Puzzle, aims: &[(FigureId, Push)], kind: Kind) -> Option<Vec<i64>> {
        let rows = self.rows(puzzle);
        let mut costs: BTreeMap<FigureId, i64> = BTreeMap::new();
        for (aim, push) in aims {
            for (id, factor) in &puzzle.base.expression(*aim).terms {
                *costs.entry(*id).or_default() += if *push == Push::Up { -factor } else { *factor };
            }
        }
        let is_open = |id: &FigureId| !puzzle.is_known(*id);
        let figures = connected(&rows, costs.keys().copied().filter(is_open));
        let mut programme = Program::new();
        let mut places = BTreeMap::new();
        for id in figures {
            let cost = costs.get(&id).copied().unwrap_or(0);
            let (low, high) = self.ranges.get(id).copied()?;
            places.insert(id, programme.variable(kind, cost as f64, low, high));
        }
        for (terms, compare, right) in &rows {
            let terms: Vec<_> = terms
                .iter()
                .filter_map(|(id, factor)| places.get(id).map(|place| (*place, *factor)))
                .collect();
            if !terms.is_empty() {
                programme.row(&terms, *compare, *right);
            }
        }
        let found = programme.minimum()?;
        let mut finest: Vec<i64> = puzzle.figures.iter().map(|figure| figure.value).collect();
        for (id, place) in &places {
            *finest.get_mut(*id)? = found.get(*place)?.round() as i64;
        }
        let value = |id: FigureId| {
            let expression = puzzle.base.expression(id);
            let terms = expression.terms.iter();
            let sum: i64 = terms.map(|(term, factor)| factor * finest.get(*term).copied().unwrap_or(0)).sum();
            sum + expression.constant
        };
        let world: Vec<i64> = (0..puzzle.figures.len()).map(value).collect();
        self.is_world(puzzle, &world).then_some(world)
    }

    /// What the reader knows of the finest figures that it does not know: shown sums, ranges that say something, and the
    /// lines that remain.
    fn rows(&self, puzzle: &Puzzle) -> Vec<Row> {
        let mut rows = BTreeSet::new();
        let split = |expression: &Expression| {
            let known = expression.terms.iter().filter(|(id, _)| puzzle.is_known(*id));
            let known: i64 = known.map(|(id, factor)| factor * puzzle.value(*id)).sum();
            let open: Vec<_> =
                expression.terms.iter().copied().filter(|(id, _)| !puzzle.is_known(*id)).collect();
            (open, known + expression.constant)
        };
        for id in (0..puzzle.figures.len()).filter(|id| !puzzle.base.is_finest(*id)) {
            let (open, known) = split(puzzle.base.expression(id));
            if open.is_empty() {
                continue;
            }
            if puzzle.is_known(id) {
                rows.insert((open, Compare::Equal, puzzle.value(id) - known));
                continue;
            }
            let Some((low, high)) = self.ranges.get(id).copied() else { continue };
            let (least, most) = self.reachable(&open);
            if least < low - known {
                rows.insert((open.clone(), Compare::AtLeast, low - known));
            }
            if most > high - known {
                let turned = open.iter().map(|(id, factor)| (*id, -factor)).collect();
                rows.insert((turned, Compare::AtLeast, known - high));
            }
        }
        for row in &puzzle.base.rows {
            let (open, known) = split(row);
            if !open.is_empty() {
                rows.insert((open, Compare::Equal, -known));
            }
        }
        rows.into_iter().collect()
    }

    /// The ends of a sum that the ranges of its terms alone allow.
    fn reachable(&self, terms: &[(FigureId, i64)]) -> (i64, i64) {
        let ends = |(id, factor): &(FigureId, i64)| {
            let (low, high) = self.ranges.get(*id).copied().unwrap_or_default();
            if *factor > 0 { (factor * low, factor * high) } else { (factor * high, factor * low) }
        };
        terms.iter().map(ends).fold((0, 0), |(low, high), (l, h)| (low + l, high + h))
    }

    /// Whether an assignment has what is shown, stays within the ranges and makes every line add up.
    fn is_world(&self, puzzle: &Puzzle, world: &[i64]) -> bool {
        let at = |id: FigureId| world.get(id).copied().unwrap_or(0);
        let agrees = |id: FigureId| match puzzle.is_known(id) {
            true => at(id) == puzzle.value(id),
            false => self.ranges.get(id).is_some_and(|(low, high)| (*low..=*high).contains(&at(id))),
        };
        let adds_up =
            |line: &super::Line| line.signed().map(|(id, sign)| sign * at(id)).sum::<i64>() == line.residual;
        (0..puzzle.figures.len()).all(agrees) && puzzle.lines.iter().all(adds_up)
    }
}

/// Finest figures with factors, how their sum compares, and with what.
type Row = (Vec<(FigureId, i64)>, Compare, i64);

/// The finest figures connected through rows to those a programme begins with.
fn connected(rows: &[Row], first: impl Iterator<Item = FigureId>) -> BTreeSet<FigureId> {
    let mut found: BTreeSet<FigureId> = first.collect();
    let mut left: Vec<&Row> = rows.iter().collect();
    loop {
        let before = found.len();
        left.retain(|(terms, ..)| {
            let touches = terms.iter().any(|(id, _)| found.contains(id));
            if touches {
                found.extend(terms.iter().map(|(id, _)| *id));
            }
            !touches
        });
        if found.len() == before {
            return found;
        }
    }
}

/// Sets figures to whole numbers that make every line add up with the others as they are; false if none do.
pub(super) fn imagine(puzzle: &mut Puzzle, ids: &[FigureId]) -> bool {
    if ids.is_empty() {
        return true;
    }
    let mut programme = Program::new();
    let ranges = puzzle.silent_ranges();
    let mut place = |id: FigureId| {
        let (low, high) = ranges.get(id).copied().unwrap_or_default();
        (id, programme.variable(Kind::Whole, 0.0, low, high))
    };
    let places: BTreeMap<FigureId, usize> = ids.iter().map(|id| place(*id)).collect();
    for line in &puzzle.lines {
        let terms: Vec<_> =
            line.signed().filter_map(|(id, sign)| places.get(&id).map(|place| (*place, sign))).collect();
        if terms.is_empty() {
            continue;
        }
        let known = line.signed().filter(|(id, _)| !places.contains_key(id));
        let known: i64 = known.map(|(id, sign)| sign * puzzle.value(id)).sum();
        programme.row(&terms, Compare::Equal, -known);
    }
    let Some(found) = programme.minimum() else { return false };
    for (id, place) in &places {
        let value = found.get(*place).map_or(0, |value| value.round() as i64);
        puzzle.figures.get_mut(*id).into_iter().for_each(|figure| figure.value = value);
    }
    let mut lines = std::mem::take(&mut puzzle.lines);
    let mut agree = true;
    for line in lines.iter_mut().filter(|line| line.members().any(|id| places.contains_key(&id))) {
        line.residual = 0;
        agree &= line.signed().map(|(id, sign)| sign * puzzle.value(id)).sum::<i64>() == 0;
    }
    puzzle.lines = lines;
    agree
}

//! Which figures to withhold so that the rest cannot be solved back: plan, attack, repair, until the attack fails.
//!
//! A [`Puzzle`] holds every figure of one cohort over all sibling tables, and what a reader knows to hold among them:
//! sums (categories make up the total) and unions (any receiver is at least each receiver and at most their sum).
//! The attacker starts from the range each published reason admits, and propagates bounds until nothing changes. A
//! withheld figure is safe if at least `floor` values remain. It is repaired by silencing the reasons of figures withheld
//! beside it, then by withholding the smallest figure that helps the attacker.
//!
//! Promises nothing against knowledge of individuals, and is not a full integer programme (see the module's header).

use std::collections::BTreeSet;

use crate::disclosure::Reason;

/// A figure the puzzle is about: its place in [`Puzzle::figures`].
pub(super) type FigureId = usize;

/// One figure, shown or withheld.
pub(super) struct Figure {
    /// Students, clamped to `0..=group`.
    pub(super) value: i64,
    /// Students in the group it is counted in; `None` for a denominator, which has no complement.
    pub(super) group: Option<i64>,
    /// Why it is withheld; `None` if it is shown.
    pub(super) reason: Option<Reason>,
    held: bool,
    headline: bool,
}

/// Something a reader knows to hold among figures.
enum Relation {
    /// The parts make up the total, up to `residual` (noise, or students the sender withheld).
    Sum { parts: Vec<FigureId>, total: FigureId, residual: i64 },
    /// The union is at least every part and at most their sum, up to `slack` (noise).
    Union { parts: Vec<FigureId>, union: FigureId, slack: i64 },
}

/// Figures and relations of one cohort.
pub(super) struct Puzzle {
    floor: i64,
    pub(super) figures: Vec<Figure>,
    relations: Vec<Relation>,
}

impl Puzzle {
    /// An empty puzzle for a floor in students.
    pub(super) fn new(floor: u32) -> Self {
        Self { floor: floor.into(), figures: Vec::new(), relations: Vec::new() }
    }

    /// Adds a count inside a group of `group` students, withheld at once if the count or its complement is too small.
    pub(super) fn count(&mut self, value: i64, group: i64) -> FigureId {
        let value = value.clamp(0, group.max(0));
        let reason = if group < 2 * self.floor - 1 {
            Some(Reason::SmallGroup)
        } else if value < self.floor {
            Some(Reason::BelowFloor)
        } else {
            (group - value < self.floor).then_some(Reason::ComplementBelowFloor)
        };
        self.add(value, Some(group.max(0)), reason)
    }

    /// Adds a denominator, or another count without a complement.
    pub(super) fn whole(&mut self, value: i64) -> FigureId {
        let value = value.max(0);
        self.add(value, None, (value < self.floor).then_some(Reason::BelowFloor))
    }

    fn add(&mut self, value: i64, group: Option<i64>, reason: Option<Reason>) -> FigureId {
        self.figures.push(Figure { value, group, reason, held: false, headline: false });
        self.figures.len() - 1
    }

    /// Declares that `parts` make up `total`.
    pub(super) fn sum(&mut self, parts: Vec<FigureId>, total: FigureId) {
        let residual = parts.iter().map(|part| self.value(*part)).sum::<i64>() - self.value(total);
        self.relations.push(Relation::Sum { parts, total, residual });
    }

    /// Declares that `union` counts students that are in at least one of `parts`.
    pub(super) fn union(&mut self, parts: Vec<FigureId>, union: FigureId) {
        let most = parts.iter().map(|part| self.value(*part)).max().unwrap_or(0);
        let sum = parts.iter().map(|part| self.value(*part)).sum::<i64>();
        let slack = (most - self.value(union)).max(self.value(union) - sum).max(0);
        self.relations.push(Relation::Union { parts, union, slack });
    }

    /// Keeps a figure out of the repair: it is known from elsewhere, so withholding it would protect nothing.
    pub(super) fn hold(&mut self, figure: FigureId) {
        if let Some(figure) = self.figures.get_mut(figure) {
            (figure.held, figure.reason) = (true, None);
        }
    }

    /// Marks a figure as one people came for: it is withheld for others only where no other figure helps.
    pub(super) fn headline(&mut self, figure: FigureId) {
        if let Some(figure) = self.figures.get_mut(figure) {
            figure.headline = true;
        }
    }

    /// Withholds figures until the attack fails. Ends because every turn withholds or silences one more figure.
    pub(super) fn solve(&mut self) {
        while let Some(fault) = self.fault() {
            if !self.repair(&fault) {
                return;
            }
        }
    }

    /// Why a figure is withheld, if it is.
    pub(super) fn reason(&self, figure: FigureId) -> Option<Reason> {
        self.figures.get(figure).and_then(|figure| figure.reason)
    }

    fn value(&self, figure: FigureId) -> i64 {
        self.figures.get(figure).map_or(0, |figure| figure.value)
    }

    fn is_shown(&self, figure: FigureId) -> bool {
        self.figures.get(figure).is_some_and(|figure| figure.reason.is_none())
    }

    fn is_headline(&self, figure: FigureId) -> bool {
        self.figures.get(figure).is_some_and(|figure| figure.headline)
    }

    fn may_be_withheld(&self, figure: FigureId) -> bool {
        self.figures.get(figure).is_some_and(|figure| figure.reason.is_none() && !figure.held)
    }

    /// What the published mark alone says about a figure.
    fn published_range(&self, figure: &Figure) -> (i64, i64) {
        let group = figure.group.unwrap_or(WHOLE_MAX);
        match figure.reason {
            None => (figure.value, figure.value),
            Some(Reason::BelowFloor) => (0, (self.floor - 1).min(group)),
            Some(Reason::ComplementBelowFloor) => ((group - self.floor + 1).max(0), group),
            Some(Reason::Complementary) if figure.group.is_some() => (self.floor, group - self.floor),
            Some(Reason::Complementary) => (self.floor, group),
            Some(
                Reason::CodedByGroupSize
                | Reason::NotApplicable
                | Reason::SmallGroup
                | Reason::WithheldAtSource
                | Reason::WithheldTogether,
            ) => (0, group),
        }
    }

    /// The bounds an attacker reaches: every relation applied until nothing changes.
    pub(super) fn attack(&self) -> Vec<(i64, i64)> {
        let mut bounds: Vec<_> = self.figures.iter().map(|figure| self.published_range(figure)).collect();
        for _ in 0..PROPAGATION_TURNS_MAX {
            let mut changed = false;
            for relation in &self.relations {
                for (figure, low, high) in implied(relation, &bounds) {
                    if let Some(bound) = bounds.get_mut(figure) {
                        let tighter = (bound.0.max(low), bound.1.min(high));
                        changed |= tighter != *bound;
                        *bound = tighter;
                    }
                }
            }
            if !changed {
                break;
            }
        }
        bounds
    }

    /// The first unsafe spot: a withheld figure with too narrow a range, or a withheld set with too small a sum.
    fn fault(&self) -> Option<Fault> {
        let bounds = self.attack();
        let narrow = self.figures.iter().zip(&bounds).position(|(figure, (low, high))| {
            figure.reason.is_some() && high - low + 1 < self.floor.min(figure.group.unwrap_or(WHOLE_MAX) + 1)
        });
        if let Some(figure) = narrow {
            return Some(Fault::Narrow { figure, bounds });
        }
        self.relations.iter().find_map(|relation| match relation {
            Relation::Union { .. } => None,
            Relation::Sum { parts, total, .. } => {
                let masked: Vec<_> = parts.iter().copied().filter(|part| !self.is_shown(*part)).collect();
                let sum: i64 = masked.iter().map(|part| self.value(*part)).sum();
                let group: Option<i64> =
                    masked.iter().map(|part| self.figures.get(*part).and_then(|figure| figure.group)).sum();
                let unsafe_sum = sum < self.floor || group.is_some_and(|group| group - sum < self.floor);
                let exposed = self.is_shown(*total) && !masked.is_empty() && unsafe_sum;
                let standing = || parts.iter().copied().filter(|part| self.is_shown(*part));
                let next = standing().min_by_key(|part| self.value(*part));
                let next = next.or(self.may_be_withheld(*total).then_some(*total));
                (exposed && next.is_some()).then_some(Fault::SmallSum { next })
            }
        })
    }

    /// Silences one more reason, or withholds one more figure; false if nothing is left to do.
    ///
    /// Reasons go first where several figures are withheld side by side: two counts "below the floor" with a known sum
    /// narrow each other by their reasons alone, and a reason costs the reader less than a figure.
    fn repair(&mut self, fault: &Fault) -> bool {
        let (next, reason) = match fault {
            Fault::SmallSum { next } => (*next, Reason::Complementary),
            Fault::Narrow { figure, bounds } => match self.talking_neighbour(*figure, bounds) {
                Some(neighbour) => (Some(neighbour), Reason::WithheldTogether),
                None => match self.nearest_shown(*figure, bounds) {
                    Some(shown) => (Some(shown), Reason::Complementary),
                    None => {
                        (self.reach(*figure).into_iter().find(|id| self.talks(*id)), Reason::WithheldTogether)
                    }
                },
            },
        };
        match next.and_then(|next| self.figures.get_mut(next)) {
            Some(figure) => {
                figure.reason = Some(reason);
                true
            }
            None => false,
        }
    }

    /// Whether a withheld figure's reason still says something about its size.
    fn talks(&self, figure: FigureId) -> bool {
        match self.reason(figure) {
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

    /// A withheld figure in a relation that narrows `figure`, or the figure itself, whose reason can be silenced.
    fn talking_neighbour(&self, figure: FigureId, bounds: &[(i64, i64)]) -> Option<FigureId> {
        let narrowing = self.narrowing(figure, bounds);
        let neighbour = narrowing.into_iter().flat_map(members).find(|id| *id != figure && self.talks(*id));
        // A figure withheld for others may give itself away: "complementary" excludes both ends of the scale.
        neighbour.or((self.reason(figure) == Some(Reason::Complementary)).then_some(figure))
    }

    /// The relations that by themselves narrow a figure below the floor.
    fn narrowing(&self, figure: FigureId, bounds: &[(i64, i64)]) -> Vec<&Relation> {
        let Some(published) = self.figures.get(figure).map(|figure| self.published_range(figure)) else {
            return Vec::new();
        };
        let narrows = |relation: &&Relation| {
            implied(relation, bounds).iter().any(|(id, low, high)| {
                *id == figure && high.min(&published.1) - low.max(&published.0) + 1 < self.floor
            })
        };
        self.relations.iter().filter(narrows).collect()
    }

    /// The smallest shown figure in the relations that narrow `figure`; else the smallest in the nearest relations.
    fn nearest_shown(&self, figure: FigureId, bounds: &[(i64, i64)]) -> Option<FigureId> {
        let smallest = |ids: &mut dyn Iterator<Item = FigureId>| {
            ids.filter(|id| self.may_be_withheld(*id))
                .min_by_key(|id| (self.is_headline(*id), self.value(*id), *id))
        };
        smallest(&mut self.narrowing(figure, bounds).into_iter().flat_map(members)).or_else(|| {
            let reach = self.reach(figure);
            smallest(&mut reach.iter().copied())
        })
    }

    /// Every figure connected to `figure` through withheld ones, nearest first; shown figures end a path.
    fn reach(&self, figure: FigureId) -> Vec<FigureId> {
        let mut seen = BTreeSet::from([figure]);
        let mut order = vec![figure];
        let mut at = 0;
        while let Some(current) = order.get(at).copied() {
            at += 1;
            if self.is_shown(current) {
                continue;
            }
            let neighbours =
                self.relations.iter().filter(|relation| members(relation).any(|id| id == current));
            for id in neighbours.flat_map(members) {
                if seen.insert(id) {
                    order.push(id);
                }
            }
        }
        order
    }
}

/// What is unsafe.
enum Fault {
    /// A withheld figure is narrowed below the floor.
    Narrow { figure: FigureId, bounds: Vec<(i64, i64)> },
    /// The withheld parts of a shown total sum to too few; `next` is what to withhold.
    SmallSum { next: Option<FigureId> },
}

fn members(relation: &Relation) -> impl Iterator<Item = FigureId> + '_ {
    let (parts, whole) = match relation {
        Relation::Sum { parts, total, .. } => (parts, total),
        Relation::Union { parts, union, .. } => (parts, union),
    };
    parts.iter().copied().chain([*whole])
}

/// Bounds a relation puts on each of its figures, given bounds on the others.
fn implied(relation: &Relation, bounds: &[(i64, i64)]) -> Vec<(FigureId, i64, i64)> {
    let bound = |id: &FigureId| bounds.get(*id).copied().unwrap_or((0, WHOLE_MAX));
    let sums = |parts: &[FigureId]| {
        parts
            .iter()
            .map(bound)
            .fold((0_i64, 0_i64), |(low, high), (l, h)| (low.saturating_add(l), high.saturating_add(h)))
    };
    match relation {
        Relation::Sum { parts, total, residual } => {
            let (low, high) = sums(parts);
            let whole = bound(total);
            let of_part = |part: &FigureId| {
                let (l, h) = bound(part);
                (*part, whole.0 + residual - (high - h), whole.1 + residual - (low - l))
            };
            parts.iter().map(of_part).chain([(*total, low - residual, high - residual)]).collect()
        }
        Relation::Union { parts, union, slack } => {
            let (_, high) = sums(parts);
            let whole = bound(union);
            let most = parts.iter().map(|part| bound(part).0).max().unwrap_or(0);
            let of_part =
                |part: &FigureId| (*part, whole.0 - (high - bound(part).1) - slack, whole.1 + slack);
            parts.iter().map(of_part).chain([(*union, most - slack, high + slack)]).collect()
        }
    }
}

/// Larger than any denominator: 2^40 students.
const WHOLE_MAX: i64 = 1 << 40;

/// Bounds on chains of relations settle in a few turns; more only makes the modelled attacker weaker, never the data.
const PROPAGATION_TURNS_MAX: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_single_small_part_takes_the_next_smallest_along() {
        let mut puzzle = Puzzle::new(11);
        let parts = [3, 40, 90].map(|value| puzzle.count(value, 200));
        let total = puzzle.count(133, 600);
        puzzle.sum(parts.to_vec(), total);
        puzzle.solve();
        let reasons: Vec<_> = puzzle.figures.iter().map(|figure| figure.reason).collect();
        assert_eq!(reasons, [Some(Reason::BelowFloor), Some(Reason::Complementary), None, None]);
    }

    #[test]
    fn reasons_that_would_give_a_small_part_away_are_silenced() {
        // 3 + 12 = 15 are withheld; "complementary" would say that the second is 11 or more, so the first 4 or less.
        let mut puzzle = Puzzle::new(11);
        let parts = [3, 12, 90].map(|value| puzzle.count(value, 200));
        let total = puzzle.count(105, 600);
        puzzle.sum(parts.to_vec(), total);
        puzzle.solve();
        assert_eq!(puzzle.reason(parts[1]), Some(Reason::WithheldTogether));
        assert_eq!(puzzle.reason(parts[2]), None);
        assert!(puzzle.attack()[parts[0]].1 >= 10);
    }

    #[test]
    fn a_small_receiver_hides_a_second_one() {
        let mut puzzle = Puzzle::new(11);
        let receivers = [5, 60].map(|value| puzzle.count(value, 200));
        let any = puzzle.count(64, 200);
        puzzle.union(receivers.to_vec(), any);
        puzzle.solve();
        assert_eq!(puzzle.reason(receivers[1]), Some(Reason::Complementary));
        assert_eq!(puzzle.reason(any), None);
    }

    #[test]
    fn two_small_parts_with_a_small_sum_take_a_third_along() {
        let mut puzzle = Puzzle::new(11);
        let parts = [3, 4, 50, 90].map(|value| puzzle.count(value, 200));
        let total = puzzle.count(147, 800);
        puzzle.sum(parts.to_vec(), total);
        puzzle.solve();
        assert_eq!(puzzle.reason(parts[2]), Some(Reason::Complementary));
        assert_eq!(puzzle.reason(parts[3]), None);
    }
}

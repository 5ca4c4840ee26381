//! Which figures to withhold so that the rest cannot be solved back: audit by linear programmes, route, thin, repeat.
//!
//! A [`Puzzle`] holds every figure of one cohort over all sibling tables, or every cell of linked cross tables, and the
//! sums a reader knows to hold among them. Two kinds of figure besides the shown and the withheld: *held* ones, which the
//! reader knows whatever is done, and *hidden* ones, which stand in no table but can be worked out from those that do (the
//! students seen at both of two colleges, those seen between the 12th and the 16th month).
//!
//! ```text
//!  primary ──> audit ──fault──> route: least information ──> audit ... safe ──> thin ──> exact, if small ──> reasons
//! ```
//!
//! # What it promises
//!
//! * **Protection interval.** For every withheld figure there are two complete assignments of whole numbers that agree
//!   with everything shown and lie at least `floor - 1` apart in that figure (or as far as its group reaches): the audit
//!   keeps them as witnesses and trusts no solver's word for them. So neither a linear nor an integer programme can narrow
//!   it below `floor` values. The same for a hidden figure that counts one to `floor - 1` students.
//! * **Sums.** The withheld parts of a shown total sum to the floor or more, and so do their complements (domain 4.3).
//! * **Members.** The same holds for a member that knows figures of its own ([`Puzzle::owned`], domain 4.3 f).
//! * **Objective.** The information withheld is least in bits: a figure weighs the bits it takes to write it. Exactly least
//!   for small puzzles (`exact`), by routes of least weight and thinning for the others (`plan`).
//!
//! # What it does not promise
//!
//! Nothing against knowledge of individuals beyond the sums, nor against a reader who infers from the choice itself that
//! some other choice would have been unsafe. With noise the choice depends on noisy counts only.

mod audit;
mod base;
mod exact;
mod plan;
mod reasons;
mod sights;
mod solver;
mod standing;

#[cfg(test)]
mod tests;

use self::standing::Standing;
use crate::disclosure::Reason;
use std::sync::Arc;

/// A figure the puzzle is about: its place in [`Puzzle::figures`].
pub(super) type FigureId = usize;

/// One figure, shown or withheld.
#[derive(Clone)]
pub(super) struct Figure {
    /// Students, clamped to `0..=group`.
    pub(super) value: i64,
    /// Students in the group it is counted in, known to the reader; `None` for a count without a complement.
    pub(super) group: Option<i64>,
    /// Why it is withheld; `None` if it is shown.
    pub(super) reason: Option<Reason>,
    /// The reason an earlier release gave for it, which the reader remembers.
    printed: Option<Reason>,
    standing: Standing,
    headline: bool,
}

/// The parts make up the total, up to `residual` (noise).
#[derive(Clone)]
struct Line {
    parts: Vec<FigureId>,
    total: FigureId,
    residual: i64,
    /// Whether the withheld parts of this line are read as one sum (domain 4.3).
    masked: bool,
}

impl Line {
    fn members(&self) -> impl Iterator<Item = FigureId> + '_ {
        self.parts.iter().copied().chain([self.total])
    }

    /// The members with the sign they have in `parts - total = residual`.
    fn signed(&self) -> impl Iterator<Item = (FigureId, i64)> + '_ {
        self.parts.iter().map(|part| (*part, 1)).chain([(self.total, -1)])
    }
}

/// Figures and sums of one cohort, or of linked cross tables.
#[derive(Clone)]
pub(super) struct Puzzle {
    floor: i64,
    pub(super) figures: Vec<Figure>,
    lines: Vec<Line>,
    /// Lines a figure is in.
    lines_of: Vec<Vec<usize>>,
    /// Figures that one member knows from its own data, by member.
    owned: Vec<Vec<FigureId>>,
    /// How far apart two values of a figure can be if everything is withheld that can be; empty for "far enough".
    reach: Vec<i64>,
    /// The figures in terms of the finest, once the lines are known.
    base: Arc<base::Base>,
}

impl Puzzle {
    /// An empty puzzle for a floor in students.
    pub(super) fn new(floor: u32) -> Self {
        Self {
            floor: floor.into(),
            figures: Vec::new(),
            lines: Vec::new(),
            lines_of: Vec::new(),
            owned: Vec::new(),
            reach: Vec::new(),
            base: Arc::default(),
        }
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
        self.add(value, Some(group.max(0)), reason, Standing::Open)
    }

    /// Adds a denominator, or another count without a complement.
    pub(super) fn whole(&mut self, value: i64) -> FigureId {
        let value = value.max(0);
        self.add(value, None, (value < self.floor).then_some(Reason::BelowFloor), Standing::Open)
    }

    /// Adds a count that stands in no table but in sums of those that do; `group` students at most.
    pub(super) fn hidden(&mut self, value: i64, group: i64) -> FigureId {
        self.add(value.clamp(0, group.max(0)), Some(group.max(0)), None, Standing::Hidden)
    }

    /// Adds a count of a row that stands in no table, of `group` students: protected as the row would be if it did.
    pub(super) fn remainder(&mut self, value: i64, group: i64) -> FigureId {
        self.add(value.clamp(0, group.max(0)), Some(group.max(0)), None, Standing::Remainder)
    }

    /// Adds a count that stands in no table and is too noisy to say anything of a few students.
    pub(super) fn loose(&mut self, value: i64, group: i64) -> FigureId {
        self.add(value.clamp(0, group.max(0)), Some(group.max(0)), None, Standing::Loose)
    }

    fn add(
        &mut self,
        value: i64,
        group: Option<i64>,
        reason: Option<Reason>,
        standing: Standing,
    ) -> FigureId {
        self.figures.push(Figure { value, group, reason, printed: None, standing, headline: false });
        self.lines_of.push(Vec::new());
        self.figures.len() - 1
    }

    /// Declares that `parts` make up `total`; the withheld parts of a shown total are read as one sum.
    pub(super) fn sum(&mut self, parts: Vec<FigureId>, total: FigureId) {
        self.line(Line { parts, total, residual: 0, masked: true });
    }

    /// Declares that `parts` make up `total`, where nobody reads the withheld parts together.
    pub(super) fn makes_up(&mut self, parts: Vec<FigureId>, total: FigureId) {
        self.line(Line { parts, total, residual: 0, masked: false });
    }

    /// Declares a sum that several tables may state, once.
    pub(super) fn sum_once(&mut self, parts: Vec<FigureId>, total: FigureId) {
        let is_same = |line: &&usize| {
            self.lines.get(**line).is_some_and(|line| line.total == total && line.parts == parts)
        };
        if self.lines_of.get(total).into_iter().flatten().find(is_same).is_none() {
            self.sum(parts, total);
        }
    }

    /// Keeps withheld what an earlier release withheld for a reason it printed.
    pub(super) fn keep_withheld(&mut self, figure: FigureId, printed: Reason) {
        if self.reason(figure).is_none() {
            self.withhold(figure, Reason::WithheldTogether);
        }
        if let Some(figure) = self.figures.get_mut(figure) {
            figure.printed = Some(printed);
        }
    }

    /// Gives figures whose value nobody here has a value that agrees with the rest; false if there is none.
    ///
    /// Protection needs one world to start from, not the true one: all worlds that agree with what is shown are the same to
    /// the reader.
    pub(super) fn imagine(&mut self, ids: &[FigureId]) -> bool {
        audit::imagine(self, ids)
    }

    /// Declares that one member knows these figures from its own data: it must not narrow the others with them.
    pub(super) fn owned(&mut self, figures: Vec<FigureId>) {
        self.owned.push(figures);
    }

    /// The puzzle as each member sees it that knows figures of its own, then as a stranger does.
    fn sights(&self) -> Vec<Self> {
        let own = |figures: &Vec<FigureId>| {
            let mut seen = self.clone();
            figures.iter().for_each(|id| seen.hold(*id));
            seen
        };
        let sights = self.owned.iter().map(own).chain([self.clone()]);
        sights.map(Self::within_reach).collect()
    }

    /// Lowers the protection interval to what withholding everything would give: a reader who knows all but four students
    /// of a group cannot be kept from knowing the rest to within four.
    fn within_reach(mut self) -> Self {
        if self.figures.iter().all(|figure| figure.standing != Standing::Held) {
            return self;
        }
        let mut most = self.clone();
        for id in 0..most.figures.len() {
            if most.reason(id).is_none() {
                most.withhold(id, Reason::WithheldTogether);
            }
        }
        self.reach = audit::Audit::silent(&most).reach(&most);
        self
    }

    fn line(&mut self, mut line: Line) {
        line.residual = line.signed().map(|(id, sign)| sign * self.value(id)).sum();
        for member in line.members() {
            if let Some(lines) = self.lines_of.get_mut(member) {
                lines.push(self.lines.len());
            }
        }
        self.lines.push(line);
    }

    /// Keeps a figure out of the plan: it is known from elsewhere, so withholding it would protect nothing.
    pub(super) fn hold(&mut self, figure: FigureId) {
        if let Some(figure) = self.figures.get_mut(figure) {
            (figure.standing, figure.reason) = (Standing::Held, None);
        }
    }

    /// Marks a figure as one people came for: it is withheld for others only where no other figure helps.
    pub(super) fn headline(&mut self, figure: FigureId) {
        if let Some(figure) = self.figures.get_mut(figure) {
            figure.headline = true;
        }
    }

    /// Withholds a figure, unless it is held.
    pub(super) fn withhold(&mut self, figure: FigureId, reason: Reason) {
        self.set(figure, Some(reason));
    }

    fn set(&mut self, figure: FigureId, reason: Option<Reason>) {
        if let Some(figure) = self.figures.get_mut(figure)
            && figure.standing != Standing::Held
        {
            figure.reason = reason;
        }
    }

    /// Withholds figures until the audit finds nothing, then lets every reason speak that gives nothing away.
    ///
    /// Cost: a few linear programmes a withheld figure; 1 ms for ten rows, 0.1 s for 250 linked cells, for each member that looks.
    pub(super) fn solve(&mut self) {
        self.base = Arc::new(base::Base::of(self.figures.len(), &self.lines));
        plan::plan(self);
        exact::improve(self);
        reasons::silence(self);
    }

    /// Whether a figure can be shown or withheld at all.
    pub(super) fn stands_in_a_table(&self, figure: FigureId) -> bool {
        let standing = self.figures.get(figure).map(|figure| figure.standing);
        matches!(standing, Some(Standing::Held | Standing::Open))
    }

    /// Why a figure is withheld, if it is.
    pub(super) fn reason(&self, figure: FigureId) -> Option<Reason> {
        self.figures.get(figure).and_then(|figure| figure.reason)
    }

    fn value(&self, figure: FigureId) -> i64 {
        self.figures.get(figure).map_or(0, |figure| figure.value)
    }

    /// Whether the reader has the figure itself.
    fn is_known(&self, figure: FigureId) -> bool {
        self.figures.get(figure).is_some_and(|figure| {
            figure.reason.is_none()
                && !matches!(figure.standing, Standing::Hidden | Standing::Remainder | Standing::Loose)
        })
    }

    fn may_be_withheld(&self, figure: FigureId) -> bool {
        self.figures
            .get(figure)
            .is_some_and(|figure| figure.reason.is_none() && figure.standing == Standing::Open)
    }

    /// Students the reader knows a figure not to exceed.
    fn cap(&self, figure: FigureId) -> i64 {
        let group = self.figures.get(figure).and_then(|figure| figure.group);
        // A count without a group has no bound; a bound makes the modelled reader stronger, never weaker.
        group.unwrap_or_else(|| 4 * (self.value(figure) + self.floor))
    }

    /// What a reason alone leaves possible for a figure.
    fn left_by(&self, id: FigureId, reason: Option<Reason>) -> (i64, i64) {
        let (floor, cap) = (self.floor, self.cap(id));
        let whole = self.figures.get(id).is_some_and(|figure| figure.group.is_none());
        match reason {
            Some(Reason::BelowFloor) => (0, (floor - 1).min(cap)),
            Some(Reason::ComplementBelowFloor) => ((cap - floor + 1).max(0), cap),
            Some(Reason::Complementary) if whole => (floor.min(cap), cap),
            Some(Reason::Complementary) => (floor.min(cap), (cap - floor).max(0)),
            None
            | Some(
                Reason::CodedByGroupSize
                | Reason::Differencing
                | Reason::Dominance
                | Reason::NotApplicable
                | Reason::SmallGroup
                | Reason::WithheldAtSource
                | Reason::WithheldTogether,
            ) => (0, cap),
        }
    }

    /// What is possible for each figure if this release gives no reason.
    fn silent_ranges(&self) -> Vec<(i64, i64)> {
        let printed = |id: FigureId| self.figures.get(id).and_then(|figure| figure.printed);
        (0..self.figures.len()).map(|id| self.left_by(id, printed(id))).collect()
    }

    /// What is possible for each figure with the reasons as they are.
    fn spoken_ranges(&self) -> Vec<(i64, i64)> {
        let both = |(id, (low, high)): (FigureId, (i64, i64))| {
            let (l, h) = self.left_by(id, self.reason(id));
            (low.max(l), high.min(h))
        };
        self.silent_ranges().into_iter().enumerate().map(both).collect()
    }

    /// How far apart two values of a figure must be possible; `None` if it needs no protection.
    fn need(&self, id: FigureId) -> Option<i64> {
        let figure = self.figures.get(id)?;
        let sensitive = figure.standing.is_sensitive(figure, self.floor);
        let reach = self.reach.get(id).copied().unwrap_or(i64::MAX);
        sensitive.then(|| (self.floor - 1).min(self.cap(id)).min(reach))
    }

    /// Bits it takes to write a figure: what is lost if it is withheld. A headline weighs as much as a table.
    fn weight(&self, id: FigureId) -> i64 {
        let Some(figure) = self.figures.get(id) else { return 0 };
        let bits = i64::from((figure.value + 1).max(1).ilog2()) + 1;
        if figure.headline { 1_000 * bits } else { bits }
    }

    /// The bits withheld for others' sake.
    fn lost(&self) -> i64 {
        (0..self.figures.len()).filter(|id| self.is_complementary(*id)).map(|id| self.weight(id)).sum()
    }

    fn is_complementary(&self, id: FigureId) -> bool {
        self.reason(id) == Some(Reason::Complementary)
    }

    /// A masked sum that may not be read: a shown total whose withheld parts, or their complements, sum to too few.
    fn small_sum(&self) -> Option<&Line> {
        let is_small = |line: &&Line| {
            if !line.masked || !self.is_known(line.total) {
                return false;
            }
            let withheld = || line.parts.iter().copied().filter(|part| self.need(*part).is_some());
            let sum: i64 = withheld().map(|part| self.value(part)).sum();
            let groups: Option<i64> =
                withheld().map(|part| self.figures.get(part).and_then(|figure| figure.group)).sum();
            // Groups without students are nobody's figure.
            let some = withheld().any(|part| self.cap(part) > 0);
            some && (sum < self.floor || groups.is_some_and(|groups| groups - sum < self.floor))
        };
        let can_grow =
            |line: &&Line| line.members().any(|member| self.may_be_withheld(member) && self.cap(member) > 0);
        self.lines.iter().filter(is_small).find(can_grow)
    }
}

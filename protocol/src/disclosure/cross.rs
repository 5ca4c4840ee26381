//! Cross tables of any number of dimensions with hierarchies, several of one study judged together.
//!
//! A cell is named by what it is *not* a total over: `school 3 x female`. Two tables that share a dimension share the
//! cells named alike, so their common margins are one figure, withheld in both or in neither. [`release_linked`] is the
//! only way from [`RawCross`] to [`ReleasedCross`].

use std::collections::BTreeMap;

use crate::disclosure::{
    CrossError, DisclosurePolicy, Hierarchy, Mark, Reason,
    suppression::{FigureId, Puzzle},
};

/// Cells of all tables of one release, totals included: more would keep a machine for minutes.
pub const CROSS_CELLS_MAX: usize = 2_000;

/// One cross table before disclosure control. Mute: no `Debug`, `Clone` or `Encode`.
///
/// ```compile_fail
/// fn spoken<T: core::fmt::Debug>() {}
/// spoken::<passage_protocol::disclosure::RawCross>();
/// ```
pub struct RawCross {
    shape: Shape,
    counts: Vec<i64>,
    groups: Vec<i64>,
}

/// One cross table as anyone may see it: a mark for every cell, totals included.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ReleasedCross {
    shape: Shape,
    groups: Vec<i64>,
    marks: Vec<Mark>,
}

/// The dimensions of a table, and whose members know cells of their own.
#[derive(Clone, Debug, Eq, PartialEq)]
struct Shape {
    dimensions: Vec<Hierarchy>,
    owners: Option<usize>,
}

/// A cell by dimension and category, without those it is a total over.
pub type CellName = Vec<(String, usize)>;

impl RawCross {
    /// Takes counts of the finest cells, the last dimension running fastest, each dimension by its leaves in order.
    ///
    /// # Inputs
    ///
    /// `counts` in students, possibly noisy; `groups`, the students each is counted among, known to every reader.
    /// `owners` names the dimension whose categories are members that know their own counts (domain 4.3 f).
    ///
    /// # Errors
    ///
    /// [`CrossError`] if lengths do not fit the leaves, or a dimension stands twice.
    pub fn new(
        dimensions: Vec<Hierarchy>,
        owners: Option<&str>,
        counts: &[i64],
        groups: &[u32],
    ) -> Result<Self, CrossError> {
        let twice = dimensions
            .iter()
            .enumerate()
            .any(|(at, one)| dimensions.iter().skip(at + 1).any(|other| other.name() == one.name()));
        if twice || dimensions.is_empty() {
            return Err(CrossError::Dimensions { count: dimensions.len() });
        }
        let leaves: usize = dimensions.iter().map(|dimension| dimension.leaves().count()).product();
        if counts.len() != leaves || groups.len() != leaves {
            return Err(CrossError::Counts { seen: counts.len().min(groups.len()), expected: leaves });
        }
        let owners = owners.and_then(|name| dimensions.iter().position(|one| one.name() == name));
        let shape = Shape { dimensions, owners };
        let groups: Vec<i64> = groups.iter().map(|group| i64::from(*group)).collect();
        let clamped: Vec<i64> =
            counts.iter().zip(&groups).map(|(count, group)| (*count).clamp(0, *group)).collect();
        Ok(Self { counts: shape.totals(&clamped), groups: shape.totals(&groups), shape })
    }
}

impl ReleasedCross {
    /// The dimensions, in the order of the cells.
    #[must_use]
    pub fn dimensions(&self) -> &[Hierarchy] {
        &self.shape.dimensions
    }

    /// The position of the dimension whose categories are members with data of their own.
    #[must_use]
    pub fn owners(&self) -> Option<usize> {
        self.shape.owners
    }

    /// Every cell: the category in each dimension (0 is the total), the group known to all, the mark.
    pub fn cells(&self) -> impl Iterator<Item = (Vec<usize>, i64, Mark)> + '_ {
        let marks = self.groups.iter().zip(&self.marks);
        self.shape.positions().into_iter().zip(marks).map(|(at, (group, mark))| (at, *group, *mark))
    }
}

/// Releases the tables of one study together, against earlier releases about the same students.
///
/// # Inputs
///
/// `earlier` are tables of the ledger about the same population and outcome: what they show is known to every reader and
/// cannot be withheld any more; what they withhold stays protected.
///
/// # Errors
///
/// [`CrossError`] if a dimension has two shapes, the tables are too large, or `earlier` contradicts itself.
///
/// # Cost
///
/// 1 ms for ten cells, 0.1 s for 250; more than in proportion beyond. Call it from a blocking thread.
pub fn release_linked(
    tables: Vec<RawCross>,
    earlier: &[ReleasedCross],
    policy: &DisclosurePolicy,
) -> Result<Vec<ReleasedCross>, CrossError> {
    let shapes = || tables.iter().map(|table| &table.shape).chain(earlier.iter().map(|table| &table.shape));
    check(shapes())?;
    let mut linked = Linked { puzzle: Puzzle::new(policy.floor()), figures: BTreeMap::new() };
    for table in &tables {
        let cells = table.counts.iter().zip(&table.groups);
        for (at, (count, group)) in table.shape.positions().into_iter().zip(cells) {
            linked.cell(table.shape.name(&at), |puzzle| puzzle.count(*count, *group));
        }
    }
    let mut imagined = Vec::new();
    for table in earlier {
        for (at, group, mark) in table.cells() {
            let known = linked.figures.get(&table.shape.name(&at)).copied();
            match (mark.value().and_then(|value| i64::try_from(value).ok()), known) {
                (Some(value), known) => {
                    let id = known.unwrap_or_else(|| {
                        linked.cell(table.shape.name(&at), |puzzle| puzzle.count(value, group))
                    });
                    linked.puzzle.hold(id);
                }
                (None, known) => {
                    let id = known.unwrap_or_else(|| {
                        let id = linked.cell(table.shape.name(&at), |puzzle| puzzle.count(0, group));
                        linked.puzzle.withhold(id, Reason::WithheldTogether);
                        imagined.push(id);
                        id
                    });
                    linked.puzzle.keep_withheld(id, mark.reason().unwrap_or(Reason::WithheldTogether));
                }
            }
        }
    }
    for shape in shapes() {
        linked.lines(shape);
    }
    if !linked.puzzle.imagine(&imagined) {
        return Err(CrossError::Ledger);
    }
    linked.puzzle.solve();
    Ok(tables.into_iter().map(|table| linked.write(table)).collect())
}

fn check<'a>(shapes: impl Iterator<Item = &'a Shape>) -> Result<(), CrossError> {
    let mut known: BTreeMap<&str, &Hierarchy> = BTreeMap::new();
    let mut cells = 0_usize;
    for shape in shapes {
        cells = cells.saturating_add(shape.positions_count());
        if cells > CROSS_CELLS_MAX {
            return Err(CrossError::Cells { count: cells });
        }
        for dimension in &shape.dimensions {
            if *known.entry(dimension.name()).or_insert(dimension) != dimension {
                return Err(CrossError::Shapes);
            }
        }
    }
    Ok(())
}

/// The cells of all tables as one puzzle.
struct Linked {
    puzzle: Puzzle,
    figures: BTreeMap<CellName, FigureId>,
}

impl Linked {
    fn cell(&mut self, name: CellName, add: impl FnOnce(&mut Puzzle) -> FigureId) -> FigureId {
        *self.figures.entry(name).or_insert_with(|| add(&mut self.puzzle))
    }

    /// Every sum of a table: along each dimension, the children of a category make it up.
    fn lines(&mut self, shape: &Shape) {
        for (position, dimension) in shape.dimensions.iter().enumerate() {
            for at in shape.positions() {
                let Some(category) = at.get(position).copied() else { continue };
                let children: Vec<usize> = dimension.children(category).collect();
                let with = |category: usize| {
                    let mut at = at.clone();
                    at.get_mut(position).into_iter().for_each(|place| *place = category);
                    self.figures.get(&shape.name(&at)).copied()
                };
                let parts: Option<Vec<_>> = children.into_iter().map(with).collect();
                let total = self.figures.get(&shape.name(&at)).copied();
                if let (Some(parts), Some(total)) = (parts.filter(|parts| !parts.is_empty()), total) {
                    self.puzzle.sum_once(parts, total);
                }
            }
        }
        let Some((position, owners)) =
            shape.owners.and_then(|at| shape.dimensions.get(at).map(|owners| (at, owners)))
        else {
            return;
        };
        for owner in owners.leaves() {
            let own = shape.positions().into_iter().filter(|at| at.get(position) == Some(&owner));
            let figures = own.filter_map(|at| self.figures.get(&shape.name(&at)).copied()).collect();
            self.puzzle.owned(figures);
        }
    }

    fn write(&self, table: RawCross) -> ReleasedCross {
        let mark = |(at, count): (Vec<usize>, &i64)| {
            let reason = self.figures.get(&table.shape.name(&at)).and_then(|id| self.puzzle.reason(*id));
            let value = u64::try_from(*count).unwrap_or(0);
            reason.map_or(Mark::Value { value, low: value, high: value }, Mark::Suppressed)
        };
        let marks = table.shape.positions().into_iter().zip(&table.counts).map(mark).collect();
        ReleasedCross { shape: table.shape, groups: table.groups, marks }
    }
}

impl Shape {
    fn positions_count(&self) -> usize {
        self.dimensions.iter().fold(1, |cells, one| cells.saturating_mul(one.categories()))
    }

    /// Every combination of categories, the last dimension running fastest.
    fn positions(&self) -> Vec<Vec<usize>> {
        let every = |so_far: Vec<Vec<usize>>, dimension: &Hierarchy| -> Vec<Vec<usize>> {
            let longer = |at: Vec<usize>| {
                (0..dimension.categories()).map(move |category| [at.clone(), vec![category]].concat())
            };
            so_far.into_iter().flat_map(longer).collect()
        };
        self.dimensions.iter().fold(vec![Vec::new()], every)
    }

    fn name(&self, at: &[usize]) -> CellName {
        let named = self.dimensions.iter().zip(at).filter(|(_, category)| **category > 0);
        let mut name: CellName =
            named.map(|(dimension, category)| (dimension.name().to_owned(), *category)).collect();
        name.sort();
        name
    }

    /// Counts of every cell from those of the finest.
    fn totals(&self, finest: &[i64]) -> Vec<i64> {
        let positions = self.positions();
        let mut leaves = finest.iter();
        let is_finest = |at: &[usize]| {
            self.dimensions.iter().zip(at).all(|(dimension, category)| dimension.is_leaf(*category))
        };
        let finest: Vec<(&Vec<usize>, i64)> = positions
            .iter()
            .filter(|at| is_finest(at))
            .map(|at| (at, leaves.next().copied().unwrap_or(0)))
            .collect();
        let index: BTreeMap<&Vec<usize>, usize> = positions.iter().zip(0..).collect();
        let mut totals = vec![0_i64; positions.len()];
        for (at, count) in finest {
            let ancestors = self.dimensions.iter().zip(at).fold(vec![Vec::new()], |so_far, (one, leaf)| {
                let up: Vec<usize> = one.ancestors(*leaf);
                let longer = |at: Vec<usize>| {
                    up.iter().map(move |category| [at.clone(), vec![*category]].concat()).collect::<Vec<_>>()
                };
                so_far.into_iter().flat_map(longer).collect::<Vec<_>>()
            });
            for cell in ancestors {
                index
                    .get(&cell)
                    .and_then(|cell| totals.get_mut(*cell))
                    .into_iter()
                    .for_each(|sum| *sum += count);
            }
        }
        totals
    }
}

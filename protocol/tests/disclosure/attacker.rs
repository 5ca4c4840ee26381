//! The linear-programming attacker: least and largest value of every withheld cell, given all that a reader can know.
//!
//! It knows every shown cell of every table, earlier ones included, that cells add up along every dimension, how many
//! students are in each group, what each reason says by the legend, and, if it is a member, its own cells. 5,000 studies
//! in eight tests, so that two cores share them. The fault it looks for: a withheld cell with fewer possible values than
//! the floor (or than its group allows).

use std::collections::{BTreeMap, BTreeSet};

use microlp::{ComparisonOp, OptimizationDirection, Problem};
use passage_protocol::disclosure::{
    CellName, DisclosurePolicy, Hierarchy, Mark, Reason, ReleasedCross, release_linked,
};

use crate::random::{Dice, Study, Truth};

/// What the attacker knows of a cell: between which values, and in a group of how many.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Known {
    pub(crate) low: i64,
    pub(crate) high: i64,
    pub(crate) group: i64,
    pub(crate) withheld: bool,
}

/// Cells by name, and the sums among them: parts and total.
pub(crate) struct Knowledge {
    pub(crate) cells: BTreeMap<CellName, Known>,
    pub(crate) sums: Vec<(Vec<CellName>, CellName)>,
}

pub(crate) fn name(table: &ReleasedCross, cell: &[usize]) -> CellName {
    let named = table.dimensions().iter().zip(cell).filter(|(_, one)| **one > 0);
    let mut name: CellName = named.map(|(tree, one)| (tree.name().to_owned(), *one)).collect();
    name.sort();
    name
}

impl Knowledge {
    /// Reads tables with the legend in hand.
    pub(crate) fn of<'a>(tables: impl IntoIterator<Item = &'a ReleasedCross>, floor: i64) -> Self {
        let (mut cells, mut sums) = (BTreeMap::<CellName, Known>::new(), Vec::new());
        for table in tables {
            for (cell, group, mark) in table.cells() {
                let (low, high, withheld) = match mark {
                    Mark::Value { value, .. } => (value as i64, value as i64, false),
                    Mark::Suppressed(Reason::BelowFloor) => (0, (floor - 1).min(group), true),
                    Mark::Suppressed(Reason::ComplementBelowFloor) => {
                        ((group - floor + 1).max(0), group, true)
                    }
                    Mark::Suppressed(Reason::Complementary) => (floor, group - floor, true),
                    Mark::Suppressed(_) => (0, group, true),
                    other @ (Mark::Bound { .. } | Mark::NotApplicable(_)) => {
                        panic!("{other:?} in a cross table")
                    }
                };
                let known = cells.entry(name(table, &cell)).or_insert(Known { low, high, group, withheld });
                // A cell of two tables is known by both.
                (known.low, known.high) = (known.low.max(low), known.high.min(high));
                known.withheld &= withheld;
                for (at, tree) in table.dimensions().iter().enumerate() {
                    let with = |one: usize| {
                        let mut cell = cell.clone();
                        cell[at] = one;
                        name(table, &cell)
                    };
                    let parts: Vec<_> = tree.children(cell[at]).map(with).collect();
                    if !parts.is_empty() {
                        sums.push((parts, name(table, &cell)));
                    }
                }
            }
        }
        Self { cells, sums }
    }

    /// Adds what a member knows of itself: every cell of one category. What it can still learn of a sum over it is about
    /// the others' students only.
    pub(crate) fn own(&mut self, tree: &Hierarchy, category: usize, truth: &BTreeMap<CellName, i64>) {
        let groups: BTreeMap<CellName, i64> =
            self.cells.iter().map(|(name, known)| (name.clone(), known.group)).collect();
        let above = tree.ancestors(category);
        for (name, known) in &mut self.cells {
            let stands =
                name.iter().find(|(dimension, _)| dimension == tree.name()).map_or(0, |(_, one)| *one);
            if stands == category {
                (known.low, known.high, known.withheld) = (truth[name], truth[name], false);
            } else if above.contains(&stands) {
                let mut own: CellName =
                    name.iter().filter(|(dimension, _)| dimension != tree.name()).cloned().collect();
                own.push((tree.name().to_owned(), category));
                own.sort();
                known.group -= groups.get(&own).copied().unwrap_or(0);
            }
        }
    }

    /// Least and largest possible value of a cell; other cells' values at those two points go to `seen`.
    fn bounds(&self, aim: &CellName, seen: &mut BTreeMap<CellName, (f64, f64)>) -> (f64, f64) {
        let [low, high] =
            [OptimizationDirection::Minimize, OptimizationDirection::Maximize].map(|direction| {
                let mut problem = Problem::new(direction);
                let variables: BTreeMap<&CellName, _> = self
                    .cells
                    .iter()
                    .filter(|(_, known)| known.low < known.high)
                    .map(|(name, known)| {
                        let cost = if name == aim { 1.0 } else { 0.0 };
                        (name, problem.add_var(cost, (known.low as f64, known.high as f64)))
                    })
                    .collect();
                for (parts, total) in &self.sums {
                    let signed = || parts.iter().map(|part| (part, 1.0)).chain([(total, -1.0)]);
                    let terms: Vec<_> = signed()
                        .filter_map(|(name, sign)| variables.get(name).map(|one| (*one, sign)))
                        .collect();
                    let known = signed().filter(|(name, _)| !variables.contains_key(name));
                    let known: f64 = known.map(|(name, sign)| sign * self.cells[name].low as f64).sum();
                    if terms.is_empty() {
                        assert!(known.abs() < 0.5, "shown cells that do not add up");
                    } else {
                        problem.add_constraint(terms, ComparisonOp::Eq, -known);
                    }
                }
                let solution = problem.solve().unwrap().into_solution().unwrap();
                for (name, variable) in &variables {
                    let value = solution.var_value(*variable);
                    let range = seen.entry((*name).clone()).or_insert((value, value));
                    *range = (range.0.min(value), range.1.max(value));
                }
                solution.objective()
            });
        (low, high)
    }

    /// What would be known if only these cells had ever been released: group sizes and earlier tables narrow cells too, and
    /// no later table can widen them again.
    fn before(&self, released: &BTreeSet<CellName>) -> Self {
        let erased = |(name, known): (&CellName, &Known)| {
            let blank = Known { low: 0, high: known.group, withheld: true, ..*known };
            (name.clone(), if released.contains(name) { *known } else { blank })
        };
        Self { cells: self.cells.iter().map(erased).collect(), sums: self.sums.clone() }
    }

    /// Withheld cells narrowed below the protection interval.
    pub(crate) fn narrowed(&self, floor: i64) -> Vec<(CellName, (f64, f64))> {
        let mut seen = BTreeMap::new();
        let mut narrowed = Vec::new();
        for (name, known) in self.cells.iter().filter(|(_, known)| known.withheld && known.group > 0) {
            let need = (floor - 1).min(known.group) as f64;
            // Two points the attacker found for another cell may show already that this one is open.
            let open = seen.get(name).is_some_and(|(low, high): &(f64, f64)| high - low >= need);
            if known.low == known.high || open {
                if known.low == known.high && need > 0.0 {
                    narrowed.push((name.clone(), (known.low as f64, known.high as f64)));
                }
                continue;
            }
            let (low, high) = self.bounds(name, &mut seen);
            // Whole numbers only: the attacker rounds inwards.
            let (low, high) = ((low - 1e-6).ceil(), (high + 1e-6).floor());
            if high - low < need - 1e-6 {
                narrowed.push((name.clone(), (low, high)));
            }
        }
        narrowed
    }
}

pub(crate) fn truths<'a>(
    tables: impl IntoIterator<Item = (&'a ReleasedCross, &'a Truth)>,
) -> BTreeMap<CellName, i64> {
    let each = |(table, truth): (&'a ReleasedCross, &'a Truth)| -> Vec<(CellName, i64)> {
        truth.iter().map(|(cell, _, count)| (name(table, cell), *count)).collect()
    };
    tables.into_iter().flat_map(each).collect()
}

/// Plays one study: one table, or two that share a dimension, together or one after the other; with members or without.
fn attacked(seed: u64) -> (usize, usize) {
    let mut dice = Dice::new(seed);
    let study = Study::drawn(&mut dice);
    let floor = [5, 11, 11, 11][dice.below(4) as usize];
    let policy = DisclosurePolicy::new(floor).unwrap();
    let dimensions = study.spreads.len();
    let all: Vec<usize> = (0..dimensions).collect();
    let owners = (dimensions == 2 && dice.percent(20)).then_some(0);
    let (first, second) = match dice.below(10) {
        0 | 1 if dimensions >= 3 => (vec![0, 1], Some(vec![0, 2])),
        2 if dimensions >= 3 => (vec![0, 2], Some(vec![1, 2])),
        _ => (all, None),
    };
    let in_turn = dice.percent(50);
    let (raw, truth) = study.table(&first, owners);
    let mut truth = vec![truth];
    let mut raw = vec![raw];
    let mut released = Vec::new();
    if let Some(second) = second {
        let (table, its_truth) = study.table(&second, owners);
        truth.push(its_truth);
        if in_turn {
            released = release_linked(raw, &[], &policy).unwrap();
            raw = vec![table];
        } else {
            raw.push(table);
        }
    }
    let earlier = released.clone();
    released.extend(release_linked(raw, &earlier, &policy).unwrap());
    let truth_of = truths(released.iter().zip(&truth));
    let floor = i64::from(floor);
    let mut views = vec![Knowledge::of(&released, floor)];
    if let Some(owners) = owners {
        let tree = &study.spreads[owners].tree;
        let leaves: Vec<usize> = tree.leaves().collect();
        let category = leaves[dice.below(leaves.len() as u64) as usize];
        let mut member = Knowledge::of(&released, floor);
        member.own(tree, category, &truth_of);
        views.push(member);
    }
    for (name, known) in &views[0].cells {
        let truth = truth_of[name];
        assert!(known.low <= truth && truth <= known.high, "seed {seed}: a false statement about {name:?}");
        let few = truth < floor || known.group - truth < floor;
        assert!(known.withheld || !few || known.group == 0, "seed {seed}: {name:?} shows {truth}");
    }
    let cells_of = |table: &ReleasedCross| -> Vec<CellName> {
        table.cells().map(|(cell, ..)| name(table, &cell)).collect()
    };
    let known_before: BTreeSet<CellName> = earlier.iter().flat_map(cells_of).collect();
    for knowledge in &views {
        for (name, (low, high)) in knowledge.narrowed(floor) {
            let (least, most) = knowledge.before(&known_before).bounds(&name, &mut BTreeMap::new());
            let as_before = !earlier.is_empty() && high - low >= most.floor() - least.ceil() - 1e-6;
            assert!(as_before, "seed {seed}: {name:?} narrowed to {low} to {high}");
        }
    }
    let cells = views[0].cells.values().filter(|known| known.group > 0).count();
    (cells, views[0].cells.values().filter(|known| known.withheld && known.group > 0).count())
}

/// Studies in each of the eight tests.
const STUDIES: u64 = 625;

fn part(number: u64) {
    let (mut cells, mut withheld) = (0, 0);
    for seed in number * STUDIES..(number + 1) * STUDIES {
        let (all, some) = attacked(seed);
        (cells, withheld) = (cells + all, withheld + some);
    }
    // Tables without anything withheld, or with nothing shown, would prove nothing.
    assert!(withheld * 10 > cells && withheld * 10 < cells * 9, "{withheld} of {cells} are withheld");
    println!("{STUDIES} studies, {cells} cells, {withheld} withheld, none narrowed");
}

macro_rules! parts {
    ($($number:literal => $test:ident;)*) => {$(
        #[test]
        fn $test() {
            part($number);
        }
    )*};
}
parts! {
    0 => no_withheld_cell_is_narrowed_1;
    1 => no_withheld_cell_is_narrowed_2;
    2 => no_withheld_cell_is_narrowed_3;
    3 => no_withheld_cell_is_narrowed_4;
    4 => no_withheld_cell_is_narrowed_5;
    5 => no_withheld_cell_is_narrowed_6;
    6 => no_withheld_cell_is_narrowed_7;
    7 => no_withheld_cell_is_narrowed_8;
}

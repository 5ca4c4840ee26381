//! Information lost, beside published heuristics: the hypercube method (GHMITER; Repsilber 1994, Giessing and Repsilber
//! 2002) with the same protection interval, and the rule most states publish, "the next smallest too" (domain 4.3).
//!
//! The hypercube method protects a cell, in every subtable it is in, by withholding the corners of the cheapest cube in
//! which it can move by the interval. Both are held to the same rule about masked sums. Cost of a cell: its bits.

use std::collections::{BTreeMap, BTreeSet};

use passage_protocol::disclosure::{DisclosurePolicy, Hierarchy, release_linked};

use crate::{
    attacker::{Knowledge, Known},
    random::{Dice, Study, Truth},
};

const FLOOR: i64 = 11;

type Cell = Vec<usize>;

/// A table as a heuristic sees it: group and count by cell.
struct Table<'a> {
    trees: Vec<&'a Hierarchy>,
    cells: BTreeMap<Cell, (i64, i64)>,
}

fn is_primary((group, count): (i64, i64)) -> bool {
    group < 2 * FLOOR - 1 || count < FLOOR || group - count < FLOOR
}

fn bits((_, count): (i64, i64)) -> i64 {
    i64::from((count + 1).ilog2()) + 1
}

impl<'a> Table<'a> {
    fn of(study: &'a Study, truth: &Truth) -> Self {
        let cells = truth.iter().map(|(cell, group, count)| (cell.clone(), (*group, *count))).collect();
        Self { trees: study.spreads.iter().map(|spread| &spread.tree).collect(), cells }
    }

    fn primaries(&self) -> BTreeSet<Cell> {
        self.cells.iter().filter(|(_, both)| is_primary(**both)).map(|(cell, _)| cell.clone()).collect()
    }

    fn lost(&self, withheld: &BTreeSet<Cell>) -> (i64, usize) {
        let extra: Vec<_> =
            withheld.iter().map(|cell| self.cells[cell]).filter(|both| !is_primary(*both)).collect();
        (extra.iter().map(|both| bits(*both)).sum(), extra.len())
    }

    /// The lines of a dimension a category is in: its siblings with their parent, its children with itself.
    fn lines(&self, dimension: usize, category: usize) -> Vec<(usize, Vec<usize>)> {
        let tree = self.trees[dimension];
        let mut totals = vec![category];
        totals.extend(tree.ancestors(category).get(1));
        let line = |total: usize| (total, tree.children(total).collect::<Vec<_>>());
        totals.into_iter().map(line).filter(|(_, parts)| !parts.is_empty()).collect()
    }

    /// The corners to withhold for the cheapest cube with one line in each dimension; `None` if no cube is wide enough.
    fn cube(
        &self,
        cell: &Cell,
        lines: &[(usize, Vec<usize>)],
        withheld: &BTreeSet<Cell>,
    ) -> Option<Vec<Cell>> {
        let need = (FLOOR - 1).min(self.cells[cell].0);
        // Corners of all cubes so far: cell and sign.
        let mut cubes: Vec<Vec<(Cell, i64)>> = vec![vec![(cell.clone(), 1)]];
        for (at, (total, parts)) in lines.iter().enumerate() {
            let here = cell[at];
            let others = parts.iter().chain([total]).copied().filter(|other| *other != here);
            let doubled = |other: usize| {
                let sign = if here == *total || other == *total { 1 } else { -1 };
                cubes.iter().map(move |cube| {
                    let moved = cube.iter().map(|(corner, of)| {
                        let mut corner = corner.clone();
                        corner[at] = other;
                        (corner, of * sign)
                    });
                    cube.iter().cloned().chain(moved).collect::<Vec<_>>()
                })
            };
            cubes = others.flat_map(doubled).collect();
        }
        let wide = |cube: &&Vec<(Cell, i64)>| {
            let room = |up: i64| {
                let each = cube.iter().map(|(corner, sign)| {
                    let (group, count) = self.cells[corner];
                    if sign * up > 0 { group - count } else { count }
                });
                each.min().unwrap_or(0)
            };
            room(1) + room(-1) >= need
        };
        let cost = |cube: &&Vec<(Cell, i64)>| -> (i64, usize) {
            let more: Vec<_> = cube.iter().filter(|(corner, _)| !withheld.contains(corner)).collect();
            (more.iter().map(|(corner, _)| bits(self.cells[corner])).sum(), more.len())
        };
        let best = cubes.iter().filter(wide).min_by_key(cost)?;
        Some(best.iter().map(|(corner, _)| corner.clone()).collect())
    }

    /// A masked sum that is too small, and the next smallest cell of its line.
    fn small_sum(&self, withheld: &BTreeSet<Cell>) -> Option<Cell> {
        self.sums().into_iter().find_map(|(total, parts)| {
            let (masked, shown): (Vec<_>, Vec<_>) = parts.iter().partition(|part| withheld.contains(*part));
            let sum =
                |at: fn(&(i64, i64)) -> i64| masked.iter().map(|part| at(&self.cells[*part])).sum::<i64>();
            let (groups, counts) = (sum(|both| both.0), sum(|both| both.1));
            let small = groups > 0 && (counts < FLOOR || groups - counts < FLOOR);
            let next = shown
                .into_iter()
                .filter(|part| self.cells[*part].0 > 0)
                .min_by_key(|part| bits(self.cells[*part]));
            (small && !withheld.contains(&total)).then(|| next.cloned().unwrap_or(total))
        })
    }

    fn sums(&self) -> Vec<(Cell, Vec<Cell>)> {
        let mut sums = Vec::new();
        for cell in self.cells.keys() {
            for (at, tree) in self.trees.iter().enumerate() {
                let with = |one: usize| {
                    let mut cell = cell.clone();
                    cell[at] = one;
                    cell
                };
                let parts: Vec<Cell> = tree.children(cell[at]).map(with).collect();
                if !parts.is_empty() {
                    sums.push((cell.clone(), parts));
                }
            }
        }
        sums
    }

    /// The hypercube method; also the cells it finds no cube for.
    fn hypercubes(&self) -> (BTreeSet<Cell>, usize) {
        let mut withheld = self.primaries();
        let mut failed = BTreeSet::new();
        loop {
            let before = withheld.len();
            for cell in withheld.clone() {
                if self.cells[&cell].0 == 0 {
                    continue;
                }
                let lines: Vec<_> = cell.iter().enumerate().map(|(at, one)| self.lines(at, *one)).collect();
                let every = |so_far: Vec<Vec<(usize, Vec<usize>)>>, lines: &Vec<(usize, Vec<usize>)>| {
                    let longer = |chosen: Vec<(usize, Vec<usize>)>| {
                        lines.iter().map(move |line| [chosen.clone(), vec![line.clone()]].concat())
                    };
                    so_far.into_iter().flat_map(longer).collect::<Vec<_>>()
                };
                for subtable in lines.iter().fold(vec![Vec::new()], every) {
                    match self.cube(&cell, &subtable, &withheld) {
                        Some(corners) => withheld.extend(corners),
                        None => {
                            failed.insert((
                                cell.clone(),
                                subtable.iter().map(|(total, _)| *total).collect::<Vec<_>>(),
                            ));
                        }
                    }
                }
            }
            if let Some(next) = self.small_sum(&withheld) {
                withheld.insert(next);
            } else if withheld.len() == before {
                return (withheld, failed.len());
            }
        }
    }

    /// "If exactly one is masked, mask the next smallest too", line by line.
    fn next_smallest(&self) -> BTreeSet<Cell> {
        let mut withheld = self.primaries();
        loop {
            let before = withheld.len();
            for (total, parts) in self.sums() {
                let masked: Vec<_> =
                    parts.iter().chain([&total]).filter(|cell| withheld.contains(*cell)).collect();
                let rest = parts.iter().chain([&total]).filter(|cell| !withheld.contains(*cell));
                if let (1, Some(next)) = (masked.len(), rest.min_by_key(|cell| self.cells[*cell].1)) {
                    withheld.insert(next.clone());
                }
            }
            if withheld.len() == before {
                return withheld;
            }
        }
    }

    /// What a reader knows if these cells are withheld without a word.
    fn knowledge(&self, withheld: &BTreeSet<Cell>) -> Knowledge {
        let name = |cell: &Cell| {
            let named = self.trees.iter().zip(cell).filter(|(_, one)| **one > 0);
            named.map(|(tree, one)| (tree.name().to_owned(), *one)).collect::<Vec<_>>()
        };
        let known = |(cell, (group, count)): (&Cell, &(i64, i64))| {
            let withheld = withheld.contains(cell);
            let (low, high) = if withheld { (0, *group) } else { (*count, *count) };
            (name(cell), Known { low, high, group: *group, withheld })
        };
        let sums = self.sums().into_iter();
        Knowledge {
            cells: self.cells.iter().map(known).collect(),
            sums: sums.map(|(total, parts)| (parts.iter().map(name).collect(), name(&total))).collect(),
        }
    }
}

/// Tables on which the methods are compared.
const TABLES: u64 = 300;

#[test]
fn no_more_is_lost_than_by_the_hypercube_method() {
    let (mut ours, mut theirs, mut failed, mut cells) = ((0, 0), (0, 0), 0, 0);
    for seed in 0..TABLES {
        let study = Study::drawn(&mut Dice::new(2_000_000 + seed));
        let every: Vec<usize> = (0..study.spreads.len()).collect();
        let (raw, truth) = study.table(&every, None);
        let released = release_linked(vec![raw], &[], &DisclosurePolicy::default()).unwrap();
        let table = Table::of(&study, &truth);
        let withheld = released[0]
            .cells()
            .filter(|(_, _, mark)| mark.value().is_none())
            .map(|(cell, ..)| cell)
            .collect();
        let (bits, count) = table.lost(&withheld);
        ours = (ours.0 + bits, ours.1 + count);
        let (cubes, without) = table.hypercubes();
        let (bits, count) = table.lost(&cubes);
        theirs = (theirs.0 + bits, theirs.1 + count);
        (failed, cells) = (failed + without, cells + table.cells.len());
    }
    println!(
        "{TABLES} tables, {cells} cells: {} bits ({} cells) withheld for others, hypercubes {} bits ({} cells), no cube {failed} times",
        ours.0, ours.1, theirs.0, theirs.1
    );
    assert!(ours.0 <= theirs.0, "{} bits lost, the hypercube method loses {}", ours.0, theirs.0);
}

#[test]
fn the_attacker_breaks_the_rule_of_the_next_smallest() {
    // An attacker that finds nothing anywhere would prove nothing about the plan.
    let (mut broken, mut looked_at) = (0, 0);
    for seed in 0..60 {
        let study = Study::of(&mut Dice::new(3_000_000 + seed), 2);
        let (_, truth) = study.table(&[0, 1], None);
        let table = Table::of(&study, &truth);
        let withheld = table.next_smallest();
        looked_at += usize::from(!withheld.is_empty());
        broken += usize::from(!table.knowledge(&withheld).narrowed(FLOOR).is_empty());
    }
    println!("the rule of the next smallest: {broken} of {looked_at} tables have a narrowed cell");
    assert!(broken * 4 > looked_at, "{broken} of {looked_at}");
}

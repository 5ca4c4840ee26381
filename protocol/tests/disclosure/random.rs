//! Random tables of the shape schools have: few large groups, many small ones, zeros, one or two levels of schools.

use std::collections::BTreeMap;

use passage_protocol::disclosure::{Hierarchy, RawCross};

/// A small generator with a seed, so that a table that fails can be made again.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15).wrapping_add(0x1234_5678_9ABC_DEF1))
    }

    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ mixed >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ mixed >> 31) % limit.max(1)
    }

    pub(crate) fn percent(&mut self, of: u64) -> bool {
        self.below(100) < of
    }

    fn one(&mut self, weights: &[u64]) -> usize {
        let mut at = self.below(weights.iter().sum());
        weights
            .iter()
            .position(|weight| {
                let hit = at < *weight;
                at = at.saturating_sub(*weight);
                hit
            })
            .unwrap_or(0)
    }
}

/// A dimension with how students spread over its leaves.
#[derive(Clone)]
pub(crate) struct Spread {
    pub(crate) tree: Hierarchy,
    weights: Vec<u64>,
}

/// One study: a population, and tables over some of its dimensions.
pub(crate) struct Study {
    pub(crate) spreads: Vec<Spread>,
    /// Students by leaf of each dimension: how many, and how many of them have the outcome.
    students: BTreeMap<Vec<usize>, (i64, i64)>,
}

/// The truth of one table, cell by cell: category in each dimension, group, count.
pub(crate) type Truth = Vec<(Vec<usize>, i64, i64)>;

fn spread(name: &str, parents: &[usize], weights: &[u64]) -> Spread {
    let tree = Hierarchy::new(name, parents.to_vec()).unwrap();
    assert_eq!(tree.leaves().count(), weights.len());
    Spread { tree, weights: weights.to_vec() }
}

impl Study {
    /// Two to five dimensions, 60 to 9,000 students, an outcome more common in some categories than in others.
    pub(crate) fn drawn(dice: &mut Dice) -> Self {
        let dimensions = 2 + dice.one(&[58, 34, 7, 1]);
        Self::of(dice, dimensions)
    }

    /// Two small dimensions and few students, so that every table can be counted.
    pub(crate) fn small(dice: &mut Dice) -> Self {
        let schools = spread("school", &[0, 0, 0], &[50, 30, 20]);
        let gender = match dice.below(2) {
            0 => spread("gender", &[0, 0], &[55, 45]),
            _ => spread("gender", &[0, 0, 0], &[48, 47, 5]),
        };
        let count = 30 + dice.below(60);
        Self::filled(dice, vec![schools, gender], count)
    }

    pub(crate) fn of(dice: &mut Dice, dimensions: usize) -> Self {
        let large = dimensions <= 2;
        let medium = dimensions <= 3;
        let schools = match dice.below(3) {
            0 if large => spread("school", &[0, 0, 1, 1, 1, 2, 2], &[40, 25, 8, 30, 12]),
            1 if medium => spread("school", &[0, 0, 1, 1], &[50, 30, 20]),
            2 if large => spread("school", &[0, 0, 0, 0, 0], &[40, 30, 15, 10, 5]),
            _ if medium => spread("school", &[0, 0, 0], &[55, 35, 10]),
            _ => spread("school", &[0, 0], &[70, 30]),
        };
        let ethnicity = match dice.below(2) {
            0 if large => spread("ethnicity", &[0; 6], &[45, 25, 14, 9, 5, 2]),
            _ if medium => spread("ethnicity", &[0; 4], &[50, 30, 15, 5]),
            _ => spread("ethnicity", &[0; 2], &[85, 15]),
        };
        let gender = match medium {
            true => spread("gender", &[0; 3], &[49, 49, 2]),
            false => spread("gender", &[0; 2], &[52, 48]),
        };
        let year = spread("year", &[0; 2], &[50, 50]);
        let destination = spread("destination", &[0; 2], &[60, 40]);
        let mut spreads = vec![schools, ethnicity, gender, year, destination];
        if dimensions == 2 && dice.percent(30) {
            spreads.swap(1, 2);
        }
        spreads.truncate(dimensions);
        let size = [600, 2_500, 8_940][if medium { dice.one(&[4, 4, 2]) } else { dice.one(&[1, 4, 5]) }];
        let count = 60 + dice.below(size);
        Self::filled(dice, spreads, count)
    }

    fn filled(dice: &mut Dice, spreads: Vec<Spread>, count: u64) -> Self {
        let rate = 3 + dice.below(90);
        let mut students: BTreeMap<Vec<usize>, (i64, i64)> = BTreeMap::new();
        let leaves: Vec<Vec<usize>> = spreads.iter().map(|spread| spread.tree.leaves().collect()).collect();
        for _ in 0..count {
            let at: Vec<usize> = spreads
                .iter()
                .zip(&leaves)
                .map(|(spread, leaves)| leaves[dice.one(&spread.weights)])
                .collect();
            let bend = at.iter().map(|leaf| (*leaf as u64 * 7) % 20).sum::<u64>();
            let outcome = dice.percent((rate + bend).saturating_sub(20).min(100));
            let both = students.entry(at).or_default();
            *both = (both.0 + 1, both.1 + i64::from(outcome));
        }
        Self { spreads, students }
    }

    /// The table over some dimensions, by position; `owners` is a position in the study.
    pub(crate) fn table(&self, over: &[usize], owners: Option<usize>) -> (RawCross, Truth) {
        let trees: Vec<&Hierarchy> = over.iter().map(|at| &self.spreads[*at].tree).collect();
        let mut positions = vec![Vec::new()];
        for tree in &trees {
            let longer =
                |at: Vec<usize>| (0..tree.categories()).map(move |one| [at.clone(), vec![one]].concat());
            positions = positions.into_iter().flat_map(longer).collect();
        }
        let up: Vec<Vec<Vec<usize>>> = trees
            .iter()
            .map(|tree| (0..tree.categories()).map(|leaf| tree.ancestors(leaf)).collect())
            .collect();
        let truth: Truth = positions
            .into_iter()
            .map(|cell| {
                let inside = |(student, _): &(&Vec<usize>, &(i64, i64))| {
                    (over.iter().zip(&cell)).zip(&up).all(|((at, one), up)| up[student[*at]].contains(one))
                };
                let (group, count) = (self.students.iter().filter(inside))
                    .fold((0, 0), |(group, count), (_, (students, some))| (group + students, count + some));
                (cell, group, count)
            })
            .collect();
        let finest =
            truth.iter().filter(|(cell, ..)| cell.iter().zip(&trees).all(|(one, tree)| tree.is_leaf(*one)));
        let (counts, groups): (Vec<i64>, Vec<u32>) =
            finest.map(|(_, group, count)| (*count, *group as u32)).unzip();
        let owners = owners.map(|at| self.spreads[at].tree.name());
        let trees = trees.into_iter().cloned().collect();
        (RawCross::new(trees, owners, &counts, &groups).unwrap(), truth)
    }
}

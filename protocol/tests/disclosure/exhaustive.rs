//! The exhaustive attacker: every table of whole numbers that agrees with a release, for tables small enough to count.
//!
//! A linear programme can be blind to what only whole numbers show; this one is not. The fault it looks for: a withheld
//! cell that takes fewer different values, over all agreeing tables, than the floor or its group allows.

use std::collections::BTreeMap;

use passage_protocol::disclosure::{CellName, DisclosurePolicy, release_linked};

use crate::{
    attacker::{Knowledge, truths},
    random::{Dice, Study},
};

/// Partial tables looked at before a table counts as too large.
const STEPS_MAX: u64 = 400_000;

struct Search<'a> {
    knowledge: &'a Knowledge,
    /// Finest cells, and for each the cells it counts in.
    leaves: Vec<(CellName, Vec<usize>)>,
    names: Vec<CellName>,
    /// For each cell: sum so far, finest cells left to come.
    so_far: Vec<(i64, usize)>,
    ranges: Vec<Option<(i64, i64)>>,
    found: u64,
    steps: u64,
}

impl<'a> Search<'a> {
    fn new(knowledge: &'a Knowledge) -> Self {
        let names: Vec<CellName> = knowledge.cells.keys().cloned().collect();
        let at = |name: &CellName| names.iter().position(|known| known == name).unwrap();
        let is_total = |name: &CellName| knowledge.sums.iter().any(|(_, total)| total == name);
        let above = |leaf: &CellName| {
            let (mut found, mut turn) = (vec![leaf.clone()], 0);
            while turn < found.len() {
                for (parts, total) in &knowledge.sums {
                    if parts.contains(&found[turn]) && !found.contains(total) {
                        found.push(total.clone());
                    }
                }
                turn += 1;
            }
            found.iter().map(at).collect::<Vec<_>>()
        };
        let leaves: Vec<_> =
            names.iter().filter(|name| !is_total(name)).map(|name| (name.clone(), above(name))).collect();
        let mut so_far = vec![(0, 0); names.len()];
        leaves.iter().flat_map(|(_, above)| above).for_each(|cell| so_far[*cell].1 += 1);
        Self { knowledge, ranges: vec![None; names.len()], names, leaves, so_far, found: 0, steps: 0 }
    }

    /// Whether the search came to its end.
    fn run(&mut self, leaf: usize) -> bool {
        self.steps += 1;
        if self.steps > STEPS_MAX {
            return false;
        }
        if leaf == self.leaves.len() {
            self.found += 1;
            for (range, (value, _)) in self.ranges.iter_mut().zip(&self.so_far) {
                let (low, high) = range.unwrap_or((*value, *value));
                *range = Some((low.min(*value), high.max(*value)));
            }
            return true;
        }
        let (name, above) = self.leaves[leaf].clone();
        let known = self.knowledge.cells[&name];
        for value in known.low..=known.high {
            above.iter().for_each(|cell| {
                self.so_far[*cell].0 += value;
                self.so_far[*cell].1 -= 1;
            });
            let fits = above.iter().all(|cell| {
                let (sum, left) = self.so_far[*cell];
                let known = self.knowledge.cells[&self.names[*cell]];
                sum <= known.high && (left > 0 || sum >= known.low)
            });
            let ended = !fits || self.run(leaf + 1);
            above.iter().for_each(|cell| {
                self.so_far[*cell].0 -= value;
                self.so_far[*cell].1 += 1;
            });
            if !ended {
                return false;
            }
        }
        true
    }
}

/// Small tables that are counted out.
const TABLES: usize = 300;

#[test]
fn no_whole_table_narrows_a_withheld_cell() {
    let policy = DisclosurePolicy::new(5).unwrap();
    let (mut counted, mut seed, mut withheld) = (0, 1_000_000, 0);
    while counted < TABLES {
        seed += 1;
        assert!(seed < 1_020_000, "too few small tables: {counted}");
        let study = Study::small(&mut Dice::new(seed));
        let (raw, truth) = study.table(&[0, 1], None);
        let released = release_linked(vec![raw], &[], &policy).unwrap();
        let knowledge = Knowledge::of(&released, 5);
        let mut search = Search::new(&knowledge);
        if !search.run(0) || search.found == 0 {
            continue;
        }
        counted += 1;
        let truth: BTreeMap<CellName, i64> = truths([(&released[0], &truth)]);
        for (name, range) in search.names.iter().zip(&search.ranges) {
            let (known, (low, high)) = (knowledge.cells[name], range.unwrap());
            assert!((low..=high).contains(&truth[name]), "seed {seed}: the truth is not among the tables");
            let need = 4.min(known.group);
            withheld += usize::from(known.withheld && known.group > 0);
            assert!(!known.withheld || high - low >= need, "seed {seed}: {name:?} is {low} to {high}");
        }
    }
    assert!(withheld > TABLES, "{withheld} withheld cells");
}

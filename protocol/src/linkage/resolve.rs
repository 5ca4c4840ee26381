//! Who is who over N lists: best one-to-one links, clusters, and what follows from them (linkage findings 4.3, SPEC §7.2).
//!
//! Promises at most one row of a list in a cluster, links that are the strict best of both their ends, and a result that does
//! not depend on the order of rows: what is equal in score is taken in the order of the tags it shares.
//!
//! It does not promise that one row changes one link: a row can take another's partner. So no table with noise rests on it;
//! [`link`](super::link) does. It serves the evaluation of match quality, where both are stated side by side.

use super::{
    join::all_hits,
    tag_list::{TAG_BYTES, TagList},
};

/// A row of one of the lists.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct ListRow {
    /// Position of the list.
    pub list: u16,
    /// Row of the list.
    pub row: u32,
}

/// Rows that are taken for one person, and what the resolution dropped.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Resolution {
    /// Groups of two rows or more, each row of another list, ascending.
    pub clusters: Vec<Vec<ListRow>>,
    /// Pairs of rows that share a tag and were no strict best of both ends in any pass.
    pub ambiguous: u64,
    /// Best links that would have put two rows of one list together.
    pub conflicts: u64,
}

impl Resolution {
    /// The pairs of rows of two lists that are taken for one person.
    pub fn pairs(&self, left: u16, right: u16) -> impl Iterator<Item = (u32, u32)> {
        self.clusters.iter().filter_map(move |cluster| {
            let row = |list| cluster.iter().find(|member| member.list == list).map(|member| member.row);
            row(left).zip(row(right))
        })
    }

    /// Clusters by number of rows, from two on.
    #[must_use]
    pub fn sizes(&self) -> Vec<u64> {
        let mut sizes = Vec::new();
        for rows in self.clusters.iter().map(|cluster| cluster.len().saturating_sub(2)) {
            if sizes.len() <= rows {
                sizes.resize(rows + 1, 0);
            }
            sizes.get_mut(rows).into_iter().for_each(|count| *count += 1);
        }
        sizes
    }
}

/// Resolves the rows of all `lists` at once.
///
/// # Inputs
///
/// * `weights` — what an equal tag of each recipe adds to the score of a pair of rows; a recipe without one adds nothing.
///
/// # Cost
///
/// Every pair of lists is joined once; about 60 bytes for every pair of rows that shares a tag.
#[must_use]
pub fn resolve(lists: &[TagList<'_>], weights: &[u32]) -> Resolution {
    let mut resolution = Resolution::default();
    let mut links = Vec::new();
    for (left, source) in (0_u16..).zip(lists) {
        for (right, target) in (0_u16..).zip(lists).skip(usize::from(left) + 1) {
            let mut rest = candidates(source, target, weights);
            for _ in 0..PASSES {
                let best = strict_best(&rest);
                if best.is_empty() {
                    break;
                }
                links.extend(best.iter().map(|pair| pair.between(left, right)));
                let (sources, targets) = taken(&best);
                rest.retain(|pair| {
                    sources.binary_search(&pair.rows.0).is_err()
                        && targets.binary_search(&pair.rows.1).is_err()
                });
            }
            resolution.ambiguous += rest.len() as u64;
        }
    }
    links.sort_unstable_by_key(Edge::rank);
    let mut clusters = Clusters::of(lists);
    resolution.conflicts = links.iter().filter(|link| !clusters.join(link)).count() as u64;
    resolution.clusters = clusters.finish();
    resolution
}

/// Two rows that share a tag.
struct Candidate {
    rows: (u32, u32),
    score: u32,
    tag: [u8; TAG_BYTES],
}

impl Candidate {
    fn between(&self, left: u16, right: u16) -> Edge {
        let ends = (ListRow { list: left, row: self.rows.0 }, ListRow { list: right, row: self.rows.1 });
        Edge { ends, score: self.score, tag: self.tag }
    }
}

/// A best link of two lists.
struct Edge {
    ends: (ListRow, ListRow),
    score: u32,
    tag: [u8; TAG_BYTES],
}

impl Edge {
    /// The strongest first; what is equal by its tag, then by the lists.
    fn rank(&self) -> (core::cmp::Reverse<u32>, [u8; TAG_BYTES], u16, u16) {
        (core::cmp::Reverse(self.score), self.tag, self.ends.0.list, self.ends.1.list)
    }
}

/// Every pair of rows with an equal tag, with the weights of its recipes, each once.
fn candidates(source: &TagList<'_>, target: &TagList<'_>, weights: &[u32]) -> Vec<Candidate> {
    let mut hits = Vec::new();
    for hit in all_hits(source, target).into_iter().flat_map(|hits| hits.hits) {
        let ends = source.cells().row_and_recipe(hit.source).zip(target.cells().row_and_recipe(hit.target));
        let Some(((row, recipe), (target_row, _))) = ends else { continue };
        let tag = source.tag(hit.source).copied().unwrap_or_default();
        hits.push(((row, target_row), recipe, tag));
    }
    hits.sort_unstable();
    let pairs = hits.chunk_by(|one, other| one.0 == other.0);
    let candidate = |pair: &[((u32, u32), u8, [u8; TAG_BYTES])]| {
        let (rows, _, _) = *pair.first()?;
        let recipes = pair.chunk_by(|one, other| one.1 == other.1).filter_map(|same| same.first());
        let weight = |recipe: u8| weights.get(usize::from(recipe)).copied().unwrap_or(0);
        let score = recipes.map(|(_, recipe, _)| weight(*recipe)).sum();
        let tag = pair.iter().map(|(_, _, tag)| *tag).min()?;
        Some(Candidate { rows, score, tag })
    };
    pairs.filter_map(candidate).collect()
}

/// The pairs that are the strict best of both their rows.
fn strict_best(pairs: &[Candidate]) -> Vec<&Candidate> {
    use std::collections::HashMap;
    let mut best: [HashMap<u32, (u32, u32)>; 2] = Default::default();
    let [of_source, of_target] = &mut best;
    for pair in pairs {
        for (side, row) in [(&mut *of_source, pair.rows.0), (&mut *of_target, pair.rows.1)] {
            let (score, times) = side.entry(row).or_insert((pair.score, 0));
            match pair.score.cmp(score) {
                core::cmp::Ordering::Greater => (*score, *times) = (pair.score, 1),
                core::cmp::Ordering::Equal => *times += 1,
                core::cmp::Ordering::Less => {}
            }
        }
    }
    let alone = |side: &HashMap<u32, (u32, u32)>, row, score| side.get(&row) == Some(&(score, 1));
    let is_best = |pair: &&Candidate| {
        alone(of_source, pair.rows.0, pair.score) && alone(of_target, pair.rows.1, pair.score)
    };
    pairs.iter().filter(is_best).collect()
}

/// The rows of both sides that have found a partner, ascending.
fn taken(best: &[&Candidate]) -> (Vec<u32>, Vec<u32>) {
    let mut sources: Vec<u32> = best.iter().map(|pair| pair.rows.0).collect();
    let mut targets: Vec<u32> = best.iter().map(|pair| pair.rows.1).collect();
    sources.sort_unstable();
    targets.sort_unstable();
    (sources, targets)
}

/// Disjoint sets of rows with at most one row of a list each.
struct Clusters {
    /// First place of each list's rows.
    starts: Vec<usize>,
    /// The set of each row.
    set_of: Vec<usize>,
    /// The rows of each set; the smaller is moved into the larger.
    sets: Vec<Vec<ListRow>>,
}

impl Clusters {
    fn of(lists: &[TagList<'_>]) -> Self {
        let (mut starts, mut sets) = (Vec::new(), Vec::new());
        for (list, tags) in (0_u16..).zip(lists) {
            starts.push(sets.len());
            sets.extend((0..tags.rows()).map(|row| vec![ListRow { list, row }]));
        }
        Self { starts, set_of: (0..sets.len()).collect(), sets }
    }

    fn place(&self, row: ListRow) -> usize {
        self.starts.get(usize::from(row.list)).map_or(usize::MAX, |start| start + row.row as usize)
    }

    /// Joins the sets of both ends; false if that would put two rows of one list together.
    fn join(&mut self, edge: &Edge) -> bool {
        let set = |row| self.set_of.get(self.place(row)).copied().unwrap_or(usize::MAX);
        let (left, right) = (set(edge.ends.0), set(edge.ends.1));
        if left == right {
            return true;
        }
        let size = |set: usize| self.sets.get(set).map_or(0, Vec::len);
        let (keep, fold) = if size(left) < size(right) { (right, left) } else { (left, right) };
        let Some([kept, folded]) = self.sets.get_disjoint_mut([keep, fold]).ok() else { return true };
        if kept.iter().any(|member| folded.iter().any(|other| other.list == member.list)) {
            return false;
        }
        let moved = core::mem::take(folded);
        kept.extend(&moved);
        for place in moved.into_iter().map(|row| self.place(row)).collect::<Vec<_>>() {
            if let Some(set) = self.set_of.get_mut(place) {
                *set = keep;
            }
        }
        true
    }

    fn finish(self) -> Vec<Vec<ListRow>> {
        let mut clusters: Vec<_> = self.sets.into_iter().filter(|rows| rows.len() > 1).collect();
        clusters.iter_mut().for_each(|rows| rows.sort_unstable());
        clusters.sort_unstable();
        clusters
    }
}

/// How often what is left after taking the best pairs is looked at again (linkage findings 4.3 step 4).
const PASSES: usize = 5;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SLOTS: [u8; 3] = [0, 1, 2];
    const WEIGHTS: [u32; 3] = [40, 10, 10];

    /// A list of rows of values; zero is a value nobody else has.
    fn bytes(list: u8, rows: &[[u8; 3]]) -> Vec<u8> {
        let tag = |(place, value): (usize, u8)| {
            let mut tag = [0; TAG_BYTES];
            tag[0] = value << 4;
            tag[1] = value;
            if value == 0 {
                tag[2..10].copy_from_slice(&place.to_le_bytes());
                tag[10] = list + 1;
            }
            tag
        };
        rows.iter().flatten().copied().enumerate().flat_map(tag).collect()
    }

    fn resolved(lists: &[Vec<[u8; 3]>]) -> Resolution {
        let blobs: Vec<Vec<u8>> = (0..).zip(lists).map(|(list, rows)| bytes(list, rows)).collect();
        let lists: Vec<TagList<'_>> = blobs.iter().map(|blob| TagList::new(&SLOTS, blob).unwrap()).collect();
        resolve(&lists, &WEIGHTS)
    }

    fn clusters(found: &Resolution) -> Vec<Vec<(u16, u32)>> {
        let rows = |rows: &Vec<ListRow>| rows.iter().map(|member| (member.list, member.row)).collect();
        found.clusters.iter().map(rows).collect()
    }

    #[test]
    fn the_better_of_two_partners_is_taken_and_the_rest_is_looked_at_again() {
        // Row 0 shares two recipes with row 0 and one with row 1; row 1 shares one with row 1.
        let found = resolved(&[vec![[5, 1, 2], [0, 3, 0]], vec![[5, 1, 0], [0, 3, 2]]]);
        assert_eq!(
            clusters(&found),
            [vec![(0, 0), (1, 0)], vec![(0, 1), (1, 1)]],
            "row 1 has two at first, equal in score"
        );
    }

    #[test]
    fn a_tie_is_dropped_and_counted() {
        let found = resolved(&[vec![[0, 1, 2]], vec![[0, 1, 0], [0, 0, 2]]]);
        assert_eq!((found.clusters.len(), found.ambiguous), (0, 2));
    }

    #[test]
    fn two_rows_are_one_person_through_a_third_list() {
        let found = resolved(&[vec![[1, 0, 0]], vec![[1, 2, 0]], vec![[0, 2, 0]]]);
        assert_eq!(clusters(&found), [vec![(0, 0), (1, 0), (2, 0)]]);
        assert_eq!(found.pairs(0, 2).collect::<Vec<_>>(), [(0, 0)], "no tag of theirs is equal");
        assert_eq!(found.sizes(), [0, 1]);
    }

    #[test]
    fn no_cluster_has_two_rows_of_a_list() {
        // 0.0 - 1.0 by identifier, 1.0 - 2.0 and 0.1 - 2.0 by name: the weaker of the last two goes.
        let found = resolved(&[vec![[1, 0, 0], [0, 3, 0]], vec![[1, 2, 4]], vec![[0, 3, 4]]]);
        assert_eq!(found.conflicts, 1);
        assert_eq!(found.clusters.iter().map(Vec::len).max(), Some(2));
    }

    fn list() -> impl Strategy<Value = Vec<[u8; 3]>> {
        proptest::collection::vec(proptest::array::uniform3(0_u8..8), 0..8)
    }

    proptest! {
        #[test]
        fn a_row_stands_in_one_cluster_and_a_list_once_in_each(lists in proptest::collection::vec(list(), 0..5)) {
            let found = resolved(&lists);
            let mut rows: Vec<ListRow> = found.clusters.concat();
            let count = rows.len();
            rows.sort_unstable();
            rows.dedup();
            prop_assert_eq!(rows.len(), count);
            for cluster in &found.clusters {
                prop_assert!(cluster.len() > 1 && cluster.windows(2).all(|pair| pair[0].list < pair[1].list));
            }
        }

        #[test]
        fn row_order_does_not_matter(lists in proptest::collection::vec(list(), 2..4)) {
            let reversed: Vec<Vec<[u8; 3]>> = lists.iter().map(|rows| rows.iter().rev().copied().collect()).collect();
            let turn = |(list, row): (u16, u32)| (list, u32::try_from(lists[usize::from(list)].len()).unwrap() - 1 - row);
            let mut back: Vec<Vec<(u16, u32)>> =
                clusters(&resolved(&reversed)).into_iter().map(|rows| rows.into_iter().map(turn).collect()).collect();
            back.sort_unstable();
            prop_assert_eq!(back, clusters(&resolved(&lists)));
        }
    }
}

//! Equal tags of two lists, found by sorting partitions of the tag space.
//!
//! Promises every pair of equal tags under the same recipe, except tags that a list repeats: those are void (SPEC §7).
//! A partition is the tags that begin with the same bits, so partitions are independent and the caller may run them on
//! as many threads as it has. Sorting falls back from the first eight bytes to the whole tag, so crafted tags cost
//! no more than honest ones.

use core::cmp::Ordering;

use super::{
    links::Links,
    tag_list::{TAG_BYTES, TagList},
};

/// One part of the tag space: the tags whose first bits are a given number.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Partition {
    bits: u32,
    index: u64,
}

impl Partition {
    /// Cuts the tag space into `2^bits` partitions, at most 256.
    pub fn all(bits: u32) -> impl Iterator<Item = Self> {
        let bits = bits.min(8);
        (0..1_u64 << bits).map(move |index| Self { bits, index })
    }

    fn holds(self, head: u64) -> bool {
        head.checked_shr(u64::BITS - self.bits).unwrap_or(0) == self.index
    }
}

/// The pairs of equal tags of one partition, to be gathered by [`Links::gather`].
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Hits {
    /// Cells of the source and the target list.
    pub(super) cells: Vec<(u32, u32)>,
}

/// Links every row of `source` to a row of `target` by the first-hit rule.
///
/// # Cost
///
/// A few passes over the tags and one sort of sixteen bytes per tag, an eighth of the tags at a time; some seconds for
/// two lists of a million rows of seven slots, on one thread. To use more, call [`hits_in`] per partition and
/// [`Links::gather`] on the results.
#[must_use]
pub fn link(source: &TagList<'_>, target: &TagList<'_>) -> Links {
    let hits = Partition::all(PARTITION_BITS).map(|partition| hits_in(source, target, partition));
    Links::gather(source, target, hits)
}

/// The pairs of equal tags that fall into `partition`, repeated tags left out.
///
/// # Cost
///
/// One pass over both lists and a sort of the partition's share of the tags.
#[must_use]
pub fn hits_in(source: &TagList<'_>, target: &TagList<'_>, partition: Partition) -> Hits {
    let left = unrepeated(source, partition);
    let right = unrepeated(target, partition);
    let mut cells = Vec::new();
    let mut rest = right.iter().peekable();
    for entry in &left {
        while rest.next_if(|other| other.compare(target, entry, source) == Ordering::Less).is_some() {}
        let Some(other) = rest.next_if(|other| other.compare(target, entry, source) == Ordering::Equal)
        else {
            continue;
        };
        let recipe = |list: &TagList<'_>, cell| list.row_and_recipe(cell).map(|(_, recipe)| recipe);
        if recipe(source, entry.cell) == recipe(target, other.cell) {
            cells.push((entry.cell, other.cell));
        }
    }
    Hits { cells }
}

/// A tag by its first eight bytes, big-endian, and where the whole stands.
#[derive(Clone, Copy)]
struct Entry {
    head: u64,
    cell: u32,
}

impl Entry {
    fn compare(&self, list: &TagList<'_>, other: &Self, other_list: &TagList<'_>) -> Ordering {
        self.head.cmp(&other.head).then_with(|| list.tag(self.cell).cmp(&other_list.tag(other.cell)))
    }
}

/// The partition's tags that stand once in the list, in ascending order.
fn unrepeated(list: &TagList<'_>, partition: Partition) -> Vec<Entry> {
    let entry = |(cell, tag): (u32, &[u8; TAG_BYTES])| {
        let [a, b, c, d, e, f, g, h, ..] = *tag;
        Entry { head: u64::from_be_bytes([a, b, c, d, e, f, g, h]), cell }
    };
    let mut entries: Vec<Entry> =
        list.cells().map(entry).filter(|entry| partition.holds(entry.head)).collect();
    entries.sort_unstable_by(|left, right| left.compare(list, right, list));
    let alone = entries.chunk_by(|left, right| left.compare(list, right, list) == Ordering::Equal);
    alone.filter_map(|equal| if let [entry] = equal { Some(*entry) } else { None }).collect()
}

/// Eight partitions: a list of seven million tags is sorted in parts of 14 MB, and read eight times.
const PARTITION_BITS: u32 = 3;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::{BTreeMap, BTreeSet};

    const SLOTS: [u8; 4] = [0, 1, 1, 2];

    /// A tag that begins with the value, so that partitions differ, and repeats its first eight bytes for some values.
    fn tag(value: u8) -> [u8; TAG_BYTES] {
        let mut tag = [0; TAG_BYTES];
        tag[0] = value << 5;
        tag[15] = value;
        tag
    }

    type Row = [u8; SLOTS.len()];

    fn bytes(rows: &[Row]) -> Vec<u8> {
        rows.iter().flatten().flat_map(|value| tag(*value)).collect()
    }

    /// The rule of SPEC §7 read aloud, quadratically: link of each source row as (recipe, target row, ambiguous).
    fn oracle(source: &[Row], target: &[Row]) -> Vec<Option<(u8, u32, bool)>> {
        let void = |rows: &[Row]| {
            let mut seen = BTreeMap::<u8, u32>::new();
            rows.iter().flatten().for_each(|value| *seen.entry(*value).or_default() += 1);
            seen.into_iter().filter(|(_, times)| *times > 1).map(|(value, _)| value).collect::<BTreeSet<u8>>()
        };
        let void: BTreeSet<u8> = void(source).union(&void(target)).copied().collect();
        let link = |row: &Row| {
            (0..=2).find_map(|recipe| {
                let mut hits = Vec::new();
                for (slot, value) in row.iter().enumerate().filter(|(slot, _)| SLOTS[*slot] == recipe) {
                    let _ = slot;
                    for (other, other_row) in (0_u32..).zip(target) {
                        let equal =
                            (0..SLOTS.len()).any(|slot| SLOTS[slot] == recipe && other_row[slot] == *value);
                        if equal && !void.contains(value) {
                            hits.push((tag(*value), other));
                        }
                    }
                }
                hits.sort_unstable();
                let (_, first) = *hits.first()?;
                Some((recipe, first, hits.iter().any(|(_, other)| *other != first)))
            })
        };
        source.iter().map(link).collect()
    }

    fn links(source: &[Row], target: &[Row]) -> Vec<Option<(u8, u32, bool)>> {
        let (source, target) = (bytes(source), bytes(target));
        let source = TagList::new(&SLOTS, &source).unwrap();
        let target = TagList::new(&SLOTS, &target).unwrap();
        let found = link(&source, &target);
        found.iter().map(|link| link.map(|link| (link.recipe, link.target_row, link.ambiguous))).collect()
    }

    fn rows() -> impl Strategy<Value = Vec<Row>> {
        proptest::collection::vec(proptest::array::uniform(0_u8..64), 0..12)
    }

    /// Rows in which no tag stands twice, as owners send them.
    fn distinct_rows(count: usize) -> impl Strategy<Value = Vec<Row>> {
        let values = Just((0..=255).collect::<Vec<u8>>()).prop_shuffle();
        values.prop_map(move |values| values.as_chunks().0.iter().take(count).copied().collect())
    }

    proptest! {
        #[test]
        fn agrees_with_the_rule_read_aloud(source in rows(), target in rows()) {
            prop_assert_eq!(links(&source, &target), oracle(&source, &target));
        }

        #[test]
        fn agrees_with_the_rule_where_many_tags_meet(source in distinct_rows(40), target in distinct_rows(40)) {
            prop_assert_eq!(links(&source, &target), oracle(&source, &target));
        }

        #[test]
        fn a_sender_row_changes_no_other_link(source in distinct_rows(40), target in distinct_rows(40), gone in 0_usize..40) {
            let mut expected = links(&source, &target);
            expected.remove(gone);
            let mut without = source;
            without.remove(gone);
            prop_assert_eq!(links(&without, &target), expected);
        }

        #[test]
        fn a_receiver_row_is_taken_at_most_once_per_slot(source in rows(), target in rows()) {
            let mut taken = BTreeMap::<u32, usize>::new();
            for (_, row, _) in links(&source, &target).into_iter().flatten() {
                *taken.entry(row).or_default() += 1;
            }
            prop_assert!(taken.values().all(|times| *times <= SLOTS.len()));
        }

        #[test]
        fn row_order_does_not_matter(source in rows(), target in rows(), order in Just((0..12).collect::<Vec<usize>>()).prop_shuffle()) {
            let shuffle = |rows: &[Row]| order.iter().filter_map(|at| rows.get(*at).copied()).collect::<Vec<Row>>();
            let (shuffled_source, shuffled_target) = (shuffle(&source), shuffle(&target));
            // Compare by content: the rows' own tags stand for their numbers.
            let by_content = |source: &[Row], target: &[Row]| {
                let found = links(source, target).into_iter().zip(source);
                let mut found: Vec<_> = found
                    .map(|(link, row)| (*row, link.map(|(recipe, other, more)| (recipe, target[other as usize], more))))
                    .collect();
                found.sort_unstable();
                found
            };
            prop_assert_eq!(by_content(&source, &target), by_content(&shuffled_source, &shuffled_target));
        }

        #[test]
        fn any_partitioning_finds_the_same(source in rows(), target in rows(), bits in 0_u32..=8) {
            let (source, target) = (bytes(&source), bytes(&target));
            let source = TagList::new(&SLOTS, &source).unwrap();
            let target = TagList::new(&SLOTS, &target).unwrap();
            let mut parts: Vec<Hits> = Partition::all(bits).map(|part| hits_in(&source, &target, part)).collect();
            parts.reverse();
            let gathered = Links::gather(&source, &target, parts);
            prop_assert!(gathered.iter().eq(link(&source, &target).iter()));
        }
    }

    #[test]
    fn a_tag_repeated_inside_a_row_is_void() {
        assert_eq!(
            links(&[[1, 2, 3, 4]], &[[9, 2, 2, 4]]),
            [Some((2, 0, false))],
            "recipe 1 is void, recipe 2 decides"
        );
    }

    #[test]
    fn equal_tags_under_different_recipes_do_not_meet() {
        assert_eq!(links(&[[1, 2, 3, 4]], &[[2, 1, 5, 6]]), [None]);
    }
}

//! Equal tags of lists, found partition by partition of the tag space.
//!
//! ```text
//!   tags of every list ── Partitions::of ──▶ Part ── settle ──▶ SettledPart ──┐
//!                                                                             ├─ hits ─▶ Hits ─ Links::take ─▶ Links
//!                                                     SettledPart of another ─┘
//! ```
//!
//! Promises every pair of equal tags under the same recipe, except tags that a list repeats: those are void (SPEC §7).
//! A partition is the tags that begin with the same bits, so partitions are independent: they may be worked on by as many
//! threads as there are, and those that do not fit in memory may wait on disk. Each list is put in order once, whatever the
//! number of lists it is held against. Order falls back from the first eight bytes to the whole tag, so crafted tags cost no more
//! than honest ones.

use super::{
    links::Links,
    tag_list::{ListCells, TAG_BYTES, TagList},
};

/// The tag space cut by the bits a tag begins with, after some that all tags here share.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Partitions {
    skipped: u32,
    bits: u32,
}

/// Tags of a partition: 20 bytes each, so that a partition is put in order inside the cache of a core.
const TAGS_PER_PARTITION: u64 = 16 << 10;
/// More partitions than this are written to more places at once than a processor can keep track of.
const BITS_MAX: u32 = 11;

impl Partitions {
    /// As many as a list of so many tags is best cut into.
    #[must_use]
    pub fn for_tags(tags: u64) -> Self {
        let parts = tags.div_ceil(TAGS_PER_PARTITION).max(1).next_power_of_two();
        Self { skipped: 0, bits: parts.trailing_zeros().min(BITS_MAX) }
    }

    /// At least `parts` of them, and no more than twice as many, at most 256.
    #[must_use]
    pub fn at_least(parts: u64) -> Self {
        Self { skipped: 0, bits: parts.clamp(1, 256).next_power_of_two().trailing_zeros() }
    }

    /// The partitions of one of these partitions, for so many tags.
    #[must_use]
    pub fn within(self, tags: u64) -> Self {
        Self { skipped: self.skipped + self.bits, ..Self::for_tags(tags) }
    }

    /// How many there are.
    #[must_use]
    pub fn count(self) -> usize {
        1 << self.bits
    }

    /// The partition of a tag.
    #[must_use]
    pub fn of(self, tag: &[u8; TAG_BYTES]) -> usize {
        let [a, b, c, d, ..] = *tag;
        let begins = u64::from(u32::from_be_bytes([a, b, c, d]));
        let shared_gone = begins << (u32::BITS + self.skipped);
        usize::try_from(shared_gone.checked_shr(u64::BITS - self.bits).unwrap_or(0)).unwrap_or(0)
    }
}

/// The tags of one list that fall into one partition.
#[derive(Default)]
pub struct Part {
    entries: Vec<Entry>,
}

/// A tag, in words whose order is that of its bytes, and where it stands. Twenty bytes.
#[derive(Clone, Copy)]
struct Entry {
    tag: [u32; TAG_BYTES / 4],
    cell: u32,
}

impl Entry {
    fn head(&self) -> u64 {
        let [first, second, ..] = self.tag;
        u64::from(first) << u32::BITS | u64::from(second)
    }

    fn tail(&self) -> u64 {
        let [.., third, fourth] = self.tag;
        u64::from(third) << u32::BITS | u64::from(fourth)
    }

    fn order(&self, other: &Self) -> core::cmp::Ordering {
        self.head().cmp(&other.head()).then_with(|| self.tail().cmp(&other.tail()))
    }
}

impl Part {
    /// Room for one of `parts` partitions of `tags` tags; a little more, because partitions differ.
    #[must_use]
    pub fn with_room(tags: u64, parts: usize) -> Self {
        let mean = tags / parts.max(1) as u64;
        let room = mean + 4 * mean.isqrt() + 4;
        Self { entries: Vec::with_capacity(usize::try_from(room).unwrap_or(0)) }
    }

    /// Adds a tag of the partition with its cell, `row x slots + slot`.
    pub fn push(&mut self, cell: u32, tag: &[u8; TAG_BYTES]) {
        let mut words = [0; TAG_BYTES / 4];
        for (word, bytes) in words.iter_mut().zip(tag.as_chunks().0) {
            *word = u32::from_be_bytes(*bytes);
        }
        self.entries.push(Entry { tag: words, cell });
    }

    /// Puts the tags in order and drops those that stand more than once.
    ///
    /// # Cost
    ///
    /// One sort.
    #[must_use]
    pub fn settle(mut self) -> SettledPart {
        self.entries.sort_unstable_by(Entry::order);
        let mut kept = 0;
        let mut at = 0;
        while let Some(entry) = self.entries.get(at).copied() {
            let rest = self.entries.get(at..).unwrap_or_default();
            let equal = rest.iter().take_while(|other| other.tag == entry.tag).count();
            if let (1, Some(place)) = (equal, self.entries.get_mut(kept)) {
                *place = entry;
                kept += 1;
            }
            at += equal.max(1);
        }
        self.entries.truncate(kept);
        SettledPart { entries: self.entries }
    }
}

/// The tags of one list and one partition that stand once, in ascending order.
#[derive(Default)]
pub struct SettledPart {
    entries: Vec<Entry>,
}

/// The pairs of equal tags of one partition, for [`Links::take`].
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Hits {
    /// In ascending order of the tag.
    pub(super) hits: Vec<Hit>,
}

/// Two cells with the same tag under the same recipe.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Hit {
    /// The first eight bytes of the tag, big-endian.
    pub(super) head: u64,
    /// Cell of the source list.
    pub(super) source: u32,
    /// Cell of the target list.
    pub(super) target: u32,
}

/// The pairs of equal tags of two lists in one partition.
///
/// # Cost
///
/// One pass over both.
#[must_use]
pub fn hits(
    (source, source_cells): (&SettledPart, ListCells<'_>),
    (target, target_cells): (&SettledPart, ListCells<'_>),
) -> Hits {
    let recipe = |cells: ListCells<'_>, cell| cells.row_and_recipe(cell).map(|(_, recipe)| recipe);
    let mut hits = Vec::new();
    let mut rest = target.entries.iter().peekable();
    for entry in &source.entries {
        while rest.next_if(|other| other.order(entry).is_lt()).is_some() {}
        if let Some(other) = rest.next_if(|other| other.tag == entry.tag)
            && recipe(source_cells, entry.cell) == recipe(target_cells, other.cell)
        {
            hits.push(Hit { head: entry.head(), source: entry.cell, target: other.cell });
        }
    }
    Hits { hits }
}

/// Links every row of `source` to a row of `target` by the first-hit rule.
///
/// # Cost
///
/// About 0.1 µs a tag on one thread and 20 bytes a tag beside the tags (2026 server; `docs/performance.md`). To use more threads,
/// to join many lists at once or lists that do not fit in memory, go through [`Part`]s.
#[must_use]
pub fn link(source: &TagList<'_>, target: &TagList<'_>) -> Links {
    Links::gather(source.cells(), target.cells(), all_hits(source, target))
}

/// The hits of every partition.
pub(super) fn all_hits(source: &TagList<'_>, target: &TagList<'_>) -> Vec<Hits> {
    let cut = Partitions::for_tags(source.cells().tags().max(target.cells().tags()));
    hits_cut(source, target, cut)
}

fn hits_cut(source: &TagList<'_>, target: &TagList<'_>, cut: Partitions) -> Vec<Hits> {
    let parts = |list: &TagList<'_>| {
        let room = || Part::with_room(list.cells().tags(), cut.count());
        let mut parts: Vec<Part> = (0..cut.count()).map(|_| room()).collect();
        for (cell, tag) in list.tags() {
            parts.get_mut(cut.of(tag)).into_iter().for_each(|part| part.push(cell, tag));
        }
        parts
    };
    let both = parts(source).into_iter().zip(parts(target));
    both.map(|(left, right)| hits((&left.settle(), source.cells()), (&right.settle(), target.cells())))
        .collect()
}

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
        fn any_partitioning_finds_the_same(source in rows(), target in rows(), skipped in 0_u32..=3, bits in 0_u32..=11) {
            let (source, target) = (bytes(&source), bytes(&target));
            let source = TagList::new(&SLOTS, &source).unwrap();
            let target = TagList::new(&SLOTS, &target).unwrap();
            let expected = link(&source, &target);
            let mut parts = hits_cut(&source, &target, Partitions { skipped: 0, bits });
            parts.reverse();
            prop_assert!(Links::gather(source.cells(), target.cells(), parts).iter().eq(expected.iter()));
            // Partitions of partitions are partitions.
            let (outer, whole) = (Partitions { skipped: 0, bits: skipped }, Partitions { skipped: 0, bits: skipped + bits });
            let inner = Partitions { skipped, bits };
            for (_, tag) in source.tags() {
                prop_assert_eq!(outer.of(tag) << bits | inner.of(tag), whole.of(tag));
            }
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

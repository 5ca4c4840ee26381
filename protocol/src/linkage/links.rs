//! What the join found: one link per sender row at most, and the counts a person may see.
//!
//! Promises that gathering does not depend on the order in which partitions come: the stronger recipe, then the smaller
//! tag, decides. Of a tag its first eight bytes are kept: tags that share them fall into one partition and come in order.

use super::{join::Hits, tag_list::ListCells};

/// The link of one sender row.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Link {
    /// Row of the receiver's list.
    pub target_row: u32,
    /// Index of the recipe that decided.
    pub recipe: u8,
    /// Whether the deciding recipe also hit another row of the receiver.
    pub ambiguous: bool,
    /// Whether it leads through a row of a third list ([`Links::bridged`]).
    pub bridged: bool,
}

/// The links of one sender list to one receiver list.
#[derive(Clone, Debug)]
pub struct Links {
    /// By sender row: the link, and how the tag that decided begins.
    by_row: Vec<Option<(Link, u64)>>,
    target_rows: u32,
}

impl Links {
    /// No links yet from one list to another.
    #[must_use]
    pub fn none(source: ListCells<'_>, target: ListCells<'_>) -> Self {
        Self { by_row: vec![None; source.rows() as usize], target_rows: target.rows() }
    }

    /// Applies the first-hit rule to the hits of all partitions, given in any order.
    ///
    /// # Cost
    ///
    /// Twenty-four bytes per sender row and one pass over the hits.
    #[must_use]
    pub fn gather(
        source: ListCells<'_>,
        target: ListCells<'_>,
        hits: impl IntoIterator<Item = Hits>,
    ) -> Self {
        let mut links = Self::none(source, target);
        hits.into_iter().for_each(|hits| links.take(source, target, &hits));
        links
    }

    /// Applies the first-hit rule to the hits of one more partition.
    pub fn take(&mut self, source: ListCells<'_>, target: ListCells<'_>, hits: &Hits) {
        for hit in &hits.hits {
            let found = source.row_and_recipe(hit.source).zip(target.row_and_recipe(hit.target));
            let Some(((row, recipe), (target_row, _))) = found else { continue };
            let Some(best) = self.by_row.get_mut(row as usize) else { continue };
            let new = (Link { target_row, recipe, ambiguous: false, bridged: false }, hit.head);
            *best = Some(match *best {
                None => new,
                Some(held) => better(held, new),
            });
        }
    }

    /// These links, and for every sender row without one the link through a middle list: the sender row's link to a middle
    /// row, then that row's link to the receiver; the first of `through` that has both decides (SPEC §7). Only links by one
    /// of the first [`BRIDGE_RECIPES`] recipes make a bridge: two weak links in a row are wrong too often.
    ///
    /// A sender row's link still depends on no other sender row, so the noise analysis of [`link`](super::link) holds. A
    /// receiver row can be taken through every middle list too: [`times_taken`](super::times_taken) bounds how often.
    #[must_use]
    pub fn bridged(&self, through: &[(&Self, &Self)]) -> Self {
        let mut bridged = self.clone();
        for (row, found) in (0_u32..).zip(&mut bridged.by_row).filter(|(_, found)| found.is_none()) {
            *found = through.iter().find_map(|(to_middle, from_middle)| {
                let is_strong = |link: &Link| link.recipe < BRIDGE_RECIPES;
                let (first, head) = to_middle
                    .by_row
                    .get(row as usize)
                    .copied()
                    .flatten()
                    .filter(|(link, _)| is_strong(link))?;
                let second = from_middle.get(first.target_row).filter(is_strong)?;
                let link = Link {
                    target_row: second.target_row,
                    recipe: first.recipe.max(second.recipe),
                    ambiguous: first.ambiguous || second.ambiguous,
                    bridged: true,
                };
                Some((link, head))
            });
        }
        bridged
    }

    /// Rows of the sender's list.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.by_row.len()
    }

    /// The link of one sender row.
    #[must_use]
    pub fn get(&self, row: u32) -> Option<Link> {
        self.by_row.get(row as usize).copied().flatten().map(|(link, _)| link)
    }

    /// The link of every sender row, in order.
    pub fn iter(&self) -> impl Iterator<Item = Option<Link>> {
        self.by_row.iter().map(|found| found.map(|(link, _)| link))
    }

    /// Counts for the match panel.
    #[must_use]
    pub fn panel(&self) -> PairPanel {
        let mut panel = PairPanel { rows: self.by_row.len() as u64, ..PairPanel::default() };
        let mut taken = vec![0_u8; self.target_rows as usize];
        for link in self.iter() {
            let Some(link) = link else {
                panel.unlinked += 1;
                continue;
            };
            let recipe = usize::from(link.recipe);
            if link.bridged {
                panel.bridged += 1;
            } else {
                if panel.linked_by_recipe.len() <= recipe {
                    panel.linked_by_recipe.resize(recipe + 1, 0);
                }
                panel.linked_by_recipe.get_mut(recipe).into_iter().for_each(|count| *count += 1);
            }
            panel.ambiguous += u64::from(link.ambiguous);
            if let Some(times) = taken.get_mut(link.target_row as usize) {
                *times = times.saturating_add(1);
                panel.receivers_shared += u64::from(*times == 2);
            }
        }
        panel
    }
}

/// Recipes of a preset that are strong enough for a bridge: SSID, SSN and the pair of names.
pub const BRIDGE_RECIPES: u8 = 3;

/// The link that stands when a row has two hits, `held` being the one that came first.
fn better(held: (Link, u64), new: (Link, u64)) -> (Link, u64) {
    let rank = |(link, head): (Link, u64)| (link.recipe, head);
    let (mut kept, other) = if rank(new) < rank(held) { (new, held) } else { (held, new) };
    if kept.0.recipe == other.0.recipe {
        // The deciding recipe hit another row now, or had done so before.
        kept.0.ambiguous |= other.0.ambiguous || kept.0.target_row != other.0.target_row;
    }
    kept
}

/// Counts of one sender-receiver pair; small ones are subject to suppression before they are shown.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct PairPanel {
    /// Sender rows.
    pub rows: u64,
    /// Sender rows linked directly, by index of the recipe that decided; recipes after the last that decided are left out.
    pub linked_by_recipe: Vec<u64>,
    /// Sender rows linked through a third list.
    pub bridged: u64,
    /// Linked sender rows for which the deciding recipe hit more than one receiver row.
    pub ambiguous: u64,
    /// Sender rows without a link.
    pub unlinked: u64,
    /// Receiver rows taken by more than one sender row.
    pub receivers_shared: u64,
}

impl PairPanel {
    /// Sender rows linked.
    #[must_use]
    pub fn linked(&self) -> u64 {
        self.linked_by_recipe.iter().sum::<u64>() + self.bridged
    }
}

#[cfg(test)]
mod tests {
    use super::super::{TAG_BYTES, TagList, link};
    use super::*;

    #[test]
    fn the_panel_counts_every_fate() {
        let bytes =
            |rows: &[[u8; 3]]| rows.iter().flatten().flat_map(|v| [*v; TAG_BYTES]).collect::<Vec<u8>>();
        let slots = [0, 1, 1];
        // Row 0 by recipe 0; row 1 by recipe 1, ambiguous, smallest tag 20 of row 0; row 2 not at all.
        let source = bytes(&[[10, 50, 51], [11, 21, 20], [12, 52, 53]]);
        let target = bytes(&[[10, 20, 60], [61, 21, 62]]);
        let source = TagList::new(&slots, &source).unwrap();
        let target = TagList::new(&slots, &target).unwrap();
        let links = link(&source, &target);
        assert_eq!(links.get(0), Some(Link { target_row: 0, recipe: 0, ambiguous: false, bridged: false }));
        assert_eq!(links.get(1), Some(Link { target_row: 0, recipe: 1, ambiguous: true, bridged: false }));
        assert_eq!(links.get(2), None);
        let panel = links.panel();
        assert_eq!(
            panel,
            PairPanel {
                rows: 3,
                linked_by_recipe: vec![1, 1],
                bridged: 0,
                ambiguous: 1,
                unlinked: 1,
                receivers_shared: 1
            }
        );
        assert_eq!(panel.linked(), 2);
    }

    #[test]
    fn a_bridge_links_what_has_no_direct_link_and_leaves_the_rest() {
        let bytes =
            |rows: &[[u8; 3]]| rows.iter().flatten().flat_map(|v| [*v; TAG_BYTES]).collect::<Vec<u8>>();
        let slots = [0, 1, 3];
        // Row 0 is known to the receiver; row 1 through row 0 of the middle list; row 2 to the middle list alone; row 3 through
        // it too, but by a weak recipe.
        let source = bytes(&[[1, 2, 3], [4, 5, 6], [7, 8, 9], [10, 11, 12]]);
        let middle = bytes(&[[20, 5, 21], [7, 22, 23], [24, 25, 12]]);
        let target = bytes(&[[1, 30, 31], [20, 32, 33], [24, 34, 35]]);
        let list = |bytes| TagList::new(&slots, bytes).unwrap();
        let (source, middle, target) = (list(&source), list(&middle), list(&target));
        let (direct, to_middle, from_middle) =
            (link(&source, &target), link(&source, &middle), link(&middle, &target));
        let bridged = direct.bridged(&[(&to_middle, &from_middle)]);
        let by =
            |recipe: u8, bridged| Some(Link { target_row: recipe.into(), recipe, ambiguous: false, bridged });
        let expected = [by(0, false), by(1, true), None, None];
        assert_eq!(bridged.iter().collect::<Vec<_>>(), expected, "the weaker of the two recipes is told");
        assert_eq!(direct.bridged(&[]).iter().collect::<Vec<_>>(), [by(0, false), None, None, None]);
        let panel = bridged.panel();
        assert_eq!(
            (panel.linked_by_recipe.as_slice(), panel.bridged, panel.linked()),
            ([1].as_slice(), 1, 2)
        );
    }
}

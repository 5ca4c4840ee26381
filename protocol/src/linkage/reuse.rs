//! How often a receiver row can be taken by an honest join: what each committee member holds a plan to (SPEC §8, §10.2).

use super::BRIDGE_RECIPES;

/// The most sender rows that can take one row of a receiver, if no list repeats a tag within a recipe: directly, and through
/// rows of the `middles`. Each argument is the recipe index of every slot of that list's rows.
///
/// ```
/// # use passage_protocol::linkage::times_taken;
/// let (school, college, agency) = ([0, 2], [0, 1, 2], [1, 2]);
/// assert_eq!(times_taken(&school, &agency, &[]), 2, "one for each of its slots");
/// assert_eq!(times_taken(&school, &agency, &[&college]), 2 + 2 + 1);
/// ```
///
/// # Why
///
/// A tag that is no void stands once in each of the two lists it joins ([`link`](super::link)), so
///
/// 1. a row `t` is taken *directly* by at most one sender row for each of its slots;
/// 2. of a middle list, at most one row links to `t` by each slot of `t`. A bridge needs one of the first
///    [`BRIDGE_RECIPES`], and of a recipe of which the middle has a slot;
/// 3. such a middle row `m` is in turn linked to by at most one sender row for each of *its* slots of those recipes of which
///    the sender has a slot. The slot by whose tag `m` links to `t` brings none, if the sender has a slot of its recipe: a
///    sender row with that tag shares it with `t`, therefore has a direct link to the receiver, and makes no bridge.
///
/// Added up over the slots of `t` and over the middles that is the bound; `reuse::tests` holds joins to it and reaches it.
/// With lists of at most sixteen slots and twenty participants it stays below 5,000.
///
/// # What it is not
///
/// A proof that the plan came of a join: it bounds what a false one can do to one row.
#[must_use]
pub fn times_taken(sender: &[u8], receiver: &[u8], middles: &[&[u8]]) -> u16 {
    let through = |middle: &&[u8]| -> usize {
        let from_sender = shared(middle, sender).count();
        let of_slot = |recipe: &u8| from_sender.saturating_sub(usize::from(sender.contains(recipe)));
        shared(receiver, middle).map(of_slot).sum()
    };
    let times = receiver.len() + middles.iter().map(through).sum::<usize>();
    u16::try_from(times).unwrap_or(u16::MAX)
}

/// The slots of `of` that can make a bridge and of whose recipe `with` has a slot.
fn shared<'a>(of: &'a [u8], with: &'a [u8]) -> impl Iterator<Item = &'a u8> {
    of.iter().filter(|recipe| **recipe < BRIDGE_RECIPES && with.contains(*recipe))
}

#[cfg(test)]
mod tests {
    use super::super::{Links, TAG_BYTES, TagList, link};
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    type Rows = Vec<Vec<u16>>;

    /// Tags that differ by value and recipe, as the last hop makes them.
    fn bytes(slots: &[u8], rows: &Rows) -> Vec<u8> {
        let tag = |(value, recipe): (&u16, &u8)| {
            let mut tag = [0; TAG_BYTES];
            tag[..2].copy_from_slice(&value.to_be_bytes());
            tag[15] = *recipe;
            tag
        };
        rows.iter().flat_map(|row| row.iter().zip(slots).flat_map(tag)).collect()
    }

    struct Three<'a> {
        slots: [&'a [u8]; 3],
        rows: [&'a Rows; 3],
    }

    impl Three<'_> {
        /// The sender's links to the receiver, bridges through the middle included.
        fn bridged(&self) -> Links {
            let bytes: Vec<Vec<u8>> =
                self.slots.iter().zip(self.rows).map(|(slots, rows)| bytes(slots, rows)).collect();
            let list = |at: usize| TagList::new(self.slots[at], &bytes[at]).unwrap();
            let [sender, middle, receiver] = [0, 1, 2].map(list);
            let ways = (link(&sender, &middle), link(&middle, &receiver));
            link(&sender, &receiver).bridged(&[(&ways.0, &ways.1)])
        }

        /// How often the receiver row that is taken most is taken.
        fn most(&self) -> usize {
            let mut taken = BTreeMap::<u32, usize>::new();
            for found in self.bridged().iter().flatten() {
                *taken.entry(found.target_row).or_default() += 1;
            }
            taken.into_values().max().unwrap_or(0)
        }

        fn bound(&self) -> usize {
            times_taken(self.slots[0], self.slots[2], &[self.slots[1]]).into()
        }
    }

    #[test]
    fn an_honest_join_reaches_the_bound_where_all_hold_all_keys() {
        // The agency's row has SSN 1 and names 2; the college's row 0 has its SSN, row 1 its names. One school row has its names;
        // two link to the college's row 0 by SSID 10 and names 20, one to row 1 by SSID 11. None can have the agency's SSN: a
        // school holds none, and one of the agency's two slots stays free.
        let school = vec![vec![70, 2], vec![10, 71], vec![72, 20], vec![11, 73]];
        let college = vec![vec![10, 1, 20], vec![11, 90, 2]];
        let agency = vec![vec![1, 2]];
        let three = Three { slots: [&[0, 2], &[0, 1, 2], &[1, 2]], rows: [&school, &college, &agency] };
        assert_eq!((three.most(), three.bound()), (4, 5));
        // With all keys everywhere it is reached: three direct links, and two through each of three rows of the middle.
        let all: &[u8] = &[0, 1, 2];
        let receiver = vec![vec![1, 2, 3]];
        let middle = vec![vec![1, 12, 13], vec![21, 2, 23], vec![31, 32, 3]];
        let sender = [[1, 80, 81], [82, 2, 83], [84, 85, 3]].into_iter();
        let through = [[50, 12, 51], [52, 53, 13], [21, 54, 55], [56, 57, 23], [31, 58, 59], [60, 32, 61]];
        let sender: Rows = sender.chain(through).map(|row| row.to_vec()).collect();
        let three = Three { slots: [all, all, all], rows: [&sender, &middle, &receiver] };
        assert_eq!((three.most(), three.bound()), (9, 9));
    }

    /// Rows in which no value stands twice, so no tag does, and of which many meet those of another list.
    fn rows(slots: usize) -> impl Strategy<Value = Rows> {
        let values = Just((0..48).collect::<Vec<u16>>()).prop_shuffle();
        values.prop_map(move |values| values.chunks_exact(slots).map(<[u16]>::to_vec).collect())
    }

    const SHAPES: [&[u8]; 4] = [&[0, 1, 2], &[0, 2], &[1, 2, 2], &[0, 1, 2, 2, 3]];

    fn shaped() -> impl Strategy<Value = (&'static [u8], Rows)> {
        (0..SHAPES.len()).prop_flat_map(|at| (Just(SHAPES[at]), rows(SHAPES[at].len())))
    }

    proptest! {
        #[test]
        fn no_join_exceeds_it(sender in shaped(), middle in shaped(), receiver in shaped()) {
            let three = Three {
                slots: [sender.0, middle.0, receiver.0],
                rows: [&sender.1, &middle.1, &receiver.1],
            };
            prop_assert!(three.most() <= three.bound(), "{} times, {}", three.most(), three.bound());
        }

        #[test]
        fn a_sender_row_changes_no_other_bridge(
            sender in shaped(),
            middle in shaped(),
            receiver in shaped(),
            gone in any::<proptest::sample::Index>(),
        ) {
            let slots = [sender.0, middle.0, receiver.0];
            let three = Three { slots, rows: [&sender.1, &middle.1, &receiver.1] };
            let mut expected: Vec<_> = three.bridged().iter().collect();
            let gone = gone.index(expected.len());
            expected.remove(gone);
            let mut without = sender.1.clone();
            without.remove(gone);
            let found: Vec<_> = Three { rows: [&without, &middle.1, &receiver.1], ..three }.bridged().iter().collect();
            prop_assert_eq!(found, expected);
        }

        /// SPEC §10.2: what one row of the receiver or of the middle changes are the links of rows that take it.
        #[test]
        fn a_row_of_the_middle_or_the_receiver_changes_no_more_links_than_take_it(
            sender in shaped(),
            middle in shaped(),
            receiver in shaped(),
            gone in any::<proptest::sample::Index>(),
        ) {
            let slots = [sender.0, middle.0, receiver.0];
            let three = Three { slots, rows: [&sender.1, &middle.1, &receiver.1] };
            let content = |rows: &Rows, links: &Links| -> Vec<Option<Vec<u16>>> {
                links.iter().map(|found| found.map(|found| rows[found.target_row as usize].clone())).collect()
            };
            let changed = |one: &[Option<Vec<u16>>], other: &[Option<Vec<u16>>]| {
                one.iter().zip(other).filter(|(one, other)| one != other).count()
            };
            let whole = content(&receiver.1, &three.bridged());
            let mut without = receiver.1.clone();
            without.remove(gone.index(without.len()));
            let less = Three { rows: [&sender.1, &middle.1, &without], ..three };
            prop_assert!(changed(&whole, &content(&without, &less.bridged())) <= three.bound());

            let mut without = middle.1.clone();
            without.remove(gone.index(without.len()));
            let less = Three { rows: [&sender.1, &without, &receiver.1], slots };
            let most = shared(slots[1], slots[0]).count();
            prop_assert!(changed(&whole, &content(&receiver.1, &less.bridged())) <= most);
        }
    }
}

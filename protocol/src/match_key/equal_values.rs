//! Finds items that carry the same value among millions, near-linearly.
//!
//! Promises exact groups: a 64-bit hash brings candidates together, the values decide. Items without a value are in no
//! group; an item alone is in no group. Groups come in an order that depends on the values only: that of [`hash`].

use std::{collections::hash_map::DefaultHasher, hash::Hasher};

use zeroize::Zeroizing;

/// The groups of two or more items, of `count`, whose values are equal; items ascend within a group.
///
/// `value` appends item `i`'s value to the buffer and returns whether there is one.
///
/// # Cost
///
/// Sixteen bytes per item and one sort; values are copied only where hashes agree. The buffer is wiped.
pub(super) fn equal_values(count: usize, value: impl Fn(usize, &mut Vec<u8>) -> bool) -> Vec<Vec<usize>> {
    let mut buffer = Zeroizing::new(Vec::with_capacity(64));
    let mut hashed = Vec::with_capacity(count);
    for item in 0..count {
        buffer.clear();
        if value(item, &mut buffer) {
            hashed.push((hash(&buffer), item));
        }
    }
    hashed.sort_unstable();
    let mut groups = Vec::new();
    for run in hashed.chunk_by(|left, right| left.0 == right.0).filter(|run| run.len() > 1) {
        let with_value = |&(_, item): &(u64, usize)| {
            let mut bytes = Zeroizing::new(Vec::new());
            value(item, &mut bytes);
            (bytes, item)
        };
        let mut exact: Vec<(Zeroizing<Vec<u8>>, usize)> = run.iter().map(with_value).collect();
        exact.sort_unstable_by(|left, right| {
            left.0.as_slice().cmp(right.0.as_slice()).then(left.1.cmp(&right.1))
        });
        for group in exact.chunk_by(|left, right| left.0 == right.0).filter(|group| group.len() > 1) {
            groups.push(group.iter().map(|(_, item)| *item).collect());
        }
    }
    groups
}

/// What groups are put in order by: the same in every program and every run.
pub(super) fn hash(value: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    hasher.write(value);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    proptest! {
        #[test]
        fn groups_agree_with_a_map(values in proptest::collection::vec(proptest::option::of(0_u8..6), 0..40)) {
            let groups = equal_values(values.len(), |item, out| {
                out.extend(values[item]);
                values[item].is_some()
            });
            let mut map = BTreeMap::<u8, Vec<usize>>::new();
            for (item, value) in values.iter().enumerate() {
                value.iter().for_each(|value| map.entry(*value).or_default().push(item));
            }
            let mut expected: Vec<Vec<usize>> = map.into_values().filter(|group| group.len() > 1).collect();
            let mut groups = groups;
            groups.sort();
            expected.sort();
            prop_assert_eq!(groups, expected);
        }
    }
}

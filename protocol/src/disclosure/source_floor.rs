//! The source floor: which of its own counts a sender never lets out (SPEC §4, §6.1).
//!
//! Runs at the member, before anything is blinded. Students of a withheld cell enter with a cell value that nothing
//! decodes; the denominator stays home.

use crate::cells::CellDomain;

/// Which cells must be withheld: `true` at `code - 1`.
///
/// A count below `floor` is withheld; so is an empty cell, which has nothing to send. Within a cohort the withheld
/// students must not be countable by subtraction from the cohort's total: while exactly one non-empty category is
/// withheld, or those withheld together stay below the floor, the next smallest goes too.
/// Counts missing at the end are taken as zero.
#[must_use]
pub fn source_floor(counts: &[u64], domain: &CellDomain, floor: u32) -> Vec<bool> {
    let floor = u64::from(floor);
    let categories = domain.dimension.categories().len();
    let count_at = |at: usize| counts.get(at).copied().unwrap_or(0);
    let mut withheld: Vec<bool> = (0..domain.len()).map(|at| count_at(at) < floor).collect();
    for (cohort, row) in withheld.chunks_mut(categories).enumerate() {
        let count_of = |category: usize| count_at(cohort * categories + category);
        loop {
            let fallen = row.iter().enumerate().filter(|(category, gone)| **gone && count_of(*category) > 0);
            let (cells, students) = fallen.fold((0_u32, 0_u64), |(cells, students), (category, _)| {
                (cells + 1, students.saturating_add(count_of(category)))
            });
            if cells == 0 || (cells > 1 && students >= floor) {
                break;
            }
            let standing = row.iter_mut().enumerate().filter(|(_, gone)| !**gone);
            match standing.min_by_key(|(category, _)| count_of(*category)) {
                Some((_, next)) => *next = true,
                None => break,
            }
        }
    }
    withheld
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cells::{Dimension, SchoolYear};

    fn gender(cohorts: u16) -> CellDomain {
        CellDomain {
            cohorts: (0..cohorts).map(|year| SchoolYear(2020 + year)).collect(),
            dimension: Dimension::Gender,
        }
    }

    #[test]
    fn one_small_category_takes_the_next_smallest_along() {
        assert_eq!(source_floor(&[90, 80, 4, 0], &gender(1), 11), [false, true, true, true]);
        assert_eq!(source_floor(&[90, 80, 0, 0], &gender(1), 11), [false, false, true, true]);
    }

    #[test]
    fn small_categories_that_stay_below_the_floor_together_take_one_along() {
        assert_eq!(source_floor(&[90, 80, 4, 3], &gender(1), 11), [false, true, true, true]);
        assert_eq!(source_floor(&[90, 80, 8, 7], &gender(1), 11), [false, false, true, true]);
    }

    #[test]
    fn cohorts_are_judged_apart() {
        let withheld = source_floor(&[90, 80, 0, 0, 5, 0, 0, 0], &gender(2), 11);
        assert_eq!(withheld, [false, false, true, true, true, true, true, true]);
    }
}

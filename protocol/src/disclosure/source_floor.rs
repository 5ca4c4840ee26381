//! The source floor: which of its own counts a sender never lets out (SPEC §4, §6.1).
//!
//! Runs at the member, before anything is blinded. Students of a withheld cell enter with a cell value that nothing
//! decodes; the denominator stays home.

/// Which cells must be withheld: `true` at `code - 1`. `counts` are those of whole cohorts of so many categories.
///
/// A count below `floor` is withheld; so is an empty cell, which has nothing to send. Within a cohort the withheld
/// students must not be countable by subtraction from the cohort's total: while exactly one non-empty category is
/// withheld, or those withheld together stay below the floor, the next smallest goes too.
#[must_use]
pub fn source_floor(counts: &[u64], categories: usize, floor: u32) -> Vec<bool> {
    let (floor, categories) = (u64::from(floor), categories.max(1));
    let mut withheld: Vec<bool> = counts.iter().map(|count| *count < floor).collect();
    for (counts, row) in counts.chunks(categories).zip(withheld.chunks_mut(categories)) {
        let count_of = |category: usize| counts.get(category).copied().unwrap_or(0);
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

    /// Genders.
    const CATEGORIES: usize = 4;

    #[test]
    fn one_small_category_takes_the_next_smallest_along() {
        assert_eq!(source_floor(&[90, 80, 4, 0], CATEGORIES, 11), [false, true, true, true]);
        assert_eq!(source_floor(&[90, 80, 0, 0], CATEGORIES, 11), [false, false, true, true]);
    }

    #[test]
    fn small_categories_that_stay_below_the_floor_together_take_one_along() {
        assert_eq!(source_floor(&[90, 80, 4, 3], CATEGORIES, 11), [false, true, true, true]);
        assert_eq!(source_floor(&[90, 80, 8, 7], CATEGORIES, 11), [false, false, true, true]);
    }

    #[test]
    fn cohorts_are_judged_apart() {
        let withheld = source_floor(&[90, 80, 0, 0, 5, 0, 0, 0], CATEGORIES, 11);
        assert_eq!(withheld, [false, false, true, true, true, true, true, true]);
    }
}

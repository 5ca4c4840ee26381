//! Percentages coded by the size of the group (domain 4.2, after NCES 2011-603).
//!
//! Whole percents only (P3). A percentage that must be coded is never printed beside the number of students it is a
//! percentage of (P1): where the counts of a row are shown, a coded percentage stays away, and where no count of a row
//! can be shown, its percentages stand as ranges and the number of students stays away. The ranges of one breakdown
//! follow the smallest of its groups (P2); zero and all are never printed as such (P4).

use crate::disclosure::{Mark, Reason};

/// The percentage of a shown count in a shown group, both in students; `low` and `high` is the count's interval. A
/// percentage that the ladder codes is withheld: both counts stand beside it.
pub(super) fn beside_counts(count: u64, low: u64, high: u64, group: u64) -> Mark {
    let percent = |count: u64| percent_rounded(count.min(group), group);
    let value = percent(count);
    let (bottom, top, band) = ladder(group);
    if value <= bottom || value >= top || band > 1 {
        Mark::Suppressed(Reason::CodedByGroupSize)
    } else {
        Mark::Value { value, low: percent(low), high: percent(high) }
    }
}

/// The percentage of a count withheld because it is below the floor, without its group: every such count of a group of
/// `group` students or more fits it.
pub(super) fn below_floor(floor: u64, group: u64) -> Mark {
    Mark::Bound { low: 0, high: bottom_code(floor, group), reason: Reason::BelowFloor }
}

/// The same of a count withheld because fewer than the floor are missing from it.
pub(super) fn complement_below_floor(floor: u64, group: u64) -> Mark {
    Mark::Bound { low: 100 - bottom_code(floor, group), high: 100, reason: Reason::ComplementBelowFloor }
}

/// The smallest bottom code or end of a band that no count below the floor exceeds.
fn bottom_code(floor: u64, group: u64) -> u64 {
    let (bottom, _, band) = ladder(group);
    let least = percent_up(floor.saturating_sub(1), group).max(bottom);
    // Ends of bands: 39, 59, 79 and 19, 29 ... 89; above the bands the code is whole.
    let end = if band > 1 && least > bottom { least / band * band + band - 1 } else { least };
    end.min(100)
}

fn percent_rounded(count: u64, group: u64) -> u64 {
    (count.saturating_mul(200).saturating_add(group))
        .checked_div(group.saturating_mul(2))
        .unwrap_or(0)
        .min(100)
}

fn percent_up(count: u64, group: u64) -> u64 {
    if group == 0 { 100 } else { count.saturating_mul(100).div_ceil(group).min(100) }
}

/// Highest bottom-coded percent, lowest top-coded percent, and width of the bands between.
fn ladder(group: u64) -> (u64, u64, u64) {
    match group {
        0..20 => (20, 80, 20),
        20..40 => (10, 90, 10),
        40..100 => (5, 95, 1),
        100..300 => (2, 98, 1),
        300.. => (1, 99, 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p1_a_coded_percentage_never_stands_beside_counts() {
        let coded = Mark::Suppressed(Reason::CodedByGroupSize);
        assert_eq!(beside_counts(11, 11, 11, 38), coded);
        assert_eq!(beside_counts(11, 11, 11, 1000), coded);
        assert_eq!(beside_counts(989, 989, 989, 1000), coded);
        assert_eq!(beside_counts(10, 10, 10, 0), coded);
        assert_eq!(beside_counts(30, 27, 33, 60), Mark::Value { value: 50, low: 45, high: 55 });
        for group in 0..1_500_u64 {
            for count in 0..=group.min(40) {
                if let Mark::Value { value, .. } = beside_counts(count, count, count, group) {
                    assert!((2..99).contains(&value) && group >= 40, "{count} of {group}");
                }
            }
        }
    }

    #[test]
    fn p3_percentages_are_whole_and_the_nearest() {
        let printed = |count, group| beside_counts(count, count, count, group);
        assert_eq!(printed(33, 100), Mark::Value { value: 33, low: 33, high: 33 });
        assert_eq!(printed(41, 123), Mark::Value { value: 33, low: 33, high: 33 }); // 33.33
        assert_eq!(printed(82, 123), Mark::Value { value: 67, low: 67, high: 67 }); // 66.67
        assert_eq!(printed(100, 400), Mark::Value { value: 25, low: 25, high: 25 });
        assert_eq!(printed(50, 400), Mark::Value { value: 13, low: 13, high: 13 }); // 12.5
    }

    #[test]
    fn p4_zero_and_all_are_never_printed_as_such() {
        for group in 0..3_000_u64 {
            for count in [0, group] {
                let printed = beside_counts(count, count, count, group);
                assert_eq!(printed, Mark::Suppressed(Reason::CodedByGroupSize), "{count} of {group}");
            }
            if let Mark::Bound { high, .. } = below_floor(11, group) {
                assert!(high > 0, "{group}: a bound of nothing is a zero");
            }
            if let Mark::Bound { low, .. } = complement_below_floor(11, group) {
                assert!(low < 100, "{group}");
            }
        }
    }

    #[test]
    fn the_ends_are_coded_by_the_size_of_the_group() {
        let bound = |high| Mark::Bound { low: 0, high, reason: Reason::BelowFloor };
        assert_eq!(below_floor(11, 21), bound(49)); // 10 of 21 is 47.6 %
        assert_eq!(below_floor(11, 38), bound(29)); // 26.3 %
        assert_eq!(below_floor(11, 60), bound(17));
        assert_eq!(below_floor(11, 250), bound(4));
        assert_eq!(below_floor(11, 2_000), bound(1));
        let top = Mark::Bound { low: 71, high: 100, reason: Reason::ComplementBelowFloor };
        assert_eq!(complement_below_floor(11, 38), top);
    }

    #[test]
    fn a_rate_of_a_withheld_count_fits_every_such_count() {
        for group in 21..2_000_u64 {
            let Mark::Bound { high, .. } = below_floor(11, group) else { panic!("a bound") };
            assert!((0..11).all(|count| count * 100 <= high * group), "{group}");
            let Mark::Bound { low, .. } = complement_below_floor(11, group) else { panic!("a bound") };
            assert!((0..11).all(|missing| (group - missing) * 100 >= low * group), "{group}");
        }
    }
}

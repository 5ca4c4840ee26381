//! Percentages coded by the size of the group (domain 4.2, after NCES 2011-603).
//!
//! Whole percents only; the ends of the scale and small groups become ranges. A percentage beside a withheld count says
//! no more than the floor already says.

use crate::disclosure::{Mark, Reason};

/// The percentage of a shown count in a shown group, both in students; `low` and `high` is the count's interval.
pub(super) fn coded(count: u64, low: u64, high: u64, group: u64) -> Mark {
    let percent = |count: u64| percent_rounded(count.min(group), group);
    let value = percent(count);
    let (bottom, top, band) = ladder(group);
    let bound = |low, high| Mark::Bound { low, high, reason: Reason::CodedByGroupSize };
    if value <= bottom {
        bound(0, bottom)
    } else if value >= top {
        bound(top, 100)
    } else if band > 1 {
        // Bands follow the printed tables: 21-39, 40-59, 60-79 and 11-19, 20-29 ... 80-89.
        let start = (value / band * band).max(bottom + 1);
        bound(start, (value / band * band + band - 1).min(top - 1))
    } else {
        Mark::Value { value, low: percent(low), high: percent(high) }
    }
}

/// The percentage beside a count withheld because it is below the floor: every such count fits it.
pub(super) fn below_floor(floor: u64, group: u64) -> Mark {
    let high = percent_up(floor.saturating_sub(1), group);
    Mark::Bound { low: 0, high, reason: Reason::BelowFloor }
}

/// The percentage beside a count withheld because fewer than the floor are missing from it.
pub(super) fn complement_below_floor(floor: u64, group: u64) -> Mark {
    let low = 100 - percent_up(floor.saturating_sub(1), group);
    Mark::Bound { low, high: 100, reason: Reason::ComplementBelowFloor }
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
    fn codes_follow_the_group_size() {
        let bound = |low, high| Mark::Bound { low, high, reason: Reason::CodedByGroupSize };
        assert_eq!(coded(11, 11, 11, 38), bound(20, 29)); // 28.9 %
        assert_eq!(coded(4, 4, 4, 30), bound(11, 19)); // 13.3 %
        assert_eq!(coded(5, 5, 5, 15), bound(21, 39));
        assert_eq!(coded(1, 1, 1, 15), bound(0, 20));
        assert_eq!(coded(11, 11, 11, 1000), bound(0, 1));
        assert_eq!(coded(989, 989, 989, 1000), bound(99, 100));
        assert_eq!(coded(30, 27, 33, 60), Mark::Value { value: 50, low: 45, high: 55 });
        assert_eq!(coded(10, 10, 10, 0), bound(0, 20));
    }

    #[test]
    fn a_rate_beside_a_withheld_count_fits_every_such_count() {
        for group in 21..2_000_u64 {
            let Mark::Bound { high, .. } = below_floor(11, group) else { panic!("a bound") };
            assert!((0..11).all(|count| count * 100 <= high * group), "{group}");
            let Mark::Bound { low, .. } = complement_below_floor(11, group) else { panic!("a bound") };
            assert!((0..11).all(|missing| (group - missing) * 100 >= low * group), "{group}");
        }
    }
}

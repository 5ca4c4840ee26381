//! Dominance: when one or two contributors make up so much of a sum that the sum gives them away.
//!
//! Two rules of official statistics, both applied: *(n, k)*, the n largest make up more than k percent; *p percent*, the
//! rest after the two largest is less than p percent of the largest, so that the second could estimate it that closely.
//! A group of institutions has at least five, none above 60 percent (domain 4.6). Money is rounded (domain 4.5).

use crate::disclosure::{DisclosurePolicy, Mark, Reason};

/// When a sum is dominated.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct DominanceRule {
    /// Contributors a sum must have.
    pub contributors_min: usize,
    /// (1, k): percent of the sum the largest may make up.
    pub largest_percent_max: u64,
    /// (2, k): percent of the sum the two largest may make up.
    pub two_largest_percent_max: u64,
    /// p: the rest beside the two largest must be at least this percent of the largest.
    pub rest_percent_min: u64,
    /// Students behind a sum, at least; the floor of the policy holds besides.
    pub students_min: u64,
    /// Sums are rounded to a multiple of this.
    pub rounded_to: u64,
}

impl DominanceRule {
    /// For groups of institutions (domain 4.6).
    pub const INSTITUTIONS: Self = Self {
        contributors_min: 5,
        largest_percent_max: 60,
        two_largest_percent_max: 85,
        rest_percent_min: 10,
        students_min: 0,
        rounded_to: 1,
    };
    /// For earnings of students (domain 4.5): thirty employed, thousands.
    pub const EARNINGS: Self = Self { students_min: 30, rounded_to: 1_000, ..Self::INSTITUTIONS };
}

/// The contributions to one sum. Mute: no `Debug`, `Clone` or `Encode`.
///
/// ```compile_fail
/// fn spoken<T: core::fmt::Debug>() {}
/// spoken::<passage_protocol::disclosure::RawSum>();
/// ```
pub struct RawSum {
    /// What each contributor adds, in the unit of the sum.
    pub contributions: Vec<u64>,
    /// Students behind the sum.
    pub students: u64,
}

/// Releases the parts of one total, which is released too; the mark of the total stands last.
///
/// A part below the floor or dominated is withheld. The withheld parts together can be worked out from the total, so they
/// must pass the rules as one sum: the smallest shown part goes with them until they do, and at last the total.
#[must_use]
pub fn release_sums(parts: Vec<RawSum>, rule: &DominanceRule, policy: &DisclosurePolicy) -> Vec<Mark> {
    let refused = |sum: &RawSum| {
        if sum.students < u64::from(policy.floor()).max(rule.students_min) {
            return Some(Reason::BelowFloor);
        }
        is_dominated(&sum.contributions, rule).then_some(Reason::Dominance)
    };
    let total = pooled(parts.iter());
    let mut reasons: Vec<Option<Reason>> = parts.iter().map(refused).collect();
    let mut total_reason = refused(&total);
    while total_reason.is_none() {
        let withheld: Vec<&RawSum> =
            parts.iter().zip(&reasons).filter(|(_, reason)| reason.is_some()).map(|(part, _)| part).collect();
        if withheld.is_empty() || refused(&pooled(withheld.into_iter())).is_none() {
            break;
        }
        let shown = parts.iter().zip(&mut reasons).filter(|(_, reason)| reason.is_none());
        match shown.min_by_key(|(part, _)| amount(&part.contributions)) {
            Some((_, reason)) => *reason = Some(Reason::Complementary),
            None => total_reason = Some(Reason::Complementary),
        }
    }
    let mark = |(sum, reason): (&RawSum, Option<Reason>)| {
        let step = u128::from(rule.rounded_to.max(1));
        let rounded = (amount(&sum.contributions) + step / 2) / step * step;
        let value = u64::try_from(rounded).unwrap_or(u64::MAX);
        reason.map_or(Mark::Value { value, low: value, high: value }, Mark::Suppressed)
    };
    parts.iter().zip(reasons).chain([(&total, total_reason)]).map(mark).collect()
}

/// Whether few contributors make up too much of a sum.
#[must_use]
pub fn is_dominated(contributions: &[u64], rule: &DominanceRule) -> bool {
    let mut largest: Vec<u128> =
        contributions.iter().filter(|one| **one > 0).map(|one| u128::from(*one)).collect();
    largest.sort_unstable_by(|a, b| b.cmp(a));
    let total = amount(contributions);
    let [first, second] = [0, 1].map(|at| largest.get(at).copied().unwrap_or(0));
    largest.len() < rule.contributors_min
        || 100 * first > u128::from(rule.largest_percent_max) * total
        || 100 * (first + second) > u128::from(rule.two_largest_percent_max) * total
        || 100 * (total - first - second) < u128::from(rule.rest_percent_min) * first
}

fn amount(contributions: &[u64]) -> u128 {
    contributions.iter().map(|one| u128::from(*one)).sum()
}

/// Several sums as one. A contributor to several of them counts as several, which can only make it look smaller; give such
/// sums in one [`RawSum`] instead.
fn pooled<'a>(sums: impl Iterator<Item = &'a RawSum>) -> RawSum {
    let mut all = RawSum { contributions: Vec::new(), students: 0 };
    for sum in sums {
        all.contributions.extend(&sum.contributions);
        all.students = all.students.saturating_add(sum.students);
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sum(contributions: &[u64], students: u64) -> RawSum {
        RawSum { contributions: contributions.to_vec(), students }
    }

    #[test]
    fn each_rule_refuses_by_itself() {
        let rule = DominanceRule::INSTITUTIONS;
        assert!(!is_dominated(&[30, 25, 20, 15, 10], &rule));
        assert!(is_dominated(&[30, 25, 20, 25], &rule), "four contributors");
        assert!(is_dominated(&[61, 10, 10, 10, 9], &rule), "one makes up 61 percent");
        assert!(!is_dominated(&[60, 10, 10, 10, 10], &rule));
        assert!(is_dominated(&[44, 42, 5, 5, 4], &rule), "two make up 86 percent");
        let lax = DominanceRule { largest_percent_max: 100, two_largest_percent_max: 100, ..rule };
        assert!(is_dominated(&[500, 400, 20, 20, 9], &lax), "the rest is 9.8 percent of the largest");
        assert!(!is_dominated(&[500, 400, 20, 20, 10], &lax));
        assert!(is_dominated(&[], &rule));
    }

    #[test]
    fn a_dominated_part_takes_the_smallest_along_until_both_together_pass() {
        let parts = vec![
            sum(&[900, 10, 10, 10, 10], 200),
            sum(&[100, 100, 90, 90, 80], 150),
            sum(&[400, 400, 300, 300, 200], 400),
        ];
        let marks = release_sums(parts, &DominanceRule::INSTITUTIONS, &DisclosurePolicy::default());
        assert_eq!(marks[0], Mark::Suppressed(Reason::Dominance));
        assert_eq!(marks[1], Mark::Suppressed(Reason::Complementary));
        assert_eq!(marks[2].value(), None, "940 and 460 together: the largest is 64 percent");
        assert_eq!(marks[3].value(), Some(3_000), "all three together pass");
    }

    #[test]
    fn earnings_are_rounded_and_need_thirty() {
        let parts = || vec![sum(&[40_400, 30_000, 30_000, 20_000, 20_100], 29), sum(&[50_000; 6], 60)];
        let marks = release_sums(parts(), &DominanceRule::EARNINGS, &DisclosurePolicy::default());
        assert_eq!(marks[0], Mark::Suppressed(Reason::BelowFloor));
        assert_eq!(marks[1], Mark::Suppressed(Reason::Complementary));
        assert_eq!(marks[2].value(), Some(441_000));
    }
}

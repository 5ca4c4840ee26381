//! Equity flags (A14, domain 3.7): whether a subgroup's rate lies so far below a reference that it should be looked at.
//!
//! Computed from what the report shows and nothing else: a flag exists only where the subgroup's count, its number of students
//! and its percentage, and those of its reference, all stand in the report. With noise a flag is set only if it holds for every
//! count within the intervals shown, and lifted only if it holds for none; otherwise it is *not decided*. Whole numbers
//! throughout: the same report gives the same flags everywhere.
//!
//! | measure | flagged if | value |
//! |---|---|---|
//! | `ppg` | rate + margin <= rate of all students | points below that rate |
//! | `ppg-1` | rate + margin <= rate of all students but the subgroup | points below that rate |
//! | `index-80` | rate / highest rate shown < 0.80 | percent of the highest rate |
//! | `proportionality` | share of those observed / share of the students < 0.80 | percent |
//!
//! The margin is max(1.96 sqrt(0.25 / n), 0.03), n the students of the subgroup.

use crate::{
    cells::{Dimension, SchoolYear},
    disclosure::{Category, Mark, Outcome, ReleasedTable},
    report::{Report, gap},
};

/// A way to look at a subgroup.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Measure {
    /// Percentage-point gap to all students.
    Ppg,
    /// Percentage-point gap to all others.
    PpgMinusOne,
    /// Share of the highest rate.
    EightyPercent,
    /// Proportionality index.
    Proportionality,
}

impl Measure {
    /// Every measure, in the order in which reports show them.
    pub const ALL: [Self; 4] = [Self::Ppg, Self::PpgMinusOne, Self::EightyPercent, Self::Proportionality];

    /// The word in the column `measure` of exports; that of the flag is this and `-flag`.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Ppg => "ppg",
            Self::PpgMinusOne => "ppg-1",
            Self::EightyPercent => "index-80",
            Self::Proportionality => "proportionality",
        }
    }

    /// The definition, for notes and page.
    #[must_use]
    pub fn definition(self) -> &'static str {
        match self {
            Self::Ppg => {
                "points by which the subgroup's rate lies below the rate of all students; flagged if rate + margin <= that rate"
            }
            Self::PpgMinusOne => {
                "the same against the rate of all students but the subgroup; flagged if rate + margin <= that rate"
            }
            Self::EightyPercent => {
                "the subgroup's rate in percent of the highest rate that this table shows; flagged below 80"
            }
            Self::Proportionality => {
                "the subgroup's share of the students observed, in percent of its share of the students; flagged below 80"
            }
        }
    }
}

/// The formula of the margin and what *not decided* means, for notes and page.
pub const MARGIN: &str = "margin = max(1.96 x sqrt(0.25 / n), 0.03) with n the students of the subgroup. Flags are made of figures shown here and of no \
                          other; with noise a flag is decided only if every count within the intervals decides it alike";

/// Whether a subgroup is flagged.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Flag {
    /// The rate is not so far below.
    No,
    /// The noise leaves it open.
    NotDecided,
    /// The rate is that far below.
    Yes,
}

impl Flag {
    /// The word in exports and on the page.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::No => "no",
            Self::NotDecided => "not decided",
            Self::Yes => "yes",
        }
    }

    /// From whether it holds for the counts that speak most against it, and for those that speak most for it.
    fn of(holds: [bool; 2]) -> Self {
        match holds {
            [true, _] => Self::Yes,
            [false, true] => Self::NotDecided,
            [false, false] => Self::No,
        }
    }
}

/// One measure of one subgroup.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Finding {
    /// The cohort.
    pub cohort: SchoolYear,
    /// The subgroup, by its place in the dimension.
    pub category: u8,
    /// Which students are counted: the outcome of the percentage.
    pub outcome: Outcome,
    /// The measure.
    pub measure: Measure,
    /// Points or percent, as the measure says; whole.
    pub value: u64,
    /// Least value within the intervals.
    pub low: u64,
    /// Greatest value within the intervals.
    pub high: u64,
    /// Whether it is flagged.
    pub flag: Flag,
}

/// A shown count among shown students.
#[derive(Clone, Copy)]
pub(super) struct Rate {
    count: u64,
    low: u64,
    high: u64,
    group: u64,
}

impl Rate {
    /// The fraction at one of its counts.
    fn at(self, count: u64) -> Fraction {
        Fraction { count: count.min(self.group).into(), group: self.group.into() }
    }

    /// The fraction as shown.
    pub(super) fn shown(&self) -> Fraction {
        self.at(self.count)
    }

    /// The least that its interval allows.
    pub(super) fn lowest(&self) -> Fraction {
        self.at(self.low)
    }

    /// The greatest that its interval allows.
    pub(super) fn highest(&self) -> Fraction {
        self.at(self.high)
    }
}

/// Students observed of students.
#[derive(Clone, Copy)]
pub(super) struct Fraction {
    count: u128,
    group: u128,
}

impl Fraction {
    /// Whether this lies below the reference by the margin or more: `reference - this >= max(0.98 / sqrt(n), 0.03)`.
    fn is_below(self, reference: Self) -> bool {
        let (over, under) = (reference.count * self.group, self.count * reference.group);
        let Some(gap) = over.checked_sub(under) else { return false };
        let whole = reference.group * self.group;
        // Both sides squared; 0.98 squared is 9604 / 10000.
        gap > 0
            && gap * 100 >= 3 * whole
            && gap.saturating_mul(gap).saturating_mul(self.group).saturating_mul(10_000)
                >= whole.saturating_mul(whole).saturating_mul(9_604)
    }

    /// Whether this is less than four fifths of the reference.
    fn is_under_four_fifths(self, reference: Self) -> bool {
        self.count * reference.group * 100 < 80 * reference.count * self.group
    }

    /// Whole points below the reference, to the nearest; zero if at or above it.
    pub(super) fn points_below(self, reference: Self) -> u64 {
        let (over, under) = (reference.count * self.group, self.count * reference.group);
        nearest(over.saturating_sub(under) * 100, reference.group * self.group)
    }

    /// This in whole percent of the reference, to the nearest.
    fn percent_of(self, reference: Self) -> u64 {
        nearest(self.count * reference.group * 100, reference.count * self.group)
    }

    pub(super) fn is_greater(self, other: Self) -> bool {
        self.count * other.group > other.count * self.group
    }
}

/// To the nearest whole number; of nothing, more than any.
fn nearest(over: u128, under: u128) -> u64 {
    let twice = (over * 2 + under).checked_div(under * 2).unwrap_or(u128::MAX);
    u64::try_from(twice).unwrap_or(u64::MAX)
}

/// Every measure of every subgroup of a table that the report's figures allow, in the order of cohorts, outcomes, subgroups.
#[must_use]
pub fn findings(report: &Report, table: &ReleasedTable) -> Vec<Finding> {
    let mut found = Vec::new();
    // Being found is no success: a table that counts links has a measure of its own. And a school is no group that is to be protected:
    // how far schools lie apart can be read off the table, and is no finding about a group of students.
    let is_of_groups = match table.domain.dimension {
        Dimension::All | Dimension::School => false,
        Dimension::Ethnicity | Dimension::Gender => true,
        Dimension::Group(grouping) => grouping.is_of_people(),
    };
    if !is_of_groups || gap::counts_links(&table.metric) {
        return found;
    }
    let of_all = report.tables.iter().find(|other| {
        other.domain.dimension == Dimension::All
            && (&other.metric, other.sender, &other.receivers)
                == (&table.metric, table.sender, &table.receivers)
    });
    for cohort in &table.domain.cohorts {
        for (percent, count) in outcomes(table) {
            let all = of_all.and_then(|all| rate(all, *cohort, 0, percent, count));
            let categories = (0_u8..).zip(table.domain.labels());
            let groups: Vec<(u8, Rate)> = categories
                .filter_map(|(category, _)| Some((category, rate(table, *cohort, category, percent, count)?)))
                .collect();
            for (category, group) in &groups {
                let finding = |measure, (value, low, high), flag| Finding {
                    cohort: *cohort,
                    category: *category,
                    outcome: percent,
                    measure,
                    value,
                    low,
                    high,
                    flag,
                };
                found.extend(all.map(|all| ppg(*group, all)).map(|(v, f)| finding(Measure::Ppg, v, f)));
                let less = all.and_then(|all| ppg_less_one(*group, all));
                found.extend(less.map(|(v, f)| finding(Measure::PpgMinusOne, v, f)));
                if groups.len() > 1 {
                    let others = groups.iter().filter(|(other, _)| other != category);
                    let others: Vec<Rate> = others.map(|(_, rate)| *rate).collect();
                    let (value, flag) = eighty(*group, &others);
                    found.push(finding(Measure::EightyPercent, value, flag));
                }
                let share = all.filter(|all| all.low > 0).map(|all| proportionality(*group, all));
                found.extend(share.map(|(v, f)| finding(Measure::Proportionality, v, f)));
            }
        }
    }
    found
}

/// Value, least and greatest value.
type Values = (u64, u64, u64);

fn ppg(group: Rate, all: Rate) -> (Values, Flag) {
    below(group, all.at(all.count), all.at(all.low), all.at(all.high))
}

/// Against everybody else, if there is anybody.
fn ppg_less_one(group: Rate, all: Rate) -> Option<(Values, Flag)> {
    let others = all.group.checked_sub(group.group).filter(|others| *others > 0)?;
    let rest = |all: u64, group: u64| Fraction {
        count: all.saturating_sub(group).min(others).into(),
        group: others.into(),
    };
    let [value, low, high] =
        [rest(all.count, group.count), rest(all.low, group.high), rest(all.high, group.low)];
    Some(below(group, value, low, high))
}

fn below(group: Rate, reference: Fraction, least: Fraction, greatest: Fraction) -> (Values, Flag) {
    let [value, low, high] = [group.at(group.count), group.at(group.low), group.at(group.high)];
    let values = (value.points_below(reference), high.points_below(least), low.points_below(greatest));
    (values, Flag::of([high.is_below(least), low.is_below(greatest)]))
}

/// Against the highest of the others: the highest of all is never below itself, whatever the noise.
fn eighty(group: Rate, others: &[Rate]) -> (Values, Flag) {
    let highest = |of: fn(&Rate) -> Fraction| {
        let mut rates = others.iter().map(of);
        let first = rates.next().unwrap_or(Fraction { count: 0, group: 1 });
        rates.fold(first, |best, one| if one.is_greater(best) { one } else { best })
    };
    let value = highest(|one| one.at(one.count));
    let [least, greatest] = [highest(|one| one.at(one.low)), highest(|one| one.at(one.high))];
    let values = (
        group.at(group.count).percent_of(value).min(100),
        group.at(group.low).percent_of(greatest).min(100),
        group.at(group.high).percent_of(least).min(100),
    );
    let flag = Flag::of([
        group.at(group.high).is_under_four_fifths(least),
        group.at(group.low).is_under_four_fifths(greatest),
    ]);
    (values, flag)
}

/// The share of those observed over the share of the students is the rate over the rate of all.
fn proportionality(group: Rate, all: Rate) -> (Values, Flag) {
    let [least, greatest] = [all.at(all.low), all.at(all.high)];
    let values = (
        group.at(group.count).percent_of(all.at(all.count)),
        group.at(group.low).percent_of(greatest),
        group.at(group.high).percent_of(least),
    );
    let flag = Flag::of([
        group.at(group.high).is_under_four_fifths(least),
        group.at(group.low).is_under_four_fifths(greatest),
    ]);
    (values, flag)
}

/// Percentages of a table with the count each is a percentage of.
pub(super) fn outcomes(table: &ReleasedTable) -> Vec<(Outcome, Outcome)> {
    let mut found = Vec::new();
    for cell in &table.cells {
        if let Outcome::Rate(place) = cell.outcome
            && !found.contains(&(cell.outcome, Outcome::Enrolled(place)))
        {
            found.push((cell.outcome, Outcome::Enrolled(place)));
        }
    }
    found.sort_unstable();
    found
}

/// A subgroup whose count, students and percentage are all shown.
pub(super) fn rate(
    table: &ReleasedTable,
    cohort: SchoolYear,
    category: u8,
    percent: Outcome,
    count: Outcome,
) -> Option<Rate> {
    let of = |outcome| {
        let stands = |cell: &&crate::disclosure::ReleasedCell| {
            cell.cohort == cohort && cell.category == Category::One(category) && cell.outcome == outcome
        };
        table.cells.iter().find(stands).map(|cell| cell.mark)
    };
    match (of(percent), of(count), of(Outcome::Cohort)) {
        (
            Some(Mark::Value { .. }),
            Some(Mark::Value { value, low, high }),
            Some(Mark::Value { value: group, .. }),
        ) if group > 0 => Some(Rate { count: value, low, high, group }),
        _ => None,
    }
}

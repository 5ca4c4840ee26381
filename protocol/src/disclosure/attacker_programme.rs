//! The linear programme of the attackers on tables of a round: what marks say of a row, and how far a row's students can be moved
//! under all of it. Written apart from `suppression`, as its attackers are.

use std::collections::BTreeMap;

use microlp::{ComparisonOp, OptimizationDirection, Problem, SolveOutcome, Variable};

use crate::{
    cells::{CellDomain, Dimension, School, SchoolCode, SchoolYear},
    disclosure::{Mark, Outcome, Reason, ReleasedTable},
};

pub(super) const FLOOR: i64 = 11;
pub(super) const YEAR: SchoolYear = SchoolYear(2021);

/// Students as (ethnicity, gender, pattern, school: 0 for another).
pub(super) type Student = (usize, usize, usize, usize);

/// A row: dimension, category.
pub(super) type Row = (Dimension, usize);

/// Schools by how many of twenty students: the last is small, and so are those of no school listed.
pub(super) const SCHOOLS: [usize; 20] = [1, 1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2, 3, 3, 0];

/// What the attacked tables are broken down by.
pub(super) const BREAKDOWNS: [Dimension; 3] = [Dimension::Ethnicity, Dimension::Gender, Dimension::School];

/// The cells of a breakdown.
pub(super) fn domain(dimension: Dimension) -> CellDomain {
    let school = |number: u32| School {
        code: SchoolCode::from_number(number).unwrap(),
        name: format!("School {number}"),
    };
    CellDomain::of(vec![YEAR], dimension, &[1, 2, 3].map(school))
}

pub(super) fn category(dimension: Dimension, student: &Student) -> usize {
    match dimension {
        Dimension::All => 0,
        Dimension::Ethnicity => student.0,
        Dimension::Gender => student.1,
        Dimension::School => student.3,
        Dimension::Group(_) => {
            panic!("no attacked table is of a grouping: to the rules it is a breakdown as any other")
        }
    }
}

/// Students of a row whose pattern fits.
pub(super) fn count_of(row: Row, students: &[Student], fits: impl Fn(usize) -> bool) -> i64 {
    let counted = |student: &&Student| category(row.0, student) == row.1 && fits(student.2);
    students.iter().filter(counted).count() as i64
}

/// What the marks of a figure say, for a reader who knows every denominator.
pub(super) fn printed(
    table: &ReleasedTable,
    at: usize,
    [count, rate]: [Outcome; 2],
    group: i64,
) -> (i64, i64) {
    let mark = |outcome| table.mark(YEAR, at as u8, outcome).unwrap();
    let range = match mark(count) {
        Mark::Value { value, .. } => (value as i64, value as i64),
        Mark::Suppressed(Reason::BelowFloor) => (0, (FLOOR - 1).min(group)),
        Mark::Suppressed(Reason::ComplementBelowFloor) => ((group - FLOOR + 1).max(0), group),
        Mark::Suppressed(Reason::Complementary) => (FLOOR, group - FLOOR),
        Mark::Bound { .. } | Mark::NotApplicable(_) | Mark::Suppressed(_) => (0, group),
    };
    match mark(rate) {
        Mark::Bound { low, high, .. } => {
            let near = |x: &i64| {
                let exact = 100.0 * *x as f64 / group as f64;
                exact >= low as f64 - 0.5 && exact <= high as f64 + 0.5
            };
            let fits = |x: &i64| (range.0..=range.1).contains(x) && near(x);
            ((0..=group).find(fits).unwrap_or(range.0), (0..=group).rev().find(fits).unwrap_or(range.1))
        }
        Mark::Value { .. } | Mark::NotApplicable(_) | Mark::Suppressed(_) => range,
    }
}

/// What the attacker knows of students by row and pattern.
#[derive(Default)]
pub(super) struct Programme {
    /// Students of every row.
    pub(super) groups: BTreeMap<Row, i64>,
    /// Of a row, which patterns a figure counts, and between what the figure is.
    pub(super) figures: Vec<(Row, Vec<bool>, (i64, i64))>,
    /// How many patterns there are.
    pub(super) patterns: usize,
}

impl Programme {
    /// The least or greatest number of students of a row whose pattern fits.
    pub(super) fn end(
        &self,
        row: Row,
        fits: impl Fn(usize) -> bool,
        direction: OptimizationDirection,
    ) -> f64 {
        let mut problem = Problem::new(direction);
        let unknowns: BTreeMap<Row, Vec<Variable>> = (self.groups.iter())
            .map(|(of, group)| {
                let cost = |pattern| f64::from(u8::from(*of == row && fits(pattern)));
                let of_row = (0..self.patterns).map(|pattern| (cost(pattern), (0.0, *group as f64)));
                (*of, of_row.map(|(cost, range)| problem.add_var(cost, range)).collect())
            })
            .collect();
        for (of, unknown) in &unknowns {
            let all: Vec<_> = unknown.iter().map(|pattern| (*pattern, 1.0)).collect();
            problem.add_constraint(all, ComparisonOp::Eq, self.groups[of] as f64);
        }
        for (of, covers, (low, high)) in &self.figures {
            let covered = unknowns[of].iter().zip(covers).filter(|(_, covers)| **covers);
            let covered: Vec<_> = covered.map(|(variable, _)| (*variable, 1.0)).collect();
            problem.add_constraint(covered.clone(), ComparisonOp::Ge, *low as f64);
            problem.add_constraint(covered, ComparisonOp::Le, *high as f64);
        }
        for dimension in BREAKDOWNS {
            (0..self.patterns).for_each(|pattern| {
                let parts = (0..domain(dimension).categories()).map(|at| unknowns[&(dimension, at)][pattern]);
                let total = unknowns[&(Dimension::All, 0)][pattern];
                let terms: Vec<_> = parts.map(|part| (part, 1.0)).chain([(total, -1.0)]).collect();
                problem.add_constraint(terms, ComparisonOp::Eq, 0.0);
            });
        }
        match problem.solve().unwrap() {
            SolveOutcome::Solution(solution) => {
                let patterns = unknowns[&row].iter().enumerate().filter(|(pattern, _)| fits(*pattern));
                patterns.map(|(_, variable)| solution.var_value(*variable)).sum()
            }
            SolveOutcome::Interrupted(_) => panic!("the attacker gave up"),
        }
    }
}

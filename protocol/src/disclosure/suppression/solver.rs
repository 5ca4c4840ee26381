//! The one file that names the solver crate: linear and integer programmes in, a point or nothing out.
//!
//! A point is a proposal: callers check it in whole numbers before they rely on it. A solver that fails, or gives up at
//! its node limit, costs figures, never protection.

use microlp::{ComparisonOp, OptimizationDirection, Problem, SolveOptions, SolveOutcome, Variable};

/// Branch-and-bound nodes of one integer programme.
const NODES_MAX: u64 = 400;

/// A programme that minimises a weighted sum.
pub(super) struct Program {
    problem: Problem,
    variables: Vec<Variable>,
}

/// How the two sides of a row compare.
#[derive(Clone, Copy, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum Compare {
    /// At least.
    AtLeast,
    /// Equal.
    Equal,
}

/// Whether a variable may lie between whole numbers.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(super) enum Kind {
    /// Only whole numbers.
    Whole,
    /// Anything between the bounds.
    Real,
}

impl Program {
    pub(super) fn new() -> Self {
        Self { problem: Problem::new(OptimizationDirection::Minimize), variables: Vec::new() }
    }

    /// Adds a variable between `low` and `high`, `cost` a unit; gives its number.
    pub(super) fn variable(&mut self, kind: Kind, cost: f64, low: i64, high: i64) -> usize {
        let variable = match (kind, i32::try_from(low), i32::try_from(high)) {
            (Kind::Whole, Ok(low), Ok(high)) => self.problem.add_integer_var(cost, (low, high)),
            _ => self.problem.add_var(cost, (low as f64, high as f64)),
        };
        self.variables.push(variable);
        self.variables.len() - 1
    }

    /// Adds a row `sum of factor x variable, compared with right`.
    pub(super) fn row(&mut self, terms: &[(usize, i64)], compare: Compare, right: i64) {
        let terms: Vec<(Variable, f64)> = terms
            .iter()
            .filter_map(|(at, factor)| self.variables.get(*at).map(|variable| (*variable, *factor as f64)))
            .collect();
        let operator = match compare {
            Compare::AtLeast => ComparisonOp::Ge,
            Compare::Equal => ComparisonOp::Eq,
        };
        self.problem.add_constraint(terms, operator, right as f64);
    }

    /// The value of every variable at the optimum; `None` if there is none or the solver found none.
    pub(super) fn minimum(&self) -> Option<Vec<f64>> {
        let mut options = SolveOptions::default();
        options.node_limit = Some(NODES_MAX);
        match self.problem.solve_with(options).ok()? {
            SolveOutcome::Solution(solution) => {
                Some(self.variables.iter().map(|variable| solution.var_value(*variable)).collect())
            }
            SolveOutcome::Interrupted(_) => None,
        }
    }
}

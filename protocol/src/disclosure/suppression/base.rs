//! The figures in terms of the finest ones: a programme over the leaves of a table is a tenth of one over its cells.
//!
//! A figure that is the total of a line is written as the sum of that line's parts, down to figures that are no total.
//! Lines that then say the same twice fall away; those that do not (two breakdowns of one total) stay as rows.

use std::collections::BTreeMap;

use super::{FigureId, Line};

/// A sum of finest figures and a constant.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct Expression {
    /// Finest figures with their factors.
    pub(super) terms: Vec<(FigureId, i64)>,
    /// What is added.
    pub(super) constant: i64,
}

/// Every figure as an expression, and what else holds among the finest.
#[derive(Debug, Default)]
pub(super) struct Base {
    expressions: Vec<Expression>,
    /// Expressions that are zero.
    pub(super) rows: Vec<Expression>,
}

impl Base {
    /// Rewrites so many figures under these lines.
    pub(super) fn of(figures: usize, lines: &[Line]) -> Self {
        let mut defining: Vec<Option<&Line>> = vec![None; figures];
        for line in lines {
            if let Some(place @ None) = defining.get_mut(line.total) {
                *place = Some(line);
            }
        }
        let mut base = Self { expressions: vec![Expression::default(); figures], rows: Vec::new() };
        let mut done = vec![false; figures];
        for id in 0..figures {
            base.expand(id, &defining, &mut done);
        }
        let mut rows: Vec<Expression> = lines
            .iter()
            .map(|line| {
                let mut sum = Sum::default();
                line.signed().for_each(|(id, sign)| sum.add(base.expression(id), sign));
                sum.constant -= line.residual;
                sum.finish()
            })
            .filter(|row| !row.terms.is_empty())
            .collect();
        rows.sort_by(|a, b| a.terms.cmp(&b.terms));
        rows.dedup();
        base.rows = rows;
        base
    }

    pub(super) fn expression(&self, id: FigureId) -> &Expression {
        static NOTHING: Expression = Expression { terms: Vec::new(), constant: 0 };
        self.expressions.get(id).unwrap_or(&NOTHING)
    }

    /// Whether a figure is one of the finest.
    pub(super) fn is_finest(&self, id: FigureId) -> bool {
        self.expression(id).terms == [(id, 1)]
    }

    fn expand(&mut self, id: FigureId, defining: &[Option<&Line>], done: &mut [bool]) {
        // Marked before its parts are looked at: a figure that is a part of itself stands for itself.
        match done.get_mut(id) {
            Some(mark) if !*mark => *mark = true,
            _ => return,
        }
        let mut sum = Sum::default();
        match defining.get(id).copied().flatten() {
            None => sum.add(&Expression { terms: vec![(id, 1)], constant: 0 }, 1),
            Some(line) => {
                for part in &line.parts {
                    self.expand(*part, defining, done);
                    sum.add(self.expression(*part), 1);
                }
                sum.constant -= line.residual;
            }
        }
        if let Some(place) = self.expressions.get_mut(id) {
            *place = sum.finish();
        }
    }
}

#[derive(Default)]
struct Sum {
    terms: BTreeMap<FigureId, i64>,
    constant: i64,
}

impl Sum {
    fn add(&mut self, other: &Expression, sign: i64) {
        for (id, factor) in &other.terms {
            *self.terms.entry(*id).or_default() += sign * factor;
        }
        self.constant += sign * other.constant;
    }

    fn finish(self) -> Expression {
        let terms = self.terms.into_iter().filter(|(_, factor)| *factor != 0).collect();
        Expression { terms, constant: self.constant }
    }
}

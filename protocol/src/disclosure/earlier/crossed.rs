//! Groupings of one question held against each other: one may lie within another, as homeless students are among the disadvantaged,
//! and what is left between them may be few.

use std::collections::BTreeMap;

use super::{Counted, Isolated, Row};
use crate::{
    cells::{Dimension, SchoolYear},
    disclosure::{LedgerRefusal, Population, ledger::isolates},
};

impl Counted {
    /// Refuses a question whose groupings, each safe alone, single out a few together: totals and rows of groupings of a cohort, over
    /// all metrics, whose sums and differences come down to one to `floor - 1` students. Ethnicity, gender and school say nothing of
    /// each other; of groupings the rules do.
    ///
    /// # Cost
    ///
    /// Sorting the students of the cohort, and cubic in its rows.
    pub(super) fn judge_groupings(
        &self,
        cohort: SchoolYear,
        metrics: &[BTreeMap<Row, Population>],
    ) -> Result<(), Isolated> {
        let [first, _, ..] = self.groupings.as_slice() else { return Ok(()) };
        let is_of = |dimension: Dimension| matches!(dimension, Dimension::All | Dimension::Group(_));
        let shown = metrics.iter().flatten().filter(|((of, by, _), _)| *of == cohort && is_of(*by));
        let mut together: Vec<&Population> = Vec::new();
        for (_, who) in shown {
            if !together.contains(&who) {
                together.push(who);
            }
        }
        if isolates(&together, self.floor.into()) {
            let (refusal, dimension) = (LedgerRefusal::Crossed, Dimension::Group(*first));
            return Err(Isolated { refusal, cohort, dimension, beside: None });
        }
        Ok(())
    }
}

//! Groupings of one question held against each other: one may lie within another, as homeless students are among the disadvantaged,
//! and what is left between them may be few.

use std::collections::BTreeMap;

use super::{Counted, Earlier, Isolated, Row};
use crate::{
    cells::{Dimension, Grouping, SchoolYear},
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

    /// Refuses a row of a grouping that lies within one of an earlier round, or holds one, where a few are left between the two:
    /// whatever metric each is of, since sizes of groups are told exactly. Rows of one metric are held against each other in any case.
    ///
    /// # Cost
    ///
    /// Linear in the students of such rows for each earlier round that has any.
    pub(super) fn judge_nested(
        &self,
        metrics: &[BTreeMap<Row, Population>],
        earlier: &[Earlier],
    ) -> Result<(), Isolated> {
        let has_groupings = |one: &&Earlier| !one.counted.groupings.is_empty();
        for one in earlier.iter().filter(has_groupings).filter(|_| !self.groupings.is_empty()) {
            let before = one.counted.every_row();
            let floor = u64::from(self.floor.max(one.counted.floor));
            for (row, who) in metrics.iter().flatten() {
                let near = |(other, known): &(&Row, &Population)| {
                    row.0 == other.0
                        && are_nested(*row, **other)
                        && (1..floor).contains(&who.differs_by(known))
                };
                if before.iter().flatten().any(|pair| near(&pair)) {
                    let (refusal, beside) = (LedgerRefusal::Crossed, Some(one.round));
                    return Err(Isolated { refusal, cohort: row.0, dimension: row.1, beside });
                }
            }
        }
        Ok(())
    }
}

/// Whether one of two rows lies within the other by the rules of their groupings.
fn are_nested((_, one, category): Row, (_, other, beside): Row) -> bool {
    let named = |(grouping, category): (Grouping, usize)| (Dimension::Group(grouping), category);
    let pair = [(one, category), (other, beside)];
    Grouping::WITHIN.into_iter().any(|(inner, outer)| {
        let nested = [named(inner), named(outer)];
        pair == nested || pair == [nested[1], nested[0]]
    })
}

//! What a study's tables are broken down by beyond what every institution has.

use super::{Role, StudyTable};
use crate::{
    agreement::{Segment, Study},
    cells::{Dimension, Grouping},
    grouping::GroupingDefinition,
    ids::{Digest, MemberCode},
    metric::Metric,
};

impl Study {
    /// The groupings of its tables, in order, each once: the order in which a node tells them of a student.
    #[must_use]
    pub fn groupings(&self) -> Vec<Grouping> {
        Grouping::among(self.tables.iter().map(|table| table.dimension))
    }

    /// Digest of the words of a table: its metric's file, and its grouping's where it has one. `None` if there is no such metric.
    #[must_use]
    pub fn definition(&self, table: &StudyTable) -> Option<Digest> {
        let metric = self.metric(&table.metric, table.version)?.digest;
        let Dimension::Group(grouping) = table.dimension else { return Some(metric) };
        let grouping = GroupingDefinition::of(grouping).ok()?.digest;
        Some(Digest::derive("passage v1 metric by grouping", &[metric.0, grouping.0].concat()))
    }

    /// The first sender whose students a table counts by a grouping that files of its segment cannot tell.
    #[must_use]
    pub fn without_grouping(&self, segment: impl Fn(MemberCode) -> Option<Segment>) -> Option<MemberCode> {
        let counts = |metric: &Metric, segment: Segment| metric.senders.contains(&segment);
        let is_untold = |table: &StudyTable, segment: Segment| match table.dimension {
            Dimension::Group(grouping) => {
                let is_held =
                    GroupingDefinition::of(grouping).is_ok_and(|one| one.holders.contains(&segment));
                !is_held && self.metric(&table.metric, table.version).is_some_and(|one| counts(one, segment))
            }
            Dimension::All | Dimension::Ethnicity | Dimension::Gender | Dimension::School => false,
        };
        let senders = self.participants.iter().filter(|one| one.role == Role::Sender);
        let mut untold = senders.filter(|one| {
            segment(one.code).is_some_and(|segment| self.tables.iter().any(|table| is_untold(table, segment)))
        });
        untold.next().map(|one| one.code)
    }
}

//! The schools a study lists of a sender: what a table by school has a row for, signed by everybody with the study.

use serde::Deserialize;

use super::{Role, StudyParticipant, StudyTable};
use crate::{
    agreement::{Segment, Study},
    cells::{Dimension, SCHOOL_CELLS_MAX, School, SchoolCode, are_rows},
    document::DocumentError,
    ids::MemberCode,
    metric::Metric,
};

/// The key, for refusals.
const KEY: &str = "participant.schools";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SchoolShape {
    code: String,
    name: String,
}

impl SchoolShape {
    pub(super) fn read(self) -> Result<School, DocumentError> {
        let expected = "seven digits, the code of a school in files of the state";
        let code = SchoolCode::parse(&self.code)
            .ok_or(DocumentError::OutOfRange { key: "participant.schools.code", expected })?;
        Ok(School { code, name: self.name })
    }
}

impl Study {
    /// Whether any table is by school.
    #[must_use]
    pub fn is_by_school(&self) -> bool {
        self.tables.iter().any(|table| table.dimension == Dimension::School)
    }

    /// The metrics it asks for by school.
    fn metrics_by_school(&self) -> impl Iterator<Item = &Metric> {
        let by_school = self.tables.iter().filter(|table| table.dimension == Dimension::School);
        by_school.filter_map(|table| self.metric(&table.metric, table.version))
    }

    /// The schools it lists of a participant; none of one that takes no part.
    #[must_use]
    pub fn schools_of(&self, code: MemberCode) -> &[School] {
        let participant = self.participants.iter().find(|one| one.code == code);
        participant.map(|one| one.schools.as_slice()).unwrap_or_default()
    }

    /// The first participant whose schools are not as its tables need them: a district that sends students into a table by school
    /// has schools, and nobody else has any. Only files of districts say at which school a student completed.
    #[must_use]
    pub fn without_schools(&self, segment: impl Fn(MemberCode) -> Option<Segment>) -> Option<MemberCode> {
        let counted =
            |segment: Segment| self.metrics_by_school().any(|metric| metric.senders.contains(&segment));
        let is_wrong = |one: &&StudyParticipant| {
            let sends = one.role == Role::Sender;
            let segment = segment(one.code);
            let needed = sends && segment.is_some_and(counted);
            needed == one.schools.is_empty() || (needed && segment != Some(Segment::K12))
        };
        self.participants.iter().find(is_wrong).map(|one| one.code)
    }

    /// The most counts of a cohort that its tables by school and by groupings ask for of one sender: rows times patterns, over all of
    /// them.
    #[must_use]
    pub fn judged_counts(&self, segment: impl Fn(MemberCode) -> Option<Segment>) -> u32 {
        let receivers = |metric: &Metric| -> u32 {
            let receives = |one: &&StudyParticipant| {
                one.role == Role::Receiver
                    && segment(one.code).is_some_and(|kind| metric.receivers.contains(&kind))
            };
            u32::try_from(self.participants.iter().filter(receives).count()).unwrap_or(u32::MAX)
        };
        let patterns = |metric: &Metric| {
            let outcomes = u32::try_from(metric.outcomes.len()).unwrap_or(u32::MAX);
            outcomes.saturating_add(1).saturating_pow(receivers(metric))
        };
        let of = |one: &StudyParticipant| {
            let counts = |table: &StudyTable| {
                let rows = match table.dimension {
                    Dimension::School => one.schools.len() + 1,
                    Dimension::Group(grouping) => grouping.labels().len(),
                    Dimension::All | Dimension::Ethnicity | Dimension::Gender => return None,
                };
                let metric = self.metric(&table.metric, table.version)?;
                let is_sent = segment(one.code).is_some_and(|kind| metric.senders.contains(&kind));
                let rows = u32::try_from(rows).unwrap_or(u32::MAX);
                is_sent.then(|| rows.saturating_mul(patterns(metric)))
            };
            self.tables.iter().filter_map(counts).fold(0, u32::saturating_add)
        };
        self.participants.iter().filter(|one| one.role == Role::Sender).map(of).max().unwrap_or(0)
    }

    /// What the document alone says.
    pub(super) fn check_schools(&self) -> Result<(), DocumentError> {
        let refused = |expected| Err(DocumentError::OutOfRange { key: KEY, expected });
        let listed = || self.participants.iter().filter(|one| !one.schools.is_empty());
        if listed().any(|one| one.role != Role::Sender) {
            return refused("a list of a sender: a receiver's students are told by no school");
        }
        if self.is_by_school() != listed().next().is_some() {
            return refused(
                "a list of each sender of a table by \"school\", and of nobody where no table is",
            );
        }
        if !listed().all(|one| are_rows(&one.schools)) {
            return refused(
                "a list of at most 200 schools, each with a code of its own and a name of its own: a line of at most 80 letters, \
                 not \"another school\"",
            );
        }
        if listed().any(|one| (one.schools.len() + 1) * self.cohorts.len() > SCHOOL_CELLS_MAX) {
            return refused("short enough: schools, and one row of others, times cohorts are at most 450");
        }
        Ok(())
    }
}

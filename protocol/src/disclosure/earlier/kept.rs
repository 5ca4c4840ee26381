//! Students in the keeper's own store.

use super::CountedStudent;
use crate::{
    cells::{Ethnicity, Gender, Grouping, SchoolYear},
    codec_struct,
};

/// A student in the keeper's store.
pub(super) struct Kept {
    pub(super) metric: u16,
    pub(super) number: u64,
    pub(super) cohort: SchoolYear,
    pub(super) ethnicity: u8,
    pub(super) gender: u8,
}
codec_struct!(Kept { metric, number, cohort, ethnicity, gender });

impl Kept {
    /// The student with what stands beside it in the store; none if its numbers are of no category.
    pub(super) fn read(self, school: u8, groups: [u8; Grouping::IN_A_STUDY_MAX]) -> Option<CountedStudent> {
        let ethnicity = Ethnicity::ALL.get(usize::from(self.ethnicity))?;
        let gender = Gender::ALL.get(usize::from(self.gender))?;
        Some(CountedStudent {
            metric: self.metric,
            number: self.number,
            cohort: self.cohort,
            ethnicity: *ethnicity,
            gender: *gender,
            school,
            groups,
        })
    }
}

//! Whether a layout file makes sense as a whole: what its columns must cover for the records it promises.
//!
//! The shape itself (keys, types) is checked by the TOML reader; the files of records are not looked at here.

use std::collections::HashSet;

use super::layout::{Check, Emits, Field, Header, Layout, Need};

/// Version of the layout schema itself.
const SCHEMA: u32 = 1;

impl Layout {
    /// The first thing that makes the layout unusable, in words.
    pub(super) fn check(&self) -> Result<(), &'static str> {
        let name_ok = |id: &str| {
            !id.is_empty()
                && id.len() <= 64
                && id.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
        };
        if self.schema != SCHEMA {
            return Err("schema is not 1, the only one this version reads");
        }
        if !name_ok(&self.id) {
            return Err("id must be 1 to 64 lower-case letters, digits and hyphens");
        }
        if self.emits.is_empty() {
            return Err("emits must name at least one kind of record");
        }
        let headerless = self.header == Header::Absent;
        if headerless && (self.record_types.is_empty() || self.widths.is_empty()) {
            return Err("a layout without a header needs record-types and widths");
        }
        let narrowest = self.widths.iter().min().copied().unwrap_or(0);
        let mut seen = HashSet::new();
        for column in &self.column {
            if headerless && !column.number.is_some_and(|number| (1..=narrowest).contains(&number)) {
                return Err(
                    "in a layout without a header each column needs a number within the narrowest width",
                );
            }
            if !headerless && column.number.is_some() {
                return Err("in a layout with a header columns are found by name: leave number out");
            }
            if (column.check == Check::Code) == column.codes.is_empty() {
                return Err("check = \"code\" needs codes, and only it has them");
            }
            if !seen.insert(column.field) && column.field != Field::Race {
                return Err("two columns have the same field");
            }
            if column.field.check() != column.check && column.check != Check::Code {
                return Err("a column's check does not fit its field");
            }
        }
        let required = |field| self.column_of(field).is_some_and(|column| column.need == Need::Required);
        if !required(Field::LocalId) {
            return Err("one column must have field = \"local-id\" and need = \"required\"");
        }
        if self.year_from.is_some_and(|field| !required(field)) {
            return Err("the column named by year-from must be required");
        }
        for kind in &self.emits {
            if !kind.demands().iter().all(|field| self.column_of(*field).is_some()) {
                return Err("a field that the emitted kind of record needs has no column");
            }
            if kind
                .demands()
                .iter()
                .any(|field| *field != Field::Last && field.sets_the_record() && !required(*field))
            {
                return Err("a field that the emitted kind of record cannot do without must be required");
            }
        }
        match self.year_from {
            None | Some(Field::AwardDate | Field::SchoolYear | Field::Term) => Ok(()),
            Some(_) => Err("year-from must be award-date, school-year or term"),
        }
    }
}

impl Emits {
    /// Fields a layout must map to yield this kind.
    fn demands(self) -> &'static [Field] {
        match self {
            Self::Award => &[Field::AwardDate, Field::Award],
            Self::Completion => {
                &[Field::SchoolYear, Field::ExitDate, Field::ExitReason, Field::CompletionStatus]
            }
            Self::Course => &[Field::Term, Field::Subject, Field::Number],
            Self::Enrolment => &[Field::Term],
            Self::Person => &[Field::Last],
        }
    }
}

impl Field {
    /// True if a record of a kind that demands this field cannot be made without a value.
    fn sets_the_record(self) -> bool {
        matches!(self, Self::AwardDate | Self::SchoolYear | Self::Term)
    }

    /// The check that fits a field that is not a code list.
    fn check(self) -> Check {
        match self {
            Self::AwardDate | Self::ExitDate => Check::Date,
            Self::BirthDate => Check::BirthDate,
            Self::Gender => Check::Gender,
            Self::Hispanic => Check::YesNo,
            Self::LevelsBelowTransfer => Check::Level,
            Self::Race => Check::Race,
            Self::SchoolYear => Check::SchoolYear,
            Self::Ssid => Check::Ssid,
            Self::Ssn => Check::Ssn,
            Self::Term => Check::Term,
            Self::AliasFirst
            | Self::AliasLast
            | Self::AliasMiddle
            | Self::Award
            | Self::CompletionStatus
            | Self::CourseGrade
            | Self::EnrolmentStatus
            | Self::ExitReason
            | Self::First
            | Self::Grade
            | Self::Last
            | Self::LocalId
            | Self::Middle
            | Self::Number
            | Self::PriorLast
            | Self::School
            | Self::Status
            | Self::Subject
            | Self::Suffix
            | Self::Transaction
            | Self::Zip => Check::Text,
        }
    }
}

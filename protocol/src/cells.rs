//! Code domains: which cell of a table a student belongs to (SPEC §6.1, domain 1B and 3.10).
//!
//! A cell is a cohort (a school year) and a category of one dimension. Codes are 1-based so that zero is never a cell.

mod domain;
mod grouping;
mod school;
mod window;

use core::fmt;

pub use domain::{CellDomain, Schools, school_category};
pub use grouping::Grouping;
pub use school::{
    ANOTHER_SCHOOL, SCHOOL_CELLS_MAX, SCHOOL_LETTERS_MAX, SCHOOLS_MAX, School, SchoolCode, are_rows,
};
pub use window::{OUTCOMES_MAX, PLACES_MAX, Patterns, Window};

use crate::codec::{CodecError, Decode, Encode, Reader};

/// A school year, named by the calendar year it begins in: `SchoolYear(2023)` is 2023-2024, July to June.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct SchoolYear(pub u16);

impl SchoolYear {
    /// Reads `2023-2024` or `2023-24`; `None` unless the second year follows the first.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (first, second) = text.split_once('-')?;
        let first: u16 = (first.len() == 4).then(|| first.parse().ok())??;
        let follows = first.checked_add(1)?;
        let matches = match second.len() {
            4 => second.parse() == Ok(follows),
            2 => second.parse() == Ok(follows % 100),
            _ => false,
        };
        (matches && (1900..2200).contains(&first)).then_some(Self(first))
    }

    /// The school year after this one.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

impl fmt::Display for SchoolYear {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}-{}", self.0, self.0.saturating_add(1))
    }
}

impl Encode for SchoolYear {
    fn encode(&self, out: &mut Vec<u8>) {
        self.0.encode(out);
    }
}

impl Decode for SchoolYear {
    fn decode(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        u16::decode(reader).map(Self)
    }
}

/// What a table is broken down by.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Dimension {
    /// No breakdown: every student of the cohort.
    All,
    /// Race and ethnicity, the CDE aggregate roll-up.
    Ethnicity,
    /// Gender as the institution records it.
    Gender,
    /// What the sender's own records say of the student, by a rule all members hold.
    Group(Grouping),
    /// The school at which the student completed, of those a study lists of its sender.
    School,
}

impl Dimension {
    /// Those every institution has, in the order of their wire numbers; [`every`](Self::every) has the groupings too.
    pub const ALL: [Self; 4] = [Self::All, Self::Ethnicity, Self::Gender, Self::School];

    /// Every dimension, groupings last.
    pub fn every() -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().chain(Grouping::ALL.map(Self::Group))
    }

    /// Those that break all students down.
    pub fn breakdowns() -> impl Iterator<Item = Self> {
        Self::every().filter(|dimension| *dimension != Self::All)
    }

    /// The name used in study files and released tables.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Ethnicity => "ethnicity",
            Self::Gender => "gender",
            Self::Group(grouping) => grouping.name(),
            Self::School => "school",
        }
    }

    /// The dimension of that name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::every().find(|dimension| dimension.name() == name)
    }
}

impl Encode for Dimension {
    fn encode(&self, out: &mut Vec<u8>) {
        let number: u8 = match self {
            Self::All => 0,
            Self::Ethnicity => 1,
            Self::Gender => 2,
            Self::School => 3,
            Self::Group(grouping) => grouping.number(),
        };
        number.encode(out);
    }
}

impl Decode for Dimension {
    fn decode(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        let position = reader.position();
        let number = u8::decode(reader)?;
        let found = Self::ALL.get(usize::from(number)).copied();
        let found = found.or_else(|| Grouping::numbered(number).map(Self::Group));
        found.ok_or(CodecError::Invalid { position, expected: "a dimension" })
    }
}

/// Race and ethnicity after the CDE roll-up: Hispanic first, more than one group is "two or more" (domain 1B).
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[allow(missing_docs)] // the labels below are the documentation
pub enum Ethnicity {
    NotReported,
    AmericanIndian,
    Asian,
    PacificIslander,
    Filipino,
    Hispanic,
    Black,
    White,
    TwoOrMore,
}

impl Ethnicity {
    /// Every one, in category order.
    pub const ALL: [Self; 9] = [
        Self::NotReported,
        Self::AmericanIndian,
        Self::Asian,
        Self::PacificIslander,
        Self::Filipino,
        Self::Hispanic,
        Self::Black,
        Self::White,
        Self::TwoOrMore,
    ];

    /// Labels in category order.
    pub const LABELS: [&'static str; 9] = [
        "not reported",
        "American Indian or Alaska Native",
        "Asian",
        "Pacific Islander",
        "Filipino",
        "Hispanic or Latino",
        "Black or African American",
        "White",
        "two or more races",
    ];

    /// Zero-based category index.
    #[must_use]
    pub fn index(self) -> usize {
        self as usize
    }
}

/// Gender as recorded: F, M, X, or not stated.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[allow(missing_docs)] // the labels below are the documentation
pub enum Gender {
    Female,
    Male,
    Nonbinary,
    NotStated,
}

impl Gender {
    /// Every one, in category order.
    pub const ALL: [Self; 4] = [Self::Female, Self::Male, Self::Nonbinary, Self::NotStated];

    /// Labels in category order.
    pub const LABELS: [&'static str; 4] = ["female", "male", "nonbinary", "not stated"];

    /// Zero-based category index.
    #[must_use]
    pub fn index(self) -> usize {
        self as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn school_years_parse() {
        assert_eq!(SchoolYear::parse("2019-2020"), Some(SchoolYear(2019)));
        assert_eq!(SchoolYear::parse("1999-00"), Some(SchoolYear(1999)));
        for bad in ["2019", "2019-2021", "19-20", "2019-2020-2021", "abcd-efgh"] {
            assert_eq!(SchoolYear::parse(bad), None, "{bad}");
        }
    }
}

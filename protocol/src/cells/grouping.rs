//! Groupings: breakdowns by what a sender's own SQL says of its student, as `protocol/src/grouping/` defines it (SPEC §5.5).
//!
//! A grouping never changes: another rule is another grouping, with a name and a number of its own. The first category is that of
//! students of whom the SQL says nothing; with it the categories add up to all students, as those of every breakdown do.

use std::collections::BTreeSet;

use super::Dimension;

/// What a sender's students are told apart by, beyond ethnicity, gender and school.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Grouping {
    /// Whether the requirements of UC and CSU were met on completion.
    AGMet,
    /// Ever in a career-technical pathway, and whether it was completed.
    CareerPathway,
    /// Language status.
    EnglishLearner,
    /// Ever foster youth.
    Foster,
    /// The highest step of mathematics passed at a college.
    HighestCollegeMath,
    /// Ever homeless.
    Homeless,
    /// The step of the last mathematics course passed.
    LastMathCourse,
    /// Ever socio-economically disadvantaged.
    LowIncome,
    /// Ever a migrant student.
    Migrant,
    /// Highest education of a parent.
    ParentEducation,
    /// Units earned at a college.
    UnitsEarned,
    /// School years from the first regular term to the last.
    YearsEnrolled,
}

impl Grouping {
    /// Every grouping, in the order of the numbers: a new one goes to the end.
    pub const ALL: [Self; 12] = [
        Self::AGMet,
        Self::CareerPathway,
        Self::EnglishLearner,
        Self::Foster,
        Self::HighestCollegeMath,
        Self::Homeless,
        Self::LastMathCourse,
        Self::LowIncome,
        Self::Migrant,
        Self::ParentEducation,
        Self::UnitsEarned,
        Self::YearsEnrolled,
    ];

    /// Categories that lie within one of another grouping, whatever the students: the SQL of `low-income` counts whoever these count.
    pub const WITHIN: [((Self, usize), (Self, usize)); 4] = [
        ((Self::Foster, 1), (Self::LowIncome, 1)),
        ((Self::Homeless, 1), (Self::LowIncome, 1)),
        ((Self::Migrant, 1), (Self::LowIncome, 1)),
        ((Self::ParentEducation, 5), (Self::LowIncome, 1)),
    ];

    /// Groupings a study may ask for.
    pub const IN_A_STUDY_MAX: usize = 8;

    /// Those among some dimensions, in order, each once.
    #[must_use]
    pub fn among(dimensions: impl IntoIterator<Item = Dimension>) -> Vec<Self> {
        let found = dimensions.into_iter().filter_map(|dimension| match dimension {
            Dimension::Group(grouping) => Some(grouping),
            Dimension::All | Dimension::Ethnicity | Dimension::Gender | Dimension::School => None,
        });
        found.collect::<BTreeSet<_>>().into_iter().collect()
    }

    /// The word of files: `by = ["low-income"]`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::AGMet => "a-g-met",
            Self::CareerPathway => "career-pathway",
            Self::EnglishLearner => "english-learner",
            Self::Foster => "foster",
            Self::HighestCollegeMath => "highest-college-math",
            Self::Homeless => "homeless",
            Self::LastMathCourse => "last-math-course",
            Self::LowIncome => "low-income",
            Self::Migrant => "migrant",
            Self::ParentEducation => "parent-education",
            Self::UnitsEarned => "units-earned",
            Self::YearsEnrolled => "years-enrolled",
        }
    }

    /// The byte it is written as: its place from 16, below which are the other dimensions.
    #[must_use]
    pub fn number(self) -> u8 {
        let place = Self::ALL.iter().position(|one| *one == self).and_then(|at| u8::try_from(at).ok());
        place.and_then(|place| FIRST_NUMBER.checked_add(place)).unwrap_or(u8::MAX)
    }

    /// The grouping that is written so.
    #[must_use]
    pub fn numbered(number: u8) -> Option<Self> {
        Self::ALL.get(usize::from(number.checked_sub(FIRST_NUMBER)?)).copied()
    }

    /// What the categories are called; the first is of those of whom nothing is said.
    #[must_use]
    pub fn labels(self) -> &'static [&'static str] {
        match self {
            Self::AGMet => &["not said", "requirements met", "requirements not met"],
            Self::CareerPathway => &["in no pathway", "in a pathway", "completed a pathway"],
            Self::EnglishLearner => &[
                "not said",
                "English learner",
                "reclassified as fluent",
                "English only, or fluent from the beginning",
            ],
            Self::Foster => &["not known as foster youth", "foster youth"],
            Self::HighestCollegeMath => &[
                "no mathematics course passed that the ladder knows",
                "arithmetic",
                "pre-algebra",
                "algebra 1",
                "algebra 2",
                "transfer level",
            ],
            Self::Homeless => &["not known as homeless", "homeless at some time"],
            Self::LastMathCourse => &[
                "no mathematics course passed that the ladder knows",
                "arithmetic",
                "pre-algebra",
                "algebra 1",
                "geometry",
                "algebra 2",
                "statistics, trigonometry or pre-calculus",
                "calculus",
            ],
            Self::LowIncome => {
                &["not known as disadvantaged", "socio-economically disadvantaged at some time"]
            }
            Self::Migrant => &["not known as migrant", "migrant at some time"],
            Self::ParentEducation => &[
                "not said",
                "graduate school",
                "college graduate",
                "some college",
                "high school graduate",
                "not a high school graduate",
            ],
            Self::UnitsEarned => &[
                "none known",
                "below 12 units",
                "12 to below 30 units",
                "30 to below 56 units",
                "56 units or more",
            ],
            Self::YearsEnrolled => {
                &["none known", "one year", "two years", "three years", "four years or more"]
            }
        }
    }

    /// What a table is headed by.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::AGMet => "university course requirements",
            Self::CareerPathway => "career-technical pathway",
            Self::EnglishLearner => "language status",
            Self::Foster => "foster care",
            Self::HighestCollegeMath => "highest mathematics passed at the college",
            Self::Homeless => "homelessness",
            Self::LastMathCourse => "last high-school mathematics course passed",
            Self::LowIncome => "socio-economic disadvantage",
            Self::Migrant => "migrant status",
            Self::ParentEducation => "education of a parent",
            Self::UnitsEarned => "units earned at the college",
            Self::YearsEnrolled => "years from first to last term",
        }
    }

    /// Whether its categories are groups of people, between which rates should not lie far apart.
    #[must_use]
    pub fn is_of_people(self) -> bool {
        match self {
            Self::EnglishLearner
            | Self::Foster
            | Self::Homeless
            | Self::LowIncome
            | Self::Migrant
            | Self::ParentEducation => true,
            Self::AGMet
            | Self::CareerPathway
            | Self::HighestCollegeMath
            | Self::LastMathCourse
            | Self::UnitsEarned
            | Self::YearsEnrolled => false,
        }
    }
}

/// What the first grouping is written as.
const FIRST_NUMBER: u8 = 16;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_numbers_lead_back_and_no_category_has_the_name_of_another() {
        for grouping in Grouping::ALL {
            assert_eq!(Grouping::numbered(grouping.number()), Some(grouping));
            assert_eq!(Dimension::parse(grouping.name()), Some(Dimension::Group(grouping)));
            let labels: BTreeSet<&str> = grouping.labels().iter().copied().collect();
            assert_eq!(labels.len(), grouping.labels().len(), "{}", grouping.name());
            assert!((2..=16).contains(&labels.len()), "{}", grouping.name());
        }
        let beyond = Grouping::ALL.map(Grouping::number).into_iter().max().unwrap() + 1;
        assert_eq!([0, 3, 15, beyond, u8::MAX].map(Grouping::numbered), [None; 5]);
        assert_eq!(Dimension::every().map(Dimension::name).collect::<BTreeSet<_>>().len(), 16);
    }
}

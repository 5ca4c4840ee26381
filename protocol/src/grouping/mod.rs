//! Groupings: what a sender's students are told apart by beyond ethnicity, gender and school (domain 3.1, 3.4, 3.10). Data, as
//! metrics are: a file each, with the words people approve and the SQL a node runs over its own canonical tables.
//!
//! ```text
//!   sender.sql    institution, local_id, category     one of the file's words; of several for one student see `of_several`
//! ```
//!
//! Every linked metric of a segment that holds a grouping can be broken down by it. A student of whom the SQL says nothing is in the
//! first category. Which groupings there are and what their categories are called is [`crate::cells::Grouping`]'s to say, because tables
//! are made of them; a grouping never changes, another rule is another grouping.

use std::sync::LazyLock;

use serde::Deserialize;

use crate::{
    agreement::Segment,
    cells::Grouping,
    document::{self, DocumentError},
    ids::Digest,
    metric::{Confidence, Parameter, ParameterShape, Part, Program, Side, programs},
};

const FORMAT: &str = "passage-grouping/1";

/// What a grouping means, and how a node finds it out.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct GroupingDefinition {
    /// Which.
    pub grouping: Grouping,
    /// One line for headings.
    pub title: String,
    /// Segments whose files can tell.
    pub holders: Vec<Segment>,
    /// The rule, in plain words.
    pub text: String,
    /// Where it comes from.
    pub source: String,
    /// How well it is known.
    pub confidence: Confidence,
    /// The words of the SQL, in the order of the labels after the first.
    pub categories: Vec<String>,
    /// Which counts where two numbers of one student differ.
    pub of_several: OfSeveral,
    /// Values a person could choose otherwise, each with its reason.
    pub parameters: Vec<Parameter>,
    /// What it cannot see, and how it is misread.
    pub pitfalls: Vec<String>,
    /// What a node runs.
    pub program: Program,
    /// BLAKE3 of the file as written.
    pub digest: Digest,
}

/// Which category counts of several.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "lowercase")]
pub enum OfSeveral {
    /// The one listed first.
    First,
    /// The one listed last.
    Last,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Shape {
    format: String,
    id: String,
    title: String,
    holders: Vec<Segment>,
    categories: Vec<String>,
    of_several: OfSeveral,
    source: String,
    confidence: Confidence,
    text: String,
    pitfalls: Vec<String>,
    #[serde(default)]
    parameter: Vec<ParameterShape>,
    sender: Part,
}

impl GroupingDefinition {
    /// The definition of a grouping; the files are read once.
    ///
    /// # Errors
    ///
    /// A built-in file that does not parse is a fault of the build; the error says which line.
    pub fn of(grouping: Grouping) -> Result<&'static Self, DocumentError> {
        let missing = DocumentError::OutOfRange { key: "id", expected: "the name of a grouping" };
        Self::builtins()?.iter().find(|one| one.grouping == grouping).ok_or(missing)
    }

    /// Every definition, in the order of [`Grouping::ALL`].
    ///
    /// # Errors
    ///
    /// As [`of`](Self::of).
    pub fn builtins() -> Result<&'static [Self], DocumentError> {
        static READ: LazyLock<Result<Vec<GroupingDefinition>, DocumentError>> =
            LazyLock::new(|| FILES.into_iter().map(GroupingDefinition::parse).collect());
        READ.as_deref().map_err(Clone::clone)
    }

    fn parse(text: &str) -> Result<Self, DocumentError> {
        let shape: Shape = document::read(text)?;
        let refuse = |key, expected| DocumentError::OutOfRange { key, expected };
        if shape.format != FORMAT {
            return Err(refuse("format", "\"passage-grouping/1\""));
        }
        let grouping = Grouping::ALL.into_iter().find(|one| one.name() == shape.id);
        let grouping = grouping.ok_or(refuse("id", "the name of a grouping"))?;
        if shape.categories.len() + 1 != grouping.labels().len() {
            return Err(refuse("categories", "a word for each category but the first"));
        }
        let parameters: Vec<Parameter> =
            shape.parameter.into_iter().map(ParameterShape::read).collect::<Result<_, _>>()?;
        let program = programs([(Side::Sender, Some(shape.sender))], &parameters)?.into_iter().next();
        Ok(Self {
            grouping,
            title: shape.title,
            holders: shape.holders,
            text: shape.text.trim().to_owned(),
            source: shape.source,
            confidence: shape.confidence,
            categories: shape.categories,
            of_several: shape.of_several,
            parameters,
            pitfalls: shape.pitfalls,
            program: program.ok_or(refuse("sender", "a query"))?,
            digest: Digest::derive("passage v1 grouping", text.as_bytes()),
        })
    }

    /// Number of a category by the word of the SQL, from 1; `None` if there is none of that word.
    #[must_use]
    pub fn category(&self, word: &str) -> Option<u8> {
        let place = self.categories.iter().position(|one| one == word)?;
        u8::try_from(place + 1).ok()
    }

    /// The category of a student of whom both were said; 0 says nothing.
    #[must_use]
    pub fn joined(&self, one: u8, other: u8) -> u8 {
        match self.of_several {
            OfSeveral::Last => one.max(other),
            OfSeveral::First if one == 0 || other == 0 => one.max(other),
            OfSeveral::First => one.min(other),
        }
    }
}

const FILES: [&str; 12] = [
    include_str!("builtin/a-g-met.toml"),
    include_str!("builtin/career-pathway.toml"),
    include_str!("builtin/english-learner.toml"),
    include_str!("builtin/foster.toml"),
    include_str!("builtin/highest-college-math.toml"),
    include_str!("builtin/homeless.toml"),
    include_str!("builtin/last-math-course.toml"),
    include_str!("builtin/low-income.toml"),
    include_str!("builtin/migrant.toml"),
    include_str!("builtin/parent-education.toml"),
    include_str!("builtin/units-earned.toml"),
    include_str!("builtin/years-enrolled.toml"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_grouping_has_one_definition_and_a_word_for_each_category() {
        let all = GroupingDefinition::builtins().unwrap();
        assert_eq!(all.iter().map(|one| one.grouping).collect::<Vec<_>>(), Grouping::ALL);
        for one in all {
            assert!(!one.holders.is_empty() && !one.text.is_empty() && !one.pitfalls.is_empty());
            for (number, word) in (1_u8..).zip(&one.categories) {
                assert_eq!(one.category(word), Some(number), "{}: {word}", one.grouping.name());
                assert!(one.program.sql.contains(&format!("'{word}'")), "{}: {word}", one.grouping.name());
            }
            assert_eq!(one.category("another"), None);
        }
    }

    #[test]
    fn of_several_categories_the_file_says_which_counts_and_saying_nothing_never_does() {
        let of = |grouping| GroupingDefinition::of(grouping).unwrap();
        let last = of(Grouping::LastMathCourse);
        assert_eq!(
            [last.joined(2, 5), last.joined(0, 3), last.joined(3, 0), last.joined(0, 0)],
            [5, 3, 3, 0]
        );
        let first = of(Grouping::ParentEducation);
        assert_eq!(
            [first.joined(2, 5), first.joined(0, 3), first.joined(3, 0), first.joined(0, 0)],
            [2, 3, 3, 0]
        );
    }

    #[test]
    fn a_file_that_does_not_fit_is_refused() {
        let text = FILES[10];
        assert!(GroupingDefinition::parse(text).is_ok());
        for (fits, fault) in [
            ("passage-grouping/1", "passage-grouping/2"),
            ("id = \"units-earned\"", "id = \"units\""),
            ("\"below-12\", ", ""),
            ("\"units-earned\"]", "\"units-eaten\"]"),
            (", \"units-earned\"]", "]"),
            ("of_several = \"last\"", "of_several = \"some\""),
        ] {
            assert!(text.contains(fits), "{fits}");
            assert!(GroupingDefinition::parse(&text.replace(fits, fault)).is_err(), "{fault}");
        }
    }
}

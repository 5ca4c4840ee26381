//! Metric definitions: versioned data, never code paths (A2). Each is a file compiled in; a report prints its text and
//! pseudo-code beside the numbers, and a node runs its SQL over its own canonical tables.
//!
//! ```text
//!   linked   sender.sql    institution, local_id, cohort              the earliest cohort of a student counts
//!            receiver.sql  institution, local_id, cohort[, outcome]   at most `windows` cohorts a student, one outcome each;
//!                          none where `windows` is 0               the link alone counts, whatever is known of the student
//!   own      own.sql       institution, local_id, cohort, outcome     a row is a unit of the denominator; NULL: of that alone
//! ```
//!
//! `cohort` is the calendar year a school year begins in. What this module does not do: run SQL, or know whether a column
//! exists; the node plans every statement against empty tables (`metric check`).

mod builtin;
mod ladder;
mod parameter;
mod shape;
mod statement;
#[cfg(test)]
mod tests;

use crate::{
    agreement::Segment,
    cells::{Dimension, Window},
    document::DocumentError,
    ids::Digest,
};

pub use self::{
    ladder::{CodeMap, Ladder, Subject},
    parameter::{Parameter, ParameterKind},
};
pub(crate) use self::{
    parameter::Shape as ParameterShape,
    shape::{Part, programs},
};

/// How the ids of metrics begin that a study brings along.
const BROUGHT: &str = "x-";

/// One version of one metric.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Metric {
    /// Name used in studies and share lists, for example `college-going-12`.
    pub id: String,
    /// Version of the definition; a changed definition is a new version.
    pub version: u16,
    /// Whether two institutions count it together or one alone.
    pub kind: Computation,
    /// One line for headings.
    pub title: String,
    /// Segments that count their own students; none for a metric of one institution alone.
    pub senders: Vec<Segment>,
    /// Segments where those students may be seen; none for a metric of one institution alone.
    pub receivers: Vec<Segment>,
    /// Segments that can compute it alone; none for a linked metric.
    pub holders: Vec<Segment>,
    /// For how many cohort years one student of a receiver may count, 1 to [`crate::cells::PLACES_MAX`]; 0 if the link alone counts.
    pub windows: u8,
    /// What can be said of a student, in order of precedence: where two numbers of one student differ, the first counts.
    pub outcomes: Vec<MetricOutcome>,
    /// What is counted, in plain words.
    pub text: String,
    /// The definition as pseudo-code.
    pub pseudo_code: String,
    /// Where the definition comes from.
    pub source: String,
    /// How well it is known.
    pub confidence: Confidence,
    /// What it can be broken down by.
    pub dimensions: Vec<Dimension>,
    /// Values a person could choose otherwise, each with its reason.
    pub parameters: Vec<Parameter>,
    /// What it cannot see, and how it is misread.
    pub pitfalls: Vec<String>,
    /// Published figures it must not be put beside without a word.
    pub not_comparable_with: Vec<String>,
    /// What each side runs.
    pub programs: Vec<Program>,
    /// BLAKE3 of the file as written.
    pub digest: Digest,
}

/// Who computes a metric.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Computation {
    /// A sender and its receivers, joined in a round.
    Linked,
    /// One institution from its own records.
    Own,
}

impl Computation {
    /// The word of the file.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Linked => "linked",
            Self::Own => "own",
        }
    }
}

/// How well a definition is known (domain facts: H read in the primary source, M second-hand, L recalled).
#[derive(Clone, Copy, Debug, Eq, PartialEq, serde::Deserialize)]
pub enum Confidence {
    /// Read in the primary source, or in working code.
    #[serde(rename = "H")]
    High,
    /// Recalled or proposed here; a default to be looked at.
    #[serde(rename = "L")]
    Low,
    /// Second-hand, excerpted or of an older vintage.
    #[serde(rename = "M")]
    Medium,
}

impl Confidence {
    /// The word shown to people.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::High => "high",
            Self::Low => "low",
            Self::Medium => "medium",
        }
    }
}

/// One thing that can be said of a student of a cohort.
#[derive(Clone, Debug, Eq, PartialEq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MetricOutcome {
    /// The word the SQL answers.
    pub name: String,
    /// The words of a table's heading.
    pub label: String,
}

/// Which part of a metric is run.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Side {
    /// One institution alone.
    Own,
    /// Where students are seen.
    Receiver,
    /// Whose students are counted.
    Sender,
}

impl Side {
    /// Every side.
    pub const ALL: [Self; 3] = [Self::Sender, Self::Receiver, Self::Own];

    /// The word of the file and the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Own => "own",
            Self::Receiver => "receiver",
            Self::Sender => "sender",
        }
    }

    /// The side of that word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|side| side.name() == word)
    }
}

/// What one side runs, and what it reads.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Program {
    /// The side.
    pub side: Side,
    /// Elements of the dictionary it reads: what a share list must let it.
    pub elements: Vec<String>,
    /// The query as written, with `$name` for a parameter.
    pub sql: String,
    /// The query with the parameters' values as literals.
    pub statement: String,
}

impl Metric {
    /// True for an id of a metric that a study brings along: those built in never begin like it.
    #[must_use]
    pub fn is_brought(id: &str) -> bool {
        id.starts_with(BROUGHT)
    }

    /// The tests a round makes for it (SPEC §8); none if the outcomes are outside the limits, which [`Metric::parse`] refuses.
    #[must_use]
    pub fn window(&self) -> Option<Window> {
        Window::new(u8::try_from(self.outcomes.len()).ok()?, self.windows)
    }

    /// True if it counts who was found at a receiver, whatever the receiver knows of him: how well records match.
    #[must_use]
    pub fn counts_links(&self) -> bool {
        self.window().is_some_and(Window::is_link)
    }

    /// The built-in metric `id` in `version`; the files are read once.
    ///
    /// # Errors
    ///
    /// A built-in file that does not parse is a fault of the build; the error says which line.
    pub fn builtin(id: &str, version: u16) -> Result<Option<Self>, DocumentError> {
        Ok(Self::builtins()?.iter().find(|one| one.id == id && one.version == version).cloned())
    }

    /// Every built-in metric in every version, by id and version.
    ///
    /// # Errors
    ///
    /// As [`builtin`](Self::builtin).
    pub fn builtins() -> Result<&'static [Self], DocumentError> {
        builtin::all()
    }

    /// Reads a metric file of format `passage-metric/2`.
    ///
    /// # Errors
    ///
    /// [`DocumentError`] with line and key: an unknown key, a value out of bounds, an element or dimension that is not
    /// known, a parameter the SQL does not use or lacks.
    pub fn parse(text: &str) -> Result<Self, DocumentError> {
        shape::metric(text)
    }

    /// What a side runs.
    #[must_use]
    pub fn program(&self, side: Side) -> Option<&Program> {
        self.programs.iter().find(|program| program.side == side)
    }

    /// Number of an outcome, from 1; `None` if the metric has none of that name.
    #[must_use]
    pub fn outcome(&self, name: &str) -> Option<u8> {
        let place = self.outcomes.iter().position(|outcome| outcome.name == name)?;
        u8::try_from(place + 1).ok()
    }

    /// `college-going-12@1`, as people write it.
    #[must_use]
    pub fn reference(&self) -> String {
        format!("{}@{}", self.id, self.version)
    }
}

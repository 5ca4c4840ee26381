//! Metric definitions: versioned data, never code paths (A2). Each is a file compiled in; a report prints its text and
//! pseudo-code beside the numbers.

use std::sync::LazyLock;

use serde::Deserialize;

use crate::{
    agreement::Segment,
    cells::Window,
    document::{self, DocumentError},
    ids::Digest,
};

/// One version of one metric.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Metric {
    /// Name used in studies and share lists, for example `college-going-12`.
    pub id: String,
    /// Version of the definition; a changed definition is a new version.
    pub version: u16,
    /// One line for headings.
    pub title: String,
    /// Segments that count their own students.
    pub senders: Vec<Segment>,
    /// Segments where those students may be seen.
    pub receivers: Vec<Segment>,
    /// What a student can be seen as at a receiver.
    pub outcomes: Vec<MetricOutcome>,
    /// For how many cohorts one student of a receiver may count.
    pub windows: u8,
    /// Digest of the file, so that a manifest names the very text.
    pub digest: Digest,
    /// What is counted, in plain words.
    pub text: String,
    /// The definition as pseudo-code.
    pub pseudo_code: String,
}

/// One outcome of a metric.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct MetricOutcome {
    /// Name in tables, for example `enrolled`.
    pub name: String,
    /// What people read.
    pub label: String,
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

    /// The built-in metric `id` in `version`; the files are read once.
    ///
    /// # Errors
    ///
    /// A built-in file that does not parse is a fault of the build; the error says which line.
    pub fn builtin(id: &str, version: u16) -> Result<Option<Self>, DocumentError> {
        static READ: LazyLock<Option<Vec<Metric>>> = LazyLock::new(|| Metric::read_builtin().ok());
        let find = |all: &[Self]| all.iter().find(|one| one.id == id && one.version == version).cloned();
        match &*READ {
            Some(all) => Ok(find(all)),
            None => Ok(find(&Self::read_builtin()?)),
        }
    }

    fn read_builtin() -> Result<Vec<Self>, DocumentError> {
        BUILTIN.into_iter().map(Self::parse).collect()
    }

    /// Reads a metric file.
    ///
    /// # Errors
    ///
    /// [`DocumentError`] with line and key.
    pub fn parse(text: &str) -> Result<Self, DocumentError> {
        let shape: Shape = document::read(text)?;
        if shape.format != "passage-metric/1" {
            return Err(DocumentError::OutOfRange { key: "format", expected: "\"passage-metric/1\"" });
        }
        if shape.senders.is_empty() || shape.receivers.is_empty() {
            return Err(DocumentError::OutOfRange {
                key: "senders/receivers",
                expected: "at least one segment each",
            });
        }
        let metric = Self {
            id: shape.id,
            version: shape.version,
            title: shape.title,
            senders: shape.senders,
            receivers: shape.receivers,
            outcomes: shape.outcome,
            windows: shape.windows,
            digest: Digest::derive("passage v1 metric", text.as_bytes()),
            text: shape.text.trim().to_owned(),
            pseudo_code: shape.pseudo_code.trim_matches('\n').to_owned(),
        };
        match metric.window() {
            Some(_) => Ok(metric),
            None => Err(DocumentError::OutOfRange {
                key: "outcome",
                expected: "1 to 15 outcomes and 1 to 4 windows",
            }),
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Shape {
    format: String,
    id: String,
    version: u16,
    title: String,
    senders: Vec<Segment>,
    receivers: Vec<Segment>,
    windows: u8,
    outcome: Vec<MetricOutcome>,
    text: String,
    pseudo_code: String,
}

/// How the ids of metrics begin that are not built in.
const BROUGHT: &str = "x-";

const BUILTIN: [&str; 1] = [include_str!("builtin/college-going-12.v1.toml")];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_built_in_metric_parses_and_is_unique() {
        let mut names: Vec<_> =
            BUILTIN.iter().map(|text| Metric::parse(text).map(|m| (m.id, m.version)).unwrap()).collect();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), BUILTIN.len());
        assert!(Metric::builtin("college-going-12", 1).unwrap().is_some());
        assert!(Metric::builtin("college-going-12", 2).unwrap().is_none());
    }
}

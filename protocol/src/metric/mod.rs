//! Metric definitions: versioned data, never code paths (A2). Each is a file compiled in; a report prints its text and
//! pseudo-code beside the numbers.

use std::sync::LazyLock;

use serde::Deserialize;

use crate::{
    agreement::Segment,
    document::{self, DocumentError},
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
    /// School years from the sender's cohort year to the year in which the receiver must have seen the student.
    pub window_offset_years: u16,
    /// What is counted, in plain words.
    pub text: String,
    /// The definition as pseudo-code.
    pub pseudo_code: String,
}

impl Metric {
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
        if shape.window_offset_years > 10 {
            return Err(DocumentError::OutOfRange { key: "window_offset_years", expected: "at most 10" });
        }
        Ok(Self {
            id: shape.id,
            version: shape.version,
            title: shape.title,
            senders: shape.senders,
            receivers: shape.receivers,
            window_offset_years: shape.window_offset_years,
            text: shape.text.trim().to_owned(),
            pseudo_code: shape.pseudo_code.trim_matches('\n').to_owned(),
        })
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
    window_offset_years: u16,
    text: String,
    pseudo_code: String,
}

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

//! The ladder of subjects and levels that all members share: what "lower", "equal" and "higher" mean in a course sequence
//! (domain 3.4, A5). Data, versioned: a changed step is a new version, and the metrics that use it are too.

use std::{collections::BTreeMap, sync::LazyLock};

use serde::Deserialize;

use super::Confidence;
use crate::document::{self, DocumentError};

const BUILTIN: &str = include_str!("ladder/subject-levels.v1.toml");

/// One version of the ladder.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ladder {
    format: String,
    /// Version of the steps and maps.
    pub version: u16,
    /// Subjects by name.
    pub subjects: BTreeMap<String, Subject>,
}

/// The steps of one subject.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Subject {
    /// Name for people.
    pub title: String,
    /// Names of the steps, from 0.
    pub levels: Vec<String>,
    /// How systems of codes map to steps, by system.
    pub maps: BTreeMap<String, CodeMap>,
}

/// Codes of one system and the step each stands for.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CodeMap {
    /// Where the map comes from.
    pub source: String,
    /// How well it is known.
    pub confidence: Confidence,
    /// Step by code.
    pub codes: BTreeMap<String, u8>,
}

impl Ladder {
    /// The ladder that ships, read once.
    ///
    /// # Errors
    ///
    /// A built-in file that does not parse is a fault of the build.
    pub fn builtin() -> Result<&'static Self, DocumentError> {
        static READ: LazyLock<Result<Ladder, DocumentError>> = LazyLock::new(|| Ladder::parse(BUILTIN));
        READ.as_ref().map_err(Clone::clone)
    }

    /// Reads a ladder and checks that every code stands for a step there is.
    ///
    /// # Errors
    ///
    /// [`DocumentError`] with line and key.
    pub fn parse(text: &str) -> Result<Self, DocumentError> {
        let ladder: Self = document::read(text)?;
        if ladder.format != "passage-ladder/1" {
            return Err(DocumentError::OutOfRange { key: "format", expected: "\"passage-ladder/1\"" });
        }
        let sound = |subject: &Subject| {
            let steps = subject.maps.values().flat_map(|map| map.codes.values());
            steps.into_iter().all(|step| usize::from(*step) < subject.levels.len())
        };
        if !ladder.subjects.values().all(sound) {
            return Err(DocumentError::OutOfRange {
                key: "subjects.maps.codes",
                expected: "steps of the subject's levels, from 0",
            });
        }
        Ok(ladder)
    }

    /// A map of a subject.
    #[must_use]
    pub fn map(&self, subject: &str, map: &str) -> Option<&CodeMap> {
        self.subjects.get(subject)?.maps.get(map)
    }
}

//! What a clerk asks for when files are imported. Shapes only; it travels to the daemon as JSON.

use std::{path::PathBuf, str::FromStr};

use passage_protocol::cells::SchoolYear;
use serde::{Deserialize, Serialize};

/// What a clerk asks for when files are imported.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct ImportRequest {
    /// The files, as they came out of the state's or the institution's system.
    pub files: Vec<PathBuf>,
    /// Layouts to read them with; none: recognised by content.
    pub layouts: Vec<LayoutChoice>,
    /// The only school year the files may cover, such as `2019-2020`.
    pub period: Option<Period>,
    /// What the files take the place of.
    pub extent: Extent,
    /// Whether the records are kept.
    pub mode: ImportMode,
    /// Whether every problem is listed.
    pub problems: Problems,
}

/// Whether every problem of an import is listed.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub enum Problems {
    /// The first ones are, and the others are counted.
    CountOnly,
    /// All of them, in a list of their own.
    List,
}

/// A layout, named by a clerk.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub enum LayoutChoice {
    /// A layout file.
    File(PathBuf),
    /// The id of a layout known here.
    Id(String),
}

/// A school year a clerk names, `2019-2020`.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct Period(SchoolYear);

impl FromStr for Period {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        SchoolYear::parse(text)
            .map(Self)
            .ok_or_else(|| "not a school year, expected the form 2019-2020".to_owned())
    }
}

impl TryFrom<String> for Period {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<Period> for String {
    fn from(period: Period) -> Self {
        period.0.to_string()
    }
}

/// What files take the place of in the years and terms they cover (D4).
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub enum Extent {
    /// The schools or colleges they name; of the others the stored rows stay.
    Named,
    /// All of it: the files are the whole of their years and terms.
    Whole,
}

/// Whether an import is kept.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub enum ImportMode {
    /// Read, check, report; change nothing.
    DryRun,
    /// Read, check, keep.
    Keep,
}

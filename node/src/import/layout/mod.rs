//! Layouts as data: what a file looks like and what each column means, in a TOML file a person can read.
//!
//! Holds the shape, the check of the shape, and the layouts that ship. It does not look at any file of records, and it
//! knows no layout by name. Three sorts: delimited text found by position (the state's files), delimited text found by
//! the names of a header row (an institution's own), and fixed-width records. A spreadsheet has rows too: it is read with
//! a delimited layout.

mod builtin;
mod column;
mod soundness;

use std::{collections::BTreeMap, sync::Arc};

use serde::Deserialize;

pub use self::column::{Check, Column, Need, OnlyIf};
use super::error::ImportError;

/// Keys a layout file may have, at the top and in a `[[column]]`; used to name the nearest.
const KEYS: [&str; 41] = [
    "schema",
    "id",
    "family",
    "version",
    "title",
    "source",
    "confidence",
    "segment",
    "form",
    "delimiters",
    "header",
    "record-types",
    "columns",
    "record-bytes",
    "tables",
    "key",
    "year-from",
    "unit-from",
    "refused",
    "after",
    "column",
    "number",
    "at",
    "name",
    "also",
    "element",
    "check",
    "need",
    "codes",
    "map",
    "blank",
    "special",
    "never",
    "transaction",
    "year-column",
    "only-if",
    "is",
    "pictures",
    "part",
    "constants",
    "otherwise",
];

/// A file layout (D1).
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Layout {
    /// Schema of this file, 2.
    pub schema: u32,
    /// Stable name, lower case and hyphens; part of every segment's name.
    pub id: String,
    /// What its vintages have in common: files of one family replace one another. Default: its own id.
    family: Option<String>,
    /// Version of the layout, as its publisher counts.
    pub version: String,
    /// What a clerk calls it.
    pub title: String,
    /// Where the description comes from.
    #[serde(default)]
    pub source: String,
    /// How far the description is to be trusted.
    #[serde(default)]
    pub confidence: Confidence,
    /// Whose file it is; empty is anyone's.
    #[serde(default)]
    pub segment: Vec<Segment>,
    /// How rows become columns.
    pub form: Form,
    /// What may stand between columns; the one in use is found by content.
    #[serde(default)]
    pub delimiters: Vec<Delimiter>,
    /// Whether the first row names the columns.
    #[serde(default)]
    pub header: Header,
    /// What stands in column 1, or in the first bytes of a fixed record.
    #[serde(default)]
    pub record_types: Vec<String>,
    /// How many columns the description has, for a file read by position.
    #[serde(default)]
    pub columns: Vec<usize>,
    /// Length of a fixed record without its line end, bytes.
    #[serde(default)]
    pub record_bytes: Vec<usize>,
    /// Canonical tables each row feeds.
    #[serde(default)]
    pub tables: Vec<String>,
    /// Names of the columns that tell one record from another.
    #[serde(default)]
    pub key: Vec<String>,
    /// Name of the column a row's school year is taken from; none means a file replaces the whole earlier file.
    pub year_from: Option<String>,
    /// Names of the columns that say which school or college a row is reported for: of a year or term, a file replaces the
    /// rows of those it names. None means that a file is always the whole of it.
    #[serde(default)]
    pub unit_from: Vec<String>,
    /// Why files of this layout are refused, if they are.
    pub refused: Option<String>,
    /// Families of layouts of which a file should be imported before.
    #[serde(default)]
    pub after: Vec<String>,
    /// Elements that have one value in every row and that the file does not write: the year of a file of one year.
    #[serde(default)]
    pub constants: BTreeMap<String, String>,
    /// Parts of a row that tells of several things, such as two tests. Each makes a row of its own in the tables it feeds.
    #[serde(default)]
    pub part: Vec<Part>,
    /// The columns that are read or checked; all others are read past and never kept.
    pub column: Vec<Column>,
    /// The layout file as it was written.
    #[serde(skip)]
    pub text: Arc<str>,
}

/// One of the several things a row tells of.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Part {
    /// Its name; columns of it say it.
    pub name: String,
    /// Elements that have one value in every row of this part.
    #[serde(default)]
    pub constants: BTreeMap<String, String>,
}

/// How far a description is to be trusted.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub enum Confidence {
    /// Read in the primary source, or in working code that reads the real file.
    High,
    /// Second-hand, or an older vintage.
    Medium,
    /// Recalled or derived: check it against your own file.
    #[default]
    Low,
}

/// Whose file it is.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs)] // the names are the documentation
pub enum Segment {
    Cc,
    K12,
    Univ,
    Workforce,
}

impl Segment {
    /// The word for it, as agreements write it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Cc => "cc",
            Self::K12 => "k12",
            Self::Univ => "univ",
            Self::Workforce => "workforce",
        }
    }
}

/// How rows become columns.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub enum Form {
    /// A character stands between columns; a spreadsheet too.
    Delimited,
    /// Each column has its bytes.
    Fixed,
}

/// What stands between columns.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs)] // the names are the documentation
pub enum Delimiter {
    Caret,
    Comma,
    Pipe,
    Semicolon,
    Tab,
}

/// Whether the first row names the columns.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub enum Header {
    /// Every row is a record; columns are found by position.
    #[default]
    Absent,
    /// A first row of names is recognised, used to check positions, and skipped.
    Optional,
    /// Columns are found by the names of the first row.
    Required,
}

/// How the columns of a layout are found.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Finding {
    Bytes,
    Name,
    Position,
}

impl Delimiter {
    /// The character.
    #[must_use]
    pub fn character(self) -> char {
        match self {
            Self::Caret => '^',
            Self::Comma => ',',
            Self::Pipe => '|',
            Self::Semicolon => ';',
            Self::Tab => '\t',
        }
    }

    /// The word for it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Caret => "caret",
            Self::Comma => "comma",
            Self::Pipe => "pipe",
            Self::Semicolon => "semicolon",
            Self::Tab => "tab",
        }
    }
}

impl Confidence {
    /// The word for it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::High => "high",
            Self::Low => "low",
            Self::Medium => "medium",
        }
    }
}

impl Layout {
    /// Reads and checks a layout file.
    ///
    /// # Errors
    ///
    /// [`ImportError::Layout`] says where and what; for an unknown key, the nearest known one.
    pub fn parse(text: &str) -> Result<Self, ImportError> {
        let mut layout: Self = toml::from_str(text).map_err(|error| describe(text, &error))?;
        layout.text = Arc::from(text);
        for column in &mut layout.column {
            column.settle();
        }
        layout.check()?;
        Ok(layout)
    }

    /// The layouts that ship.
    ///
    /// # Errors
    ///
    /// [`ImportError::Layout`] if a shipped file is broken; a test holds that none is.
    pub fn built_in() -> Result<Vec<Self>, ImportError> {
        builtin::FILES.iter().map(|text| Self::parse(text)).collect()
    }

    /// What its vintages have in common.
    #[must_use]
    pub fn family(&self) -> &str {
        self.family.as_deref().unwrap_or(&self.id)
    }

    /// The column of that name, and its place in [`column`](Self::column).
    #[must_use]
    pub fn column_named(&self, name: &str) -> Option<(usize, &Column)> {
        self.column.iter().enumerate().find(|(_, column)| column.name == name)
    }

    /// The form in words, for a list of layouts.
    #[must_use]
    pub fn form_words(&self) -> String {
        let lengths = |list: &[usize]| list.iter().map(ToString::to_string).collect::<Vec<_>>().join(" or ");
        match self.finding() {
            Finding::Bytes => format!("fixed {}", lengths(&self.record_bytes)),
            Finding::Name => "by header names".to_owned(),
            Finding::Position => format!("{} columns", lengths(&self.columns)),
        }
    }

    /// How its columns are found.
    pub(super) fn finding(&self) -> Finding {
        match (self.form, self.header) {
            (Form::Fixed, _) => Finding::Bytes,
            (Form::Delimited, Header::Required) => Finding::Name,
            (Form::Delimited, Header::Absent | Header::Optional) => Finding::Position,
        }
    }
}

/// A name as headers are compared: case, spaces, underscores and punctuation do not matter.
pub(super) fn plain_name(name: &str) -> impl Iterator<Item = char> {
    name.chars().filter(|letter| letter.is_alphanumeric()).flat_map(char::to_lowercase)
}

/// A map whose keys are compared in upper case.
pub(super) type CodeMap = BTreeMap<String, String>;

/// Turns a TOML error into a line, a fault and, for an unknown key, the nearest known one.
fn describe(text: &str, error: &toml::de::Error) -> ImportError {
    let line = error.span().map(|span| text.get(..span.start).unwrap_or("").matches('\n').count() + 1);
    let fault = error.message().to_owned();
    let unknown = fault.strip_prefix("unknown field `").and_then(|rest| rest.split('`').next());
    let nearest = unknown.and_then(|key| {
        KEYS.iter().max_by(|a, b| strsim::jaro_winkler(key, a).total_cmp(&strsim::jaro_winkler(key, b)))
    });
    ImportError::Layout { line, fault, nearest: nearest.copied() }
}

#[cfg(test)]
mod tests;

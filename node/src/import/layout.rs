//! Layouts as data: what a file looks like and what each column means, in a TOML file a person can read.
//!
//! Holds the shape, the check of the shape, and the layouts that ship. It does not look at any file of records.
//! Two sorts: record layouts (no header row; recognised by record type and column count) and header layouts (an
//! institution's own CSV; recognised by its column names).

use serde::Deserialize;

use super::error::ImportError;

/// Layout files that ship, CALPADS as of about 2019-20 (domain 1B).
const BUILT_IN: [&str; 2] =
    [include_str!("layouts/calpads-senr.toml"), include_str!("layouts/calpads-sinf.toml")];
/// Keys a layout file may have, at the top and in a `[[column]]`; used to name the nearest.
const KEYS: [&str; 16] = [
    "schema",
    "id",
    "version",
    "title",
    "delimiter",
    "header",
    "record-types",
    "widths",
    "emits",
    "year-from",
    "column",
    "number",
    "name",
    "field",
    "check",
    "need",
];
/// Keys of a `[[column]]` that carry lists.
const LIST_KEYS: [&str; 2] = ["codes", "special"];

/// A file layout (D1).
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Layout {
    /// Schema of this file, 1.
    pub schema: u32,
    /// Stable name, lower case and hyphens; part of every segment's name.
    pub id: String,
    /// Version of the layout, as its publisher counts.
    pub version: String,
    /// What a clerk calls it.
    pub title: String,
    /// What stands between columns.
    pub delimiter: Delimiter,
    /// Whether the first row names the columns.
    pub header: Header,
    /// Record types in column 1 of a file without a header.
    #[serde(default)]
    pub record_types: Vec<String>,
    /// Column counts of a file without a header.
    #[serde(default)]
    pub widths: Vec<usize>,
    /// Kinds of record each row yields.
    pub emits: Vec<Emits>,
    /// The column a row's school year is taken from; none means the file replaces the whole earlier file.
    pub year_from: Option<Field>,
    /// The columns that are read; all others are read past and never kept.
    pub column: Vec<Column>,
}

/// One column that is read.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Column {
    /// Position from 1, in a layout without a header.
    pub number: Option<usize>,
    /// Name, as in the header row or the publisher's description.
    pub name: String,
    /// What it means.
    pub field: Field,
    /// How its values are checked.
    pub check: Check,
    /// What a missing or bad value does.
    pub need: Need,
    /// Permitted codes, for `check = "code"`.
    #[serde(default)]
    pub codes: Vec<String>,
    /// Codes of `status` that mean dual enrolment.
    #[serde(default)]
    pub special: Vec<String>,
}

/// What stands between columns.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs)] // the names are the documentation
pub enum Delimiter {
    Caret,
    Comma,
    Tab,
}

impl Delimiter {
    /// The character.
    #[must_use]
    pub fn character(self) -> char {
        match self {
            Self::Caret => '^',
            Self::Comma => ',',
            Self::Tab => '\t',
        }
    }
}

/// Whether the first row names the columns.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs)] // the names are the documentation
pub enum Header {
    Absent,
    Present,
}

/// Kind of record a row yields.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs)] // the names are the documentation
pub enum Emits {
    Award,
    Completion,
    Course,
    Enrolment,
    Person,
}

/// What a missing or bad value does.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub enum Need {
    /// Missing or bad: a warning, the field is dropped.
    Expected,
    /// Missing: nothing. Bad: a warning, the field is dropped.
    Optional,
    /// Missing or bad: an error, the file is refused.
    Required,
}

/// What a column means.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs)] // the names are the documentation
pub enum Field {
    AliasFirst,
    AliasLast,
    AliasMiddle,
    Award,
    AwardDate,
    BirthDate,
    CompletionStatus,
    CourseGrade,
    EnrolmentStatus,
    ExitDate,
    ExitReason,
    First,
    Gender,
    Grade,
    Hispanic,
    Last,
    LevelsBelowTransfer,
    LocalId,
    Middle,
    Number,
    PriorLast,
    Race,
    School,
    SchoolYear,
    Ssid,
    Ssn,
    Status,
    Subject,
    Suffix,
    Term,
    Transaction,
    Zip,
}

/// How values of a column are checked.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub enum Check {
    /// A plausible date of birth (N5).
    BirthDate,
    /// One of `codes`.
    Code,
    /// A real date, `yyyymmdd` or `yyyy-mm-dd`.
    Date,
    /// A gender code that [`crate::roster::gender`] knows.
    Gender,
    /// A digit, 0 to 9.
    Level,
    /// A three-digit race code (domain 1B).
    Race,
    /// `2019-2020`.
    SchoolYear,
    /// Ten digits, not one repeated.
    Ssid,
    /// Nine digits the administration could have issued (linkage 4.1.12).
    Ssn,
    /// `2021FA`.
    Term,
    /// Anything printable.
    Text,
    /// `Y` or `N`.
    YesNo,
}

impl Layout {
    /// Reads and checks a layout file.
    ///
    /// # Errors
    ///
    /// [`ImportError::Layout`] says where and what; for an unknown key, the nearest known one.
    pub fn parse(text: &str) -> Result<Self, ImportError> {
        let layout: Self = toml::from_str(text).map_err(|error| describe(text, &error))?;
        layout.check().map_err(|fault| ImportError::Layout {
            line: None,
            fault: fault.to_owned(),
            nearest: None,
        })?;
        Ok(layout)
    }

    /// The layouts that ship.
    ///
    /// # Errors
    ///
    /// [`ImportError::Layout`] if a shipped file is broken; a test holds that none is.
    pub fn built_in() -> Result<Vec<Self>, ImportError> {
        BUILT_IN.iter().map(|text| Self::parse(text)).collect()
    }

    /// The column that holds `field`, if the layout has one.
    #[must_use]
    pub fn column_of(&self, field: Field) -> Option<&Column> {
        self.column.iter().find(|column| column.field == field)
    }
}

/// Turns a TOML error into a line, a fault and, for an unknown key, the nearest known one.
fn describe(text: &str, error: &toml::de::Error) -> ImportError {
    let line = error.span().map(|span| text.get(..span.start).unwrap_or("").matches('\n').count() + 1);
    let fault = error.message().to_owned();
    let unknown = fault.strip_prefix("unknown field `").and_then(|rest| rest.split('`').next());
    let known = KEYS.iter().chain(&LIST_KEYS);
    let nearest = unknown.and_then(|key| {
        known.max_by(|a, b| strsim::jaro_winkler(key, a).total_cmp(&strsim::jaro_winkler(key, b)))
    });
    ImportError::Layout { line, fault, nearest: nearest.copied() }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STUDENTS: &str = include_str!("../../../deploy/demo/members/layouts/students.toml");

    #[test]
    fn shipped_layouts_are_sound() {
        assert_eq!(Layout::built_in().unwrap().len(), 2);
        for text in [
            STUDENTS,
            include_str!("../../../deploy/demo/members/layouts/enrollments.toml"),
            include_str!("../../../deploy/demo/members/layouts/courses.toml"),
            include_str!("../../../deploy/demo/members/layouts/awards.toml"),
        ] {
            Layout::parse(text).unwrap();
        }
    }

    #[test]
    fn an_unknown_key_is_refused_with_the_nearest_named() {
        let text = STUDENTS.replace("delimiter =", "delimeter =");
        let Err(ImportError::Layout { line, nearest, .. }) = Layout::parse(&text) else { panic!("accepted") };
        assert_eq!((line, nearest), (Some(6), Some("delimiter")));
    }

    #[test]
    fn contradictory_layouts_are_refused() {
        for (from, to) in [
            ("schema = 1", "schema = 2"),
            ("id = \"students\"", "id = \"../x\""),
            ("field = \"middle\"", "field = \"first\""),
            ("check = \"ssid\"", "check = \"text\""),
            ("header = \"present\"", "header = \"absent\""),
            ("need = \"required\"", "need = \"optional\""),
            ("emits = [\"person\"]", "emits = [\"enrolment\"]"),
        ] {
            assert!(Layout::parse(&STUDENTS.replacen(from, to, 1)).is_err(), "{to}");
        }
    }
}

//! One column of a layout: where it stands, what it feeds, how its values are checked.

use serde::Deserialize;

use super::CodeMap;

/// One column that is read, checked or dropped.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Column {
    /// Position from 1, in a delimited layout read by position.
    pub number: Option<usize>,
    /// First and last byte from 1, in a fixed layout.
    pub at: Option<(usize, usize)>,
    /// Name, as the publisher writes it.
    pub name: String,
    /// Other spellings of it in header rows.
    #[serde(default)]
    pub also: Vec<String>,
    /// Dictionary element it feeds; none: it is used for checks, keys or probes and not kept.
    pub element: Option<String>,
    /// How its values are checked.
    #[serde(default)]
    pub check: Check,
    /// What a missing or bad value does.
    #[serde(default)]
    pub need: Need,
    /// Permitted codes, for `check = "code"`; compared and kept in upper case.
    #[serde(default)]
    pub codes: Vec<String>,
    /// Permitted shapes, before any other check: `9` is a digit, `A` a letter, `X` either, another digit itself, `9(5)` five
    /// digits.
    #[serde(default)]
    pub pictures: Vec<String>,
    /// Part of the row it belongs to, if a row tells of several things.
    pub part: Option<String>,
    /// Codes of the source and what they become before the check.
    #[serde(default)]
    pub map: CodeMap,
    /// Values that mean "no answer".
    #[serde(default)]
    pub blank: Vec<String>,
    /// Codes that mean yes, for the element `special-admit`; every other code means no.
    #[serde(default)]
    pub special: Vec<String>,
    /// Why the column is never imported: its values are dropped at the reader and the report says how many.
    pub never: Option<String>,
    /// True for the column that says add, delete or replace.
    #[serde(default)]
    pub transaction: bool,
    /// For `check = "ers-term"`: name of the column with the year. For a date of birth: name of the column with the school year,
    /// term or year that ages are judged by (N5); without it, today's.
    pub year_column: Option<String>,
    /// For `check = "gender"`: the code that a single letter or digit which is not known is read as (domain 1D).
    pub otherwise: Option<String>,
    /// The value counts only where another column has one of these codes.
    pub only_if: Option<OnlyIf>,
}

/// A condition on another column of the same row.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct OnlyIf {
    /// Name of the other column.
    pub column: String,
    /// Codes it must have one of.
    pub is: Vec<String>,
}

/// What a missing or bad value does.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub enum Need {
    /// Missing or bad: a warning, the value is dropped.
    Expected,
    /// Missing: nothing. Bad: a warning, the value is dropped.
    #[default]
    Optional,
    /// Missing or bad: an error, the file is refused.
    Required,
    /// Missing or bad: this row is refused and counted, the file is kept.
    Row,
}

/// How values of a column are checked.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub enum Check {
    /// Six digits: a school, as the testing company codes it. A lost zero is put back.
    ActCode,
    /// A plausible date of birth, `yyyymmdd` or `yyyy-mm-dd`; day 99 leaves year and month (N5).
    BirthDate,
    /// `2021`.
    CalendarYear,
    /// Fourteen digits: county, district, school.
    Cds,
    /// The state's aggregate race digit, 0 to 9 (domain 1B).
    CdeRace,
    /// One of `codes`, or of the codes `map` knows.
    Code,
    /// `001155-00`: a college and its branch, as the clearing-house codes them. Lost zeros are put back.
    CollegeCode,
    /// A final grade: a letter with or without a sign, letters of a status, or points up to 100.
    CourseGrade,
    /// A real date, `yyyymmdd` or `yyyy-mm-dd`.
    Date,
    /// A number with or without a dot.
    Decimal,
    /// Term digit of a CSU file: 1 winter, 2 spring, 3 summer, 4 fall; the year stands in `year-column`.
    ErsTerm,
    /// A gender code that [`crate::roster::gender`] knows; F, M and X are kept.
    Gender,
    /// A grade point average: `9V99`, or with a dot.
    Gpa,
    /// IN PS TK KN 01-12 UE US AD.
    GradeLevel,
    /// `999V9`: the last digit is a tenth.
    #[serde(rename = "implied-1")]
    Implied1,
    /// `99V99`: the last two digits are hundredths.
    #[serde(rename = "implied-2")]
    Implied2,
    /// A whole number.
    Integer,
    /// A code of a clearing-house or federal race list: `map` says which roll-up each is.
    IpedsRace,
    /// A digit, 0 to 9.
    Level,
    /// The 21 answers of SB29 (domain 1D).
    MisEthnicity,
    /// CB21: Y is transfer level, A to D are one to four levels below.
    MisLevel,
    /// `YYT` of the community colleges (domain 1D).
    MisTerm,
    /// Dollars, with or without a sign and thousands separators.
    Money,
    /// One of the shapes in `pictures`.
    Picture,
    /// `2023Q4`, `20234` or `2023-4`.
    Quarter,
    /// A three-digit race code (domain 1B).
    Race,
    /// A student number as a clearing-house returns it: with an underscore at its end, against spreadsheets.
    ReturnField,
    /// Seven digits.
    School,
    /// `2019-2020`.
    SchoolYear,
    /// `YYMMDD`; 888888 and 999999 are none.
    ShortDate,
    /// `0708`.
    ShortYear,
    /// Ten digits, not one repeated.
    Ssid,
    /// Nine digits the administration could have issued (linkage 4.1.12).
    Ssn,
    /// `2021FA`.
    Term,
    /// Anything printable.
    #[default]
    Text,
    /// `mm/dd/yyyy`, where the publisher writes that.
    UsDate,
    /// `Y` or `N`.
    YesNo,
    /// Five or nine digits.
    Zip,
}

impl Column {
    /// Brings codes to the case they are compared in.
    pub(super) fn settle(&mut self) {
        for code in self.codes.iter_mut().chain(&mut self.blank).chain(&mut self.special) {
            code.make_ascii_uppercase();
        }
        if let Some(only_if) = &mut self.only_if {
            only_if.is.iter_mut().for_each(|code| code.make_ascii_uppercase());
        }
        let map = core::mem::take(&mut self.map);
        self.map = map.into_iter().map(|(from, to)| (from.to_ascii_uppercase(), to)).collect();
    }

    /// True if its values show which column it is, so that a shifted file is seen.
    pub(in crate::import) fn is_probe(&self) -> bool {
        !matches!(self.check, Check::ReturnField | Check::Text)
    }

    /// True if a row or the file cannot do without it.
    pub(in crate::import) fn is_indispensable(&self) -> bool {
        matches!(self.need, Need::Required | Need::Row)
    }
}

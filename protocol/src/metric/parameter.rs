//! Parameters of a metric: typed values with unit and reason, and how each stands in SQL.
//!
//! A value becomes a literal of its own type and nothing else: digits, or text in quotes whose letters were checked when
//! the file was read. Text that could end a literal is refused, so that no value is ever read as SQL.

use serde::Deserialize;

use super::ladder::Ladder;
use crate::document::{self, DocumentError};

/// Letters of a text value.
const TEXT_LETTERS_MAX: usize = 64;
/// Texts of a list, far above any list of grades or codes.
const TEXTS_MAX: usize = 64;
/// Largest whole number: a count of students or units, a code, a sum of money.
const INTEGER_MAX: i64 = 1_000_000_000;

/// A value of the definition that a person could choose otherwise.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Parameter {
    /// The word after `$` in the SQL.
    pub name: String,
    /// Its type.
    pub kind: ParameterKind,
    /// The value as people read it.
    pub default: String,
    /// What it counts, or what the words are.
    pub unit: String,
    /// Why this value, and where it comes from.
    pub reason: String,
    /// The value as a literal of SQL.
    pub(super) literal: String,
}

/// Type of a parameter.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub enum ParameterKind {
    /// A number with at most two places, as text: `"0.5"`.
    Decimal,
    /// A whole number.
    Integer,
    /// A map of the ladder, `math.state-course-code`: rows of code and level.
    Levels,
    /// A day of any year, `"08-15"`; in SQL the number 815.
    MonthDay,
    /// One text.
    Text,
    /// Several texts.
    Texts,
}

impl ParameterKind {
    /// The word of the file.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Decimal => "decimal",
            Self::Integer => "integer",
            Self::Levels => "levels",
            Self::MonthDay => "month-day",
            Self::Text => "text",
            Self::Texts => "texts",
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Shape {
    name: String,
    kind: ParameterKind,
    default: Written,
    unit: String,
    reason: String,
}

/// A value as the file has it.
#[derive(Deserialize)]
#[serde(untagged)]
enum Written {
    Integer(i64),
    Text(String),
    Texts(Vec<String>),
}

impl Shape {
    pub(crate) fn read(self) -> Result<Parameter, DocumentError> {
        let refuse = |key, expected| DocumentError::OutOfRange { key, expected };
        let word = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
        let named = self.name.starts_with(|first: char| first.is_ascii_lowercase())
            && self.name.len() <= 40
            && self.name.bytes().all(word);
        if !named {
            return Err(refuse("parameter.name", "at most 40 small letters, digits and underscores"));
        }
        if !super::shape::is_line(&self.unit, 80) || !super::shape::is_line(&self.reason, 400) {
            return Err(refuse("parameter.unit/reason", "a line of at most 80 and of at most 400 letters"));
        }
        let (default, literal) = match (self.kind, self.default) {
            (ParameterKind::Integer, Written::Integer(number)) if (0..=INTEGER_MAX).contains(&number) => {
                (number.to_string(), number.to_string())
            }
            (ParameterKind::Decimal, Written::Text(text)) => {
                let hundredths = document::decimal(&text, 2).filter(|number| *number <= 100_000_000);
                let number = hundredths
                    .ok_or(refuse("parameter.default", "a decimal with at most two places, as text"))?;
                (text, format!("{}.{:02}", number / 100, number % 100))
            }
            (ParameterKind::MonthDay, Written::Text(text)) => {
                let number = month_day(&text)
                    .ok_or(refuse("parameter.default", "a month and a day such as \"08-15\""))?;
                (text, number.to_string())
            }
            (ParameterKind::Text, Written::Text(text)) => {
                let literal = quoted(&text)?;
                (text, literal)
            }
            (ParameterKind::Texts, Written::Texts(texts)) => {
                if texts.is_empty() || texts.len() > TEXTS_MAX {
                    return Err(refuse("parameter.default", "a list of 1 to 64 texts"));
                }
                let literals: Vec<String> =
                    texts.iter().map(|text| quoted(text)).collect::<Result<_, _>>()?;
                (texts.join(", "), literals.join(", "))
            }
            (ParameterKind::Levels, Written::Text(text)) => {
                let ladder = Ladder::builtin()?;
                let map = text.split_once('.').and_then(|(subject, map)| ladder.map(subject, map));
                let map = map.ok_or(refuse(
                    "parameter.default",
                    "a map of the ladder, such as \"math.state-course-code\"",
                ))?;
                let rows: Result<Vec<String>, _> = (map.codes.iter())
                    .map(|(code, level)| Ok(format!("({}, {level})", quoted(code)?)))
                    .collect();
                (text, rows?.join(", "))
            }
            (
                ParameterKind::Decimal
                | ParameterKind::Integer
                | ParameterKind::Levels
                | ParameterKind::MonthDay
                | ParameterKind::Text
                | ParameterKind::Texts,
                _,
            ) => return Err(refuse("parameter.default", "a value of the parameter's kind, in its bounds")),
        };
        let Self { name, kind, unit, reason, .. } = self;
        Ok(Parameter { name, kind, default, unit, reason, literal })
    }
}

/// `08-15` as 815. 29 February is a day; 30 February is not.
fn month_day(text: &str) -> Option<u16> {
    let (month, day) = text.split_once('-')?;
    if month.len() != 2 || day.len() != 2 || !(month.bytes().chain(day.bytes())).all(|b| b.is_ascii_digit()) {
        return None;
    }
    let (month, day): (u8, u8) = (month.parse().ok()?, day.parse().ok()?);
    crate::timestamp::Date::new(2000, month, day)?;
    Some(u16::from(month) * 100 + u16::from(day))
}

/// A text in quotes. Letters that mean something to SQL never get so far.
fn quoted(text: &str) -> Result<String, DocumentError> {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || " -+_./*%&".contains(letter);
    if text.is_empty() || text.len() > TEXT_LETTERS_MAX || !text.chars().all(plain) {
        return Err(DocumentError::OutOfRange {
            key: "parameter.default",
            expected: "a text of 1 to 64 letters, digits, spaces and - + _ . / * % &",
        });
    }
    Ok(format!("'{text}'"))
}

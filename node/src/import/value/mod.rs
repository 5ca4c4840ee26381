//! One value against the check its column asks for. Pure; every fault is named (D2, D3, N5, linkage 4.1.10-13).

mod date;
mod identifier;
mod number;
mod picture;
pub(super) mod race;
mod term;

use passage_protocol::cells::{Gender, SchoolYear};

use super::{
    cell::Cell,
    fault::Fault,
    layout::{Check, Column},
};
use crate::roster::gender;

pub(super) use self::{
    date::{Order, order},
    picture::is_picture,
};

/// What a checked value is worth.
pub(super) enum Verdict {
    /// Not usable, and why.
    Bad(Fault),
    /// Usable as it stands.
    Good(Value),
    /// Usable after a repair, and what was repaired.
    Repaired(Value, Fault),
}

/// A usable value: the cell it becomes and what else it tells of its row.
pub(super) struct Value {
    pub(super) cell: Cell,
    pub(super) more: More,
}

/// What a value tells besides its own cell.
pub(super) enum More {
    /// Nothing.
    Nothing,
    /// The cell is year and month of a birth whose day is not known.
    BirthMonth,
    /// One race code of the student.
    Race(u16),
    /// Every race code of the student and whether the student is Hispanic, if it says.
    Races(Vec<u16>, Option<bool>),
    /// The school year and season of the row's term.
    Term(SchoolYear, Option<&'static str>),
}

impl From<Cell> for Value {
    fn from(cell: Cell) -> Self {
        Self { cell, more: More::Nothing }
    }
}

impl From<Result<Value, Fault>> for Verdict {
    fn from(result: Result<Value, Fault>) -> Self {
        result.map_or_else(Self::Bad, Self::Good)
    }
}

/// Years ahead of today that a term or date may be: planned terms are in the files of some colleges.
const YEARS_AHEAD: u16 = 5;
/// Earliest school year or term: before it the state kept no such files.
const TERM_YEAR_MIN: u16 = 1980;
/// Grade levels (domain 1B).
const GRADE_LEVELS: [&str; 19] = [
    "IN", "PS", "TK", "KN", "01", "02", "03", "04", "05", "06", "07", "08", "09", "10", "11", "12", "UE",
    "US", "AD",
];

/// True if `text` means "no answer" in this column.
pub(super) fn is_no_answer(column: &Column, text: &str) -> bool {
    text.is_empty() || column.blank.iter().any(|blank| blank.eq_ignore_ascii_case(text))
}

/// Checks a value that is not blank. `year` is the row's value of the column's `year-column`, `today_year` the current
/// calendar year.
pub(super) fn check(column: &Column, text: &str, year: &str, today_year: u16) -> Verdict {
    let mapped = (!column.map.is_empty()).then(|| column.map.get(&text.to_ascii_uppercase())).flatten();
    let written = mapped.map_or(text, String::as_str);
    if !column.special.is_empty() {
        return special(column, written);
    }
    if let Err(fault) = picture::shaped(&column.pictures, written) {
        return Verdict::Bad(fault);
    }
    let birth = column.element.as_deref() == Some("birth-date");
    match column.check {
        Check::ActCode => identifier::padded(written, 6, 4, Fault::NotOfTheShape),
        Check::BirthDate => date::birth_date(text, year_of_file(year, today_year)),
        Check::CalendarYear => term::calendar_year(written, today_year).into(),
        Check::Cds => identifier::padded(written, 14, 13, Fault::NotASchool),
        Check::CdeRace => race::cde(written).into(),
        Check::Code => code(column, text, mapped.map(String::as_str)).into(),
        Check::CollegeCode => identifier::college_code(written),
        Check::CourseGrade => course_grade(written).into(),
        Check::Date => date::date(text, today_year).into(),
        Check::Decimal => number::decimal(written).into(),
        Check::ErsTerm => term::ers_term(written, year, today_year).into(),
        Check::Gender => gender_code(column, written),
        Check::Gpa => number::gpa(written).into(),
        Check::GradeLevel => grade_level(written),
        Check::Implied1 => number::implied(written, 10).into(),
        Check::Implied2 => number::implied(written, 1).into(),
        Check::Integer => number::integer(written).into(),
        Check::IpedsRace => {
            mapped.map_or(Verdict::Bad(Fault::UnknownCode), |code| Verdict::Good(Cell::text(code).into()))
        }
        Check::Level => number::level(written).into(),
        Check::MisEthnicity => race::mis(written).into(),
        Check::MisLevel => number::mis_level(written).into(),
        Check::MisTerm => term::mis_term(written, today_year).into(),
        Check::Money => number::money(written).into(),
        Check::Quarter => term::quarter(written, today_year).into(),
        Check::Race => race::three_digits(written).into(),
        Check::ReturnField => return_field(written),
        Check::School => identifier::padded(written, 7, 1, Fault::NotASchool),
        Check::SchoolYear => term::school_year(written, today_year).into(),
        Check::ShortDate => date::short_date(text, today_year).into(),
        Check::ShortYear => term::short_year(written, today_year).into(),
        Check::Ssid => identifier::ssid(text),
        Check::Ssn => identifier::ssn(text).into(),
        Check::Term => term::term(written, today_year).into(),
        Check::Picture | Check::Text => free_text(column, written).into(),
        Check::UsDate if birth => date::us_birth_date(text, year_of_file(year, today_year)),
        Check::UsDate => date::us_date(text, today_year).into(),
        Check::YesNo => yes_no(written).into(),
        Check::Zip => identifier::zip(written),
    }
}

/// The year the ages of a row are judged by.
fn year_of_file(year: &str, today_year: u16) -> u16 {
    date::first_year(year, today_year).unwrap_or(today_year).min(today_year)
}

fn plausible(year: u16, earliest: u16, today_year: u16) -> Result<u16, Fault> {
    if (earliest..=today_year.saturating_add(YEARS_AHEAD)).contains(&year) {
        Ok(year)
    } else {
        Err(Fault::ImplausibleYear)
    }
}

fn special(column: &Column, text: &str) -> Verdict {
    let is = |codes: &[String]| codes.iter().any(|code| code.eq_ignore_ascii_case(text));
    if !column.codes.is_empty() && !is(&column.codes) && !is(&column.special) {
        return Verdict::Bad(Fault::UnknownCode);
    }
    Verdict::Good(Cell::Flag(is(&column.special)).into())
}

fn code(column: &Column, text: &str, mapped: Option<&str>) -> Result<Value, Fault> {
    if let Some(code) = mapped {
        return Ok(Cell::text(code).into());
    }
    match column.codes.iter().find(|code| code.eq_ignore_ascii_case(text)) {
        Some(code) => Ok(Cell::text(code).into()),
        None if scientific(text) => Err(Fault::ExcelScientific),
        None => Err(Fault::UnknownCode),
    }
}

fn gender_code(column: &Column, text: &str) -> Verdict {
    let cell = match gender(text) {
        Some(Gender::Female) => Cell::text("F"),
        Some(Gender::Male) => Cell::text("M"),
        Some(Gender::Nonbinary) => Cell::text("X"),
        Some(Gender::NotStated) => Cell::Empty,
        None => {
            let single = text.len() == 1 && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
            return match column.otherwise.as_deref().filter(|_| single) {
                Some(code) => Verdict::Repaired(Cell::text(code).into(), Fault::GenderReadAsX),
                None => Verdict::Bad(Fault::UnknownGender),
            };
        }
    };
    Verdict::Good(cell.into())
}

/// Letters are kept as written. Status letters differ from place to place; what they have in common is that they are few.
fn course_grade(text: &str) -> Result<Value, Fault> {
    let letters = text.trim_end_matches(['+', '-']);
    let letter = (1..=3).contains(&letters.len()) && letters.bytes().all(|byte| byte.is_ascii_alphabetic());
    let points = digits(letters) && text.parse::<u8>().is_ok_and(|points| points <= 100);
    if letter && text.len() - letters.len() <= 1 || points {
        Ok(Cell::text(text).into())
    } else {
        Err(if scientific(text) { Fault::ExcelScientific } else { Fault::NotAGrade })
    }
}

/// The student number without the underscore that the clearing-house puts behind it.
fn return_field(text: &str) -> Verdict {
    match text.trim_end_matches('_') {
        "" => Verdict::Bad(Fault::Blank),
        number if scientific(number) => Verdict::Bad(Fault::ExcelScientific),
        number => Verdict::Good(Cell::text(number).into()),
    }
}

fn grade_level(text: &str) -> Verdict {
    let padded = if text.len() == 1 && digits(text) { format!("0{text}") } else { text.to_ascii_uppercase() };
    let Some(level) = GRADE_LEVELS.iter().find(|level| **level == padded) else {
        return Verdict::Bad(if slashed(text) { Fault::ExcelDate } else { Fault::UnknownCode });
    };
    let value = Cell::text(level).into();
    if level.len() == text.len() {
        Verdict::Good(value)
    } else {
        Verdict::Repaired(value, Fault::LeadingZeroLost)
    }
}

/// Text is kept as written; a student number in scientific notation is damage.
fn free_text(column: &Column, text: &str) -> Result<Value, Fault> {
    let numbered = matches!(column.element.as_deref(), Some("local-id" | "system-id"));
    if numbered && scientific(text) { Err(Fault::ExcelScientific) } else { Ok(Cell::text(text).into()) }
}

fn yes_no(text: &str) -> Result<Value, Fault> {
    let is = |words: [&str; 3]| words.iter().any(|word| word.eq_ignore_ascii_case(text));
    if is(["Y", "YES", "TRUE"]) {
        Ok(Cell::Flag(true).into())
    } else if is(["N", "NO", "FALSE"]) {
        Ok(Cell::Flag(false).into())
    } else {
        Err(Fault::UnknownCode)
    }
}

fn digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn repeated(text: &str) -> bool {
    let mut bytes = text.bytes();
    bytes.next().is_some_and(|first| bytes.all(|byte| byte == first))
}

/// `5/3/2004`.
fn slashed(text: &str) -> bool {
    let mut parts = 0;
    let short = text.split('/').all(|part| {
        parts += 1;
        digits(part) && part.len() <= 4
    });
    short && parts == 3
}

/// `1.23457E+09`.
fn scientific(text: &str) -> bool {
    let Some((mantissa, exponent)) = text.split_once(['E', 'e']) else { return false };
    let exponent = exponent.strip_prefix(['+', '-']);
    let number = mantissa.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
        && mantissa.starts_with(|c: char| c.is_ascii_digit());
    number && exponent.is_some_and(digits)
}

/// `1,234,567,890`.
fn thousands(text: &str) -> bool {
    let mut groups = text.split(',');
    let first = groups.next().is_some_and(|group| digits(group) && group.len() <= 3);
    let mut count = 0;
    first
        && groups.all(|group| {
            count += 1;
            digits(group) && group.len() == 3
        })
        && count > 0
}

#[cfg(test)]
mod tests;

//! Terms, school years and quarters, in each way the sources write them (domain 1B, 1C, 1D, 1E).

use passage_protocol::cells::SchoolYear;

use super::{Fault, More, TERM_YEAR_MIN, Value, date::century, digits, plausible, scientific};
use crate::import::cell::Cell;

fn year_cell(year: SchoolYear, today_year: u16) -> Result<Value, Fault> {
    plausible(year.0, TERM_YEAR_MIN, today_year)?;
    Ok(Value { cell: Cell::Integer(i64::from(year.0)), more: More::Term(year, None) })
}

fn term_cell(text: &str, year: u16, season: &'static str, today_year: u16) -> Result<Value, Fault> {
    plausible(year, TERM_YEAR_MIN, today_year)?;
    Ok(Value { cell: Cell::text(text), more: More::Term(SchoolYear(year), Some(season)) })
}

/// The school year a season of a calendar year belongs to: summer opens it, winter and spring close it.
fn school_year_of(calendar: u16, season: &str) -> u16 {
    if matches!(season, "winter" | "spring") { calendar.saturating_sub(1) } else { calendar }
}

fn four_digits(text: &str) -> Option<u16> {
    if text.len() == 4 && digits(text) { text.parse().ok() } else { None }
}

/// `2019-2020` or `2019-20`.
pub(super) fn school_year(text: &str, today_year: u16) -> Result<Value, Fault> {
    year_cell(SchoolYear::parse(text).ok_or(Fault::NotASchoolYear)?, today_year)
}

/// `0708`.
pub(super) fn short_year(text: &str, today_year: u16) -> Result<Value, Fault> {
    let halves = text
        .split_at_checked(2)
        .filter(|(first, second)| digits(first) && digits(second) && second.len() == 2);
    let (first, second) = halves.ok_or(Fault::NotASchoolYear)?;
    let number = |half: &str| half.parse::<u8>().map_err(|_| Fault::NotASchoolYear);
    let (first, second) = (number(first)?, number(second)?);
    if (first + 1) % 100 != second {
        return Err(Fault::NotASchoolYear);
    }
    year_cell(SchoolYear(century(first, today_year)), today_year)
}

/// `2021`, a calendar year.
pub(super) fn calendar_year(text: &str, today_year: u16) -> Result<Value, Fault> {
    let year = four_digits(text).ok_or(Fault::NotANumber)?;
    plausible(year, 1940, today_year)?;
    Ok(Cell::Integer(i64::from(year)).into())
}

/// `2021FA`.
pub(super) fn term(text: &str, today_year: u16) -> Result<Value, Fault> {
    if scientific(text) {
        return Err(Fault::ExcelScientific);
    }
    let (year, season) = text.split_at_checked(4).ok_or(Fault::NotATerm)?;
    let year = four_digits(year).ok_or(Fault::NotATerm)?;
    let season = match season.to_ascii_uppercase().as_str() {
        "FA" => "fall",
        "SP" => "spring",
        "SU" => "summer",
        "WI" => "winter",
        _ => return Err(Fault::NotATerm),
    };
    term_cell(text, school_year_of(year, season), season, today_year)
}

/// `YYT`: the calendar year in which the term begins, and its digit.
pub(super) fn mis_term(text: &str, today_year: u16) -> Result<Value, Fault> {
    if text.len() != 3 || !digits(text) {
        return Err(Fault::NotATerm);
    }
    let (short, digit) = text.split_at_checked(2).ok_or(Fault::NotATerm)?;
    let season = match digit {
        "0" => "annual",
        "1" | "2" => "winter",
        "3" | "4" => "spring",
        "5" | "6" => "summer",
        "7" | "8" => "fall",
        _ => return Err(Fault::NotATerm),
    };
    let year = century(short.parse().map_err(|_| Fault::NotATerm)?, today_year);
    term_cell(text, school_year_of(year, season), season, today_year)
}

/// The term digit of a CSU file beside its calendar year; kept as year and digit, `20214`.
pub(super) fn ers_term(text: &str, year: &str, today_year: u16) -> Result<Value, Fault> {
    let season = match text {
        "1" => "winter",
        "2" => "spring",
        "3" => "summer",
        "4" => "fall",
        _ => return Err(Fault::NotATerm),
    };
    let calendar = four_digits(year).ok_or(Fault::NotATerm)?;
    term_cell(&format!("{year}{text}"), school_year_of(calendar, season), season, today_year)
}

/// `2023Q4`, `20234` or `2023-4`.
pub(super) fn quarter(text: &str, today_year: u16) -> Result<Value, Fault> {
    let (year, rest) = text.split_at_checked(4).ok_or(Fault::NotAQuarter)?;
    let year = four_digits(year).ok_or(Fault::NotAQuarter)?;
    let digit = rest.trim_start_matches(['Q', 'q', '-']);
    let school_year = match digit {
        "1" | "2" => year.saturating_sub(1),
        "3" | "4" => year,
        _ => return Err(Fault::NotAQuarter),
    };
    if rest.len() > 2 {
        return Err(Fault::NotAQuarter);
    }
    plausible(school_year, TERM_YEAR_MIN, today_year)?;
    let cell = Cell::text(&format!("{year}Q{digit}"));
    Ok(Value { cell, more: More::Term(SchoolYear(school_year), None) })
}

//! Dates: real days of the calendar, plausible, and what a spreadsheet made of them.

use super::{Fault, More, TERM_YEAR_MIN, Value, Verdict, digits, plausible, scientific, slashed};
use crate::{import::cell::Cell, roster::Date};

/// Earliest day of any record that is not a birth.
const DATE_YEAR_MIN: u16 = 1940;
/// Earliest year of birth: the oldest living student.
const BIRTH_YEAR_MIN: u16 = 1905;
/// Day numbers a spreadsheet stores for the years 1927 to 2064; none of them is a date as text.
const DAY_NUMBERS: core::ops::Range<u32> = 10_000..60_000;

/// `yyyymmdd`, `yyyy-mm-dd` or `yyyy/mm/dd` as numbers, or the fault.
fn parts(text: &str) -> Result<(u16, u8, u8), Fault> {
    let compact = match text.as_bytes() {
        [a, b, c, d, e, f, g, h] => [*a, *b, *c, *d, *e, *f, *g, *h],
        [a, b, c, d, b'-', e, f, b'-', g, h] | [a, b, c, d, b'/', e, f, b'/', g, h] => {
            [*a, *b, *c, *d, *e, *f, *g, *h]
        }
        _ => return Err(shape_fault(text)),
    };
    let mut number = 0_u32;
    for byte in compact {
        if !byte.is_ascii_digit() {
            return Err(shape_fault(text));
        }
        number = number * 10 + u32::from(byte - b'0');
    }
    let part = |value: u32| u8::try_from(value % 100).unwrap_or(0);
    Ok((u16::try_from(number / 10_000).unwrap_or(0), part(number / 100), part(number)))
}

/// What a text that is no date of ours looks like.
fn shape_fault(text: &str) -> Fault {
    if scientific(text) {
        Fault::ExcelScientific
    } else if slashed(text) {
        Fault::ExcelDate
    } else if text
        .parse::<u32>()
        .is_ok_and(|number| digits(text) && text.len() == 5 && DAY_NUMBERS.contains(&number))
    {
        Fault::ExcelSerial
    } else {
        Fault::NotADate
    }
}

fn cell(date: Date) -> Cell {
    Cell::Date { year: date.year(), month: date.month(), day: date.day() }
}

pub(super) fn date(text: &str, today_year: u16) -> Result<Value, Fault> {
    let (year, month, day) = parts(text)?;
    let date = Date::new(year, month, day).ok_or(Fault::NotADate)?;
    plausible(year, DATE_YEAR_MIN, today_year)?;
    Ok(cell(date).into())
}

pub(super) fn birth_date(text: &str, today_year: u16) -> Verdict {
    match parts(text) {
        Ok((year, month, day)) => born(year, month, day, today_year),
        Err(fault) => Verdict::Bad(fault),
    }
}

fn born(year: u16, month: u8, day: u8, today_year: u16) -> Verdict {
    if matches!((year, month, day), (1900 | 1901, 1, 1)) {
        return Verdict::Bad(Fault::PlaceholderDate);
    }
    if !(BIRTH_YEAR_MIN..=today_year).contains(&year) {
        return Verdict::Bad(Fault::ImplausibleDate);
    }
    if let Some(date) = Date::new(year, month, day) {
        return Verdict::Good(cell(date).into());
    }
    if day == 99 && (1..=12).contains(&month) {
        let month = Value { cell: Cell::text(&format!("{year:04}-{month:02}")), more: More::BirthMonth };
        return Verdict::Repaired(month, Fault::DayUnknown);
    }
    match Date::new(year, day, month) {
        Some(date) if month > 12 => Verdict::Repaired(cell(date).into(), Fault::DayBeforeMonth),
        Some(_) | None => Verdict::Bad(Fault::NotADate),
    }
}

/// `mm/dd/yyyy`, or a spreadsheet's exact date.
fn us_parts(text: &str) -> Result<(u16, u8, u8), Fault> {
    let mut groups = text.split('/');
    let (Some(month), Some(day), Some(year), None) =
        (groups.next(), groups.next(), groups.next(), groups.next())
    else {
        return parts(text);
    };
    let short = |group: &str| {
        if digits(group) && group.len() <= 2 { group.parse::<u8>().ok() } else { None }
    };
    if year.len() != 4 || !digits(year) {
        return parts(text);
    }
    let year = year.parse().map_err(|_| Fault::NotADate)?;
    Ok((year, short(month).ok_or(Fault::NotADate)?, short(day).ok_or(Fault::NotADate)?))
}

pub(super) fn us_date(text: &str, today_year: u16) -> Verdict {
    let (year, month, day) = match us_parts(text) {
        Ok(parts) => parts,
        Err(fault) => return Verdict::Bad(fault),
    };
    if let Err(fault) = plausible(year, DATE_YEAR_MIN, today_year) {
        return Verdict::Bad(fault);
    }
    match (Date::new(year, month, day), Date::new(year, day, month)) {
        (Some(date), _) => Verdict::Good(cell(date).into()),
        (None, Some(date)) if month > 12 => Verdict::Repaired(cell(date).into(), Fault::DayBeforeMonth),
        (None, _) => Verdict::Bad(Fault::NotADate),
    }
}

pub(super) fn us_birth_date(text: &str, today_year: u16) -> Verdict {
    match us_parts(text) {
        Ok((year, month, day)) => born(year, month, day, today_year),
        Err(fault) => Verdict::Bad(fault),
    }
}

/// `YYMMDD`; 888888 and 999999 say that there is none.
pub(super) fn short_date(text: &str, today_year: u16) -> Result<Value, Fault> {
    if matches!(text, "888888" | "999999") {
        return Ok(Cell::Empty.into());
    }
    if text.len() != 6 || !digits(text) {
        return date(text, today_year);
    }
    let number: u32 = text.parse().map_err(|_| Fault::NotADate)?;
    let part = |value: u32| u8::try_from(value % 100).unwrap_or(0);
    let year = century(part(number / 10_000), today_year);
    let date = Date::new(year, part(number / 100), part(number)).ok_or(Fault::NotADate)?;
    plausible(year, TERM_YEAR_MIN, today_year)?;
    Ok(cell(date).into())
}

/// The calendar year two digits stand for: the latest that is not too far ahead.
pub(super) fn century(short: u8, today_year: u16) -> u16 {
    let latest = today_year.saturating_add(super::YEARS_AHEAD);
    let year = latest / 100 * 100 + u16::from(short % 100);
    if year > latest { year.saturating_sub(100) } else { year }
}

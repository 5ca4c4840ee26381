//! Dates: real days of the calendar, plausible, and what a spreadsheet made of them.

use super::{Fault, More, TERM_YEAR_MIN, Value, Verdict, digits, plausible, scientific, slashed};
use crate::{import::cell::Cell, roster::Date};

/// Earliest day of any record that is not a birth.
const DATE_YEAR_MIN: u16 = 1940;
/// Earliest year of birth that matching takes (linkage 4.1.10).
const BIRTH_YEAR_MIN: u16 = 1905;
/// Age that nobody in a file of students is below or above (N5).
const AGES: core::ops::RangeInclusive<u16> = 3..=115;
/// Years that are those of a date, plausible or not: what lies outside is another order of digits, or no date.
const YEARS: core::ops::Range<u16> = 1700..2300;
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
    let year = u16::try_from(number / 10_000).unwrap_or(0);
    if !YEARS.contains(&year) {
        return Err(if is_year_last(text) { Fault::YearLast } else { Fault::NotADate });
    }
    Ok((year, part(number / 100), part(number)))
}

/// `mmddyyyy`, `ddmmyyyy` or either with slashes, as its two short numbers and the year.
fn year_last(text: &str) -> Option<(u8, u8, u16)> {
    let (one, two, year) = if text.len() == 8 && digits(text) {
        (text.get(..2)?, text.get(2..4)?, text.get(4..)?)
    } else {
        let mut groups = text.split('/');
        let all = (groups.next()?, groups.next()?, groups.next()?);
        if groups.next().is_some() {
            return None;
        }
        all
    };
    let short = |group: &str| if digits(group) && group.len() <= 2 { group.parse::<u8>().ok() } else { None };
    let (one, two) = (short(one)?, short(two)?);
    let year: u16 = if year.len() == 4 && digits(year) { year.parse().ok()? } else { return None };
    YEARS.contains(&year).then_some((one, two, year))
}

/// True if the text is a day of the calendar with the year at its end, in one order or the other.
fn is_year_last(text: &str) -> bool {
    let real = |(one, two, year)| Date::new(year, one, two).or(Date::new(year, two, one)).is_some();
    year_last(text).is_some_and(real)
}

/// In which order a date is written, as far as it shows by itself.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(in crate::import) enum Order {
    /// `ddmmyyyy` with a day above 12.
    DayFirst,
    /// `mmddyyyy` or `ddmmyyyy`.
    Either,
    /// `mmddyyyy` with a day above 12.
    MonthFirst,
    /// `yyyyddmm` with a day above 12.
    YearDay,
    /// `yyyymmdd`.
    YearFirst {
        /** True if the day is above 12. */
        shown: bool,
    },
}

/// The order of a text, if it is a date.
pub(in crate::import) fn order(text: &str) -> Option<Order> {
    if let Ok((year, month, day)) = parts(text) {
        let swapped = month > 12 && Date::new(year, day, month).is_some();
        let real = swapped || day == 99 || Date::new(year, month, day).is_some();
        return real.then_some(if swapped { Order::YearDay } else { Order::YearFirst { shown: day > 12 } });
    }
    let (one, two, _) = year_last(text).filter(|_| is_year_last(text))?;
    Some(match (one > 12, two > 12) {
        (true, _) => Order::DayFirst,
        (false, true) => Order::MonthFirst,
        (false, false) => Order::Either,
    })
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

pub(super) fn birth_date(text: &str, year_of_file: u16) -> Verdict {
    match parts(text) {
        // 20 April 2003 with the day first, or 20 March 2004 with the day before the month.
        Ok((_, month, _)) if month > 12 && is_year_last(text) => Verdict::Bad(Fault::NotADate),
        Ok((year, month, day)) => born(year, month, day, year_of_file),
        Err(fault) => Verdict::Bad(fault),
    }
}

/// A date of birth in a file about a year: of the row's school year or term if the layout says where it stands, else of today.
fn born(year: u16, month: u8, day: u8, year_of_file: u16) -> Verdict {
    if matches!((year, month, day), (1900 | 1901, 1, 1)) {
        return Verdict::Bad(Fault::PlaceholderDate);
    }
    // A school year ends in the next calendar year; nobody is three on its first day who is not on its last.
    let latest = year_of_file.saturating_add(1).saturating_sub(*AGES.start());
    let earliest = year_of_file.saturating_sub(*AGES.end()).max(BIRTH_YEAR_MIN);
    if !(earliest..=latest).contains(&year) {
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

/// `mm/dd/yyyy`, `mmddyyyy`, or a date with the year first, which cannot be mistaken. A day in the place of the month makes the
/// order of every other row doubtful: it is never exchanged.
fn us_parts(text: &str) -> Result<(u16, u8, u8), Fault> {
    match year_last(text) {
        Some((month, _, _)) if month > 12 && is_year_last(text) => Err(Fault::DayFirst),
        Some((month, day, year)) => Ok((year, month, day)),
        None => parts(text),
    }
}

pub(super) fn us_date(text: &str, today_year: u16) -> Result<Value, Fault> {
    let (year, month, day) = us_parts(text)?;
    let date = Date::new(year, month, day).ok_or(Fault::NotADate)?;
    plausible(year, DATE_YEAR_MIN, today_year)?;
    Ok(cell(date).into())
}

pub(super) fn us_birth_date(text: &str, year_of_file: u16) -> Verdict {
    match us_parts(text) {
        Ok((year, month, day)) => born(year, month, day, year_of_file),
        Err(fault) => Verdict::Bad(fault),
    }
}

/// The calendar year that a school year, a term or a day begins with; none if the text does not say.
pub(super) fn first_year(text: &str, today_year: u16) -> Option<u16> {
    match text.split_at_checked(4) {
        Some((year, _)) if digits(year) => year.parse().ok().filter(|year| YEARS.contains(year)),
        Some(_) => year_last(text).map(|(_, _, year)| year),
        None if text.len() == 3 && digits(text) => {
            text.get(..2).and_then(|short| short.parse().ok()).map(|short| century(short, today_year))
        }
        None => None,
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

//! One value against the check its column asks for. Pure; every fault is named (D2, D3, N5, linkage 4.1.10-13).

use passage_protocol::cells::SchoolYear;

use super::{
    fault::Fault,
    layout::{Check, Column, Field},
};
use crate::roster::{Date, gender};

/// What a checked value is worth.
pub(super) enum Verdict {
    /// Not usable, and why.
    Bad(Fault),
    /// Usable as it stands.
    Good(Value),
    /// Usable after a repair, and what was repaired.
    Repaired(Value, Fault),
}

/// A value in the shape its field needs.
pub(super) enum Value {
    Date(Date),
    Level(u8),
    Race(u16),
    Term(String, SchoolYear),
    Text(String),
    Year(SchoolYear),
    YesNo(bool),
}

/// Years ahead of today that a term or date may be: planned terms are in the files of some colleges.
const YEARS_AHEAD: u16 = 5;
/// SSNs that were printed on wallets and in advertisements, and sequences people type.
const SSN_NEVER: [&str; 6] = ["123456789", "987654321", "078051120", "219099999", "111223333", "123121234"];

/// Checks a value that is not blank. `today_year` is the current calendar year.
pub(super) fn check(column: &Column, text: &str, today_year: u16) -> Verdict {
    match column.check {
        Check::BirthDate => birth_date(text, today_year),
        Check::Code => {
            let known = column.codes.iter().any(|code| code.eq_ignore_ascii_case(text));
            if known {
                Verdict::Good(Value::Text(text.to_ascii_uppercase()))
            } else {
                Verdict::Bad(Fault::UnknownCode)
            }
        }
        Check::Date => match date(text) {
            Ok(date) if !(1980..=today_year.saturating_add(YEARS_AHEAD)).contains(&date.year()) => {
                Verdict::Bad(Fault::ImplausibleYear)
            }
            Ok(date) => Verdict::Good(Value::Date(date)),
            Err(fault) => Verdict::Bad(fault),
        },
        Check::Gender if gender(text).is_none() => Verdict::Bad(Fault::UnknownGender),
        Check::Gender => Verdict::Good(Value::Text(text.to_owned())),
        Check::Level => match text.parse::<u8>() {
            Ok(level) if level <= 9 => Verdict::Good(Value::Level(level)),
            Ok(_) | Err(_) => Verdict::Bad(Fault::NotALevel),
        },
        Check::Race => match text.parse::<u16>() {
            Ok(code) if race_known(code) => Verdict::Good(Value::Race(code)),
            Ok(_) | Err(_) => Verdict::Bad(Fault::UnknownCode),
        },
        Check::SchoolYear => match SchoolYear::parse(text) {
            Some(year) if plausible(year, today_year) => Verdict::Good(Value::Year(year)),
            Some(_) => Verdict::Bad(Fault::ImplausibleYear),
            None => Verdict::Bad(Fault::NotASchoolYear),
        },
        Check::Ssid => ssid(text),
        Check::Ssn => ssn(text),
        Check::Term => match term(text) {
            Some(year) if plausible(year, today_year) => Verdict::Good(Value::Term(text.to_owned(), year)),
            Some(_) => Verdict::Bad(Fault::ImplausibleYear),
            None => Verdict::Bad(Fault::NotATerm),
        },
        Check::Text if column.field == Field::LocalId && scientific(text) => {
            Verdict::Bad(Fault::ExcelScientific)
        }
        Check::Text => Verdict::Good(Value::Text(text.to_owned())),
        Check::YesNo => match text {
            "Y" | "y" => Verdict::Good(Value::YesNo(true)),
            "N" | "n" => Verdict::Good(Value::YesNo(false)),
            _ => Verdict::Bad(Fault::UnknownCode),
        },
    }
}

fn plausible(year: SchoolYear, today_year: u16) -> bool {
    (1980..=today_year.saturating_add(YEARS_AHEAD)).contains(&year.0)
}

/// `yyyymmdd` or `yyyy-mm-dd` as numbers, or the fault.
fn parts(text: &str) -> Result<(u16, u8, u8), Fault> {
    if scientific(text) {
        return Err(Fault::ExcelScientific);
    }
    let slashed: Vec<&str> = text.split('/').collect();
    if slashed.len() == 3 && slashed.iter().all(|part| digits(part) && (1..=4).contains(&part.len())) {
        return Err(Fault::ExcelDate);
    }
    let compact: String = match text.as_bytes() {
        [_, _, _, _, b'-', _, _, b'-', _, _] => text.chars().filter(|letter| *letter != '-').collect(),
        _ => text.to_owned(),
    };
    if compact.len() != 8 || !digits(&compact) {
        return Err(Fault::NotADate);
    }
    let number: u32 = compact.parse().map_err(|_| Fault::NotADate)?;
    let part = |value: u32| u8::try_from(value % 100).unwrap_or(0);
    Ok((u16::try_from(number / 10_000).unwrap_or(0), part(number / 100), part(number)))
}

fn date(text: &str) -> Result<Date, Fault> {
    let (year, month, day) = parts(text)?;
    Date::new(year, month, day).ok_or(Fault::NotADate)
}

fn birth_date(text: &str, today_year: u16) -> Verdict {
    let (year, month, day) = match parts(text) {
        Ok(parts) => parts,
        Err(fault) => return Verdict::Bad(fault),
    };
    if matches!((year, month, day), (1900 | 1901, 1, 1)) {
        return Verdict::Bad(Fault::PlaceholderDate);
    }
    if !(1905..=today_year).contains(&year) {
        return Verdict::Bad(Fault::ImplausibleDate);
    }
    if let Some(date) = Date::new(year, month, day) {
        return Verdict::Good(Value::Date(date));
    }
    match Date::new(year, day, month) {
        Some(date) if month > 12 => Verdict::Repaired(Value::Date(date), Fault::DayBeforeMonth),
        Some(_) | None => Verdict::Bad(Fault::NotADate),
    }
}

fn ssid(text: &str) -> Verdict {
    if scientific(text) {
        return Verdict::Bad(Fault::ExcelScientific);
    }
    if thousands(text) {
        return Verdict::Bad(Fault::ExcelThousands);
    }
    if text.split('/').count() == 3 {
        return Verdict::Bad(Fault::ExcelDate);
    }
    if !digits(text) || !(9..=10).contains(&text.len()) {
        return Verdict::Bad(Fault::NotASsid);
    }
    if repeated(text) {
        return Verdict::Bad(Fault::RepeatedDigit);
    }
    if text.len() == 9 {
        return Verdict::Repaired(Value::Text(format!("0{text}")), Fault::LeadingZeroLost);
    }
    Verdict::Good(Value::Text(text.to_owned()))
}

fn ssn(text: &str) -> Verdict {
    if scientific(text) {
        return Verdict::Bad(Fault::ExcelScientific);
    }
    let compact: String = match text.as_bytes() {
        [_, _, _, b'-', _, _, b'-', _, _, _, _] => text.chars().filter(|letter| *letter != '-').collect(),
        _ => text.to_owned(),
    };
    if compact.len() != 9 || !digits(&compact) {
        return Verdict::Bad(Fault::NotASsn);
    }
    let (area, group, serial) = (compact.get(..3), compact.get(3..5), compact.get(5..));
    let never = matches!(area, Some("000" | "666"))
        || compact.starts_with('9')
        || group == Some("00")
        || serial == Some("0000")
        || repeated(&compact)
        || SSN_NEVER.contains(&compact.as_str());
    if never { Verdict::Bad(Fault::SsnNotIssued) } else { Verdict::Good(Value::Text(compact)) }
}

/// The school year of a term: `2021FA` and `2021SU` are 2021-22, `2022SP` and `2022WI` too (domain 1D).
pub(super) fn term(text: &str) -> Option<SchoolYear> {
    let (year, season) = (text.get(..4)?, text.get(4..)?);
    if !digits(year) {
        return None;
    }
    let year: u16 = year.parse().ok()?;
    match season.to_ascii_uppercase().as_str() {
        "FA" | "SU" => Some(SchoolYear(year)),
        "SP" | "WI" => year.checked_sub(1).map(SchoolYear),
        _ => None,
    }
}

fn race_known(code: u16) -> bool {
    matches!(code, 100 | 201..=208 | 299 | 301..=304 | 399 | 400 | 500 | 600 | 700)
}

fn digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn repeated(text: &str) -> bool {
    let mut bytes = text.bytes();
    bytes.next().is_some_and(|first| bytes.all(|byte| byte == first))
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
mod tests {
    use super::*;

    fn fault(verdict: Verdict) -> Option<Fault> {
        match verdict {
            Verdict::Bad(fault) | Verdict::Repaired(_, fault) => Some(fault),
            Verdict::Good(_) => None,
        }
    }

    #[test]
    fn damaged_ssids_are_named() {
        for (text, expected) in [
            ("1234567890", None),
            ("0123456789", None),
            ("1.23457E+09", Some(Fault::ExcelScientific)),
            ("1,234,567,890", Some(Fault::ExcelThousands)),
            ("5/3/2004", Some(Fault::ExcelDate)),
            ("123456789", Some(Fault::LeadingZeroLost)),
            ("7777777777", Some(Fault::RepeatedDigit)),
            ("12345678901", Some(Fault::NotASsid)),
            ("12345A7890", Some(Fault::NotASsid)),
        ] {
            assert_eq!(fault(ssid(text)), expected, "{text}");
        }
        let Verdict::Repaired(Value::Text(text), _) = ssid("123456789") else { panic!("not repaired") };
        assert_eq!(text, "0123456789");
    }

    #[test]
    fn birth_dates_are_real_and_plausible() {
        for (text, expected) in [
            ("20040503", None),
            ("2004-05-03", None),
            ("5/3/2004", Some(Fault::ExcelDate)),
            ("20043105", Some(Fault::DayBeforeMonth)),
            ("20040231", Some(Fault::NotADate)),
            ("19000101", Some(Fault::PlaceholderDate)),
            ("18990101", Some(Fault::ImplausibleDate)),
            ("20300101", Some(Fault::ImplausibleDate)),
            ("2.00405E+07", Some(Fault::ExcelScientific)),
            ("２００４０５０３", Some(Fault::NotADate)),
        ] {
            assert_eq!(fault(birth_date(text, 2026)), expected, "{text}");
        }
    }

    #[test]
    fn numbers_never_issued_are_not_used() {
        for text in
            ["000121234", "666121234", "900121234", "123001234", "123120000", "222222222", "078-05-1120"]
        {
            assert_eq!(fault(ssn(text)), Some(Fault::SsnNotIssued), "{text}");
        }
        assert_eq!(fault(ssn("400-61-4555")), None);
        assert_eq!(fault(ssn("40061455")), Some(Fault::NotASsn));
    }

    #[test]
    fn terms_fall_in_school_years() {
        for text in ["2021FA", "2022SP", "2021SU", "2022wi"] {
            assert_eq!(term(text), Some(SchoolYear(2021)), "{text}");
        }
        for text in ["2021", "21FA", "2021XX", "ñ021FA", ""] {
            assert_eq!(term(text), None, "{text}");
        }
    }
}

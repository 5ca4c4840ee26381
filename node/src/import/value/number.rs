//! Numbers: whole, with a dot, with a dot nobody wrote, levels, and money.

use super::{Fault, Value, digits, scientific, thousands};
use crate::import::cell::Cell;

/// Digits of a number before the dot: above any count, score or wage.
const WHOLE_DIGITS_MAX: usize = 12;

fn fault_of(text: &str) -> Fault {
    if scientific(text) {
        Fault::ExcelScientific
    } else if thousands(text) {
        Fault::ExcelThousands
    } else {
        Fault::NotANumber
    }
}

pub(super) fn integer(text: &str) -> Result<Value, Fault> {
    let plain = text.strip_prefix('-').unwrap_or(text);
    if !digits(plain) || plain.len() > WHOLE_DIGITS_MAX {
        return Err(fault_of(text));
    }
    text.parse().map(|number| Cell::Integer(number).into()).map_err(|_| Fault::NotANumber)
}

pub(super) fn decimal(text: &str) -> Result<Value, Fault> {
    hundredths(text).map(|number| Cell::Decimal(number).into())
}

/// A grade point average: `275` is 2.75, `2.75` too.
pub(super) fn gpa(text: &str) -> Result<Value, Fault> {
    let number = if digits(text) && text.len() == 3 { whole(text)? } else { hundredths(text)? };
    if (0..=999).contains(&number) { Ok(Cell::Decimal(number).into()) } else { Err(Fault::NotANumber) }
}

/// Digits with a dot nobody wrote; `unit` is the number of hundredths of the last digit. A written dot is taken as one.
pub(super) fn implied(text: &str, unit: i64) -> Result<Value, Fault> {
    let number = if digits(text) { whole(text)?.saturating_mul(unit) } else { hundredths(text)? };
    Ok(Cell::Decimal(number).into())
}

/// Dollars: a sign in front and thousands separators are how some systems print money, not damage.
pub(super) fn money(text: &str) -> Result<Value, Fault> {
    let bare: String = text.trim_start_matches('$').chars().filter(|letter| *letter != ',').collect();
    decimal(&bare)
}

pub(super) fn level(text: &str) -> Result<Value, Fault> {
    match text.as_bytes() {
        [digit @ b'0'..=b'9'] => Ok(Cell::Integer(i64::from(digit - b'0')).into()),
        _ => Err(Fault::NotALevel),
    }
}

/// CB21 of the community colleges (domain 1D).
pub(super) fn mis_level(text: &str) -> Result<Value, Fault> {
    let below = match text.as_bytes() {
        [b'Y' | b'y'] => 0,
        [letter @ b'A'..=b'D'] => i64::from(letter - b'A') + 1,
        [letter @ b'a'..=b'd'] => i64::from(letter - b'a') + 1,
        _ => return Err(Fault::NotALevel),
    };
    Ok(Cell::Integer(below).into())
}

fn whole(text: &str) -> Result<i64, Fault> {
    if text.len() > WHOLE_DIGITS_MAX {
        Err(Fault::NotANumber)
    } else {
        text.parse().map_err(|_| Fault::NotANumber)
    }
}

/// A number with at most two places that are not zero, as hundredths; a third place is rounded half up.
fn hundredths(text: &str) -> Result<i64, Fault> {
    let bad = || fault_of(text);
    let (sign, plain) = text.strip_prefix('-').map_or((1, text), |rest| (-1, rest));
    let (before, after) = plain.split_once('.').unwrap_or((plain, ""));
    let point = plain.contains('.');
    let before_ok = digits(before) || before.is_empty() && point;
    let after_ok = if point { digits(after) || after.is_empty() && !before.is_empty() } else { true };
    if !before_ok || !after_ok || before.len() > WHOLE_DIGITS_MAX || after.len() > WHOLE_DIGITS_MAX {
        return Err(bad());
    }
    let units: i64 = if before.is_empty() { 0 } else { before.parse().map_err(|_| bad())? };
    let mut places = after.bytes().map(|byte| i64::from(byte - b'0')).chain(core::iter::repeat(0));
    let mut place = || places.next().unwrap_or(0);
    let (tenths, hundredths, next) = (place(), place(), place());
    Ok(sign * (units * 100 + tenths * 10 + hundredths + i64::from(next >= 5)))
}

//! Identifiers: SSIDs, social security numbers, school codes, ZIP codes, and the zeros a spreadsheet takes from them.

use super::{Fault, Value, Verdict, digits, repeated, scientific, slashed, thousands};
use crate::import::cell::Cell;

/// SSNs that were printed on wallets and in advertisements, and sequences people type.
const SSN_NEVER: [&str; 6] = ["123456789", "987654321", "078051120", "219099999", "111223333", "123121234"];

/// What a spreadsheet did to a number of fixed length, if it did anything.
fn damage(text: &str) -> Option<Fault> {
    if scientific(text) {
        Some(Fault::ExcelScientific)
    } else if thousands(text) {
        Some(Fault::ExcelThousands)
    } else if slashed(text) {
        Some(Fault::ExcelDate)
    } else {
        None
    }
}

pub(super) fn ssid(text: &str) -> Verdict {
    if digits(text) && (9..=10).contains(&text.len()) && repeated(text) {
        return Verdict::Bad(Fault::RepeatedDigit);
    }
    padded(text, 10, 9, Fault::NotASsid)
}

/// Exactly `length` digits; from `shortest` on, leading zeros were lost and are put back.
pub(super) fn padded(text: &str, length: usize, shortest: usize, otherwise: Fault) -> Verdict {
    if !digits(text) || !(shortest..=length).contains(&text.len()) {
        return Verdict::Bad(damage(text).unwrap_or(otherwise));
    }
    if text.len() == length {
        return Verdict::Good(Cell::text(text).into());
    }
    Verdict::Repaired(Cell::text(&format!("{text:0>length$}")).into(), Fault::LeadingZeroLost)
}

/// Six digits, a hyphen, two digits; zeros lost from the front are put back.
pub(super) fn college_code(text: &str) -> Verdict {
    let (college, branch) = text.split_once('-').unwrap_or((text, ""));
    let branch_ok = branch.len() == 2 && digits(branch);
    if !branch_ok || !digits(college) || !(3..=6).contains(&college.len()) {
        return Verdict::Bad(damage(text).unwrap_or(Fault::NotOfTheShape));
    }
    let value = Cell::text(&format!("{college:0>6}-{branch}")).into();
    if college.len() == 6 { Verdict::Good(value) } else { Verdict::Repaired(value, Fault::LeadingZeroLost) }
}

pub(super) fn ssn(text: &str) -> Result<Value, Fault> {
    let compact: String = match text.as_bytes() {
        [_, _, _, b'-', _, _, b'-', _, _, _, _] => text.chars().filter(|letter| *letter != '-').collect(),
        _ => text.to_owned(),
    };
    if compact.len() != 9 || !digits(&compact) {
        return Err(damage(text).unwrap_or(Fault::NotASsn));
    }
    let (area, group, serial) = (compact.get(..3), compact.get(3..5), compact.get(5..));
    let never = matches!(area, Some("000" | "666"))
        || group == Some("00")
        || serial == Some("0000")
        || repeated(&compact)
        || SSN_NEVER.contains(&compact.as_str());
    if never {
        Err(Fault::SsnNotIssued)
    } else if compact.starts_with('9') {
        Err(Fault::Itin)
    } else {
        Ok(Cell::text(&compact).into())
    }
}

/// Five or nine digits; of `nnnnnXXXX` the five are kept.
pub(super) fn zip(text: &str) -> Verdict {
    let (five, rest) = match text.split_at_checked(5) {
        Some((five, rest)) => (five, rest.trim_start_matches(['-', ' '])),
        None => (text, ""),
    };
    let rest_ok = rest.is_empty() || rest.len() == 4 && (digits(rest) || rest.eq_ignore_ascii_case("xxxx"));
    if !digits(five) || !rest_ok {
        return Verdict::Bad(damage(text).unwrap_or(Fault::NotAZip));
    }
    match five.len() {
        5 if digits(rest) => Verdict::Good(Cell::text(text).into()),
        5 => Verdict::Good(Cell::text(five).into()),
        4 => Verdict::Repaired(Cell::text(&format!("0{five}")).into(), Fault::LeadingZeroLost),
        _ => Verdict::Bad(Fault::NotAZip),
    }
}

//! Race and ethnicity, in each way the sources write them (domain 1B, 1D).

use passage_protocol::cells::Ethnicity;

use super::{Fault, More, Value};
use crate::import::cell::Cell;

/// Race code of each position of SB29; positions 1 to 5 say Hispanic (domain 1D).
const MIS_POSITIONS: [u16; 21] =
    [500, 500, 500, 500, 500, 205, 201, 202, 203, 206, 207, 204, 400, 299, 600, 100, 302, 301, 303, 399, 700];
/// Code of Hispanic among the race codes.
const HISPANIC: u16 = 500;

/// A three-digit race code.
pub(super) fn three_digits(text: &str) -> Result<Value, Fault> {
    let code: u16 = text.parse().map_err(|_| Fault::UnknownCode)?;
    let known = matches!(code, 100 | 201..=208 | 299 | 301..=304 | 399 | 400 | HISPANIC | 600 | 700);
    if known && text.len() == 3 {
        Ok(Value { cell: Cell::Empty, more: More::Race(code) })
    } else {
        Err(Fault::UnknownCode)
    }
}

/// The state's aggregate digit.
pub(super) fn cde(text: &str) -> Result<Value, Fault> {
    let ethnicity = match text {
        "0" => Ethnicity::NotReported,
        "1" => Ethnicity::AmericanIndian,
        "2" => Ethnicity::Asian,
        "3" => Ethnicity::PacificIslander,
        "4" => Ethnicity::Filipino,
        "5" => Ethnicity::Hispanic,
        "6" => Ethnicity::Black,
        "7" => Ethnicity::White,
        "9" => Ethnicity::TwoOrMore,
        _ => return Err(Fault::UnknownCode),
    };
    Ok(Cell::text(code_of(ethnicity)).into())
}

/// The 21 answers of SB29: Y, N, or X for none.
pub(super) fn mis(text: &str) -> Result<Value, Fault> {
    let answers = text.as_bytes();
    let known = answers.iter().all(|answer| matches!(answer.to_ascii_uppercase(), b'Y' | b'N' | b'X'));
    if answers.len() != MIS_POSITIONS.len() || !known {
        return Err(Fault::UnknownCode);
    }
    let said = |answer: &u8| answer.eq_ignore_ascii_case(&b'Y');
    let (hispanic, others) = answers.split_at(5);
    let answered = answers.iter().any(|answer| !answer.eq_ignore_ascii_case(&b'X'));
    let races = others.iter().zip(MIS_POSITIONS.iter().skip(5)).filter(|(answer, _)| said(answer));
    let more =
        More::Races(races.map(|(_, code)| *code).collect(), answered.then(|| hispanic.iter().any(said)));
    Ok(Value { cell: Cell::Empty, more })
}

/// The dictionary's code of a roll-up.
pub(in crate::import) fn code_of(ethnicity: Ethnicity) -> &'static str {
    match ethnicity {
        Ethnicity::AmericanIndian => "american-indian",
        Ethnicity::Asian => "asian",
        Ethnicity::Black => "black",
        Ethnicity::Filipino => "filipino",
        Ethnicity::Hispanic => "hispanic",
        Ethnicity::NotReported => "not-reported",
        Ethnicity::PacificIslander => "pacific-islander",
        Ethnicity::TwoOrMore => "two-or-more",
        Ethnicity::White => "white",
    }
}

//! Codes as institutions write them into the categories of tables (domain 1B, N6).

use passage_protocol::cells::{Ethnicity, Gender};

/// The category of a gender code; `None` if the code is not known, `NotStated` if it says so.
#[must_use]
pub fn gender(code: &str) -> Option<Gender> {
    Some(match code.trim().to_ascii_uppercase().as_str() {
        "F" | "FEMALE" | "2" => Gender::Female,
        "M" | "MALE" | "1" => Gender::Male,
        "X" | "N" | "NONBINARY" | "NON-BINARY" | "3" => Gender::Nonbinary,
        "" | "U" | "UNKNOWN" | "9" => Gender::NotStated,
        _ => return None,
    })
}

/// The CDE roll-up: Hispanic first; more than one group is two or more; none is not reported (domain 1B).
#[must_use]
pub fn ethnicity(hispanic: Option<bool>, races: &[u16]) -> Ethnicity {
    if hispanic == Some(true) || races.contains(&500) {
        return Ethnicity::Hispanic;
    }
    let mut found = Ethnicity::NotReported;
    for group in races.iter().filter_map(|code| group(*code)) {
        if found != Ethnicity::NotReported && found != group {
            return Ethnicity::TwoOrMore;
        }
        found = group;
    }
    found
}

fn group(code: u16) -> Option<Ethnicity> {
    Some(match code {
        100 => Ethnicity::AmericanIndian,
        201..=299 => Ethnicity::Asian,
        301..=399 => Ethnicity::PacificIslander,
        400 => Ethnicity::Filipino,
        600 => Ethnicity::Black,
        700 => Ethnicity::White,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_gender_code_seen_in_files_is_known() {
        for (code, category) in [
            ("F", Gender::Female),
            ("Female", Gender::Female),
            ("2", Gender::Female),
            ("1", Gender::Male),
            ("male", Gender::Male),
            ("3", Gender::Nonbinary),
            ("N", Gender::Nonbinary),
            ("Nonbinary", Gender::Nonbinary),
            ("U", Gender::NotStated),
        ] {
            assert_eq!(gender(code), Some(category), "{code}");
        }
        assert_eq!(gender("Q"), None);
    }

    #[test]
    fn the_roll_up_puts_hispanic_first() {
        assert_eq!(ethnicity(Some(true), &[700, 201]), Ethnicity::Hispanic);
        assert_eq!(ethnicity(Some(false), &[700, 201]), Ethnicity::TwoOrMore);
        assert_eq!(ethnicity(None, &[201, 205]), Ethnicity::Asian);
        assert_eq!(ethnicity(Some(false), &[]), Ethnicity::NotReported);
        assert_eq!(ethnicity(Some(false), &[400]), Ethnicity::Filipino);
    }
}

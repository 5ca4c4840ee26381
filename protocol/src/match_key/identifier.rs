//! Identifiers and codes: SSID, SSN, five-digit postal code, gender (linkage findings 4.1 steps 11 to 13).
//!
//! Promises that a number known to be a filler, or one that was never issued, is missing rather than a key that
//! strangers share. It does not promise that a number belongs to the person: borrowed and mistyped numbers pass.

/// A gender as recipes compare it. Anything not stated as one of the three is missing.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(super) enum Gender {
    Female,
    Male,
    Nonbinary,
}

impl Gender {
    /// Reads the codes and words institutions use: letters, `1 2 3`, the words in full.
    pub(super) fn parse(raw: &str) -> Option<Self> {
        match raw.trim().to_ascii_uppercase().as_str() {
            "F" | "FEMALE" | "2" => Some(Self::Female),
            "M" | "MALE" | "1" => Some(Self::Male),
            "X" | "N" | "NONBINARY" | "NON-BINARY" | "3" => Some(Self::Nonbinary),
            _ => None,
        }
    }

    pub(super) fn letter(self) -> &'static str {
        match self {
            Self::Female => "F",
            Self::Male => "M",
            Self::Nonbinary => "X",
        }
    }
}

/// A statewide student identifier: ten digits, padded on the left; one repeated digit is a filler (domain 2.3).
pub(super) fn ssid(raw: &str) -> Option<[u8; 10]> {
    let digits = digits(raw)?;
    if digits.len() > 10 {
        return None;
    }
    let mut ssid = [b'0'; 10];
    for (place, digit) in ssid.iter_mut().rev().zip(digits.iter().rev()) {
        *place = *digit;
    }
    (!repeats_one_digit(&ssid)).then_some(ssid)
}

/// A social security number that could have been issued (POMS RM 10201.035, domain 2.4).
///
/// Refused: areas 000, 666 and 9xx, group 00, serial 0000, one repeated digit, and numbers known from advertisements
/// and forms. A number with letters in it is a college's own identifier and never compared as an SSN.
pub(super) fn ssn(raw: &str) -> Option<[u8; 9]> {
    let ssn: [u8; 9] = digits(raw)?.try_into().ok()?;
    let [a, b, c, d, e, serial @ ..] = ssn;
    let never_issued = matches!([a, b, c], [b'9', _, _] | [b'0', b'0', b'0'] | [b'6', b'6', b'6'])
        || [d, e] == *b"00"
        || serial == *b"0000";
    (!never_issued && !repeats_one_digit(&ssn) && !SSN_FILLERS.contains(&&ssn)).then_some(ssn)
}

/// The first five digits of a United States postal code; `00000` is missing.
pub(super) fn postal_code(raw: &str) -> Option<[u8; 5]> {
    let code: [u8; 5] = raw.trim().as_bytes().get(..5)?.try_into().ok()?;
    (code.iter().all(u8::is_ascii_digit) && code != *b"00000").then_some(code)
}

/// The digits of `raw` without separators; nothing if there is none, or if a letter stands among them.
fn digits(raw: &str) -> Option<Vec<u8>> {
    if raw.chars().any(char::is_alphabetic) {
        return None;
    }
    let digits: Vec<u8> = raw.bytes().filter(u8::is_ascii_digit).collect();
    (!digits.is_empty()).then_some(digits)
}

fn repeats_one_digit(digits: &[u8]) -> bool {
    digits.first().is_some_and(|first| digits.iter().all(|digit| digit == first))
}

pub(super) const SSN_FILLERS: [&[u8; 9]; 6] =
    [b"012345678", b"078051120", b"123121234", b"123456789", b"219099999", b"457555462"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_through_their_separators() {
        assert_eq!(ssn("400-61-4555"), Some(*b"400614555"));
        assert_eq!(ssn(" 400 61 4555 "), Some(*b"400614555"));
        assert_eq!(ssid("123456789"), Some(*b"0123456789"));
        assert_eq!(postal_code("94575-1234"), Some(*b"94575"));
    }

    #[test]
    fn numbers_never_issued_and_fillers_are_missing() {
        for raw in [
            "",
            "000-12-3456",
            "666-12-3456",
            "900-12-3456",
            "987-65-4321",
            "400-00-4555",
            "400-61-0000",
            "111111111",
            "123456789",
            "078-05-1120",
            "219-09-9999",
            "40061455",
            "4006145555",
            "C00614555",
        ] {
            assert_eq!(ssn(raw), None, "{raw}");
        }
        for raw in ["", "0", "9999999999", "12345678901", "A123456789", "unknown"] {
            assert_eq!(ssid(raw), None, "{raw}");
        }
        for raw in ["", "0000", "00000", "9457", "9457X", "K1A 0B1"] {
            assert_eq!(postal_code(raw), None, "{raw}");
        }
    }

    #[test]
    fn gender_codes_of_every_segment_are_read() {
        for (letter, codes) in
            [("M", ["m", "Male", "1"]), ("F", ["F", "female", " 2 "]), ("X", ["X", "Nonbinary", "N"])]
        {
            for code in codes {
                assert_eq!(Gender::parse(code).map(Gender::letter), Some(letter), "{code}");
            }
        }
        for code in ["", "U", "9", "decline"] {
            assert!(Gender::parse(code).is_none(), "{code}");
        }
    }
}

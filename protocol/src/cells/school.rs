//! Schools of a sender, as a study names them: the rows of a table by school (SPEC §3.1, §5.5).

use core::fmt;

use crate::{
    codec::{CodecError, Decode, Encode, Reader},
    codec_struct,
    document::is_plain,
};

/// Most schools a study may list of one sender: a row of a table is numbered in a byte, and the row of other schools is one.
pub const SCHOOLS_MAX: usize = 200;
/// Letters of a school's name.
pub const SCHOOL_LETTERS_MAX: usize = 80;
/// Cohorts times rows of one table by school, at most: with the most figures a row can have, 35, and the sums of withheld rows a
/// table stays within [`crate::disclosure::TABLE_CELLS_MAX`].
pub const SCHOOL_CELLS_MAX: usize = 450;

/// The row of students of no school that is listed.
pub const ANOTHER_SCHOOL: &str = "another school";

/// The state's code of a school: seven digits, as files of the state have them (the last seven of a CDS code).
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct SchoolCode(u32);

impl SchoolCode {
    /// Reads seven digits; `None` for anything else.
    ///
    /// ```
    /// # use passage_protocol::cells::SchoolCode;
    /// assert_eq!(SchoolCode::parse("0000012").unwrap().to_string(), "0000012");
    /// assert_eq!(SchoolCode::parse("12"), None);
    /// ```
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let is_code = text.len() == DIGITS && text.bytes().all(|byte| byte.is_ascii_digit());
        is_code.then(|| text.parse().ok().map(Self))?
    }

    /// The digits as a number, for a row of bytes of one's own.
    #[must_use]
    pub fn number(self) -> u32 {
        self.0
    }

    /// Back from [`Self::number`]; `None` for a number of more than seven digits.
    #[must_use]
    pub fn from_number(number: u32) -> Option<Self> {
        (number < 10_u32.pow(DIGITS as u32)).then_some(Self(number))
    }
}

/// Digits of a code.
const DIGITS: usize = 7;

impl fmt::Display for SchoolCode {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:07}", self.0)
    }
}

impl Encode for SchoolCode {
    fn encode(&self, out: &mut Vec<u8>) {
        self.0.encode(out);
    }
}

impl Decode for SchoolCode {
    fn decode(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        let position = reader.position();
        let expected = "a school's code of seven digits";
        Self::from_number(u32::decode(reader)?).ok_or(CodecError::Invalid { position, expected })
    }
}

/// One school of a sender.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct School {
    /// The state's code.
    pub code: SchoolCode,
    /// What its row is called.
    pub name: String,
}
codec_struct!(School { code, name });

/// Whether these schools may be the rows of a table: as many as a byte numbers, each code and each name once, every name a line of
/// text that can be shown, and none that is the name of the row of other schools.
#[must_use]
pub fn are_rows(schools: &[School]) -> bool {
    let is_name = |name: &str| {
        name.trim() == name
            && !name.is_empty()
            && name.chars().count() <= SCHOOL_LETTERS_MAX
            && is_plain(name)
            && !name.contains('\n')
            && name != ANOTHER_SCHOOL
    };
    let once = |count: usize| count == schools.len();
    let codes: std::collections::BTreeSet<SchoolCode> = schools.iter().map(|school| school.code).collect();
    let names: std::collections::BTreeSet<&str> = schools.iter().map(|school| school.name.as_str()).collect();
    (1..=SCHOOLS_MAX).contains(&schools.len())
        && once(codes.len())
        && once(names.len())
        && names.into_iter().all(is_name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schools(named: &[(&str, &str)]) -> Vec<School> {
        let school = |(code, name): &(&str, &str)| School {
            code: SchoolCode::parse(code).unwrap(),
            name: (*name).to_owned(),
        };
        named.iter().map(school).collect()
    }

    #[test]
    fn a_code_is_seven_digits() {
        for bad in ["", "1", "193036", "19303610", "193036A", "+193036", " 193036", "1930 61"] {
            assert_eq!(SchoolCode::parse(bad), None, "{bad}");
        }
        let code = SchoolCode::parse("0001930").unwrap();
        assert_eq!((code.number(), SchoolCode::from_number(1930)), (1930, Some(code)));
        assert_eq!(SchoolCode::from_number(10_000_000), None);
        assert!(SchoolCode::from_bytes(&10_000_000_u32.to_bytes()).is_err());
        assert_eq!(SchoolCode::from_bytes(&code.to_bytes()), Ok(code));
    }

    #[test]
    fn the_figures_of_a_table_within_the_bound_fit() {
        // One receiver and fifteen outcomes: each, any there and any anywhere, as count and percent, and the group; and as many sums of
        // withheld rows for each of sixteen cohorts.
        const { assert!((SCHOOL_CELLS_MAX + 16) * 35 <= crate::disclosure::TABLE_CELLS_MAX) }
    }

    #[test]
    fn rows_have_a_code_and_a_name_of_their_own() {
        let fine = [("1930361", "Lincoln High"), ("1930362", "Washington High")];
        assert!(are_rows(&schools(&fine)));
        for bad in [
            &[][..],
            &[("1930361", "Lincoln High"), ("1930361", "Washington High")],
            &[("1930361", "Lincoln High"), ("1930362", "Lincoln High")],
            &[("1930361", "")],
            &[("1930361", " Lincoln High")],
            &[("1930361", "Lincoln\nHigh")],
            &[("1930361", "Lincoln\u{1b}[2J")],
            &[("1930361", ANOTHER_SCHOOL)],
            &[("1930361", &"x".repeat(SCHOOL_LETTERS_MAX + 1))],
        ] {
            assert!(!are_rows(&schools(bad)), "{bad:?}");
        }
        let many = |count: u32| -> Vec<School> {
            let school = |number| School {
                code: SchoolCode::from_number(number).unwrap(),
                name: format!("School {number}"),
            };
            (0..count).map(school).collect()
        };
        assert!(are_rows(&many(200)) && !are_rows(&many(201)));
    }
}

//! A date of birth as recipes compare it (linkage findings 4.1 step 10).
//!
//! Promises a date that exists, from 1905 to the year given as argument; a month above 12 with a day up to 12 is read
//! as the two having been swapped. It does not promise that the date is true: the first of January is a date like any other.

/// A date of birth.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(super) struct BirthDate {
    year: u16,
    month: u8,
    day: u8,
}

impl BirthDate {
    /// Reads `YYYY-MM-DD`, the form every import adapter produces. `year_max` is the current year, from the caller's clock.
    pub(super) fn parse(raw: &str, year_max: u16) -> Option<Self> {
        let [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = *raw.trim().as_bytes() else { return None };
        let number = |digits: &[u8]| {
            digits.iter().try_fold(0_u16, |value, digit| {
                digit.is_ascii_digit().then(|| value * 10 + u16::from(digit - b'0'))
            })
        };
        let year = number(&[y1, y2, y3, y4])?;
        let (mut month, mut day) = (number(&[m1, m2])?, number(&[d1, d2])?);
        if month > 12 && day <= 12 {
            (month, day) = (day, month);
        }
        let (month, day) = (u8::try_from(month).ok()?, u8::try_from(day).ok()?);
        let exists = (1..=days_in(year, month)?).contains(&day);
        (exists && (YEAR_MIN..=year_max).contains(&year)).then_some(Self { year, month, day })
    }

    /// `YYYYMMDD`.
    pub(super) fn digits(self) -> String {
        format!("{:04}{:02}{:02}", self.year, self.month, self.day)
    }

    /// `YYYY` and the two two-digit parts in ascending order, so that a swapped day and month agree.
    pub(super) fn digits_swap_proof(self) -> String {
        let (low, high) = (self.month.min(self.day), self.month.max(self.day));
        format!("{:04}{low:02}{high:02}", self.year)
    }
}

fn days_in(year: u16, month: u8) -> Option<u8> {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => Some(31),
        4 | 6 | 9 | 11 => Some(30),
        2 => Some(if leap { 29 } else { 28 }),
        _ => None,
    }
}

/// Nobody in a student record is older; earlier years are defaults of old systems (1900-01-01, 1901-01-01).
const YEAR_MIN: u16 = 1905;

#[cfg(test)]
mod tests {
    use super::*;

    fn read(raw: &str) -> Option<String> {
        BirthDate::parse(raw, 2026).map(BirthDate::digits)
    }

    #[test]
    fn dates_are_read_and_swapped_parts_put_right() {
        assert_eq!(read("2004-02-29").as_deref(), Some("20040229"));
        assert_eq!(read("2004-17-05").as_deref(), Some("20040517"));
    }

    #[test]
    fn dates_that_can_not_be_are_missing() {
        for raw in [
            "",
            "2005-02-29",
            "2004-13-13",
            "2004-00-10",
            "2004-10-00",
            "1900-01-01",
            "1901-01-01",
            "2027-01-01",
            "20040229",
            "04/05/2004",
            "2004-1-05",
            "2004-01-99",
            "+004-01-01",
        ] {
            assert_eq!(read(raw), None, "{raw}");
        }
    }

    #[test]
    fn the_swap_proof_form_ignores_the_order_of_day_and_month() {
        let form = |raw| BirthDate::parse(raw, 2026).map(BirthDate::digits_swap_proof);
        assert_eq!(form("2004-05-11"), form("2004-11-05"));
        assert_eq!(form("2004-11-05").as_deref(), Some("20040511"));
    }
}

//! One row of a member's own file as the node understands it: the first rung of the privacy ladder.
//!
//! These values never leave the machine: no `Debug`, no `Serialize`, no `Clone`; text is wiped when dropped. On the disk
//! they stand in sealed tables only ([`crate::tables`]).
//!
//! ```compile_fail
//! fn printable<T: std::fmt::Debug>() {}
//! printable::<passage_node::roster::Person>();
//! ```

use passage_protocol::{cells::SchoolYear, match_key::PersonFields, timestamp};
use zeroize::Zeroizing;

/// Text of a student record: wiped when dropped, not printable.
#[derive(Default)]
pub struct Text(Zeroizing<String>);

impl Text {
    /// Takes a copy of a field.
    #[must_use]
    pub fn new(value: &str) -> Self {
        Self(Zeroizing::new(value.to_owned()))
    }

    /// The text in upper case: the form student numbers are compared in.
    #[must_use]
    pub fn upper(value: &str) -> Self {
        Self(Zeroizing::new(value.to_ascii_uppercase()))
    }

    /// Lends the text to code that must compute with it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// True if the file had nothing here, or nothing usable.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The text, or `None` if empty.
    #[must_use]
    pub fn present(&self) -> Option<&str> {
        (!self.is_empty()).then_some(self.expose())
    }
}

impl PartialEq for Text {
    fn eq(&self, other: &Self) -> bool {
        self.expose() == other.expose()
    }
}

impl Eq for Text {}

impl PartialOrd for Text {
    fn partial_cmp(&self, other: &Self) -> Option<core::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Text {
    fn cmp(&self, other: &Self) -> core::cmp::Ordering {
        self.expose().cmp(other.expose())
    }
}

impl core::hash::Hash for Text {
    fn hash<H: core::hash::Hasher>(&self, state: &mut H) {
        self.expose().hash(state);
    }
}

/// A real calendar date, proleptic Gregorian.
#[derive(Clone, Copy, Eq, Ord, PartialEq, PartialOrd)]
pub struct Date {
    year: u16,
    month: u8,
    day: u8,
}

impl Date {
    /// The date, if the calendar has it.
    #[must_use]
    pub fn new(year: u16, month: u8, day: u8) -> Option<Self> {
        timestamp::Date::new(year, month, day).map(|_| Self { year, month, day })
    }

    /// Calendar year.
    #[must_use]
    pub fn year(self) -> u16 {
        self.year
    }

    /// Month, 1 to 12.
    #[must_use]
    pub fn month(self) -> u8 {
        self.month
    }

    /// Day of the month, from 1.
    #[must_use]
    pub fn day(self) -> u8 {
        self.day
    }

    /// The school year whose graduates leave on this date: 16 August to 15 August (domain 1B, CALPADS 1.22).
    #[must_use]
    pub fn graduating_year(self) -> SchoolYear {
        let later = (self.month, self.day) >= (8, 16);
        SchoolYear(if later { self.year } else { self.year.saturating_sub(1) })
    }
}

/// Who a row is about. Empty text means the file had none, or none that was usable.
#[derive(Default)]
pub struct Person {
    /// The institution's own student number.
    pub local_id: Text,
    /// Ten digits.
    pub ssid: Text,
    /// Nine digits.
    pub ssn: Text,
    /// Given name as written.
    pub first: Text,
    /// Middle name as written.
    pub middle: Text,
    /// Surname as written.
    pub last: Text,
    /// Name suffix as written.
    pub suffix: Text,
    /// A surname used before.
    pub prior_last: Text,
    /// Alias given name.
    pub alias_first: Text,
    /// Alias middle name.
    pub alias_middle: Text,
    /// Alias surname.
    pub alias_last: Text,
    /// Date of birth.
    pub birth_date: Option<Date>,
    /// Gender code as written; [`super::category::gender`] reads it.
    pub gender: Text,
    /// ZIP code as written.
    pub zip: Text,
    /// Hispanic indicator, if the file answered.
    pub hispanic: Option<bool>,
    /// Three-digit race codes, at most five (domain 1B).
    pub races: Vec<u16>,
}

impl Person {
    /// The fields match keys are made of, with the date of birth as `YYYY-MM-DD`.
    ///
    /// An alias surname serves as a former one: the pair of names tries either (linkage findings 4.2).
    #[must_use]
    pub fn fields<'a>(&'a self, birth_date: &'a str) -> PersonFields<'a> {
        let prior = if self.prior_last.is_empty() { &self.alias_last } else { &self.prior_last };
        PersonFields {
            ssid: self.ssid.expose(),
            ssn: self.ssn.expose(),
            first: self.first.expose(),
            middle: self.middle.expose(),
            last: self.last.expose(),
            prior_last: prior.expose(),
            birth_date,
            gender: self.gender.expose(),
            zip: self.zip.expose(),
        }
    }

    /// Lays what a `later` row says over this one; the local number stays.
    pub(super) fn overlay(&mut self, later: Self) {
        let Self {
            local_id: _,
            ssid,
            ssn,
            first,
            middle,
            last,
            suffix,
            prior_last,
            alias_first,
            alias_middle,
            alias_last,
            birth_date,
            gender,
            zip,
            hispanic,
            races,
        } = later;
        for (kept, said) in [
            (&mut self.ssid, ssid),
            (&mut self.ssn, ssn),
            (&mut self.first, first),
            (&mut self.middle, middle),
            (&mut self.last, last),
            (&mut self.suffix, suffix),
            (&mut self.prior_last, prior_last),
            (&mut self.alias_first, alias_first),
            (&mut self.alias_middle, alias_middle),
            (&mut self.alias_last, alias_last),
            (&mut self.gender, gender),
            (&mut self.zip, zip),
        ] {
            if !said.is_empty() {
                *kept = said;
            }
        }
        self.birth_date = birth_date.or(self.birth_date);
        self.hispanic = hispanic.or(self.hispanic);
        if !races.is_empty() {
            self.races = races;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_that_the_calendar_lacks_are_refused() {
        assert!(Date::new(2004, 2, 29).is_some());
        assert!(Date::new(2003, 2, 29).is_none());
        assert!(Date::new(2003, 13, 1).is_none());
        assert!(Date::new(2003, 4, 31).is_none());
        assert!(Date::new(2003, 4, 0).is_none());
    }

    #[test]
    fn graduating_years_turn_over_on_16_august() {
        let year = |month, day| Date::new(2020, month, day).unwrap().graduating_year();
        assert_eq!(year(8, 15), SchoolYear(2019));
        assert_eq!(year(8, 16), SchoolYear(2020));
    }
}

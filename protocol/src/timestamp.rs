//! Points in time as seconds since 1970-01-01T00:00:00Z. There is no clock here: time is an argument.

use core::fmt;

/// Seconds since the Unix epoch, UTC.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Timestamp(pub u64);

impl Timestamp {
    /// This time plus `seconds`, saturating.
    #[must_use]
    pub fn plus_s(self, seconds: u64) -> Self {
        Self(self.0.saturating_add(seconds))
    }

    /// Seconds from `earlier` to this time; zero if `earlier` is later.
    #[must_use]
    pub fn since_s(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }

    /// The calendar day of this time, UTC.
    #[must_use]
    pub fn date(self) -> Date {
        // Days to civil date, after Hinnant's public algorithm (chrono-compatible low-level date algorithms).
        let days = i64::try_from(self.0 / 86_400).unwrap_or(i64::MAX / 2) + 719_468;
        let era = days.div_euclid(146_097);
        let day_of_era = days.rem_euclid(146_097);
        let year_of_era =
            (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let shifted_month = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
        let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
        let year = year_of_era + era * 400 + i64::from(month <= 2);
        Date {
            year: u16::try_from(year).unwrap_or(u16::MAX),
            month: u8::try_from(month).unwrap_or(0),
            day: u8::try_from(day).unwrap_or(0),
        }
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0 % 86_400;
        write!(
            formatter,
            "{}T{:02}:{:02}:{:02}Z",
            self.date(),
            seconds / 3_600,
            seconds / 60 % 60,
            seconds % 60
        )
    }
}

/// A calendar day, proleptic Gregorian.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Date {
    /// Calendar year, four digits.
    pub year: u16,
    /// Month, 1 to 12.
    pub month: u8,
    /// Day of the month, 1 to 31.
    pub day: u8,
}

impl Date {
    /// Reads `YYYY-MM-DD`; `None` if the text has another shape or names no day of the calendar.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('-');
        let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
        if parts.next().is_some() || year.len() != 4 || month.len() != 2 || day.len() != 2 {
            return None;
        }
        Self::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?)
    }

    /// The day, if it exists in the calendar.
    #[must_use]
    pub fn new(year: u16, month: u8, day: u8) -> Option<Self> {
        let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
        let length = match month {
            1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
            4 | 6 | 9 | 11 => 30,
            2 if leap => 29,
            2 => 28,
            _ => return None,
        };
        (1..=length).contains(&day).then_some(Self { year, month, day })
    }

    /// Days from 1 January of the year 0 of the proleptic calendar: for differences only.
    #[must_use]
    pub fn day_number(self) -> u32 {
        // The inverse of the algorithm in [`Timestamp::date`]: years begin in March, so that a leap day ends one.
        let month = u32::from(self.month);
        let (year, shifted_month) = match month {
            3.. => (u32::from(self.year), month - 3),
            _ => (u32::from(self.year).saturating_sub(1), month + 9),
        };
        let day_of_year = (153 * shifted_month + 2) / 5 + u32::from(self.day);
        year * 365 + year / 4 - year / 100 + year / 400 + day_of_year
    }

    /// Days from `earlier` to this day; negative if `earlier` is later.
    #[must_use]
    pub fn days_since(self, earlier: Self) -> i64 {
        i64::from(self.day_number()) - i64::from(earlier.day_number())
    }

    /// The same day a year later; 29 February becomes 1 March.
    #[must_use]
    pub fn a_year_later(self) -> Self {
        let year = self.year.saturating_add(1);
        Self::new(year, self.month, self.day).unwrap_or(Self { year, month: 3, day: 1 })
    }
}

impl fmt::Display for Date {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_days() {
        assert_eq!(Timestamp(0).to_string(), "1970-01-01T00:00:00Z");
        assert_eq!(Timestamp(951_782_400).to_string(), "2000-02-29T00:00:00Z");
        assert_eq!(Timestamp(1_795_391_999).to_string(), "2026-11-22T23:59:59Z");
    }

    #[test]
    fn differences_count_days() {
        let day = |text| Date::parse(text).unwrap();
        assert_eq!(day("2024-03-01").days_since(day("2024-02-28")), 2);
        assert_eq!(day("2023-03-01").days_since(day("2023-02-28")), 1);
        assert_eq!(day("2000-01-01").days_since(day("1970-01-01")), 10_957);
        assert_eq!(day("2026-07-15").days_since(day("2026-07-16")), -1);
        assert_eq!(day("2024-02-29").a_year_later(), day("2025-03-01"));
        for days in (0..60_000_u64).step_by(97) {
            let later = Timestamp(days * 86_400).date();
            assert_eq!(later.days_since(Timestamp(0).date()), i64::try_from(days).unwrap());
        }
    }

    #[test]
    fn impossible_days_are_refused() {
        for text in
            ["2023-02-29", "2024-13-01", "2024-00-10", "2024-04-31", "24-04-30", "2024-4-3", "2024-04-30-1"]
        {
            assert_eq!(Date::parse(text), None, "{text}");
        }
        assert_eq!(Date::parse("2024-02-29"), Date::new(2024, 2, 29));
    }
}

//! Which schools or colleges a file speaks for, period by period: of what is stored it takes the place of theirs alone (D4).
//!
//! The columns are data: `unit-from` of the layout. A layout without it describes files that are always the whole of a
//! period.

use core::{borrow::Borrow, fmt};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use super::{error::ImportError, period::ReportingPeriod};

/// Most periods and units of one file: every school of a state in six years. More is no column of schools.
const UNITS_MAX: usize = 65_536;
/// Stands between the codes of a unit. No text of a field has it.
pub(super) const CODE_END: char = '\u{1F}';

/// A school or college as the source codes it: the checked values of the columns of `unit-from`. A blank is a value too: rows
/// that do not say their school are together a unit, and no other file takes their place.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Unit(Arc<str>);

impl Unit {
    pub(super) fn new(codes: &str) -> Self {
        Self(Arc::from(codes))
    }

    /// Its codes, as they are stored and compared.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Unit {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0.replace(CODE_END, "/"))
    }
}

impl Borrow<str> for Unit {
    fn borrow(&self) -> &str {
        &self.0
    }
}

/// What a file speaks for in one period.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Units {
    /// These schools or colleges.
    Named(BTreeSet<Unit>),
    /// The whole of it: its layout names no schools or colleges.
    Unnamed,
    /// The whole of it, also the schools it does not name: whoever imports it said so.
    Whole,
}

impl Units {
    /// True if no row of one can be a row of the other.
    #[must_use]
    pub fn are_apart(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Named(one), Self::Named(other)) => one.is_disjoint(other),
            (Self::Unnamed | Self::Whole, _) | (_, Self::Unnamed | Self::Whole) => false,
        }
    }

    /// True if a stored row is spoken for; `unit` is none if its layout names no units.
    #[must_use]
    pub fn hold(&self, unit: Option<&str>) -> bool {
        match self {
            Self::Unnamed | Self::Whole => true,
            Self::Named(units) => unit.is_some_and(|unit| units.contains(unit)),
        }
    }

    /// True if it cannot be told whether a stored row is one of these: one of the two names its school and the other does not.
    #[must_use]
    pub fn cannot_tell(&self, unit: Option<&str>) -> bool {
        match self {
            Self::Named(_) => unit.is_none(),
            Self::Unnamed => unit.is_some(),
            Self::Whole => false,
        }
    }
}

/// What a file speaks for.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Spoken {
    periods: BTreeMap<ReportingPeriod, Units>,
    pairs: usize,
}

impl Spoken {
    /// Notes a row.
    pub(super) fn note(&mut self, period: ReportingPeriod, unit: Option<&Unit>) -> Result<(), ImportError> {
        let Some(unit) = unit else {
            self.periods.entry(period).or_insert(Units::Unnamed);
            return Ok(());
        };
        let units = self.periods.entry(period).or_insert_with(|| Units::Named(BTreeSet::new()));
        if let Units::Named(units) = units
            && !units.contains(unit)
        {
            if self.pairs == UNITS_MAX {
                return Err(ImportError::TooManyUnits { units_max: UNITS_MAX });
            }
            self.pairs += 1;
            units.insert(unit.clone());
        }
        Ok(())
    }

    /// The same periods, each spoken for as a whole.
    #[must_use]
    pub fn as_a_whole(self) -> Self {
        Self { periods: self.periods.into_keys().map(|period| (period, Units::Whole)).collect(), pairs: 0 }
    }

    /// What it speaks for in a period; none if nothing.
    #[must_use]
    pub fn in_period(&self, period: ReportingPeriod) -> Option<&Units> {
        self.periods.get(&period)
    }

    /// The periods, ascending, and what it speaks for in each.
    pub fn periods(&self) -> impl Iterator<Item = (ReportingPeriod, &Units)> {
        self.periods.iter().map(|(period, units)| (*period, units))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_that_is_no_column_of_schools_does_not_fill_memory() {
        let mut spoken = Spoken::default();
        let period = ReportingPeriod::default();
        for number in 0..UNITS_MAX {
            spoken.note(period, Some(&Unit::new(&number.to_string()))).unwrap();
        }
        spoken.note(period, Some(&Unit::new("7"))).unwrap();
        let refused = spoken.note(period, Some(&Unit::new("one more")));
        assert!(matches!(refused, Err(ImportError::TooManyUnits { units_max: UNITS_MAX })));
    }

    #[test]
    fn a_blank_school_is_a_unit_of_its_own() {
        let units = |codes: &[&str]| Units::Named(codes.iter().map(|code| Unit::new(code)).collect());
        let blank = "9912345\u{1F}";
        let named = "9912345\u{1F}9930001";
        assert!(units(&[blank]).are_apart(&units(&[named])));
        assert!(units(&[blank]).hold(Some(blank)) && !units(&[blank]).hold(Some(named)));
        assert!(Units::Unnamed.hold(None) && Units::Unnamed.cannot_tell(Some(named)));
        assert!(Units::Whole.hold(Some(named)) && !Units::Whole.cannot_tell(Some(named)));
        assert_eq!(Unit::new(named).to_string(), "9912345/9930001");
    }
}

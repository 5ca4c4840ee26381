//! What a file takes the place of among the stored rows of its periods: weighed before anything is written, so that a dry run
//! knows the same numbers (D4).

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::ControlFlow,
};

use passage_analytics::table::TableError;
use serde::Serialize;

use super::{
    Folder, Place, StoredTable, TablesError,
    schema::{ROW_KEY, UNIT},
};
use crate::{
    custody::Custody,
    import::{NamedRecords, ReportingPeriod, Spoken},
};

/// Which stored rows a file takes out.
#[derive(Clone, Copy)]
pub enum TakenOut<'a> {
    /// The records a file of changes names, in these periods.
    Records(&'a NamedRecords, &'a [ReportingPeriod]),
    /// What the file speaks for.
    Spoken(&'a Spoken),
}

/// What becomes of the stored rows of one period.
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize)]
pub struct Replaced {
    /// The period.
    pub period: ReportingPeriod,
    /// Rows that go, as they are counted by table.
    pub rows_gone: u64,
    /// Rows that stay.
    pub rows_stay: u64,
    /// Schools or colleges of which rows go; 0 if the rows do not say.
    pub units_gone: usize,
    /// Schools or colleges of which rows stay.
    pub units_stay: usize,
    /// Stored rows that cannot be told apart by school or college as the file's can, or the other way round.
    pub rows_untold: u64,
}

/// Counts of one stored table.
#[derive(Default)]
struct Weight {
    gone: u64,
    stay: u64,
    untold: u64,
    units_gone: BTreeSet<String>,
    units_stay: BTreeSet<String>,
}

impl Weight {
    fn add(&mut self, unit: Option<&str>, goes: Goes) {
        let (count, units) = match goes {
            Goes::Out => (&mut self.gone, &mut self.units_gone),
            Goes::Nowhere => (&mut self.stay, &mut self.units_stay),
        };
        *count += 1;
        if let Some(unit) = unit.filter(|unit| !units.contains(*unit)) {
            units.insert(unit.to_owned());
        }
    }

    /// The counts of one period.
    fn sum(period: ReportingPeriod, tables: &[(&StoredTable, Self)]) -> Replaced {
        let mut sum = Replaced { period, ..Replaced::default() };
        let (mut gone, mut stay) = (BTreeSet::new(), BTreeSet::new());
        for (_, weight) in tables {
            sum.rows_gone += weight.gone;
            sum.rows_stay += weight.stay;
            sum.rows_untold += weight.untold;
            gone.extend(&weight.units_gone);
            stay.extend(&weight.units_stay);
        }
        (sum.units_gone, sum.units_stay) = (gone.len(), stay.len());
        sum
    }
}

/// Whether a stored row goes.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(super) enum Goes {
    Nowhere,
    Out,
}

impl TakenOut<'_> {
    /// True if rows at a place may be taken out.
    pub(super) fn touches(&self, place: &Place) -> bool {
        match self {
            Self::Records(_, periods) => periods.contains(&place.period),
            Self::Spoken(spoken) => spoken.in_period(place.period).is_some(),
        }
    }

    /// Whether a stored row goes.
    pub(super) fn takes(&self, place: &Place, unit: Option<&str>, key: Option<i64>) -> Goes {
        let goes = match self {
            Self::Records(named, _) => key.is_some_and(|key| named.contains_stored(key)),
            Self::Spoken(spoken) => spoken.in_period(place.period).is_some_and(|units| units.hold(unit)),
        };
        if goes { Goes::Out } else { Goes::Nowhere }
    }

    /// True if nobody knows whether a stored row is one of those the file is about.
    fn cannot_tell(&self, place: &Place, unit: Option<&str>) -> bool {
        match self {
            Self::Records(..) => false,
            Self::Spoken(spoken) => {
                spoken.in_period(place.period).is_some_and(|units| units.cannot_tell(unit))
            }
        }
    }
}

/// The stored tables that a file takes rows out of, weighed.
pub struct Weighed<'t> {
    tables: BTreeMap<ReportingPeriod, Vec<(&'t StoredTable, Weight)>>,
}

impl<'t> Weighed<'t> {
    /// Weighs every table of `existing` that the file touches: reads two columns of each.
    pub(super) fn new(
        folder: &Folder,
        custody: &Custody,
        touched: &[&'t StoredTable],
        taken: TakenOut<'_>,
        steps: &mut Steps<'_>,
    ) -> Result<Self, TablesError> {
        let mut tables: BTreeMap<ReportingPeriod, Vec<(&'t StoredTable, Weight)>> = BTreeMap::new();
        for entry in touched {
            let place = &entry.place;
            let mut weight = Weight::default();
            folder.read(custody, entry, &[UNIT, ROW_KEY], &mut |row| {
                weight.add(row.text(0), taken.takes(place, row.text(0), row.integer(1)));
                weight.untold += u64::from(taken.cannot_tell(place, row.text(0)));
                steps.step()
            })?;
            tables.entry(place.period).or_default().push((entry, weight));
        }
        Ok(Self { tables })
    }

    /// What becomes of the rows of each period.
    #[must_use]
    pub fn replaced(&self) -> Vec<Replaced> {
        self.tables.iter().map(|(period, tables)| Weight::sum(*period, tables)).collect()
    }

    /// The tables of which nothing goes, and those of which something stays.
    pub(super) fn sorted(&self) -> (Vec<&'t StoredTable>, Vec<&'t StoredTable>) {
        let all = || self.tables.values().flatten();
        let untouched = all().filter(|(_, weight)| weight.gone == 0).map(|(entry, _)| *entry).collect();
        let halved = all().filter(|(_, weight)| weight.gone > 0 && weight.stay > 0);
        (untouched, halved.map(|(entry, _)| *entry).collect())
    }
}

/// Is told how many stored rows have been looked at, of how many; may stop it.
pub type StoredOutlet<'a> = dyn FnMut(u64, u64) -> ControlFlow<()> + 'a;

/// Rows between two reports.
const STEP_ROWS: u64 = 50_000;

/// A pass over stored rows, as whoever waits sees it.
pub(super) struct Steps<'a> {
    done: u64,
    total: u64,
    outlet: &'a mut StoredOutlet<'a>,
}

impl<'a> Steps<'a> {
    pub(super) fn new(tables: &[&StoredTable], outlet: &'a mut StoredOutlet<'a>) -> Self {
        Self { done: 0, total: tables.iter().map(|entry| entry.rows).sum(), outlet }
    }

    pub(super) fn step(&mut self) -> Result<(), TableError> {
        self.done += 1;
        let due = self.done.is_multiple_of(STEP_ROWS) || self.done == self.total;
        if due && (self.outlet)(self.done, self.total).is_break() {
            return Err(TableError::Stopped);
        }
        Ok(())
    }
}

//! In which order a file writes its dates, column by column.
//!
//! A column is taken with the month first only if the column as a whole leaves no choice: some day above 12 stands behind the
//! month, and none before it. Anything else that has the year at its end, or the day between year and month, is a doubt: a day
//! is never exchanged with a month because it might be one.

use super::{Doubt, Note};
use crate::import::{
    error::Nearness,
    fault::Fault,
    layout::{Check, Column, Layout},
    value::{Order, is_no_answer, order},
};

/// A layout as a file has it.
pub(super) struct Dated {
    /// The layout, with the order of the file's dates in its columns.
    pub(super) layout: Layout,
    /// What is told of the file.
    pub(super) notes: Vec<Note>,
    /// The first column whose order cannot be told.
    pub(super) doubt: Option<Doubt>,
}

/// Settles the order of every column of dates; `values` gives the values of a column by its place in the layout. None if the
/// file has every date as the layout says.
pub(super) fn settle<'a, I>(layout: &Layout, values: impl Fn(usize) -> I) -> Option<Dated>
where
    I: Iterator<Item = &'a str>,
{
    let mut dated: Option<Dated> = None;
    for (place, column) in layout.column.iter().enumerate() {
        if !matches!(column.check, Check::BirthDate | Check::Date) || column.never.is_some() {
            continue;
        }
        let Some(found) = Tally::of(column, values(place)).verdict() else { continue };
        let dated =
            dated.get_or_insert_with(|| Dated { layout: layout.clone(), notes: Vec::new(), doubt: None });
        match found {
            Ok(()) => dated.notes.push((Fault::MonthFirst, Some(place))),
            // What is not kept cannot be read wrongly.
            Err(_) if !is_used(layout, column) => {}
            Err(why) => {
                let words = format!("column {} {why}", column.name);
                dated.doubt.get_or_insert_with(|| Doubt::new(Nearness::Closest, words));
            }
        }
        // In doubt too: whether the rest of the layout fits is then seen.
        if let Some(column) = dated.layout.column.get_mut(place) {
            column.check = Check::UsDate;
        }
    }
    dated
}

fn is_used(layout: &Layout, column: &Column) -> bool {
    let named = |name: &String| *name == column.name;
    column.element.is_some() || layout.key.iter().any(named) || layout.year_from.as_ref().is_some_and(named)
}

/// The layout as the file has it and what is told, if every column's order could be told.
pub(super) fn settled(layout: &Layout, dated: Option<Dated>) -> Result<(Layout, Vec<Note>), Doubt> {
    match dated {
        None => Ok((layout.clone(), Vec::new())),
        Some(Dated { doubt: Some(doubt), .. }) => Err(doubt),
        Some(Dated { layout, notes, doubt: None }) => Ok((layout, notes)),
    }
}

/// Dates of a column by their order.
#[derive(Default)]
struct Tally {
    day_first: usize,
    either: usize,
    month_first: usize,
    year_day: usize,
    year_first: usize,
    /// Of the dates with the year first, those whose day cannot be a month.
    year_month_shown: usize,
}

impl Tally {
    fn of<'a>(column: &Column, values: impl Iterator<Item = &'a str>) -> Self {
        let mut tally = Self::default();
        for value in values.filter(|value| !is_no_answer(column, value)) {
            match order(value) {
                Some(Order::DayFirst) => tally.day_first += 1,
                Some(Order::Either) => tally.either += 1,
                Some(Order::MonthFirst) => tally.month_first += 1,
                Some(Order::YearDay) => tally.year_day += 1,
                Some(Order::YearFirst { shown }) => {
                    tally.year_first += 1;
                    tally.year_month_shown += usize::from(shown);
                }
                None => {}
            }
        }
        tally
    }

    /// None if the year comes first; else that the month does, or why it cannot be told. A date or two of another order than
    /// most are left to the reading, which refuses them by row.
    fn verdict(&self) -> Option<Result<(), String>> {
        let last = self.day_first + self.either + self.month_first;
        if last <= self.year_first + self.year_day {
            let between = self.year_day > 1 && self.year_day > self.year_month_shown;
            return between.then(|| {
                Err("has dates with the day between year and month; expected yyyymmdd or yyyy-mm-dd"
                    .to_owned())
            });
        }
        Some(match (self.month_first, self.day_first) {
            (0, 0) => Err(format!(
                "has dates with the year at the end, and no day above 12 in {last} rows tells day and month apart; expected yyyymmdd or yyyy-mm-dd"
            )),
            (_, 0) => Ok(()),
            (0, _) => Err(
                "has dates with the day first; expected yyyymmdd, yyyy-mm-dd or, with the month first, mm/dd/yyyy".to_owned(),
            ),
            (_, _) => Err(
                "has dates with the day first in some rows and the month first in others; expected yyyymmdd or yyyy-mm-dd".to_owned(),
            ),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(values: &[&str]) -> Option<Result<(), String>> {
        let column: Column =
            toml::from_str("name = \"x\"\ncheck = \"birth-date\"\nblank = [\"00000000\"]").unwrap();
        Tally::of(&column, values.iter().copied()).verdict()
    }

    #[test]
    fn the_month_comes_first_only_if_the_whole_column_says_so() {
        for values in [&["04122003", "12312002"][..], &["4/12/2003", "", "12/31/2002", "00000000"]] {
            assert_eq!(verdict(values), Some(Ok(())), "{values:?}");
        }
        for (values, why) in [
            (&["04122003", "01022003"][..], "no day above 12 in 2 rows"),
            (&["4/12/2003", "1/2/2003", "3/3/2003"], "no day above 12 in 3 rows"),
            (&["12042003", "31122002"], "with the day first"),
            (&["04/12/2003", "31/12/2002", "12/31/2002"], "in some rows"),
            (&["20031304", "20033112", "20030102"], "between year and month"),
        ] {
            let Some(Err(said)) = verdict(values) else { panic!("{values:?}") };
            assert!(said.contains(why), "{said}");
        }
    }

    #[test]
    fn years_first_stay_so_and_a_stray_date_is_left_to_its_row() {
        for values in [
            &["20030412", "2002-12-31", "2003/01/02"][..],
            &["20030412", "20030413", "12/31/2002"],
            &["20030412", "20033112", "20030431"],
            &["", "x", "38110"],
            &["20030412", "04122003"],
        ] {
            assert_eq!(verdict(values), None, "{values:?}");
        }
    }
}

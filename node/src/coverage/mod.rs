//! What the stored tables cover: by school year and school, rows, which keys are there, how well they can be expected to match, and
//! whether the year's data came in time (D8, G16). Counts for the owner alone; no value of a student.

mod page;

use std::{
    collections::{BTreeMap, HashSet},
    sync::PoisonError,
};

use passage_analytics::table::RowView;
use passage_protocol::{cells::SchoolYear, timestamp::Date};
use passage_shell::failure::Failure;
use serde::Serialize;

pub use self::page::page;
use crate::{home::Home, tables::StoredTable};

/// Day of the yearly submission: 30 November after the school year has ended (seed 002, G16).
const DUE: (u8, u8) = (11, 30);
/// First month of a school year.
const JULY: u8 = 7;

/// Everything the coverage page shows.
#[derive(Clone, Debug, Serialize)]
pub struct Coverage {
    /// Day it was made, `yyyy-mm-dd`.
    pub made: String,
    /// Whether the last ended school year is here, and in time.
    pub freshness: Freshness,
    /// Words for it.
    pub freshness_words: String,
    /// One line per school year and school, ascending.
    pub lines: Vec<Line>,
    /// Rows of enrolment, course, award or assessment tables whose student is in no student list here.
    pub unlisted_rows: u64,
}

/// Whether the last ended school year is here.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Freshness {
    /// It is here.
    Here,
    /// It is not, and its day has not come yet.
    Due,
    /// It is not, and its day is past.
    Late,
}

/// One school year of one school.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Line {
    /// `2019-2020`; empty for lists without a year.
    pub school_year: String,
    /// School or institution as the source codes it; empty if the list has none.
    pub school: String,
    /// Rows that say who a student is.
    pub students: u64,
    /// Of these, with an SSID.
    pub ssid: u64,
    /// Of these, with a social security number.
    pub ssn: u64,
    /// Of these, with first name, last name and date of birth.
    pub named: u64,
    /// Of these, with two independent keys or more (SSID, SSN, name and birth date): expected to match well.
    pub strong: u64,
    /// Of these, with one key.
    pub standard: u64,
    /// Of these, with none: they cannot be matched.
    pub weak: u64,
    /// Enrolment rows.
    pub enrolments: u64,
    /// Course rows.
    pub courses: u64,
    /// Award rows.
    pub awards: u64,
    /// Assessment rows.
    pub assessments: u64,
}

/// Columns every counted table is read for; a table without one reads as empty.
const COLUMNS: [&str; 9] =
    ["school_year", "school", "institution", "local_id", "ssid", "ssn", "first", "last", "birth_date"];

impl Home {
    /// Counts what is stored.
    ///
    /// # Errors
    ///
    /// [`Failure`] if a stored table is missing or damaged.
    ///
    /// # Cost
    ///
    /// Reads a few columns of every table; memory for one entry a student number.
    pub fn coverage(&self) -> Result<Coverage, Failure> {
        let custody = self.custody.read().unwrap_or_else(PoisonError::into_inner);
        let mut stored = self.stored()?;
        // Student lists first, so that the rest knows who is listed.
        stored.sort_by_key(|entry| entry.place.table != "student");
        let mut counts = Counts::default();
        for entry in &stored {
            if let Some(count) = counter(entry) {
                self.tables.read(&custody, entry, &COLUMNS, &mut |row| {
                    counts.add(entry, row, count);
                    Ok(())
                })?;
            }
        }
        let today = self.now().date();
        let (freshness, freshness_words) = freshness(&counts.years(), today);
        Ok(Coverage {
            made: format!("{:04}-{:02}-{:02}", today.year, today.month, today.day),
            freshness,
            freshness_words,
            lines: counts.lines.into_values().collect(),
            unlisted_rows: counts.unlisted,
        })
    }
}

/// Which count of a line a table's rows are.
type Counter = fn(&mut Line) -> &mut u64;

fn counter(entry: &StoredTable) -> Option<Counter> {
    Some(match entry.place.table.as_str() {
        "student" => |line| &mut line.students,
        "enrolment" => |line| &mut line.enrolments,
        "course" => |line| &mut line.courses,
        "award" => |line| &mut line.awards,
        "assessment" => |line| &mut line.assessments,
        _ => return None,
    })
}

#[derive(Default)]
struct Counts {
    lines: BTreeMap<(Option<u16>, String), Line>,
    listed: HashSet<[u8; 16]>,
    unlisted: u64,
}

impl Counts {
    fn add(&mut self, entry: &StoredTable, row: &RowView<'_>, count: Counter) {
        let year = row.integer(0).and_then(|year| u16::try_from(year).ok());
        let year = year.or(entry.place.period.year.map(|year| year.0));
        let school = row.text(1).or_else(|| row.text(2)).unwrap_or_default();
        let line = self.lines.entry((year, school.to_owned())).or_insert_with(|| Line {
            school_year: year.map_or_else(String::new, |year| SchoolYear(year).to_string()),
            school: school.to_owned(),
            ..Line::default()
        });
        *count(line) += 1;
        let known = [row.text(3), row.text(4)].into_iter().flatten().map(short);
        if entry.place.table == "student" {
            self.listed.extend(known);
            line.keys(row);
        } else if !known.into_iter().any(|key| self.listed.contains(&key)) {
            self.unlisted += 1;
        }
    }

    fn years(&self) -> HashSet<u16> {
        self.lines.keys().filter_map(|(year, _)| *year).collect()
    }
}

impl Line {
    fn keys(&mut self, row: &RowView<'_>) {
        let named = row.text(6).is_some() && row.text(7).is_some() && row.date(8).is_some();
        let held = [row.text(4).is_some(), row.text(5).is_some(), named];
        for (count, held) in [&mut self.ssid, &mut self.ssn, &mut self.named].into_iter().zip(held) {
            *count += u64::from(held);
        }
        match held.into_iter().filter(|held| *held).count() {
            0 => self.weak += 1,
            1 => self.standard += 1,
            _ => self.strong += 1,
        }
    }
}

/// A student number as it is compared, shortened: the set of them is not a list of student numbers.
fn short(text: &str) -> [u8; 16] {
    let mut short = [0; 16];
    let digest = blake3::hash(text.to_ascii_uppercase().as_bytes());
    short.copy_from_slice(digest.as_bytes().split_at(16).0);
    short
}

/// Whether the last school year that has ended is among `years`.
fn freshness(years: &HashSet<u16>, today: Date) -> (Freshness, String) {
    let ended = if today.month >= JULY { today.year.saturating_sub(1) } else { today.year.saturating_sub(2) };
    let due_year = ended.saturating_add(1);
    let year = SchoolYear(ended);
    if years.contains(&ended) {
        return (Freshness::Here, format!("school year {year}, the last that has ended, is here"));
    }
    if (today.year, today.month, today.day) <= (due_year, DUE.0, DUE.1) {
        return (
            Freshness::Due,
            format!("school year {year} is not here yet; it is due by 30 November {due_year}"),
        );
    }
    (Freshness::Late, format!("school year {year} is not here; it was due by 30 November {due_year}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_year_is_due_by_the_november_after_it_ended() {
        let on = |year, month, day, held: &[u16]| {
            freshness(&held.iter().copied().collect(), Date::new(year, month, day).unwrap()).0
        };
        assert_eq!(on(2026, 11, 30, &[2025]), Freshness::Here);
        assert_eq!(on(2026, 11, 30, &[2024]), Freshness::Due);
        assert_eq!(on(2026, 12, 1, &[2024]), Freshness::Late);
        assert_eq!(on(2026, 6, 30, &[2024]), Freshness::Here, "2025-26 has not ended");
        assert_eq!(on(2026, 7, 1, &[2024]), Freshness::Due);
        assert_eq!(on(2026, 3, 1, &[2023]), Freshness::Late);
    }
}

//! What the stored tables cover: by school year and school, rows of every table, students, which keys they have, how well they
//! can be expected to match, and whether the year's data came in time (D8, G16). Counts for the owner alone; no value of a
//! student.

mod count;
mod page;
mod strength;

#[cfg(test)]
mod tests;

use std::{collections::HashSet, sync::PoisonError};

use passage_protocol::{cells::SchoolYear, timestamp::Date};
use passage_shell::failure::Failure;
use serde::Serialize;

use self::count::Counts;
pub(crate) use self::count::number;
pub use self::{
    page::page,
    strength::{Held, Ladder, Strength},
};
use crate::{
    custody::Custody,
    home::Home,
    tables::{Folder, StoredTable, TablesError},
};

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
    /// What each strength of expected match takes.
    pub strengths: Vec<Meaning>,
    /// One line per school year and school, ascending.
    pub lines: Vec<Line>,
    /// One line per school year, all schools together.
    pub years: Vec<Line>,
    /// All of it.
    pub total: Line,
    /// Rows about students who are in no student list here: of enrolment, course, award, assessment, program and elsewhere.
    pub unlisted_rows: u64,
}

/// What a strength of expected match takes.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Meaning {
    /// The strength.
    pub strength: Strength,
    /// In words.
    pub meaning: &'static str,
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

/// One school year of one school, or several together.
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize)]
pub struct Line {
    /// `2019-2020`; empty for lists without a year.
    pub school_year: String,
    /// School or institution as the source codes it; empty if the list has none.
    pub school: String,
    /// Day of the latest import, `yyyy-mm-dd`.
    pub imported: String,
    /// Rows of every table.
    pub rows: u64,
    /// Students the rows are about, each once: one number of one institution. In wage records, one social security number.
    pub students: u64,
    /// Of these, with an SSID.
    pub ssid: u64,
    /// Of these, with a social security number.
    pub ssn: u64,
    /// Of these, with first name, last name and date of birth.
    pub named: u64,
    /// Of these, expected to match well ([`Strength::Strong`]).
    pub strong: u64,
    /// Of these, less so ([`Strength::Standard`]).
    pub standard: u64,
    /// Of these, not at all ([`Strength::Weak`]).
    pub weak: u64,
    /// Rows that say who a student is.
    pub student_rows: u64,
    /// Enrolment rows.
    pub enrolments: u64,
    /// Course rows.
    pub courses: u64,
    /// Section rows; they are about no student.
    pub sections: u64,
    /// Award rows.
    pub awards: u64,
    /// Assessment rows.
    pub assessments: u64,
    /// Programme rows.
    pub programs: u64,
    /// Wage rows.
    pub wages: u64,
    /// Rows a clearing-house returned about other institutions; they say nothing of who was here in which year.
    pub elsewhere: u64,
}

impl Home {
    /// Counts what is stored.
    ///
    /// # Errors
    ///
    /// [`Failure`] if a stored table is missing or damaged.
    ///
    /// # Cost
    ///
    /// Reads a few columns of every table; memory of some hundred bytes a student number.
    pub fn coverage(&self) -> Result<Coverage, Failure> {
        let custody = self.custody.read().unwrap_or_else(PoisonError::into_inner);
        Ok(gather(&self.tables, &custody, self.stored()?, self.now().date())?)
    }
}

/// Counts some stored tables, on a day.
fn gather(
    folder: &Folder,
    custody: &Custody,
    mut stored: Vec<StoredTable>,
    today: Date,
) -> Result<Coverage, TablesError> {
    // Student lists first, so that the rest knows who is listed.
    stored.sort_by_key(|entry| entry.place.table != "student");
    let mut counts = Counts::default();
    for entry in &stored {
        let Some(source) = counts.begin(entry) else { continue };
        folder.read(custody, entry, &count::COLUMNS, &mut |row| {
            counts.add(&source, row);
            Ok(())
        })?;
    }
    Ok(counts.finish(today))
}

fn day(date: Date) -> String {
    format!("{:04}-{:02}-{:02}", date.year, date.month, date.day)
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
        let open = if (today.year, today.month) == (due_year, DUE.0) { "the window is open: " } else { "" };
        return (
            Freshness::Due,
            format!("school year {year} is not here yet; {open}it is due by 30 November {due_year}"),
        );
    }
    (Freshness::Late, format!("school year {year} is not here; it was due by 30 November {due_year}"))
}

//! Rows of canonical tables into the records a roster is made of: the only place that knows both.
//!
//! A row of a table that no record is made of, and a row without a student number, yields none: it is no part of matching.

use std::collections::HashMap;

use passage_protocol::cells::SchoolYear;

use super::record::{
    Award, Completion, Course, Date, Enrolment, EnrolmentKind, Filed, Person, PlainRecord, Text,
};
use crate::import::{self, Cell, ImportError, TableRow};

/// Race codes a record keeps (domain 1B).
const RACES_MAX: usize = 5;

/// Where the elements of each table stand.
pub struct RowReader {
    tables: HashMap<&'static str, HashMap<&'static str, usize>>,
}

impl RowReader {
    /// Looks the places up in the dictionary that ships.
    ///
    /// # Errors
    ///
    /// [`ImportError::Layout`] if it does not parse, which is a fault of the build.
    pub fn new() -> Result<Self, ImportError> {
        let tables = import::dictionary()?.tables.iter().map(|(name, table)| {
            let places = table.elements.iter().enumerate().map(|(place, element)| (element.as_str(), place));
            (name.as_str(), places.collect())
        });
        Ok(Self { tables: tables.collect() })
    }

    /// The record a row is of, if it is of one.
    #[must_use]
    pub fn record(&self, filed: &import::Filed) -> Option<Filed> {
        let row = View { places: self.tables.get(filed.row.table)?, row: &filed.row };
        let local_id = row.text("local-id");
        if local_id.is_empty() {
            return None;
        }
        let record = match filed.row.table {
            "award" => PlainRecord::Award(row.award(local_id)?),
            "course" => PlainRecord::Course(row.course(local_id)?),
            "enrolment" if row.cell("term").is_some_and(|cell| !cell.is_empty()) => {
                PlainRecord::Enrolment(row.enrolment(local_id)?)
            }
            "enrolment" => PlainRecord::Completion(row.completion(local_id)?),
            "student" => PlainRecord::Person(Box::new(row.person(local_id))),
            _ => return None,
        };
        Some(Filed { year: filed.year, record })
    }
}

/// One row, by the names of its elements.
struct View<'a> {
    places: &'a HashMap<&'static str, usize>,
    row: &'a TableRow,
}

impl View<'_> {
    fn cell(&self, element: &str) -> Option<&Cell> {
        self.row.cells.get(*self.places.get(element)?)
    }

    fn text(&self, element: &str) -> Text {
        Text::new(self.cell(element).map_or("", Cell::as_text))
    }

    fn date(&self, element: &str) -> Option<Date> {
        if let Some(Cell::Date { year, month, day }) = self.cell(element) {
            Date::new(*year, *month, *day)
        } else {
            None
        }
    }

    fn flag(&self, element: &str) -> Option<bool> {
        if let Some(Cell::Flag(answer)) = self.cell(element) { Some(*answer) } else { None }
    }

    fn integer(&self, element: &str) -> Option<u16> {
        if let Some(Cell::Integer(number)) = self.cell(element) { u16::try_from(*number).ok() } else { None }
    }

    fn award(&self, local_id: Text) -> Option<Award> {
        Some(Award { local_id, date: self.date("award-date")?, award: self.text("award") })
    }

    fn completion(&self, local_id: Text) -> Option<Completion> {
        Some(Completion {
            local_id,
            ssid: self.text("ssid"),
            school_year: SchoolYear(self.integer("school-year")?),
            school: self.text("school"),
            cohort: self.integer("completer-cohort").map(SchoolYear),
        })
    }

    fn course(&self, local_id: Text) -> Option<Course> {
        Some(Course {
            local_id,
            term: self.text("term"),
            school_year: SchoolYear(self.integer("school-year")?),
            subject: self.text("subject"),
            number: self.text("course-number"),
            grade: self.text("grade"),
            levels_below_transfer: self
                .integer("levels-below-transfer")
                .and_then(|level| u8::try_from(level).ok()),
        })
    }

    fn enrolment(&self, local_id: Text) -> Option<Enrolment> {
        Some(Enrolment {
            local_id,
            term: self.text("term"),
            school_year: SchoolYear(self.integer("school-year")?),
            kind: match self.flag("special-admit") {
                Some(true) => EnrolmentKind::Special,
                Some(false) | None => EnrolmentKind::Regular,
            },
        })
    }

    fn person(&self, local_id: Text) -> Person {
        let races = self.cell("races").map_or("", Cell::as_text);
        Person {
            local_id,
            ssid: self.text("ssid"),
            ssn: self.text("ssn"),
            first: self.text("first"),
            middle: self.text("middle"),
            last: self.text("last"),
            suffix: self.text("suffix"),
            prior_last: self.text("prior-last"),
            alias_first: self.text("alias-first"),
            alias_middle: self.text("alias-middle"),
            alias_last: self.text("alias-last"),
            birth_date: self.date("birth-date"),
            gender: self.text("gender"),
            zip: self.text("zip"),
            hispanic: self.flag("hispanic"),
            races: races.split(' ').filter_map(|code| code.parse().ok()).take(RACES_MAX).collect(),
        }
    }
}

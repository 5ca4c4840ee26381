//! One row's checked values, and the records they make.
//!
//! The rules that turn codes into meaning live here: who is a completer (domain 1B) and what is dual enrolment.

use passage_protocol::cells::SchoolYear;

use super::{
    layout::{Emits, Field, Layout},
    value::Value,
};
use crate::roster::{Award, Completion, Course, Date, Enrolment, EnrolmentKind, Person, PlainRecord, Text};

/// Completion statuses of a completer, with exit reason E230 (domain 1B, CALPADS reports 1.22 and 1.23).
const COMPLETER_STATUSES: [&str; 5] = ["100", "120", "250", "320", "330"];
/// Enrolment statuses that count.
const COMPLETER_ENROLMENTS: [&str; 2] = ["10", "30"];
/// Grades that count.
const COMPLETER_GRADES: [&str; 6] = ["07", "08", "09", "10", "11", "12"];
/// A pupil has at most this many race codes.
const RACES_MAX: usize = 5;

/// The usable values of one row.
#[derive(Default)]
pub(super) struct Row {
    values: Vec<(Field, Value)>,
}

impl Row {
    pub(super) fn clear(&mut self) {
        self.values.clear();
    }

    pub(super) fn set(&mut self, field: Field, value: Value) {
        self.values.push((field, value));
    }

    fn find(&self, field: Field) -> Option<&Value> {
        self.values.iter().find(|(key, _)| *key == field).map(|(_, value)| value)
    }

    /// Text of a field, empty if none.
    pub(super) fn text(&self, field: Field) -> &str {
        if let Some(Value::Text(text)) = self.find(field) { text } else { "" }
    }

    fn owned(&self, field: Field) -> Text {
        Text::new(self.text(field))
    }

    fn date(&self, field: Field) -> Option<Date> {
        if let Some(Value::Date(date)) = self.find(field) { Some(*date) } else { None }
    }

    fn level(&self) -> Option<u8> {
        if let Some(Value::Level(level)) = self.find(Field::LevelsBelowTransfer) {
            Some(*level)
        } else {
            None
        }
    }

    /// The school year a field says, if it can say one.
    pub(super) fn year(&self, field: Field) -> Option<SchoolYear> {
        if let Some(Value::Term(_, year) | Value::Year(year)) = self.find(field) {
            return Some(*year);
        }
        let date = self.date(field)?;
        Some(SchoolYear(if date.month() >= 7 { date.year() } else { date.year().saturating_sub(1) }))
    }

    /// The records of the row; a kind whose indispensable field is missing yields none.
    pub(super) fn records(&self, layout: &Layout) -> Vec<PlainRecord> {
        layout.emits.iter().filter_map(|kind| self.record(layout, *kind)).collect()
    }

    fn record(&self, layout: &Layout, kind: Emits) -> Option<PlainRecord> {
        let local_id = self.owned(Field::LocalId);
        Some(match kind {
            Emits::Award => PlainRecord::Award(Award {
                local_id,
                date: self.date(Field::AwardDate)?,
                award: self.owned(Field::Award),
            }),
            Emits::Completion => PlainRecord::Completion(Completion {
                local_id,
                ssid: self.owned(Field::Ssid),
                school_year: self.year(Field::SchoolYear)?,
                school: self.owned(Field::School),
                cohort: self.cohort(layout),
            }),
            Emits::Course => {
                let (term, school_year) = self.term()?;
                PlainRecord::Course(Course {
                    local_id,
                    term,
                    school_year,
                    subject: self.owned(Field::Subject),
                    number: self.owned(Field::Number),
                    grade: self.owned(Field::CourseGrade),
                    levels_below_transfer: self.level(),
                })
            }
            Emits::Enrolment => {
                let (term, school_year) = self.term()?;
                PlainRecord::Enrolment(Enrolment {
                    local_id,
                    term,
                    school_year,
                    kind: self.enrolment_kind(layout),
                })
            }
            Emits::Person => PlainRecord::Person(Box::new(self.person(local_id))),
        })
    }

    fn term(&self) -> Option<(Text, SchoolYear)> {
        if let Some(Value::Term(text, year)) = self.find(Field::Term) {
            Some((Text::new(text), *year))
        } else {
            None
        }
    }

    fn cohort(&self, layout: &Layout) -> Option<SchoolYear> {
        let counts =
            |field, codes: &[&str]| layout.column_of(field).is_none() || codes.contains(&self.text(field));
        let completer = self.text(Field::ExitReason) == "E230"
            && COMPLETER_STATUSES.contains(&self.text(Field::CompletionStatus))
            && counts(Field::EnrolmentStatus, &COMPLETER_ENROLMENTS)
            && counts(Field::Grade, &COMPLETER_GRADES);
        completer.then(|| self.date(Field::ExitDate))?.map(Date::graduating_year)
    }

    fn enrolment_kind(&self, layout: &Layout) -> EnrolmentKind {
        let status = self.text(Field::Status);
        let special = layout
            .column_of(Field::Status)
            .is_some_and(|column| column.special.iter().any(|code| code == status));
        if special { EnrolmentKind::Special } else { EnrolmentKind::Regular }
    }

    fn person(&self, local_id: Text) -> Person {
        let races = self
            .values
            .iter()
            .filter_map(|(_, value)| if let Value::Race(code) = value { Some(*code) } else { None });
        Person {
            local_id,
            ssid: self.owned(Field::Ssid),
            ssn: self.owned(Field::Ssn),
            first: self.owned(Field::First),
            middle: self.owned(Field::Middle),
            last: self.owned(Field::Last),
            suffix: self.owned(Field::Suffix),
            prior_last: self.owned(Field::PriorLast),
            alias_first: self.owned(Field::AliasFirst),
            alias_middle: self.owned(Field::AliasMiddle),
            alias_last: self.owned(Field::AliasLast),
            birth_date: self.date(Field::BirthDate),
            gender: self.owned(Field::Gender),
            zip: self.owned(Field::Zip),
            hispanic: if let Some(Value::YesNo(answer)) = self.find(Field::Hispanic) {
                Some(*answer)
            } else {
                None
            },
            races: races.take(RACES_MAX).collect(),
        }
    }
}

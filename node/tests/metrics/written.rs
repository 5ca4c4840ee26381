//! A population as rows of canonical tables.

use passage_analytics::table::Cell;

use crate::{
    plain::{Day, Records, Season, Student},
    store::{Row, day},
};

fn season(season: Season) -> (&'static str, &'static str) {
    match season {
        Season::Summer => ("summer", "SU"),
        Season::Fall => ("fall", "FA"),
        Season::Winter => ("winter", "WI"),
        Season::Spring => ("spring", "SP"),
    }
}

fn when(year: i64, of: Season) -> [(&'static str, Cell); 3] {
    let (word, letters) = season(of);
    let calendar = if matches!(of, Season::Winter | Season::Spring) { year + 1 } else { year };
    [
        ("school-year", Cell::Integer(year)),
        ("term", Cell::text(&format!("{calendar}{letters}"))),
        ("term-season", Cell::text(word)),
    ]
}

fn text(value: Option<&str>) -> Cell {
    value.map_or(Cell::Empty, Cell::text)
}

fn flag(value: Option<bool>) -> Cell {
    value.map_or(Cell::Empty, Cell::Flag)
}

fn on(value: Option<Day>) -> Cell {
    value.map_or(Cell::Empty, |(year, month, of)| day(year, month, of))
}

fn hundredths(value: Option<i64>) -> Cell {
    value.map_or(Cell::Empty, Cell::Decimal)
}

/// The rows of a population, as canonical tables have them.
pub(crate) fn rows(records: &Records) -> impl Iterator<Item = Row> + '_ {
    records.students.iter().flat_map(of_student).chain(records.offers.iter().map(|one| {
        let mut row = vec![
            ("institution", text(one.institution)),
            ("course-id", Cell::text(one.course)),
            ("top-code", text(one.top)),
            ("credit-status", text(one.credit)),
            ("transfer-status", text(one.transfer)),
            ("ge-status", text(one.ge)),
            ("support-course", flag(one.support)),
            ("basic-skills", flag(one.basic)),
            ("levels-below-transfer", one.below.map_or(Cell::Empty, Cell::Integer)),
        ];
        row.extend(when(one.year, one.season));
        ("section", row)
    }))
}

fn of_student(student: &Student) -> Vec<Row> {
    let who = || vec![("institution", text(student.institution)), ("local-id", Cell::text(&student.id))];
    let with = |more: Vec<(&'static str, Cell)>| {
        let mut row = who();
        row.extend(more);
        row
    };
    let mut rows: Vec<Row> =
        vec![("student", with(vec![("birth-date", on(student.born)), ("last", Cell::text("Somebody"))]))];
    rows.extend(student.completions.iter().map(|one| {
        let cells = vec![
            ("school-year", Cell::Integer(one.year)),
            ("completer-cohort", Cell::Integer(one.year)),
            ("exit-date", on(one.exit)),
            ("a-g-met", flag(one.a_g)),
        ];
        ("enrolment", with(cells))
    }));
    rows.extend(student.ninth.iter().map(|year| {
        let cells = vec![("school-year", Cell::Integer(*year)), ("grade-level", Cell::text("09"))];
        ("enrolment", with(cells))
    }));
    rows.extend(student.terms.iter().map(|one| {
        let mut row = with(vec![
            ("special-admit", flag(one.special)),
            ("units-attempted", hundredths(one.attempted)),
            ("units-earned", hundredths(one.earned)),
            ("enrolment-status", text(one.status)),
            ("entry-date", on(one.entry)),
        ]);
        row.extend(when(one.year, one.season));
        ("enrolment", row)
    }));
    rows.extend(student.attempts.iter().map(|one| {
        let mut row = with(vec![
            ("course-id", text(one.course)),
            ("subject", text(one.subject)),
            ("grade", text(one.grade)),
            ("levels-below-transfer", one.below.map_or(Cell::Empty, Cell::Integer)),
            ("units-earned", hundredths(one.earned)),
        ]);
        row.extend(when(one.year, one.season));
        ("course", row)
    }));
    rows.extend(student.awards.iter().map(|one| {
        let cells = vec![
            ("school-year", one.year.map_or(Cell::Empty, Cell::Integer)),
            ("award-date", on(one.day)),
            ("award", Cell::text(one.code)),
            ("transfer-degree", flag(one.transfer)),
        ];
        ("award", with(cells))
    }));
    rows.extend(student.elsewhere.iter().map(|one| {
        let cells = vec![
            ("local-id", Cell::text(&student.id)),
            ("record-found", flag(one.found)),
            ("entry-date", on(one.entry)),
            ("exit-date", on(one.exit)),
            ("award-date", on(one.given)),
            ("graduated", flag(one.graduated)),
            ("college-state", text(one.state)),
            ("college-level", text(one.level)),
            ("college-control", text(one.control)),
            ("college-name", text(one.name)),
        ];
        ("elsewhere", cells)
    }));
    rows.extend(student.wages.iter().map(|one| {
        let cells = vec![
            ("ssn", Cell::text(&student.id)),
            ("quarter", Cell::text(&format!("{}Q{}", one.year, one.quarter))),
            ("wages", Cell::Decimal(one.cents)),
        ];
        ("wage", cells)
    }));
    rows
}

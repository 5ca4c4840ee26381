//! A member's records on disk: the same sealed tables, opt-out list and assembly a node uses, filled from a
//! [`Files`] instead of a member's own CSV.

use std::path::Path;

use passage_analytics::table::Cell;
use passage_node::{
    custody::{Custody, Guard},
    disclosures::References,
    import::ReportingPeriod,
    roster::{OptOuts, Roster, SegmentKind, assemble},
    tables::{Folder, Import, Schemas, StoredTable, merge},
};
use passage_protocol::{agreement::Segment, cells::SchoolYear, timestamp::Timestamp};
use passage_shell::shelf::Room;
use zeroize::Zeroizing;

use crate::population::{Entry, Files, Term};

/// The folder of sealed tables of one member and the entries that name its files.
pub struct Records {
    folder: Folder,
    custody: Custody,
    tables: Vec<StoredTable>,
    kind: SegmentKind,
}

impl Records {
    /// Imports a member's files into an empty folder.
    #[must_use]
    pub fn import(path: &Path, files: &Files) -> Self {
        Self::import_after(path, files, None)
    }

    /// As [`Self::import`], in the place of what was there before: references stay what they were.
    #[must_use]
    pub fn import_after(path: &Path, files: &Files, before: Option<&Self>) -> Self {
        let folder = Folder::new(&path.join("tables")).unwrap();
        let keys = path.join("keys");
        std::fs::create_dir_all(&keys).unwrap();
        let none = |_| Ok(Zeroizing::new(Vec::new()));
        let (custody, _) =
            Custody::create(&keys, 1, Guard::File, &none, before.map(|one| &one.custody)).unwrap();
        let schemas = Schemas::builtin().unwrap();
        let import = |layout| Import::named(&folder, &custody, &schemas, layout, "1");
        let mut students = import("students");
        for entry in &files.entries {
            students
                .push(ReportingPeriod::default(), "student", &schemas.row("student", person(entry)))
                .unwrap();
        }
        let tables = merge(&[], &students.finish(&[], Timestamp(1)).unwrap());
        let mut events = import("events");
        for (year, row) in files.entries.iter().flat_map(enrolments) {
            events.push(ReportingPeriod::of_year(year), "enrolment", &schemas.row("enrolment", row)).unwrap();
        }
        let tables = merge(&tables, &events.finish(&tables, Timestamp(2)).unwrap());
        let list: Vec<&str> = files.opt_outs.iter().map(String::as_str).collect();
        let opt_outs = OptOuts::parse(list.join("\n").as_bytes()).unwrap();
        let saved = opt_outs.save(import("opt-outs"), &schemas, &tables, Timestamp(3)).unwrap();
        let tables = merge(&tables, &saved);
        let kind = match files.segment {
            Segment::K12 => SegmentKind::K12,
            Segment::Cc => SegmentKind::CommunityCollege,
            Segment::Univ => SegmentKind::University,
            Segment::Workforce => SegmentKind::Workforce,
        };
        Self { folder, custody, tables, kind }
    }

    /// Turns its student numbers into references.
    #[must_use]
    pub fn references(&self) -> References {
        References::new(&self.custody)
    }

    /// Reads it all back, as a node does before every round.
    #[must_use]
    pub fn roster(&self) -> Roster {
        let opt_outs = OptOuts::load(&self.folder, &self.custody, &self.tables).unwrap();
        assemble(&self.folder, &self.custody, &self.tables, &opt_outs, self.kind, &Room::memory()).unwrap()
    }
}

fn text(text: &str) -> Cell {
    if text.is_empty() { Cell::Empty } else { Cell::Text(Zeroizing::new(text.to_owned())) }
}

fn person(entry: &Entry) -> Vec<(&'static str, Cell)> {
    let (year, month, day) = entry.birth_date;
    let races: Vec<String> = entry.races.iter().map(ToString::to_string).collect();
    vec![
        ("local-id", text(&entry.local_id)),
        ("ssid", text(&entry.ssid)),
        ("ssn", text(&entry.ssn)),
        ("first", text(&entry.first)),
        ("middle", text(&entry.middle)),
        ("last", text(&entry.last)),
        ("prior-last", text(&entry.prior_last)),
        ("birth-date", Cell::Date { year, month, day }),
        ("gender", text(&entry.gender)),
        ("zip", text(&entry.zip)),
        ("races", text(&races.join(" "))),
    ]
}

/// A completion and the terms of one student, each with the school year it is stored under.
fn enrolments(entry: &Entry) -> Vec<(SchoolYear, Vec<(&'static str, Cell)>)> {
    let year_cell = |year: &SchoolYear| Cell::Integer(i64::from(year.0));
    let completion = entry.cohort.map(|year| {
        let row = vec![
            ("local-id", text(&entry.local_id)),
            ("school-year", year_cell(&year)),
            ("completer-cohort", year_cell(&year)),
            ("school", text(&entry.school)),
        ];
        (year, row)
    });
    let term = |(year, kind): &(SchoolYear, Term)| {
        let row = vec![
            ("local-id", text(&entry.local_id)),
            ("school-year", year_cell(year)),
            ("term", text(&format!("{}FA", year.0))),
            ("special-admit", Cell::Flag(matches!(kind, Term::Special))),
        ];
        (*year, row)
    };
    completion.into_iter().chain(entry.terms.iter().map(term)).collect()
}

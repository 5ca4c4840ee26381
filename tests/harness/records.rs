//! A member's records on disk: the same encrypted segments, opt-out list and assembly a node uses, filled from a
//! [`Files`] instead of a member's own CSV.

use std::path::Path;

use passage_node::roster::{
    Completion, DataKey, Date, Enrolment, EnrolmentKind, Filed, Folder, FreshSalt, OptOuts, Person,
    PlainRecord, Roster, SegmentEntry, SegmentKind, Text, assemble, merge,
};
use passage_protocol::{agreement::Segment, cells::SchoolYear, timestamp::Timestamp};

use crate::{
    dice::Dice,
    population::{Entry, Files, Term},
};

/// The encrypted roster folder of one member and the entries that name its segments.
pub struct Records {
    folder: Folder,
    key: DataKey,
    entries: Vec<SegmentEntry>,
    kind: SegmentKind,
}

impl Records {
    /// Imports a member's files into an empty folder.
    #[must_use]
    pub fn import(path: &Path, files: &Files, seed: u64) -> Self {
        let mut dice = Dice::new(seed);
        let (folder, key) = (Folder::new(path).unwrap(), DataKey::new(dice.bytes()));
        let mut writer = folder.writer(&key, FreshSalt::new(dice.bytes()), "students");
        for entry in &files.entries {
            let record = PlainRecord::Person(Box::new(person(entry)));
            assert!(writer.accept(&Filed { year: None, record }).is_continue());
        }
        let students = writer.finish(&[], Timestamp(1)).unwrap();
        let mut writer = folder.writer(&key, FreshSalt::new(dice.bytes()), "events");
        for (year, record) in files.entries.iter().flat_map(events) {
            assert!(writer.accept(&Filed { year: Some(year), record }).is_continue());
        }
        let entries = merge(&students, &writer.finish(&students, Timestamp(2)).unwrap());
        let list: Vec<&str> = files.opt_outs.iter().map(String::as_str).collect();
        let opt_outs = OptOuts::parse(list.join("\n").as_bytes()).unwrap();
        let saved =
            opt_outs.save(&folder, &key, FreshSalt::new(dice.bytes()), &entries, Timestamp(3)).unwrap();
        let entries = merge(&entries, &saved);
        let kind = match files.segment {
            Segment::K12 => SegmentKind::K12,
            Segment::Cc => SegmentKind::CommunityCollege,
            Segment::Univ | Segment::Workforce => SegmentKind::University,
        };
        Self { folder, key, entries, kind }
    }

    /// Reads it all back, as a node does before every round.
    #[must_use]
    pub fn roster(&self) -> Roster {
        let opt_outs = OptOuts::load(&self.folder, &self.key, &self.entries).unwrap();
        assemble(&self.folder, &self.key, &self.entries, &opt_outs, self.kind).unwrap()
    }
}

fn person(entry: &Entry) -> Person {
    let (year, month, day) = entry.birth_date;
    Person {
        local_id: Text::new(&entry.local_id),
        ssid: Text::new(&entry.ssid),
        ssn: Text::new(&entry.ssn),
        first: Text::new(&entry.first),
        middle: Text::new(&entry.middle),
        last: Text::new(&entry.last),
        prior_last: Text::new(&entry.prior_last),
        birth_date: Date::new(year, month, day),
        gender: Text::new(&entry.gender),
        zip: Text::new(&entry.zip),
        races: entry.races.clone(),
        ..Person::default()
    }
}

fn events(entry: &Entry) -> Vec<(SchoolYear, PlainRecord)> {
    let completion = entry.cohort.map(|year| {
        let completion = Completion {
            local_id: Text::new(&entry.local_id),
            ssid: Text::new(&entry.ssid),
            school_year: year,
            school: Text::new("1"),
            cohort: Some(year),
        };
        (year, PlainRecord::Completion(completion))
    });
    let term = |(year, kind): &(SchoolYear, Term)| {
        let enrolment = Enrolment {
            local_id: Text::new(&entry.local_id),
            term: Text::new(&format!("{}FA", year.0)),
            school_year: *year,
            kind: match kind {
                Term::Regular => EnrolmentKind::Regular,
                Term::Special => EnrolmentKind::Special,
            },
        };
        (*year, PlainRecord::Enrolment(enrolment))
    };
    completion.into_iter().chain(entry.terms.iter().map(term)).collect()
}

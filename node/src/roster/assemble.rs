//! Stored tables into students, in memory: one entry per student with identity, cohort, first college year and categories.
//!
//! Rows of one student join on the local number and the institution that gave it, where the files name one (CALPADS LEA, MIS
//! GI01, CSU campus); a student information row whose local number is unknown joins on SSID.
//! Where files disagree the later school year wins, field by field. It makes no match key and no cell code.

use std::collections::HashMap;

use passage_analytics::table::RowView;
use passage_protocol::cells::{Ethnicity, Gender, SchoolYear};

use super::{
    category,
    homes::{Homes, LocalKey, Numbers, Whose},
    opt_out::OptOuts,
    record::{Date, Person, Text},
};
use crate::{
    coverage::{Held, Ladder, Strength},
    custody::Custody,
    tables::{Folder, StoredTable, TablesError},
};

/// What sort of institution the records are of.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum SegmentKind {
    /// A community college: students enrol.
    CommunityCollege,
    /// A school district: students complete.
    K12,
    /// A university: students enrol.
    University,
}

/// One student, as far as the member's own files tell.
pub struct Student {
    person: Person,
    cohort: Option<SchoolYear>,
    first_regular: Option<SchoolYear>,
    enrolled: Enrolled,
}

/// Whether any term was found.
#[derive(Clone, Copy, Eq, PartialEq)]
enum Enrolled {
    Never,
    Some,
}

impl Student {
    /// Identity fields as written, ready to become match-key fields.
    #[must_use]
    pub fn person(&self) -> &Person {
        &self.person
    }

    /// The class the student completed high school with, by the CALPADS rule; only in a district.
    #[must_use]
    pub fn completion_cohort(&self) -> Option<SchoolYear> {
        self.cohort
    }

    /// School year of the first term that was not dual enrolment.
    #[must_use]
    pub fn first_regular_year(&self) -> Option<SchoolYear> {
        self.first_regular
    }

    /// True if any term was found, dual enrolment included.
    #[must_use]
    pub fn ever_enrolled(&self) -> bool {
        self.enrolled == Enrolled::Some
    }

    /// Gender category.
    #[must_use]
    pub fn gender(&self) -> Gender {
        category::gender(self.person.gender.expose()).unwrap_or(Gender::NotStated)
    }

    /// Race and ethnicity category.
    #[must_use]
    pub fn ethnicity(&self) -> Ethnicity {
        category::ethnicity(self.person.hispanic, &self.person.races)
    }

    /// What of the student match keys can be made of: the matching's own definition, as coverage and reports use it.
    #[must_use]
    pub fn held(&self) -> Held {
        let person = &self.person;
        let birth_date = if person.birth_date.is_some() { Held::ANY_DAY } else { "" };
        Held::of(&person.fields(birth_date))
    }
}

/// How many students there are, for the match panel (A1).
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Counts {
    /// Students in the files.
    pub submitted: usize,
    /// Of these, left out because they opted out (D7).
    pub opted_out: usize,
    /// Of those not opted out, students with too little to match on; they stay in the roster and count as unmatched.
    pub unusable: usize,
    /// Term rows whose student is in no student list; not used.
    pub unlisted_enrolments: usize,
}

/// The students of one member, in memory only.
pub struct Roster {
    /// Sort of institution.
    pub kind: SegmentKind,
    /// Students who did not opt out, in the order of the files.
    pub students: Vec<Student>,
    /// The counts.
    pub counts: Counts,
    numbers: Numbers,
}

impl Roster {
    /// Whom a row with this number means, by the rule that put the roster together: the institution is part of a number, and a
    /// student may be known by several.
    #[must_use]
    pub fn whose(&self, institution: Option<&str>, local_id: Option<&str>) -> Whose {
        self.numbers.whose(institution, local_id)
    }
}

/// Puts the roster together from the stored tables in force.
///
/// # Errors
///
/// As [`Folder::read`]: a table that was changed refuses the whole.
///
/// # Cost
///
/// Memory for every student's identity fields, about 1 KiB each.
pub fn assemble(
    folder: &Folder,
    custody: &Custody,
    tables: &[StoredTable],
    opt_outs: &OptOuts,
    kind: SegmentKind,
) -> Result<Roster, TablesError> {
    let mut order: Vec<&StoredTable> = tables.iter().collect();
    // What came later is laid over what came earlier.
    order.sort_by(|a, b| (&a.place, a.imported_at).cmp(&(&b.place, b.imported_at)));
    let mut gathered = Gathered::default();
    for entry in order.iter().filter(|entry| entry.place.table == "student") {
        folder.read(custody, entry, &["local_id", "institution"], &mut |row| {
            gathered.homes.note(row.text(0), row.text(1));
            Ok(())
        })?;
    }
    for (place, entry) in order.into_iter().enumerate() {
        match entry.place.table.as_str() {
            "student" => folder.read(custody, entry, &PERSON_COLUMNS, &mut |row| {
                gathered.person(person(row), row.text(16), place);
                Ok(())
            })?,
            "enrolment" => folder.read(custody, entry, &ENROLMENT_COLUMNS, &mut |row| {
                gathered.enrolled(row);
                Ok(())
            })?,
            _ => {} // awards, courses and the rest are no part of matching
        }
    }
    Ok(gathered.finish(opt_outs, kind))
}

/// Columns of the table `student` that a person is made of; [`person`] reads them by place.
const PERSON_COLUMNS: [&str; 17] = [
    "local_id",
    "ssid",
    "ssn",
    "first",
    "middle",
    "last",
    "suffix",
    "prior_last",
    "alias_first",
    "alias_middle",
    "alias_last",
    "gender",
    "zip",
    "birth_date",
    "hispanic",
    "races",
    "institution",
];

fn person(row: &RowView<'_>) -> Person {
    let text = |at| row.text(at).map(Text::new).unwrap_or_default();
    let races = row.text(15).unwrap_or_default().split(' ').filter_map(|code| code.parse().ok());
    Person {
        local_id: text(0),
        ssid: text(1),
        ssn: text(2),
        first: text(3),
        middle: text(4),
        last: text(5),
        suffix: text(6),
        prior_last: text(7),
        alias_first: text(8),
        alias_middle: text(9),
        alias_last: text(10),
        gender: text(11),
        zip: text(12),
        birth_date: row.date(13).and_then(|date| Date::new(date.year, date.month, date.day)),
        hispanic: row.flag(14),
        races: races.collect(),
    }
}

/// Columns of the table `enrolment` that say when somebody was where; [`Gathered::enrolled`] reads them by place.
const ENROLMENT_COLUMNS: [&str; 6] =
    ["local_id", "school_year", "term", "special_admit", "completer_cohort", "institution"];

fn school_year(row: &RowView<'_>, at: usize) -> Option<SchoolYear> {
    row.integer(at).and_then(|year| u16::try_from(year).ok()).map(SchoolYear)
}

/// What has been read so far.
#[derive(Default)]
struct Gathered {
    people: Vec<Person>,
    homes: Homes,
    by_local: HashMap<LocalKey, usize>,
    by_ssid: HashMap<Text, (usize, usize)>,
    cohorts: HashMap<LocalKey, SchoolYear>,
    terms: HashMap<LocalKey, Terms>,
}

/// What the terms of one student say.
#[derive(Default)]
struct Terms {
    rows: usize,
    first_regular: Option<SchoolYear>,
}

impl Terms {
    fn add(&mut self, other: Self) {
        self.rows += other.rows;
        self.first_regular = earlier(self.first_regular, other.first_regular);
    }
}

impl Gathered {
    /// Takes one row of the table `enrolment`: a spell at a school, or a term at a college.
    fn enrolled(&mut self, row: &RowView<'_>) {
        let key = self.homes.key(row.text(0), row.text(5));
        if let Some(cohort) = school_year(row, 4) {
            // The earliest completion counts.
            let known = self.cohorts.entry(key).or_insert(cohort);
            *known = cohort.min(*known);
            return;
        }
        let (Some(year), Some(_term)) = (school_year(row, 1), row.text(2)) else { return };
        let regular = (row.flag(3) != Some(true)).then_some(year);
        self.terms.entry(key).or_default().add(Terms { rows: 1, first_regular: regular });
    }

    fn person(&mut self, person: Person, institution: Option<&str>, place: usize) {
        let key = self.homes.key(Some(person.local_id.expose()), institution);
        let ssid = person.ssid.present().map(Text::new);
        // A shared SSID inside one file is damage, not the same student, unless the student number is the same too: join on
        // it across files only.
        let same_number = |index: usize| {
            self.people.get(index).is_some_and(|earlier| {
                !person.local_id.is_empty()
                    && earlier.local_id.expose().eq_ignore_ascii_case(person.local_id.expose())
            })
        };
        let joins = |ssid: &Text| {
            let known = self.by_ssid.get(ssid).filter(|(index, from)| *from != place || same_number(*index));
            known.map(|(index, _)| *index)
        };
        // A number that is the student's own social security number is one no college gave (SB01 = S).
        let own = !person.ssn.is_empty() && person.ssn == person.local_id;
        let anywhere = own.then(|| LocalKey::anywhere(&person.local_id));
        let known = self.by_local.get(&key).or_else(|| self.by_local.get(anywhere.as_ref()?)).copied();
        let known = known.or_else(|| ssid.as_ref().and_then(joins));
        let index = known.unwrap_or(self.people.len());
        match self.people.get_mut(index) {
            Some(earlier) => overlay(earlier, person),
            None => self.people.push(person),
        }
        self.by_local.extend(anywhere.into_iter().chain([key]).map(|key| (key, index)));
        if let Some(ssid) = ssid {
            self.by_ssid.entry(ssid).or_insert((index, place));
        }
    }

    fn finish(self, opt_outs: &OptOuts, kind: SegmentKind) -> Roster {
        let mut counts = Counts { submitted: self.people.len(), ..Counts::default() };
        // A student may be known by several numbers: what is said of any of them is said of the student.
        let mut cohorts: HashMap<usize, SchoolYear> = HashMap::new();
        for (key, cohort) in self.cohorts {
            if let Some(index) = self.by_local.get(&key) {
                let known = cohorts.entry(*index).or_insert(cohort);
                *known = cohort.min(*known);
            }
        }
        let mut terms: HashMap<usize, Terms> = HashMap::new();
        for (key, said) in self.terms {
            match self.by_local.get(&key) {
                Some(index) => terms.entry(*index).or_default().add(said),
                None => counts.unlisted_enrolments += said.rows,
            }
        }
        let ladder = Ladder::default();
        let mut students = Vec::with_capacity(self.people.len());
        let mut places = Vec::with_capacity(self.people.len());
        for (index, person) in self.people.into_iter().enumerate() {
            if opt_outs.names(&person) {
                counts.opted_out += 1;
                places.push(None);
                continue;
            }
            places.push(Some(students.len()));
            let terms = terms.remove(&index).unwrap_or_default();
            let student = Student {
                cohort: cohorts.get(&index).copied().filter(|_| kind == SegmentKind::K12),
                first_regular: terms.first_regular,
                enrolled: if terms.rows > 0 { Enrolled::Some } else { Enrolled::Never },
                person,
            };
            counts.unusable += usize::from(ladder.strength(student.held()) == Strength::Weak);
            students.push(student);
        }
        let place = |(key, index): (LocalKey, usize)| (key, places.get(index).copied().flatten());
        let numbers = Numbers::new(self.homes, self.by_local.into_iter().map(place).collect());
        Roster { kind, students, counts, numbers }
    }
}

/// The earlier of two years, of which either may not be known.
fn earlier(one: Option<SchoolYear>, other: Option<SchoolYear>) -> Option<SchoolYear> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (known, None) | (None, known) => known,
    }
}

/// Lays what `later` says over `earlier`; the local number stays.
fn overlay(earlier: &mut Person, later: Person) {
    let Person {
        local_id: _,
        ssid,
        ssn,
        first,
        middle,
        last,
        suffix,
        prior_last,
        alias_first,
        alias_middle,
        alias_last,
        birth_date,
        gender,
        zip,
        hispanic,
        races,
    } = later;
    for (kept, said) in [
        (&mut earlier.ssid, ssid),
        (&mut earlier.ssn, ssn),
        (&mut earlier.first, first),
        (&mut earlier.middle, middle),
        (&mut earlier.last, last),
        (&mut earlier.suffix, suffix),
        (&mut earlier.prior_last, prior_last),
        (&mut earlier.alias_first, alias_first),
        (&mut earlier.alias_middle, alias_middle),
        (&mut earlier.alias_last, alias_last),
        (&mut earlier.gender, gender),
        (&mut earlier.zip, zip),
    ] {
        if !said.is_empty() {
            *kept = said;
        }
    }
    earlier.birth_date = birth_date.or(earlier.birth_date);
    earlier.hispanic = hispanic.or(earlier.hispanic);
    if !races.is_empty() {
        earlier.races = races;
    }
}

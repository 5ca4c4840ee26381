//! Stored tables into students: one entry per student with identity, cohort, first college year and categories.
//!
//! Rows of one student join on the local number and the institution that gave it, where the files name one (CALPADS LEA, MIS
//! GI01, CSU campus); a student information row whose local number is unknown joins on SSID.
//! Where files disagree the later school year wins, field by field. It makes no match key and no cell code.
//! An employment agency has wages and no list of people: there everybody with a wage record is one.

use std::collections::HashMap;

use passage_analytics::table::{RowView, TableError};
use passage_protocol::cells::{SchoolCode, SchoolYear};
use passage_shell::{
    entropy,
    failure::Failure,
    shelf::{Room, Sequence, ShelfError},
};
use zeroize::Zeroizing;

use super::{
    homes::{Homes, LocalKey, Numbers, OPTED_OUT, Whose},
    opt_out::OptOuts,
    packed::{Unpack, put_person},
    record::{Date, Person, Text},
    students::{Completion, Enrolled, Student, Students},
};
use crate::{
    coverage::{Ladder, Strength},
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
    /// An employment agency: people are paid wages.
    Workforce,
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

/// The students of one member, for this process only.
pub struct Roster {
    /// Sort of institution.
    pub kind: SegmentKind,
    /// Students who did not opt out, in the order of the files.
    pub students: Students,
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

/// Puts the roster together from the stored tables in force, with at most about `room` of students' fields in memory.
///
/// # Errors
///
/// As [`Folder::read`]: a table that was changed refuses the whole. [`TablesError::Disk`] of the room.
///
/// # Cost
///
/// Beside the room about 95 bytes for every student, and 25 more for every further number one is known by.
pub fn assemble(
    folder: &Folder,
    custody: &Custody,
    tables: &[StoredTable],
    opt_outs: &OptOuts,
    kind: SegmentKind,
    room: &Room,
) -> Result<Roster, TablesError> {
    let mut order: Vec<&StoredTable> = tables.iter().collect();
    // What came later is laid over what came earlier.
    order.sort_by(|a, b| (&a.place, a.imported_at).cmp(&(&b.place, b.imported_at)));
    let of =
        |table: &'static str| order.iter().enumerate().filter(move |(_, entry)| entry.place.table == table);
    let mut homes = Homes::new(entropy::seed().map_err(Failure::from)?);
    for (_, entry) in of("student") {
        folder.read(custody, entry, &["local_id", "institution"], &mut |row| {
            homes.note(row.text(0), row.text(1));
            Ok(())
        })?;
    }
    let lists_people =
        |table: &str| table == "student" || (table == "wage" && kind == SegmentKind::Workforce);
    let rows = order.iter().filter(|entry| lists_people(&entry.place.table)).map(|entry| entry.rows).sum();
    let mut gathered = Gathered::new(homes, rows, room);
    for (place, entry) in of("student") {
        folder.read(custody, entry, &PERSON_COLUMNS, &mut |row| {
            gathered.person(&person(row), row.text(16), place).map_err(|error| on_disk(&error))
        })?;
    }
    // An agency has no list of people: whoever has wages is one.
    for (place, entry) in of("wage").filter(|_| kind == SegmentKind::Workforce) {
        folder.read(custody, entry, &["ssn"], &mut |row| {
            gathered.worker(row.text(0), place).map_err(|error| on_disk(&error))
        })?;
    }
    gathered.settled();
    for (_, entry) in of("enrolment") {
        folder.read(custody, entry, &ENROLMENT_COLUMNS, &mut |row| {
            gathered.enrolled(row);
            Ok(())
        })?;
    }
    Ok(gathered.finish(opt_outs, kind, room)?)
}

fn on_disk(error: &ShelfError) -> TableError {
    TableError::Disk { kind: error.kind() }
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
const ENROLMENT_COLUMNS: [&str; 7] =
    ["local_id", "school_year", "term", "special_admit", "completer_cohort", "institution", "school"];

fn school_year(row: &RowView<'_>, at: usize) -> Option<SchoolYear> {
    row.integer(at).and_then(|year| u16::try_from(year).ok()).map(SchoolYear)
}

/// What has been read so far.
///
/// A student's number here is that of its first row among the students. Fields go where the room is, in parts by that number, and
/// are laid over one another a part at a time; what joins rows stays in memory as digests.
struct Gathered {
    homes: Homes,
    by_local: HashMap<LocalKey, u32>,
    by_ssid: HashMap<LocalKey, (u32, u32)>,
    /// The student number each student was first met with; none if it was empty.
    met_with: Vec<Option<LocalKey>>,
    said: Vec<Said>,
    unlisted_rows: usize,
    parts: Vec<Sequence>,
    part_students: u32,
    row: Zeroizing<Vec<u8>>,
}

/// What the enrolments of one student say.
#[derive(Clone, Copy, Default)]
struct Said {
    completion: Option<Completion>,
    first_regular: Option<SchoolYear>,
    is_enrolled: bool,
}

/// Memory of a student's fields while rows are laid over one another.
const STUDENT_BYTES: u64 = 1 << 10;

impl Gathered {
    /// For at most `rows` rows about students.
    fn new(homes: Homes, rows: u64, room: &Room) -> Self {
        let parts = room.part(4).buckets(rows.saturating_mul(STUDENT_BYTES));
        let part_students = rows.div_ceil(parts.len() as u64).max(1);
        Self {
            homes,
            by_local: HashMap::new(),
            by_ssid: HashMap::new(),
            met_with: Vec::new(),
            said: Vec::new(),
            unlisted_rows: 0,
            parts,
            part_students: u32::try_from(part_students).unwrap_or(u32::MAX),
            row: Zeroizing::default(),
        }
    }

    fn person(&mut self, person: &Person, institution: Option<&str>, place: usize) -> Result<(), ShelfError> {
        let key = self.homes.key(Some(person.local_id.expose()), institution);
        let ssid = person.ssid.present().map(|ssid| self.homes.ssid(ssid));
        let number = person.local_id.present().map(|_| self.homes.anywhere(&person.local_id));
        let place = u32::try_from(place).unwrap_or(u32::MAX);
        // A shared SSID inside one file is damage, not the same student, unless the student number is the same too: join on
        // it across files only.
        let same_number =
            |index: u32| number.is_some() && self.met_with.get(index as usize).copied().flatten() == number;
        let joins = |ssid: &LocalKey| {
            let known = self.by_ssid.get(ssid).filter(|(index, from)| *from != place || same_number(*index));
            known.map(|(index, _)| *index)
        };
        // A number that is the student's own social security number is one no college gave (SB01 = S).
        let own = !person.ssn.is_empty() && person.ssn == person.local_id;
        let anywhere = number.filter(|_| own);
        let known = self.by_local.get(&key).or_else(|| self.by_local.get(anywhere.as_ref()?)).copied();
        let known = known.or_else(|| ssid.as_ref().and_then(joins));
        let index = match known {
            Some(index) => index,
            None => {
                let next = u32::try_from(self.met_with.len()).unwrap_or(u32::MAX);
                self.met_with.push(number);
                next
            }
        };
        self.row.clear();
        self.row.extend_from_slice(&index.to_le_bytes());
        put_person(person, &mut self.row);
        let part = self.parts.get_mut((index / self.part_students) as usize).ok_or(ShelfError::DAMAGED)?;
        part.push(&self.row)?;
        self.by_local.extend(anywhere.into_iter().chain([key]).map(|key| (key, index)));
        if let Some(ssid) = ssid {
            self.by_ssid.entry(ssid).or_insert((index, place));
        }
        Ok(())
    }

    /// Takes the number of one wage record: known by it as by a student number, and met once however often it is paid. The names
    /// beside it match nobody, for wage records have no date of birth.
    fn worker(&mut self, ssn: Option<&str>, place: usize) -> Result<(), ShelfError> {
        let Some(ssn) = ssn else { return Ok(()) };
        if self.by_local.contains_key(&self.homes.key(Some(ssn), None)) {
            return Ok(());
        }
        let worker = Person { local_id: Text::new(ssn), ssn: Text::new(ssn), ..Person::default() };
        self.person(&worker, None, place)
    }

    /// Every row about a student has been read.
    fn settled(&mut self) {
        self.said = vec![Said::default(); self.met_with.len()];
        (self.by_ssid, self.met_with) = (HashMap::new(), Vec::new());
    }

    /// Takes one row of the table `enrolment`: a spell at a school, or a term at a college. A student may be known by several
    /// numbers: what is said of any of them is said of the student.
    fn enrolled(&mut self, row: &RowView<'_>) {
        let student = self.by_local.get(&self.homes.key(row.text(0), row.text(5)));
        let said = student.and_then(|index| self.said.get_mut(*index as usize));
        if let Some(cohort) = school_year(row, 4) {
            if let Some(said) = said {
                let one = Completion { cohort, school: row.text(6).and_then(SchoolCode::parse) };
                said.completion = least(said.completion, Some(one));
            }
            return;
        }
        let (Some(year), Some(_term)) = (school_year(row, 1), row.text(2)) else { return };
        let regular = (row.flag(3) != Some(true)).then_some(year);
        match said {
            Some(said) => {
                said.first_regular = least(said.first_regular, regular);
                said.is_enrolled = true;
            }
            None => self.unlisted_rows += 1,
        }
    }

    fn finish(self, opt_outs: &OptOuts, kind: SegmentKind, room: &Room) -> Result<Roster, ShelfError> {
        let mut counts = Counts {
            submitted: self.said.len(),
            unlisted_enrolments: self.unlisted_rows,
            ..Counts::default()
        };
        let ladder = Ladder::default();
        let mut students = Students::new(&room.part(4));
        let mut places = Vec::with_capacity(self.said.len());
        let mut said = self.said.into_iter();
        for (number, part) in (0_u32..).zip(self.parts) {
            for person in laid_over(&part, number.saturating_mul(self.part_students))? {
                let said = said.next().unwrap_or_default();
                if opt_outs.names(&person) {
                    counts.opted_out += 1;
                    places.push(OPTED_OUT);
                    continue;
                }
                let student = Student {
                    completion: said.completion.filter(|_| kind == SegmentKind::K12),
                    first_regular: said.first_regular,
                    enrolled: if said.is_enrolled { Enrolled::Some } else { Enrolled::Never },
                    person,
                };
                counts.unusable += usize::from(ladder.strength(student.held()) == Strength::Weak);
                places.push(students.push(&student)?);
            }
        }
        let mut by_local = self.by_local;
        for index in by_local.values_mut() {
            *index = places.get(*index as usize).copied().ok_or(ShelfError::DAMAGED)?;
        }
        Ok(Roster { kind, students, counts, numbers: Numbers::new(self.homes, by_local) })
    }
}

/// The students of one part, from the first number on, each with what its rows say.
fn laid_over(part: &Sequence, first: u32) -> Result<Vec<Person>, ShelfError> {
    let mut people: Vec<Person> = Vec::new();
    part.each(|row| {
        let mut row = Unpack(row);
        let at = row.number()?.checked_sub(first).ok_or(ShelfError::DAMAGED)? as usize;
        let person = row.person()?;
        let next = people.len();
        match people.get_mut(at) {
            Some(earlier) => earlier.overlay(person),
            None if at == next => people.push(person),
            None => return Err(ShelfError::DAMAGED),
        }
        Ok(())
    })?;
    Ok(people)
}

/// The lesser of two, of which either may not be known.
fn least<T: Ord>(one: Option<T>, other: Option<T>) -> Option<T> {
    [one, other].into_iter().flatten().min()
}

//! The counting: who a row is about, and what all rows about one student say together.
//!
//! A student is one number of one institution. Rows without a number count by SSID, rows of wages by social security number;
//! where another row has both, they are the same student. Numbers are held as halves of digests: the counts are not a list of
//! student numbers.

use std::collections::{BTreeMap, HashMap, HashSet};

use passage_analytics::table::RowView;
use passage_protocol::{
    cells::SchoolYear,
    match_key::{Element, PersonFields},
    timestamp::Date,
};

use super::{Coverage, Held, Ladder, Line, Meaning, Strength, day, freshness};
use crate::tables::StoredTable;

/// Columns every counted table is read for; a table without one reads as empty.
pub(super) const COLUMNS: [&str; 11] = [
    "school_year",
    "school",
    "institution",
    "local_id",
    "ssid",
    "ssn",
    "first",
    "last",
    "birth_date",
    "gender",
    "zip",
];

/// Sorts of numbers: of an institution, without one, SSID, social security number.
const SORTS: usize = 4;

/// Which count of a line a table's rows are.
type Rows = fn(&mut Line) -> &mut u64;

/// What a row of a table says of people.
#[derive(Clone, Copy, Eq, PartialEq)]
enum About {
    /// Somebody at another institution: no student of a line, but one who should be listed.
    Elsewhere,
    /// Nobody.
    Nobody,
    /// Somebody who should be in a student list.
    Someone,
    /// Who somebody is.
    Who,
    /// Who somebody is, by social security number alone.
    Worker,
}

/// One stored table while it is read.
pub(super) struct Source {
    rows: Rows,
    about: About,
    year: Option<u16>,
    imported: String,
}

/// Where rows of one school year and school are counted.
type Key = (Option<u16>, String);

/// The rows of one line so far.
#[derive(Default)]
struct Group {
    line: Line,
    students: HashSet<u64>,
}

/// Everything counted so far.
#[derive(Default)]
pub(super) struct Counts {
    groups: BTreeMap<Key, Group>,
    /// What is known of each student, by the first of its numbers.
    people: HashMap<u64, Held>,
    /// Other numbers of students.
    also: HashMap<u64, u64>,
    nameless: u64,
    unlisted: u64,
    /// School years with rows of this institution about its own students.
    years: HashSet<u16>,
}

impl Counts {
    /// How a stored table is counted; none if it is no table of the dictionary.
    pub(super) fn begin(&self, entry: &StoredTable) -> Option<Source> {
        let (rows, about): (Rows, About) = match entry.place.table.as_str() {
            "student" => (|line| &mut line.student_rows, About::Who),
            "enrolment" => (|line| &mut line.enrolments, About::Someone),
            "course" => (|line| &mut line.courses, About::Someone),
            "section" => (|line| &mut line.sections, About::Nobody),
            "award" => (|line| &mut line.awards, About::Someone),
            "assessment" => (|line| &mut line.assessments, About::Someone),
            "program" => (|line| &mut line.programs, About::Someone),
            "wage" => (|line| &mut line.wages, About::Worker),
            "elsewhere" => (|line| &mut line.elsewhere, About::Elsewhere),
            _ => return None,
        };
        let year = entry.place.period.year.map(|year| year.0);
        Some(Source { rows, about, year, imported: day(entry.imported_at.date()) })
    }

    /// Counts a row.
    pub(super) fn add(&mut self, source: &Source, row: &RowView<'_>) {
        let text = |at| row.text(at).unwrap_or_default();
        let year = row.integer(0).and_then(|year| u16::try_from(year).ok()).or(source.year);
        let school = row.text(1).or_else(|| row.text(2)).unwrap_or_default();
        let student = match source.about {
            About::Nobody => None,
            About::Who | About::Worker => {
                let birth_date = if row.date(8).is_some() { Held::ANY_DAY } else { "" };
                let fields = PersonFields {
                    ssid: text(4),
                    ssn: text(5),
                    first: text(6),
                    last: text(7),
                    birth_date,
                    gender: text(9),
                    zip: text(10),
                    ..PersonFields::default()
                };
                Some(self.who(source.about, row, Held::of(&fields)))
            }
            About::Elsewhere | About::Someone => {
                let numbers = self.numbers(row);
                let listed = numbers.iter().find_map(|number| self.listed(*number));
                self.unlisted += u64::from(listed.is_none());
                listed.or(numbers.first().copied()).filter(|_| source.about == About::Someone)
            }
        };
        if let Some(year) = year.filter(|_| student.is_some()) {
            self.years.insert(year);
        }
        let group = self.groups.entry((year, school.to_owned())).or_default();
        group.students.extend(student);
        group.line.rows += 1;
        *(source.rows)(&mut group.line) += 1;
        if group.line.imported < source.imported {
            group.line.imported.clone_from(&source.imported);
        }
    }

    /// Takes what a row says of who somebody is; answers the student.
    fn who(&mut self, about: About, row: &RowView<'_>, held: Held) -> u64 {
        let numbers = self.numbers(row);
        let known = numbers.first().copied().filter(|_| about == About::Worker);
        let student = known.and_then(|number| self.listed(number)).or(numbers.first().copied());
        let student = student.unwrap_or_else(|| {
            self.nameless += 1;
            number("row", &[&self.nameless.to_string()])
        });
        let known = self.people.entry(student).or_default();
        *known = known.and(held);
        for other in numbers.into_iter().filter(|other| *other != student) {
            self.also.entry(other).or_insert(student);
        }
        student
    }

    /// Every number a row has for its student, the one that counts first.
    fn numbers(&self, row: &RowView<'_>) -> Vec<u64> {
        let [institution, local, ssid, ssn] = [2, 3, 4, 5].map(|at| row.text(at));
        let both = institution.zip(local).map(|(institution, local)| number("at", &[institution, local]));
        let local = local.map(|local| number("local", &[local]));
        let ssid = ssid.map(|ssid| number("ssid", &[ssid]));
        let ssn = ssn.map(|ssn| number("ssn", &[ssn]));
        [both, local, ssid, ssn].into_iter().flatten().collect()
    }

    /// The listed student of a number.
    fn listed(&self, number: u64) -> Option<u64> {
        let student = self.settled(number);
        self.people.contains_key(&student).then_some(student)
    }

    /// The student a number is another number of; else the number itself.
    fn settled(&self, number: u64) -> u64 {
        // Each step leads to a number of a stronger sort, and there are four sorts.
        (0..SORTS).fold(number, |number, _| self.also.get(&number).copied().unwrap_or(number))
    }

    /// The result, on a day.
    pub(super) fn finish(mut self, today: Date) -> Coverage {
        // Rows that were read before another row told that two numbers are one student's.
        let people = core::mem::take(&mut self.people);
        let mut known: HashMap<u64, Held> = HashMap::with_capacity(people.len());
        for (student, held) in people {
            let settled = known.entry(self.settled(student)).or_default();
            *settled = settled.and(held);
        }
        let ladder = Ladder::default();
        let fill = |line: &mut Line, students: &HashSet<u64>| {
            for student in students {
                line.student(known.get(student).copied().unwrap_or_default(), &ladder);
            }
        };
        let (mut lines, mut years, mut everybody) = (Vec::new(), BTreeMap::new(), Group::default());
        for ((year, school), group) in &self.groups {
            let students: HashSet<u64> = group.students.iter().map(|number| self.settled(*number)).collect();
            let school_year = year.map_or_else(String::new, |year| SchoolYear(year).to_string());
            let mut line = Line { school_year, school: school.clone(), ..group.line.clone() };
            let of_year: &mut Group = years.entry(*year).or_default();
            for whole in [of_year, &mut everybody] {
                whole.line.rows_of(&line);
                whole.students.extend(&students);
            }
            fill(&mut line, &students);
            lines.push(line);
        }
        let years = years.into_iter().map(|(year, Group { mut line, students })| {
            line.school_year = year.map_or_else(String::new, |year| SchoolYear(year).to_string());
            fill(&mut line, &students);
            line
        });
        let years = years.collect();
        let Group { line: mut total, students } = everybody;
        fill(&mut total, &students);
        let (freshness, freshness_words) = freshness(&self.years, today);
        Coverage {
            made: day(today),
            freshness,
            freshness_words,
            strengths: Strength::ALL
                .iter()
                .map(|strength| Meaning { strength: *strength, meaning: strength.meaning() })
                .collect(),
            lines,
            years,
            total,
            unlisted_rows: self.unlisted,
        }
    }
}

impl Line {
    fn student(&mut self, held: Held, ladder: &Ladder) {
        self.students += 1;
        self.ssid += u64::from(held.has(Element::Ssid));
        self.ssn += u64::from(held.has(Element::Ssn));
        self.named += u64::from(held.is_named());
        *match ladder.strength(held) {
            Strength::Strong => &mut self.strong,
            Strength::Standard => &mut self.standard,
            Strength::Weak => &mut self.weak,
        } += 1;
    }

    /// Adds the rows of a line to this one.
    fn rows_of(&mut self, line: &Self) {
        for (sum, rows) in [
            (&mut self.rows, line.rows),
            (&mut self.student_rows, line.student_rows),
            (&mut self.enrolments, line.enrolments),
            (&mut self.courses, line.courses),
            (&mut self.sections, line.sections),
            (&mut self.awards, line.awards),
            (&mut self.assessments, line.assessments),
            (&mut self.programs, line.programs),
            (&mut self.wages, line.wages),
            (&mut self.elsewhere, line.elsewhere),
        ] {
            *sum += rows;
        }
        if self.imported < line.imported {
            self.imported.clone_from(&line.imported);
        }
    }
}

/// A number as it is compared: a piece of a digest, enough to tell the students of a member apart.
pub(crate) fn number(sort: &str, parts: &[&str]) -> u64 {
    let mut hasher = blake3::Hasher::new();
    for part in core::iter::once(&sort).chain(parts) {
        hasher.update(part.to_ascii_uppercase().as_bytes()).update(&[0x1F]);
    }
    u64::from_le_bytes(hasher.finalize().as_bytes().first_chunk().copied().unwrap_or_default())
}

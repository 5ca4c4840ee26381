//! What a file covers: by school year and school, how many rows and students, and what the students can be matched by.
//!
//! Counts and codes of schools only. A student is one institution's number, however many rows the file has of it; memory is
//! some thirty bytes a student of a group while the file is read.

use std::collections::{BTreeMap, HashMap};

use passage_protocol::{
    cells::SchoolYear,
    match_key::{Element, PersonFields},
};
use serde::Serialize;

use super::{plan::Plan, row::Row};
use crate::coverage::{Held, Ladder, Strength, number};

/// Groups listed one by one; a file with more schools and years has the rest in one group.
const GROUPS_MAX: usize = 4096;
/// Longest school code, bytes. What is longer is no code.
const SCHOOL_BYTES_MAX: usize = 14;

/// One group of rows.
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize)]
pub struct Covered {
    /// School year, `2019-2020`; none if the layout has none.
    pub school_year: Option<String>,
    /// School as coded by the source; none if the layout has none, or it is no code.
    pub school: Option<String>,
    /// Rows kept.
    pub rows: u64,
    /// Students of the rows that say who somebody is; the counts below are of these.
    pub students: u64,
    /// With an SSID.
    pub ssid: u64,
    /// With a social security number.
    pub ssn: u64,
    /// With first name, last name and date of birth.
    pub name_and_birth_date: u64,
    /// Expected to match well ([`Strength::Strong`]).
    pub strong: u64,
    /// Less so ([`Strength::Standard`]).
    pub standard: u64,
    /// Not at all ([`Strength::Weak`]).
    pub weak: u64,
}

/// The rows of one group so far.
#[derive(Default)]
struct Group {
    rows: u64,
    students: HashMap<u64, Held>,
}

/// Counts while a file is read.
pub(super) struct Coverage {
    groups: BTreeMap<(Option<SchoolYear>, Option<String>), Group>,
    /// What tells people apart, if the file says who they are: institution, local number, SSID, SSN.
    identity: Option<[Option<usize>; 4]>,
    school: Option<usize>,
    names: [Option<usize>; 2],
    birth_date: Option<usize>,
    others: [Option<usize>; 2],
    nameless: u64,
}

impl Coverage {
    pub(super) fn new(plan: &Plan<'_>) -> Self {
        let people = plan.feeds("student") || plan.feeds("wage");
        Self {
            groups: BTreeMap::new(),
            identity: people
                .then(|| ["institution", "local-id", "ssid", "ssn"].map(|element| plan.slot(element))),
            school: plan.slot("school"),
            names: ["first", "last"].map(|element| plan.slot(element)),
            birth_date: plan.slot("birth-date"),
            others: ["gender", "zip"].map(|element| plan.slot(element)),
            nameless: 0,
        }
    }

    /// Counts a row that is kept.
    pub(super) fn count(&mut self, row: &Row) {
        let school = row.text(self.school);
        let school = (!school.is_empty() && is_code(school)).then_some(school);
        let full = self.groups.len() >= GROUPS_MAX;
        let key = (row.period().year, school.map(str::to_owned));
        let key = if full && !self.groups.contains_key(&key) { (None, None) } else { key };
        let group = self.groups.entry(key).or_default();
        group.rows += 1;
        let Some([institution, local, ssid, ssn]) =
            self.identity.map(|slots| slots.map(|slot| row.text(slot)))
        else {
            return;
        };
        let student = match [local, ssid, ssn].iter().position(|number| !number.is_empty()) {
            Some(0) => number("local", &[institution, local]),
            Some(1) => number("ssid", &[ssid]),
            Some(_) => number("ssn", &[ssn]),
            None => {
                self.nameless += 1;
                number("row", &[&self.nameless.to_string()])
            }
        };
        let [first, last] = self.names.map(|slot| row.text(slot));
        let [gender, zip] = self.others.map(|slot| row.text(slot));
        let birth_date = if row.has(self.birth_date) { Held::ANY_DAY } else { "" };
        let fields =
            PersonFields { ssid, ssn, first, last, birth_date, gender, zip, ..PersonFields::default() };
        let held = group.students.entry(student).or_default();
        *held = held.and(Held::of(&fields));
    }

    /// The groups, by year and school.
    pub(super) fn groups(self) -> Vec<Covered> {
        let ladder = Ladder::default();
        let one = |((year, school), group): ((Option<SchoolYear>, Option<String>), Group)| {
            let mut covered = Covered {
                school_year: year.map(|year| year.to_string()),
                school,
                rows: group.rows,
                ..Covered::default()
            };
            group.students.into_values().for_each(|held| covered.student(held, &ladder));
            covered
        };
        self.groups.into_iter().map(one).collect()
    }
}

impl Covered {
    fn student(&mut self, held: Held, ladder: &Ladder) {
        self.students += 1;
        self.ssid += u64::from(held.has(Element::Ssid));
        self.ssn += u64::from(held.has(Element::Ssn));
        self.name_and_birth_date += u64::from(held.is_named());
        *match ladder.strength(held) {
            Strength::Strong => &mut self.strong,
            Strength::Standard => &mut self.standard,
            Strength::Weak => &mut self.weak,
        } += 1;
    }
}

/// A school's code has a digit and no letters but capitals: nothing that could be a name is shown.
fn is_code(text: &str) -> bool {
    text.len() <= SCHOOL_BYTES_MAX
        && text.bytes().any(|byte| byte.is_ascii_digit())
        && text.bytes().all(|byte| byte.is_ascii_digit() || byte.is_ascii_uppercase() || byte == b'-')
}

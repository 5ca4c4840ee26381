//! What a file covers: by school year and school, how many rows, and what its students can be matched by (issue 3.4).
//!
//! Counts and codes of schools only.

use std::collections::BTreeMap;

use passage_protocol::cells::SchoolYear;
use serde::Serialize;

use super::{plan::Plan, row::Row};

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
    /// Rows that say who a student is; the counts below are of these.
    pub students: u64,
    /// With an SSID.
    pub ssid: u64,
    /// With a social security number.
    pub ssn: u64,
    /// With first name, last name and date of birth.
    pub name_and_birth_date: u64,
    /// Expected match strength strong: SSID or social security number.
    pub strong: u64,
    /// Standard: no identifier, and first name, last name and date of birth.
    pub standard: u64,
    /// Weak: less than that.
    pub weak: u64,
}

/// Counts while a file is read.
pub(super) struct Coverage {
    groups: BTreeMap<(Option<SchoolYear>, Option<String>), Covered>,
    student: bool,
    school: Option<usize>,
    ssid: Option<usize>,
    ssn: Option<usize>,
    name: [Option<usize>; 3],
}

impl Coverage {
    pub(super) fn new(plan: &Plan<'_>) -> Self {
        Self {
            groups: BTreeMap::new(),
            student: plan.feeds("student"),
            school: plan.slot("school"),
            ssid: plan.slot("ssid"),
            ssn: plan.slot("ssn"),
            name: ["first", "last", "birth-date"].map(|element| plan.slot(element)),
        }
    }

    /// Counts a row that is kept.
    pub(super) fn count(&mut self, row: &Row) {
        let school = Some(row.text(self.school)).filter(|school| is_code(school));
        let full = self.groups.len() >= GROUPS_MAX;
        let key = (row.period().year, school.map(str::to_owned));
        let key = if full && !self.groups.contains_key(&key) { (None, None) } else { key };
        let group = self.groups.entry(key).or_default();
        group.rows += 1;
        if !self.student {
            return;
        }
        let (ssid, ssn) = (row.has(self.ssid), row.has(self.ssn));
        let named = self.name.iter().all(|slot| row.has(*slot));
        group.students += 1;
        group.ssid += u64::from(ssid);
        group.ssn += u64::from(ssn);
        group.name_and_birth_date += u64::from(named);
        group.strong += u64::from(ssid || ssn);
        group.standard += u64::from(named && !ssid && !ssn);
        group.weak += u64::from(!named && !ssid && !ssn);
    }

    /// The groups, by year and school.
    pub(super) fn groups(self) -> Vec<Covered> {
        let one = |((year, school), counts): ((Option<SchoolYear>, Option<String>), Covered)| Covered {
            school_year: year.map(|year| year.to_string()),
            school,
            ..counts
        };
        self.groups.into_iter().map(one).collect()
    }
}

/// A school's code has a digit and no letters but capitals: nothing that could be a name is shown.
fn is_code(text: &str) -> bool {
    text.len() <= SCHOOL_BYTES_MAX
        && text.bytes().any(|byte| byte.is_ascii_digit())
        && text.bytes().all(|byte| byte.is_ascii_digit() || byte.is_ascii_uppercase() || byte == b'-')
}

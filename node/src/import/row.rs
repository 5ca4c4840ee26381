//! One row's checked values, what follows from them, and the table rows they make.
//!
//! The rules that turn codes into meaning live here: who is a completer (domain 1B), which roll-up a student's races have,
//! what school year a date is in.

use passage_protocol::cells::SchoolYear;

use super::{
    cell::{Cell, RowKey, TableRow},
    period::{ReportingPeriod, Term},
    plan::{Constant, Plan, PlannedTable, Use},
    units::{CODE_END, Unit},
    value::{More, Value, race::code_of},
};
use crate::roster::{Date, ethnicity};

/// Completion statuses of a completer, with exit reason E230 (domain 1B, CALPADS reports 1.22 and 1.23).
const COMPLETER_STATUSES: [&str; 5] = ["100", "120", "250", "320", "330"];
/// Enrolment statuses that count.
const COMPLETER_ENROLMENTS: [&str; 2] = ["10", "30"];
/// Grades that count.
const COMPLETER_GRADES: [&str; 6] = ["07", "08", "09", "10", "11", "12"];
/// Domain of the digests of natural keys.
const KEY_CONTEXT: &str = "passage 2026 import natural key v1";
/// Stands between the parts of a key. No text of a field has it.
const PART_END: char = '\u{1F}';

/// Slots of the elements that rules know; none where the layout does not feed one.
struct Known {
    birth_month: Option<usize>,
    cohort: Option<usize>,
    completion: Option<usize>,
    enrolment_status: Option<usize>,
    ethnicity: Option<usize>,
    exit_date: Option<usize>,
    exit_reason: Option<usize>,
    grade_level: Option<usize>,
    hispanic: Option<usize>,
    races: Option<usize>,
    school_year: Option<usize>,
    season: Option<usize>,
}

/// The usable values of one row.
pub(super) struct Row {
    cells: Vec<Cell>,
    races: Vec<u16>,
    said_hispanic: Option<bool>,
    season: Option<&'static str>,
    term_year: Option<SchoolYear>,
    period: ReportingPeriod,
    /// The codes that say which school or college it is reported for, and the last one they made.
    unit: Vec<String>,
    unit_text: String,
    last_unit: Option<Unit>,
    key: Vec<String>,
    key_text: String,
    key_secret: [u8; 32],
    known: Known,
}

impl Row {
    pub(super) fn new(plan: &Plan<'_>) -> Self {
        let slot = |element| plan.slot(element);
        Self {
            cells: (0..plan.slots).map(|_| Cell::Empty).collect(),
            races: Vec::new(),
            said_hispanic: None,
            season: None,
            term_year: None,
            period: ReportingPeriod::default(),
            unit: vec![String::new(); plan.layout.unit_from.len()],
            unit_text: String::new(),
            last_unit: None,
            key: vec![String::new(); plan.layout.key.len()],
            key_text: String::new(),
            key_secret: blake3::derive_key(KEY_CONTEXT, plan.layout.family().as_bytes()),
            known: Known {
                birth_month: slot("birth-month"),
                cohort: slot("completer-cohort"),
                completion: slot("completion-status"),
                enrolment_status: slot("enrolment-status"),
                ethnicity: slot("ethnicity"),
                exit_date: slot("exit-date"),
                exit_reason: slot("exit-reason"),
                grade_level: slot("grade-level"),
                hispanic: slot("hispanic"),
                races: slot("races"),
                school_year: slot("school-year"),
                season: slot("term-season"),
            },
        }
    }

    pub(super) fn clear(&mut self) {
        self.cells.fill_with(|| Cell::Empty);
        self.races.clear();
        (self.said_hispanic, self.season, self.term_year) = (None, None, None);
        self.period = ReportingPeriod::default();
        self.key.iter_mut().chain(&mut self.unit).for_each(String::clear);
    }

    /// Takes a checked value. `source` says whether it is of the column the school year comes from.
    pub(super) fn set(&mut self, slot: Option<usize>, source: YearSource, value: Value) {
        let Value { cell, more } = value;
        if source == YearSource::This {
            self.period = match (&more, &cell) {
                (More::Term(year, _), Cell::Text(term)) => {
                    ReportingPeriod { year: Some(*year), term: Term::parse(term) }
                }
                (More::Term(year, _), _) => ReportingPeriod::of_year(*year),
                (_, Cell::Date { year, month, .. }) => {
                    ReportingPeriod::of_year(school_year_of(*year, *month))
                }
                _ => ReportingPeriod::default(),
            };
        }
        match more {
            More::BirthMonth => return self.put(self.known.birth_month, cell),
            More::Race(code) => {
                if !self.races.contains(&code) {
                    self.races.push(code);
                }
                return;
            }
            More::Races(codes, hispanic) => {
                self.races.extend(codes);
                self.said_hispanic = hispanic;
                return;
            }
            More::Term(year, season) => {
                if season.is_some() {
                    (self.season, self.term_year) = (season, Some(year));
                }
            }
            More::Nothing => {}
        }
        self.put(slot, cell);
    }

    /// The text of an element, empty if it has none.
    pub(super) fn text(&self, slot: Option<usize>) -> &str {
        self.at(slot).map_or("", Cell::as_text)
    }

    /// True if an element has a value.
    pub(super) fn has(&self, slot: Option<usize>) -> bool {
        self.at(slot).is_some_and(|cell| !cell.is_empty())
    }

    /// What the row is reported for.
    pub(super) fn period(&self) -> ReportingPeriod {
        self.period
    }

    /// Notes a code of the school or college the row is reported for.
    pub(super) fn set_unit(&mut self, place: usize, written: &str, checked: &Cell) {
        if let Some(part) = self.unit.get_mut(place) {
            write_part(part, written, Some(checked));
        }
    }

    /// The school or college the row is reported for; none if the layout does not say so. Rows of one come one after another.
    pub(super) fn unit(&mut self) -> Option<Unit> {
        if self.unit.is_empty() {
            return None;
        }
        self.unit_text.clear();
        for (place, code) in self.unit.iter().enumerate() {
            if place > 0 {
                self.unit_text.push(CODE_END);
            }
            self.unit_text.push_str(code);
        }
        if self.last_unit.as_ref().is_none_or(|last| last.as_str() != self.unit_text) {
            self.last_unit = Some(Unit::new(&self.unit_text));
        }
        self.last_unit.clone()
    }

    /// Notes a part of the natural key: the checked value if there is one, so that one day written in two ways is one key.
    pub(super) fn set_key(&mut self, place: usize, written: &str, checked: Option<&Cell>) {
        if let Some(part) = self.key.get_mut(place) {
            write_part(part, written, checked);
        }
    }

    /// Digest of the natural key; of the whole row if the layout has none.
    pub(super) fn key(&mut self, whole: &str) -> RowKey {
        if self.key.is_empty() {
            return short(blake3::keyed_hash(&self.key_secret, whole.as_bytes()));
        }
        self.key_text.clear();
        for part in &self.key {
            self.key_text.push_str(part);
            self.key_text.push(PART_END);
        }
        short(blake3::keyed_hash(&self.key_secret, self.key_text.as_bytes()))
    }

    /// Fills what follows from the row's values, once they are all in.
    pub(super) fn derive(&mut self, plan: &Plan<'_>) {
        for (slot, constant) in &plan.constants {
            self.put(
                Some(*slot),
                match constant {
                    Constant::Integer(number) => Cell::Integer(*number),
                    Constant::Text(text) => Cell::text(text),
                },
            );
        }
        if let Some(hispanic) = self.said_hispanic {
            self.put(self.known.hispanic, Cell::Flag(hispanic));
        }
        if !self.races.is_empty() {
            // In one order, so that files that say the same become the same text.
            self.races.sort_unstable();
            let codes: Vec<String> = self.races.iter().map(ToString::to_string).collect();
            self.put(self.known.races, Cell::text(&codes.join(" ")));
        }
        if plan.tells_race && !self.has(self.known.ethnicity) {
            let hispanic = match self.at(self.known.hispanic) {
                Some(Cell::Flag(answer)) => Some(*answer),
                Some(_) | None => None,
            };
            self.put(self.known.ethnicity, Cell::text(code_of(ethnicity(hispanic, &self.races))));
        }
        if let Some(season) = self.season {
            self.put(self.known.season, Cell::text(season));
        }
        if let Some(year) = self.period.year.or(self.term_year).filter(|_| !self.has(self.known.school_year))
        {
            self.put(self.known.school_year, Cell::Integer(i64::from(year.0)));
        }
        if let Some(cohort) = self.cohort() {
            self.put(self.known.cohort, Cell::Integer(i64::from(cohort.0)));
        }
    }

    /// True if the row says anything of the part a table row is about.
    pub(super) fn tells(&self, table: &PlannedTable) -> bool {
        table.demands.is_empty() || table.demands.iter().any(|slot| self.has(Some(*slot)))
    }

    /// The row of one table. Values move out of the slots that no later table needs.
    pub(super) fn table(&mut self, table: &PlannedTable) -> TableRow {
        let mut take = |slot: usize, again: Use| match (self.cells.get_mut(slot), again) {
            (Some(cell), Use::Last) => core::mem::take(cell),
            (Some(cell), Use::Again) => cell.again(),
            (None, _) => Cell::Empty,
        };
        let cells =
            table.cells.iter().map(|cell| cell.map_or(Cell::Empty, |(slot, again)| take(slot, again)));
        TableRow { table: table.name, cells: cells.collect() }
    }

    /// The class a pupil completed with; none if not a completer.
    fn cohort(&self) -> Option<SchoolYear> {
        let known = &self.known;
        let counts = |slot: Option<usize>, codes: &[&str]| slot.is_none() || codes.contains(&self.text(slot));
        let completer = self.text(known.exit_reason) == "E230"
            && COMPLETER_STATUSES.contains(&self.text(known.completion))
            && counts(known.enrolment_status, &COMPLETER_ENROLMENTS)
            && counts(known.grade_level, &COMPLETER_GRADES);
        match self.at(known.exit_date) {
            Some(Cell::Date { year, month, day }) if completer => {
                Date::new(*year, *month, *day).map(Date::graduating_year)
            }
            Some(_) | None => None,
        }
    }

    fn at(&self, slot: Option<usize>) -> Option<&Cell> {
        self.cells.get(slot?)
    }

    fn put(&mut self, slot: Option<usize>, value: Cell) {
        if let Some(cell) = slot.and_then(|slot| self.cells.get_mut(slot)) {
            *cell = value;
        }
    }
}

/// Writes a part of a key or a unit, in capitals.
fn write_part(part: &mut String, written: &str, checked: Option<&Cell>) {
    use core::fmt::Write as _;
    part.clear();
    // Writing to a String cannot fail.
    let _ = match checked {
        Some(Cell::Date { year, month, day }) => write!(part, "{year:04}{month:02}{day:02}"),
        Some(Cell::Integer(number)) => write!(part, "{number}"),
        Some(Cell::Text(text)) => write!(part, "{}", text.as_str()),
        Some(Cell::Decimal(_) | Cell::Empty | Cell::Flag(_)) | None => write!(part, "{written}"),
    };
    part.make_ascii_uppercase();
}

/// Whether a value comes from the column the row's school year comes from.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(super) enum YearSource {
    Other,
    This,
}

/// The school year of a day: July to June.
fn school_year_of(year: u16, month: u8) -> SchoolYear {
    SchoolYear(if month >= 7 { year } else { year.saturating_sub(1) })
}

/// The first half of a digest: 16 bytes tell apart any number of rows one file can have.
pub(super) fn short(digest: blake3::Hash) -> RowKey {
    let mut short = [0; 16];
    short.copy_from_slice(digest.as_bytes().split_at(16).0);
    short
}

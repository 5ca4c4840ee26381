//! From the rows a side's SQL answers to what is known of each student of the roster.
//!
//! A student of the roster may be known by several numbers, and the SQL sees numbers. What it says of each is joined here:
//! of a sender the earliest cohort counts; of a receiver, where two numbers have different outcomes in one cohort, the one the
//! metric lists first, and of more cohorts than it allows the earliest. Within one number such a difference is a fault of the
//! SQL and refused.

use std::hash::{BuildHasher, Hasher, RandomState};

use passage_analytics::{
    engine::{Answered, Embedded, Limits, Progress, QueryEngine, Running},
    table::{Kind, RowView},
};
use passage_protocol::{
    agreement::Study,
    cells::SchoolYear,
    metric::{Metric, Program, Side},
};
use passage_shell::failure::Failure;

use super::MetricError;
use crate::{
    roster::{Roster, Whose},
    tables::Schemas,
};

/// What one side of a metric says of the students of a roster. No `Debug`, no `Serialize`.
///
/// ```compile_fail
/// fn printable<T: std::fmt::Debug>() {}
/// printable::<passage_node::metrics::MetricFacts>();
/// ```
pub struct MetricFacts {
    side: Side,
    windows: u8,
    /// By student, then cohort.
    facts: Vec<Fact>,
    left_out: LeftOut,
}

struct Fact {
    student: u32,
    cohort: SchoolYear,
    outcome: u8,
}

/// Rows of an answer that are in no fact.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct LeftOut {
    /// About students who opted out.
    pub opted_out_rows: u64,
    /// About nobody of the student lists.
    pub unlisted_rows: u64,
}

impl MetricFacts {
    /// Facts that were made elsewhere: by student, cohort and outcome, as [`of`](Self::of) gives them.
    #[must_use]
    pub fn new(side: Side, windows: u8, said: impl IntoIterator<Item = (usize, SchoolYear, u8)>) -> Self {
        let fact = |(student, cohort, outcome)| Fact {
            student: u32::try_from(student).unwrap_or(u32::MAX),
            cohort,
            outcome,
        };
        let facts = in_order(said.into_iter().map(fact).collect());
        Self { side, windows, facts, left_out: LeftOut::default() }
    }

    /// The side it was made from.
    #[must_use]
    pub fn side(&self) -> Side {
        self.side
    }

    /// Rows that are in no fact.
    #[must_use]
    pub fn left_out(&self) -> LeftOut {
        self.left_out
    }

    /// The cohort of a sender's student, by place in the roster.
    #[must_use]
    pub fn sender_cohort(&self, student: usize) -> Option<SchoolYear> {
        (self.side == Side::Sender).then(|| self.of(student).next().map(|(cohort, _)| cohort))?
    }

    /// Cohorts of a student and the outcome in each, from 1, in order of the cohort; 0 where there is none. A unit of an `own`
    /// metric may be less than a student: then a cohort stands several times.
    pub fn of(&self, student: usize) -> impl Iterator<Item = (SchoolYear, u8)> + '_ {
        let student = u32::try_from(student).unwrap_or(u32::MAX);
        let first = self.facts.partition_point(|fact| fact.student < student);
        let rest = self.facts.get(first..).unwrap_or_default();
        rest.iter().take_while(move |fact| fact.student == student).map(|fact| (fact.cohort, fact.outcome))
    }

    /// As [`of`](Self::of), for a person who stands in the roster as several students: joined as several numbers of one student
    /// are.
    #[must_use]
    pub fn of_person(&self, students: &[usize]) -> Vec<(SchoolYear, u8)> {
        let mut said: Vec<(SchoolYear, u8)> = students.iter().flat_map(|student| self.of(*student)).collect();
        said.sort_unstable();
        match self.side {
            Side::Sender => said.truncate(1),
            Side::Receiver => first_cohorts(&mut said, self.windows),
            Side::Own => {}
        }
        said
    }
}

/// A row of an answer, as far as it is about a student of the roster.
#[derive(Eq, Ord, PartialEq, PartialOrd)]
struct Seen {
    student: u32,
    /// The number it was said of; only to tell one from another. In halves, so that a row takes 16 bytes.
    number: [u32; 2],
    cohort: u16,
    outcome: u8,
}

/// Columns of an answer; a sender's has no outcome.
const COLUMNS: [(&str, Kind); 4] = [
    ("institution", Kind::Text),
    ("local_id", Kind::Text),
    ("cohort", Kind::Integer),
    ("outcome", Kind::Text),
];

/// Reads the answer of a side: one function for rounds and for `metric run`.
///
/// # Errors
///
/// [`MetricError`]: a column or value that the side must not answer, or what stopped the query.
///
/// # Cost
///
/// 16 bytes a row of the answer, and sorting them.
pub fn facts(
    running: &mut Running,
    metric: &Metric,
    side: Side,
    roster: &Roster,
    told: &mut dyn FnMut(Progress),
) -> Result<MetricFacts, MetricError> {
    columns(running, metric, side)?;
    // Keyed anew each time; a collision would need two numbers of one student, among 2^64.
    let hasher = RandomState::new();
    let (mut seen, mut left_out) = (Vec::new(), LeftOut::default());
    running.each_row(&COLUMNS, told, &mut |row| {
        let (institution, local_id) = (row.text(0), row.text(1));
        let (cohort, outcome) = (cohort(row)?, outcome(row, metric, side)?);
        match local_id.map_or(Whose::Unlisted, |id| roster.whose(institution, Some(id))) {
            Whose::OptedOut => left_out.opted_out_rows += 1,
            Whose::Unlisted => left_out.unlisted_rows += 1,
            Whose::Student(place) => {
                let mut number = hasher.build_hasher();
                number.write(institution.unwrap_or_default().as_bytes());
                number.write_u8(u8::from(institution.is_some()));
                number.write(local_id.unwrap_or_default().as_bytes());
                let student = u32::try_from(place).unwrap_or(u32::MAX);
                let number = number.finish();
                let number = [(number >> 32) as u32, (number & 0xFFFF_FFFF) as u32];
                seen.push(Seen { student, number, cohort, outcome });
            }
        }
        Ok::<(), MetricError>(())
    })?;
    seen.sort_unstable();
    let facts = match side {
        Side::Sender => earliest(&seen),
        Side::Receiver => receiver(&seen, metric.windows)?,
        Side::Own => seen.iter().map(Seen::fact).collect(),
    };
    Ok(MetricFacts { side, windows: metric.windows, facts: in_order(facts), left_out })
}

impl Seen {
    fn fact(&self) -> Fact {
        Fact { student: self.student, cohort: SchoolYear(self.cohort), outcome: self.outcome }
    }
}

fn in_order(mut facts: Vec<Fact>) -> Vec<Fact> {
    facts.sort_unstable_by_key(|fact| (fact.student, fact.cohort, fact.outcome));
    facts
}

/// Of a sender's student the earliest cohort.
fn earliest(seen: &[Seen]) -> Vec<Fact> {
    let students = seen.chunk_by(|one, next| one.student == next.student);
    students.filter_map(|rows| rows.iter().min_by_key(|row| row.cohort).map(Seen::fact)).collect()
}

/// Of a receiver's student at most `windows` cohorts with one outcome each.
fn receiver(seen: &[Seen], windows: u8) -> Result<Vec<Fact>, MetricError> {
    let mut facts = Vec::with_capacity(seen.len());
    for student in seen.chunk_by(|one, next| one.student == next.student) {
        for number in student.chunk_by(|one, next| one.number == next.number) {
            let mut cohorts = 0_usize;
            for rows in number.chunk_by(|one, next| one.cohort == next.cohort) {
                cohorts += 1;
                if rows.iter().any(|row| Some(row.outcome) != rows.first().map(|first| first.outcome)) {
                    return Err(MetricError::TwoOutcomes);
                }
            }
            if cohorts > usize::from(windows) {
                return Err(MetricError::TooManyCohorts { windows });
            }
        }
        let mut said: Vec<(SchoolYear, u8)> =
            student.iter().map(|row| (SchoolYear(row.cohort), row.outcome)).collect();
        said.sort_unstable();
        first_cohorts(&mut said, windows);
        let of_student = student.first().map(|row| row.student);
        facts.extend(of_student.into_iter().flat_map(|student| {
            said.iter().map(move |(cohort, outcome)| Fact { student, cohort: *cohort, outcome: *outcome })
        }));
    }
    Ok(facts)
}

/// Of what is said in order: one outcome a cohort, the first the metric lists, and the earliest cohorts.
fn first_cohorts(said: &mut Vec<(SchoolYear, u8)>, windows: u8) {
    said.dedup_by_key(|(cohort, _)| *cohort);
    said.truncate(usize::from(windows));
}

fn cohort(row: &RowView<'_>) -> Result<u16, MetricError> {
    let year = row.integer(2).and_then(|year| u16::try_from(year).ok());
    year.filter(|year| (1900..2200).contains(year)).ok_or(MetricError::Cohort)
}

fn outcome(row: &RowView<'_>, metric: &Metric, side: Side) -> Result<u8, MetricError> {
    let unknown = || MetricError::Outcome {
        named: metric.outcomes.iter().map(|outcome| outcome.name.clone()).collect(),
    };
    match (side, row.text(3)) {
        (Side::Sender, _) | (Side::Own, None) => Ok(0),
        (Side::Receiver | Side::Own, Some(name)) => metric.outcome(name).ok_or_else(unknown),
        (Side::Receiver, None) if metric.outcomes.len() == 1 => Ok(1),
        (Side::Receiver, None) => Err(unknown()),
    }
}

/// Whether the answer has the columns its side must have.
fn columns(running: &Running, metric: &Metric, side: Side) -> Result<(), MetricError> {
    for (column, kind) in COLUMNS {
        let expected = match kind {
            Kind::Integer => "there as a whole number",
            Kind::Date | Kind::Decimal | Kind::Flag | Kind::Text => "there as text",
        };
        let needless = column == "outcome"
            && (side == Side::Sender || (side == Side::Receiver && metric.outcomes.len() == 1));
        let fits = match running.answered(column) {
            Answered::Of(found) => found == kind,
            Answered::Nothing => true,
            Answered::Absent => needless,
            Answered::Other => false,
        };
        if !fits {
            return Err(MetricError::Column { column, expected });
        }
    }
    Ok(())
}

/// Plans a side's statement against empty tables, and checks the columns of its answer.
///
/// # Errors
///
/// [`Failure`] of the engine; [`MetricError::Column`].
pub fn plan(metric: &Metric, program: &Program) -> Result<(), Failure> {
    Ok(columns(&planned(&program.statement)?, metric, program.side)?)
}

/// A statement over empty tables: what it would answer, and nobody.
pub(super) fn planned(statement: &str) -> Result<Running, Failure> {
    let mut engine = Embedded::new()?;
    for (_, schema) in Schemas::builtin()?.queryable() {
        engine.register(schema, Vec::new())?;
    }
    Ok(engine.query(statement, Limits::default())?)
}

/// Plans every statement of the metrics a study brings along.
///
/// # Errors
///
/// As [`plan`].
pub fn plan_brought(study: &Study) -> Result<(), Failure> {
    let programs =
        study.definitions.iter().flat_map(|metric| metric.programs.iter().map(move |one| (metric, one)));
    programs.into_iter().try_for_each(|(metric, program)| plan(metric, program))
}

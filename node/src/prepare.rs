//! From the roster to the rows of one round: match keys and codes, for this process only.
//!
//! ```text
//!   students ──▶ traces of what records share ──▶ which records are one person          (pass 1)
//!   students ──▶ persons, their keys and facts ──▶ rows, and traces of their keys       (pass 2)
//!   traces of keys, a part at a time ──▶ which keys two persons share: withheld
//! ```
//!
//! Rows and traces stand in memory up to the room given, and sealed on the disk beyond it; both ways give the same rows. Opted-out
//! students are gone before this file sees them (D7); what it makes leaves only through [`crate::compute::contribute`].

mod persons;
mod rows;

use passage_protocol::{
    agreement::{Role, Segment, Study},
    cells::{Ethnicity, Gender, School, SchoolCode, SchoolYear, school_category},
    manifest::shapes::never_held,
    match_key::{KeyTrace, MatchKey, NormalisedPerson, Recipe, Traces, slots_of_person},
};
use passage_shell::{
    entropy,
    failure::Failure,
    shelf::{Room, Sequence, ShelfError},
};

pub use self::rows::PreparedRows;
use self::{
    persons::{OwnPerson, each_person},
    rows::pack,
};
use crate::{
    metrics::{MetricFacts, Said},
    roster::{Person, Roster, Student},
};

/// The rows a member will contribute, and the counts it declares.
pub struct Prepared {
    /// One per local person.
    pub rows: PreparedRows,
    /// Students left out because they opted out.
    pub opted_out: u32,
    /// Persons for whom no match key could be made: rows of random tokens in a sender's list, none in a receiver's.
    pub unusable: u32,
}

/// One student as a row in the making. No `Debug`, no `Clone`.
pub struct PreparedRow {
    /// Match key of each slot.
    pub keys: Vec<Option<MatchKey>>,
    /// What the member's files say for each metric of the study, in the order of [`Study::metrics`].
    pub facts: Vec<Fact>,
    /// Race and ethnicity.
    pub ethnicity: Ethnicity,
    /// Gender.
    pub gender: Gender,
    /// The row in tables by school: the place from 1 of the school of completion among those the study lists; 0 for any other.
    pub school: u8,
    /// The category in each grouping of the study, in the order of [`Study::groupings`]; none at a receiver.
    pub groups: Vec<u8>,
    /// Places in the roster of the students it was made from: whose records take part (F5).
    pub students: Vec<u32>,
}

/// What one institution says of one student for one metric.
#[derive(Clone, Default)]
pub struct Fact {
    /// The cohort the student is counted in, at a sender.
    pub cohort: Option<SchoolYear>,
    /// For which cohorts the student counts, and as which outcome from 1, at a receiver; no cohort twice.
    pub seen: Vec<(SchoolYear, u8)>,
}

/// What a member is in a study.
#[derive(Clone, Copy)]
pub struct Part<'a> {
    /// Whether its students are counted, or are seen.
    pub role: Role,
    /// Kind of institution.
    pub segment: Segment,
    /// The schools that the study lists of it.
    pub schools: &'a [School],
}

/// Prepares the rows of `study` from `roster`.
///
/// `said` is what the member's files say for it.
///
/// A sender's list holds the persons whom some metric counts in one of the study's cohorts, a receiver's list every person with an
/// enrolment (an applicant has not arrived) or of whom some metric says something: what is not needed for the tables is not blinded (data minimisation). Keys are made unique inside the whole roster first,
/// so a twin outside the cohorts still voids a shared key.
///
/// # Errors
///
/// [`Failure`] of the disk or the random source.
///
/// # Cost
///
/// Near-linear in the number of records; all cores for normalisation and keys. Memory: the room, and beside it ten bytes a record.
pub fn prepare(
    roster: &Roster,
    study: &Study,
    part: Part<'_>,
    this_year: u16,
    said: &Said,
    room: &Room,
) -> Result<Prepared, Failure> {
    let (recipes, slots) = (study.preset.recipes(), study.preset.slots_for(never_held(part.segment)));
    let traces = Traces::new(entropy::seed()?);
    let work = Work { study, part, this_year, said, recipes: &recipes, slots: &slots, traces: &traces };

    let mut rows = room.part(4).sequence();
    let mut filled: Vec<u16> = Vec::new();
    let mut parts = room.part(4).buckets((roster.students.len() * slots.len()) as u64 * KEY_TRACE_BYTES);
    let made = |person: OwnPerson| work.row(&person);
    each_person(roster, this_year, &traces, &room.part(4), made, |mut one| {
        let number = if let Some((row, mask)) = one.row {
            rows.push(&row)?;
            filled.push(mask);
            u32::try_from(filled.len() - 1).unwrap_or(u32::MAX)
        } else {
            u32::MAX
        };
        for trace in &mut one.keys {
            trace.person = number;
            let part = trace.part(parts.len());
            parts.get_mut(part).ok_or(ShelfError::DAMAGED)?.push(&trace.to_own_file())?;
        }
        Ok::<(), Failure>(())
    })?;
    for part in parts {
        withhold(&part, &mut filled)?;
    }
    let without_key = filled.iter().filter(|mask| **mask == 0).count();
    let opted_out = u32::try_from(roster.counts.opted_out).unwrap_or(u32::MAX);
    let unusable = u32::try_from(without_key).unwrap_or(u32::MAX);
    Ok(Prepared { rows: PreparedRows::new(rows, filled, part.role), opted_out, unusable })
}

/// Memory of a trace of a key while those that are equal are sought.
const KEY_TRACE_BYTES: u64 = 64;

/// Takes the keys that two persons share out of the masks of filled slots.
fn withhold(part: &Sequence, filled: &mut [u16]) -> Result<(), ShelfError> {
    let mut traces = Vec::new();
    part.each(|trace| {
        traces.push(KeyTrace::from_own_file(trace).ok_or(ShelfError::DAMAGED)?);
        Ok::<(), ShelfError>(())
    })?;
    for shared in KeyTrace::shared(traces) {
        // A person whose row is not asked for has no mask; its keys void those of others all the same.
        if let Some(mask) = filled.get_mut(shared.person as usize) {
            *mask &= !1_u16.checked_shl(shared.slot.into()).unwrap_or_default();
        }
    }
    Ok(())
}

/// What a row is made with.
struct Work<'a> {
    study: &'a Study,
    part: Part<'a>,
    this_year: u16,
    said: &'a Said,
    recipes: &'a [Recipe],
    slots: &'a [u8],
    traces: &'a Traces,
}

/// A person, made into a row of bytes with the mask of its filled slots if the study asks for it, and into traces of its keys.
struct Made {
    row: Option<(zeroize::Zeroizing<Vec<u8>>, u16)>,
    keys: Vec<KeyTrace>,
}

impl Work<'_> {
    fn row(&self, person: &OwnPerson) -> Made {
        let records: Vec<NormalisedPerson> =
            person.records.iter().map(|student| normalise(student.person(), self.this_year)).collect();
        let records: Vec<&NormalisedPerson> = records.iter().collect();
        let (keys, _) = slots_of_person(&records, self.recipes, self.slots);
        let (mut traces, mut mask) = (Vec::with_capacity(keys.len()), 0_u16);
        for ((slot, recipe), key) in (0_u8..).zip(self.slots).zip(&keys) {
            if let Some(key) = key {
                mask |= 1_u16.checked_shl(slot.into()).unwrap_or_default();
                traces.push(self.traces.of_key(key, *recipe, 0, slot));
            }
        }
        let facts: Vec<Fact> =
            self.said.metrics.iter().map(|said| fact(said.as_ref(), self.part.role, person)).collect();
        let asked = |fact: &Fact| fact.cohort.is_some_and(|cohort| self.study.cohorts.contains(&cohort));
        let wanted = match self.part.role {
            Role::Sender => facts.iter().any(asked),
            Role::Receiver => {
                person.records.iter().any(Student::ever_enrolled)
                    || facts.iter().any(|fact| !fact.seen.is_empty())
            }
        };
        let row = wanted.then(|| {
            let (ethnicity, gender) = (ethnicity(person), gender(person));
            let school = school_category(self.part.schools, school(person));
            let places = places(person);
            let groups = self.said.groups.iter().map(|group| group.of_person(&places)).collect();
            let students = person.places.clone();
            let row = PreparedRow { keys, facts, ethnicity, gender, school, groups, students };
            (pack(&row), mask)
        });
        Made { row, keys: traces }
    }
}

/// A student's identity as match keys read it.
pub(crate) fn normalise(person: &Person, this_year: u16) -> NormalisedPerson {
    let birth_date = zeroize::Zeroizing::new(person.birth_date.map_or_else(String::new, |date| {
        format!("{:04}-{:02}-{:02}", date.year(), date.month(), date.day())
    }));
    person.fields(&birth_date).normalise(this_year)
}

/// What a metric says of a person, from all its records.
fn fact(said: Option<&MetricFacts>, role: Role, person: &OwnPerson) -> Fact {
    let pairs = said.map(|said| said.of_person(&places(person))).unwrap_or_default();
    match role {
        Role::Sender => Fact { cohort: pairs.first().map(|(cohort, _)| *cohort), seen: Vec::new() },
        Role::Receiver => Fact { cohort: None, seen: pairs },
    }
}

fn places(person: &OwnPerson) -> Vec<usize> {
    person.places.iter().map(|place| *place as usize).collect()
}

/// The first stated one, in file order.
fn ethnicity(person: &OwnPerson) -> Ethnicity {
    let stated = person.records.iter().map(Student::ethnicity).find(|one| *one != Ethnicity::NotReported);
    stated.unwrap_or(Ethnicity::NotReported)
}

/// The school of the completion that counts, of those of all its records.
fn school(person: &OwnPerson) -> Option<SchoolCode> {
    person.records.iter().filter_map(Student::completion).min()?.school
}

/// The first stated one, in file order.
fn gender(person: &OwnPerson) -> Gender {
    let stated = person.records.iter().map(Student::gender).find(|one| *one != Gender::NotStated);
    stated.unwrap_or(Gender::NotStated)
}

#[cfg(test)]
mod large_list;
#[cfg(test)]
mod schools;
#[cfg(test)]
mod tests;

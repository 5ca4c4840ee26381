//! From the roster to the rows of one round: match keys and codes, in memory only.
//!
//! Opted-out students are gone before this file sees them (D7); what it makes has no byte form and leaves only through
//! [`crate::compute::contribute`].

use passage_protocol::{
    agreement::{Role, Segment, Study},
    cells::{Ethnicity, Gender, SchoolYear},
    manifest::shapes::never_held,
    match_key::{LocalPerson, MatchKey, NormalisedPerson, local_persons},
};
use rayon::prelude::*;

use crate::{
    metrics::MetricFacts,
    roster::{Person, Roster, Student},
};

/// The rows a member will contribute, and the counts it declares.
pub struct Prepared {
    /// One per local person.
    pub rows: Vec<PreparedRow>,
    /// Places in the roster of the students the rows were made from: whose records take part (F5).
    pub students: Vec<usize>,
    /// How many of them each row was made from, in order.
    pub records: Vec<usize>,
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
}

/// What one institution says of one student for one metric.
#[derive(Clone, Default)]
pub struct Fact {
    /// The cohort the student is counted in, at a sender.
    pub cohort: Option<SchoolYear>,
    /// For which cohorts the student counts, and as which outcome from 1, at a receiver; no cohort twice.
    pub seen: Vec<(SchoolYear, u8)>,
}

/// Prepares the rows of `study` from `roster`.
///
/// `said` is what the member's side of each metric says, in the order of [`Study::metrics`]; `None` where it has no side.
///
/// A sender's list holds the persons whom some metric counts in one of the study's cohorts, a receiver's list every person with an
/// enrolment (an applicant has not arrived) or of whom some metric says something: what is not needed for the tables is not blinded (data minimisation). Keys are made unique inside the whole roster first,
/// so a twin outside the cohorts still voids a shared key.
///
/// # Cost
///
/// Near-linear in the number of records; all cores for normalisation.
#[must_use]
pub fn prepare(
    roster: &Roster,
    study: &Study,
    role: Role,
    segment: Segment,
    this_year: u16,
    said: &[Option<MetricFacts>],
) -> Prepared {
    let recipes = study.preset.recipes();
    let slots = study.preset.slots_for(never_held(segment));
    let persons: Vec<NormalisedPerson> =
        roster.students.par_iter().map(|student| normalise(student.person(), this_year)).collect();
    let merged = local_persons(&persons, &recipes, &slots);
    drop(persons);

    let (mut rows, mut students, mut records) = (Vec::new(), Vec::new(), Vec::new());
    let mut unusable = 0_u32;
    for person in merged.persons {
        let facts: Vec<Fact> = said.iter().map(|said| fact(said.as_ref(), role, &person)).collect();
        let asked = |fact: &Fact| fact.cohort.is_some_and(|cohort| study.cohorts.contains(&cohort));
        let wanted = match role {
            Role::Sender => facts.iter().any(asked),
            Role::Receiver => {
                ever_enrolled(roster, &person) || facts.iter().any(|fact| !fact.seen.is_empty())
            }
        };
        if !wanted {
            continue;
        }
        if person.slots.iter().all(Option::is_none) {
            unusable = unusable.saturating_add(1);
            // A sender's student without a key is still of the cohort: the row carries random tokens and links to nobody.
            if role == Role::Receiver {
                continue;
            }
        }
        students.extend(&person.members);
        let (ethnicity, gender) = (ethnicity(roster, &person), gender(roster, &person));
        records.push(person.members.len());
        rows.push(PreparedRow { keys: person.slots, facts, ethnicity, gender });
    }
    let opted_out = u32::try_from(roster.counts.opted_out).unwrap_or(u32::MAX);
    Prepared { rows, students, records, opted_out, unusable }
}

/// A student's identity as match keys read it.
pub(crate) fn normalise(person: &Person, this_year: u16) -> NormalisedPerson {
    let birth_date = zeroize::Zeroizing::new(person.birth_date.map_or_else(String::new, |date| {
        format!("{:04}-{:02}-{:02}", date.year(), date.month(), date.day())
    }));
    person.fields(&birth_date).normalise(this_year)
}

/// What a metric says of a person, from all its records.
fn fact(said: Option<&MetricFacts>, role: Role, person: &LocalPerson) -> Fact {
    let pairs = said.map(|said| said.of_person(&person.members)).unwrap_or_default();
    match role {
        Role::Sender => Fact { cohort: pairs.first().map(|(cohort, _)| *cohort), seen: Vec::new() },
        Role::Receiver => Fact { cohort: None, seen: pairs },
    }
}

fn records<'a>(roster: &'a Roster, person: &'a LocalPerson) -> impl Iterator<Item = &'a Student> {
    person.members.iter().filter_map(|index| roster.students.get(*index))
}

fn ever_enrolled(roster: &Roster, person: &LocalPerson) -> bool {
    records(roster, person).any(Student::ever_enrolled)
}

/// The first stated one, in file order.
fn ethnicity(roster: &Roster, person: &LocalPerson) -> Ethnicity {
    let stated = records(roster, person).map(Student::ethnicity).find(|one| *one != Ethnicity::NotReported);
    stated.unwrap_or(Ethnicity::NotReported)
}

/// The first stated one, in file order.
fn gender(roster: &Roster, person: &LocalPerson) -> Gender {
    let stated = records(roster, person).map(Student::gender).find(|one| *one != Gender::NotStated);
    stated.unwrap_or(Gender::NotStated)
}

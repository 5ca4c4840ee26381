//! The private data-quality report before any round: what match keys can be made of the students held here, how unique the keys
//! are, how many matches can be expected, and whom that favours (issue of bad data before it is blinded, D2, G16).
//!
//! Promises the matching's own definitions: elements as normalisation leaves them, keys as `protocol::match_key` makes them,
//! footings as the evaluation measures them. Counts for the owner alone: nothing of it is sent, and no value of a student is in
//! it. It does not promise what the other side holds: an expectation is of students who are in the other list.

mod text;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use passage_protocol::{
    cells::{Ethnicity, Gender},
    manifest::shapes::never_held,
    match_key::{Element, Footing, NormalisedPerson, Preset, local_persons},
};
use passage_shell::{
    control::{Answer, Progress, ProgressSink},
    failure::Failure,
    shelf::ShelfError,
};
use rayon::prelude::*;
use serde::Serialize;
use serde_json::json;

use crate::{
    home::Home,
    prepare::normalise,
    roster::{Roster, Student},
};

/// Everything the report shows.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Quality {
    /// The preset whose keys are counted.
    pub preset: &'static str,
    /// Students held here who have not opted out.
    pub students: u64,
    /// Students left out because they opted out.
    pub opted_out: u64,
    /// Students after those who are one person are merged.
    pub persons: u64,
    /// Students folded into another's person.
    pub duplicates: u64,
    /// Pairs that share a number or name and date of birth and are two people all the same.
    pub kept_apart: u64,
    /// By element of match keys.
    pub elements: Vec<ElementLine>,
    /// By recipe of the preset.
    pub keys: Vec<KeyLine>,
    /// By what a student can be matched by.
    pub footings: Vec<FootingLine>,
    /// Of the students who are in another member's list, how many are expected to be found there.
    pub expected: Option<f64>,
    /// The same of a thousand.
    #[serde(skip)]
    pub expected_permille: Option<u32>,
    /// The same by subgroup.
    pub groups: Vec<GroupLine>,
    /// Best against worst subgroup.
    pub bias: Vec<Bias>,
}

/// One element.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ElementLine {
    /// Which.
    pub element: &'static str,
    /// Students with a value that keys can use.
    pub usable: u64,
    /// Students without a value.
    pub missing: u64,
    /// Students with a value that says nothing: a filler, a placeholder, a number never issued.
    pub filler: u64,
}

/// One recipe.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct KeyLine {
    /// Its name.
    pub recipe: String,
    /// Bits that tell strangers apart.
    pub bits: u32,
    /// Persons with a key of it.
    pub persons: u64,
    /// Keys withheld because two persons share them.
    pub withheld: u64,
    /// Keys left out because a person has more than the recipe has slots.
    pub beyond_slots: u64,
}

/// Students of one footing.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FootingLine {
    /// What they can be matched by.
    pub footing: &'static str,
    /// How many.
    pub students: u64,
    /// How many of such students are found where they are.
    pub expected: f64,
}

/// One subgroup.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct GroupLine {
    /// `ethnicity`, `gender` or `surnames`.
    pub dimension: &'static str,
    /// The subgroup.
    pub group: String,
    /// Students.
    pub students: u64,
    /// Of these, students no key can be made for.
    pub without_key: u64,
    /// Of those who are in another list, how many are expected to be found.
    pub expected: f64,
}

/// The gap between two subgroups.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Bias {
    /// `ethnicity`, `gender` or `surnames`.
    pub dimension: &'static str,
    /// Where most are expected to be found.
    pub best: String,
    /// Where fewest are.
    pub worst: String,
    /// The difference.
    pub gap: f64,
}

/// Students a subgroup needs to count in a gap.
const GAP_STUDENTS_MIN: u64 = 30;

impl Home {
    /// The report on the students held here, for studies with `preset`.
    ///
    /// # Errors
    ///
    /// [`Failure`] if a stored table is missing or damaged.
    ///
    /// # Cost
    ///
    /// Memory of the whole roster; some microseconds a student and recipe.
    pub fn quality(&self, preset: Preset, progress: ProgressSink<'_>) -> Result<Quality, Failure> {
        let show = |what: &str, done| {
            let step = Progress { what: what.to_owned(), done, total: Some(2), detail: String::new() };
            if progress(step).is_break() { Err(Failure::daemon_gone()) } else { Ok(()) }
        };
        show("reading students", 0)?;
        let (roster, _) = self.roster()?;
        show("making keys", 1)?;
        Ok(of_roster(&roster, preset, never_held(self.segment), self.now().date().year)?)
    }
}

impl Quality {
    /// For a person and for a program.
    #[must_use]
    pub fn answer(&self) -> Answer {
        Answer { text: text::text(self), json: json!(self) }
    }
}

/// The report on a roster: the one place that looks at every student at once, and holds them in memory for it.
fn of_roster(
    roster: &Roster,
    preset: Preset,
    never_held: &[Element],
    this_year: u16,
) -> Result<Quality, ShelfError> {
    let students = &roster.students.all()?;
    let persons: Vec<NormalisedPerson> =
        students.par_iter().map(|student| normalise(student.person(), this_year)).collect();
    let footings: Vec<Footing> = persons.par_iter().map(Footing::of).collect();
    let (recipes, slots) = (preset.recipes(), preset.slots_for(never_held));
    let merged = local_persons(&persons, &recipes, &slots).counts;
    let mut keys = Vec::new();
    for recipe in recipes.iter().filter(|recipe| !never_held.iter().any(|element| recipe.reads(*element))) {
        let alone = vec![0; usize::from(recipe.slots())];
        let found = local_persons(&persons, std::slice::from_ref(recipe), &alone);
        keys.push(KeyLine {
            recipe: recipe.name().to_owned(),
            bits: recipe.bits(),
            persons: (found.persons.len() as u64).saturating_sub(found.counts.unusable),
            withheld: found.counts.suppressed,
            beyond_slots: found.counts.beyond_slots,
        });
    }
    let counted = |footing: &Footing| footings.iter().filter(|one| *one == footing).count() as u64;
    let footing_line = |footing: &Footing| FootingLine {
        footing: footing.word(),
        students: counted(footing),
        expected: f64::from(footing.expected_permille()) / 1000.0,
    };
    let groups = groups(students, &persons, &footings);
    let bias = groups.chunk_by(|one, other| one.dimension == other.dimension).filter_map(bias).collect();
    Ok(Quality {
        preset: preset.name(),
        students: students.len() as u64,
        opted_out: roster.counts.opted_out as u64,
        persons: (students.len() as u64).saturating_sub(merged.merged),
        duplicates: merged.merged,
        kept_apart: merged.kept_apart,
        elements: elements(students, &persons),
        keys,
        footings: Footing::ALL.iter().map(footing_line).collect(),
        expected: expected(&footings),
        expected_permille: expected_permille(&footings),
        groups,
        bias,
    })
}

/// How many of 1000 students with these footings are found where they are.
fn expected(footings: &[Footing]) -> Option<f64> {
    let sum: u64 = footings.iter().map(|footing| u64::from(footing.expected_permille())).sum();
    #[expect(clippy::cast_precision_loss, reason = "a rate, printed with three digits")]
    let rate = |all: usize| sum as f64 / 1000.0 / all as f64;
    (!footings.is_empty()).then(|| rate(footings.len()))
}

/// The same, rounded down: an estimate made with it is rather too high than too low by what is cut off.
fn expected_permille(footings: &[Footing]) -> Option<u32> {
    let sum: u64 = footings.iter().map(|footing| u64::from(footing.expected_permille())).sum();
    sum.checked_div(footings.len() as u64).and_then(|permille| u32::try_from(permille).ok())
}

fn elements(students: &[Student], persons: &[NormalisedPerson]) -> Vec<ElementLine> {
    type Written = fn(&Student) -> bool;
    let all: [(&str, Element, Written); 7] = [
        ("ssid", Element::Ssid, |student| !student.person().ssid.is_empty()),
        ("ssn", Element::Ssn, |student| !student.person().ssn.is_empty()),
        ("first names", Element::GivenNames, |student| !student.person().first.is_empty()),
        ("last names", Element::Surnames, |student| !student.person().last.is_empty()),
        ("date of birth", Element::BirthDate, |student| student.person().birth_date.is_some()),
        ("gender", Element::Gender, |student| !student.person().gender.is_empty()),
        ("zip", Element::PostalCode, |student| !student.person().zip.is_empty()),
    ];
    let line = |(name, element, written): (&'static str, Element, Written)| {
        let mut line = ElementLine { element: name, usable: 0, missing: 0, filler: 0 };
        for (student, person) in students.iter().zip(persons) {
            *match (person.has(element), written(student)) {
                (true, _) => &mut line.usable,
                (false, false) => &mut line.missing,
                (false, true) => &mut line.filler,
            } += 1;
        }
        line
    };
    all.into_iter().map(line).collect()
}

fn groups(students: &[Student], persons: &[NormalisedPerson], footings: &[Footing]) -> Vec<GroupLine> {
    let mut found: BTreeMap<(&'static str, String), Vec<Footing>> = BTreeMap::new();
    for ((student, person), footing) in students.iter().zip(persons).zip(footings) {
        let surnames = match person.surname_count() {
            0 => "none",
            1 => "one",
            _ => "two or more",
        };
        for (dimension, group) in [
            ("ethnicity", label(&Ethnicity::LABELS, student.ethnicity() as usize)),
            ("gender", label(&Gender::LABELS, student.gender() as usize)),
            ("surnames", surnames),
        ] {
            found.entry((dimension, group.to_owned())).or_default().push(*footing);
        }
    }
    let line = |((dimension, group), footings): ((&'static str, String), Vec<Footing>)| GroupLine {
        dimension,
        group,
        students: footings.len() as u64,
        without_key: footings.iter().filter(|footing| **footing == Footing::Nothing).count() as u64,
        expected: expected(&footings).unwrap_or_default(),
    };
    found.into_iter().map(line).collect()
}

fn label(labels: &[&'static str], category: usize) -> &'static str {
    labels.get(category).copied().unwrap_or_default()
}

fn bias(groups: &[GroupLine]) -> Option<Bias> {
    let large: Vec<&GroupLine> = groups.iter().filter(|group| group.students >= GAP_STUDENTS_MIN).collect();
    let best = large.iter().max_by(|one, other| one.expected.total_cmp(&other.expected))?;
    let worst = large.iter().min_by(|one, other| one.expected.total_cmp(&other.expected))?;
    (large.len() > 1).then(|| Bias {
        dimension: best.dimension,
        best: best.group.clone(),
        worst: worst.group.clone(),
        gap: best.expected - worst.expected,
    })
}

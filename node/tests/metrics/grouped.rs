//! Pupils with everything groupings of schools read, and an independent implementation of these groupings.

use passage_analytics::table::Cell;
use passage_protocol::cells::Grouping;

use crate::{
    plain::Day,
    store::{Row, day},
    students::Dice,
};

/// What one file said of a pupil.
#[derive(Default)]
pub(crate) struct Listed {
    /// Without it the file knows the pupil by SSID alone.
    by_number: bool,
    year: Option<i64>,
    low_income: Option<bool>,
    foster: Option<bool>,
    homeless: Option<bool>,
    parent: Option<&'static str>,
    language: Option<&'static str>,
    language_day: Option<Day>,
}

/// A membership in a programme or a pathway.
struct Membership {
    programme: Option<&'static str>,
    pathway: Option<(&'static str, bool)>,
}

struct Course {
    year: i64,
    school: &'static str,
    id: &'static str,
    grade: Option<&'static str>,
}

pub(crate) struct Pupil {
    pub(crate) institution: &'static str,
    pub(crate) id: String,
    ssid: Option<String>,
    listed: Vec<Listed>,
    memberships: Vec<Membership>,
    courses: Vec<Course>,
    /// School year of an enrolment, whether it was completed in, and the indicator.
    spells: Vec<(i64, bool, Option<bool>)>,
}

/// A course at a school in a year, with the state's code where that row has it.
struct Offered {
    institution: &'static str,
    school: &'static str,
    year: i64,
    id: &'static str,
    code: Option<&'static str>,
}

pub(crate) struct Schooling {
    pub(crate) pupils: Vec<Pupil>,
    offered: Vec<Offered>,
}

const INSTITUTIONS: [&str; 2] = ["1964733", "1964734"];
const SCHOOLS: [&str; 2] = ["1930001", "1930002"];
const IDS: [&str; 4] = ["M1", "M2", "M3", "M4"];
/// Codes of the ladder with their steps, and one that it does not know.
const CODES: [(&str, Option<usize>); 9] = [
    ("2400", Some(0)),
    ("2424", Some(1)),
    ("2403", Some(2)),
    ("2426", Some(3)),
    ("2404", Some(4)),
    ("2445", Some(5)),
    ("2414", Some(5)),
    ("2480", Some(6)),
    ("2999", None),
];

pub(crate) fn schooling(count: usize, seed: u64) -> Schooling {
    let mut dice = Dice(seed);
    let mut offered = Vec::new();
    for institution in INSTITUTIONS {
        for school in SCHOOLS {
            for year in 2015..2022 {
                for id in IDS {
                    let code = dice.of(&CODES).0;
                    let row = |code| Offered { institution, school, year, id, code };
                    if dice.percent(90) {
                        offered.push(row(Some(code)));
                    }
                    if dice.percent(30) {
                        offered.push(row(None));
                    }
                }
            }
        }
    }
    let pupils = (0..count).map(|number| pupil(&mut dice, number)).collect();
    Schooling { pupils, offered }
}

fn pupil(dice: &mut Dice, number: usize) -> Pupil {
    let ssid = dice.maybe(80, format!("9{number:09}"));
    let mut listed = vec![Listed { by_number: true, ..Listed::default() }];
    for _ in 0..dice.below(4) {
        let by_number = ssid.is_none() || dice.percent(70);
        listed.push(Listed {
            by_number,
            year: dice.thrown(80, |dice| 2016 + dice.below(4)),
            low_income: dice.of(&[Some(true), Some(false), Some(false), None, None]),
            foster: dice.of(&[Some(true), Some(false), None, None, None]),
            homeless: dice.of(&[Some(true), Some(false), None, None, None]),
            parent: dice.of(&[Some("10"), Some("11"), Some("12"), Some("13"), Some("14"), Some("15"), None]),
            language: dice.of(&[Some("EO"), Some("IFEP"), Some("EL"), Some("RFEP"), Some("TBD"), None]),
            language_day: dice.thrown(60, |dice| {
                let year = 2010 + dice.below(10);
                dice.day(year)
            }),
        });
    }
    let mut memberships = Vec::new();
    for _ in 0..dice.below(3) {
        memberships.push(if dice.percent(60) {
            let programme = dice.of(&["175", "181", "135", "190", "191", "122", "127"]);
            Membership { programme: Some(programme), pathway: None }
        } else {
            let pathway = (dice.of(&["101", "102", "103"]), dice.percent(40));
            Membership { programme: None, pathway: Some(pathway) }
        });
    }
    let mut courses = Vec::new();
    for _ in 0..dice.below(6) {
        let grades = ["A", "B+", "C", "C-", "D", "F", "P", "NP", "CR"];
        courses.push(Course {
            year: 2015 + dice.below(7),
            school: dice.of(&SCHOOLS),
            id: dice.of(&IDS),
            grade: dice.thrown(95, |dice| dice.of(&grades)),
        });
    }
    let mut spells = Vec::new();
    for _ in 0..dice.below(3) {
        spells.push((2016 + dice.below(5), dice.percent(60), dice.of(&[Some(true), Some(false), None])));
    }
    let institution = dice.of(&INSTITUTIONS);
    Pupil { institution, id: format!("P{number:06}"), ssid, listed, memberships, courses, spells }
}

pub(crate) fn schooling_rows(records: &Schooling) -> impl Iterator<Item = Row> + '_ {
    let text = |value: Option<&str>| value.map_or(Cell::Empty, Cell::text);
    let offered = records.offered.iter().map(move |one| {
        let cells = vec![
            ("institution", Cell::text(one.institution)),
            ("school", Cell::text(one.school)),
            ("school-year", Cell::Integer(one.year)),
            ("course-id", Cell::text(one.id)),
            ("state-course-code", text(one.code)),
        ];
        ("section", cells)
    });
    records.pupils.iter().flat_map(of_pupil).chain(offered)
}

fn of_pupil(pupil: &Pupil) -> Vec<Row> {
    let text = |value: Option<&str>| value.map_or(Cell::Empty, Cell::text);
    let flag = |value: Option<bool>| value.map_or(Cell::Empty, Cell::Flag);
    let whole = |value: Option<i64>| value.map_or(Cell::Empty, Cell::Integer);
    let with = |more: Vec<(&'static str, Cell)>| {
        let who = vec![("institution", Cell::text(pupil.institution)), ("local-id", Cell::text(&pupil.id))];
        who.into_iter().chain(more).collect::<Vec<_>>()
    };
    let mut rows: Vec<Row> = Vec::new();
    for one in &pupil.listed {
        let said = vec![
            ("ssid", text(pupil.ssid.as_deref())),
            ("school-year", whole(one.year)),
            ("economic-disadvantage", flag(one.low_income)),
            ("foster", flag(one.foster)),
            ("homeless", flag(one.homeless)),
            ("parent-education", text(one.parent)),
            ("language-status", text(one.language)),
            ("language-status-date", one.language_day.map_or(Cell::Empty, |(y, m, d)| day(y, m, d))),
        ];
        rows.push(("student", if one.by_number { with(said) } else { said }));
    }
    rows.extend(pupil.memberships.iter().map(|one| {
        let pathway = one.pathway;
        let cells = with(vec![
            ("program-code", text(one.programme)),
            ("pathway-code", text(pathway.map(|(code, _)| code))),
            ("completion-year", whole(pathway.and_then(|(_, completed)| completed.then_some(2019)))),
        ]);
        ("program", cells)
    }));
    rows.extend(pupil.courses.iter().map(|one| {
        let cells = with(vec![
            ("school", Cell::text(one.school)),
            ("school-year", Cell::Integer(one.year)),
            ("course-id", Cell::text(one.id)),
            ("grade", text(one.grade)),
        ]);
        ("course", cells)
    }));
    rows.extend(pupil.spells.iter().map(|(year, completed, met)| {
        let cells = with(vec![
            ("school-year", Cell::Integer(*year)),
            ("completer-cohort", whole(completed.then_some(*year))),
            ("a-g-met", flag(*met)),
        ]);
        ("enrolment", cells)
    }));
    rows
}

/// The category of a pupil.
pub(crate) fn said(grouping: Grouping, pupil: &Pupil, records: &Schooling) -> Option<&'static str> {
    let programme = |codes: &[&str]| {
        pupil.memberships.iter().any(|one| one.programme.is_some_and(|code| codes.contains(&code)))
    };
    // What stands beside an SSID alone counts as well: it is the pupil's.
    let ever =
        |test: &dyn Fn(&Listed) -> Option<bool>| pupil.listed.iter().any(|one| test(one) == Some(true));
    match grouping {
        Grouping::LowIncome => {
            let by_parent = pupil.listed.iter().any(|one| one.parent == Some("14"));
            let is = (ever(&|one| one.low_income) || ever(&|one| one.foster) || ever(&|one| one.homeless))
                || by_parent
                || programme(&["175", "181", "135", "190", "191"]);
            is.then_some("disadvantaged")
        }
        Grouping::Foster => (ever(&|one| one.foster) || programme(&["190"])).then_some("foster"),
        Grouping::Homeless => (ever(&|one| one.homeless) || programme(&["191"])).then_some("homeless"),
        Grouping::Migrant => programme(&["135"]).then_some("migrant"),
        Grouping::EnglishLearner => {
            let stated =
                pupil.listed.iter().filter_map(|one| Some((one.language_day, one.year, one.language?)));
            // Of one day and year the first by the alphabet.
            let newest = stated.max_by_key(|(day, year, word)| (*day, *year, core::cmp::Reverse(*word)))?;
            match newest.2 {
                "EL" => Some("learner"),
                "RFEP" => Some("reclassified"),
                "TBD" => None,
                _ => Some("fluent"),
            }
        }
        Grouping::ParentEducation => {
            let stated = pupil
                .listed
                .iter()
                .filter_map(|one| Some((one.year, one.parent.filter(|code| *code != "15")?)));
            let (_, code) = stated.max_by_key(|(year, code)| (*year, core::cmp::Reverse(*code)))?;
            let words = ["graduate-school", "college", "some-college", "high-school", "none"];
            Some(words[code.parse::<usize>().unwrap() - 10])
        }
        Grouping::CareerPathway => {
            let completed: Vec<bool> =
                pupil.memberships.iter().filter_map(|one| one.pathway).map(|(_, done)| done).collect();
            let word = if completed.contains(&true) { "completed" } else { "entered" };
            (!completed.is_empty()).then_some(word)
        }
        Grouping::AGMet => {
            let said: Vec<bool> = pupil.spells.iter().filter_map(|(.., met)| *met).collect();
            let word = if said.contains(&true) { "met" } else { "not-met" };
            (!said.is_empty()).then_some(word)
        }
        Grouping::LastMathCourse => {
            let done =
                pupil.spells.iter().filter(|(_, completed, _)| *completed).map(|(year, ..)| *year).min();
            let step = |course: &Course| {
                let here = records.offered.iter().filter(|one| {
                    (one.institution, one.school, one.year, one.id)
                        == (pupil.institution, course.school, course.year, course.id)
                });
                let code = here.filter_map(|one| one.code).max()?;
                CODES.iter().find(|(known, _)| *known == code)?.1
            };
            let passed = pupil.courses.iter().filter(|one| {
                one.grade.is_some_and(|grade| grade.starts_with(['A', 'B', 'C', 'P']))
                    && done.is_none_or(|done| one.year <= done)
            });
            let (_, step) = passed.filter_map(|one| Some((one.year, step(one)?))).max()?;
            let words = [
                "arithmetic",
                "pre-algebra",
                "algebra-1",
                "geometry",
                "algebra-2",
                "pre-calculus",
                "calculus",
            ];
            Some(words[step])
        }
        Grouping::HighestCollegeMath | Grouping::UnitsEarned | Grouping::YearsEnrolled => {
            panic!("{} is told of a college's students", grouping.name())
        }
    }
}

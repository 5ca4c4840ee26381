//! Groupings: by hand on the rows of `hand/`, and against an independent implementation on fifty thousand students.

use std::collections::{BTreeMap, BTreeSet};

use passage_analytics::engine::{Embedded, Limits, QueryEngine};
use passage_node::{
    metrics::{GroupFacts, groups, plan_grouping},
    roster::{Roster, SegmentKind, Whose},
};
use passage_protocol::{cells::Grouping, grouping::GroupingDefinition};

use crate::{
    grouped::{said, schooling, schooling_rows},
    hand::{lines, rows, text},
    plain::Whole,
    store::Store,
    students, written,
};

fn run(engine: &Embedded, grouping: Grouping, roster: &Roster) -> GroupFacts {
    let definition = GroupingDefinition::of(grouping).unwrap();
    let running = engine.query(&definition.program.statement, Limits::default());
    let mut running = running.unwrap_or_else(|fault| panic!("{}: {fault}", grouping.name()));
    groups(&mut running, definition, roster, &mut |_| {})
        .unwrap_or_else(|fault| panic!("{}: {fault}", grouping.name()))
}

fn word(grouping: Grouping, category: u8) -> Option<&'static str> {
    let definition = GroupingDefinition::of(grouping).unwrap();
    Some(definition.categories[usize::from(category).checked_sub(1)?].as_str())
}

#[test]
fn a2_every_grouping_fits_the_canonical_tables() {
    for definition in GroupingDefinition::builtins().unwrap() {
        plan_grouping(definition).unwrap_or_else(|fault| panic!("{}: {fault}", definition.grouping.name()));
    }
}

#[test]
fn a2_every_grouping_tells_students_apart_as_by_hand() {
    let expected = text("expected.txt");
    let mut sections: BTreeMap<(String, String), BTreeSet<String>> = BTreeMap::new();
    let mut section = None;
    for line in lines(&expected) {
        if let Some(head) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            let [id, side, file] = head.split(' ').collect::<Vec<_>>()[..] else { panic!("[{head}]") };
            section = (side == "group").then(|| (id.to_owned(), file.to_owned()));
            section
                .iter()
                .for_each(|section| assert!(sections.insert(section.clone(), BTreeSet::new()).is_none()));
        } else if let Some(section) = &section {
            assert!(sections.get_mut(section).unwrap().insert(line.to_owned()), "twice: {line}");
        }
    }
    for (file, kind) in [("k12", SegmentKind::K12), ("cc", SegmentKind::CommunityCollege)] {
        let store = Store::new().with(rows(&format!("{file}.rows")).into_iter());
        let (roster, engine) = (store.roster(kind), store.engine());
        for ((id, of), expected) in sections.iter().filter(|((_, of), _)| of == file) {
            let grouping = Grouping::ALL.into_iter().find(|one| one.name() == id).unwrap();
            let facts = run(&engine, grouping, &roster);
            let students = roster.students.all().unwrap();
            let told = students.iter().enumerate().filter_map(|(place, student)| {
                Some(format!("{} {}", student.person().local_id.expose(), word(grouping, facts.of(place))?))
            });
            assert_eq!(&told.collect::<BTreeSet<_>>(), expected, "{id} of {of}");
        }
    }
    for grouping in Grouping::ALL {
        assert!(
            sections.keys().any(|(id, _)| id == grouping.name()),
            "nobody told {} by hand",
            grouping.name()
        );
    }
}

const STUDENTS: usize = 50_000;

/// Compares what a grouping's SQL says of every student with what the loops of `grouped` say.
fn compare(
    engine: &Embedded,
    roster: &Roster,
    grouping: Grouping,
    expected: &[(Option<&str>, &str, Option<&'static str>)],
) {
    let facts = run(engine, grouping, roster);
    let mut seen: BTreeMap<Option<&str>, usize> = BTreeMap::new();
    for (institution, id, expected) in expected {
        let Whose::Student(place) = roster.whose(*institution, Some(id)) else {
            panic!("{id} is in no list")
        };
        let found = word(grouping, facts.of(place));
        assert_eq!(found, *expected, "{} {id}", grouping.name());
        *seen.entry(found).or_default() += 1;
    }
    let few = |word: &Option<&str>| seen.get(word).is_none_or(|count| *count < 100);
    let words = GroupingDefinition::of(grouping).unwrap().categories.iter().map(|word| Some(word.as_str()));
    let untried: Vec<_> = words.chain([None]).filter(few).collect();
    assert!(untried.is_empty(), "{}: the population does not try {untried:?}", grouping.name());
}

#[test]
fn a2_groupings_of_schools_agree_with_an_independent_implementation_on_fifty_thousand_students() {
    let records = schooling(STUDENTS, 7);
    let store = Store::new().with(schooling_rows(&records));
    let (roster, engine) = (store.roster(SegmentKind::K12), store.engine());
    for definition in GroupingDefinition::builtins().unwrap() {
        if !definition.holders.contains(&passage_protocol::agreement::Segment::K12) {
            continue;
        }
        let expected: Vec<_> = (records.pupils.iter())
            .map(|pupil| {
                (Some(pupil.institution), pupil.id.as_str(), said(definition.grouping, pupil, &records))
            })
            .collect();
        compare(&engine, &roster, definition.grouping, &expected);
    }
}

#[test]
fn a1_whoever_is_in_foster_care_homeless_migrant_or_without_a_parent_with_a_diploma_is_disadvantaged() {
    let records = schooling(STUDENTS / 5, 7);
    let within = [
        (Grouping::Foster, "foster"),
        (Grouping::Homeless, "homeless"),
        (Grouping::Migrant, "migrant"),
        (Grouping::ParentEducation, "none"),
    ];
    let store = Store::new().with(schooling_rows(&records));
    let (roster, engine) = (store.roster(SegmentKind::K12), store.engine());
    let disadvantaged = run(&engine, Grouping::LowIncome, &roster);
    for (grouping, inner) in within {
        let facts = run(&engine, grouping, &roster);
        let mut inside = 0;
        for place in
            (0..roster.students.len()).filter(|place| word(grouping, facts.of(*place)) == Some(inner))
        {
            assert_eq!(disadvantaged.of(place), 1, "{}", grouping.name());
            inside += 1;
        }
        assert!(inside > 100 && inside < STUDENTS / 10, "{}: {inside}", grouping.name());
    }
}

#[test]
fn a2_groupings_of_colleges_agree_with_an_independent_implementation_on_fifty_thousand_students() {
    let records = students::population(STUDENTS, 20_261_127);
    let whole = Whole::of(&records);
    let store = Store::new().with(written::rows(&records));
    let (roster, engine) = (store.roster(SegmentKind::K12), store.engine());
    for grouping in [Grouping::UnitsEarned, Grouping::YearsEnrolled, Grouping::HighestCollegeMath] {
        let expected: Vec<_> = (records.students.iter())
            .map(|one| (one.institution, one.id.as_str(), crate::courses::grouped(grouping, one, &whole)))
            .collect();
        compare(&engine, &roster, grouping, &expected);
    }
}

//! Metrics counted by hand: the rows of `hand/*.rows` and what `hand/expected.txt` says of them, with the reasons.
//!
//! A line of rows is a table and its elements, `term=2020FA` brings its school year and season, `@` stands for a space. A section
//! `[metrics side rows]` of what is expected has a line for each student and cohort: number, cohort, outcome; `-` is the denominator alone.

use std::{collections::BTreeSet, fs, path::Path};

use passage_analytics::table::Cell;
use passage_node::roster::SegmentKind;
use passage_protocol::{
    dictionary::{Dictionary, Kind},
    metric::Side,
};

use crate::{
    catalogue::{all, metric},
    store::{Row, Store, day, name, run},
};

pub(crate) fn text(file: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/metrics/hand").join(file)).unwrap()
}

/// Lines that say something, without what follows ` #`.
pub(crate) fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines().map(|line| line.split('#').next().unwrap().trim()).filter(|line| !line.is_empty())
}

pub(crate) fn rows(file: &str) -> Vec<Row> {
    let dictionary = Dictionary::builtin().unwrap();
    lines(&text(file)).map(|line| row(line, &dictionary)).collect()
}

fn row(line: &str, dictionary: &Dictionary) -> Row {
    let mut words = line.split_whitespace();
    let word = words.next().unwrap();
    let table = ["student", "enrolment", "course", "section", "award", "wage", "elsewhere", "program"]
        .into_iter()
        .find(|table| *table == word)
        .unwrap_or_else(|| panic!("no table {word}"));
    let mut cells = Vec::new();
    for word in words {
        let (element, value) = word.split_once('=').unwrap_or_else(|| panic!("{line}: {word}"));
        let (element, known) =
            dictionary.elements.get_key_value(element).unwrap_or_else(|| panic!("{element}"));
        let value = value.replace('@', " ");
        if element == "term" {
            let (year, season) = value.split_at(4);
            let year: i64 = year.parse().unwrap();
            let (word, earlier) = match season {
                "SU" => ("summer", 0),
                "FA" => ("fall", 0),
                "WI" => ("winter", 1),
                "SP" => ("spring", 1),
                _ => panic!("{value}"),
            };
            cells.push(("school-year", Cell::Integer(year - earlier)));
            cells.push(("term-season", Cell::text(word)));
        }
        // The dictionary of the program lives as long as it does; a name of it is wanted for as long.
        let element: &'static str = Box::leak(element.clone().into_boxed_str());
        cells.push((element, cell(known.kind, &value)));
    }
    (table, cells)
}

fn cell(kind: Kind, value: &str) -> Cell {
    match kind {
        Kind::Text => Cell::text(value),
        Kind::Integer => Cell::Integer(value.parse().unwrap()),
        Kind::Flag => Cell::Flag(value == "Y"),
        Kind::Decimal => {
            let (whole, places) = value.split_once('.').unwrap_or((value, "00"));
            Cell::Decimal(format!("{whole}{places:0<2}").parse().unwrap())
        }
        Kind::Date => {
            let parts: Vec<i64> = value.split('-').map(|part| part.parse().unwrap()).collect();
            day(parts[0], parts[1], parts[2])
        }
    }
}

#[test]
fn a2_every_metric_counts_what_was_counted_by_hand() {
    let expected = text("expected.txt");
    let mut sections: Vec<(String, BTreeSet<String>)> = Vec::new();
    for line in lines(&expected) {
        match line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            Some(head) => sections.push((head.to_owned(), BTreeSet::new())),
            None => {
                let line = line.split_whitespace().collect::<Vec<_>>().join(" ");
                assert!(sections.last_mut().unwrap().1.insert(line.clone()), "twice: {line}");
            }
        }
    }
    let mut counted: BTreeSet<(String, &str)> = BTreeSet::new();
    let mut wrong = String::new();
    for file in ["k12", "cc", "univ", "workforce"] {
        let store = Store::new().with(rows(&format!("{file}.rows")).into_iter());
        let kind = match file {
            "k12" => SegmentKind::K12,
            "cc" => SegmentKind::CommunityCollege,
            "workforce" => SegmentKind::Workforce,
            _ => SegmentKind::University,
        };
        let (roster, engine) = (store.roster(kind), store.engine());
        for (head, expected) in &sections {
            let [ids, side, of] = head.split(' ').collect::<Vec<_>>()[..] else { panic!("[{head}]") };
            // Groupings are counted beside the metrics.
            let Some(side) = Side::parse(side).filter(|_| of == file) else { continue };
            for metric in ids.split(',').map(metric) {
                let facts = run(&engine, &metric, side, &roster).unwrap();
                let mut said: Vec<String> = Vec::new();
                for (place, student) in roster.students.all().unwrap().iter().enumerate() {
                    for (cohort, outcome) in facts.of(place) {
                        let id = student.person().local_id.expose();
                        // Where there is one outcome for everybody counted, it goes without saying.
                        let alone = metric.outcomes.len() == 1 && metric.outcomes[0].name == "enrolled";
                        let outcome = if side == Side::Sender || (side == Side::Receiver && alone) {
                            String::new()
                        } else {
                            format!(" {}", name(&metric, outcome).unwrap_or("-"))
                        };
                        said.push(format!("{id} {}{outcome}", cohort.0));
                    }
                }
                // Units of a metric may be less than a student: equal lines are counted.
                said.sort();
                let said: BTreeSet<String> = said
                    .chunk_by(|one, next| one == next)
                    .map(|same| {
                        if same.len() == 1 { same[0].clone() } else { format!("{} x{}", same[0], same.len()) }
                    })
                    .collect();
                if said != *expected {
                    let missing: Vec<_> = expected.difference(&said).collect();
                    let more: Vec<_> = said.difference(expected).collect();
                    wrong.push_str(&format!(
                        "{} {} by hand only: {missing:?}; by SQL only: {more:?}\n",
                        metric.id,
                        side.name()
                    ));
                }
                counted.insert((metric.id.clone(), side.name()));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
    for metric in all() {
        for program in &metric.programs {
            let there = counted.contains(&(metric.id.clone(), program.side.name()));
            assert!(there, "nobody counted {} {} by hand", metric.id, program.side.name());
        }
    }
}

//! What files of changes come to, against a plain model; the same file twice; sealed tables in between, as in an import.

use passage_protocol::timestamp::Timestamp;
use proptest::prelude::*;

use super::*;
use crate::tables::{Import, StoredTable, TakenOut, merge, tests::World};

/// One line of a file: transaction, pupil, spell, first name.
type Line = (char, u8, u8, u8);

fn text(lines: &[Line]) -> String {
    let line = |(code, pupil, spell, name): &Line| {
        let code = if *code == ' ' { String::new() } else { code.to_string() };
        senr(&[
            (2, &code),
            (8, &format!("10000000{pupil:02}")),
            (9, &format!("A{pupil:02}")),
            (10, ["ANA", "BEA", "CYD"][usize::from(*name)]),
            (22, &format!("2019081{spell}")),
        ])
    };
    lines.iter().map(line).collect()
}

/// What is stored of an enrolment: pupil, spell; and of a pupil: pupil, name.
type Stored = Vec<(String, String)>;

/// Imports a file as the node does; answers the tables in force afterwards.
fn store(world: &World, lines: &[Line], existing: &[StoredTable]) -> Vec<StoredTable> {
    let file = file(text(lines).as_bytes());
    let recognised = recognise(file.path(), &[]).unwrap();
    let mut import = Import::new(&world.folder, &world.custody, &world.schemas, &recognised.layout);
    let mut outlets = Outlets {
        rows: &mut |filed| import.accept(filed),
        progress: &mut |_| ControlFlow::Continue(()),
        findings: &mut |_| Ok(()),
    };
    let Imported { report, taken_out, spoken } =
        read(&recognised, TODAY_YEAR, &mut outlets, &Room::memory()).unwrap();
    let taken = if report.transactions.is_update() {
        TakenOut::Records(&taken_out, &report.periods)
    } else {
        TakenOut::Spoken(&spoken)
    };
    let weighed = import.weigh(existing, taken, &mut |_, _| ControlFlow::Continue(())).unwrap();
    import.keep_others(&weighed, &report.periods, taken, &mut |_, _| ControlFlow::Continue(())).unwrap();
    merge(existing, &import.finish(existing, Timestamp(1)).unwrap())
}

fn stored(world: &World, tables: &[StoredTable]) -> [Stored; 2] {
    [("student", "first"), ("enrolment", "entry_date")].map(|(table, column)| {
        let mut found = Vec::new();
        for entry in tables.iter().filter(|entry| entry.place.table == table) {
            world
                .folder
                .read(&world.custody, entry, &["ssid", column], &mut |row| {
                    let said = match column {
                        "first" => row.text(1).unwrap().to_owned(),
                        _ => row.date(1).unwrap().day.to_string(),
                    };
                    found.push((row.text(0).unwrap().to_owned(), said));
                    Ok(())
                })
                .unwrap();
        }
        found.sort();
        found
    })
}

/// The model: a list of lines. A later D or R of the same pupil and spell takes every earlier line away; of equal lines one stays;
/// a file with a D or R leaves what it does not name, any other file takes the place of the year.
fn model(state: &[Line], file: &[Line]) -> Vec<Line> {
    let changes = |line: &Line| matches!(line.0, 'D' | 'R');
    let record = |line: &Line| (line.1, line.2);
    let mut kept: Vec<Line> = Vec::new();
    for (place, line) in file.iter().enumerate() {
        let superseded =
            file[place + 1..].iter().any(|later| changes(later) && record(later) == record(line));
        if !superseded && line.0 != 'D' && !kept.contains(line) {
            kept.push(*line);
        }
    }
    if file.iter().any(changes) {
        let named = |line: &&Line| file.iter().any(|other| record(other) == record(line));
        kept.extend(state.iter().filter(|line| !named(line)));
    }
    kept
}

fn modelled(state: &[Line]) -> [Stored; 2] {
    let pupil = |line: &Line| format!("10000000{:02}", line.1);
    let mut students: Stored = state
        .iter()
        .map(|line| (pupil(line), ["ANA", "BEA", "CYD"][usize::from(line.3)].to_owned()))
        .collect();
    let mut spells: Stored = state.iter().map(|line| (pupil(line), format!("1{}", line.2))).collect();
    students.sort();
    spells.sort();
    [students, spells]
}

fn lines(codes: &'static [char]) -> impl Strategy<Value = Vec<Line>> {
    let line = (proptest::sample::select(codes), 0_u8..4, 0_u8..2, 0_u8..3);
    proptest::collection::vec(line, 1..9)
}

/// Enough other pupils that the file is known for what it is.
fn with_others(mut lines: Vec<Line>) -> Vec<Line> {
    lines.extend((50..58).map(|pupil| (' ', pupil, 0, 0)));
    lines
}

/// Imports files in turn, each twice, and compares what is stored with the model.
fn run(files: impl IntoIterator<Item = Vec<Line>>) -> Result<(), TestCaseError> {
    let world = World::new();
    let (mut tables, mut state) = (Vec::new(), Vec::new());
    for file in files.into_iter().map(with_others) {
        tables = store(&world, &file, &tables);
        state = model(&state, &file);
        prop_assert_eq!(stored(&world, &tables), modelled(&state), "{:?}", &file);
        tables = store(&world, &file, &tables);
        prop_assert_eq!(stored(&world, &tables), modelled(&state), "twice: {:?}", &file);
    }
    Ok(())
}

/// The row of the pupil is the same after the second file, its record another: the third file names the record of the first.
#[test]
fn a_row_that_looks_the_same_is_of_the_record_it_was_last_read_from() {
    let files = [vec![(' ', 0, 0, 1)], vec![(' ', 0, 1, 1)], vec![('D', 1, 0, 0), (' ', 0, 0, 0)]];
    run(files).unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn changes_come_to_what_a_plain_model_says_and_twice_is_once(
        first in lines(&[' ', 'A']),
        changes in proptest::collection::vec(lines(&[' ', 'A', 'D', 'R', 'D', 'R']), 1..4),
    ) {
        run(core::iter::once(first).chain(changes))?;
    }

    /// All of a file twice over is the file.
    #[test]
    fn a_file_with_every_row_twice_is_the_file(lines in lines(&[' ', 'A'])) {
        let once = import(text(&lines).as_bytes()).unwrap();
        let twice = import((text(&lines) + &text(&lines)).as_bytes()).unwrap();
        let all = |rows: &[Filed]| rows.iter().map(|filed| filed.row.cells.iter().map(words).collect()).collect::<Vec<Vec<_>>>();
        prop_assert_eq!(all(&once.1), all(&twice.1));
        prop_assert_eq!(once.0.kept, twice.0.kept);
        prop_assert_eq!(once.0.coverage.iter().map(|one| one.students).sum::<u64>(), twice.0.coverage.iter().map(|one| one.students).sum::<u64>());
    }
}

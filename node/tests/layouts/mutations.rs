//! Delimited files as nobody described them: the right layout with the same rows, or a refusal.

use passage_node::import::{Delimiter, Form, Header, Layout};

use crate::{
    grid::{Grid, named},
    reading::{Outcome, expected, first_difference, read_bytes, readable, unnumbered},
};

/// What an inserted column may hold.
const FILLERS: [&str; 9] = ["", "NEW", "12345", "Y", "N", "A", "20200101", "9912345", "10"];

fn delimited() -> Vec<Layout> {
    readable().into_iter().filter(|layout| layout.form == Form::Delimited).collect()
}

/// The rows the fixture must become, without row numbers.
fn truth(layout: &Layout) -> Vec<String> {
    unnumbered(&expected(&layout.id))
}

/// Nothing, or how the outcome is a wrong reading.
fn wrong_reading(layout: &Layout, truth: &[String], outcome: &Outcome) -> Option<String> {
    match outcome {
        Outcome::Refused(_) => None,
        Outcome::Read { layout: found, .. } if *found != layout.id => Some(format!("read as {found}")),
        Outcome::Read { rows, .. } => first_difference(truth, &unnumbered(rows)),
    }
}

/// The outcome must be the same rows.
fn must_read(faults: &mut Vec<String>, layout: &Layout, what: &str, bytes: &[u8]) {
    let outcome = read_bytes(bytes);
    let fault = match &outcome {
        Outcome::Refused(why) => Some(format!("refused: {why}")),
        Outcome::Read { .. } => wrong_reading(layout, &truth(layout), &outcome),
    };
    faults.extend(fault.map(|fault| format!("{}: {what}: {fault}", layout.id)));
}

/// The outcome must be the same rows or a refusal. Returns 1 if it was read.
fn may_refuse(
    faults: &mut Vec<String>,
    layout: &Layout,
    truth: &[String],
    what: &str,
    bytes: &[u8],
) -> usize {
    let outcome = read_bytes(bytes);
    let fault = wrong_reading(layout, truth, &outcome);
    faults.extend(fault.map(|fault| format!("{}: {what}: {fault}", layout.id)));
    usize::from(matches!(outcome, Outcome::Read { .. }))
}

fn show(faults: &[String]) {
    let first: Vec<&String> = faults.iter().take(400).collect();
    assert!(faults.is_empty(), "{} wrong: {first:#?}", faults.len());
}

#[test]
fn the_form_of_a_file_does_not_matter() {
    let mut faults = Vec::new();
    for layout in &delimited() {
        let grid = Grid::of(layout);
        for delimiter in &layout.delimiters {
            must_read(
                &mut faults,
                layout,
                &format!("separator {delimiter:?}"),
                &grid.separated(*delimiter).bytes(),
            );
            if *delimiter != Delimiter::Caret {
                must_read(
                    &mut faults,
                    layout,
                    &format!("quoted, {delimiter:?}"),
                    &grid.separated(*delimiter).quoted(),
                );
            }
        }
        for end in ["\n", "\r\n"] {
            let grid = Grid { end, ..grid.clone() };
            must_read(&mut faults, layout, &format!("line end {end:?}"), &grid.bytes());
            let mut cut = grid.bytes();
            cut.truncate(cut.len() - end.len());
            must_read(&mut faults, layout, &format!("last line without {end:?}"), &cut);
            let mut blank = grid.bytes();
            blank.extend_from_slice(end.repeat(3).as_bytes());
            must_read(&mut faults, layout, "blank lines at the end", &blank);
        }
        let bytes = grid.bytes();
        must_read(&mut faults, layout, "byte order mark", &[b"\xEF\xBB\xBF", bytes.as_slice()].concat());
        for count in 1..=3 {
            let mut trailing = grid.clone();
            for row in &mut trailing.rows {
                row.extend(vec![String::new(); count]);
            }
            must_read(&mut faults, layout, &format!("{count} trailing separators"), &trailing.bytes());
        }
    }
    show(&faults);
}

#[test]
fn a_header_row_may_come_and_go_where_the_publisher_leaves_it_open() {
    let mut faults = Vec::new();
    for layout in &delimited() {
        let grid = Grid::of(layout);
        match layout.header {
            Header::Optional => {
                let mut names = vec![String::from("Unnamed"); grid.width()];
                for column in &layout.column {
                    names[column.number.unwrap() - 1].clone_from(&column.name);
                }
                for spelling in spellings(&names) {
                    let mut grid = grid.clone();
                    grid.rows.insert(0, spelling);
                    must_read(&mut faults, layout, "with a header row", &grid.bytes());
                }
            }
            Header::Required => {
                for spelling in spellings(&grid.rows[0]) {
                    let mut grid = grid.clone();
                    grid.rows[0] = spelling;
                    must_read(&mut faults, layout, "header spelled otherwise", &grid.bytes());
                }
                let mut headless = grid.clone();
                headless.rows.remove(0);
                if let Outcome::Read { layout: found, .. } = read_bytes(&headless.bytes()) {
                    faults.push(format!("{} without its header was read as {found}", layout.id));
                }
            }
            Header::Absent => {}
        }
    }
    show(&faults);
}

/// The names as they are, in capitals, in small letters, with spaces and with underscores.
fn spellings(names: &[String]) -> Vec<Vec<String>> {
    let each = |change: fn(&String) -> String| names.iter().map(change).collect();
    vec![
        names.to_vec(),
        each(|name| name.to_uppercase()),
        each(|name| name.to_lowercase()),
        each(|name| name.replace('_', " ")),
        each(|name| name.replace(' ', "_")),
    ]
}

#[test]
fn what_a_district_downloads_again_has_a_suffix_and_two_dates() {
    let mut faults = Vec::new();
    for layout in
        delimited().iter().filter(|layout| layout.record_types.iter().any(|kind| kind.ends_with("-R")))
    {
        for dates in [["20210701", "20210702"], ["2021-07-01 09:30:00", "7/2/2021"]] {
            let mut grid = Grid::of(layout);
            for row in &mut grid.rows {
                row[0].push_str("-R");
                row.extend(dates.map(str::to_owned));
            }
            must_read(&mut faults, layout, "ODS extract", &grid.bytes());
        }
    }
    show(&faults);
}

#[test]
fn an_inserted_column_shifts_nothing_unseen() {
    let (mut faults, mut read, mut tried) = (Vec::new(), 0, 0);
    for layout in delimited().iter().filter(|layout| !named(layout)) {
        let full = Grid::of(layout);
        for (form, grid) in [("full", full.clone()), ("sparse", full.sparse(layout))] {
            // What the sparse file says is the truth of the sparse file, if it is read at all.
            let Outcome::Read { rows, .. } = read_bytes(&grid.bytes()) else { continue };
            let truth = unnumbered(&rows);
            for place in 0..=grid.width() {
                for filler in FILLERS {
                    let what = format!("{form}: column of {filler:?} before {}", place + 1);
                    let bytes = grid.inserted(place, |_| filler.to_owned()).bytes();
                    read += may_refuse(&mut faults, layout, &truth, &what, &bytes);
                    tried += 1;
                }
                for (side, neighbour) in [("left", place.wrapping_sub(1)), ("right", place)] {
                    let what = format!("{form}: copy of the {side} neighbour before {}", place + 1);
                    let copy = grid.inserted(place, |row| row.get(neighbour).cloned().unwrap_or_default());
                    read += may_refuse(&mut faults, layout, &truth, &what, &copy.bytes());
                    tried += 1;
                }
            }
        }
    }
    show(&faults);
    // Columns behind the last that is read are no matter; most of the others are.
    assert!(read * 20 > tried, "{read} of {tried} were read: the recogniser refuses everything");
}

#[test]
fn a_removed_column_shifts_nothing_unseen() {
    let mut faults = Vec::new();
    for layout in delimited().iter().filter(|layout| !named(layout)) {
        let full = Grid::of(layout);
        for (form, grid) in [("full", full.clone()), ("sparse", full.sparse(layout))] {
            let Outcome::Read { rows, .. } = read_bytes(&grid.bytes()) else { continue };
            let truth = unnumbered(&rows);
            for place in 0..grid.width() {
                // If the column that went is the last with values, nothing is shifted: its values are missing.
                let Outcome::Read { layout: found, rows, .. } = read_bytes(&grid.removed(place).bytes())
                else {
                    continue;
                };
                let fault = if found == layout.id {
                    not_a_subset(&truth, &unnumbered(&rows))
                } else {
                    Some(format!("read as {found}"))
                };
                faults
                    .extend(fault.map(|fault| {
                        format!("{}: {form}: without column {}: {fault}", layout.id, place + 1)
                    }));
            }
        }
    }
    show(&faults);
}

#[test]
fn one_row_with_a_column_too_many_or_too_few_is_not_read_shifted() {
    const ROW: usize = 5;
    let mut faults = Vec::new();
    for layout in &delimited() {
        let grid = Grid::of(layout);
        let truth = truth(layout);
        let number = (ROW + 1).to_string();
        let other = |row: &String| row.split('\t').nth(1) != Some(number.as_str());
        let without = unnumbered(&expected(&layout.id).into_iter().filter(other).collect::<Vec<_>>());
        for place in 0..=grid.width() {
            for filler in ["", "NEW"] {
                let mut changed = grid.clone();
                changed.rows[ROW].insert(place, filler.to_owned());
                check_row(
                    &mut faults,
                    layout,
                    [&truth, &without],
                    &format!("row with {filler:?} before {}", place + 1),
                    &changed,
                );
            }
            if place < grid.width() {
                let mut changed = grid.clone();
                changed.rows[ROW].remove(place);
                check_row(
                    &mut faults,
                    layout,
                    [&truth, &without],
                    &format!("row without {}", place + 1),
                    &changed,
                );
            }
        }
    }
    show(&faults);
}

/// The row may be read as it should be, be left out with the others intact, or refuse the file.
fn check_row(faults: &mut Vec<String>, layout: &Layout, right: [&[String]; 2], what: &str, grid: &Grid) {
    let outcome = read_bytes(&grid.bytes());
    let wrong = right.iter().all(|truth| wrong_reading(layout, truth, &outcome).is_some());
    if let (true, Some(fault)) = (wrong, wrong_reading(layout, right[0], &outcome)) {
        faults.push(format!("{}: {what}: {fault}", layout.id));
    }
}

#[test]
fn columns_found_by_name_may_stand_anywhere() {
    let mut faults = Vec::new();
    for layout in delimited().iter().filter(|layout| named(layout)) {
        let grid = Grid::of(layout);
        let width = grid.width();
        let reversed: Vec<usize> = (0..width).rev().collect();
        must_read(&mut faults, layout, "reversed", &grid.ordered(&reversed).bytes());
        // Steps that share no factor with the width reach every column.
        for step in
            (2..width).filter(|step| (2..=*step).all(|f| !step.is_multiple_of(f) || !width.is_multiple_of(f)))
        {
            let order: Vec<usize> = (0..width).map(|place| place * step % width).collect();
            must_read(&mut faults, layout, &format!("every {step}th"), &grid.ordered(&order).bytes());
        }
        for place in 0..=width {
            let mut wider = grid.inserted(place, |_| "x9".to_owned());
            "zz_local_note".clone_into(&mut wider.rows[0][place]);
            must_read(
                &mut faults,
                layout,
                &format!("a column of the institution before {}", place + 1),
                &wider.bytes(),
            );
        }
    }
    show(&faults);
}

#[test]
fn a_missing_name_is_a_missing_value_or_a_refusal_never_another_value() {
    let mut faults = Vec::new();
    for layout in delimited().iter().filter(|layout| named(layout)) {
        let grid = Grid::of(layout);
        let truth = truth(layout);
        for place in 0..grid.width() {
            let mut renamed = grid.clone();
            "zz_local_note".clone_into(&mut renamed.rows[0][place]);
            let mut doubled = grid.inserted(place, |_| "x9".to_owned());
            doubled.rows[0][place] = doubled.rows[0][place + 1].clone();
            for (what, changed) in
                [("without", grid.removed(place)), ("renamed", renamed), ("named twice", doubled)]
            {
                let Outcome::Read { layout: found, rows, .. } = read_bytes(&changed.bytes()) else {
                    continue;
                };
                let fault = if found == layout.id {
                    not_a_subset(&truth, &unnumbered(&rows))
                } else {
                    Some(format!("read as {found}"))
                };
                faults.extend(
                    fault.map(|fault| format!("{}: {what} {}: {fault}", layout.id, grid.rows[0][place])),
                );
            }
        }
    }
    show(&faults);
}

/// A row that says something the truth does not say. `ethnicity` is rolled up from what is there.
pub(crate) fn not_a_subset(truth: &[String], rows: &[String]) -> Option<String> {
    if truth.len() != rows.len() {
        return Some(format!("{} rows instead of {}", rows.len(), truth.len()));
    }
    truth.iter().zip(rows).find_map(|(truth, row)| {
        let known: Vec<&str> = truth.split('\t').collect();
        let races = known.iter().find_map(|cell| cell.strip_prefix("races=")).unwrap_or("");
        let right = |cell: &&str| {
            let some_races = cell
                .strip_prefix("races=")
                .is_some_and(|codes| codes.split(' ').all(|code| races.contains(code)));
            cell.is_empty() || cell.starts_with("ethnicity=") || known.contains(cell) || some_races
        };
        let stray = row.split('\t').find(|cell| !right(cell))?;
        Some(format!("{stray} stands in none of {truth}"))
    })
}

//! Spreadsheets and Parquet files of the same columns: names, numbers and dates are read as they were meant, or it is said what
//! was lost. Never a wrong reading.

use passage_node::import::{Form, Header, Layout};

use crate::{
    grid::{Grid, named},
    mutations::not_a_subset,
    reading::{Outcome, expected, first_difference, layout, read_file, readable, unnumbered},
    typed::{Typed, Typing},
};

fn delimited() -> Vec<Layout> {
    readable().into_iter().filter(|layout| layout.form == Form::Delimited).collect()
}

/// Every way to write a layout's file as a table of typed cells: with names above the rows, and without where it may be so.
fn tables(layout: &Layout, typing: Typing) -> Vec<(&'static str, Typed)> {
    let table = || Typed::of(layout, &Grid::of(layout), typing);
    match layout.header {
        Header::Required => vec![("by name", table())],
        Header::Absent => vec![("no names", table())],
        Header::Optional => vec![("no names", table()), ("names", table().with_names(layout))],
    }
}

/// How an outcome is wrong: another layout, another value, or a value that is lost in silence.
fn wrong(layout: &Layout, typing: Typing, outcome: &Outcome) -> Option<String> {
    let truth = unnumbered(&expected(&layout.id));
    match outcome {
        // Codes that lost their zeros fit no more: the column is named.
        Outcome::Refused(why) if typing.numbers() => (!why.contains(&format!("{}: column", layout.id)))
            .then(|| format!("refused without a column: {why}")),
        Outcome::Refused(why) => Some(format!("refused: {why}")),
        Outcome::Read { layout: found, .. } if *found != layout.id => Some(format!("read as {found}")),
        Outcome::Read { rows, report, .. } => {
            let rows = unnumbered(rows);
            let lost = first_difference(&truth, &rows)?;
            not_a_subset(&truth, &rows).or((report.warnings() == 0).then_some(lost))
        }
    }
}

fn show(faults: &[String]) {
    assert!(faults.is_empty(), "{} wrong: {:#?}", faults.len(), &faults[..faults.len().min(60)]);
}

#[test]
fn a_spreadsheet_of_every_layout_is_the_same_file() {
    let mut faults = Vec::new();
    for layout in &delimited() {
        for typing in Typing::ALL {
            for (form, table) in tables(layout, typing) {
                let outcome = read_file(&table.xlsx(), "xlsx");
                let fault = match typing {
                    // Nothing is lost on the way: every cell must be there.
                    Typing::Text | Typing::Dates => match &outcome {
                        Outcome::Read { layout: found, rows, .. } if *found == layout.id => {
                            first_difference(&unnumbered(&expected(&layout.id)), &unnumbered(rows))
                        }
                        Outcome::Read { .. } | Outcome::Refused(_) => wrong(layout, typing, &outcome),
                    },
                    Typing::Numbers | Typing::DatesAndNumbers => wrong(layout, typing, &outcome),
                };
                faults.extend(fault.map(|fault| format!("{}: {form}, {typing:?}: {fault}", layout.id)));
            }
        }
    }
    show(&faults);
}

#[test]
fn a_parquet_file_of_every_layout_with_names_is_the_same_file() {
    let mut faults = Vec::new();
    for layout in &delimited() {
        for typing in Typing::ALL {
            let table = Typed::of(layout, &Grid::of(layout), typing);
            let table = if named(layout) { table } else { table.with_names(layout) };
            let outcome = read_file(&table.parquet(), "parquet");
            let fault = match (layout.header, &outcome) {
                // Without a header row of its own such a file is told by position alone, which the names of a Parquet file
                // do not show.
                (Header::Absent, Outcome::Refused(_)) => None,
                (Header::Absent, Outcome::Read { .. }) => Some("was read".to_owned()),
                (Header::Optional | Header::Required, outcome) => wrong(layout, typing, outcome),
            };
            faults.extend(fault.map(|fault| format!("{}: {typing:?}: {fault}", layout.id)));
        }
    }
    show(&faults);
}

#[test]
fn a_column_inserted_into_a_spreadsheet_shifts_nothing_unseen() {
    let (mut faults, mut read, mut tried) = (Vec::new(), 0, 0);
    for layout in &delimited() {
        for (form, table) in tables(layout, Typing::DatesAndNumbers) {
            // What the file says without the column is the truth: what typing lost is lost here too.
            let Outcome::Read { rows, .. } = read_file(&table.xlsx(), "xlsx") else { continue };
            let truth = unnumbered(&rows);
            for place in 0..=table.width() {
                for filler in ["", "NEW", "7"] {
                    let (_, table) = tables(layout, Typing::DatesAndNumbers)
                        .into_iter()
                        .find(|(other, _)| *other == form)
                        .unwrap();
                    let outcome = read_file(&table.inserted(place, "zz_local_note", filler).xlsx(), "xlsx");
                    tried += 1;
                    let fault = match &outcome {
                        // The refusal must name what is doubtful.
                        Outcome::Refused(why) => (!why.contains("column")).then(|| why.clone()),
                        Outcome::Read { layout: found, .. } if *found != layout.id => {
                            Some(format!("read as {found}"))
                        }
                        Outcome::Read { rows, .. } => {
                            read += 1;
                            first_difference(&truth, &unnumbered(rows))
                        }
                    };
                    faults.extend(fault.map(|fault| {
                        format!("{}: {form}: {filler:?} before {}: {fault}", layout.id, place + 1)
                    }));
                }
            }
        }
    }
    show(&faults);
    assert!(read * 20 > tried, "{read} of {tried} were read: the recogniser refuses everything");
}

#[test]
fn a_date_cell_is_read_exactly_whatever_it_looks_like() {
    let senr = layout("calpads-senr");
    let table = Typed::of(&senr, &Grid::of(&senr), Typing::Dates);
    let Outcome::Read { rows, .. } = read_file(&table.xlsx(), "xlsx") else { panic!("refused") };
    assert!(rows.iter().any(|row| row.contains("birth-date=2004-02-29")), "29 February is lost");
    assert!(rows.iter().any(|row| row.contains("birth-date=2002-12-31")), "the last day of the year is lost");
}

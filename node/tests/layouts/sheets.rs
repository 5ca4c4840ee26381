//! Spreadsheets of the same columns: names, numbers and dates are read as they were meant.

use rust_xlsxwriter::{ExcelDateTime, Format, Workbook};

use crate::{
    grid::Grid,
    reading::{Outcome, expected, first_difference, layout, read_file, unnumbered},
};

/// How cells are typed.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Typing {
    /// Every cell as text, as a careful export writes them.
    Text,
    /// Dates as dates, the rest as text.
    Dates,
}

fn sheet(id: &str, typing: Typing, header: Option<&[&str]>) -> Vec<u8> {
    let (layout, grid) = (layout(id), Grid::of(&layout(id)));
    let mut book = Workbook::new();
    let page = book.add_worksheet();
    let day = Format::new().set_num_format("m/d/yyyy");
    let mut row = 0;
    if let Some(names) = header {
        for (place, name) in (0..).zip(names) {
            page.write_string(row, place, *name).unwrap();
        }
        row += 1;
    }
    for cells in &grid.rows {
        for (place, cell) in (0..).zip(cells) {
            let column = layout.column.iter().find(|column| column.number == Some(usize::from(place) + 1));
            let dated = column.is_some_and(|column| column.name.contains("Date") && cell.len() == 8);
            if dated && typing == Typing::Dates {
                let part = |from: usize, to: usize| cell[from..to].parse::<u16>().unwrap();
                let date = ExcelDateTime::from_ymd(
                    part(0, 4),
                    u8::try_from(part(4, 6)).unwrap(),
                    u8::try_from(part(6, 8)).unwrap(),
                )
                .unwrap();
                page.write_datetime_with_format(row, place, &date, &day).unwrap();
            } else if !cell.is_empty() {
                page.write_string(row, place, cell).unwrap();
            }
        }
        row += 1;
    }
    book.save_to_buffer().unwrap()
}

#[test]
fn a_spreadsheet_of_enrolments_or_grades_is_the_same_file() {
    for id in ["calpads-senr", "calpads-scsc"] {
        for typing in [Typing::Text, Typing::Dates] {
            match read_file(&sheet(id, typing, None), "xlsx") {
                Outcome::Refused(why) => panic!("{id}, {typing:?}: {why}"),
                Outcome::Read { layout, rows, .. } => {
                    assert_eq!(layout, id);
                    let difference = first_difference(&unnumbered(&expected(id)), &unnumbered(&rows));
                    assert_eq!(difference, None, "{id}, {typing:?}");
                }
            }
        }
    }
}

#[test]
fn a_date_cell_is_read_exactly_whatever_it_looks_like() {
    let Outcome::Read { rows, .. } = read_file(&sheet("calpads-senr", Typing::Dates, None), "xlsx") else {
        panic!("refused")
    };
    assert!(rows.iter().any(|row| row.contains("birth-date=2004-02-29")), "29 February is lost");
    assert!(rows.iter().any(|row| row.contains("birth-date=2002-12-31")), "the last day of the year is lost");
}

//! A mapping of an institution's own (`layout.toml`), with its files in every form: CSV, TSV, XLSX and Parquet.

use std::{fs, path::Path};

use passage_node::import::{Delimiter, Layout, recognise_as};

use crate::{
    grid::Grid,
    reading::{first_difference, take, unnumbered},
    typed::{Typed, Typing},
};

const STUDENTS: &str = "student_id,ssid,ssn,first,middle,last,suffix,prior_last,birth_date,gender,hispanic,race,zip\n\
S-1,0123456789,518430102,Ana,,Garcia Lopez,,,2002-02-28,F,Y,700,90001\n\
S-2,,,Bo,Q,Li,JR,Wu,2004-02-29,M,N,201,02139\n\
S-3,1234567890,,Zoë,,O'Neil,,,2001-12-31,X,N,,90003\n";

fn students() -> Layout {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/own_layouts/students.toml");
    Layout::parse(&fs::read_to_string(path).unwrap()).unwrap()
}

fn grid() -> Grid {
    let rows = STUDENTS.lines().map(|line| line.split(',').map(str::to_owned).collect()).collect();
    Grid { rows, separator: ',', end: "\r\n" }
}

/// Rows and the number of warnings.
fn read(layout: &Layout, bytes: &[u8]) -> (Vec<String>, u64) {
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), bytes).unwrap();
    let recognised = recognise_as(file.path(), layout).unwrap_or_else(|error| panic!("{error}"));
    let (rows, outcome) = take(&recognised);
    (unnumbered(&rows), outcome.unwrap_or_else(|error| panic!("{error}")).warnings())
}

#[test]
fn a_mapping_of_ones_own_reads_every_form() {
    let (layout, grid) = (students(), grid());
    let (truth, _) = read(&layout, &grid.bytes());
    assert_eq!(truth.len(), 3);
    assert!(truth[0].contains("ssid=0123456789") && truth[1].contains("birth-date=2004-02-29"), "{truth:?}");
    assert_eq!(read(&layout, &grid.separated(Delimiter::Tab).bytes()).0, truth);
    for typing in Typing::ALL {
        let table = Typed::of(&layout, &grid, typing);
        for (form, bytes) in [("XLSX", table.xlsx()), ("Parquet", table.parquet())] {
            // Zeros that a number lost are put back, and told.
            let (rows, warnings) = read(&layout, &bytes);
            assert_eq!(first_difference(&truth, &rows), None, "{form}, {typing:?}");
            let lost = matches!(typing, Typing::Numbers | Typing::DatesAndNumbers);
            assert!(warnings >= if lost { 2 } else { 0 }, "{form}, {typing:?}: {warnings}");
        }
    }
}

#[test]
fn a_column_of_ones_own_that_is_missing_or_holds_something_else_is_named() {
    let (layout, grid) = (students(), grid());
    let refusal = |grid: &Grid| {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), Typed::of(&layout, grid, Typing::Dates).xlsx()).unwrap();
        recognise_as(file.path(), &layout).err().map(|error| error.to_string()).unwrap_or_default()
    };
    assert!(refusal(&grid.removed(0)).contains("student_id 0 times"));
    let mut exchanged = grid.clone();
    exchanged.rows[0].swap(1, 9);
    assert!(refusal(&exchanged).contains("passes its check in"), "{}", refusal(&exchanged));
}

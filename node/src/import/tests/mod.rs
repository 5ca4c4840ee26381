//! Files a clerk may drop, good and bad, and what is said about each.

mod bounded;
mod damage;
mod forms;
mod fuzz;
mod properties;
mod recognition;
mod shipped;
mod storing;

use std::{
    io::Write as _,
    ops::ControlFlow,
    path::{Path, PathBuf},
};

use passage_protocol::{cells::SchoolYear, refusal::Refusal};
use passage_shell::shelf::Room;

use super::{elements::dictionary, *};

const TODAY_YEAR: u16 = 2026;
const STUDENT_HEADER: &str =
    "student_id,ssid,ssn,first,middle,last,suffix,prior_last,birth_date,gender,hispanic,race,zip";

fn demo() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/demo/members")
}

/// Layouts as an institution writes them for its own files.
fn own() -> Vec<Layout> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/own_layouts");
    let layout = |name: &str| Layout::parse(&std::fs::read_to_string(folder.join(name)).unwrap()).unwrap();
    ["students.toml", "enrollments.toml", "courses.toml", "awards.toml"].map(layout).into()
}

/// A layout that ships.
fn shipped(id: &str) -> Layout {
    Layout::built_in().unwrap().into_iter().find(|layout| layout.id == id).unwrap()
}

/// The layouts these tests know: what else ships does not change them.
fn known() -> Vec<Layout> {
    let mut layouts = own();
    layouts.extend(["calpads-senr", "calpads-sinf"].map(shipped));
    layouts
}

/// A file of these bytes.
fn file(bytes: &[u8]) -> tempfile::NamedTempFile {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(bytes).unwrap();
    file
}

/// Reads a recognised file: what it held and its rows.
fn rows_of(recognised: &Recognised) -> Result<(Imported, Vec<Filed>), ImportError> {
    let mut rows = Vec::new();
    let mut outlets = Outlets {
        rows: &mut |filed| {
            rows.push(filed);
            ControlFlow::Continue(())
        },
        progress: &mut |_| ControlFlow::Continue(()),
        findings: &mut |_| Ok(()),
    };
    let imported = read(recognised, TODAY_YEAR, &mut outlets, &Room::memory())?;
    Ok((imported, rows))
}

/// Recognises bytes among some layouts, and reads them.
fn import_among(bytes: &[u8], layouts: &[Layout]) -> Result<(Imported, Vec<Filed>), ImportError> {
    let file = file(bytes);
    rows_of(&recognise_among(file.path(), layouts, &[])?)
}

/// As [`import_among`] the known layouts; the report and the rows, or the refusal.
fn import(bytes: &[u8]) -> Result<(ImportReport, Vec<Filed>), ImportError> {
    import_among(bytes, &known()).map(|(imported, rows)| (imported.report, rows))
}

fn refused(bytes: &[u8]) -> ImportError {
    match import(bytes) {
        Ok((report, _)) => panic!("accepted: {report}"),
        Err(error) => error,
    }
}

fn faults(error: &ImportError) -> Vec<(u64, Option<usize>, &'static str)> {
    let ImportError::Rows { report } = error else { panic!("{error}") };
    let errors = report.problems.iter().filter(|problem| problem.severity == Severity::Error);
    errors.map(|problem| (problem.row, problem.column, problem.what)).collect()
}

/// A cell in words, for comparing.
fn words(cell: &Cell) -> String {
    match cell {
        Cell::Empty => String::new(),
        Cell::Text(text) => text.to_string(),
        Cell::Date { year, month, day } => format!("{year:04}-{month:02}-{day:02}"),
        Cell::Integer(number) => number.to_string(),
        Cell::Decimal(hundredths) => format!("{}.{:02}", hundredths / 100, hundredths % 100),
        Cell::Flag(answer) => answer.to_string(),
    }
}

/// The values of one element in every row of a table.
fn column(rows: &[Filed], table: &str, element: &str) -> Vec<String> {
    let elements = &dictionary().unwrap().tables[table].elements;
    let place = elements.iter().position(|name| name == element).unwrap();
    let of_table = rows.iter().filter(|filed| filed.row.table == table);
    of_table.map(|filed| words(&filed.row.cells[place])).collect()
}

/// One SENR row; fields are replaced by number.
fn senr(changes: &[(usize, &str)]) -> String {
    let row = "SENR^^R1^9968585^9930003^^2019-2020^2068905818^A-1^ANA^^FUENTES^^^^^20020122^F^^CA^US^20190815^10^12^20200610^E230^100\
               ^^N^^9968585^^N^^^^^^";
    let mut fields: Vec<&str> = row.split('^').collect();
    for (number, value) in changes {
        fields[number - 1] = value;
    }
    fields.join("^") + "\r\n"
}

fn students(rows: &[&str]) -> String {
    format!("{STUDENT_HEADER}\r\n{}\r\n", rows.join("\r\n"))
}

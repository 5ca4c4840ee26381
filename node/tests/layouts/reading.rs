//! Reads a file as the command line does and writes its rows down as text, so that they can be compared.

use std::{fs, io::Write, ops::ControlFlow, path::PathBuf, sync::LazyLock};

use passage_node::import::{
    Cell, ImportError, ImportReport, Layout, Outlets, Problem, Recognised, read, recognise_among,
};
use passage_protocol::dictionary::Dictionary;
use passage_shell::shelf::Room;

/// The year the tests are read in, so that plausible dates stay plausible.
const TODAY_YEAR: u16 = 2026;

/// What became of a file.
pub(crate) enum Outcome {
    /// It was read: with which layout, into which rows, and what the clerk is told.
    Read { layout: String, rows: Vec<String>, report: Box<ImportReport> },
    /// It was refused, in the words the clerk sees.
    Refused(String),
}

/// The folder of this test.
pub(crate) fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/layouts")
}

/// The layouts that ship, parsed once for the thousands of files of these tests.
static SHIPPED: LazyLock<Vec<Layout>> = LazyLock::new(|| Layout::built_in().unwrap());

/// Ids of the layouts that ship.
pub(crate) fn shipped() -> Vec<String> {
    SHIPPED.iter().map(|layout| layout.id.clone()).collect()
}

/// One layout that ships.
pub(crate) fn layout(id: &str) -> Layout {
    SHIPPED.iter().find(|layout| layout.id == id).unwrap().clone()
}

/// Those whose files are always refused.
pub(crate) fn refused_layouts() -> Vec<String> {
    SHIPPED.iter().filter(|layout| layout.refused.is_some()).map(|layout| layout.id.clone()).collect()
}

/// Those whose files are read.
pub(crate) fn readable() -> Vec<Layout> {
    SHIPPED.iter().filter(|layout| layout.refused.is_none()).cloned().collect()
}

pub(crate) fn fixture(layout: &str) -> Vec<u8> {
    let path = folder().join(format!("fixtures/{layout}.txt"));
    fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The rows a fixture must become, `table<TAB>row<TAB>element=value...`.
pub(crate) fn expected(layout: &str) -> Vec<String> {
    let path = folder().join(format!("fixtures/{layout}.expected"));
    fs::read_to_string(path).unwrap().lines().map(str::to_owned).collect()
}

/// Reads bytes as a file of any layout.
pub(crate) fn read_bytes(bytes: &[u8]) -> Outcome {
    read_file(bytes, "txt")
}

/// Reads bytes as a file with an extension.
pub(crate) fn read_file(bytes: &[u8], extension: &str) -> Outcome {
    let mut file = tempfile::Builder::new().suffix(&format!(".{extension}")).tempfile().unwrap();
    file.write_all(bytes).unwrap();
    file.flush().unwrap();
    let recognised = match recognise_among(file.path(), &SHIPPED, &[]) {
        Ok(recognised) => recognised,
        Err(error) => return Outcome::Refused(words(&error)),
    };
    let (rows, outcome) = take(&recognised);
    match outcome {
        Ok(report) => Outcome::Read { layout: recognised.layout.id.clone(), rows, report: Box::new(report) },
        Err(error) => Outcome::Refused(words(&error)),
    }
}

/// Every canonical row of a recognised file as text, and what the clerk is told.
pub(crate) fn take(recognised: &Recognised) -> (Vec<String>, Result<ImportReport, ImportError>) {
    let dictionary = Dictionary::builtin().unwrap();
    let mut rows = Vec::new();
    let mut sink = |filed: passage_node::import::Filed| {
        let elements = &dictionary.tables[filed.row.table].elements;
        let mut line = format!("{}\t{}", filed.row.table, filed.origin.row);
        for (element, cell) in elements.iter().zip(&filed.row.cells) {
            if let Some(text) = text(cell) {
                line.push_str(&format!("\t{element}={text}"));
            }
        }
        rows.push(line);
        ControlFlow::Continue(())
    };
    let mut outlets =
        Outlets { rows: &mut sink, progress: &mut |_| ControlFlow::Continue(()), findings: &mut |_| Ok(()) };
    let outcome = read(recognised, TODAY_YEAR, &mut outlets, &Room::memory()).map(|imported| imported.report);
    (rows, outcome)
}

/// Every problem of a recognised file, refused or not.
pub(crate) fn problems(recognised: &Recognised) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut findings = |finding: passage_node::import::Finding<'_>| {
        problems.push(Problem::from(finding));
        Ok(())
    };
    let mut rows = |_| ControlFlow::Continue(());
    let mut outlets =
        Outlets { rows: &mut rows, progress: &mut |_| ControlFlow::Continue(()), findings: &mut findings };
    match read(recognised, TODAY_YEAR, &mut outlets, &Room::memory()) {
        Ok(_) | Err(ImportError::Rows { .. }) => problems,
        Err(error) => panic!("{}: {error}", recognised.layout.id),
    }
}

fn words(error: &ImportError) -> String {
    error.to_string()
}

fn text(cell: &Cell) -> Option<String> {
    Some(match cell {
        Cell::Empty => return None,
        Cell::Text(text) => text.to_string(),
        Cell::Date { year, month, day } => format!("{year:04}-{month:02}-{day:02}"),
        Cell::Integer(number) => number.to_string(),
        Cell::Decimal(hundredths) => format!("{}.{:02}", hundredths / 100, hundredths % 100),
        Cell::Flag(true) => "yes".to_owned(),
        Cell::Flag(false) => "no".to_owned(),
    })
}

/// Rows without the number of the source row, which a mutation may move.
pub(crate) fn unnumbered(rows: &[String]) -> Vec<String> {
    let strip = |row: &String| {
        let mut parts = row.splitn(3, '\t');
        let (table, _, rest) = (parts.next().unwrap(), parts.next(), parts.next().unwrap_or(""));
        format!("{table}\t{rest}")
    };
    rows.iter().map(strip).collect()
}

/// The first row that differs, in words.
pub(crate) fn first_difference(expected: &[String], found: &[String]) -> Option<String> {
    let length = expected.len().max(found.len());
    let place = (0..length).find(|place| expected.get(*place) != found.get(*place))?;
    let cells = |rows: &[String]| -> Vec<String> {
        rows.get(place).map_or_else(Vec::new, |row| row.split('\t').map(str::to_owned).collect())
    };
    let (expected, found) = (cells(expected), cells(found));
    let only = |of: &[String], other: &[String]| -> String {
        of.iter().filter(|cell| !other.contains(cell)).cloned().collect::<Vec<_>>().join(", ")
    };
    Some(format!("row {place}: expected [{}], found [{}]", only(&expected, &found), only(&found, &expected)))
}

//! The first sheet with data of an XLSX workbook, cell by cell.
//!
//! A date cell is an exact date and becomes `yyyy-mm-dd`, whatever the sheet shows; a number cell becomes its digits and
//! never scientific notation. What a spreadsheet lost when the file was opened in it (a leading zero) stays lost and is
//! seen by the checks. Memory holds the workbook's table of texts, which has a limit, and one row.

use std::{
    fs::File,
    io::{self, BufReader, Read, Seek},
    ops::ControlFlow,
    path::{Path, PathBuf},
};

use calamine::{DataRef, Reader, Xlsx, XlsxError};

use super::{EachRow, FIELD_BYTES_MAX, Record, Rows};
use crate::import::{error::ImportError, fault::Fault};

/// Most bytes of everything but the sheets themselves, unpacked: a million rows of different texts.
const PARTS_BYTES_MAX: u64 = 256 << 20;
/// Longest stretch of one part without a tag, bytes: a value is far shorter.
const STRETCH_BYTES_MAX: usize = 1 << 20;
/// Most columns of a row; XLSX has no more.
const COLUMNS_MAX: usize = 16_384;

/// An XLSX workbook.
pub(in crate::import) struct Sheet {
    path: PathBuf,
    bytes: u64,
}

/// True if a file begins as an XLSX workbook does.
pub(in crate::import) fn looks_like_a_sheet(start: &[u8]) -> bool {
    start.starts_with(b"PK\x03\x04")
}

impl Sheet {
    /// Opens a workbook whose parts have been measured.
    pub(in crate::import) fn new(path: &Path, bytes: u64) -> Self {
        Self { path: path.to_owned(), bytes }
    }

    /// Unpacks every part once without keeping it: none is larger than memory may hold.
    pub(in crate::import) fn measure(path: &Path) -> Result<(), ImportError> {
        measure_workbook(BufReader::new(File::open(path)?))
    }
}

impl Rows for Sheet {
    fn each(&mut self, each: &mut EachRow<'_>) -> Result<(), ImportError> {
        walk_workbook(BufReader::new(File::open(&self.path)?), self.bytes, each)
    }
}

/// Refuses a workbook with a part that would not fit into memory.
pub(in crate::import) fn measure_workbook(source: impl Read + Seek) -> Result<(), ImportError> {
    let damaged = ImportError::Spreadsheet { fault: "it is damaged, or no .xlsx workbook" };
    let Ok(mut archive) = zip::ZipArchive::new(source) else { return Err(damaged) };
    let mut parts = 0_u64;
    for place in 0..archive.len() {
        let Ok(part) = archive.by_index(place) else { return Err(damaged) };
        let Ok(name) = part.name().map(|name| name.to_ascii_lowercase()) else { return Err(damaged) };
        if !name.ends_with(".xml") && !name.ends_with(".rels") {
            continue;
        }
        let sheet = name.contains("worksheets/");
        let room = if sheet { u64::MAX } else { PARTS_BYTES_MAX - parts };
        match unpacked(part, room) {
            Ok(bytes) if !sheet => parts += bytes,
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::FileTooLarge => {
                return Err(ImportError::Spreadsheet { fault: "a part of it is too large when unpacked" });
            }
            Err(_) => return Err(damaged),
        }
    }
    Ok(())
}

/// Bytes of a part, if it has at most `room` and no stretch that would have to be held whole.
fn unpacked(mut part: impl Read, room: u64) -> io::Result<u64> {
    let mut buffer = [0; 1 << 14];
    let (mut total, mut stretch) = (0_u64, 0);
    loop {
        let count = part.read(&mut buffer)?;
        let Some(chunk) = buffer.get(..count).filter(|chunk| !chunk.is_empty()) else { return Ok(total) };
        total += count as u64;
        stretch = match chunk.iter().rposition(|byte| *byte == b'<') {
            Some(last) => count - last,
            None => stretch + count,
        };
        if total > room || stretch > STRETCH_BYTES_MAX {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
    }
}

/// Gives the rows of the first sheet that has any.
pub(in crate::import) fn walk_workbook(
    source: impl Read + Seek,
    bytes: u64,
    each: &mut EachRow<'_>,
) -> Result<(), ImportError> {
    let mut workbook = Xlsx::new(source).map_err(|error| refusal(&error))?;
    let mut record = Record::default();
    for name in workbook.sheet_names() {
        let mut cells = match workbook.worksheet_cells_reader(&name) {
            Ok(cells) => cells,
            Err(XlsxError::WorksheetNotFound(_) | XlsxError::NotAWorksheet(_)) => continue,
            Err(error) => return Err(refusal(&error)),
        };
        let rows = u64::from(cells.dimensions().end.0) + 1;
        let mut seen = 0_u64;
        record.begin(0);
        while let Some(cell) = cells.next_cell().map_err(|error| refusal(&error))? {
            let (row, column) = cell.get_position();
            let row = u64::from(row) + 1;
            if record.row != row {
                if !record.is_blank() {
                    seen += 1;
                    let done = bytes / rows * record.row.min(rows);
                    if each(&record, done)? == ControlFlow::Break(()) {
                        return Ok(());
                    }
                }
                record.begin(row);
            }
            put(&mut record, column as usize, cell.get_value());
        }
        if !record.is_blank() {
            seen += 1;
            if each(&record, bytes)? == ControlFlow::Break(()) {
                return Ok(());
            }
        }
        if seen > 0 {
            return Ok(());
        }
    }
    Ok(())
}

/// Puts a cell at its column; columns without a cell are empty.
fn put(record: &mut Record, column: usize, value: &DataRef<'_>) {
    if column >= COLUMNS_MAX || column < record.len() {
        return;
    }
    while record.len() < column {
        record.push("");
    }
    match value {
        DataRef::Empty => record.push(""),
        DataRef::SharedString(text) => text_cell(record, text),
        DataRef::String(text) | DataRef::DurationIso(text) => text_cell(record, text),
        DataRef::DateTimeIso(text) => text_cell(record, text.split('T').next().unwrap_or(text)),
        DataRef::Int(number) => record.push(&number.to_string()),
        DataRef::Float(number) => record.push(&number.to_string()),
        DataRef::Bool(answer) => record.push(if *answer { "TRUE" } else { "FALSE" }),
        DataRef::DateTime(date) => {
            let (year, month, day, ..) = date.to_ymd_hms_milli();
            record.push(&format!("{year:04}-{month:02}-{day:02}"));
        }
        DataRef::Error(_) => {
            record.push("");
            record.fault = Some(Fault::SheetError);
        }
    }
}

/// A text of a cell; a line break inside one is a space, as every other form of rows has it.
fn text_cell(record: &mut Record, text: &str) {
    if text.contains(['\n', '\r', '\0']) && text.len() <= FIELD_BYTES_MAX {
        record.push(&text.replace(['\n', '\r', '\0'], " "));
    } else {
        record.push(text);
    }
}

fn refusal(error: &XlsxError) -> ImportError {
    ImportError::Spreadsheet {
        fault: if matches!(error, XlsxError::Password) {
            "it is protected by a password"
        } else {
            "it is damaged, or no .xlsx workbook"
        },
    }
}

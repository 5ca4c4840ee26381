//! The same rows in other forms: fixed width and spreadsheets.

use rust_xlsxwriter::{ExcelDateTime, Format, Workbook};

use super::*;

const FIXED: &str = r#"
schema = 2
id = "terms-fixed"
version = "1"
title = "Terms, fixed width"
form = "fixed"
record-types = ["SB"]
record-bytes = [40]
tables = ["student"]
key = ["Id"]

[[column]]
at = [3, 11]
name = "Id"
element = "local-id"
need = "required"

[[column]]
at = [12, 12]
name = "Status"
check = "code"
codes = ["S", "C"]
need = "required"

[[column]]
at = [3, 11]
name = "Ssn"
element = "ssn"
check = "ssn"
only-if = { column = "Status", is = ["S"] }

[[column]]
at = [13, 20]
name = "Birth"
element = "birth-date"
check = "birth-date"
need = "row"

[[column]]
at = [21, 30]
name = "Last"
element = "last"

[[column]]
at = [31, 40]
name = "First"
element = "first"
"#;

fn fixed(id: &str, status: &str, birth: &str, last: &str, first: &str) -> String {
    format!("SB{id:<9}{status}{birth:<8}{last:<10}{first:<10}\r\n")
}

fn fixed_layout() -> Vec<Layout> {
    vec![Layout::parse(FIXED).unwrap()]
}

#[test]
fn fixed_records_are_cut_at_their_bytes() {
    let text = [
        fixed("400614555", "S", "20020102", "DIAZ", "ANA"),
        fixed("C00000001", "C", "20020103", "PEÑA", "BO"),
        fixed("C00000002", "C", "x", "LI", "CY"),
    ]
    .concat();
    let windows = encoding_rs::WINDOWS_1252.encode(&text).0.into_owned();
    for bytes in [text.into_bytes(), windows] {
        let (imported, rows) = import_among(&bytes, &fixed_layout()).unwrap();
        assert_eq!(column(&rows, "student", "local-id"), ["400614555", "C00000001"]);
        assert_eq!(column(&rows, "student", "ssn"), ["400614555", ""]);
        assert_eq!(column(&rows, "student", "last"), ["DIAZ", "PEÑA"]);
        assert_eq!(column(&rows, "student", "first"), ["ANA", "BO"]);
        assert_eq!((imported.report.rows, imported.report.kept, imported.report.rows_refused), (3, 2, 1));
        let refused =
            imported.report.problems.iter().find(|problem| problem.severity == Severity::Row).unwrap();
        assert_eq!((refused.row, refused.column), (3, Some(13)));
    }
}

#[test]
fn a_record_of_another_length_is_refused() {
    let good = fixed("C00000001", "C", "20020103", "PENA", "BO");
    for bad in [good.replacen("PENA", "PENA ", 1), good.replacen("PENA ", "PENA", 1)] {
        let Err(error) = import_among(bad.repeat(3).as_bytes(), &fixed_layout()) else { panic!("accepted") };
        assert!(error.to_string().contains("bytes, expected 40"), "{error}");
        let Err(error) = import_among((good.repeat(3) + &bad).as_bytes(), &fixed_layout()) else {
            panic!("accepted")
        };
        assert!(faults(&error)[0].2.contains("another length"), "{error}");
    }
}

/// A workbook of two SENR rows, with a sheet of nothing before it.
#[allow(clippy::fn_params_excessive_bools, reason = "with and without")]
fn workbook(header: bool) -> Vec<u8> {
    let mut workbook = Workbook::new();
    workbook.add_worksheet();
    let sheet = workbook.add_worksheet();
    let date = Format::new().set_num_format("m/d/yyyy");
    let mut line = 0;
    if header {
        for column in &shipped("calpads-senr").column {
            sheet.write(0, column.number.unwrap() as u16 - 1, column.name.as_str()).unwrap();
        }
        line = 1;
    }
    for (number, ssid) in [2_068_905_818_f64, 968_905_818.0].into_iter().enumerate() {
        let row = senr(&[]);
        for (place, field) in row.trim_end().split('^').enumerate().filter(|(_, field)| !field.is_empty()) {
            sheet.write_string(line, place as u16, field).unwrap();
        }
        sheet.write_number(line, 7, ssid).unwrap();
        sheet.write_string(line, 8, format!("A-{number}")).unwrap();
        let born = ExcelDateTime::from_ymd(2002, 1, 22 + number as u8).unwrap();
        sheet.write_datetime_with_format(line, 16, &born, &date).unwrap();
        line += 2;
    }
    workbook.save_to_buffer().unwrap()
}

#[test]
fn spreadsheets_have_exact_dates_and_whole_numbers() {
    for header in [false, true] {
        let (report, rows) = import(&workbook(header)).unwrap();
        assert_eq!(column(&rows, "student", "ssid"), ["2068905818", "0968905818"]);
        assert_eq!(column(&rows, "student", "birth-date"), ["2002-01-22", "2002-01-23"]);
        assert_eq!(column(&rows, "enrolment", "entry-date"), ["2019-08-15", "2019-08-15"]);
        let first = 1 + u64::from(header);
        let stood: Vec<u64> = rows.iter().map(|filed| filed.origin.row).collect();
        assert_eq!(stood, [first, first, first + 2, first + 2]);
        let lost = report.problems.iter().find(|one| one.what == Fault::LeadingZeroLost.what()).unwrap();
        assert_eq!((lost.row, lost.column), (first + 2, Some(8)));
        assert!(report.why.contains("a spreadsheet"), "{}", report.why);
    }
}

#[test]
fn a_damaged_or_locked_workbook_is_refused() {
    let bytes = workbook(false);
    for cut in [4, 100, bytes.len() / 2, bytes.len() - 30] {
        assert!(matches!(refused(&bytes[..cut]), ImportError::Spreadsheet { .. }), "{cut}");
    }
}
